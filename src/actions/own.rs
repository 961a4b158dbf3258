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
    eks::arn::{PrincipalArn, SessionName},
};

/// Why an identity did not become a person's. `Display` is a sentence for the person.
#[derive(Debug, thiserror::Error)]
pub enum NotOwned {
    #[error("This command's time is over: it was used already or is older than 15 minutes. Run the new one below.")]
    NonceOver,
    #[error("{arn} is another person's already. If it should be yours, ask an operator.")]
    OfAnotherPerson { arn: String },
    #[error(
        "Another person has proven the session `{session}` of this role already. Use a session name of your own; if this \
         one should be yours, ask an operator."
    )]
    SessionOfAnother { session: String },
    #[error(
        "Latchkey knows another role under this name, and looks now which of the two is there. If this one was made \
         lately, try again in a minute. If your session is older than the role, sign in to AWS again."
    )]
    OfAnotherRole,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An identity as STS named it to the one who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenIdentity {
    /// A user, or a role without its path, which STS does not tell.
    pub arn: PrincipalArn,
    /// The unique id of the user or role.
    pub unique_id: String,
    /// The session of the role.
    pub session: Option<SessionName>,
}

/// Makes an identity a person's without a proof, as the demo's seed does. No route of the portal does this.
///
/// # Errors
/// `OfAnotherPerson`, `Store`.
pub async fn seeded(store: &Store, person: &Person, arn: &str, unique_id: &str) -> Result<PrincipalId, NotOwned> {
    let arn = PrincipalArn::parse(arn).map_err(|error| StoreError::corrupt("principal", "arn", error))?;
    own(store, person, None, &ProvenIdentity { arn, unique_id: unique_id.to_owned(), session: None }).await
}

