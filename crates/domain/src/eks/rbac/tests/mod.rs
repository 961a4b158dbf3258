//! Rules to test with.

mod containment;
mod evaluation;
mod expectation;
mod objects;
mod risk;
mod workable;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Reach, Rule};

const RBAC: &str = "rbac.authorization.k8s.io";

fn named(mut rule: Rule, names: &[&str]) -> Rule {
    rule.resource_names = names.iter().map(|&name| name.to_owned()).collect();
    rule
}

fn paths(verbs: &[&str], urls: &[&str]) -> Rule {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Rule { verbs: owned(verbs), non_resource_urls: owned(urls), ..Rule::default() }
}

/// The main part of what Kubernetes' own `view` allows.
fn view() -> Vec<Rule> {
    let read = ["get", "list", "watch"];
    vec![
        Rule::of(&read, &[""], &["configmaps", "endpoints", "pods", "pods/log", "services", "serviceaccounts"]),
        Rule::of(&read, &["apps"], &["deployments", "deployments/scale", "statefulsets"]),
        Rule::of(&read, &["batch"], &["jobs", "cronjobs"]),
    ]
}

/// The main part of what `edit` adds.
fn edit() -> Vec<Rule> {
    let mut rules = view();
    rules.push(Rule::of(&["create", "delete", "patch", "update"], &["apps"], &["deployments"]));
    rules.push(Rule::of(&["get", "list", "watch"], &[""], &["secrets", "pods/exec"]));
    rules.push(Rule::of(&["impersonate"], &[""], &["serviceaccounts"]));
    rules
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let verbs = vec(select(vec!["get", "list", "create", "bind", "*"]), 0..3);
    let groups = vec(select(vec!["", "apps", RBAC, "*"]), 0..3);
    let resources = vec(select(vec!["pods", "secrets", "pods/log", "*/log", "nodes/proxy", "*", "roles"]), 0..4);
    let names = prop_oneof![4 => Just(Vec::new()), 1 => vec(select(vec!["a", "b"]), 1..3)];
    let urls = vec(select(vec!["/healthz", "/logs/*", "*"]), 0..2);
    (verbs, groups, resources, names, urls).prop_map(|(verbs, groups, resources, names, urls)| {
        let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let non_resource_urls = owned(urls);
        Rule { resource_names: owned(names), non_resource_urls, ..Rule::of(&verbs, &groups, &resources) }
    })
}

fn any_reach() -> impl Strategy<Value = Reach> {
    let namespaces = vec(select(vec!["a", "b", "kube-system", "default"]), 1..4);
    prop_oneof![
        Just(Reach::Cluster),
        namespaces.prop_map(|names| Reach::Namespaces(names.into_iter().map(str::to_owned).collect())),
    ]
}
