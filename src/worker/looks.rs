//! When this worker last looked for everything that is due. A heartbeat shows that a process is alive, but not that it
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
    /// Requests that were not decided in time.
    Lapses,
    /// Targets that are due; a round without room for more counts, too.
    Targets,
}

/// When each kind was last looked for; at first, the start of the process.
#[derive(Debug)]
pub struct Looks(Mutex<[Instant; 4]>);

impl Default for Looks {
    fn default() -> Self {
        Self(Mutex::new([Instant::now(); 4]))
    }
}

impl Looks {
    /// Notes that it was looked for, even if some rows were skipped.
    pub fn went(&self, what: LookedFor) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[what as usize] = Instant::now();
    }

    /// How long ago the oldest of the looks was.
    pub fn last(&self) -> Duration {
        let looks = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks.iter().map(Instant::elapsed).max().unwrap_or_default()
    }
}
