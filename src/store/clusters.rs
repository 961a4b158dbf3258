//! The clusters that the current policy names, and whether each is still the one that was taken on.
//!
//! A cluster is identified by its ARN and the `createdAt` that EKS tells; the name is what people see. `gone_code` says
//! why it is gone, `gone_blocker` has the facts, and `gone_why` is the sentence.

use super::{
    Store, StoreError, Tx,
    columns::{gone, kept, time, to_json},
};
use jiff::SignedDuration;
use latchkey_domain::audit::event::Event;
use latchkey_domain::{
    access::{
        ClusterId, EventDraft, blocker::Blocker, cluster::ClusterName, standing::RuledCluster, transition::Actor,
    },
    plan::existence::{ClusterRecord, Existence},
};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A cluster's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub id: ClusterId,
    pub name: ClusterName,
    pub arn: String,
    /// Why it is gone for good, if it is.
    pub gone: Option<Blocker>,
}

/// The clusters that are not dropped, by name.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn all(store: &Store) -> Result<Vec<Cluster>, StoreError> {
    let rows = sqlx::query!(
        "select id, name, arn, gone_why, latchkey_blocker(null, null, gone_blocker) as gone
         from cluster where dropped_at is null order by name"
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            let name = row.name.parse().map_err(|error| StoreError::corrupt("cluster", "name", error))?;
            Ok(Cluster { id: ClusterId(row.id), name, arn: row.arn, gone: gone(row.gone.as_deref(), row.gone_why) })
        })
        .collect()
}

/// The cluster of this name.
///
/// # Errors
/// `Database`.
pub async fn by_name(store: &Store, name: &ClusterName) -> Result<Option<Cluster>, StoreError> {
    let row = sqlx::query!(
        "select id, arn, gone_why, latchkey_blocker(null, null, gone_blocker) as gone
         from cluster where name = $1 and dropped_at is null",
        name.as_str()
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| Cluster {
        id: ClusterId(row.id),
        name: name.clone(),
        arn: row.arn,
        gone: gone(row.gone.as_deref(), row.gone_why),
    }))
}

/// Those of these clusters that are not dropped, each with its ClusterRoles of these names.
///
/// # Errors
/// `Database`. If the observation of one cluster cannot be read, the cluster counts as not observed.
pub async fn standing(
    connection: &mut PgConnection,
    ids: &[ClusterId],
    roles: &[String],
) -> Result<BTreeMap<ClusterId, RuledCluster>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select c.id, c.name, c.gone_why, latchkey_blocker(null, null, c.gone_blocker) as gone,
             case jsonb_typeof(seen.roles) when 'object' then
               (select coalesce(jsonb_object_agg(wanted.name, seen.roles->wanted.name->'rules'), '{}')
                from unnest($2::text[]) as wanted (name) where seen.roles ? wanted.name)
             end as roles
           from cluster c
           left join observation o on o.target_kind = 'cluster' and o.target_key = c.id
           cross join lateral (select o.body->'kubernetes'->'cluster_roles' as roles offset 0) seen
           where c.id = any($1) and c.dropped_at is null"#,
        &ids,
        roles
    )
    .fetch_all(connection)
    .await?;
    let standing = rows.into_iter().filter_map(|row| {
        let name = row.name.parse().ok()?;
        let roles = row.roles.and_then(|roles| serde_json::from_value(roles).ok());
        Some((ClusterId(row.id), RuledCluster { name, gone: gone(row.gone.as_deref(), row.gone_why), roles }))
    });
    Ok(standing.collect())
}

/// What is recorded of a cluster's existence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub known: ClusterRecord,
    /// Why it is gone for good, if it is.
    pub gone: Option<Blocker>,
    /// Whether an access is to be set up there.
    pub sets_up: bool,
}

/// What is recorded of a cluster's existence, including dropped ones.
///
/// # Errors
/// `Database`. No such cluster is `None`.
pub async fn recorded(store: &Store, id: ClusterId) -> Result<Option<Recorded>, StoreError> {
    let row = sqlx::query!(
        r#"select name, arn, created_at, gone_why, latchkey_blocker(null, null, gone_blocker) as gone,
             extract(epoch from clock_timestamp() - missing_since)::float8 as missing_for,
             exists (select from access_grant where cluster_id = $1 and state in ('scheduled', 'provisioning')) as "sets_up!"
           from cluster where id = $1"#,
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| {
        let missing_for = row.missing_for.and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok());
        let created_at = row.created_at.map(jiff_sqlx::Timestamp::to_jiff);
        let known = ClusterRecord { name: row.name, arn: row.arn, created_at, missing_for };
        Recorded { known, gone: gone(row.gone.as_deref(), row.gone_why), sets_up: row.sets_up }
    }))
}

impl Tx {
    /// Records what a look at EKS says of a cluster's existence, with an audit event if that changes something. Returns
    /// whether the lease of this epoch still holds: without it nothing is recorded, since a later run may know better.
    /// `say` makes the sentence of why the cluster is gone.
    ///
    /// # Errors
    /// `Database`.
    pub async fn note_existence(
        &mut self,
        id: ClusterId,
        epoch: i64,
        existence: &Existence,
        say: fn(&Blocker) -> String,
    ) -> Result<bool, StoreError> {
        let held = sqlx::query_scalar!(
            r#"select epoch = $2 as "held!" from target where kind = 'cluster' and key = $1 for update"#,
            id.0,
            epoch
        )
        .fetch_optional(self.connection())
        .await?;
        if held != Some(true) {
            return Ok(false);
        }
        let what = match existence {
            Existence::Same | Existence::StillMissing | Existence::Unknown => return Ok(true),
            Existence::FirstSeen(at) => {
                sqlx::query!(
                    "update cluster set created_at = $2, missing_since = null where id = $1 and created_at is null",
                    id.0,
                    time(*at) as _
                )
                .execute(self.connection())
                .await?;
                return Ok(true);
            }
            Existence::Missing => {
                sqlx::query!("update cluster set missing_since = clock_timestamp() where id = $1", id.0)
                    .execute(self.connection())
                    .await?;
                Event::ClusterMissing {}
            }
            Existence::Back => {
                sqlx::query!("update cluster set missing_since = null where id = $1", id.0)
                    .execute(self.connection())
                    .await?;
                Event::ClusterFoundAgain {}
            }
            Existence::Gone(why) => {
                let said = kept(&say(why)).into_owned();
                sqlx::query!(
                    "update cluster set gone_at = clock_timestamp(), gone_why = $2, gone_code = $3, gone_blocker = $4
                     where id = $1 and gone_at is null",
                    id.0,
                    said,
                    why.code(),
                    to_json(why)?
                )
                .execute(self.connection())
                .await?;
                Event::ClusterGone { why: said }
            }
        };
        let now = self.now().await?;
        self.event(&EventDraft { cluster: Some(id), ..EventDraft::new(what, Actor::worker()) }, now).await?;
        Ok(true)
    }
}
