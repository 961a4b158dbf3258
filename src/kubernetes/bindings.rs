//! RoleBindings and ClusterRoleBindings: created, replaced and deleted; never applied, since server-side apply makes a
//! deleted object again.
//!
//! A binding is created, or PUT with `resourceVersion` and `uid`: `resourceVersion` alone is not enough, since a PUT of
//! a binding that is gone creates it again on a real API server unless the body names the UID of the old one. A binding
//! that has to go is first PUT with no subjects and no finalizers, then deleted by UID. If another client put one in
//! its place, with a role that the worker may not bind, only the finalizers can come off; deleting it needs no right to
//! the role.

use super::{
    ApiServer,
    call::{ApiCall, Path, Write},
    convert,
};
use crate::fault::{Fault, FaultKind};
use crate::lease::Permit;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding};
use latchkey_domain::{
    access::blocker::{Also, MissingRight},
    eks::rbac::{BindingSpec, LABEL_MANAGED_BY, MANAGED_BY},
    plan::observation::ObservedBinding,
};
use serde_json::{Value, json};

/// What a binding is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The user is bound.
    Granting,
    /// No subject is bound; a late create of the same name then conflicts.
    Emptied,
}

impl Content {
    fn of(self, spec: &BindingSpec) -> Value {
        match self {
            Self::Granting => spec.to_value(),
            Self::Emptied => spec.to_emptied_value(),
        }
    }
}

impl ApiServer {
    /// The binding of that name; `None` if the API server says that there is none.
    ///
    /// # Errors
    /// Refused, transient, throttled.
    pub async fn get_binding(&self, namespace: Option<&str>, name: &str) -> Result<Option<ObservedBinding>, Fault> {
        let call = self.binding_call("read", "get", namespace, name);
        let path = collection(namespace).named(name);
        Ok(match namespace {
            Some(_) => self.get::<RoleBinding>(path, &call).await?.map(convert::role_binding),
            None => self.get::<ClusterRoleBinding>(path, &call).await?.map(convert::cluster_role_binding),
        })
    }

    /// Creates the binding, granting or without subjects.
    ///
    /// # Errors
    /// Conflict if one of that name exists; not found without the namespace; refused if a right is missing, including
    /// that to bind the role; transient while the namespace is being deleted; throttled.
    pub async fn create_binding(
        &self,
        permit: &Permit<'_>,
        spec: &BindingSpec,
        content: Content,
    ) -> Result<ObservedBinding, Fault> {
        let namespace = spec.namespace.as_deref();
        let call = self.writing_call("create", "create", spec);
        let (path, object) = (collection(namespace), content.of(spec));
        Ok(match namespace {
            Some(_) => convert::role_binding(self.write(permit, path, Write::Create(&object), &call).await?),
            None => convert::cluster_role_binding(self.write(permit, path, Write::Create(&object), &call).await?),
        })
    }

    /// Replaces the binding that was observed as `uid` at `resource_version` as a whole: subjects, labels, annotations,
    /// and no finalizers.
    ///
    /// It compares both: without the UID, a PUT of a binding that was deleted meanwhile would create it again.
    ///
    /// # Errors
    /// Conflict if it is no longer that object at that version, or gone; invalid or refused if it refers to another
    /// role (then see [`ApiServer::empty_binding`]); refused if a right is missing; transient, throttled.
    pub async fn put_binding(
        &self,
        permit: &Permit<'_>,
        spec: &BindingSpec,
        content: Content,
        uid: &str,
        resource_version: &str,
    ) -> Result<ObservedBinding, Fault> {
        let mut object = content.of(spec);
        object["metadata"]["uid"] = uid.into();
        object["metadata"]["resourceVersion"] = resource_version.into();
        let call = self.writing_call("write", "update", spec);
        self.replace_binding(permit, spec.namespace.as_deref(), &spec.name(), &object, &call).await
    }

    /// Empties a binding as it was observed: one that has to go, or has Latchkey's label and belongs to no grant.
    ///
    /// If it refers to a role that Latchkey may not bind (another client put it there), only its finalizers come off:
    /// Kubernetes lets no client change the subjects of a binding that it could not have made. Deleting it is allowed.
    ///
    /// # Errors
    /// Conflict if it changed since, or is gone; not found if it was deleted meanwhile; refused, transient, throttled.
    pub async fn empty_binding(
        &self,
        permit: &Permit<'_>,
        observed: &ObservedBinding,
    ) -> Result<ObservedBinding, Fault> {
        let namespace = observed.namespace.as_deref();
        let call = self.binding_call("empty", "update", namespace, &observed.name);
        match self.replace_binding(permit, namespace, &observed.name, &emptied(observed), &call).await {
            Err(fault) if matches!(fault.kind(), FaultKind::Refused { .. }) => {
                self.release_binding(permit, observed).await
            }
            written => written,
        }
    }

