use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{RBAC, any_rule, named, paths};
use crate::eks::rbac::{Attributes, Rule, beyond, can};

/// Every question about what [`any_rule`] can contain, and about names of each kind that it never contains: wildcards
/// allow those, too.
fn questions() -> Vec<Attributes> {
    let mut questions = Vec::new();
    for verb in ["get", "list", "create", "bind", "frobnicate"] {
        for group in ["", "apps", RBAC, "other.example"] {
            for resource in ["pods", "secrets", "roles", "things", "pods/log", "things/log", "nodes/proxy", "things/a"]
            {
                for name in ["", "a", "b", "c"] {
                    questions.push(Attributes::of(verb, group, resource).named(name));
                }
            }
        }
        questions.extend(["/healthz", "/logs/", "/logs/a", "/other"].map(|path| Attributes::path(verb, path)));
    }
    questions
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    // A name may be empty: that is the name of requests without one.
    let rule = (any_rule(), select(vec![None, None, None, Some(""), Some("a")])).prop_map(|(mut rule, name)| {
        rule.resource_names.extend(name.map(str::to_owned));
        rule
    });
    vec(rule, 0..4)
}

proptest! {
    #[test]
    fn rules_are_within_others_exactly_where_those_allow_all_that_they_do(allowed in rules(), rules in rules()) {
        let more = questions().into_iter().find(|question| can(&rules, question) && !can(&allowed, question));
        let found = beyond(&allowed, &rules);
        prop_assert_eq!(found.is_empty(), more.is_none(), "{:?} against {:?}", found, more);
    }

    #[test]
    fn rules_are_within_themselves_and_within_more(some in rules(), more in rules()) {
        let both: Vec<Rule> = some.iter().chain(&more).cloned().collect();
        prop_assert_eq!(beyond(&some, &some), vec![]);
        prop_assert_eq!(beyond(&both, &some), vec![]);
    }
}

#[test]
fn a_rule_for_requests_without_a_name_covers_no_other() {
    let every = Rule::of(&["get"], &[""], &["secrets"]);
    let nameless = named(every.clone(), &[""]);
    assert!(!beyond(std::slice::from_ref(&nameless), std::slice::from_ref(&every)).is_empty());
    assert_eq!(beyond(&[every], &[nameless]), []);
}

#[test]
fn a_subresource_of_everything_covers_each() {
    let scale = [Rule::of(&["patch"], &["apps"], &["*/scale"])];
    assert_eq!(beyond(&scale, &[Rule::of(&["patch"], &["apps"], &["deployments/scale"])]), []);
    for wider in ["*", "deployments", "*/status", "*/*", "deployments/*"] {
        assert!(!beyond(&scale, &[Rule::of(&["patch"], &["apps"], &[wider])]).is_empty(), "{wider}");
    }
    assert!(!beyond(&[paths(&["get"], &["/healthz"])], &[paths(&["get"], &["/health*"])]).is_empty());
    assert_eq!(beyond(&[paths(&["get"], &["/health*"])], &[paths(&["get"], &["/healthz*"])]), []);
}
