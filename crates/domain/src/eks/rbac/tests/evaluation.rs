use proptest::collection::vec;
use proptest::prelude::*;

use super::{any_rule, named, paths};
use crate::eks::rbac::{Attributes, Kinds, Reach, Rule, can, can_within, canonical_rules, expectations, rules_hash};

#[test]
fn resources_are_matched_as_kubernetes_matches_them() {
    for (rule, asked, allowed) in [
        (("get", "", "pods"), ("get", "", "pods"), true),
        (("get", "", "pods"), ("list", "", "pods"), false),
        (("get", "", "pods"), ("*", "", "pods"), false),
        (("*", "", "pods"), ("*", "", "pods"), true),
        (("*", "", "pods"), ("frobnicate", "", "pods"), true),
        (("GET", "", "pods"), ("get", "", "pods"), false),
        // Subresources are resources of their own.
        (("get", "", "pods"), ("get", "", "pods/log"), false),
        (("get", "", "pods/log"), ("get", "", "pods"), false),
        (("get", "", "pods/log"), ("get", "", "pods/log"), true),
        (("get", "", "pods/log"), ("get", "", "pods/logs"), false),
        (("get", "", "pods/log"), ("get", "", "pod/log"), false),
        // `pods/*` matches only itself.
        (("get", "", "pods/*"), ("get", "", "pods/log"), false),
        (("get", "", "pods/*"), ("get", "", "pods"), false),
        (("get", "", "pods/*"), ("get", "", "pods/*"), true),
        // `*/log` matches that subresource of every resource, and nothing without one.
        (("get", "", "*/log"), ("get", "", "pods/log"), true),
        (("get", "", "*/log"), ("get", "", "log"), false),
        (("get", "", "*/log"), ("get", "", "pods"), false),
        (("get", "", "*/log"), ("get", "", "pods/xlog"), false),
        (("get", "", "*/log"), ("get", "", "pods/lo"), false),
        (("get", "", "*/log"), ("get", "", "*/log"), true),
        (("get", "", "*/"), ("get", "", "pods"), false),
        (("get", "", "*/*"), ("get", "", "pods/log"), false),
        (("get", "", "*/*"), ("get", "", "pods/*"), true),
        // `*` is every resource and every subresource of the rule's groups.
        (("get", "", "*"), ("get", "", "pods/log"), true),
        (("get", "", "*"), ("get", "apps", "deployments"), false),
        (("get", "", "*"), ("get", "", "*"), true),
        (("get", "", "p*"), ("get", "", "pods"), false),
        (("get", "*", "deployments"), ("get", "apps", "deployments"), true),
        (("get", "*", "deployments"), ("get", "*", "deployments"), true),
        (("get", "apps", "deployments"), ("get", "*", "deployments"), false),
        (("get", "apps", "deployments"), ("get", "extensions", "deployments"), false),
        (("get", "ap*", "deployments"), ("get", "apps", "deployments"), false),
    ] {
        let rules = [Rule::of(&[rule.0], &[rule.1], &[rule.2])];
        let attrs = Attributes::of(asked.0, asked.1, asked.2);
        assert_eq!(can(&rules, &attrs), allowed, "{rule:?} asked {asked:?}");
    }
    // A review may put the subresource into the resource: kube-apiserver compares the joined text.
    let joined = Attributes { resource: "pods/log".to_owned(), ..Attributes::of("get", "", "pods") };
    assert!(can(&[Rule::of(&["get"], &[""], &["pods/log"])], &joined));
}

#[test]
fn lists_of_one_rule_combine_and_rules_do_not() {
    let rules = [Rule::of(&["get"], &[""], &["pods"]), Rule::of(&["delete"], &["apps"], &["deployments"])];
    assert!(!can(&rules, &Attributes::of("delete", "", "pods")));
    assert!(!can(&rules, &Attributes::of("get", "apps", "deployments")));
    assert!(!can(&[], &Attributes::of("get", "", "pods")));
    assert!(!can(&[Rule::of(&[], &[""], &["pods"])], &Attributes::of("get", "", "pods")));
    assert!(!can(&[Rule::of(&["get"], &[], &["pods"])], &Attributes::of("get", "", "pods")));
    assert!(!can(&[Rule::of(&["get"], &[""], &[])], &Attributes::of("get", "", "pods")));
}

