//! The time of day as a worker takes it. It is compared with the database's before anything is claimed, and the calls
//! of a run are signed as of it.

use crate::machine;
use jiff::Timestamp;
use std::{fmt, sync::Arc};

/// A clock: the machine's own, except in tests of wrong clocks.
#[derive(Clone)]
pub struct TimeOfDay(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl TimeOfDay {
    /// A clock that shows what `tell` returns.
    pub fn told_by(tell: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// The time that it shows now.
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
