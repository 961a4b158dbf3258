//! From what is desired and what was observed to steps and to proof. Pure.
//!
//! - [`observation`]: what the worker saw of a target.
//! - [`desired`]: what a target should be: the set of its live grants.
//! - [`authenticator`]: for whom a cluster takes an ARN, by aws-auth and access entries, and the change of aws-auth.
//! - [`cluster`]: the steps that bring a cluster there; its parts: [`bindings`], [`widening`], [`obstacles`]
//!   (namespaces, ClusterRoles); [`tampering`]: what others did.
//! - [`existence`]: whether a cluster is still the one that was taken on.
//! - [`principal`]: the same for an IAM principal.
//! - [`proof`]: the questions to ask an API server, and what the answers prove.
//! - [`preview`]: what a request would change, for pages.
//! - [`bootstrap`]: what the worker itself needs; [`rights`]: the same right by right, to ask for. [`remedy`]: the part
//!   of it that a sentence of trouble asks for.

pub mod authenticator;
mod beside;
pub mod bindings;
pub mod bootstrap;
pub mod cluster;
pub mod desired;
pub mod existence;
pub mod finding;
mod kept;
#[cfg(test)]
mod model;
pub mod observation;
pub mod obstacles;
pub mod preview;
pub mod principal;
pub mod proof;
pub mod remedy;
pub mod rights;
#[cfg(test)]
mod samples;
pub mod tampering;
#[cfg(test)]
mod tests;
pub mod widening;
