//! Leases: who works on a target, and until when. Every write to the outside takes a [`Permit`].
//!
//! A claim raises the target's epoch by one and gives a lease of 60 s ([`LEASE`]). No write begins in the last 15 s
//! ([`LAST_CALL`]), and each call takes 10 s at most. The AWS calls of a run, and its token for the cluster, are signed
//! as of the claim, so that what a paused process sends later is refused: by AWS after 5 min, by the authenticator
//! after 15.
//!
//! No promise rests on the length of a lease. If a process only stands still and wakes later, its writes meet the
//! obstacles that `worker::cluster::earlier` made, however late it is. Intents are recorded before each round of
//! writes, and a run whose target has another epoch records none: the record holds the target's row until it commits,
//! so that the next claimant sees it.
//!
//! Two kinds of lease end early. A worker claims again a target that is leased to itself without a run in progress: its
//! run broke off while the database was away, or the answer to its claim was lost. A target that is leased to a worker
//! whose last heartbeat (one each 5 s) is 15 s old is free for every worker.

use crate::{
    fail_point::{self, Died},
    machine,
};
use jiff::Timestamp;
use latchkey_domain::access::transition::Target;
use std::time::{Duration, Instant};

/// How long a claim holds a target: far below the 5 min after which AWS refuses what a paused process signed.
pub const LEASE: Duration = Duration::from_mins(1);

/// The last part of a lease, in which no write begins: a call that began before it ends within it.
pub const LAST_CALL: Duration = Duration::from_secs(15);

/// One run's hold on one target. Only a claim in the database makes one, apart from tests of the adapters.
#[derive(Debug, Clone)]
pub struct Lease {
    target: Target,
    epoch: i64,
    generation: i64,
    claimed: Instant,
    claimed_at: Timestamp,
}

/// Leave to begin one write to the outside now. Adapters demand one, and only look at the time that it has left.
#[derive(Debug)]
pub struct Permit<'lease> {
    lease: &'lease Lease,
}

/// Why nothing more may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The lease is nearly over: another worker may claim the target.
    #[error("the lease of this run is over")]
    Over,
    /// A test ended the worker.
    #[error(transparent)]
    Died(#[from] Died),
}

impl Lease {
    /// The hold that a claim gave. `claimed` is taken before the claim was sent, so that it errs on the safe side.
    pub fn new(target: Target, epoch: i64, generation: i64, claimed: Instant) -> Self {
        Self { target, epoch, generation, claimed, claimed_at: machine::now() }
    }

    /// The same lease, claimed at this time of day: the run's calls are signed as of then.
    #[must_use]
    pub fn signing_at(self, claimed_at: Timestamp) -> Self {
        Self { claimed_at, ..self }
    }

    /// When it was claimed. Calls are signed as of then, so that what a process sends after a long pause is refused.
    pub fn claimed_at(&self) -> Timestamp {
        self.claimed_at
    }

    /// The target.
    pub fn target(&self) -> Target {
        self.target
    }

    /// The fencing token: each claim of a target has a higher one.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The generation that the target had when it was claimed: a higher one at the finish means "look again".
    pub fn generation(&self) -> i64 {
        self.generation
    }

    /// Leave to begin one write.
    ///
    /// # Errors
    /// `Over` in the lease's last part and after it; `Died` in tests alone.
    pub fn permit(&self) -> Result<Permit<'_>, Lost> {
        self.check()?;
        fail_point::reach()?;
        Ok(Permit { lease: self })
    }

    /// Whether the run may go on: the check of [`Lease::permit`] without a permit.
    ///
    /// # Errors
    /// `Over` in the lease's last part and after it.
    pub fn check(&self) -> Result<(), Lost> {
        if self.left() <= LAST_CALL { Err(Lost::Over) } else { Ok(()) }
    }

    /// The time until another worker may claim the target.
    pub fn left(&self) -> Duration {
        LEASE.saturating_sub(self.claimed.elapsed())
    }
}

impl Permit<'_> {
    /// How long the write may take: it must not outlive the lease.
    pub fn time_left(&self) -> Duration {
        self.lease.left()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_domain::access::ClusterId;
    use uuid::Uuid;

    fn lease(claimed: Instant) -> Lease {
        Lease::new(Target::Cluster(ClusterId(Uuid::nil())), 1, 1, claimed)
    }

    #[test]
    fn nothing_is_begun_in_the_last_part_of_a_lease() {
        let now = Instant::now();
        assert!(lease(now).permit().is_ok());
        let late = now.checked_sub(LEASE.checked_sub(LAST_CALL).unwrap()).unwrap();
        assert_eq!(lease(late).permit().unwrap_err(), Lost::Over);
    }

    #[tokio::test]
    async fn a_dead_worker_gets_no_permit() {
        let permitted = async { lease(Instant::now()).permit().map(drop) };
        assert_eq!(fail_point::Life::of(0).does(permitted).await, Err(Lost::Died(Died)));
    }
}
