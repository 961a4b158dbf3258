//! What rules let somebody do and not do, in sentences for people who decide.

use super::sentence::list;
use latchkey_domain::eks::rbac::{Attributes, Capability, Risk};
use std::collections::BTreeSet;

/// How many kinds one line names before it counts the rest.
const NAMED_KINDS: usize = 8;

/// "read pods, services and 24 more kinds": a line of the *can* list, and everything that it stands for.
pub fn can(capability: &Capability) -> String {
    let mut things: Vec<&str> = capability.things.iter().map(|thing| plain(thing)).collect();
    things
        .sort_by_key(|thing| (WELL_KNOWN.iter().position(|known| known == thing).unwrap_or(WELL_KNOWN.len()), *thing));
    let (shown, more) = things.split_at(things.len().min(NAMED_KINDS));
    let mut shown: Vec<String> = shown.iter().map(|thing| (*thing).to_owned()).collect();
    if !more.is_empty() {
        shown.push(format!("{} more kinds", more.len()));
    }
    let mut line = format!("{} {}", capability.verb_phrase(), list(&shown, "and"));
    if !capability.names.is_empty() {
        line.push_str(" named ");
        line.push_str(&list(&capability.names, "or"));
    }
    line
}

/// Kinds that people look for first, in this order.
const WELL_KNOWN: [&str; 12] = [
    "everything",
    "pods",
    "pods/log",
    "pods/exec",
    "secrets",
    "deployments",
    "statefulsets",
    "jobs",
    "services",
    "configmaps",
    "events",
    "nodes",
];

/// A kind without its API group, where the group is one of Kubernetes' own and says nothing.
fn plain(thing: &str) -> &str {
    [".apps", ".batch", ".networking.k8s.io", ".autoscaling", ".policy"]
        .iter()
        .find_map(|group| thing.strip_suffix(group))
        .unwrap_or(thing)
}

/// Lines of the *cannot* list: what is asked about, verbs of one thing together, the most telling first.
pub fn cannot(questions: &[Attributes], namespaces: &[String]) -> Vec<String> {
    let here = |question: &&Attributes| namespaces.is_empty() || namespaces.contains(&question.namespace);
    let mut lines: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for question in questions.iter().filter(here) {
        if let Some(line) = refusal(question).filter(|line| seen.insert(line.clone())) {
            lines.push(line);
        }
    }
    if !namespaces.is_empty() {
        lines.push("do any of this in another namespace".to_owned());
    }
    lines
}

fn refusal(question: &Attributes) -> Option<String> {
    Some(match (question.verb.as_str(), question.resource.as_str(), question.subresource.as_str()) {
        ("get" | "list", "secrets", _) => "read secrets".to_owned(),
        ("create", "pods", "exec") => "run commands in pods".to_owned(),
        ("create", "pods", "") => "start pods".to_owned(),
        ("delete", "pods", "") => "delete pods".to_owned(),
        ("create", "deployments", "") => "deploy".to_owned(),
        ("create", "serviceaccounts", "token") => "take on service accounts".to_owned(),
        ("impersonate", _, _) => "act as somebody else".to_owned(),
        ("create", "rolebindings" | "clusterrolebindings", _) | ("bind" | "escalate", _, _) => {
            "give themselves or others more rights".to_owned()
        }
        ("get", "nodes", "proxy") => "reach the nodes".to_owned(),
        ("delete" | "patch", "namespaces", _) => "change or delete namespaces".to_owned(),
        ("create", "mutatingwebhookconfigurations", _) => "change what the API server lets in".to_owned(),
        // Said by all the others.
        ("*", "*", _) => return None,
        (verb, resource, "") => format!("{verb} {resource}"),
        (verb, resource, subresource) => format!("{verb} {resource}/{subresource}"),
    })
}

/// "Low risk".
pub fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::Low => "Low risk",
        Risk::Elevated => "Elevated risk",
        Risk::High => "High risk",
        Risk::Critical => "Critical risk",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_said_once() {
        let namespace = ["payments".to_owned()];
        let questions = [
            Attributes::of("get", "", "secrets").in_namespace("payments"),
            Attributes::of("list", "", "secrets").in_namespace("payments"),
            Attributes::of("create", "", "pods").in_namespace("payments"),
            Attributes::of("list", "", "pods").in_namespace("billing"),
        ];
        let said = cannot(&questions, &namespace);
        assert_eq!(said, ["read secrets", "start pods", "do any of this in another namespace"]);
    }

    #[test]
    fn many_kinds_are_counted() {
        let things: Vec<String> = (0..12).map(|n| format!("kind{n:02}")).collect();
        let capability = Capability { verbs: vec!["get".into(), "list".into()], things, names: vec![] };
        assert!(can(&capability).ends_with("kind07 and 4 more kinds"), "{}", can(&capability));
    }
}
