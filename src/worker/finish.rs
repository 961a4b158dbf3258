//! The finish of a run, a transaction for each grant: lock it, then the target; check the epoch; write the leg; then
//! judge the grant by all its legs as the database has them. (If two targets finished at once and judged from memory,
//! each would see the other's leg unproven.) A failure about one grant is confined to it: its leg says so, and the
//! other grants activate and end.
//!
//! A finish under another epoch than the run's ends the run without effect. A grant that moved meanwhile is skipped:
//! its wake-up is pending. An error about one grant (its row, its event, its leg) is in the log and on its leg, and is
//! tried again.
//!
//! A run waits 2 s for the first row that another transaction keeps locked, and only 20 ms for each further one, so
//! that a client that keeps many rows locked lets the run end within its lease. The target's row comes last, once. The
//! target is due again at once if its generation moved, else when the first leg's rest is over, else in 5 min
//! ([`PERIOD`]): the full reconcile that repairs drift.

use super::{
    AFTER_BREAK, Worker, backoff,
    interrupted::Interrupted,
    patience::{Patience, begin},
    refuse::refuse,
    trail::{self, hold},
};
use crate::{
    actions::decide_again::DecidedAgain,
    causes::chain,
    fault::{Fault, FaultKind},
    lease::Lease,
    store::{
        StoreError, Tx,
        grants::{Locked, UnreadableGrant},
        legs::{Fares, LegProof, LegWrite, SeenWider},
        targets::{FinishedRun, LockedTarget},
    },
    words,
};
use jiff::Timestamp;
use latchkey_domain::{
    access::{
        GrantId,
        alarm::{Alarm, AlarmFacts},
        blocker::Blocker,
        compared::Compared,
        decide_again::decider_uses_role,
        evidence::Evidence,
        grant::{Cause, Gone, Grant, Leg, Live, Present, Proof, Proven, Provisioning},
        transition::{Actor, EventDraft, Target, Wake},
    },
    audit::change::ChangeOutcome,
    plan::desired::Wish,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How often all of a target is looked at again if nothing woke it.
pub const PERIOD: Duration = Duration::from_mins(5);

/// When to judge a grant again whose rows stay locked: each time costs the target a wait for the lock.
const KEPT: Duration = Duration::from_secs(5);

/// What a run found of one grant.
#[derive(Debug)]
pub struct LegOutcome {
    pub wish: Wish,
    pub found: LegFound,
    /// Failed attempts before this run.
    pub attempts: u32,
    /// The parts of it that are in place after the run, if the run
    /// [compared](latchkey_domain::plan::cluster::Plan::compared) them with the parts that were in place before.
    pub stood: Option<BTreeSet<String>>,
    /// For a principal: what the run learned about its identity.
    pub compared: Option<Compared>,
    /// What the last look shows that the grant gives beyond what was decided. A proof has it in its evidence.
    pub wider: Option<Vec<Blocker>>,
}

impl LegOutcome {
    /// What the grant gives beyond what was decided, by its proof or by the last look.
    pub fn beyond(&self) -> &[Blocker] {
        match &self.found {
            LegFound::Proven(seen) => &seen.wider,
            LegFound::Unsettled(_)
            | LegFound::Settling(..)
            | LegFound::Failed(_)
            | LegFound::Paused(_)
            | LegFound::Blocked(_) => self.wider.as_deref().unwrap_or_default(),
        }
    }
}

/// How far a grant's part on the target has come.
#[derive(Debug)]
pub enum LegFound {
    /// It is as its wish says.
    Proven(Evidence),
    /// It is not there yet, and goes on by itself.
    Unsettled(Blocker),
    /// It is as its wish says, and counts from this much later, if nothing changes until then.
    Settling(Blocker, Duration),
    /// A call failed.
    Failed(Fault),
    /// An operator paused granting.
    Paused(Blocker),
    /// A person has to act.
    Blocked(Blocker),
}

/// The result of a run.
#[derive(Debug, Default)]
pub struct RunOutcome {
    pub legs: BTreeMap<GrantId, LegOutcome>,
    /// Grants that end now, and why.
    pub revoke: Vec<(GrantId, Cause, String)>,
    /// What the second decision said of the grants that are to be set up.
    pub decided: DecidedAgain,
    /// Events about what other clients did, except those that were recorded with the run's intents.
    pub findings: Vec<EventDraft>,
    /// Why the target as a whole could not be worked on.
    pub failure: Option<Blocker>,
    /// When the first resting leg may be tried again.
    pub rests: Option<Duration>,
    /// Whether the run gave up after conflicts: look again at once.
    pub again: bool,
    /// Whether the target is looked at every [`PERIOD`].
    pub periodic: bool,
    /// Grants that became active before the run was over: see [`compared`].
    pub activated: Vec<GrantId>,
}

/// What a finish brought about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brought {
    pub activated: Vec<GrantId>,
    pub ended: Vec<GrantId>,
    /// Why the target as a whole could not be worked on: a sentence.
    pub failure: Option<String>,
}

