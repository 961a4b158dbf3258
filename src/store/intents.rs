//! Intents: what the worker was about to write outside, committed before the write.
//!
//! What later runs read of a `detail`: of a binding, its [`BindingKey`] as `{"namespace", "name"}`; of a ClusterRole that
//! is to be deleted, the object's `uid`; of an access entry that is to be made, the `principal`'s id, and of one that is to
//! be deleted, its own ARN as `entry`; of an inline policy that is written, the text as `document`.
//!
//! After the write, `code` says what its outcome is, `blocker` has the facts of a failure, and `outcome` is the
//! sentence of it.

use super::{
    Store, StoreError, Tx,
    columns::{kept, kept_json, to_json},
};
use latchkey_domain::{
    access::{ClusterId, GrantId, became::Became, step_kind::StepKind, transition::Target},
    audit::event::Known,
    plan::desired::BindingKey,
};
use serde_json::Value;
use sqlx::PgConnection;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use uuid::Uuid;

/// A write that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub id: Uuid,
    pub grant: Option<GrantId>,
    pub step: StepKind,
    /// A noun phrase: `RoleBinding payments/latchkey:…`.
    pub object: String,
    pub detail: Value,
}

/// An intent whose outcome was not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dangling {
    pub id: Uuid,
    pub epoch: i64,
    pub grant: Option<GrantId>,
    pub step: Known<StepKind>,
    pub object: String,
    pub detail: Value,
}

/// How long a late write may arrive from a process that stood still between its permit and the write. API servers
/// accept it as long as its token lasts: 15 min from the claim, by a clock that may be 4 min ahead.
pub const TOKEN_LASTS: Duration = Duration::from_mins(20);
/// The same for AWS's APIs, which accept a request up to 5 min after its signature.
pub const SIGNATURE_LASTS: Duration = Duration::from_mins(10);

/// How long IAM may show the state before a write: four seconds were measured.
pub const IAM_SETTLES: Duration = Duration::from_secs(15);

/// In the detail of an intent: its grant, if that was locked, so that the row could not refer to it.
pub const OF_GRANT: &str = "of_grant";

impl Tx {
    /// Records intents of a run.
    ///
    /// # Errors
    /// `Database`.
    pub async fn intend(&mut self, target: Target, epoch: i64, intents: &[Intent]) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = intents.iter().map(|intent| intent.id).collect();
        let grants: Vec<Option<Uuid>> = intents.iter().map(|intent| intent.grant.map(|id| id.0)).collect();
        let steps: Vec<String> = intents.iter().map(|intent| intent.step.as_str().to_owned()).collect();
        let objects: Vec<String> = intents.iter().map(|intent| kept(&intent.object).into_owned()).collect();
        let details: Vec<Value> = intents.iter().map(|intent| kept_json(intent.detail.clone())).collect();
        sqlx::query!(
            "insert into intent (id, target_kind, target_key, epoch, grant_id, step, object, detail, started_at, ahead)
             select own.id, $1, $2, $3, own.grant_id, own.step, own.object, own.detail, clock_timestamp(),
               (select b.ahead from business_clock b)
             from unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::jsonb[])
               as own (id, grant_id, step, object, detail)",
            target.kind(),
            target.key(),
            epoch,
            &ids,
            &grants as &[Option<Uuid>],
            &steps,
            &objects,
            &details,
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Locks those of these intents that are open and not locked by another session, and returns them.
    ///
    /// # Errors
    /// `Database`.
    pub async fn lock_open_intents(&mut self, ids: &[Uuid]) -> Result<BTreeSet<Uuid>, StoreError> {
        let free = sqlx::query_scalar!(
            "select id from intent where id = any($1) and finished_at is null order by id for no key update skip locked",
            ids
        );
        Ok(free.fetch_all(self.connection()).await?.into_iter().collect())
    }

