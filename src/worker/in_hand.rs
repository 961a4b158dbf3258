//! What a worker works on at the moment: a target has one run at a time in a process. A target that is leased to it and
//! that it has not in hand is one whose run broke off while the database was away, or whose claim was made and not
//! answered: it need not wait until its lease is over.

use latchkey_domain::access::transition::Target;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// The runs under way, by the key of their target and their epoch; whether the run before could not work on it.
#[derive(Debug, Clone, Default)]
pub(super) struct InHand(Arc<Mutex<BTreeMap<(Uuid, i64), bool>>>);

/// A run under way, until this is dropped, however the run ends.
#[derive(Debug)]
pub(super) struct Hand {
    all: InHand,
    own: (Uuid, i64),
}

impl InHand {
    /// A run begins.
    pub(super) fn take(&self, target: Target, epoch: i64, ailing: bool) -> Hand {
        let own = (target.key(), epoch);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(own, ailing);
        Hand { all: self.clone(), own }
    }

    /// The keys of the targets that are worked on.
    pub(super) fn keys(&self) -> Vec<Uuid> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().map(|(key, _)| *key).collect()
    }

    /// How many of them are on targets that the run before could not work on.
    pub(super) fn ailing(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().filter(|ailing| **ailing).count()
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.own);
    }
}
