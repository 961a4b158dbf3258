//! Workers that are alive, so that the web can say when none is.

use super::{Store, StoreError, columns::time};
use jiff::Timestamp;
use std::time::Duration;

/// Says that this worker is alive, what its clock says and how long ago it looked for everything, and forgets those that have not been for an hour.
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

/// Who did not look for what is due for so long does not work, though it lives: a look comes each 250 ms, and has three
/// statements of the clock, each given up after 15 s, and one that claims.
pub const LOOKS_WITHIN: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Says that this worker stops.
///
/// # Errors
/// `Database`.
pub async fn stop(store: &Store, holder: &str) -> Result<(), StoreError> {
    sqlx::query!("delete from worker_heartbeat where holder = $1", holder).execute(store.pool()).await?;
    Ok(())
}
