//! The holder, or another client, changes the binding of an access: while it runs, and just before it ends.

use super::apply;
use crate::{
    interleavings::gate::{Commits, Gate, Stop},
    worker::{PROD, USERS, World},
};
use latchkey::{
    actions::targets,
    store::{Store, read::health},
    worker::{Worker, run_once},
};
use latchkey_domain::access::{ClusterId, blocker::Blocker, transition::Target};
use latchkey_simulator::kubernetes::{Failure, Pattern};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const GRANT: &str = "latchkey/grant";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// A change of a binding, and whether it has to be put right.
type Change = (&'static str, bool, fn(&mut Value));

const CHANGES: [Change; 8] = [
    ("a finalizer", true, |binding| binding["metadata"]["finalizers"] = json!(["example.com/keep"])),
    ("a subject", true, |binding| {
        let also = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "gus-by-hand" });
        binding["subjects"].as_array_mut().unwrap().push(also);
    }),
    ("everybody", true, |binding| {
        binding["subjects"] =
            json!([{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated" }]);
    }),
    ("the label that says who manages it", true, |binding| strip(binding, MANAGED_BY)),
    ("the label of the access", true, |binding| strip(binding, GRANT)),
    ("all labels, a finalizer and a subject", true, |binding| {
        binding["metadata"]["labels"] = Value::Null;
        binding["metadata"]["finalizers"] = json!(["example.com/keep"]);
        let also = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "gus-by-hand" });
        binding["subjects"].as_array_mut().unwrap().push(also);
    }),
    ("another role, made again under our name", true, |binding| {
        binding["roleRef"]["name"] = "admin".into();
        binding["metadata"]["uid"] = Value::Null;
    }),
    ("an annotation", false, |binding| binding["metadata"]["annotations"]["example.com/note"] = "mine".into()),
];

fn strip(binding: &mut Value, label: &str) {
    binding["metadata"]["labels"].as_object_mut().unwrap().remove(label);
}

impl World {
    /// The bindings in payments that have a name of Latchkey's.
    fn by_name(&self) -> Vec<Value> {
        let all = self.objects(PROD).list("rolebindings").into_iter();
        let ours = |metadata: &Value| {
            metadata["namespace"] == "payments" && metadata["name"].as_str().unwrap().starts_with("latchkey:")
        };
        all.filter(|binding| ours(&binding["metadata"])).collect()
    }

    /// Changes the one binding as another client; gives it as it is then.
    fn tamper(&self, change: fn(&mut Value)) -> Value {
        let [binding] = self.by_name().try_into().expect("one binding");
        let uid = binding["metadata"]["uid"].clone();
        let mut changed = binding;
        change(&mut changed);
        if changed["metadata"]["uid"] != uid {
            let name = changed["metadata"]["name"].as_str().unwrap();
            self.objects(PROD).remove("payments", "rolebindings", name).unwrap();
        }
        self.objects(PROD).put_raw(changed, "ana").unwrap()
    }

    async fn drift(&self) -> Vec<String> {
        let found = self.events("grant.drift_found").await;
        found.iter().map(ToString::to_string).collect()
    }
}

#[tokio::test]
async fn what_somebody_does_to_the_binding_of_a_running_access_is_told_and_put_right() {
    let world = World::new().await;
    for (what, matters, change) in CHANGES {
        let before = world.drift().await.len();
        let grant = world.active("ana").await;
        let [ours] = world.by_name().try_into().expect("one binding");
        world.tamper(change);
        world.look_again().await;
        let [now] = world.by_name().try_into().expect("one binding");
        for field in ["subjects", "roleRef"] {
            assert_eq!(now[field], ours[field], "{what}");
        }
        assert_eq!(now["metadata"]["labels"], ours["metadata"]["labels"], "{what}");
        assert_eq!(now["metadata"]["finalizers"], Value::Null, "{what}");
        let told = world.drift().await;
        assert_eq!(told.len() - before, usize::from(matters), "{what}: {told:?}");
        assert!(!matters || told.last().unwrap().contains("it is put back"), "{told:?}");
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200, "{what}");
        assert_eq!(world.state(grant).await, "active");
        // The access ends when its time is over, not later.
        world.town.advance(61).await;
        world.until(grant, "ended").await;
        assert_eq!(world.by_name(), Vec::<Value>::new(), "{what}");
        assert_eq!(world.residual(grant).await, "[]", "{what}");
    }
}

#[tokio::test]
async fn what_somebody_does_to_the_binding_just_before_the_end_changes_nothing_about_the_end() {
    let world = World::new().await;
    for (what, matters, change) in CHANGES {
        let before = world.drift().await.len();
        let grant = world.active("ana").await;
        let name = world.tamper(change)["metadata"]["name"].clone();
        world.town.advance(61).await;
        world.until(grant, "ended").await;
        assert_eq!(world.cause(grant).await.as_deref(), Some("expired"), "{what}");
        assert_eq!(world.by_name(), Vec::<Value>::new(), "{what}");
        assert_eq!(world.lists_pods("gus", PROD, "payments").await, 401, "{what}");
        assert_eq!(world.residual(grant).await, "[]", "{what}");
        let told = world.drift().await;
        assert_eq!(told.len() - before, usize::from(matters), "{what}: {told:?}");
        assert!(!matters || told.last().unwrap().contains(name.as_str().unwrap()), "{told:?}");
    }
}

