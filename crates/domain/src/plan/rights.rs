//! The worker's rights one by one, derived from [`bootstrap`]: to ask about each of them, and to report missing and
//! excess rights.

use super::bootstrap::{self, NAMESPACE, WORKER, WorkerStatement};
use crate::{
    access::policy::PolicyFile,
    eks::rbac::{Attributes, LABEL_MANAGED_BY, MANAGED_BY, Rule, can, rules_hash},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Stands for any text that a `*` at the end of an ARN matches.
const ANY: &str = "latchkey-doctor";
const RBAC: &str = "rbac.authorization.k8s.io";
/// The number of digits of a rules hash in the names of objects that add rights: enough to tell them apart.
const DIGITS: usize = 8;

/// One right on a cluster: one verb on one resource (or path), in the namespace in which the worker needs it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The question to the API server. Its namespace is the one in which the right is bound; empty for the whole
    /// cluster.
    pub asked: Attributes,
    /// The rule that gives this right and no other.
    pub rule: Rule,
}

/// Every right that the worker needs on a cluster of this policy, as [`bootstrap::manifests`] gives them.
pub fn rights(file: &PolicyFile) -> Vec<Right> {
    let cluster = bootstrap::cluster_rules(file);
    let namespace = bootstrap::namespace_rules();
    let all = cluster.iter().flat_map(|rule| atoms(rule, "")).chain(namespace.iter().flat_map(|r| atoms(r, NAMESPACE)));
    all.collect::<BTreeSet<Right>>().into_iter().collect()
}

/// What the worker must never hold: with any of these rights, it could become any user.
pub fn forbidden(file: &PolicyFile) -> Vec<Attributes> {
    let needed = bootstrap::cluster_rules(file);
    let all = [
        Attributes::of("*", "*", "*"),
        Attributes::of("escalate", RBAC, "clusterroles"),
        Attributes::of("escalate", RBAC, "roles"),
        Attributes::of("bind", RBAC, "clusterroles"),
        Attributes::of("impersonate", "", "users"),
        Attributes::of("impersonate", "", "groups"),
    ];
    all.into_iter().filter(|asked| !can(&needed, asked)).collect()
}

/// What the held rules allow beyond what the worker needs, and beyond what every signed-in user may do.
pub fn excess(file: &PolicyFile, held: &[Rule]) -> Vec<Attributes> {
    let mut needed = bootstrap::cluster_rules(file);
    needed.extend(bootstrap::namespace_rules());
    needed.push(Rule::of(
        &["create"],
        &["authorization.k8s.io"],
        &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    ));
    needed.push(Rule::of(&["create"], &["authentication.k8s.io"], &["selfsubjectreviews"]));
    let all = held.iter().flat_map(|rule| atoms(rule, "")).map(|right| right.asked);
    let more: BTreeSet<Attributes> = all.filter(|asked| !is_harmless(asked) && !can(&needed, asked)).collect();
    more.into_iter().collect()
}

/// Reading documents of the API server itself, such as its version.
fn is_harmless(asked: &Attributes) -> bool {
    asked.verb == "get" && asked.non_resource_path.as_deref().is_some_and(|path| path != "*" && path != "/*")
}

/// The RBAC objects that add these rights and no others. If all of a place's rights are missing (apart from those that
/// every user has), they are those of [`bootstrap::manifests`]: its role or its binding is gone. Otherwise they are
/// added beside them, under names that follow from their rules, so that no existing object is replaced.
pub fn manifests_adding(file: &PolicyFile, missing: &[Right]) -> Vec<Value> {
    let all = rights(file);
    let mut objects = Vec::new();
    for namespace in ["", NAMESPACE] {
        let here = |rights: &[Right]| -> Vec<Right> {
            rights.iter().filter(|right| right.asked.namespace == namespace).cloned().collect()
        };
        let missing = here(missing);
        if missing.is_empty() {
            continue;
        }
        let kind = if namespace.is_empty() { "ClusterRole" } else { "Role" };
        if here(&all).iter().all(|right| is_harmless(&right.asked) || missing.contains(right)) {
            let named = [kind.to_owned(), format!("{kind}Binding")];
            let whole = bootstrap::manifests(file).into_iter();
            objects.extend(whole.filter(|object| named.iter().any(|kind| object["kind"] == kind.as_str())));
        } else {
            objects.extend(added(kind, namespace, &merged(missing.into_iter().map(|right| right.rule))));
        }
    }
    objects
}

/// A role with these rules, and its binding to the worker.
fn added(kind: &str, namespace: &str, rules: &[Rule]) -> [Value; 2] {
    let name = format!("{WORKER}-{}", &rules_hash(rules)[..DIGITS]);
    let mut metadata = json!({ "labels": { LABEL_MANAGED_BY: format!("{MANAGED_BY}-bootstrap") }, "name": name });
    if !namespace.is_empty() {
        metadata["namespace"] = namespace.into();
    }
    let version = format!("{RBAC}/v1");
    let role = json!({ "apiVersion": version, "kind": kind, "metadata": metadata, "rules": rules });
    let binding = json!({
        "apiVersion": version, "kind": format!("{kind}Binding"), "metadata": metadata,
        "roleRef": { "apiGroup": RBAC, "kind": kind, "name": name },
        "subjects": [{ "apiGroup": RBAC, "kind": "User", "name": WORKER }],
    });
    [role, binding]
}

