//! How the whole fares, for the banners over every page.

use crate::store::{Store, StoreError, targets::MOST_SKEW};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::audit::CHAIN_DOMAIN;

/// What every page must be able to say aloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// Business time.
    pub now: Timestamp,
    /// How long ago a worker whose clock is right last told that it lives; nothing where none ever did.
    pub worker_silent_for: Option<SignedDuration>,
    /// How far the clock of a worker is off that lives and claims nothing for it; the smallest.
    pub worker_clock_off: Option<SignedDuration>,
    /// Accesses past their end by more than a minute that are not proven gone, and the oldest of these ends.
    pub overdue: u64,
    pub overdue_since: Option<Timestamp>,
    /// Revocations that wait for a person.
    pub blocked: u64,
    /// The first of the audit chain's links that does not hold: of the newest ones, or by the worker's last walk over
    /// all.
    pub broken_link: Option<i64>,
}

/// How many of the newest links every page looks at: enough to notice at once what is changed now, and quick.
const NEWEST_LINKS: i64 = 40;

/// Reads the pulse.
///
/// # Errors
/// `Database`.
pub async fn read(store: &Store) -> Result<Pulse, StoreError> {
    // Overdue: time was over, or the revocation began, a minute ago. Both partial indexes are small.
    let row = sqlx::query!(
        r#"select now.at as "now!",
             worker.silent_for, worker.clock_off,
             overdue.count as "overdue!", overdue.since as "overdue_since?", blocked.count as "blocked!",
             (select min(seq) from (
               select link.seq, link.hash, link.previous, event.canonical,
                 lag(link.hash) over (order by link.seq) as before, lag(link.seq) over (order by link.seq) as last
               from (select * from audit_link order by seq desc limit $1) link
               left join event on event.id = link.event_id
             ) newest
             where canonical is null or seq <> last + 1 or previous <> before
               or hash <> sha256($2 || int8send(seq) || previous || sha256(canonical))) as broken_link,
             (select broken_seq from audit_walk) as walk_broken
           from (select latchkey_now() as at) now
           cross join lateral (
             select
               extract(epoch from clock_timestamp() - max(seen_at) filter (where off <= $3))::bigint as silent_for,
               (min(off) filter (where off > $3 and seen_at > clock_timestamp() - interval '30 seconds'))::bigint
                 as clock_off
             from (select seen_at, abs(extract(epoch from clock_ahead))::float8 as off from worker_heartbeat) told
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
        NEWEST_LINKS,
        CHAIN_DOMAIN,
        MOST_SKEW.as_secs_f64(),
    )
    .fetch_one(store.pool())
    .await?;
    Ok(Pulse {
        now: row.now.to_jiff(),
        worker_silent_for: row.silent_for.map(SignedDuration::from_secs),
        worker_clock_off: row.clock_off.map(SignedDuration::from_secs),
        overdue: u64::try_from(row.overdue).unwrap_or(0),
        overdue_since: row.overdue_since.map(jiff_sqlx::Timestamp::to_jiff),
        blocked: u64::try_from(row.blocked).unwrap_or(0),
        broken_link: [row.broken_link, row.walk_broken].into_iter().flatten().min(),
    })
}
