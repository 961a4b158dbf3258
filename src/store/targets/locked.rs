//! A target under lock, and what a run may only write while it has it so.

use super::super::{
    StoreError, Tx,
    columns::{kept, to_json},
};
use latchkey_domain::access::{blocker::Blocker, transition::Target};
use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

/// What a finished run writes into its target's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedRun<'a> {
    /// When to look again; `None` is never, for a target without grants.
    pub again_in: Option<Duration>,
    /// Whether a grant still ends here.
    pub revoking: bool,
    /// What kept the run from working on all of it, with its sentence.
    pub failure: Option<(&'a Blocker, &'a str)>,
}

/// A transaction of a run that has its target's row locked, and whose claim is the newest. What may be written only
/// then is a method of it, here and beside the tables that it writes. Only [`Tx::lock_target`] makes one, and the lock
/// ends with the transaction.
#[derive(Debug)]
pub struct LockedTarget {
    tx: Tx,
    target: Target,
    epoch: i64,
    generation: i64,
}

/// Why a run does not have its target locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotHeld {
    /// There is no such target.
    Gone,
    /// It was claimed again since.
    Claimed,
}

impl Tx {
    /// Locks the row of a target, after every grant, for the run of this epoch. If the run does not have the target any
    /// more, the transaction ends without effect, and the value says why.
    ///
    /// # Errors
    /// `Database`.
    pub async fn lock_target(
        mut self,
        target: Target,
        epoch: i64,
    ) -> Result<Result<LockedTarget, NotHeld>, StoreError> {
        let row = sqlx::query!(
            "select generation, epoch from target where kind = $1 and key = $2 for update",
            target.kind(),
            target.key()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(match row {
            None => Err(NotHeld::Gone),
            Some(row) if row.epoch != epoch => Err(NotHeld::Claimed),
            Some(row) => Ok(LockedTarget { tx: self, target, epoch, generation: row.generation }),
        })
    }
}

impl LockedTarget {
    /// The target.
    pub fn target(&self) -> Target {
        self.target
    }

    /// The epoch of the run's claim.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// How often the target was woken, as of the lock.
    pub fn generation(&self) -> i64 {
        self.generation
    }

    /// Records that the target's cluster is about to be marked with the run's epoch.
    ///
    /// # Errors
    /// `Database`.
    pub async fn intend_mark(&mut self) -> Result<(), StoreError> {
        sqlx::query!(
            "update target set marked = epoch where kind = $1 and key = $2 and marked <> epoch",
            self.target.kind(),
            self.target.key()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Ends the run's lease. An operator's wish to have it looked at anew is fulfilled with it, unless it came after
    /// the run's claim: the run may have asked before.
    ///
    /// # Errors
    /// `Database`.
    pub async fn finish_target(&mut self, finished: &FinishedRun<'_>) -> Result<(), StoreError> {
        let failure = finished.failure.map(|(_, said)| kept(said));
        let (code, blocker) = match finished.failure {
            Some((why, _)) => (Some(why.code()), Some(to_json(why)?)),
            None => (None, None),
        };
        sqlx::query!(
            "update target set lease_until = null, lease_holder = null, revoking = $3, failure = $4,
               failure_code = $6, failure_blocker = $7, failed_since = case when $4::text is null then null when failure is null then clock_timestamp()
                                   else coalesce(failed_since, clock_timestamp()) end,
               due_at = clock_timestamp() + make_interval(secs => $5),
               tried_at = case when tried_at >= ran_at then tried_at end, finished_epoch = $8
             where kind = $1 and key = $2",
            self.target.kind(),
            self.target.key(),
            finished.revoking,
            failure.as_deref(),
            finished.again_in.map(|wait| wait.as_secs_f64()),
            code,
            blocker,
            self.epoch,
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// The transaction, which keeps the lock until its end.
impl From<LockedTarget> for Tx {
    fn from(locked: LockedTarget) -> Self {
        locked.tx
    }
}

impl Deref for LockedTarget {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for LockedTarget {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}
