//! policy.toml as a value.

use super::{ACCOUNT, cluster_arn, group, leads, parsed, texts};
use crate::{
    access::{
        cluster::Labels,
        person::{Audience, Role},
        policy::{Account, ClusterSelector, Decision, Policy, PolicyCluster, PolicyFile},
        profile::{Profile, RulesSource, Scope},
    },
    eks::rbac::Rule,
    plan::authenticator::MappingKind,
};
use std::{collections::BTreeMap, num::NonZeroU8};

/// A policy of this name: developers ask for `view` in any namespace of `prod-eu` for 8 hours at most, and one of the
/// leads decides within an hour.
pub fn policy(name: &str) -> Policy {
    Policy {
        name: name.to_owned(),
        requesters: group("developers"),
        profiles: parsed(["view"]),
        clusters: ClusterSelector::Names(parsed(["prod-eu"])),
        namespaces: texts(["*"]),
        longest_minutes: 480,
        decision: Decision::Ask { approvers: leads(), quorum: NonZeroU8::MIN },
        lapses_after_minutes: 60,
        shared_roles: false,
    }
}

impl Policy {
    /// For these profiles.
    #[must_use]
    pub fn of<'a>(self, profiles: impl IntoIterator<Item = &'a str>) -> Self {
        Self { profiles: parsed(profiles), ..self }
    }

    /// On these clusters.
    #[must_use]
    pub fn on<'a>(self, clusters: impl IntoIterator<Item = &'a str>) -> Self {
        Self { clusters: ClusterSelector::Names(parsed(clusters)), ..self }
    }

    /// On clusters of this stage.
    #[must_use]
    pub fn on_stage(self, stage: &str) -> Self {
        Self { clusters: ClusterSelector::Labels(of_stage(stage)), ..self }
    }

    /// In the namespaces of these globs.
    #[must_use]
    pub fn in_<'a>(self, globs: impl IntoIterator<Item = &'a str>) -> Self {
        Self { namespaces: texts(globs), ..self }
    }

    /// For so many minutes at most.
    #[must_use]
    pub fn at_most(self, minutes: u32) -> Self {
        Self { longest_minutes: minutes, ..self }
    }

    /// For these people.
    #[must_use]
    pub fn asked_by(self, requesters: Audience) -> Self {
        Self { requesters, ..self }
    }

    /// Decided by so many of these people.
    #[must_use]
    pub fn decided_by(self, quorum: u8, approvers: Audience) -> Self {
        self.decided(Decision::Ask { approvers, quorum: NonZeroU8::new(quorum).unwrap() })
    }

    /// Also for everyone who can use a role.
    #[must_use]
    pub fn for_shared_roles(self) -> Self {
        Self { shared_roles: true, ..self }
    }

    /// Granted at once.
    #[must_use]
    pub fn automatic(self) -> Self {
        self.decided(Decision::Automatic)
    }

    /// Decided in this way.
    #[must_use]
    pub fn decided(self, decision: Decision) -> Self {
        Self { decision, ..self }
    }

    /// A request lapses after so many minutes.
    #[must_use]
    pub fn lapses_after(self, minutes: u32) -> Self {
        Self { lapses_after_minutes: minutes, ..self }
    }
}

/// A policy.toml that lets no person ask for anything, and lets the worker write to users under `/latchkey/`.
pub fn policy_file() -> PolicyFile {
    PolicyFile {
        roles: BTreeMap::new(),
        accounts: vec![Account { id: ACCOUNT.parse().unwrap(), principal_paths: texts(["/latchkey/"]) }],
        clusters: vec![],
        profiles: vec![],
        policies: vec![],
    }
}

impl PolicyFile {
    /// With these people in a role.
    #[must_use]
    pub fn with_role(mut self, role: Role, people: Audience) -> Self {
        self.roles.insert(role, people);
        self
    }

    /// With these clusters, behind those that it has.
    #[must_use]
    pub fn with_clusters(mut self, clusters: impl IntoIterator<Item = PolicyCluster>) -> Self {
        self.clusters.extend(clusters);
        self
    }

    /// With these profiles, behind those that it has.
    #[must_use]
    pub fn with_profiles(mut self, profiles: impl IntoIterator<Item = Profile>) -> Self {
        self.profiles.extend(profiles);
        self
    }

    /// With these policies, behind those that it has.
    #[must_use]
    pub fn with_policies(mut self, policies: impl IntoIterator<Item = Policy>) -> Self {
        self.policies.extend(policies);
        self
    }
}

/// The cluster of this name, without labels.
pub fn policy_cluster(name: &str) -> PolicyCluster {
    PolicyCluster {
        name: name.parse().unwrap(),
        arn: cluster_arn(name).parse().unwrap(),
        labels: Labels::new(),
        mapping: MappingKind::of_new_mappings(),
    }
}

impl PolicyCluster {
    /// With this ARN.
    #[must_use]
    pub fn at(self, arn: &str) -> Self {
        Self { arn: arn.parse().unwrap(), ..self }
    }

    /// Of this stage.
    #[must_use]
    pub fn of_stage(self, stage: &str) -> Self {
        Self { labels: of_stage(stage), ..self }
    }
}

/// The profile of this name, which binds the ClusterRole of the same name in namespaces.
pub fn profile(name: &str) -> Profile {
    Profile {
        name: name.parse().unwrap(),
        description: None,
        source: RulesSource::ClusterRoles(texts([name])),
        scope: Scope::Namespace,
        console: false,
    }
}

impl Profile {
    /// That binds these ClusterRoles.
    #[must_use]
    pub fn of_roles<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { source: RulesSource::ClusterRoles(texts(names)), ..self }
    }

    /// That has rules of its own.
    #[must_use]
    pub fn of_rules(self, rules: Vec<Rule>) -> Self {
        Self { source: RulesSource::Rules(rules), ..self }
    }

    /// That reaches the whole cluster.
    #[must_use]
    pub fn of_cluster(self) -> Self {
        Self { scope: Scope::Cluster, ..self }
    }
}

fn of_stage(stage: &str) -> Labels {
    Labels::from([("stage".to_owned(), stage.to_owned())])
}
