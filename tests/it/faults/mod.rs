//! Faults, systematically: one life of two overlapping accesses, ended at each of its permits and commits, and with
//! every fault of every write. After each, the promises are asserted from the outside.
//!
//! [`poison`]: trouble other than a failing call. [`course`]: that life, and how it goes on after a fault.
//! [`promises`]: what must hold, and when. [`cases`]: many worlds at once, each failure with the name of its case.

mod cases;
mod course;
mod life;
mod matrix;
mod places;
mod poison;
mod promises;
mod settling;
mod under_one_role;
