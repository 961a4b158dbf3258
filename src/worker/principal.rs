//! One run on an IAM principal: observe, plan, write, observe again, prove, finish.
//!
//! One inline policy `latchkey`, the union of what the principal's live grants need, and a tag. Only users and roles under
//! `principal_paths` are written to. What is written here holds an activation back only for profiles with the EKS
//! console, since a kubectl token needs no IAM permission. The check of the user's identity holds every activation
//! back.
//!
//! **Identity.** aws-auth goes by ARN, so a user made anew has what the one before had. Each run asks `iam:GetUser` of
//! any user (`iam:GetRole` of a role), and a leg stores the result of a look for this access (`grant_leg.identity`). A grant becomes active only
//! if that is *same*, or *unprotected* (AWS refuses to tell; the event and pages say so), and is a minute old at most:
//! if a setup took longer, the identity is compared again at its end. It is recorded before IAM is written to, so that
//! kubectl's access does not wait for that. No answer, or no such user, counts as neither. A different id counts once
//! it was seen twice, 15 s apart, with no other look between (`principal.differs_since`), since IAM is late to show a
//! user that was just made. Until then nothing is written to the user and no grant becomes active; then the accesses
//! end (`principal_replaced`). If a policy of Latchkey was copied to the new user, it is removed together with the tag,
//! unless a person proved that user.
//!
//! **Roles.** Each run reads a role's trust policy and records the verdict on it, and the ARN with its path: the portal,
//! which cannot ask IAM, goes by that. If an access is for one session of the role, and any other person could take
//! that session's name now, it ends (`unpinned`), and operators are told. A role of Identity Center that is gone is
//! looked for under its permission set's name, since Identity Center makes it anew once the last assignment went and
//! came back.
//!
//! **Late.** IAM shows writes seconds late. If the observed state is the desired one and the last write was of
//! something else, a look proves nothing for 15 s: an access that is given back while IAM shows neither policy nor user
//! yet does not end before its policy was seen, and is gone. A policy that a paused process sends late is looked for
//! once when its signature is surely over (10 min), even if the principal has no access any more. It is known by the
//! text that was recorded before the write, and is removed with a `principal.drift_found`. The same event is recorded
//! for every repair in IAM that belongs to no access that comes or goes.

mod look;
mod writes;

use look::{note_look, observe};
use writes::{apply, found_without_grant};

