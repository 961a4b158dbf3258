//! policy.toml and latchkey.toml.

use latchkey_domain::plan::authenticator::MappingKind;
use latchkey_domain::{
    access::{
        person::{Audience, Role},
        policy::{ClusterSelector, Decision, Policy, PolicyCluster, PolicyFile},
        profile::{Profile, RulesSource, Scope},
    },
    eks::rbac::Rule,
};
use std::fmt::Display;

/// The policy.toml of a town of two clusters, one of them production: one lead of payments lets developers look, two
/// let them change things.
pub const POLICY: &str = include_str!("policy.toml");

/// The latchkey.toml of a portal whose identity provider is not there, with limits that no test reaches.
pub const LATCHKEY_TOML: &str = r#"
[server]
public_url = "https://latchkey.example"
time_zone = "Europe/Berlin"
requests_per_person = 1000
forms_per_session = 1000

[login]
provider = "Example Identity"
issuer = "http://127.0.0.1:9/"
client_id = "latchkey"
sign_ins_per_address = 1000
sign_ins_per_person = 60
proofs_per_person = 1000

[aws]
region = "eu-west-1"
"#;

/// A policy.toml that reads as this value.
pub fn policy_toml(file: &PolicyFile) -> String {
    let role = |(role, people): (&Role, &Audience)| {
        let name = match role {
            Role::Operator => "operators",
            Role::Auditor => "auditors",
        };
        format!("{name} = {{ {} }}\n", audience(people))
    };
    let mut text = format!("[roles]\n{}", file.roles.iter().map(role).collect::<String>());
    text.extend(file.accounts.iter().map(|account| {
        let (id, paths) = (quoted(&account.id), list(&account.principal_paths));
        format!("\n[[accounts]]\nid = {id}\nprincipal_paths = {paths}\n")
    }));
    text.extend(file.clusters.iter().map(cluster_toml));
    text.extend(file.profiles.iter().map(profile_toml));
    text.extend(file.policies.iter().map(rule_toml));
    text
}

/// A `[[clusters]]` of policy.toml.
pub fn cluster_toml(cluster: &PolicyCluster) -> String {
    let PolicyCluster { name, arn, labels, mapping } = cluster;
    let labels = pairs(labels);
    let mapping = match mapping {
        MappingKind::Line => "mapping = \"aws-auth\"\n",
        MappingKind::Entry => "",
    };
    format!("\n[[clusters]]\nname = {}\narn = {}\nlabels = {{ {labels} }}\n{mapping}", quoted(name), quoted(arn))
}

/// A `[[profiles]]` of policy.toml.
pub fn profile_toml(profile: &Profile) -> String {
    let description = profile.description.iter().map(|text| format!("description = {}\n", quoted(text)));
    let source = match &profile.source {
        RulesSource::ClusterRoles(names) => format!("cluster_roles = {}", list(names)),
        RulesSource::Rules(rules) => format!("rules = [{}]", rules.iter().map(rule).collect::<Vec<_>>().join(", ")),
    };
    let scope = match profile.scope {
        Scope::Namespace => "namespace",
        Scope::Cluster => "cluster",
    };
    format!(
        "\n[[profiles]]\nname = {}\n{}{source}\nscope = \"{scope}\"\nconsole = {}\n",
        quoted(&profile.name),
        description.collect::<String>(),
        profile.console
    )
}

/// A `[[policies]]` of policy.toml.
pub fn rule_toml(policy: &Policy) -> String {
    let clusters = match &policy.clusters {
        ClusterSelector::Names(names) => format!("names = {}", list(names)),
        ClusterSelector::Labels(labels) => format!("labels = {{ {} }}", pairs(labels)),
    };
    let decision = match &policy.decision {
        Decision::Automatic => "automatic = true".to_owned(),
        Decision::Ask { approvers, quorum } => {
            format!("approvers = {{ {}, quorum = {quorum} }}", audience(approvers))
        }
    };
    let shared = if policy.shared_roles { "shared_roles = true\n" } else { "" };
    format!(
        "\n[[policies]]\nname = {}\nrequesters = {{ {} }}\nprofiles = {}\nclusters = {{ {clusters} }}\n\
         namespaces = {}\nlongest = \"{}\"\n{decision}\n{shared}lapses_after = \"{}\"\n",
        quoted(&policy.name),
        audience(&policy.requesters),
        list(&policy.profiles),
        list(&policy.namespaces),
        length(policy.longest_minutes),
        length(policy.lapses_after_minutes),
    )
}

/// A length as people write it: in hours if it is a number of them.
fn length(minutes: u32) -> String {
    if minutes.is_multiple_of(60) { format!("{}h", minutes / 60) } else { format!("{minutes}m") }
}

fn audience(people: &Audience) -> String {
    let groups = (!people.groups.is_empty()).then(|| format!("groups = {}", list(&people.groups)));
    let named = (!people.people.is_empty()).then(|| format!("people = {}", list(&people.people)));
    groups.into_iter().chain(named).collect::<Vec<_>>().join(", ")
}

fn rule(rule: &Rule) -> String {
    let (groups, resources, verbs) = (list(&rule.api_groups), list(&rule.resources), list(&rule.verbs));
    format!("{{ api_groups = {groups}, resources = {resources}, verbs = {verbs} }}")
}

fn pairs(labels: &std::collections::BTreeMap<String, String>) -> String {
    labels.iter().map(|(key, value)| format!("{key} = {}", quoted(value))).collect::<Vec<_>>().join(", ")
}

fn list(texts: impl IntoIterator<Item = impl Display>) -> String {
    format!("[{}]", texts.into_iter().map(quoted).collect::<Vec<_>>().join(", "))
}

/// A text of TOML. Rust writes quotation marks and backslashes in the same way.
fn quoted(text: impl Display) -> String {
    format!("{:?}", text.to_string())
}
