//! The finish of a run, in one transaction: lock the grants, then the target; check the epoch; write the legs; then
//! judge each grant by all its legs as the database has them, since two finishing targets that judged from memory each
//! saw the other's leg unproven.

use super::{Worker, backoff, interrupted::Interrupted, trail};
use crate::{
    fault::{Fault, FaultKind},
    lease::Lease,
    store::{
        Tx,
        legs::{Fares, LegProof, LegWrite},
        targets::Finished,
    },
};
use jiff::Timestamp;
use latchkey_domain::{
    access::{
        GrantId,
        compared::Compared,
        grant::{Cause, Gone, Grant, Leg, Present, Proof, Proven, Provisioning},
        transition::{Actor, EventDraft, Target, Wake},
    },
    plan::desired::Wish,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How often everything of a target is looked at again, though nothing woke it.
pub const PERIOD: Duration = Duration::from_mins(5);

/// What a run found of one grant.
#[derive(Debug)]
pub struct LegOutcome {
    pub wish: Wish,
    pub found: Found,
    /// Failed attempts before this run.
    pub attempts: u32,
    /// What of it is in place after the run, where the run [compared](latchkey_domain::plan::cluster::Plan::compared)
    /// that with what was in place before.
    pub stood: Option<BTreeSet<String>>,
    /// Of a principal: what the run told of who it is.
    pub compared: Option<Compared>,
}

/// How far a grant's part on the target is.
#[derive(Debug)]
pub enum Found {
    /// Where its wish wants it.
    Proven(Seen),
    /// Not yet; it goes on by itself.
    Unsettled(String),
    /// A call failed.
    Failed(Fault),
    /// An operator paused granting: a sentence.
    Paused(String),
    /// Somebody has to act.
    Blocked(String),
}

/// What a proof saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Evidence for people.
    pub lines: Vec<String>,
    pub details: Value,
    /// What else says yes.
    pub residual: Vec<String>,
    /// What it allows beyond what was decided: sentences.
    pub wider: Vec<String>,
}

/// What a run leaves.
#[derive(Debug, Default)]
pub struct Outcome {
    pub legs: BTreeMap<GrantId, LegOutcome>,
    /// Grants that end now, and why.
    pub revoke: Vec<(GrantId, Cause, String)>,
    /// Events about what somebody else did, but for those that were recorded with the run's intents.
    pub findings: Vec<EventDraft>,
    /// Why the target as a whole could not be worked on.
    pub failure: Option<String>,
    /// When the first resting leg may be tried again.
    pub rests: Option<Duration>,
    /// Whether the run gave up after conflicts: look again at once.
    pub again: bool,
    /// Whether the target is looked at every [`PERIOD`].
    pub periodic: bool,
    /// What became active before the run was over: see [`compared`].
    pub activated: Vec<GrantId>,
}

/// What a finish brought about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brought {
    pub activated: Vec<GrantId>,
    pub ended: Vec<GrantId>,
    pub failure: Option<String>,
}

/// Finishes a run.
///
/// # Errors
/// `Lost` where somebody else claimed the target meanwhile; `Store`.
pub async fn finish(worker: &Worker, lease: &Lease, outcome: Outcome) -> Result<Brought, Interrupted> {
    revoke(worker, lease, &outcome.revoke).await?;
    let ids: Vec<GrantId> = outcome.legs.keys().copied().collect();
    let mut tx = worker.store.begin().await?;
    let grants = tx.lock_grants(&ids).await?;
    let locked = tx.lock_target(lease.target()).await?.ok_or(Interrupted::Nothing)?;
    if locked.epoch != lease.epoch() {
        return Err(Interrupted::Lost(crate::lease::Lost::Over));
    }
    let now = tx.now().await?;
    tx.tell_found(lease.target(), &outcome.findings, now).await?;
    let mut judged = Judged::default();
    judged.brought.activated.clone_from(&outcome.activated);
    for grant in grants {
        let Some(leg) = outcome.legs.get(&grant.facts().id) else { continue };
        judge(&mut tx, lease, grant, leg, now, &mut judged).await?;
    }
    let moved = locked.generation != lease.generation();
    let period = outcome.periodic.then_some(PERIOD);
    let soonest = [judged.again_in, outcome.rests, period].into_iter().flatten().min();
    let again_in = if moved || outcome.again { Some(Duration::ZERO) } else { soonest };
    let failure = outcome.failure.as_deref();
    let revoking = judged.revoking || (moved && worker_sees_revoking(&mut tx, lease.target()).await?);
    tx.finish_target(&Finished { target: lease.target(), again_in, revoking, failure }).await?;
    lease.life().spend()?;
    tx.commit().await?;
    judged.brought.failure = outcome.failure;
    Ok(judged.brought)
}

