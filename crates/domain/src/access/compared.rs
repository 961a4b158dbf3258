//! Whether the IAM user of a grant is still the one that was proven, as far as its setup knows.

use serde::{Deserialize, Serialize};

/// What the last look at a grant's IAM user, made for this grant, said about the user's identity: its present unique id
/// compared with the one that was proven. A leg on a cluster has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// No look was made, the last look failed, or IAM does not know the user.
    #[default]
    Nothing,
    /// The last look is too old to count.
    Stale,
    /// It is the user that was proven.
    Same,
    /// AWS does not let the worker look: the access is not protected against a user made anew.
    Unprotected,
    /// It is another user, or IAM shows it late.
    Differs,
}

impl Compared {
    /// The value that the database stores. `Stale` is not stored: it follows from the time.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Stale => "stale",
            Self::Same => "same",
            Self::Unprotected => "unprotected",
            Self::Differs => "differs",
        }
    }

    /// Parses the value that the database stores.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Nothing, Self::Stale, Self::Same, Self::Unprotected, Self::Differs]
            .into_iter()
            .find(|compared| compared.as_str() == text)
    }

    /// Whether an activation may rely on it.
    pub(super) fn lets_activate(self) -> bool {
        match self {
            Self::Same | Self::Unprotected => true,
            Self::Nothing | Self::Stale | Self::Differs => false,
        }
    }
}

/// The note on an access if the worker may not look up its user's unique id.
pub const UNPROTECTED: &str = "not protected against a user made anew";
