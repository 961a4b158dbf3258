//! What a dead worker held is soon free again.

use super::{PATIENCE, World, wait_until};
use crate::worker::{PROD, USERS};
use jiff::Timestamp;
use latchkey::{
    fail_point::Life,
    lease::{Lease, Lost},
    store::{heartbeats, intents::Dangling, observations, quarantine::LockedRows, targets},
    worker::{self, Interrupted, run_once, trail},
};
use latchkey_domain::{
    access::{ClusterId, became::Became, step_kind::StepKind, transition::Target},
    plan::observation::ClusterObservation,
};
use latchkey_simulator::{gate::Gate, kubernetes::Pattern, seed::AuthenticationMode};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// Claims everything that is due, for a worker that does nothing with it.
async fn claimed_by(world: &World, holder: &str) -> Vec<targets::Claim> {
    let claimant = targets::Claimant { holder, at: Timestamp::now(), in_hand: &[] };
    targets::claim(&world.town.worker, &claimant, Duration::from_mins(1), targets::Room::any(16)).await.unwrap()
}

#[tokio::test]
async fn a_run_whose_target_was_claimed_again_writes_no_row() {
    let world = World::new().await;
    let (store, grant) = (&world.town.worker, world.active("ana").await);
    let target = Target::Cluster(ClusterId(world.town.cluster(PROD).await));
    let epoch = world.claimed_again(target).await;
    let intent = || trail::intent(Some(grant), StepKind::PutBinding, "a binding".to_owned());
    let open = Dangling {
        id: intent().id,
        epoch: 0,
        grant: Some(grant),
        step: StepKind::PutBinding.into(),
        object: "a binding".to_owned(),
        detail: serde_json::json!({}),
    };
    let rows = "select (select count(*) from intent) + (select count(*) from event)";
    let before = world.town.count(rows).await;
    let lease = |epoch| Lease::new(target, epoch, 0, Instant::now());
    let lost = |interrupted| matches!(interrupted, Interrupted::Lost(_));
    let overtaken = lease(epoch - 1);
    assert!(trail::held(store, &overtaken).await.is_err_and(lost));
    assert!(trail::open(store, &overtaken, &[intent()], &[], &LockedRows::default()).await.is_err_and(lost));
    assert!(trail::close_dangling(store, &overtaken, vec![(Became::Interrupted, open)]).await.is_err_and(lost));
    assert_eq!(world.town.count(rows).await, before);
    assert!(trail::held(store, &lease(epoch)).await.is_ok());
}

#[tokio::test]
async fn a_dead_worker_commits_nothing() {
    let world = World::new().await;
    let (store, grant) = (&world.town.worker, world.active("ana").await);
    let target = Target::Cluster(ClusterId(world.town.cluster(PROD).await));
    let lease = Lease::new(target, world.claimed_again(target).await, 0, Instant::now());
    let intent = trail::intent(Some(grant), StepKind::PutBinding, "a binding".to_owned());
    let rows = "select (select count(*) from intent) + (select count(*) from event)";
    let before = world.town.count(rows).await;
    let opened = trail::open(store, &lease, &[intent], &[], &LockedRows::default()).await.unwrap();
    let died = |interrupted| matches!(interrupted, Interrupted::Lost(Lost::Died(_)));
    assert!(Life::of(0).does(trail::commit(opened)).await.is_err_and(died));
    assert_eq!(world.town.count(rows).await, before);
}

