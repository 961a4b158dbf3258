//! Whether rules allow more than those that were decided.
//!
//! A ClusterRole of Latchkey's that another client widened is bound to no subject: the bindings of all accesses that
//! have it go, running or not, with a `grant.drift_found` that names the role and what it allows too much. They come
//! back by themselves once the role is as it was, or deleted, and so made again. One that was narrowed gives nothing
//! too much, and its bindings stay.
//!
//! Of ClusterRoles that others own, the rules are recorded when the access is asked for; if they allow more when the
//! grant is set up, it is blocked until it is asked for again. One that is widened later keeps its binding, since an
//! upgrade of a cluster must not cut every access: the access says that it allows more than was approved, and what,
//! until it ends or the role is as it was; a `grant.drift_found` says so once. Meanwhile its cluster does not count as
//! healthy anywhere, and its proof says how many of the questions that had to be refused are allowed.

use crate::{
    access::blocker::Few,
    eks::rbac::{Attributes, Rule, beyond},
};
use std::collections::BTreeSet;

/// More examples than this help nobody.
const NAMED_AT_MOST: usize = 3;

/// What `observed` allows and `decided` does not: a question for each pair of verb and resource. Empty where nothing
/// was added.
pub fn added(decided: &[Rule], observed: &[Rule]) -> Vec<Attributes> {
    beyond(decided, observed)
}

/// The first of what was added, such as "get secrets", and how much more there is.
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
        // Of requests without a name, Kubernetes takes the name to be empty.
        assert!(!added(&[named("")], &[Rule::of(&["get"], &[""], &["configmaps"])]).is_empty());
    }
}