#[tokio::test]
async fn a_changed_binding_that_cannot_be_put_right_is_told_as_more_than_was_decided() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.knobs(PROD).fail(Pattern::on("update", "rolebindings"), Failure::Forbidden, u32::MAX);
    world.tamper(|binding| {
        let also = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "gus-by-hand" });
        binding["subjects"].as_array_mut().unwrap().push(also);
    });
    world.look_again().await;
    let told = health::wider(&world.town.web, 10).await.unwrap();
    let is_told = |why: &Blocker| matches!(why, Blocker::BindingGivesMore { subjects, .. } if subjects.contains(&"User gus-by-hand".to_owned()));
    assert!(matches!(&told[..], [wider] if wider.grant == grant && wider.what.iter().any(is_told)), "{told:?}");
    world.knobs(PROD).heal();
    world.look_again().await;
    assert_eq!(health::wider(&world.town.web, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_binding_of_a_running_access_that_somebody_deletes_is_put_back_and_told_once() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    for losses in 1..=2 {
        let [binding] = world.by_name().try_into().expect("one binding");
        let name = binding["metadata"]["name"].as_str().unwrap();
        world.objects(PROD).remove("payments", "rolebindings", name).unwrap();
        for _ in 0..2 {
            world.look_again().await;
            assert_eq!((world.by_name().len(), world.condition(grant).await.as_str()), (1, "ok"));
            let told = world.drift().await;
            assert_eq!(told.len(), losses, "{told:?}");
            assert!(told.last().unwrap().contains(name) && told.last().unwrap().contains("deleted"), "{told:?}");
        }
    }
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    world.ends_clean("ana", grant).await;
}

#[tokio::test]
async fn what_a_running_access_in_trouble_loses_is_put_back_and_told_once() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let told = async |count: usize, last: &str| {
        let told = world.drift().await;
        assert!(told.len() == count && told.last().unwrap().contains(last), "{count}, {last}: {told:?}");
    };
    // Another tool applies aws-auth without Latchkey's line: the line is not written again, and the loss is told.
    apply(&world.objects(PROD), USERS, "argocd-controller");
    for _ in 0..3 {
        world.look_again().await;
        assert_eq!(world.condition(grant).await, "blocked");
        told(1, "took the line of `latchkey:ana:1` out of aws-auth").await;
    }
    assert!(world.drift().await[0].contains("argocd-controller"));
    // The binding is lost, too, first while the worker has no right to write it again, and then while it has.
    let remove = || {
        let [binding] = world.by_name().try_into().expect("one binding");
        let name = binding["metadata"]["name"].as_str().unwrap().to_owned();
        world.objects(PROD).remove("payments", "rolebindings", &name).unwrap();
        name
    };
    let name = remove();
    world.knobs(PROD).fail(Pattern::on("create", "rolebindings"), Failure::Forbidden, u32::MAX);
    for _ in 0..3 {
        world.look_again().await;
        told(2, &format!("another client deleted RoleBinding payments/{name}")).await;
    }
    assert_eq!(world.by_name().len(), 0);
    world.knobs(PROD).heal();
    for losses in 3..=4 {
        world.look_again().await;
        world.look_again().await;
        assert_eq!((world.by_name().len(), world.condition(grant).await.as_str()), (1, "blocked"));
        told(losses - 1, "another client deleted").await;
        remove();
        world.look_again().await;
        told(losses, "another client deleted").await;
    }
}

#[tokio::test]
async fn a_loss_is_told_though_the_run_that_makes_it_good_begins_again_or_breaks_off() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let [binding] = world.by_name().try_into().expect("one binding");
    let name = binding["metadata"]["name"].as_str().unwrap();
    let remove = || world.objects(PROD).remove("payments", "rolebindings", name).unwrap();
    // Another tool edits aws-auth at the moment at which another person's line is written.
    remove();
    let second = world.approved("gus").await;
    world.knobs(PROD).before(Pattern::on("patch", "configmaps").named("aws-auth"), |objects| {
        objects.set_aws_auth("mapRoles", Some(""), "eksctl").unwrap();
    });
    world.until(second, "active").await;
    assert_eq!((world.drift().await.len(), world.condition(grant).await.as_str()), (1, "ok"));
    // The API server goes away once the binding is written.
    remove();
    world.knobs(PROD).fail_after(Pattern::on("list", "rolebindings"), 1, Failure::Internal, 1);
    for _ in 0..2 {
        world.look_again().await;
    }
    assert_eq!((world.drift().await.len(), world.condition(grant).await.as_str()), (2, "ok"));
}

