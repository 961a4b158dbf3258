//! What stands still, mostly because another session keeps a lock: an access that is over and cannot end, a target that
//! no run takes up, or on which no run reaches its end, the seal of the audit log. Each is an alarm that names the
//! session, as far as the database tells the worker's role, and clears itself.
//!
//! `kept_locked` is each of these, checked each 30 s:
//!
//! - an access that has been over for 2 min, if a row stays locked that its end writes or refers to (its own, its
//!   legs', its principal's, its line's);
//! - a target that has been due for so long; any target, due or not, if one transaction has had locks on `target` for
//!   2 min;
//! - a table that has been locked against writes for so long, including by a session that waits to lock it;
//! - the policy's lock, without which no request can be submitted or decided.
//!
//! `seal_stands_still`: an event has waited for its link for 2 min (`event_unsealed.queued_at`, by the database's
//! clock), and this worker has seen no new link for 2 min. A queue of thousands that shrinks does not count.
//!
//! `runs_break_off`: no run on a target has reached its end for 2 min, in three claims or more.
//!
//! How long something lasts is known from one worker's looks ([`Watch`]), counted from its first. The worker waits
//! 1.5 s for a row itself, and names the session that the server says it waits for, or that this session waits for:
//! session number, role, and the application name that it chose; since when, only for sessions of the worker's own
//! role. Table locks are read from `pg_locks`. The alarm is over once the row or the table is free, or links are made.

mod breaks;
mod keepers;
mod rows;
mod subjects;
mod tables;
mod waits;

pub use tables::Watch;

use super::{
    Store, StoreError, Tx,
    alarms::{self, SayAlarm, StandingAlarm},
    audit::{SEALER_LOCK, waits_for_seal},
};
use crate::causes::chain;
use futures::FutureExt as _;
use jiff::SignedDuration;
use keepers::{first_of, of_session};
use latchkey_domain::access::alarm::{Alarm, AlarmCode, AlarmFacts, LockKeeper};
use rows::{KeptRow, is_free, late, lock, locked};
use std::{
    pin::pin,
    time::{Duration, Instant},
};
use tables::Grows;

/// After this time operators are told: ends, runs and links take seconds, and the queue of a worker less than this.
pub const LONG: SignedDuration = SignedDuration::from_mins(2);
/// How many late accesses and targets one look checks for locks; over time it checks each.
const MOST: i64 = 500;
/// How many locks one look asks about by waiting for them.
const PROBES: usize = 8;
/// How long a lock is waited for before it counts as kept: no transaction of Latchkey holds one nearly as long.
const PROBE: Duration = Duration::from_millis(1_500);
/// When to ask which session keeps it: by then the server lists the waiting session as waiting.
const ASKED_AFTER: Duration = Duration::from_millis(500);
/// The subject of the alarm about the seal.
const SEAL: &str = "event_unsealed";

/// Raises alarms about what stands still, and clears those about what goes on. An error about one is logged, and the
/// others go on. If a whole table is locked, it reports that, and checks no rows. `say` makes the sentences of an alarm.
///
/// # Errors
/// `Database` if they cannot be looked for.
pub async fn look_over(store: &Store, watch: &Watch, at: Instant, say: SayAlarm) -> Result<(), StoreError> {
    let kept = tables::kept(store, watch, at).await?;
    if !kept.tables.is_empty() {
        for (table, keepers) in &kept.tables {
            tell_of_table(store, table, keepers, say).await?;
        }
        return Ok(());
    }
    if !kept.policy.is_empty() {
        raise(store, &tables::alarm_of_policy(&kept.policy), say).await?;
    }
    let links = watch.links(last_link(store).await?, at);
    clear_what_goes_on(store, links).await?;
    let mut probes = 0;
    for row in locked(store, &late(store, kept.targets).await?).await? {
        if probes == PROBES {
            break;
        }
        let stands = alarms::stands(&mut *store.acquire().await?, AlarmCode::KeptLocked, &row.subject()).await?;
        if stands {
            continue;
        }
        probes += 1;
        if let Err(error) = tell(store, row, say).await {
            let subject = row.subject();
            tracing::error!(subject, error = chain(&error), "who keeps a row locked could not be told");
        }
    }
    waits::tell(store, say).await?;
    breaks::tell(store, watch, at, say).await?;
    match waits_for_seal(store).await? {
        Some(waits) if waits > LONG && matches!(links, Grows::NotFor(long) if long > LONG) => {
            tell_of_seal(store, waits, say).await
        }
        Some(_) | None => Ok(()),
    }
}