#[derive(Debug, Default)]
struct Judged {
    brought: Brought,
    again_in: Option<Duration>,
    revoking: bool,
}

/// Writes a leg, then judges its grant by both legs. A grant that moved meanwhile is skipped: its wake is pending.
async fn judge(
    tx: &mut Tx,
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
    trail::end(tx, grant.facts(), lease, &said(&leg.found)).await?;
    if is_present != leg.wish.is_present() {
        return Ok(());
    }
    let id = grant.facts().id;
    let written = written(leg, &grant);
    tx.write_leg(id, lease.target(), &written).await?;
    let next = match &written.fares {
        Fares::Ok => None,
        Fares::Retrying { again_in, .. } | Fares::Paused { again_in, .. } | Fares::Blocked { again_in, .. } => {
            Some(*again_in)
        }
    };
    judged.again_in = [judged.again_in, next].into_iter().flatten().min();
    let legs = tx.legs(id).await?;
    match grant {
        Grant::Provisioning(provisioning) => {
            if activate(tx, provisioning, &legs, now).await? {
                judged.brought.activated.push(id);
            }
        }
        Grant::Revoking(revoking) => match Proof::<Gone>::of(&legs, &revoking.facts) {
            Some(proof) => {
                tx.record(revoking.end(proof, now), now).await?;
                judged.brought.ended.push(id);
            }
            None => judged.revoking = written.proven != Some(Proven::Gone) || judged.revoking,
        },
        Grant::Scheduled(_) | Grant::Active(_) | Grant::Ended(_) => {}
    }
    Ok(())
}

/// Activates a grant whose legs prove it; whether it did. Where only a look at who its user is now is missing, that is
/// due at once.
async fn activate(tx: &mut Tx, provisioning: Provisioning, legs: &[Leg], now: Timestamp) -> Result<bool, Interrupted> {
    let facts = &provisioning.facts;
    let Some(proof) = Proof::<Present>::of(legs, &facts.profile) else {
        if Proof::<Present>::wants_comparison(legs, &facts.profile) {
            tx.wake(vec![Wake { target: Target::Principal(facts.principal), revoking: false }]).await?;
        }
        return Ok(false);
    };
    // Past `activate_by` the clock rolls it back.
    let Ok(transition) = provisioning.activate(proof, now) else { return Ok(false) };
    tx.record(transition, now).await?;
    Ok(true)
}

/// Records what a run on a principal told of who it is, before it writes to IAM: what needs nothing there need not wait
/// for that. Gives what became active by it.
///
/// # Errors
/// `Lost` where somebody else claimed the target; `Store`.
pub async fn compared(
    worker: &Worker,
    lease: &Lease,
    grants: &[GrantId],
    told: Compared,
) -> Result<Vec<GrantId>, Interrupted> {
    let mut tx = worker.store.begin().await?;
    let grants = tx.lock_grants(grants).await?;
    trail::hold(&mut tx, lease).await?;
    let now = tx.now().await?;
    let mut activated = Vec::new();
    for grant in grants {
        let Grant::Provisioning(provisioning) = grant else { continue };
        let id = provisioning.facts.id;
        tx.write_compared(id, lease.target(), told).await?;
        let legs = tx.legs(id).await?;
        if activate(&mut tx, provisioning, &legs, now).await? {
            activated.push(id);
        }
    }
    lease.life().spend()?;
    tx.commit().await?;
    Ok(activated)
}

