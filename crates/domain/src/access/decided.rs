//! A live access as it stands behind a mapping of a cluster: until when, and who decided it.

use super::GrantId;
use jiff::Timestamp;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedAccess {
    pub id: GrantId,
    /// When it ends, if it has begun.
    pub until: Option<Timestamp>,
    /// Whether it is being taken away.
    pub ends: bool,
    /// The names of the people who approved it; `None` if the policy gives it without a person's decision.
    pub approvers: Option<Vec<String>>,
}
