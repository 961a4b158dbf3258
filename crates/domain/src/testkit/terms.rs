//! Profiles as they are on a cluster, and the terms of an access.

use super::{iam_arn, id, namespace, user_arn};
use crate::{
    access::{
        ClusterId, PrincipalId,
        person::Person,
        profile::{ResolvedProfile, ResolvedRole, Scope},
        terms::{RoleUser, Starts, Terms},
    },
    eks::rbac::{Rule, own_role_name, rules_hash},
};

/// A rule that reads these resources of the core API.
pub fn reads<'a>(resources: impl IntoIterator<Item = &'a str>) -> Vec<Rule> {
    let resources: Vec<&str> = resources.into_iter().collect();
    vec![Rule::of(&["get", "list", "watch"], &[""], &resources)]
}

/// A ClusterRole of others.
pub fn role(name: &str, rules: Vec<Rule>) -> ResolvedRole {
    ResolvedRole { name: name.to_owned(), own: false, rules_hash: rules_hash(&rules), rules }
}

/// The profile of this name on a cluster, in namespaces; it binds nothing yet.
pub fn resolved(name: &str) -> ResolvedProfile {
    ResolvedProfile { name: name.parse().unwrap(), scope: Scope::Namespace, console: false, roles: vec![] }
}

impl ResolvedProfile {
    /// That binds the ClusterRole of its name, which has these rules.
    #[must_use]
    pub fn allows(self, rules: Vec<Rule>) -> Self {
        Self { roles: vec![role(self.name.as_str(), rules)], ..self }
    }

    /// That binds the ClusterRole of its name, which reads these resources.
    #[must_use]
    pub fn reads<'a>(self, resources: impl IntoIterator<Item = &'a str>) -> Self {
        self.allows(reads(resources))
    }

    /// That has these rules of its own.
    #[must_use]
    pub fn of_own(self, rules: Vec<Rule>) -> Self {
        let name = own_role_name(self.name.as_str(), &rules);
        Self { roles: vec![ResolvedRole { own: true, ..role(&name, rules) }], ..self }
    }

    /// That opens the EKS console, or does not.
    #[must_use]
    pub fn with_console(self, console: bool) -> Self {
        Self { console, ..self }
    }
}

/// As Ana's IAM user on `prod-eu`, `view` in `payments` for an hour.
pub fn terms() -> Terms {
    Terms {
        principal: PrincipalId(id("ana")),
        principal_arn: user_arn("ana"),
        session: None,
        users: vec![],
        cluster: ClusterId(id("prod-eu")),
        cluster_name: "prod-eu".to_owned(),
        profile: resolved("view").reads(["pods", "pods/log"]),
        namespaces: vec![namespace("payments")],
        minutes: 60,
        starts: Starts::AtOnce,
    }
}

impl Terms {
    /// As the IAM user of this handle.
    #[must_use]
    pub fn of_user(self, handle: &str) -> Self {
        Self { principal: PrincipalId(id(handle)), principal_arn: user_arn(handle), ..self }
    }

    /// By the role of this name, which everyone can use under any session's name, and these people have proven.
    #[must_use]
    pub fn of_shared_role(self, name: &str, users: &[Person]) -> Self {
        let users =
            users.iter().map(|user| RoleUser { person: user.id, handle: user.handle.clone(), name: user.name.clone() });
        let principal_arn = iam_arn(&format!("role/teams/{name}"));
        Self { principal: PrincipalId(id(name)), principal_arn, session: None, users: users.collect(), ..self }
    }

    /// With this profile.
    #[must_use]
    pub fn of(self, profile: ResolvedProfile) -> Self {
        Self { profile, ..self }
    }

    /// On the cluster of this name.
    #[must_use]
    pub fn on(self, cluster: &str) -> Self {
        Self { cluster: ClusterId(id(cluster)), cluster_name: cluster.to_owned(), ..self }
    }

    /// In these namespaces.
    #[must_use]
    pub fn in_<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { namespaces: names.into_iter().map(namespace).collect(), ..self }
    }

    /// For so many minutes.
    #[must_use]
    pub fn for_(self, minutes: u32) -> Self {
        Self { minutes, ..self }
    }
}
