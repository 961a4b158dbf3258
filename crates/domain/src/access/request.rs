//! Requests: `pending` -> `approved` | `denied` | `cancelled` | `lapsed`. Closed ones never change.

use super::{
    ClusterId, EventDraft, GrantId, PersonId, PrincipalId, RequestId, Transition, Wake,
    cluster::PinnedNamespace,
    grant::{GrantFacts, Scheduled},
    person::Person,
    policy::{Eligible, Policy},
    profile::ResolvedProfile,
    transition::{Actor, Target},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, num::NonZeroU8};

/// SHA-256 of a request, its resolved profile and the ruling policy: what a form shows and a vote is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seen(pub [u8; 32]);

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::str::FromStr for Seen {
    type Err = hex::FromHexError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

/// What was asked. Never changes after submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFacts {
    pub id: RequestId,
    pub requester: Person,
    pub principal: PrincipalId,
    pub principal_arn: String,
    pub cluster: ClusterId,
    pub cluster_name: String,
    pub profile: ResolvedProfile,
    /// Empty for a profile of cluster scope.
    pub namespaces: Vec<PinnedNamespace>,
    pub minutes: u32,
    pub reason: String,
    /// Lower-case hex SHA-256 of the policy.toml that ruled.
    pub policy_hash: String,
    pub policy_name: String,
    pub submitted_at: Timestamp,
    pub lapses_at: Timestamp,
}

impl RequestFacts {
    /// What a deciding form carries, for this request under this policy. Any change of the profile's resolved
    /// rules or of the ruling policy changes it; another edit of the file does not.
    pub fn seen(&self, ruling: &Policy) -> Seen {
        let shown = serde_json::json!({
            "request": self.id,
            "requester": self.requester.id,
            "principal": self.principal_arn,
            "cluster": self.cluster,
            "profile": self.profile,
            "namespaces": self.namespaces,
            "minutes": self.minutes,
            "reason": self.reason,
            "policy": ruling,
        });
        // Canonicalising a value made of strings and integers cannot fail; were it to, the hash of nothing
        // would match no form.
        let bytes = serde_json_canonicalizer::to_vec(&shown).unwrap_or_default();
        Seen(Sha256::digest(bytes).into())
    }
}

/// For or against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Approve,
    Deny,
}

impl Verdict {
    /// As the form and the database have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
        }
    }

    /// From the form or the database.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "approve" => Some(Self::Approve),
            "deny" => Some(Self::Deny),
            _ => None,
        }
    }
}

/// One vote, with the voter as they are now (their groups may have changed since they voted).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    pub by: Person,
    pub verdict: Verdict,
    pub reason: Option<String>,
    pub seen: Seen,
    pub at: Timestamp,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestState {
    Pending,
    Approved,
    Denied,
    Cancelled,
    Lapsed,
}

impl RequestState {
    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::Lapsed => "lapsed",
        }
    }

    /// From the database.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Approved, Self::Denied, Self::Cancelled, Self::Lapsed]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A request that waits for decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub facts: RequestFacts,
    pub quorum: NonZeroU8,
    /// In the order of time; one per person.
    pub votes: Vec<Vote>,
}

/// The policy that rules a pending request now, and what the form must have shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruled {
    pub eligible: Eligible,
    pub quorum: NonZeroU8,
    pub seen: Seen,
}

/// A request that was just submitted: the state `pending` as a new row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    pub facts: RequestFacts,
    pub quorum: u8,
    pub seen: Seen,
}

/// A request in a terminal state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    pub id: RequestId,
    pub state: RequestState,
    pub at: Timestamp,
}

/// A vote that was counted but did not complete the quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voted {
    pub request: RequestId,
    pub vote: Vote,
    /// Approvals that count now, this one included.
    pub approvals: u8,
}

/// What a vote led to. `Denied` and `Approved` carry the vote too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    Waiting(Transition<Voted>),
    Denied(Transition<(Voted, Closed)>),
    Approved(Box<Transition<(Voted, Closed, Scheduled)>>),
}

