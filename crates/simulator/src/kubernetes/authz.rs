//! RBAC, evaluated over the stored roles and bindings. It is written independently of Latchkey's own reading of RBAC,
//! so that the fake cannot share its mistakes.

use super::authn::User;
use super::kinds::{self, RBAC};
use super::status::Refusal;
use super::store::Store;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Write as _;

/// One rule of a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rule {
    /// The verbs that are allowed.
    pub verbs: Vec<String>,
    /// The API groups.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub api_groups: Vec<String>,
    /// The resources, `pods` or `pods/log`.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub resources: Vec<String>,
    /// The only names that are allowed; empty for every name.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub resource_names: Vec<String>,
    /// The non-resource paths.
    #[serde(rename = "nonResourceURLs", skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub non_resource_urls: Vec<String>,
}

fn nullable<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The action that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The verb.
    pub verb: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// API group.
    pub group: String,
    /// Plural name; empty if a path is asked for.
    pub resource: String,
    /// `log`, or empty.
    pub subresource: String,
    /// Empty if no object is named.
    pub name: String,
    /// The path, if no resource is asked for.
    pub path: String,
}

impl Attributes {
    fn combined(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }

    fn is_resource(&self) -> bool {
        !self.resource.is_empty()
    }
}

/// The decision, with RBAC's own reason for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether a rule allows it.
    pub allowed: bool,
    /// What allowed it, or what could not be read.
    pub reason: String,
}

/// Decides whether `user` may do `what`.
pub fn decide(store: &Store, user: &User, what: &Attributes) -> Decision {
    if user.is_master() {
        return Decision { allowed: true, reason: String::new() };
    }
    let mut errors = Vec::new();
    for held in rules_for(store, user, &what.namespace, &mut errors) {
        if allows(&held.rule, what) {
            return Decision { allowed: true, reason: format!("RBAC: allowed by {}", held.source) };
        }
    }
    Decision { allowed: false, reason: problems(&errors) }
}

fn problems(errors: &[String]) -> String {
    match errors {
        [] => String::new(),
        [one] => format!("RBAC: {one}"),
        many => format!("RBAC: [{}]", many.join(", ")),
    }
}

/// 403 unless `user` may do `what`, in the API server's words.
pub fn demand(store: &Store, user: &User, what: &Attributes) -> Result<(), Refusal> {
    let decision = decide(store, user, what);
    if decision.allowed {
        return Ok(());
    }
    let name = &user.name;
    if !what.is_resource() {
        let why = format!("User \"{name}\" cannot {} path \"{}\"", what.verb, what.path);
        return Err(Refusal::forbidden("", "", "", &why));
    }
    let mut why = format!(
        "User \"{name}\" cannot {} resource \"{}\" in API group \"{}\"",
        what.verb,
        what.combined(),
        what.group
    );
    // Writing into a String cannot fail.
    let _ = match what.namespace.as_str() {
        "" => write!(why, " at the cluster scope"),
        namespace => write!(why, " in the namespace \"{namespace}\""),
    };
    if !decision.reason.is_empty() {
        let _ = write!(why, ": {}", decision.reason);
    }
    Err(Refusal::forbidden(&what.group, &what.resource, &what.name, &why))
}

/// A rule that a user holds and the binding that gives it.
#[derive(Debug, Clone)]
pub struct GivenRule {
    /// The rule.
    pub rule: Rule,
    /// `RoleBinding "x/y" of ClusterRole "view" to User "z"`.
    pub source: String,
}

