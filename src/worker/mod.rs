//! Reconciles targets: observes, plans in pure code, writes under a lease, observes again, proves. Also runs the clock
//! of requests and grants, and the seal and the walk of the audit log.
//!
//! Every write to the outside takes a [`crate::lease::Permit`].
//!
//! - `cluster`, `principal`: one run on a target. `trail`: what is recorded before and after each write.
//! - [`finish`]: the end of a run, a transaction for each grant; `patience`: how long it waits for locks. [`backoff`]:
//!   when to try again.
//! - `time_of_day`: the worker's own clock; `in_hand`: the targets it works on; `away`: whether the database is away;
//!   `looks`: when it last looked for what is due.
//!
//! # Claims
//!
//! A worker claims up to 16 targets at once. Of these, 8 at most are targets whose last run failed, so that a slow or
//! broken target delays no healthy one. A target has one run at a time in a process, and a run ends with its lease,
//! however long the other side takes. The worker looks every 250 ms through a partial index; there is no NOTIFY. A
//! worker whose machine is more than 4 min off the database's clock claims nothing: the claim itself compares the two.
//! The worker logs that, and its heartbeat carries the difference, so that `/status` shows whose clock is wrong; every
//! page has a banner if no other worker is at work.
//!
//! A reconcile costs one list per kind and cluster, and one write of aws-auth however many grants wait. Replicas of
//! portal and worker have no limit of their own; Postgres is what scales.
//!
//! # Shared fate
//!
//! An error that belongs to one row, grant or target is caught there. Expiring, starting and lapsing rows are looked
//! for by one task each, beside the claims, and so are the seal, the alarms and forgotten targets: however much there
//! is of one kind, the others go on (`tests/it/replicas/tasks.rs`). If another transaction has locked a row or its
//! targets, the row is left for the next look. An error about one row is logged, and the query continues after that row
//! until there are no more.
//!
//! Each heartbeat (every 5 s) carries when the worker last looked for everything that is due (`looked_at`: the oldest
//! of the looks for expiring, starting and lapsing rows and for due targets). If no worker has looked for 60 s, which
//! is what four statements of 15 s can take, every page has a banner.

mod away;
pub mod backoff;
mod cluster;
pub mod finish;
mod in_hand;
mod interrupted;
mod looks;
mod patience;
mod principal;
mod refuse;
mod time_of_day;
pub mod trail;

pub use interrupted::Interrupted;
pub use time_of_day::TimeOfDay;

use crate::causes::chain;
use crate::lease::{LEASE, Lease, Lost};
use crate::{
    actions::clock,
    aws::Aws,
    fail_point,
    kubernetes::KindsSeen,
    machine,
    store::{
        Store, StoreError,
        audit::{self, walk::WalkStep},
        heartbeats, quarantine, standstill,
        targets::{self, Claim, Claimant, MOST_SKEW, Room},
    },
    words,
};
use away::Away;
use finish::Brought;
use futures::FutureExt as _;
use in_hand::{Hand, InHand};
use latchkey_domain::{
    access::{ClusterId, GrantId, PrincipalId, blocker::Blocker, transition::Target},
    plan::observation::EksCluster,
};
use looks::{LookedFor, Looks};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Notify, task::JoinSet, time::MissedTickBehavior};

/// What time alone brings about, the most urgent first.
const CLOCK: [LookedFor; 3] = [LookedFor::Expires, LookedFor::Starts, LookedFor::Lapses];
/// How often due targets are looked for: the partial index makes a look cheap.
const POLL: Duration = Duration::from_millis(250);
/// How many targets are worked on at once, so that one that hangs does not delay the others.
const TARGETS_AT_ONCE: usize = 16;
/// How many of these may be targets whose last run could not work on them: the rest is kept for healthy targets.
const AILING_AT_ONCE: usize = 8;
/// How often the worker records that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often the worker looks for new clusters and audit events.
const TIDIES: Duration = Duration::from_secs(1);
/// How often pending requests and standing alarms are checked: there is a row for each, and none is urgent.
const LOOKS_OVER: Duration = Duration::from_secs(30);
/// When to look again at a target whose run broke off.
const AFTER_BREAK: Duration = Duration::from_secs(2);
/// How long after a walk over the whole audit chain the next one begins.
const WALKS: jiff::SignedDuration = jiff::SignedDuration::from_hours(6);
/// How long a stopping worker waits for its runs.
const LAST_WAIT: Duration = Duration::from_secs(20);

