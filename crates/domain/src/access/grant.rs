//! Grants: one approved request's access, from the decision to the proven end.
//!
//! | from | to | by | when |
//! |---|---|---|---|
//! | (a completing vote) | `scheduled` | [`super::request::Pending::decide`] | quorum |
//! | `scheduled` | `provisioning` | [`Scheduled::start`] | at once: the worker's clock sees it |
//! | `provisioning` | `active` | [`Provisioning::activate`] | every leg proven present by its last look, before `activate_by` |
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

pub use super::compared::{Compared, UNPROTECTED};

use super::{
    ClusterId, EventDraft, GrantId, PersonId, PrincipalId, RequestId, Transition, Wake,
    blocker::Blocker,
    person::{Handle, Person},
    profile::ResolvedProfile,
    reason::{self, Reason},
    terms::Terms,
    transition::{Actor, Target},
};
use crate::audit::event::Event;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{marker::PhantomData, num::NonZeroU8};

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

/// Why an access ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Expired,
    Relinquished,
    Revoked,
    Departed,
    Ineligible,
    ReviewMissed,
    Undeliverable,
    PrincipalReplaced,
    ClusterGone,
    Incident,
    /// The worker decided again before it set the access up, and the policy of that time did not allow it.
    NotAllowed,
    /// A policy was applied that would not grant an access which was still to be set up.
    PolicyChanged,
    /// An operator released the AWS identity that the access is for.
    Released,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 13] = [
        Self::Expired,
        Self::Relinquished,
        Self::Revoked,
        Self::Departed,
        Self::Ineligible,
        Self::ReviewMissed,
        Self::Undeliverable,
        Self::PrincipalReplaced,
        Self::ClusterGone,
        Self::Incident,
        Self::NotAllowed,
        Self::PolicyChanged,
        Self::Released,
    ];

    /// The value that the database stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Relinquished => "relinquished",
            Self::Revoked => "revoked",
            Self::Departed => "departed",
            Self::Ineligible => "ineligible",
            Self::ReviewMissed => "review_missed",
            Self::Undeliverable => "undeliverable",
            Self::PrincipalReplaced => "principal_replaced",
            Self::ClusterGone => "cluster_gone",
            Self::Incident => "incident",
            Self::NotAllowed => "not_allowed",
            Self::PolicyChanged => "policy_changed",
            Self::Released => "released",
        }
    }

    /// Parses the value that the database stores.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == text)
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
    /// What says yes beside this grant though it should not, by name.
    pub residual: Vec<String>,
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
    /// What still says yes, by name.
    pub residual: Vec<String>,
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

/// Marker of [`Proof`]: everything that should be allowed is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present {}
/// Marker of [`Proof`]: the objects that Latchkey wrote are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {}

/// Proof that every leg of a grant is proven. Only [`Proof::<Present>::of`] and [`Proof::<Gone>::of`] make one, from
/// the legs as the database has them after the finishing run wrote its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof<P> {
    residual: Vec<String>,
    /// Whether the worker may not look up who the IAM user is now.
    unprotected: bool,
    marker: PhantomData<P>,
}

/// What the last proof of a leg showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proven {
    Nothing,
    Present,
    Gone,
}

impl Proven {
    /// The value that the database stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Present => "present",
            Self::Gone => "gone",
        }
    }

    /// Parses the value that the database stores.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Nothing, Self::Present, Self::Gone].into_iter().find(|proven| proven.as_str() == text)
    }
}

/// The part of a grant on one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    pub target: Target,
    pub proven: Proven,
    /// For the principal's leg: whether the user is still the one that was proven.
    pub compared: Compared,
    pub condition: Condition,
    /// What still says yes, as the last proof named it.
    pub residual: Vec<String>,
}

/// The condition of a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Ok,
    /// The worker retries it without help.
    Retrying {
        why: Blocker,
        attempt: u32,
        next: Timestamp,
    },
    /// It waits until an operator resumes granting.
    Paused {
        why: Blocker,
        next: Timestamp,
    },
    /// A person has to act.
    Blocked {
        why: Blocker,
        next: Timestamp,
    },
}

impl Condition {
    /// The kind of trouble and its reason; `None` if the leg is well.
    pub fn trouble(&self) -> Option<(Trouble, &Blocker)> {
        match self {
            Self::Ok => None,
            Self::Retrying { why, .. } => Some((Trouble::Retrying, why)),
            Self::Paused { why, .. } => Some((Trouble::Paused, why)),
            Self::Blocked { why, .. } => Some((Trouble::Blocked, why)),
        }
    }
}

