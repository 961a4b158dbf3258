//! What must hold if something goes wrong, as people see it; what only the worker sees is in its own tests.

use super::people::{self, LOOK, Wish, approve, ask, give_back, given, proven, until};
use crate::stage::Stage;
use http::StatusCode;
use k8s_openapi::api::core::v1::ConfigMap;
use latchkey::{config, worker};
use latchkey_testkit::ACCOUNT;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

super::on_both_stages!(overlapping_accesses_never_cut_each_other, others_edit_aws_auth_all_the_while);

/// A person with two accesses lists pods without a pause while they end, the older first and then the newer first.
async fn overlapping_accesses_never_cut_each_other(stage: &Stage) {
    let (ana, ben) = (proven(stage, "ana").await, stage.signed_in("ben").await);
    let (view, logs) = (LOOK, Wish { profile: "logs", ..LOOK });
    let older = given(stage, (&ana, "ana"), &ben, view).await;
    let caller = stage.caller("ana");
    // Another test is about the first call; this one is about the calls between the first and the last.
    stage.wait_until("pods are listed", async || caller.list_pods("payments").await == 200).await;
    let over = Arc::new(AtomicBool::new(false));
    let calling = tokio::spawn({
        let over = Arc::clone(&over);
        async move {
            let mut answers = Vec::new();
            while !over.load(Ordering::SeqCst) {
                answers.push(caller.list_pods("payments").await);
            }
            answers
        }
    });
    let newer = given(stage, (&ana, "ana"), &ben, logs).await;
    give_back(&ana, &older).await;
    until(stage, &older, "ended").await;
    let newest = given(stage, (&ana, "ana"), &ben, view).await;
    give_back(&ana, &newest).await;
    until(stage, &newest, "ended").await;
    over.store(true, Ordering::SeqCst);
    let answers = calling.await.unwrap();
    assert!(answers.len() > 20, "{}", answers.len());
    let cut: Vec<_> = answers.iter().filter(|&&status| status != 200).collect();
    assert!(cut.is_empty(), "{} of {} calls were refused: {cut:?}", cut.len(), answers.len());

    give_back(&ana, &newer).await;
    until(stage, &newer, "ended").await;
    assert_ne!(stage.caller("ana").list_pods("payments").await, 200);
}

/// Another client adds lines to aws-auth without a pause while accesses come and go: none of its lines is lost, and
/// nothing else is left.
async fn others_edit_aws_auth_all_the_while(stage: &Stage) {
    let (ana, ben) = (proven(stage, "ana").await, stage.signed_in("ben").await);
    let before = stage.aws_auth().await["mapUsers"].clone();
    let over = Arc::new(AtomicBool::new(false));
    let editing = tokio::spawn(edit_without_a_pause(stage.admin(), Arc::clone(&over)));
    for _ in 0..2 {
        let grant = given(stage, (&ana, "ana"), &ben, LOOK).await;
        give_back(&ana, &grant).await;
        until(stage, &grant, "ended").await;
    }
    over.store(true, Ordering::SeqCst);
    let lines = editing.await.unwrap();
    assert!(!lines.is_empty());
    assert_eq!(stage.aws_auth().await["mapUsers"], before + &lines.concat());
}

