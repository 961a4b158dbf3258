#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed"))]
//! A stateful fake of what Latchkey talks to, that others (kubectl, the AWS CLI, a browser) may talk to as well.
//!
//! - [`aws`]: IAM, STS and EKS.
//! - [`kubernetes`]: API servers that authenticate through aws-auth and evaluate RBAC.
//! - [`openid`]: an OpenID provider whose sign-in page shows the people as buttons.
//! - [`seed`]: what a simulator holds on its first start.
//! - [`state`]: what survives a restart.
//!
//! It keeps its own time: signatures and tokens are judged by the machine's clock, never by business time.

pub mod aws;
pub mod kubernetes;
pub mod openid;
pub mod seed;
pub mod state;
