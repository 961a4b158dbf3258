//! That the database is away. Every task of the worker meets it, several times a second: one line of the log says so
//! for all of them.

use crate::{
    causes::chain,
    store::{Store, StoreError},
};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long the log is silent about a database that stays away.
const SILENCE: Duration = Duration::from_mins(1);

/// When the log said last that the database is away; nothing while it is there.
#[derive(Debug, Default)]
pub(super) struct Away(Mutex<Option<Instant>>);

impl Away {
    /// Whether the error is that the database as a whole is away or lets nobody in. Then the log says it, unless it did a
    /// moment ago; any other error is the caller's to tell.
    pub(super) fn takes(&self, store: &Store, error: &StoreError) -> bool {
        if !error.is_unavailable() && error.shut_out().is_none() {
            return false;
        }
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|at| at.elapsed() >= SILENCE) {
            *said = Some(Instant::now());
            // A pool does not tell why it used no connection.
            let error = store.unfit().map_or_else(|| chain(error), |why| why.to_string());
            tracing::error!(error, "the database cannot be used; the worker goes on as soon as it can be");
        }
        true
    }

    /// The database answered.
    pub(super) fn is_over(&self) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!("the database can be used again");
        }
    }
}
