//! Targets as operators see them: the list with what is stuck, and one target with its legs and last writes.
//!
//! The worker's times are by the database's real clock; here they are moved by how far business time runs ahead, which
//! is zero in production, so that a page shows one kind of time.

use crate::store::{
    Store, StoreError,
    columns::{became, blocker, readable, trouble, wider},
};
use jiff::Timestamp;
use latchkey_domain::access::{
    GrantId,
    became::Became,
    blocker::Blocker,
    grant::{GrantState, Proven, Trouble},
    step_kind::StepKind,
    transition::Target,
};
use latchkey_domain::audit::event::Known;

/// What to list. A name that does not exist finds nothing.
#[derive(Debug, Clone, Default)]
pub struct TargetSearch {
    /// `cluster` or `principal`.
    pub kind: Option<String>,
    /// Part of a cluster's name, of an ARN, or of its person's handle.
    pub find: Option<String>,
    /// Only those in trouble, the gravest first.
    pub in_trouble: bool,
    /// The target after which the list continues.
    pub after: Option<Target>,
}

/// A target in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRow {
    pub target: Target,
    /// A cluster's name, or an IAM user's ARN.
    pub name: String,
    /// The person whose IAM user it is.
    pub person: Option<String>,
    /// Accesses that are not over.
    pub live: i64,
    /// Revocations a minute overdue, legs that wait for a person, legs that go on by themselves, and those that wait
    /// because granting is paused.
    pub overdue: i64,
    pub blocked: i64,
    pub retrying: i64,
    pub waiting: i64,
    /// Running accesses that allow more there than was approved.
    pub wider: i64,
    /// Whether the last run could not work on the target as a whole.
    pub failed: bool,
    /// The gravest reason of all these.
    pub why: Option<Blocker>,
    pub fenced: bool,
    pub paused: bool,
    pub ran_at: Option<Timestamp>,
}

/// Targets: at most `limit`, by kind and name.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn list(store: &Store, wanted: &TargetSearch, limit: usize) -> Result<Vec<TargetRow>, StoreError> {
    let rows = sqlx::query!(
        r#"with late as (
             select id from access_grant where state = 'revoking' and revoking_since < latchkey_now() - interval '1 minute'
             union all
             select id from access_grant where state = 'active' and until < latchkey_now() - interval '1 minute'),
           troubled as (
             select l.target_kind as kind, l.target_key as key from grant_leg l
             join access_grant g on g.id = l.grant_id and g.state <> 'ended' where l.condition <> 'ok'
             union
             select l.target_kind, l.target_key from grant_leg l join late on late.id = l.grant_id
             where l.proven <> 'gone'
             union
             select l.target_kind, l.target_key from access_grant g
             join grant_leg l on l.grant_id = g.id and l.wider <> '{}' where g.state = 'active'
             union
             select kind, key from target
             where failure is not null or fenced_since is not null or paused_since is not null),
           named as (
             select t.kind, t.key, t.failure, t.fenced_since, t.paused_since,
               coalesce(latchkey_blocker(null, null, t.failure_blocker), latchkey_blocker(t.failure, null, null)) as failed,
               coalesce(latchkey_blocker(null, null, t.fenced_blocker), latchkey_blocker(t.fenced_why, null, null)) as fenced,
               t.paused_why, t.ran_at, coalesce(c.name, p.arn, t.key::text) as name, h.handle
             from target t
             left join cluster c on t.kind = 'cluster' and c.id = t.key
             left join principal p on t.kind = 'principal' and p.id = t.key
             left join person h on h.id = p.person_id
             where ($1::text is null or t.kind = $1)
               and ($2::text is null or position(lower($2) in lower(coalesce(c.name, p.arn, ''))) > 0 or h.handle = $2)
               and (not $3 or (t.kind, t.key) in (select kind, key from troubled)))
           select n.kind as "kind!", n.key as "key!", n.name as "name!", n.handle as "person?", s.live as "live!",
             s.overdue as "overdue!", s.blocked as "blocked!", s.retrying as "retrying!", s.waiting as "waiting!",
             s.wider as "wider!", n.failure is not null as "failed!",
             coalesce(n.fenced, s.why, n.failed, s.more) as why, n.paused_why,
             n.fenced_since is not null as "fenced!", n.paused_since is not null as "paused!",
             n.ran_at + (select ahead from business_clock) as ran_at
           from named n
           left join lateral (
             select count(*) as live, count(*) filter (where late.id is not null and l.proven <> 'gone') as overdue,
               count(*) filter (where l.condition = 'blocked') as blocked,
               count(*) filter (where l.condition = 'retrying') as retrying,
               count(*) filter (where l.condition = 'paused') as waiting,
               count(*) filter (where l.wider <> '{}' and g.state = 'active') as wider,
               (array_agg(coalesce(latchkey_blocker(null, null, l.evidence -> 'wider' -> 0), latchkey_blocker(l.wider[1], null, null)))
                 filter (where l.wider <> '{}' and g.state = 'active'))[1] as more,
               (array_agg(latchkey_blocker(l.error, l.code, l.blocker) order by late.id is null, l.condition = 'paused', l.condition)
                 filter (where l.condition <> 'ok'))[1] as why
             from access_grant g
             join grant_leg l on l.grant_id = g.id and l.target_kind = n.kind and l.target_key = n.key
             left join late on late.id = g.id
             where g.state <> 'ended' and ((n.kind = 'cluster' and g.cluster_id = n.key)
               or (n.kind = 'principal' and g.principal_id = n.key))
           ) s on true
           where $4::text is null or (n.kind, n.name, n.key) > ($4, (select name from named where kind = $4 and key = $5), $5)
           order by case when $3 then case when s.overdue > 0 then 0 when s.blocked > 0 or n.fenced_since is not null then 1
                      when s.wider > 0 or s.retrying > 0 or n.failure is not null then 2 else 3 end else 0 end,
             n.kind, n.name, n.key
           limit $6"#,
        wanted.kind,
        wanted.find,
        wanted.in_trouble,
        wanted.after.map(|target| target.kind()),
        wanted.after.map(|target| target.key()),
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(store.pool())
    .await?;
    Ok(readable(rows.into_iter().map(|row| {
        let id = row.key;
        let read = move || -> Result<TargetRow, StoreError> {
            Ok(TargetRow {
                target: target(&row.kind, row.key)?,
                person: row.person,
                live: row.live,
                overdue: row.overdue,
                blocked: row.blocked,
                retrying: row.retrying,
                waiting: row.waiting,
                wider: row.wider,
                failed: row.failed,
                why: match (row.why.as_deref(), row.paused_why) {
                    (Some(why), _) => Some(blocker(Some(why))),
                    (None, Some(why)) => Some(Blocker::Paused { cluster: row.name.clone(), why }),
                    (None, None) => None,
                },
                fenced: row.fenced,
                paused: row.paused,
                name: row.name,
                ran_at: row.ran_at.map(jiff_sqlx::Timestamp::to_jiff),
            })
        };
        (id, read())
    })))
}

