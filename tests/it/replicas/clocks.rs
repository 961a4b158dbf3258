//! A worker whose clock is wrong: what it signs would be refused, or be valid for too long.

use super::{PATIENCE, World, wait_until};
use crate::worker::USERS;
use jiff::{SignedDuration, Timestamp};
use latchkey::{
    store::{heartbeats, read},
    worker::{self, TimeOfDay, run_once},
};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// A clock that is off by as many seconds as the test says.
fn off_by(seconds: &Arc<AtomicI64>) -> TimeOfDay {
    let seconds = Arc::clone(seconds);
    TimeOfDay::told_by(move || Timestamp::now() + SignedDuration::from_secs(seconds.load(Ordering::SeqCst)))
}

#[tokio::test]
async fn a_worker_whose_clock_is_more_than_four_minutes_off_claims_nothing_until_it_is_right() {
    let world = World::new().await;
    let grant = world.approved("ana").await;
    let off = Arc::new(AtomicI64::new(0));
    let worker = world.worker_by_clock(off_by(&off)).await;
    for seconds in [5 * 60, -5 * 60, 7 * 24 * 3600] {
        off.store(seconds, Ordering::SeqCst);
        let report = run_once(&worker).await.unwrap();
        assert_eq!(report.runs, [], "{seconds} s off");
        assert!(report.clock_off.unwrap() >= std::time::Duration::from_secs(295), "{:?}", report.clock_off);
        assert_eq!(world.state(grant).await, "provisioning", "what needs no clock of its own goes on");
    }
    assert_eq!(world.aws_auth(crate::worker::PROD)["mapUsers"], USERS);
    off.store(3 * 60, Ordering::SeqCst);
    let report = run_once(&worker).await.unwrap();
    assert_eq!((report.clock_off, report.activated), (None, vec![grant]));
}

#[tokio::test]
async fn operators_see_whose_clock_is_wrong_and_that_nothing_is_done() {
    let world = World::new().await;
    let store = &world.town.web;
    let off = Arc::new(AtomicI64::new(-420));
    let wrong = world.worker_by_clock(off_by(&off)).await;
    let grant = world.approved("ana").await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let working = tokio::spawn(worker::run(wrong, async { drop(stopped.await) }));
    wait_until("the worker told of itself", async || {
        read::pulse::read(store).await.unwrap().worker_clock_off.is_some()
    })
    .await;
    let pulse = read::pulse::read(store).await.unwrap();
    assert_eq!(pulse.worker_silent_for, None, "no worker whose clock is right ever told of itself");
    let seconds = pulse.worker_clock_off.unwrap().as_secs();
    assert!((415..=425).contains(&seconds), "{seconds}");
    let health = read::health::read(store).await.unwrap();
    assert!(health.workers.iter().all(|worker| worker.clock_off.is_some()), "{:?}", health.workers);
    assert_ne!(world.state(grant).await, "active");

    // One worker with a right clock is enough.
    heartbeats::beat(&world.town.worker, "another", Timestamp::now(), std::time::Duration::ZERO).await.unwrap();
    let pulse = read::pulse::read(store).await.unwrap();
    assert!(pulse.worker_silent_for.is_some_and(|silent| silent.as_secs() < 30), "{pulse:?}");

    off.store(0, Ordering::SeqCst);
    wait_until("the access is active", async || world.state(grant).await == "active").await;
    drop(stop);
    tokio::time::timeout(PATIENCE, working).await.unwrap().unwrap();
}
