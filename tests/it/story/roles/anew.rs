//! Roles that are deleted and made again, by an administrator or by Identity Center.

use super::{Holder, TwoGiven, cause, mapped, nothing_is_left, second_look, template};
use crate::{
    stage::{PATH, Stage, roles::pinned},
    story::{
        hands::look_again,
        people::{LOOK, until},
    },
};
use latchkey_simulator::aws::RoleChange;

#[tokio::test(flavor = "multi_thread")]
async fn the_accesses_by_a_role_that_is_made_anew_end_and_its_holders_prove_the_new_one() {
    let Some(stage) = Stage::simulated().await else { return };
    let role = stage.role(PATH, "payments-ops", &pinned(stage.account())).await;
    let two = TwoGiven::under(&stage, &role).await;
    stage.simulator().aws().change_role(&role.name, RoleChange::Recreated);
    look_again(&stage).await;
    assert_eq!(stage.state(&two.grants[0]).await, "active", "one look is not enough");
    second_look(&stage).await;
    two.have_ended(&stage, "principal_replaced").await;
    for holder in &two.people {
        holder.cannot_ask("Prove an AWS identity first").await;
    }
    nothing_is_left(&stage, &[&two.people[0].caller(&stage), &two.people[1].caller(&stage)]).await;

    let anew = stage.role_again(&role.name);
    assert!(anew.arn == role.arn && anew.id != role.id);
    let ana = Holder::proven(&stage, "ana", &anew).await;
    let grant = ana.given(&stage, &two.approver, LOOK).await;
    assert_eq!(mapped(&stage).await, [template(&anew, 1)]);
    assert_eq!(ana.caller(&stage).list_pods_anew("payments").await, 200);
    ana.gives_back(&stage, &grant).await;
    nothing_is_left(&stage, &[&ana.caller(&stage)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_alone_replaces_no_role_and_has_the_worker_look_which_one_is_there() {
    let Some(stage) = Stage::simulated().await else { return };
    let role = stage.role(PATH, "payments-ops", &pinned(stage.account())).await;
    let two = TwoGiven::under(&stage, &role).await;
    let [ana, gus] = &two.people;
    stage.simulator().aws().change_role(&role.name, RoleChange::Recreated);
    let anew = stage.role_again(&role.name);
    let again = Holder::of(&stage, "ana", &anew).await;
    again.is_not_proven("Latchkey knows another role under this name").await;
    stage.work().await;
    second_look(&stage).await;
    two.have_ended(&stage, "principal_replaced").await;
    gus.cannot_ask("Prove an AWS identity first").await;

    again.prove().await;
    stage.work().await;
    let grant = again.given(&stage, &two.approver, LOOK).await;
    assert_eq!(mapped(&stage).await, [template(&anew, 1)]);
    assert_eq!(again.caller(&stage).list_pods_anew("payments").await, 200);
    // STS knows the sessions of the old role until they are over.
    for old in [ana, gus] {
        old.is_not_proven("Latchkey knows another role under this name").await;
    }
    stage.work().await;
    assert_eq!(stage.state(&grant).await, "active");
    assert_eq!(mapped(&stage).await, [template(&anew, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_role_that_was_deleted_before_latchkey_knew_it_ends_nothing() {
    let Some(stage) = Stage::simulated().await else { return };
    let role = stage.role(PATH, "payments-ops", &pinned(stage.account())).await;
    let mallory = Holder::of(&stage, "gus", &role).await;
    stage.simulator().aws().change_role(&role.name, RoleChange::Recreated);
    let anew = stage.role_again(&role.name);
    let (ana, ben) = (Holder::proven(&stage, "ana", &anew).await, stage.signed_in("ben").await);
    let grant = ana.given(&stage, &ben, LOOK).await;
    mallory.is_not_proven("Latchkey knows another role under this name").await;
    stage.work().await;
    second_look(&stage).await;
    assert_eq!(stage.state(&grant).await, "active");
    assert_eq!(ana.caller(&stage).list_pods_anew("payments").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accesses_by_a_role_that_identity_center_made_under_another_name_end_and_the_page_says_which_is_new() {
    let Some(stage) = Stage::simulated().await else { return };
    let role = stage.identity_center_role("payments-dev").await;
    let (ana, ben) = (Holder::proven(&stage, "ana", &role).await, stage.signed_in("ben").await);
    let grant = ana.given(&stage, &ben, LOOK).await;
    let renamed = "AWSReservedSSO_payments-dev_fedcba9876543210";
    stage.simulator().aws().change_role(&role.name, RoleChange::Renamed(renamed.to_owned()));
    look_again(&stage).await;
    until(&stage, &grant, "ended").await;
    assert_eq!(cause(&stage, &grant).await.as_deref(), Some("principal_replaced"));
    let page = ana.browser.open(&format!("/grants/{grant}")).await;
    page.says(renamed);
    page.says("its holder has to prove the new one");
    nothing_is_left(&stage, &[&ana.caller(&stage)]).await;
    ana.cannot_ask("Prove an AWS identity first").await;

    let ana = Holder::proven(&stage, "ana", &stage.role_again(renamed)).await;
    ana.given(&stage, &ben, LOOK).await;
    assert_eq!(ana.caller(&stage).list_pods_anew("payments").await, 200);
}
