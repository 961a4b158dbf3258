//! Votes on a pending request: which of them count by the present rules, and what the vote that completes the quorum
//! makes.
//!
//! A vote locks the request before it counts, and checks every earlier vote again by the present rules
//! (`PolicyFile::ruled`): the policy, the voters' groups, the cluster by its id (never another cluster that has its
//! name now), and the profile as it resolves on the last look. `seen` covers all of these, so a vote under other rules
//! is void, and the page says which rule changed. If a profile does not resolve, or binds more than one request may,
//! the request can only be denied. One denial ends the request.
//!
//! Each vote that counts is stored with the policy and the voter's groups by which it was counted, at the latest by the
//! completing vote. It can then be checked later that each decider was eligible at that time, even if they left a group
//! since. The grant and its events name the policy version, policy and quorum of the completing vote. A grant under an
//! automatic policy has the basis `automatic`, not a quorum of 0.

use super::{
    EventDraft, GrantId, PersonId, RequestId, Transition,
    grant::{GrantBasis, Scheduled},
    person::Person,
    policy::{Basis, Eligible},
    profile::{ResolvedProfile, TooMuch},
    reason::Reason,
    request::{Closed, Pending, RequestFacts, RequestState, Seen},
    rules::{ChangedRule, Rules},
    transition::Actor,
};
use crate::audit::event::{Event, VoteDetail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, num::NonZeroU8};

/// For or against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Approve,
    Deny,
}

impl Verdict {
    /// The value that the form and the database use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
        }
    }

    /// Parses the value of the form or the database.
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
    /// The answer to whether they can use the role that the access is for themselves; `None` if they were not asked.
    pub uses_role: Option<bool>,
    pub at: Timestamp,
    /// The rules that it was cast under; `None` if they were not kept, or cannot be read.
    pub rules: Option<Rules>,
}

/// A vote that counts, with what makes its voter eligible: it is kept, so that the vote can be judged later as it was
/// then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub by: PersonId,
    pub groups: BTreeSet<String>,
}

impl Counted {
    fn of(person: &Person) -> Self {
        Self { by: person.id, groups: person.groups.clone() }
    }
}

/// The rules for a pending request now, and what the form must have shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruled {
    pub basis: Basis,
    pub eligible: Eligible,
    pub quorum: NonZeroU8,
    /// The profile as it resolves now, which an approval grants.
    pub profile: Result<ResolvedProfile, Unresolved>,
    pub seen: Seen,
}

/// Why a profile cannot be resolved on its cluster now. `Display` is a sentence for the deciders.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    #[error(
        "The ClusterRole `{0}` of this profile is not on the cluster now, so an approval would grant what cannot be \
         seen. Operators can add it; until then this can be denied only."
    )]
    RoleMissing(String),
    #[error(
        "Latchkey has no reading of this cluster, so it cannot show what an approval would grant. Operators can see \
         why; until then this can be denied only."
    )]
    NeverSeen,
    /// The request is older than the bound on one request, or the profile grew since.
    #[error("This binds more than one request may, so it can be denied only, and its requester can ask for less. {0}")]
    TooMuch(TooMuch),
}

impl Ruled {
    /// The rules for a request under this policy and profile.
    pub fn of(
        facts: &RequestFacts,
        basis: Basis,
        quorum: NonZeroU8,
        eligible: Eligible,
        profile: Result<ResolvedProfile, Unresolved>,
    ) -> Self {
        // A profile that cannot be resolved can only be denied: the form then shows what was asked for.
        let seen = facts.seen(&basis.policy, profile.as_ref().unwrap_or(&facts.terms.profile));
        Self { basis, eligible, quorum, profile, seen }
    }

    /// The rules as a vote keeps them.
    pub fn rules(&self, facts: &RequestFacts) -> Rules {
        Rules::of(&self.basis.policy, self.profile.as_ref().unwrap_or(&facts.terms.profile))
    }