/// The same rights in fewer rules: rules that differ only in verbs, then in resources, then in names are merged.
fn merged(rules: impl Iterator<Item = Rule>) -> Vec<Rule> {
    let mut rules: Vec<Rule> = rules.collect();
    let lists: [fn(&mut Rule) -> &mut Vec<String>; 3] =
        [|rule| &mut rule.verbs, |rule| &mut rule.resources, |rule| &mut rule.resource_names];
    for list in lists {
        // A rule for every name differs from one for some names: they stay apart.
        let mut together: BTreeMap<(bool, Rule), Vec<String>> = BTreeMap::new();
        for mut rule in rules {
            let taken = std::mem::take(list(&mut rule));
            let into = together.entry((taken.is_empty(), rule)).or_default();
            into.extend(taken);
        }
        rules = together
            .into_iter()
            .map(|((_, mut rule), mut taken)| {
                taken.sort();
                taken.dedup();
                *list(&mut rule) = taken;
                rule
            })
            .collect();
    }
    rules
}

/// The rights of a rule, asked for in `namespace`.
fn atoms(rule: &Rule, namespace: &str) -> Vec<Right> {
    let mut rights = Vec::new();
    for verb in &rule.verbs {
        for path in &rule.non_resource_urls {
            let alone = Rule { verbs: vec![verb.clone()], non_resource_urls: vec![path.clone()], ..Rule::default() };
            rights.push(Right { asked: Attributes::path(verb, path), rule: alone });
        }
        for group in &rule.api_groups {
            for resource in &rule.resources {
                let asked = Attributes::of(verb, group, resource).in_namespace(namespace);
                let alone = Rule::of(&[verb], &[group], &[resource]);
                if rule.resource_names.is_empty() {
                    rights.push(Right { asked, rule: alone });
                    continue;
                }
                rights.extend(rule.resource_names.iter().map(|name| Right {
                    asked: asked.clone().named(name),
                    rule: Rule { resource_names: vec![name.clone()], ..alone.clone() },
                }));
            }
        }
    }
    rights
}

/// One right in AWS: one action on one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AwsRight {
    pub action: &'static str,
    /// The resource as the policy names it; it may end in a `*`.
    pub resource: String,
}

impl AwsRight {
    /// A resource to ask about: an ARN that the policy's resource matches.
    pub fn sample(&self) -> String {
        sample(&self.resource)
    }
}

/// A resource that matches this one, which may end in a `*`.
pub fn sample(resource: &str) -> String {
    match resource.strip_suffix('*') {
        Some(stem) => format!("{stem}{ANY}"),
        None => resource.to_owned(),
    }
}

