use crate::eks::rbac::{Kinds, Lives, Reach, Rule, Why, capabilities, expectations, workable};

fn in_namespace() -> Reach {
    Reach::Namespaces(vec!["payments".to_owned()])
}

fn named(rule: Rule) -> Rule {
    Rule { resource_names: vec!["settings".to_owned()], ..rule }
}

/// A cluster with Kubernetes' own kinds and a foreign one.
fn cluster() -> Kinds {
    let mut kinds = Kinds::of_kubernetes().clone();
    kinds.add("argoproj.io", "rollouts", Lives::InNamespaces);
    kinds.add_unknown("custom.metrics.k8s.io");
    kinds.add_unknown("external.metrics.k8s.io");
    kinds.all_groups()
}

/// The parts of a rule that never work, in its own words, and what is left of it.
fn judged(rule: Rule, reach: &Reach) -> (Vec<String>, Vec<Rule>) {
    let works = workable(&[rule], reach, &cluster());
    (works.never.iter().map(ToString::to_string).collect(), works.rules)
}

fn never(rule: Rule) -> String {
    let (never, rules) = judged(rule, &in_namespace());
    assert_eq!((never.len(), rules.len()), (1, 0), "{never:?} {rules:?}");
    never[0].clone()
}

#[test]
fn what_no_request_can_use_is_named_with_its_reason() {
    for (rule, said) in [
        (named(Rule::of(&["create"], &[""], &["configmaps"])), "create configmaps named settings (a request to create"),
        (
            named(Rule::of(&["deletecollection"], &[""], &["configmaps"])),
            "a request to delete a collection carries no name",
        ),
        (Rule::of(&["get"], &[""], &["nodes"]), "get nodes (it belongs to no namespace"),
        (Rule::of(&["list"], &[""], &["namespaces"]), "list namespaces (it belongs to no namespace"),
        (Rule::of(&["get"], &["core"], &["pods"]), "the core group, \"\" is meant"),
        (Rule::of(&["get"], &["v1"], &["pods"]), "the core group, \"\" is meant"),
        (Rule::of(&["get"], &["apps/v1"], &["deployments"]), "`apps` is meant"),
        (Rule::of(&["get"], &["batch.k8s.io"], &["jobs"]), "`batch` is meant"),
        (Rule::of(&["get"], &["apps/*"], &["deployments"]), "compared as it is"),
        (Rule::of(&["get"], &["networking.k8s.io/"], &["ingresses"]), "`networking.k8s.io` is meant"),
        (Rule::of(&["get"], &[""], &["pods/logs"]), "knows no such part of it, but attach, binding"),
        (Rule::of(&["create"], &[""], &["pods/portfoward"]), "portforward"),
        (Rule::of(&["get"], &[""], &["secrets/data"]), "knows no part of that kind"),
        (Rule::of(&["get"], &[""], &["pods/*"]), "compared as it is"),
        (Rule::of(&["get"], &[""], &["*/*"]), "compared as it is"),
        (Rule::of(&["get"], &[""], &["pod*"]), "compared as it is"),
        (Rule::of(&["get,list"], &[""], &["pods"]), "several texts in one"),
        (Rule::of(&["get "], &[""], &["pods"]), "several texts in one"),
        (Rule::of(&["read"], &[""], &["pods"]), "Kubernetes asks for no such verb"),
        (Rule::of(&["apply"], &["apps"], &["deployments"]), "Kubernetes asks for no such verb"),
        (
            Rule { resource_names: vec!["sh.helm.release.*".into()], ..Rule::of(&["get"], &[""], &["secrets"]) },
            "compared as it is",
        ),
        (Rule::of(&["get"], &["apps"], &["Deployment"]), "rules name kinds by their plural"),
        (Rule::of(&["GET"], &[""], &["pods"]), "`get` is meant"),
        (Rule::of(&["get"], &[""], &["deployments"]), "it is in another API group: `apps`"),
        (Rule::of(&["get"], &["apps"], &["pods"]), "it is in another API group: the core group"),
        (Rule::of(&["get"], &["extensions"], &["deployments"]), "it is in another API group: `apps`"),
        (Rule::of(&["get"], &["apps"], &["deploymentss"]), "the API group has no such kind"),
        (Rule::of(&["get"], &["tekton.dev"], &["tasks"]), "the cluster has no such API group"),
        // A foreign group may get the kind later.
        (Rule::of(&["get"], &["argoproj.io"], &["pods"]), "the API group has no such kind"),
    ] {
        let found = never(rule);
        assert!(found.contains(said), "{found}");
    }
    let path = Rule { verbs: vec!["get".into()], non_resource_urls: vec!["/metrics".into()], ..Rule::default() };
    assert!(never(path).contains("paths belong to no namespace"));
}

