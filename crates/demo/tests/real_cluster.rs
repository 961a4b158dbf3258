//! The demo on a real cluster, from its first start to its last process.
#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

#[path = "../../../tests/it/stage/browser.rs"]
#[allow(dead_code, reason = "one journey needs less of it than the stage")]
mod browser;
#[path = "../../../tests/it/rig/tool.rs"]
#[allow(dead_code, reason = "this needs fewer programs than the rig")]
mod tool;

use browser::Browser;
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};
use tool::Tool;

const DEMO: &str = env!("CARGO_BIN_EXE_latchkey-demo");
/// For whatever another process does, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread")]
async fn an_access_begins_and_ends_on_a_real_api_server_and_no_process_is_left() {
    let needed = [Tool::Etcd, Tool::KubeApiserver, Tool::KubeControllerManager, Tool::Authenticator, Tool::Kubectl];
    if needed.into_iter().any(|tool| tool.require().is_none()) {
        return;
    }
    let demo = Demo::start(folder()).await;
    let [ana, ben] = [demo.signed_in("ana").await, demo.signed_in("ben").await];
    refused(&demo.kubectl());

    let request = ask(&demo, &ana).await;
    let page = ben.open(&request).await;
    ben.submit(&page.form(&format!("{request}/votes")).with("verdict", "approve").with("reason", "")).await;
    let grant = until("the access is active", async || {
        let page = ana.open(&request).await;
        let grant = page.attribute("a[href^='/grants/']", "href")?;
        ana.open(&grant).await.has(&format!("a[href='{grant}/kubeconfig']")).then_some(grant)
    })
    .await;
    let answer = until("kubectl is let in", async || Some(demo.kubectl()).filter(|output| output.status.success()));
    let answer = answer.await;
    assert!(err(&answer).contains("No resources found"), "{answer:?}");

    let page = ana.open(&grant).await;
    ana.submit(&page.form(&format!("{grant}/give-back"))).await;
    let answer = until("kubectl is refused", async || Some(demo.kubectl()).filter(|output| !output.status.success()));
    refused(&answer.await);

    let born = demo.uid_of_kube_system();
    let folder = demo.stop().await;
    nobody_is_left(folder.path()).await;

    let demo = Demo::start(folder).await;
    assert_eq!(demo.uid_of_kube_system(), born, "a restart keeps the cluster");
    let folder = demo.stop().await;
    nobody_is_left(folder.path()).await;
}

/// Fills in the form as it is; gives the request's path.
async fn ask(demo: &Demo, ana: &Browser) -> String {
    let page = ana.open("/requests/new?cluster=prod-eu&profile=view&namespace=payments&minutes=60").await;
    let form = page.form("/requests").with("cluster", "prod-eu").with("profile", "view");
    let form = form.with("namespace", "payments").with("principal", &demo.arn("ana")).with("minutes", "60");
    let answer = ana.send(&form.with("reason", "Why did the settlement stop?")).await;
    answer.location.clone().unwrap_or_else(|| panic!("{}", answer.text()))
}

/// A new data folder. PostgreSQL's own user must come in, too, where this is root.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("latchkey-demo-").tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// A demo of the test's own; killed where the test fails.
struct Demo {
    process: Child,
    folder: tempfile::TempDir,
    described: Value,
}

impl Demo {
    async fn start(folder: tempfile::TempDir) -> Self {
        let described = folder.path().join("described.json");
        let _ = fs::remove_file(&described);
        let said = fs::File::create(folder.path().join("said")).unwrap();
        let mut process = Command::new(DEMO)
            .args(["--kubernetes=real", "--data"])
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

    async fn signed_in(&self, handle: &str) -> Browser {
        let browser = Browser::new(&self.described["portal"].as_str().unwrap().parse().unwrap());
        browser.sign_in(handle).await;
        browser
    }

    fn arn(&self, handle: &str) -> String {
        let people = self.described["people"].as_array().unwrap();
        let person = people.iter().find(|person| person["handle"] == handle).unwrap();
        person["aws"]["arn"].as_str().unwrap().to_owned()
    }

    /// What the page says to do, as ana.
    fn kubectl(&self) -> Output {
        let cluster = &self.described["clusters"][0];
        assert_eq!((cluster["name"].as_str(), cluster["real"].as_bool()), (Some("prod-eu"), Some(true)));
        let mut command = Command::new(DEMO);
        command.arg("--data").arg(self.folder.path()).args(["as", "ana", "--"]).arg(Tool::Kubectl.path());
        command.args(["--context", cluster["arn"].as_str().unwrap(), "get", "pods", "-n", "payments"]);
        // Its cache of what the server offers is per home.
        command.env("HOME", self.folder.path()).env("LATCHKEY_TOOLS", tool::tools()).output().unwrap()
    }

    /// What tells this cluster from another of the same name.
    fn uid_of_kube_system(&self) -> String {
        let mut kubectl = Command::new(Tool::Kubectl.path());
        kubectl.arg("--kubeconfig").arg(self.folder.path().join("kubernetes/prod-eu/admin.kubeconfig"));
        kubectl.args(["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]);
        let answer = kubectl.env("HOME", self.folder.path()).output().unwrap();
        assert!(answer.status.success(), "{answer:?}");
        String::from_utf8_lossy(&answer.stdout).into_owned()
    }

    /// Ends it as `kill` does.
    async fn stop(mut self) -> tempfile::TempDir {
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

/// Looks every 50 ms until there is something.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn refused(output: &Output) {
    let said = err(output);
    let known = ["Unauthorized", "forbidden", "must be logged in", "provide credentials"];
    assert!(!output.status.success() && known.iter().any(|word| said.contains(word)), "not refused: {output:?}");
}

/// Holds every process of the demo's to having ended; the last of them may do so a moment after it.
async fn nobody_is_left(folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let left = processes_of(folder);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "these outlived the demo: {left:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The command line of each process that was started with the folder, or in it.
fn processes_of(folder: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let told = |process: &PathBuf| {
        let line = fs::read(process.join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let within = fs::read_link(process.join("cwd")).is_ok_and(|place| place.starts_with(folder));
        (within || line.contains(folder.to_str()?)).then_some(line)
    };
    processes.filter_map(|process| told(&process)).collect()
}