    /// Records the outcome of intents within a transaction, except those that another session has locked. `said` is the
    /// sentence of it, for processes of earlier versions.
    ///
    /// # Errors
    /// `Database`.
    pub async fn close_intents(
        &mut self,
        ids: &[Uuid],
        became: &Became,
        said: &str,
        uid: Option<&str>,
    ) -> Result<(), StoreError> {
        let (said, uid, blocker) = (kept(said), uid.map(kept), became.failure().map(to_json).transpose()?);
        sqlx::query!(
            "update intent i set finished_at = clock_timestamp(), outcome = $2, object_uid = $3, code = $4, blocker = $5
             from (select id from intent where id = any($1) and finished_at is null
                   order by id for no key update skip locked) free where i.id = free.id",
            ids,
            said.as_ref(),
            uid.as_deref(),
            became.code(),
            blocker,
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// Records the outcome of intents. An intent that another session has locked stays open: a later run closes it. `said`
/// is the sentence of it, for processes of earlier versions.
///
/// # Errors
/// `Database`.
pub async fn close(
    store: &Store,
    ids: &[Uuid],
    became: &Became,
    said: &str,
    uid: Option<&str>,
) -> Result<(), StoreError> {
    let (said, uid, blocker) = (kept(said), uid.map(kept), became.failure().map(to_json).transpose()?);
    sqlx::query!(
        "update intent i set finished_at = clock_timestamp(), outcome = $2, object_uid = $3, code = $4, blocker = $5
         from (select id from intent where id = any($1) and finished_at is null
               order by id for no key update skip locked) free where i.id = free.id",
        ids,
        said.as_ref(),
        uid.as_deref(),
        became.code(),
        blocker,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// The intents of a target that have no outcome.
///
/// # Errors
/// `Database`.
pub async fn dangling(store: &Store, target: Target, before_epoch: i64) -> Result<Vec<Dangling>, StoreError> {
    let rows = sqlx::query!(
        "select id, epoch, grant_id, step, object, detail
         from intent where target_kind = $1 and target_key = $2 and finished_at is null and epoch < $3 order by id",
        target.kind(),
        target.key(),
        before_epoch,
    )
    .fetch_all(store.pool())
    .await?;
    let dangling = rows.into_iter().map(|row| Dangling {
        id: row.id,
        epoch: row.epoch,
        grant: row.grant_id.or_else(|| row.detail.get(OF_GRANT)?.as_str()?.parse().ok()).map(GrantId),
        step: StepKind::read(&row.step),
        object: row.object,
        detail: row.detail,
    });
    Ok(dangling.collect())
}

/// The bindings of a cluster that an interrupted run may still create: no later run saw them for certain, or could
/// record that, and the run's token is still valid. An intent whose binding name cannot be read is left out: the sweep
/// finds what it makes.
///
/// # Errors
/// `Database`.
pub async fn uncertain(connection: &mut PgConnection, cluster: ClusterId) -> Result<BTreeSet<BindingKey>, StoreError> {
    let details = sqlx::query_scalar!(
        "select detail from intent i where target_kind = 'cluster' and target_key = $1 and step = $2
           and ((latchkey_became(outcome, code) = $3 and finished_at > (select clock_timestamp()) - make_interval(secs => $4))
             or (finished_at is null
               and epoch < (select t.epoch from target t where t.kind = i.target_kind and t.key = i.target_key)))
           and started_at > clock_timestamp() - make_interval(secs => $4)",
        cluster.0,
        StepKind::CreateBinding.as_str(),
        Became::InterruptedUnseen.code(),
        TOKEN_LASTS.as_secs_f64(),
    )
    .fetch_all(connection)
    .await?;
    Ok(details.iter().filter_map(binding_key).collect())
}

/// What is known of deletions of ClusterRoles on a cluster, while a token of their runs lasts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RoleDeletions {
    /// The UIDs of those that an interrupted run may still delete.
    pub open: BTreeSet<String>,
    /// Whether one was refused for want of the right.
    pub refused: bool,
}

/// The deletions of ClusterRoles that may still come, and whether one was refused.
///
/// # Errors
/// `Database`.
pub async fn role_deletions(connection: &mut PgConnection, cluster: ClusterId) -> Result<RoleDeletions, StoreError> {
    let rows = sqlx::query!(
        r#"select detail ->> 'uid' as uid, coalesce(latchkey_became(outcome, code) = 'failed', false) as "failed!",
             coalesce(blocker ->> 'code' = 'refused', false) as "refused!"
         from intent i where target_kind = 'cluster' and target_key = $1 and step = $2
           and ((finished_at > (select clock_timestamp()) - make_interval(secs => $3)
               and latchkey_became(outcome, code) <> 'done')
             or (finished_at is null
               and epoch < (select t.epoch from target t where t.kind = i.target_kind and t.key = i.target_key)))
           and started_at > clock_timestamp() - make_interval(secs => $3)"#,
        cluster.0,
        StepKind::DeleteRole.as_str(),
        TOKEN_LASTS.as_secs_f64(),
    )
    .fetch_all(connection)
    .await?;
    let mut deletions = RoleDeletions::default();
    for row in rows {
        match (row.failed, row.refused, row.uid) {
            (true, true, _) => deletions.refused = true,
            // It had no effect, and the next look tries it again.
            (true, false, _) | (false, _, None) => {}
            (false, _, Some(uid)) => drop(deletions.open.insert(uid)),
        }
    }
    Ok(deletions)
}

/// The binding that an intent's detail names; `None` if it is about something else.
pub fn binding_key(detail: &Value) -> Option<BindingKey> {
    let text = |field: &str| detail.get(field)?.as_str().map(str::to_owned);
    Some(BindingKey { namespace: text("namespace"), name: text("name")? })
}

/// How long a write to AWS of an earlier run, whose outcome nobody recorded, may still arrive; none where there is none.
///
/// # Errors
/// `Database`.
pub async fn arrives_within(store: &Store, target: Target) -> Result<Option<Duration>, StoreError> {
    let seconds = sqlx::query_scalar!(
        "select extract(epoch from max(started_at) - clock_timestamp() + make_interval(secs => $3))::float8
         from intent where target_kind = $1 and target_key = $2
           and finished_at > (select clock_timestamp()) - make_interval(secs => $3)
           and started_at > clock_timestamp() - make_interval(secs => $3)
           and starts_with(latchkey_became(outcome, code), 'interrupted')",
        target.kind(),
        target.key(),
        SIGNATURE_LASTS.as_secs_f64(),
    )
    .fetch_one(store.pool())
    .await?;
    Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
}

/// How long ago the last delete of each grant's objects on a target was done, within the last minute.
///
/// # Errors
/// `Database`.
pub async fn deletes(store: &Store, target: Target) -> Result<BTreeMap<GrantId, Duration>, StoreError> {
    let rows = sqlx::query!(
        r#"select grant_id as "grant!", extract(epoch from clock_timestamp() - max(finished_at))::float8 as "age!"
           from intent where target_kind = $1 and target_key = $2 and step in ('delete_binding', 'empty_binding')
             and grant_id is not null and finished_at > (select clock_timestamp()) - interval '1 minute'
           group by grant_id"#,
        target.kind(),
        target.key(),
    )
    .fetch_all(store.pool())
    .await?;
    let age = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
    Ok(rows.into_iter().map(|row| (GrantId(row.grant), age(row.age))).collect())
}
