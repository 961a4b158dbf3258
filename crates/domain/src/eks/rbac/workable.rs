//! The part of rules that a request can ever use, and the part that never works for any holder. RBAC accepts any text,
//! and its own reviews repeat the words of a rule, so neither distinguishes a right from a text that matches nothing.
//!
//! Facts: RBAC's documentation on `resourceNames`; `requestinfo.go` of Kubernetes 1.35 on which requests carry a name
//! and a namespace (a namespace itself is asked for in itself; lists and watches have the name of a field selector on
//! `metadata.name`; creations and deletions of collections have none).
//!
//! These are neither promised nor asked: a creation limited to names, `core` or `apps/v1` as a group, `Deployment`,
//! `GET`, a cluster-scoped kind in a namespace, a kind in a group that does not have it, a part (`pods/logs`) that
//! Kubernetes' own kind does not have.
//!
//! The kinds that a cluster serves are read from its discovery at each look, 2,000 at most, and kept with the
//! observation. Entity tags keep the cost of unchanged answers at a few bytes. A group that does not answer counts as
//! unknown. If a server does not answer at all, what it served last counts, and a look goes on without. Parts, and the
//! warnings of `latchkey check`, are those of Kubernetes 1.35.
//!
//! An access whose profile's own rules name such a right cannot be asked for, and is *blocked* if it was approved
//! before; an active one keeps its proof, with a remark on its page. Lists in rules are multiplied, so only a resource
//! that works in no group, or a verb that works on no resource, counts. A kind that only this cluster does not have (a
//! custom resource that is not installed) is left out and reported; it blocks only if nothing else is left. In foreign
//! ClusterRoles, what does not work is left out without a remark: they list kinds of former versions.

use super::{
    Capability, Kinds, Reach, Rule,
    capability::thing,
    kinds::{Lives, Served},
    parts,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strsim::levenshtein as distance;

mod asked;
mod words;

use asked::{Every, VERBS, is_method};

/// Metrics of other programs: their names are kinds in this group, in any letters.
const METRICS: &str = ".metrics.k8s.io";

/// What rules amount to where they are bound, on a server with these kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workable {
    /// The part that requests can use.
    pub rules: Vec<Rule>,
    /// The part that no request can use.
    pub never: Vec<Unworkable>,
    /// The part that works differently from how it looks.
    pub remarks: Vec<Remark>,
}

/// A part of a rule that no request can use. `Display` is the middle of a sentence: what, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unworkable {
    pub what: Capability,
    pub why: Why,
}

/// Why a right never works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A creation or the deletion of a collection, limited to names.
    NoName(String),
    /// The verb in other letters.
    Letters(String),
    /// A `*` within a text, which stands for itself there, or several texts in one.
    Pattern,
    /// A verb that Kubernetes does not ask for.
    NoVerb,
    /// A path that does not begin with `/`, or a verb that no request for a path has.
    NoPath,
    /// A group name that is not possible: `core`, `v1`, `apps/v1`.
    Group(String),
    /// A kind (`Deployment`) instead of its plural name.
    Kind(String),
    /// It is cluster-scoped, and the rule is bound in namespaces.
    NoNamespace,
    /// A path, which can only be bound in the whole cluster.
    Path,
    /// The group, which is one of Kubernetes' own, does not have the kind; these have it.
    OtherGroup(Vec<String>),
    /// The group exists in Kubernetes itself, or on the server, and does not serve the kind.
    NotServed,
    /// In Kubernetes 1.35 the kind does not have this part, but has these.
    NoPart(Vec<String>),
    /// The server does not have the group now.
    NoGroup,
    /// The group has no dot, so it would be one of Kubernetes' own, which has none with that name; this one is similar.
    NoOwnGroup(Option<String>),
    /// `impersonate` on a resource that no request can act as.
    #[serde(rename = "nobody_to_be")]
    NothingToActAs,
    /// `userextras` without the key by which each of them is asked for.
    NoKey,
}

