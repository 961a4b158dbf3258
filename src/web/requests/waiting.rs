//! Which deciders a request waits for, and what its page says of the visitor's own part in it.

use crate::{
    actions::sight::RequestPart,
    store::read::request::RequestDetail,
    web::html::Html,
    words::{self, Clock},
};
use latchkey_domain::access::{
    PersonId,
    person::Person,
    request::{RequestState, Ruled, Verdict, Vote},
    rules::ChangedRule,
};
use std::collections::BTreeMap;

/// The deciders that a request waits for.
#[derive(Debug, Clone, Default)]
pub struct WaitingDeciders {
    /// The names of those who may decide and have not.
    pub names: Vec<String>,
    /// The same in words, for the time until one of them first signs in.
    pub who: String,
    pub approvals: usize,
    pub quorum: usize,
    /// Whose approvals no longer count, and which rules changed since.
    pub void: BTreeMap<PersonId, Vec<ChangedRule>>,
    /// Whether the requester is an approver under the policy, and excluded only because the request is theirs.
    requester_approves: bool,
}

impl WaitingDeciders {
    /// The deciders that it waits for, among the people who signed in before: the reader first, as "you".
    pub fn of(detail: &RequestDetail, ruled: &Ruled, known: &[Person], me: PersonId) -> Self {
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
        let (own, others): (Vec<&Person>, Vec<&Person>) = waiting.partition(|person| person.id == me);
        let own = own.iter().map(|_| "you".to_owned());
        Self {
            names: own.chain(others.iter().map(|person| person.name.clone())).collect(),
            who: words::people::audience(&eligible.approvers),
            approvals: detail.votes.iter().filter(approves).count(),
            quorum: usize::from(ruled.quorum.get()),
            void: void.collect(),
            requester_approves: eligible.approvers.contains(&detail.facts.requester),
        }
    }

    /// "You approved 14:02; Chi is next.", or why the visitor cannot decide.
    pub fn own_part(&self, part: RequestPart, detail: &RequestDetail, clock: &Clock) -> Option<Html> {
        let pending = detail.state == RequestState::Pending;
        if let Some((verdict, at)) = part.verdict {
            let void = self.void.get(&part.me);
            let next: &[String] = if pending && void.is_none() { &self.names } else { &[] };
            let sentence = words::request::you_decided(verdict, at, next, clock);
            return Some(Html::sentence(&match void {
                Some(changed) => {
                    sentence.parsed(&format!(" It {} Look again, then decide.", words::request::void(changed)))
                }
                None => sentence,
            }));
        }
        if let Some(role) = detail.facts.terms.shared_role().filter(|_| pending && part.shares) {
            return Some(Html::sentence(&words::request::shares(role)));
        }
        (pending && part.requester && self.requester_approves).then(|| {
            let can = words::people::any_of(&self.names);
            Html::prose(&format!("You cannot approve your own request. {can} can."))
        })
    }
}
