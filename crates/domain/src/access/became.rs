//! The outcome of a write that the worker began.

use super::blocker::Blocker;

/// The outcome of a write. Rows keep its code, and beside it the reason for a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// The write succeeded.
    Done,
    /// The write failed.
    Failed(Blocker),
    /// The run was interrupted, and a later run saw the object.
    InterruptedSeen,
    /// The run was interrupted, and a later run saw no object that is surely the one written.
    InterruptedUnseen,
    /// The run was interrupted, and what is there now counts.
    Interrupted,
    /// The run was interrupted, and the cluster was gone.
    InterruptedClusterGone,
    /// The text that an earlier version stored, or a code for which this version has no value.
    Said(String),
}

impl Became {
    /// Its name in the database, which never changes. The names of interrupted writes begin with the same word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::InterruptedSeen => "interrupted_seen",
            Self::InterruptedUnseen => "interrupted_unseen",
            Self::Interrupted => "interrupted",
            Self::InterruptedClusterGone => "interrupted_cluster_gone",
            Self::Said(_) => "said",
        }
    }

    /// Reads the outcome from a row: its code, the reason for a failure, and its sentence. If this version does not
    /// know the code, the sentence alone is reported.
    pub fn of(code: &str, failed: Option<Blocker>, said: &str) -> Self {
        match (code, failed) {
            ("done", _) => Self::Done,
            ("failed", Some(why)) => Self::Failed(why),
            ("interrupted_seen", _) => Self::InterruptedSeen,
            ("interrupted_unseen", _) => Self::InterruptedUnseen,
            ("interrupted", _) => Self::Interrupted,
            ("interrupted_cluster_gone", _) => Self::InterruptedClusterGone,
            _ => Self::Said(said.to_owned()),
        }
    }

    /// The reason for the failure, if the write failed.
    pub fn failure(&self) -> Option<&Blocker> {
        match self {
            Self::Failed(why) => Some(why),
            Self::Done
            | Self::InterruptedSeen
            | Self::InterruptedUnseen
            | Self::Interrupted
            | Self::InterruptedClusterGone
            | Self::Said(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_read_as_it_was_written_and_what_is_not_known_is_said() {
        let failed = Became::Failed(Blocker::EntrySlow {});
        let interrupted = [Became::InterruptedSeen, Became::InterruptedUnseen, Became::Interrupted];
        for became in interrupted.into_iter().chain([Became::Done, Became::InterruptedClusterGone, failed]) {
            assert_eq!(Became::of(became.code(), became.failure().cloned(), "a sentence"), became);
        }
        let said = Became::Said("it was put off".to_owned());
        for (code, failed) in [("said", None), ("put_off", Some(Blocker::EntrySlow {})), ("failed", None)] {
            assert_eq!(Became::of(code, failed, "it was put off"), said);
        }
    }
}