#[tokio::test]
async fn a_run_whose_target_was_claimed_again_leaves_what_was_seen_since() {
    let world = World::new().await;
    world.active("ana").await;
    let id = ClusterId(world.town.cluster(PROD).await);
    let seen = async || observations::cluster(&world.town.worker, id).await.unwrap().unwrap();
    let (target, before) = (Target::Cluster(id), seen().await);
    let epoch: i64 = sqlx::query_scalar("select epoch from target where key = $1")
        .bind(target.key())
        .fetch_one(world.town.owner.pool())
        .await
        .unwrap();
    let old = ClusterObservation::default();
    let saw = async |epoch| {
        let lease = Lease::new(target, epoch, 0, Instant::now());
        trail::saw(&world.town.worker, &lease, &old).await
    };
    let lost = |interrupted| matches!(interrupted, Interrupted::Lost(_));
    assert!(saw(epoch - 1).await.is_err_and(lost));
    assert_eq!((seen().await.body, seen().await.at), (before.body, before.at));

    // An observation that is written while another worker claims the target counts.
    let mut claim = world.town.owner.pool().begin().await.unwrap();
    let next = "update target set epoch = epoch + 1 where key = $1";
    sqlx::query(next).bind(target.key()).execute(&mut *claim).await.unwrap();
    let claimed = async {
        wait_until("it waits for the claim", async || {
            world.town.count("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()").await == 1
        })
        .await;
        claim.commit().await.unwrap();
    };
    let (written, ()) = tokio::join!(saw(epoch), claimed);
    assert!(written.is_err_and(lost));
    assert!(seen().await.body.kubernetes.is_some());
    assert!(saw(epoch + 1).await.is_ok() && seen().await.body == old);
}

#[tokio::test]
async fn a_revocation_does_not_wait_for_the_lease_of_a_worker_that_fell_silent() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.give_back("ana", grant).await;
    heartbeats::beat(&world.town.worker, "dead", Timestamp::now(), std::time::Duration::ZERO).await.unwrap();
    assert_eq!(claimed_by(&world, "dead").await.len(), 2, "its cluster and its principal");

    world.run().await;
    assert_eq!(world.state(grant).await, "revoking", "whoever told of itself a moment ago may be at work");
    world.workers_fell_silent().await;
    world.run().await;
    assert_eq!(world.state(grant).await, "ended");
}

#[tokio::test]
async fn a_worker_that_was_never_heard_of_keeps_its_lease() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.give_back("ana", grant).await;
    claimed_by(&world, "unheard of").await;
    world.workers_fell_silent().await;
    world.run().await;
    assert_eq!(world.state(grant).await, "revoking");
    world.leases_are_over().await;
    world.run().await;
    assert_eq!(world.state(grant).await, "ended");
}

#[tokio::test]
async fn what_a_worker_holds_and_has_not_in_hand_it_claims_again() {
    let world = World::new().await;
    let cluster = Target::Cluster(ClusterId(world.town.cluster(PROD).await));
    let claim = async |in_hand: &[uuid::Uuid]| {
        let claimant = targets::Claimant { holder: "one", at: Timestamp::now(), in_hand };
        targets::claim(&world.town.worker, &claimant, Duration::from_mins(1), targets::Room::any(16)).await.unwrap()
    };
    world.rests_are_over().await;
    let first = claim(&[]).await;
    let mine = first.iter().find(|claim| claim.target == cluster).unwrap();
    assert!(claim(&first.iter().map(|claim| claim.target.key()).collect::<Vec<_>>()).await.is_empty());
    // As if the answer to the claim had been lost, or its run had broken off while the database was away.
    let again = claim(&[]).await;
    let again = again.iter().find(|claim| claim.target == cluster).unwrap();
    assert_eq!(again.epoch, mine.epoch + 1, "the epoch goes up with it");
    assert_eq!(claimed_by(&world, "another").await, []);
}

/// Where a run stands still.
#[derive(Debug, Clone, Copy)]
enum Stand {
    /// While it observes the cluster.
    Looking,
    /// After it has observed the cluster and knows the desired state, at the last question before its plan.
    Planning,
}

