//! What a visitor is to a request, and for whom it waits.

use crate::{
    store::read::request::RequestDetail,
    web::{SignedIn, failure::Unruled, html::Html},
    words::{self, Clock},
};
use latchkey_domain::access::{
    person::Person,
    policy::Eligible,
    request::{RequestState, Verdict, Vote},
};

/// What a visitor is to a request.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "somebody may be several of these at once")]
pub struct Part {
    pub requester: bool,
    pub eligible: bool,
    pub decided: bool,
    /// Operators and auditors.
    pub oversees: bool,
    pub verdict: Option<(Verdict, jiff::Timestamp)>,
}

impl Part {
    /// What this visitor is to it, where `eligible` may decide.
    pub fn of(signed_in: &SignedIn, detail: &RequestDetail, eligible: Option<&Eligible>) -> Self {
        let me = &signed_in.person;
        let own_vote = |vote: &&Vote| vote.by.id == me.id;
        let granted = detail.grant.as_ref().is_some_and(|grant| grant.decided_by.contains(&me.id));
        Self {
            requester: detail.facts.requester.id == me.id,
            eligible: eligible.is_some_and(|eligible| eligible.contains(me)),
            decided: granted || detail.voted(me.id),
            oversees: signed_in.roles.sees_all(),
            verdict: detail.votes.iter().find(own_vote).map(|vote| (vote.verdict, vote.at)),
        }
    }

    /// Whether it is theirs to see.
    pub fn sees(self) -> bool {
        self.requester || self.eligible || self.decided || self.oversees
    }

    /// "You approved 14:02; Chi is next.", or why one cannot decide.
    pub fn own_part(self, detail: &RequestDetail, waiting: &Waiting, clock: &Clock) -> Option<Html> {
        let pending = detail.state == RequestState::Pending;
        if let Some((verdict, at)) = self.verdict {
            let next: &[String] = if pending { &waiting.names } else { &[] };
            return Some(Html::sentence(&words::request::you_decided(verdict, at, next, clock)));
        }
        (pending && self.requester && waiting.requester_approves).then(|| {
            let can = words::people::any_of(&waiting.names);
            Html::prose(&format!("You cannot approve your own request. {can} can."))
        })
    }
}

/// For whom a request waits.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    /// Who may decide and has not.
    pub names: Vec<String>,
    /// The same where nobody of them signed in yet.
    pub who: String,
    pub approvals: usize,
    pub quorum: usize,
    /// Why nobody can decide, where no policy can be gone by.
    pub unruled: Option<Unruled>,
    /// Whether the requester is among the approvers of the policy, and left out only as its requester.
    requester_approves: bool,
}

impl Waiting {
    /// The same where no policy can be gone by.
    #[must_use]
    pub fn unruled(self, unruled: Option<Unruled>) -> Self {
        Self { unruled, ..self }
    }

    /// For whom it waits, of those that are known.
    pub fn of(detail: &RequestDetail, eligible: Option<&Eligible>, known: &[Person]) -> Self {
        let Some(eligible) = eligible else { return Self::default() };
        let voted = |person: &Person| detail.votes.iter().any(|vote| vote.by.id == person.id);
        let approves = |vote: &&Vote| vote.verdict == Verdict::Approve && eligible.contains(&vote.by);
        let waiting = known.iter().filter(|person| eligible.contains(person) && !voted(person));
        Self {
            names: waiting.map(|person| person.name.clone()).collect(),
            who: words::people::audience(&eligible.approvers),
            approvals: detail.votes.iter().filter(approves).count(),
            quorum: detail.quorum.map_or(0, |quorum| usize::from(quorum.get())),
            unruled: None,
            requester_approves: eligible.approvers.contains(&detail.facts.requester),
        }
    }
}
