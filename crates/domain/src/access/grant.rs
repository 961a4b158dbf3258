//! Grants: one approved request's access, from the decision to the proven end.
//!
//! | from | to | by | when |
//! |---|---|---|---|
//! | (a completing vote) | `scheduled` | [`super::request::Pending::decide`] | quorum |
//! | `scheduled` | `provisioning` | [`Scheduled::start`] | at once: the worker's clock sees it |
//! | `provisioning` | `active` | [`Provisioning::activate`] | every leg that the profile needs proven present by its last look, before `activate_by` |
//! | `scheduled`, `provisioning` | `revoking` | [`Live::revoke`] | given back, revoked, or `undeliverable` past `activate_by` |
//! | `active` | `revoking` | [`Live::revoke`] | given back, revoked, or `expired` past `until` |
//! | `revoking` | `ended` | [`Revoking::end`] | every leg proven gone |
//!
//! No transition leads out of `ended`. Trouble is not a state: it is the condition of a leg.
//!
//! `hard_until` is `activate_by` + minutes; no `until` exceeds it. An access also moves to `revoking` when the worker
//! decided again and it is not allowed (`not_allowed`), when a policy was applied that would not grant it
//! (`policy_changed`; both only before it is active), when its identity was replaced (`principal_replaced`) or released
//! (`released`), and when its cluster is gone (`cluster_gone`). Some variants of [`Cause`] wait for features that are
//! not built.

pub use super::{
    cause::Cause,
    compared::{Compared, UNPROTECTED},
    leg::{Condition, Leg, Proven, Trouble},
    leg_proof::{Gone, Present, Proof},
};

use super::{
    ClusterId, EventDraft, GrantId, PersonId, PrincipalId, RequestId, Transition, Wake,
    alarm::{Alarm, AlarmFacts},
    person::{Handle, Person},
    reason::{self, Reason},
    residual::{Residual, Residuals},
    terms::Terms,
    transition::{Actor, Target},
};
use crate::audit::event::Event;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU8;

/// What was granted. Never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantFacts {
    pub id: GrantId,
    pub request: RequestId,
    pub person: PersonId,
    pub handle: Handle,
    /// The profile as it was when the access was decided.
    pub terms: Terms,
    /// Lower-case hex SHA-256 of the policy.toml that ruled at the completing vote.
    pub policy_hash: String,
    /// The policy of that file that ruled.
    pub policy_name: String,
    pub basis: GrantBasis,
    pub decided_by: Vec<PersonId>,
    pub created_at: Timestamp,
    pub activate_by: Timestamp,
    pub hard_until: Timestamp,
}

/// How a grant was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantBasis {
    /// By people. The value is the number of approvals that the completing vote needed.
    Quorum(NonZeroU8),
    /// By the policy itself, at once.
    Automatic,
}

impl GrantBasis {
    /// The value that the database stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quorum(_) => "quorum",
            Self::Automatic => "automatic",
        }
    }

    /// The number of approvals that were wanted; `None` if no person had to decide.
    pub fn quorum(self) -> Option<NonZeroU8> {
        match self {
            Self::Quorum(quorum) => Some(quorum),
            Self::Automatic => None,
        }
    }

    /// Parses the database's columns; `None` if they match neither basis.
    pub fn parse(basis: &str, quorum: Option<NonZeroU8>) -> Option<Self> {
        match (basis, quorum) {
            ("quorum", Some(quorum)) => Some(Self::Quorum(quorum)),
            ("automatic", None) => Some(Self::Automatic),
            _ => None,
        }
    }
}

/// What a grant is about: the part of its row that every version can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantBrief {
    pub id: GrantId,
    pub request: RequestId,
    pub person: PersonId,
    pub principal: PrincipalId,
    pub cluster: ClusterId,
}

impl GrantBrief {
    /// An event about this grant.
    pub fn event(&self, what: Event, actor: Actor) -> EventDraft {
        let mut event = EventDraft::new(what, actor);
        event.person = Some(self.person);
        event.cluster = Some(self.cluster);
        event.request = Some(self.request);
        event.grant = Some(self.id);
        event
    }

    /// Its two targets, to be woken.
    pub fn wakes(&self, revoking: bool) -> Vec<Wake> {
        let targets = [Target::Cluster(self.cluster), Target::Principal(self.principal)];
        targets.map(|target| Wake { target, revoking }).to_vec()
    }
}

/// The state of a grant, as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantState {
    Scheduled,
    Provisioning,
    Active,
    Revoking,
    Ended,
}

impl GrantState {
    /// The value that the database stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Revoking => "revoking",
            Self::Ended => "ended",
        }
    }

    /// Parses the value that the database stores.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Scheduled, Self::Provisioning, Self::Active, Self::Revoking, Self::Ended]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// Decided, and not begun yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    pub facts: GrantFacts,
}