#[tokio::test]
async fn try_now_that_is_pressed_while_a_run_ends_is_answered_by_the_next() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let target = Target::Cluster(ClusterId(world.town.cluster(PROD).await));
    let press = || targets::try_now(&world.town.web, world.town.visitor("dee"), target);
    let database = &world.town.database;
    let gate = Gate::before(database.port(), Commits::Kept).await;
    let url = gate.through(&database.url_as("latchkey_worker"), database.port());
    let worker = Worker::new(Store::connect(&url.parse().unwrap(), 5), world.aws().await);
    let mut runs = JoinSet::new();
    let held_at_its_finish = async |runs: &mut JoinSet<usize>| {
        press().await.unwrap();
        gate.set(Some(Stop::Text("for no key update of g")));
        let worker = worker.clone();
        runs.spawn(async move { run_once(&worker).await.unwrap().runs.len() });
        gate.reached().await;
    };
    // Another client binds the user by hand after the run's reviews were answered.
    held_at_its_finish(&mut runs).await;
    world.objects(PROD).put_raw(by_hand(), "mallory").unwrap();
    press().await.unwrap();
    gate.release();
    assert_eq!(runs.join_next().await.unwrap().unwrap(), 2);
    let evidence = world.evidence(grant).await;
    assert!(evidence["residual"].to_string().contains("RoleBinding payments/by-hand"), "{evidence}");

    // The run failed, and its leg rests.
    let [binding] = world.by_name().try_into().expect("one binding");
    world.objects(PROD).remove("payments", "rolebindings", binding["metadata"]["name"].as_str().unwrap()).unwrap();
    world.knobs(PROD).fail(Pattern::on("create", "rolebindings"), Failure::Forbidden, 1);
    held_at_its_finish(&mut runs).await;
    press().await.unwrap();
    gate.release();
    assert_eq!(runs.join_next().await.unwrap().unwrap(), 2);
    assert_eq!((world.by_name().len(), world.condition(grant).await.as_str()), (1, "ok"));
}

/// A binding of ana's user that was not decided.
fn by_hand() -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": "by-hand", "namespace": "payments" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "latchkey:ana:1" }],
    })
}

#[tokio::test]
async fn try_now_asks_again_about_what_was_proven_just_before() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.objects(PROD).put_raw(by_hand(), "mallory").unwrap();
    let target = Target::Cluster(ClusterId(world.town.cluster(PROD).await));
    targets::try_now(&world.town.web, world.town.visitor("dee"), target).await.unwrap();
    world.run().await;
    let evidence = world.evidence(grant).await;
    assert!(evidence["residual"].to_string().contains("RoleBinding payments/by-hand"), "{evidence}");
}

#[tokio::test]
async fn a_binding_that_binds_a_thousand_strangers_is_told_and_put_right_and_holds_nobody_up() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let neighbour = world.approved("gus").await;
    world.tamper(|binding| {
        let stranger = |number: usize| {
            let name = format!("stranger-{number}-of-a-thousand-that-somebody-put-into-their-own-binding");
            json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name })
        };
        binding["subjects"] = (0..1_000).map(stranger).collect();
    });
    world.rests_are_over().await;
    world.until(neighbour, "active").await;
    let told = world.drift().await;
    assert!(told.len() == 1 && told[0].contains("stranger-3-") && told[0].contains(" more (sha256 "), "{told:?}");
    assert!(world.by_name().iter().all(|binding| binding["subjects"].as_array().unwrap().len() == 1));
    for (who, access) in [("gus", neighbour), ("ana", grant)] {
        world.give_back(who, access).await;
        world.until(access, "ended").await;
    }
    let failures = world.town.count("select count(*) from target where failure is not null").await;
    assert_eq!(failures, 0);
}

#[tokio::test]
async fn what_nobody_lets_the_worker_put_right_is_told_once_and_once_more_when_it_is_done_again() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let also: fn(&mut Value) = |binding| {
        let also = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "gus-by-hand" });
        binding["subjects"].as_array_mut().unwrap().push(also);
    };
    for times in 1..=2 {
        world.knobs(PROD).fail(Pattern::on("update", "rolebindings"), Failure::Forbidden, u32::MAX);
        world.tamper(also);
        for _ in 0..3 {
            world.look_again().await;
            assert_eq!(world.condition(grant).await, "blocked");
            assert_eq!(world.drift().await.len(), times);
        }
        world.knobs(PROD).heal();
        for _ in 0..2 {
            world.look_again().await;
            assert_eq!((world.drift().await.len(), world.condition(grant).await.as_str()), (times, "ok"));
        }
    }
    // At the end, too, the drift is told once, though the binding cannot be taken away.
    world.knobs(PROD).fail(Pattern::on("update", "rolebindings"), Failure::Forbidden, u32::MAX);
    world.tamper(also);
    world.give_back("ana", grant).await;
    for _ in 0..3 {
        world.look_again().await;
        assert_eq!((world.state(grant).await.as_str(), world.drift().await.len()), ("revoking", 3));
    }
    world.knobs(PROD).heal();
    world.rests_are_over().await;
    world.until(grant, "ended").await;
    assert_eq!(world.drift().await.len(), 3);
}
