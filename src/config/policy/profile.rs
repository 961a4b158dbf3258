//! `[[profiles]]`: named ClusterRoles, or the profile's own rules.

use super::{
    super::reader::{Collector, PlacedValue, Section, ValuePlace},
    Unique,
};
use latchkey_domain::{
    access::{
        policy::Account,
        profile::{MOST_ROLES, Profile, ProfileName, RulesSource, Scope},
    },
    eks::rbac::{Kinds, Reach, Rule, is_object_name, workable},
};
use std::str::FromStr;

/// Reads all profiles.
pub(super) fn read_all(sections: Vec<Section<'_>>, accounts: &[Account], faults: &mut Collector<'_>) -> Vec<Profile> {
    let mut names = Unique::new("a profile of the name");
    let mut profiles = Vec::new();
    for mut section in sections {
        let name = section.required("name", faults, ProfileName::from_str);
        if let Some(name) = &name {
            names.check(name.value.as_str(), &name.place, faults);
            section.title = format!("profile `{}`", name.value);
        }
        let description = section.text("description", faults).map(|text| text.value.to_owned());
        let scope = section.parsed("scope", faults, |text| match text {
            "namespace" => Ok(Scope::Namespace),
            "cluster" => Ok(Scope::Cluster),
            other => Err(format!("`scope` is \"namespace\" or \"cluster\", not \"{other}\"")),
        });
        let scope = scope.map_or(Scope::Namespace, |scope| scope.value);
        let console = section.flag("console", faults);
        if let Some(PlacedValue { value: true, place }) = &console
            && accounts.iter().all(|account| account.principal_paths.is_empty())
        {
            let message = "console access needs IAM statements, and no account names principal_paths to write them to";
            let hint = "add principal_paths to [[accounts]], or leave console out";
            faults.error(place, message, Some(hint.to_owned()));
        }
        let source = source(&mut section, scope, faults);
        section.finish(faults);
        if let (Some(name), Some(source)) = (name, source) {
            let console = console.is_some_and(|flag| flag.value);
            profiles.push(Profile { name: name.value, description, source, scope, console });
        }
    }
    profiles
}

fn source(section: &mut Section<'_>, scope: Scope, faults: &mut Collector<'_>) -> Option<RulesSource> {
    let (named, own) = (section.has("cluster_roles"), section.has("rules"));
    let roles = section.list("cluster_roles", faults);
    let own_rules = section.tables("rules", faults);
    match (named, own) {
        (true, true) => {
            let message = format!("{} has both `cluster_roles` and `rules`", section.title);
            faults.error(&section.place, message, Some("keep one of them".to_owned()));
            None
        }
        (false, false) => {
            let message = format!("{} needs `cluster_roles` or `rules`", section.title);
            faults.missing(&section.place, message, None);
            None
        }
        (true, false) => Some(RulesSource::ClusterRoles(cluster_roles(&roles?, faults))),
        (false, true) => {
            if own_rules.is_empty() {
                faults.missing(&section.place, format!("the rules of {} are empty", section.title), None);
            }
            Some(RulesSource::Rules(own_rules.into_iter().map(|section| rule(section, scope, faults)).collect()))
        }
    }
}

fn cluster_roles(roles: &PlacedValue<Vec<PlacedValue<&str>>>, faults: &mut Collector<'_>) -> Vec<String> {
    if roles.value.is_empty() {
        faults.missing(&roles.place, "`cluster_roles` names no ClusterRole", None);
    }
    let mut names: Vec<String> = Vec::new();
    for role in &roles.value {
        if !is_object_name(role.value) {
            faults.error(&role.place, format!("`{}` is not a name of a ClusterRole", role.value), None);
        } else if role.value.starts_with("latchkey:") {
            let message = "ClusterRoles that begin with `latchkey:` are Latchkey's and come and go";
            faults.error(&role.place, message, Some("write the rules into the profile".to_owned()));
        } else if names.iter().any(|name| name == role.value) {
            faults.warning(&role.place, format!("`{}` is named twice", role.value), None);
        } else {
            names.push(role.value.to_owned());
        }
    }
    if names.len() > MOST_ROLES {
        let message = format!("a profile names {MOST_ROLES} ClusterRoles at most, and this one {}", names.len());
        let hint = "it cannot be asked for: make two profiles of it, or rules of its own";
        faults.beyond(&roles.place, message, Some(hint.to_owned()));
    }
    names
}

/// Warns of parts of a rule that no request can ever use, judged by the kinds of Kubernetes itself; the others are
/// judged on each cluster.
fn warn_unworkable(rule: &Rule, scope: Scope, place: &ValuePlace, faults: &mut Collector<'_>) {
    let reach = match scope {
        Scope::Cluster => Reach::Cluster,
        Scope::Namespace => Reach::Namespaces(vec![]),
    };
    let works = workable(std::slice::from_ref(rule), &reach, Kinds::of_kubernetes());
    for never in &works.never {
        let (message, hint) = if never.why.is_certain() {
            (format!("this never works: {never}"), "no access with this rule is set up, since it could not be proven")
        } else {
            (format!("this may never work: {never}"), "compare with `kubectl api-resources` of the clusters")
        };
        faults.warning(place, message, Some(hint.to_owned()));
    }
    for remark in &works.remarks {
        faults.warning(place, remark, None);
    }
}

/// One rule, checked as the API server would.
fn rule(mut section: Section<'_>, scope: Scope, faults: &mut Collector<'_>) -> Rule {
    "a rule".clone_into(&mut section.title);
    let mut list = |key, faults: &mut Collector<'_>| {
        let list = section.list(key, faults);
        list.map(|list| list.value.into_iter().map(|item| item.value.to_owned()).collect::<Vec<String>>())
    };
    let rule = Rule {
        api_groups: list("api_groups", faults).unwrap_or_default(),
        resources: list("resources", faults).unwrap_or_default(),
        resource_names: list("resource_names", faults).unwrap_or_default(),
        verbs: list("verbs", faults).unwrap_or_default(),
        non_resource_urls: list("non_resource_urls", faults).unwrap_or_default(),
    };
    let fault = match (rule.resources.is_empty(), rule.non_resource_urls.is_empty()) {
        _ if rule.verbs.is_empty() => Some("a rule needs `verbs`, such as [\"get\", \"list\"]"),
        (true, true) => Some("a rule needs `resources`, or `non_resource_urls`"),
        (false, false) => Some("one rule cannot speak of resources and of URLs: make two of it"),
        (false, true) if rule.api_groups.is_empty() => Some("a rule needs `api_groups`; the core group is \"\""),
        (true, false) if scope == Scope::Namespace => {
            Some("`non_resource_urls` allow nothing in a namespace: they need scope = \"cluster\"")
        }
        (false, true) | (true, false) => None,
    };
    match fault {
        Some(fault) => faults.missing(&section.place, fault, None),
        None => warn_unworkable(&rule, scope, &section.place, faults),
    }
    section.finish(faults);
    rule
}