    /// Whether a vote by this person, who saw this, counts now: the person is eligible now, and saw what is valid now.
    pub fn counts(&self, by: &Person, seen: Seen) -> bool {
        seen == self.seen && self.eligible.contains(by)
    }

    /// Whether a person would have the access themselves, by the role that it is for.
    pub fn shares(&self, person: &Person) -> bool {
        self.eligible.shares(person)
    }

    /// Why a vote is void now; `None` if it counts.
    pub fn void(&self, facts: &RequestFacts, vote: &Vote) -> Option<Vec<ChangedRule>> {
        if self.counts(&vote.by, vote.seen) {
            return None;
        }
        let mut changed = match (&vote.rules, vote.seen == self.seen) {
            (_, true) => vec![],
            (Some(then), false) => then.changed(&self.rules(facts)),
            (None, false) => vec![ChangedRule::Something],
        };
        if !self.eligible.contains(&vote.by) {
            changed.push(ChangedRule::NotEligible);
        }
        Some(changed)
    }
}

/// A vote that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voted {
    pub request: RequestId,
    pub vote: Vote,
    /// Approvals that count now, this one included.
    pub approvals: u8,
    /// Lower-case hex SHA-256 of the policy.toml by which the votes were counted.
    pub policy_hash: String,
    /// Every vote that counted: this one, and the approvals of others.
    pub counted: Vec<Counted>,
}

/// The result of a vote. `Denied` and `Approved` carry the vote, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    Waiting(Transition<Voted>),
    Denied(Transition<(Voted, Closed)>),
    Approved(Box<Transition<(Voted, Closed, Scheduled)>>),
}

/// Why a vote is refused. `Display` is a sentence for the voter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("You cannot decide your own request.")]
    Own,
    #[error("You are not an approver of this request.")]
    NotEligible,
    #[error("Say whether you can use the role `{role}` yourself: everyone who can use it would have this access.")]
    RoleUnanswered { role: String },
    #[error(
        "You can use the role `{role}`, so you would have this access yourself, and you cannot approve it. Another \
         approver has to, who cannot use the role."
    )]
    UsesRole { role: String },
    #[error("You decided this request already.")]
    AlreadyVoted,
    #[error("The request or its rules changed since this page was made. Look again, then decide.")]
    Stale,
    #[error("{0}")]
    Unresolved(Unresolved),
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
    pub reason: Option<Reason>,
    pub seen: Seen,
    /// The answer to whether they can use the role that the access is for; `None` if the form did not ask, or got no
    /// answer.
    pub uses_role: Option<bool>,
}

