//! The trail of a run: an audit event and intents before its first write, outcomes after each write. What an earlier
//! run left open is closed with what is observed now.
//!
//! Intents, mappings and the observation are written with the target locked and its epoch checked: what a paused run
//! writes later is refused. Findings are recorded with the run's intents, before the write that removes the proof of
//! them; if nothing is written, at the finish.
//!
//! Writes outside have two events: `grant.change_begun` before the first, `grant.change_ended` with the outcome.
//! Between them the leg is marked with the run's epoch (`grant_leg.changing`), so that the next claimant knows what a
//! crash left open, and closes it with what it sees, even if every write was recorded and only the finish is missing.

use super::interrupted::Interrupted;
use crate::{
    causes::chain,
    fail_point,
    fault::Fault,
    lease::{Lease, Lost},
    machine,
    store::{
        Store, Tx,
        intents::{self, Dangling, Intent, OF_GRANT},
        legs, observations,
        quarantine::{self, LockedRows},
        targets::{LockedTarget, NotHeld},
    },
    words,
};
use latchkey_domain::access::{
    EventDraft, GrantId, became::Became, grant::GrantBrief, step_kind::StepKind, transition::Actor,
};
use latchkey_domain::audit::{
    change::{BegunStep, ChangeOutcome},
    event::Event,
};
use serde::Serialize;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Opens a transaction of a run whose lease stands: no other worker claims its target before the transaction ends. What
/// a run would write later would be about a cluster that another worker may have changed since.
///
/// # Errors
/// `Lost` if another worker claimed the target; `Store`.
pub async fn held(store: &Store, lease: &Lease) -> Result<LockedTarget, Interrupted> {
    hold(store.begin().await?, lease).await
}

