//! A cluster whose lists cannot be read to the end, and one that answers a byte at a time: what ends there ends, and no
//! other access waits.

use crate::{
    town::{Asking, POLICY, view},
    worker::{PROD, STAGING, USERS, World},
};
use latchkey_simulator::kubernetes::{Failure, Pattern, Strange};
use std::time::{Duration, Instant};

/// More requests than any of these tests makes.
const ALWAYS: u32 = 1_000_000;

#[tokio::test]
async fn lists_without_end_stand_in_no_ones_way_out_and_nothing_new_is_granted_by_them() {
    let world = World::new().await;
    let (ends, runs) = (world.active("ana").await, world.active("gus").await);
    let endless = |resource| {
        world.knobs(PROD).fail(Pattern::on("list", resource), Failure::Strange(Strange::Endless), ALWAYS);
    };
    // Approved, and not yet begun.
    let new = world.approved("ben").await;
    endless("rolebindings");
    world.give_back("ana", ends).await;
    world.iam_has_settled().await;
    world.until(ends, "ended").await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
    assert_eq!(world.lists_pods("gus", PROD, "payments").await, 200);
    assert_eq!(world.state(runs).await, "active");
    world.until_trouble(new, "the list has more than 200 pages").await;
    assert_eq!(world.state(new).await, "provisioning");
    assert!(!world.aws_auth(PROD)["mapUsers"].contains("latchkey:ben:"));
    let failure: String =
        sqlx::query_scalar("select failure from target where failure is not null and kind = 'cluster'")
            .fetch_one(world.town.owner.pool())
            .await
            .unwrap();
    assert!(failure.contains("RoleBindings of cluster `prod-eu`"), "{failure}");
    world.knobs(PROD).heal();
    world.rests_are_over().await;
    world.until(new, "active").await;
    for (who, grant) in [("gus", runs), ("ben", new)] {
        world.give_back(who, grant).await;
        world.iam_has_settled().await;
        world.until(grant, "ended").await;
    }
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test]
async fn a_cluster_that_answers_a_byte_at_a_time_delays_no_other() {
    let world = World::new().await;
    world.town.apply_policy(&POLICY.replace("stage = \"staging\"", "stage = \"prod\"")).await;
    world.knobs(PROD).fail(
        Pattern::on("list", "*"),
        Failure::Strange(Strange::Dripping(Duration::from_secs(1))),
        ALWAYS,
    );
    let slow = world.approved("ana").await;
    let elsewhere = view().on(STAGING);
    let quick = world.approved_ask("gus", &elsewhere).await;
    let begun = Instant::now();
    let watched = async {
        while world.state(quick).await != "active" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        begun.elapsed()
    };
    let (_, took) = tokio::join!(world.run(), watched);
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert_eq!(world.state(slow).await, "provisioning");
    assert!(world.trouble(slow).await.contains("no answer within 10 s"), "{}", world.trouble(slow).await);
}