/// The number of the last link of the audit log; 0 if there is none.
async fn last_link(store: &Store) -> Result<i64, StoreError> {
    let last = sqlx::query_scalar!(r#"select coalesce(max(seq), 0) as "last!" from audit_link"#);
    Ok(last.fetch_one(store.pool()).await?)
}

/// Raises the alarm about a locked table. If that is not possible, since the table is the log or that of the alarms,
/// the worker's own log says it.
async fn tell_of_table(store: &Store, table: &str, keepers: &[LockKeeper], say: SayAlarm) -> Result<(), StoreError> {
    let alarm = tables::alarm(table, keepers);
    let mut tx = store.begin().await?;
    tx.wait_at_most(PROBE).await?;
    let told = async {
        let now = tx.now().await?;
        tx.raise(&alarm, say, now).await?;
        tx.commit().await
    };
    if let Err(error) = told.await {
        let (what, error) = (say(&alarm.facts), chain(&error));
        tracing::error!(error, "no alarm can be raised: {what}");
    }
    Ok(())
}

/// The sessions that keep a row locked, found by waiting for it; `None` if it was freed within [`PROBE`].
async fn keepers(store: &Store, row: KeptRow) -> Result<Option<Vec<LockKeeper>>, StoreError> {
    let mut tx = store.begin().await?;
    tx.wait_at_most(PROBE).await?;
    let own = sqlx::query_scalar!(r#"select pg_backend_pid() as "pid!""#).fetch_one(tx.connection()).await?;
    let mut waits = pin!(lock(&mut tx, row));
    if let Ok(locked) = tokio::time::timeout(ASKED_AFTER, &mut waits).await {
        return locked.map(|()| None);
    }
    let keepers = first_of(store, own).await?;
    match waits.await {
        Ok(()) => Ok(None),
        Err(error) if error.is_lock_timeout() => Ok(Some(keepers)),
        Err(error) => Err(error),
    }
}

async fn raise(store: &Store, alarm: &Alarm, say: SayAlarm) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let now = tx.now().await?;
    tx.raise(alarm, say, now).await?;
    tx.commit().await
}

/// Raises the alarm about a locked row, if it is still locked.
async fn tell(store: &Store, row: KeptRow, say: SayAlarm) -> Result<(), StoreError> {
    let Some(keepers) = keepers(store, row).await? else { return Ok(()) };
    let mut tx = store.begin().await?;
    let alarm = subjects::of_row(&mut tx, row, keepers).await?;
    let now = tx.now().await?;
    tx.raise(&alarm, say, now).await?;
    tx.commit().await
}

/// Raises the alarm that the seal of the audit log stands still.
async fn tell_of_seal(store: &Store, waits: SignedDuration, say: SayAlarm) -> Result<(), StoreError> {
    let sealer = sqlx::query_scalar!(
        r#"select pid as "pid!" from pg_locks
           where locktype = 'advisory' and granted and classid = 0 and objid = $1::bigint::oid and objsubid = 1
             and database = (select oid from pg_database where datname = current_database()) limit 1"#,
        SEALER_LOCK
    )
    .fetch_optional(store.pool())
    .await?;
    let mut keepers = match sealer {
        Some(sealer) => first_of(store, sealer).await?,
        None => Vec::new(),
    };
    if let (true, Some(sealer)) = (keepers.is_empty(), sealer) {
        keepers = of_session(store, sealer).await?;
    }
    let facts = AlarmFacts::SealStandsStill { minutes: waits.as_mins(), keepers };
    raise(store, &Alarm::new(facts, SEAL), say).await
}

/// Whether the row or the table that an alarm is about is no longer locked.
async fn is_let_go(store: Store, tx: &mut Tx, alarm: &StandingAlarm) -> Result<bool, StoreError> {
    tx.wait_at_most(PROBE).await?;
    if alarm.subject == tables::POLICY {
        return Ok(!tables::is_policy_kept(&store).await?);
    }
    if let Some(target) = waits::of_subject(&alarm.subject) {
        return Ok(!waits::still(&store, target).await?);
    }
    match (KeptRow::of_subject(&alarm.subject), tables::of_subject(&alarm.subject)) {
        (Some(row), _) => is_free(tx, row).await,
        (None, Some(table)) => Ok(!tables::is_locked(&store, table).await?),
        (None, None) => Ok(false),
    }
}

/// Whether links are made again, or no event has waited for long.
async fn seals(store: Store, links: Grows) -> Result<bool, StoreError> {
    Ok(links == Grows::Yes || waits_for_seal(&store).await?.is_none_or(|waits| waits <= LONG))
}

/// Clears the alarms about what goes on again, or is over.
async fn clear_what_goes_on(store: &Store, links: Grows) -> Result<(), StoreError> {
    alarms::clear_over(store, AlarmCode::KeptLocked, |tx, alarm| is_let_go(store.clone(), tx, alarm).boxed()).await?;
    let runs_end = |alarm: &StandingAlarm| {
        let (store, subject) = (store.clone(), alarm.subject.clone());
        async move { breaks::is_over(&store, &subject).await }.boxed()
    };
    alarms::clear_over(store, AlarmCode::RunsBreakOff, |_, alarm| runs_end(alarm)).await?;
    alarms::clear_over(store, AlarmCode::SealStandsStill, |_, _| seals(store.clone(), links).boxed()).await
}