/// A right that works, but differently from how it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// `list` or `watch`, limited to names.
    OnlyBySelector { what: Capability },
    /// `create`, limited to names, together with a verb that changes the same objects.
    OnlyByApply { what: Capability },
    /// Commands or ports by `get` alone, which servers from 1.35 on refuse.
    OnlyBefore135 { what: Capability },
    /// A group without effect beside others that have one.
    Group { group: String, why: Why },
}

impl Why {
    /// Whether it never works, whatever kinds the server may serve later.
    pub const fn is_certain(&self) -> bool {
        !matches!(self, Self::NotServed | Self::NoGroup | Self::NoOwnGroup(_) | Self::NoPart(_) | Self::NoVerb)
    }

    /// If several reasons apply, one about the resource says more than one about the verb.
    const fn is_about_the_verb(&self) -> bool {
        matches!(self, Self::NoName(_) | Self::Letters(_) | Self::NoVerb | Self::NothingToActAs)
    }
}

/// The part of `rules`, bound at `reach`, that requests to a server with these kinds can use.
pub fn workable(rules: &[Rule], reach: &Reach, kinds: &Kinds) -> Workable {
    let judge = Judge { kinds, own: Kinds::of_kubernetes(), in_namespace: matches!(reach, Reach::Namespaces(_)) };
    let mut found = Workable::default();
    for rule in rules {
        judge.add(rule, &mut found);
    }
    found.never.dedup();
    found.remarks.dedup();
    found
}

struct Judge<'a> {
    kinds: &'a Kinds,
    own: &'a Kinds,
    in_namespace: bool,
}

