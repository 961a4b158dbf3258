//! What rules allow a person to do, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Rule, join_and, resource_title};

/// Verbs that only read.
pub(super) const READING: [&str; 3] = ["get", "list", "watch"];

/// Resources that share the same verbs: "read configmaps, pods and pods/log". Its Display is the middle of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Capability {
    /// The verbs, sorted.
    pub verbs: Vec<String>,
    /// The resources that they apply to, as kubectl names them (`deployments.apps`), or paths; sorted.
    pub things: Vec<String>,
    /// The names that it is limited to; empty for every name.
    pub names: Vec<String>,
}

/// Summarises rules: all resources with the same verbs and names are one capability. Capabilities that only read come
/// first, the widest first.
pub fn capabilities(rules: &[Rule]) -> Vec<Capability> {
    // (thing, names) -> verbs, merged over the rules.
    let mut held: BTreeMap<(String, BTreeSet<&str>), BTreeSet<&str>> = BTreeMap::new();
    for rule in rules {
        let names: BTreeSet<&str> = rule.resource_names.iter().map(String::as_str).collect();
        let verbs = || rule.verbs.iter().map(String::as_str);
        for group in &rule.api_groups {
            for resource in &rule.resources {
                held.entry((thing(group, resource), names.clone())).or_default().extend(verbs());
            }
        }
        for path in &rule.non_resource_urls {
            held.entry((path_thing(path), BTreeSet::new())).or_default().extend(verbs());
        }
    }
    let mut by_verbs: BTreeMap<(BTreeSet<&str>, BTreeSet<&str>), Vec<String>> = BTreeMap::new();
    for ((thing, names), verbs) in held {
        if !verbs.is_empty() {
            by_verbs.entry((verbs, names)).or_default().push(thing);
        }
    }
    let owned = |set: BTreeSet<&str>| set.into_iter().map(str::to_owned).collect();
    let mut all: Vec<Capability> = by_verbs
        .into_iter()
        .map(|((verbs, names), things)| Capability { verbs: owned(verbs), things, names: owned(names) })
        .collect();
    all.sort_by_key(|c| (!c.only_reads(), std::cmp::Reverse(c.things.len())));
    all
}

pub(super) fn thing(group: &str, resource: &str) -> String {
    match (group, resource) {
        ("*", "*") => "everything".to_owned(),
        ("", "*") => "everything in the core group".to_owned(),
        (group, "*") => format!("everything in {group}"),
        ("*", resource) => format!("{resource} of every API group"),
        (group, resource) => {
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            resource_title(group, resource, subresource)
        }
    }
}

/// A non-resource path in words.
fn path_thing(path: &str) -> String {
    if path == "*" { "every path of the API server".to_owned() } else { path.to_owned() }
}

/// Ranks the best-known resources first: if only a few can be named, these say most.
fn familiarity(thing: &str) -> usize {
    const KNOWN: [&str; 16] = [
        "everything",
        "secrets",
        "pods",
        "pods/log",
        "pods/exec",
        "deployments.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "jobs.batch",
        "cronjobs.batch",
        "services",
        "ingresses.networking.k8s.io",
        "configmaps",
        "events",
        "namespaces",
        "nodes",
    ];
    KNOWN.iter().position(|known| *known == thing).unwrap_or(KNOWN.len())
}

impl Capability {
    /// The same in one line: the `most` best-known resources, and how many more there are.
    pub fn brief(&self, most: usize) -> String {
        let mut things: Vec<&str> = self.things.iter().map(String::as_str).collect();
        things.sort_by_key(|thing| familiarity(thing));
        let listed = if things.len() > most + 1 {
            format!("{} and {} more", things[..most].join(", "), things.len() - most)
        } else {
            join_and(&things)
        };
        format!("{} {listed}{}", self.verb_phrase(), self.names_phrase())
    }

    pub(super) fn names_phrase(&self) -> String {
        if self.names.is_empty() { String::new() } else { format!(" named {}", join_and(&self.names)) }
    }

    /// Whether it changes nothing.
    pub fn only_reads(&self) -> bool {
        self.verbs.iter().all(|verb| READING.contains(&verb.as_str()))
    }

    /// The verbs in plain words: "read", "create and change", "use with every verb".
    pub fn verb_phrase(&self) -> String {
        let has = |verb: &str| self.verbs.iter().any(|own| own == verb);
        if has("*") {
            return "do anything with".to_owned();
        }
        let mut words: Vec<&str> = Vec::new();
        if has("get") && has("list") {
            words.push("read");
        } else {
            words.extend(READING.into_iter().filter(|verb| has(verb)));
        }
        if has("create") {
            words.push("create");
        }
        if has("update") || has("patch") {
            words.push("change");
        }
        if has("delete") || has("deletecollection") {
            words.push("delete");
        }
        let plain = ["*", "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
        words.extend(self.verbs.iter().map(String::as_str).filter(|verb| !plain.contains(verb)));
        join_and(&words)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.verb_phrase(), join_and(&self.things), self.names_phrase())
    }
}
