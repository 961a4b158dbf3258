#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed"))]
//! What Latchkey decides, plans and proves, as pure code: no io, no clock, no async.
//!
//! - [`eks`]: the rules of AWS and Kubernetes: ARNs, aws-auth, RBAC, IAM policies, kubeconfig, tokens.
//! - [`access`]: Latchkey's own field: people, clusters, profiles, policies, requests, grants.
//! - [`plan`]: computes steps and proofs from what is desired and what was observed.
//! - [`audit`]: events, their canonical bytes and the hash chain.

pub mod access;
pub mod audit;
pub mod eks;
pub mod plan;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
