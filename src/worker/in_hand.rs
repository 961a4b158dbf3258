//! The targets that a worker works on at the moment: a target has one run at a time in a process. If a target is leased
//! to the worker without a run in progress, its run broke off while the database was away, or the answer to its claim
//! was lost: it need not wait until its lease is over.

use latchkey_domain::access::transition::Target;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// The runs under way, by their target's key and epoch, with whether the run before could not work on the target.
#[derive(Debug, Clone, Default)]
pub(super) struct InHand(Arc<Mutex<BTreeMap<(Uuid, i64), bool>>>);

/// A run under way, until this is dropped, however the run ends.
#[derive(Debug)]
pub(super) struct Hand {
    all: InHand,
    own: (Uuid, i64),
}

impl InHand {
    /// Registers a run that begins.
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
