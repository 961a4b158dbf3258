//! Lax policies after stricter ones: if both match a request the stricter one, which comes first, rules. The author of
//! the lax one may have meant otherwise.

use super::{
    super::reader::{Collector, ValuePlace},
    reach::includes,
};
use latchkey_domain::access::{
    glob,
    person::Audience,
    policy::{Decision, Policy, PolicyFile},
    profile::Scope,
    ruling::minutes_text,
};

/// Warns of each policy that overlaps an earlier, stricter one. `never` are the policies that never rule: they have
/// their own warning.
pub(super) fn warn_lax(file: &PolicyFile, places: &[ValuePlace], never: &[usize], faults: &mut Collector<'_>) {
    for (at, (policy, place)) in file.policies.iter().zip(places).enumerate() {
        if never.contains(&at) {
            continue;
        }
        let before = file.policies[..at].iter();
        let mut stricter = before.filter_map(|earlier| {
            let laxer = laxer(earlier, policy);
            (!laxer.is_empty() && overlap(file, earlier, policy)).then_some((earlier, laxer))
        });
        let Some((earlier, laxer)) = stricter.next() else { continue };
        let others = match stricter.count() {
            0 => "",
            _ => ", as do others",
        };
        let message = format!(
            "\"{}\" before it is stricter, and rules where both match{others}: by this one {}",
            earlier.name,
            laxer.join(", and ")
        );
        faults.warning(place, message, Some("move it up if it was meant to rule there".to_owned()));
    }
}

/// The respects in which the later policy is laxer.
fn laxer(earlier: &Policy, later: &Policy) -> Vec<String> {
    let mut told = Vec::new();
    match (&earlier.decision, &later.decision) {
        (Decision::Ask { .. }, Decision::Automatic) => told.push("no approver has to decide".to_owned()),
        (Decision::Ask { approvers, quorum }, Decision::Ask { approvers: more, quorum: fewer }) => {
            if fewer < quorum {
                told.push(format!("{fewer} of {quorum} approvals suffice"));
            }
            if includes(more, approvers) && !includes(approvers, more) {
                told.push("more people may decide".to_owned());
            }
        }
        (Decision::Automatic, Decision::Automatic | Decision::Ask { .. }) => {}
    }
    if later.shared_roles && !earlier.shared_roles {
        told.push("an access may be for everyone who can use a role".to_owned());
    }
    if later.longest_minutes > earlier.longest_minutes {
        let (later, earlier) = (minutes_text(later.longest_minutes), minutes_text(earlier.longest_minutes));
        told.push(format!("{later} may be asked for instead of {earlier}"));
    }
    told
}

/// Whether a request could match both: a person, a profile, a cluster, and for a namespaced profile a namespace.
fn overlap(file: &PolicyFile, earlier: &Policy, later: &Policy) -> bool {
    let shared: Vec<Scope> = later
        .profiles
        .iter()
        .filter(|profile| earlier.profiles.contains(profile))
        .filter_map(|profile| file.profile(profile))
        .map(|profile| profile.scope)
        .collect();
    let names = || earlier.namespaces.iter().any(|one| later.namespaces.iter().any(|other| glob::overlap(one, other)));
    !shared.is_empty()
        && may_meet(&earlier.requesters, &later.requesters)
        && file.clusters.iter().any(|cluster| earlier.clusters.selects(cluster) && later.clusters.selects(cluster))
        && (shared.contains(&Scope::Cluster) || names())
}

/// Whether a person can be in both. Any person can be in a group, and in two groups.
fn may_meet(one: &Audience, other: &Audience) -> bool {
    !one.groups.is_empty() || !other.groups.is_empty() || !one.people.is_disjoint(&other.people)
}
