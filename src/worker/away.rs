//! Whether the database is away. Every task of the worker meets that, several times a second: one line of the log
//! reports it for all of them.

use crate::{
    causes::chain,
    store::{Store, StoreError},
};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long the log stays silent about a database that stays away.
const SILENCE: Duration = Duration::from_mins(1);

/// When the log last said that the database is away; `None` while it is there.
#[derive(Debug, Default)]
pub(super) struct Away(Mutex<Option<Instant>>);

impl Away {
    /// Whether the error means that the whole database is away or refuses connections. If so, it is logged, unless it
    /// was a moment ago; the caller reports any other error.
    pub(super) fn takes(&self, store: &Store, error: &StoreError) -> bool {
        if !error.is_unavailable() && error.shut_out().is_none() {
            return false;
        }
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|at| at.elapsed() >= SILENCE) {
            *said = Some(Instant::now());
            // The pool's error does not say why it could not use a connection.
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