/// Being set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioning {
    pub facts: GrantFacts,
}

/// Proven; the clock runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Active {
    pub facts: GrantFacts,
    pub since: Timestamp,
    pub until: Timestamp,
    /// What says yes beside this grant though it should not.
    pub residual: Residuals,
}

/// Being taken away. The worker retries until it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoking {
    pub facts: GrantFacts,
    /// When it became active, and its `until`; `None` if it never was active.
    pub active: Option<(Timestamp, Timestamp)>,
    pub cause: Cause,
    pub revoking_since: Timestamp,
    pub by: Option<PersonId>,
    pub reason: Option<String>,
}

/// Over, and proven gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub facts: GrantFacts,
    pub active: Option<(Timestamp, Timestamp)>,
    pub cause: Cause,
    pub revoking_since: Timestamp,
    pub ended_at: Timestamp,
    /// What still says yes.
    pub residual: Residuals,
}

/// A grant in any state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    Scheduled(Scheduled),
    Provisioning(Provisioning),
    Active(Active),
    Revoking(Revoking),
    Ended(Ended),
}

/// A grant that can be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    Scheduled(Scheduled),
    Provisioning(Provisioning),
    Active(Active),
}

/// Why a revocation is refused. `Display` is a sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRevoked {
    #[error("Only the holder of this access can give it back.")]
    NotHolder,
    #[error("Only a decider of this access or an operator can revoke it.")]
    NotAllowed,
}

impl Grant {
    /// What was granted.
    pub fn facts(&self) -> &GrantFacts {
        match self {
            Self::Scheduled(grant) => &grant.facts,
            Self::Provisioning(grant) => &grant.facts,
            Self::Active(grant) => &grant.facts,
            Self::Revoking(grant) => &grant.facts,
            Self::Ended(grant) => &grant.facts,
        }
    }

    /// The state as a word.
    pub fn state(&self) -> GrantState {
        match self {
            Self::Scheduled(_) => GrantState::Scheduled,
            Self::Provisioning(_) => GrantState::Provisioning,
            Self::Active(_) => GrantState::Active,
            Self::Revoking(_) => GrantState::Revoking,
            Self::Ended(_) => GrantState::Ended,
        }
    }

    /// When the time of an access that is being set up or is active is over, whether or not that is recorded yet.
    pub fn time_over(&self) -> Option<Timestamp> {
        match self {
            Self::Provisioning(grant) => Some(grant.facts.activate_by),
            Self::Active(grant) => Some(grant.until.min(grant.facts.hard_until)),
            Self::Scheduled(_) | Self::Revoking(_) | Self::Ended(_) => None,
        }
    }

    /// The grant if it can still be revoked.
    pub fn live(self) -> Option<Live> {
        match self {
            Self::Scheduled(grant) => Some(Live::Scheduled(grant)),
            Self::Provisioning(grant) => Some(Live::Provisioning(grant)),
            Self::Active(grant) => Some(Live::Active(grant)),
            Self::Revoking(_) | Self::Ended(_) => None,
        }
    }
}

impl Scheduled {
    /// Begins to set the access up, or gives up if `activate_by` is over.
    pub fn start(self) -> Transition<Provisioning> {
        let event = self.facts.event(Event::GrantStarted {}, Actor::worker());
        let wakes = self.facts.wakes(false);
        Transition { to: Provisioning { facts: self.facts }, event, wakes }
    }
}

impl Provisioning {
    /// Starts the clock: `until` is `now` plus the minutes that were asked for, and never later than `hard_until`. `say`
    /// makes the sentences of the event.
    ///
    /// # Errors
    /// Gives the grant back unchanged if `activate_by` is over: what was set up must be rolled back.
    pub fn activate(
        self,
        proof: Proof<Present>,
        say: impl Fn(&Residual) -> String,
        now: Timestamp,
    ) -> Result<Transition<Active>, Box<Self>> {
        if now > self.facts.activate_by {
            return Err(Box::new(self));
        }
        let until = (now + self.facts.terms.lasts()).min(self.facts.hard_until);
        let residual = Residuals::new(proof.residual, say);
        let what = Event::GrantActivated {
            since: Some(now),
            until: Some(until),
            residual: residual.said.clone(),
            identity: proof.unprotected.then(|| UNPROTECTED.to_owned()),
            everyone: self.facts.terms.everyone(),
        };
        let event = self.facts.event(what, Actor::worker());
        let to = Active { facts: self.facts, since: now, until, residual };
        Ok(Transition { to, event, wakes: vec![] })
    }
}

