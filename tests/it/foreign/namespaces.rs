//! Namespaces that are deleted, made again under the same name, or being deleted.

use crate::{
    town::{Asking, view},
    worker::{PROD, USERS, World},
};
use latchkey::actions::grants;
use latchkey::web::AskForm;
use latchkey_domain::access::GrantId;
use latchkey_simulator::kubernetes::{Objects, Pattern};
use serde_json::{Value, json};

fn both() -> AskForm {
    view().in_(["payments", "payments-batch"])
}

/// Marks a namespace as being deleted, as its deletion does while something in it has finalizers.
fn terminate(objects: &Objects, name: &str) {
    let mut namespace = objects.get("", "namespaces", name).unwrap();
    namespace["metadata"]["deletionTimestamp"] = "2026-11-24T10:00:00Z".into();
    namespace["status"]["phase"] = "Terminating".into();
    objects.put_raw(namespace, "kubectl").unwrap();
}

/// Deletes a namespace with all bindings in it, and makes another of its name.
fn make_again(objects: &Objects, name: &str) -> Vec<Value> {
    let bindings: Vec<Value> =
        objects.list("rolebindings").into_iter().filter(|binding| binding["metadata"]["namespace"] == name).collect();
    for binding in &bindings {
        objects.remove(name, "rolebindings", binding["metadata"]["name"].as_str().unwrap()).unwrap();
    }
    objects.remove("", "namespaces", name).unwrap();
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    objects.put_raw(namespace, "kubectl").unwrap();
    bindings
}

impl World {
    async fn active_in_both(&self) -> GrantId {
        let grant = self.approved_ask("ana", &both()).await;
        self.until(grant, "active").await;
        assert_eq!(self.bindings(PROD).len(), 2);
        grant
    }

    /// Creations of bindings on prod-eu that were refused, since the log was cleared.
    fn refused_creations(&self) -> usize {
        let requests = self.knobs(PROD).requests();
        requests.iter().filter(|r| r.verb == "create" && r.resource == "rolebindings" && r.code >= 400).count()
    }

    fn namespaces_with_bindings(&self) -> Vec<String> {
        let bindings = self.bindings(PROD).into_iter();
        bindings.map(|binding| binding["metadata"]["namespace"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_namespace_made_again_inherits_nothing_of_a_running_access_and_the_rest_goes_on() {
    let world = World::new().await;
    let grant = world.active_in_both().await;
    let old = make_again(&world.objects(PROD), "payments");
    world.look_again().await;
    assert!(world.trouble(grant).await.contains("the namespace payments on prod-eu was deleted and made again"));
    assert_eq!(world.state(grant).await, "active");
    assert_eq!(world.namespaces_with_bindings(), ["payments-batch"]);
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 403);
    assert_eq!(world.lists_pods("ana", PROD, "payments-batch").await, 200);

    // A backup tool puts the old binding back into the new namespace; the second time its labels are taken off.
    for strip in [false, true] {
        let mut binding = old[0].clone();
        if strip {
            binding["metadata"]["labels"] = Value::Null;
        }
        world.objects(PROD).put_raw(binding, "velero").unwrap();
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
        let told = world.events("grant.drift_found").await.len();
        world.look_again().await;
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 403);
        assert_eq!(world.events("grant.drift_found").await.len(), told + 1);
    }
    assert_eq!(world.lists_pods("ana", PROD, "payments-batch").await, 200);
    world.ends_clean("ana", grant).await;
    assert_eq!(world.residual(grant).await, "[]");
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test]
async fn an_access_to_a_namespace_that_is_on_its_way_out_is_told_so_and_ends_cleanly() {
    let world = World::new().await;
    let grant = world.active_in_both().await;
    // What is in it is gone already, except for something that a finalizer holds.
    terminate(&world.objects(PROD), "payments");
    let ours = world.bindings(PROD).into_iter().find(|binding| binding["metadata"]["namespace"] == "payments").unwrap();
    world.objects(PROD).remove("payments", "rolebindings", ours["metadata"]["name"].as_str().unwrap()).unwrap();
    world.knobs(PROD).clear_requests();
    for _ in 0..3 {
        world.look_again().await;
    }
    assert!(world.trouble(grant).await.contains("the namespace payments does not exist on prod-eu any more"));
    assert_eq!(world.refused_creations(), 0, "nothing is tried that cannot be");
    assert_eq!(world.lists_pods("ana", PROD, "payments-batch").await, 200);
    world.ends_clean("ana", grant).await;
    assert_eq!(world.residual(grant).await, "[]");
}

#[tokio::test]
async fn a_namespace_whose_deletion_begins_between_our_read_and_our_write_delays_no_end() {
    let world = World::new().await;
    world.knobs(PROD).before(Pattern::on("create", "rolebindings"), |objects| terminate(objects, "payments"));
    let grant = world.approved("ana").await;
    world.until_trouble(grant, "does not exist on prod-eu any more").await;
    assert_eq!(world.state(grant).await, "provisioning");
    assert_eq!(world.refused_creations(), 1);
    assert_eq!(world.town.open_intents().await, 0, "what was refused is known not to come");
    grants::revoke(&world.town.web, world.town.visitor("ben"), grant, "not today").await.unwrap();
    world.until(grant, "ended").await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test]
async fn a_binding_held_in_a_namespace_on_its_way_out_grants_nothing_after_the_end() {
    let world = World::new().await;
    let grant = world.active_in_both().await;
    let objects = world.objects(PROD);
    for mut binding in world.bindings(PROD) {
        binding["metadata"]["finalizers"] = json!(["example.com/keep"]);
        binding["metadata"]["deletionTimestamp"] = "2026-11-24T10:00:00Z".into();
        objects.put_raw(binding, "ana").unwrap();
    }
    for name in ["payments", "payments-batch"] {
        terminate(&objects, name);
    }
    world.ends_clean("ana", grant).await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
}

#[tokio::test]
async fn what_was_bound_in_a_namespace_made_again_between_look_and_create_goes_at_once_and_is_never_active() {
    let world = World::new().await;
    world.knobs(PROD).before(Pattern::on("create", "rolebindings"), |objects| {
        make_again(objects, "payments");
    });
    let grant = world.approved("ana").await;
    world.run().await;
    assert_eq!(world.state(grant).await, "provisioning");
    assert!(world.trouble(grant).await.contains("was deleted and made again"), "{}", world.trouble(grant).await);
    assert!(world.bindings(PROD).is_empty(), "nobody decided on the new namespace");
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 403);
    world.ends_clean("ana", grant).await;
    assert_eq!(world.residual(grant).await, "[]");
}
