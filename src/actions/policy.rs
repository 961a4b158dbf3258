//! The policy that rules now, parsed once per version.

use crate::{
    config,
    store::{Store, StoreError, policies},
};
use latchkey_domain::access::policy::PolicyFile;
use sqlx::PgConnection;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

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

/// A stored text as far as it could be read: also one that could not is read once, and not for every page.
#[derive(Debug)]
struct Parsed {
    hash: String,
    /// Else the first fault.
    outcome: Result<Arc<Current>, String>,
}

/// Parsing is a pure function of the text and the hash names the text, so one cell serves every store.
static PARSED: RwLock<Option<Arc<Parsed>>> = RwLock::new(None);

/// The current policy.
///
/// # Errors
/// `None` before the first `latchkey policy apply`; `Unreadable`; `Store`.
pub async fn current(store: &Store) -> Result<Arc<Current>, NoPolicy> {
    current_on(&mut *store.acquire().await?).await
}

/// The policy that is current in the transaction or snapshot of this connection.
///
/// # Errors
/// As of [`current`].
pub async fn current_on(connection: &mut PgConnection) -> Result<Arc<Current>, NoPolicy> {
    let hash = policies::current_hash(&mut *connection).await?.ok_or(NoPolicy::None)?;
    let parsed = match parsed(&hash) {
        Some(parsed) => parsed,
        None => parse(policies::by_hash(connection, &hash).await?.ok_or(NoPolicy::None)?),
    };
    match &parsed.outcome {
        Ok(current) => Ok(Arc::clone(current)),
        Err(fault) => Err(NoPolicy::Unreadable { hash, fault: fault.clone() }),
    }
}

fn parsed(hash: &str) -> Option<Arc<Parsed>> {
    let cell = PARSED.read().unwrap_or_else(PoisonError::into_inner);
    cell.as_ref().filter(|parsed| parsed.hash == hash).cloned()
}

fn parse(version: policies::CurrentPolicy) -> Arc<Parsed> {
    let outcome = match config::policy::parse(&version.body) {
        Ok(file) => Ok(Arc::new(Current { file, hash: version.hash.clone() })),
        Err(faults) => {
            let fault = faults.iter().find(|fault| fault.is_error()).map(ToString::to_string).unwrap_or_default();
            tracing::error!(hash = version.hash, fault, "the stored policy cannot be read");
            Err(fault)
        }
    };
    let parsed = Arc::new(Parsed { hash: version.hash, outcome });
    *PARSED.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&parsed));
    parsed
}

impl Current {
    /// The policy that lets nobody do anything: what is gone by where none can be read.
    pub fn nothing() -> Arc<Self> {
        let file = PolicyFile {
            roles: BTreeMap::new(),
            accounts: vec![],
            clusters: vec![],
            profiles: vec![],
            policies: vec![],
        };
        Arc::new(Self { file, hash: String::new() })
    }
}