#[test]
fn what_a_request_can_use_stays_as_it_is_written() {
    for rule in [
        Rule::of(&["get", "list", "watch"], &["", "apps"], &["pods", "pods/log"]),
        Rule::of(&["*"], &["*"], &["*"]),
        Rule::of(&["*"], &["apps"], &["*"]),
        Rule::of(&["update"], &["*"], &["*/scale"]),
        Rule::of(&["get"], &["argoproj.io"], &["rollouts"]),
        // A single namespace is asked for in itself.
        Rule::of(&["get", "patch"], &[""], &["namespaces"]),
        // A part of an object is asked for by the object's name.
        named(Rule::of(&["create"], &[""], &["pods/exec"])),
        named(Rule::of(&["get", "delete"], &[""], &["configmaps"])),
        // Verbs of other programs, on resources that discovery does not list.
        Rule::of(&["use"], &["policy"], &["podsecuritypolicies"]),
        Rule::of(&["impersonate"], &[""], &["serviceaccounts"]),
        Rule::of(&["update"], &["", "apps"], &["pods/finalizers", "deployments/finalizers"]),
        Rule::of(&["bind"], &["rbac.authorization.k8s.io"], &["clusterroles"]),
        Rule::of(&["*"], &["rbac.authorization.k8s.io"], &["clusterroles"]),
        Rule::of(&["frobnicate"], &["example.com"], &["things"]),
        // Names of metrics may use any letters.
        Rule::of(&["get"], &["custom.metrics.k8s.io"], &["pods/node_memory_CommitLimit_bytes"]),
        Rule::of(&["get"], &["external.metrics.k8s.io"], &["s0-kafka-myTopic"]),
        // Server-side apply creates by name.
        named(Rule::of(&["get", "patch", "create"], &[""], &["configmaps"])),
    ] {
        let whole: Vec<String> = capabilities(std::slice::from_ref(&rule)).iter().map(ToString::to_string).collect();
        let (never, rules) = judged(rule, &in_namespace());
        assert!(never.is_empty(), "{never:?}");
        let groups = whole.iter().any(|thing| thing.contains("pods.apps"));
        assert!(
            groups || whole == capabilities(&rules).iter().map(ToString::to_string).collect::<Vec<_>>(),
            "{whole:?}"
        );
    }
    for rule in [
        Rule::of(&["get", "list"], &[""], &["nodes", "namespaces"]),
        Rule::of(&["*"], &[""], &["users", "groups"]),
        Rule::of(&["*"], &["certificates.k8s.io"], &["signers"]),
        // A name that is really asked for: all signers of a domain.
        Rule {
            resource_names: vec!["example.com/*".to_owned()],
            ..Rule::of(&["approve", "sign", "attest"], &["certificates.k8s.io"], &["signers"])
        },
        Rule {
            resource_names: vec!["issuers.cert-manager.io/*".to_owned()],
            ..Rule::of(&["approve"], &["cert-manager.io"], &["signers"])
        },
        Rule::of(&["*"], &["authentication.k8s.io"], &["userextras/scopes", "uids"]),
        super::paths(&["get", "post"], &["/healthz", "/logs/*", "*"]),
    ] {
        let (never, _) = judged(rule, &Reach::Cluster);
        assert!(never.is_empty(), "{never:?}");
    }
    for (verbs, path) in [(["get"], "healthz"), (["get"], "/foo/*bar"), (["GET"], "/healthz"), (["list"], "/healthz")] {
        let (never, rules) = judged(super::paths(&verbs, &[path]), &Reach::Cluster);
        assert!(never.len() == 1 && rules.is_empty() && never[0].contains("a path begins with `/`"), "{never:?}");
    }
}

#[test]
fn lists_that_are_multiplied_promise_only_what_there_is() {
    let (never, rules) = judged(Rule::of(&["get", "list"], &["", "apps"], &["pods", "deployments"]), &in_namespace());
    assert!(never.is_empty(), "{never:?}");
    assert_eq!(
        rules,
        [Rule::of(&["get", "list"], &[""], &["pods"]), Rule::of(&["get", "list"], &["apps"], &["deployments"])]
    );
}

