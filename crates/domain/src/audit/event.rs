//! The actions that the audit log records, with their facts.
//!
//! One table names an action, its variant and its facts. The JSON of a variant is `action` and `detail` of the event's
//! canonical bytes: an action that was ever recorded keeps its name, and its facts keep theirs. Every match on the
//! enum, for a sentence or a metric, is exhaustive, so that the compiler reports a new action.

#![deny(clippy::wildcard_enum_match_arm, reason = "a new action does not compile until each match here names it")]

use super::{
    change::{BegunStep, ChangeOutcome},
    export::Filters,
};
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
        /// What happened, with its facts. Facts never hold a secret, and consist of integers, texts, booleans, and
        /// lists and objects of these.
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

        /// Every action that an event was ever recorded with, in order. An action that a later version does not record
        /// any more stays here.
        pub const ACTIONS: &[&str] = &[$( $action ),*];
    };
}

events! {
    /// An operator cleared an alarm, or it ended by itself.
    "alarm.cleared" => AlarmCleared { alarm: String, subject: String, what: String }
    /// An operator has to know about something. `alarm` is its code.
    "alarm.raised" => AlarmRaised { alarm: String, subject: String, what: String }
    /// An operator asked the worker to walk the whole chain now.
    "audit.check_asked" => AuditCheckAsked {}
    /// A person took a copy of the log: from the portal, or from a terminal (`by` is then their name on that machine).
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
    /// Another client changed something that belongs to no access.
    "cluster.drift_found" => ClusterDriftFound {
        what: String,
        objects: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")] version: Option<String>,
    }
    /// A policy does not name a cluster any more.
    "cluster.dropped" => ClusterDropped { name: String, arn: String, policy_hash: String }
    /// An operator asked for a reading of every identity that the cluster lets in.
    "cluster.entries_asked" => ClusterEntriesAsked {}
    /// The cluster's marker is from another database, or from a later state of this one.
    "cluster.fenced" => ClusterFenced { why: String }
    /// EKS reports the cluster again.
    "cluster.found_again" => ClusterFoundAgain {}
    /// EKS does not have the cluster any more.
    "cluster.gone" => ClusterGone { why: String }
    /// An operator paused granting.
    "cluster.granting_paused" => ClusterGrantingPaused { target: Option<Target>, reason: String }
    /// An operator resumed granting.
    "cluster.granting_resumed" => ClusterGrantingResumed { target: Option<Target> }
    /// EKS said for the first time that the cluster does not exist.
    "cluster.missing" => ClusterMissing {}
    /// An operator asked to move a principal from its line of aws-auth to an access entry.
    "cluster.move_asked" => ClusterMoveAsked { principal: String, username: String }
    /// The line of a principal that an operator asked to move is out of aws-auth: its access entry counts.
    "cluster.moved" => ClusterMoved { principal: String, username: String }
    /// A policy gave the cluster another name.
    "cluster.renamed" => ClusterRenamed { name: String, arn: String, previous: String, policy_hash: String }
    /// An operator accepted this database as the one that a cluster belongs to.
    "cluster.restore_accepted" => ClusterRestoreAccepted { by: String, epoch: i64 }
    /// A run is about to delete a ClusterRole of Latchkey's that nothing needs any more.
    "cluster.role_given_up" => ClusterRoleGivenUp { role: String, uid: String }
    /// An access was proven and its time began.
    "grant.activated" => GrantActivated {
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        /// What else allows it.
        residual: Vec<String>,
        /// What is not known of the AWS identity.
        #[serde(skip_serializing_if = "Option::is_none")] identity: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")] everyone: Option<Everyone>,
    }
    /// A run is about to write for an access: `target` is `principal` or `cluster`.
    "grant.change_begun" => GrantChangeBegun { target: String, epoch: i64, steps: Vec<BegunStep> }
    /// The outcome of that change.
    "grant.change_ended" => GrantChangeEnded {
        target: String,
        epoch: i64,
        outcome: ChangeOutcome,
        #[serde(skip_serializing_if = "Option::is_none")] steps: Option<Vec<String>>,
    }
    /// Another client changed something that an access needs.
    "grant.drift_found" => GrantDriftFound {
        what: String,
        objects: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")] version: Option<String>,
    }
    /// An access is proven gone.
    "grant.ended" => GrantEnded { cause: Known<Cause>, residual: Vec<String> }
    /// An access is being taken away. `refusal` and `policy_hash` belong to a second decision.
    "grant.revoking" => GrantRevoking {
        cause: Known<Cause>,
        reason: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")] refusal: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")] policy_hash: Option<String>,
    }
    /// Setting up an access began.
    "grant.started" => GrantStarted {}
    /// IAM does not have an identity any more, or has another one in its place.
    "identity.ended" => IdentityEnded { principal: String, why: String, unique_id: String }
    /// A proof of a session is over: it was made while anyone could take the session's name.
    "identity.proof_ended" => IdentityProofEnded { principal: String, session: String }
    /// A person proved an identity for the first time, or again.
    "identity.proven" => IdentityProven {
        principal: String,
        #[serde(skip_serializing_if = "Option::is_none")] unique_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")] session: Option<String>,
    }
    /// An operator released an identity.
    "identity.released" => IdentityReleased { principal: String, unique_id: String, reason: String }
    /// A person proved an identity that was created again in IAM.
    "identity.replaced" => IdentityReplaced { principal: String, unique_id: String }
    /// A policy became current.
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
    /// Another client changed something in IAM that belongs to no access.
    "principal.drift_found" => PrincipalDriftFound { principal: String, what: String, objects: Vec<String> }
    /// The vote that completed a quorum.
    "request.approved" => RequestApproved {
        #[serde(flatten)] vote: VoteDetail,
        basis: String,
        deciders: Vec<String>,
        activate_by: Option<Timestamp>,
        hard_until: Option<Timestamp>,
        #[serde(skip_serializing_if = "Option::is_none")] everyone: Option<Everyone>,
    }
    /// A request was closed undecided.
    "request.cancelled" => RequestCancelled { why: Known<ClosedWhy>, reason: Option<String> }
    /// The vote that denied a request.
    "request.denied" => RequestDenied { #[serde(flatten)] vote: VoteDetail }
    /// The request was not decided in time.
    "request.lapsed" => RequestLapsed {}
    /// An approver said that they can use the role that a request is for, so that they do not approve it.
    "request.role_used" => RequestRoleUsed { role: String }
    /// A person asked for access.
    "request.submitted" => RequestSubmitted {
        cluster: String,
        profile: String,
        namespaces: Vec<String>,
        principal: String,
        minutes: u32,
        reason: String,
        policy: String,
        policy_hash: String,
        /// A hash of what the requester saw.
        seen: String,
        basis: String,
        quorum: Option<NonZeroU8>,
        lapses_at: Option<Timestamp>,
        /// Granted at once, without a decider.
        #[serde(skip_serializing_if = "std::ops::Not::not")] automatic: bool,
        #[serde(skip_serializing_if = "Option::is_none")] everyone: Option<Everyone>,
    }
    /// A vote that did not complete the quorum.
    "request.voted" => RequestVoted { #[serde(flatten)] vote: VoteDetail, approvals: u64 }
    /// A person ended sessions of their own.
    "session.ended" => SessionEnded { sessions: u64 }
    /// A person asked for a target to be tried at once.
    "target.tried" => TargetTried { target: Option<Target> }
}

/// The facts of every vote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VoteDetail {
    pub verdict: Known<Verdict>,
    pub reason: Option<String>,
    /// A hash of what the voter saw.
    pub seen: String,
    pub policy: String,
    pub policy_hash: String,
    pub quorum: Option<NonZeroU8>,
    /// The voter's answer to whether they can use the role themselves; `None` if the access is one person's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses_role: Option<bool>,
}

