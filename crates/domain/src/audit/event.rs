//! What the audit log tells: each action that is recorded, with its facts.
//!
//! One table names an action, its variant and the facts of it. The JSON of a variant is `action` and `detail` of the
//! event's canonical bytes: an action that was ever recorded keeps its name, and its facts keep theirs. Whoever matches
//! the enum, a sentence or a metric, is told by the compiler of an action that is new.

use super::export::Filters;
use crate::access::{grant::Cause, request::ClosedWhy, transition::Target, vote::Verdict};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::num::NonZeroU8;

macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $action:literal => $variant:ident { $( $(#[$of_field:meta])* $field:ident: $type:ty ),* $(,)? }
    )*) => {
        /// What happened, with its facts. No secret ever; nothing that is no integer, no text, no boolean, no list or
        /// object of these.
        ///
        /// Reading is lenient: a fact that a record of an earlier version lacks, or that was cut, has its default.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "action", content = "detail")]
        pub enum Event {
            $(
                $(#[$doc])*
                #[serde(rename = $action)]
                $variant { $( $(#[$of_field])* #[serde(default)] $field: $type ),* },
            )*
        }

        impl Event {
            /// The action's name: noun, dot, past participle.
            pub fn action(&self) -> &'static str {
                match self {
                    $( Self::$variant { .. } => $action, )*
                }
            }
        }

        /// Every action that an event was ever recorded with, in order. What a later version no longer records stays here.
        pub const ACTIONS: &[&str] = &[$( $action ),*];
    };
}

events! {
    /// An operator cleared an alarm, or it is over by itself.
    "alarm.cleared" => AlarmCleared { alarm: String, subject: String, what: String }
    /// An operator has to know of something. `alarm` is its code.
    "alarm.raised" => AlarmRaised { alarm: String, subject: String, what: String }
    /// Somebody took a copy of the log: by the portal, or (`by`, as the machine calls them) from a terminal.
    "audit.exported" => AuditExported {
        #[serde(skip_serializing_if = "Option::is_none")] by: Option<String>,
        filters: Filters,
        format: String,
        /// The last link of the copy.
        last: u64,
        /// How many events it shows.
        rows: u64,
    }
    /// A policy named a cluster that was not there.
    "cluster.added" => ClusterAdded { name: String, arn: String, policy_hash: String }
    /// Somebody else changed what belongs to no access.
    "cluster.drift_found" => ClusterDriftFound {
        what: String,
        objects: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")] version: Option<String>,
    }
    /// A policy names a cluster no more.
    "cluster.dropped" => ClusterDropped { name: String, arn: String, policy_hash: String }
    /// The cluster's marker is of another database, or of a later state of this one.
    "cluster.fenced" => ClusterFenced { why: String }
    /// EKS has the cluster after all.
    "cluster.found_again" => ClusterFoundAgain {}
    /// EKS has the cluster no more.
    "cluster.gone" => ClusterGone { why: String }
    /// An operator paused granting.
    "cluster.granting_paused" => ClusterGrantingPaused { target: Option<Target>, reason: String }
    /// An operator resumed granting.
    "cluster.granting_resumed" => ClusterGrantingResumed { target: Option<Target> }
    /// EKS said for the first time that it has no such cluster.
    "cluster.missing" => ClusterMissing {}
    /// A policy gave the cluster another name.
    "cluster.renamed" => ClusterRenamed { name: String, arn: String, previous: String, policy_hash: String }
    /// An operator accepted this database as the one that a cluster belongs to.
    "cluster.restore_accepted" => ClusterRestoreAccepted { by: String, epoch: i64 }
    /// An access was proven and its time began.
    "grant.activated" => GrantActivated {
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        /// What else allows it.
        residual: Vec<String>,
        /// What is not known of the AWS identity.
        #[serde(skip_serializing_if = "Option::is_none")] identity: Option<String>,
    }
    /// A run is about to write for an access: `target` is `principal` or `cluster`.
    "grant.change_begun" => GrantChangeBegun { target: String, epoch: i64, steps: Vec<String> }
    /// What became of it.
    "grant.change_ended" => GrantChangeEnded {
        target: String,
        epoch: i64,
        outcome: String,
        #[serde(skip_serializing_if = "Option::is_none")] steps: Option<Vec<String>>,
    }
    /// Somebody else changed what an access needs.
    "grant.drift_found" => GrantDriftFound {
        what: String,
        objects: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")] version: Option<String>,
    }
    /// An access is proven gone.
    "grant.ended" => GrantEnded { cause: Known<Cause>, residual: Vec<String> }
    /// An access is being taken away. `refusal` and `policy_hash` are those of a decision that was made again.
    "grant.revoking" => GrantRevoking {
        cause: Known<Cause>,
        reason: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")] refusal: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")] policy_hash: Option<String>,
    }
    /// Setting up an access began.
    "grant.started" => GrantStarted {}
    /// IAM has an identity no more, or has another in its place.
    "identity.ended" => IdentityEnded { principal: String, why: String, unique_id: String }
    /// A person proved an identity for the first time, or anew.
    "identity.proven" => IdentityProven {
        principal: String,
        #[serde(skip_serializing_if = "Option::is_none")] unique_id: Option<String>,
    }
    /// An operator freed an identity.
    "identity.released" => IdentityReleased { principal: String, unique_id: String, reason: String }
    /// A person proved an identity that IAM had made anew.
    "identity.replaced" => IdentityReplaced { principal: String, unique_id: String }
    /// A policy rules from now on.
    "policy.applied" => PolicyApplied {
        by: String,
        hash: String,
        previous: Option<String>,
        clusters_added: usize,
        clusters_dropped: usize,
        clusters_retaken: usize,
        accesses_ending: usize,
        requests_closed: usize,
        drain: Vec<String>,
        end_refused: bool,
    }
    /// Somebody else changed in IAM what belongs to no access.
    "principal.drift_found" => PrincipalDriftFound { principal: String, what: String, objects: Vec<String> }
    /// The vote that completed a quorum.
    "request.approved" => RequestApproved {
        #[serde(flatten)] vote: VoteDetail,
        basis: String,
        deciders: Vec<String>,
        activate_by: Option<Timestamp>,
        hard_until: Option<Timestamp>,
    }
    /// A request was closed undecided.
    "request.cancelled" => RequestCancelled { why: Known<ClosedWhy>, reason: Option<String> }
    /// The vote that denied a request.
    "request.denied" => RequestDenied { #[serde(flatten)] vote: VoteDetail }
    /// Nobody decided in time.
    "request.lapsed" => RequestLapsed {}
    /// Somebody asked for access.
    "request.submitted" => RequestSubmitted {
        cluster: String,
        profile: String,
        namespaces: Vec<String>,
        principal: String,
        minutes: u32,
        reason: String,
        policy: String,
        policy_hash: String,
        /// What the requester saw, as a hash.
        seen: String,
        basis: String,
        quorum: Option<NonZeroU8>,
        lapses_at: Option<Timestamp>,
        /// Granted at once, with nobody deciding.
        #[serde(skip_serializing_if = "std::ops::Not::not")] automatic: bool,
    }
    /// A vote after which more are needed.
    "request.voted" => RequestVoted { #[serde(flatten)] vote: VoteDetail, approvals: u64 }
    /// A person ended sessions of their own.
    "session.ended" => SessionEnded { sessions: u64 }
    /// A person asked for a target to be tried at once.
    "target.tried" => TargetTried { target: Option<Target> }
}

/// What every vote tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VoteDetail {
    pub verdict: Known<Verdict>,
    pub reason: Option<String>,
    /// What the voter saw, as a hash.
    pub seen: String,
    pub policy: String,
    pub policy_hash: String,
    pub quorum: Option<NonZeroU8>,
}

/// A word that this version knows, or one of another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Known<T> {
    Is(T),
    Other(String),
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl<T> From<T> for Known<T> {
    fn from(value: T) -> Self {
        Self::Is(value)
    }
}

/// The outcome of a change after which what was written is proven.
pub const PROVEN: &str = "proven";
/// The same after which nothing of the access is left there. Earlier versions wrote [`PROVEN`].
pub const PROVEN_GONE: &str = "proven gone";

impl Event {
    /// An event of the log, by its action and detail. Where the detail is no object, every fact has its default; nothing
    /// where the action, or the type of a fact, is of another version.
    pub fn read(action: &str, detail: &Value) -> Option<Self> {
        let none = json!({});
        let detail = if detail.is_object() { detail } else { &none };
        serde_json::from_value(json!({ "action": action, "detail": detail })).ok()
    }

    /// An access is being taken away for this cause.
    pub fn revoking(cause: Cause, reason: Option<&str>) -> Self {
        let reason = reason.map(str::to_owned);
        Self::GrantRevoking { cause: cause.into(), reason, refusal: None, policy_hash: None }
    }

    /// The reason that somebody gave for it.
    pub fn reason(&self) -> Option<&str> {
        let reason = match self {
            Self::GrantRevoking { reason, .. } | Self::RequestCancelled { reason, .. } => reason.as_deref(),
            Self::RequestApproved { vote, .. } | Self::RequestDenied { vote } | Self::RequestVoted { vote, .. } => {
                vote.reason.as_deref()
            }
            Self::ClusterGrantingPaused { reason, .. }
            | Self::IdentityReleased { reason, .. }
            | Self::RequestSubmitted { reason, .. } => Some(reason.as_str()),
            _ => None,
        };
        reason.filter(|reason| !reason.is_empty())
    }

    /// What is written to put right what was found, as intents name it.
    pub fn objects(&self) -> &[String] {
        match self {
            Self::ClusterDriftFound { objects, .. }
            | Self::GrantDriftFound { objects, .. }
            | Self::PrincipalDriftFound { objects, .. } => objects,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{EventDraft, EventId, transition::Actor},
        audit::canonical,
    };
    use std::collections::BTreeSet;

    /// Canonical bytes as the version before this one's types stored them: one event a line, every action and shape.
    const RECORDED: &str = include_str!("recorded.jsonl");

    #[derive(Deserialize)]
    struct Stored {
        id: EventId,
        at: Timestamp,
        action: String,
        actor: Actor,
        person: Option<crate::access::PersonId>,
        cluster: Option<crate::access::ClusterId>,
        request: Option<crate::access::RequestId>,
        grant: Option<crate::access::GrantId>,
        detail: Value,
    }

    #[test]
    fn an_event_has_the_bytes_that_it_had_when_actions_were_texts() {
        let mut seen = BTreeSet::new();
        for line in RECORDED.lines() {
            let stored: Stored = serde_json::from_str(line).unwrap();
            let what = Event::read(&stored.action, &stored.detail).unwrap_or_else(|| panic!("not read: {line}"));
            assert_eq!(what.action(), stored.action);
            let Stored { id, at, actor, person, cluster, request, grant, .. } = stored;
            let draft = EventDraft { what, actor, person, cluster, request, grant };
            assert_eq!(String::from_utf8(canonical(id, at, &draft).unwrap()).unwrap(), line);
            seen.insert(draft.what.action());
        }
        assert_eq!(seen, ACTIONS.iter().copied().collect());
    }

    #[test]
    fn what_a_record_lacks_has_its_default_and_what_is_of_another_version_is_not_read() {
        let read = Event::read("grant.revoking", &json!({ "cause": "moon_fell", "more": [1] }));
        let cause = Known::Other("moon_fell".to_owned());
        assert_eq!(read, Some(Event::GrantRevoking { cause, reason: None, refusal: None, policy_hash: None }));
        assert_eq!(Event::read("grant.extended", &json!({})), None);
        assert_eq!(Event::read("grant.revoking", &json!({ "cause": [1] })), None);
        assert_eq!(Event::read("request.lapsed", &Value::Null), Some(Event::RequestLapsed {}));
    }
}
