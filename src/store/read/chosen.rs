//! The cluster that a person chooses in the form of a request, in one statement: its row, the last look at it, and what
//! keeps new accesses from it.

use super::hold::{Gravest, Hold, OnHold};
use crate::store::{
    Store, StoreError,
    clusters::Cluster,
    columns::gone,
    observations::{self, Observed, Version},
};
use latchkey_domain::{
    access::{ClusterId, cluster::ClusterName},
    plan::observation::ClusterObservation,
};
use std::sync::Arc;

/// A chosen cluster.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub cluster: Cluster,
    /// The last look at it, parsed once for all who share a store.
    pub observed: Option<Observed<Arc<ClusterObservation>>>,
    /// The gravest reason why nothing new is set up on it; `None` if there is no such reason.
    pub held: Option<OnHold>,
}

/// The cluster of this name. What a look at it shows is read only if this process has not read that look before.
///
/// # Errors
/// `Database`.
pub async fn by_name(store: &Store, name: &ClusterName) -> Result<Option<Chosen>, StoreError> {
    let row = sqlx::query!(
        r#"select c.id, c.arn, c.gone_why, latchkey_blocker(null, null, c.gone_blocker) as gone,
             o.hash as "hash?", latchkey_readable(o.observed_at) as observed_at,
             extract(epoch from clock_timestamp() - latchkey_readable(o.observed_at))::bigint as age,
             t.fenced_since is not null as "fenced!", u.unmarked as "unmarked!", t.failure is not null as "failed!",
             t.paused_since is not null as "paused!",
             p.name as "paused_by?", t.paused_why as "paused_why?",
             latchkey_readable(case when t.fenced_since is not null then t.fenced_since when u.unmarked then t.failed_since
               when t.paused_since is not null then t.paused_since else t.failed_since end) + b.ahead as since
           from cluster c
           left join observation o on o.target_kind = 'cluster' and o.target_key = c.id
           left join target t on t.kind = 'cluster' and t.key = c.id and c.gone_at is null
           cross join lateral (select t.failure_code is not distinct from 'marker_missing' as unmarked) u
           left join person p on p.id = t.paused_by
           cross join business_clock b
           where c.name = $1 and c.dropped_at is null"#,
        name.as_str(),
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let id = ClusterId(row.id);
    let is_held = row.fenced || row.paused || row.failed;
    let held = is_held.then(|| OnHold {
        id,
        cluster: name.to_string(),
        since: row.since.map(jiff_sqlx::Timestamp::to_jiff),
        hold: Hold::of(Gravest { fenced: row.fenced, unmarked: row.unmarked }, row.paused_by, row.paused_why),
    });
    let version = row.hash.and_then(|hash| Version::of(hash, row.observed_at, row.age));
    let observed = match version {
        Some(version) => observations::shared(store, id, version).await?,
        None => None,
    };
    let gone = gone(row.gone.as_deref(), row.gone_why);
    Ok(Some(Chosen { cluster: Cluster { id, name: name.clone(), arn: row.arn, gone }, observed, held }))
}
