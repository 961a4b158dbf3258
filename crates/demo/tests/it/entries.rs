//! An access on the demo's cluster of access entries alone, as kubectl meets it.

use crate::{
    browser::Browser,
    demo::{Demo, folder, has_latchkey, until},
    tool::Tool,
};
use std::process::Output;

#[tokio::test(flavor = "multi_thread")]
async fn on_the_cluster_of_entries_alone_kubectl_works_from_the_approval_to_the_give_back() {
    if !has_latchkey() || Tool::Kubectl.require().is_none() {
        return;
    }
    let demo = Demo::start(folder(), &[]).await;
    let clusters = demo.described["clusters"].as_array().unwrap();
    let arn = clusters.iter().find(|cluster| cluster["name"] == "apps-us").unwrap()["arn"].as_str().unwrap().to_owned();
    let kubectl = |what: &str| -> Output {
        let command = format!("kubectl --context {arn} -n storefront {what}");
        demo.run_as("ana", &command.split(' ').collect::<Vec<_>>())
    };
    assert!(!kubectl("get pods").status.success(), "nobody is let in before");
    let [ana, ben] = [demo.signed_in("ana").await, demo.signed_in("ben").await];

    let request = ask(&demo, &ana).await;
    let page = ben.open(&request).await;
    ben.submit(&page.form(&format!("{request}/votes")).with("verdict", "approve").with("reason", "")).await;
    let let_in = until("kubectl is let in", async || Some(kubectl("get pods")).filter(|said| said.status.success()));
    let pods = let_in.await;
    assert!(String::from_utf8_lossy(&pods.stdout).contains("storefront-5d8c7b9f6-k2m4x"), "{pods:?}");
    assert!(!kubectl("get secrets").status.success(), "no more than was decided");
    let grant = until("the access is active", async || {
        let grant = ana.open(&request).await.attribute("a[href^='/grants/']", "href")?;
        ana.open(&grant).await.has(&format!("a[href='{grant}/kubeconfig']")).then_some(grant)
    })
    .await;

    // Who can get in names her, and who decided it.
    let dee = demo.signed_in("dee").await;
    let targets = dee.open("/targets?find=apps-us&kind=cluster").await;
    let target = targets.attribute("main a[href^='/targets/cluster/']", "href").unwrap();
    let who = dee.open(&target.replace("/targets/cluster/", "/clusters/")).await;
    let rows = who.texts("section[aria-labelledby='who'] tbody tr");
    let of_ana = rows.iter().find(|row| row.contains("latchkey:ana:")).unwrap_or_else(|| panic!("{rows:#?}"));
    assert!(of_ana.contains("access entry") && of_ana.contains("approved by Ben"), "{of_ana}");

    let page = ana.open(&grant).await;
    ana.submit(&page.form(&format!("{grant}/give-back"))).await;
    until("kubectl is refused", async || (!kubectl("get pods").status.success()).then_some(())).await;
    demo.stop().await;
}

/// Submits the form; returns the request's path.
async fn ask(demo: &Demo, ana: &Browser) -> String {
    let page = ana.open("/requests/new?cluster=apps-us&profile=view&namespace=storefront&minutes=60").await;
    let form = page.form("/requests").with("cluster", "apps-us").with("profile", "view");
    let form = form.with("namespace", "storefront").with("principal", &demo.arn("ana")).with("minutes", "60");
    let answer = ana.send(&form.with("reason", "Why is the shop slow?")).await;
    answer.location.clone().unwrap_or_else(|| panic!("{}", answer.text()))
}
