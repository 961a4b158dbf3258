//! Computes steps and proofs from what is desired and what was observed. Pure.
//!
//! - [`observation`]: what the worker saw of a target.
//! - [`desired`]: the desired state of a target: the set of its live grants.
//! - [`authenticator`]: how a cluster maps an ARN, by aws-auth and access entries, and the change of aws-auth.
//! - [`cluster`]: the steps that bring a cluster to its desired state; its parts: [`bindings`], [`own_roles`] (which of
//!   them go), [`widening`], [`obstacles`] (namespaces, ClusterRoles); [`tampering`]: changes by other clients.
//! - [`existence`]: whether a cluster is still the one that was adopted.
//! - [`principal`]: the same for an IAM principal.
//! - [`proof`]: the questions to ask an API server, and what the answers prove.
//! - [`reading`]: how far a reading of every identity of a cluster is.
//! - [`preview`]: what a request would change, for pages.
//! - [`bootstrap`]: the rights that the worker itself needs; [`rights`]: the same right by right, to ask for.
//!   [`remedy`]: the part of it that a blocker asks for.

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
pub mod own_roles;
pub mod preview;
pub mod principal;
pub mod proof;
pub mod reading;
pub mod remedy;
pub mod rights;
#[cfg(test)]
mod samples;
pub mod tampering;
#[cfg(test)]
mod tests;
pub mod widening;
