//! Grants: give back, revoke.

use super::{
    policy::{self, NoPolicy},
    visitor::Visitor,
};
use crate::store::{
    Store, StoreError, Tx,
    grants::{Locked, UnreadableGrant},
};
use latchkey_domain::access::{
    GrantId,
    grant::{Cause, GrantState, Live, NotRevoked},
    person::Role,
    reason::{Reason, UnfitReason},
};

/// Why an access was not taken away by this call.
#[derive(Debug, thiserror::Error)]
pub enum NotEnded {
    /// There is no such access, or it is not this person's to see.
    #[error("no such access")]
    NotFound,
    /// It is being taken away already, or gone: there is nothing left to do.
    #[error("this access is {} already", .0.as_str())]
    Already(GrantState),
    #[error(transparent)]
    Refused(#[from] NotRevoked),
    /// The reason is not acceptable.
    #[error("{0}")]
    Reason(UnfitReason),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives an access back, for its holder.
///
/// # Errors
/// See [`NotEnded`]; another person's access is `NotFound`.
pub async fn give_back(store: &Store, visitor: &Visitor, id: GrantId) -> Result<(), NotEnded> {
    let person = &visitor.person;
    let mut tx = store.begin_to_end(person.id).await?;
    let live = match live(&mut tx, id).await? {
        Ok(live) => live,
        // An access that this version cannot read ends by its plain columns: no check may prevent that.
        Err(row) if row.brief.person == person.id => return end(tx, &row, Cause::Relinquished, visitor, None).await,
        Err(_) => return Err(NotEnded::NotFound),
    };
    let now = tx.now().await?;
    let transition = live.give_back(person, now).map_err(|refused| match refused {
        NotRevoked::NotHolder => NotEnded::NotFound,
        NotRevoked::NotAllowed => refused.into(),
    })?;
    tx.record(transition, now).await?;
    tx.commit().await?;
    Ok(())
}

/// Revokes an access, for one of its deciders or an operator. A decider can do so whatever state the policy is in.
///
/// # Errors
/// See [`NotEnded`]. Visitors who are neither get `NotFound`, except the holder, who gets `Refused`.
pub async fn revoke(store: &Store, visitor: &Visitor, id: GrantId, reason: &str) -> Result<(), NotEnded> {
    let person = &visitor.person;
    // The policy says who is an operator. If it cannot be read, deciders can still revoke.
    let operator = match policy::current(store).await {
        Ok(current) => current.file.has_role(person, Role::Operator),
        Err(NoPolicy::None | NoPolicy::Unreadable { .. }) => false,
        Err(NoPolicy::Store(error)) => return Err(error.into()),
    };
    let mut tx = store.begin_to_end(person.id).await?;
    let live = match live(&mut tx, id).await? {
        Ok(live) => live,
        Err(row) if !operator && !row.decided_by.contains(&person.id) => {
            let holder = row.brief.person == person.id;
            return Err(if holder { NotRevoked::NotAllowed.into() } else { NotEnded::NotFound });
        }
        Err(row) => {
            let reason = Reason::parse(reason).map_err(NotEnded::Reason)?;
            return end(tx, &row, Cause::Revoked, visitor, Some(reason.as_str())).await;
        }
    };
    let now = tx.now().await?;
    let holder = live.facts().person == person.id;
    if !operator && !live.facts().decided_by.contains(&person.id) {
        return Err(if holder { NotRevoked::NotAllowed.into() } else { NotEnded::NotFound });
    }
    let reason = Reason::parse(reason).map_err(NotEnded::Reason)?;
    let transition = live.take_away(person, operator, reason, now)?;
    tx.record(transition, now).await?;
    tx.commit().await?;
    Ok(())
}

/// The access under lock, if it can still be revoked; if this version cannot read it, what its columns tell.
async fn live(tx: &mut Tx, id: GrantId) -> Result<Result<Live, UnreadableGrant>, NotEnded> {
    match tx.lock_grant(id).await?.ok_or(NotEnded::NotFound)? {
        Locked::Grant(grant) => {
            let state = grant.state();
            grant.live().map(Ok).ok_or(NotEnded::Already(state))
        }
        Locked::Unreadable(row) => match row.state {
            Some(state @ (GrantState::Revoking | GrantState::Ended)) => Err(NotEnded::Already(state)),
            Some(GrantState::Scheduled | GrantState::Provisioning | GrantState::Active) | None => Ok(Err(row)),
        },
    }
}

/// Starts to end an access that this version cannot read.
async fn end(
    mut tx: Tx,
    row: &UnreadableGrant,
    cause: Cause,
    by: &Visitor,
    reason: Option<&str>,
) -> Result<(), NotEnded> {
    let now = tx.now().await?;
    if !tx.revoke_unreadable(&row.brief, cause, by.actor(), reason, now).await? {
        return Err(NotEnded::Already(GrantState::Revoking));
    }
    Ok(tx.commit().await?)
}
