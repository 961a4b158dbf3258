//! The database cut at any statement, restarted, or restored from an older backup.

mod cuts;
mod older;
mod restarted;
mod restored;
mod sessions;
mod waits;

use std::time::Duration;

/// How long the slowest thing may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);
