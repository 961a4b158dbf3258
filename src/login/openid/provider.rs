//! The provider's discovery document and keys, cached for a while.

use super::{
    discovery::{self, Discovery, NoKeys, Undiscovered},
    keys::{KeySet, Unsigned},
    told::ToldObject,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Mutex, RwLock};

/// How long discovery document and keys are cached: a provider announces new keys days ahead.
const LIVES: Duration = Duration::from_mins(10);
/// A token with an unknown key causes the keys to be fetched again, but not more often than this.
const KEYS_AGAIN: Duration = Duration::from_mins(1);

/// The provider of an issuer.
#[derive(Debug)]
pub struct Provider {
    issuer: String,
    http: reqwest::Client,
    known: RwLock<Option<KnownProvider>>,
    /// When the keys were last fetched because of a token with an unknown key. Locked during the fetch.
    again: Mutex<Option<Instant>>,
}

/// Both, as fetched at one time.
#[derive(Debug, Clone)]
struct KnownProvider {
    at: Instant,
    discovery: Arc<Discovery>,
    keys: Arc<KeySet>,
}

/// Why the provider's documents are not known.
#[derive(Debug, thiserror::Error)]
pub enum UnknownProvider {
    #[error("its discovery document")]
    Discovery(#[from] Undiscovered),
    #[error("its key set")]
    Keys(#[from] NoKeys),
}

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
pub enum Unbelieved {
    #[error(transparent)]
    Unknown(#[from] UnknownProvider),
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
}

impl Provider {
    /// Makes a provider without fetching anything.
    pub fn new(issuer: String, http: reqwest::Client) -> Self {
        Self { issuer, http, known: RwLock::default(), again: Mutex::default() }
    }

    /// Its discovery document, at most ten minutes old. Its keys could be fetched, too.
    ///
    /// # Errors
    /// `UnknownProvider`.
    pub async fn discovery(&self) -> Result<Arc<Discovery>, UnknownProvider> {
        Ok(self.known().await?.discovery)
    }

    async fn known(&self) -> Result<KnownProvider, UnknownProvider> {
        if let Some(known) = self.known.read().await.as_ref().filter(|known| known.at.elapsed() < LIVES) {
            return Ok(known.clone());
        }
        let answer = discovery::ask(&self.http, &self.issuer).await?;
        let discovery = Discovery::read(answer.body())?;
        discovery.is_of(&self.issuer).map_err(Undiscovered::from)?;
        let needed = discovery.plain(&self.issuer).into_iter().find(|(_, member, _)| *member != "userinfo_endpoint");
        if let Some((_, member, address)) = needed {
            return Err(Undiscovered::Plain { member, address: address.clone() }.into());
        }
        let keys = discovery::keys(&self.http, &discovery.jwks_uri).await?;
        let known = KnownProvider { at: Instant::now(), discovery: Arc::new(discovery), keys: Arc::new(keys) };
        *self.known.write().await = Some(known.clone());
        Ok(known)
    }

    /// The claims of a token that this provider signed. If no known key signed it, the keys are fetched again, at most
    /// once a minute, since the provider may have a new key.
    ///
    /// # Errors
    /// `Unbelieved`.
    pub async fn verify(&self, token: &str) -> Result<ToldObject, Unbelieved> {
        let known = self.known().await?;
        match known.keys.verify(token) {
            Err(error) if error.may_be_a_new_key() => match self.newer_keys(&known).await? {
                Some(keys) => Ok(keys.verify(token)?),
                None => Err(error.into()),
            },
            answer => Ok(answer?),
        }
    }

    /// Keys that are newer than these. Concurrent callers wait for the same fetch.
    async fn newer_keys(&self, known: &KnownProvider) -> Result<Option<Arc<KeySet>>, UnknownProvider> {
        let mut again = self.again.lock().await;
        let current = self.known().await?;
        if !Arc::ptr_eq(&current.keys, &known.keys) {
            return Ok(Some(current.keys));
        }
        if again.is_some_and(|at| at.elapsed() < KEYS_AGAIN) {
            return Ok(None);
        }
        *again = Some(Instant::now());
        let keys = Arc::new(discovery::keys(&self.http, &current.discovery.jwks_uri).await?);
        if let Some(known) = self.known.write().await.as_mut() {
            known.keys = Arc::clone(&keys);
        }
        Ok(Some(keys))
    }
}
