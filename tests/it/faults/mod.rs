//! Faults, systematically: one life of two overlapping accesses, ended at every permit and commit of it, and with every
//! fault of every write; what the promises say is asserted from the outside after each.
//!
//! [`poison`]: what is no failing call at all. [`course`]: that life, and how it goes on after a fault. [`promises`]: what must hold, and when. [`cases`]: many
//! worlds at once, each failure with the name of its case.

mod cases;
mod course;
mod life;
mod matrix;
mod places;
mod poison;
mod promises;
mod settling;
