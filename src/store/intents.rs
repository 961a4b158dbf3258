//! Intents: what the worker was about to write outside, committed before the write.

use super::{Store, StoreError, Tx};
use latchkey_domain::access::{GrantId, transition::Target};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// A write that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub id: Uuid,
    pub grant: Option<GrantId>,
    /// A verb and a noun in snake case: `create_binding`, `add_mapping`.
    pub step: &'static str,
    /// A noun phrase: `RoleBinding payments/latchkey:…`.
    pub object: String,
    pub detail: Value,
}

/// An intent whose outcome nobody recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dangling {
    pub id: Uuid,
    pub epoch: i64,
    pub grant: Option<GrantId>,
    pub step: String,
    pub object: String,
    pub detail: Value,
    /// Whether the write may still arrive: its run's time is not over.
    pub recent: bool,
}

/// A write that was begun so long ago has arrived or never will: longer than a lease and than an API server's time-out.
pub const ARRIVES_WITHIN_SECONDS: f64 = 70.0;

impl Tx {
    /// Records intents of a run.
    ///
    /// # Errors
    /// `Database`.
    pub async fn intend(&mut self, target: Target, epoch: i64, intents: &[Intent]) -> Result<(), StoreError> {
        for intent in intents {
            sqlx::query!(
                "insert into intent (id, target_kind, target_key, epoch, grant_id, step, object, detail, started_at,
                   ahead)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp(), (select b.ahead from business_clock b))",
                intent.id,
                target.kind(),
                target.key(),
                epoch,
                intent.grant.map(|id| id.0),
                intent.step,
                intent.object,
                intent.detail,
            )
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }
}

/// Records what became of an intent.
///
/// # Errors
/// `Database`.
pub async fn close(store: &Store, ids: &[Uuid], outcome: &str, uid: Option<&str>) -> Result<(), StoreError> {
    sqlx::query!(
        "update intent set finished_at = clock_timestamp(), outcome = $2, object_uid = $3
         where id = any($1) and finished_at is null",
        ids,
        outcome,
        uid,
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
        r#"select id, epoch, grant_id, step, object, detail,
             started_at > clock_timestamp() - make_interval(secs => $4) as "recent!"
           from intent where target_kind = $1 and target_key = $2 and finished_at is null and epoch < $3 order by id"#,
        target.kind(),
        target.key(),
        before_epoch,
        ARRIVES_WITHIN_SECONDS,
    )
    .fetch_all(store.pool())
    .await?;
    let dangling = rows.into_iter().map(|row| Dangling {
        id: row.id,
        epoch: row.epoch,
        grant: row.grant_id.map(GrantId),
        step: row.step,
        object: row.object,
        detail: row.detail,
        recent: row.recent,
    });
    Ok(dangling.collect())
}

/// How long ago the last delete of each grant's objects on a target was done, within the last minute.
///
/// # Errors
/// `Database`.
pub async fn deletes(store: &Store, target: Target) -> Result<BTreeMap<GrantId, Duration>, StoreError> {
    let rows = sqlx::query!(
        r#"select grant_id as "grant!", extract(epoch from clock_timestamp() - max(finished_at))::float8 as "age!"
           from intent where target_kind = $1 and target_key = $2 and step in ('delete_binding', 'empty_binding')
             and grant_id is not null and finished_at > clock_timestamp() - interval '1 minute'
           group by grant_id"#,
        target.kind(),
        target.key(),
    )
    .fetch_all(store.pool())
    .await?;
    let age = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
    Ok(rows.into_iter().map(|row| (GrantId(row.grant), age(row.age))).collect())
}
