//! The health of the whole installation, for the status page.

use crate::store::{
    Store, StoreError,
    audit::waits_for_seal,
    columns::{self, blocker, json, readable, trouble},
    targets::MOST_SKEW,
};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::access::{
    GrantId,
    blocker::Blocker,
    grant::{GrantState, Trouble},
};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// How long ago a person last signed in, by the database's real clock.
    pub last_sign_in: Option<SignedDuration>,
    pub workers: Vec<WorkerAlive>,
    /// Targets that are due and not claimed, and how long the first of them has waited.
    pub waiting: i64,
    pub waits_since: Option<SignedDuration>,
    /// Targets that a worker is working on.
    pub in_hand: i64,
    /// Accesses being set up, except those that wait for granting to be resumed, and since when the oldest is.
    pub coming: i64,
    pub coming_since: Option<Timestamp>,
    /// Approved or running accesses that are not in their desired state, and wait for a person.
    pub hindered: i64,
    /// Approved accesses that wait until granting is resumed.
    pub paused: i64,
    /// Accesses that allow more than was approved, and do not end yet.
    pub wider: i64,
    /// Accesses past their end that are not proven gone, and the oldest of these ends.
    pub ending: i64,
    pub ending_since: Option<Timestamp>,
    /// Of these, those that wait for a person.
    pub ending_blocked: i64,
    /// For how long the first audit event without a link has waited for it, by the real clock.
    pub seal_waits: Option<SignedDuration>,
}

/// A worker that sent a heartbeat within the last hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerAlive {
    pub holder: String,
    pub up_for: SignedDuration,
    pub silent_for: SignedDuration,
    /// How long ago it last looked for everything that is due; `None` for a worker of an earlier version.
    pub looked: Option<SignedDuration>,
    /// How far its clock is off the database's, if that is so far that it claims nothing.
    pub clock_off: Option<SignedDuration>,
}

/// Reads the health.
///
/// # Errors
/// `Database`.
pub async fn read(store: &Store) -> Result<Health, StoreError> {
    let row = sqlx::query!(
        r#"select extract(epoch from clock_timestamp() - (select max(created_at) from session))::bigint as signed_in,
             q.waiting as "waiting!", q.waits as waits, q.in_hand as "in_hand!",
             s.coming as "coming!", s.coming_since, e.ending as "ending!", e.ending_since,
             b.hindered as "hindered!", b.paused as "paused!", b.ending as "ending_blocked!",
             w.wider as "wider!"
           from (
             select count(*) filter (where due_at <= clock_timestamp()
                      and (lease_until is null or lease_until < clock_timestamp())) as waiting,
               extract(epoch from clock_timestamp() - min(due_at) filter (where due_at <= clock_timestamp()
                      and (lease_until is null or lease_until < clock_timestamp())))::bigint as waits,
               count(*) filter (where lease_until >= clock_timestamp()) as in_hand
             from target where due_at is not null or lease_until is not null
           ) q
           cross join (
             select count(*) as coming, min(created_at) as coming_since from access_grant g
             where state in ('scheduled', 'provisioning')
               and not exists (select from grant_leg l where l.grant_id = g.id and l.condition = 'paused')
           ) s
           cross join (
             select count(*) as ending, min(ends) as ending_since from (
               select until as ends from access_grant where state = 'active' and until < latchkey_now()
               union all select revoking_since from access_grant where state = 'revoking'
             ) late
           ) e
           cross join (
             select count(distinct g.id) filter (where l.condition = 'blocked' and g.state <> 'revoking') as hindered,
               count(distinct g.id) filter (where l.condition = 'paused' and g.state <> 'revoking') as paused,
               count(distinct g.id) filter (where l.condition = 'blocked' and g.state = 'revoking') as ending
             from grant_leg l join access_grant g on g.id = l.grant_id and g.state <> 'ended'
             where l.condition in ('blocked', 'paused')
           ) b
           cross join (
             select count(*) as wider from access_grant g where state in ('provisioning', 'active')
               and exists (select from grant_leg l where l.grant_id = g.id and l.wider <> '{}')
           ) w"#
    )
    .fetch_one(store.pool())
    .await?;
    let workers = sqlx::query!(
        r#"select holder, extract(epoch from clock_timestamp() - started_at)::bigint as "up!",
             extract(epoch from clock_timestamp() - seen_at)::bigint as "silent!",
             extract(epoch from clock_timestamp() - looked_at)::bigint as looked,
             case when abs(extract(epoch from clock_ahead)) > $1::float8
                  then abs(extract(epoch from clock_ahead))::bigint end as clock_off
           from worker_heartbeat where isfinite(seen_at) and isfinite(started_at) order by holder limit 100"#,
        MOST_SKEW.as_secs_f64()
    )
    .fetch_all(store.pool())
    .await?;
    let seal_waits = waits_for_seal(store).await?;
    Ok(Health {
        seal_waits,
        last_sign_in: row.signed_in.map(SignedDuration::from_secs),
        workers: workers
            .into_iter()
            .map(|row| WorkerAlive {
                holder: row.holder,
                up_for: SignedDuration::from_secs(row.up),
                silent_for: SignedDuration::from_secs(row.silent),
                looked: row.looked.map(SignedDuration::from_secs),
                clock_off: row.clock_off.map(SignedDuration::from_secs),
            })
            .collect(),
        waiting: row.waiting,
        waits_since: row.waits.map(SignedDuration::from_secs),
        in_hand: row.in_hand,
        coming: row.coming,
        coming_since: row.coming_since.map(jiff_sqlx::Timestamp::to_jiff),
        hindered: row.hindered,
        paused: row.paused,
        wider: row.wider,
        ending: row.ending,
        ending_blocked: row.ending_blocked,
        ending_since: row.ending_since.map(jiff_sqlx::Timestamp::to_jiff),
    })
}

