//! Short scenes: events that happen at the same time and put promises at risk.

use super::town::{
    Reached::{self, Conflict, DiedWriting, EndedUnused, LateRefused, LateTaken, Overlap, Overtaken},
    Reviews,
    TownEvent::{self, Arrive, Decide, Die, Foreign, GiveBack, Seconds, Work},
};

/// What happened before, and lists of what may happen: each list keeps its own order, and is interleaved with all
/// others.
pub struct Scene {
    pub name: &'static str,
    pub before: Vec<TownEvent>,
    pub lists: Vec<Vec<Then>>,
    /// What at least one of the orders must reach. Without it the scene would be too short to show anything.
    pub reaches: &'static [Reached],
}

/// The next item of a list.
#[derive(Debug, Clone, Copy)]
pub enum Then {
    Happens(TownEvent),
    /// A run of a worker, from its claim to its end or death: between any two of its steps, the next items of the other
    /// lists may happen. It waits while another worker has the lease.
    Runs(usize),
}
use Then::{Happens, Runs};

/// An access that is active already.
fn active(number: u128) -> Vec<TownEvent> {
    [Decide(number)].into_iter().chain([Work(0, Reviews::Fresh); 24]).collect()
}

/// A worker that comes when the first worker's lease is over.
fn another(after: i64) -> Vec<Then> {
    vec![Happens(Seconds(after)), Runs(1)]
}

pub fn scenes() -> Vec<Scene> {
    vec![
        Scene {
            name: "one access ends while another of the same person begins",
            before: active(0),
            lists: vec![vec![Happens(GiveBack(0))], vec![Happens(Decide(2))], vec![Runs(0), Runs(0)], another(61)],
            reaches: &[Overlap, Overtaken, LateTaken, LateRefused],
        },
        Scene {
            name: "an access begins and is given back at once",
            before: vec![],
            lists: vec![
                vec![Happens(Decide(0))],
                vec![Happens(GiveBack(0))],
                vec![Runs(0)],
                [another(61), vec![Runs(1)]].concat(),
            ],
            reaches: &[EndedUnused, Overtaken, LateTaken, LateRefused],
        },
        Scene {
            name: "a worker dies while the accesses of two people cross",
            before: active(0),
            lists: vec![
                vec![Happens(GiveBack(0))],
                vec![Happens(Decide(1))],
                vec![Runs(0), Runs(0)],
                [Happens(Die(0))].into_iter().chain(another(71)).collect(),
                vec![Happens(Arrive(0))],
            ],
            reaches: &[DiedWriting, LateTaken, LateRefused],
        },
        Scene {
            name: "somebody else writes while the accesses of two people cross",
            before: active(0),
            lists: vec![
                vec![Happens(GiveBack(0))],
                vec![Happens(Decide(1))],
                vec![Runs(0), Runs(0)],
                vec![Happens(Foreign(0)), Happens(Foreign(2))],
            ],
            reaches: &[Conflict],
        },
        Scene {
            name: "a ClusterRole goes with its last access while another begins that needs it",
            before: [active(2), vec![GiveBack(2)], vec![Work(0, Reviews::Fresh); 17]].concat(),
            lists: vec![vec![Happens(Decide(3))], vec![Runs(0)], [another(61), vec![Runs(1)]].concat()],
            reaches: &[Overtaken, LateTaken, LateRefused],
        },
        Scene {
            name: "two runs stand still with the same binding to create",
            before: [
                vec![Decide(0)],
                vec![Work(0, Reviews::Fresh); 9],
                vec![Die(0), Seconds(600)],
                vec![Work(1, Reviews::Fresh); 6],
                vec![Die(1), Seconds(61)],
            ]
            .concat(),
            lists: vec![
                vec![Happens(Arrive(0))],
                vec![Happens(Arrive(0))],
                vec![Happens(GiveBack(0))],
                vec![Runs(0), Happens(Seconds(560)), Runs(0)],
            ],
            reaches: &[LateTaken, LateRefused],
        },
    ]
}
