//! What EKS's own table of access entries says, on clusters that have one: it overrides aws-auth.

use crate::worker::Worker;
use futures::{FutureExt as _, StreamExt as _, stream};
use latchkey_domain::{
    access::{PrincipalId, blocker::Blocker},
    eks::arn::{ClusterArn, PrincipalArn},
    plan::{
        desired::{DesiredCluster, DesiredGrant, Entry},
        observation::{AuthenticationMode, EksCluster, EntryHolders},
    },
};
use std::{collections::BTreeMap, time::Duration};

/// Access entries read at a time.
const ENTRIES_AT_ONCE: usize = 8;

/// How long a run waits for them all: what ends must be taken away while its lease allows writes.
const ENTRIES_WITHIN: Duration = Duration::from_secs(10);

/// Who has an access entry. Asked where entries and aws-auth both count; elsewhere there is nothing to override.
pub(super) async fn holders(worker: &Worker, arn: &ClusterArn, aws: &EksCluster) -> EntryHolders {
    match aws.mode {
        AuthenticationMode::ApiAndConfigMap => match worker.aws.access_entries(arn).await {
            Ok(arns) => EntryHolders::Listed(arns),
            Err(fault) => {
                tracing::warn!(cluster = %arn, error = %fault, "access entries could not be listed");
                EntryHolders::Unknown(Blocker::from(&fault))
            }
        },
        AuthenticationMode::ConfigMap | AuthenticationMode::Api => EntryHolders::NotAsked,
    }
}

/// What EKS's own table says of the principals whose grants come or go, where the cluster has such a table. Those that
/// the list does not have are not asked about.
pub(super) async fn of_grants(
    worker: &Worker,
    arn: &ClusterArn,
    holders: &EntryHolders,
    desired: &DesiredCluster,
) -> BTreeMap<PrincipalId, Entry> {
    let is_asked = |grant: &&DesiredGrant| match holders {
        EntryHolders::NotAsked => false,
        EntryHolders::Listed(_) => holders.has(grant.arn.as_str()),
        EntryHolders::Unknown(_) => true,
    };
    let asked = desired.grants.iter().filter(|grant| !grant.resting).filter(is_asked);
    let principals: BTreeMap<PrincipalId, &PrincipalArn> =
        asked.map(|grant| (grant.facts.principal, &grant.arn)).collect();
    let mut calls = Vec::with_capacity(principals.len());
    for (&id, &principal) in &principals {
        calls.push(async move { (id, worker.aws.access_entry(arn, principal).await) }.boxed());
    }
    let slow = |id| (id, Entry::Unknown(Blocker::EntrySlow {}));
    let mut entries: BTreeMap<PrincipalId, Entry> = principals.keys().copied().map(slow).collect();
    let in_time = Box::pin(tokio::time::sleep(ENTRIES_WITHIN));
    let answers: Vec<_> = stream::iter(calls).buffer_unordered(ENTRIES_AT_ONCE).take_until(in_time).collect().await;
    for (id, answer) in answers {
        match answer {
            Ok(None) => {
                entries.remove(&id);
            }
            Ok(Some(entry)) => {
                let (username, groups, policies) = (entry.username, entry.groups, entry.policies);
                entries.insert(id, Entry::Found { username, groups, policies });
            }
            Err(fault) => {
                entries.insert(id, Entry::Unknown(Blocker::from(&fault)));
            }
        }
    }
    entries
}
