//! Policies that never rule, since an earlier policy matches everything that they match.

use super::super::reader::{Collector, ValuePlace};
use latchkey_domain::access::{
    glob,
    person::Audience,
    policy::{Policy, PolicyFile},
    profile::{ProfileName, Scope},
};

/// Warns of each policy that a single earlier one shadows completely. A policy that only several earlier ones together
/// shadow is not detected. Returns the indexes of the shadowed policies, in file order.
pub(super) fn warn_unreachable(file: &PolicyFile, places: &[ValuePlace], faults: &mut Collector<'_>) -> Vec<usize> {
    let mut never = Vec::new();
    for (at, (policy, place)) in file.policies.iter().zip(places).enumerate() {
        if let Some(earlier) = file.policies[..at].iter().find(|earlier| shadows(file, earlier, policy)) {
            let message = format!("the policy never rules: \"{}\" before it matches all that it matches", earlier.name);
            faults.warning(place, message, Some("move it up, or remove it".to_owned()));
            never.push(at);
        }
    }
    never
}

/// Whether the earlier policy matches everything that the later one matches.
pub(super) fn shadows(file: &PolicyFile, earlier: &Policy, later: &Policy) -> bool {
    let profiles = later.profiles.iter().all(|profile| earlier.profiles.contains(profile));
    let mut clusters = file.clusters.iter().filter(|cluster| later.clusters.selects(cluster)).peekable();
    clusters.peek().is_some()
        && profiles
        && includes(&earlier.requesters, &later.requesters)
        && clusters.all(|cluster| earlier.clusters.selects(cluster))
        && (later.profiles.iter().all(|profile| reaches_cluster(file, profile)) || namespaces(earlier, later))
}

fn reaches_cluster(file: &PolicyFile, profile: &ProfileName) -> bool {
    file.profile(profile).is_some_and(|profile| profile.scope == Scope::Cluster)
}

/// Whether every person of the narrow audience is in the wide one.
pub(super) fn includes(wide: &Audience, narrow: &Audience) -> bool {
    narrow.groups.is_subset(&wide.groups) && narrow.people.is_subset(&wide.people)
}

fn namespaces(earlier: &Policy, later: &Policy) -> bool {
    later.namespaces.iter().all(|narrow| earlier.namespaces.iter().any(|wide| glob::covers(wide, narrow)))
}