#[test]
fn resource_names_limit_a_rule_to_exactly_those_names() {
    let rules = [named(Rule::of(&["get", "create", "list"], &[""], &["configmaps"]), &["aws-auth", "*"])];
    let ask = |verb: &str| Attributes::of(verb, "", "configmaps").in_namespace("kube-system");
    assert!(can(&rules, &ask("get").named("aws-auth")));
    assert!(!can(&rules, &ask("get").named("other")), "a star is no wildcard among names");
    assert!(!can(&rules, &ask("get")));
    assert!(!can(&rules, &ask("create")), "what is being created has no name yet");
    assert!(can(&rules, &ask("list").named("aws-auth")), "a list with a field selector carries the name");
    assert!(can(&[named(Rule::of(&["get"], &[""], &["configmaps"]), &[""])], &ask("get")));
}

#[test]
fn paths_outside_the_resources_end_in_a_star_or_are_exact() {
    for (url, path, allowed) in [
        ("/healthz", "/healthz", true),
        ("/healthz", "/healthz/", false),
        ("/healthz/*", "/healthz/ping", true),
        ("/healthz/*", "/healthz/", true),
        ("/healthz/*", "/healthz", false),
        ("/health*", "/healthz", true),
        ("/health**", "/healthz", true),
        ("*", "/anything", true),
        ("/*", "/anything", true),
        ("/a*b", "/axb", false),
        ("/a*b", "/a*b", true),
        ("", "/", false),
    ] {
        assert_eq!(can(&[paths(&["get"], &[url])], &Attributes::path("get", path)), allowed, "{url} {path}");
    }
    assert!(!can(&[paths(&["get"], &["*"])], &Attributes::path("post", "/x")));
    assert!(!can(&[paths(&["*"], &["*"])], &Attributes::of("get", "", "pods")), "paths are no resources");
    assert!(!can(&[Rule::of(&["*"], &["*"], &["*"])], &Attributes::path("get", "/metrics")), "nor resources paths");
}

#[test]
fn a_role_binding_reaches_only_its_namespaces() {
    let rules = [Rule::of(&["*"], &["*"], &["*"]), paths(&["*"], &["*"])];
    let reach = Reach::Namespaces(vec!["a".to_owned()]);
    let pods = Attributes::of("get", "", "pods");
    assert!(can_within(&rules, &reach, &pods.clone().in_namespace("a")));
    assert!(!can_within(&rules, &reach, &pods.clone().in_namespace("b")));
    assert!(!can_within(&rules, &reach, &pods));
    assert!(!can_within(&rules, &reach, &Attributes::path("get", "/metrics")));
    assert!(can_within(&rules, &Reach::Cluster, &pods));
    assert!(can_within(&rules, &Reach::Cluster, &Attributes::path("get", "/metrics")));
}

#[test]
fn rules_read_and_write_kubernetes_own_json() {
    let text = r#"{"apiGroups":[""],"resources":["pods"],"resourceNames":["a"],"verbs":["get"]}"#;
    let rule: Rule = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&rule).unwrap(), text);
    let rule: Rule = serde_json::from_str(r#"{"nonResourceURLs":["/x"],"verbs":["get"]}"#).unwrap();
    assert_eq!(rule, paths(&["get"], &["/x"]));
    let rule: Rule = serde_json::from_str(r#"{"api_groups":["apps"],"resources":["x"],"verbs":["get"]}"#).unwrap();
    assert_eq!(rule, Rule::of(&["get"], &["apps"], &["x"]));
}

proptest! {
    #[test]
    fn canonical_rules_allow_the_same(rules in vec(any_rule(), 0..5), others in vec(any_rule(), 0..3)) {
        let canonical = canonical_rules(&rules);
        let all = [rules.clone(), others].concat();
        for attrs in expectations(&all, &Reach::Cluster, &[], &Kinds::default()).can {
            prop_assert_eq!(can(&rules, &attrs), can(&canonical, &attrs));
        }
        prop_assert_eq!(rules_hash(&rules), rules_hash(&canonical));
    }
}
