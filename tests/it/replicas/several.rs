//! Three workers at once, whose leases are taken from each other while they work.

use super::{PATIENCE, World, wait_until};
use crate::{
    town::{POLICY, view},
    worker::{PROD, STAGING, USERS},
};
use latchkey::{web::AskForm, worker};
use latchkey_domain::access::GrantId;
use rand::{Rng as _, SeedableRng as _};
use std::{collections::BTreeMap, time::Duration};

const WORKERS: usize = 3;

/// The asks of three people.
fn wishes() -> Vec<AskForm> {
    let view = |cluster: &str, namespaces: &[&str]| AskForm {
        cluster: cluster.into(),
        namespaces: namespaces.iter().map(|&name| name.into()).collect(),
        ..view()
    };
    vec![
        view(PROD, &["payments"]),
        view(PROD, &["payments-batch"]),
        view(PROD, &["payments", "payments-batch"]),
        view(STAGING, &["payments"]),
        view(STAGING, &["payments-batch"]),
        AskForm { profile: "nodes".into(), ..view(PROD, &[]) },
    ]
}

/// How often leases are taken away before everything is active, and how often until everything has ended: more often,
/// and no run would have the time to finish on a busy machine.
const TIMES: usize = 12;

/// Takes every lease away this many times, at random moments.
async fn take_leases(store: latchkey::store::Store, seed: u64) -> u64 {
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let mut taken = 0;
    for _ in 0..TIMES {
        let take = "update target set lease_until = clock_timestamp() where lease_until > clock_timestamp()";
        let done = sqlx::query(take).execute(store.pool()).await.unwrap();
        taken += done.rows_affected();
        tokio::time::sleep(Duration::from_millis(random.random_range(40..250))).await;
    }
    taken
}

impl World {
    /// How often each action is in the audit log, for each grant.
    async fn told(&self) -> BTreeMap<(uuid::Uuid, String), i64> {
        let rows: Vec<(uuid::Uuid, String, i64)> = sqlx::query_as(
            "select grant_id, action, count(*) from event
             where action in ('grant.started', 'grant.activated', 'grant.revoking', 'grant.ended') group by 1, 2",
        )
        .fetch_all(self.town.owner.pool())
        .await
        .unwrap();
        rows.into_iter().map(|(grant, action, count)| ((grant, action), count)).collect()
    }

    async fn all_are(&self, state: &str) -> bool {
        let others = format!("select count(*) from access_grant where state <> '{state}'");
        self.town.count(&others).await == 0
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_workers_do_everything_once_though_leases_are_taken_from_them_all_the_while() {
    let seed = std::env::var("LATCHKEY_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    println!("LATCHKEY_SEED={seed}");
    let world = World::new().await;
    world
        .town
        .apply_policy(&POLICY.replace(
            "clusters = { labels = { stage = \"prod\" } }",
            "clusters = { names = [\"prod-eu\", \"staging-eu\"] }",
        ))
        .await;
    let before = [PROD, STAGING].map(|cluster| world.aws_auth(cluster));
    let mut grants: Vec<(&str, GrantId)> = Vec::new();
    for handle in ["ana", "ben", "gus"] {
        for form in wishes() {
            let id = world.town.asks(handle, &form).await;
            for approver in ["chi", "dot"] {
                use latchkey::actions::requests::VoteOutcome;
                let verdict = latchkey_domain::access::request::Verdict::Approve;
                if let VoteOutcome::Approved(grant) = world.town.vote(approver, id, verdict).await.unwrap() {
                    grants.push((handle, grant));
                    break;
                }
            }
        }
    }
    let mut stops = Vec::new();
    let mut working = Vec::new();
    for _ in 0..WORKERS {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        stops.push(stop);
        working.push(tokio::spawn(worker::run(world.another_worker().await, async {
            drop(stopped.await);
        })));
    }
    let mut taken = take_leases(world.town.owner.clone(), seed).await;
    wait_until("all are active", async || world.all_are("active").await).await;
    assert_eq!(world.binding().len(), 3 * 4 + 3, "a binding a namespace");
    for handle in ["ana", "ben", "gus"] {
        for cluster in [PROD, STAGING] {
            assert_eq!(world.lists_pods(handle, cluster, "payments").await, 200, "{handle} on {cluster}");
            let lines = world.aws_auth(cluster)["mapUsers"].matches(&format!("latchkey:{handle}:")).count();
            assert_eq!(lines, 1, "one line of {handle} on {cluster}");
        }
    }
    for (handle, grant) in &grants {
        world.give_back(handle, *grant).await;
    }
    taken += take_leases(world.town.owner.clone(), seed + 1).await;
    wait_until("all have ended", async || world.all_are("ended").await).await;
    drop(stops);
    for worker in working {
        tokio::time::timeout(PATIENCE, worker).await.unwrap().unwrap();
    }

    // Once no write can arrive late any more, a last look removes what stood in the way of late writes.
    world.time_of_dead_workers_is_over().await;
    world.rests_are_over().await;
    world.run().await;
    assert_eq!([PROD, STAGING].map(|cluster| world.aws_auth(cluster)), before);
    assert!(world.aws_auth(PROD)["mapUsers"].starts_with(USERS));
    for cluster in [PROD, STAGING] {
        assert_eq!(world.bindings(cluster), Vec::<serde_json::Value>::new(), "{cluster}");
    }
    for handle in ["ana", "ben", "gus"] {
        assert_eq!(world.policy(handle), None, "{handle}");
    }
    let told = world.told().await;
    assert_eq!(told.len(), grants.len() * 4, "each of four transitions of each access is told");
    assert!(told.values().all(|times| *times == 1), "and told once: {told:?}");
    assert_eq!(world.town.open_intents().await, 0);
    println!("replicas: {WORKERS} workers, {} accesses, {} leases taken while they worked", grants.len(), taken);
}
