//! Clusters as policy.toml and observations name them.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The name that people give a cluster: `[a-z0-9-]{1,60}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClusterName(String);

/// A text that is not a cluster name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a cluster name: 1 to 60 of a-z, 0-9 and `-`")]
pub struct InvalidClusterName(String);

impl ClusterName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClusterName {
    type Err = InvalidClusterName;
    fn from_str(text: &str) -> Result<Self, InvalidClusterName> {
        let valid = (1..=60).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidClusterName(text.chars().take(60).collect())) }
    }
}

impl TryFrom<String> for ClusterName {
    type Error = InvalidClusterName;
    fn try_from(text: String) -> Result<Self, InvalidClusterName> {
        text.parse()
    }
}

impl From<ClusterName> for String {
    fn from(name: ClusterName) -> String {
        name.0
    }
}

impl fmt::Display for ClusterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A cluster's labels in policy.toml: policies select by them.
pub type Labels = BTreeMap<String, String>;

/// A namespace pinned by the UID that it had at the time of the request: a namespace that is created again under the
/// same name inherits nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PinnedNamespace {
    pub name: String,
    pub uid: String,
}
