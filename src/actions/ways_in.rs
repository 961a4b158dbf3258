//! Who can get into a cluster, for the people who oversee it: what the last look saw, what a reading found besides, and
//! what the database knows of the accesses behind it.

use crate::machine;
use crate::store::{
    Store, StoreError,
    read::mapped::{self, MappedAccess, PrincipalChange},
    readings,
};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::{
    access::ClusterId,
    eks::arn::arn_key,
    plan::{
        authenticator::{LetIn, Source, WayIn, not_seen, ways_in},
        observation::{ClusterObservation, EntryHolders},
        reading::{NotSeen, ReadingProgress},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// The most rows that are read at once.
pub const ROWS: usize = 100;

/// A user that a reading did not find may be there again: what it found of users counts for a day.
const GONE_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Who can get in, as far as it was read.
#[derive(Debug, Clone, Default)]
pub struct WaysIn {
    /// Those from `from` on, at most [`ROWS`].
    pub shown: Vec<WayIn>,
    /// How many come before them.
    pub from: usize,
    /// How many there are.
    pub all: usize,
    pub mapped: Vec<MappedAccess>,
    /// What became of the principals of lines, by ARN in lower case.
    pub became: BTreeMap<String, PrincipalChange>,
    /// How far the last reading of every entry is.
    pub reading: Option<ReadingProgress>,
    /// What makes the list incomplete.
    pub not_seen: Vec<NotSeen>,
    /// Whether the cluster has access entries.
    pub has_entries: bool,
}

impl WaysIn {
    /// Reads who can get in, from the row `from` on.
    ///
    /// # Errors
    /// `Corrupt`, `Database`.
    pub(super) async fn read(
        store: &Store,
        cluster: ClusterId,
        observed: &ClusterObservation,
        from: usize,
    ) -> Result<Self, StoreError> {
        let reading = readings::progress(store, cluster).await?;
        let read = if reading.is_some() { readings::entries(store, cluster).await? } else { Vec::new() };
        let names = mapped::names(store, cluster).await?;
        let mut shown = ways_in(observed, &read, &names);
        let all = shown.len();
        let of_lines: BTreeSet<String> = shown.iter().filter(|way| is_line(way)).filter_map(arn).collect();
        let proven = mapped::became(store, &of_lines.into_iter().collect::<Vec<_>>()).await?;
        let known: BTreeSet<&String> = proven.iter().map(|(arn, _)| arn).collect();
        // The worker looks at proven principals all the time: what it says is newer than a reading.
        let is_fresh = |at: Timestamp| machine::now().duration_since(at) < GONE_FOR;
        let fresh = reading.iter().filter(|reading| reading.gone_at.is_some_and(is_fresh));
        let gone = fresh.flat_map(|reading| &reading.gone).filter(|arn| !known.contains(arn));
        let gone: Vec<(String, PrincipalChange)> = gone.map(|arn| (arn.clone(), PrincipalChange::Gone)).collect();
        let became = proven.into_iter().filter_map(|(arn, change)| Some((arn, change?))).chain(gone).collect();
        let from = if from < all { from } else { 0 };
        shown.drain(..from);
        shown.truncate(ROWS);
        let arns: Vec<String> = shown.iter().filter_map(arn).collect();
        let mapped = mapped::mapped(store, cluster, &arns).await?;
        let has_entries = match observed.entries {
            EntryHolders::NoTable => false,
            EntryHolders::NotAsked | EntryHolders::Listed(_) | EntryHolders::Unknown(_) => true,
        };
        Ok(Self { shown, from, all, mapped, became, reading, not_seen: not_seen(observed), has_entries })
    }
}

/// The key of its ARN, if it has one.
pub fn arn(way: &WayIn) -> Option<String> {
    match &way.who {
        LetIn::Arn(arn) => Some(arn_key(arn)),
        LetIn::PermissionSet { .. } | LetIn::Account(_) | LetIn::Unnamed | LetIn::User(_) | LetIn::Group(_) => None,
    }
}

/// Whether a line of aws-auth lets it in, or would.
pub fn is_line(way: &WayIn) -> bool {
    matches!(way.by, Source::Line | Source::OverriddenLine)
}