/// Finishes a run.
///
/// # Errors
/// `Lost` if another worker claimed the target meanwhile; `Store`. A failure about one grant is not an error: its leg
/// says so, and it is tried again.
pub async fn finish(worker: &Worker, lease: &Lease, mut outcome: RunOutcome) -> Result<Brought, Interrupted> {
    let patience = Patience::default();
    let revoked = revoke(worker, &outcome.revoke, &patience).await?;
    let refused = refuse(worker, &outcome.decided, &patience).await?;
    if !(revoked && refused) {
        outcome.rests = Some(outcome.rests.map_or(AFTER_BREAK, |rests| rests.min(AFTER_BREAK)));
    }
    let mut judged = Judged::default();
    judged.brought.activated.clone_from(&outcome.activated);
    for (id, leg) in &outcome.legs {
        let (own, others) = outcome.findings.drain(..).partition(|event: &EventDraft| event.grant == Some(*id));
        outcome.findings = others;
        match one(worker, lease, *id, leg, own, (&patience, &mut judged)).await {
            Ok(()) => {}
            Err(Interrupted::Store(error)) if !error.is_unavailable() => {
                patience.heed(&error);
                failed(worker, lease, *id, leg, &error, (&patience, &mut judged)).await?;
            }
            Err(error) => return Err(error),
        }
    }
    tell(worker, lease, &outcome.findings).await?;
    close(worker, lease, outcome, judged).await
}

/// The finish of one grant with what was found of it, in a transaction of its own.
async fn one(
    worker: &Worker,
    lease: &Lease,
    id: GrantId,
    leg: &LegOutcome,
    findings: Vec<EventDraft>,
    (patience, judged): (&Patience, &mut Judged),
) -> Result<(), Interrupted> {
    let mut tx = begin(worker, patience).await?;
    let Some(locked) = tx.lock_grant(id).await? else { return Ok(()) };
    let mut tx = hold(tx, lease).await?;
    let now = tx.now().await?;
    tx.tell_found(lease.target(), &findings, now).await?;
    let mut own = Judged::default();
    match locked {
        Locked::Grant(grant) => judge(&mut tx, lease, grant, leg, now, &mut own).await?,
        Locked::Unreadable(row) => judge_unreadable(&mut tx, lease, &row, leg, now, &mut own).await?,
    }
    trail::commit(tx).await?;
    judged.add(own);
    Ok(())
}

/// Handles a failed finish of one grant: the log and its leg say so, and it is tried again. That may fail, too.
async fn failed(
    worker: &Worker,
    lease: &Lease,
    id: GrantId,
    leg: &LegOutcome,
    error: &StoreError,
    (patience, judged): (&Patience, &mut Judged),
) -> Result<(), Interrupted> {
    let revoking = !leg.wish.is_present();
    // A lock that kept the outcome from being recorded is not a failed attempt to take the access away.
    let attempt = if error.is_lock_timeout() { leg.attempts } else { leg.attempts.saturating_add(1) };
    let rest = backoff::rest(attempt, revoking);
    let again_in = if error.is_lock_timeout() { rest.max(KEPT) } else { rest };
    tracing::error!(on = %lease.target(), grant = %id, error = chain(error), "what was found of an access could not be recorded");
    let why = Blocker::NotRecorded { why: error.to_string() };
    let write = LegWrite {
        fares: Fares::Retrying { why, attempt, again_in },
        proven: None,
        proof: None,
        stood: None,
        compared: None,
        wider: None,
    };
    let said = async {
        let mut tx = hold(begin(worker, patience).await?, lease).await?;
        tx.write_leg(id, lease.target(), &write).await?;
        trail::commit(tx).await?;
        Ok(())
    };
    match said.await {
        Err(Interrupted::Lost(lost)) => return Err(lost.into()),
        Err(error) => tracing::error!(grant = %id, error = chain(&error), "its leg could not be written either"),
        Ok(()) => {}
    }
    judged.again_in = [judged.again_in, Some(again_in)].into_iter().flatten().min();
    judged.revoking = judged.revoking || revoking;
    Ok(())
}