/// A worker process. Cheap to clone; clones share their state.
#[derive(Debug, Clone)]
pub struct Worker {
    store: Store,
    aws: Aws,
    /// How long after it was made an access entry may be unknown to a cluster's API servers.
    entry_settle: Duration,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    holder: String,
    clock: TimeOfDay,
    /// Whether the clock was too far off at the last look.
    clock_is_off: AtomicBool,
    in_hand: InHand,
    looks: Looks,
    /// The clock changed something: the claiming task looks at once.
    moved: Notify,
    described: Mutex<HashMap<ClusterId, (Instant, EksCluster)>>,
    kinds_seen: Mutex<HashMap<ClusterId, KindsSeen>>,
    /// Why EKS did not let this worker make an access entry when it last tried.
    entries_refused: Mutex<HashMap<ClusterId, Blocker>>,
    /// Since when an identity has another unique id, if that could not be written.
    others: Mutex<HashMap<PrincipalId, (String, Instant)>>,
    /// What may be standing still, from one look to the next.
    watch: standstill::Watch,
    away: Away,
}

/// What a call of [`run_once`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunReport {
    pub lapsed: usize,
    pub started: usize,
    pub expired: usize,
    /// The runs, in the order in which they ended.
    pub runs: Vec<Ran>,
    pub activated: Vec<GrantId>,
    pub ended: Vec<GrantId>,
    /// How far this worker's clock is off the database's, if that is so far that it claims nothing.
    pub clock_off: Option<Duration>,
}

/// One run on a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    pub target: Target,
    /// Why the target as a whole could not be worked on.
    pub failure: Option<String>,
}

impl Worker {
    /// A worker over the database as `latchkey_worker`, calling AWS as this caller.
    pub fn new(store: Store, aws: Aws) -> Self {
        Self::with_clock(store, aws, TimeOfDay::default())
    }

    /// The same with a clock that may be wrong: for tests of that.
    pub fn with_clock(store: Store, aws: Aws, clock: TimeOfDay) -> Self {
        let holder = format!("{}-{}", std::process::id(), machine::new_id().simple());
        let shared = Shared {
            holder,
            clock,
            clock_is_off: AtomicBool::new(false),
            in_hand: InHand::default(),
            looks: Looks::default(),
            moved: Notify::new(),
            described: Mutex::default(),
            kinds_seen: Mutex::default(),
            entries_refused: Mutex::default(),
            others: Mutex::default(),
            watch: standstill::Watch::default(),
            away: Away::default(),
        };
        Self { store, aws, entry_settle: Duration::ZERO, shared: Arc::new(shared) }
    }

    /// The same worker, for which a new access entry counts only this long after it was made.
    #[must_use]
    pub fn settling(mut self, entry_settle: Duration) -> Self {
        self.entry_settle = entry_settle;
        self
    }

