//! What other clients do meanwhile, and what is broken.

use super::{PROD, STAGING, USERS, World};
use crate::town::nodes;
use latchkey_simulator::kubernetes::{Failure, Pattern};

const FOREIGN: &str = "- userarn: arn:aws:iam::111122223333:user/terraform\n  username: terraform\n";

#[tokio::test]
async fn a_foreign_edit_between_read_and_write_loses_nothing() {
    let world = World::new().await;
    world.knobs(PROD).before(Pattern::on("patch", "configmaps").named("aws-auth"), |objects| {
        let text = objects.aws_auth_data().unwrap()["mapUsers"].clone() + FOREIGN;
        objects.set_aws_auth("mapUsers", Some(&text), "terraform").unwrap();
    });
    let grant = world.active("ana").await;
    let text = world.aws_auth(PROD)["mapUsers"].clone();
    assert!(text.contains("latchkey:ana:1") && text.contains(FOREIGN) && text.starts_with(USERS), "{text}");
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], format!("{USERS}{FOREIGN}"));
}

#[tokio::test]
async fn an_unreachable_cluster_delays_no_other_and_says_so() {
    let world = World::new().await;
    world.knobs(STAGING).set_unreachable(true);
    world.rests_are_over().await;
    let grant = world.active("ana").await;
    assert_eq!(world.state(grant).await, "active");
    let failure: Option<String> = sqlx::query_scalar(
        "select failure from target where kind = 'cluster' and key = (select id from cluster where name = $1)",
    )
    .bind(STAGING)
    .fetch_one(world.town.owner.pool())
    .await
    .unwrap();
    assert!(failure.is_some());
    // The last observation is kept, with the reason why it is old.
    let body: serde_json::Value = sqlx::query_scalar("select body from observation where target_key = $1")
        .bind(world.town.cluster(STAGING).await)
        .fetch_one(world.town.owner.pool())
        .await
        .unwrap();
    assert!(body["trouble"]["code"] == "transient" && body["kubernetes"].is_object(), "{body}");
}

#[tokio::test]
async fn an_aws_auth_broken_by_hand_gets_no_new_line_and_bindings_still_come_and_go() {
    let world = World::new().await;
    let running = world.active("ana").await;
    let broken = format!("{}  - : [broken\n", world.aws_auth(PROD)["mapUsers"]);
    world.objects(PROD).set_aws_auth("mapUsers", Some(&broken), "somebody").unwrap();

    let waiting = world.approved("gus").await;
    // The worker itself is locked out while mapUsers is unreadable; a real one is mapped as a role.
    world.until_trouble(waiting, "Latchkey").await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], broken);
    assert_eq!(world.state(waiting).await, "provisioning");

    world.give_back("ana", running).await;
    world.run().await;
    world.objects(PROD).set_aws_auth("mapUsers", Some(USERS), "somebody").unwrap();
    world.rests_are_over().await;
    world.until(running, "ended").await;
    world.until(waiting, "active").await;
}

#[tokio::test]
async fn an_entry_with_an_error_gets_no_neighbour_and_bindings_still_come_and_go() {
    // One entry without an ARN: the authenticator complains, and maps the others.
    let world = World::new().await;
    let running = world.active("ana").await;
    let faulty = format!("{}- username: nobody\n", world.aws_auth(PROD)["mapUsers"]);
    world.objects(PROD).set_aws_auth("mapUsers", Some(&faulty), "somebody").unwrap();

    let waiting = world.approved("gus").await;
    world.until_trouble(waiting, "no line was added to aws-auth").await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], faulty);
    assert_eq!(world.bindings(PROD).len(), 2, "the binding comes all the same");

    world.give_back("ana", running).await;
    world.until(running, "ended").await;
    assert_eq!(world.bindings(PROD).len(), 1, "and goes");
    assert_eq!(world.aws_auth(PROD)["mapUsers"], format!("{USERS}- username: nobody\n"));

    world.objects(PROD).set_aws_auth("mapUsers", Some(USERS), "somebody").unwrap();
    world.rests_are_over().await;
    world.until(waiting, "active").await;
    assert_eq!(world.lists_pods("gus", PROD, "payments").await, 200);
}

#[tokio::test]
async fn a_binding_that_a_holder_changed_is_put_back_and_found() {
    let world = World::new().await;
    world.active("ana").await;
    let mut binding = world.bindings(PROD).remove(0);
    binding["subjects"] = serde_json::json!([
        { "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated" }
    ]);
    world.objects(PROD).put_raw(binding, "ana").unwrap();
    world.rests_are_over().await;
    world.run().await;
    assert_eq!(world.bindings(PROD)[0]["subjects"][0]["name"], "latchkey:ana:1");
    assert_eq!(world.town.told("grant.drift_found").await, 1);
}