/// Records findings beside the grants that were judged. One that cannot be recorded does not hold back the others.
async fn tell(worker: &Worker, lease: &Lease, findings: &[EventDraft]) -> Result<(), Interrupted> {
    for event in findings {
        let mut tx = hold(begin(worker, &Patience::default()).await?, lease).await?;
        let now = tx.now().await?;
        match tx.tell_found(lease.target(), std::slice::from_ref(event), now).await {
            Ok(()) => {
                trail::commit(tx).await?;
            }
            Err(error) if error.is_unavailable() => return Err(error.into()),
            Err(error) => {
                tracing::error!(on = %lease.target(), action = event.what.action(), error = chain(&error), "a finding could not be recorded");
            }
        }
    }
    Ok(())
}

/// The end of the run: writes its target's row.
async fn close(
    worker: &Worker,
    lease: &Lease,
    outcome: RunOutcome,
    mut judged: Judged,
) -> Result<Brought, Interrupted> {
    let mut tx = hold(begin(worker, &Patience::default()).await?, lease).await?;
    let moved = tx.generation() != lease.generation();
    let period = outcome.periodic.then_some(PERIOD);
    let soonest = [judged.again_in, outcome.rests, period].into_iter().flatten().min();
    let again_in = if moved || outcome.again { Some(Duration::ZERO) } else { soonest };
    let said = outcome.failure.as_ref().map(words::blocker::sentence);
    let failure = outcome.failure.as_ref().zip(said.as_deref());
    let revoking = judged.revoking || (moved && worker_sees_revoking(&mut tx, lease.target()).await?);
    tx.finish_target(&FinishedRun { again_in, revoking, failure }).await?;
    trail::commit(tx).await?;
    judged.brought.failure = said;
    Ok(judged.brought)
}

#[derive(Debug, Default)]
struct Judged {
    brought: Brought,
    again_in: Option<Duration>,
    revoking: bool,
}

impl Judged {
    /// Adds the results of a transaction that was committed.
    fn add(&mut self, other: Self) {
        self.brought.activated.extend(other.brought.activated);
        self.brought.ended.extend(other.brought.ended);
        self.again_in = [self.again_in, other.again_in].into_iter().flatten().min();
        self.revoking = self.revoking || other.revoking;
    }
}

/// As [`judge`], for a grant that this version cannot read: only its end is judged.
async fn judge_unreadable(
    tx: &mut LockedTarget,
    lease: &Lease,
    row: &UnreadableGrant,
    leg: &LegOutcome,
    now: Timestamp,
    judged: &mut Judged,
) -> Result<(), Interrupted> {
    if !row.ends() || leg.wish.is_present() {
        return Ok(());
    }
    trail::end(tx, &row.brief, lease, outcome_of(&leg.found, false)).await?;
    let written = written(leg, false);
    tx.write_leg(row.brief.id, lease.target(), &written).await?;
    judged.again_in = rest(&written.fares);
    if tx.end_unreadable(&row.brief, words::residual::sentence, now).await? {
        judged.brought.ended.push(row.brief.id);
    } else {
        judged.revoking = written.proven != Some(Proven::Gone);
    }
    Ok(())
}

/// How long a leg rests; `None` if it does not.
fn rest(fares: &Fares) -> Option<Duration> {
    match fares {
        Fares::Ok => None,
        Fares::Retrying { again_in, .. } | Fares::Paused { again_in, .. } | Fares::Blocked { again_in, .. } => {
            Some(*again_in)
        }
    }
}

/// Writes a leg, then judges its grant by both legs. A grant that moved meanwhile is skipped: its wake-up is pending.
async fn judge(
    tx: &mut LockedTarget,
    lease: &Lease,
    grant: Grant,
    leg: &LegOutcome,
    now: Timestamp,
    judged: &mut Judged,
) -> Result<(), Interrupted> {
    let is_present = match &grant {
        Grant::Provisioning(_) | Grant::Active(_) => true,
        Grant::Revoking(_) => false,
        Grant::Scheduled(_) | Grant::Ended(_) => return Ok(()),
    };
    trail::end(tx, &grant.facts().brief(), lease, outcome_of(&leg.found, is_present)).await?;
    if is_present != leg.wish.is_present() {
        return Ok(());
    }
    let id = grant.facts().id;
    let written = written(leg, matches!(grant, Grant::Provisioning(_)));
    tx.write_leg(id, lease.target(), &written).await?;
    judged.again_in = [judged.again_in, rest(&written.fares)].into_iter().flatten().min();
    let legs = tx.legs(id).await?;
    match grant {
        Grant::Provisioning(provisioning) => {
            if activate(tx, provisioning, &legs, now).await? {
                judged.brought.activated.push(id);
            }
        }
        Grant::Revoking(revoking) => match Proof::<Gone>::of(&legs, &revoking.facts) {
            Some(proof) => {
                if let Some(alarm) = revoking.not_shut_out(&proof) {
                    tx.raise(&alarm, words::alarm::sentence, now).await?;
                }
                tx.record(revoking.end(proof, words::residual::sentence, now), now).await?;
                judged.brought.ended.push(id);
            }
            None => judged.revoking = written.proven != Some(Proven::Gone) || judged.revoking,
        },
        Grant::Scheduled(_) | Grant::Active(_) | Grant::Ended(_) => {}
    }
    Ok(())
}

