//! ClusterRoles that carry profiles' own rules: each goes once its profile has other rules and no access has it.

use super::{PROD, World};
use crate::town::{POLICY, nodes};
use latchkey::{config, fail_point::Life, worker::run_once};
use latchkey_domain::{access::GrantId, plan::bootstrap};
use latchkey_simulator::kubernetes::{Failure, Pattern};
use serde_json::json;

const ALWAYS: u32 = 1_000_000;
/// More steps than a run takes that deletes one role.
const LONG: u32 = 40;

/// The town's policy, by which the profile has other rules.
pub fn edited() -> String {
    let (before, after) =
        (r#"resources = ["nodes"], verbs = ["get", "list"]"#, r#"resources = ["nodes"], verbs = ["get"]"#);
    assert!(POLICY.contains(before));
    POLICY.replace(before, after)
}

impl World {
    /// The names of the ClusterRoles that carry a profile's own rules.
    pub fn own_roles(&self) -> Vec<String> {
        let roles = self.objects(PROD).list("clusterroles").into_iter();
        let names = roles.filter_map(|role| role["metadata"]["name"].as_str().map(str::to_owned));
        names.filter(|name| name.starts_with("latchkey:")).collect()
    }

    /// An access to a profile with rules of its own, which has other rules since it was set up.
    async fn edited_while_active() -> (Self, GrantId) {
        let world = Self::new().await;
        let grant = world.approved_ask("ana", &nodes()).await;
        world.until(grant, "active").await;
        world.town.apply_policy(&edited()).await;
        (world, grant)
    }

    /// The same, and the access is over; the next look takes the role away.
    async fn left_behind() -> Self {
        let (world, grant) = Self::edited_while_active().await;
        world.give_back("ana", grant).await;
        world.until(grant, "ended").await;
        world
    }

    pub async fn deletions(&self, condition: &str) -> i64 {
        self.town.count(&format!("select count(*) from intent where step = 'delete_role' and {condition}")).await
    }
}

#[tokio::test]
async fn a_role_goes_with_the_last_access_to_rules_that_the_policy_has_no_more() {
    let (world, grant) = World::edited_while_active().await;
    world.look_again().await;
    assert_eq!(world.own_roles().len(), 1, "it is bound");
    assert_eq!(world.asks("ana", PROD, "/api/v1/nodes").await, 200);
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    world.look_again().await;
    assert_eq!(world.own_roles(), Vec::<String>::new());
    assert_eq!(world.deletions("code = 'done'").await, 1, "as was recorded before");
    world.look_again().await;
    assert_eq!(world.deletions("true").await, 1, "once");
}

#[tokio::test]
async fn the_deletion_of_a_role_is_told_in_the_audit_log_once_however_often_it_is_tried() {
    let world = World::left_behind().await;
    let [name] = world.own_roles().try_into().unwrap();
    let on_roles = || Pattern::on("delete", "clusterroles");
    world.knobs(PROD).fail(on_roles(), Failure::TooManyRequests(0), 1);
    world.look_again().await;
    assert_eq!(world.own_roles().len(), 1, "the API server asked for fewer calls");
    let told = world.events("cluster.role_given_up").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["detail"]["role"], json!(name));
    // What failed for another reason than a missing right is tried again at the next look.
    world.look_again().await;
    assert_eq!(world.own_roles(), Vec::<String>::new());
    assert_eq!(world.events("cluster.role_given_up").await.len(), 1);
}

#[tokio::test]
async fn a_role_stays_while_its_profile_can_be_asked_for_and_while_a_binding_refers_to_it() {
    let world = World::new().await;
    let grant = world.approved_ask("ana", &nodes()).await;
    world.until(grant, "active").await;
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    world.look_again().await;
    assert_eq!(world.own_roles().len(), 1, "the next access to the profile needs it");

    let name = world.own_roles().pop().unwrap();
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": "theirs" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name },
        "subjects": [{ "kind": "ServiceAccount", "name": "ci", "namespace": "payments" }],
    });
    world.objects(PROD).put_raw(binding, "a team").unwrap();
    world.town.apply_policy(&edited()).await;
    world.look_again().await;
    assert_eq!(world.own_roles().len(), 1, "another client bound a service account to it");
    world.objects(PROD).remove("", "clusterrolebindings", "theirs").unwrap();
    world.look_again().await;
    assert_eq!(world.own_roles(), Vec::<String>::new());
}