/// The part of these statements that gives the missing rights, and no more.
pub fn statements_adding(statements: &[WorkerStatement], missing: &BTreeSet<AwsRight>) -> Vec<WorkerStatement> {
    let mut adding = Vec::new();
    for statement in statements {
        let mut by_actions: BTreeMap<Vec<&'static str>, Vec<String>> = BTreeMap::new();
        for resource in &statement.resources {
            let is_missing =
                |action: &&str| missing.iter().any(|right| right.action == *action && right.resource == *resource);
            let actions: Vec<&'static str> = statement.actions.iter().copied().filter(|a| is_missing(a)).collect();
            if !actions.is_empty() {
                by_actions.entry(actions).or_default().push(resource.clone());
            }
        }
        for (number, (actions, resources)) in by_actions.into_iter().enumerate() {
            let sid = if number == 0 { statement.sid.clone() } else { format!("{}{}", statement.sid, number + 1) };
            adding.push(WorkerStatement { sid, actions, resources, ..statement.clone() });
        }
    }
    adding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::profile::RulesSource,
        testkit::{policy_cluster, policy_file, profile, user_arn},
    };

    fn file() -> PolicyFile {
        let own = Rule::of(&["get", "list"], &[""], &["nodes", "pods/log"]);
        policy_file()
            .with_clusters([policy_cluster("prod-eu")])
            .with_profiles([profile("look").of_roles(["view", "edit"]), profile("nodes").of_rules(vec![own])])
    }

    fn rules_of(objects: &[Value], kind: &str) -> Vec<Rule> {
        let with = objects.iter().filter(|object| object["kind"] == kind);
        with.flat_map(|object| serde_json::from_value::<Vec<Rule>>(object["rules"].clone()).unwrap()).collect()
    }

    #[test]
    fn bootstrap_gives_every_right_and_each_is_asked_for_where_it_is_given() {
        let objects = bootstrap::manifests(&file());
        let rights = rights(&file());
        let (cluster, namespace) = (rules_of(&objects, "ClusterRole"), rules_of(&objects, "Role"));
        for right in &rights {
            let given = if right.asked.namespace.is_empty() { &cluster } else { &namespace };
            assert!(can(given, &right.asked), "{}", right.asked);
        }
        assert!(
            rights.iter().any(|right| right.asked.to_string() == "patch configmaps aws-auth in namespace kube-system")
        );
        assert!(rights.iter().any(|right| right.asked.subresource == "log"));
    }

    #[test]
    fn what_adds_missing_rights_gives_them_and_no_others() {
        let all = rights(&file());
        for missing in &all {
            let objects = manifests_adding(&file(), std::slice::from_ref(missing));
            let kind = if missing.asked.namespace.is_empty() { "ClusterRole" } else { "Role" };
            let given = rules_of(&objects, kind);
            let allowed: Vec<&Right> = all.iter().filter(|right| can(&given, &right.asked)).collect();
            assert_eq!(allowed, [missing]);
            assert_eq!(objects.len(), 2);
        }
        let pairs = all.iter().zip(all.iter().skip(1));
        for (one, other) in pairs.filter(|(one, other)| one.asked.namespace == other.asked.namespace) {
            let objects = manifests_adding(&file(), &[one.clone(), other.clone()]);
            let given: Vec<Rule> =
                rules_of(&objects, "ClusterRole").into_iter().chain(rules_of(&objects, "Role")).collect();
            assert_eq!(
                all.iter().filter(|right| can(&given, &right.asked)).count(),
                2,
                "{} {}",
                one.asked,
                other.asked
            );
        }
    }

    #[test]
    fn rights_that_are_all_missing_are_added_as_bootstrap_does() {
        assert_eq!(manifests_adding(&file(), &rights(&file())), bootstrap::manifests(&file()));
        assert!(manifests_adding(&file(), &[]).is_empty());
    }

    #[test]
    fn a_binding_that_is_gone_is_put_back_where_it_was() {
        let is_everybodys = |right: &Right| right.asked.non_resource_path.is_some();
        let all = rights(&file());
        assert!(all.iter().any(is_everybodys));
        let missing: Vec<Right> = all.into_iter().filter(|right| !is_everybodys(right)).collect();
        assert_eq!(manifests_adding(&file(), &missing), bootstrap::manifests(&file()));
    }

    #[test]
    fn a_rule_for_every_name_stays_one() {
        let rules = [Rule::of(&["get"], &[""], &["pods"]), Rule::of(&["list"], &[""], &["pods"])];
        assert_eq!(merged(rules.into_iter()), [Rule::of(&["get", "list"], &[""], &["pods"])]);
        let named = |name: &str| Rule { resource_names: vec![name.to_owned()], ..Rule::of(&["get"], &[""], &["pods"]) };
        let together = merged([named("a"), named("b")].into_iter());
        assert_eq!(together.len(), 1);
        assert_eq!(together[0].resource_names, ["a", "b"]);
    }

    #[test]
    fn more_than_is_needed_is_named_and_what_everybody_may_is_not() {
        let mut held = bootstrap::cluster_rules(&file());
        held.extend(bootstrap::namespace_rules());
        held.push(Rule::of(&["create"], &["authorization.k8s.io"], &["selfsubjectaccessreviews"]));
        held.push(Rule {
            verbs: vec!["get".to_owned()],
            non_resource_urls: vec!["/version".to_owned()],
            ..Rule::default()
        });
        assert!(excess(&file(), &held).is_empty());
        held.push(Rule::of(&["get"], &[""], &["secrets"]));
        let named: Vec<String> = excess(&file(), &held).iter().map(ToString::to_string).collect();
        assert_eq!(named, ["get secrets in the whole cluster"]);
    }

    #[test]
    fn what_would_let_the_worker_become_anybody_is_asked_unless_the_policy_needs_it() {
        let asked: Vec<String> = forbidden(&file()).iter().map(ToString::to_string).collect();
        assert!(asked.iter().any(|asked| asked.starts_with("escalate clusterroles")), "{asked:?}");
        let mut whole = file();
        whole.profiles[1].source = RulesSource::Rules(vec![Rule::of(&["*"], &["*"], &["*"])]);
        assert!(forbidden(&whole).is_empty());
    }

    #[test]
    fn iam_statements_add_what_is_missing_and_no_more() {
        let statements = bootstrap::iam_statements(&file(), None);
        let users = &user_arn("*");
        let missing = BTreeSet::from([
            AwsRight { action: "iam:TagUser", resource: users.to_owned() },
            AwsRight { action: "iam:PutUserPolicy", resource: users.to_owned() },
        ]);
        let adding = statements_adding(&statements, &missing);
        let all: Vec<_> =
            adding.iter().map(|statement| (statement.actions.clone(), statement.resources.clone())).collect();
        assert_eq!(
            all,
            [(vec!["iam:TagUser"], vec![users.to_owned()]), (vec!["iam:PutUserPolicy"], vec![users.to_owned()])]
        );
        assert_eq!(sample(users), user_arn("latchkey-doctor"));
    }
}
