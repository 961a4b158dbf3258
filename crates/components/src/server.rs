//! A program that runs beside this process and ends with it.

use anyhow::{Context as _, bail};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs "$@" until this shell's standard input closes, then sends it the signal and removes the folder, if one is
/// named. The pipe closes when this process ends in any way, so no program outlives a killed one. A program that ends
/// by itself leaves the folder, for its logs.
const KEEPER: &str = r#"
signal=$1 folder=$2
shift 2
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
trap 'ending=1; kill -s "$signal" "$child" 2>/dev/null' TERM
( read -r _ <&3; kill -s TERM $$ ) >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait "$child"
status=$?
if [ -n "$ending" ]; then
  wait "$child"
  [ -z "$folder" ] || rm -rf "$folder"
  exit 0
fi
kill "$watcher" 2>/dev/null
exit "$status"
"#;

/// How a program is started and ended, and by which user it is run.
pub struct Launch {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: PathBuf,
    lasting: bool,
    signal: &'static str,
    user: Option<User>,
}

impl Launch {
    /// `program`, in `folder`, which is removed when it ends. Several programs may share a folder.
    pub fn new(name: &'static str, program: impl Into<PathBuf>, folder: &Path) -> Self {
        Self {
            name,
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: folder.to_owned(),
            lasting: false,
            signal: "KILL",
            user: None,
        }
    }

    /// Appends arguments.
    #[must_use]
    pub fn args<I: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = I>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Sets whether its folder stays when it ends.
    #[must_use]
    pub fn lasting(mut self, lasting: bool) -> Self {
        self.lasting = lasting;
        self
    }

    /// Sets the signal that ends it; the default is KILL.
    #[must_use]
    pub fn ended_by(mut self, signal: &'static str) -> Self {
        self.signal = signal;
        self
    }

    /// Sets the user that it runs as; the default is the user of this process.
    #[must_use]
    pub fn run_as(mut self, user: Option<User>) -> Self {
        self.user = user;
        self
    }

    /// Starts it. Its output goes to NAME.log in its folder.
    ///
    /// # Errors
    /// The folder cannot be written, or there is no shell.
    pub fn start(self) -> anyhow::Result<Server> {
        let log = self.folder.join(format!("{}.log", self.name));
        let output = File::create(&log).with_context(|| format!("failed to write {}", log.display()))?;
        let removed = if self.lasting { Path::new("") } else { &self.folder };
        let mut command = Command::new("/bin/sh");
        command.args(["-c", KEEPER, self.name, self.signal]).arg(removed).arg(&self.program).args(&self.arguments);
        // A signal from the terminal is for this process, which ends its own programs.
        command.process_group(0).current_dir(&self.folder).stdin(Stdio::piped());
        command.stderr(output.try_clone().context("failed to open a log twice")?).stdout(output);
        for inherited in std::env::vars_os().map(|(name, _)| name) {
            if of_the_outside(&inherited.to_string_lossy()) {
                command.env_remove(inherited);
            }
        }
        command.envs(self.environment);
        if let Some(user) = &self.user {
            command.gid(user.gid).uid(user.uid);
        }
        let mut keeper = command.spawn().with_context(|| format!("failed to start {}", self.name))?;
        let lifeline = keeper.stdin.take();
        Ok(Server { name: self.name, keeper, lifeline, log })
    }
}

/// Whether a variable configures the developer's own AWS account or proxies, which the program must not see.
fn of_the_outside(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    upper.starts_with("AWS_") || upper.ends_with("_PROXY") || upper == "KUBECONFIG"
}

/// A running program; it ends when this is dropped.
pub struct Server {
    name: &'static str,
    keeper: Child,
    lifeline: Option<ChildStdin>,
    log: PathBuf,
}

impl Server {
    /// Waits until `ready` returns a value.
    ///
    /// # Errors
    /// The program ends or `limit` passes before that; the error contains the end of its log.
    pub async fn ready<T>(&mut self, limit: Duration, mut ready: impl AsyncFnMut() -> Option<T>) -> anyhow::Result<T> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(answer) = ready().await {
                return Ok(answer);
            }
            if let Ok(Some(status)) = self.keeper.try_wait() {
                bail!("{} ended ({status}) before it was ready; its log ends:\n{}", self.name, self.end_of_log());
            }
            if Instant::now() >= deadline {
                bail!("{} was not ready within {limit:?}; its log ends:\n{}", self.name, self.end_of_log());
            }
            // The interval between two checks of another process.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn end_of_log(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(25)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.keeper.wait();
    }
}

/// A user of this machine.
#[derive(Clone, Copy, Debug)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
}

impl User {
    /// The user for a program that refuses to run as root; `None` if this process is not root.
    pub fn unprivileged() -> Option<Self> {
        is_root().then(|| {
            let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
            Self::find(&accounts, "postgres")
                .or_else(|| Self::find(&accounts, "nobody"))
                .unwrap_or(Self { uid: 65534, gid: 65534 })
        })
    }

    fn find(accounts: &str, name: &str) -> Option<Self> {
        let fields: Vec<&str> = accounts.lines().map(|l| l.split(':').collect()).find(|f: &Vec<&str>| f[0] == name)?;
        Some(Self { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
    }
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