#[tokio::test]
async fn what_carries_our_label_and_has_no_access_goes() {
    let world = World::new().await;
    world.active("ana").await;
    let mut stray = world.bindings(PROD).remove(0);
    stray["metadata"]["name"] = "kept-for-later".into();
    stray["metadata"]["namespace"] = "checkout".into();
    world.objects(PROD).put_raw(stray, "ana").unwrap();
    assert_eq!(world.bindings(PROD).len(), 2);
    world.rests_are_over().await;
    world.run().await;
    assert_eq!(world.bindings(PROD).len(), 1);
}

#[tokio::test]
async fn a_finalizer_keeps_nothing_alive() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let mut binding = world.bindings(PROD).remove(0);
    binding["metadata"]["finalizers"] = serde_json::json!(["example.com/keep"]);
    world.objects(PROD).put_raw(binding, "ana").unwrap();
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    assert!(world.bindings(PROD).is_empty());
}

#[tokio::test]
async fn a_cluster_marked_by_another_installation_is_only_revoked_on() {
    let world = World::new().await;
    let running = world.active("ana").await;
    let objects = world.objects(PROD);
    let mut marker = objects.get("kube-system", "configmaps", "latchkey").unwrap();
    marker["data"]["installation"] = "00000000-0000-4000-8000-000000000000".into();
    objects.put_raw(marker, "other").unwrap();
    let waiting = world.approved("gus").await;
    world.until_trouble(waiting, "another installation").await;
    assert_eq!(world.bindings(PROD).len(), 1);
    world.give_back("ana", running).await;
    world.until(running, "ended").await;
    assert!(world.bindings(PROD).is_empty());
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test]
async fn a_user_made_again_under_the_same_name_loses_the_access() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.simulator.aws().change_user("ana", latchkey_simulator::aws::UserChange::Recreated);
    world.rests_are_over().await;
    world.until(grant, "ended").await;
    assert_eq!(world.cause(grant).await.as_deref(), Some("principal_replaced"));
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
}

#[tokio::test]
async fn somebody_elses_mapping_is_bound_to_and_left_as_it_is() {
    let users = format!("{USERS}- userarn: arn:aws:iam::111122223333:user/latchkey/ana\n  username: ana-by-hand\n");
    let world = World::with_users(&users).await;
    let grant = world.active("ana").await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], users);
    assert_eq!(world.bindings(PROD)[0]["subjects"][0]["name"], "ana-by-hand");
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], users);
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 403);
    let named = "select count(*) from access_grant where residual::text like '%an entry that is not Latchkey%'";
    let residual = world.town.count(named).await;
    assert_eq!(residual, 1, "that she is still mapped is named");
    let value = "select count(*) from access_grant where beside -> 0 ->> 'code' = 'foreign_line'";
    assert_eq!(world.town.count(value).await, 1, "and it is a value");
}

#[tokio::test]
async fn a_namespace_made_again_inherits_nothing() {
    let world = World::new().await;
    let grant = world.approved("ana").await;
    let objects = world.objects(PROD);
    let mut namespace = objects.get("", "namespaces", "payments").unwrap();
    namespace["metadata"]["uid"] = "11111111-2222-4333-8444-555555555555".into();
    objects.remove("", "namespaces", "payments").unwrap();
    objects.put_raw(namespace, "somebody").unwrap();
    world.until_trouble(grant, "made again since this was asked").await;
    assert!(world.bindings(PROD).is_empty());
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test]
async fn a_yes_that_nothing_explains_keeps_an_access_from_activating_and_a_named_one_does_not() {
    let world = World::new().await;
    // A foreign binding lets every user read secrets in payments.
    let binding = serde_json::json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": "too-much", "namespace": "payments" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated" }],
    });
    world.objects(PROD).put_raw(binding, "somebody").unwrap();
    let grant = world.active("ana").await;
    let residual: serde_json::Value = sqlx::query_scalar("select residual from access_grant where id = $1")
        .bind(grant.0)
        .fetch_one(world.town.owner.pool())
        .await
        .unwrap();
    assert!(residual.to_string().contains("RoleBinding payments/too-much"), "{residual}");
    let value = "select count(*) from access_grant where beside -> 0 ->> 'binding' = 'RoleBinding payments/too-much'";
    assert_eq!(world.town.count(value).await, 1, "it is a value");
}

#[tokio::test]
async fn failures_of_the_api_server_are_tried_again() {
    for failure in
        [Failure::Conflict, Failure::Internal, Failure::CutBefore, Failure::CutAfter, Failure::TooManyRequests(1)]
    {
        for (verb, resource) in [("patch", "configmaps"), ("create", "rolebindings")] {
            let world = World::new().await;
            world.knobs(PROD).fail(Pattern::on(verb, resource), failure, 1);
            let grant = world.approved("ana").await;
            world.until(grant, "active").await;
            assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200, "{failure:?} of {verb} {resource}");
            world.give_back("ana", grant).await;
            world.time_of_dead_workers_is_over().await;
            world.until(grant, "ended").await;
            assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS, "{failure:?} of {verb} {resource}");
        }
    }
}

#[tokio::test]
async fn reviews_that_lag_after_a_delete_are_asked_again() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.knobs(PROD).lag_reviews(5);
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    let residual = world.town.count("select count(*) from access_grant where residual <> '[]'").await;
    assert_eq!(residual, 0);
}