/// Everyone who can use a role, and so has an access.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Everyone {
    /// The name of the role, without its path.
    pub role: String,
    /// The handles of those who had proven that they use it, in the order of their proofs.
    pub seen: Vec<String>,
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

impl Event {
    /// Reads an event of the log from its action and detail. If the detail is not an object, every fact has its
    /// default. `None` if the action, or the type of a fact, is of another version.
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

    /// The reason that a person gave for it.
    pub fn reason(&self) -> Option<&str> {
        self.said().0.filter(|reason| !reason.is_empty())
    }

    /// What is written to correct the finding, as intents name it.
    pub fn objects(&self) -> &[String] {
        self.said().1
    }

    /// The reason, which may be empty, and the objects.
    fn said(&self) -> (Option<&str>, &[String]) {
        match self {
            Self::GrantRevoking { reason, .. } | Self::RequestCancelled { reason, .. } => (reason.as_deref(), &[]),
            Self::RequestApproved { vote, .. } | Self::RequestDenied { vote } | Self::RequestVoted { vote, .. } => {
                (vote.reason.as_deref(), &[])
            }
            Self::ClusterGrantingPaused { reason, .. }
            | Self::IdentityReleased { reason, .. }
            | Self::RequestSubmitted { reason, .. } => (Some(reason.as_str()), &[]),
            Self::ClusterDriftFound { objects, .. }
            | Self::GrantDriftFound { objects, .. }
            | Self::PrincipalDriftFound { objects, .. } => (None, objects),
            Self::AlarmCleared { .. }
            | Self::AlarmRaised { .. }
            | Self::AuditCheckAsked { .. }
            | Self::AuditExported { .. }
            | Self::ClusterAdded { .. }
            | Self::ClusterDropped { .. }
            | Self::ClusterEntriesAsked {}
            | Self::ClusterFenced { .. }
            | Self::ClusterFoundAgain { .. }
            | Self::ClusterGone { .. }
            | Self::ClusterGrantingResumed { .. }
            | Self::ClusterMissing { .. }
            | Self::ClusterMoveAsked { .. }
            | Self::ClusterMoved { .. }
            | Self::ClusterRenamed { .. }
            | Self::ClusterRestoreAccepted { .. }
            | Self::ClusterRoleGivenUp { .. }
            | Self::GrantActivated { .. }
            | Self::GrantChangeBegun { .. }
            | Self::GrantChangeEnded { .. }
            | Self::GrantEnded { .. }
            | Self::GrantStarted { .. }
            | Self::IdentityEnded { .. }
            | Self::IdentityProofEnded { .. }
            | Self::IdentityProven { .. }
            | Self::IdentityReplaced { .. }
            | Self::PolicyApplied { .. }
            | Self::RequestLapsed { .. }
            | Self::RequestRoleUsed { .. }
            | Self::SessionEnded { .. }
            | Self::TargetTried { .. } => (None, &[]),
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

    /// Canonical bytes as they were stored by the version before these types: one event a line, every action and shape.
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
