//! When this worker last looked for everything that is due. A heartbeat tells that a process lives, and not that it does
//! anything.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The last time that the clock went through, and that targets were claimed; both count from the start.
#[derive(Debug)]
pub struct Looks(Mutex<(Instant, Instant)>);

impl Default for Looks {
    fn default() -> Self {
        Self(Mutex::new((Instant::now(), Instant::now())))
    }
}

impl Looks {
    /// The clock went through, whatever it went past.
    pub fn went(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = Instant::now();
    }

    /// The database was asked for targets, or there was no room for more.
    pub fn claimed(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = Instant::now();
    }

    /// How long ago the last whole look was.
    pub fn last(&self) -> Duration {
        let (went, claimed) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        went.min(claimed).elapsed()
    }
}
