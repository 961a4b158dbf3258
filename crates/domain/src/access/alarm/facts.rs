//! What an alarm is about, as a value: what happened, with its facts.
//!
//! Rows keep the JSON: a name that was ever stored stays, and so do the names of its facts. Sentences are made where people
//! read them (`words::alarm`).

use super::AlarmCode;
use crate::access::{blocker::Blocker, decide_again::NotAllowed};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum AlarmFacts {
    /// The row of an access, or one that it needs, holds a value that this version cannot read. `why` names it.
    UnreadableAccess { holder: String, cluster: String, why: String },
    /// The same for a pending request.
    UnreadableRequest { why: String },
    /// The worker was about to set up an access that the current policy does not grant.
    NotAllowed { handle: String, refusal: NotAllowed },
    /// The trust policy of a role lets other people take the session names for which there was access: it ended.
    Unpinned { arn: String },
    /// An access by a role ended, and a binding that is not Latchkey's names its user on the cluster, who may come back.
    NotShutOut { holder: String, cluster: String, bindings: Vec<String> },
    /// The end of an access cannot be recorded, since its own row is locked.
    LockedAccess { holder: String, cluster: String, keepers: Vec<LockKeeper> },
    /// The same, since the row of one of its legs is locked.
    LockedLeg { holder: String, cluster: String, keepers: Vec<LockKeeper> },
    /// The row of a target is locked, so that no run takes it up.
    LockedTarget { target: NamedTarget, keepers: Vec<LockKeeper> },
    /// The row of a principal is locked.
    LockedPrincipal { arn: String, keepers: Vec<LockKeeper> },
    /// The row of a principal's mapping is locked.
    LockedMapping { arn: String, keepers: Vec<LockKeeper> },
    /// A whole table is locked against writes.
    LockedTable { table: String, keepers: Vec<LockKeeper> },
    /// The lock under which the policy is read is taken.
    LockedPolicy { keepers: Vec<LockKeeper> },
    /// Something ends on a target, and no run has taken it up for so many minutes.
    NotTakenUp { target: NamedTarget, minutes: i64 },
    /// No run on a target has reached its end for so many minutes. `why` is what the last one says.
    RunsBreakOff { target: NamedTarget, minutes: i64, why: Option<Blocker> },
    /// The first event has waited for its link for so many minutes. `keepers` have the lock that a seal needs.
    SealStandsStill { minutes: i64, keepers: Vec<LockKeeper> },
}

/// A target by the name that people know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedTarget {
    /// A cluster, by its name.
    Cluster(String),
    /// An IAM identity, by its ARN.
    Principal(String),
}

/// A session that keeps a lock, as far as the database tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockKeeper {
    /// 0 for a prepared transaction, which has no session.
    pub pid: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The application name that it chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Since when its transaction lasts; known only for sessions of the same role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl AlarmFacts {
    /// The code of an alarm about this.
    pub fn code(&self) -> AlarmCode {
        match self {
            Self::UnreadableAccess { .. } | Self::UnreadableRequest { .. } => AlarmCode::UnreadableRow,
            Self::NotAllowed { .. } => AlarmCode::NotAllowed,
            Self::Unpinned { .. } => AlarmCode::Unpinned,
            Self::NotShutOut { .. } => AlarmCode::NotShutOut,
            Self::LockedAccess { .. }
            | Self::LockedLeg { .. }
            | Self::LockedTarget { .. }
            | Self::LockedPrincipal { .. }
            | Self::LockedMapping { .. }
            | Self::LockedTable { .. }
            | Self::LockedPolicy { .. }
            | Self::NotTakenUp { .. } => AlarmCode::KeptLocked,
            Self::RunsBreakOff { .. } => AlarmCode::RunsBreakOff,
            Self::SealStandsStill { .. } => AlarmCode::SealStandsStill,
        }
    }
}

/// What an alarm is about, as its row tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToldAlarm {
    Facts(Box<AlarmFacts>),
    /// A sentence: an earlier version stored nothing else, or a later one stored facts that this one does not know.
    Said(String),
}

impl ToldAlarm {
    /// Reads the facts of a row, which are JSON, and the sentence beside them.
    pub fn read(facts: Option<&str>, said: String) -> Self {
        let facts = facts.and_then(|facts| serde_json::from_str(facts).ok());
        facts.map_or(Self::Said(said), |facts| Self::Facts(Box::new(facts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// One of each, as its JSON was first stored: a new one gets a line, and no line ever changes.
    const RECORDED: &str = include_str!("recorded.jsonl");

    #[test]
    fn one_of_each_is_recorded_and_reads_as_it_was_written() {
        let mut names = BTreeSet::new();
        for line in RECORDED.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            let facts: AlarmFacts = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(serde_json::to_value(&facts).unwrap(), value);
            names.insert(name(&facts));
        }
        assert_eq!(names.len(), 15, "recorded.jsonl has a line of each");
    }

    /// This match is exhaustive, so that a new one does not compile until a line is recorded for it.
    fn name(facts: &AlarmFacts) -> &'static str {
        match facts {
            AlarmFacts::UnreadableAccess { .. } => "unreadable_access",
            AlarmFacts::UnreadableRequest { .. } => "unreadable_request",
            AlarmFacts::NotAllowed { .. } => "not_allowed",
            AlarmFacts::Unpinned { .. } => "unpinned",
            AlarmFacts::NotShutOut { .. } => "not_shut_out",
            AlarmFacts::LockedAccess { .. } => "locked_access",
            AlarmFacts::LockedLeg { .. } => "locked_leg",
            AlarmFacts::LockedTarget { .. } => "locked_target",
            AlarmFacts::LockedPrincipal { .. } => "locked_principal",
            AlarmFacts::LockedMapping { .. } => "locked_mapping",
            AlarmFacts::LockedTable { .. } => "locked_table",
            AlarmFacts::LockedPolicy { .. } => "locked_policy",
            AlarmFacts::NotTakenUp { .. } => "not_taken_up",
            AlarmFacts::RunsBreakOff { .. } => "runs_break_off",
            AlarmFacts::SealStandsStill { .. } => "seal_stands_still",
        }
    }

    #[test]
    fn what_this_version_does_not_know_is_told_by_its_sentence() {
        let said = || "The moon fell.".to_owned();
        for facts in [None, Some(r#"{ "of": "moon", "fell": true }"#), Some("[]"), Some("moon"), Some("1e400")] {
            assert_eq!(ToldAlarm::read(facts, said()), ToldAlarm::Said(said()));
        }
        let known = r#"{ "of": "unreadable_request", "why": "its reason", "more": 7 }"#;
        let facts = AlarmFacts::UnreadableRequest { why: "its reason".to_owned() };
        assert_eq!(ToldAlarm::read(Some(known), said()), ToldAlarm::Facts(Box::new(facts)));
    }
}
