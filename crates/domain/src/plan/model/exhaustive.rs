//! Every order of short scenes: two workers, step by step, while something happens to overlapping accesses.

use super::town::{Event, Reviews, Town};
use std::{
    collections::{HashSet, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
};

/// A scene: what happened before, and what may happen in any order: each list in its own order, interleaved with all
/// others.
struct Scene {
    name: &'static str,
    before: Vec<Event>,
    threads: Vec<Vec<Event>>,
}

/// The states of a scene that are looked at, depth first.
const MOST_STATES: usize = 4_000;

#[derive(Default)]
struct Explored {
    states: HashSet<u64>,
    /// Orders that led to a state that was not seen before, to their ends.
    ends: usize,
    steps: usize,
    /// Whether there were more states than are looked at.
    cut: bool,
}

fn digest(town: &Town, left: &[usize]) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{town:?}").hash(&mut hasher);
    left.hash(&mut hasher);
    hasher.finish()
}

fn explore(scene: &Scene, town: &Town, done: &[usize], explored: &mut Explored, trail: &mut Vec<Event>) {
    if explored.states.len() >= MOST_STATES {
        explored.cut = true;
        return;
    }
    if !explored.states.insert(digest(town, done)) {
        return;
    }
    let mut ended = true;
    for (thread, events) in scene.threads.iter().enumerate() {
        let Some(event) = events.get(done[thread]) else { continue };
        ended = false;
        let mut next = town.clone();
        next.happen(*event);
        explored.steps += 1;
        trail.push(*event);
        if let Err(why) = next.check() {
            panic!("{}: {why} after {trail:?}", scene.name);
        }
        let mut done = done.to_vec();
        done[thread] += 1;
        explore(scene, &next, &done, explored, trail);
        trail.pop();
    }
    if ended {
        explored.ends += 1;
        let mut last = town.clone();
        if let Err(why) = last.come_to_rest() {
            panic!("{}: at rest, {why} after {trail:?}", scene.name);
        }
    }
}

fn work(worker: usize, steps: usize) -> Vec<Event> {
    vec![Event::Work(worker, Reviews::Fresh); steps]
}

fn active(number: u128) -> Vec<Event> {
    [Event::Decide(number)].into_iter().chain(work(0, 24)).collect()
}

/// Another worker once the lease of the first is over.
fn overtaking(steps: usize) -> Vec<Event> {
    [Event::Seconds(61)].into_iter().chain(work(1, steps)).collect()
}

fn scenes() -> Vec<Scene> {
    vec![
        Scene {
            name: "one access ends while another of the same person begins",
            before: active(0),
            threads: vec![vec![Event::GiveBack(0)], vec![Event::Decide(2)], work(0, 11), overtaking(13)],
        },
        Scene {
            name: "an access begins and is given back at once",
            before: vec![],
            threads: vec![vec![Event::Decide(0)], vec![Event::GiveBack(0)], work(0, 11), overtaking(11)],
        },
        Scene {
            name: "a worker dies while the accesses of two people cross",
            before: active(0),
            threads: vec![
                vec![Event::GiveBack(0)],
                vec![Event::Decide(1)],
                work(0, 10),
                [Event::Die(0), Event::Seconds(71)].into_iter().chain(work(1, 13)).collect(),
                vec![Event::Arrive(0)],
            ],
        },
        Scene {
            name: "somebody else writes while the accesses of two people cross",
            before: active(0),
            threads: vec![
                vec![Event::GiveBack(0)],
                vec![Event::Decide(1)],
                work(0, 20),
                vec![Event::Foreign(0), Event::Foreign(2)],
            ],
        },
    ]
}

#[test]
fn every_order_of_short_scenes_holds_the_promises() {
    let (mut states, mut steps, mut ends) = (0, 0, 0);
    for scene in scenes() {
        let mut town = Town::new();
        for event in &scene.before {
            town.happen(*event);
            town.check().unwrap();
        }
        let mut explored = Explored::default();
        explore(&scene, &town, &vec![0; scene.threads.len()], &mut explored, &mut vec![]);
        let all = if explored.cut { "the first" } else { "all" };
        println!("interleavings: {}: {all} {} states, {} steps", scene.name, explored.states.len(), explored.steps);
        states += explored.states.len();
        steps += explored.steps;
        ends += explored.ends;
    }
    println!(
        "interleavings: {states} states of every order of short scenes, depth first, by {steps} steps, {ends} ends"
    );
}
