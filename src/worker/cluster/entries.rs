//! EKS's own table of access entries, on clusters that have one: it overrides aws-auth.
//!
//! A run lists the principals with an access entry, in every mode that has entries. The list is part of the observation.
//! The listed principals of the run's grants and of recorded entries are looked up (all of them if listing failed), and
//! their fields are part of the observation, too: what an entry's access policies give is residual at the end, since no
//! review sees it. "The mode has no entries" and "nothing was looked up" are two different values.
//!
//! EKS's list may lag behind its own writes, so what a run wrote, or was told to be in its way, is looked up whatever the
//! list says.

use super::apply::RunWrites;
use crate::{
    machine,
    store::{StoreError, principals},
    worker::{Worker, interrupted::Interrupted},
};
use futures::{FutureExt as _, StreamExt as _, stream};
use jiff::SignedDuration;
use latchkey_domain::{
    access::{ClusterId, blocker::Blocker},
    eks::arn::{ClusterArn, PrincipalArn, arn_key},
    plan::{
        authenticator::{MappingKind, RecordedMapping},
        desired::DesiredCluster,
        observation::{AccessEntry, AuthenticationMode, EksCluster, EntryDetails, EntryHolders},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Access entries read at a time.
pub(super) const ENTRIES_AT_ONCE: usize = 8;

/// The most principals without an access that are looked up at each run.
const PROVEN_AT_MOST: i64 = 200;

/// How long a run waits for all of them: what ends must be taken away while its lease allows writes.
const ENTRIES_WITHIN: Duration = Duration::from_secs(10);

/// EKS's own table as a run sees it.
#[derive(Debug, Clone)]
pub(super) struct Holders {
    pub seen: EntryHolders,
    /// What EKS said of single ARNs, if it did not list them.
    pub described: Vec<AccessEntry>,
    /// The ARNs of which EKS said that they have none, if it did not list them.
    pub without: Vec<String>,
    /// Why the worker may not make entries, if EKS refused one.
    pub refused: Option<Blocker>,
}

/// What a run learned about access entries in its earlier rounds.
#[derive(Debug, Default)]
pub(super) struct RunEntries {
    /// The ARNs whose entries it wrote, or found in its way.
    pub written: BTreeSet<String>,
    /// Why EKS does not let it make any.
    refused: Option<Blocker>,
}

impl RunEntries {
    /// Looks at the cluster's access entries, and tells the desired state how mappings are written by what is known now.
    pub async fn look(
        &self,
        worker: &Worker,
        (id, arn): (ClusterId, &ClusterArn),
        aws: &EksCluster,
        desired: &mut DesiredCluster,
    ) -> Result<Holders, Interrupted> {
        let mut holders = holders(worker, arn, aws).await;
        of_principals(worker, arn, &mut holders, desired, &self.written).await?;
        holders.refused = self.refused.clone().or_else(|| worker.entries_refused(id));
        desired.entry_settle = SignedDuration::try_from(worker.entry_settle()).unwrap_or_default();
        desired.looks_at = machine::now();
        if self.refused.is_some() {
            desired.prefers = MappingKind::Line;
            desired.mappings.iter_mut().for_each(|row| row.moves = false);
        }
        Ok(holders)
    }

    /// Whether new mappings go on as lines, since EKS refused an entry for want of a right. Only a cluster that takes
    /// both lets them.
    pub fn falls_back(&mut self, applied: &RunWrites, aws: &EksCluster) -> bool {
        let is_news = self.refused.is_none() && applied.refused.is_some();
        self.refused = self.refused.take().or_else(|| applied.refused.clone());
        is_news && aws.mode == AuthenticationMode::ApiAndConfigMap
    }
}

/// The principals with an access entry.
async fn holders(worker: &Worker, arn: &ClusterArn, aws: &EksCluster) -> Holders {
    let known = |seen| Holders { seen, described: vec![], without: vec![], refused: None };
    match aws.mode {
        AuthenticationMode::ApiAndConfigMap | AuthenticationMode::Api => {
            match tokio::time::timeout(ENTRIES_WITHIN, worker.aws.access_entries(arn)).await {
                Ok(Ok(entries)) => known(EntryHolders::Listed(entries)),
                Ok(Err(fault)) => {
                    tracing::warn!(cluster = %arn, error = %fault, "access entries could not be listed");
                    known(EntryHolders::Unknown(Blocker::from(&fault)))
                }
                Err(_elapsed) => {
                    tracing::warn!(cluster = %arn, "access entries were not listed in time");
                    known(EntryHolders::Unknown(Blocker::EntrySlow {}))
                }
            }
        }
        AuthenticationMode::ConfigMap => known(EntryHolders::NoTable),
    }
}

impl Holders {
    /// Whether EKS has to be asked about an ARN. An ARN that is not in the list needs no question.
    fn may_have(&self, arn: &str) -> bool {
        match &self.seen {
            EntryHolders::NotAsked | EntryHolders::NoTable => false,
            EntryHolders::Listed(_) => self.seen.has(arn),
            EntryHolders::Unknown(_) => true,
        }
    }

    /// Whether the cluster has such a table.
    fn has_table(&self) -> bool {
        match &self.seen {
            EntryHolders::NotAsked | EntryHolders::NoTable => false,
            EntryHolders::Listed(_) | EntryHolders::Unknown(_) => true,
        }
    }

    /// Keeps what EKS said of one ARN. `None` means that it has no entry, even if the list had one before.
    fn learn(&mut self, arn: &str, said: Option<EntryDetails>) {
        let is_other = |other: &str| !other.eq_ignore_ascii_case(arn);
        let entries = match &mut self.seen {
            EntryHolders::Listed(entries) => entries,
            EntryHolders::NotAsked | EntryHolders::NoTable | EntryHolders::Unknown(_) => {
                self.without.retain(|other| is_other(other));
                if said.is_none() {
                    self.without.push(arn.to_owned());
                }
                &mut self.described
            }
        };
        entries.retain(|entry| is_other(&entry.arn));
        entries.extend(said.map(|details| AccessEntry { arn: arn.to_owned(), details }));
    }
}

/// How long EKS may deny an entry that was made a moment ago.
const SHOWN_AFTER: SignedDuration = SignedDuration::from_secs(20);

/// Asks for the entries of the principals whose grants come or go, of recorded entries, and of the other principals that
/// people proved, by which an ask of theirs is judged; if the cluster has such a table. `also` are asked about whatever
/// the list says, and so are recorded entries of Latchkey's, since the list may lag. What ends comes first: the time for
/// all of them is limited.
///
/// # Errors
/// `Store`.
async fn of_principals(
    worker: &Worker,
    arn: &ClusterArn,
    holders: &mut Holders,
    desired: &DesiredCluster,
    also: &BTreeSet<String>,
) -> Result<(), StoreError> {
    if !holders.has_table() {
        return Ok(());
    }
    let proven = match &holders.seen {
        EntryHolders::Listed(listed) => {
            let arns: Vec<String> = listed.iter().map(|entry| arn_key(&entry.arn)).collect();
            principals::proven_among(&mut *worker.store.acquire().await?, &arns, PROVEN_AT_MOST).await?
        }
        EntryHolders::NotAsked | EntryHolders::NoTable | EntryHolders::Unknown(_) => Vec::new(),
    };
    let active = || desired.grants.iter().filter(|grant| !grant.resting);
    let ending = active().filter(|grant| !grant.wish.is_present()).map(|grant| grant.arn.as_str());
    let present = active().filter(|grant| grant.wish.is_present()).map(|grant| grant.arn.as_str());
    let entries = || desired.mappings.iter().filter(|row| row.own && row.kind() == MappingKind::Entry);
    let is_needed = |row: &&RecordedMapping| desired.needs_line_of(row.principal);
    let unneeded = entries().filter(|row| !is_needed(row)).map(|row| row.arn.as_str());
    let needed = entries().filter(is_needed).map(|row| row.arn.as_str());
    let mut wanted: Vec<&str> = ending.filter(|arn| holders.may_have(arn)).chain(unneeded).collect();
    wanted.extend(also.iter().map(String::as_str).chain(needed));
    wanted.extend(present.filter(|arn| holders.may_have(arn)));
    wanted.extend(proven.iter().map(String::as_str));
    let is_fresh = |row: &&RecordedMapping| row.written && row.wrote_ago.is_some_and(|ago| ago < SHOWN_AFTER);
    let fresh = entries().filter(is_fresh).map(|row| row.arn.to_ascii_lowercase()).collect();
    look(worker, arn, holders, &wanted, &fresh).await;
    Ok(())
}

/// Asks once more about the entries that a run wrote. EKS may deny for a moment those that it made.
pub(super) async fn again(worker: &Worker, arn: &ClusterArn, holders: &mut Holders, applied: &RunWrites) {
    let wanted: Vec<&str> = applied.entries.iter().map(String::as_str).collect();
    let made = applied.made.iter().map(|arn| arn.to_ascii_lowercase()).collect();
    look(worker, arn, holders, &wanted, &made).await;
}

/// Asks about these ARNs in their order, and keeps the answers. That there is none of `fresh`, in small letters, is not
/// believed.
async fn look(worker: &Worker, arn: &ClusterArn, holders: &mut Holders, wanted: &[&str], fresh: &BTreeSet<String>) {
    let mut open: BTreeMap<String, PrincipalArn> = BTreeMap::new();
    let mut calls = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let (key, Ok(principal)) = (wanted.to_ascii_lowercase(), PrincipalArn::parse(wanted)) else { continue };
        if open.insert(key.clone(), principal.clone()).is_none() {
            calls.push(async move { (key, worker.aws.access_entry(arn, &principal).await) }.boxed());
        }
    }
    let in_time = Box::pin(tokio::time::sleep(ENTRIES_WITHIN));
    let answers: Vec<_> = stream::iter(calls).buffer_unordered(ENTRIES_AT_ONCE).take_until(in_time).collect().await;
    for (key, answer) in answers {
        let said = match answer {
            Ok(None) if fresh.contains(&key) => Some(EntryDetails::Unknown(Blocker::EntrySlow {})),
            Ok(entry) => entry.map(|entry| entry.details),
            Err(fault) => Some(EntryDetails::Unknown(Blocker::from(&fault))),
        };
        if let Some(principal) = open.remove(&key) {
            holders.learn(principal.as_str(), said);
        }
    }
    for slow in open.into_values() {
        holders.learn(slow.as_str(), Some(EntryDetails::Unknown(Blocker::EntrySlow {})));
    }
}
