//! A small model of everything around the planner, to test its promises before any real API server does: a cluster, the
//! database, a web process, a clock, and two workers that may be paused or die between any two steps, whose writes land
//! late, and whose reviews lag. Planning, proving and changing states is the real code.
//! - [`world`]: the cluster, also for the other tests of this folder.
//! - `database`: the rows. `worker`: a run, step by step. `town`: all of it together. `promises`: what must hold of it.
//! - `schedules`: random orders of some hundred steps. `exhaustive`: every order of short `scenes`.

mod database;
mod exhaustive;
mod kept;
mod promises;
mod scenes;
mod schedules;
mod town;
mod worker;
pub mod world;

pub use world::World;