/// Stores what a run saw of its target. If the row of the observation before stays locked, pages show that one for
/// longer; the run decides nothing by it.
///
/// # Errors
/// `Lost` if another worker claimed the target, which then stores a later one; `Store`.
pub async fn saw<T: Serialize>(store: &Store, lease: &Lease, body: &T) -> Result<(), Interrupted> {
    fail_point::reach()?;
    match observations::write(store, lease.target(), lease.epoch(), body).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Lost::Over.into()),
        Err(error) if error.is_lock_timeout() => {
            tracing::error!(on = %lease.target(), error = chain(&error), "what a run saw could not be stored");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Opens a transaction that records the intended writes, and the findings, since the writes remove the proof of them.
/// The caller adds rows of its own and commits it with [`commit`].
///
/// A grant that another session has locked is not waited for: its intents name it only by their event, its leg is not
/// marked, and [`end_unmarked`] records the outcome.
///
/// # Errors
/// `Lost` if another worker claimed the target; `Store`.
pub async fn open(
    store: &Store,
    lease: &Lease,
    planned: &[Intent],
    found: &[EventDraft],
    held: &LockedRows,
) -> Result<LockedTarget, Interrupted> {
    let mut tx = store.begin().await?;
    tx.wait_at_most(LOCK_TIMEOUT).await?;
    // An intent refers to its grant, which locks it: so they go in the order in which all transactions lock grants.
    let mut in_order = planned.to_vec();
    for intent in &mut in_order {
        if let Some(grant) = intent.grant.take_if(|grant| held.grants.contains(grant)) {
            intent.detail[OF_GRANT] = json!(grant.0);
        }
    }
    in_order.sort_by_key(|intent| intent.grant);
    tx.intend(lease.target(), lease.epoch(), &in_order).await?;
    let mut tx = hold(tx, lease).await?;
    let ids: BTreeSet<GrantId> = planned.iter().filter_map(|intent| intent.grant).collect();
    let briefs = tx.briefs(&ids.iter().copied().collect::<Vec<_>>()).await?;
    let marked: Vec<GrantId> = ids.difference(&held.grants).copied().collect();
    tx.begin_change(&marked).await?;
    let now = tx.now().await?;
    tx.tell_found(lease.target(), found, now).await?;
    for brief in briefs {
        let of_grant = planned.iter().filter(|intent| intent.grant == Some(brief.id));
        let steps = of_grant.map(|intent| BegunStep::new(intent.step, &*intent.object)).collect();
        let target = lease.target().kind().to_owned();
        let what = Event::GrantChangeBegun { target, epoch: lease.epoch(), steps };
        tx.event(&brief.event(what, Actor::worker()), now).await?;
    }
    Ok(tx)
}

/// How long a transaction of a run waits for any one lock. No transaction of Latchkey holds one for so long. If another
/// client does, one target's run or one grant's finish does not go on.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// Locks the target's row, under which its grants' legs are written.
///
/// # Errors
/// `Lost` if another worker claimed the target; `Store`.
pub async fn hold(tx: Tx, lease: &Lease) -> Result<LockedTarget, Interrupted> {
    match tx.lock_target(lease.target(), lease.epoch()).await? {
        Ok(locked) => Ok(locked),
        Err(NotHeld::Gone) => Err(Interrupted::Nothing),
        Err(NotHeld::Claimed) => Err(Lost::Over.into()),
    }
}

/// Commits what a run wrote.
///
/// # Errors
/// `Store`; in tests, `Lost` if the worker dies here.
pub async fn commit(tx: impl Into<Tx>) -> Result<(), Interrupted> {
    let tx = tx.into();
    fail_point::reach()?;
    Ok(tx.commit().await?)
}

/// Closes what earlier runs left open: intents, each with what is seen of its object, and changes without an event of
/// their end.
///
/// # Errors
/// `Lost` if another worker claimed the target; `Store`.
pub async fn close_dangling(
    store: &Store,
    lease: &Lease,
    dangling: Vec<(Became, Dangling)>,
) -> Result<(), Interrupted> {
    let mut changing = legs::changing(store, lease.target(), lease.epoch()).await?;
    // The intents and the mark of a grant are closed together: if its rows are locked, by a later run.
    let ids: BTreeSet<GrantId> = changing.iter().map(|(grant, _)| *grant).collect();
    let held = quarantine::held(store, lease.target(), &ids, &BTreeSet::new()).await?;
    let is_held = |grant: Option<GrantId>| grant.is_some_and(|grant| held.grants.contains(&grant));
    changing.retain(|(grant, _)| !held.grants.contains(grant));
    let dangling: Vec<_> = dangling.into_iter().filter(|(_, open)| !is_held(open.grant)).collect();
    if dangling.is_empty() && changing.is_empty() {
        return Ok(());
    }
    let mut tx = hold(store.begin().await?, lease).await?;
    let free = tx.lock_open_intents(&dangling.iter().map(|(_, open)| open.id).collect::<Vec<_>>()).await?;
    let mut by_run: BTreeMap<(Option<GrantId>, i64), Vec<String>> = BTreeMap::new();
    let mut closed: BTreeMap<&str, (Became, String, Vec<uuid::Uuid>)> = BTreeMap::new();
    for (became, open) in dangling.into_iter().filter(|(_, open)| free.contains(&open.id)) {
        let said = words::steps::became(&became);
        let line = format!("{} {}: {said}", open.step.name(), open.object);
        closed.entry(became.code()).or_insert_with(|| (became, said, Vec::new())).2.push(open.id);
        by_run.entry((open.grant, open.epoch)).or_default().push(line);
    }
    for (grant, epoch) in &changing {
        by_run.entry((Some(*grant), *epoch)).or_default();
    }
    let ids: BTreeSet<GrantId> = by_run.keys().filter_map(|(grant, _)| *grant).collect();
    let briefs = tx.briefs(&ids.into_iter().collect::<Vec<_>>()).await?;
    let now = tx.now().await?;
    for ((grant, epoch), lines) in by_run {
        let Some(brief) = briefs.iter().find(|brief| Some(brief.id) == grant) else { continue };
        // A change without a mark may have its end in the log already: its own run recorded it, except for this intent.
        let is_marked = changing.contains(&(brief.id, epoch));
        if !is_marked && tx.has_ended(brief.id, lease.target(), epoch).await? {
            continue;
        }
        let what = Event::GrantChangeEnded {
            target: lease.target().kind().to_owned(),
            epoch,
            outcome: ChangeOutcome::Interrupted,
            steps: Some(lines),
        };
        tx.event(&brief.event(what, Actor::worker()), now).await?;
    }
    for (grant, epoch) in changing {
        tx.end_change(grant, epoch).await?;
    }
    for (became, said, ids) in closed.into_values() {
        tx.close_intents(&ids, &became, &said, None).await?;
    }
    commit(tx).await
}

/// Ends what [`open`] began, for one grant: with an event, if anything was begun.
///
/// # Errors
/// `Store`.
pub async fn end(
    tx: &mut LockedTarget,
    grant: &GrantBrief,
    lease: &Lease,
    outcome: ChangeOutcome,
) -> Result<(), Interrupted> {
    if !tx.end_change(grant.id, lease.epoch()).await? {
        return Ok(());
    }
    let now = tx.now().await?;
    let target = lease.target().kind().to_owned();
    let what = Event::GrantChangeEnded { target, epoch: lease.epoch(), outcome, steps: None };
    tx.event(&grant.event(what, Actor::worker()), now).await?;
    Ok(())
}

/// The same for grants that were locked when [`open`] began. They have no mark, so only an open intent shows that the
/// end is missing: their intents are closed here and not earlier.
///
/// # Errors
/// `Lost` if another worker claimed the target; `Store`.
pub async fn end_unmarked(
    store: &Store,
    lease: &Lease,
    outcomes: &[(GrantId, ChangeOutcome)],
    late: &[Late],
) -> Result<(), Interrupted> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let mut tx = held(store, lease).await?;
    for Late { intents, became, uid } in late {
        tx.close_intents(intents, became, &words::steps::became(became), uid.as_deref()).await?;
    }
    let briefs = tx.briefs(&outcomes.iter().map(|(grant, _)| *grant).collect::<Vec<_>>()).await?;
    let now = tx.now().await?;
    for brief in briefs {
        let Some((_, outcome)) = outcomes.iter().find(|(grant, _)| *grant == brief.id) else { continue };
        let (target, outcome) = (lease.target().kind().to_owned(), outcome.clone());
        let what = Event::GrantChangeEnded { target, epoch: lease.epoch(), outcome, steps: None };
        tx.event(&brief.event(what, Actor::worker()), now).await?;
    }
    commit(tx).await
}

