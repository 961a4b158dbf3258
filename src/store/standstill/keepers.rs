//! The sessions that keep a lock, as far as the database tells of others' sessions: number, role and application name.

use crate::store::{Store, StoreError};
use jiff::Timestamp;

/// A session that keeps a lock, as far as the database tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeper {
    /// 0 for a prepared transaction, which has no session.
    pub pid: i32,
    pub role: Option<String>,
    /// The application name that it chose.
    pub application: Option<String>,
    /// Since when its transaction lasts; known only for sessions of the same role.
    pub since: Option<Timestamp>,
}

/// The sessions that this session waits for, directly or not, and that wait for none themselves.
///
/// # Errors
/// `Database`.
pub(super) async fn first_of(store: &Store, waiting: i32) -> Result<Vec<Keeper>, StoreError> {
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
    let keeper = rows.into_iter().map(|row| Keeper {
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
pub(super) async fn of_session(store: &Store, pid: i32) -> Result<Vec<Keeper>, StoreError> {
    let row = sqlx::query!(
        r#"select usename::text as role, nullif(application_name, '') as application, xact_start as since
           from pg_stat_activity where pid = $1"#,
        pid
    )
    .fetch_optional(store.pool())
    .await?;
    let since = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    let keeper = row.map(|row| Keeper { pid, role: row.role, application: row.application, since: since(row.since) });
    Ok(keeper.into_iter().collect())
}

/// The sessions as the subject of a sentence with its verb: "the session 4711 of `postgres` keeps".
pub(super) fn who(keepers: &[Keeper]) -> String {
    let one = |keeper: &Keeper| {
        if keeper.pid == 0 {
            return "a prepared transaction".to_owned();
        }
        let role = keeper.role.as_deref().map(|role| format!(" of `{}`", plain(role))).unwrap_or_default();
        let application = keeper.application.as_deref().map(|name| format!("which calls itself `{}`", plain(name)));
        let since = keeper.since.map(|since| format!("in a transaction since {since:.0}"));
        let more: Vec<String> = application.into_iter().chain(since).collect();
        let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(", ")) };
        format!("the session {}{role}{more}", keeper.pid)
    };
    match keepers {
        [] => "another session keeps".to_owned(),
        [keeper] => format!("{} keeps", one(keeper)),
        more => format!("{} keep", more.iter().take(3).map(one).collect::<Vec<_>>().join(" and ")),
    }
}

/// What to do about them.
pub(super) fn end_it(keepers: &[Keeper]) -> String {
    let sessions: Vec<String> = (keepers.iter().filter(|keeper| keeper.pid != 0).take(3))
        .map(|keeper| format!("`select pg_terminate_backend({})`", keeper.pid))
        .collect();
    match (sessions.is_empty(), keepers.is_empty()) {
        (false, _) => format!("As a superuser, end it ({}), and find out who it is.", sessions.join(" and ")),
        (true, false) => "As a superuser, roll it back (`select * from pg_prepared_xacts`).".to_owned(),
        (true, true) => "Look for it: `select pid, pg_blocking_pids(pid) from pg_stat_activity`.".to_owned(),
    }
}

/// A name that another client chose, for use within a sentence.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && *c != '`').take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeper(pid: i32) -> Keeper {
        Keeper { pid, role: Some("latchkey_web".into()), application: Some("a`b\n".into()), since: None }
    }

    #[test]
    fn who_keeps_a_lock_is_named_by_what_is_known() {
        assert_eq!(who(&[]), "another session keeps");
        assert_eq!(who(&[keeper(7)]), "the session 7 of `latchkey_web` (which calls itself `ab`) keeps");
        let prepared = Keeper { pid: 0, role: None, application: None, since: None };
        assert_eq!(who(&[keeper(7), prepared.clone()]).matches(" and a prepared transaction keep").count(), 1);
        assert!(end_it(&[keeper(7)]).contains("pg_terminate_backend(7)"));
        assert!(end_it(&[prepared]).contains("pg_prepared_xacts"));
    }
}
