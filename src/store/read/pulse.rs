//! The health of the whole installation, for the banners over every page.

use super::hold::{self, HeldRow, OnHold};
use crate::store::{
    Store, StoreError,
    audit::{Link, first_broken, kept_from_sealing},
    columns::{self, parsed},
    targets::MOST_SKEW,
};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::{
    access::{GrantId, alarm::ToldAlarm, blocker::Blocker},
    audit::ChainPlace,
};
use serde::Deserialize;

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
    pub broken: Option<ChainPlace>,
    /// Alarms that stand, and what the newest says, for operators.
    pub alarms: u64,
    pub newest_alarm: Option<ToldAlarm>,
    /// The accesses that give more than was decided, for operators; `None` if none does.
    pub wider: Option<GivesMore>,
    /// Clusters on which nothing new is set up, the gravest first.
    pub held: Vec<OnHold>,
}

/// Accesses that give more than was decided: how many, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivesMore {
    pub accesses: u64,
    pub first: GrantId,
    pub cluster: String,
    /// What it gives, by the last look at its cluster; `None` if its row does not tell.
    pub what: Option<Blocker>,
}

/// How many of the newest links, with their events, and of the newest events every page checks: enough to notice a
/// recent change at once, and quick to check.
const NEWEST_LINKS: i64 = 40;

/// How many clusters are reported on one page.
const HELD: i64 = 100;

/// How much is read of the sentences that say what an access gives beyond what was decided, of which one is shown: more of
/// them than Latchkey writes, and of each more characters than fit a banner.
const SENTENCES: i32 = 100;
const LONGEST_SENTENCE: i32 = 2000;

/// One row of the statement.
#[derive(Debug, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
enum PulseRow {
    Fares(LegsFare),
    Held(HeldRow),
    Link(Link),
}

/// What is counted, or is one thing.
#[derive(Debug, Deserialize)]
struct LegsFare {
    now: Timestamp,
    /// In seconds, as the two that follow.
    silent_for: Option<i64>,
    clock_off: Option<i64>,
    looked: Option<i64>,
    overdue: u64,
    overdue_since: Option<Timestamp>,
    blocked: u64,
    broken_seq: Option<i64>,
    broken_after: bool,
    alarms: u64,
    newest_alarm: Option<NewestAlarm>,
    wider: u64,
    wider_first: Option<GrantId>,
    wider_on: Option<String>,
    /// What the first gives, as sentences, and the same as JSON of the values.
    wider_said: Option<Vec<String>>,
    wider_values: Option<String>,
    /// The first of the newest events that were kept from being sealed.
    kept_first: Option<String>,
    kept_events: i64,
    last_link: i64,
}

/// An alarm as its row has it: its sentence, and the text of its facts.
#[derive(Debug, Deserialize)]
struct NewestAlarm {
    what: String,
    facts: Option<String>,
}

impl LegsFare {
    fn gives_more(&self) -> Option<GivesMore> {
        let cluster = self.wider_on.clone().unwrap_or_default();
        let said = self.wider_said.clone().unwrap_or_default();
        let what = columns::wider(said, self.wider_values.as_deref()).into_iter().next();
        self.wider_first.map(|first| GivesMore { accesses: self.wider, first, cluster, what })
    }

    /// The pulse, with the clusters on which nothing new is set up and the newest links.
    fn pulse(self, held: Vec<HeldRow>, links: Vec<Link>) -> Result<Pulse, StoreError> {
        let wider = self.gives_more();
        let walked = self.broken_seq.and_then(|seq| place(seq, self.broken_after));
        let newest = first_broken(links, NEWEST_LINKS)?.map(|broken| broken.place);
        let kept = self.kept_first.map(|first| kept_from_sealing(self.last_link, &first, self.kept_events).place);
        Ok(Pulse {
            now: self.now,
            worker_silent_for: self.silent_for.map(SignedDuration::from_secs),
            worker_looked: self.looked.map(SignedDuration::from_secs),
            worker_clock_off: self.clock_off.map(SignedDuration::from_secs),
            overdue: self.overdue,
            overdue_since: self.overdue_since,
            blocked: self.blocked,
            broken: [walked, newest, kept].into_iter().flatten().min_by_key(|place| place.link()),
            alarms: self.alarms,
            newest_alarm: self.newest_alarm.map(|newest| ToldAlarm::read(newest.facts.as_deref(), newest.what)),
            wider,
            held: hold::in_order(held),
        })
    }
}

