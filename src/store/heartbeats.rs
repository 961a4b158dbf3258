//! Workers that are alive, so that the web can say when none is.

use super::{Store, StoreError, columns::time};
use jiff::Timestamp;

/// Says that this worker is alive and what its clock says, and forgets those that have not been for an hour.
///
/// # Errors
/// `Database`.
pub async fn beat(store: &Store, holder: &str, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into worker_heartbeat (holder, started_at, seen_at, clock_ahead)
         values ($1, clock_timestamp(), clock_timestamp(), $2::timestamptz - clock_timestamp())
         on conflict (holder) do update set seen_at = excluded.seen_at, clock_ahead = excluded.clock_ahead",
        holder,
        time(at) as _,
    )
    .execute(store.pool())
    .await?;
    sqlx::query!("delete from worker_heartbeat where seen_at < clock_timestamp() - interval '1 hour'")
        .execute(store.pool())
        .await?;
    Ok(())
}

/// Says that this worker stops.
///
/// # Errors
/// `Database`.
pub async fn stop(store: &Store, holder: &str) -> Result<(), StoreError> {
    sqlx::query!("delete from worker_heartbeat where holder = $1", holder).execute(store.pool()).await?;
    Ok(())
}