/// Activates a grant whose legs prove it, and returns whether it did. If only a current look at its user's identity is
/// missing, that target becomes due at once.
async fn activate(tx: &mut Tx, provisioning: Provisioning, legs: &[Leg], now: Timestamp) -> Result<bool, Interrupted> {
    let facts = &provisioning.facts;
    // A decider who proved the role since this run decided would have the access themselves.
    if let Some(why) = decider_uses_role(facts, &facts.terms.users) {
        let policy_hash = facts.policy_hash.clone();
        let (transition, alarm) = Live::Provisioning(provisioning).not_allowed(&why, &policy_hash, now);
        tx.record(transition, now).await?;
        tx.raise(&alarm, words::alarm::sentence, now).await?;
        return Ok(false);
    }
    let Some(proof) = Proof::<Present>::of(legs, &facts.terms.profile) else {
        if Proof::<Present>::wants_comparison(legs, &facts.terms.profile) {
            tx.wake(vec![Wake { target: Target::Principal(facts.terms.principal), revoking: false }]).await?;
        }
        return Ok(false);
    };
    // Past `activate_by` the clock ends it.
    let Ok(transition) = provisioning.activate(proof, words::residual::sentence, now) else { return Ok(false) };
    tx.record(transition, now).await?;
    Ok(true)
}

