//! When this worker last looked for everything that is due. A heartbeat tells that a process lives, and not that it
//! does anything.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookedFor {
    /// Accesses whose time is over.
    Expires,
    /// Accesses that may be set up.
    Starts,
    /// Requests that nobody decided in time.
    Lapses,
    /// Targets that are due, or there was no room for more.
    Targets,
}

/// When each was looked for last; all count from the start.
#[derive(Debug)]
pub struct Looks(Mutex<[Instant; 4]>);

impl Default for Looks {
    fn default() -> Self {
        Self(Mutex::new([Instant::now(); 4]))
    }
}

impl Looks {
    /// It was looked for, whatever was gone past.
    pub fn went(&self, what: LookedFor) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[what as usize] = Instant::now();
    }

    /// How long ago the last whole look was.
    pub fn last(&self) -> Duration {
        let looks = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks.iter().map(Instant::elapsed).max().unwrap_or_default()
    }
}
