//! An AWS identity becomes a person's: for the first time, again, or after IAM made it anew.

use super::identities::{self, End, EndedIdentity};
use crate::{
    machine,
    store::{
        Store, StoreError, Tx,
        people::{self, ArnHolder},
    },
};
use latchkey_domain::{
    access::{
        EventDraft, PrincipalId, Wake,
        grant::Cause,
        person::Person,
        transition::{Actor, Target},
    },
    audit::event::Event,
    eks::arn::PrincipalArn,
};

/// Why an identity did not become a person's. `Display` is a sentence for the person.
#[derive(Debug, thiserror::Error)]
pub enum NotOwned {
    #[error("This command's time is over: it was used already or is older than 15 minutes. Run the new one below.")]
    NonceOver,
    #[error("{arn} is another person's already. If it should be yours, ask an operator.")]
    OfAnotherPerson { arn: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes an identity a person's without a proof, as the demo's seed does. No route of the portal does this.
///
/// # Errors
/// `OfAnotherPerson`, `Store`.
pub async fn seeded(store: &Store, person: &Person, arn: &str, unique_id: &str) -> Result<PrincipalId, NotOwned> {
    let arn = PrincipalArn::parse(arn).map_err(|error| StoreError::corrupt("principal", "arn", error))?;
    own(store, person, None, &arn, unique_id).await
}

/// Gives the person the identity that AWS named, and uses up the nonce of the proof. Proving the same identity again
/// renews it. If IAM has a new user under its ARN, everything that the old user had ends.
///
/// # Errors
/// See [`NotOwned`]; then nothing is stored.
pub async fn own(
    store: &Store,
    person: &Person,
    nonce: Option<&str>,
    arn: &PrincipalArn,
    unique_id: &str,
) -> Result<PrincipalId, NotOwned> {
    for _ in 0..identities::ROUNDS {
        if let Some(id) = own_once(store, person, nonce, arn, unique_id).await? {
            return Ok(id);
        }
    }
    Err(StoreError::Stale("the identity").into())
}

/// One attempt; `None` if the identity that held the ARN ended, or a request was submitted by it, since it was read:
/// the caller tries again.
async fn own_once(
    store: &Store,
    person: &Person,
    nonce: Option<&str>,
    arn: &PrincipalArn,
    unique_id: &str,
) -> Result<Option<PrincipalId>, NotOwned> {
    let held = people::principal_by_arn(store, arn.as_str()).await?;
    if let Some(held) = &held
        && held.person != person.id
        && held.unique_id == unique_id
    {
        return Err(NotOwned::OfAnotherPerson { arn: arn.to_string() });
    }
    let mut tx = store.begin().await?;
    if let Some(name) = nonce
        && !tx.use_nonce(name).await?
    {
        return Err(NotOwned::NonceOver);
    }
    let mut wakes = Vec::new();
    match &held {
        Some(held) if held.unique_id == unique_id => {
            return Ok(renew(tx, person, held).await?.then_some(held.id));
        }
        Some(held) => match replace(&mut tx, person, held).await? {
            Some(ended) => wakes = ended,
            None => return Ok(None),
        },
        None => {}
    }
    let now = tx.now().await?;
    let id = PrincipalId(machine::new_id());
    tx.add_principal(id, person.id, arn, unique_id).await.map_err(|error| match error.constraint() {
        Some("principal_arn_live") => NotOwned::OfAnotherPerson { arn: arn.to_string() },
        _ => error.into(),
    })?;
    tx.event(&event(person, proven(arn.as_str(), Some(unique_id))), now).await?;
    wakes.push(Wake { target: Target::Principal(id), revoking: false });
    tx.wake(wakes).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// Renews an identity that its holder proved again; `false` if it ended meanwhile.
async fn renew(mut tx: Tx, person: &Person, held: &ArnHolder) -> Result<bool, StoreError> {
    let mut locked = tx.lock_principal(held.id).await?;
    if !locked.stands() {
        return Ok(false);
    }
    let now = locked.now().await?;
    locked.renew_principal().await?;
    locked.event(&event(person, proven(&held.arn, None)), now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Replaces an identity whose ARN IAM gave to a new user: everything that the old user had ends, and its pending
/// requests are closed. Returns the targets to wake, which are locked after all grants, in the order of their keys;
/// `None` if the identity has to be read again.
async fn replace(tx: &mut Tx, by: &Person, held: &ArnHolder) -> Result<Option<Vec<Wake>>, StoreError> {
    let actor = Actor::Person { id: by.id, handle: by.handle.to_string() };
    let ending = End { cause: Cause::PrincipalReplaced, actor, reason: None };
    let EndedIdentity::Done { stood: true, wakes } = identities::end(tx, held.id, &ending).await? else {
        return Ok(None);
    };
    let now = tx.now().await?;
    let (principal, unique_id) = (held.arn.clone(), held.unique_id.clone());
    tx.event(&event(by, Event::IdentityReplaced { principal, unique_id }), now).await?;
    Ok(Some(wakes))
}

fn proven(arn: &str, unique_id: Option<&str>) -> Event {
    Event::IdentityProven { principal: arn.to_owned(), unique_id: unique_id.map(str::to_owned) }
}

fn event(person: &Person, what: Event) -> EventDraft {
    let actor = Actor::Person { id: person.id, handle: person.handle.to_string() };
    EventDraft { person: Some(person.id), ..EventDraft::new(what, actor) }
}
