//! Causes: why an access ends.

use serde::{Deserialize, Serialize};

/// Why an access ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Expired,
    Relinquished,
    Revoked,
    Departed,
    Ineligible,
    ReviewMissed,
    Undeliverable,
    PrincipalReplaced,
    ClusterGone,
    Incident,
    /// The worker decided again before it set the access up, and the policy of that time did not allow it.
    NotAllowed,
    /// A policy was applied that would not grant an access which was still to be set up.
    PolicyChanged,
    /// An operator released the AWS identity that the access is for.
    Released,
    /// The trust policy of the role that the access is for no longer gives each session name to one person.
    Unpinned,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 14] = [
        Self::Expired,
        Self::Relinquished,
        Self::Revoked,
        Self::Departed,
        Self::Ineligible,
        Self::ReviewMissed,
        Self::Undeliverable,
        Self::PrincipalReplaced,
        Self::ClusterGone,
        Self::Incident,
        Self::NotAllowed,
        Self::PolicyChanged,
        Self::Released,
        Self::Unpinned,
    ];

    /// The value that the database stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Relinquished => "relinquished",
            Self::Revoked => "revoked",
            Self::Departed => "departed",
            Self::Ineligible => "ineligible",
            Self::ReviewMissed => "review_missed",
            Self::Undeliverable => "undeliverable",
            Self::PrincipalReplaced => "principal_replaced",
            Self::ClusterGone => "cluster_gone",
            Self::Incident => "incident",
            Self::NotAllowed => "not_allowed",
            Self::PolicyChanged => "policy_changed",
            Self::Released => "released",
            Self::Unpinned => "unpinned",
        }
    }

    /// Parses the value that the database stores.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == text)
    }
}