/// Appends a line each time that no other client was faster; gives the lines that are in.
async fn edit_without_a_pause(client: kube::Client, over: Arc<AtomicBool>) -> Vec<String> {
    let api: kube::Api<ConfigMap> = kube::Api::namespaced(client, "kube-system");
    let mut lines = Vec::new();
    while !over.load(Ordering::SeqCst) {
        let mut found = api.get("aws-auth").await.unwrap();
        let line = format!("- {{userarn: \"arn:aws:iam::{ACCOUNT}:user/robot-{}\", username: robot}}\n", lines.len());
        found.data.as_mut().unwrap().get_mut("mapUsers").unwrap().push_str(&line);
        match api.replace("aws-auth", &kube::api::PostParams::default(), &found).await {
            Ok(_) => lines.push(line),
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => panic!("{error}"),
        }
        // As often as a busy pipeline; without any pause no other client could ever write.
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_pages_say_so_and_the_worker_goes_on_when_it_is_back() {
    let Some(stage) = Stage::simulated().await else { return };
    let (ana, ben) = (proven(&stage, "ana").await, stage.signed_in("ben").await);
    let request = ask(&stage, &ana, "ana", LOOK).await;
    let votes = format!("{request}/votes");
    let form = ben.open(&request).await.form(&votes).with("verdict", "approve").with("reason", "");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let working = tokio::spawn(worker::run(stage.worker.clone(), async { drop(stopped.await) }));

    stage.database.take_away().await;
    for answer in [ana.ask("/").await, ana.ask(&request).await, ben.send(&form).await] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
        answer.says("Try again in a minute");
    }
    assert_eq!(ana.ask("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ana.ask("/healthz").await.status, StatusCode::OK);
    stage.database.bring_back().await;

    stage.wait_until("the portal is ready", async || ana.ask("/readyz").await.status == StatusCode::OK).await;
    assert_eq!(people::grant_of(&stage, &request).await, None, "nothing was half done");
    let grant = approve(&stage, &ben, &request).await;
    stage.wait_until("the access is active", async || stage.state(&grant).await == "active").await;
    drop(stop);
    working.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_on_what_changed_is_refused_with_a_fresh_page_and_the_input_kept() {
    let Some(stage) = Stage::simulated().await else { return };
    let (ana, ben) = (proven(&stage, "ana").await, stage.signed_in("ben").await);
    let request = ask(&stage, &ana, "ana", LOOK).await;
    let votes = format!("{request}/votes");
    let form = ben.open(&request).await.form(&votes);
    let policy = stage.value("select body from policy_version where current").await.unwrap();
    config::policy::parse(&policy).unwrap();
    let shorter = policy.replace("longest = \"8h\"", "longest = \"6h\"");
    assert_ne!(shorter, policy, "the policy has a length to change");
    stage.apply_policy(&shorter).await;
    let answer = ben.send(&form.with("verdict", "approve").with("reason", "Ana told me on the phone.")).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text());
    assert_eq!(people::grant_of(&stage, &request).await, None);
    let fresh = answer.form(&votes);
    assert_eq!(fresh.field("reason"), Some("Ana told me on the phone."));
    ben.submit(&fresh.with("verdict", "approve")).await;
    assert!(people::grant_of(&stage, &request).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aws_auth_broken_by_hand_is_left_alone_and_the_page_says_who_must_act() {
    let Some(stage) = Stage::simulated().await else { return };
    let (ana, ben) = (proven(&stage, "ana").await, stage.signed_in("ben").await);
    let request = ask(&stage, &ana, "ana", LOOK).await;
    let objects = stage.simulator().kubernetes(crate::stage::CLUSTER).unwrap().objects();
    // An entry without an ARN: the authenticator complains about it and maps the others.
    let broken = format!("{}- username: nobody\n", stage.aws_auth().await["mapUsers"]);
    objects.set_aws_auth("mapUsers", Some(&broken), "somebody").unwrap();
    let grant = approve(&stage, &ben, &request).await;
    let condition = format!("select condition from grant_leg where grant_id = '{grant}' and target_kind = 'cluster'");
    stage
        .work_until("the grant is blocked", async || stage.value(&condition).await.as_deref() == Some("blocked"))
        .await;
    assert_eq!(stage.aws_auth().await["mapUsers"], broken);
    for page in [ana.open(&request).await, ana.open(&format!("/grants/{grant}")).await] {
        page.says("Blocked");
        page.says("aws-auth");
    }
    give_back(&ana, &grant).await;
    until(&stage, &grant, "ended").await;
    assert_eq!(stage.aws_auth().await["mapUsers"], broken);
    assert_eq!(stage.bindings("payments").await, []);
}
