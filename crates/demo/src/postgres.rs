//! A PostgreSQL of the demo's own, in a folder of the demo's own.

use anyhow::{Context as _, bail};
use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::process::Command;

/// What to do if they are missing.
const INSTALL: &str = "PostgreSQL's binaries are needed: on Debian and Ubuntu `apt-get install postgresql`, on macOS \
                       `brew install postgresql`, then start again";

/// A running server; [`Postgres::stop`] ends it.
#[derive(Debug)]
pub struct Postgres {
    binaries: PathBuf,
    folder: PathBuf,
    port: u16,
    user: Option<String>,
}

impl Postgres {
    /// Starts the server whose data is in `folder`, which the first start creates. A server that a killed demo left
    /// running is stopped first.
    pub async fn start(folder: &Path, port: u16) -> anyhow::Result<Self> {
        let binaries = find_binaries()?;
        let user = is_root().then(unprivileged_user).transpose()?;
        let postgres = Self { binaries, folder: folder.to_owned(), port, user };
        if !folder.join("PG_VERSION").exists() {
            postgres.initialise().await?;
        }
        if folder.join("postmaster.pid").exists() {
            // It may be left over from a crash. If no server runs, stopping it fails, and that is fine.
            let _ = postgres.control(["stop", "-m", "fast", "-w"]).await;
        }
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c max_connections=100 \
             -c fsync=off"
        );
        let log = folder.join("server.log");
        let arguments: [&OsStr; 9] = [
            "start".as_ref(),
            "-w".as_ref(),
            "-t".as_ref(),
            "30".as_ref(),
            "-l".as_ref(),
            log.as_os_str(),
            "-o".as_ref(),
            options.as_ref(),
            "-s".as_ref(),
        ];
        postgres
            .control(arguments)
            .await
            .with_context(|| format!("PostgreSQL does not start; see {}", log.display()))?;
        Ok(postgres)
    }

    /// The URL of the database for one of its roles.
    pub fn url(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{database}", self.port)
    }

    /// Stops the server; its data stays.
    pub async fn stop(&self) -> anyhow::Result<()> {
        self.control(["stop", "-m", "fast", "-w", "-s"]).await
    }

    async fn initialise(&self) -> anyhow::Result<()> {
        fs::create_dir_all(&self.folder).with_context(|| format!("failed to make {}", self.folder.display()))?;
        if let Some(user) = &self.user {
            let status = Command::new("chown").arg(user).arg(&self.folder).status().await?;
            if !status.success() {
                bail!("failed to give {} to the user {user}", self.folder.display());
            }
        }
        let folder = self.folder.as_os_str();
        self.run("initdb", ["-D".as_ref(), folder, "-U".as_ref(), "latchkey".as_ref(), "-A".as_ref(), "trust".as_ref(),
            "-E".as_ref(), "UTF8".as_ref(), "--no-sync".as_ref(), "--locale=C".as_ref()]).await
            .with_context(|| match &self.user {
                Some(user) => format!(
                    "failed to make a database in {}: the user {user} must be able to reach it; choose another place with --data",
                    self.folder.display()
                ),
                None => format!("failed to make a database in {}", self.folder.display()),
            })
    }

    async fn control<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> anyhow::Result<()> {
        let folder = ["-D".into(), self.folder.clone().into_os_string()];
        let arguments = arguments.into_iter().map(|argument| argument.as_ref().to_owned());
        self.run("pg_ctl", folder.into_iter().chain(arguments)).await
    }

    /// Runs one of PostgreSQL's programs, as an unprivileged user if this process is root, which PostgreSQL refuses.
    async fn run<S: AsRef<OsStr>>(&self, program: &str, arguments: impl IntoIterator<Item = S>) -> anyhow::Result<()> {
        let path = self.binaries.join(program);
        let mut command = match &self.user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(&path);
                command
            }
            None => Command::new(&path),
        };
        // Without the terminal's pipes: a server that inherits the pipes of a script would keep the script waiting.
        command.args(arguments).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.process_group(0);
        let child = command.spawn().with_context(|| format!("failed to run {}", path.display()))?;
        let output = tokio::time::timeout(Duration::from_mins(1), child.wait_with_output()).await;
        let output = output.with_context(|| format!("{program} took longer than a minute"))??;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = said.lines().rev().take(4).collect();
        bail!("{program} failed: {}", last.into_iter().rev().collect::<Vec<_>>().join("; "))
    }
}

fn is_root() -> bool {
    // The owner of /proc/self is the user of this process.
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

fn unprivileged_user() -> anyhow::Result<String> {
    let users = fs::read_to_string("/etc/passwd").context("failed to read /etc/passwd")?;
    let known = |name: &str| users.lines().any(|line| line.split(':').next() == Some(name));
    ["postgres", "nobody"].into_iter().find(|name| known(name)).map(str::to_owned).context(
        "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody` to run it as; \
         start the demo as an ordinary user",
    )
}

/// PATH, pg_config, then Debian's folders, the newest first.
fn find_binaries() -> anyhow::Result<PathBuf> {
    let has_all = |folder: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).exists());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(output) = std::process::Command::new("pg_config").arg("--bindir").output()
        && output.status.success()
    {
        candidates.push(String::from_utf8_lossy(&output.stdout).trim().into());
    }
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    candidates.extend(versions.into_iter().rev());
    candidates.into_iter().find(has_all).context(INSTALL)
}