#[tokio::test]
async fn a_role_of_another_installation_stays() {
    let world = World::left_behind().await;
    let mut theirs = world.own_role();
    theirs["metadata"]["labels"]["latchkey/installation"] = json!("0192f3c4-0000-7000-8000-000000000000");
    theirs["metadata"]["name"] = json!("latchkey:nodes:00000000");
    theirs["metadata"].as_object_mut().unwrap().remove("uid");
    theirs["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    world.objects(PROD).put_raw(theirs, "another").unwrap();
    world.look_again().await;
    assert_eq!(world.own_roles(), ["latchkey:nodes:00000000"]);
}

#[tokio::test]
async fn without_the_right_the_role_stays_and_nothing_else_suffers() {
    let world = World::left_behind().await;
    let policy = config::policy::parse(&edited()).unwrap();
    for mut object in bootstrap::manifests(&policy) {
        for rule in object["rules"].as_array_mut().into_iter().flatten() {
            let is_of_roles = rule["resources"] == json!(["clusterroles"]);
            if let Some(verbs) = rule["verbs"].as_array_mut().filter(|_| is_of_roles) {
                verbs.retain(|verb| verb != "delete");
            }
        }
        world.objects(PROD).put_raw(object, "an earlier bootstrap").unwrap();
    }
    for _ in 0..3 {
        world.look_again().await;
    }
    assert_eq!(world.own_roles().len(), 1);
    assert_eq!(world.deletions("code = 'failed'").await, 1, "it is not tried again at each look");
    let grant = world.active("gus").await;
    assert_eq!(world.state(grant).await, "active");
}

#[tokio::test]
async fn a_worker_that_dies_anywhere_while_it_deletes_a_role_cuts_no_access_that_needs_it_again() {
    for steps in 0..LONG {
        let world = World::left_behind().await;
        world.rests_are_over().await;
        let dying = Life::of(steps);
        let _ = dying.does(run_once(&world.another_worker().await)).await;
        let survived = !dying.is_over();
        // The policy has the former rules again, and an access to them is approved.
        world.town.apply_policy(POLICY).await;
        sqlx::query(
            "update target set lease_until = lease_until - interval '10 minutes' where lease_until is not null",
        )
        .execute(world.town.owner.pool())
        .await
        .unwrap();
        let grant = world.approved_ask("ana", &nodes()).await;
        world.until(grant, "active").await;
        assert_eq!(world.asks("ana", PROD, "/api/v1/nodes").await, 200, "after {steps} steps");
        let open = world.deletions("finished_at is null").await;
        assert_eq!(open, 0, "after {steps} steps");
        if survived {
            return;
        }
    }
    panic!("a worker needs more than {LONG} steps");
}

#[tokio::test]
async fn what_may_still_be_deleted_late_is_made_anew_before_it_is_bound() {
    let world = World::left_behind().await;
    let uid = world.own_role()["metadata"]["uid"].clone();
    // The delete is on its way, and the worker hears nothing of it.
    world.knobs(PROD).fail(Pattern::on("delete", "clusterroles"), Failure::CutBefore, 1);
    world.look_again().await;
    assert_eq!(world.deletions("finished_at is null").await, 1);
    world.town.apply_policy(POLICY).await;
    let grant = world.approved_ask("ana", &nodes()).await;
    world.until(grant, "active").await;
    assert_ne!(world.own_role()["metadata"]["uid"], uid, "a late delete names the former object");
    assert_eq!(world.asks("ana", PROD, "/api/v1/nodes").await, 200);
}

#[tokio::test]
async fn nothing_is_bound_to_a_role_that_may_be_deleted_late_and_cannot_be_now() {
    let world = World::left_behind().await;
    world.knobs(PROD).fail(Pattern::on("delete", "clusterroles"), Failure::CutBefore, ALWAYS);
    world.look_again().await;
    world.town.apply_policy(POLICY).await;
    let grant = world.approved_ask("ana", &nodes()).await;
    world.run().await;
    assert_eq!(world.state(grant).await, "provisioning");
    assert!(world.bindings(PROD).is_empty());
    world.knobs(PROD).heal();
    world.rests_are_over().await;
    world.until(grant, "active").await;
}
