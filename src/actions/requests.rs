//! Requests: submit, cancel, decide.

use super::{
    ask::{AskContext, Considered, Field, Problem, Wanted, consider},
    policy::{self, Current, NoPolicy},
    preview,
    visitor::Visitor,
};
use crate::machine;
use crate::store::{Store, StoreError, Tx, clusters, people, requests::LockedRequest};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::access::{
    GrantId, RequestId,
    person::Person,
    policy::{Basis, Ruling},
    reason::{Reason, UnfitReason},
    request::{Ballot, ClosedWhy, Decided, Pending, Refused, RequestFacts, RequestState, Ruled, Seen, Verdict},
    standing::NotRuled,
};

/// Why a request was not stored.
#[derive(Debug, thiserror::Error)]
pub enum NotSubmitted {
    /// What the asker can correct, by field.
    #[error("the form has {} problem(s)", .0.problems.len())]
    Problems(Box<Considered>),
    #[error(transparent)]
    Policy(#[from] NoPolicy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Stores a request if nothing stands in its way. Under an automatic policy the grant is scheduled with it. Two clicks
/// make one request: the second finds the first as a duplicate.
///
/// # Errors
/// `Problems` with everything that the asker can correct; then nothing is stored.
pub async fn submit(store: &Store, visitor: &Visitor, wanted: &Wanted) -> Result<RequestId, NotSubmitted> {
    let person = &visitor.person;
    let current = policy::current(store).await?;
    let known = AskContext::read(store, &current, person.id, &wanted.cluster).await?;
    let mut considered = consider(&current, person, &known, wanted);
    preview::of_ask(store, &current, person, &known, &mut considered).await?;
    if !considered.problems.is_empty() {
        return Err(NotSubmitted::Problems(Box::new(considered)));
    }
    let mut tx = store.begin_for(person.id).await?;
    tx.lock_person(person.id).await?;
    if let Some(changed) = changed_meanwhile(&mut tx, &current, &considered).await? {
        considered.problems.push(changed);
        return Err(NotSubmitted::Problems(Box::new(considered)));
    }
    let now = tx.now().await?;
    let Some((facts, ruling)) = facts(person, &considered, now) else {
        considered.problems.push(Problem::new(Field::Whole, "The form is not complete. Look at each field."));
        return Err(NotSubmitted::Problems(Box::new(considered)));
    };
    if let Some(duplicate) = tx.duplicate(&facts).await? {
        considered.problems.push(Problem::new(
            Field::Whole,
            format!("You asked for the same already, and it is not decided yet: /requests/{duplicate}"),
        ));
        return Err(NotSubmitted::Problems(Box::new(considered)));
    }
    let id = facts.id;
    match ruling {
        Ruling::Ask { basis, quorum, .. } => {
            tx.record(facts.submit(&basis.policy, quorum), now).await?;
        }
        Ruling::Automatic(basis) => {
            tx.record(facts.submit_automatic(&basis, GrantId(machine::new_id())), now).await?;
        }
        Ruling::Refused(_) => return Err(NotSubmitted::Problems(Box::new(considered))),
    }
    tx.commit().await?;
    Ok(id)
}

/// What changed between the examination of an ask and its locks: the identity, the policy, or which cluster it is.
async fn changed_meanwhile(
    tx: &mut Tx,
    current: &Current,
    considered: &Considered,
) -> Result<Option<Problem>, StoreError> {
    if let Some(principal) = &considered.principal
        && !tx.hold_principal(principal.id, principal.person, considered.session.as_ref()).await?
    {
        let sentence = "That AWS identity is not yours any more. Look at the form again: choose or prove another.";
        return Ok(Some(Problem::new(Field::Principal, sentence)));
    }
    // Another policy may have become current, by which this would not be granted.
    let mut stands = tx.lock_policy().await?.as_deref() == Some(&current.hash);
    if let Some((cluster, _)) = &considered.cluster {
        // If the same policy is applied again, another cluster may take the place of one that was gone.
        let standing = clusters::standing(tx.connection(), &[*cluster], &[]).await?;
        stands &= standing.get(cluster).is_some_and(|standing| standing.gone.is_none());
    }
    let sentence = "The rules changed while this was sent. Look at the form again, then send it.";
    Ok((!stands).then(|| Problem::new(Field::Whole, sentence)))
}

fn facts(person: &Person, considered: &Considered, now: Timestamp) -> Option<(RequestFacts, Ruling)> {
    let ruling = considered.ruling.clone()?;
    let basis = match &ruling {
        Ruling::Ask { basis, .. } | Ruling::Automatic(basis) => basis,
        Ruling::Refused(_) => return None,
    };
    let Basis { policy, policy_hash } = basis;
    let facts = RequestFacts {
        id: RequestId(machine::new_id()),
        requester: person.clone(),
        terms: considered.terms()?,
        reason: considered.reason.clone()?.into(),
        policy_hash: policy_hash.clone(),
        policy_name: policy.name.clone(),
        submitted_at: now,
        lapses_at: now + SignedDuration::from_mins(i64::from(policy.lapses_after_minutes)),
    };
    Some((facts, ruling))
}

/// Why a vote or a cancellation did not count.
#[derive(Debug, thiserror::Error)]
pub enum NotDecided {
    /// There is no such request, or it is not this person's to see.
    #[error("no such request")]
    NotFound,
    /// It was closed before; if it was cancelled, with the reason.
    #[error("the request is {} already", .0.as_str())]
    Closed(RequestState, Option<ClosedWhy>),
    /// It can no longer be approved, by the current rules.
    #[error("the rules of now do not let it be approved")]
    NotRuled(NotRuled),
    /// The reason is not acceptable.
    #[error("{0}")]
    Reason(UnfitReason),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Policy(#[from] NoPolicy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a vote led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoteOutcome {
    Waiting { approvals: u8 },
    Denied,
    Approved(GrantId),
}

/// A vote as the form sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteForm {
    pub verdict: Verdict,
    pub reason: Option<String>,
    pub seen: Seen,
    /// The answer to whether the voter can use the role that the access is for; `None` if the form did not ask.
    pub uses_role: Option<bool>,
}

/// Takes a vote. The request is locked before anything is counted. Every earlier vote is checked again by the current
/// policy, with the cluster, the identity and the profile as they are now. The completing vote makes the grant by
/// these, in the same transaction.
///
/// # Errors
/// See [`NotDecided`]; then nothing is stored.
pub async fn vote(store: &Store, visitor: &Visitor, id: RequestId, form: VoteForm) -> Result<VoteOutcome, NotDecided> {
    let reason = Reason::optional(form.reason.as_deref().unwrap_or_default()).map_err(NotDecided::Reason)?;
    for _ in 0..POLICIES {
        let current = policy::current(store).await?;
        let known = people::approvers(store, &current.file).await?;
        let mut tx = store.begin_for(visitor.person.id).await?;
        let mut pending = pending(tx.lock_request(id).await?)?;
        let (terms, requester) = (&pending.facts.terms, pending.facts.requester.id);
        let stands = tx.hold_principal(terms.principal, requester, terms.session.as_ref()).await?;
        // Another policy may have become current while this one was read and the request's lock was waited for.
        if tx.lock_policy().await?.as_deref() == Some(&current.hash) {
            if pending.facts.terms.shared_role().is_some() {
                // The principal's lock was waited for: no person proves a session of the role from now on.
                pending.facts.terms.users = people::users(tx.connection(), pending.facts.terms.principal).await?;
            }
            let VoteForm { verdict, seen, uses_role, .. } = form;
            let voter = Voter { person: &visitor.person, known: &known, stands, verdict, reason, seen, uses_role };
            return count(tx, &current, pending, &voter).await;
        }
    }
    Err(Refused::Stale.into())
}

/// How often a vote is begun again because another policy became current meanwhile.
const POLICIES: usize = 3;

/// The voter, and what was read before the locks, which tell how much of it still holds.
struct Voter<'a> {
    person: &'a Person,
    known: &'a [Person],
    /// Whether the principal is still the requester's.
    stands: bool,
    verdict: Verdict,
    reason: Option<Reason>,
    seen: Seen,
    uses_role: Option<bool>,
}

async fn count(mut tx: Tx, current: &Current, pending: Pending, voter: &Voter<'_>) -> Result<VoteOutcome, NotDecided> {
    let cluster = pending.facts.terms.cluster;
    let standing = clusters::standing(tx.connection(), &[cluster], &current.file.named_roles()).await?;
    let now = tx.now().await?;
    let ruled = if voter.stands {
        current.file.ruled(&current.hash, &pending.facts, standing.get(&cluster), voter.known)
    } else {
        Err(NotRuled::PrincipalEnded)
    };
    let ruled = match ruled {
        Ok(ruled) => ruled,
        Err(_) if voter.person.id == pending.facts.requester.id => return Err(Refused::Own.into()),
        Err(why) => return Err(NotDecided::NotRuled(why)),
    };
    let Voter { person, verdict, reason, seen, uses_role, .. } = voter;
    if *verdict == Verdict::Approve && answers_yes(&mut tx, &pending, &ruled, voter, now).await? {
        tx.commit().await?;
        let role = pending.facts.terms.shared_role().unwrap_or_default().to_owned();
        return Err(Refused::UsesRole { role }.into());
    }
    let (by, reason) = (Person::clone(person), reason.clone());
    let ballot = Ballot { by, verdict: *verdict, reason, seen: *seen, uses_role: *uses_role };
    let outcome = match pending.decide(ballot, &ruled, GrantId(machine::new_id()), now)? {
        Decided::Waiting(transition) => {
            let approvals = transition.to.approvals;
            tx.record(transition, now).await?;
            VoteOutcome::Waiting { approvals }
        }
        Decided::Denied(transition) => {
            tx.record(transition, now).await?;
            VoteOutcome::Denied
        }
        Decided::Approved(transition) => {
            let (_, _, scheduled) = tx.record(*transition, now).await?;
            VoteOutcome::Approved(scheduled.facts.id)
        }
    };
    tx.commit().await?;
    Ok(outcome)
}

/// Whether an approver says, or said before, that they can use the role that the access is for. The first time it is
/// recorded: who said yes does not say no a moment later.
async fn answers_yes(
    tx: &mut Tx,
    pending: &Pending,
    ruled: &Ruled,
    voter: &Voter<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (facts, person) = (&pending.facts, voter.person);
    let Some(role) = facts.terms.shared_role().filter(|_| ruled.eligible.contains(person)) else { return Ok(false) };
    if tx.said_to_use_role(facts.id, person.id).await? {
        return Ok(true);
    }
    if voter.uses_role == Some(true) {
        tx.event(&facts.role_used(person, role.to_owned()), now).await?;
        return Ok(true);
    }
    Ok(false)
}

/// Withdraws a request.
///
/// # Errors
/// See [`NotDecided`]; another person's request is `NotFound`.
pub async fn cancel(store: &Store, visitor: &Visitor, id: RequestId) -> Result<(), NotDecided> {
    let person = &visitor.person;
    let mut tx = store.begin_for(person.id).await?;
    let locked = tx.lock_request(id).await?;
    if let Some(LockedRequest::Pending(pending)) = &locked
        && pending.facts.requester.id != person.id
    {
        return Err(NotDecided::NotFound);
    }
    let pending = pending(locked)?;
    let now = tx.now().await?;
    tx.record(pending.cancel(person, now)?, now).await?;
    tx.commit().await?;
    Ok(())
}

fn pending(locked: Option<LockedRequest>) -> Result<Pending, NotDecided> {
    match locked {
        None => Err(NotDecided::NotFound),
        Some(LockedRequest::Closed(state, why)) => Err(NotDecided::Closed(state, why)),
        Some(LockedRequest::Pending(pending)) => Ok(*pending),
    }
}

/// The current rules for a stored request, as a page shows them: without a lock.
///
/// # Errors
/// `Database`. Why the request cannot be approved is in the answer.
pub async fn ruled_now(
    store: &Store,
    current: &Current,
    facts: &RequestFacts,
    known: &[Person],
) -> Result<Result<Ruled, NotRuled>, StoreError> {
    let standing = {
        let mut connection = store.acquire().await?;
        clusters::standing(&mut connection, &[facts.terms.cluster], &current.file.named_roles()).await?
    };
    Ok(current.file.ruled(&current.hash, facts, standing.get(&facts.terms.cluster), known))
}
