//! policy.toml as a value, and the ruling that it gives on an ask.

use super::{
    PersonId,
    cluster::{ClusterName, Labels},
    person::{Audience, Handle, Person, Role},
    profile::{Profile, ProfileName},
    ruling::{list, minutes_text},
    terms::SharedAccess,
};
use crate::{
    eks::arn::{AccountId, ClusterArn},
    plan::authenticator::MappingKind,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU8,
};

/// The whole of policy.toml, valid. Only the configuration's validator builds one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFile {
    pub roles: BTreeMap<Role, Audience>,
    pub accounts: Vec<Account>,
    pub clusters: Vec<PolicyCluster>,
    pub profiles: Vec<Profile>,
    /// In file order: the first policy that matches rules, for each namespace separately.
    pub policies: Vec<Policy>,
}

/// An AWS account and the IAM paths in it that the worker may write to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    pub principal_paths: Vec<String>,
}

/// A cluster as policy.toml names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyCluster {
    pub name: ClusterName,
    pub arn: ClusterArn,
    pub labels: Labels,
    /// How new mappings are written if the cluster's authentication mode has lines and access entries.
    #[serde(default = "MappingKind::of_new_mappings")]
    pub mapping: MappingKind,
}

/// One policy: who may ask for what, for how long, and who decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub name: String,
    pub requesters: Audience,
    pub profiles: Vec<ProfileName>,
    pub clusters: ClusterSelector,
    /// Globs over namespace names (`*` any run, `?` one character); profiles of cluster scope ignore them.
    pub namespaces: Vec<String>,
    pub longest_minutes: u32,
    pub decision: Decision,
    pub lapses_after_minutes: u32,
    /// Whether it grants access to a role that several people can use: each of them then has what one asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared_roles: bool,
}

/// Clusters by name or by labels; all named labels must match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterSelector {
    Names(Vec<ClusterName>),
    Labels(Labels),
}

/// How a policy's requests are decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// By the policy itself, at once.
    Automatic,
    Ask {
        approvers: Audience,
        quorum: NonZeroU8,
    },
}

/// What a person asks for, as far as policies look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask<'a> {
    pub requester: &'a Person,
    pub cluster: &'a ClusterName,
    pub profile: &'a ProfileName,
    /// Empty for a profile of cluster scope.
    pub namespaces: &'a [String],
    pub minutes: u32,
    /// The role, if everyone who can use it would have the access; `None` for a principal of one person.
    pub shared: Option<SharedAccess<'a>>,
}

/// The policy that ruled. The hash is that of the whole policy.toml.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    pub policy: Policy,
    /// Lower-case hex SHA-256 of policy.toml's text.
    pub policy_hash: String,
}

/// The people who may decide a request: those whom the policy names, without the requester.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eligible {
    pub approvers: Audience,
    pub requester: PersonId,
    /// Those who use the role that the access is for, and would have it themselves.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub users: BTreeSet<PersonId>,
}

impl Eligible {
    /// Whether this person may decide now, by their present groups.
    pub fn contains(&self, person: &Person) -> bool {
        person.id != self.requester && self.approvers.contains(person) && !self.users.contains(&person.id)
    }

    /// Whether an approver is not asked only because they use the role that the access is for.
    pub fn shares(&self, person: &Person) -> bool {
        person.id != self.requester && self.approvers.contains(person) && self.users.contains(&person.id)
    }
}

/// The policies' answer to an ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    Refused(Vec<Refusal>),
    Automatic(Basis),
    Ask { basis: Basis, quorum: NonZeroU8, eligible: Eligible },
}

/// The namespaces of an ask that one policy rules, if another policy rules other namespaces of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuledGroup {
    pub policy: String,
    pub namespaces: Vec<String>,
    pub longest_minutes: u32,
    /// How many must approve; `None` if the policy grants without approval.
    pub approvals: Option<NonZeroU8>,
}

