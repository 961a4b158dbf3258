//! How many transactions of pages there may be at once, in all and for each person.
//!
//! Portal and worker wait three seconds for any one lock (`lock_timeout` of their roles' sessions). The transactions of
//! pages have half of the portal's connections, those that end an access another quarter, and each person two of
//! either. So people who wait for a lock do not keep others from reading and signing in (`tests/it/database/waits.rs`).

use latchkey_domain::access::PersonId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::Semaphore;

/// How many transactions of pages may have a connection at once, since one that waits for a lock holds one.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub all: Arc<Semaphore>,
    /// The same for those that end an access.
    pub ends: Arc<Semaphore>,
    /// Each person's own.
    pub turns: Turns,
    /// Each person's own, for those that end an access.
    pub turns_of_ends: Turns,
}

/// How many transactions one person may have at once: a person who waits for locks again and again takes no other's
/// place.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<PersonId, Weak<Semaphore>>>>);

impl Turns {
    /// How many each person may have at once.
    const OF_EACH: usize = 2;

    pub fn of(&self, person: PersonId) -> Arc<Semaphore> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(&person).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::new(Semaphore::new(Self::OF_EACH));
        turns.insert(person, Arc::downgrade(&turn));
        turn
    }
}

impl Places {
    /// Of these connections, half are for decisions and a quarter for ends; the rest is for reading and signing in.
    pub fn of(connections: u32) -> Self {
        let part = |of: u32| Arc::new(Semaphore::new(usize::try_from(connections / of).unwrap_or(1).max(1)));
        Self { all: part(2), ends: part(4), turns: Turns::default(), turns_of_ends: Turns::default() }
    }
}
