//! Requests, what rules them, and what they become.

use super::{NOW, POLICY_HASH, ana, ben, chi, id, terms};
use crate::access::{
    GrantId, RequestId,
    grant::{GrantBasis, GrantFacts},
    person::Person,
    policy::{Basis, Decision, Eligible, Policy},
    request::{ACTIVATE_WITHIN, RequestFacts, Ruled},
    terms::Terms,
};
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeSet, num::NonZeroU8};

/// Ana's request for `terms()`, which lapses after an hour.
pub fn request() -> RequestFacts {
    RequestFacts {
        id: RequestId(id("request")),
        requester: ana(),
        terms: terms(),
        reason: "settlement run".to_owned(),
        policy_hash: POLICY_HASH.to_owned(),
        policy_name: "payments may look".to_owned(),
        submitted_at: NOW,
        lapses_at: NOW + SignedDuration::from_hours(1),
    }
}

impl RequestFacts {
    /// With this id.
    #[must_use]
    pub fn numbered(self, number: u128) -> Self {
        Self { id: RequestId(uuid::Uuid::from_u128(number)), ..self }
    }

    /// Asked by this person.
    #[must_use]
    pub fn by(self, requester: Person) -> Self {
        Self { requester, ..self }
    }

    /// Asked for this.
    #[must_use]
    pub fn for_terms(self, terms: Terms) -> Self {
        Self { terms, ..self }
    }

    /// Asked for this reason.
    #[must_use]
    pub fn because(self, reason: &str) -> Self {
        Self { reason: reason.to_owned(), ..self }
    }

    /// Sent then, and lapsing so many minutes later.
    #[must_use]
    pub fn sent(self, submitted_at: Timestamp, lapses_after: i64) -> Self {
        Self { submitted_at, lapses_at: submitted_at + SignedDuration::from_mins(lapses_after), ..self }
    }

    /// What rules it, if this policy asks people and its profile has not changed since it was asked for.
    pub fn ruled_by(&self, policy: Policy) -> Ruled {
        let Decision::Ask { approvers, quorum } = policy.decision.clone() else {
            panic!("{} asks nobody", policy.name)
        };
        let eligible = Eligible { approvers, requester: self.requester.id, users: BTreeSet::new() };
        let basis = Basis { policy, policy_hash: self.policy_hash.clone() };
        Ruled::of(self, basis, quorum, eligible, Ok(self.terms.profile.clone()))
    }
}

/// What `request()` became when Ben and Chi had approved it.
pub fn grant() -> GrantFacts {
    let request = request();
    let activate_by = NOW + ACTIVATE_WITHIN;
    GrantFacts {
        id: GrantId(id("grant")),
        request: request.id,
        person: request.requester.id,
        handle: request.requester.handle,
        policy_hash: request.policy_hash,
        policy_name: request.policy_name,
        basis: GrantBasis::Quorum(NonZeroU8::new(2).unwrap()),
        decided_by: vec![ben().id, chi().id],
        created_at: NOW,
        activate_by,
        hard_until: activate_by + request.terms.lasts(),
        terms: request.terms,
    }
}
