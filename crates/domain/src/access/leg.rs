//! Legs: the part of a grant on each of its two targets, with what was proven there and its condition.

use super::{blocker::Blocker, compared::Compared, residual::Residual, transition::Target};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the last proof of a leg showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proven {
    Nothing,
    Present,
    Gone,
}

impl Proven {
    /// The value that the database stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Present => "present",
            Self::Gone => "gone",
        }
    }

    /// Parses the value that the database stores.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Nothing, Self::Present, Self::Gone].into_iter().find(|proven| proven.as_str() == text)
    }
}

/// The part of a grant on one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    pub target: Target,
    pub proven: Proven,
    /// For the principal's leg: whether the user is still the one that was proven.
    pub compared: Compared,
    pub condition: Condition,
    /// What still says yes, as the last proof named it.
    pub residual: Vec<Residual>,
}

/// The condition of a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Ok,
    /// The worker retries it without help.
    Retrying {
        why: Blocker,
        attempt: u32,
        next: Timestamp,
    },
    /// It waits until an operator resumes granting.
    Paused {
        why: Blocker,
        next: Timestamp,
    },
    /// A person has to act.
    Blocked {
        why: Blocker,
        next: Timestamp,
    },
}

impl Condition {
    /// The kind of trouble and its reason; `None` if the leg is well.
    pub fn trouble(&self) -> Option<(Trouble, &Blocker)> {
        match self {
            Self::Ok => None,
            Self::Retrying { why, .. } => Some((Trouble::Retrying, why)),
            Self::Paused { why, .. } => Some((Trouble::Paused, why)),
            Self::Blocked { why, .. } => Some((Trouble::Blocked, why)),
        }
    }
}

/// The kinds of trouble, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The worker retries it without help.
    Retrying,
    /// It waits until an operator resumes granting: nothing is broken.
    Paused,
    /// A person has to act.
    Blocked,
}

impl Trouble {
    /// The word that the database and scripts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retrying => "retrying",
            Self::Paused => "paused",
            Self::Blocked => "blocked",
        }
    }

    /// Parses the word that the database stores.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Retrying, Self::Paused, Self::Blocked].into_iter().find(|trouble| trouble.as_str() == text)
    }
}
