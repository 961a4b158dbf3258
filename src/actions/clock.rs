//! What time alone brings about: requests lapse, scheduled grants start, active ones expire, late ones are given up.
//! Each is found by an index, then locked, then judged again under the lock, so that running twice changes nothing.
//!
//! No row stops another. If another transaction has a row or its targets locked, it is left for the next look. An error
//! about one row is logged with its id, and the others go on. A row that this version cannot read is settled by its
//! plain columns once its time is over.

use super::decide_again;
use crate::{
    causes::chain,
    store::{
        Store, StoreError, Tx, due,
        grants::{Locked, UnreadableGrant},
        legs::{Fares, LegWrite},
        quarantine,
        requests::LockedRequest,
    },
    words,
};
use latchkey_domain::access::{
    GrantId, RequestId,
    decide_again::NotNow,
    grant::{Cause, Grant, Live},
    transition::{Actor, Target},
};
use std::time::Duration;
use uuid::Uuid;

/// How many rows one query takes. A look continues after the last of them until there are no more.
const BATCH: i64 = 200;

/// How long one row's transaction waits for a lock that is not tried beforehand (a leg's): longer than any transaction
/// of Latchkey holds one.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// When to look again at a scheduled grant that the second decision could not decide: soon enough for a person who
/// waits for a policy or a cluster's first look, and seldom enough for hundreds of such grants.
const HELD_BACK: Duration = Duration::from_secs(3);

/// Closes the requests that were not decided in time. Returns how many.
///
/// # Errors
/// `Database` if they cannot be looked for. An error about one of them is logged, and the others go on.
pub async fn lapse_due(store: &Store) -> Result<usize, StoreError> {
    let (mut lapsed, mut after) = (0, Uuid::nil());
    loop {
        let due = due::lapsing(store, after, BATCH).await?;
        let Some(last) = due.last().copied() else { return Ok(lapsed) };
        for id in due {
            let result = lapse(store, RequestId(id)).await;
            lapsed += usize::from(settled("request", id, result));
        }
        after = last;
    }
}

/// Starts the scheduled grants that the current policy grants, and ends the others. Grants that cannot be decided yet
/// are looked at again after a while. Returns how many it started or ended.
///
/// # Errors
/// `Database` if they cannot be looked for. An error about one of them is logged, and the others go on.
pub async fn start_due(store: &Store) -> Result<usize, StoreError> {
    let (mut started, mut after) = (0, Uuid::nil());
    loop {
        let due = due::starting(store, after, BATCH).await?;
        let Some(last) = due.last().copied() else { return Ok(started) };
        for id in due {
            let result = start(store, GrantId(id)).await;
            started += usize::from(settled("access_grant", id, result));
        }
        after = last;
    }
}

/// Revokes the grants whose time is over: active ones past `until`, others past `activate_by`. Returns how many. If a
/// row names no end, or is in a state of another version, its latest possible end counts.
///
/// # Errors
/// `Database` if they cannot be looked for. An error about one of them is logged, and the others go on.
pub async fn expire_due(store: &Store) -> Result<usize, StoreError> {
    let (mut expired, mut after) = (0, Uuid::nil());
    loop {
        let due = due::expiring(store, after, BATCH).await?;
        let Some(last) = due.last().copied() else { return Ok(expired) };
        for id in due {
            let result = expire(store, GrantId(id)).await;
            expired += usize::from(settled("access_grant", id, result));
        }
        after = last;
    }
}

/// Whether a row was settled. If another transaction moved it on, nothing is left to do; other errors are logged.
fn settled(table: &str, id: Uuid, result: Result<bool, StoreError>) -> bool {
    match result {
        Ok(settled) => settled,
        Err(StoreError::Stale(_)) => false,
        Err(error) => {
            tracing::error!(table, %id, error = chain(&error), "the clock went past a row");
            false
        }
    }
}

/// A transaction about one row, which waits at most [`LOCK_TIMEOUT`] for a lock.
async fn begin(store: &Store) -> Result<Tx, StoreError> {
    let mut tx = store.begin().await?;
    tx.wait_at_most(LOCK_TIMEOUT).await?;
    Ok(tx)
}

