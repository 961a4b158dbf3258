//! The questions that prove rules: what must be allowed once they are bound, and what must not be.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Attributes, Kinds, Reach, Rule, can, can_within, workable};

/// The most questions about what is allowed, for one namespace or for the whole cluster: enough to touch each rule of
/// `view`, few enough to ask in a fraction of a second.
pub const PER_NAMESPACE: usize = 16;

/// The questions to ask an authorizer about the holder of some rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectations {
    /// Each must be answered with yes.
    pub can: Vec<Attributes>,
    /// Each must be answered with no, unless other rules than these explain the yes.
    pub cannot: Vec<Attributes>,
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// What people do first with an access, and what says most about it; asked first if it is allowed.
const FAMILIAR: &[(&str, &str, &str)] = &[("list", "", "pods"), ("get", "", "pods/log"), ("get", "", "secrets")];

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "update", "patch"];
/// A websocket to a pod is a GET, and servers before 1.35 require nothing more.
const CONNECT: &[&str] = &["create", "get"];

/// What is dangerous within a namespace: every verb that does it, group, resource.
const IN_NAMESPACE: &[(&[&str], &str, &str)] = &[
    (READ, "", "secrets"),
    (&["create"], "", "pods"),
    (&["delete", "deletecollection"], "", "pods"),
    (CONNECT, "", "pods/exec"),
    (CONNECT, "", "pods/attach"),
    (CONNECT, "", "pods/portforward"),
    (&["create"], "", "serviceaccounts/token"),
    (WRITE, "apps", "deployments"),
    (WRITE, RBAC, "rolebindings"),
    (&["bind"], RBAC, "clusterroles"),
    (&["escalate"], RBAC, "roles"),
    (&["impersonate"], "", "serviceaccounts"),
    (&["*"], "*", "*"),
];

/// What is dangerous in the whole cluster. For a user who is bound in namespaces, only the first verb of each is asked:
/// the proof makes no statement about the others.
const IN_CLUSTER: &[(&[&str], &str, &str)] = &[
    (&["list", "get", "watch"], "", "secrets"),
    (&["create"], "", "pods"),
    (&["get", "create"], "", "nodes/proxy"),
    (WRITE, RBAC, "clusterrolebindings"),
    (&["bind"], RBAC, "clusterroles"),
    (&["escalate"], RBAC, "clusterroles"),
    (&["impersonate"], "", "users"),
    (&["impersonate"], "", "groups"),
    (&["delete"], "", "namespaces"),
    (&["patch", "update"], "", "namespaces"),
    (WRITE, "admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    (&["*"], "*", "*"),
];

/// The dangerous requests that are asked about, whatever the rules say: each verb that does it, in one namespace or in
/// the whole cluster. Without a namespace.
pub fn dangers(in_namespace: bool) -> impl Iterator<Item = Attributes> {
    let all = if in_namespace { IN_NAMESPACE } else { IN_CLUSTER };
    all.iter().flat_map(|(verbs, group, resource)| verbs.iter().map(|verb| Attributes::of(verb, group, resource)))
}

/// Derives the questions about `rules` bound at `reach`.
///
/// `elsewhere` names other namespaces of the cluster. The first two of them that `reach` leaves out are asked about;
/// without any, it is `kube-system`, or `default` if `reach` includes `kube-system`. These rules allow nothing of
/// `cannot`; no question occurs twice. Deterministic.
///
/// `can` asks what requests ask, by the kinds that the server has: nothing for a right that [never
/// works](super::workable), and for a `*` what it stands for.
pub fn expectations(rules: &[Rule], reach: &Reach, elsewhere: &[String], kinds: &Kinds) -> Expectations {
    let works = workable(rules, reach, kinds).rules;
    let samples = sample(&works, kinds, matches!(reach, Reach::Namespaces(_)));
    // Every user may create the self-reviews, and a namespace is asked for in itself only: neither proves anything
    // elsewhere.
    let is_telling = |s: &&Attributes| !s.resource.starts_with("selfsubject") && s.resource != "namespaces";
    let telling: Vec<&Attributes> = samples.iter().filter(is_telling).take(2).collect();
    let mut can = Vec::new();
    let mut cannot = Vec::new();
    match reach {
        Reach::Cluster => {
            can.extend(sample_paths(&works).into_iter().take(PER_NAMESPACE / 4));
            can.extend(samples.iter().cloned());
            can.truncate(PER_NAMESPACE);
        }
        Reach::Namespaces(names) => {
            for name in names {
                can.extend(samples.iter().map(|attrs| asked_in(attrs, name)));
                cannot.extend(dangers(true).map(|attrs| attrs.in_namespace(name)));
            }
            for name in outside(names, elsewhere) {
                cannot.extend(telling.iter().map(|&attrs| attrs.clone().in_namespace(name)));
                cannot.push(Attributes::of("get", "", "secrets").in_namespace(name));
            }
            // The same in all namespaces at once.
            cannot.extend(telling.iter().map(|&attrs| attrs.clone()));
        }
    }
    let of_cluster = IN_CLUSTER.iter().flat_map(|(verbs, group, resource)| {
        let asked = if matches!(reach, Reach::Cluster) { verbs } else { &verbs[..1] };
        asked.iter().map(|verb| Attributes::of(verb, group, resource))
    });
    cannot.extend(of_cluster);
    cannot.retain(|attrs| !can_within(rules, reach, attrs));
    dedup(&mut can);
    dedup(&mut cannot);
    Expectations { can, cannot }
}

/// Representative questions, without a namespace: first the familiar ones, then each rule in turn gives its next pair
/// of resource and verb, so that every rule is asked about once before any is asked about twice.
fn sample(rules: &[Rule], kinds: &Kinds, in_namespace: bool) -> Vec<Attributes> {
    let familiar = FAMILIAR.iter().map(|(verb, group, resource)| Attributes::of(verb, group, resource));
    let mut samples: Vec<Attributes> = familiar.filter(|question| can(rules, question)).collect();
    let mut seen: BTreeSet<Attributes> = samples.iter().cloned().collect();
    let pairs = |rule: &Rule| rule.api_groups.len() * rule.resources.len() * rule.verbs.len();
    let rounds = rules.iter().map(pairs).max().unwrap_or(0);
    for round in 0..rounds {
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| round < pairs(rule)) {
            if samples.len() == PER_NAMESPACE {
                return samples;
            }
            // Neighbouring rules often list the same verbs: starting each rule at another verb covers all of them.
            let question = as_asked(nth_question(rule, (round + at) % pairs(rule)), kinds, in_namespace);
            if seen.insert(question.clone()) {
                samples.push(question);
            }
        }
    }
    samples
}