impl Judge<'_> {
    fn add(&self, rule: &Rule, found: &mut Workable) {
        if !rule.non_resource_urls.is_empty() && self.in_namespace {
            let things = rule.non_resource_urls.clone();
            let what = Capability { verbs: rule.verbs.clone(), things, names: vec![] };
            found.never.push(Unworkable { what, why: Why::Path });
        }
        let mut paths = if self.in_namespace { Vec::new() } else { rule.non_resource_urls.clone() };
        let unasked = paths.extract_if(.., |path| !is_path(path) || !rule.verbs.iter().any(|verb| is_method(verb)));
        let things: Vec<String> = unasked.collect();
        if !things.is_empty() {
            let what = Capability { verbs: rule.verbs.clone(), things, names: vec![] };
            found.never.push(Unworkable { what, why: Why::NoPath });
        }
        let whole = Rule { non_resource_urls: paths, ..rule.clone() };
        let pairs = self.pairs(rule);
        if pairs.iter().all(|pair| pair.why.is_none()) {
            found.remarks.extend(remarks(&whole));
            found.rules.extend(is_something(&whole).then_some(whole));
            return;
        }
        found.never.extend(never(rule, &pairs));
        found.remarks.extend(idle_groups(rule, &pairs));
        let working = remaining(rule, &pairs);
        found.remarks.extend(working.iter().flat_map(remarks));
        found.rules.extend(working);
        let paths = Rule { verbs: whole.verbs, non_resource_urls: whole.non_resource_urls, ..Rule::default() };
        found.rules.extend(is_something(&paths).then_some(paths));
    }

    fn pairs<'a>(&self, rule: &'a Rule) -> Vec<Pair<'a>> {
        let mut pairs = Vec::new();
        for group in &rule.api_groups {
            for resource in &rule.resources {
                for verb in &rule.verbs {
                    let why = self.why_not(verb, group, resource, rule);
                    pairs.push(Pair { group, resource, verb, why });
                }
            }
        }
        pairs
    }

    /// Why no request can use this right.
    fn why_not(&self, verb: &str, group: &str, resource: &str, rule: &Rule) -> Option<Why> {
        let is_list = |text: &str| text.contains([',', ' ']);
        let named = !rule.resource_names.is_empty();
        if has_pattern(verb) || has_pattern(group) || is_list(verb) || is_list(group) || is_list(resource) {
            return Some(Why::Pattern);
        }
        let (kind, part) = resource.split_once('/').unwrap_or((resource, ""));
        // For signers, `DOMAIN/*` is a name that is really asked for: see `IsAuthorizedForSignerName` of Kubernetes'
        // plugin/pkg/admission/certificates/util.go. Controllers with signers of their own do the same.
        let is_pattern = |name: &String| name.contains('*') && !(kind == "signers" && name.ends_with("/*"));
        // `*/scale` is the scale of every resource; any other `*` in a resource, or in a name, stands for itself.
        if has_pattern(kind) || part.contains('*') || (named && rule.resource_names.iter().all(is_pattern)) {
            return Some(Why::Pattern);
        }
        let lower = verb.to_ascii_lowercase();
        if lower != verb && VERBS.contains(&lower.as_str()) {
            return Some(Why::Letters(lower));
        }
        if let Some(right) = no_group(group) {
            return Some(Why::Group(right.to_owned()));
        }
        if kind.chars().any(char::is_uppercase) && !group.ends_with(METRICS) {
            return Some(Why::Kind(kind.to_ascii_lowercase()));
        }
        let nameless = match verb {
            // Server-side apply and a PUT create a missing object by its name, and need both verbs.
            "create" => !changes(rule),
            "deletecollection" => true,
            _ => false,
        };
        if named && part.is_empty() && kind != "*" && nameless {
            return Some(Why::NoName(verb.to_owned()));
        }
        if verb != "*" && !VERBS.contains(&verb) {
            // A verb that is not one of Kubernetes' own means what its author defines, in a group of theirs.
            if !asked::is_known(verb) {
                return self.is_of_kubernetes(group).then_some(Why::NoVerb);
            }
            return asked::by_verb(verb, group, kind, part, self.in_namespace);
        }
        if verb == "*" {
            match asked::by_any_verb(group, kind, part, self.in_namespace) {
                Every::Never(why) => return Some(why),
                Every::Otherwise => return None,
                Every::OfRequests => {}
            }
        }
        match self.kinds.served(group, kind) {
            Served::Unknown | Served::Yes(Lives::InNamespaces) => self.no_part(group, kind, part),
            Served::Yes(Lives::InCluster) if !self.in_namespace => self.no_part(group, kind, part),
            Served::Yes(Lives::InCluster) if is_of_a_namespace(verb, group, kind, part) => {
                self.no_part(group, kind, part)
            }
            Served::Yes(Lives::InCluster) => Some(Why::NoNamespace),
            Served::NoSuchKind if self.is_of_kubernetes(group) => {
                Some(self.elsewhere(group, kind).unwrap_or(Why::NotServed))
            }
            Served::NoSuchGroup if self.is_of_kubernetes(group) => {
                Some(self.elsewhere(group, kind).unwrap_or_else(|| Why::NoOwnGroup(self.nearest_group(group))))
            }
            // A later version of the group's owner may have the kind.
            Served::NoSuchKind => Some(Why::NotServed),
            Served::NoSuchGroup => Some(Why::NoGroup),
        }
    }

    /// The parts of Kubernetes' own kinds are known.
    fn no_part(&self, group: &str, kind: &str, part: &str) -> Option<Why> {
        let is_own =
            !part.is_empty() && matches!(self.own.served(group, kind), Served::Yes(_)) && group != "*" && kind != "*";
        if is_own { parts::instead_of(group, kind, part).map(Why::NoPart) } else { None }
    }

    /// Whether the group is one of Kubernetes' own: foreign groups have a dot, and their kinds come and go.
    fn is_of_kubernetes(&self, group: &str) -> bool {
        !group.contains('.') || self.own.has_group(group)
    }

    /// The group of Kubernetes' own whose name is most similar.
    fn nearest_group(&self, name: &str) -> Option<String> {
        let near = self.own.groups().filter(|group| !group.contains('.') && !group.is_empty());
        let (far, group) = near.map(|group| (distance(name, group), group)).min()?;
        (far <= name.len() / 3).then(|| group.to_owned())
    }

    fn elsewhere(&self, group: &str, kind: &str) -> Option<Why> {
        let others = self.kinds.groups_with(kind).into_iter().filter(|other| *other != group);
        let others: Vec<String> = others.map(str::to_owned).collect();
        (!others.is_empty()).then_some(Why::OtherGroup(others))
    }
}

