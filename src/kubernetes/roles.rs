//! Latchkey's ClusterRoles, which carry a profile's own rules and never change.

use super::{
    ApiServer,
    call::{ApiCall, Path, Write},
    convert,
};
use crate::fault::Fault;
use crate::lease::Permit;
use latchkey_domain::{
    access::blocker::{Also, MissingRight},
    eks::rbac::OwnRole,
    plan::observation::ObservedRole,
};

impl ApiServer {
    /// Creates the ClusterRole.
    ///
    /// # Errors
    /// Conflict if one of that name exists; refused if a right is missing, or Latchkey does not hold every rule in it;
    /// transient, throttled.
    pub async fn create_cluster_role(&self, permit: &Permit<'_>, role: &OwnRole) -> Result<ObservedRole, Fault> {
        let right = MissingRight::new("create", "clusterroles.rbac.authorization.k8s.io").also(Also::Rules).into();
        let call = ApiCall { right, ..self.role_call("create", "create", &role.name()) };
        self.write(permit, collection(), Write::Create(&role.to_value()), &call).await.map(convert::cluster_role)
    }

    /// Deletes the ClusterRole of that name and UID. Succeeds, too, if it is gone already.
    ///
    /// # Errors
    /// Conflict if another object bears the name now; refused, transient, throttled.
    pub async fn delete_cluster_role(&self, permit: &Permit<'_>, name: &str, uid: &str) -> Result<(), Fault> {
        self.remove(permit, collection().named(name), uid, &self.role_call("delete", "delete", name)).await
    }

    fn role_call(&self, operation: &'static str, verb: &str, name: &str) -> ApiCall {
        ApiCall {
            operation,
            subject: format!("the ClusterRole `{name}` of cluster `{}`", self.name()),
            right: MissingRight::new(verb, "clusterroles.rbac.authorization.k8s.io").into(),
        }
    }
}

fn collection() -> Path {
    Path::rbac(None, "clusterroles")
}
