//! What one person could keep of a mapping that others still need, and what holds once its pin is lifted.

use super::{Holder, LOGS, TwoGiven, mapped, nothing_is_left, rendered, residual};
use crate::{
    stage::{
        CLUSTER, PATH, Stage,
        roles::{pinned, unpinned},
    },
    story::{
        hands::look_again,
        people::{LOOK, approve},
    },
};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::{
    Api,
    api::{DeleteParams, PostParams},
};
use latchkey_simulator::aws::RoleChange;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn once_anybody_can_take_a_sessions_name_the_accesses_by_the_role_end_and_no_other_is_given() {
    let Some(stage) = Stage::simulated().await else { return };
    let role = stage.role(PATH, "payments-ops", &pinned(stage.account())).await;
    let two = TwoGiven::under(&stage, &role).await;
    let (people, ben) = (&two.people, &two.approver);
    let aws = stage.simulator().aws();
    assert!(aws.role_policies(&role.name).unwrap()["latchkey"].contains("eks:DescribeCluster"));

    aws.change_role(&role.name, RoleChange::Trust(unpinned(stage.account())));
    look_again(&stage).await;
    two.have_ended(&stage, "unpinned").await;
    for (holder, grant) in people.iter().zip(&two.grants) {
        let page = holder.browser.open(&format!("/grants/{grant}")).await;
        page.says("other people could take the name of its session");
        holder.cannot_ask("Several people can use this role, and each of them would have the access").await;
    }
    nothing_is_left(&stage, &[&people[0].caller(&stage), &people[1].caller(&stage)]).await;
    assert_eq!(stage.simulator().aws().role_policies(&role.name).unwrap().len(), 0);

    // Once the pin is back, what was proven before is not: each proves their session anew.
    stage.simulator().aws().change_role(&role.name, RoleChange::Trust(pinned(stage.account())));
    look_again(&stage).await;
    for holder in people {
        holder.cannot_ask("Prove an AWS identity first").await;
        holder.prove().await;
        stage.work().await;
        holder.given(&stage, ben, LOOK).await;
    }
    assert_eq!(mapped(&stage).await, [super::template(&role, 2)]);
}

crate::story::on_both_stages!(who_left_a_binding_to_their_name_has_no_other_access_by_it_until_it_is_removed);

async fn who_left_a_binding_to_their_name_has_no_other_access_by_it_until_it_is_removed(stage: &Stage) {
    let role = stage.identity_center_role("payments-dev").await;
    let (ana, gus) = (Holder::proven(stage, "ana", &role).await, Holder::proven(stage, "gus", &role).await);
    let ben = stage.signed_in("ben").await;
    let lasting = gus.given(stage, &ben, LOOK).await;
    let grant = ana.given(stage, &ben, LOOK).await;
    let earlier = ana.ask(LOGS).await;
    let api: Api<RoleBinding> = Api::namespaced(stage.admin(), "payments");
    let group = "rbac.authorization.k8s.io";
    let own = json!({
        "metadata": { "name": "anas-own" },
        "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": "view" },
        "subjects": [{ "apiGroup": group, "kind": "User", "name": rendered(&ana, 1) }],
    });
    api.create(&PostParams::default(), &serde_json::from_value(own.clone()).unwrap()).await.unwrap();
    // Another one where the access does not reach.
    let elsewhere: Api<RoleBinding> = Api::namespaced(stage.admin(), "checkout");
    elsewhere.create(&PostParams::default(), &serde_json::from_value(own).unwrap()).await.unwrap();

    ana.gives_back(stage, &grant).await;
    let left = residual(stage, &grant).await;
    for binding in ["RoleBinding payments/anas-own (ClusterRole view)", "RoleBinding checkout/anas-own"] {
        assert!(left.contains(binding), "{binding} is not told: {left}");
    }
    let ended = ana.browser.open(&format!("/grants/{grant}")).await;
    ended.says("anas-own");
    ended.says("Ended, not shut out");
    ana.browser.open("/").await.says("Ended, not shut out");
    let told = stage.signed_in("dee").await.open("/status").await;
    told.says("The access of ana on prod-eu by a role ended, and they may not be shut out");
    assert_eq!(ana.caller(stage).list_pods_anew("payments").await, 200, "gus needs the mapping, so the binding works");

    ana.cannot_ask("is not Latchkey\u{2019}s: nothing is set up for that user until").await;
    let blocked = approve(stage, &ben, &earlier).await;
    let why = format!(
        "select latchkey_blocker(error, code, blocker) from grant_leg
         where grant_id = '{blocked}' and target_kind = 'cluster'"
    );
    let is_named = async || stage.value(&why).await.is_some_and(|why| why.contains("name_still_bound"));
    stage.work_until("the binding is named", is_named).await;
    let other = gus.given(stage, &ben, LOGS).await;
    look_again(stage).await;
    assert_eq!((stage.state(&blocked).await.as_str(), stage.state(&other).await.as_str()), ("provisioning", "active"));
    ana.browser.open(&format!("/grants/{blocked}")).await.says("anas-own");

    api.delete("anas-own", &DeleteParams::default()).await.unwrap();
    look_again(stage).await;
    assert_eq!(stage.state(&blocked).await, "provisioning", "the other one is left");
    elsewhere.delete("anas-own", &DeleteParams::default()).await.unwrap();
    let is_active = async || {
        look_again(stage).await;
        stage.state(&blocked).await == "active"
    };
    stage.wait_until("the new access is active", is_active).await;
    for (holder, grant) in [(&ana, &blocked), (&gus, &lasting), (&gus, &other)] {
        holder.gives_back(stage, grant).await;
    }
    nothing_is_left(stage, &[&ana.caller(stage), &gus.caller(stage)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_that_is_left_to_the_name_of_a_visit_sleeps_in_the_next_one() {
    let Some(stage) = Stage::simulated().await else { return };
    let role = stage.identity_center_role("payments-dev").await;
    let (ana, ben) = (Holder::proven(&stage, "ana", &role).await, stage.signed_in("ben").await);
    let grant = ana.given(&stage, &ben, LOOK).await;
    let objects = stage.simulator().kubernetes(CLUSTER).unwrap().objects();
    let group = "rbac.authorization.k8s.io";
    let own = json!({
        "apiVersion": format!("{group}/v1"), "kind": "RoleBinding",
        "metadata": { "name": "anas-own", "namespace": "checkout" },
        "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": "view" },
        "subjects": [{ "apiGroup": group, "kind": "User", "name": rendered(&ana, 1) }],
    });
    objects.put_raw(own, "ana").unwrap();
    ana.gives_back(&stage, &grant).await;
    ana.given(&stage, &ben, LOOK).await;
    assert_eq!(mapped(&stage).await, [super::template(&role, 2)]);
    assert_eq!(ana.caller(&stage).list_pods_anew("payments").await, 200);
    assert_eq!(ana.caller(&stage).list_pods_anew("checkout").await, 403);
}
