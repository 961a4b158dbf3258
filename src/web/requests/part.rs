//! What a visitor is to a request, and for whom it waits.

use crate::{
    store::read::request::RequestDetail,
    web::{SignedIn, html::Html},
    words::{self, Clock},
};
use latchkey_domain::access::{
    PersonId,
    person::Person,
    request::{RequestState, Ruled, Verdict, Vote},
    rules::Changed,
};
use std::collections::BTreeMap;

/// What a visitor is to a request.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "somebody may be several of these at once")]
pub struct Part {
    me: PersonId,
    pub requester: bool,
    pub eligible: bool,
    pub decided: bool,
    /// Operators and auditors.
    pub oversees: bool,
    pub verdict: Option<(Verdict, jiff::Timestamp)>,
}

impl Part {
    /// What this visitor is to it, as it is ruled now; nobody may decide it where nothing rules it.
    pub fn of(signed_in: &SignedIn, detail: &RequestDetail, ruled: Option<&Ruled>) -> Self {
        let me = &signed_in.person;
        let own_vote = |vote: &&Vote| vote.by.id == me.id;
        let granted = detail.grant.as_ref().is_some_and(|grant| grant.decided_by.contains(&me.id));
        Self {
            me: me.id,
            requester: detail.facts.requester.id == me.id,
            eligible: ruled.is_some_and(|ruled| ruled.eligible.contains(me)),
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
            let void = waiting.void.get(&self.me);
            let next: &[String] = if pending && void.is_none() { &waiting.names } else { &[] };
            let sentence = words::request::you_decided(verdict, at, next, clock);
            return Some(Html::sentence(&match void {
                Some(changed) => {
                    sentence.parsed(&format!(" It {} Look again, then decide.", words::request::void(changed)))
                }
                None => sentence,
            }));
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
    /// Whose approvals count no more, and which rules changed since.
    pub void: BTreeMap<PersonId, Vec<Changed>>,
    /// Whether the requester is among the approvers of the policy, and left out only as its requester.
    requester_approves: bool,
}

impl Waiting {
    /// For whom it waits, of those that are known.
    pub fn of(detail: &RequestDetail, ruled: &Ruled, known: &[Person]) -> Self {
        let eligible = &ruled.eligible;
        let voted =
            |person: &Person| detail.votes.iter().any(|vote| vote.by.id == person.id && vote.seen == ruled.seen);
        let approves = |vote: &&Vote| vote.verdict == Verdict::Approve && ruled.counts(&vote.by, vote.seen);
        let pending = detail.state == RequestState::Pending;
        let void = detail.votes.iter().filter(|_| pending).filter_map(|vote| {
            let changed = ruled.void(&detail.facts, vote)?;
            Some((vote.by.id, changed))
        });
        let waiting = known.iter().filter(|person| eligible.contains(person) && !voted(person));
        Self {
            names: waiting.map(|person| person.name.clone()).collect(),
            who: words::people::audience(&eligible.approvers),
            approvals: detail.votes.iter().filter(approves).count(),
            quorum: usize::from(ruled.quorum.get()),
            void: void.collect(),
            requester_approves: eligible.approvers.contains(&detail.facts.requester),
        }
    }
}
