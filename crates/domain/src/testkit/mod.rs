//! One small world for tests, samples of pages and benches: Ana, a developer, asks to `view` in `payments` on
//! `prod-eu`, and leads decide. Each function makes a value as most tests want it; its methods change what one test is
//! about: `policy("looks").of(["view"]).in_(["pay-*"]).automatic()`. The methods belong to the values themselves, so
//! that there is nothing to build at the end, and they exist in tests alone.
//!
//! Compiled for the domain's own tests, and with the feature `testkit`, which the crate `latchkey-testkit` turns on.
#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod clusters;
mod grants;
mod people;
mod policies;
mod terms;

pub use clusters::{binding, eks_cluster, namespace, observation};
pub use grants::{grant, request};
pub use people::{ana, ben, chi, group, leads, person};
pub use policies::{policy, policy_cluster, policy_file, profile};
pub use terms::{reads, resolved, role, terms};

use jiff::Timestamp;
use uuid::Uuid;

/// The account of everything here.
pub const ACCOUNT: &str = "111122223333";
/// Where the clusters are.
pub const REGION: &str = "eu-west-1";
/// Stands for the hash of a policy.toml.
pub const POLICY_HASH: &str = "4f1c0ffee4f1c0ffee4f1c0ffee4f1c0ffee4f1c0ffee4f1c0ffee4f1c0ffee4";

/// When requests were sent and clusters looked at, unless a test says otherwise.
pub const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

/// The id of what has this name: the same each time, another for another name of up to 15 letters.
pub fn id(name: &str) -> Uuid {
    Uuid::from_u128(name.bytes().fold(1, |id, byte| id << 8 | u128::from(byte)))
}

/// `arn:aws:iam::ACCOUNT:user/latchkey/ana` of `user/latchkey/ana`.
pub fn iam_arn(resource: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{resource}")
}

/// The IAM user of the person with this handle, under the path that Latchkey may write to.
pub fn user_arn(handle: &str) -> String {
    iam_arn(&format!("user/latchkey/{handle}"))
}

/// The ARN of the cluster of this name.
pub fn cluster_arn(name: &str) -> String {
    format!("arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{name}")
}

fn texts<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// Values of what is parsed from a name.
fn parsed<'a, T: std::str::FromStr<Err: std::fmt::Debug>, C: FromIterator<T>>(
    names: impl IntoIterator<Item = &'a str>,
) -> C {
    names.into_iter().map(|name| name.parse().unwrap()).collect()
}
