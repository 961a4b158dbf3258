//! What rules allow and do not allow, in sentences for deciders.

use super::sentence::{count, list};
use latchkey_domain::eks::rbac::{Attributes, Capability, Risk, Workable, dangers};
use std::collections::BTreeSet;

/// How many kinds one line names before it counts the others.
const NAMED_KINDS: usize = 8;

/// "read pods, services and 24 more kinds": a line of the *can* list for one capability.
pub fn can(capability: &Capability) -> String {
    let mut things: Vec<&str> = capability.things.iter().map(|thing| plain(thing)).collect();
    things.sort_by_key(|thing| {
        let known = WELL_KNOWN.iter().position(|known| known == thing).unwrap_or(WELL_KNOWN.len());
        (known, thing.contains('/'), *thing)
    });
    let (shown, more) = things.split_at(things.len().min(NAMED_KINDS));
    let mut shown: Vec<String> = shown.iter().map(|thing| (*thing).to_owned()).collect();
    // A subresource, such as `pods/status`, does not count as a kind; headings count the same way.
    match (more.iter().filter(|thing| !thing.contains('/')).count(), more.len()) {
        (0, 0) => {}
        (0, parts) => shown.push(count(parts, "more part")),
        (kinds, _) => shown.push(count(kinds, "more kind")),
    }
    let mut line = format!("{} {}", capability.verb_phrase(), list(&shown, "and"));
    if !capability.names.is_empty() {
        line.push_str(" named ");
        line.push_str(&list(&capability.names, "or"));
    }
    line
}

/// A line for each capability; capabilities for well-known kinds come first.
pub fn can_all(capabilities: &[Capability]) -> Vec<String> {
    let known = |capability: &&Capability| {
        let ranks =
            capability.things.iter().filter_map(|thing| WELL_KNOWN.iter().position(|known| *known == plain(thing)));
        ranks.min().unwrap_or(WELL_KNOWN.len())
    };
    let mut sorted: Vec<&Capability> = capabilities.iter().collect();
    sorted.sort_by_key(known);
    sorted.into_iter().map(can).collect()
}

/// The kinds that people look for first, in this order.
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

/// A kind without its API group, if the group is one of Kubernetes' own.
fn plain(thing: &str) -> &str {
    [".apps", ".batch", ".networking.k8s.io", ".autoscaling", ".policy"]
        .iter()
        .find_map(|group| thing.strip_suffix(group))
        .unwrap_or(thing)
}

/// What a profile names and no request can use, and what works differently from what it suggests.
pub fn never(works: &Workable) -> Vec<String> {
    let never = works.never.iter().map(|never| {
        let when = if never.why.is_certain() { "never works" } else { "does not work here now" };
        format!("{when}: {never}")
    });
    never.chain(works.remarks.iter().map(ToString::to_string)).collect()
}

/// The lines of the *cannot* list: a line for the verbs of one thing together, the most important first. A line is
/// included only if none of the verbs that it stands for is allowed.
///
/// A person who can change workloads (`runs_workloads`) decides what their pods run, as which service account and with
/// which secrets. The API server refuses such things by name, and yet they can be had that way, so they are not listed.
pub fn cannot(questions: &[Attributes], namespaces: &[String], runs_workloads: bool) -> Vec<String> {
    let here = |question: &&Attributes| namespaces.is_empty() || namespaces.contains(&question.namespace);
    let mut lines: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    let refused = questions.iter().filter(here).filter(|question| !(runs_workloads && workloads_reach(question)));
    let all: BTreeSet<&Attributes> = questions.iter().collect();
    let is_allowed = |line: &str, question: &Attributes| -> bool {
        let every = dangers(!question.namespace.is_empty()).map(|danger| danger.in_namespace(&question.namespace));
        every.filter(|danger| refusal(danger).as_deref() == Some(line)).any(|danger| !all.contains(&danger))
    };
    for question in refused {
        let line = refusal(question).filter(|line| !is_allowed(line, question));
        if let Some(line) = line.filter(|line| seen.insert(line.clone())) {
            lines.push(line);
        }
    }
    if !namespaces.is_empty() {
        lines.push("do any of this in another namespace".to_owned());
    }
    lines
}

/// Whether a pod with a chosen template has the same effect.
fn workloads_reach(question: &Attributes) -> bool {
    matches!(
        (question.verb.as_str(), question.resource.as_str(), question.subresource.as_str()),
        (_, "secrets", _)
            | ("create", "pods", "")
            | (_, "pods", "exec" | "attach" | "portforward")
            | (_, "deployments", "")
            | ("create", "serviceaccounts", "token")
    )
}

