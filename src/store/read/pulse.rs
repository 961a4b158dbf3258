//! How the whole installation fares, for the banners over every page.

use super::hold::{self, OnHold};
use crate::store::{
    Store, StoreError,
    audit::{broken_among_newest, kept_among_newest},
    targets::MOST_SKEW,
};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::audit::Place;

/// What every page may have to report in a banner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// Business time.
    pub now: Timestamp,
    /// How long ago a worker whose clock is right last sent a heartbeat; `None` if none ever did.
    pub worker_silent_for: Option<SignedDuration>,
    /// How long ago a live worker last looked for everything that is due; `None` if none tells.
    pub worker_looked: Option<SignedDuration>,
    /// How far the clock is off of a live worker that claims nothing for that reason; the smallest such difference.
    pub worker_clock_off: Option<SignedDuration>,
    /// Accesses past their end by more than a minute that are not proven gone, and the oldest of these ends.
    pub overdue: u64,
    pub overdue_since: Option<Timestamp>,
    /// Revocations that wait for a person.
    pub blocked: u64,
    /// The first place where the audit chain does not hold: among the newest links; beside them, if one of the newest
    /// events was kept from being sealed; or by the worker's last whole walk.
    pub broken: Option<Place>,
    /// Alarms that stand, and what the newest says, for operators.
    pub alarms: u64,
    pub newest_alarm: Option<String>,
    /// Clusters on which nothing new is set up, the gravest first.
    pub held: Vec<OnHold>,
}

/// How many of the newest links, with their events, and of the newest events every page checks: enough to notice a
/// recent change at once, and quick to check.
const NEWEST_LINKS: i64 = 40;

/// How many clusters are reported on one page.
const HELD: i64 = 100;

/// Reads the pulse.
///
/// # Errors
/// `Database`.
pub async fn read(store: &Store) -> Result<Pulse, StoreError> {
    // Overdue: time was over, or the revocation began, a minute ago. Both partial indexes are small.
    let row = sqlx::query!(
        r#"select now.at as "now!",
             worker.silent_for, worker.clock_off, worker.looked,
             overdue.count as "overdue!", overdue.since as "overdue_since?", blocked.count as "blocked!",
             (select broken_seq from audit_walk) as broken_seq, (select broken_after from audit_walk) as "broken_after!",
             (select count(*) from alarm where cleared_at is null) as "alarms!",
             (select what from alarm where cleared_at is null order by raised_at desc, id desc limit 1) as newest_alarm
           from (select latchkey_now() as at) now
           cross join lateral (
             select
               extract(epoch from clock_timestamp() - max(seen_at) filter (where off <= $1))::bigint as silent_for,
               (min(off) filter (where off > $1 and seen_at > clock_timestamp() - interval '30 seconds'))::bigint
                 as clock_off,
               extract(epoch from clock_timestamp() - max(looked_at)
                 filter (where off <= $1 and seen_at > clock_timestamp() - interval '30 seconds'))::bigint as looked
             from (select latchkey_readable(seen_at) as seen_at, latchkey_readable(looked_at) as looked_at, abs(extract(epoch from clock_ahead))::float8 as off from worker_heartbeat) told
           ) worker
           cross join lateral (
             select count(*) as count, min(ends) as since from (
               select until as ends from access_grant where state = 'active' and until < now.at - interval '1 minute'
               union all
               select revoking_since from access_grant
               where state = 'revoking' and revoking_since < now.at - interval '1 minute'
             ) late
           ) overdue
           cross join lateral (
             select count(distinct leg.grant_id) as count from grant_leg leg
             join access_grant on access_grant.id = leg.grant_id and access_grant.state = 'revoking'
             where leg.condition = 'blocked'
           ) blocked"#,
        MOST_SKEW.as_secs_f64(),
    )
    .fetch_one(store.pool())
    .await?;
    let walked = row.broken_seq.and_then(|seq| place(seq, row.broken_after));
    // Read before a connection is held: a task that waits for a second one while it holds one may wait for tasks that
    // do the same.
    let held = hold::all(store, HELD).await?;
    let mut connection = store.acquire().await?;
    let newest = broken_among_newest(&mut connection, NEWEST_LINKS).await?.map(|broken| broken.place);
    let kept = kept_among_newest(&mut connection, NEWEST_LINKS).await?.map(|broken| broken.place);
    Ok(Pulse {
        now: row.now.to_jiff(),
        worker_silent_for: row.silent_for.map(SignedDuration::from_secs),
        worker_looked: row.looked.map(SignedDuration::from_secs),
        worker_clock_off: row.clock_off.map(SignedDuration::from_secs),
        overdue: u64::try_from(row.overdue).unwrap_or(0),
        overdue_since: row.overdue_since.map(jiff_sqlx::Timestamp::to_jiff),
        blocked: u64::try_from(row.blocked).unwrap_or(0),
        broken: [walked, newest, kept].into_iter().flatten().min_by_key(|place| place.link()),
        alarms: u64::try_from(row.alarms).unwrap_or(0),
        newest_alarm: row.newest_alarm,
        held,
    })
}

/// Business time alone, if the pulse cannot be read.
///
/// # Errors
/// `Database`.
pub async fn now(store: &Store) -> Result<Timestamp, StoreError> {
    let row = sqlx::query!(r#"select latchkey_now() as "now!""#).fetch_one(store.pool()).await?;
    Ok(row.now.to_jiff())
}

/// The place where a walk found the chain broken, from its columns.
pub(super) fn place(seq: i64, after: bool) -> Option<Place> {
    let link = u64::try_from(seq).ok()?;
    Some(if after { Place::After(link) } else { Place::At(link) })
}
