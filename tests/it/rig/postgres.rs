//! A PostgreSQL server for the whole test binary, and a migrated database for each test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use sqlx::{Connection as _, Executor as _, PgConnection};

use super::server::{Launch, Server, User};

const TEMPLATE: &str = "latchkey_template";

/// The server. Its superuser is `postgres`; every role may sign in from loopback without a password.
pub struct Postgres {
    server: Mutex<Server>,
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    made: AtomicU32,
    /// Databases whose tests are over: the next test removes them.
    finished: Mutex<Vec<String>>,
}

static SHARED: LazyLock<Postgres> = LazyLock::new(|| {
    // A thread of its own, since the runtime of the first test ends before the other tests do.
    std::thread::spawn(|| super::server_runtime().block_on(Postgres::start(false))).join().expect("PostgreSQL started")
});

impl Postgres {
    /// The one server of this test binary; the first test that needs it starts it.
    pub async fn shared() -> &'static Self {
        super::off_the_runtime(|| &*SHARED).await
    }

    /// A server of the test's own, which can be restarted: it writes each commit to disk at once.
    pub async fn own() -> &'static Self {
        // The server that it runs ends with the test's process.
        Box::leak(Box::new(Self::start(true).await))
    }

    async fn start(keeps_commits: bool) -> Self {
        let bin = binaries();
        let folder = super::folder("postgres");
        let user = User::unprivileged();
        if let Some(user) = user {
            std::os::unix::fs::chown(&folder, Some(user.uid), Some(user.gid)).expect("root may give a folder away");
        }
        initialise(&bin, &folder.join("data"), user);
        let port = super::free_port();
        let mut server = launch(&bin, &folder, port, keeps_commits);
        let url = url(port, "postgres", "postgres");
        let mut admin =
            server.ready(Duration::from_secs(30), async || PgConnection::connect(&url).await.ok()).await.unwrap();
        prepare_template(&mut admin, port).await;
        Self { server: Mutex::new(server), bin, folder, port, made: AtomicU32::new(0), finished: Mutex::default() }
    }

    /// Ends a server of the test's own as `pg_ctl stop -m immediate` does: it recovers at its next start.
    pub async fn stop_at_once(&self) {
        let pid = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).expect("a running server has a pid");
        let pid = pid.lines().next().expect("the pid comes first").to_owned();
        let killed = Command::new("kill").args(["-s", "QUIT", &pid]).status().expect("kill can be run");
        assert!(killed.success(), "the server was running");
        let gone = async || PgConnection::connect(&url(self.port, "postgres", "postgres")).await.is_err();
        let is_left = || std::fs::exists(self.folder.join("data/postmaster.pid")).unwrap_or(true);
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        while is_left() || !gone().await {
            assert!(std::time::Instant::now() < deadline, "the server does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts the server again, at the same place.
    pub async fn start_again(&self) {
        let mut server = launch(&self.bin, &self.folder, self.port, true);
        let url = url(self.port, "postgres", "postgres");
        server.ready(Duration::from_mins(1), async || PgConnection::connect(&url).await.ok()).await.unwrap();
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = server;
    }

    async fn admin(&self) -> PgConnection {
        PgConnection::connect(&url(self.port, "postgres", "postgres")).await.expect("PostgreSQL answers")
    }

    /// A database of the test's own, migrated.
    pub async fn fresh_database(&'static self) -> Database {
        let name = format!("test_{}", self.made.fetch_add(1, Ordering::Relaxed));
        let mut admin = self.admin().await;
        let finished = std::mem::take(&mut *self.finished.lock().unwrap_or_else(PoisonError::into_inner));
        for old in finished {
            execute(&mut admin, format!("DROP DATABASE IF EXISTS {old} WITH (FORCE)")).await;
        }
        execute(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await;
        set_up_roles(&mut admin, &name).await;
        Database { server: self, name }
    }
}

/// A test's own database; it is removed after the test.
pub struct Database {
    server: &'static Postgres,
    name: String,
}

impl Database {
    /// Its address for the superuser.
    pub fn url(&self) -> String {
        self.url_as("postgres")
    }

    /// Its address for one of the roles that the migrations make.
    pub fn url_as(&self, role: &str) -> String {
        url(self.server.port, role, &self.name)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Ends all connections to it, and lets only the superuser connect until [`Self::bring_back`].
    pub async fn take_away(&self) {
        let mut admin = self.server.admin().await;
        execute(&mut admin, format!("ALTER DATABASE {} CONNECTION LIMIT 0", self.name)).await;
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", self.name);
        execute(&mut admin, end).await;
    }

    /// Lets all roles connect again.
    pub async fn bring_back(&self) {
        let mut admin = self.server.admin().await;
        execute(&mut admin, format!("ALTER DATABASE {} CONNECTION LIMIT -1", self.name)).await;
    }

    /// Makes a copy of the database as it is now, for [`Self::restore`]. Ends the connections to it.
    pub async fn back_up(&self) {
        self.take_away().await;
        let mut admin = self.server.admin().await;
        execute(&mut admin, format!("CREATE DATABASE {0}_backup TEMPLATE {0}", self.name)).await;
        set_up_roles(&mut admin, &format!("{}_backup", self.name)).await;
        self.bring_back().await;
    }

    /// Puts the copy in the database's place. Ends the connections to it.
    pub async fn restore(&self) {
        let mut admin = self.server.admin().await;
        execute(&mut admin, format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
        execute(&mut admin, format!("ALTER DATABASE {0}_backup RENAME TO {0}", self.name)).await;
    }

    /// The port of loopback at which its server listens.
    pub fn port(&self) -> u16 {
        self.server.port
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        self.server.finished.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }
}

fn launch(bin: &Path, folder: &Path, port: u16, keeps_commits: bool) -> Server {
    let commit = if keeps_commits { "synchronous_commit=on" } else { "synchronous_commit=off" };
    Launch::new("postgres", bin.join("postgres"), folder)
        .args(["-D".as_ref(), folder.join("data").as_os_str()])
        .args(["-p", &port.to_string(), "-k", "", "-h", "127.0.0.1"])
        .args(["-c", "fsync=off", "-c", commit, "-c", "full_page_writes=off"])
        .args(["-c", "max_connections=200", "-c", "timezone=UTC"])
        .ended_by("QUIT")
        .run_as(User::unprivileged())
        .start()
        .expect("PostgreSQL can be launched")
}

fn url(port: u16, role: &str, database: &str) -> String {
    format!("postgres://{role}@127.0.0.1:{port}/{database}")
}

async fn execute(connection: &mut PgConnection, statement: String) {
    connection.execute(sqlx::AssertSqlSafe(statement.clone())).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
}

async fn prepare_template(admin: &mut PgConnection, port: u16) {
    execute(admin, format!("CREATE DATABASE {TEMPLATE}")).await;
    let template = url(port, "postgres", TEMPLATE).parse().expect("it is a URL");
    latchkey::store::migrate(&template).await.expect("the migrations run on an empty database");
}

/// The settings of roles that `latchkey migrate` makes in a database, and that a copy of the database does not have.
async fn set_up_roles(admin: &mut PgConnection, database: &str) {
    let roles = [("latchkey_web", false), ("latchkey_worker", false), ("postgres", true)];
    for (role, is_owner) in roles {
        for statement in latchkey::store::session::statements(role, database, "public", is_owner) {
            execute(admin, statement).await;
        }
    }
}

fn initialise(bin: &Path, data: &Path, user: Option<User>) {
    use std::os::unix::process::CommandExt as _;
    let mut initdb = Command::new(bin.join("initdb"));
    initdb.arg("-D").arg(data).args(["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    initdb.current_dir(data.parent().expect("the data has a folder"));
    if let Some(user) = user {
        initdb.gid(user.gid).uid(user.uid);
    }
    let output = initdb.output().expect("initdb can be run");
    assert!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr));
}

/// The folder with `initdb` and `postgres`: from the PATH, from pg_config, or the newest of Debian's.
fn binaries() -> PathBuf {
    let complete = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(found) = std::env::split_paths(&path).find(complete) {
        return found;
    }
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        let found = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        if complete(&found) {
            return found;
        }
    }
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |folder: &PathBuf| folder.file_name().and_then(|n| n.to_str()?.parse::<u32>().ok());
    installed
        .map(|entry| entry.path())
        .filter(|folder| complete(&folder.join("bin")))
        .max_by_key(version)
        .expect("PostgreSQL's initdb and postgres are installed: 'tests/rig/build postgresql' does it")
        .join("bin")
}
