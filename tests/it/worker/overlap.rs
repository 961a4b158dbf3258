//! Several accesses of one person, and of several people at once.

use super::{PROD, World};
use crate::town::{Asking, view};
use latchkey::web::AskForm;

fn batch() -> AskForm {
    view().in_(["payments-batch"])
}

#[tokio::test]
async fn two_overlapping_accesses_ended_in_either_order_never_cut_each_other() {
    for first_ends_first in [true, false] {
        let world = World::new().await;
        let before = world.aws_auth(PROD);
        let one = world.active("ana").await;
        let other = world.approved_ask("ana", &batch()).await;
        world.until(other, "active").await;
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
        assert_eq!(world.lists_pods("ana", PROD, "payments-batch").await, 200);

        let (gone, stays) = if first_ends_first { (one, other) } else { (other, one) };
        let (closed, open) =
            if first_ends_first { ("payments", "payments-batch") } else { ("payments-batch", "payments") };
        world.give_back("ana", gone).await;
        world.until(gone, "ended").await;
        assert_eq!(world.lists_pods("ana", PROD, closed).await, 403);
        assert_eq!(world.lists_pods("ana", PROD, open).await, 200);
        assert!(world.policy("ana").is_some());

        world.give_back("ana", stays).await;
        world.until(stays, "ended").await;
        assert_eq!(world.aws_auth(PROD), before);
        assert_eq!(world.policy("ana"), None);
    }
}

#[tokio::test]
async fn everybody_who_waits_shares_one_write_of_aws_auth() {
    let world = World::new().await;
    let (ana, gus) = (world.approved("ana").await, world.approved("gus").await);
    world.knobs(PROD).clear_requests();
    world.until(ana, "active").await;
    world.until(gus, "active").await;
    let writes = world
        .knobs(PROD)
        .requests()
        .into_iter()
        .filter(|request| request.verb == "patch" && request.name == "aws-auth")
        .count();
    assert_eq!(writes, 1);
}
