//! aws-auth that disappears, whole or in part, becomes unreadable, and comes back. The worker's own line is in it, too:
//! if an access entry lets the worker in, it sees what happened; otherwise it is locked out with all other users.

use crate::{
    town::{Asking, view},
    worker::{PROD, USERS, World},
};
use latchkey::web::AskForm;
use latchkey::worker::{Worker, run_once};
use latchkey_simulator::seed::AuthenticationMode;
use serde_json::Value;

/// A worker that an access entry lets in, whatever aws-auth says.
async fn by_an_entry(world: &World) -> Worker {
    world.simulator.aws().set_mode(PROD, AuthenticationMode::ApiAndConfigMap);
    let arn = world.simulator.worker_arn().unwrap();
    let entry = world.eks().await.create_access_entry().cluster_name(PROD).principal_arn(&arn);
    entry.username("latchkey-worker").send().await.unwrap();
    world.another_worker().await
}

/// Another ask of a person who has an access.
fn batch() -> AskForm {
    view().in_(["payments-batch"])
}

/// Deletes aws-auth as another client; gives it as it was.
fn delete(world: &World) -> Value {
    world.objects(PROD).remove("kube-system", "configmaps", "aws-auth").unwrap()
}

/// One look by this worker, as if all rests were over.
async fn look(world: &World, worker: &Worker) {
    world.rests_are_over().await;
    run_once(worker).await.unwrap();
}

#[tokio::test]
async fn an_aws_auth_that_is_deleted_is_not_made_by_us_and_what_ends_ends() {
    let world = World::new().await;
    let worker = by_an_entry(&world).await;
    let (running, ending) = (world.active("ana").await, world.active("gus").await);
    let old = delete(&world);
    let waiting = world.approved_ask("ana", &batch()).await;
    world.knobs(PROD).clear_requests();
    for _ in 0..3 {
        look(&world, &worker).await;
    }
    for grant in [running, waiting] {
        let trouble = world.trouble(grant).await;
        assert!(trouble.contains("has no ConfigMap kube-system/aws-auth"), "{trouble}");
        assert_eq!(world.condition(grant).await, "blocked");
    }
    assert_eq!(world.objects(PROD).aws_auth_data(), None, "nobody but its owners makes it again");
    assert_eq!(world.accepted_writes(), 0);

    world.give_back("gus", ending).await;
    look(&world, &worker).await;
    assert_eq!(world.state(ending).await, "ended", "{}", world.trouble(ending).await);
    assert_eq!(world.bindings(PROD).len(), 2, "who is mapped nowhere keeps the binding, which lets nobody in");

    // aws-auth comes back from a copy, with gus's line in it.
    world.objects(PROD).put_raw(old, "velero").unwrap();
    look(&world, &worker).await;
    look(&world, &worker).await;
    assert_eq!(world.state(waiting).await, "active", "{}", world.trouble(waiting).await);
    assert_eq!(world.condition(running).await, "ok");
    let text = world.aws_auth(PROD)["mapUsers"].clone();
    assert!(text.starts_with(USERS) && text.contains("latchkey:ana:1"), "{text}");
    assert!(!text.contains("latchkey:gus"), "{text}");
    for (namespace, grant) in [("payments", running), ("payments-batch", waiting)] {
        assert_eq!(world.lists_pods("ana", PROD, namespace).await, 200);
        world.give_back("ana", grant).await;
        look(&world, &worker).await;
        assert_eq!(world.state(grant).await, "ended", "{}", world.trouble(grant).await);
    }
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test]
async fn a_worker_that_is_locked_out_with_everybody_says_so_and_goes_on_when_it_is_let_in() {
    let world = World::new().await;
    let (running, ending) = (world.active("ana").await, world.active("gus").await);
    let old = delete(&world);
    world.give_back("gus", ending).await;
    for _ in 0..3 {
        world.look_again().await;
    }
    for grant in [running, ending] {
        let trouble = world.trouble(grant).await;
        assert!(trouble.contains("Latchkey's own mapping on this cluster"), "{trouble}");
    }
    assert_eq!((world.state(running).await.as_str(), world.state(ending).await.as_str()), ("active", "revoking"));
    world.objects(PROD).put_raw(old, "kubectl").unwrap();
    world.rests_are_over().await;
    world.until(ending, "ended").await;
    world.look_again().await;
    assert_eq!(world.condition(running).await, "ok");
    world.ends_clean("ana", running).await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test]
