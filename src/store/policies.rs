//! Versions of policy.toml, and the clusters that they name.

use super::StoreError;
use sqlx::PgPool;

/// The policy.toml that rules now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentPolicy {
    /// Lower-case hex SHA-256 of the text.
    pub hash: String,
    pub body: String,
}

/// The current version; `None` before the first `latchkey policy apply`.
///
/// # Errors
/// `Database`.
pub async fn current(pool: &PgPool) -> Result<Option<CurrentPolicy>, StoreError> {
    let row = sqlx::query!("select hash, body from policy_version where current").fetch_optional(pool).await?;
    Ok(row.map(|row| CurrentPolicy { hash: hex::encode(row.hash), body: row.body }))
}
