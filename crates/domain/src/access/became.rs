//! What became of a write that the worker began, as a value.

use super::blocker::Blocker;

/// What became of a write. Rows keep its code, and beside it why it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// It was made.
    Done,
    /// It was not.
    Failed(Blocker),
    /// Its run broke off, and a later one saw the object.
    InterruptedSeen,
    /// Its run broke off, and a later one saw nothing that is surely its own.
    InterruptedUnseen,
    /// Its run broke off, and what is there now counts.
    Interrupted,
    /// Its run broke off, and the cluster was gone.
    InterruptedClusterGone,
    /// What an earlier version said, or what this one has no value for.
    Said(String),
}

impl Became {
    /// Its name in the database: it never changes. Those of interrupted writes begin with the same word.
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

    /// From what a row has: its code, why it failed, and its sentence, which is all that is told where this version does
    /// not know the code.
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

    /// Why it failed, where it did.
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