/// Why an ask is refused. `Display` is a sentence that says what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    #[error("There is no profile `{0}`. Choose one from the list.")]
    UnknownProfile(String),
    #[error("There is no cluster `{0}`. Choose one from the list.")]
    UnknownCluster(String),
    #[error("Choose at least one namespace.")]
    NoNamespace,
    #[error("`{0}` reaches the whole cluster; leave the namespaces empty.")]
    NamespacesOnClusterScope(ProfileName),
    #[error("No policy lets you ask for `{profile}` on `{cluster}`. {}", instead_of(.instead))]
    NoPolicy { profile: ProfileName, cluster: ClusterName, instead: Vec<ProfileName> },
    #[error("No policy lets you ask for `{profile}` in `{namespace}` on `{cluster}`.")]
    NoPolicyForNamespace { profile: ProfileName, cluster: ClusterName, namespace: String },
    #[error("These namespaces are not ruled by one policy: {}. Ask for each group in a request of its own.", grouped(.groups))]
    SeveralPolicies { groups: Vec<RuledGroup> },
    #[error("The longest is {} by the policy \"{policy}\".", minutes_text(*.longest_minutes))]
    TooLong { policy: String, longest_minutes: u32 },
    #[error(
        "Several people can use this role, and each of them would have the access. The policy \"{policy}\" does not \
         allow that. Choose an identity that only you can use."
    )]
    SharedRole { policy: String },
    #[error(
        "Several people can use this role, and `{profile}` is of {risk} risk there, which is never given to a role that \
         is shared. Choose an identity that only you can use, or another profile."
    )]
    TooRiskyToShare { profile: ProfileName, risk: String },
    #[error("At least 5 minutes.")]
    TooShort,
    #[error("No other person can approve `{policy}`{}. Choose another profile, or ask an operator.", known(.approvers))]
    #[serde(rename = "nobody_eligible")]
    NoneEligible { policy: String, approvers: Vec<Handle> },
    #[error(
        "The policy \"{policy}\" wants {quorum} approvals, and no other person can approve beside you{}. Choose \
         another profile, or ask an operator.",
        known(.approvers)
    )]
    TooFewEligible { policy: String, quorum: NonZeroU8, approvers: Vec<Handle> },
}

fn instead_of(profiles: &[ProfileName]) -> String {
    match profiles {
        [] => "Operators can tell you why, and add one.".to_owned(),
        profiles => format!("There you may ask for {}.", quoted(profiles)),
    }
}

fn quoted(names: &[impl std::fmt::Display]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// "`payments` by \"payments\"; `search` and `web` by \"the rest\"".
fn grouped(groups: &[RuledGroup]) -> String {
    let told = |group: &RuledGroup| {
        let names: Vec<String> = group.namespaces.iter().map(|name| format!("`{name}`")).collect();
        format!("{} by \"{}\"", list(&names, "and"), group.policy)
    };
    groups.iter().map(told).collect::<Vec<_>>().join("; ")
}

fn known(approvers: &[Handle]) -> String {
    if approvers.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = approvers.iter().map(Handle::as_str).collect();
    format!(" but {}", names.join(", "))
}

/// The shortest time that can be asked for: setting up would take a good part of a shorter one.
pub const SHORTEST_MINUTES: u32 = 5;

impl PolicyFile {
    /// The profile of this name.
    pub fn profile(&self, name: &ProfileName) -> Option<&Profile> {
        self.profiles.iter().find(|profile| &profile.name == name)
    }

    /// The cluster of this name.
    pub fn cluster(&self, name: &ClusterName) -> Option<&PolicyCluster> {
        self.clusters.iter().find(|cluster| &cluster.name == name)
    }

    /// How new mappings are written on a cluster if its authentication mode has lines and access entries.
    pub fn mapping_of(&self, cluster: &str) -> MappingKind {
        let named = self.clusters.iter().find(|named| named.name.as_str() == cluster);
        named.map_or_else(MappingKind::of_new_mappings, |named| named.mapping)
    }

    /// Whether the person has a role in the portal.
    pub fn has_role(&self, person: &Person, role: Role) -> bool {
        self.roles.get(&role).is_some_and(|audience| audience.contains(person))
    }
}