fn target(kind: &str, key: uuid::Uuid) -> Result<Target, StoreError> {
    Target::from_columns(kind, key).ok_or_else(|| StoreError::corrupt("target", "kind", kind))
}

/// A target with everything that an operator needs to know of it.
#[derive(Debug, Clone)]
pub struct TargetDetail {
    pub target: Target,
    pub name: String,
    /// Its ARN, if the policy still has it.
    pub arn: Option<String>,
    pub person: Option<String>,
    pub due_at: Option<Timestamp>,
    pub ran_at: Option<Timestamp>,
    pub epoch: i64,
    /// The worker that has it, and until when at most.
    pub lease: Option<(String, Timestamp)>,
    pub failure: Option<Blocker>,
    pub fenced: Option<(Timestamp, Blocker)>,
    pub paused: Option<Paused>,
    /// The last look, and why it did not see everything.
    pub observed: Option<(Timestamp, Option<Blocker>)>,
    pub legs: Vec<ListedLeg>,
    pub writes: Vec<WriteRow>,
}

/// A pause of granting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    pub since: Timestamp,
    pub by: String,
    pub why: String,
}

/// An access's part on the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedLeg {
    pub grant: GrantId,
    pub holder: String,
    pub profile: String,
    pub state: GrantState,
    /// Since when it should have been gone.
    pub late_since: Option<Timestamp>,
    pub proven: Proven,
    pub trouble: Option<Trouble>,
    /// What it allows beyond what was approved, while it is running.
    pub wider: Vec<Blocker>,
    pub attempts: i32,
    /// Its blocker.
    pub why: Option<Blocker>,
    pub next_try: Option<Timestamp>,
}

impl ListedLeg {
    /// Whether it is in trouble other than a pause.
    pub fn is_stuck(&self) -> bool {
        self.trouble.is_some_and(|trouble| trouble != Trouble::Paused)
    }
}

/// A write that the worker was about to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRow {
    pub grant: Option<GrantId>,
    pub step: Known<StepKind>,
    pub object: String,
    pub started_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub became: Option<Became>,
}

/// The most legs and writes that a page shows.
const LEGS: i64 = 100;
const WRITES: i64 = 20;

