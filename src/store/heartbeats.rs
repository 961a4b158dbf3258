//! Workers that are alive, so that the web can report if none is.

use super::{Store, StoreError, columns::time};
use jiff::Timestamp;
use std::time::Duration;

/// Records that this worker is alive, its clock and how long ago it looked for everything; and deletes workers that
/// have been silent for an hour.
///
/// # Errors
/// `Database`.
pub async fn beat(store: &Store, holder: &str, at: Timestamp, looked: Duration) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into worker_heartbeat (holder, started_at, seen_at, clock_ahead, looked_at)
         values ($1, clock_timestamp(), clock_timestamp(), $2::timestamptz - clock_timestamp(),
           clock_timestamp() - make_interval(secs => $3))
         on conflict (holder) do update set seen_at = excluded.seen_at, clock_ahead = excluded.clock_ahead,
           looked_at = excluded.looked_at",
        holder,
        time(at) as _,
        looked.as_secs_f64(),
    )
    .execute(store.pool())
    .await?;
    sqlx::query!("delete from worker_heartbeat where seen_at < clock_timestamp() - interval '1 hour'")
        .execute(store.pool())
        .await?;
    Ok(())
}

/// A worker that has not looked for what is due for this long does not work, although it is alive. A look comes each
/// 250 ms, and has three statements of the clock and one that claims, each given up after 15 s.
pub const LOOKS_WITHIN: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Records that this worker stops.
///
/// # Errors
/// `Database`.
pub async fn stop(store: &Store, holder: &str) -> Result<(), StoreError> {
    sqlx::query!("delete from worker_heartbeat where holder = $1", holder).execute(store.pool()).await?;
    Ok(())
}
