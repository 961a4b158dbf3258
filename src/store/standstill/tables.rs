//! What lasts from look to look: locks of whole tables, transactions that keep rows of `target` locked, a seal that
//! makes no links.

use super::{
    LONG,
    keepers::{first_of, of_session},
};
use crate::store::{Store, StoreError, policies::APPLY_LOCK};
use jiff::SignedDuration;
use latchkey_domain::access::{
    alarm::{Alarm, AlarmFacts, LockKeeper},
    transition::Target,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// The tables that an end writes. If `event` or `alarm` is locked, only the worker's log can report it.
const TABLES: [&str; 7] = ["access_grant", "grant_leg", "target", "intent", "mapping", "event", "alarm"];

/// What a worker has seen, look by look, of what may stand still. Only what it saw for longer than [`LONG`] counts.
#[derive(Debug, Default)]
pub struct Watch(Mutex<SeenLocks>);

#[derive(Debug, Default)]
struct SeenLocks {
    /// The number of links, and since when it has not changed.
    links: Option<(i64, Instant)>,
    /// Since when each lock is there: by a table, or a kind of lock, and a transaction.
    kept: BTreeMap<(String, String), Instant>,
    /// Since when no run on a target reached its end: by the target, and the epoch of the last that did.
    unfinished: Vec<((Target, i64), Instant)>,
}

/// Whether the chain of the audit log grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grows {
    /// Links were made since the last look.
    Yes,
    /// For how long looks saw no new link; zero at the first look.
    NotFor(SignedDuration),
}

impl Watch {
    /// Notes the last link.
    pub(super) fn links(&self, last: i64, at: Instant) -> Grows {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.links {
            Some((before, since)) if before == last => Grows::NotFor(
                SignedDuration::try_from(at.saturating_duration_since(since)).unwrap_or(SignedDuration::MAX),
            ),
            before => {
                seen.links = Some((last, at));
                if before.is_some() { Grows::Yes } else { Grows::NotFor(SignedDuration::ZERO) }
            }
        }
    }

    /// Notes the targets on which claims come to nothing, and returns those for which that has lasted for longer than
    /// [`LONG`].
    pub(super) fn unfinished(&self, now: Vec<(Target, i64)>, at: Instant) -> Vec<(Target, i64)> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.unfinished.retain(|(target, _)| now.contains(target));
        for target in now {
            if seen.unfinished.iter().all(|(known, _)| *known != target) {
                seen.unfinished.push((target, at));
            }
        }
        let is_long = |since: &Instant| at.saturating_duration_since(*since) > LONG.unsigned_abs();
        seen.unfinished.iter().filter(|(_, since)| is_long(since)).map(|(target, _)| *target).collect()
    }

    /// Notes the locks of now, and returns those that have been there for longer than [`LONG`].
    fn long(&self, now: BTreeSet<(String, String)>, at: Instant) -> BTreeSet<(String, String)> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.kept.retain(|kept, _| now.contains(kept));
        for kept in now {
            seen.kept.entry(kept).or_insert(at);
        }
        let is_long = |since: &Instant| at.saturating_duration_since(*since) > LONG.unsigned_abs();
        seen.kept.iter().filter(|(_, since)| is_long(since)).map(|(kept, _)| kept.clone()).collect()
    }
}

/// What other sessions have kept locked for longer than [`LONG`].
#[derive(Debug, Default)]
pub(super) struct KeptLocks {
    /// Tables that other sessions cannot write, with the sessions that keep them locked.
    pub tables: BTreeMap<String, Vec<LockKeeper>>,
    /// Whether a transaction may keep rows of `target` locked.
    pub targets: bool,
    /// The sessions that keep asks and votes from the policy's lock; empty if there are none.
    pub policy: Vec<LockKeeper>,
}

/// Asks the server which sessions lock tables, or wait to: writers wait behind both. One row for each existing lock.
///
/// # Errors
/// `Database`.
pub(super) async fn kept(store: &Store, watch: &Watch, at: Instant) -> Result<KeptLocks, StoreError> {
    let tables: Vec<String> = TABLES.map(str::to_owned).to_vec();
    let rows = sqlx::query!(
        r#"select t.name as "name!", l.virtualtransaction as "by!", coalesce(l.pid, 0) as "pid!",
             l.mode = 'RowShareLock' as "of_rows!"
           from unnest($1::text[]) as t(name) join pg_locks l on l.relation = to_regclass(t.name)
             and l.database = (select oid from pg_database where datname = current_database())
           where l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
             or (l.mode = 'RowShareLock' and t.name = 'target' and l.granted)"#,
        &tables
    )
    .fetch_all(store.pool())
    .await?;
    let key = |name: &str, of_rows: bool, by: &str| (if of_rows { ROWS } else { name }.to_owned(), by.to_owned());
    let policy = keeps_policy(store).await?;
    let of_policy = |pid: i32| (POLICY.to_owned(), pid.to_string());
    let seen = rows.iter().map(|row| key(&row.name, row.of_rows, &row.by)).chain(policy.map(of_policy));
    let long = watch.long(seen.collect(), at);
    let mut kept = KeptLocks { targets: long.iter().any(|(what, _)| what == ROWS), ..KeptLocks::default() };
    if let Some(pid) = policy.filter(|pid| long.contains(&of_policy(*pid))) {
        kept.policy = of_session(store, pid).await?;
    }
    for row in rows.iter().filter(|row| !row.of_rows && long.contains(&key(&row.name, false, &row.by))) {
        let mut keepers = first_of(store, row.pid).await?;
        if keepers.is_empty() && row.pid != 0 {
            keepers = of_session(store, row.pid).await?;
        } else if keepers.is_empty() {
            keepers = vec![LockKeeper { pid: 0, role: None, application: None, since: None }];
        }
        kept.tables.entry(row.name.clone()).or_insert(keepers);
    }
    Ok(kept)
}

