//! What was written to map principals, as the database knows it.

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
    /// Whether the line is Latchkey's, or an unmanaged entry whose username Latchkey binds.
    pub own: bool,
    pub key: Option<Key>,
    /// The exact bytes inserted; `None` if no line could be written yet.
    pub inserted: Option<String>,
    /// The key's text before; `None` if the key was absent.
    pub text_before: Option<String>,
    /// Whether it was seen in aws-auth after it was written.
    pub written: bool,
    /// How often it was written: once, and again each time another client removed it.
    pub writes: u32,
    /// The time since it was last written, by the database's real clock.
    pub wrote_ago: Option<SignedDuration>,
}
