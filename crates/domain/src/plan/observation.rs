//! What the worker saw of a target at its last look. It is stored as JSON; previews, namespaces, kubeconfigs and
//! cluster pages are made from it.

use crate::{
    access::{blocker::Blocker, cluster::PinnedNamespace, verdict::PrincipalVerdict},
    eks::{
        rbac::{Kinds, Rule},
        trust_policy::RoleTrust,
    },
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a cluster authenticates IAM principals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthenticationMode {
    ConfigMap,
    ApiAndConfigMap,
    Api,
}

/// A cluster as reported by EKS and its API server. The second half is empty if the API server did not answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterObservation {
    pub aws: Option<EksCluster>,
    pub kubernetes: Option<ClusterState>,
    /// Why one half is missing.
    pub trouble: Option<Blocker>,
    /// When `kubernetes` was read. It is older than the observation itself if the cluster is unreachable now and the
    /// last facts were kept.
    pub kubernetes_at: Option<Timestamp>,
    /// The ARNs that have an access entry.
    #[serde(default)]
    pub entries: EntryHolders,
    /// What EKS said about single ARNs, if it did not list the entries: the ARNs that have one, or about which EKS did
    /// not answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub described: Vec<AccessEntry>,
    /// The ARNs of which EKS said that they have no entry, if it did not list the entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_entry: Vec<String>,
    /// Why the worker may not make access entries, if EKS refused one: new mappings are lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries_refused: Option<Blocker>,
    /// What was seen and is not stored because there is too much of it: "and 2,500 more RoleBindings of others".
    #[serde(default)]
    pub left_out: Vec<String>,
}

/// The ARNs that have an access entry on a cluster, in EKS's own table, which overrides aws-auth.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryHolders {
    /// No look was made yet. Earlier versions also used this for a mode without such a table.
    #[default]
    NotAsked,
    /// The cluster's mode does not have this table.
    NoTable,
    Listed(Vec<AccessEntry>),
    /// It is not known, for this reason.
    Unknown(Blocker),
}

impl EntryHolders {
    /// Whether this ARN is listed. EKS and IAM compare names without case.
    pub fn has(&self, arn: &str) -> bool {
        match self {
            Self::Listed(entries) => entries.iter().any(|entry| entry.arn.eq_ignore_ascii_case(arn)),
            Self::NotAsked | Self::NoTable | Self::Unknown(_) => false,
        }
    }

    /// Why it is not known, if it was asked for.
    pub fn unknown(&self) -> Option<&Blocker> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::NotAsked | Self::NoTable | Self::Listed(_) => None,
        }
    }
}

/// An access entry, as far as it was read: a list of entries contains only ARNs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredEntry")]
pub struct AccessEntry {
    /// As EKS spells it.
    pub arn: String,
    #[serde(skip_serializing_if = "EntryDetails::are_unread")]
    pub details: EntryDetails,
}

/// The other fields of an access entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryDetails {
    /// They were not asked for.
    #[default]
    Unread,
    Read(EntryFields),
    /// EKS was asked about this entry, or whether it exists, and did not answer.
    Unknown(Blocker),
}

/// The fields of an access entry. Earlier versions stored fewer of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntryFields {
    /// The ARN of the entry itself, which ends in a UUID: an entry that is made anew has another one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The Kubernetes username; for roles, a template.
    pub username: String,
    /// Kubernetes groups.
    pub groups: Vec<String>,
    /// The ARNs of access policies, which no review and no binding shows.
    pub policies: Vec<String>,
    /// `STANDARD`, or a kind of node.
    pub kind: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<Timestamp>,
}

impl AccessEntry {
    /// An entry of which only the ARN is known.
    pub fn named(arn: impl Into<String>) -> Self {
        Self { arn: arn.into(), details: EntryDetails::Unread }
    }

    /// Its fields, if they were read.
    pub fn fields(&self) -> Option<&EntryFields> {
        match &self.details {
            EntryDetails::Read(fields) => Some(fields),
            EntryDetails::Unread | EntryDetails::Unknown(_) => None,
        }
    }

    /// Why EKS did not answer, if it was asked.
    pub fn unknown(&self) -> Option<&Blocker> {
        match &self.details {
            EntryDetails::Unknown(why) => Some(why),
            EntryDetails::Unread | EntryDetails::Read(_) => None,
        }
    }
}

impl EntryDetails {
    fn are_unread(&self) -> bool {
        matches!(self, Self::Unread)
    }
}

/// An entry as rows store it: earlier versions stored only the ARN.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredEntry {
    Named(String),
    Whole {
        arn: String,
        #[serde(default)]
        details: Box<EntryDetails>,
    },
}

impl From<StoredEntry> for AccessEntry {
    fn from(stored: StoredEntry) -> Self {
        match stored {
            StoredEntry::Named(arn) => Self::named(arn),
            StoredEntry::Whole { arn, details } => Self { arn, details: *details },
        }
    }
}

/// What DescribeCluster says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksCluster {
    pub name: String,
    pub arn: String,
    pub created_at: Option<Timestamp>,
    /// https URL of the API server.
    pub endpoint: String,
    /// The CA bundle, PEM in base64, as DescribeCluster and kubeconfigs have it.
    pub certificate_authority: String,
    pub version: String,
    pub status: String,
    pub mode: AuthenticationMode,
}