#[test]
fn of_several_groups_the_reason_is_that_of_the_one_that_is_meant() {
    let both = |resource: &str| judged(Rule::of(&["get"], &["", "tekton.dev"], &[resource, "pods"]), &in_namespace()).0;
    assert_eq!(both("tasks"), ["get tasks.tekton.dev (the cluster has no such API group)"]);
    let (never, _) =
        judged(named(Rule::of(&["create"], &["", "apps"], &["configmaps", "deployments"])), &in_namespace());
    assert_eq!(never.len(), 2, "{never:?}");
}

#[test]
fn a_verb_that_works_on_nothing_is_named_alone() {
    let rule = named(Rule::of(&["get", "create"], &[""], &["configmaps"]));
    let (never, rules) = judged(rule, &in_namespace());
    assert_eq!(never.len(), 1);
    assert!(never[0].starts_with("create configmaps named settings ("), "{never:?}");
    assert_eq!(rules, [named(Rule::of(&["get"], &[""], &["configmaps"]))]);
}

#[test]
fn a_list_of_names_is_said_to_need_a_selector_and_an_idle_group_is_named() {
    let remarks = |rule: Rule| -> Vec<String> {
        workable(&[rule], &in_namespace(), &cluster()).remarks.iter().map(ToString::to_string).collect()
    };
    let said = remarks(named(Rule::of(&["get", "list"], &[""], &["configmaps"])));
    assert!(said[0].contains("--field-selector metadata.name=settings"), "{said:?}");
    let said = remarks(named(Rule::of(&["patch", "create"], &[""], &["configmaps"])));
    assert!(said.len() == 1 && said[0].contains("kubectl apply --server-side"), "{said:?}");
    let said = remarks(Rule::of(&["get"], &[""], &["pods/exec"]));
    assert!(said.len() == 1 && said[0].contains("before 1.35"), "{said:?}");
    let said = remarks(Rule::of(&["get"], &["", "core"], &["pods"]));
    assert!(said.len() == 1 && said[0].contains("`core` does nothing"), "{said:?}");
}

#[test]
fn of_a_cluster_that_tells_nothing_only_what_no_cluster_takes_is_refused() {
    let works = |rule: Rule| workable(&[rule], &in_namespace(), &Kinds::default()).never;
    assert!(works(Rule::of(&["get"], &[""], &["nodes"])).is_empty());
    assert!(works(Rule::of(&["get"], &["apps"], &["pods"])).is_empty());
    assert_eq!(works(Rule::of(&["GET"], &[""], &["pods"]))[0].why, Why::Letters("get".into()));
    // A group that did not answer may serve any kind.
    let mut kinds = cluster();
    kinds.add_unknown("metrics.k8s.io");
    assert!(workable(&[Rule::of(&["get"], &["metrics.k8s.io"], &["pods"])], &in_namespace(), &kinds).never.is_empty());
}

#[test]
fn kinds_past_the_bound_are_unknown_and_not_missing() {
    let mut kinds = Kinds::default();
    for number in 0..3_000 {
        kinds.add(&format!("group{}.example.com", number / 1_000), &format!("kind{number}"), Lives::InNamespaces);
    }
    let kinds = kinds.all_groups();
    assert!(kinds.len() <= crate::eks::rbac::MOST_KINDS);
    let rule = Rule::of(&["get"], &["group2.example.com"], &["kind2999"]);
    assert!(workable(&[rule], &in_namespace(), &kinds).never.is_empty());
}

#[test]
fn proofs_ask_what_requests_ask() {
    let asked = |rule: Rule| -> Vec<String> {
        let asked = expectations(&[rule], &in_namespace(), &[], &cluster()).can;
        asked.iter().map(ToString::to_string).collect()
    };
    assert_eq!(asked(Rule::of(&["*"], &["batch"], &["*"])), ["get jobs.batch in namespace payments"]);
    assert_eq!(
        asked(Rule::of(&["get", "list"], &[""], &["namespaces"])),
        ["get namespaces payments in namespace payments"]
    );
    assert!(asked(named(Rule::of(&["create"], &[""], &["configmaps"]))).is_empty());
    assert!(asked(Rule::of(&["get"], &["apps/v1"], &["deployments"])).is_empty());
}

