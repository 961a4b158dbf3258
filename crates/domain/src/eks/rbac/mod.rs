//! RBAC as Kubernetes evaluates it: rules, what they allow, what they let a person do, how risky that is, and the
//! objects that grant them.
//!
//! The rights of `view`, `edit` and `admin` are not hard-coded: the rules of existing ClusterRoles are observed.

mod binding;
mod capability;
mod containment;
mod expectation;
mod kinds;
pub mod parts;
mod risk;
mod workable;

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use binding::{
    ANNOTATION_DECIDERS, ANNOTATION_ENDS, ANNOTATION_REQUESTER, LABEL_GRANT, LABEL_INSTALLATION, LABEL_MANAGED_BY,
    MANAGED_BY,
};
pub use binding::{BindingSpec, OwnRole, Provenance, RoleKind, RoleRef, binding_name, is_object_name, own_role_name};
pub use capability::{Capability, capabilities};
pub use containment::beyond;
pub use expectation::{Expectations, PER_NAMESPACE, dangers, expectations};
pub use kinds::{Kinds, Lives, MOST_KINDS, Served};
pub use risk::{Assessment, Danger, Risk, RiskReason, assess, assess_in};
pub use workable::{Remark, Unworkable, Why, Workable, workable};

/// One rule of a Role or ClusterRole, spelt in JSON as Kubernetes spells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rule {
    /// API groups; the core group is the empty string, `*` is every group.
    #[serde(alias = "api_groups", skip_serializing_if = "Vec::is_empty")]
    pub api_groups: Vec<String>,
    /// Resources such as `pods`, `pods/log`, `*/scale`, `*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The names that the rule is limited to; empty means every name.
    #[serde(alias = "resource_names", skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    /// Verbs; `*` is every verb.
    pub verbs: Vec<String>,
    /// Non-resource paths, such as `/healthz`; a `*` at the end stands for any continuation.
    #[serde(rename = "nonResourceURLs", alias = "non_resource_urls", skip_serializing_if = "Vec::is_empty")]
    pub non_resource_urls: Vec<String>,
}

/// A question to the authorizer, with the fields of a SubjectAccessReview. Empty means absent; an empty namespace asks
/// about the whole cluster. If `non_resource_path` is set, only it and the verb count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Attributes {
    /// Such as `get`; `*` asks for every verb.
    pub verb: String,
    /// API group; the core group is empty.
    pub group: String,
    /// Plural resource, without its subresource.
    pub resource: String,
    /// Subresource, such as `log`.
    pub subresource: String,
    /// Name of one object.
    pub name: String,
    /// Namespace; empty for the whole cluster.
    pub namespace: String,
    /// The path of a non-resource request.
    pub non_resource_path: Option<String>,
}

/// The scope in which rules are bound: RoleBindings in some namespaces, or a ClusterRoleBinding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// In these namespaces only.
    Namespaces(Vec<String>),
    /// In every namespace, for cluster-scoped objects, and for non-resource paths.
    Cluster,
}

/// Whether `rules`, assumed to be bound in the scope of `attrs`, allow it: the evaluation of kube-apiserver's RBAC
/// authorizer.
pub fn can(rules: &[Rule], attrs: &Attributes) -> bool {
    rules.iter().any(|rule| rule.allows(attrs))
}

/// Whether `rules`, bound at `reach`, allow `attrs`: a RoleBinding allows nothing outside its namespace, and no
/// non-resource path.
pub fn can_within(rules: &[Rule], reach: &Reach, attrs: &Attributes) -> bool {
    match reach {
        Reach::Cluster => can(rules, attrs),
        Reach::Namespaces(names) => {
            attrs.non_resource_path.is_none()
                && !attrs.namespace.is_empty()
                && names.contains(&attrs.namespace)
                && can(rules, attrs)
        }
    }
}

/// Whether `rules`, bound at `reach`, let their holder write bindings, if only some, and so give rights of theirs to a
/// user of their choice.
pub fn writes_bindings(rules: &[Rule], reach: &Reach) -> bool {
    let has = |list: &[String], wanted: &[&str]| list.iter().any(|one| one == "*" || wanted.contains(&one.as_str()));
    let bindings: &[&str] = match reach {
        Reach::Cluster => &["rolebindings", "clusterrolebindings"],
        Reach::Namespaces(_) => &["rolebindings"],
    };
    rules.iter().any(|rule| {
        has(&rule.api_groups, &["rbac.authorization.k8s.io"])
            && has(&rule.resources, bindings)
            && has(&rule.verbs, &["create", "update", "patch"])
    })
}

impl Rule {
    /// A rule for resources, without names or paths.
    pub fn of(verbs: &[&str], groups: &[&str], resources: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Self { api_groups: owned(groups), resources: owned(resources), verbs: owned(verbs), ..Self::default() }
    }

