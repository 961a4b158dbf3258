//! A worker that dies at any permit or commit: once its time is over, another worker brings everything to where the
//! promises say.

use super::{PROD, USERS, World};
use latchkey::{fail_point::Life, worker::run_once};

/// More steps than an access takes to set up or to take away.
const LONG: u32 = 40;

#[tokio::test]
async fn a_worker_that_dies_anywhere_while_setting_up_loses_nothing_and_grants_nothing_twice() {
    for steps in 0..LONG {
        let world = World::new().await;
        let grant = world.approved("ana").await;
        let dying = Life::of(steps);
        let _ = dying.does(run_once(&world.another_worker().await)).await;
        let survived = !dying.is_over();
        world.time_of_dead_workers_is_over().await;

        world.until(grant, "active").await;
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200, "after {steps} steps");
        assert_eq!(world.bindings(PROD).len(), 1, "after {steps} steps");
        assert_eq!(world.aws_auth(PROD)["mapUsers"].matches("latchkey:ana").count(), 1, "after {steps} steps");
        let activated = world.town.told("grant.activated").await;
        assert_eq!(activated, 1, "after {steps} steps");

        world.give_back("ana", grant).await;
        world.until(grant, "ended").await;
        assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS, "after {steps} steps");
        assert!(world.bindings(PROD).is_empty(), "after {steps} steps");
        assert_eq!(world.policy("ana"), None, "after {steps} steps");
        assert_eq!(world.town.open_intents().await, 0);
        if survived {
            return;
        }
    }
    panic!("a worker needs more than {LONG} steps");
}

#[tokio::test]
async fn a_worker_that_dies_anywhere_while_taking_away_leaves_no_access() {
    for steps in 0..LONG {
        let world = World::new().await;
        let grant = world.active("ana").await;
        world.give_back("ana", grant).await;
        let dying = Life::of(steps);
        let _ = dying.does(run_once(&world.another_worker().await)).await;
        let survived = !dying.is_over();
        world.time_of_dead_workers_is_over().await;

        world.until(grant, "ended").await;
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401, "after {steps} steps");
        assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS, "after {steps} steps");
        assert!(world.bindings(PROD).is_empty(), "after {steps} steps");
        assert_eq!(world.policy("ana"), None, "after {steps} steps");
        if survived {
            return;
        }
    }
    panic!("a worker needs more than {LONG} steps");
}

#[tokio::test]
async fn two_workers_at_once_do_everything_once() {
    let world = World::new().await;
    let other = world.another_worker().await;
    let mut grants = vec![];
    for handle in ["ana", "gus"] {
        grants.push(world.approved(handle).await);
    }
    let (_, report) = tokio::join!(world.run(), run_once(&other));
    report.unwrap();
    for grant in &grants {
        world.until(*grant, "active").await;
    }
    assert_eq!(world.town.told("grant.activated").await, 2);
    assert_eq!(world.bindings(PROD).len(), 2);
}