    /// Why EKS did not let this worker make an access entry on a cluster when it last tried, if it did not.
    fn entries_refused(&self, id: ClusterId) -> Option<Blocker> {
        self.shared.entries_refused.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Keeps what came of the last attempt to make an access entry on a cluster.
    fn tried_entries(&self, id: ClusterId, refused: Option<Blocker>) {
        let mut known = self.shared.entries_refused.lock().unwrap_or_else(PoisonError::into_inner);
        match refused {
            Some(why) => drop(known.insert(id, why)),
            None => drop(known.remove(&id)),
        }
    }

    fn entry_settle(&self) -> Duration {
        self.entry_settle
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How long ago the worker last completed a look for everything that is due, or started.
    pub fn looked_ago(&self) -> Duration {
        self.shared.looks.last()
    }

    /// EKS's description of a cluster, if it is no older than this.
    fn described(&self, id: ClusterId, lasts: Duration) -> Option<EksCluster> {
        let described = self.shared.described.lock().unwrap_or_else(PoisonError::into_inner);
        described.get(&id).filter(|(at, _)| at.elapsed() < lasts).map(|(_, aws)| aws.clone())
    }

    /// The kinds that runs on this cluster have seen.
    fn kinds_seen(&self, id: ClusterId) -> KindsSeen {
        self.shared.kinds_seen.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().clone()
    }

    /// Remembers which other unique id an identity has, and returns for how long; `None` if the id is the right one.
    fn remembers(&self, id: PrincipalId, other: Option<&str>) -> Option<jiff::SignedDuration> {
        let mut others = self.shared.others.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(other) = other else {
            others.remove(&id);
            return None;
        };
        let seen = others.entry(id).or_insert_with(|| (other.to_owned(), Instant::now()));
        if seen.0 != other {
            *seen = (other.to_owned(), Instant::now());
        }
        jiff::SignedDuration::try_from(seen.1.elapsed()).ok()
    }

    fn describe(&self, id: ClusterId, aws: EksCluster) {
        self.shared.described.lock().unwrap_or_else(PoisonError::into_inner).insert(id, (Instant::now(), aws));
    }

    fn forget(&self, id: ClusterId) {
        self.shared.described.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Claims what is due, at most this many targets; none if this worker's clock is wrong.
    async fn claim(&self, most: usize) -> Result<Vec<(Lease, Hand)>, StoreError> {
        if fail_point::is_over() || most == 0 {
            return Ok(Vec::new());
        }
        let (claimed, at) = (Instant::now(), self.shared.clock.now());
        let claimant = Claimant { holder: &self.shared.holder, at, in_hand: &self.shared.in_hand.keys() };
        let ailing = AILING_AT_ONCE.saturating_sub(self.shared.in_hand.ailing());
        let count = |places: usize| u32::try_from(places).unwrap_or(u32::MAX);
        let room = Room { all: count(most), ailing: count(ailing) };
        let claims = targets::claim(&self.store, &claimant, LEASE, room).await?;
        self.shared.looks.went(LookedFor::Targets);
        let lease = |claim: Claim| {
            let hand = self.shared.in_hand.take(claim.target, claim.epoch, claim.ailing);
            let lease = Lease::new(claim.target, claim.epoch, claim.generation, claimed);
            (lease.signing_at(at), hand)
        };
        Ok(claims.into_iter().map(lease).collect())
    }

    /// How far this worker's clock is off the database's, if that keeps it from claiming. It is logged when it begins
    /// and when it is over.
    async fn clock_off(&self) -> Result<Option<Duration>, StoreError> {
        let skew = targets::clock_skew(&self.store, self.shared.clock.now()).await?;
        let off = skew > MOST_SKEW;
        match (off, self.shared.clock_is_off.swap(off, Ordering::SeqCst)) {
            (true, false) => tracing::error!(
                ?skew,
                "this machine's clock is too far off the database's: nothing is claimed until it is right"
            ),
            (false, true) => tracing::info!("this machine's clock is right again: the worker goes on"),
            (true, true) | (false, false) => {}
        }
        Ok(off.then_some(skew))
    }

    /// One run. Whatever happens, the target is given back, unless this worker died or lost it. The run ends with its
    /// lease, however long the other side takes: no worker works on a target that another one may claim.
    async fn run(&self, lease: Lease, _hand: Hand) -> (Target, Brought) {
        let target = lease.target();
        let result = async {
            let outcome = match target {
                Target::Cluster(id) => cluster::run(self, &lease, id).boxed().await?,
                Target::Principal(id) => principal::run(self, &lease, id).boxed().await?,
            };
            finish::finish(self, &lease, outcome).boxed().await
        };
        let left = lease.left();
        let result = tokio::time::timeout(left, result).await;
        match result.unwrap_or_else(|_elapsed| Err(Interrupted::Lost(Lost::Over))) {
            Ok(brought) => (target, brought),
            Err(error) => {
                let why = Blocker::RunBrokeOff { why: chain(&error) };
                let said = words::blocker::sentence(&why);
                tracing::warn!(on = %target, error = chain(&error), "a run broke off");
                if !fail_point::is_over()
                    && let Err(error) =
                        targets::give_back(&self.store, target, lease.epoch(), AFTER_BREAK, (&why, &said)).await
                {
                    tracing::warn!(on = %target, %error, "a target could not be given back; it is claimed again");
                }
                (target, Brought { failure: Some(said), ..Brought::default() })
            }
        }
    }

    /// Brings about what time alone brings about, and returns how much. If one kind fails, the others go on.
    async fn tick(&self, report: &mut RunReport) -> usize {
        let mut moved = 0;
        for what in CLOCK {
            let came = self.look_for(what).await;
            match what {
                LookedFor::Expires => report.expired += came,
                LookedFor::Starts => report.started += came,
                LookedFor::Lapses => report.lapsed += came,
                LookedFor::Targets => {}
            }
            moved += came;
        }
        moved
    }

    /// Brings about one kind of it, and returns how much.
    async fn look_for(&self, what: LookedFor) -> usize {
        if fail_point::is_over() {
            return 0;
        }
        let store = &self.store;
        let result = match what {
            LookedFor::Expires => clock::expire_due(store).await,
            LookedFor::Starts => clock::start_due(store).await,
            LookedFor::Lapses => clock::lapse_due(store).await,
            LookedFor::Targets => Ok(0),
        };
        match result {
            Ok(came) => {
                self.shared.looks.went(what);
                if came > 0 {
                    // What came is committed: a worker that dies here does nothing further.
                    let _ = fail_point::reach();
                }
                came
            }
            Err(error) => {
                if !self.is_away(&error) {
                    tracing::error!(
                        ?what,
                        error = chain(&error),
                        "the worker cannot look for it: it goes on with the rest"
                    );
                }
                0
            }
        }
    }

    /// Whether the error means that the database is away, which is logged once for all tasks.
    fn is_away(&self, error: &StoreError) -> bool {
        self.shared.away.takes(&self.store, error)
    }

    /// Logs an error and goes on.
    fn said<T>(&self, what: &str, result: Result<T, StoreError>) {
        if let Err(error) = result
            && !self.is_away(&error)
        {
            tracing::warn!(error = chain(&error), "{what}");
        }
    }
}

/// Works until nothing is due: what the clock brings about, each due target, the audit log's seal. Legs that rest after
/// a failure stay for the next call.
///
/// # Errors
/// `Database`, `Corrupt` from the looks for what is due. A run that breaks off is in the report.
pub async fn run_once(worker: &Worker) -> Result<RunReport, StoreError> {
    let mut report = RunReport::default();
    targets::add_missing_clusters(&worker.store).await?;
    wake_forgotten(worker).await?;
    loop {
        let moved = worker.tick(&mut report).await;
        report.clock_off = worker.clock_off().await?;
        let claimed = worker.claim(TARGETS_AT_ONCE).await?;
        if claimed.is_empty() && moved == 0 {
            break;
        }
        let mut runs = JoinSet::new();
        for (lease, hand) in claimed {
            let worker = worker.clone();
            runs.spawn(fail_point::carried(async move { worker.run(lease, hand).await }));
        }
        while let Some(ran) = runs.join_next().await {
            match ran {
                Ok((target, brought)) => note(&mut report, target, brought),
                Err(error) => tracing::error!(%error, "a run panicked"),
            }
        }
    }
    look_over(worker).await;
    worker.said(
        "what stands still could not be looked for",
        standstill::look_over(&worker.store, &worker.shared.watch, Instant::now(), words::alarm::sentence).await,
    );
    seal(worker).await?;
    Ok(report)
}

fn note(report: &mut RunReport, target: Target, brought: Brought) {
    report.activated.extend(brought.activated);
    report.ended.extend(brought.ended);
    report.runs.push(Ran { target, failure: brought.failure });
}

/// Wakes targets that have something to end and that no run would look at.
async fn wake_forgotten(worker: &Worker) -> Result<(), StoreError> {
    let woken = targets::wake_forgotten(&worker.store).await?;
    if woken > 0 {
        tracing::warn!(targets = woken, "accesses that end were not due to be looked at: they are again");
    }
    let overdue = targets::wake_overdue(&worker.store).await?;
    if overdue > 0 {
        tracing::error!(
            targets = overdue,
            "accesses are over their time and that cannot be recorded: they are taken away"
        );
    }
    Ok(())
}

/// Links new audit events.
async fn seal(worker: &Worker) -> Result<(), StoreError> {
    if fail_point::reach().is_err() {
        return Ok(());
    }
    audit::seal(worker.store.pool()).await.map(drop)
}

/// A step of the walk over the whole audit chain: thousands of links each second, so that millions take an hour.
async fn walk(worker: &Worker) -> Result<(), StoreError> {
    match audit::walk::step(&worker.store, WALKS).await? {
        WalkStep::Rested | WalkStep::Went => {}
        WalkStep::Verified(links) => tracing::info!(links, "the whole audit chain holds"),
        WalkStep::Broken(broken) => tracing::error!(%broken, "the audit chain does not hold"),
    }
    Ok(())
}

/// Works until `shutdown`. Then it claims nothing more and waits a while for the runs under way.
pub async fn run(worker: Worker, shutdown: impl Future<Output = ()>) {
    let background = tokio::spawn(fail_point::carried(keep(worker.clone())));
    let mut shutdown = std::pin::pin!(shutdown);
    let mut runs = JoinSet::new();
    let done = Arc::new(Notify::new());
    loop {
        if let Err(error) = round(&worker, &mut runs, &done).await
            && !worker.is_away(&error)
        {
            tracing::error!(error = chain(&error), "the worker cannot look for what is due");
        }
        tokio::select! {
            () = &mut shutdown => break,
            () = done.notified() => {}
            () = worker.shared.moved.notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
        while runs.try_join_next().is_some() {}
    }
    background.abort();
    let _ = tokio::time::timeout(LAST_WAIT, async { while runs.join_next().await.is_some() {} }).await;
    worker.said("the worker's end could not be recorded", heartbeats::stop(&worker.store, &worker.shared.holder).await);
}

/// One round: claims as many due targets as there is room for. It does not wait for the clock's tasks.
async fn round(worker: &Worker, runs: &mut JoinSet<()>, done: &Arc<Notify>) -> Result<(), StoreError> {
    worker.clock_off().await?;
    let room = TARGETS_AT_ONCE.saturating_sub(runs.len());
    if room == 0 {
        // The next round follows as soon as a run ends: this does not count as silence.
        worker.shared.looks.went(LookedFor::Targets);
    }
    for (lease, hand) in worker.claim(room).await? {
        let (worker, done) = (worker.clone(), Arc::clone(done));
        runs.spawn(fail_point::carried(async move {
            worker.run(lease, hand).await;
            done.notify_one();
        }));
    }
    Ok(())
}

/// Runs the tasks beside the runs, each on its own, so that none waits for another however much it has to do. The
/// heartbeat waits for nothing else: a worker without heartbeats counts as dead.
async fn keep(worker: Worker) {
    let [expires, starts, lapses] = CLOCK.map(|what| tell_time(&worker, what));
    tokio::join!(
        beat(&worker),
        expires,
        starts,
        lapses,
        tidy(&worker),
        seals(&worker),
        looks_over(&worker),
        stands_still(&worker)
    );
}

/// Sends heartbeats, with when this worker last looked for everything.
async fn beat(worker: &Worker) {
    let mut beats = tokio::time::interval(HEARTBEAT);
    loop {
        beats.tick().await;
        let (holder, at) = (&worker.shared.holder, worker.shared.clock.now());
        match heartbeats::beat(&worker.store, holder, at, worker.shared.looks.last()).await {
            Ok(()) => worker.shared.away.is_over(),
            Err(error) if worker.is_away(&error) => {}
            Err(error) => tracing::warn!(error = chain(&error), "the worker could not say that it lives"),
        }
    }
}

/// Brings about one kind of what time alone brings about.
async fn tell_time(worker: &Worker, what: LookedFor) {
    let mut ticks = tokio::time::interval(POLL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let came = worker.look_for(what).await;
        if came > 0 {
            worker.shared.moved.notify_one();
        }
    }
}

/// Adds targets of new clusters, and wakes forgotten ones. If one of the two fails, the other goes on.
async fn tidy(worker: &Worker) {
    let mut looks = tokio::time::interval(TIDIES);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        worker.said("new clusters had to wait", targets::add_missing_clusters(&worker.store).await);
        worker.said("forgotten revocations had to wait", wake_forgotten(worker).await);
    }
}

/// Seals the audit log, and walks over the chain.
async fn seals(worker: &Worker) {
    let mut looks = tokio::time::interval(TIDIES);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        worker.said("the audit log's seal had to wait", seal(worker).await);
        worker.said("the walk over the audit chain had to wait", walk(worker).await);
    }
}

/// Checks rows that cannot be read, and alarms about rows that can be read again.
async fn looks_over(worker: &Worker) {
    let mut looks = tokio::time::interval(LOOKS_OVER);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        look_over(worker).await;
    }
}

/// Looks for what a kept lock holds up. It waits for such locks, so it has a task of its own.
async fn stands_still(worker: &Worker) {
    let mut looks = tokio::time::interval(LOOKS_OVER);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        worker.said(
            "what stands still could not be looked for",
            standstill::look_over(&worker.store, &worker.shared.watch, Instant::now(), words::alarm::sentence).await,
        );
    }
}

/// Raises alarms about requests that cannot be read, and clears those about rows that can be read again.
async fn look_over(worker: &Worker) {
    worker.said(
        "requests could not be looked over",
        quarantine::look_over_requests(&worker.store, words::alarm::sentence).await,
    );
    worker.said("alarms could not be looked over", quarantine::clear_what_is_over(&worker.store).await);
}
