//! Whether rules allow more than the rules that were decided.
//!
//! If another client widened a ClusterRole of Latchkey's, the role is bound to no subject: the bindings of all accesses
//! that use it are removed, active or not, with a `grant.drift_found` that names the role and the excess. They are
//! restored by themselves once the role is as it was, or deleted, and so created again. A role that was narrowed does
//! not give too much, and its bindings stay.
//!
//! The rules of foreign ClusterRoles are recorded when the access is asked for. If they allow more when the grant is
//! set up, it is blocked until it is asked for again. If one is widened later, it keeps its binding, since an upgrade
//! of a cluster must not cut every access: the access says that it allows more than was approved, and what, until it
//! ends or the role is as it was; a `grant.drift_found` says so once. Meanwhile its cluster does not count as healthy
//! on any page, and its proof says how many of the questions that had to be refused are allowed.

use crate::{
    access::blocker::Few,
    eks::rbac::{Attributes, Rule, beyond},
};
use std::collections::BTreeSet;

/// The most examples that are named: more of them do not help a reader.
const NAMED_AT_MOST: usize = 3;

/// What `observed` allows and `decided` does not: a question for each pair of verb and resource. Empty if nothing was
/// added.
pub fn added(decided: &[Rule], observed: &[Rule]) -> Vec<Attributes> {
    beyond(decided, observed)
}

/// The first of the additions, such as "get secrets", and how many more there are.
pub fn few(added: &[Attributes]) -> Few {
    let what: BTreeSet<String> = added.iter().map(Attributes::what).collect();
    let first: Vec<String> = what.iter().take(NAMED_AT_MOST).cloned().collect();
    Few { more: what.len().saturating_sub(first.len()), first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_spelling_of_the_same_rules_adds_nothing() {
        let decided = [Rule::of(&["get", "list"], &["", "apps"], &["pods", "deployments"])];
        let spelt = [
            Rule::of(&["get"], &["", "apps"], &["pods", "deployments"]),
            Rule::of(&["list"], &["", "apps"], &["deployments", "pods"]),
        ];
        assert_eq!(added(&decided, &spelt), []);
        assert_eq!(added(&spelt, &decided), []);
    }

    #[test]
    fn a_new_verb_resource_or_wildcard_is_found() {
        let decided = [Rule::of(&["get"], &[""], &["pods"])];
        for wider in [
            Rule::of(&["get", "delete"], &[""], &["pods"]),
            Rule::of(&["get"], &[""], &["pods", "secrets"]),
            Rule::of(&["get"], &["*"], &["pods"]),
            Rule::of(&["*"], &[""], &["pods"]),
            Rule::of(&["get"], &[""], &["*"]),
            Rule::of(&["get"], &[""], &["pods/log"]),
        ] {
            assert!(!added(&decided, std::slice::from_ref(&wider)).is_empty(), "{wider:?}");
        }
    }

    #[test]
    fn a_rule_limited_to_a_name_is_no_part_of_another_name() {
        let named =
            |name: &str| Rule { resource_names: vec![name.into()], ..Rule::of(&["get"], &[""], &["configmaps"]) };
        assert!(added(&[named("a")], &[named("a")]).is_empty());
        assert!(!added(&[named("a")], &[named("b")]).is_empty());
        assert!(!added(&[named("a")], &[Rule::of(&["get"], &[""], &["configmaps"])]).is_empty());
        assert!(added(&[Rule::of(&["get"], &[""], &["configmaps"])], &[named("a")]).is_empty());
        // For requests without a name, Kubernetes uses an empty name.
        assert!(!added(&[named("")], &[Rule::of(&["get"], &[""], &["configmaps"])]).is_empty());
    }
}
