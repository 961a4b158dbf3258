//! Kubernetes' objects as the domain knows them.

use super::WantedObservation;
use k8s_openapi::{
    api::{
        core::v1::{ConfigMap, Namespace},
        rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject as KubeSubject},
    },
    apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta},
};
use latchkey_domain::{
    access::cluster::PinnedNamespace,
    eks::rbac::{LABEL_MANAGED_BY, MANAGED_BY, Rule},
    plan::{
        observation::{AwsAuthObject, FieldManager, Marker, ObservedBinding, ObservedRole, Subject},
        own_roles,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// The key of the marker's `data` that names the installation.
pub(super) const MARKER_INSTALLATION: &str = "installation";
/// The key of the marker's `data` that has the epoch.
pub(super) const MARKER_EPOCH: &str = "epoch";
/// The prefix of Latchkey's own annotations; other annotations are long and say nothing about access.
const OUR_ANNOTATIONS: &str = "latchkey/";

pub(super) fn aws_auth(object: ConfigMap) -> AwsAuthObject {
    let (uid, resource_version) = identity(&object.metadata);
    let managers = object.metadata.managed_fields.unwrap_or_default();
    AwsAuthObject {
        uid,
        resource_version,
        data: object.data.unwrap_or_default(),
        managers: managers.into_iter().filter_map(field_manager).collect(),
    }
}

/// The manager that owns keys of `data`.
fn field_manager(entry: ManagedFieldsEntry) -> Option<FieldManager> {
    let fields = entry.fields_v1?.0;
    let keys = fields.get("f:data")?.as_object()?.keys().filter_map(|key| key.strip_prefix("f:").map(str::to_owned));
    let keys: Vec<String> = keys.collect();
    (!keys.is_empty()).then(|| FieldManager {
        name: entry.manager.unwrap_or_default(),
        operation: entry.operation.unwrap_or_default(),
        keys,
    })
}

pub(super) fn marker(object: ConfigMap) -> Marker {
    let (uid, resource_version) = identity(&object.metadata);
    let mut data = object.data.unwrap_or_default();
    let epoch = data.remove(MARKER_EPOCH).filter(|text| !text.is_empty());
    Marker {
        uid,
        resource_version,
        installation: data.remove(MARKER_INSTALLATION).filter(|text| !text.is_empty()),
        // Text that is not a number was not written by Latchkey: it counts as the highest epoch, so that no run
        // overwrites it unseen.
        epoch: epoch.map(|text| {
            text.parse().unwrap_or_else(|_| {
                tracing::warn!(epoch = text, "the epoch in the marker is not a number");
                i64::MAX
            })
        }),
    }
}

/// A namespace; `None` for one that is being deleted, in which nothing can be created any more.
pub(super) fn namespace(object: Namespace) -> Option<PinnedNamespace> {
    if object.metadata.deletion_timestamp.is_some() {
        return None;
    }
    Some(PinnedNamespace { name: object.metadata.name?, uid: object.metadata.uid? })
}

pub(super) fn role_binding(object: RoleBinding) -> ObservedBinding {
    binding(object.metadata, object.role_ref, object.subjects)
}

pub(super) fn cluster_role_binding(object: ClusterRoleBinding) -> ObservedBinding {
    binding(object.metadata, object.role_ref, object.subjects)
}

fn binding(metadata: ObjectMeta, role: RoleRef, subjects: Option<Vec<KubeSubject>>) -> ObservedBinding {
    let (uid, resource_version) = identity(&metadata);
    let mut annotations = metadata.annotations.unwrap_or_default();
    annotations.retain(|key, _| key.starts_with(OUR_ANNOTATIONS));
    ObservedBinding {
        namespace: metadata.namespace.filter(|namespace| !namespace.is_empty()),
        name: metadata.name.unwrap_or_default(),
        uid,
        resource_version,
        labels: metadata.labels.unwrap_or_default(),
        annotations,
        finalizers: metadata.finalizers.unwrap_or_default(),
        deleting: metadata.deletion_timestamp.is_some(),
        role_kind: role.kind,
        role_name: role.name,
        subjects: subjects.unwrap_or_default().into_iter().map(subject).collect(),
    }
}

fn subject(subject: KubeSubject) -> Subject {
    Subject { kind: subject.kind, name: subject.name, namespace: subject.namespace.filter(|name| !name.is_empty()) }
}

/// Whether a binding can give access to people, is Latchkey's, or keeps a ClusterRole of Latchkey's from going.
pub(super) fn matters(binding: &ObservedBinding) -> bool {
    let ours = binding.labels.get(LABEL_MANAGED_BY).is_some_and(|by| by == MANAGED_BY);
    let keeps = binding.role_kind == "ClusterRole" && own_roles::is_own_name(&binding.role_name);
    ours || keeps || binding.subjects.iter().any(|subject| matches!(subject.kind.as_str(), "User" | "Group"))
}

/// The ClusterRoles that are wanted, Latchkey's, or referred to.
pub(super) fn cluster_roles(
    objects: Vec<ClusterRole>,
    wanted: &WantedObservation,
    bindings: &[ObservedBinding],
) -> BTreeMap<String, ObservedRole> {
    let referred = bindings.iter().filter(|binding| binding.role_kind == "ClusterRole");
    let referred: BTreeSet<&str> = referred.map(|binding| binding.role_name.as_str()).collect();
    let named = objects.into_iter().map(|object| {
        let name = object.metadata.name.clone().unwrap_or_default();
        (name, role(object.metadata, object.rules))
    });
    named
        .filter(|(name, role)| {
            let ours = role.labels.get(LABEL_MANAGED_BY).is_some_and(|by| by == MANAGED_BY);
            ours || wanted.cluster_roles.contains(name) || referred.contains(name.as_str())
        })
        .collect()
}

/// The Roles that are referred to, by `namespace/name`.
pub(super) fn roles(objects: Vec<Role>, bindings: &[ObservedBinding]) -> BTreeMap<String, ObservedRole> {
    let referred: BTreeSet<String> = bindings
        .iter()
        .filter(|binding| binding.role_kind == "Role")
        .filter_map(|binding| Some(format!("{}/{}", binding.namespace.as_ref()?, binding.role_name)))
        .collect();
    let named = objects.into_iter().filter_map(|object| {
        let name = format!("{}/{}", object.metadata.namespace.as_ref()?, object.metadata.name.as_ref()?);
        Some((name, role(object.metadata, object.rules)))
    });
    named.filter(|(name, _)| referred.contains(name)).collect()
}

pub(super) fn cluster_role(object: ClusterRole) -> ObservedRole {
    role(object.metadata, object.rules)
}

fn role(metadata: ObjectMeta, rules: Option<Vec<PolicyRule>>) -> ObservedRole {
    ObservedRole {
        uid: metadata.uid.unwrap_or_default(),
        rules: rules.unwrap_or_default().into_iter().map(rule).collect(),
        labels: metadata.labels.unwrap_or_default(),
    }
}

fn rule(rule: PolicyRule) -> Rule {
    Rule {
        api_groups: rule.api_groups.unwrap_or_default(),
        resources: rule.resources.unwrap_or_default(),
        resource_names: rule.resource_names.unwrap_or_default(),
        verbs: rule.verbs,
        non_resource_urls: rule.non_resource_urls.unwrap_or_default(),
    }
}

fn identity(metadata: &ObjectMeta) -> (String, String) {
    (metadata.uid.clone().unwrap_or_default(), metadata.resource_version.clone().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn aws_auth_tells_who_owns_which_key() {
        let object = aws_auth(read(json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {
                "name": "aws-auth", "uid": "u", "resourceVersion": "7",
                "managedFields": [
                    { "manager": "argocd", "operation": "Apply", "fieldsType": "FieldsV1",
                      "fieldsV1": { "f:data": { "f:mapRoles": {}, ".": {} }, "f:metadata": { "f:labels": {} } } },
                    { "manager": "kubectl", "operation": "Update", "fieldsV1": { "f:metadata": {} } },
                ],
            },
            "data": { "mapRoles": "[]", "other": "kept" },
        })));
        assert_eq!((object.uid.as_str(), object.resource_version.as_str()), ("u", "7"));
        assert_eq!(object.data["other"], "kept");
        let argo = FieldManager {
            name: "argocd".to_owned(),
            operation: "Apply".to_owned(),
            keys: vec!["mapRoles".to_owned()],
        };
        assert_eq!(object.managers, [argo]);
    }

    #[test]
    fn an_empty_marker_is_nobodys_and_an_unreadable_epoch_is_the_highest() {
        let empty = marker(read(json!({ "metadata": { "uid": "u", "resourceVersion": "1" } })));
        assert_eq!((empty.installation, empty.epoch), (None, None));
        let odd = marker(read(json!({ "metadata": {}, "data": { "installation": "i", "epoch": "1e3" } })));
        assert_eq!((odd.installation.as_deref(), odd.epoch), (Some("i"), Some(i64::MAX)));
    }

    #[test]
    fn a_binding_that_is_kept_by_a_finalizer_still_shows_as_granting() {
        let binding = role_binding(read(json!({
            "metadata": {
                "name": "b", "namespace": "payments", "uid": "u", "resourceVersion": "3",
                "finalizers": ["hold.example.com/me"], "deletionTimestamp": "2026-11-24T07:00:00Z",
                "annotations": { "latchkey/requester": "jane", "kubectl.kubernetes.io/last-applied-configuration": "{}" },
            },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
            "subjects": [{ "kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "latchkey:jane:1" }],
        })));
        assert!(binding.deleting && matters(&binding));
        assert_eq!(binding.finalizers, ["hold.example.com/me"]);
        assert_eq!(binding.annotations.keys().collect::<Vec<_>>(), ["latchkey/requester"]);
        assert_eq!(binding.subjects[0].name, "latchkey:jane:1");
    }

    #[test]
    fn bindings_of_service_accounts_matter_only_to_a_role_of_ours_and_our_own_emptied_ones_do() {
        let account = role_binding(read(json!({
            "metadata": { "name": "b", "namespace": "payments" },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r" },
            "subjects": [{ "kind": "ServiceAccount", "name": "default", "namespace": "payments" }],
        })));
        assert!(!matters(&account));
        let mut keeping = account.clone();
        (keeping.role_kind, keeping.role_name) = ("ClusterRole".to_owned(), "latchkey:deploy:1a2b3c4d".to_owned());
        assert!(matters(&keeping), "the ClusterRole stays as long as it is there");
        let tombstone = cluster_role_binding(read(json!({
            "metadata": { "name": "b", "labels": { "app.kubernetes.io/managed-by": "latchkey" } },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
        })));
        assert!(matters(&tombstone) && tombstone.namespace.is_none());
    }

    #[test]
    fn roles_are_kept_where_they_are_wanted_ours_or_referred_to() {
        let role = |name: &str, labels: Value| -> ClusterRole {
            read(json!({
                "metadata": { "name": name, "uid": name, "labels": labels },
                "rules": [{ "apiGroups": [""], "resources": ["pods"], "verbs": ["get"] },
                          { "nonResourceURLs": ["/healthz"], "verbs": ["get"] }],
            }))
        };
        let objects = vec![
            role("view", json!({})),
            role("latchkey:x:1", json!({ "app.kubernetes.io/managed-by": "latchkey" })),
            role("bound", json!({})),
            role("system:node", json!({})),
        ];
        let bound = cluster_role_binding(read(json!({
            "metadata": { "name": "b" },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "bound" },
            "subjects": [{ "kind": "Group", "name": "g" }],
        })));
        let wanted = WantedObservation { cluster_roles: BTreeSet::from(["view".to_owned()]) };
        let kept = cluster_roles(objects, &wanted, &[bound]);
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["bound", "latchkey:x:1", "view"]);
        assert_eq!(kept["view"].rules[1].non_resource_urls, ["/healthz"]);
    }
}
