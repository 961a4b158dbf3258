//! The resources that a simulated API server knows, as its discovery lists them.

/// One resource of one API group.
#[derive(Debug, PartialEq, Eq)]
pub struct ServedKind {
    /// API group, empty for the core group.
    pub group: &'static str,
    /// Version in that group.
    pub version: &'static str,
    /// The path segment, `rolebindings`.
    pub plural: &'static str,
    /// The kind in objects, `RoleBinding`.
    pub kind: &'static str,
    /// Whether the kind is namespaced.
    pub namespaced: bool,
    /// The short names that people may type instead.
    pub short: &'static [&'static str],
    /// Part of `kubectl get all`.
    pub in_all: bool,
}

const fn kind(
    group: &'static str,
    plural: &'static str,
    kind: &'static str,
    namespaced: bool,
    short: &'static [&'static str],
    in_all: bool,
) -> ServedKind {
    ServedKind { group, version: "v1", plural, kind, namespaced, short, in_all }
}

/// The API group of roles and bindings.
pub const RBAC: &str = "rbac.authorization.k8s.io";
/// The API group of access reviews.
pub const AUTHORIZATION: &str = "authorization.k8s.io";
/// The API group of self-subject reviews.
pub const AUTHENTICATION: &str = "authentication.k8s.io";

/// Every stored resource. Reviews are answered, not stored, and are listed in [`REVIEWS`].
pub static KINDS: &[ServedKind] = &[
    kind("", "configmaps", "ConfigMap", true, &["cm"], false),
    kind("", "endpoints", "Endpoints", true, &["ep"], false),
    kind("", "events", "Event", true, &["ev"], false),
    kind("", "limitranges", "LimitRange", true, &["limits"], false),
    kind("", "namespaces", "Namespace", false, &["ns"], false),
    kind("", "nodes", "Node", false, &["no"], false),
    kind("", "persistentvolumeclaims", "PersistentVolumeClaim", true, &["pvc"], false),
    kind("", "persistentvolumes", "PersistentVolume", false, &["pv"], false),
    kind("", "pods", "Pod", true, &["po"], true),
    kind("", "resourcequotas", "ResourceQuota", true, &["quota"], false),
    kind("", "secrets", "Secret", true, &[], false),
    kind("", "serviceaccounts", "ServiceAccount", true, &["sa"], false),
    kind("", "services", "Service", true, &["svc"], true),
    kind("apps", "daemonsets", "DaemonSet", true, &["ds"], true),
    kind("apps", "deployments", "Deployment", true, &["deploy"], true),
    kind("apps", "replicasets", "ReplicaSet", true, &["rs"], true),
    kind("apps", "statefulsets", "StatefulSet", true, &["sts"], true),
    kind("batch", "cronjobs", "CronJob", true, &["cj"], true),
    kind("batch", "jobs", "Job", true, &[], true),
    kind("networking.k8s.io", "ingresses", "Ingress", true, &["ing"], false),
    kind(RBAC, "clusterrolebindings", "ClusterRoleBinding", false, &[], false),
    kind(RBAC, "clusterroles", "ClusterRole", false, &[], false),
    kind(RBAC, "rolebindings", "RoleBinding", true, &[], false),
    kind(RBAC, "roles", "Role", true, &[], false),
];

/// Resources that can only be created, and are answered at once.
pub static REVIEWS: &[ServedKind] = &[
    kind(AUTHENTICATION, "selfsubjectreviews", "SelfSubjectReview", false, &[], false),
    kind(AUTHORIZATION, "localsubjectaccessreviews", "LocalSubjectAccessReview", true, &[], false),
    kind(AUTHORIZATION, "selfsubjectaccessreviews", "SelfSubjectAccessReview", false, &[], false),
    kind(AUTHORIZATION, "selfsubjectrulesreviews", "SelfSubjectRulesReview", false, &[], false),
    kind(AUTHORIZATION, "subjectaccessreviews", "SubjectAccessReview", false, &[], false),
];

impl ServedKind {
    /// `v1` or `rbac.authorization.k8s.io/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods` or `rolebindings.rbac.authorization.k8s.io`, as error messages name it.
    pub fn qualified(&self) -> String {
        qualified(self.group, self.plural)
    }

    /// `ConfigMap` or `RoleBinding.rbac.authorization.k8s.io`, as validation errors name it.
    pub fn qualified_kind(&self) -> String {
        qualified(self.group, self.kind)
    }

    /// Whether a PUT of an absent object creates it, which the RBAC resources allow and the others refuse.
    pub fn created_by_put(&self) -> bool {
        self.group == RBAC
    }
}

/// `resource` or `resource.group`.
pub fn qualified(group: &str, resource: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}

/// The stored resource at this place of the API, if there is one.
pub fn by_plural(group: &str, version: &str, plural: &str) -> Option<&'static ServedKind> {
    KINDS.iter().find(|k| k.group == group && k.version == version && k.plural == plural)
}

/// The resource whose objects carry this `apiVersion` and `kind`.
pub fn by_kind(api_version: &str, name: &str) -> Option<&'static ServedKind> {
    KINDS.iter().find(|k| k.kind == name && k.api_version() == api_version)
}

/// The resource that a test means by `configmaps`, `ConfigMap` or `cm`.
pub fn by_name(name: &str) -> Option<&'static ServedKind> {
    KINDS.iter().find(|k| k.plural == name || k.kind == name || k.short.contains(&name))
}
