//! `policy.toml`: who may ask for what, and who decides. No environment variable overrides it.

mod audience;
mod lax;
mod profile;
mod reach;
mod rule;
mod wide;

use super::{
    ConfigFault,
    reader::{Collector, PlacedValue, Section, ValuePlace, nearest},
};
use latchkey_domain::plan::authenticator::MappingKind;
use latchkey_domain::{
    access::{
        cluster::ClusterName,
        person::{Audience, Role},
        policy::{Account, PolicyCluster, PolicyFile},
        profile::ProfileName,
    },
    eks::arn::{AccountId, ClusterArn},
};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    str::FromStr,
};

/// The most bytes of a policy.toml: a page can still show it and a transaction store it.
const LARGEST_BYTES: usize = 1_048_576;

/// A policy.toml that was read, with its faults.
#[derive(Debug, Clone)]
pub struct CheckedPolicy {
    /// `None` if a fault is an error.
    pub policy: Option<PolicyFile>,
    /// In the order of their places, warnings included.
    pub faults: Vec<ConfigFault>,
}

/// Reads the policy.toml that is current.
///
/// # Errors
/// If any fault is an error: every fault with its place, warnings included.
pub fn parse(text: &str) -> Result<PolicyFile, Vec<ConfigFault>> {
    let CheckedPolicy { policy, faults } = read("policy.toml", text, |faults| {
        faults.rules_already();
    });
    policy.ok_or(faults)
}

/// The name of a policy.toml: the lower-case hexadecimal SHA-256 of its text.
pub fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// Reads a policy.toml that is to become current, and reports every fault; `file` is the name in the faults.
pub fn check(file: &str, text: &str) -> CheckedPolicy {
    read(file, text, |_| {})
}

fn read(file: &str, text: &str, prepare: impl Fn(&mut Collector<'_>)) -> CheckedPolicy {
    if text.len() > LARGEST_BYTES {
        let mut faults = Collector::read(file, "").1;
        let message = format!("the file has {} bytes, {LARGEST_BYTES} at most", text.len());
        faults.error(&ValuePlace::Span(0..0), message, None);
        return CheckedPolicy { policy: None, faults: faults.finish() };
    }
    let (document, mut faults) = Collector::read(file, text);
    prepare(&mut faults);
    let mut root = Section::root(document.get_ref());
    let roles = roles(&mut root, &mut faults);
    let accounts = accounts(root.tables("accounts", &mut faults), &mut faults);
    let clusters = clusters(root.tables("clusters", &mut faults), &mut faults);
    let profiles = profile::read_all(root.tables("profiles", &mut faults), &accounts, &mut faults);
    let policies = root.tables("policies", &mut faults);
    let cluster_accounts: Vec<(AccountId, ValuePlace)> =
        clusters.iter().map(|c| (c.value.arn.account().clone(), c.place.clone())).collect();
    let mut policy = PolicyFile {
        roles,
        accounts,
        clusters: clusters.into_iter().map(|cluster| cluster.value).collect(),
        profiles,
        policies: Vec::new(),
    };
    for (account, place) in cluster_accounts {
        if !policy.accounts.iter().any(|known| known.id == account) {
            let hint = "add [[accounts]] with this id, so that people's IAM policies can be written";
            let message = format!("the account {account} of this cluster is not among [[accounts]]");
            faults.warning(&place, message, Some(hint.to_owned()));
        }
    }
    let (policies, places) = rule::read_all(policies, &policy, &mut faults);
    policy.policies = policies;
    let never = reach::warn_unreachable(&policy, &places, &mut faults);
    lax::warn_lax(&policy, &places, &never, &mut faults);
    wide::warn_wide(&policy, &places, &never, &mut faults);
    root.finish(&mut faults);
    let policy = (!faults.failed()).then_some(policy);
    CheckedPolicy { policy, faults: faults.finish() }
}

fn roles(root: &mut Section<'_>, faults: &mut Collector<'_>) -> BTreeMap<Role, Audience> {
    let mut roles = BTreeMap::new();
    let Some(mut section) = root.table("roles", "[roles]", faults) else {
        let hint = "add [roles] with operators = { groups = [\"…\"] }";
        faults.warning(&root.place, "no person is an operator or auditor", Some(hint.to_owned()));
        return roles;
    };
    for (key, role) in [("operators", Role::Operator), ("auditors", Role::Auditor)] {
        if let Some(table) = section.table(key, key, faults) {
            roles.insert(role, audience::read(table, faults));
        }
    }
    section.finish(faults);
    roles
}

fn accounts(sections: Vec<Section<'_>>, faults: &mut Collector<'_>) -> Vec<Account> {
    let mut accounts = Vec::new();
    let mut seen = Unique::new("an account of the id");
    for mut section in sections {
        let id = section.required("id", faults, AccountId::parse);
        section.demand("principal_paths", faults);
        let paths = section.list("principal_paths", faults);
        let mut principal_paths = Vec::new();
        for path in paths.into_iter().flat_map(|paths| paths.value) {
            match check_path(path.value) {
                Ok(()) => principal_paths.push(path.value.to_owned()),
                Err(why) => faults.error(&path.place, why, Some("such as \"/latchkey/\"".to_owned())),
            }
            if path.value == "/" {
                let hint = "give the people's IAM users and roles a path of their own".to_owned();
                faults.warning(&path.place, "the worker may write to every IAM principal of the account", Some(hint));
            }
        }
        section.finish(faults);
        if let Some(id) = id {
            seen.check(id.value.as_str(), &id.place, faults);
            accounts.push(Account { id: id.value, principal_paths });
        }
    }
    accounts
}

/// Whether the text is an IAM path: it begins and ends with a slash.
fn check_path(path: &str) -> Result<(), String> {
    let plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'*' && b != b'?');
    let framed = path.starts_with('/') && path.ends_with('/') && !path.contains("//");
    if plain && framed && path.len() <= 512 {
        return Ok(());
    }
    Err(format!("`{path}` is not a path of IAM: it begins and ends with a slash and holds no wildcard"))
}