/// One right of a rule, and why it never works.
struct Pair<'a> {
    group: &'a String,
    resource: &'a String,
    verb: &'a String,
    why: Option<Why>,
}

/// Whether a text other than `*` contains one.
fn has_pattern(text: &str) -> bool {
    text != "*" && text.contains('*')
}

/// Whether a rule changes objects by their names.
fn changes(rule: &Rule) -> bool {
    rule.verbs.iter().any(|verb| matches!(verb.as_str(), "patch" | "update" | "*"))
}

/// Whether RBAC can match a path: only a `*` at its end stands for a continuation.
fn is_path(path: &str) -> bool {
    path == "*" || (path.starts_with('/') && !path.trim_end_matches('*').contains('*'))
}

/// A text that can never be a group, with the group that may be meant.
fn no_group(group: &str) -> Option<&str> {
    if group == "core" || is_version(group) {
        return Some("");
    }
    // Half of Kubernetes' own groups end with this suffix, and the others do not.
    let bare = group.strip_suffix(".k8s.io").filter(|name| !name.contains('.'));
    if let Some(name) = bare.filter(|name| Kinds::of_kubernetes().has_group(name)) {
        return Some(name);
    }
    let (name, _) = group.split_once('/')?;
    Some(if name == "core" || is_version(name) { "" } else { name })
}

/// `v1`, `v2beta1`.
fn is_version(text: &str) -> bool {
    let mut rest =
        text.strip_prefix('v').unwrap_or_default().split(char::is_alphabetic).filter(|part| !part.is_empty());
    text.starts_with('v')
        && text.len() > 1
        && rest.all(|part| part.bytes().all(|b| b.is_ascii_digit()))
        && text[1..].starts_with(|c: char| c.is_ascii_digit())
}

/// A namespace is asked for in itself; only lists and creations of namespaces are cluster-scoped.
fn is_of_a_namespace(verb: &str, group: &str, kind: &str, part: &str) -> bool {
    let is_one = (group.is_empty() || group == "*") && kind == "namespaces";
    is_one && (!part.is_empty() || !matches!(verb, "list" | "watch" | "create" | "deletecollection"))
}

fn is_something(rule: &Rule) -> bool {
    let resources = !rule.api_groups.is_empty() && !rule.resources.is_empty();
    !rule.verbs.is_empty() && (resources || !rule.non_resource_urls.is_empty())
}

/// The rule's resources that never work, then its verbs that work on no resource. Lists in rules are multiplied: it is
/// usual that a rule lists `deployments` beside `pods`, though the core group does not have them.
fn never(rule: &Rule, pairs: &[Pair<'_>]) -> Vec<Unworkable> {
    let mut found = Vec::new();
    // The reason that says most, with the pair that it belongs to.
    let reason = |pairs: &[&Pair<'_>]| -> Option<(Why, String)> {
        let whys: Vec<(&Why, &Pair<'_>)> =
            pairs.iter().map(|pair| Some((pair.why.as_ref()?, *pair))).collect::<Option<_>>()?;
        let (why, pair) = whys.into_iter().min_by_key(|(why, _)| (why.is_about_the_verb(), **why == Why::NotServed))?;
        Some((why.clone(), pair.group.clone()))
    };
    for resource in &rule.resources {
        let own: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.resource == resource).collect();
        let Some((why, group)) = reason(&own) else { continue };
        let what = Capability {
            verbs: rule.verbs.clone(),
            things: vec![thing(&group, resource)],
            names: rule.resource_names.clone(),
        };
        found.push(Unworkable { what, why });
    }
    let dead: Vec<&String> = rule
        .resources
        .iter()
        .filter(|resource| pairs.iter().filter(|pair| pair.resource == *resource).all(|pair| pair.why.is_some()))
        .collect();
    for verb in &rule.verbs {
        let own: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.verb == verb).collect();
        let Some((why, _)) = reason(&own) else { continue };
        let left = own.iter().filter(|pair| !dead.contains(&pair.resource));
        let mut things: Vec<String> = left.map(|pair| thing(pair.group, pair.resource)).collect();
        things.dedup();
        if !things.is_empty() {
            let what = Capability { verbs: vec![verb.clone()], things, names: rule.resource_names.clone() };
            found.push(Unworkable { what, why });
        }
    }
    found
}

