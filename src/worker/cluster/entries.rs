//! EKS's own table of access entries, on clusters that have one: it overrides aws-auth.
//!
//! In mode `API_AND_CONFIG_MAP` a run lists the principals with an access entry. The list is part of the observation,
//! and asks are refused by it. The listed principals of the run's grants are looked up (all of them if listing failed),
//! and their fields are part of the observation, too: an entry blocks the setup, and what its access policies give is
//! residual at the end, since no review sees it. "The mode has no entries" and "nothing was looked up" are two
//! different values.

use crate::worker::Worker;
use futures::{FutureExt as _, StreamExt as _, stream};
use latchkey_domain::{
    access::{PrincipalId, blocker::Blocker},
    eks::arn::{ClusterArn, PrincipalArn},
    plan::{
        desired::DesiredCluster,
        observation::{AccessEntry, AuthenticationMode, EksCluster, EntryDetails, EntryHolders},
    },
};
use std::{collections::BTreeMap, time::Duration};

/// Access entries read at a time.
const ENTRIES_AT_ONCE: usize = 8;

/// How long a run waits for all of them: what ends must be taken away while its lease allows writes.
const ENTRIES_WITHIN: Duration = Duration::from_secs(10);

/// EKS's own table as a run sees it.
pub(super) struct Holders {
    pub seen: EntryHolders,
    /// What EKS said of single ARNs, if it did not list them.
    pub described: Vec<AccessEntry>,
}

/// The principals with an access entry. EKS is asked only if entries and aws-auth both count; otherwise there is
/// nothing to override.
pub(super) async fn holders(worker: &Worker, arn: &ClusterArn, aws: &EksCluster) -> Holders {
    let known = |seen| Holders { seen, described: vec![] };
    match aws.mode {
        AuthenticationMode::ApiAndConfigMap => match worker.aws.access_entries(arn).await {
            Ok(entries) => known(EntryHolders::Listed(entries)),
            Err(fault) => {
                tracing::warn!(cluster = %arn, error = %fault, "access entries could not be listed");
                known(EntryHolders::Unknown(Blocker::from(&fault)))
            }
        },
        AuthenticationMode::ConfigMap => known(EntryHolders::NoTable),
        AuthenticationMode::Api => known(EntryHolders::NotAsked),
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

    /// Keeps what EKS said of one ARN. `None` means that it has no entry, even if the list had one before.
    fn learn(&mut self, arn: &PrincipalArn, said: Option<EntryDetails>) {
        let arn = arn.as_str();
        let entries = match &mut self.seen {
            EntryHolders::Listed(entries) => entries,
            EntryHolders::NotAsked | EntryHolders::NoTable | EntryHolders::Unknown(_) => &mut self.described,
        };
        entries.retain(|entry| !entry.arn.eq_ignore_ascii_case(arn));
        entries.extend(said.map(|details| AccessEntry { arn: arn.to_owned(), details }));
    }
}

/// Asks for the entries of the principals whose grants come or go, if the cluster has such a table.
pub(super) async fn of_grants(worker: &Worker, arn: &ClusterArn, holders: &mut Holders, desired: &DesiredCluster) {
    let asked = desired.grants.iter().filter(|grant| !grant.resting && holders.may_have(grant.arn.as_str()));
    let mut open: BTreeMap<PrincipalId, &PrincipalArn> =
        asked.map(|grant| (grant.terms.principal, &grant.arn)).collect();
    let mut calls = Vec::with_capacity(open.len());
    for (&id, &principal) in &open {
        calls.push(async move { (id, worker.aws.access_entry(arn, principal).await) }.boxed());
    }
    let in_time = Box::pin(tokio::time::sleep(ENTRIES_WITHIN));
    let answers: Vec<_> = stream::iter(calls).buffer_unordered(ENTRIES_AT_ONCE).take_until(in_time).collect().await;
    for (id, answer) in answers {
        let said = match answer {
            Ok(entry) => entry.map(|entry| entry.details),
            Err(fault) => Some(EntryDetails::Unknown(Blocker::from(&fault))),
        };
        if let Some(principal) = open.remove(&id) {
            holders.learn(principal, said);
        }
    }
    for slow in open.into_values() {
        holders.learn(slow, Some(EntryDetails::Unknown(Blocker::EntrySlow {})));
    }
}
