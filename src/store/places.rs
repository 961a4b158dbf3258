//! How many transactions of pages there may be at once, of all and of each person.
//!
//! Portal and worker wait three seconds for any one lock (`lock_timeout` of their roles' sessions). The transactions of
//! pages have half of the portal's connections, those that end an access another quarter, and each person two of
//! either. So people who wait for a lock keep no others from reading and signing in (`tests/it/database/waits.rs`).

use latchkey_domain::access::PersonId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::Semaphore;

/// How many transactions of pages may have a connection at once: whoever waits for a lock holds one.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub all: Arc<Semaphore>,
    /// Of those that end an access.
    pub ends: Arc<Semaphore>,
    /// Of each person's own.
    pub turns: Turns,
    /// Of those by which each person ends an access.
    pub turns_of_ends: Turns,
}

/// How many transactions one person may have at once: whoever waits for a lock again and again takes nobody else's place.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<PersonId, Weak<Semaphore>>>>);

impl Turns {
    /// At once of each.
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
    /// Of so many connections, half for what is decided and a quarter for what ends: the rest reads and signs in.
    pub fn of(connections: u32) -> Self {
        let part = |of: u32| Arc::new(Semaphore::new(usize::try_from(connections / of).unwrap_or(1).max(1)));
        Self { all: part(2), ends: part(4), turns: Turns::default(), turns_of_ends: Turns::default() }
    }
}
