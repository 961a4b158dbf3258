#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed"))]
//! Latchkey: access to EKS clusters that is asked for, decided, proven and ended on time.
//!
//! - [`config`]: latchkey.toml and policy.toml to domain values, every fault at once with its place.
//! - [`store`]: Postgres: transactions, the only writer of business state; reads, one query a page.
//! - [`actions`]: use cases: lock, decide, record, commit.
//! - [`aws`], [`kubernetes`]: adapters to the outside, their errors classified as [`fault`]s.
//! - [`database_url`]: where the database is, as its driver reads it.
//! - [`proxy`]: which proxy leads outside.
//! - [`causes`]: an error with what caused it, in one line.
//! - [`machine`]: the time of day and new ids.
//! - [`fail_point`]: where tests end a worker; nothing in a binary.
//! - [`lease`]: who works on a target, and leave for each write to the outside.
//! - [`worker`]: reconciles targets: leases, principals, clusters, the clock, the sealer.
//! - [`login`]: sign-in protocols to a person, AWS proofs to an ARN; knows nothing of HTTP frameworks.
//! - [`words`]: whole sentences for pages, mail and terminal.
//! - [`web`]: routes, extractors, pages.
//! - [`cli`]: the commands of the binary.

pub mod actions;
pub mod aws;
pub mod causes;
pub mod cli;
pub mod config;
pub mod database_url;
pub mod fail_point;
pub mod fault;
pub mod kubernetes;
pub mod lease;
pub mod login;
pub mod machine;
pub mod proxy;
pub mod store;
pub mod web;
pub mod words;
pub mod worker;
