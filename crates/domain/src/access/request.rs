//! Requests: `pending` -> `approved` | `denied` | `cancelled` | `lapsed`. Closed ones never change.
//!
//! A cancelled request says why (`closed_why`): its `requester` took it back, the policy dropped its cluster or profile
//! (`policy_dropped`) or does not allow it any more (`policy_changed`), or its AWS identity ended (`principal_ended`).

use super::{
    ClusterId, EventDraft, GrantId, PersonId, RequestId, Transition, Wake,
    grant::{GrantBasis, GrantFacts, Scheduled},
    person::Person,
    policy::{Basis, Policy},
    profile::ResolvedProfile,
    terms::Terms,
    transition::{Actor, Target},
};
use crate::audit::event::Event;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, num::NonZeroU8};

pub use super::vote::{Ballot, Counted, Decided, Refused, Ruled, Unresolved, Verdict, Vote, Voted};

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

/// What was asked for. Never changes after submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFacts {
    pub id: RequestId,
    pub requester: Person,
    pub terms: Terms,
    pub reason: String,
    /// Lower-case hex SHA-256 of the policy.toml that ruled.
    pub policy_hash: String,
    pub policy_name: String,
    pub submitted_at: Timestamp,
    pub lapses_at: Timestamp,
}

impl RequestFacts {
    /// What a deciding form carries, for this request under this policy, with the profile as it resolves now. It
    /// changes with the profile's resolved rules and with the ruling policy; another edit of the file does not change
    /// it.
    pub fn seen(&self, ruling: &Policy, profile: &ResolvedProfile) -> Seen {
        let shown = HashedRequest {
            request: self.id,
            requester: self.requester.id,
            terms: &Terms { profile: profile.clone(), ..self.terms.clone() },
            reason: &self.reason,
            policy: ruling,
        };
        // Canonicalising a value made of strings and integers cannot fail; if it did, the hash of nothing would match
        // no form.
        let bytes = serde_json_canonicalizer::to_vec(&shown).unwrap_or_default();
        Seen(Sha256::digest(bytes).into())
    }
}

/// The value that [`Seen`] hashes.
#[derive(Serialize)]
struct HashedRequest<'a> {
    request: RequestId,
    requester: PersonId,
    #[serde(flatten)]
    terms: &'a Terms,
    reason: &'a str,
    policy: &'a Policy,
}

/// The state of a request.
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
    /// The value that the database stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::Lapsed => "lapsed",
        }
    }

    /// Parses the value that the database stores.
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

/// A request that was just submitted: the state `pending` as a new row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    pub facts: RequestFacts,
    pub basis: GrantBasis,
    pub seen: Seen,
}

/// A request in a terminal state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    pub id: RequestId,
    pub state: RequestState,
    /// For a cancelled request, the reason.
    pub why: Option<ClosedWhy>,
    pub at: Timestamp,
}

/// What is needed to close a pending request, whatever it asks for: a request that cannot be read can be closed, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    pub id: RequestId,
    pub requester: PersonId,
    pub cluster: ClusterId,
}

impl Open {
    /// Closes it undecided. `reason` is a sentence for its requester, if there is more to say than `why`.
    pub fn close(self, why: ClosedWhy, actor: Actor, reason: Option<&str>, now: Timestamp) -> Transition<Closed> {
        let what = Event::RequestCancelled { why: why.into(), reason: reason.map(str::to_owned) };
        let mut event = EventDraft::new(what, actor);
        event.person = Some(self.requester);
        event.cluster = Some(self.cluster);
        event.request = Some(self.id);
        let to = Closed { id: self.id, state: RequestState::Cancelled, why: Some(why), at: now };
        Transition { to, event, wakes: vec![] }
    }
}

impl Closed {
    /// The closing of a request that was decided or has lapsed.
    pub(super) fn of(facts: &RequestFacts, state: RequestState, at: Timestamp) -> Self {
        Self { id: facts.id, state, why: None, at }
    }
}

/// Why a request is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedWhy {
    /// The requester took it back.
    Requester,
    /// The policy does not have its cluster or profile any more.
    PolicyDropped,
    /// The IAM identity that it was asked for belongs to another person now, or to no person.
    PrincipalEnded,
    /// No policy allows it any more.
    PolicyChanged,
}

impl ClosedWhy {
    /// The value that the database stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::PolicyDropped => "policy_dropped",
            Self::PrincipalEnded => "principal_ended",
            Self::PolicyChanged => "policy_changed",
        }
    }

    /// Parses the value that the database stores.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Requester, Self::PolicyDropped, Self::PrincipalEnded, Self::PolicyChanged]
            .into_iter()
            .find(|why| why.as_str() == text)
    }
}

/// The time from approval to the latest moment at which setting up may succeed.
pub const ACTIVATE_WITHIN: SignedDuration = SignedDuration::from_mins(30);

