use proptest::collection::vec;
use proptest::prelude::*;

use super::{RBAC, any_reach, any_rule, edit, paths, view};
use crate::eks::rbac::{Attributes, Kinds, PER_NAMESPACE, Reach, Rule, can_within, expectations, workable};

#[test]
fn view_is_expected_to_see_pods_and_no_secret() {
    let reach = Reach::Namespaces(vec!["payments".to_owned()]);
    let asked = expectations(&view(), &reach, &["checkout".to_owned(), "payments".to_owned()], &Kinds::default());
    assert!(asked.can.len() <= PER_NAMESPACE);
    for group in ["", "apps", "batch"] {
        assert!(asked.can.iter().any(|attrs| attrs.group == group), "every rule is asked about: {group:?}");
    }
    for refused in [
        Attributes::of("get", "", "secrets").in_namespace("payments"),
        Attributes::of("list", "", "secrets").in_namespace("payments"),
        Attributes::of("create", "", "pods").in_namespace("payments"),
        Attributes::of("escalate", RBAC, "roles").in_namespace("payments"),
        Attributes::of("bind", RBAC, "clusterroles").in_namespace("payments"),
        Attributes::of("get", "", "secrets").in_namespace("checkout"),
        Attributes::of("list", "", "pods").in_namespace("checkout"),
        Attributes::of("list", "", "pods"),
        Attributes::of("list", "", "secrets"),
        Attributes::of("impersonate", "", "users"),
        Attributes::of("get", "", "nodes/proxy"),
    ] {
        assert!(asked.cannot.contains(&refused), "{refused}");
    }
}

#[test]
fn what_rules_allow_is_never_expected_to_be_refused() {
    let reach = Reach::Namespaces(vec!["payments".to_owned()]);
    let asked = expectations(&edit(), &reach, &[], &Kinds::default());
    for allowed in [
        Attributes::of("get", "", "secrets").in_namespace("payments"),
        Attributes::of("create", "apps", "deployments").in_namespace("payments"),
        Attributes::of("impersonate", "", "serviceaccounts").in_namespace("payments"),
    ] {
        assert!(!asked.cannot.contains(&allowed), "{allowed}");
    }
    assert!(asked.cannot.contains(&Attributes::of("get", "", "secrets").in_namespace("kube-system")));
    let everything = [Rule::of(&["*"], &["*"], &["*"]), paths(&["*"], &["*"])];
    assert!(expectations(&everything, &Reach::Cluster, &[], &Kinds::default()).cannot.is_empty());
}

#[test]
fn what_everybody_may_ask_about_themselves_is_never_expected_to_be_refused() {
    let rules = [Rule::of(&["create"], &["authorization.k8s.io"], &["selfsubjectaccessreviews"])];
    let asked = expectations(&rules, &Reach::Namespaces(vec!["a".to_owned()]), &["b".to_owned()], &Kinds::default());
    assert!(asked.cannot.iter().all(|attrs| !attrs.resource.starts_with("self")));
}

#[test]
fn cluster_wide_expectations_ask_about_paths_too() {
    let rules = [paths(&["get"], &["/healthz", "/logs/*"])];
    let asked = expectations(&rules, &Reach::Cluster, &[], &Kinds::default());
    assert_eq!(asked.can, [Attributes::path("get", "/healthz"), Attributes::path("get", "/logs/latchkey")]);
}

#[test]
fn questions_read_as_sentences() {
    let pods = Attributes::of("list", "", "pods/log").in_namespace("payments").named("x");
    assert_eq!(pods.to_string(), "list pods/log x in namespace payments");
    assert_eq!(
        Attributes::of("get", "apps", "deployments/scale").to_string(),
        "get deployments.apps/scale in the whole cluster"
    );
    assert_eq!(Attributes::path("get", "/healthz").to_string(), "get the path /healthz");
}

proptest! {
    #[test]
    fn expectations_are_what_the_rules_answer(rules in vec(any_rule(), 0..6), reach in any_reach()) {
        let asked = expectations(&rules, &reach, &["b".to_owned(), "c".to_owned()], &Kinds::default());
        for attrs in &asked.can {
            prop_assert!(can_within(&rules, &reach, attrs), "{attrs}");
        }
        for attrs in &asked.cannot {
            prop_assert!(!can_within(&rules, &reach, attrs), "{attrs}");
        }
        let places = match &reach { Reach::Cluster => 1, Reach::Namespaces(names) => names.len() };
        prop_assert!(asked.can.len() <= places * PER_NAMESPACE);
        prop_assert_eq!(&asked, &expectations(&rules, &reach, &["b".to_owned(), "c".to_owned()], &Kinds::default()));
    }

    #[test]
    fn every_rule_that_works_is_asked_about(rules in vec(any_rule(), 1..6)) {
        let asked = expectations(&rules, &Reach::Namespaces(vec!["a".to_owned()]), &[], &Kinds::default());
        for rule in &workable(&rules, &Reach::Namespaces(vec![]), &Kinds::default()).rules {
            prop_assert!(asked.can.iter().any(|attrs| rule.allows(attrs)), "{rule:?}");
        }
    }
}