/// Groups with impossible names, beside others that work.
fn idle_groups(rule: &Rule, pairs: &[Pair<'_>]) -> Vec<Remark> {
    let of = |group: &String| pairs.iter().filter(|pair| pair.group == group).collect::<Vec<_>>();
    let works = |group: &&String| of(group).iter().any(|pair| pair.why.is_none());
    if !rule.api_groups.iter().any(|group| works(&group)) {
        return Vec::new();
    }
    let idle = rule.api_groups.iter().filter_map(|group| {
        let right = no_group(group)?;
        Some(Remark::Group { group: group.clone(), why: Why::Group(right.to_owned()) })
    });
    idle.collect()
}

/// The pairs that work, as rules again: one for each group and set of verbs.
fn remaining(rule: &Rule, pairs: &[Pair<'_>]) -> Vec<Rule> {
    let mut verbs: BTreeMap<(&String, &String), Vec<String>> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.why.is_none()) {
        verbs.entry((pair.group, pair.resource)).or_default().push(pair.verb.clone());
    }
    let mut rules: BTreeMap<(&String, Vec<String>), Vec<String>> = BTreeMap::new();
    for ((group, resource), verbs) in verbs {
        rules.entry((group, verbs)).or_default().push(resource.clone());
    }
    let whole = rules.into_iter().map(|((group, verbs), resources)| Rule {
        api_groups: vec![group.clone()],
        resources,
        verbs,
        resource_names: rule.resource_names.clone(),
        non_resource_urls: vec![],
    });
    whole.collect()
}

/// The parts of a rule that work differently from how they look.
fn remarks(rule: &Rule) -> Vec<Remark> {
    [only_by_selector(rule), only_by_apply(rule), only_before_135(rule)].into_iter().flatten().collect()
}

/// These verbs on those resources of a rule.
fn part_of(rule: &Rule, verbs: &[&str], is_meant: impl Fn(&str) -> bool) -> Capability {
    let verbs: Vec<String> = rule.verbs.iter().filter(|verb| verbs.contains(&verb.as_str())).cloned().collect();
    let meant = rule.resources.iter().filter(|resource| is_meant(resource));
    let things = rule.api_groups.iter().flat_map(|group| meant.clone().map(move |resource| thing(group, resource)));
    Capability { verbs, things: things.collect(), names: rule.resource_names.clone() }
}

fn only_by_apply(rule: &Rule) -> Option<Remark> {
    let what = part_of(rule, &["create"], |resource| !resource.contains('/') && resource != "*");
    let says_something = !what.names.is_empty() && !what.verbs.is_empty() && !what.things.is_empty();
    says_something.then_some(Remark::OnlyByApply { what })
}

fn only_before_135(rule: &Rule) -> Option<Remark> {
    let connects = |resource: &str| matches!(resource, "pods/exec" | "pods/attach" | "pods/portforward");
    let what = part_of(rule, &["get"], connects);
    let creates = rule.verbs.iter().any(|verb| matches!(verb.as_str(), "create" | "*"));
    (!creates && !what.verbs.is_empty() && !what.things.is_empty()).then_some(Remark::OnlyBefore135 { what })
}

fn only_by_selector(rule: &Rule) -> Option<Remark> {
    let what = part_of(rule, &["list", "watch"], |resource| !resource.contains('/'));
    let says_something = !what.names.is_empty() && !what.verbs.is_empty() && !what.things.is_empty();
    says_something.then_some(Remark::OnlyBySelector { what })
}
