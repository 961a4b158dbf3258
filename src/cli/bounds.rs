//! Bounds on connections: how many, from which address, and for how long.

use crate::config::settings::{Network, customer_of};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most connections at once; further ones wait in the kernel's queue.
const ALL: usize = 2_000;
/// The most connections of one address: ten such addresses reach the bound of all.
const OF_ADDRESS: usize = 200;
/// If no part of a response can be written for this long, its connection ends.
const WRITE: Duration = Duration::from_secs(30);
/// A connection ends after this time, with the responses that it began, since a client that reads a byte now and then
/// makes progress and is not ended by the bound above.
const LIFE: Duration = Duration::from_hours(1);
/// The least time between two log lines about addresses that are at their bound.
const QUIET: Duration = Duration::from_mins(1);

/// How many connections, and for how long.
#[derive(Debug, Clone)]
pub struct Bounds {
    pub all: usize,
    pub of_address: usize,
    pub write: Duration,
    pub life: Duration,
    /// Peers that carry the connections of many people: only the bound of all applies to them.
    pub trusted_proxies: Vec<Network>,
}

impl Bounds {
    /// The default bounds, behind these proxies.
    pub fn behind(trusted_proxies: Vec<Network>) -> Self {
        Self { all: ALL, of_address: OF_ADDRESS, write: WRITE, life: LIFE, trusted_proxies }
    }
}

/// The connections that are open now, by address.
#[derive(Debug)]
pub(super) struct OpenConnections {
    bounds: Bounds,
    free: Arc<Semaphore>,
    taken: Mutex<TakenConnections>,
}

#[derive(Debug, Default)]
struct TakenConnections {
    /// The number for each address that is counted; addresses without connections are not in it.
    by_address: HashMap<IpAddr, usize>,
    told: Option<Instant>,
}

/// A connection's place, which is free again once this is dropped.
#[derive(Debug)]
pub(super) struct OpenConnection {
    places: Arc<OpenConnections>,
    counted: Option<IpAddr>,
    _free: OwnedSemaphorePermit,
}

impl OpenConnections {
    pub fn new(bounds: Bounds) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(bounds.all));
        Arc::new(Self { bounds, free, taken: Mutex::default() })
    }

    /// Waits until there is a free place.
    pub async fn free(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// A place for this peer; none if its address has as many as it may.
    pub fn take(self: &Arc<Self>, free: OwnedSemaphorePermit, peer: IpAddr) -> Option<OpenConnection> {
        let peer = peer.to_canonical();
        if self.bounds.trusted_proxies.iter().any(|network| network.contains(peer)) {
            return Some(OpenConnection { places: Arc::clone(self), counted: None, _free: free });
        }
        let address = customer_of(peer);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.by_address.entry(address).or_default();
        if *count >= self.bounds.of_address {
            if taken.told.is_none_or(|told| told.elapsed() > QUIET) {
                taken.told = Some(Instant::now());
                tracing::warn!(%address, most = self.bounds.of_address, "an address has all the connections it may");
            }
            return None;
        }
        *count += 1;
        Some(OpenConnection { places: Arc::clone(self), counted: Some(address), _free: free })
    }

    /// Waits until all places are free.
    pub async fn empty(&self) {
        let all = u32::try_from(self.bounds.all).unwrap_or(u32::MAX);
        let _ = self.free.acquire_many(all).await;
    }
}

impl OpenConnection {
    pub fn bounds(&self) -> &Bounds {
        &self.places.bounds
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let Some(address) = self.counted else { return };
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Arc<OpenConnections> {
        let proxies = vec![Network::parse("10.0.0.0/8").unwrap()];
        OpenConnections::new(Bounds { all: 10, of_address: 2, ..Bounds::behind(proxies) })
    }

    async fn take(places: &Arc<OpenConnections>, peer: &str) -> Option<OpenConnection> {
        let free = places.free().await.unwrap();
        places.take(free, peer.parse().unwrap())
    }

    #[tokio::test]
    async fn an_address_takes_its_share_and_leaves_the_others_theirs() {
        let places = places();
        let first = take(&places, "203.0.113.9").await;
        let _second = take(&places, "::ffff:203.0.113.9").await.unwrap();
        assert!(first.is_some() && take(&places, "203.0.113.9").await.is_none());
        assert!(take(&places, "203.0.113.8").await.is_some());
        drop(first);
        assert!(take(&places, "203.0.113.9").await.is_some(), "what is given back is free again");
        // IPv6 is counted by network, since one customer has more addresses than could be counted.
        let _six = [take(&places, "2001:db8:1:2::1").await.unwrap(), take(&places, "2001:db8:1:2::2").await.unwrap()];
        assert!(take(&places, "2001:db8:1:2::3").await.is_none());
        assert!(take(&places, "2001:db8:1:3::3").await.is_some());
    }

    #[tokio::test]
    async fn proxies_share_what_is_left_of_all() {
        let places = places();
        let _one = take(&places, "203.0.113.9").await.unwrap();
        let mut proxied = Vec::new();
        for _ in 0..9 {
            proxied.push(take(&places, "10.0.0.1").await.unwrap());
        }
        assert_eq!(places.free.available_permits(), 0);
        drop(proxied);
        assert_eq!(places.free.available_permits(), 9);
        assert_eq!(places.taken.lock().unwrap().by_address.len(), 1);
    }
}
