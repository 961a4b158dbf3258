//! Every order of short scenes: runs of two workers, step by step, while events happen to overlapping accesses. A place
//! is explored once: it is skipped if another order has led to the same state with the same events left.

use super::{
    kept::digest,
    scenes::{
        Scene,
        Then::{self, Happens, Runs},
        scenes,
    },
    town::{Reached, Reviews, Town, TownEvent},
};
use std::collections::{BTreeSet, HashSet};

#[derive(Default)]
struct Explored {
    /// Digests of the town and of what is left of the lists.
    states: HashSet<u64>,
    /// Digests of the part of a town that the promises are about.
    checked: HashSet<u64>,
    /// The different towns at the end of all orders.
    ends: HashSet<u64>,
    steps: usize,
    reached: BTreeSet<Reached>,
}

/// A town, and the position in each list.
#[derive(Clone)]
struct Position {
    town: Town,
    done: Vec<usize>,
}

impl Position {
    /// The next event of a list and the place that it leads to, if it can happen now.
    fn after(&self, lists: &[Vec<Then>], at: usize) -> Option<(TownEvent, Self)> {
        let then = *lists[at].get(self.done[at])?;
        let event = match then {
            Happens(event) => event,
            Runs(worker) => TownEvent::Work(worker, Reviews::Fresh),
        };
        let mut next = self.clone();
        next.town.happen(event);
        match then {
            Happens(event) => {
                next.done[at] += 1;
                if let TownEvent::Die(worker) = event
                    && self.town.workers[worker].epoch().is_some()
                {
                    next.is_over(lists, worker);
                }
            }
            Runs(worker) => match (self.town.workers[worker].epoch(), next.town.workers[worker].epoch()) {
                (None, None) => return None,
                (Some(_), None) => next.done[at] += 1,
                (_, Some(_)) => {}
            },
        }
        Some((event, next))
    }

    /// Ends the current run of a worker in its list.
    fn is_over(&mut self, lists: &[Vec<Then>], worker: usize) {
        for (list, done) in lists.iter().zip(&mut self.done) {
            if matches!(list.get(*done), Some(Runs(other)) if *other == worker) {
                *done += 1;
            }
        }
    }
}

fn explore(scene: &Scene, place: &Position, explored: &mut Explored, trail: &mut Vec<TownEvent>) {
    if !explored.states.insert(digest(&(place.town.digest(), &place.done))) {
        return;
    }
    if explored.checked.insert(place.town.digest_of_promised())
        && let Err(why) = place.town.check()
    {
        panic!("{}: {why} after {trail:?}", scene.name);
    }
    let mut ended = true;
    for at in 0..scene.lists.len() {
        let Some((event, next)) = place.after(&scene.lists, at) else { continue };
        ended = false;
        explored.steps += 1;
        explored.reached.extend(&next.town.reached);
        trail.push(event);
        explore(scene, &next, explored, trail);
        trail.pop();
    }
    if ended && let Err(why) = rest(place.town.clone(), explored) {
        panic!("{}: at rest, {why} after {trail:?}", scene.name);
    }
}

/// Checks where all orders lead. Orders that are equal once no event is left are checked once.
fn rest(mut town: Town, explored: &mut Explored) -> Result<(), String> {
    town.fall_silent()?;
    if explored.ends.insert(town.digest()) { town.come_to_rest() } else { Ok(()) }
}

#[test]
fn every_order_of_short_scenes_holds_the_promises() {
    let (mut states, mut steps, mut ends) = (0, 0, 0);
    let scenes = scenes();
    for scene in &scenes {
        let mut town = Town::new();
        for event in &scene.before {
            town.happen(*event);
            town.check().unwrap();
        }
        town.reached.clear();
        let mut explored = Explored::default();
        explore(scene, &Position { town, done: vec![0; scene.lists.len()] }, &mut explored, &mut vec![]);
        println!(
            "interleavings: {}: all {} states, {} steps, {} ends; reached {:?}",
            scene.name,
            explored.states.len(),
            explored.steps,
            explored.ends.len(),
            explored.reached
        );
        let missed: Vec<_> = scene.reaches.iter().filter(|point| !explored.reached.contains(point)).collect();
        assert!(missed.is_empty(), "{}: no order reaches {missed:?}", scene.name);
        states += explored.states.len();
        steps += explored.steps;
        ends += explored.ends.len();
    }
    println!(
        "interleavings: all {states} states of every order of {} short scenes, by {steps} steps, {ends} ends",
        scenes.len()
    );
}
