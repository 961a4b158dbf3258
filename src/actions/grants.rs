//! Grants: give back, revoke.

use super::policy::{self, NoPolicy};
use crate::store::{Store, StoreError, Tx};
use latchkey_domain::access::{
    GrantId,
    grant::{Grant, GrantState, Live, NotRevoked},
    person::{Person, Role},
};

/// Why an access was not taken away by this call.
#[derive(Debug, thiserror::Error)]
pub enum NotEnded {
    /// There is no such access, or it is not this person's to see.
    #[error("no such access")]
    NotFound,
    /// It is being taken away already, or gone: nothing is left to do.
    #[error("this access is {} already", .0.as_str())]
    Already(GrantState),
    #[error(transparent)]
    Refused(#[from] NotRevoked),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The holder returns an access.
///
/// # Errors
/// See [`NotEnded`]; somebody else's is `NotFound`.
pub async fn give_back(store: &Store, person: &Person, id: GrantId) -> Result<(), NotEnded> {
    let mut tx = store.begin().await?;
    let live = live(&mut tx, id).await?;
    let now = tx.now().await?;
    let transition = live.give_back(person, now).map_err(|refused| match refused {
        NotRevoked::NotHolder => NotEnded::NotFound,
        NotRevoked::NotAllowed | NotRevoked::ReasonMissing => refused.into(),
    })?;
    tx.record(transition, now).await?;
    tx.commit().await?;
    Ok(())
}

/// A decider of the access or an operator takes it away. No state of the policy stands in the way of a decider.
///
/// # Errors
/// See [`NotEnded`]; who is neither gets `NotFound`, but for the holder, who gets `Refused`.
pub async fn revoke(store: &Store, person: &Person, id: GrantId, reason: &str) -> Result<(), NotEnded> {
    // Who is an operator is a question to the policy; where it cannot be read, deciders can still revoke.
    let operator = match policy::current(store).await {
        Ok(current) => current.file.has_role(person, Role::Operator),
        Err(NoPolicy::None | NoPolicy::Unreadable { .. }) => false,
        Err(NoPolicy::Store(error)) => return Err(error.into()),
    };
    let mut tx = store.begin().await?;
    let live = live(&mut tx, id).await?;
    let now = tx.now().await?;
    let holder = live.facts().person == person.id;
    let transition = live.take_away(person, operator, reason, now).map_err(|refused| match refused {
        NotRevoked::NotAllowed if !holder => NotEnded::NotFound,
        NotRevoked::NotAllowed | NotRevoked::NotHolder | NotRevoked::ReasonMissing => refused.into(),
    })?;
    tx.record(transition, now).await?;
    tx.commit().await?;
    Ok(())
}

async fn live(tx: &mut Tx, id: GrantId) -> Result<Live, NotEnded> {
    let grant: Grant = tx.lock_grants(&[id]).await?.pop().ok_or(NotEnded::NotFound)?;
    let state = grant.state();
    grant.live().ok_or(NotEnded::Already(state))
}
