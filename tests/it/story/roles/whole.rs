//! One access by a role of Identity Center, from the proof to the end.

use super::{Holder, mapped, nothing_is_left, rendered, residual, template};
use crate::{
    stage::Stage,
    story::people::{LOOK, approve, until},
};
use latchkey_simulator::seed::AuthenticationMode::Api;

crate::story::on_both_stages!(a_person_without_an_iam_user_works_by_a_role_of_identity_center_and_leaves_nothing);

#[tokio::test(flavor = "multi_thread")]
async fn on_a_cluster_of_entries_alone_a_person_without_an_iam_user_works_by_an_entry_of_their_role() {
    let Some(stage) = Stage::simulated_in(Api).await else { return };
    a_person_without_an_iam_user_works_by_a_role_of_identity_center_and_leaves_nothing(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_authenticator_takes_an_entry_of_a_role_for_that_person() {
    let Some(stage) = Stage::real_with(Api).await else { return };
    a_person_without_an_iam_user_works_by_a_role_of_identity_center_and_leaves_nothing(&stage).await;
}

async fn a_person_without_an_iam_user_works_by_a_role_of_identity_center_and_leaves_nothing(stage: &Stage) {
    let by_entry = stage.eks().aws().mode(stage.clusters[0].arn.rsplit('/').next().unwrap()) == Some(Api);
    let before = stage.aws_auth().await;
    let role = stage.identity_center_role("payments-dev").await;
    let (ana, ben) = (Holder::of(stage, "ana", &role).await, stage.signed_in("ben").await);
    let kubectl = stage.kubectl_of(&ana.session);
    kubectl.run("get pods -n payments").await.refused();

    ana.prove().await.says(&role.name);
    ana.cannot_ask("Latchkey is looking at this role").await;
    stage.work().await;
    // STS names a role without its path, which the worker read from IAM.
    ana.browser.open("/identities").await.says(&role.arn);

    let request = ana.ask(LOOK).await;
    let page = ben.open(&request).await;
    page.says(&template(&role, 1));
    page.says(&rendered(&ana, 1));
    let grant = approve(stage, &ben, &request).await;
    until(stage, &grant, "active").await;
    let pods = kubectl.run("get pods -n payments").await;
    assert!(pods.worked().contains("api"), "{}", pods.out);
    kubectl.run("get secrets -n payments").await.refused();
    let who = kubectl.run("auth whoami -o jsonpath={.status.userInfo.username}").await;
    assert_eq!(who.worked(), rendered(&ana, 1));
    assert_eq!(mapped(stage).await, [template(&role, 1)]);
    // aws-auth knows roles without their paths, and EKS with them.
    if by_entry {
        assert_eq!(stage.own_entries()[0].principal_arn, role.arn);
    } else {
        let lines = stage.aws_auth().await["mapRoles"].clone();
        assert!(lines.contains(&format!("arn:aws:iam::{}:role/{}", stage.account(), role.name)), "{lines}");
    }
    let subjects: Vec<_> = stage.bindings("payments").await.into_iter().flat_map(|(_, subjects)| subjects).collect();
    assert_eq!(subjects, [rendered(&ana, 1)]);

    ana.gives_back(stage, &grant).await;
    kubectl.run("get pods -n payments").await.refused();
    nothing_is_left(stage, &[&ana.caller(stage)]).await;
    assert_eq!(stage.aws_auth().await, before);
    assert_eq!(residual(stage, &grant).await, "[]");
}
