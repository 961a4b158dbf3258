//! How dangerous rules are, and why, in sentences.
//!
//! The scale: low reads and sees no secret; elevated changes things; high reads secrets, runs workloads or commands;
//! critical can become more than it was given. For Kubernetes' own kinds, and for the controllers that `probe` lists,
//! the assessment never understates: rules for objects that a RoleBinding does not reach are assessed as if it did.
//! What other controllers do with their kinds is not known: writing them is elevated.

mod probe;
mod words;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::capability::{READING, thing};
use super::{Reach, Rule};
use probe::{ALTER, COMMANDS, DANGERS, Probe, QUESTIONS, SIGNING_APPROVAL, SIGNING_REQUEST, TOKENS, WORKLOADS};
use probe::{find, names_of};

/// The scale, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Reads, no secrets.
    Low,
    /// Changes things.
    Elevated,
    /// Secrets, workloads, commands in pods.
    High,
    /// Can become more than it was given.
    Critical,
}

impl Risk {
    /// The word for it, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Elevated => "elevated",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A way in which rules are dangerous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Danger {
    /// `*` for verbs, groups and resources.
    DoesEverything,
    /// Every resource of a group or of all.
    WildcardResources,
    /// Every verb, also of later versions.
    WildcardVerbs,
    /// Every path outside the resources.
    WildcardPaths,
    /// `escalate` on roles.
    Escalates,
    /// `bind` on roles.
    Binds,
    /// `impersonate` on any identity.
    Impersonates,
    /// The kubelets' own API.
    ReachesKubelets,
    /// Webhooks, admission policies and API services.
    ChangesAdmission,
    /// Makes certificate requests and approves them.
    SignsCertificates,
    /// Writes `kube-system/aws-auth`.
    WritesAwsAuth,
    /// Runs as a service account of `kube-system`.
    TakesOverKubeSystem,
    /// Reads secrets.
    ReadsSecrets,
    /// Changes secrets.
    ChangesSecrets,
    /// Starts or changes pods or what makes pods.
    RunsWorkloads,
    /// Runs commands in running pods.
    RunsCommands,
    /// Talks to the network ports of pods and services.
    ReachesPods,
    /// Mints tokens of service accounts.
    MintsTokens,
    /// Makes volumes, including ones on any node's disk.
    MakesVolumes,
    /// Changes namespaces' labels, and so their pod security.
    ChangesNamespaces,
    /// Changes nodes.
    ChangesNodes,
    /// Makes roles and bindings within its own rights.
    HandsOn,
    /// Changes which kinds of object exist.
    ChangesKinds,
    /// Changes anything else.
    Changes,
    /// Only reads.
    OnlyReads,
    /// Allows nothing.
    DoesNothing,
}

/// The reason for a risk. Its Display is a sentence without its subject: "reads every secret in the namespace".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct RiskReason {
    /// The danger.
    pub danger: Danger,
    /// How grave it is.
    pub risk: Risk,
    /// The only names to which it applies; empty for every name.
    pub names: Vec<String>,
    /// The objects concerned, if the danger does not name them itself.
    pub things: Vec<String>,
    place: BoundIn,
}

/// An assessment of rules: the gravest risk, and every reason, the gravest first. There is always a reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Assessment {
    /// The gravest of the reasons' risks.
    pub risk: Risk,
    /// The reasons.
    pub reasons: Vec<RiskReason>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
enum BoundIn {
    Namespace,
    Namespaces,
    Cluster,
}

/// Assesses rules that are bound in one namespace other than `kube-system`.
pub fn assess(rules: &[Rule]) -> Assessment {
    assess_in(rules, &Reach::Namespaces(Vec::new()))
}

/// Assesses rules that are bound at `reach`. In `kube-system`, or in the whole cluster, running a pod or writing
/// ConfigMaps amounts to being cluster-admin.
pub fn assess_in(rules: &[Rule], reach: &Reach) -> Assessment {
    let (place, kube_system) = match reach {
        Reach::Cluster => (BoundIn::Cluster, true),
        Reach::Namespaces(names) => {
            let place = if names.len() > 1 { BoundIn::Namespaces } else { BoundIn::Namespace };
            (place, names.iter().any(|name| name == "kube-system"))
        }
    };
    let mut reasons = Vec::new();
    let mut add = |danger, risk, names: Vec<String>, things: Vec<String>| {
        reasons.push(RiskReason { danger, risk, names, things, place });
    };
    if rules.iter().any(does_everything) {
        add(Danger::DoesEverything, Risk::Critical, Vec::new(), Vec::new());
        return Assessment { risk: Risk::Critical, reasons };
    }
    for (danger, things) in wildcards(rules) {
        add(danger, Risk::Critical, Vec::new(), things);
    }
    if let Some((names, whom)) = find_impersonation(rules) {
        add(Danger::Impersonates, Risk::Critical, names, whom);
    }
    if find(rules, &[SIGNING_REQUEST]).is_some() && find(rules, &[SIGNING_APPROVAL]).is_some() {
        add(Danger::SignsCertificates, Risk::Critical, Vec::new(), Vec::new());
    }
    if kube_system && writes_aws_auth(rules) {
        add(Danger::WritesAwsAuth, Risk::Critical, Vec::new(), Vec::new());
    }
    if kube_system && [WORKLOADS, COMMANDS, TOKENS].iter().any(|probes| find(rules, probes).is_some()) {
        add(Danger::TakesOverKubeSystem, Risk::Critical, Vec::new(), Vec::new());
    }
    for (danger, risk, probes) in DANGERS {
        if let Some(names) = find(rules, probes) {
            add(*danger, *risk, names, Vec::new());
        }
    }
    let changed = changed_things(rules);
    if !changed.is_empty() {
        add(Danger::Changes, Risk::Elevated, Vec::new(), changed);
    }
    if reasons.is_empty() {
        let nothing = rules.iter().all(allows_nothing);
        let danger = if nothing { Danger::DoesNothing } else { Danger::OnlyReads };
        reasons.push(RiskReason { danger, risk: Risk::Low, names: Vec::new(), things: Vec::new(), place });
    }
    reasons.sort_by_key(|reason| (std::cmp::Reverse(reason.risk), reason.danger));
    let risk = reasons.iter().map(|reason| reason.risk).max().unwrap_or(Risk::Low);
    Assessment { risk, reasons }
}