async fn lapse(store: &Store, id: RequestId) -> Result<bool, StoreError> {
    let mut tx = begin(store).await?;
    if !tx.try_lock_request(id).await? {
        return Ok(false);
    }
    match tx.lock_request(id).await {
        Ok(Some(LockedRequest::Pending(pending))) => {
            let now = tx.now().await?;
            let Some(transition) = pending.lapse(now) else { return Ok(false) };
            tx.record(transition, now).await?;
        }
        Ok(Some(LockedRequest::Closed(..)) | None) => return Ok(false),
        Err(error) if error.is_unreadable() => {
            let now = tx.now().await?;
            if !tx.lapse_unreadable(id, now).await? {
                return Ok(false);
            }
        }
        Err(error) => return Err(error),
    }
    tx.commit().await?;
    Ok(true)
}

async fn start(store: &Store, id: GrantId) -> Result<bool, StoreError> {
    let mut tx = begin(store).await?;
    if !tx.try_lock_basis(id).await? {
        return Ok(false);
    }
    let scheduled = match tx.try_lock_grant(id).await? {
        Some(Locked::Grant(Grant::Scheduled(scheduled))) => scheduled,
        Some(Locked::Unreadable(row)) => return tell(tx, &row).await.map(|()| false),
        Some(Locked::Grant(_)) | None => return Ok(false),
    };
    if !tx.are_free(scheduled.facts.terms.cluster, scheduled.facts.terms.principal).await? {
        return Ok(false);
    }
    let now = tx.now().await?;
    if now > scheduled.facts.activate_by {
        return Ok(false);
    }
    let mut decided =
        decide_again::decide(store, tx.connection(), &[id], decide_again::WhichLook::LastLook, now).await?;
    let starts = match decided.not_now.remove(&id) {
        None => {
            tx.record(scheduled.start(), now).await?;
            true
        }
        Some(NotNow::HeldBack(why)) => {
            let fares = Fares::Retrying { why: (&why).into(), attempt: 1, again_in: HELD_BACK };
            let leg = LegWrite { fares, proven: None, proof: None, stood: None, compared: None, wider: None };
            tx.write_leg(id, Target::Cluster(scheduled.facts.terms.cluster), &leg).await?;
            false
        }
        Some(NotNow::Gone(why)) => {
            let (live, why) = (Live::Scheduled(scheduled), words::blocker::sentence(&why));
            tx.record(live.revoke(Cause::ClusterGone, Actor::worker(), Some(why), now), now).await?;
            true
        }
        Some(NotNow::NotAllowed(why)) => {
            let (transition, alarm) = Live::Scheduled(scheduled).not_allowed(&why, &decided.policy_hash, now);
            tx.record(transition, now).await?;
            tx.raise(&alarm, words::alarm::sentence, now).await?;
            true
        }
    };
    tx.commit().await?;
    Ok(starts)
}

async fn expire(store: &Store, id: GrantId) -> Result<bool, StoreError> {
    let mut tx = begin(store).await?;
    let live = match tx.try_lock_grant(id).await? {
        Some(Locked::Grant(grant)) => grant.live(),
        Some(Locked::Unreadable(row)) => return expire_unreadable(tx, &row).await,
        None => None,
    };
    let Some(live) = live else { return Ok(false) };
    if !tx.are_free(live.facts().terms.cluster, live.facts().terms.principal).await? {
        return Ok(false);
    }
    let now = tx.now().await?;
    let held_up_by = tx.trouble(id).await?.as_ref().map(words::blocker::sentence);
    let Some(transition) = Live::expire(live, now, held_up_by) else { return Ok(false) };
    tx.record(transition, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Raises the alarm about a row that cannot be read, once.
async fn tell(mut tx: Tx, row: &UnreadableGrant) -> Result<(), StoreError> {
    let now = tx.now().await?;
    quarantine::raise(&mut tx, row, words::alarm::sentence, now).await?;
    tx.commit().await
}

/// Ends a grant whose row cannot be read and whose time is over.
async fn expire_unreadable(mut tx: Tx, row: &UnreadableGrant) -> Result<bool, StoreError> {
    if !tx.are_free(row.brief.cluster, row.brief.principal).await? {
        return Ok(false);
    }
    let now = tx.now().await?;
    let Some(cause) = tx.is_over(row.brief.id).await? else { return Ok(false) };
    quarantine::raise(&mut tx, row, words::alarm::sentence, now).await?;
    let reason = Some("This version of Latchkey cannot read its row.");
    if !tx.revoke_unreadable(&row.brief, cause, Actor::worker(), reason, now).await? {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}
