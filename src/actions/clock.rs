//! What time alone brings about: requests lapse, scheduled grants start, active ones expire, late ones are given up.
//! Each is looked for by an index, then locked, then judged again under the lock: running twice does no harm twice.

use crate::store::{Store, StoreError, requests::LockedRequest};
use latchkey_domain::access::{
    GrantId, RequestId,
    grant::{Grant, Live},
};
use uuid::Uuid;

/// How many rows one look takes: the next look comes at once where it was full.
const BATCH: i64 = 200;

/// Closes the requests that nobody decided in time. Gives how many.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn lapse_due(store: &Store) -> Result<usize, StoreError> {
    let due = sqlx::query_scalar!(
        "select id from request where state = 'pending' and lapses_at <= latchkey_now() order by lapses_at limit $1",
        BATCH
    )
    .fetch_all(store.pool())
    .await?;
    let mut lapsed = 0;
    for id in due {
        lapsed += usize::from(settled(lapse(store, RequestId(id)).await)?);
    }
    Ok(lapsed)
}

/// Starts the scheduled grants. Gives how many.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn start_due(store: &Store) -> Result<usize, StoreError> {
    let due = sqlx::query_scalar!(
        "select id from access_grant where state = 'scheduled' order by created_at limit $1",
        BATCH
    )
    .fetch_all(store.pool())
    .await?;
    each(store, due, start).await
}

/// Revokes the grants whose time is over: active ones past `until`, others past `activate_by`. Gives how many.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn expire_due(store: &Store) -> Result<usize, StoreError> {
    let due = sqlx::query_scalar!(
        r#"(select id as "id!" from access_grant where state = 'active' and until <= latchkey_now() order by until limit $1)
           union all
           (select id from access_grant where state in ('scheduled', 'provisioning') and activate_by < latchkey_now()
            order by activate_by limit $1)"#,
        BATCH
    )
    .fetch_all(store.pool())
    .await?;
    each(store, due, expire).await
}

async fn each<F>(store: &Store, due: Vec<Uuid>, act: impl Fn(Store, GrantId) -> F) -> Result<usize, StoreError>
where
    F: Future<Output = Result<bool, StoreError>>,
{
    let mut done = 0;
    for id in due {
        done += usize::from(settled(act(store.clone(), GrantId(id)).await)?);
    }
    Ok(done)
}

/// A row that somebody else moved on meanwhile is done.
fn settled(result: Result<bool, StoreError>) -> Result<bool, StoreError> {
    match result {
        Err(StoreError::Stale(_)) => Ok(false),
        other => other,
    }
}

async fn lapse(store: &Store, id: RequestId) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let Some(LockedRequest::Pending(pending)) = tx.lock_request(id).await? else { return Ok(false) };
    let now = tx.now().await?;
    let Some(transition) = pending.lapse(now) else { return Ok(false) };
    tx.record(transition, now).await?;
    tx.commit().await?;
    Ok(true)
}

async fn start(store: Store, id: GrantId) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let Some(Grant::Scheduled(scheduled)) = tx.lock_grants(&[id]).await?.pop() else { return Ok(false) };
    let now = tx.now().await?;
    if now > scheduled.facts.activate_by {
        return Ok(false);
    }
    tx.record(scheduled.start(), now).await?;
    tx.commit().await?;
    Ok(true)
}

async fn expire(store: Store, id: GrantId) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let Some(live) = tx.lock_grants(&[id]).await?.pop().and_then(Grant::live) else { return Ok(false) };
    let now = tx.now().await?;
    let held_up_by = tx.trouble(id).await?;
    let Some(transition) = Live::expire(live, now, held_up_by) else { return Ok(false) };
    tx.record(transition, now).await?;
    tx.commit().await?;
    Ok(true)
}
