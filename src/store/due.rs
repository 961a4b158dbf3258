//! What is due, by the clock: each kind is found by an index. The ids are those after `after`, in order, `most` at a
//! time.

use super::{Store, StoreError};
use uuid::Uuid;

/// Requests that were not decided in time, and those whose time cannot be read.
///
/// # Errors
/// `Database`.
pub async fn lapsing(store: &Store, after: Uuid, most: i64) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
            r#"with due as materialized (
                 select id from request
                 where state = 'pending' and (lapses_at <= (select latchkey_now()) or latchkey_readable(lapses_at) is null))
               select id as "id!" from due where id > $1 order by id limit $2"#,
            after,
            most
        )
        .fetch_all(store.pool())
        .await?)
}

/// Grants that may be started: their cluster is not put off.
///
/// # Errors
/// `Database`.
pub async fn starting(store: &Store, after: Uuid, most: i64) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"with due as materialized (
                 select g.id from access_grant g where g.state = 'scheduled' and not exists (
                   select from grant_leg l where l.grant_id = g.id and l.target_kind = 'cluster'
                     and l.next_try > (select clock_timestamp())))
               select id as "id!" from due where id > $1 order by id limit $2"#,
        after,
        most
    )
    .fetch_all(store.pool())
    .await?)
}

/// Grants whose time is over: active ones past `until`, others past `activate_by`. If a row names no end, or is in a
/// state of another version, its latest possible end counts.
///
/// # Errors
/// `Database`.
pub async fn expiring(store: &Store, after: Uuid, most: i64) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"with due as materialized (
                 select id from access_grant where state = 'active' and until <= (select latchkey_now())
                 union select id from access_grant
                   where state in ('scheduled', 'provisioning') and activate_by < (select latchkey_now())
                 union select id from access_grant
                   where state not in ('revoking', 'ended')
                     and latchkey_readable(least(coalesce(until, hard_until), hard_until)) is null
                     and latchkey_latest_end(created_at, minutes) <= (select latchkey_now())
                 union select id from access_grant
                   where state not in ('scheduled', 'provisioning', 'active', 'revoking', 'ended')
                     and hard_until <= (select latchkey_now()))
               select id as "id!" from due where id > $1 order by id limit $2"#,
        after,
        most
    )
    .fetch_all(store.pool())
    .await?)
}
