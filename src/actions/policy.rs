//! The policy that rules now, parsed once per version.

use crate::{
    config,
    store::{Store, StoreError, policies},
};
use latchkey_domain::access::policy::PolicyFile;
use std::sync::{Arc, PoisonError, RwLock};

/// The current policy.toml with its hash.
#[derive(Debug, PartialEq, Eq)]
pub struct Current {
    pub file: PolicyFile,
    /// Lower-case hex SHA-256 of the text.
    pub hash: String,
}

/// Why there is no policy to rule by.
#[derive(Debug, thiserror::Error)]
pub enum NoPolicy {
    /// Nobody applied one yet.
    #[error("no policy was applied yet: run `latchkey policy apply policy.toml`")]
    None,
    /// The stored text was valid for the version that applied it and is not for this one.
    #[error("the stored policy {hash} is not valid for this version: {fault}")]
    Unreadable { hash: String, fault: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Parsing is a pure function of the text and the hash names the text, so one cell serves every store.
static PARSED: RwLock<Option<Arc<Current>>> = RwLock::new(None);

/// The current policy.
///
/// # Errors
/// `None` before the first `latchkey policy apply`; `Unreadable`; `Store`.
pub async fn current(store: &Store) -> Result<Arc<Current>, NoPolicy> {
    let hash = policies::current_hash(store.pool()).await?.ok_or(NoPolicy::None)?;
    if let Some(parsed) = parsed(&hash) {
        return Ok(parsed);
    }
    let version = policies::by_hash(store.pool(), &hash).await?.ok_or(NoPolicy::None)?;
    let current = Arc::new(parse(version)?);
    *PARSED.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&current));
    Ok(current)
}

fn parsed(hash: &str) -> Option<Arc<Current>> {
    let cell = PARSED.read().unwrap_or_else(PoisonError::into_inner);
    cell.as_ref().filter(|current| current.hash == hash).cloned()
}

fn parse(version: policies::CurrentPolicy) -> Result<Current, NoPolicy> {
    match config::policy::parse(&version.body) {
        Ok(file) => Ok(Current { file, hash: version.hash }),
        Err(faults) => {
            let fault = faults.first().map(ToString::to_string).unwrap_or_default();
            Err(NoPolicy::Unreadable { hash: version.hash, fault })
        }
    }
}
