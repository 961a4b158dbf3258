//! A cluster on which an operator paused granting: new accesses wait and say why, running ones are kept, ending ones
//! end.

use super::{PROD, World};
use crate::town::{Asking, nodes, view};
use latchkey::actions::targets;
use latchkey_domain::access::{ClusterId, GrantId};

const SENTENCE: &str = "An operator paused granting on prod-eu: the node groups are being replaced";

impl World {
    async fn prod(&self) -> ClusterId {
        ClusterId(self.town.cluster(PROD).await)
    }

    async fn pause(&self) {
        let (dee, prod) = (self.town.visitor("dee"), self.prod().await);
        targets::pause_granting(&self.town.web, dee, prod, " the node groups are being replaced ").await.unwrap();
    }

    async fn resume(&self) {
        targets::resume_granting(&self.town.web, self.town.visitor("dee"), self.prod().await).await.unwrap();
    }

    /// How many writes were begun for an access.
    async fn writes(&self, grant: GrantId) -> i64 {
        self.town.intents(grant).await
    }
}

#[tokio::test]
async fn while_granting_is_paused_nothing_is_written_for_new_access_and_what_ends_ends() {
    let world = World::new().await;
    let ending = world.active("ana").await;
    world.pause().await;
    let new = world.approved_ask("gus", &nodes()).await;
    world.give_back("ana", ending).await;
    world.until(ending, "ended").await;
    world.until_trouble(new, SENTENCE).await;
    world.rests_are_over().await;
    world.run().await;
    assert_eq!((world.state(new).await.as_str(), world.writes(new).await), ("provisioning", 0));
    assert_eq!(world.trouble(new).await, format!("{SENTENCE} | {SENTENCE}"), "the cluster's leg and the principal's");
    let conditions: Vec<String> = world.town.legs(new).await.into_iter().map(|leg| leg.condition).collect();
    assert_eq!(conditions, ["paused", "paused"], "nothing is broken");
    assert!(!world.aws_auth(PROD)["mapUsers"].contains("latchkey/gus") && world.policy("gus").is_none());
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
    world.resume().await;
    world.until(new, "active").await;
    assert!(world.policy("gus").is_some());
}

#[tokio::test]
async fn what_runs_is_kept_right_while_granting_is_paused() {
    let world = World::new().await;
    let running = world.active("ana").await;
    world.pause().await;
    let binding = world.bindings(PROD)[0].clone();
    let name = binding["metadata"]["name"].as_str().unwrap();
    world.objects(PROD).remove("payments", "rolebindings", name).unwrap();
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 403);
    world.rests_are_over().await;
    world.run().await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200, "{}", world.trouble(running).await);
}

#[tokio::test]
async fn access_that_waited_too_long_is_taken_back_and_says_that_granting_was_paused() {
    let world = World::new().await;
    world.pause().await;
    let new = world.approved("ana").await;
    world.until_trouble(new, SENTENCE).await;
    world.town.advance(31).await;
    world.until(new, "ended").await;
    assert_eq!(world.cause(new).await.as_deref(), Some("undeliverable"));
    let reason: Option<String> = sqlx::query_scalar("select end_reason from access_grant where id = $1")
        .bind(new.0)
        .fetch_one(world.town.owner.pool())
        .await
        .unwrap();
    assert_eq!((reason.as_deref(), world.writes(new).await), (Some(SENTENCE), 0));
}

#[tokio::test]
async fn another_access_of_the_same_person_ends_while_a_new_one_waits() {
    let world = World::new().await;
    let ending = world.active("ana").await;
    world.pause().await;
    let new = world.approved_ask("ana", &view().in_(["payments-batch"])).await;
    world.until_trouble(new, SENTENCE).await;
    world.give_back("ana", ending).await;
    world.until(ending, "ended").await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 403);
    world.resume().await;
    world.until(new, "active").await;
    assert_eq!(world.lists_pods("ana", PROD, "payments-batch").await, 200);
}
