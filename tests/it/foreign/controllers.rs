//! Controllers that put back what they own, as Argo CD does.

use super::{apply, before_each, on_aws_auth};
use crate::worker::{PROD, USERS, World};
use latchkey_testkit::ACCOUNT;
use std::sync::Arc;

const OURS: &str = "latchkey:ana:1";
const ARGO: &str = "argocd-controller";

/// Puts this text back before a client that reads aws-auth sees another.
fn revert_to(world: &World, text: &str) {
    let text = text.to_owned();
    before_each(
        &world.knobs(PROD),
        on_aws_auth("get"),
        Arc::new(move |objects| {
            if objects.aws_auth_data().unwrap()["mapUsers"] != text {
                objects.set_aws_auth("mapUsers", Some(&text), ARGO).unwrap();
            }
        }),
    );
}

/// Ends the pauses between the worker's writes, as if time had passed.
async fn pauses_are_over(world: &World) {
    sqlx::query("update mapping set wrote_at = wrote_at - interval '1 hour'")
        .execute(world.town.owner.pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_controller_that_puts_its_text_back_is_named_and_not_fought_and_the_access_goes_on_when_it_stops() {
    let world = World::new().await;
    let theirs = format!("{USERS}- userarn: arn:aws:iam::{ACCOUNT}:user/argo\n  username: argo\n");
    world.objects(PROD).set_aws_auth("mapUsers", Some(&theirs), ARGO).unwrap();
    revert_to(&world, &theirs);
    world.knobs(PROD).clear_requests();
    let grant = world.approved("ana").await;
    world.until_trouble(grant, ARGO).await;
    for _ in 0..6 {
        world.look_again().await;
    }
    assert_eq!(world.condition(grant).await, "blocked");
    assert!(world.trouble(grant).await.contains("again and again"), "{}", world.trouble(grant).await);
    assert_eq!(world.accepted_writes(), 2, "one line, and once more");
    assert_eq!(world.aws_auth(PROD)["mapUsers"], theirs);
    assert_eq!(world.state(grant).await, "provisioning");

    // After the pause the worker tries once, and the next pause is longer.
    pauses_are_over(&world).await;
    for _ in 0..3 {
        world.look_again().await;
    }
    assert_eq!(world.accepted_writes(), 3);

    world.knobs(PROD).heal();
    world.look_again().await;
    assert_eq!((world.accepted_writes(), world.state(grant).await.as_str()), (3, "provisioning"));
    pauses_are_over(&world).await;
    world.rests_are_over().await;
    world.until(grant, "active").await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    world.ends_clean("ana", grant).await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], theirs);
}

#[tokio::test]
async fn a_key_that_somebody_applies_gets_no_new_line_and_is_told_whose_it_is() {
    let world = World::new().await;
    let running = world.active("ana").await;
    let proven = world.evidence(running).await;
    world.knobs(PROD).clear_requests();
    // It adopts aws-auth and applies it from Git, without Latchkey's line.
    apply(&world.objects(PROD), USERS, ARGO);
    let waiting = world.approved("gus").await;
    for grant in [running, waiting] {
        world.rests_are_over().await;
        world.until_trouble(grant, &format!("belongs to {ARGO}, which applies it whole")).await;
        assert_eq!(world.condition(grant).await, "blocked");
    }
    for _ in 0..3 {
        world.look_again().await;
    }
    assert_eq!(world.accepted_writes(), 0);
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
    assert_eq!((world.state(running).await.as_str(), world.state(waiting).await.as_str()), ("active", "provisioning"));
    assert_eq!(world.evidence(running).await, proven, "what was proven stays beside the trouble");

    // The controller gives the key up: another client owns it by an ordinary update.
    let mut object = world.objects(PROD).get("kube-system", "configmaps", "aws-auth").unwrap();
    object["metadata"]["managedFields"] = serde_json::json!([]);
    world.objects(PROD).put_raw(object, "kubectl").unwrap();
    world.rests_are_over().await;
    world.until(waiting, "active").await;
    world.look_again().await;
    assert_eq!((world.condition(running).await.as_str(), world.accepted_writes()), ("ok", 1), "one write for both");
    for (handle, grant) in [("ana", running), ("gus", waiting)] {
        assert_eq!(world.lists_pods(handle, PROD, "payments").await, 200);
        world.give_back(handle, grant).await;
        world.until(grant, "ended").await;
    }
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test]
async fn a_line_that_a_controller_puts_back_is_taken_out_for_ever_and_lets_nobody_in_meanwhile() {
    for applies in [false, true] {
        let world = World::new().await;
        let grant = world.active("ana").await;
        // The controller took over the text as it was, with Latchkey's line in it.
        let adopted = world.aws_auth(PROD)["mapUsers"].clone();
        assert!(adopted.contains(OURS));
        if applies {
            let text = adopted.clone();
            apply(&world.objects(PROD), &text, ARGO);
            before_each(&world.knobs(PROD), on_aws_auth("get"), Arc::new(move |objects| apply(objects, &text, ARGO)));
        } else {
            revert_to(&world, &adopted);
        }
        world.give_back("ana", grant).await;
        world.until_trouble(grant, &format!("which {ARGO} puts back")).await;
        assert!(world.bindings(PROD).is_empty(), "the binding went at once");
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 403);
        world.knobs(PROD).clear_requests();
        for looks in 1..=4 {
            world.look_again().await;
            assert_eq!(
                (world.state(grant).await.as_str(), world.condition(grant).await.as_str()),
                ("revoking", "blocked")
            );
            assert_eq!(world.accepted_writes(), looks, "each look tries once");
        }
        world.run().await;
        assert_eq!(world.accepted_writes(), 4, "and then it rests");

        world.knobs(PROD).heal();
        world.rests_are_over().await;
        world.until(grant, "ended").await;
        assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
        assert_eq!(world.residual(grant).await, "[]");
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
    }
}
