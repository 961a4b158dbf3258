//! What was written to map principals, as the database knows it.

use super::Visiting;
use crate::{access::PrincipalId, eks::aws_auth::Key};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A mapping as Postgres recorded it before it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedMapping {
    pub principal: PrincipalId,
    pub visiting: Visiting,
    pub arn: String,
    pub visit: u32,
    /// For a pinned role a template.
    pub username: String,
    /// Whether the line is Latchkey's, or an unmanaged entry whose username Latchkey binds.
    pub own: bool,
    /// What is recorded of the access entry; `None` if the mapping is a line of aws-auth.
    pub entry: Option<RecordedEntry>,
    /// Whether an operator asked to move the principal from its line to an access entry.
    pub moves: bool,
    pub key: Option<Key>,
    /// The exact bytes inserted; `None` if no line could be written yet.
    pub inserted: Option<String>,
    /// The key's text before; `None` if the key was absent.
    pub text_before: Option<String>,
    /// Whether it was seen after it was written.
    pub written: bool,
    /// How often it was written: once, and again each time another client removed it.
    pub writes: u32,
    /// The time since it was last written, by the database's real clock.
    pub wrote_ago: Option<SignedDuration>,
}

/// What is recorded of an access entry of Latchkey's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordedEntry {
    /// The ARN of the entry itself, which ends in a UUID; `None` until it was seen.
    pub id: Option<String>,
}

/// How a cluster maps a principal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MappingKind {
    /// By a line of aws-auth.
    #[default]
    #[serde(rename = "aws-auth")]
    Line,
    /// By an access entry.
    #[serde(rename = "entries")]
    Entry,
}

impl MappingKind {
    /// What new mappings are if the policy does not say.
    pub const fn of_new_mappings() -> Self {
        Self::Entry
    }
}

impl FromStr for MappingKind {
    type Err = &'static str;

    /// As policy.toml names it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "entries" => Ok(Self::Entry),
            "aws-auth" => Ok(Self::Line),
            _ => Err("this is `entries` or `aws-auth`"),
        }
    }
}

impl RecordedMapping {
    /// The key of aws-auth that its line is in, or would be.
    pub fn line_key(&self) -> Key {
        self.key.unwrap_or(match self.visiting {
            Visiting::Person(_) => Key::MapUsers,
            Visiting::Role(_) => Key::MapRoles,
        })
    }

    /// How it maps the principal.
    pub fn kind(&self) -> MappingKind {
        if self.entry.is_some() { MappingKind::Entry } else { MappingKind::Line }
    }
}
