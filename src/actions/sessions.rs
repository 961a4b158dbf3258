//! Sessions: a person ends their own, and the audit log records it.

use super::visitor::Visitor;
use crate::store::{Store, StoreError};
use latchkey_domain::access::{EventDraft, SessionId};
use latchkey_domain::audit::event::Event;

/// Why a session was not ended by this call.
#[derive(Debug, thiserror::Error)]
pub enum SessionNotEnded {
    /// There is no live session of this id, or it is another person's.
    #[error("no such session")]
    NotFound,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends one of the visitor's own sessions. Its next request finds it signed out.
///
/// # Errors
/// See [`SessionNotEnded`].
pub async fn end(store: &Store, visitor: &Visitor, id: SessionId) -> Result<(), SessionNotEnded> {
    let mut tx = store.begin_for(visitor.person.id).await?;
    if !tx.end_session(visitor.person.id, id).await? {
        return Err(SessionNotEnded::NotFound);
    }
    let now = tx.now().await?;
    tx.event(&event(visitor, 1), now).await?;
    Ok(tx.commit().await?)
}

/// Ends all of the visitor's sessions except the one that this comes from. Returns how many there were.
///
/// # Errors
/// `Database`.
pub async fn end_others(store: &Store, visitor: &Visitor, kept: SessionId) -> Result<u64, StoreError> {
    let mut tx = store.begin_for(visitor.person.id).await?;
    let ended = tx.end_other_sessions(visitor.person.id, kept).await?;
    if ended == 0 {
        return Ok(0);
    }
    let now = tx.now().await?;
    tx.event(&event(visitor, ended), now).await?;
    tx.commit().await?;
    Ok(ended)
}

fn event(visitor: &Visitor, sessions: u64) -> EventDraft {
    let what = Event::SessionEnded { sessions };
    EventDraft { person: Some(visitor.person.id), ..EventDraft::new(what, visitor.actor()) }
}
