//! Sessions: a person ends their own, and the audit log says so.

use crate::store::{Store, StoreError};
use latchkey_domain::access::{EventDraft, SessionId, person::Person, transition::Actor};
use latchkey_domain::audit::event::Event;

/// Why a session was not ended by this call.
#[derive(Debug, thiserror::Error)]
pub enum NotEnded {
    /// There is none of this id that lives, or it is somebody else's.
    #[error("no such session")]
    NotFound,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends one of one's own sessions. Its next request is signed out.
///
/// # Errors
/// See [`NotEnded`].
pub async fn end(store: &Store, person: &Person, id: SessionId) -> Result<(), NotEnded> {
    let mut tx = store.begin().await?;
    if !tx.end_session(person.id, id).await? {
        return Err(NotEnded::NotFound);
    }
    let now = tx.now().await?;
    tx.event(&event(person, 1), now).await?;
    Ok(tx.commit().await?)
}

/// Ends all of one's own sessions but the one that this comes from; how many there were.
///
/// # Errors
/// `Database`.
pub async fn end_others(store: &Store, person: &Person, kept: SessionId) -> Result<u64, StoreError> {
    let mut tx = store.begin().await?;
    let ended = tx.end_other_sessions(person.id, kept).await?;
    if ended == 0 {
        return Ok(0);
    }
    let now = tx.now().await?;
    tx.event(&event(person, ended), now).await?;
    tx.commit().await?;
    Ok(ended)
}

fn event(person: &Person, sessions: u64) -> EventDraft {
    let actor = Actor::Person { id: person.id, handle: person.handle.to_string() };
    EventDraft { person: Some(person.id), ..EventDraft::new(Event::SessionEnded { sessions }, actor) }
}