async fn a_key_that_is_taken_out_gets_our_line_once_and_nothing_of_theirs() {
    let world = World::new().await;
    let worker = by_an_entry(&world).await;
    let grant = world.active("ana").await;
    let (before, ours) = (world.aws_auth(PROD), world.aws_auth(PROD)["mapUsers"].replace(USERS, ""));
    world.objects(PROD).set_aws_auth("mapUsers", None, "eksctl").unwrap();
    look(&world, &worker).await;
    assert_eq!(world.condition(grant).await, "ok", "{}", world.trouble(grant).await);
    let text = world.aws_auth(PROD)["mapUsers"].clone();
    assert!(text.contains("latchkey:ana:1") && !text.contains("latchkey-worker"), "{text}: {ours}");
    assert_eq!(world.aws_auth(PROD)["mapRoles"], before["mapRoles"]);
    // The other tool puts its own text back, without Latchkey's line: that is the second time, and it is not fought.
    world.objects(PROD).set_aws_auth("mapUsers", Some(USERS), "eksctl").unwrap();
    world.knobs(PROD).clear_requests();
    for _ in 0..3 {
        look(&world, &worker).await;
    }
    assert_eq!((world.accepted_writes(), world.condition(grant).await.as_str()), (0, "blocked"));
    assert!(world.trouble(grant).await.contains("eksctl"), "{}", world.trouble(grant).await);
    world.give_back("ana", grant).await;
    look(&world, &worker).await;
    assert_eq!(world.state(grant).await, "ended", "{}", world.trouble(grant).await);
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test]
async fn a_text_that_cannot_be_read_keeps_its_bytes_while_accesses_run_wait_and_end() {
    let world = World::new().await;
    let worker = by_an_entry(&world).await;
    let (running, ending) = (world.active("ana").await, world.active("gus").await);
    let broken = format!("{}  - : [broken\n", world.aws_auth(PROD)["mapUsers"]);
    world.objects(PROD).set_aws_auth("mapUsers", Some(&broken), "somebody").unwrap();
    let waiting = world.approved_ask("ana", &batch()).await;
    look(&world, &worker).await;
    let unreadable = world.trouble(waiting).await;
    assert!(unreadable.contains("no line was added to aws-auth"), "{unreadable}");
    assert_eq!(world.aws_auth(PROD)["mapUsers"], broken);
    assert_eq!(world.condition(running).await, "blocked");

    // Latchkey's own recorded bytes may be taken out though the rest cannot be read.
    world.give_back("gus", ending).await;
    look(&world, &worker).await;
    assert_eq!(world.state(ending).await, "ended", "{}", world.trouble(ending).await);
    let text = world.aws_auth(PROD)["mapUsers"].clone();
    assert!(
        !text.contains("latchkey:gus") && text.contains("latchkey:ana:1") && text.ends_with("  - : [broken\n"),
        "{text}"
    );

    world.objects(PROD).set_aws_auth("mapUsers", Some(&text.replace("  - : [broken\n", "")), "somebody").unwrap();
    look(&world, &worker).await;
    look(&world, &worker).await;
    assert_eq!((world.condition(running).await.as_str(), world.state(waiting).await.as_str()), ("ok", "active"));
    for grant in [running, waiting] {
        world.give_back("ana", grant).await;
        look(&world, &worker).await;
        assert_eq!(world.state(grant).await, "ended", "{}", world.trouble(grant).await);
    }
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}
