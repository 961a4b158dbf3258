//! Versions of policy.toml.

mod apply;
mod ends;

pub(super) use apply::APPLY_LOCK;
pub use apply::{Application, AppliedPolicy, GoneFromPolicy, NotApplied, apply};
pub use ends::NotGranted;

use super::{Store, StoreError, Tx};
use latchkey_domain::access::policy::PolicyFile;
use sqlx::{PgExecutor, PgPool};
use std::sync::{Arc, PoisonError, RwLock};

/// A version, read as far as possible. One that cannot be read is kept, too: it is not read again for every page.
#[derive(Debug)]
pub struct ReadPolicy {
    /// Lower-case hex SHA-256 of the text.
    pub hash: String,
    /// The policy, or its first fault.
    pub outcome: Result<Arc<Current>, String>,
}

/// The current policy.toml with its hash.
#[derive(Debug, PartialEq, Eq)]
pub struct Current {
    pub file: PolicyFile,
    /// Lower-case hex SHA-256 of the text.
    pub hash: String,
}

/// The version that was read last, shared by all users of one pool.
#[derive(Debug, Clone, Default)]
pub(super) struct LastRead(Arc<RwLock<Option<Arc<ReadPolicy>>>>);

impl Store {
    /// The version of this hash, if it was the last one that was read.
    pub fn read_policy(&self, hash: &str) -> Option<Arc<ReadPolicy>> {
        let last = self.policy.0.read().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|read| read.hash == hash).cloned()
    }

    /// Stores a version that was read, in place of the one before.
    pub fn keep_policy(&self, read: &Arc<ReadPolicy>) {
        *self.policy.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(read));
    }
}

/// A policy.toml that was current once, or is current now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentPolicy {
    /// Lower-case hex SHA-256 of the text.
    pub hash: String,
    pub body: String,
}

/// The hash of the current version; `None` before the first `latchkey policy apply`.
///
/// # Errors
/// `Database`.
pub async fn current_hash(executor: impl PgExecutor<'_>) -> Result<Option<String>, StoreError> {
    let row = sqlx::query!("select hash from policy_version where current").fetch_optional(executor).await?;
    Ok(row.map(|row| hex::encode(row.hash)))
}

/// The version of this hash (lower-case hex).
///
/// # Errors
/// `Database`. No such version, or no such hash, is `None`.
pub async fn by_hash(executor: impl PgExecutor<'_>, hash: &str) -> Result<Option<CurrentPolicy>, StoreError> {
    let Ok(bytes) = hex::decode(hash) else { return Ok(None) };
    let row =
        sqlx::query!("select hash, body from policy_version where hash = $1", bytes).fetch_optional(executor).await?;
    Ok(row.map(|row| CurrentPolicy { hash: hex::encode(row.hash), body: row.body }))
}

/// The current version; `None` before the first `latchkey policy apply`.
///
/// # Errors
/// `Database`.
pub async fn current(pool: &PgPool) -> Result<Option<CurrentPolicy>, StoreError> {
    let row = sqlx::query!("select hash, body from policy_version where current").fetch_optional(pool).await?;
    Ok(row.map(|row| CurrentPolicy { hash: hex::encode(row.hash), body: row.body }))
}

impl Tx {
    /// The hash of the current version, which stays current until this transaction ends: an application of another one
    /// waits, and then sees what was decided. It is locked after a request, before grants and targets.
    ///
    /// # Errors
    /// `Database`.
    pub async fn lock_policy(&mut self) -> Result<Option<String>, StoreError> {
        sqlx::query!("select pg_advisory_xact_lock_shared($1)", apply::APPLY_LOCK).fetch_one(self.connection()).await?;
        let row =
            sqlx::query!("select hash from policy_version where current").fetch_optional(self.connection()).await?;
        Ok(row.map(|row| hex::encode(row.hash)))
    }

    /// Shares the lock of the policy, and returns whether it was free: no application has it or waits for it.
    ///
    /// # Errors
    /// `Database`.
    pub async fn try_lock_policy(&mut self) -> Result<bool, StoreError> {
        let free = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock_shared($1) as "free!""#, apply::APPLY_LOCK);
        Ok(free.fetch_one(self.connection()).await?)
    }
}
