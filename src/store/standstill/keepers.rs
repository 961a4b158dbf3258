//! The sessions that keep a lock, as far as the database tells of others' sessions: number, role and application name.

use crate::store::{Store, StoreError};
use latchkey_domain::access::alarm::LockKeeper;

/// The sessions that this session waits for, directly or not, and that wait for none themselves.
///
/// # Errors
/// `Database`.
pub(super) async fn first_of(store: &Store, waiting: i32) -> Result<Vec<LockKeeper>, StoreError> {
    let rows = sqlx::query!(
        r#"with recursive chain(pid) as (
             select unnest(pg_blocking_pids($1))
             union select before.pid from chain c cross join lateral unnest(pg_blocking_pids(c.pid)) as before(pid))
           select c.pid as "pid!", a.usename::text as role, nullif(a.application_name, '') as application, a.xact_start as since
           from chain c left join pg_stat_activity a on a.pid = c.pid
           where cardinality(pg_blocking_pids(c.pid)) = 0 order by c.pid"#,
        waiting
    )
    .fetch_all(store.pool())
    .await?;
    let since = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    let keeper = rows.into_iter().map(|row| LockKeeper {
        pid: row.pid,
        role: row.role,
        application: row.application,
        since: since(row.since),
    });
    Ok(keeper.collect())
}

/// One session, by its number.
///
/// # Errors
/// `Database`.
pub(super) async fn of_session(store: &Store, pid: i32) -> Result<Vec<LockKeeper>, StoreError> {
    let row = sqlx::query!(
        r#"select usename::text as role, nullif(application_name, '') as application, xact_start as since
           from pg_stat_activity where pid = $1"#,
        pid
    )
    .fetch_optional(store.pool())
    .await?;
    let since = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    let keeper =
        row.map(|row| LockKeeper { pid, role: row.role, application: row.application, since: since(row.since) });
    Ok(keeper.into_iter().collect())
}
