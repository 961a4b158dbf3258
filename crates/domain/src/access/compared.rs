//! Whether the IAM user of a grant is still the one that was proven, as far as its setup knows.

use serde::{Deserialize, Serialize};

/// What the last look at a grant's IAM user, made for this grant, told of who that is: its unique id now against the
/// one that was proven. A leg on a cluster has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// Nobody looked, the last look failed, or IAM knows no such user.
    #[default]
    Nothing,
    /// So long ago that it counts no more.
    Stale,
    /// It is the user that was proven.
    Same,
    /// AWS lets nobody look: not protected against a user made anew.
    Unprotected,
    /// It is another user, or IAM shows it late.
    Differs,
}

impl Compared {
    /// As the database has it; what is stale is told from the time.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Stale => "stale",
            Self::Same => "same",
            Self::Unprotected => "unprotected",
            Self::Differs => "differs",
        }
    }

    /// From the database.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Nothing, Self::Stale, Self::Same, Self::Unprotected, Self::Differs]
            .into_iter()
            .find(|compared| compared.as_str() == text)
    }

    /// Whether an activation may rest on it.
    pub(super) fn lets_activate(self) -> bool {
        match self {
            Self::Same | Self::Unprotected => true,
            Self::Nothing | Self::Stale | Self::Differs => false,
        }
    }
}

/// What is said of an access whose user's unique id nobody may look at.
pub const UNPROTECTED: &str = "not protected against a user made anew";
