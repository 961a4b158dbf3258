//! What was written to let principals in, as the database knows it.

use crate::{
    access::{PersonId, PrincipalId},
    eks::aws_auth::Key,
};
use jiff::SignedDuration;

/// A mapping as Postgres recorded it before it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedMapping {
    pub principal: PrincipalId,
    pub person: PersonId,
    pub arn: String,
    pub visit: u32,
    pub username: String,
    /// Whether the line is ours, or somebody else's that is bound to.
    pub own: bool,
    pub key: Option<Key>,
    /// The exact bytes inserted; none where no line could be written yet.
    pub inserted: Option<String>,
    /// The key's text before; none where the key was absent.
    pub text_before: Option<String>,
    /// Whether it was seen in aws-auth after it was written.
    pub written: bool,
    /// How often it was written: once, and again after each time that somebody took it out.
    pub writes: u32,
    /// How long ago it was written last, by the database's real clock.
    pub wrote_ago: Option<SignedDuration>,
}
