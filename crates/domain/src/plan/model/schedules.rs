//! Random orders of some hundred steps, cut down to the shortest that fails.

use super::town::{ACCESSES, Reviews, Town, TownEvent};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{cell::Cell, fmt::Write as _};

/// The number of orders tried.
const SCHEDULES: u32 = 250;
/// The number of events of the longest order.
const STEPS: usize = 400;

fn events() -> impl Strategy<Value = Vec<TownEvent>> {
    let access = || 0..ACCESSES;
    let reviews = prop_oneof![3 => Just(Reviews::Fresh), 1 => Just(Reviews::Lagging)];
    let event = prop_oneof![
        4 => access().prop_map(TownEvent::Submit),
        8 => (access(), 0..2_u128).prop_map(|(access, who)| TownEvent::Vote(access, who)),
        1 => access().prop_map(TownEvent::GiveBack),
        1 => access().prop_map(TownEvent::Revoke),
        4 => Just(TownEvent::Clock),
        3 => prop_oneof![4 => 1..20_i64, 2 => 50..80_i64, 1 => 240..1900_i64].prop_map(TownEvent::Seconds),
        60 => (0..2_usize, reviews).prop_map(|(worker, reviews)| TownEvent::Work(worker, reviews)),
        1 => (0..2_usize).prop_map(TownEvent::Die),
        3 => (0..4_usize).prop_map(TownEvent::Arrive),
        2 => (0..3_u8).prop_map(TownEvent::Foreign),
    ];
    proptest::collection::vec(event, STEPS / 2..STEPS)
}

#[test]
fn whatever_comes_in_whatever_order_the_promises_hold() {
    let given = std::env::var("LATCHKEY_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    let day = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs() / 86_400);
    let seed = given.unwrap_or(day);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: SCHEDULES, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let (steps, active, ended) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let result = runner.run(&events(), |events| {
        let mut town = Town::new();
        for event in &events {
            town.happen(*event);
            town.check().map_err(|why| TestCaseError::fail(format!("after {event:?}: {why}")))?;
        }
        steps.set(steps.get() + events.len());
        town.come_to_rest().map_err(|why| TestCaseError::fail(format!("at rest: {why}")))?;
        active.set(active.get() + town.database.activations.len());
        ended.set(ended.get() + town.database.grants.len());
        Ok(())
    });
    let mut said = format!("interleavings: seed {seed}, {SCHEDULES} schedules of {STEPS} steps at most, ");
    let _ = write!(said, "{} steps, {} accesses, {} of them active once", steps.get(), ended.get(), active.get());
    println!("{said}");
    if let Err(error) = result {
        panic!("LATCHKEY_SEED={seed}: {error}");
    }
    assert!(active.get() > SCHEDULES as usize, "hardly anything became active: {}", active.get());
}