/// All rules that `user` holds in `namespace` (empty: cluster-wide only). Missing roles are added to `errors`.
pub fn rules_for(store: &Store, user: &User, namespace: &str, errors: &mut Vec<String>) -> Vec<GivenRule> {
    let mut held = Vec::new();
    let kinds = [("clusterrolebindings", "ClusterRoleBinding", ""), ("rolebindings", "RoleBinding", namespace)];
    for (plural, word, namespace) in kinds {
        let Some(kind) = kinds::by_name(plural) else { continue };
        if kind.namespaced && namespace.is_empty() {
            continue;
        }
        for (key, binding) in store.list(kind, Some(namespace)) {
            let subjects = binding["subjects"].as_array().into_iter().flatten();
            let Some(subject) = subjects.into_iter().find(|s| applies(s, user, namespace)) else { continue };
            let reference = &binding["roleRef"];
            match role_rules(store, reference, namespace) {
                Ok(rules) => {
                    let place = if namespace.is_empty() { String::new() } else { format!("/{namespace}") };
                    let source = format!(
                        "{word} \"{}{place}\" of {} {} to {}",
                        key.name,
                        text(&reference["kind"]),
                        reference["name"],
                        describe(subject, namespace)
                    );
                    held.extend(rules.into_iter().map(|rule| GivenRule { rule, source: source.clone() }));
                }
                Err(missing) => errors.push(missing),
            }
        }
    }
    held
}

/// The rules of the role that a binding in `namespace` refers to, or the error that names what is missing.
pub fn role_rules(store: &Store, reference: &Value, namespace: &str) -> Result<Vec<Rule>, String> {
    let name = text(&reference["name"]);
    let (plural, singular, namespace) = match text(&reference["kind"]) {
        "ClusterRole" => ("clusterroles", "clusterrole", ""),
        _ => ("roles", "role", namespace),
    };
    let role = store.find(plural, namespace, name);
    let role = role.ok_or_else(|| format!("{singular}.{RBAC} \"{name}\" not found"))?;
    Ok(rules_of(role))
}

/// The rules of a role. An item that cannot be read as a rule is left out.
pub fn rules_of(role: &Value) -> Vec<Rule> {
    let rules = role["rules"].as_array().into_iter().flatten();
    rules.filter_map(|r| serde_json::from_value(r.clone()).ok()).collect()
}

fn applies(subject: &Value, user: &User, namespace: &str) -> bool {
    let name = text(&subject["name"]);
    match text(&subject["kind"]) {
        "User" => user.name == name,
        "Group" => user.groups.iter().any(|g| g == name),
        "ServiceAccount" => {
            let own = subject["namespace"].as_str().filter(|n| !n.is_empty()).unwrap_or(namespace);
            !own.is_empty() && user.name == format!("system:serviceaccount:{own}:{name}")
        }
        _ => false,
    }
}

fn describe(subject: &Value, namespace: &str) -> String {
    let (kind, name) = (text(&subject["kind"]), text(&subject["name"]));
    if kind == "ServiceAccount" {
        let own = subject["namespace"].as_str().filter(|n| !n.is_empty()).unwrap_or(namespace);
        return format!("{kind} \"{name}/{own}\"");
    }
    format!("{kind} \"{name}\"")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn contains(list: &[String], item: &str) -> bool {
    list.iter().any(|x| x == "*" || x == item)
}

/// Whether one rule allows `what`.
pub fn allows(rule: &Rule, what: &Attributes) -> bool {
    if !contains(&rule.verbs, &what.verb) {
        return false;
    }
    if what.is_resource() {
        contains(&rule.api_groups, &what.group)
            && rule.resources.iter().any(|r| resource_matches(r, what))
            && (rule.resource_names.is_empty() || rule.resource_names.contains(&what.name))
    } else {
        rule.non_resource_urls.iter().any(|u| path_matches(u, &what.path))
    }
}

fn resource_matches(pattern: &str, what: &Attributes) -> bool {
    let every = || pattern.strip_prefix("*/").is_some_and(|sub| !sub.is_empty() && sub == what.subresource);
    pattern == "*" || pattern == what.combined() || every()
}

/// Whether a rule's path, which may end in `*`, covers `path`.
pub fn path_matches(pattern: &str, path: &str) -> bool {
    pattern == "*" || pattern == path || pattern.strip_suffix('*').is_some_and(|start| path.starts_with(start))
}
