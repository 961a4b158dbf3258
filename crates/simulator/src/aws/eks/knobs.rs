//! What tests and the demo set about access entries: how slowly EKS learns and tells, how many entries it holds, and
//! how it pages.

use std::{sync::Mutex, time::Duration};

use crate::state::lock;

/// EKS's quota of access entries in a cluster, from a secondary source: no page of AWS that was read confirms it.
const QUOTA: usize = 3_000;

/// The knobs of access entries; a new simulator has EKS's quota, the seed's delay, and no other delay.
#[derive(Debug)]
pub struct EntryKnobs {
    /// The delay that the seed asks for.
    seeded: Duration,
    set: Mutex<Set>,
}

#[derive(Debug, Clone, Copy)]
struct Set {
    propagation: Duration,
    principals: Duration,
    empty_pages: usize,
    limit: usize,
}

impl Set {
    fn new(propagation: Duration) -> Self {
        Self { propagation, principals: Duration::ZERO, empty_pages: 0, limit: QUOTA }
    }
}

impl EntryKnobs {
    pub(crate) fn new(seeded: Duration) -> Self {
        Self { seeded, set: Mutex::new(Set::new(seeded)) }
    }

    /// From now on what was written to an entry counts for API servers only after `delay`, five minutes at most: until
    /// then a new entry lets no user in, and a deleted one still does. EKS's own calls answer at once.
    pub fn propagate_after(&self, delay: Duration) {
        lock(&self.set).propagation = delay;
    }

    /// From now on EKS takes a user or role as an invalid principal until it is `age` old.
    pub fn know_principals_after(&self, age: Duration) {
        lock(&self.set).principals = age;
    }

    /// From now on ListAccessEntries answers `pages` empty pages with a token before each page of its own.
    pub fn empty_pages(&self, pages: usize) {
        lock(&self.set).empty_pages = pages;
    }

    /// From now on a cluster that has `entries` access entries takes no further one.
    pub fn limit(&self, entries: usize) {
        lock(&self.set).limit = entries;
    }

    /// Resets every knob here.
    pub fn clear(&self) {
        *lock(&self.set) = Set::new(self.seeded);
    }

    pub(crate) fn propagation(&self) -> Duration {
        lock(&self.set).propagation
    }

    pub(super) fn age_of_principals(&self) -> Duration {
        lock(&self.set).principals
    }

    pub(super) fn pages_without_content(&self) -> usize {
        lock(&self.set).empty_pages
    }

    pub(super) fn most(&self) -> usize {
        lock(&self.set).limit
    }
}
