//! EKS's own table of access entries, on clusters that have one: it overrides aws-auth.
//!
//! A run lists the principals with an access entry, in every mode that has entries. The list is part of the observation.
//! The listed principals of the run's grants and of recorded entries are looked up (all of them if listing failed), and
//! their fields are part of the observation, too: what an entry's access policies give is residual at the end, since no
//! review sees it. "The mode has no entries" and "nothing was looked up" are two different values.
//!
//! EKS's list may lag behind its own writes, so what a run wrote, or was told to be in its way, is looked up whatever the
//! list says.

use crate::{
    store::{StoreError, principals},
    worker::Worker,
};
use futures::{FutureExt as _, StreamExt as _, stream};
use latchkey_domain::{
    access::blocker::Blocker,
    eks::arn::{ClusterArn, PrincipalArn},
    plan::{
        authenticator::MappingKind,
        desired::DesiredCluster,
        observation::{AccessEntry, AuthenticationMode, EksCluster, EntryDetails, EntryHolders},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Access entries read at a time.
const ENTRIES_AT_ONCE: usize = 8;

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

/// The principals with an access entry.
pub(super) async fn holders(worker: &Worker, arn: &ClusterArn, aws: &EksCluster) -> Holders {
    let known = |seen| Holders { seen, described: vec![], without: vec![], refused: None };
    match aws.mode {
        AuthenticationMode::ApiAndConfigMap | AuthenticationMode::Api => match worker.aws.access_entries(arn).await {
            Ok(entries) => known(EntryHolders::Listed(entries)),
            Err(fault) => {
                tracing::warn!(cluster = %arn, error = %fault, "access entries could not be listed");
                known(EntryHolders::Unknown(Blocker::from(&fault)))
            }
        },
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

/// Asks for the entries of the principals whose grants come or go, of recorded entries, and of the other principals that
/// people proved, by which an ask of theirs is judged; if the cluster has such a table. `also` are asked about whatever
/// the list says.
///
/// # Errors
/// `Store`.
pub(super) async fn of_principals(
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
            let arns: Vec<String> = listed.iter().map(|entry| entry.arn.to_ascii_lowercase()).collect();
            principals::proven_among(&mut *worker.store.acquire().await?, &arns, PROVEN_AT_MOST).await?
        }
        EntryHolders::NotAsked | EntryHolders::NoTable | EntryHolders::Unknown(_) => Vec::new(),
    };
    let of_grants = desired.grants.iter().filter(|grant| !grant.resting).map(|grant| grant.arn.as_str());
    let recorded = desired.mappings.iter().filter(|row| row.kind() == MappingKind::Entry).map(|row| row.arn.as_str());
    let listed = of_grants.chain(recorded).filter(|arn| holders.may_have(arn));
    let wanted = listed.chain(also.iter().map(String::as_str)).chain(proven.iter().map(String::as_str));
    let parsed = wanted.filter_map(|arn| Some((arn.to_ascii_lowercase(), PrincipalArn::parse(arn).ok()?)));
    look(worker, arn, holders, parsed.collect()).await;
    Ok(())
}

/// Asks once more about these ARNs.
pub(super) async fn again(worker: &Worker, arn: &ClusterArn, holders: &mut Holders, arns: &BTreeSet<String>) {
    let parsed = arns.iter().filter_map(|arn| Some((arn.to_ascii_lowercase(), PrincipalArn::parse(arn).ok()?)));
    look(worker, arn, holders, parsed.collect()).await;
}

/// Asks about these ARNs, and keeps the answers.
async fn look(worker: &Worker, arn: &ClusterArn, holders: &mut Holders, mut open: BTreeMap<String, PrincipalArn>) {
    let mut calls = Vec::with_capacity(open.len());
    for (key, principal) in &open {
        let (key, principal) = (key.clone(), principal.clone());
        calls.push(async move { (key, worker.aws.access_entry(arn, &principal).await) }.boxed());
    }
    let in_time = Box::pin(tokio::time::sleep(ENTRIES_WITHIN));
    let answers: Vec<_> = stream::iter(calls).buffer_unordered(ENTRIES_AT_ONCE).take_until(in_time).collect().await;
    for (key, answer) in answers {
        let said = match answer {
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