/// Reads the pulse, in one statement: every page does.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn read(store: &Store) -> Result<Pulse, StoreError> {
    // Overdue: time was over, or the revocation began, a minute ago. Both partial indexes are small.
    let parts = sqlx::query_scalar!(
        r#"select to_json(x)::text as "part!" from (
             select 'fares' as of, now.at as now, worker.silent_for, worker.clock_off, worker.looked,
               overdue.count as overdue, overdue.since as overdue_since, blocked.count as blocked,
               (select broken_seq from audit_walk) as broken_seq, (select broken_after from audit_walk) as broken_after,
               (select count(*) from alarm where cleared_at is null) as alarms,
               (select jsonb_build_object('what', what, 'facts', latchkey_text(facts))
                from alarm where cleared_at is null order by raised_at desc, id desc limit 1) as newest_alarm,
               wider.count as wider, wider.first as wider_first, wider.cluster as wider_on,
               more.said as wider_said, more.values as wider_values,
               kept.first as kept_first, kept.count as kept_events,
               coalesce((select max(seq) from audit_link), 0) as last_link
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
               select count(*) as count, min(latchkey_readable(ends)) as since from (
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
             ) blocked
             cross join lateral (
               select count(*) as count, (array_agg(l.grant_id order by l.grant_id))[1] as first,
                 (array_agg(c.name order by l.grant_id))[1] as cluster
               from grant_leg l join access_grant g on g.id = l.grant_id and g.state in ('provisioning', 'active')
               join cluster c on c.id = g.cluster_id
               where l.wider <> '{}'
             ) wider
             left join lateral (
               select array(select left(item, $4) from unnest((latchkey_flat(l.wider))[1:$5]) item) as said,
                 case when octet_length((l.evidence -> 'wider')::text) <= 16384 then latchkey_text(l.evidence -> 'wider') end as values
               from grant_leg l where l.grant_id = wider.first and l.wider <> '{}' order by l.target_kind limit 1
             ) more on true
             cross join lateral (
               select min(e.id::text) as first, count(*) as count
               from (select id from event order by id desc limit $2) e
               where not exists (select from audit_link l where l.event_id = e.id)
                 and not exists (select from event_unsealed q where q.event_id = e.id)
             ) kept) x
           union all select to_json(x)::text from (
             select 'held' as of, c.id, c.name, t.fenced_since is not null as fenced, u.unmarked, t.paused_since is not null as paused,
               p.name as by, t.paused_why as why,
               latchkey_readable(case when t.fenced_since is not null then t.fenced_since when u.unmarked then t.failed_since
                 when t.paused_since is not null then t.paused_since else t.failed_since end) + b.ahead as since
             from target t
             join cluster c on c.id = t.key and c.gone_at is null and c.dropped_at is null
             cross join lateral (select t.failure_code is not distinct from 'marker_missing' as unmarked) u
             left join person p on p.id = t.paused_by
             cross join business_clock b
             where t.kind = 'cluster'
               and (t.fenced_since is not null or t.paused_since is not null or t.failure is not null)
             order by t.fenced_since is null, not u.unmarked, t.paused_since is null, c.name limit $3) x
           union all select to_json(x)::text from (
             select 'link' as of, l.seq, l.event_id, encode(l.previous, 'hex') as previous, encode(l.hash, 'hex') as hash,
               latchkey_readable(e.at) as at, e.action, e.actor_id, e.actor, e.person_id, e.cluster_id, e.request_id,
               e.grant_id, encode(e.canonical, 'hex') as canonical
             from audit_link l left join event e on e.id = l.event_id order by l.seq desc limit $2) x"#,
        MOST_SKEW.as_secs_f64(),
        NEWEST_LINKS,
        HELD,
        LONGEST_SENTENCE,
        SENTENCES,
    )
    .fetch_all(store.pool())
    .await?;
    let (mut fares, mut held, mut links) = (None, Vec::new(), Vec::new());
    for part in &parts {
        match parsed("a row", "of the pulse", Some(part.as_str()))? {
            PulseRow::Fares(row) => fares = Some(row),
            PulseRow::Held(row) => held.push(row),
            PulseRow::Link(link) => links.push(link),
        }
    }
    let fares: LegsFare = fares.ok_or_else(|| StoreError::corrupt("audit_walk", "broken_seq", "no row"))?;
    fares.pulse(held, links)
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
pub(super) fn place(seq: i64, after: bool) -> Option<ChainPlace> {
    let link = u64::try_from(seq).ok()?;
    Some(if after { ChainPlace::After(link) } else { ChainPlace::At(link) })
}