impl Pending {
    /// Takes a vote. Every earlier vote is checked again: it counts only if its voter is eligible now and saw what is
    /// valid now. `grant` becomes the id of the grant if the quorum completes: the grant has the profile, the policy
    /// and the quorum of this vote, whatever they were at the time of the request.
    ///
    /// # Errors
    /// `Own`, `UsesRole` (by a proof, or by their answer), `NotEligible`, `Lapsed` (the deadline is over, whether or not the worker saw it), `AlreadyVoted` (on what
    /// is valid now), `ReasonMissing` (a denial without one). For an approval also `Stale` (the form showed something
    /// else), `RoleUnanswered` and `Unresolved`: a denial grants nothing, so it counts whatever was shown and answered.
    pub fn decide(self, ballot: Ballot, ruled: &Ruled, grant: GrantId, now: Timestamp) -> Result<Decided, Refused> {
        let Ballot { by, verdict, reason, seen, uses_role } = ballot;
        if by.id == self.facts.requester.id {
            return Err(Refused::Own);
        }
        let shared = self.facts.terms.shared_role().map(str::to_owned);
        if let Some(role) = shared.clone().filter(|_| ruled.shares(&by)) {
            return Err(Refused::UsesRole { role });
        }
        if !ruled.eligible.contains(&by) {
            return Err(Refused::NotEligible);
        }
        if now >= self.facts.lapses_at {
            return Err(Refused::Lapsed);
        }
        if seen != ruled.seen && verdict == Verdict::Approve {
            return Err(Refused::Stale);
        }
        if self.votes.iter().any(|vote| vote.by.id == by.id && vote.seen == ruled.seen) {
            return Err(Refused::AlreadyVoted);
        }
        if verdict == Verdict::Deny && reason.is_none() {
            return Err(Refused::ReasonMissing);
        }
        match (shared.clone(), verdict, uses_role) {
            (Some(role), Verdict::Approve, None) => return Err(Refused::RoleUnanswered { role }),
            (Some(role), Verdict::Approve, Some(true)) => return Err(Refused::UsesRole { role }),
            (None, _, _) | (_, Verdict::Deny, _) | (_, _, Some(false)) => {}
        }
        let uses_role = uses_role.filter(|_| shared.is_some());
        let actor = Actor::Person { id: by.id, handle: by.handle.to_string() };
        let mut deciders: Vec<Person> = self
            .votes
            .iter()
            .filter(|vote| vote.by.id != by.id && vote.verdict == Verdict::Approve && ruled.counts(&vote.by, vote.seen))
            .filter(|vote| shared.is_none() || vote.uses_role == Some(false))
            .map(|vote| vote.by.clone())
            .collect();
        deciders.push(by.clone());
        let approvals = u8::try_from(deciders.len()).unwrap_or(u8::MAX);
        let counted = deciders.iter().map(Counted::of).collect();
        let reason = reason.map(String::from);
        let vote = Vote { by, verdict, reason, seen, uses_role, at: now, rules: Some(ruled.rules(&self.facts)) };
        let policy_hash = ruled.basis.policy_hash.clone();
        let voted = Voted { request: self.facts.id, vote, approvals, policy_hash, counted };
        let detail = detail(&voted, ruled);
        match verdict {
            Verdict::Deny => {
                let event = self.facts.event(Event::RequestDenied { vote: detail }, actor);
                let closed = Closed::of(&self.facts, RequestState::Denied, now);
                Ok(Decided::Denied(Transition { to: (voted, closed), event, wakes: vec![] }))
            }
            Verdict::Approve if approvals < ruled.quorum.get() => {
                let what = Event::RequestVoted { vote: detail, approvals: approvals.into() };
                let event = self.facts.event(what, actor);
                Ok(Decided::Waiting(Transition { to: voted, event, wakes: vec![] }))
            }
            Verdict::Approve => {
                let profile = ruled.profile.clone().map_err(Refused::Unresolved)?;
                let basis = GrantBasis::Quorum(ruled.quorum);
                let facts = self.facts.grant(grant, &deciders, (&ruled.basis, basis), profile, now);
                let closed = Closed::of(&self.facts, RequestState::Approved, now);
                let what = Event::RequestApproved {
                    vote: detail,
                    basis: basis.as_str().to_owned(),
                    deciders: deciders.iter().map(|person| person.handle.to_string()).collect(),
                    activate_by: Some(facts.activate_by),
                    hard_until: Some(facts.hard_until),
                    everyone: facts.terms.everyone(),
                };
                let event = EventDraft { grant: Some(grant), ..self.facts.event(what, actor) };
                let wakes = facts.wakes(false);
                let to = (voted, closed, Scheduled { facts });
                Ok(Decided::Approved(Box::new(Transition { to, event, wakes })))
            }
        }
    }
}

fn detail(voted: &Voted, ruled: &Ruled) -> VoteDetail {
    let Vote { verdict, reason, seen, uses_role, .. } = &voted.vote;
    VoteDetail {
        verdict: (*verdict).into(),
        reason: reason.clone(),
        seen: seen.to_string(),
        uses_role: *uses_role,
        policy: ruled.basis.policy.name.clone(),
        policy_hash: ruled.basis.policy_hash.clone(),
        quorum: Some(ruled.quorum),
    }
}
