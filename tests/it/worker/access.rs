//! One access from the approval to the proven end.

use super::{PATIENCE, PROD, World};
use crate::town::nodes;
use latchkey::actions::grants;
use latchkey_domain::eks::rbac::{Rule, rules_hash};
use serde_json::json;
use std::time::Instant;

#[tokio::test]
async fn an_approved_access_works_after_it_is_proven_and_giving_it_back_leaves_no_trace() {
    let world = World::new().await;
    let before = world.aws_auth(PROD);
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);

    let grant = world.active("ana").await;

    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    assert_eq!(world.lists_pods("ana", PROD, "checkout").await, 403);
    assert_eq!(world.asks("ana", PROD, "/api/v1/namespaces/payments/secrets").await, 403);
    assert!(world.aws_auth(PROD)["mapUsers"].contains("latchkey:ana:1"));
    assert!(world.policy("ana").unwrap().contains("cluster/prod-eu"));
    assert_eq!(world.bindings(PROD).len(), 1);

    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;

    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
    assert_eq!(world.aws_auth(PROD), before);
    assert!(world.bindings(PROD).is_empty());
    assert_eq!(world.policy("ana"), None);
    let residual: serde_json::Value = sqlx::query_scalar("select residual from access_grant where id = $1")
        .bind(grant.0)
        .fetch_one(world.town.owner.pool())
        .await
        .unwrap();
    assert_eq!(residual, serde_json::json!([]));
}

#[tokio::test]
async fn the_end_of_time_takes_an_access_away() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.town.advance(61).await;
    world.until(grant, "ended").await;
    assert_eq!(world.cause(grant).await.as_deref(), Some("expired"));
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
}

#[tokio::test]
async fn the_next_visit_has_another_name_so_that_old_bindings_sleep() {
    let world = World::new().await;
    let first = world.active("ana").await;
    world.give_back("ana", first).await;
    world.until(first, "ended").await;
    let second = world.active("ana").await;
    assert!(world.aws_auth(PROD)["mapUsers"].contains("latchkey:ana:2"));
    world.give_back("ana", second).await;
    world.until(second, "ended").await;
}

#[tokio::test]
async fn a_profile_with_rules_of_its_own_gets_an_immutable_role_and_reaches_the_cluster() {
    let world = World::new().await;
    let form = nodes();
    let grant = world.approved_ask("ana", &form).await;
    world.until(grant, "active").await;
    assert_eq!(world.asks("ana", PROD, "/api/v1/nodes").await, 200);
    // Console access waits for the IAM policy, too.
    assert!(world.policy("ana").unwrap().contains("eks:AccessKubernetesApi"));
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    assert_eq!(world.asks("ana", PROD, "/api/v1/nodes").await, 401);
}

#[tokio::test]
async fn a_revoke_during_provisioning_wins() {
    let world = World::new().await;
    // The API server is away, so that the access cannot be set up.
    world.knobs(PROD).set_unreachable(true);
    let grant = world.approved("ana").await;
    world.run().await;
    assert_eq!(world.state(grant).await, "provisioning");
    grants::revoke(&world.town.web, world.town.visitor("ben"), grant, "not today").await.unwrap();
    world.run().await;
    assert_eq!(world.state(grant).await, "revoking");
    world.knobs(PROD).set_unreachable(false);
    world.rests_are_over().await;
    world.until(grant, "ended").await;
    assert!(world.bindings(PROD).is_empty());
    assert!(!world.aws_auth(PROD)["mapUsers"].contains("ana"));
    let activated = world.town.told("grant.activated").await;
    assert_eq!(activated, 0);
}

#[tokio::test]
async fn what_cannot_be_set_up_in_time_is_rolled_back() {
    let world = World::new().await;
    world.knobs(PROD).set_unreachable(true);
    let grant = world.approved("ana").await;
    world.run().await;
    world.town.advance(31).await;
    world.knobs(PROD).set_unreachable(false);
    world.rests_are_over().await;
    world.until(grant, "ended").await;
    assert_eq!(world.cause(grant).await.as_deref(), Some("undeliverable"));
}

#[tokio::test]
async fn every_write_was_an_intent_before_and_has_an_outcome() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    let steps: Vec<String> = sqlx::query_scalar("select distinct step from intent where grant_id = $1 order by 1")
        .bind(grant.0)
        .fetch_all(world.town.owner.pool())
        .await
        .unwrap();
    for step in ["add_mapping", "create_binding", "delete_binding", "empty_binding", "put_policy", "remove_mapping"] {
        assert!(steps.iter().any(|own| own == step), "{step} in {steps:?}");
    }
    assert_eq!(world.town.count("select count(*) from intent where outcome is distinct from 'done'").await, 0);
    for action in ["grant.change_begun", "grant.change_ended", "grant.started", "grant.activated", "grant.ended"] {
        let events = sqlx::query_scalar::<_, i64>("select count(*) from event where action = $1")
            .bind(action)
            .fetch_one(world.town.owner.pool())
            .await
            .unwrap();
        assert!(events > 0, "no {action}");
    }
    // All of it is sealed.
    assert_eq!(world.town.unsealed().await, 0);
}

/// The longest name for which the labels of a binding still have room.
fn long(what: &str, number: usize) -> String {
    let name = format!("{what}-{number:02}-");
    format!("{name}{}", "x".repeat(58 - name.len()))
}

#[tokio::test]
async fn an_access_larger_than_one_may_ask_for_today_is_taken_away_and_holds_nobody_up() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    // As a version without the bound granted it: 12 ClusterRoles in 20 namespaces, with the longest names.
    let (mut namespaces, mut roles) = (Vec::new(), Vec::new());
    for number in 0..20 {
        let name = long("namespace", number);
        let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        let made = world.objects(PROD).put_raw(object, "somebody").unwrap();
        namespaces.push(json!({ "name": name, "uid": made["metadata"]["uid"] }));
    }
    // Rules that the worker has itself, so that it may bind them.
    let allowed = [Rule::of(&["get"], &[""], &["namespaces"])];
    for number in 0..12 {
        let name = long("role", number);
        let object = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": name },
            "rules": [{ "verbs": ["get"], "apiGroups": [""], "resources": ["namespaces"] }],
        });
        world.objects(PROD).put_raw(object, "somebody").unwrap();
        roles.push(json!({ "name": name, "own": false, "rules": allowed, "rules_hash": rules_hash(&allowed) }));
    }
    sqlx::query(
        "update access_grant set namespaces = $2, resolved_profile = jsonb_set(resolved_profile, '{roles}', $3)
         where id = $1",
    )
    .bind(grant.0)
    .bind(json!(namespaces))
    .bind(json!(roles))
    .execute(world.town.owner.pool())
    .await
    .unwrap();
    // The access is active: each look puts right what is missing of it.
    let deadline = Instant::now() + PATIENCE;
    while world.bindings(PROD).len() != 240 {
        assert!(Instant::now() < deadline, "{} bindings", world.bindings(PROD).len());
        world.rests_are_over().await;
        world.run().await;
    }
    let neighbour = world.active("gus").await;
    world.give_back("ana", grant).await;
    world.give_back("gus", neighbour).await;
    world.until(neighbour, "ended").await;
    world.until(grant, "ended").await;
    assert!(world.bindings(PROD).is_empty());
    assert_eq!(world.town.count("select count(*) from event where octet_length(canonical) > 32768").await, 0);
}