/// Why a vote is not taken. `Display` is a sentence for the voter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("You cannot decide your own request.")]
    Own,
    #[error("You are not an approver of this request.")]
    NotEligible,
    #[error("You decided this request already.")]
    AlreadyVoted,
    #[error("The request or its rules changed since this page was made. Look again, then decide.")]
    Stale,
    #[error("This request lapsed before you decided.")]
    Lapsed,
    #[error("Say why: the requester needs a reason.")]
    ReasonMissing,
}

/// A vote as it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    pub by: Person,
    pub verdict: Verdict,
    pub reason: Option<String>,
    pub seen: Seen,
}

/// From approval to the latest moment that setting up may succeed.
pub const ACTIVATE_WITHIN: SignedDuration = SignedDuration::from_mins(30);

impl Pending {
    /// Takes a vote. Every earlier vote is checked again: it counts only if its voter is eligible now and saw
    /// what stands now. `grant` becomes the id of the grant where the quorum completes.
    ///
    /// # Errors
    /// `Own`, `NotEligible`, `AlreadyVoted` (on what stands now), `Stale` (the form showed something else),
    /// `Lapsed` (the deadline is over, whether or not the worker saw it), `ReasonMissing` (denial without one).
    pub fn decide(self, ballot: Ballot, ruled: &Ruled, grant: GrantId, now: Timestamp) -> Result<Decided, Refused> {
        let Ballot { by, verdict, reason, seen } = ballot;
        if by.id == self.facts.requester.id {
            return Err(Refused::Own);
        }
        if !ruled.eligible.contains(&by) {
            return Err(Refused::NotEligible);
        }
        if now >= self.facts.lapses_at {
            return Err(Refused::Lapsed);
        }
        if seen != ruled.seen {
            return Err(Refused::Stale);
        }
        let counts = |vote: &Vote| vote.seen == ruled.seen && ruled.eligible.contains(&vote.by);
        if self.votes.iter().any(|vote| vote.by.id == by.id && vote.seen == ruled.seen) {
            return Err(Refused::AlreadyVoted);
        }
        if verdict == Verdict::Deny && reason.as_deref().is_none_or(|text| text.trim().is_empty()) {
            return Err(Refused::ReasonMissing);
        }
        let actor = Actor::Person { id: by.id, handle: by.handle.to_string() };
        let mut deciders: Vec<Person> = self
            .votes
            .iter()
            .filter(|vote| vote.by.id != by.id && vote.verdict == Verdict::Approve && counts(vote))
            .map(|vote| vote.by.clone())
            .collect();
        deciders.push(by.clone());
        let approvals = u8::try_from(deciders.len()).unwrap_or(u8::MAX);
        let vote = Vote { by, verdict, reason, seen, at: now };
        let voted = Voted { request: self.facts.id, vote, approvals };
        let mut event = self.event("request.voted", actor);
        event = event.with("verdict", verdict).with("reason", &voted.vote.reason).with("seen", seen.to_string());
        match verdict {
            Verdict::Deny => {
                event.action = "request.denied".into();
                let closed = self.close(RequestState::Denied, now);
                Ok(Decided::Denied(Transition { to: (voted, closed), event, wakes: vec![] }))
            }
            Verdict::Approve if approvals < ruled.quorum.get() => {
                let event = event.with("approvals", approvals).with("quorum", ruled.quorum);
                Ok(Decided::Waiting(Transition { to: voted, event, wakes: vec![] }))
            }
            Verdict::Approve => {
                event.action = "request.approved".into();
                event.grant = Some(grant);
                let closed = self.close(RequestState::Approved, now);
                let scheduled = Scheduled { facts: self.facts.grant(grant, &deciders, now) };
                let event = event
                    .with("deciders", deciders.iter().map(|person| person.handle.as_str()).collect::<Vec<_>>())
                    .with("activate_by", scheduled.facts.activate_by.to_string())
                    .with("hard_until", scheduled.facts.hard_until.to_string());
                let wakes = scheduled.facts.wakes(false);
                Ok(Decided::Approved(Box::new(Transition { to: (voted, closed, scheduled), event, wakes })))
            }
        }
    }

    /// Takes the request back; only its requester may.
    pub fn cancel(self, by: &Person, now: Timestamp) -> Result<Transition<Closed>, Refused> {
        if by.id != self.facts.requester.id {
            return Err(Refused::NotEligible);
        }
        let actor = Actor::Person { id: by.id, handle: by.handle.to_string() };
        let event = self.event("request.cancelled", actor);
        Ok(Transition { to: self.close(RequestState::Cancelled, now), event, wakes: vec![] })
    }

