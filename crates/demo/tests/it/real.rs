//! The demo on a real cluster, from its first start to its last process.

use crate::{
    browser::Browser,
    demo::{Demo, folder, has_latchkey, until},
    tool::Tool,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_access_begins_and_ends_on_a_real_api_server_and_no_process_is_left() {
    let needed = [Tool::Etcd, Tool::KubeApiserver, Tool::KubeControllerManager, Tool::Authenticator, Tool::Kubectl];
    if needed.into_iter().any(|tool| tool.require().is_none()) || !has_latchkey() {
        return;
    }
    let demo = Demo::start(folder(), &["--kubernetes=real"]).await;
    let [ana, ben] = [demo.signed_in("ana").await, demo.signed_in("ben").await];
    refused(&pods(&demo));
    well(&demo);

    let request = ask(&demo, &ana).await;
    let page = ben.open(&request).await;
    ben.submit(&page.form(&format!("{request}/votes")).with("verdict", "approve").with("reason", "")).await;
    let grant = until("the access is active", async || {
        let page = ana.open(&request).await;
        let grant = page.attribute("a[href^='/grants/']", "href")?;
        ana.open(&grant).await.has(&format!("a[href='{grant}/kubeconfig']")).then_some(grant)
    })
    .await;
    let answer = until("kubectl is let in", async || Some(pods(&demo)).filter(|output| output.status.success()));
    let answer = answer.await;
    assert!(err(&answer).contains("No resources found"), "{answer:?}");

    let page = ana.open(&grant).await;
    ana.submit(&page.form(&format!("{grant}/give-back"))).await;
    let answer = until("kubectl is refused", async || Some(pods(&demo)).filter(|output| !output.status.success()));
    refused(&answer.await);

    let born = admin(&demo, &["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]);
    admin(&demo, &["delete", "namespace", "monitoring"]);
    admin(&demo, &["-n", "kube-system", "delete", "configmap", "aws-auth"]);
    let folder = demo.stop().await;
    no_process_is_left(folder.path()).await;

    let demo = Demo::start(folder, &[]).await;
    let again = admin(&demo, &["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]);
    assert_eq!(again, born, "a restart keeps the cluster");
    for gone in [["namespaces", "monitoring"], ["configmaps", "aws-auth"]] {
        let names = admin(&demo, &["get", gone[0], "-n", "kube-system", "-o", "name"]);
        assert!(!names.contains(gone[1]), "a restart puts nothing back: {names}");
    }
    let folder = demo.stop().await;
    no_process_is_left(folder.path()).await;
}

/// What the page says to do, as Ana.
fn pods(demo: &Demo) -> Output {
    let cluster = &demo.described["clusters"][0];
    assert_eq!((cluster["name"].as_str(), cluster["real"].as_bool()), (Some("prod-eu"), Some(true)));
    let (kubectl, context) = (Tool::Kubectl.path(), cluster["arn"].as_str().unwrap());
    demo.run_as("ana", &[kubectl.to_str().unwrap(), "--context", context, "get", "pods", "-n", "payments"])
}

/// The worker is set up as docs/operating.md says.
fn well(demo: &Demo) {
    let report = demo.doctor();
    assert_eq!(
        (&report["code"], &report["failed"], &report["not_checked"]),
        (&0.into(), &0.into(), &0.into()),
        "{report:#}"
    );
}

/// kubectl's answer to the cluster's administrator.
fn admin(demo: &Demo, arguments: &[&str]) -> String {
    let mut kubectl = Command::new(Tool::Kubectl.path());
    kubectl.arg("--kubeconfig").arg(demo.folder.path().join("kubernetes/prod-eu/admin.kubeconfig")).args(arguments);
    let answer = kubectl.env("HOME", demo.folder.path()).output().unwrap();
    assert!(answer.status.success(), "{answer:?}");
    String::from_utf8_lossy(&answer.stdout).into_owned()
}

/// Submits the form unchanged; returns the request's path.
async fn ask(demo: &Demo, ana: &Browser) -> String {
    let page = ana.open("/requests/new?cluster=prod-eu&profile=view&namespace=payments&minutes=60").await;
    let form = page.form("/requests").with("cluster", "prod-eu").with("profile", "view");
    let form = form.with("namespace", "payments").with("principal", &demo.arn("ana")).with("minutes", "60");
    let answer = ana.send(&form.with("reason", "Why did the settlement stop?")).await;
    answer.location.clone().unwrap_or_else(|| panic!("{}", answer.text()))
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn refused(output: &Output) {
    let said = err(output);
    let known = ["Unauthorized", "forbidden", "must be logged in", "provide credentials"];
    assert!(!output.status.success() && known.iter().any(|word| said.contains(word)), "not refused: {output:?}");
}

/// Requires that every process of the demo has ended; the last of them may end a moment after the demo.
async fn no_process_is_left(folder: &Path) {
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
