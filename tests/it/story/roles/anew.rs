//! Roles that are deleted and made again, by an administrator or by Identity Center.

use super::{Holder, cause, mapped, nothing_is_left, second_look, template};
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
    let people = [Holder::proven(&stage, "ana", &role).await, Holder::proven(&stage, "gus", &role).await];
    let ben = stage.signed_in("ben").await;
    let mut grants = Vec::new();
    for holder in &people {
        grants.push(holder.given(&stage, &ben, LOOK).await);
    }
    stage.simulator().aws().change_role(&role.name, RoleChange::Recreated);
    look_again(&stage).await;
    assert_eq!(stage.state(&grants[0]).await, "active", "one look is not enough");
    second_look(&stage).await;
    for (holder, grant) in people.iter().zip(&grants) {
        until(&stage, grant, "ended").await;
        assert_eq!(cause(&stage, grant).await.as_deref(), Some("principal_replaced"));
        holder.cannot_ask("Prove an AWS identity first").await;
    }
    nothing_is_left(&stage, &[&people[0].caller(&stage), &people[1].caller(&stage)]).await;

    let anew = stage.role_again(&role.name);
    assert!(anew.arn == role.arn && anew.id != role.id);
    let ana = Holder::proven(&stage, "ana", &anew).await;
    let grant = ana.given(&stage, &ben, LOOK).await;
    assert_eq!(mapped(&stage).await, [template(&anew, 1)]);
    assert_eq!(ana.caller(&stage).list_pods_anew("payments").await, 200);
    ana.gives_back(&stage, &grant).await;
    nothing_is_left(&stage, &[&ana.caller(&stage)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_proves_a_role_made_anew_before_latchkey_saw_it_ends_what_the_old_one_had() {
    let Some(stage) = Stage::simulated().await else { return };
    let role = stage.role(PATH, "payments-ops", &pinned(stage.account())).await;
    let (ana, gus) = (Holder::proven(&stage, "ana", &role).await, Holder::proven(&stage, "gus", &role).await);
    let ben = stage.signed_in("ben").await;
    let old = [ana.given(&stage, &ben, LOOK).await, gus.given(&stage, &ben, LOOK).await];
    stage.simulator().aws().change_role(&role.name, RoleChange::Recreated);
    let anew = stage.role_again(&role.name);
    let ana = Holder::proven(&stage, "ana", &anew).await;
    for grant in &old {
        until(&stage, grant, "ended").await;
        assert_eq!(cause(&stage, grant).await.as_deref(), Some("principal_replaced"));
    }
    gus.cannot_ask("Prove an AWS identity first").await;
    ana.given(&stage, &ben, LOOK).await;
    assert_eq!(mapped(&stage).await, [template(&anew, 1)]);
    assert_eq!(ana.caller(&stage).list_pods_anew("payments").await, 200);
    // STS knows the session of the old role until it is over.
    gus.is_not_proven("This is a session of a role that was deleted").await;
    assert_eq!(mapped(&stage).await, [template(&anew, 1)]);
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
