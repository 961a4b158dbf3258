//! Why an edit is refused.

use super::Key;
use serde::{Deserialize, Serialize};

/// Why an edit would be unsafe. Each variant says what, why, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unsafe {
    /// The authenticator cannot read the text that the edit is about.
    #[error(
        "{} cannot be read (line {line}: {message}), so no place in it is known to be safe; someone who may edit \
         aws-auth has to mend it first", key.as_str()
    )]
    Unreadable { key: Key, line: usize, message: String },
    /// The authenticator reports an error, in this key or in another.
    #[error(
        "the authenticator reports an error in {} (line {line}: {message}); no line is added to an aws-auth with \
         errors, so someone who may edit it has to mend it first", key.as_str()
    )]
    Faulty { key: Key, line: usize, message: String },
    /// U+0085, U+2028 or U+2029, which some parsers treat as a line break and others do not.
    #[error(
        "{} holds the character {character} (line {line}), which some programs take for the end of a line and others \
         do not, so they would see different entries; remove the character, then try again", key.as_str()
    )]
    LineSeparator { key: Key, line: usize, character: String },
    /// An entry for the ARN exists already, and is not taken over.
    #[error(
        "{arn} is mapped already, to `{username}` in {}; an entry that someone else wrote is never taken over, so \
         remove that entry first or use it as it is", key.as_str()
    )]
    AlreadyMapped { key: Key, arn: String, username: String },
    /// No entry names the ARN.
    #[error("{arn} is mapped by no entry of mapRoles or mapUsers, so there is nothing to remove")]
    NotMapped { arn: String },
    /// Several entries name the ARN, and an edit is one change in one place.
    #[error(
        "{arn} is mapped by {count} entries and an edit changes one place only; remove all but one of them by hand, \
         then try again"
    )]
    MappedTwice { arn: String, count: usize },
    /// The authenticator would never find the entry.
    #[error("an entry for {arn} would never match: {why}")]
    NeverMatches { arn: String, why: String },
    /// The entry's username or one of its groups would not do what it seems to do.
    #[error("{message}: {why}; {remedy}, then try again")]
    Misleading { message: String, why: String, remedy: String },
    /// What an earlier version stored, which added no entry for a role of IAM Identity Center.
    #[error(
        "{arn} belongs to IAM Identity Center, which renames such roles at will; give it access through an access \
         entry of the cluster instead"
    )]
    IdentityCenter { arn: String },
    /// Kubernetes does not accept a ConfigMap of this size.
    #[error(
        "aws-auth would hold {bytes} bytes and a ConfigMap holds at most {most}; remove entries that are no longer \
         needed, then try again"
    )]
    TooLarge { bytes: usize, most: usize },
    /// No single change would do exactly what was asked.
    #[error(
        "{} is written in such a way that no single change would do just this and leave every other entry as it \
         reads now; write the list as plain entries, then try again", key.as_str()
    )]
    Entangled { key: Key },
    /// Text that belongs to no entry follows the last entry, so there is no place for another entry.
    #[error(
        "behind the last entry of {} (line {line}) stands text that belongs to no entry: the authenticator does not \
         look at it, other programs trip over it; remove it, then try again", key.as_str()
    )]
    TrailingText { key: Key, line: usize },
    /// A byte order mark inside the text, or a character that YAML does not allow.
    #[error(
        "{} holds the character {character} (line {line}), for which the authenticator reads the text in one way \
         today and in another when it grows by an entry; remove the character, then try again", key.as_str()
    )]
    StrayCharacter { key: Key, line: usize, character: String },
    /// The bytes that were recorded are not there any more.
    #[error(
        "the bytes that were written into {} are not there any more: someone has changed them; look at what is left \
         of the entry and remove it by its ARN", key.as_str()
    )]
    Changed { key: Key },
}

impl Unsafe {
    /// A stable name for the reason, by which refusals are counted.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::Faulty { .. } => "faulty",
            Self::LineSeparator { .. } => "line-separator",
            Self::AlreadyMapped { .. } => "already-mapped",
            Self::NotMapped { .. } => "not-mapped",
            Self::MappedTwice { .. } => "mapped-twice",
            Self::NeverMatches { .. } => "never-matches",
            Self::Misleading { .. } => "misleading",
            Self::IdentityCenter { .. } => "identity-center",
            Self::TooLarge { .. } => "too-large",
            Self::Entangled { .. } => "entangled",
            Self::TrailingText { .. } => "trailing-text",
            Self::StrayCharacter { .. } => "stray-character",
            Self::Changed { .. } => "changed",
        }
    }
}