use super::{
    Worker,
    finish::{self, LegFound, LegOutcome, RunOutcome},
    interrupted::Interrupted,
    trail,
};
use crate::causes::chain;
use crate::{
    actions::{
        decide_again::{self, DecidedAgain},
        identities,
        policy::{self, Current, NoPolicy},
    },
    fail_point,
    fault::Fault,
    lease::Lease,
    store::{
        Connection, StoreError,
        desired::{self, Legs},
        grants, intents, observations, people, quarantine,
    },
    words,
};
use jiff::Timestamp;
use latchkey_domain::{
    access::{
        GrantId, PrincipalId, became::Became, blocker::Blocker, compared::Compared, decide_again::NotNow,
        evidence::Evidence, residual::Residual, sighting::Sighting,
    },
    eks::trust_policy::RoleTrust,
    plan::{
        desired::Wish,
        observation::{PrincipalObservation, SeenIdentity},
        obstacles::Obstacle,
        principal::{
            DIFFERS_FOR, DesiredPrincipal, PrincipalEnds, PrincipalGrant, PrincipalPlan, ProofState, compare, plan,
            prove,
        },
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// How long what a look told of a role is good for if nobody has access by it.
const KNOWN_FOR: Duration = Duration::from_hours(1);

/// Runs once on a principal.
///
/// # Errors
/// `Lost`, `Store`. What IAM itself refuses is an outcome.
pub(super) async fn run(worker: &Worker, lease: &Lease, id: PrincipalId) -> Result<RunOutcome, Interrupted> {
    let arn = {
        let mut connection = worker.store.acquire().await?;
        match desired::principal_arn(&mut connection, id).await {
            Ok(arn) => arn.ok_or(Interrupted::Nothing)?,
            Err(error @ StoreError::Corrupt { .. }) => {
                drop(connection);
                return unreadable(worker, lease, id, &error).await;
            }
            Err(error) => return Err(error.into()),
        }
    };
    if let Err(error) = identities::end_left(&worker.store, id).await {
        gone_past(error, id, "what an ended identity left could not be ended")?;
    }
    let policy = policy(worker).await?;
    let writable = policy.as_ref().is_some_and(|policy| policy.file.may_write(&arn));
    let look = observe(worker, &arn, writable).await;
    note_look(worker, lease, id, &arn, &look).await?;
    if look.observed.is_ok() {
        // This comes before the desired state is read: what they may still write is part of it.
        let dangling = intents::dangling(&worker.store, lease.target(), lease.epoch()).await?;
        let closed = dangling.into_iter().map(|open| (Became::Interrupted, open)).collect();
        trail::close_dangling(&worker.store, lease, closed).await?;
    }
    let (mut desired, legs, decided) = {
        let mut snapshot = desired::snapshot(&worker.store).await?;
        let file = policy.as_ref().map(|policy| &policy.file);
        let desired = desired::principal(&mut snapshot, id, file).await?;
        let desired::ReadDesired { mut desired, legs, unreadable } = desired.ok_or(Interrupted::Nothing)?;
        let decided = decided(worker, &mut snapshot, &mut desired, &legs).await?;
        drop(snapshot);
        quarantine::tell(&worker.store, &unreadable, words::alarm::sentence).await;
        (desired, legs, decided)
    };
    let renamed = look.observed.as_ref().ok().and_then(|observed| observed.renamed.clone());
    let told = note_identity(worker, lease, id, &mut desired, &look.identity, renamed.as_deref()).await?;
    // Nothing is set up for a session of a role by a look that did not tell who can take the name.
    let relies = desired.grants.iter().any(|grant| grant.pinned);
    let told = if relies && look.trust.is_none() && told == Compared::Same { Compared::Nothing } else { told };
    let observed = match look.observed {
        Ok(observed) => observed,
        // What ends because of the role's trust does not wait for the rest of the look.
        Err(fault) => match ends_by_trust(&desired, &look.identity, look.trust) {
            Some(ends) => return Ok(ending(&desired, &ends, BTreeMap::new(), decided, &legs)),
            None => return failed(worker, lease, &desired, &legs, fault, told).await,
        },
    };
    desired.leave(&observed);
    // Once the last access is over, no other run would look for a late write of an interrupted one.
    let arrives = intents::arrives_within(&worker.store, lease.target()).await?;
    let plan = plan(&desired, &observed);
    if let Some(ends) = plan.ends.as_ref().filter(|ends| ends.over) {
        fail_point::reach()?;
        if let Err(error) = identities::end_replaced(&worker.store, id, &words::blocker::sentence(&ends.why)).await {
            gone_past(error, id, "an identity that is another's now could not be ended; its accesses are")?;
        }
    }
    let activated = tell_early(worker, lease, &desired, &plan, &decided, told).await?;
    let mut findings = found_without_grant(&desired, &plan);
    let (fault, wrote) = apply(worker, lease, &desired, &plan, &mut findings).await?;
    let last = if wrote {
        match worker.aws.entity(&desired.arn).await {
            Ok(last) => PrincipalObservation { is_worker: observed.is_worker, ..PrincipalObservation::of(last) },
            Err(fault) => {
                let outcome = failed(worker, lease, &desired, &legs, fault, told).await?;
                return Ok(RunOutcome { activated, ..outcome });
            }
        }
    } else {
        observed
    };
    if plan.writes_policy() {
        // What this run saw, and wrote itself, is newer.
        desired.recent = None;
    }
    let outcomes = outcomes(&desired, &plan, &last, &legs, fault.as_ref(), told);
    if let Some(ends) = &plan.ends {
        return Ok(ending(&desired, ends, outcomes, decided, &legs));
    }
    trail::saw(&worker.store, lease, &last).await?;
    // A different id counts only after another look.
    let again = plan.doubted.is_some().then_some(DIFFERS_FOR.unsigned_abs());
    let looks_again = looks_again(&desired, last.verdict().is_some());
    Ok(RunOutcome {
        legs: outcomes,
        findings,
        failure: plan.doubted.clone(),
        decided,
        rests: legs.values().filter_map(|leg| leg.rests).chain(arrives).chain(again).chain(looks_again).min(),
        periodic: !desired.grants.is_empty(),
        activated,
        ..RunOutcome::default()
    })
}

/// When to look at a role again that nobody has access by: people ask by what the last look told.
fn looks_again(desired: &DesiredPrincipal, told: bool) -> Option<Duration> {
    let is_role = desired.arn.as_role().is_some() && !desired.ended;
    is_role.then(|| if told { KNOWN_FOR } else { super::backoff::blocked() })
}

/// What ends because of what a role's trust policy says, if the look told nothing more.
fn ends_by_trust(
    desired: &DesiredPrincipal,
    identity: &SeenIdentity,
    trust: Option<RoleTrust>,
) -> Option<PrincipalEnds> {
    let observed = PrincipalObservation { identity: identity.clone(), trust: Some(trust?), ..Default::default() };
    plan(desired, &observed).ends.filter(|ends| !ends.over)
}

/// The outcome if running grants end: they are revoked first. The next run, which that wakes, judges their end.
fn ending(
    desired: &DesiredPrincipal,
    ends: &PrincipalEnds,
    outcomes: BTreeMap<GrantId, LegOutcome>,
    decided: DecidedAgain,
    legs: &Legs,
) -> RunOutcome {
    let running: BTreeSet<GrantId> =
        desired.grants.iter().filter(|grant| ends.concerns(grant)).map(|grant| grant.id).collect();
    let revoke = |id: &GrantId| (*id, ends.cause, words::blocker::sentence(&ends.why));
    RunOutcome {
        revoke: running.iter().map(revoke).collect(),
        legs: outcomes.into_iter().filter(|(id, leg)| !leg.wish.is_present() && !running.contains(id)).collect(),
        decided,
        failure: Some(ends.why.clone()),
        rests: legs.values().filter_map(|leg| leg.rests).min(),
        ..RunOutcome::default()
    }
}

/// Records the identity that the look found, and adds it to the desired state.
async fn note_identity(
    worker: &Worker,
    lease: &Lease,
    id: PrincipalId,
    desired: &mut DesiredPrincipal,
    seen: &SeenIdentity,
    renamed: Option<&str>,
) -> Result<Compared, Interrupted> {
    let told = compare(desired, seen);
    let other = match seen {
        SeenIdentity::Is(other) if told == Compared::Differs => Some(other.as_str()),
        // Another role in its place counts after a second look, too.
        SeenIdentity::NoUser => renamed,
        SeenIdentity::Is(_) | SeenIdentity::NotAsked | SeenIdentity::Refused(_) => None,
    };
    // A look that shows no id did not find the right one either.
    let is_news = (told == Compared::Same && desired.differs.is_some()) || other.is_some();
    if told == Compared::Same {
        worker.remembers(id, None);
    }
    if is_news {
        fail_point::reach()?;
        desired.differs = match people::note_identity(&worker.store, id, lease.epoch(), other).await {
            Ok(differs) => {
                // From now on the row stores it.
                worker.remembers(id, None);
                differs
            }
            Err(error) => {
                gone_past(error, id, "who an identity is could not be noted: this worker remembers it")?;
                worker.remembers(id, other)
            }
        };
    }
    Ok(told)
}

/// Logs an error about a row that could not be written, and goes on: what ends does not wait for it. An error of a
/// database that is away is returned.
fn gone_past(error: StoreError, id: PrincipalId, what: &'static str) -> Result<(), StoreError> {
    if error.is_unavailable() {
        return Err(error);
    }
    tracing::error!(principal = %id, error = chain(&error), "{what}");
    Ok(())
}

/// Records the identity for the grants that are being set up, if the writes to IAM take longer.
async fn tell_early(
    worker: &Worker,
    lease: &Lease,
    desired: &DesiredPrincipal,
    plan: &PrincipalPlan,
    decided: &DecidedAgain,
    told: Compared,
) -> Result<Vec<GrantId>, Interrupted> {
    if plan.ends.is_some() {
        return Ok(Vec::new());
    }
    let waits = |grant: &&PrincipalGrant| {
        let later = grant.resting || !plan.steps.is_empty();
        grant.wish == Wish::Provision && later && !decided.not_now.contains_key(&grant.id)
    };
    let waiting: Vec<GrantId> = desired.grants.iter().filter(waits).map(|grant| grant.id).collect();
    if waiting.is_empty() { Ok(waiting) } else { finish::compared(worker, lease, &waiting, told).await }
}

/// Decides again on grants that are still to be set up, by the last look at each cluster, since this run sees none. A
/// grant that is not allowed is left out of the IAM policy from now on; one that only waits keeps what was proven.
async fn decided(
    worker: &Worker,
    connection: &mut Connection,
    desired: &mut DesiredPrincipal,
    legs: &Legs,
) -> Result<DecidedAgain, Interrupted> {
    if desired.grants.iter().all(|grant| grant.wish != Wish::Provision) {
        return Ok(DecidedAgain::default());
    }
    let new: Vec<GrantId> =
        desired.grants.iter().filter(|grant| grant.wish == Wish::Provision).map(|grant| grant.id).collect();
    let now = desired::business_time(&mut *connection).await?;
    let decided = decide_again::decide(&worker.store, connection, &new, decide_again::WhichLook::LastLook, now).await?;
    for grant in &mut desired.grants {
        let proven = legs.get(&grant.id).is_some_and(|leg| leg.proven.is_some());
        match decided.not_now.get(&grant.id) {
            Some(NotNow::HeldBack(_)) if proven => {}
            Some(why) => grant.held = Some(Obstacle::from(why)),
            None => {}
        }
    }
    Ok(decided)
}

/// The outcome if the principal's own row cannot be read, so that IAM cannot be asked about it. Ending grants end, and
/// say so; the others wait.
async fn unreadable(
    worker: &Worker,
    lease: &Lease,
    id: PrincipalId,
    error: &StoreError,
) -> Result<RunOutcome, Interrupted> {
    let (live, mut rows) = {
        let mut connection = worker.store.acquire().await?;
        grants::live_on(&mut connection, lease.target()).await?
    };
    let why = error.to_string();
    let briefs = live.iter().map(|grant| (grant.facts().brief(), grant.state(), grant.facts().decided_by.clone()));
    rows.extend(briefs.map(|(brief, state, decided_by)| grants::UnreadableGrant {
        brief,
        state: Some(state),
        decided_by,
        over: None,
        row: format!("principal {id}"),
        why: why.clone(),
    }));
    quarantine::tell(&worker.store, &rows, words::alarm::sentence).await;
    let mut outcome =
        RunOutcome { failure: Some(Blocker::Unreadable { why }), periodic: !rows.is_empty(), ..RunOutcome::default() };
    for row in rows.iter().filter(|row| row.ends()) {
        let residual = Some(vec![Residual::IamNotAsked {}]);
        let evidence = Evidence { residual, ..Evidence::of(Sighting::ArnUnreadable {}) };
        let found = LegFound::Proven(evidence);
        let wish = Wish::Revoke { since: Timestamp::UNIX_EPOCH };
        outcome
            .legs
            .insert(row.brief.id, LegOutcome { wish, found, attempts: 0, stood: None, compared: None, wider: None });
    }
    Ok(outcome)
}

/// The current policy; without one, nothing is written to IAM.
async fn policy(worker: &Worker) -> Result<Option<Arc<Current>>, Interrupted> {
    match policy::current(&worker.store).await {
        Ok(current) => Ok(Some(current)),
        Err(NoPolicy::None) => Ok(None),
        // Latchkey's writes are found by their tag: ending an access does not depend on a policy.
        Err(error @ NoPolicy::Unreadable { .. }) => {
            tracing::error!(%error, "nothing new is written to IAM");
            Ok(None)
        }
        Err(NoPolicy::Store(error)) => Err(error.into()),
    }
}

fn outcomes(
    desired: &DesiredPrincipal,
    plan: &PrincipalPlan,
    observed: &PrincipalObservation,
    legs: &Legs,
    fault: Option<&Fault>,
    told: Compared,
) -> BTreeMap<GrantId, LegOutcome> {
    let proofs = prove(desired, observed);
    let mut outcomes = BTreeMap::new();
    for grant in desired.grants.iter().filter(|grant| !grant.resting) {
        let proof = proofs.iter().find(|proof| proof.grant == grant.id);
        let found = match (proof.map(|proof| &proof.shown), fault, plan.trouble.get(&grant.id)) {
            (Some(ProofState::Proven(seen)), _, _) => LegFound::Proven(Evidence::of(seen.clone())),
            (_, _, Some(Obstacle::Paused(why))) => LegFound::Paused(why.clone()),
            (_, _, Some(Obstacle::HeldBack(why))) | (Some(ProofState::Missing(why)), None, None) => {
                LegFound::Unsettled(why.clone())
            }
            (_, _, Some(Obstacle::Undescribed(why) | Obstacle::Blocked(why))) => LegFound::Blocked(why.clone()),
            (_, Some(fault), None) => LegFound::Failed(fault.repeated()),
            (None, None, None) => continue,
        };
        let attempts = legs.get(&grant.id).map_or(0, |leg| leg.attempts);
        let compared = Some(told);
        outcomes.insert(grant.id, LegOutcome { wish: grant.wish, found, attempts, stood: None, compared, wider: None });
    }
    outcomes
}

/// The outcome if IAM did not answer: every grant carries the fault.
async fn failed(
    worker: &Worker,
    lease: &Lease,
    desired: &DesiredPrincipal,
    legs: &Legs,
    fault: Fault,
    told: Compared,
) -> Result<RunOutcome, Interrupted> {
    tracing::warn!(on = %lease.target(), error = chain(&fault), "the principal could not be worked on");
    let Some(id) = principal_of(lease) else { return Err(Interrupted::Nothing) };
    let last = observations::principal(&worker.store, id).await?.map(|observed| observed.body).unwrap_or_default();
    let why = Blocker::from(&fault);
    let trouble = Some(why.clone());
    trail::saw(&worker.store, lease, &PrincipalObservation { trouble, ..last }).await?;
    let still_to_look_for = (!desired.interrupted.is_empty()).then(super::backoff::blocked);
    let mut outcomes = BTreeMap::new();
    for grant in desired.grants.iter().filter(|grant| !grant.resting) {
        let attempts = legs.get(&grant.id).map_or(0, |leg| leg.attempts);
        let found = LegFound::Failed(fault.repeated());
        let compared = Some(told);
        outcomes.insert(grant.id, LegOutcome { wish: grant.wish, found, attempts, stood: None, compared, wider: None });
    }
    Ok(RunOutcome {
        legs: outcomes,
        failure: Some(why),
        rests: legs
            .values()
            .filter_map(|leg| leg.rests)
            .chain(still_to_look_for)
            .chain(looks_again(desired, false))
            .min(),
        periodic: !desired.grants.is_empty(),
        ..RunOutcome::default()
    })
}

fn principal_of(lease: &Lease) -> Option<PrincipalId> {
    match lease.target() {
        latchkey_domain::access::transition::Target::Principal(id) => Some(id),
        latchkey_domain::access::transition::Target::Cluster(_) => None,
    }
}