/// An access in trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    pub grant: GrantId,
    pub holder: String,
    pub cluster: String,
    /// Its state: trouble is graver while it is being taken away.
    pub state: GrantState,
    /// Its parts that are in trouble, the gravest first; at least one.
    pub parts: Vec<StuckPart>,
}

/// A part of it: on the cluster, or in IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckPart {
    pub in_iam: bool,
    pub trouble: Trouble,
    pub why: Blocker,
    pub attempts: i32,
}

impl Stuck {
    /// Whether `wider` already says everything that its parts say.
    pub fn is_told_by(&self, wider: &[Wider]) -> bool {
        let own = wider.iter().filter(|wider| wider.grant == self.grant);
        let told: Vec<&Blocker> = own.flat_map(|wider| &wider.what).collect();
        self.parts.iter().all(|part| told.contains(&&part.why))
    }

    /// The gravest trouble of its parts.
    pub fn trouble(&self) -> Trouble {
        self.parts.first().map_or(Trouble::Retrying, |part| part.trouble)
    }
}

/// Accesses in trouble, each once, the gravest first: at most `limit`.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn stuck(store: &Store, limit: usize) -> Result<Vec<Stuck>, StoreError> {
    let rows = sqlx::query!(
        r#"select g.id, p.name as holder, c.name as cluster, g.state, legs.parts as "parts!"
           from (
             select l.grant_id, min(l.condition) as gravest, bool_and(l.condition = 'paused') as waits,
               jsonb_agg(jsonb_build_array(l.target_kind = 'principal', l.condition,
                           latchkey_blocker(l.error, l.code, l.blocker), l.attempts)
                         order by l.condition = 'paused', l.condition, l.target_kind) as parts
             from grant_leg l where l.condition <> 'ok' group by l.grant_id
           ) legs
           join access_grant g on g.id = legs.grant_id and g.state <> 'ended'
           join person p on p.id = g.person_id
           join cluster c on c.id = g.cluster_id
           order by g.state = 'revoking' desc, legs.waits, legs.gravest, g.id limit $1"#,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(store.pool())
    .await?;
    Ok(readable(rows.into_iter().map(|row| {
        let id = row.id;
        let read = move || -> Result<Stuck, StoreError> {
            let parts: Vec<(bool, String, Option<String>, i32)> = json("grant_leg", "condition", row.parts)?;
            let part = |(in_iam, condition, why, attempts): (bool, String, Option<String>, i32)| {
                let trouble = trouble(&condition)?.unwrap_or(Trouble::Retrying);
                Ok(StuckPart { in_iam, trouble, why: blocker(why.as_deref()), attempts })
            };
            Ok(Stuck {
                grant: GrantId(row.id),
                holder: row.holder,
                cluster: row.cluster,
                state: GrantState::parse(&row.state)
                    .ok_or_else(|| StoreError::corrupt("access_grant", "state", &row.state))?,
                parts: parts.into_iter().map(part).collect::<Result<_, StoreError>>()?,
            })
        };
        (id, read())
    })))
}

/// An access that allows more than was approved, and does not end yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wider {
    pub grant: GrantId,
    pub holder: String,
    pub cluster: String,
    /// What it allows beyond that, by the last look.
    pub what: Vec<Blocker>,
}

/// Accesses that allow more than was approved, and do not end yet: at most `limit`.
///
/// # Errors
/// `Database`.
pub async fn wider(store: &Store, limit: usize) -> Result<Vec<Wider>, StoreError> {
    let rows = sqlx::query!(
        r#"select g.id, p.name as holder, c.name as cluster, latchkey_flat(l.wider) as "wider!",
             latchkey_text(l.evidence -> 'wider') as "values?"
           from access_grant g
           join grant_leg l on l.grant_id = g.id and l.wider <> '{}'
           join person p on p.id = g.person_id
           join cluster c on c.id = g.cluster_id
           where g.state in ('provisioning', 'active') order by g.id limit $1"#,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(store.pool())
    .await?;
    let rows = rows.into_iter().map(|row| Wider {
        grant: GrantId(row.id),
        holder: row.holder,
        cluster: row.cluster,
        what: columns::wider(row.wider, row.values.as_deref()),
    });
    Ok(rows.collect())
}