/// The target; `None` if there is none of this key.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn by_key(store: &Store, id: Target) -> Result<Option<TargetDetail>, StoreError> {
    let row = sqlx::query!(
        r#"select coalesce(c.name, p.arn, t.key::text) as "name!", coalesce(c.arn, p.arn) as arn, h.handle as "person?",
             t.due_at + b.ahead as due_at, t.ran_at + b.ahead as ran_at, t.epoch, t.lease_holder,
             case when t.lease_until > clock_timestamp() then t.lease_until + b.ahead end as lease_until,
             coalesce(latchkey_blocker(null, null, t.failure_blocker), latchkey_blocker(t.failure, null, null)) as failure,
             t.fenced_since + b.ahead as fenced_since,
             coalesce(latchkey_blocker(null, null, t.fenced_blocker), latchkey_blocker(t.fenced_why, null, null)) as fenced,
             t.paused_since + b.ahead as paused_since,
             w.name as "paused_by?", t.paused_why, o.observed_at + b.ahead as observed_at, nullif(o.body->'trouble', 'null')::text as trouble
           from target t cross join business_clock b
           left join cluster c on t.kind = 'cluster' and c.id = t.key
           left join principal p on t.kind = 'principal' and p.id = t.key
           left join person h on h.id = p.person_id
           left join person w on w.id = t.paused_by
           left join observation o on o.target_kind = t.kind and o.target_key = t.key
           where t.kind = $1 and t.key = $2"#,
        id.kind(),
        id.key()
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let jiff = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    let paused = match (jiff(row.paused_since), row.paused_by, row.paused_why) {
        (Some(since), Some(by), Some(why)) => Some(Paused { since, by, why }),
        _ => None,
    };
    Ok(Some(TargetDetail {
        target: id,
        name: row.name,
        arn: row.arn,
        person: row.person,
        due_at: jiff(row.due_at),
        ran_at: jiff(row.ran_at),
        epoch: row.epoch,
        lease: row.lease_holder.zip(jiff(row.lease_until)),
        failure: row.failure.map(|why| blocker(Some(&why))),
        fenced: jiff(row.fenced_since).map(|since| (since, blocker(row.fenced.as_deref()))),
        paused,
        observed: jiff(row.observed_at).map(|at| (at, row.trouble.map(|why| blocker(Some(&why))))),
        legs: legs(store, id).await?,
        writes: writes(store, id).await?,
    }))
}

async fn legs(store: &Store, id: Target) -> Result<Vec<ListedLeg>, StoreError> {
    let rows = sqlx::query!(
        r#"select g.id, h.name as holder, g.profile, g.state, l.proven, l.condition, l.attempts,
             latchkey_blocker(l.error, l.code, l.blocker) as why,
             case when g.state = 'active' then latchkey_flat(l.wider) else '{}' end as "wider!",
             latchkey_text(l.evidence -> 'wider') as "values?",
             l.next_try + (select ahead from business_clock) as next_try,
             case when g.state = 'revoking' then g.revoking_since
                  when g.state = 'active' and g.until < latchkey_now() then g.until end as late_since
           from access_grant g
           join grant_leg l on l.grant_id = g.id and l.target_kind = $1 and l.target_key = $2
           join person h on h.id = g.person_id
           where g.state <> 'ended'
             and (($1 = 'cluster' and g.cluster_id = $2) or ($1 = 'principal' and g.principal_id = $2))
           order by l.condition = 'ok' and (l.wider = '{}' or g.state <> 'active'), g.state <> 'revoking', l.condition = 'paused', l.condition, g.id limit $3"#,
        id.kind(),
        id.key(),
        LEGS
    )
    .fetch_all(store.pool())
    .await?;
    Ok(readable(rows.into_iter().map(|row| {
        let id = row.id;
        let read = move || -> Result<ListedLeg, StoreError> {
            Ok(ListedLeg {
                grant: GrantId(row.id),
                holder: row.holder,
                profile: row.profile,
                state: GrantState::parse(&row.state)
                    .ok_or_else(|| StoreError::corrupt("access_grant", "state", &row.state))?,
                late_since: row.late_since.map(jiff_sqlx::Timestamp::to_jiff),
                proven: Proven::parse(&row.proven)
                    .ok_or_else(|| StoreError::corrupt("grant_leg", "proven", &row.proven))?,
                trouble: trouble(&row.condition)?,
                wider: wider(row.wider, row.values.as_deref()),
                attempts: row.attempts,
                why: row.why.map(|why| blocker(Some(&why))),
                next_try: row.next_try.map(jiff_sqlx::Timestamp::to_jiff),
            })
        };
        (id, read())
    })))
}

async fn writes(store: &Store, id: Target) -> Result<Vec<WriteRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select grant_id, step, object, started_at + ahead as "started_at!", finished_at + ahead as finished_at, outcome,
             latchkey_became(outcome, code) as code, latchkey_blocker(null, null, blocker) as failed
           from intent where target_kind = $1 and target_key = $2
           order by intent.finished_at desc nulls first limit $3"#,
        id.kind(),
        id.key(),
        WRITES
    )
    .fetch_all(store.pool())
    .await?;
    let rows = rows.into_iter().map(|row| WriteRow {
        grant: row.grant_id.map(GrantId),
        step: StepKind::read(&row.step),
        object: row.object,
        started_at: row.started_at.to_jiff(),
        finished_at: row.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
        became: became(row.code.as_deref(), row.failed.as_deref(), row.outcome.as_deref()),
    });
    Ok(rows.collect())
}
