//! Alarms: what an operator has to know of, and what only an operator can mend. One stands for each subject of a code,
//! so that what is seen at each look is told once.
//!
//! An alarm is an error in the log, an event (`alarm.raised`), and a banner over operators' pages, with all that stand
//! on `/status`. Those about a row are over by themselves when it can be read again, or is over; an operator clears
//! others.

use super::{ClusterId, EventDraft, GrantId, PersonId, RequestId, transition::Actor};
use crate::audit::event::Event;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmCode {
    /// A row holds what this version cannot read.
    UnreadableRow,
    /// An access was to be set up that the policy of that moment does not grant.
    NotAllowed,
    /// Somebody keeps a row locked that an end, or a run, needs.
    KeptLocked,
    /// Audit events wait for their links, and nobody makes any.
    SealStandsStill,
}

impl AlarmCode {
    /// Every code there is.
    pub const ALL: [Self; 4] = [Self::UnreadableRow, Self::NotAllowed, Self::KeptLocked, Self::SealStandsStill];

    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnreadableRow => "unreadable_row",
            Self::NotAllowed => "not_allowed",
            Self::KeptLocked => "kept_locked",
            Self::SealStandsStill => "seal_stands_still",
        }
    }

    /// From the database's text; none of another version.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// Whether it is over when its subject is, so that nobody has to clear it, nor can.
    pub fn ends_by_itself(self) -> bool {
        match self {
            Self::UnreadableRow | Self::KeptLocked | Self::SealStandsStill => true,
            Self::NotAllowed => false,
        }
    }
}

/// An alarm, before the store gives it an id and a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    pub code: AlarmCode,
    /// What it is about, unique within the code: `access_grant <id>`.
    pub subject: String,
    /// A sentence for operators: what happened, why, what to do.
    pub what: String,
    pub person: Option<PersonId>,
    pub cluster: Option<ClusterId>,
    pub request: Option<RequestId>,
    pub grant: Option<GrantId>,
}

impl Alarm {
    /// An alarm about nobody yet.
    pub fn new(code: AlarmCode, subject: impl Into<String>, what: impl Into<String>) -> Self {
        let (subject, what) = (subject.into(), what.into());
        Self { code, subject, what, person: None, cluster: None, request: None, grant: None }
    }

    /// The event of it: `alarm.raised`.
    pub fn raised(&self) -> EventDraft {
        let (alarm, subject, what) = (self.code.as_str().to_owned(), self.subject.clone(), self.what.clone());
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
