//! One run on a cluster: observe, read the desired state, plan, write, observe again, prove, finish.
//!
//! 1. Describe the cluster (kept for 5 min), check that it is the one that was taken on, mint a token, connect. A
//!    failure here is the condition of every grant on this cluster and delays no other cluster: each target is a task
//!    of its own. If EKS does not describe it (no right, throttled, away), the last observation does, only for taking
//!    access away: see `existence`.
//! 2. Observe everything that matters on the cluster, within the bounds of [`crate::kubernetes`]. Then close what an
//!    earlier run left open, with what is there now: see `earlier`.
//! 3. Read the desired state in one snapshot, after the observation, so that it is never older than what was seen.
//! 4. Plan, in pure code ([`latchkey_domain::plan::cluster`]).
//! 5. Commit the intents, the exact bytes of new lines, and an audit event (`grant.change_begun`) for each grant,
//!    before the first write.
//! 6. Write the marker if its epoch is older; then the steps. Bindings of different keys go 8 at a time. A failed step
//!    stops its own grant only. A conflict (409) throws observation and plan away; up to five times, then the target is
//!    due at once.
//! 7. Observe again, if anything was written, and prove: see `prove`.
//! 8. Finish: see [`super::finish`].
//!
//! A running access that nothing touched is asked about again every 4 min, and if an operator chose *Try now*: the next
//! run that is claimed after that asks, whatever rests, and whatever a run that was under way asked before.
//!
//! # Rows that stay locked
//!
//! A run asks which of the rows that it would write for are locked, and plans again without what it would set up for
//! them. What ends is taken away all the same: its intents name no grant then and its leg is not marked, so the run
//! itself records `grant.change_ended`. Only the proof waits for the lock
//! (`what_ends_is_taken_away_while_somebody_keeps_its_rows_locked`). If another row that a run writes or refers to
//! stays locked (a line's, the cluster's), the run begins again and only takes away, which needs none of those rows
//! (`RunScope`). An intent whose row is locked stays open for a later run, and an observation that cannot be stored
//! leaves the one before (`tests/it/worker/rows_kept.rs`).

mod apply;
mod earlier;
mod entries;
mod entry_writes;
mod existence;
mod judge;
mod narrowed;
mod planning;
mod prove;
mod reading;
mod unreachable;

use super::{
    AFTER_BREAK, Worker,
    finish::RunOutcome,
    interrupted::Interrupted,
    trail::{self, Late},
};
use crate::{
    actions::{
        decide_again::DecidedAgain,
        policy::{self, NoPolicy},
    },
    causes::chain,
    fail_point,
    fault::Fault,
    kubernetes::{self, WantedObservation},
    lease::Lease,
    machine,
    store::{
        desired::{self, Legs},
        fence,
        quarantine::LockedRows,
    },
    words,
};
use apply::RunWrites;
use entries::{Holders, RunEntries};
use existence::Described;
use futures::FutureExt as _;
use latchkey_domain::audit::event::Event;
use latchkey_domain::{
    access::{ClusterId, EventDraft, blocker::Blocker, profile::RulesSource, transition::Actor},
    eks::arn::ClusterArn,
    plan::{
        authenticator::MappingKind,
        bindings,
        cluster::{Plan, disowned},
        desired::DesiredCluster,
        finding::Finding,
        observation::{ClusterObservation, ClusterState, EksCluster},
        obstacles::made_again,
        proof::Look,
    },
};
use narrowed::{Narrowed, look_again, looked, named};
use planning::{desired, plan_within, returned};
use std::{sync::Mutex, time::Duration};
use unreachable::unreachable;

/// How often a run throws its observation away and starts again, because another client wrote.
const TRIES: usize = 5;

/// The shortest time between two looks at a line that is being moved.
const MOVE_STEP: Duration = Duration::from_secs(1);

/// A cluster that a run has connected to.
pub(super) struct ReachedCluster {
    pub client: kubernetes::ApiServer,
    pub aws: EksCluster,
}

/// How much a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunScope {
    /// The whole desired state.
    Whole,
    /// Only what takes access away. It needs no row that a new access refers to.
    TakesAway,
}

/// Runs once on a cluster.
///
/// If a row that the run has to write stays locked by another session, it runs again and sets nothing up: taking an
/// access away needs none of those rows.
///
/// # Errors
/// `Lost`, `Store`. What the cluster itself refuses is an outcome.
pub(super) async fn run(worker: &Worker, lease: &Lease, id: ClusterId) -> Result<RunOutcome, Interrupted> {
    match run_within(worker, lease, id, RunScope::Whole).boxed().await {
        Err(Interrupted::Store(error)) if error.is_lock_timeout() => {
            tracing::error!(cluster = %id, error = chain(&error), "a row is kept locked; this run only takes away");
            let outcome = run_within(worker, lease, id, RunScope::TakesAway).boxed().await?;
            let rests = Some(outcome.rests.map_or(AFTER_BREAK, |rests| rests.min(AFTER_BREAK)));
            Ok(RunOutcome { rests, ..outcome })
        }
        done => done,
    }
}

