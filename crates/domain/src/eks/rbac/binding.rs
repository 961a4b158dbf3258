//! The objects that Latchkey writes to grant rules: bindings of one user to one ClusterRole, and ClusterRoles that
//! contain a profile's own rules.
//!
//! Names are deterministic, so that the same grant always has the same object. Labels are for the sweep, annotations
//! are for people; which objects are Latchkey's is decided by the intents that Postgres recorded.
//!
//! A profile's own rules become the ClusterRole `latchkey:<profile>:<hash>`, which never changes, so that editing a
//! profile does not widen an active access.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Rule, canonical_rules, rules_hash};
use crate::eks::yaml;

/// The label that names the manager of an object; its value is [`MANAGED_BY`].
pub const LABEL_MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of [`LABEL_MANAGED_BY`] on Latchkey's objects.
pub const MANAGED_BY: &str = "latchkey";
/// The label that names the installation, by its UUID.
pub const LABEL_INSTALLATION: &str = "latchkey/installation";
/// The label that names the grant, by its UUID.
pub const LABEL_GRANT: &str = "latchkey/grant";
/// The annotation that names the requester.
pub const ANNOTATION_REQUESTER: &str = "latchkey/requester";
/// The annotation that names the deciders.
pub const ANNOTATION_DECIDERS: &str = "latchkey/deciders";
/// The annotation with the latest end.
pub const ANNOTATION_ENDS: &str = "latchkey/ends-by";

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
const RBAC_VERSION: &str = "rbac.authorization.k8s.io/v1";
const HASH_DIGITS: usize = 8;

/// The kind of role that a binding refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RoleKind {
    /// A ClusterRole.
    ClusterRole,
    /// A Role of the binding's own namespace.
    Role,
}

/// What a binding refers to. Immutable on the API server: another reference is another binding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RoleRef {
    /// The kind.
    pub kind: RoleKind,
    /// The name.
    pub name: String,
}

impl RoleRef {
    /// A reference to a ClusterRole.
    pub fn cluster_role(name: &str) -> Self {
        Self { kind: RoleKind::ClusterRole, name: name.to_owned() }
    }
}

/// Whether Kubernetes accepts `name` for an RBAC object: not empty, not `.` or `..`, without `/` and `%`.
pub fn is_object_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '%'])
}

/// The name of the binding of `grant` to `cluster_role`, the same in each of its namespaces:
/// `latchkey:<grant>:<8 digits of the role's name's hash>`.
pub fn binding_name(grant: Uuid, cluster_role: &str) -> String {
    let hash = hex::encode(Sha256::digest(cluster_role));
    format!("latchkey:{grant}:{}", &hash[..HASH_DIGITS])
}

/// The name of the ClusterRole that contains a profile's own rules: `latchkey:<profile>:<8 digits of the rules' hash>`.
/// Other rules are another object, so that editing a profile never widens what was granted before.
pub fn own_role_name(profile: &str, rules: &[Rule]) -> String {
    format!("latchkey:{profile}:{}", &rules_hash(rules)[..HASH_DIGITS])
}

/// What a binding's annotations tell a person who finds it on the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Provenance {
    /// The requester, by handle.
    pub requester: String,
    /// The deciders, by handle, in the order of their votes.
    pub deciders: Vec<String>,
    /// The latest end.
    pub ends_by: Timestamp,
}

/// One binding of Latchkey's: one (grant, namespace, ClusterRole), for one user. With a namespace it is a RoleBinding,
/// without one a ClusterRoleBinding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BindingSpec {
    /// The installation that writes it.
    pub installation: Uuid,
    /// The grant that it is for.
    pub grant: Uuid,
    /// The namespace; `None` for the whole cluster.
    pub namespace: Option<String>,
    /// The ClusterRole's name.
    pub cluster_role: String,
    /// The Kubernetes username that is bound.
    pub user: String,
    /// The content of the annotations.
    pub provenance: Provenance,
}

impl BindingSpec {
    /// The object's name.
    pub fn name(&self) -> String {
        binding_name(self.grant, &self.cluster_role)
    }

    /// `RoleBinding` or `ClusterRoleBinding`.
    pub const fn kind(&self) -> &'static str {
        if self.namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" }
    }

    /// The labels that it carries, even after it was emptied.
    pub fn labels(&self) -> Value {
        json!({
            LABEL_MANAGED_BY: MANAGED_BY,
            LABEL_GRANT: self.grant.to_string(),
            LABEL_INSTALLATION: self.installation.to_string(),
        })
    }

    /// The object while it grants.
    pub fn to_value(&self) -> Value {
        self.object(&json!([{ "apiGroup": RBAC_GROUP, "kind": "User", "name": self.user }]))
    }

    /// The object after a revocation emptied it: no subjects, no finalizers, Latchkey's labels. A late create of the
    /// same name then conflicts.
    pub fn to_emptied_value(&self) -> Value {
        self.object(&json!([]))
    }

    /// The object while it grants, as YAML for people.
    pub fn to_yaml(&self) -> String {
        yaml::emit(&self.to_value())
    }

    fn object(&self, subjects: &Value) -> Value {
        let mut metadata = Map::new();
        metadata.insert(
            "annotations".to_owned(),
            json!({
                ANNOTATION_DECIDERS: self.provenance.deciders.join(" "),
                ANNOTATION_ENDS: self.provenance.ends_by.to_string(),
                ANNOTATION_REQUESTER: self.provenance.requester,
            }),
        );
        metadata.insert("labels".to_owned(), self.labels());
        metadata.insert("name".to_owned(), self.name().into());
        if let Some(namespace) = &self.namespace {
            metadata.insert("namespace".to_owned(), namespace.as_str().into());
        }
        json!({
            "apiVersion": RBAC_VERSION,
            "kind": self.kind(),
            "metadata": metadata,
            "roleRef": { "apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": self.cluster_role },
            "subjects": subjects,
        })
    }
}

/// A ClusterRole of Latchkey's, which contains a profile's own rules and never changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OwnRole {
    /// The installation that writes it.
    pub installation: Uuid,
    /// The profile's name.
    pub profile: String,
    /// The profile's rules.
    pub rules: Vec<Rule>,
}

impl OwnRole {
    /// The object's name.
    pub fn name(&self) -> String {
        own_role_name(&self.profile, &self.rules)
    }

    /// The object, its rules in canonical order.
    pub fn to_value(&self) -> Value {
        json!({
            "apiVersion": RBAC_VERSION,
            "kind": "ClusterRole",
            "metadata": {
                "labels": { LABEL_MANAGED_BY: MANAGED_BY, LABEL_INSTALLATION: self.installation.to_string() },
                "name": self.name(),
            },
            "rules": canonical_rules(&self.rules),
        })
    }

    /// The object as YAML for people.
    pub fn to_yaml(&self) -> String {
        yaml::emit(&self.to_value())
    }
}