/// Outcomes of intents of grants whose rows are locked, to be recorded by [`end_unmarked`].
#[derive(Debug)]
pub struct Late {
    pub intents: Vec<uuid::Uuid>,
    pub became: Became,
    /// The UID of the object, if one was written.
    pub uid: Option<String>,
}

/// Records the outcome of a write. Outcomes for grants whose rows are locked are returned instead.
///
/// # Errors
/// `Store`.
pub async fn close(
    store: &Store,
    intents: &[(uuid::Uuid, Option<GrantId>)],
    held: &LockedRows,
    result: Result<Option<&str>, &Fault>,
) -> Result<Option<Late>, Interrupted> {
    fail_point::reach()?;
    let (became, uid) = match result {
        Ok(uid) => (Became::Done, uid),
        Err(fault) => (Became::Failed(fault.into()), None),
    };
    let is_late = |grant: Option<GrantId>| grant.is_some_and(|grant| held.grants.contains(&grant));
    let ids = |late: bool| -> Vec<uuid::Uuid> {
        intents.iter().filter(|(_, grant)| is_late(*grant) == late).map(|(id, _)| *id).collect()
    };
    let (own, late) = (ids(false), ids(true));
    if !own.is_empty() {
        intents::close(store, &own, &became, &words::steps::became(&became), uid).await?;
    }
    let late = Late { intents: late, became, uid: uid.map(str::to_owned) };
    Ok(Some(late).filter(|late| !late.intents.is_empty()))
}

/// The outcome of a change whose leg could not be marked.
pub fn unmarked(fault: Option<&Fault>) -> ChangeOutcome {
    fault.map_or(ChangeOutcome::Unmarked, |fault| ChangeOutcome::Said(words::blocker::sentence(&fault.into())))
}

/// An intent without further detail.
pub fn intent(grant: Option<GrantId>, step: StepKind, object: String) -> Intent {
    Intent { id: machine::new_id(), grant, step, object, detail: json!({}) }
}
