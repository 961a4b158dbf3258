//! Access entries: EKS's own table, which overrides aws-auth, and the entries of Latchkey's in it.
//!
//! An entry of Latchkey's is of type STANDARD, has no groups and no access policies, and maps the principal to the
//! username of their visit. It is made and deleted, never changed: the table has no condition by which a write could be
//! bound to what was read. It is known by its own ARN, which ends in a UUID. Until that was seen, as after a lost
//! answer, it is known by its username and by the tag that names this installation.

use super::{Identity, RecordedMapping};
use crate::{
    access::{GrantId, InstallationId, PrincipalId, blocker::Blocker},
    eks::arn::{PrincipalArn, arn_key},
    plan::observation::{AccessEntry, ClusterObservation, EntryFields, EntryHolders},
};
use std::collections::{BTreeMap, HashMap, HashSet};

pub use crate::plan::principal::TAG;

/// The tag that names the cluster, by its name in the policy.
pub const CLUSTER_TAG: &str = "latchkey/cluster";

/// The entries that were listed or asked for.
#[derive(Debug, Clone)]
pub(super) struct EntriesByArn<'a> {
    /// By ARN in lower case, a role's without its path: EKS and IAM compare names without case.
    by_arn: HashMap<String, &'a AccessEntry>,
    without: HashSet<String>,
    all: bool,
}

impl<'a> EntriesByArn<'a> {
    /// The entries of an observation.
    pub(super) fn read(observed: &'a ClusterObservation) -> Self {
        let (listed, all): (&[AccessEntry], bool) = match &observed.entries {
            EntryHolders::Listed(entries) => (entries, true),
            EntryHolders::NoTable => (&[], true),
            EntryHolders::NotAsked | EntryHolders::Unknown(_) => (&[], false),
        };
        let known = listed.iter().chain(&observed.described);
        let without = observed.without_entry.iter().map(|arn| arn_key(arn)).collect();
        Self { by_arn: known.map(|entry| (arn_key(&entry.arn), entry)).collect(), without, all }
    }

    /// The entry of an ARN.
    pub(super) fn of(&self, arn: &str) -> Option<&'a AccessEntry> {
        self.by_arn.get(&arn_key(arn)).copied()
    }

    /// The ARNs that have one. One of which EKS did not say is not among them.
    pub(super) fn arns(&self) -> impl Iterator<Item = &'a str> {
        self.by_arn.values().filter(|entry| entry.unknown().is_none()).map(|entry| entry.arn.as_str())
    }

    /// The entries whose fields were read.
    pub(super) fn read_ones(&self) -> impl Iterator<Item = (&'a str, &'a EntryFields)> {
        self.by_arn.values().filter_map(|entry| Some((entry.arn.as_str(), entry.fields()?)))
    }

    /// Whether the ARN is known to have no entry.
    pub(super) fn has_none(&self, arn: &str) -> bool {
        self.of(arn).is_none() && (self.all || self.without.contains(&arn_key(arn)))
    }
}

/// What is seen of a recorded access entry of Latchkey's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnEntry<'a> {
    /// It is there.
    Stands(&'a EntryFields),
    /// The principal has no entry, or one of another client's.
    Absent,
    /// EKS did not say.
    Unknown,
}

impl<'a> OwnEntry<'a> {
    pub(super) fn read(entry: &'a AccessEntry, recorded: &RecordedMapping, installation: InstallationId) -> Self {
        let (Some(fields), Some(known)) = (entry.fields(), &recorded.entry) else { return Self::Unknown };
        let is_tagged = || fields.tags.get(TAG).is_some_and(|tag| *tag == installation.to_string());
        let is_own = known
            .id
            .as_ref()
            .map_or_else(|| is_tagged() && fields.username == recorded.username, |id| *id == fields.id);
        if is_own { Self::Stands(fields) } else { Self::Absent }
    }

    /// Whether it is there, or may be.
    pub(super) fn may_stand(self) -> bool {
        match self {
            Self::Stands(_) | Self::Unknown => true,
            Self::Absent => false,
        }
    }
}

/// An entry to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedEntry {
    pub principal: PrincipalId,
    pub arn: PrincipalArn,
    pub visit: u32,
    pub username: String,
    pub tags: BTreeMap<String, String>,
    /// The grants that wait for it.
    pub grants: Vec<GrantId>,
}

impl PlannedEntry {
    /// The entry for an identity of a principal, on a cluster of this name.
    pub(super) fn of(
        principal: PrincipalId,
        arn: &PrincipalArn,
        identity: &Identity,
        cluster: &str,
        installation: InstallationId,
        grants: Vec<GrantId>,
    ) -> Self {
        let tags = [(TAG, installation.to_string()), (CLUSTER_TAG, cluster.to_owned())];
        let tags = tags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Self { principal, arn: arn.clone(), visit: identity.visit, username: identity.mapped.clone(), tags, grants }
    }
}

/// An entry of Latchkey's to delete. The call names the principal alone, so it is sent only after the entry was seen to
/// have this id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRemoval {
    pub principal: PrincipalId,
    pub arn: String,
    pub visit: u32,
    /// The ARN of the entry itself.
    pub id: String,
    /// The grants that end.
    pub grants: Vec<GrantId>,
}

/// What another client changed of an entry of Latchkey's, if anything: it is then not bound.
pub(super) fn changed(recorded: &RecordedMapping, fields: &EntryFields) -> Option<Blocker> {
    if fields.username != recorded.username {
        let (arn, was, is) = (recorded.arn.clone(), recorded.username.clone(), fields.username.clone());
        return Some(Blocker::EntryRenamed { arn, was, is });
    }
    let is_wider = !fields.groups.is_empty() || !fields.policies.is_empty();
    is_wider.then(|| Blocker::EntryWidened {
        username: fields.username.clone(),
        groups: fields.groups.clone(),
        policies: fields.policies.clone(),
    })
}