/// Gives the person the identity that AWS named, and uses up the nonce of the proof. Proving the same identity again
/// renews it. If IAM has a new user under its ARN, everything that the old one had ends. A role is not replaced by a
/// proof, since sessions of a deleted one go on telling who they are: the worker looks which role is there. If the person
/// proves another session of a role that is not shared, what they had by the session before ends.
///
/// # Errors
/// See [`NotOwned`]; then nothing is stored.
pub async fn own(
    store: &Store,
    person: &Person,
    nonce: Option<&str>,
    proven: &ProvenIdentity,
) -> Result<PrincipalId, NotOwned> {
    for _ in 0..identities::ROUNDS {
        if let Some(id) = own_once(store, person, nonce, proven).await? {
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
    proven: &ProvenIdentity,
) -> Result<Option<PrincipalId>, NotOwned> {
    let ProvenIdentity { arn, unique_id, session } = proven;
    let held = people::principal_by_arn(store, arn.as_str()).await?;
    if let Some(held) = &held
        && held.person.is_some_and(|owner| owner != person.id)
        && held.unique_id == *unique_id
    {
        return Err(NotOwned::OfAnotherPerson { arn: arn.to_string() });
    }
    if let Some(held) = held.as_ref().filter(|held| session.is_some() && held.unique_id != *unique_id) {
        let mut tx = store.begin().await?;
        tx.wake(vec![look(held.id)]).await?;
        tx.commit().await?;
        return Err(NotOwned::OfAnotherRole);
    }
    let mut tx = store.begin().await?;
    if let Some(name) = nonce
        && !tx.use_nonce(name).await?
    {
        return Err(NotOwned::NonceOver);
    }
    let mut wakes = Vec::new();
    match &held {
        Some(held) if held.unique_id == *unique_id => {
            return match session {
                None => Ok(renew(tx, person, held).await?.then_some(held.id)),
                Some(session) => hold(tx, person, held, session).await,
            };
        }
        Some(held) => match replace(&mut tx, person, held).await? {
            Some(ended) => wakes = ended,
            None => return Ok(None),
        },
        None => {}
    }
    let now = tx.now().await?;
    let id = PrincipalId(machine::new_id());
    if let Err(error) = tx.add_principal(id, person.id, arn, unique_id).await {
        return match (error.constraint(), session) {
            // Somebody else proved a session of the role just now.
            (Some("principal_arn_live"), Some(_)) => Ok(None),
            (Some("principal_arn_live"), None) => Err(NotOwned::OfAnotherPerson { arn: arn.to_string() }),
            _ => Err(error.into()),
        };
    }
    if let Some(session) = session {
        tx.add_holder(machine::new_id(), id, person.id, session).await?;
    }
    tx.event(&event(person, told(proven)), now).await?;
    wakes.push(look(id));
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
    locked.event(&event(person, renewed(&held.arn)), now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Records that a person has proven a session of a role that people have proven before; `None` if the role has to be
/// read again.
async fn hold(
    mut tx: Tx,
    person: &Person,
    held: &ArnHolder,
    session: &SessionName,
) -> Result<Option<PrincipalId>, NotOwned> {
    let before = people::holders(tx.connection(), held.id).await?;
    let own = before.iter().find(|holder| holder.person == person.id);
    let mut wakes = Vec::new();
    let mut ended = false;
    if own.is_some_and(|own| own.session != *session) && !people::is_shared(tx.connection(), held.id).await? {
        let actor = Actor::Person { id: person.id, handle: person.handle.to_string() };
        let ending = End { cause: Cause::PrincipalReplaced, actor, reason: None, only: Some(person.id) };
        let EndedIdentity::Done { stood: true, wakes: ends } = identities::end(&mut tx, held.id, &ending).await? else {
            return Ok(None);
        };
        (wakes, ended) = (ends, true);
    }
    let mut locked = tx.lock_principal(held.id).await?;
    if !locked.stands() {
        return Ok(None);
    }
    let now_held = locked.holders().await?;
    let shared = locked.verdict().await?.is_some_and(|verdict| verdict.is_shared());
    let is_taken = |holder: &people::RoleHolder| holder.person != person.id && holder.session == *session;
    if !shared && now_held.iter().any(is_taken) {
        return Err(NotOwned::SessionOfAnother { session: session.to_string() });
    }
    let own = now_held.iter().find(|holder| holder.person == person.id);
    let again = own.filter(|own| own.session == *session);
    if let Some(own) = again {
        locked.renew_holder(own.id).await?;
    } else {
        // What they proved before has ended above, unless the role is shared: then nothing goes by the session.
        if own.is_some() && !shared {
            return Ok(None);
        }
        locked.end_holder(person.id).await?;
        locked.add_holder(machine::new_id(), held.id, person.id, session).await?;
    }
    let now = locked.now().await?;
    let known = (again.is_none() || ended).then(|| held.unique_id.clone());
    let what =
        Event::IdentityProven { principal: held.arn.clone(), unique_id: known, session: Some(session.to_string()) };
    locked.event(&event(person, what), now).await?;
    wakes.push(look(held.id));
    tx.wake(wakes).await?;
    tx.commit().await?;
    Ok(Some(held.id))
}

/// The wake-up by which a worker looks at an identity.
fn look(id: PrincipalId) -> Wake {
    Wake { target: Target::Principal(id), revoking: false }
}

/// Replaces an identity whose ARN IAM gave to a new user: everything that the old one had ends, and its pending
/// requests are closed. Returns the targets to wake, which are locked after all grants, in the order of their keys;
/// `None` if the identity has to be read again.
async fn replace(tx: &mut Tx, by: &Person, held: &ArnHolder) -> Result<Option<Vec<Wake>>, StoreError> {
    let actor = Actor::Person { id: by.id, handle: by.handle.to_string() };
    let ending = End { cause: Cause::PrincipalReplaced, actor, reason: None, only: None };
    let EndedIdentity::Done { stood: true, wakes } = identities::end(tx, held.id, &ending).await? else {
        return Ok(None);
    };
    let now = tx.now().await?;
    let (principal, unique_id) = (held.arn.clone(), held.unique_id.clone());
    tx.event(&event(by, Event::IdentityReplaced { principal, unique_id }), now).await?;
    Ok(Some(wakes))
}

fn told(proven: &ProvenIdentity) -> Event {
    Event::IdentityProven {
        principal: proven.arn.to_string(),
        unique_id: Some(proven.unique_id.clone()),
        session: proven.session.as_ref().map(ToString::to_string),
    }
}

fn renewed(arn: &str) -> Event {
    Event::IdentityProven { principal: arn.to_owned(), unique_id: None, session: None }
}

fn event(person: &Person, what: Event) -> EventDraft {
    let actor = Actor::Person { id: person.id, handle: person.handle.to_string() };
    EventDraft { person: Some(person.id), ..EventDraft::new(what, actor) }
}
