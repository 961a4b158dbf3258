//! What RBAC gives to the users and groups of a cluster.

use super::{ANONYMOUS, LetIn, SERVICE_ACCOUNT, Source, UNAUTHENTICATED, WayIn};
use crate::plan::{
    authenticator::{MASTERS, line::bears},
    observation::{ClusterState, ObservedBinding},
    proof::AUTHENTICATED,
};
use std::collections::{BTreeMap, BTreeSet};

/// The ClusterRole that gives everything.
const CLUSTER_ADMIN: &str = "cluster-admin";

/// The ClusterRoles that Kubernetes itself binds to everyone who is let in: discovery, and who one is.
const EVERYONES: [&str; 3] = ["system:basic-user", "system:discovery", "system:public-info-viewer"];

/// A role that RBAC gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoundRole {
    pub role: String,
    /// `None` is everywhere.
    pub namespace: Option<String>,
    /// Whether it is a Role of that namespace, and not a ClusterRole.
    pub namespaced: bool,
}

impl BoundRole {
    fn of(binding: &ObservedBinding) -> Self {
        Self {
            role: binding.role_name.clone(),
            namespace: binding.namespace.clone(),
            namespaced: binding.role_kind != "ClusterRole",
        }
    }

    /// Whether it is `cluster-admin` on the whole cluster.
    pub(super) fn is_everything(&self) -> bool {
        !self.namespaced && self.namespace.is_none() && self.role == CLUSTER_ADMIN
    }
}

/// Whether it is a role that Kubernetes or EKS have for nodes, or of everyone who is let in.
pub(super) fn is_of_nodes(role: &BoundRole) -> bool {
    !role.namespaced && is_built_in_name(&role.role)
}

/// What RBAC gives, by user and by group.
pub(super) struct RbacRights<'a> {
    users: BTreeMap<&'a str, BTreeSet<BoundRole>>,
    groups: BTreeMap<&'a str, BTreeSet<BoundRole>>,
}

impl<'a> RbacRights<'a> {
    /// As a look saw it.
    pub(super) fn of(state: &'a ClusterState) -> Self {
        let mut rights = Self { users: BTreeMap::new(), groups: BTreeMap::new() };
        for (binding, subject) in
            state.bindings.iter().flat_map(|binding| binding.subjects.iter().map(move |to| (binding, to)))
        {
            let role = BoundRole::of(binding);
            let is_everyones = !role.namespaced && EVERYONES.contains(&role.role.as_str());
            match subject.kind.as_str() {
                "User" => rights.users.entry(&subject.name).or_default().insert(role),
                "Group" if is_everyones && [AUTHENTICATED, UNAUTHENTICATED].contains(&subject.name.as_str()) => false,
                "Group" => rights.groups.entry(&subject.name).or_default().insert(role),
                _ => false,
            };
        }
        rights
    }

    /// What a way in gives, with what everyone who is let in has.
    pub(super) fn of_way(&self, way: &WayIn) -> BTreeSet<BoundRole> {
        let is_template = |name: &str| name.contains("{{");
        let users = match &way.username {
            Some(name) if !is_template(name) => self.users.get(name.as_str()).into_iter().collect(),
            Some(_) | None => {
                let may_be = self.users.iter().filter(|(user, _)| way.may_be(user));
                may_be.map(|(_, roles)| roles).collect::<Vec<_>>()
            }
        };
        let groups = way.groups.iter().map(String::as_str).chain([AUTHENTICATED]).flat_map(|group| {
            let may_be = self.groups.iter().filter(move |(name, _)| **name == group || bears(group, name));
            may_be.map(|(_, roles)| roles)
        });
        users.into_iter().chain(groups).flatten().cloned().collect()
    }

    /// What everyone who is let in has.
    pub(super) fn everyones(&self) -> BTreeSet<BoundRole> {
        self.groups.get(AUTHENTICATED).cloned().unwrap_or_default()
    }

    /// The users and groups that no mapping names. Kubernetes' and EKS's own, bound to their own roles, are left out.
    pub(super) fn not_mapped(&self, mapped: &[WayIn]) -> Vec<WayIn> {
        let way = |who: LetIn, name: &str, roles: &BTreeSet<BoundRole>| {
            let roles: BTreeSet<BoundRole> = roles.iter().filter(|role| !is_built_in(name, role)).cloned().collect();
            let everything = roles.iter().any(BoundRole::is_everything);
            (!roles.is_empty()).then(|| WayIn { roles, everything, ..WayIn::of(who, Source::Binding, None, &[]) })
        };
        let has_user = |name: &str| mapped.iter().any(|way| way.may_be(name));
        let has_group = |name: &str| mapped.iter().flat_map(|way| &way.groups).any(|group| bears(group, name));
        let of_users = self.users.iter().filter(|(name, _)| !has_user(name));
        let of_users = of_users.filter_map(|(name, roles)| way(LetIn::User((*name).to_owned()), name, roles));
        let of_groups = self.groups.iter().filter(|(name, _)| **name != MASTERS && !has_group(name));
        let of_groups = of_groups.filter_map(|(name, roles)| way(LetIn::Group((*name).to_owned()), name, roles));
        of_users.chain(of_groups).collect()
    }
}

fn is_built_in_name(name: &str) -> bool {
    name.starts_with("system:") || name.starts_with("eks:")
}

/// Whether it is what Kubernetes or EKS bind to components of their own.
fn is_built_in(name: &str, role: &BoundRole) -> bool {
    let is_anyone = [AUTHENTICATED, UNAUTHENTICATED, ANONYMOUS].contains(&name) || name.starts_with(SERVICE_ACCOUNT);
    !is_anyone && is_built_in_name(name) && !role.namespaced && is_built_in_name(&role.role)
}