/// The `n`th question about a rule, for `n` below the number of its (group, resource, verb): verbs change fastest and
/// resources along with them, so that the first few questions cover many of both.
fn nth_question(rule: &Rule, n: usize) -> Attributes {
    let (verbs, resources) = (rule.verbs.len(), rule.resources.len());
    let verb = &rule.verbs[n % verbs];
    let resource = &rule.resources[(n + n / verbs) % resources];
    let group = &rule.api_groups[(n / (verbs * resources)) % rule.api_groups.len()];
    let question = Attributes::of(verb, group, resource);
    match rule.resource_names.first() {
        Some(name) => question.named(name),
        None => question,
    }
}

/// The question as requests ask it: they name a verb and a kind. A creation by name is that of a part of an object, and
/// stays as the rule has it.
fn as_asked(mut question: Attributes, kinds: &Kinds, in_namespace: bool) -> Attributes {
    let is_of_a_part = question.verb == "create" && !question.name.is_empty() && question.subresource.is_empty();
    let is_any = question.group == "*" || question.resource == "*";
    if is_any
        && !is_of_a_part
        && let Some((group, kind)) = kinds.example(&question.group, &question.resource, in_namespace)
    {
        (question.group, question.resource) = (group.to_owned(), kind.to_owned());
    }
    if question.verb == "*" && question.resource != "*" && question.group != "*" {
        "get".clone_into(&mut question.verb);
    }
    question
}

/// The question in a namespace; a question about the namespace itself names it.
fn asked_in(question: &Attributes, namespace: &str) -> Attributes {
    let question = question.clone().in_namespace(namespace);
    let is_itself = question.group.is_empty() && question.resource == "namespaces" && question.name.is_empty();
    if is_itself { question.named(namespace) } else { question }
}

/// A path for each of the rules' paths; for a prefix, one path under it.
fn sample_paths(rules: &[Rule]) -> Vec<Attributes> {
    let mut questions = Vec::new();
    for rule in rules {
        for (verb, path) in rule.verbs.iter().cycle().zip(&rule.non_resource_urls) {
            let asked = match path.strip_suffix('*') {
                Some(prefix) => format!("{}latchkey", prefix.trim_end_matches('*')),
                None => path.clone(),
            };
            questions.push(Attributes::path(verb, &asked));
        }
    }
    questions
}

/// Up to two namespaces that are not among `names`.
fn outside<'a>(names: &[String], elsewhere: &'a [String]) -> Vec<&'a str> {
    let is_outside = |name: &&str| !names.iter().any(|own| own == name);
    let mut others: Vec<&str> = elsewhere.iter().map(String::as_str).filter(is_outside).take(2).collect();
    if others.is_empty() {
        others.extend(["kube-system", "default"].into_iter().filter(is_outside).take(1));
    }
    others
}

fn dedup(questions: &mut Vec<Attributes>) {
    let mut seen = BTreeSet::new();
    questions.retain(|question| seen.insert(question.clone()));
}
