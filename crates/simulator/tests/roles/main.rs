#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]
//! Roles: IAM's calls about them, who may assume them, and whom clusters make of their sessions.
#![allow(clippy::disallowed_methods, reason = "tests look at the clock as people do")]

mod assume;
mod calls;
mod client;
#[path = "../common/mod.rs"]
mod common;
mod hands;
mod sign_in;
#[path = "../common/signed.rs"]
mod signed;