fn clusters(sections: Vec<Section<'_>>, faults: &mut Collector<'_>) -> Vec<PlacedValue<PolicyCluster>> {
    let mut clusters = Vec::new();
    let mut names = Unique::new("a cluster of the name");
    let mut arns = Unique::new("a cluster of the ARN");
    for mut section in sections {
        let name = section.required("name", faults, ClusterName::from_str);
        let arn = section.required("arn", faults, ClusterArn::parse);
        let labels =
            section.table("labels", "labels", faults).map(|mut table| table.entries(faults)).unwrap_or_default();
        let mapping = section.parsed("mapping", faults, MappingKind::from_str);
        if let Some(name) = &name {
            names.check(name.value.as_str(), &name.place, faults);
        }
        if let Some(arn) = &arn {
            arns.check(arn.value.as_str(), &arn.place, faults);
        }
        section.finish(faults);
        if let (Some(name), Some(arn)) = (name, arn) {
            let mapping = mapping.map_or_else(MappingKind::of_new_mappings, |given| given.value);
            let value = PolicyCluster { name: name.value, arn: arn.value, labels, mapping };
            clusters.push(PlacedValue { value, place: arn.place });
        }
    }
    clusters
}

/// Names that may occur only once.
struct Unique {
    what: &'static str,
    seen: BTreeSet<String>,
}

impl Unique {
    fn new(what: &'static str) -> Self {
        Self { what, seen: BTreeSet::new() }
    }

    fn check(&mut self, name: &str, place: &ValuePlace, faults: &mut Collector<'_>) {
        if !self.seen.insert(name.to_owned()) {
            faults.error(place, format!("there is {} `{name}` already", self.what), None);
        }
    }
}

/// Reads a reference to something in the file; if the file does not have it, the fault suggests the nearest name.
fn refer<T: FromStr + PartialEq>(
    given: &PlacedValue<&str>,
    what: &str,
    known: &[(T, &str)],
    faults: &mut Collector<'_>,
) -> Option<T>
where
    T::Err: Display,
{
    let name = match given.value.parse::<T>() {
        Ok(name) => name,
        Err(error) => {
            faults.error(&given.place, error, None);
            return None;
        }
    };
    if known.iter().any(|(own, _)| *own == name) {
        return Some(name);
    }
    let hint = nearest(given.value, known.iter().map(|(_, text)| *text)).map(|near| format!("did you mean `{near}`?"));
    faults.error(&given.place, format!("there is no {what} `{}`", given.value), hint);
    None
}

/// Profile names with their texts, for [`refer`].
fn profile_names(policy: &PolicyFile) -> Vec<(ProfileName, &str)> {
    policy.profiles.iter().map(|profile| (profile.name.clone(), profile.name.as_str())).collect()
}

/// Cluster names with their texts, for [`refer`].
fn cluster_names(policy: &PolicyFile) -> Vec<(ClusterName, &str)> {
    policy.clusters.iter().map(|cluster| (cluster.name.clone(), cluster.name.as_str())).collect()
}

#[cfg(test)]
mod tests;