/// The part of the API server's state that matters to access.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterState {
    /// `kube-system/aws-auth`; `None` if it does not exist.
    pub aws_auth: Option<AwsAuthObject>,
    pub namespaces: Vec<PinnedNamespace>,
    /// The ClusterRoles that the profiles name, Latchkey's own, and those that the bindings below refer to.
    pub cluster_roles: BTreeMap<String, ObservedRole>,
    /// Namespaced Roles that bindings below refer to, by `namespace/name`.
    pub roles: BTreeMap<String, ObservedRole>,
    /// Every RoleBinding and ClusterRoleBinding with a subject of kind User or Group, those with Latchkey's label,
    /// which may have no subjects any more, and those to a ClusterRole of Latchkey's, whatever they bind. Only
    /// Latchkey's annotations are kept.
    pub bindings: Vec<ObservedBinding>,
    /// `kube-system/latchkey`, if it exists.
    pub marker: Option<Marker>,
    /// The kinds that its discovery lists; empty if discovery was not read.
    #[serde(default)]
    pub kinds: Kinds,
}

/// The aws-auth ConfigMap as read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwsAuthObject {
    pub uid: String,
    pub resource_version: String,
    pub data: BTreeMap<String, String>,
    /// managedFields, limited to those that own keys of `data`.
    pub managers: Vec<FieldManager>,
}

/// One entry of managedFields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldManager {
    pub name: String,
    /// `Apply` or `Update`.
    pub operation: String,
    /// The keys of `data` that it owns.
    pub keys: Vec<String>,
}

/// A Role or ClusterRole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedRole {
    pub uid: String,
    pub rules: Vec<Rule>,
    pub labels: BTreeMap<String, String>,
}

/// A RoleBinding (with a namespace) or a ClusterRoleBinding (without).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedBinding {
    pub namespace: Option<String>,
    pub name: String,
    pub uid: String,
    pub resource_version: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub finalizers: Vec<String>,
    /// Whether it is being deleted. RBAC ignores that: the binding grants until it is gone.
    pub deleting: bool,
    /// `ClusterRole` or `Role`.
    pub role_kind: String,
    pub role_name: String,
    pub subjects: Vec<Subject>,
}

/// A subject of a binding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: String,
    pub name: String,
    pub namespace: Option<String>,
}

/// The ConfigMap `kube-system/latchkey`: the installation that manages this cluster, and the epoch since which it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    pub uid: String,
    pub resource_version: String,
    pub installation: Option<String>,
    pub epoch: Option<i64>,
}

/// An IAM principal as reported by IAM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrincipalObservation {
    /// `None` if IAM does not know the principal, or the worker may not read it.
    pub found: Option<IamEntity>,
    /// Why a part of it was not seen.
    pub trouble: Option<Blocker>,
    /// Of a role: who can be a session of it, even if the rest could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<RoleTrust>,
    /// Whether it is the user or role by which Latchkey itself works.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_worker: bool,
    /// Under which name Identity Center made the role anew, if the one that was proven is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<String>,
    /// Its present identity, which is asked for every principal, whether or not the worker writes to it.
    #[serde(default)]
    pub identity: SeenIdentity,
}

impl PrincipalObservation {
    /// What IAM said about a user or role that the worker may read.
    pub fn of(found: Option<IamEntity>) -> Self {
        let identity = found.as_ref().map_or(SeenIdentity::NoUser, |entity| SeenIdentity::Is(entity.unique_id.clone()));
        let trust = found.as_ref().and_then(|entity| entity.trust.clone());
        Self { found, trust, identity, ..Self::default() }
    }

    /// What it is, if the look tells: of a user only if it is Latchkey's own.
    pub fn verdict(&self) -> Option<PrincipalVerdict> {
        if self.is_worker {
            return Some(PrincipalVerdict::Worker);
        }
        self.trust.clone().map(PrincipalVerdict::Role)
    }

    /// The user or role that was found.
    pub fn entity(&self) -> Option<&IamEntity> {
        self.found.as_ref()
    }
}

/// What IAM says about the user or role that has the ARN.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenIdentity {
    /// No look was made, or no answer came.
    #[default]
    NotAsked,
    /// Its unique id.
    Is(String),
    /// There is no such user or role.
    #[serde(rename = "nobody")]
    NoUser,
    /// AWS does not let Latchkey look, or Latchkey is not able to.
    Refused(Blocker),
}

/// An IAM user or role with what Latchkey looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IamEntity {
    pub arn: String,
    pub unique_id: String,
    pub name: String,
    pub path: String,
    pub tags: BTreeMap<String, String>,
    /// Inline policies by name, decoded JSON text.
    pub inline_policies: BTreeMap<String, String>,
    /// Of a role: who can be a session of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<RoleTrust>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_earlier_versions_kept_as_a_sentence_is_read_and_a_value_reads_as_it_was_written() {
        let said = Blocker::said("EKS was away.");
        let earlier = r#"{ "aws": null, "kubernetes": null, "trouble": "EKS was away.", "kubernetes_at": null,
          "entries": { "unknown": "EKS was away." } }"#;
        let read: ClusterObservation = serde_json::from_str(earlier).unwrap();
        assert_eq!((read.trouble.as_ref(), read.entries.unknown()), (Some(&said), Some(&said)));
        let earlier = r#"{ "found": null, "trouble": "EKS was away.", "identity": { "refused": "EKS was away." } }"#;
        let read: PrincipalObservation = serde_json::from_str(earlier).unwrap();
        assert_eq!((read.trouble, read.identity), (Some(said.clone()), SeenIdentity::Refused(said)));

        let trouble = Some(Blocker::EntrySlow {});
        let seen =
            ClusterObservation { trouble, entries: EntryHolders::Unknown(Blocker::EntrySlow {}), ..Default::default() };
        let again: ClusterObservation = serde_json::from_value(serde_json::to_value(&seen).unwrap()).unwrap();
        assert_eq!(again, seen);
    }
}
