//! The clusters that the current policy names.

use super::{Store, StoreError};
use latchkey_domain::access::{ClusterId, cluster::ClusterName};

/// A cluster's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub id: ClusterId,
    pub name: ClusterName,
    pub arn: String,
}

/// The clusters that are not dropped, by name.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn all(store: &Store) -> Result<Vec<Cluster>, StoreError> {
    let rows = sqlx::query!("select id, name, arn from cluster where dropped_at is null order by name")
        .fetch_all(store.pool())
        .await?;
    rows.into_iter()
        .map(|row| {
            let name = row.name.parse().map_err(|error| StoreError::corrupt("cluster", "name", error))?;
            Ok(Cluster { id: ClusterId(row.id), name, arn: row.arn })
        })
        .collect()
}

/// The cluster of this name.
///
/// # Errors
/// `Database`.
pub async fn by_name(store: &Store, name: &ClusterName) -> Result<Option<Cluster>, StoreError> {
    let row = sqlx::query!("select id, arn from cluster where name = $1 and dropped_at is null", name.as_str())
        .fetch_optional(store.pool())
        .await?;
    Ok(row.map(|row| Cluster { id: ClusterId(row.id), name: name.clone(), arn: row.arn }))
}
