//! Requests: submit, cancel, decide.

use super::{
    ask::{AskForm, Considered, Field, Problem, consider},
    policy::{self, Current, NoPolicy},
    preview,
};
use crate::store::{Store, StoreError, people, requests::LockedRequest};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::access::{
    GrantId, RequestId,
    person::Person,
    policy::{Ask, Basis, Ruling},
    request::{Ballot, Decided, Pending, Refused, RequestFacts, RequestState, Ruled, Seen, Verdict},
};
use uuid::Uuid;

/// Why a request was not stored.
#[derive(Debug, thiserror::Error)]
pub enum NotSubmitted {
    /// What the asker can mend, by field.
    #[error("the form has {} problem(s)", .0.problems.len())]
    Problems(Box<Considered>),
    #[error(transparent)]
    Policy(#[from] NoPolicy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Stores a request that nothing stands in the way of. Under an automatic policy the grant is scheduled with it.
/// Two clicks make one: the second finds the first as a duplicate.
///
/// # Errors
/// `Problems` with all that the asker can mend; nothing is stored then.
pub async fn submit(store: &Store, person: &Person, form: &AskForm) -> Result<RequestId, NotSubmitted> {
    let current = policy::current(store).await?;
    let mut considered = consider(store, &current, person, form).await?;
    preview::of_ask(store, &current, person, &mut considered).await?;
    if !considered.problems.is_empty() {
        return Err(NotSubmitted::Problems(Box::new(considered)));
    }
    let mut tx = store.begin().await?;
    tx.lock_person(person.id).await?;
    // Another policy may have become current meanwhile, by which nobody would grant this.
    if tx.lock_policy().await?.as_deref() != Some(&current.hash) {
        let sentence = "The rules changed while this was sent. Look at the form again, then send it.";
        considered.problems.push(Problem::new(Field::Whole, sentence));
        return Err(NotSubmitted::Problems(Box::new(considered)));
    }
    let now = tx.now().await?;
    let Some((facts, ruling)) = facts(person, form, &considered, now) else {
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
            tx.record(facts.submit_automatic(&basis, GrantId(Uuid::now_v7())), now).await?;
        }
        Ruling::Refused(_) => return Err(NotSubmitted::Problems(Box::new(considered))),
    }
    tx.commit().await?;
    Ok(id)
}

fn facts(person: &Person, form: &AskForm, considered: &Considered, now: Timestamp) -> Option<(RequestFacts, Ruling)> {
    let (cluster, named) = considered.cluster.as_ref()?;
    let principal = considered.principal.as_ref()?;
    let ruling = considered.ruling.clone()?;
    let basis = match &ruling {
        Ruling::Ask { basis, .. } | Ruling::Automatic(basis) => basis,
        Ruling::Refused(_) => return None,
    };
    let Basis { policy, policy_hash } = basis;
    let facts = RequestFacts {
        id: RequestId(Uuid::now_v7()),
        requester: person.clone(),
        principal: principal.id,
        principal_arn: principal.arn.clone(),
        cluster: *cluster,
        cluster_name: named.name.to_string(),
        profile: considered.resolved.clone()?,
        namespaces: considered.namespaces.clone(),
        minutes: considered.minutes?,
        reason: form.reason.trim().to_owned(),
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
    /// It was closed before.
    #[error("the request is {} already", .0.as_str())]
    Closed(RequestState),
    /// The request's rules changed: no policy lets it be asked for now.
    #[error("the rules changed since this was asked: no policy allows it now. The requester can ask again.")]
    NoLongerAllowed,
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Policy(#[from] NoPolicy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a vote led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Waiting { approvals: u8 },
    Denied,
    Approved(GrantId),
}

/// A vote as the form brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteForm {
    pub verdict: Verdict,
    pub reason: Option<String>,
    pub seen: Seen,
}

/// Takes a vote. The request is locked before anything is counted, and every earlier vote is checked again by the
/// policy that rules now; the completing vote makes the grant in the same transaction.
///
/// # Errors
/// See [`NotDecided`]; nothing is stored then.
pub async fn vote(store: &Store, person: &Person, id: RequestId, form: VoteForm) -> Result<Outcome, NotDecided> {
    let current = policy::current(store).await?;
    let known = people::approvers(store, &current.file).await?;
    let mut tx = store.begin().await?;
    let pending = pending(tx.lock_request(id).await?)?;
    // Another policy may have become current while this one was read and the request was waited for.
    if tx.lock_policy().await?.as_deref() != Some(&current.hash) {
        return Err(Refused::Stale.into());
    }
    let now = tx.now().await?;
    let ruled = ruled(&current, &pending, &known);
    let Some(ruled) = ruled else {
        return Err(if person.id == pending.facts.requester.id {
            Refused::Own.into()
        } else {
            NotDecided::NoLongerAllowed
        });
    };
    let ballot = Ballot { by: person.clone(), verdict: form.verdict, reason: form.reason, seen: form.seen };
    let outcome = match pending.decide(ballot, &ruled, GrantId(Uuid::now_v7()), now)? {
        Decided::Waiting(transition) => {
            let approvals = transition.to.approvals;
            tx.record(transition, now).await?;
            Outcome::Waiting { approvals }
        }
        Decided::Denied(transition) => {
            tx.record(transition, now).await?;
            Outcome::Denied
        }
        Decided::Approved(transition) => {
            let (_, _, scheduled) = tx.record(*transition, now).await?;
            Outcome::Approved(scheduled.facts.id)
        }
    };
    tx.commit().await?;
    Ok(outcome)
}

/// Takes the request back.
///
/// # Errors
/// See [`NotDecided`]; somebody else's request is `NotFound`.
pub async fn cancel(store: &Store, person: &Person, id: RequestId) -> Result<(), NotDecided> {
    let mut tx = store.begin().await?;
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
        Some(LockedRequest::Closed(state)) => Err(NotDecided::Closed(state)),
        Some(LockedRequest::Pending(pending)) => Ok(*pending),
    }
}

/// Who may decide a pending request by the policy that rules now, and what the form must have shown. `None` where no
/// policy asks anybody about it any more.
pub fn ruled(current: &Current, pending: &Pending, known: &[Person]) -> Option<Ruled> {
    ruling_of(current, &pending.facts, known).and_then(|ruling| match ruling {
        Ruling::Ask { basis, quorum, eligible } => {
            Some(Ruled::of(&pending.facts, basis, quorum, eligible, Ok(pending.facts.profile.clone())))
        }
        Ruling::Automatic(_) | Ruling::Refused(_) => None,
    })
}

/// What the policies say now to a request that was stored.
pub fn ruling_of(current: &Current, facts: &RequestFacts, known: &[Person]) -> Option<Ruling> {
    let cluster = facts.cluster_name.parse().ok()?;
    let namespaces: Vec<String> = facts.namespaces.iter().map(|namespace| namespace.name.clone()).collect();
    let ask = Ask {
        requester: &facts.requester,
        cluster: &cluster,
        profile: &facts.profile.name,
        namespaces: &namespaces,
        minutes: facts.minutes,
    };
    Some(current.file.rule(&current.hash, &ask, known))
}
