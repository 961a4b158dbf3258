//! Bindings of ours that somebody changed, and those that somebody put where an access does not reach: for the audit log.

use super::{
    bindings::{self, Drift},
    cluster::Finding,
    desired::{BindingKey, DesiredCluster, DesiredGrant, Wish},
    observation::{ClusterState, ObservedBinding},
};
use crate::eks::rbac::BindingSpec;

/// What was done to the bindings of a running access, whose bindings should be these.
pub fn of_running(state: &ClusterState, specs: &[BindingSpec], grant: &DesiredGrant) -> Vec<Finding> {
    if grant.wish != Wish::Keep {
        return Vec::new();
    }
    let found = |spec: &BindingSpec| {
        let key = BindingKey::of(spec);
        let Some(observed) = bindings::find(state, &key) else {
            // One that the last look did not leave in order was taken away by us, or was told of then.
            let lost = grant.attempts == 0 && bindings::namespace_is_ours(state, spec, grant);
            let what = format!("somebody deleted {key} while the access runs; it is put back");
            return lost.then_some(Finding { grant: Some(grant.id()), what });
        };
        let what = if !bindings::namespace_is_ours(state, spec, grant) {
            format!(
                "somebody put {key} back into a namespace that is not the one that was asked for; it is removed: {}",
                told(observed)
            )
        } else if bindings::drift(spec, observed) != Drift::None {
            format!("somebody changed {key}; it is put back: it was {}", told(observed))
        } else {
            return None;
        };
        Some(Finding { grant: Some(grant.id()), what })
    };
    specs.iter().filter_map(found).collect()
}

/// What was done to the bindings of an access that ends, as they are found; they go as they are.
pub fn of_ending(desired: &DesiredCluster, state: &ClusterState, grant: &DesiredGrant) -> Vec<Finding> {
    let bound = desired.mappings.iter().find(|mapping| mapping.principal == grant.facts.principal);
    let Some(bound) = bound else { return Vec::new() };
    let specs = grant.bindings(desired.installation, &bound.username);
    let is_changed = |observed: &&&ObservedBinding| {
        let key = bindings::key_of(observed);
        let spec = specs.iter().find(|spec| BindingKey::of(spec) == key);
        // Left with nobody bound: by us, on the way out.
        let emptied = observed.subjects.is_empty() && observed.finalizers.is_empty();
        !emptied && spec.is_none_or(|spec| bindings::drift(spec, observed) != Drift::None)
    };
    let keys = grant.keys(desired.installation);
    let found = bindings::of_grant(state, grant.id(), &keys, desired.installation);
    let finding = |observed: &&ObservedBinding| Finding {
        grant: Some(grant.id()),
        what: format!(
            "somebody changed {} of an access that ends; it is removed: it was {}",
            bindings::key_of(observed),
            told(observed)
        ),
    };
    found.iter().filter(is_changed).map(finding).collect()
}

/// A binding as it was found.
fn told(observed: &ObservedBinding) -> String {
    let subjects: Vec<String> =
        observed.subjects.iter().map(|subject| format!("{} {}", subject.kind, subject.name)).collect();
    let whom = if subjects.is_empty() { "nobody".to_owned() } else { subjects.join(", ") };
    let held = if observed.finalizers.is_empty() {
        String::new()
    } else {
        format!(", held by {}", observed.finalizers.join(", "))
    };
    let deleting = if observed.deleting { ", being deleted" } else { "" };
    format!("{} {} for {whom}{held}{deleting}", observed.role_kind, observed.role_name)
}
