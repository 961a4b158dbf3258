//! A user may not grant rights that they do not hold, unless they may `bind` or `escalate`.

use super::authn::User;
use super::authz::{Attributes, Rule, decide, path_matches, role_rules, rules_for, rules_of};
use super::kinds::{RBAC, ServedKind};
use super::status::Refusal;
use super::store::Store;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Refuses `object`, a role or binding that `user` wants to write in `namespace`, if it would grant rights that the
/// user does not hold. Other kinds always pass.
///
/// `named` is the name in the address: empty on creation, as for the API server's own check of `escalate`.
pub fn check(
    store: &Store,
    user: &User,
    kind: &ServedKind,
    object: &Value,
    namespace: &str,
    named: &str,
) -> Result<(), Refusal> {
    if kind.group != RBAC || user.is_master() {
        return Ok(());
    }
    let wanted = match kind.plural {
        "roles" | "clusterroles" => {
            if may(store, user, "escalate", kind.plural, namespace, named) {
                return Ok(());
            }
            rules_of(object)
        }
        _ => {
            let reference = &object["roleRef"];
            let role = if reference["kind"] == "ClusterRole" { "clusterroles" } else { "roles" };
            let name = reference["name"].as_str().unwrap_or_default();
            if may(store, user, "bind", role, namespace, name) {
                return Ok(());
            }
            role_rules(store, reference, namespace)
                .map_err(|_| Refusal::not_found(RBAC, role.trim_end_matches('s'), name))?
        }
    };
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    covered(store, user, namespace, &wanted).map_err(|why| Refusal::forbidden(RBAC, kind.plural, name, &why))?;
    let aggregates = object["aggregationRule"]["clusterRoleSelectors"].as_array().is_some_and(|s| !s.is_empty());
    if aggregates && covered(store, user, namespace, &everything()).is_err() {
        let why = "must have cluster-admin privileges to use the aggregationRule";
        return Err(Refusal::forbidden(RBAC, kind.plural, name, why));
    }
    Ok(())
}

fn may(store: &Store, user: &User, verb: &str, resource: &str, namespace: &str, name: &str) -> bool {
    let what = Attributes {
        verb: verb.to_owned(),
        namespace: namespace.to_owned(),
        group: RBAC.to_owned(),
        resource: resource.to_owned(),
        name: name.to_owned(),
        ..Attributes::default()
    };
    decide(store, user, &what).allowed
}

fn everything() -> Vec<Rule> {
    let star = || vec!["*".to_owned()];
    vec![
        Rule { verbs: star(), api_groups: star(), resources: star(), ..Rule::default() },
        Rule { verbs: star(), non_resource_urls: star(), ..Rule::default() },
    ]
}

fn covered(store: &Store, user: &User, namespace: &str, wanted: &[Rule]) -> Result<(), String> {
    let mut errors = Vec::new();
    let held: Vec<Rule> = rules_for(store, user, namespace, &mut errors).into_iter().map(|h| h.rule).collect();
    let missing: Vec<Rule> =
        wanted.iter().flat_map(atoms).filter(|atom| !held.iter().any(|rule| covers(rule, atom))).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let unread =
        if errors.is_empty() { String::new() } else { format!("; resolution errors: [{}]", errors.join(", ")) };
    Err(format!(
        "user \"{}\" (groups={}) is attempting to grant RBAC permissions not currently held:\n{}{unread}",
        user.name,
        quoted(&user.groups),
        describe(missing).join("\n")
    ))
}

/// Splits a rule into rules of one verb, group, resource and name each.
fn atoms(rule: &Rule) -> Vec<Rule> {
    let names: Vec<Vec<String>> = match rule.resource_names.as_slice() {
        [] => vec![Vec::new()],
        names => names.iter().map(|n| vec![n.clone()]).collect(),
    };
    let mut atoms = Vec::new();
    for verb in &rule.verbs {
        let verbs = vec![verb.clone()];
        for url in &rule.non_resource_urls {
            atoms.push(Rule { verbs: verbs.clone(), non_resource_urls: vec![url.clone()], ..Rule::default() });
        }
        for (group, resource) in rule.api_groups.iter().flat_map(|g| rule.resources.iter().map(move |r| (g, r))) {
            atoms.extend(names.iter().map(|name| Rule {
                verbs: verbs.clone(),
                api_groups: vec![group.clone()],
                resources: vec![resource.clone()],
                resource_names: name.clone(),
                non_resource_urls: Vec::new(),
            }));
        }
    }
    atoms
}

fn covers(held: &Rule, atom: &Rule) -> bool {
    let has = |list: &[String], wanted: &[String]| {
        list.iter().any(|x| x == "*") || (!wanted.is_empty() && wanted.iter().all(|w| list.contains(w)))
    };
    if !has(&held.verbs, &atom.verbs) {
        return false;
    }
    if let [url] = atom.non_resource_urls.as_slice() {
        return held.non_resource_urls.iter().any(|p| path_matches(p, url));
    }
    let by_subresource = || {
        let [resource] = atom.resources.as_slice() else { return false };
        resource.split_once('/').is_some_and(|(_, sub)| held.resources.contains(&format!("*/{sub}")))
    };
    has(&held.api_groups, &atom.api_groups)
        && (has(&held.resources, &atom.resources) || by_subresource())
        && (held.resource_names.is_empty()
            || (!atom.resource_names.is_empty() && atom.resource_names.iter().all(|n| held.resource_names.contains(n))))
}

/// One line for each group, resource and name, with all its missing verbs.
fn describe(missing: Vec<Rule>) -> Vec<String> {
    let mut verbs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for atom in missing {
        let mut parts = Vec::new();
        let named = [
            ("APIGroups", &atom.api_groups),
            ("Resources", &atom.resources),
            ("NonResourceURLs", &atom.non_resource_urls),
            ("ResourceNames", &atom.resource_names),
        ];
        for (name, list) in named {
            if !list.is_empty() {
                parts.push(format!("{name}:{}", quoted(list)));
            }
        }
        let entry = verbs.entry(parts.join(", ")).or_default();
        entry.extend(atom.verbs.into_iter().filter(|v| !v.is_empty()));
    }
    let lines: BTreeSet<String> =
        verbs.into_iter().map(|(what, verbs)| format!("{{{what}, Verbs:{}}}", quoted(&verbs))).collect();
    lines.into_iter().collect()
}

fn quoted(list: &[String]) -> String {
    let items: Vec<String> = list.iter().map(|item| format!("\"{item}\"")).collect();
    format!("[{}]", items.join(" "))
}
