//! The part of a look at a cluster that is stored. A run judges by all that it read; the part that pages and previews
//! use is bounded, so that a client that may create bindings in one namespace cannot make every page slow.
//!
//! 500 foreign bindings are kept, with 20 subjects each, and a remark of how many more there are. The portal parses a
//! look once.

use super::observation::{ClusterObservation, ClusterState, ObservedBinding, ObservedRole};
use crate::{
    access::cluster::PinnedNamespace,
    eks::rbac::{LABEL_MANAGED_BY, MANAGED_BY},
};
use std::collections::{BTreeMap, BTreeSet};

/// Foreign bindings.
const BINDINGS: usize = 500;
/// Subjects of a foreign binding.
const SUBJECTS: usize = 20;
/// Namespaces: the form lists them.
const NAMESPACES: usize = 5_000;
/// Roles that no profile and no access names.
const ROLES: usize = 500;
/// Rules of such a role.
const RULES: usize = 50;

impl ClusterObservation {
    /// The bounded copy, with a remark for each kind of which something is left out. `named` are the ClusterRoles of
    /// profiles and accesses, which are kept whole, as all objects of Latchkey's are.
    #[must_use]
    pub fn kept(&self, named: &BTreeSet<String>) -> Self {
        let mut left_out = Vec::new();
        let kubernetes = self.kubernetes.as_ref().map(|state| ClusterState {
            aws_auth: state.aws_auth.clone(),
            namespaces: namespaces(&state.namespaces, &mut left_out),
            cluster_roles: roles(&state.cluster_roles, |name| is_ours(name) || named.contains(name), &mut left_out),
            roles: roles(&state.roles, |_| false, &mut left_out),
            bindings: bindings(&state.bindings, &mut left_out),
            marker: state.marker.clone(),
            kinds: state.kinds.clone(),
        });
        Self {
            aws: self.aws.clone(),
            kubernetes,
            trouble: self.trouble.clone(),
            kubernetes_at: self.kubernetes_at,
            entries: self.entries.clone(),
            described: self.described.clone(),
            without_entry: self.without_entry.clone(),
            entries_refused: self.entries_refused.clone(),
            left_out,
        }
    }
}

fn is_ours(name: &str) -> bool {
    name.starts_with("latchkey:")
}

fn namespaces(all: &[PinnedNamespace], left_out: &mut Vec<String>) -> Vec<PinnedNamespace> {
    tell(all.len().saturating_sub(NAMESPACES), "namespaces", left_out);
    all.iter().take(NAMESPACES).cloned().collect()
}

fn bindings(all: &[ObservedBinding], left_out: &mut Vec<String>) -> Vec<ObservedBinding> {
    let labelled = |binding: &ObservedBinding| {
        binding.labels.get(LABEL_MANAGED_BY).is_some_and(|by| by == MANAGED_BY) || is_ours(&binding.name)
    };
    let (ours, mut others): (Vec<_>, Vec<_>) = all.iter().partition(|binding| labelled(binding));
    // A client with rights in one namespace must not crowd out what is bound in all of them.
    others.sort_by_key(|binding| binding.namespace.is_some());
    tell(others.len().saturating_sub(BINDINGS), "bindings of others", left_out);
    let more = others.iter().take(BINDINGS).map(|binding| binding.subjects.len().saturating_sub(SUBJECTS)).sum();
    tell(more, "subjects of these", left_out);
    let cut = |binding: &ObservedBinding| ObservedBinding {
        namespace: binding.namespace.clone(),
        name: binding.name.clone(),
        uid: binding.uid.clone(),
        resource_version: binding.resource_version.clone(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        finalizers: Vec::new(),
        deleting: binding.deleting,
        role_kind: binding.role_kind.clone(),
        role_name: binding.role_name.clone(),
        subjects: binding.subjects.iter().take(SUBJECTS).cloned().collect(),
    };
    ours.into_iter().cloned().chain(others.into_iter().take(BINDINGS).map(cut)).collect()
}

fn roles(
    all: &BTreeMap<String, ObservedRole>,
    whole: impl Fn(&str) -> bool,
    left_out: &mut Vec<String>,
) -> BTreeMap<String, ObservedRole> {
    let (ours, others): (Vec<_>, Vec<_>) = all.iter().partition(|(name, _)| whole(name));
    tell(others.len().saturating_sub(ROLES), "roles that no profile names", left_out);
    let more = others.iter().take(ROLES).map(|(_, role)| role.rules.len().saturating_sub(RULES)).sum();
    tell(more, "rules of roles that no profile names", left_out);
    let cut = |role: &ObservedRole| ObservedRole {
        uid: role.uid.clone(),
        rules: role.rules.iter().take(RULES).cloned().collect(),
        labels: BTreeMap::new(),
    };
    let ours = ours.into_iter().map(|(name, role)| (name.clone(), role.clone()));
    ours.chain(others.into_iter().take(ROLES).map(|(name, role)| (name.clone(), cut(role)))).collect()
}

fn tell(more: usize, what: &str, left_out: &mut Vec<String>) {
    if more > 0 {
        left_out.push(format!("and {more} more {what}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{eks::rbac::Rule, testkit::binding};

    fn theirs(number: usize, labels: BTreeMap<String, String>) -> ObservedBinding {
        let bound = ObservedBinding { labels, ..binding(&format!("theirs-{number}"), "view") };
        (0..100).fold(bound, |bound, who| bound.naming("User", &format!("user-{number}-{who}@example.com")))
    }

    #[test]
    fn what_others_make_too_much_of_is_cut_with_a_remark_and_ours_is_kept_whole() {
        let ours = BTreeMap::from([(LABEL_MANAGED_BY.to_owned(), MANAGED_BY.to_owned())]);
        let mut all: Vec<_> = (0..3_000).map(|number| theirs(number, BTreeMap::new())).collect();
        all.push(theirs(3_000, ours.clone()));
        let rules = vec![Rule::of(&["get"], &[""], &["pods"]); 80];
        let role = ObservedRole { rules, ..ObservedRole::default() };
        let cluster_roles = ["view", "theirs"].map(|name| (name.to_owned(), role.clone())).into();
        let whole = ClusterObservation {
            kubernetes: Some(ClusterState { bindings: all, cluster_roles, ..ClusterState::default() }),
            ..ClusterObservation::default()
        };
        let kept = whole.kept(&BTreeSet::from(["view".to_owned()]));
        let bytes = |observation: &ClusterObservation| serde_json::to_vec(observation).unwrap().len();
        println!("an observation of {} bytes is kept as {} bytes", bytes(&whole), bytes(&kept));
        assert!(bytes(&whole) > 15_000_000 && bytes(&kept) < 2_000_000);
        let state = kept.kubernetes.as_ref().unwrap();
        assert_eq!(state.bindings.len(), BINDINGS + 1);
        let own = state.bindings.iter().find(|binding| binding.labels == ours).unwrap();
        assert_eq!(own.subjects.len(), 100);
        assert_eq!(["view", "theirs"].map(|name| state.cluster_roles[name].rules.len()), [80, RULES]);
        assert_eq!(
            kept.left_out,
            [
                "and 30 more rules of roles that no profile names",
                "and 2500 more bindings of others",
                "and 40000 more subjects of these"
            ]
        );
        let small = ClusterObservation { left_out: vec![], ..kept };
        assert_eq!(small.kept(&BTreeSet::from(["view".to_owned()])), small, "nothing is cut twice");
    }
}