async fn run_within(worker: &Worker, lease: &Lease, id: ClusterId, scope: RunScope) -> Result<RunOutcome, Interrupted> {
    let arn = {
        let mut connection = worker.store.acquire().await?;
        desired::cluster_row(&mut connection, id).await?.ok_or(Interrupted::Nothing)?.arn
    };
    let (aws, undescribed) = match existence::describe(worker, lease, id, &arn).await? {
        Described::Same(aws) => (aws, None),
        Described::Remembered(aws, fault) => (aws, Some(fault)),
        Described::Gone(why) => return existence::run_gone(worker, lease, id, why).await,
        Described::Unknown(fault) => return unreachable(worker, lease, id, None, fault).await,
    };
    let reached = match reach(worker, lease, id, &arn, aws).await {
        Ok(reached) => reached,
        Err(fault) => return unreachable(worker, lease, id, None, undescribed.unwrap_or(fault)).await,
    };
    if let Some(fault) = &undescribed {
        tracing::warn!(on = %lease.target(), error = %fault, "the cluster is not described; access is only taken away");
    }
    let failed = async |fault: Fault| {
        let fault = match &undescribed {
            Some(earlier) => fault.after(earlier),
            None => fault,
        };
        unreachable(worker, lease, id, Some(reached.aws.clone()), fault).await
    };
    let (mut again, mut told) = (false, RunFindings::default());
    let mut entries = RunEntries::default();
    for attempt in 1..=TRIES {
        let (state, narrowed) = match looked(worker, lease, id, &reached).await? {
            Ok(looked) => looked,
            Err(fault) => return Ok(RunOutcome { findings: told.events, ..failed(fault).await? }),
        };
        let passed = earlier::close(worker, lease, id, &reached, &state, attempt < TRIES).await?;
        if passed {
            continue;
        }
        // If EKS does not describe it, or not all of it was read, nothing is set up: too little was read to decide by.
        let shown = (undescribed.is_none() && narrowed.is_none()).then_some(&state);
        let (mut desired, legs, decided) = desired(worker, lease, id, shown).await?;
        if narrowed.as_ref().is_some_and(|narrowed| !narrowed.named.covers(&named(&desired))) {
            // An access came or went since its names were read: what was not looked at does not count as gone.
            again = true;
            continue;
        }
        let undescribed = undescribed.as_ref().or(narrowed.as_ref().map(|narrowed| &narrowed.fault));
        desired.undescribed = undescribed.map(Blocker::from);
        desired.returned = returned(worker, id, &desired, &state).await?;
        let holders = entries.look(worker, (id, &arn), &reached.aws, &mut desired).await?;
        let observation = observation(&reached.aws, state, &holders);
        keep_fence(worker, lease, id, &mut desired, &observation).await?;
        let (plan, held) = plan_within(worker, lease, &mut desired, &observation, scope).await?;
        let state = observation.kubernetes.as_ref().ok_or(Interrupted::Nothing)?;
        let (desired, plan, decided, held) = (&desired, &plan, &decided, &held);
        let run = ClusterRun {
            worker,
            lease,
            cluster: id,
            arn: &arn,
            reached: &reached,
            undescribed,
            desired,
            holders: &holders,
            plan,
            held,
            decided,
            late: Mutex::default(),
        };
        run.tell(&mut told);
        run.catch_up(&mut told).await?;
        let applied = run.apply(state, &mut told).await?;
        entries.written.extend(applied.entries.iter().cloned());
        if entries.falls_back(&applied, &reached.aws) && attempt < TRIES {
            tracing::warn!(on = %lease.target(), "new mappings go on as lines; see the cluster's page");
            continue;
        }
        if applied.conflict && attempt < TRIES {
            tracing::info!(on = %lease.target(), "another client wrote meanwhile; looking again");
            continue;
        }
        again = applied.conflict;
        let last = if applied.is_empty() {
            observation
        } else {
            match look_again(worker, id, &reached, narrowed.as_ref()).await? {
                Ok(state) => run.after_writes(state, &applied).await?,
                Err(fault) => return Ok(RunOutcome { findings: told.events, ..failed(fault).await? }),
            }
        };
        if run.is_in_a_new_namespace(&last) {
            again = true;
            if attempt < TRIES {
                tracing::info!(on = %lease.target(), "a namespace was made anew meanwhile; looking again");
                continue;
            }
        }
        let outcome = run.concluded(&last, applied, &legs, told, narrowed.as_ref()).await?;
        return Ok(RunOutcome { again, ..outcome });
    }
    Ok(RunOutcome { again, periodic: true, findings: told.events, ..RunOutcome::default() })
}

