//! The end of a proven identity: in one transaction its pending requests are closed, its accesses end, and votes no
//! longer count by it.

use super::{
    policy::{self, NoPolicy},
    visitor::Visitor,
};
use crate::store::{Store, StoreError, Tx, people};
use latchkey_domain::access::{
    EventDraft, PersonId, PrincipalId, Wake,
    grant::{Cause, Grant},
    person::Role,
    reason::{Reason, UnfitReason},
    request::{ClosedWhy, Open},
    transition::Actor,
};
use latchkey_domain::{audit::event::Event, eks::arn::PrincipalArn};

/// How an identity ends.
#[derive(Debug, Clone)]
pub struct End {
    pub cause: Cause,
    pub actor: Actor,
    /// A sentence for the people who lose access by it.
    pub reason: Option<String>,
    /// Of a role: the one person whose proof ends. Everything of the identity ends if it is `None`.
    pub only: Option<PersonId>,
}

/// The result of an attempt to end an identity.
#[derive(Debug)]
pub enum EndedIdentity {
    /// Whether it stood until now, and the targets to wake, which are locked after everything else.
    Done { stood: bool, wakes: Vec<Wake> },
    /// A request was submitted by it meanwhile, so that the locks would be out of order: begin again.
    Again,
}

/// How often an end is begun again. Each time a person has just submitted a request by the identity.
pub const ROUNDS: usize = 10;

/// Ends an identity within a transaction that has locked nothing yet. It locks the requests that wait for the identity,
/// then the identity, then its accesses. What an earlier end left is ended, too.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn end(tx: &mut Tx, id: PrincipalId, end: &End) -> Result<EndedIdentity, StoreError> {
    let before = tx.left_of_principal(id, end.only).await?.requests;
    let open = tx.lock_open(&before).await?;
    let mut tx = tx.lock_principal(id).await?;
    let mut stood = tx.stands();
    let left = tx.left_of_principal(id, end.only).await?;
    if left.requests.iter().any(|id| open.iter().all(|open| open.id != *id)) {
        return Ok(EndedIdentity::Again);
    }
    let (grants, unreadable) = tx.lock_all(&left.grants).await?;
    let now = tx.now().await?;
    let close = |open: Open| open.close(ClosedWhy::PrincipalEnded, end.actor.clone(), end.reason.as_deref(), now);
    let mut wakes = tx.record_all(open.into_iter().map(close), now).await?;
    match end.only {
        Some(person) => stood &= tx.end_holder(person).await?,
        None => tx.end_principal().await?,
    }
    for row in unreadable {
        if tx.mark_unreadable(&row.brief, end.cause, end.actor.clone(), end.reason.as_deref(), now).await? {
            wakes.extend(row.brief.wakes(true));
        }
    }
    let live = grants.into_iter().filter_map(Grant::live);
    let revoked = live.map(|live| live.revoke(end.cause, end.actor.clone(), end.reason.clone(), now));
    wakes.extend(tx.record_all(revoked, now).await?);
    Ok(EndedIdentity::Done { stood, wakes })
}

fn is_role(arn: &str) -> bool {
    PrincipalArn::parse(arn).is_ok_and(|arn| arn.as_role().is_some())
}

/// Ends an identity that IAM no longer has, or has as a new user. Safe to repeat: it ends what an earlier end left.
///
/// # Errors
/// `Corrupt`, `Database`; `Stale` if requests by it keep arriving.
pub async fn end_replaced(store: &Store, id: PrincipalId, why: &str) -> Result<(), StoreError> {
    let Some(held) = people::held(store, id).await? else { return Ok(()) };
    let ending =
        End { cause: Cause::PrincipalReplaced, actor: Actor::worker(), reason: Some(why.to_owned()), only: None };
    for _ in 0..ROUNDS {
        let mut tx = store.begin().await?;
        let EndedIdentity::Done { stood, wakes } = end(&mut tx, id, &ending).await? else { continue };
        if stood {
            let (principal, why, unique_id) = (held.arn, why.to_owned(), held.unique_id);
            let event = EventDraft::new(Event::IdentityEnded { principal, why, unique_id }, Actor::worker());
            // An event names one person; a role's holders are told by their accesses.
            let event = EventDraft { person: held.holders.first().map(|holder| holder.person), ..event };
            let now = tx.now().await?;
            tx.event(&event, now).await?;
        }
        tx.wake(wakes).await?;
        tx.commit().await?;
        return Ok(());
    }
    Err(StoreError::Stale("the identity"))
}