impl Live {
    /// What was granted.
    pub fn facts(&self) -> &GrantFacts {
        match self {
            Self::Scheduled(grant) => &grant.facts,
            Self::Provisioning(grant) => &grant.facts,
            Self::Active(grant) => &grant.facts,
        }
    }

    /// Ends the access because its holder gives it back.
    pub fn give_back(self, by: &Person, now: Timestamp) -> Result<Transition<Revoking>, NotRevoked> {
        if by.id != self.facts().person {
            return Err(NotRevoked::NotHolder);
        }
        let actor = Actor::Person { id: by.id, handle: by.handle.to_string() };
        Ok(self.revoke(Cause::Relinquished, actor, None, now))
    }

    /// Ends the access because a decider of the grant, or an operator, revokes it.
    pub fn take_away(
        self,
        by: &Person,
        operator: bool,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Transition<Revoking>, NotRevoked> {
        if !operator && !self.facts().decided_by.contains(&by.id) {
            return Err(NotRevoked::NotAllowed);
        }
        let actor = Actor::Person { id: by.id, handle: by.handle.to_string() };
        Ok(self.revoke(Cause::Revoked, actor, Some(reason.into()), now))
    }

    /// Ends an access whose time is over: `expired` past `until`, `undeliverable` past `activate_by` (with what
    /// `held_up_by` names); `None` before that.
    pub fn expire(self, now: Timestamp, held_up_by: Option<String>) -> Option<Transition<Revoking>> {
        let cause = match &self {
            Self::Active(grant) if now >= grant.until => Cause::Expired,
            Self::Scheduled(_) | Self::Provisioning(_) if now > self.facts().activate_by => Cause::Undeliverable,
            Self::Scheduled(_) | Self::Provisioning(_) | Self::Active(_) => return None,
        };
        let reason = held_up_by.filter(|_| cause == Cause::Undeliverable);
        Some(self.revoke(cause, Actor::worker(), reason, now))
    }

    /// Ends it for any cause. This never fails: a reason that is too long is cut.
    pub fn revoke(self, cause: Cause, actor: Actor, reason: Option<String>, now: Timestamp) -> Transition<Revoking> {
        let (active, facts) = match self {
            Self::Scheduled(grant) => (None, grant.facts),
            Self::Provisioning(grant) => (None, grant.facts),
            Self::Active(grant) => (Some((grant.since, grant.until)), grant.facts),
        };
        let by = match &actor {
            Actor::Person { id, .. } => Some(*id),
            Actor::Process { .. } => None,
        };
        let reason: Option<String> = reason.map(|reason| reason.chars().take(reason::LONGEST).collect());
        let event = facts.event(Event::revoking(cause, reason.as_deref()), actor);
        let wakes = facts.wakes(true);
        Transition { to: Revoking { facts, active, cause, revoking_since: now, by, reason }, event, wakes }
    }
}

impl Revoking {
    /// What operators have to know of an end that this proof allows: a binding that is not Latchkey's names a user who
    /// stays.
    pub fn not_shut_out(&self, proof: &Proof<Gone>) -> Option<Alarm> {
        let named = |residual: &Residual| match residual {
            Residual::ForeignBinding { binding, stays: true, .. } => Some(binding.clone()),
            _ => None,
        };
        let bindings: Vec<String> = proof.residual.iter().filter_map(named).collect();
        let facts = &self.facts;
        let (holder, cluster) = (facts.handle.to_string(), facts.terms.cluster_name.clone());
        (!bindings.is_empty()).then(|| Alarm {
            person: Some(facts.person),
            cluster: Some(facts.terms.cluster),
            request: Some(facts.request),
            grant: Some(facts.id),
            ..Alarm::new(AlarmFacts::NotShutOut { holder, cluster, bindings }, format!("access_grant {}", facts.id))
        })
    }

    /// Ends the grant: everything is proven gone. `say` makes the sentences of the event.
    pub fn end(self, proof: Proof<Gone>, say: impl Fn(&Residual) -> String, now: Timestamp) -> Transition<Ended> {
        let residual = Residuals::new(proof.residual, say);
        let what = Event::GrantEnded { cause: self.cause.into(), residual: residual.said.clone() };
        let event = self.facts.event(what, Actor::worker());
        let Self { facts, active, cause, revoking_since, .. } = self;
        let to = Ended { facts, active, cause, revoking_since, ended_at: now, residual };
        Transition { to, event, wakes: vec![] }
    }
}

impl GrantFacts {
    /// What the grant is about.
    pub fn brief(&self) -> GrantBrief {
        let Self { id, request, person, .. } = *self;
        GrantBrief { id, request, person, principal: self.terms.principal, cluster: self.terms.cluster }
    }

    /// An event about this grant.
    pub fn event(&self, what: Event, actor: Actor) -> EventDraft {
        self.brief().event(what, actor)
    }
}