/// Findings of a run, kept when it begins again, since they may be repaired by then.
#[derive(Debug, Default)]
struct RunFindings {
    findings: Vec<Finding>,
    /// The events that are not recorded yet.
    events: Vec<EventDraft>,
}

/// A run's view of its cluster.
struct ClusterRun<'a> {
    worker: &'a Worker,
    lease: &'a Lease,
    cluster: ClusterId,
    arn: &'a ClusterArn,
    reached: &'a ReachedCluster,
    /// Why EKS does not describe the cluster, if it does not.
    undescribed: Option<&'a Fault>,
    desired: &'a DesiredCluster,
    /// The principals with an access entry, as far as EKS said.
    holders: &'a Holders,
    plan: &'a Plan,
    /// What other sessions have locked: there the run only takes away.
    held: &'a LockedRows,
    /// The grants that are not set up, by the second decision.
    decided: &'a DecidedAgain,
    /// Outcomes that are recorded with the ends of their changes: see [`trail::end_unmarked`].
    late: Mutex<Vec<Late>>,
}

impl ClusterRun<'_> {
    /// Stores what pages show of the cluster, and judges the grants.
    async fn concluded(
        &self,
        last: &ClusterObservation,
        applied: RunWrites,
        legs: &Legs,
        told: RunFindings,
        narrowed: Option<&Narrowed>,
    ) -> Result<RunOutcome, Interrupted> {
        let shown = match narrowed {
            Some(narrowed) => narrowed::shown(self.worker, self.cluster, last, &narrowed.fault).await?,
            None => last.kept(&wanted(self.worker, self.cluster).await?.cluster_roles),
        };
        let stored = trail::saw(&self.worker.store, self.lease, &shown);
        let (stored, outcome) = tokio::join!(stored, self.outcome(last, applied, legs, told));
        stored?;
        let mut outcome = outcome?;
        if narrowed.is_none() {
            let reads_on = self.read_on(last).await?;
            outcome.rests = outcome.rests.into_iter().chain(reads_on).min();
        }
        Ok(outcome)
    }

    /// The observation after the writes: the access entries that were written are looked up once more.
    async fn after_writes(&self, state: ClusterState, applied: &RunWrites) -> Result<ClusterObservation, Interrupted> {
        let mut holders = self.holders.clone();
        entries::again(self.worker, self.arn, &mut holders, applied).await;
        // What this run wrote may have shown that the right is there.
        holders.refused = self.worker.entries_refused(self.cluster);
        let observation = observation(&self.reached.aws, state, &holders);
        self.forget_deleted(&observation).await?;
        Ok(observation)
    }

    /// Whether a grant that was to stay is bound in a namespace that was made anew since the observation of the plan:
    /// that binding has to go at once.
    fn is_in_a_new_namespace(&self, last: &ClusterObservation) -> bool {
        let Some(state) = &last.kubernetes else { return false };
        let wanted = self.desired.grants.iter().filter(|grant| grant.wish.is_present());
        let mut moved = wanted.filter(|grant| made_again(grant, state, &self.desired.name).is_some());
        moved.any(|grant| {
            let keys = grant.keys(self.desired.installation);
            let bound = bindings::of_grant(state, grant.id, &keys, self.desired.installation);
            let pinned = |name: &str| {
                state.namespaces.iter().any(|now| now.name == name && grant.terms.namespaces.contains(now))
            };
            bound.iter().any(|binding| {
                !binding.subjects.is_empty() && binding.namespace.as_deref().is_some_and(|name| !pinned(name))
            })
        })
    }

    /// When to look again at what other sessions have locked.
    fn held_rests(&self) -> Option<Duration> {
        (*self.held != LockedRows::default()).then_some(AFTER_BREAK)
    }

    /// When to take out the lines of principals that were moved: once the entries that this or an earlier run made have
    /// settled.
    fn moved_rests(&self, look: &Look<'_>, applied: &RunWrites) -> Option<Duration> {
        let moved = self.desired.mappings.iter().filter(|row| row.moves && row.own && row.kind() == MappingKind::Line);
        let rests = moved.filter_map(|row| {
            let is_made_now = applied.entries.contains(&row.arn);
            let left = if is_made_now {
                Some(self.desired.entry_settle)
            } else {
                look.authenticator.entry_settles(self.desired, &row.arn)
            };
            left.map(|left| Duration::try_from(left).unwrap_or_default())
        });
        rests.min().map(|rest| rest.max(MOVE_STEP))
    }

    /// Adds the plan's findings to those to be told: with the intents, or at the end if nothing is written.
    fn tell(&self, told: &mut RunFindings) {
        for finding in &self.plan.findings {
            let is_same = |other: &Finding| other.grant == finding.grant && other.what == finding.what;
            if !told.findings.iter().any(is_same) {
                told.events.push(self.finding(finding));
                told.findings.push(finding.clone());
            }
        }
    }

    fn finding(&self, finding: &Finding) -> EventDraft {
        let grant = finding.grant.and_then(|id| self.desired.grants.iter().find(|grant| grant.id == id));
        let Finding { what, objects, version, .. } = finding.clone();
        let what = words::finding::what(&what);
        let what = match grant {
            Some(_) => Event::GrantDriftFound { what, objects, version },
            None => Event::ClusterDriftFound { what, objects, version },
        };
        let mut event = EventDraft::new(what, Actor::worker());
        event.cluster = Some(self.cluster);
        event.grant = grant.map(|grant| grant.id);
        event.request = grant.and_then(|grant| grant.request);
        event.person = grant.map(|grant| grant.person);
        event
    }

    /// Updates the rows of mappings by what was seen. The findings are recorded with them: once these rows are updated,
    /// the next run may not find the same.
    async fn catch_up(&self, told: &mut RunFindings) -> Result<(), Interrupted> {
        if self.plan.settled.is_empty() && self.plan.reserved.is_empty() {
            return Ok(());
        }
        let mut tx = trail::held(&self.worker.store, self.lease).await?;
        tx.settle_mappings(&self.plan.settled).await?;
        let free = self.plan.reserved.iter().filter(|reserved| !self.held.principals.contains(&reserved.principal));
        tx.reserve_mappings(free).await?;
        let now = tx.now().await?;
        tx.tell_found(self.lease.target(), &told.events, now).await?;
        trail::commit(tx).await?;
        told.events.clear();
        Ok(())
    }
}