/// The kinds of trouble, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The worker retries it without help.
    Retrying,
    /// It waits until an operator resumes granting: nothing is broken.
    Paused,
    /// A person has to act.
    Blocked,
}

impl Trouble {
    /// The word that the database and scripts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retrying => "retrying",
            Self::Paused => "paused",
            Self::Blocked => "blocked",
        }
    }

    /// Parses the word that the database stores.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Retrying, Self::Paused, Self::Blocked].into_iter().find(|trouble| trouble.as_str() == text)
    }
}

/// Whether an activation waits for this leg.
///
/// What is written for the principal holds an activation back only if the profile needs IAM (console access): a kubectl
/// token needs no IAM permission at all. The identity of the user has to be known in any case.
fn holds_back(leg: &Leg, profile: &ResolvedProfile) -> bool {
    match leg.target {
        Target::Cluster(_) => true,
        Target::Principal(_) => profile.console,
    }
}

impl Proof<Present> {
    /// The proof, if the cluster's leg (and the principal's, for console access) is proven present by its last look,
    /// and the user is the one that was proven, or AWS does not let the worker look.
    pub fn of(legs: &[Leg], profile: &ResolvedProfile) -> Option<Self> {
        let compared = compared(legs).filter(|compared| compared.lets_activate())?;
        let unprotected = compared == Compared::Unprotected;
        is_present(legs, profile).then(|| Self { residual: residual(legs), unprotected, marker: PhantomData })
    }

    /// Whether only another look at the user's identity is missing.
    pub fn wants_comparison(legs: &[Leg], profile: &ResolvedProfile) -> bool {
        compared(legs) == Some(Compared::Stale) && is_present(legs, profile)
    }
}

/// What is known of the identity of the grant's user.
fn compared(legs: &[Leg]) -> Option<Compared> {
    legs.iter().find(|leg| matches!(leg.target, Target::Principal(_))).map(|leg| leg.compared)
}

/// Whether every leg that an activation waits for is proven present.
fn is_present(legs: &[Leg], profile: &ResolvedProfile) -> bool {
    let mut needed = legs.iter().filter(|leg| holds_back(leg, profile)).peekable();
    let cluster = legs.iter().any(|leg| matches!(leg.target, Target::Cluster(_)));
    cluster && needed.peek().is_some() && needed.all(|leg| leg.proven == Proven::Present)
}

impl Proof<Gone> {
    /// The proof, if both legs of the grant are proven gone: the one on its principal and the one on its cluster. A leg
    /// on any other target says nothing about this grant, and does not hold its end up.
    pub fn of(legs: &[Leg], facts: &GrantFacts) -> Option<Self> {
        let own: Vec<Leg> = legs.iter().filter(|leg| facts.targets().contains(&leg.target)).cloned().collect();
        let is_gone = |target| own.iter().any(|leg| leg.target == target && leg.proven == Proven::Gone);
        let all = facts.targets().into_iter().all(is_gone);
        all.then(|| Self { residual: residual(&own), unprotected: false, marker: PhantomData })
    }
}

fn residual(legs: &[Leg]) -> Vec<String> {
    legs.iter().flat_map(|leg| leg.residual.iter().cloned()).collect()
}

/// Why a revocation is refused. `Display` is a sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRevoked {
    #[error("Only whoever holds this access can give it back.")]
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
    /// Starts the clock: `until` is `now` plus the minutes that were asked for, and never later than `hard_until`.
    ///
    /// # Errors
    /// Gives the grant back unchanged if `activate_by` is over: what was set up must be rolled back.
    pub fn activate(self, proof: Proof<Present>, now: Timestamp) -> Result<Transition<Active>, Box<Self>> {
        if now > self.facts.activate_by {
            return Err(Box::new(self));
        }
        let until = (now + self.facts.terms.lasts()).min(self.facts.hard_until);
        let what = Event::GrantActivated {
            since: Some(now),
            until: Some(until),
            residual: proof.residual.clone(),
            identity: proof.unprotected.then(|| UNPROTECTED.to_owned()),
        };
        let event = self.facts.event(what, Actor::worker());
        let to = Active { facts: self.facts, since: now, until, residual: proof.residual };
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
    /// Ends the grant: everything is proven gone.
    pub fn end(self, proof: Proof<Gone>, now: Timestamp) -> Transition<Ended> {
        let what = Event::GrantEnded { cause: self.cause.into(), residual: proof.residual.clone() };
        let event = self.facts.event(what, Actor::worker());
        let Self { facts, active, cause, revoking_since, .. } = self;
        let to = Ended { facts, active, cause, revoking_since, ended_at: now, residual: proof.residual };
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
