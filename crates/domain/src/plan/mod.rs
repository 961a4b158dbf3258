//! From what is desired and what was observed to steps and to proof. Pure.

pub mod observation;
