//! ClusterRoles that another client widens, narrows or deletes under running accesses: Latchkey's, and foreign ones.

use crate::{
    town::nodes,
    worker::{PROD, World},
};
use latchkey_domain::access::GrantId;
use serde_json::{Value, json};

impl World {
    /// An active access by a profile with rules of its own.
    async fn by_own_rules(&self, handle: &str) -> GrantId {
        let form = nodes();
        let grant = self.approved_ask(handle, &form).await;
        self.until(grant, "active").await;
        grant
    }

    /// Latchkey's one ClusterRole.
    pub fn own_role(&self) -> Value {
        let all = self.objects(PROD).list("clusterroles").into_iter();
        let ours = |role: &Value| role["metadata"]["name"].as_str().unwrap().starts_with("latchkey:");
        let [role] = all.filter(ours).collect::<Vec<_>>().try_into().expect("one ClusterRole");
        role
    }

    /// Adds a rule to a ClusterRole, as another client.
    fn widen(&self, role: &Value, added: Value) {
        let mut wider = role.clone();
        wider["rules"].as_array_mut().unwrap().push(added);
        self.objects(PROD).put_raw(wider, "mallory").unwrap();
    }

    async fn reads_secrets(&self, handle: &str) -> u16 {
        self.asks(handle, PROD, "/api/v1/namespaces/payments/secrets").await
    }
}

/// Undoes a change of Latchkey's ClusterRole, given the role as it was.
type Undo = fn(&World, &Value);

#[tokio::test]
async fn an_own_role_that_somebody_widens_is_bound_by_nobody_until_it_is_as_it_was_or_gone() {
    let world = World::new().await;
    let undos: [(&str, Undo); 2] = [
        ("as it was", |world, role| drop(world.objects(PROD).put_raw(role.clone(), "olga").unwrap())),
        ("deleted", |world, role| {
            let name = role["metadata"]["name"].as_str().unwrap();
            drop(world.objects(PROD).remove("", "clusterroles", name).unwrap());
        }),
    ];
    for (what, undo) in undos {
        let grant = world.by_own_rules("ana").await;
        let role = world.own_role();
        let name = role["metadata"]["name"].as_str().unwrap();
        let told = world.events("grant.drift_found").await.len();
        world.widen(&role, json!({ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] }));
        assert_eq!(world.reads_secrets("ana").await, 200, "{what}");
        world.look_again().await;
        assert_eq!(world.reads_secrets("ana").await, 403, "{what}");
        assert_eq!(world.bindings(PROD), Vec::<Value>::new(), "{what}");
        assert_eq!((world.state(grant).await, world.condition(grant).await), ("active".into(), "blocked".into()));
        let trouble = world.trouble(grant).await;
        assert!(trouble.contains(name) && trouble.contains("* *"), "{what}: {trouble}");
        let found = world.events("grant.drift_found").await;
        assert_eq!(found.len(), told + 1, "{what}");
        assert!(found.last().unwrap().to_string().contains(name), "{what}: {found:?}");
        // The drift is told once, however often the worker looks.
        world.look_again().await;
        assert_eq!(world.events("grant.drift_found").await.len(), told + 1, "{what}");

        undo(&world, &role);
        world.look_again().await;
        assert_eq!(world.condition(grant).await, "ok", "{what}: {}", world.trouble(grant).await);
        assert_eq!(world.asks("ana", PROD, "/api/v1/nodes").await, 200, "{what}");
        assert_eq!(world.reads_secrets("ana").await, 403, "{what}");
        assert_eq!(world.own_role()["rules"], role["rules"], "{what}");
        assert_eq!(world.events("grant.drift_found").await.len(), told + 1, "{what}: nobody else took the binding");
        world.ends_clean("ana", grant).await;
    }
}

#[tokio::test]
async fn an_own_role_that_somebody_narrows_keeps_its_binding_and_one_that_is_deleted_is_made_again() {
    let world = World::new().await;
    let grant = world.by_own_rules("ana").await;
    let role = world.own_role();
    let mut narrower = role.clone();
    narrower["rules"][0]["verbs"] = json!(["get"]);
    world.objects(PROD).put_raw(narrower, "mallory").unwrap();
    world.look_again().await;
    assert_eq!(world.bindings(PROD).len(), 1, "what allows less is not unsafe");
    let name = role["metadata"]["name"].as_str().unwrap();
    world.objects(PROD).remove("", "clusterroles", name).unwrap();
    world.look_again().await;
    assert_eq!(world.own_role()["rules"], role["rules"]);
    assert_eq!((world.condition(grant).await.as_str(), world.bindings(PROD).len()), ("ok", 1));
    assert_eq!(world.asks("ana", PROD, "/api/v1/nodes").await, 200);
    assert_eq!(world.events("grant.drift_found").await, Vec::<Value>::new());
    world.ends_clean("ana", grant).await;
}

#[tokio::test]
async fn an_access_in_setup_binds_nothing_to_an_own_role_that_is_wider_by_then() {
    let world = World::new().await;
    let first = world.by_own_rules("ana").await;
    world.widen(&world.own_role(), json!({ "apiGroups": [""], "resources": ["secrets"], "verbs": ["list"] }));
    let form = nodes();
    let second = world.approved_ask("gus", &form).await;
    world.until_trouble(second, "list secrets").await;
    assert_eq!(world.bindings(PROD), Vec::<Value>::new());
    assert_eq!((world.state(first).await.as_str(), world.state(second).await.as_str()), ("active", "provisioning"));
}

#[tokio::test]
async fn a_role_of_others_that_widens_keeps_its_binding_and_the_access_says_that_it_allows_more() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let more = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": { "name": "more", "labels": { "rbac.authorization.k8s.io/aggregate-to-view": "true" } },
        "rules": [{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"] }],
    });
    let before = world.objects(PROD).get("", "clusterroles", "view").unwrap();
    world.objects(PROD).put_raw(more, "helm").unwrap();
    assert_eq!(world.reads_secrets("ana").await, 200);
    for _ in 0..2 {
        world.look_again().await;
        assert_eq!((world.condition(grant).await.as_str(), world.bindings(PROD).len()), ("ok", 1));
        let wider = world.wider(grant).await.join("; ");
        assert!(wider.contains("the ClusterRole view") && wider.contains("get secrets"), "{wider}");
        let evidence = world.evidence(grant).await;
        assert!(evidence["wrongly_allowed"].to_string().contains("secrets"), "{evidence}");
        let found = world.events("grant.drift_found").await;
        assert_eq!(found.len(), 1, "told once: {found:?}");
        assert!(found[0].to_string().contains("get secrets"), "{found:?}");
    }
    world.objects(PROD).remove("", "clusterroles", "more").unwrap();
    world.objects(PROD).put_raw(before, "clusterrole-aggregation-controller").unwrap();
    assert_eq!(world.reads_secrets("ana").await, 403);
    world.look_again().await;
    assert_eq!(world.wider(grant).await, Vec::<String>::new());
    world.ends_clean("ana", grant).await;
}
