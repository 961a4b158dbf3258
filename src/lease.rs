//! Leases: who works on a target, and until when. Every write to the outside takes a [`Permit`].
//!
//! A claim raises the target's epoch by one and gives a lease of 60 s ([`LEASE`]). No write begins in the last 15 s
//! ([`LAST_CALL`]), and each call takes 10 s at most. The AWS calls of a run, and its token for the cluster, are signed
//! as of the claim, so that what a paused process sends later is refused: by AWS after 5 min, by the authenticator
//! after 15.
//!
//! No promise rests on the length of a lease. A process that only stands still, and wakes, meets what
//! `worker::cluster::earlier` puts in its way, whenever that is. No run records intents, which come before each round
//! of writes, once its target has another epoch: the record holds the target's row until it commits, so that the next
//! claimant sees it.
//!
//! Two kinds of lease end early. A worker claims again what is leased to itself and not in its hand: its run broke off
//! while the database was away, or the answer to its claim was lost. What is leased to a worker whose last heartbeat
//! (each 5 s) is 15 s old is free for every worker.

use crate::machine;
use jiff::Timestamp;
use latchkey_domain::access::transition::Target;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a claim holds a target: far below the 5 min after which AWS refuses what a paused process signed.
pub const LEASE: Duration = Duration::from_mins(1);

/// The last part of a lease, in which nothing new is begun: a call that was begun before it ends within it.
pub const LAST_CALL: Duration = Duration::from_secs(15);

/// One run's hold on one target. Only a claim in the database makes one (and tests of the adapters).
#[derive(Debug, Clone)]
pub struct Lease {
    target: Target,
    epoch: i64,
    generation: i64,
    claimed: Instant,
    claimed_at: Timestamp,
    life: Life,
}

/// That a write to the outside may begin now. Adapters ask for one and do nothing else with it than look at the
/// time that is left.
#[derive(Debug)]
pub struct Permit<'lease> {
    lease: &'lease Lease,
}

/// Why nothing more may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The lease is nearly over: somebody else will claim the target.
    #[error("the lease of this run is over")]
    Over,
    /// The worker is dying.
    #[error("the worker is shutting down")]
    Dying,
}

impl Lease {
    /// The hold that a claim at `claimed` gave: taken before the claim was sent, so that it errs on the safe side.
    pub fn new(target: Target, epoch: i64, generation: i64, claimed: Instant, life: Life) -> Self {
        Self { target, epoch, generation, claimed, claimed_at: machine::now(), life }
    }

    /// The same, claimed at this time of day: what a run signs is signed as of then.
    #[must_use]
    pub fn signing_at(self, claimed_at: Timestamp) -> Self {
        Self { claimed_at, ..self }
    }

    /// When it was claimed. What a process sends after a long pause is refused, since it is signed as of then.
    pub fn claimed_at(&self) -> Timestamp {
        self.claimed_at
    }

    /// The target.
    pub fn target(&self) -> Target {
        self.target
    }

    /// The fence: each claim of a target has a higher one.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The generation that the target had when it was claimed: a higher one at the finish means "look again".
    pub fn generation(&self) -> i64 {
        self.generation
    }

    /// The life of the worker that holds it.
    pub fn life(&self) -> &Life {
        &self.life
    }

    /// Leave to begin one write.
    ///
    /// # Errors
    /// `Over` in the lease's last part and after it; `Dying`.
    pub fn permit(&self) -> Result<Permit<'_>, Lost> {
        self.check()?;
        self.life.spend()?;
        Ok(Permit { lease: self })
    }

    /// Whether the run may go on: what [`Lease::permit`] asks, without taking leave for anything.
    ///
    /// # Errors
    /// As [`Lease::permit`].
    pub fn check(&self) -> Result<(), Lost> {
        if self.left() <= LAST_CALL { Err(Lost::Over) } else { Ok(()) }
    }

    /// The time until somebody else may claim the target.
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

/// How much a worker does before it dies: endless but in tests of crashes, which end it at the nth permit or commit.
///
/// A step is spent before each write outside, before what became of it is recorded, and before each commit; so a life
/// that ends at a step leaves what a process leaves that dies anywhere between the step before and this one.
#[derive(Debug, Clone, Default)]
pub struct Life {
    span: Option<Arc<Span>>,
}

#[derive(Debug)]
struct Span {
    steps: i64,
    spent: AtomicI64,
}

impl Life {
    /// A life that ends at the permit or commit after `steps` of them.
    pub fn of(steps: u32) -> Self {
        Self { span: Some(Arc::new(Span { steps: i64::from(steps), spent: AtomicI64::new(0) })) }
    }

    /// Takes one step of it.
    ///
    /// # Errors
    /// `Dying` where it is over, for ever.
    pub fn spend(&self) -> Result<(), Lost> {
        match &self.span {
            Some(span) if span.spent.fetch_add(1, Ordering::SeqCst) >= span.steps => Err(Lost::Dying),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.span.as_ref().is_some_and(|span| span.spent.load(Ordering::SeqCst) > span.steps)
    }

    /// How many steps were taken so far, the one that it died at included; an endless life does not count.
    pub fn spent(&self) -> u32 {
        let spent = self.span.as_ref().map_or(0, |span| span.spent.load(Ordering::SeqCst));
        u32::try_from(spent).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_domain::access::ClusterId;
    use uuid::Uuid;

    fn lease(claimed: Instant, life: Life) -> Lease {
        Lease::new(Target::Cluster(ClusterId(Uuid::nil())), 1, 1, claimed, life)
    }

    #[test]
    fn nothing_is_begun_in_the_last_part_of_a_lease() {
        let now = Instant::now();
        assert!(lease(now, Life::default()).permit().is_ok());
        let late = now.checked_sub(LEASE.checked_sub(LAST_CALL).unwrap()).unwrap();
        assert_eq!(lease(late, Life::default()).permit().unwrap_err(), Lost::Over);
    }

    #[test]
    fn a_life_ends_at_its_last_step_and_stays_over() {
        let life = Life::of(1);
        let lease = lease(Instant::now(), life.clone());
        assert!(lease.permit().is_ok() && !life.is_over());
        assert_eq!(lease.permit().unwrap_err(), Lost::Dying);
        assert_eq!(lease.permit().unwrap_err(), Lost::Dying);
        assert!(life.is_over());
        assert_eq!((life.spent(), Life::default().spent()), (3, 0));
    }
}