/// Records what a run on a principal learned about its identity, before it writes to IAM: a grant that needs nothing in
/// IAM does not wait for that. Returns the grants that became active by it.
///
/// # Errors
/// `Lost` if another worker claimed the target; `Store`.
pub async fn compared(
    worker: &Worker,
    lease: &Lease,
    grants: &[GrantId],
    told: Compared,
) -> Result<Vec<GrantId>, Interrupted> {
    let (mut activated, patience) = (Vec::new(), Patience::default());
    for id in grants {
        let tx = begin(worker, &patience).await?;
        match compared_one(tx, lease, *id, told).await {
            Ok(active) => activated.extend(active.then_some(*id)),
            Err(Interrupted::Store(error)) if !error.is_unavailable() => {
                patience.heed(&error);
                tracing::error!(grant = %id, error = chain(&error), "who its user is could not be recorded");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(activated)
}

async fn compared_one(mut tx: Tx, lease: &Lease, id: GrantId, told: Compared) -> Result<bool, Interrupted> {
    let Some(Locked::Grant(Grant::Provisioning(provisioning))) = tx.lock_grant(id).await? else { return Ok(false) };
    let mut tx = hold(tx, lease).await?;
    let now = tx.now().await?;
    tx.write_compared(id, told).await?;
    let legs = tx.legs(id).await?;
    let active = activate(&mut tx, provisioning, &legs, now).await?;
    trail::commit(tx).await?;
    Ok(active)
}

/// A leg as its row stores it. Trouble has columns of its own, so that the evidence of the last proof stays beside it.
fn written(leg: &LegOutcome, unsettled: bool) -> LegWrite<'_> {
    let revoking = !leg.wish.is_present();
    let attempt = leg.attempts.saturating_add(1);
    // An ending leg that was proven gone and is seen again is not gone. A running leg that was proven present stays so
    // until it is proven gone. A leg that is being set up is proven by its last look alone.
    let unproven = if revoking || unsettled { Some(Proven::Nothing) } else { None };
    // A failed look tells nothing new about a leg that ends or runs, and no activation may rest on the look before.
    let unseen = if unsettled { Some(Proven::Nothing) } else { None };
    let (proven, fares, proof) = match &leg.found {
        LegFound::Proven(seen) => {
            let proven = if revoking { Proven::Gone } else { Proven::Present };
            (
                Some(proven),
                Fares::Ok,
                Some(LegProof {
                    evidence: seen.kept(words::sighting::sentence, words::residual::sentence),
                    wider: seen.wider.iter().map(words::blocker::sentence).collect(),
                }),
            )
        }
        LegFound::Unsettled(why) => {
            let fares = Fares::Retrying { why: why.clone(), attempt, again_in: backoff::rest(attempt, revoking) };
            (unproven, fares, None)
        }
        LegFound::Settling(why, rest) => {
            let fares = Fares::Retrying { why: why.clone(), attempt: leg.attempts, again_in: *rest };
            (unproven, fares, None)
        }
        LegFound::Failed(fault) => {
            let (why, again_in) = (Blocker::from(fault), backoff::after(fault, attempt, revoking));
            let fares = match fault.kind() {
                FaultKind::Refused { .. } | FaultKind::Invalid | FaultKind::TooMuch => {
                    Fares::Blocked { why, attempt, again_in }
                }
                FaultKind::Conflict | FaultKind::Throttled { .. } | FaultKind::Transient | FaultKind::NotFound => {
                    Fares::Retrying { why, attempt, again_in }
                }
            };
            (unseen, fares, None)
        }
        LegFound::Paused(why) => {
            (unproven, Fares::Paused { why: why.clone(), attempt, again_in: backoff::blocked() }, None)
        }
        LegFound::Blocked(why) => {
            let fares = Fares::Blocked { why: why.clone(), attempt, again_in: backoff::blocked() };
            (unproven, fares, None)
        }
    };
    let wider = leg
        .wider
        .as_ref()
        .map(|wider| SeenWider { said: wider.iter().map(words::blocker::sentence).collect(), whys: wider.clone() });
    LegWrite { fares, proven, proof, stood: leg.stood.as_ref(), compared: leg.compared, wider }
}

/// The outcome of a change that was to set something up or to take it away.
fn outcome_of(found: &LegFound, is_present: bool) -> ChangeOutcome {
    match found {
        LegFound::Proven(_) if is_present => ChangeOutcome::Proven,
        LegFound::Proven(_) => ChangeOutcome::ProvenGone,
        LegFound::Unsettled(why) | LegFound::Settling(why, _) | LegFound::Paused(why) | LegFound::Blocked(why) => {
            ChangeOutcome::Said(words::blocker::sentence(why))
        }
        LegFound::Failed(fault) => ChangeOutcome::Said(words::blocker::sentence(&fault.into())),
    }
}

/// Ends grants for a cause that the run found, each in a transaction of its own, which wakes both of its targets. One
/// that cannot be ended does not hold back the others. Returns whether all could.
async fn revoke(
    worker: &Worker,
    ending: &[(GrantId, Cause, String)],
    patience: &Patience,
) -> Result<bool, Interrupted> {
    let mut all = true;
    for (id, cause, reason) in ending {
        let tx = begin(worker, patience).await?;
        match revoke_one(tx, *id, *cause, reason).await {
            Err(Interrupted::Store(error)) if !error.is_unavailable() => {
                patience.heed(&error);
                tracing::error!(grant = %id, error = chain(&error), "an access could not be ended");
                all = false;
            }
            other => other?,
        }
    }
    Ok(all)
}

async fn revoke_one(mut tx: Tx, id: GrantId, cause: Cause, reason: &str) -> Result<(), Interrupted> {
    match tx.lock_grant(id).await? {
        None => return Ok(()),
        Some(Locked::Grant(grant)) => {
            let Some(live) = grant.live() else { return Ok(()) };
            let now = tx.now().await?;
            let terms = live.facts().terms.clone();
            tx.record(live.revoke(cause, Actor::worker(), Some(reason.to_owned()), now), now).await?;
            if cause == Cause::Unpinned {
                // One alarm for the role, however many accesses end.
                let subject = format!("principal {}", terms.principal);
                let alarm = Alarm::new(AlarmFacts::Unpinned { arn: terms.principal_arn }, subject);
                tx.raise(&alarm, words::alarm::sentence, now).await?;
            }
        }
        Some(Locked::Unreadable(row)) => {
            let now = tx.now().await?;
            tx.revoke_unreadable(&row.brief, cause, Actor::worker(), Some(reason), now).await?;
        }
    }
    trail::commit(tx).await
}

async fn worker_sees_revoking(tx: &mut Tx, target: Target) -> Result<bool, Interrupted> {
    Ok(tx.has_revoking(target).await?)
}