/// A leg as its row has it. Trouble has a sentence of its own: the evidence of the last proof stays beside it.
fn written<'a>(leg: &'a LegOutcome, grant: &Grant) -> LegWrite<'a> {
    let revoking = !leg.wish.is_present();
    let attempt = leg.attempts.saturating_add(1);
    // What was proven gone and is seen again is not gone. What runs and was proven present stays so until it is proven
    // gone; what is set up is proven by its last look alone.
    let unsettled = matches!(grant, Grant::Provisioning(_));
    let unproven = if revoking || unsettled { Some(Proven::Nothing) } else { None };
    // A look that failed tells nothing new of what ends or runs, and no activation may rest on the one before.
    let unseen = if unsettled { Some(Proven::Nothing) } else { None };
    let (proven, fares, proof) = match &leg.found {
        Found::Proven(seen) => {
            let proven = if revoking { Proven::Gone } else { Proven::Present };
            let mut evidence = seen.details.clone();
            evidence["said"] = json!(seen.lines);
            evidence["residual"] = json!(seen.residual);
            (Some(proven), Fares::Ok, Some(LegProof { evidence, wider: &seen.wider }))
        }
        Found::Unsettled(error) => {
            let fares = Fares::Retrying { error: error.clone(), attempt, again_in: backoff::rest(attempt, revoking) };
            (unproven, fares, None)
        }
        Found::Failed(fault) => {
            let (sentence, again_in) = (fault.sentence(), backoff::after(fault, attempt, revoking));
            let fares = match fault.kind() {
                FaultKind::Refused { .. } | FaultKind::Invalid | FaultKind::TooMuch => {
                    Fares::Blocked { why: sentence, attempt, again_in }
                }
                FaultKind::Conflict | FaultKind::Throttled { .. } | FaultKind::Transient | FaultKind::NotFound => {
                    Fares::Retrying { error: sentence, attempt, again_in }
                }
            };
            (unseen, fares, None)
        }
        Found::Paused(why) => {
            (unproven, Fares::Paused { why: why.clone(), attempt, again_in: backoff::blocked() }, None)
        }
        Found::Blocked(why) => {
            let fares = Fares::Blocked { why: why.clone(), attempt, again_in: backoff::blocked() };
            (unproven, fares, None)
        }
    };
    LegWrite { fares, proven, proof, stood: leg.stood.as_ref(), compared: leg.compared }
}

fn said(found: &Found) -> String {
    match found {
        Found::Proven(_) => "proven".to_owned(),
        Found::Unsettled(why) | Found::Paused(why) | Found::Blocked(why) => why.clone(),
        Found::Failed(fault) => fault.sentence(),
    }
}

/// Ends grants for a cause that the run found, each in a transaction of its own: that wakes both of its targets.
async fn revoke(worker: &Worker, lease: &Lease, ending: &[(GrantId, Cause, String)]) -> Result<(), Interrupted> {
    for (id, cause, reason) in ending {
        let mut tx = worker.store.begin().await?;
        let Some(live) = tx.lock_grants(&[*id]).await?.pop().and_then(Grant::live) else { continue };
        let now = tx.now().await?;
        let transition = live.revoke(*cause, Actor::worker(), Some(reason.clone()), now);
        tx.record(transition, now).await?;
        lease.life().spend()?;
        tx.commit().await?;
    }
    Ok(())
}

async fn worker_sees_revoking(tx: &mut Tx, target: Target) -> Result<bool, Interrupted> {
    Ok(tx.has_revoking(target).await?)
}
