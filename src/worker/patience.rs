//! How long the end of a run waits for rows that somebody else has locked.

use super::{Worker, interrupted::Interrupted, trail::LOCK_TIMEOUT};
use crate::store::{StoreError, Tx};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// How long the transactions of one finish wait for locks. Each grant has one of its own; whoever holds the rows of many
/// keeps them from being finished, and only the first of them is waited for: the others, and the target, have to be done
/// with before the lease is over.
#[derive(Debug, Default)]
pub(super) struct Patience(AtomicBool);

impl Patience {
    /// As long as it takes to see that nobody holds a row.
    const BRIEF: Duration = Duration::from_millis(20);

    /// Takes note of what a transaction failed for.
    pub fn heed(&self, error: &StoreError) {
        if error.is_lock_timeout() {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn wait(&self) -> Duration {
        if self.0.load(Ordering::Relaxed) { Self::BRIEF } else { LOCK_TIMEOUT }
    }
}

/// Opens a transaction of the finish that waits for nobody for long.
pub(super) async fn begin(worker: &Worker, patience: &Patience) -> Result<Tx, Interrupted> {
    let mut tx = worker.store.begin().await?;
    tx.wait_at_most(patience.wait()).await?;
    Ok(tx)
}