fn has_star(list: &[String]) -> bool {
    list.iter().any(|own| own == "*")
}

fn does_everything(rule: &Rule) -> bool {
    has_star(&rule.verbs) && has_star(&rule.api_groups) && has_star(&rule.resources) && rule.resource_names.is_empty()
}

fn allows_nothing(rule: &Rule) -> bool {
    let no_resource = rule.api_groups.is_empty() || rule.resources.is_empty();
    rule.verbs.is_empty() || (no_resource && rule.non_resource_urls.is_empty())
}

/// Wildcards also grant what does not exist yet: kinds and verbs of later versions.
fn wildcards(rules: &[Rule]) -> Vec<(Danger, Vec<String>)> {
    let mut resources = BTreeSet::new();
    let mut verbs = BTreeSet::new();
    let mut paths = false;
    for rule in rules.iter().filter(|rule| !allows_nothing(rule)) {
        paths |= has_star(&rule.non_resource_urls);
        for group in &rule.api_groups {
            if has_star(&rule.resources) {
                resources.insert(thing(group, "*"));
            } else if has_star(&rule.verbs) {
                verbs.extend(rule.resources.iter().map(|resource| thing(group, resource)));
            }
        }
        if has_star(&rule.verbs) {
            verbs.extend(rule.non_resource_urls.iter().cloned());
        }
    }
    let mut found = Vec::new();
    if !resources.is_empty() {
        found.push((Danger::WildcardResources, resources.into_iter().collect()));
    }
    if !verbs.is_empty() {
        found.push((Danger::WildcardVerbs, verbs.into_iter().collect()));
    }
    if paths {
        found.push((Danger::WildcardPaths, Vec::new()));
    }
    found
}

/// `impersonate`, and the verbs `impersonate:...` of newer servers: the names that it is limited to, and the identities
/// that it covers.
fn find_impersonation(rules: &[Rule]) -> Option<(Vec<String>, Vec<String>)> {
    const WHOM: [(&str, &str); 5] = [
        ("users", "users"),
        ("groups", "groups"),
        ("serviceaccounts", "service accounts"),
        ("uids", "user ids"),
        ("userextras", "users' attributes"),
    ];
    let granting: Vec<&Rule> = rules
        .iter()
        .filter(|rule| {
            rule.verbs.iter().any(|verb| verb == "*" || verb.starts_with("impersonate"))
                && (rule.has_group("") || rule.has_group("authentication.k8s.io"))
        })
        .collect();
    let on = |rule: &Rule, resource: &str| {
        let sub = |own: &String| own.split_once('/').is_some_and(|(own, _)| own == resource);
        rule.has_resource(resource, "") || (resource == "userextras" && rule.resources.iter().any(sub))
    };
    let whom: Vec<_> = WHOM.iter().filter(|(resource, _)| granting.iter().any(|rule| on(rule, resource))).collect();
    let names = names_of(granting.into_iter().filter(|rule| whom.iter().any(|(resource, _)| on(rule, resource))))?;
    Some((names, whom.into_iter().map(|(_, people)| (*people).to_owned()).collect()))
}

fn writes_aws_auth(rules: &[Rule]) -> bool {
    let probe = [Probe(ALTER, "", &["configmaps"])];
    rules.iter().any(|rule| rule.has_name("aws-auth") && find(std::slice::from_ref(rule), &probe).is_some())
}

/// The things that the rules change, by any verb that does more than read.
fn changed_things(rules: &[Rule]) -> Vec<String> {
    let mut things = BTreeSet::new();
    for rule in rules.iter().filter(|rule| rule.verbs.iter().any(|verb| !READING.contains(&verb.as_str()))) {
        for group in &rule.api_groups {
            let told = rule.resources.iter().filter(|resource| !QUESTIONS.contains(&resource.as_str()));
            things.extend(told.map(|resource| thing(group, resource)));
        }
        things.extend(rule.non_resource_urls.iter().cloned());
    }
    things.into_iter().collect()
}
