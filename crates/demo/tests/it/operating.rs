//! The demo, used to practise operating.

use crate::{
    demo::{DEMO, Demo, folder, has_latchkey, until},
    tool::Tool,
};
use serde_json::json;
use std::{fs, path::Path, process::Command};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_runs_latchkey_as_the_worker_and_a_restart_keeps_what_they_did() {
    if !has_latchkey() {
        return;
    }
    let demo = Demo::start(folder(), &[]).await;
    let report = demo.doctor();
    let counts = ["code", "failed", "warnings", "not_checked"].map(|key| report[key].clone());
    assert_eq!(counts, [json!(0), json!(0), json!(0), json!(0)], "{report:#}");
    assert!(report.to_string().contains("the worker stands in mapRoles"), "{report:#}");

    let policy = demo.folder.path().join("policy.toml");
    let longer = fs::read_to_string(&policy).unwrap().replace("longest = \"8h\"", "longest = \"7h\"");
    fs::write(&policy, &longer).unwrap();
    let applied = demo.run_as("worker", &["latchkey", "policy", "apply", policy.to_str().unwrap()]);
    assert!(applied.status.success(), "{applied:?}");
    let demo = Demo::start(demo.stop().await, &[]).await;
    let shown = demo.run_as("worker", &["latchkey", "policy", "show"]);
    assert_eq!(String::from_utf8_lossy(&shown.stdout), longer, "{shown:?}");
    assert_eq!(fs::read_to_string(&policy).unwrap(), longer);
    demo.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_takes_from_a_running_access_is_put_back_and_told() {
    if !has_latchkey() || Tool::Kubectl.require().is_none() {
        return;
    }
    let demo = Demo::start(folder(), &[]).await;
    let admin = |command: &str| demo.run_as("admin", &command.split(' ').collect::<Vec<_>>());
    let lists = || demo.run_as("ben", &["kubectl", "get", "pods", "-n", "payments"]).status.success();
    assert!(lists());
    let taken = admin("kubectl delete rolebindings -n payments -l app.kubernetes.io/managed-by=latchkey");
    assert!(taken.status.success(), "{taken:?}");
    assert!(!lists());
    let dee = demo.signed_in("dee").await;
    let list = dee.open("/targets?find=prod-eu&kind=cluster").await;
    let cluster = list.attribute("main a[href^='/targets/cluster/']", "href").unwrap();
    dee.submit(&dee.open(&cluster).await.form(&format!("{cluster}/try"))).await;
    until("the binding is back", async || lists().then_some(())).await;
    let eli = demo.signed_in("eli").await;
    eli.open("/audit?action=grant.drift_found").await.says("another client deleted RoleBinding payments/");
    demo.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_and_auditor_find_their_pages_and_the_export_verifies() {
    if !has_latchkey() || Tool::Kubectl.require().is_none() {
        return;
    }
    let demo = Demo::start(folder(), &[]).await;
    let dee = demo.signed_in("dee").await;
    let list = dee.open("/targets?find=prod-eu&kind=cluster").await;
    let cluster = list.attribute("main a[href^='/targets/cluster/']", "href").unwrap();
    let page = dee.open(&cluster).await;
    let paused = dee.submit(&page.form(&format!("{cluster}/pause")).with("reason", "Nodes are being replaced.")).await;
    paused.says("Nodes are being replaced.");

    // Ben's access on prod-eu lasts four hours, and began with the demo.
    let lists = || demo.run_as("ben", &["kubectl", "get", "pods", "-n", "payments"]).status.success();
    assert!(lists());
    demo.advance("5h");
    until("it is over", async || (!lists()).then_some(())).await;

    let eli = demo.signed_in("eli").await;
    let log = eli.open("/audit").await;
    log.says("Dee Lindqvist paused granting");
    let export = eli.send(&log.form("/audit/export").with("format", "jsonl")).await;
    let file = demo.folder.path().join("export.jsonl");
    fs::write(&file, &export.body).unwrap();
    let verified = demo.run_as("worker", &["latchkey", "audit", "verify", file.to_str().unwrap()]);
    assert!(verified.status.success(), "{verified:?}");
    demo.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_kubectl_starts_the_demo_and_is_told_how_to_get_it() {
    // A system with the tools that the script needs, but without kubectl, Go and Python.
    let system = tempfile::tempdir().unwrap();
    for program in ["bash", "dirname", "mkdir", "uname", "flock"] {
        let found =
            ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(program)).into_iter().find(|path| path.exists());
        std::os::unix::fs::symlink(found.unwrap(), system.path().join(program)).unwrap();
    }
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/rig/build");
    let tools = tempfile::tempdir().unwrap();
    let answer = Command::new("/bin/bash")
        .arg(build)
        .arg("any-kubectl")
        .env_clear()
        .env("PATH", system.path())
        .env("LATCHKEY_TOOLS", tools.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success() && said.contains("https://kubernetes.io/docs/tasks/tools/"), "{answer:?}");
    assert_eq!(said.lines().count(), 1, "{said}");

    let demo = Demo::start(folder(), &[]).await;
    let mut command = Command::new(DEMO);
    command.arg("--data").arg(demo.folder.path()).args(["as", "ana", "--", "kubectl", "get", "pods"]);
    let answer =
        command.env("PATH", "/nowhere").env("LATCHKEY_TOOLS", "/nowhere").env("HOME", "/nowhere").output().unwrap();
    let said = String::from_utf8_lossy(&answer.stderr);
    assert!(!answer.status.success() && said.contains("https://kubernetes.io/docs/tasks/tools/"), "{answer:?}");
    demo.stop().await;
}
