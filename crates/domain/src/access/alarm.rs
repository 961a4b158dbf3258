//! Alarms: what an operator has to know, and what only an operator can mend. There is at most one open alarm for each
//! code and subject, so that a condition which is seen at each look is reported once.
//!
//! An alarm is an error in the log, an event (`alarm.raised`), and a banner on operators' pages; `/status` lists all
//! that are open. An alarm about a row ends by itself when the row can be read again, or is over; an operator clears
//! the others.

mod facts;

pub use facts::{AlarmFacts, LockKeeper, NamedTarget, ToldAlarm};

use super::{ClusterId, EventDraft, GrantId, PersonId, RequestId, transition::Actor};
use crate::audit::event::Event;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmCode {
    /// A row holds a value that this version cannot read.
    UnreadableRow,
    /// The worker was about to set up an access that the current policy does not grant.
    NotAllowed,
    /// The trust policy of a role no longer gives each session name to one person.
    Unpinned,
    /// An access by a role ended, and somebody else's binding still names its user.
    NotShutOut,
    /// Another session keeps a row locked that an end, or a run, needs.
    KeptLocked,
    /// No run on a target reaches its end.
    RunsBreakOff,
    /// Audit events wait for their links, and no sealer makes any.
    SealStandsStill,
}

impl AlarmCode {
    /// Every code.
    pub const ALL: [Self; 7] = [
        Self::UnreadableRow,
        Self::NotAllowed,
        Self::Unpinned,
        Self::NotShutOut,
        Self::KeptLocked,
        Self::RunsBreakOff,
        Self::SealStandsStill,
    ];

    /// The code as the database stores it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnreadableRow => "unreadable_row",
            Self::NotAllowed => "not_allowed",
            Self::Unpinned => "unpinned",
            Self::NotShutOut => "not_shut_out",
            Self::KeptLocked => "kept_locked",
            Self::RunsBreakOff => "runs_break_off",
            Self::SealStandsStill => "seal_stands_still",
        }
    }

    /// Parses the code that the database stores. `None` if another version wrote it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// Whether the alarm ends together with its subject. An operator need not, and cannot, clear such an alarm.
    pub fn ends_by_itself(self) -> bool {
        match self {
            Self::UnreadableRow | Self::KeptLocked | Self::RunsBreakOff | Self::SealStandsStill => true,
            Self::NotAllowed | Self::Unpinned | Self::NotShutOut => false,
        }
    }
}

/// An alarm, before the store gives it an id and a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    pub facts: AlarmFacts,
    /// The subject, unique within the code: `access_grant <id>`.
    pub subject: String,
    pub person: Option<PersonId>,
    pub cluster: Option<ClusterId>,
    pub request: Option<RequestId>,
    pub grant: Option<GrantId>,
}

impl Alarm {
    /// An alarm that does not concern a person yet.
    pub fn new(facts: AlarmFacts, subject: impl Into<String>) -> Self {
        Self { facts, subject: subject.into(), person: None, cluster: None, request: None, grant: None }
    }

    /// Its code.
    pub fn code(&self) -> AlarmCode {
        self.facts.code()
    }

    /// The event that records this alarm: `alarm.raised`. `what` is the sentence of it.
    pub fn raised(&self, what: &str) -> EventDraft {
        let (alarm, subject, what) = (self.code().as_str().to_owned(), self.subject.clone(), what.to_owned());
        let event = EventDraft::new(Event::AlarmRaised { alarm, subject, what }, Actor::worker());
        EventDraft { person: self.person, cluster: self.cluster, request: self.request, grant: self.grant, ..event }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_as_it_is_written() {
        for code in AlarmCode::ALL {
            assert_eq!(AlarmCode::parse(code.as_str()), Some(code));
        }
        assert_eq!(AlarmCode::parse("of_a_later_version"), None);
    }
}
