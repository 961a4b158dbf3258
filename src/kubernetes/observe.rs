//! The observation: everything on a cluster that matters to access, read at once.

use super::{
    Cluster,
    call::{Call, Path},
    convert,
};
use crate::fault::{Fault, FaultKind};
use k8s_openapi::api::{
    core::v1::Namespace,
    rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
};
use latchkey_domain::plan::observation::ClusterState;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// What an observation is to hold besides what it always holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The ClusterRoles that profiles name.
    pub cluster_roles: BTreeSet<String>,
}

impl Cluster {
    /// Reads aws-auth, the marker, namespaces, bindings and the roles that matter, each consistently; together they
    /// are no snapshot, so that whoever writes compares resource versions.
    ///
    /// Roles that bindings in namespaces refer to are left out where Latchkey may not read them: it needs no such right
    /// for its own work.
    ///
    /// # Errors
    /// Refused where a right is missing; transient, throttled. All or nothing.
    pub async fn observe(&self, wanted: &Wanted) -> Result<ClusterState, Fault> {
        let (aws_auth, marker, namespaces, bindings, cluster_bindings, cluster_roles, roles) = tokio::try_join!(
            self.aws_auth(),
            self.marker(),
            self.collection::<Namespace>(&NAMESPACES),
            self.collection::<RoleBinding>(&ROLE_BINDINGS),
            self.collection::<ClusterRoleBinding>(&CLUSTER_ROLE_BINDINGS),
            self.collection::<ClusterRole>(&CLUSTER_ROLES),
            self.roles_if_permitted(),
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
        })
    }

    async fn collection<T: DeserializeOwned>(&self, kind: &Collection) -> Result<Vec<T>, Fault> {
        let path =
            if kind.group.is_empty() { Path::core(None, kind.resource) } else { Path::rbac(None, kind.resource) };
        let right = match kind.group {
            "" => format!("list {}", kind.resource),
            group => format!("list {}.{group}", kind.resource),
        };
        let subject = format!("the {} of cluster `{}`", kind.title, self.name());
        self.list(path, &Call { operation: "list", subject, right }).await
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
