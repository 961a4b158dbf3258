//! What a worker takes for the time of day. It is compared with the database's before anything is claimed, and what a
//! run signs is signed as of it.

use crate::machine;
use jiff::Timestamp;
use std::{fmt, sync::Arc};

/// A clock: the machine's own, but in tests of clocks that are wrong.
#[derive(Clone)]
pub struct TimeOfDay(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl TimeOfDay {
    /// A clock that says what `tell` says.
    pub fn told_by(tell: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// What it says now.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for TimeOfDay {
    fn default() -> Self {
        Self::told_by(machine::now)
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TimeOfDay")
    }
}