    /// Takes the finalizers off a binding as it was observed, and changes nothing else.
    async fn release_binding(&self, permit: &Permit<'_>, observed: &ObservedBinding) -> Result<ObservedBinding, Fault> {
        let namespace = observed.namespace.as_deref();
        let call = self.binding_call("release", "update", namespace, &observed.name);
        // The whole object, since the observation does not keep all that it holds.
        let whole: Option<Value> = self.get(collection(namespace).named(&observed.name), &call).await?;
        let mut object = whole.ok_or_else(|| call.failed(FaultKind::NotFound))?;
        let seen = (object["metadata"]["uid"].as_str(), object["metadata"]["resourceVersion"].as_str());
        if seen != (Some(&observed.uid), Some(&observed.resource_version)) {
            return Err(call.failed(FaultKind::Conflict));
        }
        object["metadata"]["finalizers"] = json!([]);
        self.replace_binding(permit, namespace, &observed.name, &object, &call).await
    }

    /// Deletes the binding of that name and UID. Succeeds, too, if it is gone already. A binding with a finalizer is
    /// still there afterwards.
    ///
    /// # Errors
    /// Conflict if another object bears the name now; refused, transient, throttled.
    pub async fn delete_binding(
        &self,
        permit: &Permit<'_>,
        namespace: Option<&str>,
        name: &str,
        uid: &str,
    ) -> Result<(), Fault> {
        let call = self.binding_call("delete", "delete", namespace, name);
        self.remove(permit, collection(namespace).named(name), uid, &call).await
    }

    async fn replace_binding(
        &self,
        permit: &Permit<'_>,
        namespace: Option<&str>,
        name: &str,
        object: &Value,
        call: &ApiCall,
    ) -> Result<ObservedBinding, Fault> {
        let path = collection(namespace).named(name);
        Ok(match namespace {
            Some(_) => convert::role_binding(self.write(permit, path, Write::Replace(object), call).await?),
            None => convert::cluster_role_binding(self.write(permit, path, Write::Replace(object), call).await?),
        })
    }

    fn binding_call(&self, operation: &'static str, verb: &str, namespace: Option<&str>, name: &str) -> ApiCall {
        let cluster = self.name();
        let (kind, place) = match namespace {
            Some(namespace) => ("RoleBinding", format!(" in the namespace {namespace}")),
            None => ("ClusterRoleBinding", String::new()),
        };
        ApiCall {
            operation,
            subject: format!("the {kind} `{name}`{place} of cluster `{cluster}`"),
            right: MissingRight::new(verb, format!("{}.rbac.authorization.k8s.io", resource(namespace)))
                .within(namespace)
                .into(),
        }
    }

    /// Writing a binding needs a right on the role, too, which the call names.
    fn writing_call(&self, operation: &'static str, verb: &str, spec: &BindingSpec) -> ApiCall {
        let namespace = spec.namespace.as_deref();
        let right = MissingRight::new(verb, format!("{}.rbac.authorization.k8s.io", resource(namespace)))
            .within(namespace)
            .also(Also::Bind { role: spec.cluster_role.clone() });
        ApiCall { right: right.into(), ..self.binding_call(operation, verb, namespace, &spec.name()) }
    }
}

const fn resource(namespace: Option<&str>) -> &'static str {
    if namespace.is_some() { "rolebindings" } else { "clusterrolebindings" }
}

fn collection(namespace: Option<&str>) -> Path {
    Path::rbac(namespace, resource(namespace))
}

/// The observed binding without subjects and finalizers, and with Latchkey's label.
fn emptied(observed: &ObservedBinding) -> Value {
    let mut labels = observed.labels.clone();
    labels.insert(LABEL_MANAGED_BY.to_owned(), MANAGED_BY.to_owned());
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": if observed.namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" },
        "metadata": {
            "name": observed.name,
            "namespace": observed.namespace,
            "uid": observed.uid,
            "resourceVersion": observed.resource_version,
            "labels": labels,
            "annotations": observed.annotations,
        },
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": observed.role_kind, "name": observed.role_name,
        },
        "subjects": [],
    })
}