/// Records that the cluster belongs to another installation, or to a later state of this one, so that it stays fenced
/// until an operator accepts: otherwise the epoch of later runs would pass the marker's.
async fn keep_fence(
    worker: &Worker,
    lease: &Lease,
    id: ClusterId,
    desired: &mut DesiredCluster,
    observation: &ClusterObservation,
) -> Result<(), Interrupted> {
    let why = observation.kubernetes.as_ref().and_then(|state| disowned(desired, state));
    if let (None, Some(why)) = (&desired.fenced, why) {
        fail_point::reach()?;
        let said = words::blocker::sentence(&why);
        if fence::set(&worker.store, id, lease.epoch(), &why, &said).await? {
            tracing::error!(on = %lease.target(), why = said, "the cluster is fenced");
        }
        desired.fenced = Some(why);
    }
    Ok(())
}

/// The client of a run, with a token of its own.
async fn reach(
    worker: &Worker,
    lease: &Lease,
    id: ClusterId,
    arn: &ClusterArn,
    aws: EksCluster,
) -> Result<ReachedCluster, Fault> {
    // The token is signed as of the claim: what a process sends after a long pause is refused.
    let token = worker.aws.cluster_token(arn, lease.claimed_at()).await?;
    let client = kubernetes::ApiServer::connect(&aws, token, worker.aws.cluster_proxies())?;
    Ok(ReachedCluster { client: client.remembering(worker.kinds_seen(id)), aws })
}

fn observation(aws: &EksCluster, state: ClusterState, holders: &Holders) -> ClusterObservation {
    ClusterObservation {
        aws: Some(aws.clone()),
        kubernetes: Some(state),
        trouble: None,
        kubernetes_at: Some(machine::now()),
        entries: holders.seen.clone(),
        described: holders.described.clone(),
        without_entry: holders.without.clone(),
        entries_refused: holders.refused.clone(),
        left_out: vec![],
    }
}

/// The ClusterRoles to look at: those that live grants bind, and those that profiles name.
async fn wanted(worker: &Worker, id: ClusterId) -> Result<WantedObservation, Interrupted> {
    let mut cluster_roles = {
        let mut connection = worker.store.acquire().await?;
        desired::bound_roles(&mut connection, id).await?
    };
    match policy::current(&worker.store).await {
        Ok(current) => {
            for profile in &current.file.profiles {
                match &profile.source {
                    RulesSource::ClusterRoles(names) => cluster_roles.extend(names.iter().cloned()),
                    RulesSource::Rules(_) => {}
                }
            }
        }
        // Without a policy, accesses go on and end; only new asks are impossible.
        Err(NoPolicy::None) => {}
        Err(error @ NoPolicy::Unreadable { .. }) => tracing::error!(%error, "profiles are not known"),
        Err(NoPolicy::Store(error)) => return Err(error.into()),
    }
    Ok(WantedObservation { cluster_roles })
}
