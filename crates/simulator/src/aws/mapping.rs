//! Whom an access entry makes of a caller, as an authenticator sees it, and the entries as a test sees them.

use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};

use super::{
    Aws,
    model::{AccessEntry, Account, Elsewhere},
    now,
};
use crate::{seed::AuthenticationMode, state::lock};

/// An access entry as an authenticator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryIdentity {
    /// Kubernetes username; a template for roles.
    pub username: String,
    /// Kubernetes groups.
    pub groups: Vec<String>,
}

/// An access entry as EKS holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldEntry {
    /// The user's or role's ARN, with its path.
    pub principal_arn: String,
    /// The unique id that the principal had when the entry was made; `None` for one of another account.
    pub principal_id: Option<String>,
    /// The last part of its `accessEntryArn`.
    pub id: String,
    /// Kubernetes username; a template for roles.
    pub username: String,
    /// Kubernetes groups.
    pub groups: Vec<String>,
    /// `STANDARD`, or a type for nodes.
    pub kind: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// ARNs of the associated access policies.
    pub policies: Vec<String>,
    /// Whether the principal is gone, or was made anew under its ARN: the entry lets no user in.
    pub dead: bool,
}

impl Aws {
    /// The access entry of a principal, if the cluster's mode reads entries, the entry is in force, and the principal
    /// is still the one for which it was made. `arn` is a user's or a role's (not a session's), a role's with or
    /// without its path.
    pub fn access_entry(&self, cluster: &str, arn: &str) -> Option<EntryIdentity> {
        let (present, in_force) = (self.settled(), self.in_force(cluster)?);
        let entry = in_force.clusters.get(cluster)?.entries.values().find(|entry| entry.is_of(arn))?;
        (!is_dead(entry, &present, self.account())).then(|| entry.identity())
    }

    /// The entry by which a cluster knows the caller with this unique id (a role's without the session) and this ARN,
    /// if the mode reads entries. As in EKS's strict mode both must match: the id is looked up, then the ARN must be
    /// the entry's, with a user's path and without a role's.
    pub(crate) fn entry_of_caller(&self, cluster: &str, id: &str, arn: &str) -> Option<EntryIdentity> {
        let in_force = self.in_force(cluster)?;
        let mut entries = in_force.clusters.get(cluster)?.entries.values();
        let entry = entries.find(|entry| entry.principal_id.as_deref() == Some(id))?;
        entry.is_of(arn).then(|| entry.identity())
    }

    /// The account with the entries that the cluster's API server goes by at present. `None` if the mode reads none, or
    /// the cluster is not the one that it was then.
    fn in_force(&self, cluster: &str) -> Option<Arc<Account>> {
        let present = self.settled();
        let now_here = present.clusters.get(cluster).filter(|cluster| cluster.mode != AuthenticationMode::ConfigMap)?;
        let delay = self.0.faults.delay() + self.0.entry_knobs.propagation();
        let then = lock(&self.0.ledger).settled(delay, now());
        let same = then.clusters.get(cluster).is_some_and(|known| known.id == now_here.id);
        same.then_some(then)
    }

    /// The access entry that EKS held for a principal at a time, in force or not; `None` if it held none.
    pub fn access_entry_at(&self, cluster: &str, arn: &str, at: Timestamp) -> Option<EntryIdentity> {
        let ledger = lock(&self.0.ledger).over_time();
        let (_, then) = ledger.iter().take_while(|(since, _)| *since <= at).last()?;
        let mut entries = then.clusters.get(cluster)?.entries.values();
        entries.find(|entry| entry.is_of(arn)).map(AccessEntry::identity)
    }

    /// Every access entry that EKS holds for a cluster, in force or not, whatever the mode.
    pub fn held_entries(&self, cluster: &str) -> Vec<HeldEntry> {
        self.entries_of(&lock(&self.0.ledger).current(), cluster)
    }

    /// The access entries that the cluster's API server goes by at present; none if the mode reads none.
    pub fn entries_in_force(&self, cluster: &str) -> Vec<HeldEntry> {
        self.in_force(cluster).map(|account| self.entries_of(&account, cluster)).unwrap_or_default()
    }

    fn entries_of(&self, account: &Account, cluster: &str) -> Vec<HeldEntry> {
        let entries = account.clusters.get(cluster).into_iter().flat_map(|cluster| cluster.entries.values());
        let held = |entry: &AccessEntry| HeldEntry {
            principal_arn: entry.principal_arn.clone(),
            principal_id: entry.principal_id.clone(),
            id: entry.id.clone(),
            username: entry.username.clone(),
            groups: entry.groups.clone(),
            kind: entry.kind.clone(),
            tags: entry.tags.clone(),
            policies: entry.policies.keys().cloned().collect(),
            dead: is_dead(entry, account, self.account()),
        };
        entries.map(held).collect()
    }

    /// Tells EKS that a principal exists under this unique id although the simulator's own IAM does not have it: it is
    /// another account's, or another server answers IAM. An entry that was made before does not get the id.
    pub fn know_principal(&self, arn: &str, id: &str) {
        let now = now();
        self.change(now, |account| {
            account.elsewhere.insert(arn.to_owned(), Elsewhere { id: id.to_owned(), created_at: now });
        });
    }

    /// The authentication mode of a cluster; `None` without such a cluster.
    pub fn mode(&self, cluster: &str) -> Option<AuthenticationMode> {
        self.settled().clusters.get(cluster).map(|cluster| cluster.mode)
    }
}

impl AccessEntry {
    fn identity(&self) -> EntryIdentity {
        EntryIdentity { username: self.username.clone(), groups: self.groups.clone() }
    }

    fn is_of(&self, arn: &str) -> bool {
        without_role_path(&self.principal_arn) == without_role_path(arn)
    }
}

/// Whether the principal of this ARN is no longer the one for which the entry was made.
fn is_dead(entry: &AccessEntry, account: &Account, number: &str) -> bool {
    entry.principal_id.as_deref() != account.principal(&entry.principal_arn, number).map(|principal| principal.id)
}

/// A role's ARN as authenticators compare it: the name without the path. A user's ARN stays as it is.
fn without_role_path(arn: &str) -> String {
    match arn.split_once(":role/") {
        Some((stem, role)) => format!("{stem}:role/{}", role.rsplit('/').next().unwrap_or_default()),
        None => arn.to_owned(),
    }
}