impl Pending {
    /// Cancels the request; only its requester may.
    pub fn cancel(self, by: &Person, now: Timestamp) -> Result<Transition<Closed>, Refused> {
        if by.id != self.facts.requester.id {
            return Err(Refused::NotEligible);
        }
        let actor = Actor::Person { id: by.id, handle: by.handle.to_string() };
        let open = Open { id: self.facts.id, requester: self.facts.requester.id, cluster: self.facts.terms.cluster };
        Ok(open.close(ClosedWhy::Requester, actor, None, now))
    }

    /// Closes a request that was not decided in time; `None` if its time is not over.
    pub fn lapse(self, now: Timestamp) -> Option<Transition<Closed>> {
        (now >= self.facts.lapses_at).then(|| {
            let event = self.facts.event(Event::RequestLapsed {}, Actor::worker());
            Transition { to: Closed::of(&self.facts, RequestState::Lapsed, now), event, wakes: vec![] }
        })
    }
}

impl RequestFacts {
    /// Submits the request under a policy that asks people to decide.
    pub fn submit(self, ruling: &Policy, quorum: NonZeroU8) -> Transition<Submitted> {
        let seen = self.seen(ruling, &self.terms.profile);
        let basis = GrantBasis::Quorum(quorum);
        let event = self.submitted_event(seen, basis);
        Transition { to: Submitted { facts: self, basis, seen }, event, wakes: vec![] }
    }

    /// Submits the request under an automatic policy: it is submitted, closed and scheduled at once.
    pub fn submit_automatic(self, basis: &Basis, grant: GrantId) -> Transition<(Submitted, Closed, Scheduled)> {
        let seen = self.seen(&basis.policy, &self.terms.profile);
        let mut event = self.submitted_event(seen, GrantBasis::Automatic);
        event.grant = Some(grant);
        let now = self.submitted_at;
        let closed = Closed::of(&self, RequestState::Approved, now);
        let profile = self.terms.profile.clone();
        let granted = self.grant(grant, &[], (basis, GrantBasis::Automatic), profile, now);
        let scheduled = Scheduled { facts: granted };
        let wakes = scheduled.facts.wakes(false);
        Transition {
            to: (Submitted { facts: self, basis: GrantBasis::Automatic, seen }, closed, scheduled),
            event,
            wakes,
        }
    }

    fn submitted_event(&self, seen: Seen, basis: GrantBasis) -> EventDraft {
        let actor = Actor::Person { id: self.requester.id, handle: self.requester.handle.to_string() };
        let what = Event::RequestSubmitted {
            cluster: self.terms.cluster_name.clone(),
            profile: self.terms.profile.name.to_string(),
            namespaces: self.terms.namespace_names(),
            principal: self.terms.principal_arn.clone(),
            minutes: self.terms.minutes,
            reason: self.reason.clone(),
            policy: self.policy_name.clone(),
            policy_hash: self.policy_hash.clone(),
            seen: seen.to_string(),
            basis: basis.as_str().to_owned(),
            quorum: basis.quorum(),
            lapses_at: Some(self.lapses_at),
            automatic: basis == GrantBasis::Automatic,
            everyone: self.terms.everyone(),
        };
        self.event(what, actor)
    }

    /// An approver's answer that they can use the role that it is for.
    pub fn role_used(&self, by: &Person, role: String) -> EventDraft {
        self.event(Event::RequestRoleUsed { role }, Actor::Person { id: by.id, handle: by.handle.to_string() })
    }

    pub(super) fn event(&self, what: Event, actor: Actor) -> EventDraft {
        let mut event = EventDraft::new(what, actor);
        event.person = Some(self.requester.id);
        event.cluster = Some(self.terms.cluster);
        event.request = Some(self.id);
        event
    }

    pub(super) fn grant(
        &self,
        id: GrantId,
        deciders: &[Person],
        (ruling, basis): (&Basis, GrantBasis),
        profile: ResolvedProfile,
        now: Timestamp,
    ) -> GrantFacts {
        let terms = Terms { profile, ..self.terms.clone() };
        let activate_by = terms.starts.earliest(now) + ACTIVATE_WITHIN;
        GrantFacts {
            id,
            request: self.id,
            person: self.requester.id,
            handle: self.requester.handle.clone(),
            policy_hash: ruling.policy_hash.clone(),
            policy_name: ruling.policy.name.clone(),
            basis,
            decided_by: deciders.iter().map(|person| person.id).collect::<Vec<PersonId>>(),
            created_at: now,
            activate_by,
            hard_until: activate_by + terms.lasts(),
            terms,
        }
    }
}

impl GrantFacts {
    /// Wakes for both of the grant's targets.
    pub fn wakes(&self, revoking: bool) -> Vec<Wake> {
        self.targets().into_iter().map(|target| Wake { target, revoking }).collect()
    }

    /// The principal's and the cluster's target.
    pub fn targets(&self) -> [Target; 2] {
        [Target::Principal(self.terms.principal), Target::Cluster(self.terms.cluster)]
    }
}