#[test]
fn commands_in_pods_are_refused_only_where_every_way_is() {
    let cannot = |rule: Rule| expectations(&[rule], &in_namespace(), &[], &cluster()).cannot;
    let ways = |asked: &[crate::eks::rbac::Attributes]| {
        let own = asked.iter().filter(|asked| asked.subresource == "exec" && asked.namespace == "payments");
        own.map(|asked| asked.verb.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ways(&cannot(Rule::of(&["get"], &[""], &["pods"]))), ["create", "get"]);
    assert_eq!(ways(&cannot(Rule::of(&["get"], &[""], &["pods/exec"]))), ["create"]);
    assert_eq!(ways(&cannot(Rule::of(&["get", "list", "watch"], &[""], &["*"]))), ["create"]);
}

#[test]
fn a_group_without_a_dot_that_kubernetes_has_not_is_named_before_any_cluster_is_asked() {
    for (group, resource, said) in [
        ("extensions", "deployments", "it is in another API group: `apps`"),
        ("autoscale", "scalers", "those of others have a dot: `autoscaling` may be meant"),
        ("acme", "*", "no API group of Kubernetes has that name"),
    ] {
        let rule = Rule::of(&["get"], &[group], &[resource]);
        for kinds in [Kinds::of_kubernetes(), &cluster()] {
            let works = workable(std::slice::from_ref(&rule), &in_namespace(), kinds);
            assert!(works.rules.is_empty() && works.never.len() == 1, "{works:?}");
            assert!(works.never[0].to_string().contains(said), "{}", works.never[0]);
        }
    }
    // For a group with a dot, and for one that exists and did not answer, only the cluster knows.
    let mut kinds = Kinds::of_kubernetes().clone();
    kinds.add_unknown("legacy");
    for group in ["acme.example.com", "legacy"] {
        let works = workable(&[Rule::of(&["get"], &[group], &["things"])], &in_namespace(), &kinds);
        assert!(works.never.is_empty(), "{works:?}");
    }
}

#[test]
fn who_is_acted_as_is_asked_for_in_the_whole_cluster_but_for_service_accounts() {
    const AUTHENTICATION: &str = "authentication.k8s.io";
    let no_namespace = "it belongs to no namespace";
    for (verb, group, resource, said) in [
        ("impersonate", "", "users", no_namespace),
        ("impersonate", "", "groups", no_namespace),
        ("*", "", "groups", no_namespace),
        ("impersonate", AUTHENTICATION, "uids", no_namespace),
        ("impersonate", AUTHENTICATION, "userextras/scopes", no_namespace),
        ("impersonate", AUTHENTICATION, "*", no_namespace),
        ("*", AUTHENTICATION, "userextras/scopes", no_namespace),
        ("impersonate:user-info", AUTHENTICATION, "users", no_namespace),
        ("impersonate", AUTHENTICATION, "userextras", "write `userextras/KEY`"),
        ("*", AUTHENTICATION, "userextras", "write `userextras/KEY`"),
        ("impersonate", "", "pods", "`impersonate` is asked for on users"),
        ("impersonate", AUTHENTICATION, "users", "`impersonate` is asked for on users"),
        ("approve", "certificates.k8s.io", "signers", no_namespace),
    ] {
        let found = never(Rule::of(&[verb], &[group], &[resource]));
        assert!(found.contains(said), "{found}");
    }
    for (verb, group, resource) in [
        ("impersonate", "", "serviceaccounts"),
        ("impersonate", "*", "*"),
        ("impersonate:serviceaccount", AUTHENTICATION, "serviceaccounts"),
    ] {
        assert!(judged(Rule::of(&[verb], &[group], &[resource]), &in_namespace()).0.is_empty(), "{verb} {resource}");
    }
    for verb in ["impersonate", "*"] {
        let rules = |resource: &str| judged(Rule::of(&[verb], &[AUTHENTICATION], &[resource]), &Reach::Cluster).0;
        assert!(rules("userextras/scopes").is_empty());
        assert!(rules("userextras").len() == 1, "{:?}", rules("userextras"));
    }
    let rule = Rule::of(&["impersonate"], &["", AUTHENTICATION], &["users", "groups", "uids", "userextras/scopes"]);
    assert!(judged(rule, &Reach::Cluster).0.is_empty());
}