/// Ends what is left of an identity that ended: from then on it has no access and no request, even one that came late.
///
/// # Errors
/// As [`end_replaced`].
pub async fn end_left(store: &Store, id: PrincipalId) -> Result<(), StoreError> {
    if people::left_of_ended(store, id).await? {
        end_replaced(store, id, "the AWS identity is no longer its holder's").await?;
    }
    Ok(())
}

/// Why an identity was not released. `Display` is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum NotReleased {
    /// There is no such identity, or the visitor is not an operator.
    #[error("no such identity")]
    NotFound,
    #[error("It ended already: the person who has it in AWS can prove it.")]
    Already,
    #[error("Type the handle of {} to confirm.", holders(.0))]
    OtherHandle(Vec<String>),
    /// The reason is not acceptable.
    #[error("{0}")]
    Reason(UnfitReason),
    #[error(transparent)]
    Policy(#[from] NoPolicy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// "its holder, ana", or "the holder to release: ana, ben".
fn holders(handles: &[String]) -> String {
    match handles {
        [one] => format!("its holder, {one},"),
        several => format!("the holder who is to lose it ({})", several.join(", ")),
    }
}

/// Releases a proven identity, so that the person who has it in AWS can prove it: its requests are closed, its accesses
/// end. Only operators may; `handle` is the handle of its holder, typed to confirm. Of a role, it says whose proof ends.
///
/// # Errors
/// See [`NotReleased`]; then nothing is changed.
pub async fn release(
    store: &Store,
    by: &Visitor,
    id: PrincipalId,
    handle: &str,
    reason: &str,
) -> Result<(), NotReleased> {
    if !policy::current(store).await?.file.has_role(&by.person, Role::Operator) {
        return Err(NotReleased::NotFound);
    }
    let held = people::held(store, id).await?.ok_or(NotReleased::NotFound)?;
    if held.ended_at.is_some() {
        return Err(NotReleased::Already);
    }
    let Some(holder) = held.holders.iter().find(|holder| holder.handle.as_str() == handle.trim()) else {
        let handles = held.holders.iter().map(|holder| holder.handle.to_string()).collect();
        return Err(NotReleased::OtherHandle(handles));
    };
    let only = is_role(&held.arn).then_some(holder.person);
    let reason = Reason::parse(reason).map_err(NotReleased::Reason)?;
    let actor = by.actor();
    let reason_text = Some(reason.as_str().to_owned());
    let ending = End { cause: Cause::Released, actor: actor.clone(), reason: reason_text, only };
    for _ in 0..ROUNDS {
        let mut tx = store.begin_for(by.person.id).await?;
        match end(&mut tx, id, &ending).await? {
            EndedIdentity::Again => {}
            EndedIdentity::Done { stood: false, .. } => return Err(NotReleased::Already),
            EndedIdentity::Done { stood: true, wakes } => {
                let (principal, unique_id) = (held.arn.clone(), held.unique_id.clone());
                let reason = reason.clone().into();
                let event = EventDraft::new(Event::IdentityReleased { principal, unique_id, reason }, actor);
                let now = tx.now().await?;
                tx.event(&EventDraft { person: Some(holder.person), ..event }, now).await?;
                tx.wake(wakes).await?;
                tx.commit().await?;
                return Ok(());
            }
        }
    }
    Err(StoreError::Stale("the identity").into())
}
