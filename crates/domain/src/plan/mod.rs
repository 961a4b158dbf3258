//! From what is desired and what was observed to steps and to proof. Pure.
//!
//! - [`observation`]: what the worker saw of a target.
//! - [`desired`]: what a target should be: the set of its live grants.
//! - [`cluster`]: the steps that bring a cluster there; [`bindings`], [`mapping`], [`who`], [`widening`] are its parts.
//! - [`principal`]: the same for an IAM principal.
//! - [`proof`]: the questions to ask an API server, and what the answers prove.
//! - [`preview`]: what a request would change, for pages.
//! - [`bootstrap`]: what the worker itself needs. [`remedy`]: the part of it that a sentence of trouble asks for.

pub mod bindings;
pub mod bootstrap;
pub mod cluster;
pub mod desired;
pub mod mapping;
#[cfg(test)]
mod model;
pub mod observation;
pub mod preview;
pub mod principal;
pub mod proof;
pub mod remedy;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
pub mod who;
pub mod widening;