/// The session that has the policy's lock exclusively, as only `policy apply` has it, for moments.
async fn keeps_policy(store: &Store) -> Result<Option<i32>, StoreError> {
    let keeper = sqlx::query_scalar!(
        r#"select pid as "pid!" from pg_locks
           where locktype = 'advisory' and mode = 'ExclusiveLock' and granted and pid is not null and objsubid = 1
             and classid = ($1::bigint >> 32)::oid and objid = ($1::bigint & 4294967295)::oid
             and database = (select oid from pg_database where datname = current_database()) limit 1"#,
        APPLY_LOCK
    );
    Ok(keeper.fetch_optional(store.pool()).await?)
}

/// Whether a session has the policy's lock exclusively at this moment.
///
/// # Errors
/// `Database`.
pub(super) async fn is_policy_kept(store: &Store) -> Result<bool, StoreError> {
    Ok(keeps_policy(store).await?.is_some())
}

/// The alarm about the policy's lock.
pub(super) fn alarm_of_policy(keepers: &[LockKeeper]) -> Alarm {
    Alarm::new(AlarmFacts::LockedPolicy { keepers: keepers.to_vec() }, POLICY)
}

/// The subject of the alarm about the policy's lock, and its key from look to look.
pub(super) const POLICY: &str = "policy lock";

/// Whether a session has a table locked, or waits to lock it, at this moment.
///
/// # Errors
/// `Database`.
pub(super) async fn is_locked(store: &Store, table: &str) -> Result<bool, StoreError> {
    let locked = sqlx::query_scalar!(
        r#"select exists (select from pg_locks where relation = to_regclass($1)
             and database = (select oid from pg_database where datname = current_database())
             and mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')) as "locked!""#,
        table
    );
    Ok(locked.fetch_one(store.pool()).await?)
}

/// The key of a lock of single rows of `target`, beside the names of tables.
const ROWS: &str = "rows of target";

/// The subject of the alarm about a table.
pub(super) fn subject(table: &str) -> String {
    format!("table {table}")
}

/// The table that an alarm is about.
pub(super) fn of_subject(subject: &str) -> Option<&'static str> {
    let name = subject.strip_prefix("table ")?;
    TABLES.into_iter().find(|table| *table == name)
}

/// The alarm about a table.
pub(super) fn alarm(table: &str, keepers: &[LockKeeper]) -> Alarm {
    Alarm::new(AlarmFacts::LockedTable { table: table.to_owned(), keepers: keepers.to_vec() }, subject(table))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_chain_stands_still_only_for_as_long_as_no_look_saw_it_grow() {
        let (watch, begun) = (Watch::default(), Instant::now());
        let after = |minutes| begun + Duration::from_mins(minutes);
        assert_eq!(watch.links(7, after(0)), Grows::NotFor(SignedDuration::ZERO), "what was before is not known");
        assert_eq!(watch.links(7, after(1)), Grows::NotFor(SignedDuration::from_mins(1)));
        assert_eq!(watch.links(8, after(4)), Grows::Yes);
        assert_eq!(watch.links(8, after(7)), Grows::NotFor(SignedDuration::from_mins(3)));
    }

    #[test]
    fn only_the_same_transaction_at_each_look_keeps_something_for_long() {
        let (watch, begun) = (Watch::default(), Instant::now());
        let after = |minutes| begun + Duration::from_mins(minutes);
        let by = |name: &str| BTreeSet::from([("target".to_owned(), name.to_owned())]);
        assert_eq!(watch.long(by("3/7"), after(0)), BTreeSet::new());
        assert_eq!(watch.long(by("3/8"), after(3)), BTreeSet::new(), "another one");
        assert_eq!(watch.long(BTreeSet::new(), after(4)), BTreeSet::new());
        assert_eq!(watch.long(by("3/8"), after(6)), BTreeSet::new(), "it was away");
        assert_eq!(watch.long(by("3/8"), after(9)), by("3/8"));
    }
}
