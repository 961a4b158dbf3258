//! The observation: everything on a cluster that matters to access, read at once.

use super::{
    AT_ONCE, ApiServer,
    call::{ApiCall, Path},
    convert,
};
use crate::fault::{Fault, FaultKind};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, future::BoxFuture, stream};
use k8s_openapi::api::{
    core::v1::Namespace,
    rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
};
use latchkey_domain::{access::blocker::MissingRight, eks::rbac::Kinds, plan::observation::ClusterState};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// What an observation holds besides what it always holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedObservation {
    /// The ClusterRoles that profiles name.
    pub cluster_roles: BTreeSet<String>,
}

/// What is looked at by name if lists are larger than what is read: everything that accesses depend on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedObjects {
    /// By namespace (`None` for ClusterRoleBindings) and name.
    pub bindings: BTreeSet<(Option<String>, String)>,
    pub namespaces: BTreeSet<String>,
    pub cluster_roles: BTreeSet<String>,
}

impl NamedObjects {
    /// Whether it contains everything of `other`.
    pub fn covers(&self, other: &Self) -> bool {
        self.bindings.is_superset(&other.bindings)
            && self.namespaces.is_superset(&other.namespaces)
            && self.cluster_roles.is_superset(&other.cluster_roles)
    }
}

impl ApiServer {
    /// Reads aws-auth, the marker, and by name what accesses depend on: enough to take away and to prove it, however
    /// much else there is. It shows nothing of foreign bindings.
    ///
    /// # Errors
    /// As [`ApiServer::observe`].
    pub async fn observe_named(&self, named: &NamedObjects) -> Result<ClusterState, Fault> {
        // Boxed: the compiler cannot tell that borrowing futures may move to another thread.
        let mut bindings = Vec::with_capacity(named.bindings.len());
        for (namespace, name) in &named.bindings {
            bindings.push(self.get_binding(namespace.as_deref(), name).boxed());
        }
        let mut namespaces = Vec::with_capacity(named.namespaces.len());
        for name in &named.namespaces {
            namespaces.push(self.one::<Namespace>(&NAMESPACES, name).boxed());
        }
        let mut roles = Vec::with_capacity(named.cluster_roles.len());
        for name in &named.cluster_roles {
            roles.push(self.one::<ClusterRole>(&CLUSTER_ROLES, name).boxed());
        }
        let (bindings, namespaces, roles) = (some(bindings), some(namespaces), some(roles));
        let (aws_auth, marker, bindings, namespaces, roles) =
            tokio::try_join!(self.aws_auth(), self.marker(), bindings, namespaces, roles)?;
        let wanted = WantedObservation { cluster_roles: named.cluster_roles.clone() };
        Ok(ClusterState {
            aws_auth,
            namespaces: namespaces.into_iter().filter_map(convert::namespace).collect(),
            cluster_roles: convert::cluster_roles(roles, &wanted, &bindings),
            roles: BTreeMap::new(),
            bindings,
            marker,
            kinds: Kinds::default(),
        })
    }

    async fn one<T: DeserializeOwned>(&self, kind: &Collection, name: &str) -> Result<Option<T>, Fault> {
        let path =
            if kind.group.is_empty() { Path::core(None, kind.resource) } else { Path::rbac(None, kind.resource) };
        let subject = format!("`{name}` of the {} of cluster `{}`", kind.title, self.name());
        let right = MissingRight::new("get", kind.resource).into();
        self.get(path.named(name), &ApiCall { operation: "read", subject, right }).await
    }

    /// Reads aws-auth, the marker, namespaces, bindings and the roles that matter, each consistently. Together they are
    /// not a snapshot, so writers compare resource versions.
    ///
    /// Roles that bindings in namespaces refer to are left out if Latchkey may not read them: it does not need that
    /// right for its own work.
    ///
    /// # Errors
    /// Refused if a right is missing; transient, throttled. All or nothing.
    pub async fn observe(&self, wanted: &WantedObservation) -> Result<ClusterState, Fault> {
        let (aws_auth, marker, namespaces, bindings, cluster_bindings, cluster_roles, roles, kinds) = tokio::try_join!(
            self.aws_auth(),
            self.marker(),
            self.collection::<Namespace>(&NAMESPACES),
            self.collection::<RoleBinding>(&ROLE_BINDINGS),
            self.collection::<ClusterRoleBinding>(&CLUSTER_ROLE_BINDINGS),
            self.collection::<ClusterRole>(&CLUSTER_ROLES),
            self.roles_if_permitted(),
            self.kinds().map(Ok),
        )?;
        let bindings = bindings.into_iter().map(convert::role_binding);
        let bindings = bindings.chain(cluster_bindings.into_iter().map(convert::cluster_role_binding));
        let bindings: Vec<_> = bindings.filter(convert::matters).collect();
        Ok(ClusterState {
            aws_auth,
            namespaces: namespaces.into_iter().filter_map(convert::namespace).collect(),
            cluster_roles: convert::cluster_roles(cluster_roles, wanted, &bindings),
            roles: convert::roles(roles, &bindings),
            bindings,
            marker,
            kinds,
        })
    }

    async fn collection<T: DeserializeOwned>(&self, kind: &Collection) -> Result<Vec<T>, Fault> {
        let path =
            if kind.group.is_empty() { Path::core(None, kind.resource) } else { Path::rbac(None, kind.resource) };
        let right = match kind.group {
            "" => MissingRight::new("list", kind.resource),
            group => MissingRight::new("list", format!("{}.{group}", kind.resource)),
        };
        let right = right.into();
        let subject = format!("the {} of cluster `{}`", kind.title, self.name());
        self.list(path, &ApiCall { operation: "list", subject, right }).await
    }

    /// The names of every namespace.
    ///
    /// # Errors
    /// Refused, transient, throttled.
    pub async fn namespace_names(&self) -> Result<Vec<String>, Fault> {
        let namespaces = self.collection::<Namespace>(&NAMESPACES).await?;
        Ok(namespaces.into_iter().filter_map(convert::namespace).map(|namespace| namespace.name).collect())
    }

    async fn roles_if_permitted(&self) -> Result<Vec<Role>, Fault> {
        match self.collection(&ROLES).await {
            Err(fault) if matches!(fault.kind(), FaultKind::Refused { .. }) => {
                tracing::debug!(cluster = self.name(), "roles in namespaces are not readable and are left out");
                Ok(Vec::new())
            }
            roles => roles,
        }
    }
}

/// The objects that exist of those asked for, a few at a time.
async fn some<T>(asked: Vec<BoxFuture<'_, Result<Option<T>, Fault>>>) -> Result<Vec<T>, Fault> {
    let found: Vec<Option<T>> = stream::iter(asked).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

struct Collection {
    group: &'static str,
    resource: &'static str,
    title: &'static str,
}

const RBAC: &str = "rbac.authorization.k8s.io";
const NAMESPACES: Collection = Collection { group: "", resource: "namespaces", title: "namespaces" };
const ROLE_BINDINGS: Collection = Collection { group: RBAC, resource: "rolebindings", title: "RoleBindings" };
const CLUSTER_ROLE_BINDINGS: Collection =
    Collection { group: RBAC, resource: "clusterrolebindings", title: "ClusterRoleBindings" };
const CLUSTER_ROLES: Collection = Collection { group: RBAC, resource: "clusterroles", title: "ClusterRoles" };
const ROLES: Collection = Collection { group: RBAC, resource: "roles", title: "Roles" };