    /// Whether this rule alone allows `attrs`.
    pub fn allows(&self, attrs: &Attributes) -> bool {
        if let Some(path) = &attrs.non_resource_path {
            return self.has_verb(&attrs.verb) && self.has_path(path);
        }
        self.covers(&attrs.verb, &attrs.group, &attrs.resource, &attrs.subresource) && self.has_name(&attrs.name)
    }

    /// Whether the rule covers the verb on the resource, for any names.
    fn covers(&self, verb: &str, group: &str, resource: &str, subresource: &str) -> bool {
        self.has_verb(verb) && self.has_group(group) && self.has_resource(resource, subresource)
    }

    fn has_verb(&self, verb: &str) -> bool {
        self.verbs.iter().any(|own| own == "*" || own == verb)
    }

    fn has_group(&self, group: &str) -> bool {
        self.api_groups.iter().any(|own| own == "*" || own == group)
    }

    fn has_resource(&self, resource: &str, subresource: &str) -> bool {
        self.resources.iter().any(|own| match own.strip_prefix("*/") {
            _ if own == "*" => true,
            // `*/scale` is the subresource of every resource; `*/` without a subresource matches nothing.
            Some(sub) if !subresource.is_empty() && sub == subresource => true,
            _ if subresource.is_empty() => own == resource,
            _ => own.strip_prefix(resource).and_then(|rest| rest.strip_prefix('/')) == Some(subresource),
        })
    }

    fn has_name(&self, name: &str) -> bool {
        self.resource_names.is_empty() || self.resource_names.iter().any(|own| own == name)
    }

    fn has_path(&self, path: &str) -> bool {
        self.non_resource_urls
            .iter()
            .any(|own| own == "*" || own == path || (own.ends_with('*') && path.starts_with(own.trim_end_matches('*'))))
    }
}

impl Attributes {
    /// A question about a resource, given as `pods` or `pods/log`, in the whole cluster and for any name.
    pub fn of(verb: &str, group: &str, resource: &str) -> Self {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        Self {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            ..Self::default()
        }
    }

    /// A question about a non-resource path.
    pub fn path(verb: &str, path: &str) -> Self {
        Self { verb: verb.to_owned(), non_resource_path: Some(path.to_owned()), ..Self::default() }
    }

    /// The same question in one namespace.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.namespace);
        self
    }

    /// The same question about one object.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }
}

/// In words: "list pods in namespace payments", "get nodes/proxy in the whole cluster".
impl Attributes {
    /// What is asked for, without the namespace: `get deployments.apps/scale web`.
    pub fn what(&self) -> String {
        if let Some(path) = &self.non_resource_path {
            return format!("{} the path {path}", self.verb);
        }
        let title = resource_title(&self.group, &self.resource, &self.subresource);
        let name = if self.name.is_empty() { String::new() } else { format!(" {}", self.name) };
        format!("{} {title}{name}", self.verb)
    }
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what())?;
        if self.non_resource_path.is_some() {
            return Ok(());
        }
        match self.namespace.as_str() {
            "" => f.write_str(" in the whole cluster"),
            namespace => write!(f, " in namespace {namespace}"),
        }
    }
}

/// The name of a resource as kubectl writes it: `pods/log`, `deployments.apps`, `deployments.apps/scale`.
fn resource_title(group: &str, resource: &str, subresource: &str) -> String {
    let mut title = resource.to_owned();
    if !group.is_empty() {
        title.push('.');
        title.push_str(group);
    }
    if !subresource.is_empty() {
        title.push('/');
        title.push_str(subresource);
    }
    title
}

/// The rules in one order, each list sorted and without repetitions: equal for two spellings of the same rules.
pub fn canonical_rules(rules: &[Rule]) -> Vec<Rule> {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list.dedup();
        list
    };
    let mut rules: Vec<Rule> = rules
        .iter()
        .map(|rule| Rule {
            api_groups: sorted(&rule.api_groups),
            resources: sorted(&rule.resources),
            resource_names: sorted(&rule.resource_names),
            verbs: sorted(&rule.verbs),
            non_resource_urls: sorted(&rule.non_resource_urls),
        })
        .collect();
    rules.sort();
    rules.dedup();
    rules
}

/// The hash of what rules say, as 64 hexadecimal digits: SHA-256 over the canonical JSON (RFC 8785) of
/// [`canonical_rules`], so that neither order nor repetition of rules changes it.
pub fn rules_hash(rules: &[Rule]) -> String {
    // Strings and lists only: neither step can fail, and an empty text would not collide with any rules' JSON.
    let value = serde_json::to_value(canonical_rules(rules)).unwrap_or_default();
    let canonical = serde_json_canonicalizer::to_vec(&value).unwrap_or_default();
    hex::encode(Sha256::digest(canonical))
}

/// "a", "a and b", "a, b and c".
fn join_and<T: AsRef<str>>(parts: &[T]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [head @ .., last] => {
            let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", head.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests;
