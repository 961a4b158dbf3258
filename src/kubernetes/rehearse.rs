//! Writes that are sent as dry runs: the API server authorises and admits them like any other and stores nothing, so
//! they take no permit.

use super::{
    ApiServer,
    call::{ApiCall, Path},
};
use crate::fault::Fault;
use http::Method;
use latchkey_domain::{
    access::blocker::{Also, MissingRight},
    eks::rbac::{BindingSpec, OwnRole},
    plan::bootstrap::NAMESPACE,
};
use serde_json::json;

/// A key that nothing reads, in case something on the way ignores the dry run.
const KEY: &str = "latchkey-doctor";

impl ApiServer {
    /// Rehearses a change of one key of a ConfigMap in `kube-system`.
    ///
    /// # Errors
    /// Refused if a right is missing or something on the way refuses; conflict if it is no longer at
    /// `resource_version`; not found; invalid, transient, throttled.
    pub async fn rehearse_config_map(&self, name: &str, resource_version: &str) -> Result<(), Fault> {
        let call = ApiCall {
            operation: "rehearse a change of",
            subject: format!("the ConfigMap {NAMESPACE}/{name} of cluster `{}`", self.name()),
            right: MissingRight::new("patch", "configmaps").named(name).within(Some(NAMESPACE)).into(),
        };
        let change = json!({ "metadata": { "resourceVersion": resource_version }, "data": { KEY: "a dry run" } });
        let path = Path::core(Some(NAMESPACE), "configmaps").named(name);
        self.dry_run(Method::PATCH, &path, &change, &call).await
    }

    /// Rehearses the creation of a binding.
    ///
    /// # Errors
    /// Not found if the ClusterRole does not exist; refused if a right is missing, including that to bind the role, or
    /// something on the way refuses; invalid, transient, throttled.
    pub async fn rehearse_binding(&self, spec: &BindingSpec) -> Result<(), Fault> {
        let resource = if spec.namespace.is_some() { "rolebindings" } else { "clusterrolebindings" };
        let call = ApiCall {
            operation: "rehearse",
            subject: format!("a {} of `{}` on cluster `{}`", spec.kind(), spec.cluster_role, self.name()),
            right: MissingRight::new("create", format!("{resource}.rbac.authorization.k8s.io"))
                .also(Also::Bind { role: spec.cluster_role.clone() })
                .into(),
        };
        let path = Path::rbac(spec.namespace.as_deref(), resource);
        self.dry_run(Method::POST, &path, &spec.to_value(), &call).await
    }

    /// Rehearses the creation of a profile's own ClusterRole. Succeeds, too, if it exists already.
    ///
    /// # Errors
    /// Refused if a right is missing, Latchkey does not hold every rule in it, or something on the way refuses;
    /// invalid, transient, throttled.
    pub async fn rehearse_cluster_role(&self, role: &OwnRole) -> Result<(), Fault> {
        let call = ApiCall {
            operation: "rehearse",
            subject: format!("the ClusterRole `{}` on cluster `{}`", role.name(), self.name()),
            right: MissingRight::new("create", "clusterroles.rbac.authorization.k8s.io").also(Also::Rules).into(),
        };
        match self.dry_run(Method::POST, &Path::rbac(None, "clusterroles"), &role.to_value(), &call).await {
            Err(fault) if fault.is_conflict() => Ok(()),
            done => done,
        }
    }
}
