//! A reading of every identity that a cluster lets in, which an operator asks for and runs go on with.

use super::observation::AccessEntry;
use crate::access::blocker::Blocker;
use jiff::Timestamp;

/// How far a reading is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingProgress {
    pub asked_at: Timestamp,
    /// Whether an operator asked for it, and no run has gone on with it since.
    pub waits: bool,
    /// How many identities there were to read.
    pub found: usize,
    pub read: usize,
    /// The users of aws-auth that IAM did not have when the last whole reading ended, in lower case.
    pub gone: Vec<String>,
    /// When that was.
    pub gone_at: Option<Timestamp>,
    /// How many users of aws-auth could not be looked up.
    pub unknown: usize,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended before all of them were read.
    pub why: Option<Blocker>,
    /// Whether it ended since the rest was too much to keep.
    pub cut: bool,
}

/// An access entry as a reading found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadEntry {
    pub entry: AccessEntry,
    pub at: Timestamp,
}

/// Something that makes the list of who can get in incomplete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSeen {
    /// EKS did not list the access entries at the last look.
    Entries(Box<Blocker>),
    /// More bindings were seen than are kept.
    Bindings,
    /// aws-auth has entries that cannot be read.
    Lines,
}
