//! Each row and lock that a look of the worker waits for, held by another session while an access of its own ends.

use super::{
    super::cases::{all, case},
    scene::{Others, Scene},
};

/// What is locked, and the other accesses that do not depend on it. The sealer's queue is not listed: no access waits
/// for the sealer.
const LOCKS: [(&str, Others); 15] = [
    ("select from access_grant where id = '$grant' for update", Others::Both),
    ("select from grant_leg where grant_id = '$grant' for update", Others::Both),
    ("select from mapping where principal_id = '$principal' for update", Others::Both),
    ("select from intent where grant_id = '$grant' for update", Others::Both),
    ("select from request where id = '$request' for update", Others::Both),
    (
        "select from request where id = (select request_id from access_grant where id = '$grant') for update",
        Others::Both,
    ),
    ("select from vote where request_id = '$request' for update", Others::Both),
    ("select from principal where id = '$principal' for update", Others::Both),
    ("select from person where id = '$person' for update", Others::Both),
    ("select from target where kind = 'principal' and key = '$principal' for update", Others::Both),
    ("select from observation where target_key = '$principal' for update", Others::Both),
    ("select pg_advisory_xact_lock(hashtextextended('$person', 0))", Others::Both),
    ("select from worker_heartbeat for update", Others::Both),
    ("select from audit_walk for update", Others::Both),
    ("select from target where kind = 'cluster' and key = '$staging' for update", Others::Prod),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_access_is_given_back_whoever_keeps_its_targets_locked() {
    let scene = Scene::new().await;
    let held = scene.holding("select from target for update").await;
    scene.world.give_back("ana", scene.grant).await;
    assert_eq!(scene.world.state(scene.grant).await, "revoking");
    drop(held);
    // As if no worker had looked at the targets for long: targets that were not woken are woken now.
    scene.must_put("update target set due_at = clock_timestamp() + interval '1 day' where not revoking").await;
    assert!(latchkey::store::targets::wake_forgotten(&scene.world.town.worker).await.unwrap() > 0);
    scene.world.iam_has_settled().await;
    scene.until(scene.grant, "ended").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lock_that_somebody_holds_stops_anybody_else() {
    let cases = LOCKS.into_iter().map(|(lock, others)| {
        case(lock, async move {
            let scene = Scene::new().await;
            scene.world.give_back("ana", scene.grant).await;
            let held = scene.holding(&scene.named(lock)).await;
            scene.others_go_their_way(others).await;
            drop(held);
            scene.world.iam_has_settled().await;
            scene.world.rests_are_over().await;
            scene.until(scene.grant, "ended").await;
        })
    });
    let tried = all(cases.collect()).await.len();
    println!("poison: {tried} locks held");
}