    /// Closes a request that nobody decided in time; nothing where its time is not over.
    pub fn lapse(self, now: Timestamp) -> Option<Transition<Closed>> {
        (now >= self.facts.lapses_at).then(|| {
            let event = self.event("request.lapsed", Actor::worker());
            Transition { to: self.close(RequestState::Lapsed, now), event, wakes: vec![] }
        })
    }

    fn close(&self, state: RequestState, at: Timestamp) -> Closed {
        Closed { id: self.facts.id, state, at }
    }

    fn event(&self, action: &str, actor: Actor) -> EventDraft {
        self.facts.event(action, actor)
    }
}

impl RequestFacts {
    /// Submits the request under a policy that asks people.
    pub fn submit(self, ruling: &Policy, quorum: NonZeroU8) -> Transition<Submitted> {
        let seen = self.seen(ruling);
        let event = self.submitted_event(seen, quorum.get());
        Transition { to: Submitted { facts: self, quorum: quorum.get(), seen }, event, wakes: vec![] }
    }

    /// Submits the request under a policy that grants by itself: request, closed and scheduled at once.
    pub fn submit_automatic(self, ruling: &Policy, grant: GrantId) -> Transition<(Submitted, Closed, Scheduled)> {
        let seen = self.seen(ruling);
        let mut event = self.submitted_event(seen, 0).with("automatic", true);
        event.grant = Some(grant);
        let now = self.submitted_at;
        let closed = Closed { id: self.id, state: RequestState::Approved, at: now };
        let scheduled = Scheduled { facts: self.grant(grant, &[], now) };
        let wakes = scheduled.facts.wakes(false);
        Transition { to: (Submitted { facts: self, quorum: 0, seen }, closed, scheduled), event, wakes }
    }

    fn submitted_event(&self, seen: Seen, quorum: u8) -> EventDraft {
        let actor = Actor::Person { id: self.requester.id, handle: self.requester.handle.to_string() };
        let namespaces: Vec<&str> = self.namespaces.iter().map(|namespace| namespace.name.as_str()).collect();
        self.event("request.submitted", actor)
            .with("cluster", &self.cluster_name)
            .with("profile", &self.profile.name)
            .with("namespaces", namespaces)
            .with("principal", &self.principal_arn)
            .with("minutes", self.minutes)
            .with("reason", &self.reason)
            .with("policy", &self.policy_name)
            .with("policy_hash", &self.policy_hash)
            .with("seen", seen.to_string())
            .with("quorum", quorum)
            .with("lapses_at", self.lapses_at.to_string())
    }

    fn event(&self, action: &str, actor: Actor) -> EventDraft {
        let mut event = EventDraft::new(action, actor);
        event.person = Some(self.requester.id);
        event.cluster = Some(self.cluster);
        event.request = Some(self.id);
        event
    }

    fn grant(&self, id: GrantId, deciders: &[Person], now: Timestamp) -> GrantFacts {
        let activate_by = now + ACTIVATE_WITHIN;
        GrantFacts {
            id,
            request: self.id,
            person: self.requester.id,
            handle: self.requester.handle.clone(),
            principal: self.principal,
            cluster: self.cluster,
            profile: self.profile.clone(),
            namespaces: self.namespaces.clone(),
            minutes: self.minutes,
            policy_hash: self.policy_hash.clone(),
            decided_by: deciders.iter().map(|person| person.id).collect::<Vec<PersonId>>(),
            created_at: now,
            activate_by,
            hard_until: activate_by + SignedDuration::from_mins(i64::from(self.minutes)),
        }
    }
}

impl GrantFacts {
    /// Both of the grant's targets.
    pub fn wakes(&self, revoking: bool) -> Vec<Wake> {
        self.targets().into_iter().map(|target| Wake { target, revoking }).collect()
    }

    /// The principal's and the cluster's target.
    pub fn targets(&self) -> [Target; 2] {
        [Target::Principal(self.principal), Target::Cluster(self.cluster)]
    }
}
