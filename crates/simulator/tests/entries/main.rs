#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]
//! Access entries: EKS's calls about them, who they let in, and IAM's bounds on them.
#![allow(clippy::disallowed_methods, reason = "tests look at the clock as people do")]

mod calls;
mod client;
#[path = "../common/mod.rs"]
mod common;
mod lists;
mod policies;
mod principals;
mod rights;
mod sign_in;
#[path = "../common/signed.rs"]
mod signed;
