//! How long the end of a run waits for rows that another session has locked.

use super::{Worker, interrupted::Interrupted, trail::LOCK_TIMEOUT};
use crate::store::{StoreError, Tx};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// How long the transactions of one finish wait for locks. Each grant has a transaction of its own. If another session
/// keeps many rows locked, only the first is waited for in full: the others, and the target, have to be finished before
/// the lease is over.
#[derive(Debug, Default)]
pub(super) struct Patience(AtomicBool);

impl Patience {
    /// Long enough to see that a row is free.
    const BRIEF: Duration = Duration::from_millis(20);

    /// Notes the error of a transaction: after a lock timeout, later waits are brief.
    pub fn heed(&self, error: &StoreError) {
        if error.is_lock_timeout() {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn wait(&self) -> Duration {
        if self.0.load(Ordering::Relaxed) { Self::BRIEF } else { LOCK_TIMEOUT }
    }
}

/// Opens a transaction of the finish with a bounded wait for locks.
pub(super) async fn begin(worker: &Worker, patience: &Patience) -> Result<Tx, Interrupted> {
    let mut tx = worker.store.begin().await?;
    tx.wait_at_most(patience.wait()).await?;
    Ok(tx)
}
