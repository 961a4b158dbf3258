//! A demo for one test: started, queried, stopped.

use crate::{browser::Browser, tool};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

pub const DEMO: &str = env!("CARGO_BIN_EXE_latchkey-demo");
/// The longest that another process may take, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// Whether `latchkey` is beside the demo, as `make demo` and a test of the whole workspace build it.
pub fn has_latchkey() -> bool {
    let there = Path::new(DEMO).with_file_name("latchkey").is_file();
    if !there {
        tool::skip("latchkey", "'cargo build -p latchkey' makes it");
    }
    there
}

/// A new data folder. If this process is root, PostgreSQL's own user must be able to enter it.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("latchkey-demo-").tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// A demo for one test; killed if the test fails.
pub struct Demo {
    process: Child,
    pub folder: tempfile::TempDir,
    pub described: Value,
}

impl Demo {
    /// A demo over this folder's data, with these arguments.
    pub async fn start(folder: tempfile::TempDir, arguments: &[&str]) -> Self {
        let described = folder.path().join("described.json");
        let _ = fs::remove_file(&described);
        let said = fs::File::create(folder.path().join("said")).unwrap();
        let mut process = Command::new(DEMO)
            .args(arguments)
            .arg("--data")
            .arg(folder.path())
            .arg("--describe")
            .arg(&described)
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn()
            .unwrap();
        let described = until("the demo is there", async || {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "{}", fs::read_to_string(folder.path().join("said")).unwrap());
            serde_json::from_str(&fs::read_to_string(&described).ok()?).ok()
        })
        .await;
        Self { process, folder, described }
    }

    /// A browser in which this person is signed in.
    pub async fn signed_in(&self, handle: &str) -> Browser {
        let browser = Browser::new(&self.described["portal"].as_str().unwrap().parse().unwrap());
        browser.sign_in(handle).await;
        browser
    }

    /// The ARN of a person's IAM user.
    pub fn arn(&self, handle: &str) -> String {
        let people = self.described["people"].as_array().unwrap();
        let person = people.iter().find(|person| person["handle"] == handle).unwrap();
        person["aws"]["arn"].as_str().unwrap().to_owned()
    }

    /// A command, as one of the people or as the worker.
    pub fn run_as(&self, handle: &str, command: &[&str]) -> Output {
        let mut demo = Command::new(DEMO);
        demo.arg("--data").arg(self.folder.path()).args(["as", handle, "--"]).args(command);
        // kubectl keeps its discovery cache in the home folder.
        demo.env("HOME", self.folder.path()).env("LATCHKEY_TOOLS", tool::tools()).output().unwrap()
    }

    /// Moves business time.
    pub fn advance(&self, by: &str) {
        let demo = Command::new(DEMO).arg("--data").arg(self.folder.path()).args(["advance", by]).output().unwrap();
        assert!(demo.status.success(), "{demo:?}");
    }

    /// The findings of `latchkey doctor` where the worker runs.
    pub fn doctor(&self) -> Value {
        let answer = self.run_as("worker", &["latchkey", "doctor", "--strict", "--format", "json"]);
        let mut report: Value = serde_json::from_slice(&answer.stdout).unwrap_or_else(|_| panic!("{answer:?}"));
        report["code"] = answer.status.code().into();
        report
    }

    /// Ends it as `kill` does.
    pub async fn stop(mut self) -> tempfile::TempDir {
        let killed = Command::new("kill").args(["-s", "TERM", &self.process.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let status = until("the demo ends", async || self.process.try_wait().unwrap()).await;
        assert!(status.success(), "{}", fs::read_to_string(self.folder.path().join("said")).unwrap());
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Ok(None) = self.process.try_wait() {
            let _ = Command::new("kill").args(["-s", "TERM", &self.process.id().to_string()]).status();
            let deadline = Instant::now() + Duration::from_secs(20);
            while let Ok(None) = self.process.try_wait() {
                if Instant::now() > deadline {
                    let _ = self.process.kill();
                    let _ = self.process.wait();
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

/// Checks every 50 ms until there is a result.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