#[tokio::test]
async fn a_line_that_somebody_takes_out_again_and_again_is_not_fought_for() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    for _ in 0..2 {
        world.objects(PROD).set_aws_auth("mapUsers", Some(USERS), "terraform").unwrap();
        world.rests_are_over().await;
        world.run().await;
    }
    world.until_trouble(grant, "terraform").await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
}

#[tokio::test]
async fn a_console_profile_waits_for_iam() {
    let world = World::new().await;
    let form = nodes();
    world.simulator.aws().change_user("ana", latchkey_simulator::aws::UserChange::Gone);
    let grant = world.approved_ask("ana", &form).await;
    world.until_trouble(grant, "IAM knows no").await;
    assert_eq!(world.state(grant).await, "provisioning");
}

#[tokio::test]
async fn what_a_later_look_contradicts_is_proven_no_more() {
    use latchkey_simulator::aws::Fault;
    let world = World::new().await;
    let form = nodes();
    world.simulator.aws().faults().next("iam:PutUserPolicy", 1_000, &Fault::Throttle);
    let grant = world.approved_ask("ana", &form).await;
    world.run().await;
    assert_eq!(world.town.legs(grant).await[0].proven, "present", "{}", world.trouble(grant).await);
    // With a group in its line the access would allow more than was decided, so its binding is removed.
    let line = world.aws_auth(PROD)["mapUsers"].clone();
    let widened = line.replacen("  groups: []", "  groups: [\"admins\"]", 1);
    assert_ne!(line, widened, "{line}");
    world.objects(PROD).set_aws_auth("mapUsers", Some(&widened), "somebody").unwrap();
    world.rests_are_over().await;
    world.run().await;
    let left = (world.bindings(PROD), world.aws_auth(PROD), world.trouble(grant).await);
    assert!(left.0.is_empty(), "{left:?}");
    world.simulator.aws().faults().clear();
    // Only the principal is due.
    for statement in [
        "update grant_leg set next_try = null where target_kind = 'principal'",
        "update target set due_at = case kind when 'principal' then clock_timestamp() end",
    ] {
        sqlx::query(statement).execute(world.town.owner.pool()).await.unwrap();
    }
    world.run().await;
    assert!(world.policy("ana").is_some());
    assert_eq!(world.state(grant).await, "provisioning", "nothing binds them");
    world.objects(PROD).set_aws_auth("mapUsers", Some(&line), "somebody").unwrap();
    world.rests_are_over().await;
    let again = "update target set due_at = clock_timestamp()";
    sqlx::query(again).execute(world.town.owner.pool()).await.unwrap();
    world.until(grant, "active").await;
    assert_eq!(world.bindings(PROD).len(), 1);
}

#[tokio::test]
async fn no_activation_rests_on_a_look_before_the_last_one() {
    use latchkey_simulator::{
        aws::Fault,
        kubernetes::{Failure, Pattern},
    };
    let world = World::new().await;
    let form = nodes();
    world.simulator.aws().faults().next("iam:PutUserPolicy", 1_000, &Fault::Throttle);
    let grant = world.approved_ask("ana", &form).await;
    world.run().await;
    assert_eq!(world.town.legs(grant).await[0].proven, "present", "{}", world.trouble(grant).await);
    world.knobs(PROD).fail(Pattern::on("list", "namespaces"), Failure::Internal, 1_000);
    world.rests_are_over().await;
    world.run().await;
    assert_ne!(world.town.legs(grant).await[0].proven, "present");
    world.simulator.aws().faults().clear();
    world.rests_are_over().await;
    world.run().await;
    assert_eq!(world.state(grant).await, "provisioning");
    world.knobs(PROD).heal();
    world.rests_are_over().await;
    world.until(grant, "active").await;
}

#[tokio::test]
async fn a_line_that_an_old_copy_of_aws_auth_brings_back_is_taken_out_again() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let old = world.aws_auth(PROD)["mapUsers"].clone() + FOREIGN;
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    world.objects(PROD).set_aws_auth("mapUsers", Some(&old), "somebody").unwrap();
    world.rests_are_over().await;
    world.run().await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], format!("{USERS}{FOREIGN}"));
    assert_eq!(world.town.told("cluster.drift_found").await, 1);
    // The person whose line it was can get an access again.
    world.active("ana").await;
    assert!(world.aws_auth(PROD)["mapUsers"].contains("latchkey:ana:2"));
}

#[tokio::test]
async fn a_stored_policy_that_nobody_can_read_stands_in_no_ones_way_out() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    assert!(world.policy("ana").is_some());
    for statement in [
        "update policy_version set current = false where current",
        "insert into policy_version (hash, body, applied_at, applied_by, current)
         values (sha256('[roles'), '[roles', clock_timestamp(), 'another version', true)",
    ] {
        sqlx::query(statement).execute(world.town.owner.pool()).await.unwrap();
    }
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    assert_eq!(world.policy("ana"), None);
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}
