//! The current policy, parsed once per version.

use crate::{
    config,
    store::{Connection, Store, StoreError, policies, policies::ReadPolicy},
};
use latchkey_domain::access::policy::PolicyFile;
use std::{collections::BTreeMap, sync::Arc};

pub use crate::store::policies::Current;

/// Why there is no policy to go by.
#[derive(Debug, thiserror::Error)]
pub enum NoPolicy {
    /// No policy was applied yet.
    #[error("no policy was applied yet: run `latchkey policy apply policy.toml`")]
    None,
    /// The stored text was valid for the version that applied it, and is not valid for this one.
    #[error("the stored policy {hash} is not valid for this version: {fault}")]
    Unreadable { hash: String, fault: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The current policy.
///
/// # Errors
/// `None` before the first `latchkey policy apply`; `Unreadable`; `Store`.
pub async fn current(store: &Store) -> Result<Arc<Current>, NoPolicy> {
    current_on(store, &mut *store.acquire().await?).await
}

/// The policy that is current in the transaction or snapshot of this connection of the store.
///
/// # Errors
/// As [`current`].
pub async fn current_on(store: &Store, connection: &mut Connection) -> Result<Arc<Current>, NoPolicy> {
    let hash = policies::current_hash(&mut *connection).await?.ok_or(NoPolicy::None)?;
    by_hash(store, connection, &hash).await
}

/// The policy of this hash, which was just read as that of the current policy; none if no policy was applied. A policy
/// that was parsed before is not read again.
///
/// # Errors
/// As of [`current`].
pub async fn of_hash(store: &Store, hash: Option<&str>) -> Result<Arc<Current>, NoPolicy> {
    let hash = hash.ok_or(NoPolicy::None)?;
    match store.read_policy(hash) {
        Some(kept) => outcome(&kept),
        None => by_hash(store, &mut *store.acquire().await?, hash).await,
    }
}

async fn by_hash(store: &Store, connection: &mut Connection, hash: &str) -> Result<Arc<Current>, NoPolicy> {
    if let Some(kept) = store.read_policy(hash) {
        return outcome(&kept);
    }
    let read = Arc::new(read(policies::by_hash(connection, hash).await?.ok_or(NoPolicy::None)?));
    store.keep_policy(&read);
    outcome(&read)
}

fn outcome(read: &ReadPolicy) -> Result<Arc<Current>, NoPolicy> {
    match &read.outcome {
        Ok(current) => Ok(Arc::clone(current)),
        Err(fault) => Err(NoPolicy::Unreadable { hash: read.hash.clone(), fault: fault.clone() }),
    }
}

fn read(version: policies::CurrentPolicy) -> ReadPolicy {
    let outcome = match config::policy::parse(&version.body) {
        Ok(file) => Ok(Arc::new(Current { file, hash: version.hash.clone() })),
        Err(faults) => {
            let fault = faults.iter().find(|fault| fault.is_error()).map(ToString::to_string).unwrap_or_default();
            tracing::error!(hash = version.hash, fault, "the stored policy cannot be read");
            Err(fault)
        }
    };
    ReadPolicy { hash: version.hash, outcome }
}

/// A policy that allows nothing, used if none can be read.
pub fn nothing() -> Arc<Current> {
    let file =
        PolicyFile { roles: BTreeMap::new(), accounts: vec![], clusters: vec![], profiles: vec![], policies: vec![] };
    Arc::new(Current { file, hash: String::new() })
}