impl Stand {
    fn hold(self, world: &World, gate: Gate) {
        match self {
            Self::Looking => world.knobs(PROD).hold(Pattern::on("list", "rolebindings"), 0, gate),
            Self::Planning => world.simulator.aws().faults().hold("eks:ListAccessEntries", 0, gate),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_was_taken_over_begins_nothing_more() {
    for stand in [Stand::Looking, Stand::Planning] {
        let world = World::new().await;
        world.simulator.aws().set_mode(PROD, AuthenticationMode::ApiAndConfigMap);
        let grant = world.approved("ana").await;
        let gate = Gate::before_effect();
        stand.hold(&world, gate.clone());
        let slow = world.another_worker().await;
        let working = tokio::spawn(async move { run_once(&slow).await });
        tokio::time::timeout(PATIENCE, gate.arrived()).await.expect("it stands still");
        world.leases_are_over().await;
        world.give_back("ana", grant).await;
        world.until(grant, "ended").await;
        let before = world.knobs(PROD).requests().len();
        gate.open();
        let report = working.await.unwrap().unwrap();
        let writes = world.knobs(PROD).requests().split_off(before);
        let writes: Vec<_> = writes
            .iter()
            .filter(|request| ["create", "update", "patch", "delete"].contains(&request.verb.as_str()))
            .collect();
        assert!(writes.iter().all(|request| request.resource == "subjectaccessreviews"), "{stand:?}: {writes:?}");
        let lost = |failure: &str| failure.contains("lost its lease");
        assert!(report.runs.iter().any(|ran| ran.failure.as_deref().is_some_and(lost)), "{stand:?}: {report:?}");
        assert_eq!((world.aws_auth(PROD)["mapUsers"].as_str(), world.binding()), (USERS, vec![]), "{stand:?}");
        wait_until("everything is at rest", async || world.run().await.runs.is_empty()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_tells_of_itself_while_the_seal_of_the_audit_log_waits() {
    let world = World::new().await;
    let owner = world.town.owner.pool();
    let mut held = owner.begin().await.unwrap();
    // Otherwise the database would end the session after some seconds, and the seal would go on.
    sqlx::query("set local idle_in_transaction_session_timeout = 0").execute(&mut *held).await.unwrap();
    sqlx::query("lock table event_unsealed in access exclusive mode").execute(&mut *held).await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let at_work = tokio::spawn(worker::run(world.another_worker().await, async {
        let _ = stopped.await;
    }));
    let (mut beats, mut longest) = (BTreeSet::new(), 0.0_f64);
    wait_until("the worker told of itself twice", async || {
        let silent = "select seen_at::text, extract(epoch from clock_timestamp() - seen_at)::float8
                      from worker_heartbeat";
        let seen: Option<(String, f64)> = sqlx::query_as(silent).fetch_optional(owner).await.unwrap();
        if let Some((at, seconds)) = seen {
            beats.insert(at);
            longest = longest.max(seconds);
        }
        beats.len() == 2
    })
    .await;
    assert!(longest < targets::DEAD_AFTER.as_secs_f64(), "it was silent for {longest} s, and was taken for dead");
    held.rollback().await.unwrap();
    stop.send(()).unwrap();
    at_work.await.unwrap();
}

#[tokio::test]
async fn what_failed_last_takes_no_more_places_than_are_left_for_it_and_what_is_in_hand_is_not_claimed_again() {
    let world = World::new().await;
    let room = targets::Room { all: 16, ailing: 1 };
    let claim = async |in_hand: &[uuid::Uuid]| {
        let claimant = targets::Claimant { holder: "one", at: Timestamp::now(), in_hand };
        targets::claim(&world.town.worker, &claimant, Duration::from_mins(1), room).await.unwrap()
    };
    let due = async |failing: i64| {
        let due =
            "update target set due_at = clock_timestamp(), lease_until = null, lease_holder = null, failure = null";
        sqlx::query(due).execute(world.town.owner.pool()).await.unwrap();
        let failed = "update target set failure = 'slow' where (kind, key) in
                        (select kind, key from target order by kind, key limit $1)";
        sqlx::query(failed).bind(failing).execute(world.town.owner.pool()).await.unwrap();
    };
    let all = world.town.count("select count(*) from target").await;
    assert!(all >= 4);
    due(3).await;
    let claims = claim(&[]).await;
    assert_eq!(i64::try_from(claims.len()).unwrap(), all - 2, "one of three that failed");
    assert_eq!(claims.iter().filter(|claim| claim.ailing).count(), 1);
    // Its lease is over, but its run goes on in this process.
    due(0).await;
    let in_hand: Vec<_> = claims.iter().map(|claim| claim.target.key()).collect();
    assert_eq!(claim(&in_hand).await.len(), 2);
}