fn refusal(question: &Attributes) -> Option<String> {
    Some(match (question.verb.as_str(), question.resource.as_str(), question.subresource.as_str()) {
        ("get" | "list" | "watch", "secrets", _) => "read secrets".to_owned(),
        ("create" | "get", "pods", "exec" | "attach") => "run commands in pods".to_owned(),
        ("create" | "get", "pods", "portforward") => "connect to ports of pods".to_owned(),
        ("create", "pods", "") => "start pods".to_owned(),
        ("delete" | "deletecollection", "pods", "") => "delete pods".to_owned(),
        ("create" | "update" | "patch", "deployments", "") => "deploy".to_owned(),
        ("create", "serviceaccounts", "token") => "take on service accounts".to_owned(),
        ("impersonate", _, _) => "act as another identity".to_owned(),
        (_, "rolebindings" | "clusterrolebindings", _) | ("bind" | "escalate", _, _) => {
            "give any identity more rights".to_owned()
        }
        (_, "nodes", "proxy") => "reach the nodes".to_owned(),
        ("delete" | "update" | "patch", "namespaces", _) => "change or delete namespaces".to_owned(),
        (_, "mutatingwebhookconfigurations", _) => "change what the API server lets in".to_owned(),
        // The other lines cover it.
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
    use latchkey_domain::eks::rbac::{Kinds, Reach, Rule, expectations};

    #[test]
    fn what_is_refused_is_said_once() {
        let namespace = ["payments".to_owned()];
        let questions = [
            Attributes::of("get", "", "secrets").in_namespace("payments"),
            Attributes::of("list", "", "secrets").in_namespace("payments"),
            Attributes::of("watch", "", "secrets").in_namespace("payments"),
            Attributes::of("create", "", "pods").in_namespace("payments"),
            Attributes::of("list", "", "pods").in_namespace("billing"),
        ];
        let said = cannot(&questions, &namespace, false);
        assert_eq!(said, ["read secrets", "start pods", "do any of this in another namespace"]);
    }

    #[test]
    fn what_some_verb_does_is_not_said_to_be_refused() {
        let namespaces = ["payments".to_owned()];
        let reach = Reach::Namespaces(namespaces.to_vec());
        let said =
            |rule: Rule| cannot(&expectations(&[rule], &reach, &[], &Kinds::default()).cannot, &namespaces, false);
        let commands = "run commands in pods".to_owned();
        assert!(said(Rule::of(&["get"], &[""], &["pods"])).contains(&commands));
        for rule in [
            Rule::of(&["get"], &[""], &["pods/exec"]),
            Rule::of(&["create"], &[""], &["pods/attach"]),
            Rule::of(&["get", "list", "watch"], &[""], &["*"]),
        ] {
            assert!(!said(rule.clone()).contains(&commands), "{rule:?}");
        }
        assert!(!said(Rule::of(&["watch"], &[""], &["secrets"])).contains(&"read secrets".to_owned()));
    }

    #[test]
    fn what_a_changed_workload_can_do_is_not_said_to_be_refused() {
        let namespace = ["payments".to_owned()];
        let questions = [
            Attributes::of("get", "", "secrets").in_namespace("payments"),
            Attributes::of("create", "", "pods").in_namespace("payments"),
            Attributes::of("create", "apps", "deployments").in_namespace("payments"),
            Attributes::of("impersonate", "", "serviceaccounts").in_namespace("payments"),
        ];
        let said = cannot(&questions, &namespace, true);
        assert_eq!(said, ["act as another identity", "do any of this in another namespace"]);
    }

    #[test]
    fn parts_of_kinds_are_not_counted_as_kinds() {
        let things = (0..10).map(|n| format!("kind{n:02}")).chain((0..5).map(|n| format!("kind{n:02}/status")));
        let capability = Capability { verbs: vec!["get".into()], things: things.collect(), names: vec![] };
        assert!(can(&capability).ends_with("kind07 and 2 more kinds"), "{}", can(&capability));
    }

    #[test]
    fn what_people_look_for_comes_first() {
        let of = |verbs: &[&str], things: &[&str]| Capability {
            verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
            things: things.iter().map(|thing| (*thing).to_owned()).collect(),
            names: vec![],
        };
        let reads = of(&["get", "list"], &["bindings", "controllerrevisions.apps", "pods/log"]);
        let changes = of(&["create", "delete"], &["configmaps", "pods"]);
        assert_eq!(
            can_all(&[reads, of(&["get"], &["widgets"]), changes]),
            ["create and delete pods and configmaps", "read pods/log, bindings and controllerrevisions", "get widgets"]
        );
    }

    #[test]
    fn many_kinds_are_counted() {
        let things: Vec<String> = (0..12).map(|n| format!("kind{n:02}")).collect();
        let capability = Capability { verbs: vec!["get".into(), "list".into()], things, names: vec![] };
        assert!(can(&capability).ends_with("kind07 and 4 more kinds"), "{}", can(&capability));
    }
}
