//! The last look at each target.

use super::{
    Store, StoreError,
    columns::{parsed, to_json},
};
use crate::causes::chain;
use jiff::Timestamp;
use latchkey_domain::{
    access::{ClusterId, PrincipalId, transition::Target},
    eks::rbac::Kinds,
    plan::observation::{ClusterObservation, PrincipalObservation},
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// Something observed, with its age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed<T> {
    pub body: T,
    /// By the database's real clock.
    pub at: Timestamp,
    pub age_seconds: u64,
}

/// The last look at a cluster; `None` if the worker never looked, or this version cannot read it.
///
/// # Errors
/// `Database`.
pub async fn cluster(store: &Store, id: ClusterId) -> Result<Option<Observed<ClusterObservation>>, StoreError> {
    read(store, Target::Cluster(id)).await
}

/// How many looks are kept parsed: pages are about few clusters at a time.
const KEPT: usize = 16;

/// A look that was parsed, with its hash.
type KeptLook = (Vec<u8>, Arc<ClusterObservation>);

/// Looks that were parsed, by their hash, the newest last.
#[derive(Debug, Clone, Default)]
pub(super) struct Parsed(Arc<Mutex<VecDeque<KeptLook>>>);

impl Parsed {
    fn get(&self, hash: &[u8]) -> Option<Arc<ClusterObservation>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(own, _)| own == hash).map(|(_, body)| Arc::clone(body))
    }

    fn put(&self, hash: Vec<u8>, body: &Arc<ClusterObservation>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(own, _)| *own != hash);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((hash, Arc::clone(body)));
    }
}

/// The kinds that a cluster served at the last look; none if it was never looked at.
///
/// # Errors
/// `Database`.
pub async fn kinds(store: &Store, id: ClusterId) -> Result<Kinds, StoreError> {
    let seen = shared_cluster(store, id).await?;
    let state = seen.as_ref().and_then(|seen| seen.body.kubernetes.as_ref());
    Ok(state.map(|state| state.kinds.clone()).unwrap_or_default())
}

/// The last look at a cluster, for pages. Each is read and parsed once; after that only its hash and age are read.
///
/// # Errors
/// `Database`.
pub async fn shared_cluster(
    store: &Store,
    id: ClusterId,
) -> Result<Option<Observed<Arc<ClusterObservation>>>, StoreError> {
    let row = sqlx::query!(
        r#"select hash, latchkey_readable(observed_at) as at,
             extract(epoch from clock_timestamp() - latchkey_readable(observed_at))::bigint as age
           from observation where target_kind = 'cluster' and target_key = $1"#,
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    match row.and_then(|row| Version::of(row.hash, row.at, row.age)) {
        Some(version) => shared(store, id, version).await,
        None => Ok(None),
    }
}

/// Which look at a cluster it is, and when that was.
#[derive(Debug)]
pub(super) struct Version {
    hash: Vec<u8>,
    at: Timestamp,
    age_seconds: u64,
}

impl Version {
    /// The version from its columns; `None` if its time cannot be read.
    pub fn of(hash: Vec<u8>, at: Option<jiff_sqlx::Timestamp>, age: Option<i64>) -> Option<Self> {
        Some(Self { hash, at: at?.to_jiff(), age_seconds: u64::try_from(age?).unwrap_or(0) })
    }

    fn with<T>(&self, body: T) -> Observed<T> {
        Observed { body, at: self.at, age_seconds: self.age_seconds }
    }
}

/// The look at a cluster that has this version; if another came meanwhile, that one. A version that was read before is
/// neither asked for nor parsed again.
///
/// # Errors
/// `Database`.
pub(super) async fn shared(
    store: &Store,
    id: ClusterId,
    version: Version,
) -> Result<Option<Observed<Arc<ClusterObservation>>>, StoreError> {
    if let Some(body) = store.parsed.get(&version.hash) {
        return Ok(Some(version.with(body)));
    }
    let row = sqlx::query!(
        r#"select body::text as "body!", hash, latchkey_readable(observed_at) as at,
             extract(epoch from clock_timestamp() - latchkey_readable(observed_at))::bigint as age
           from observation where target_kind = 'cluster' and target_key = $1"#,
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(version) = Version::of(row.hash, row.at, row.age) else { return Ok(None) };
    // The next look replaces it; until then it is as if there had been none.
    let Ok(body) = parsed("observation", "body", Some(&row.body)) else { return Ok(None) };
    let body = Arc::new(body);
    store.parsed.put(version.hash.clone(), &body);
    Ok(Some(version.with(body)))
}

/// The last look at a principal; `None` if the worker never looked, or this version cannot read it.
///
/// # Errors
/// `Database`.
pub async fn principal(store: &Store, id: PrincipalId) -> Result<Option<Observed<PrincipalObservation>>, StoreError> {
    read(store, Target::Principal(id)).await
}

async fn read<T: DeserializeOwned>(store: &Store, target: Target) -> Result<Option<Observed<T>>, StoreError> {
    let row = sqlx::query!(
        r#"select body::text as "body!", latchkey_readable(observed_at) as observed_at,
             extract(epoch from clock_timestamp() - latchkey_readable(observed_at))::bigint as age
           from observation where target_kind = $1 and target_key = $2"#,
        target.kind(),
        target.key()
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (Some(at), Some(age)) = (row.observed_at, row.age) else { return Ok(None) };
    // The next look replaces it; until then the principal counts as never looked at.
    match parsed("observation", "body", Some(&row.body)) {
        Ok(body) => Ok(Some(Observed { body, at: at.to_jiff(), age_seconds: u64::try_from(age).unwrap_or(0) })),
        Err(error) => {
            tracing::error!(on = %target, error = chain(&error), "the last look cannot be read");
            Ok(None)
        }
    }
}

/// Stores a run's look at a target in place of the one before, and returns whether it did. It does nothing if the
/// target has another epoch than the run's by now: the next run sees something newer. No worker claims the target
/// meanwhile.
///
/// # Errors
/// `Event` if it does not turn into JSON; `Database`.
pub async fn write<T: Serialize>(store: &Store, target: Target, epoch: i64, body: &T) -> Result<bool, StoreError> {
    let body = to_json(body)?;
    let bytes = serde_json::to_vec(&body).map_err(|error| StoreError::Event(error.to_string()))?;
    let hash = Sha256::digest(&bytes);
    let written = sqlx::query!(
        "with held as (select kind, key from target where kind = $1 and key = $2 and epoch = $5 for share)
         insert into observation (target_kind, target_key, observed_at, body, hash)
         select kind, key, clock_timestamp(), $3, $4 from held
         on conflict (target_kind, target_key) do update set observed_at = clock_timestamp(),
           body = excluded.body, hash = excluded.hash",
        target.kind(),
        target.key(),
        body,
        hash.as_slice(),
        epoch,
    )
    .execute(store.pool())
    .await?;
    Ok(written.rows_affected() == 1)
}
