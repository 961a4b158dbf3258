use proptest::collection::vec;
use proptest::prelude::*;

use super::{RBAC, any_reach, any_rule, edit, named, paths, view};
use crate::eks::rbac::{Attributes, Danger, Reach, Risk, Rule, assess, assess_in, can, capabilities, writes_bindings};

#[test]
fn risk_follows_the_scale() {
    for (rules, risk, danger) in [
        (vec![], Risk::Low, Danger::DoesNothing),
        (view(), Risk::Low, Danger::OnlyReads),
        (
            vec![Rule::of(&["create"], &["authorization.k8s.io"], &["selfsubjectaccessreviews"])],
            Risk::Low,
            Danger::OnlyReads,
        ),
        (vec![Rule::of(&["patch"], &["apps"], &["deployments/scale"])], Risk::Elevated, Danger::Changes),
        (vec![Rule::of(&["update"], &[""], &["configmaps"])], Risk::Elevated, Danger::Changes),
        (vec![Rule::of(&["frobnicate"], &["x.io"], &["things"])], Risk::Elevated, Danger::Changes),
        (vec![Rule::of(&["watch"], &[""], &["secrets"])], Risk::High, Danger::ReadsSecrets),
        (vec![Rule::of(&["create"], &[""], &["secrets"])], Risk::High, Danger::ChangesSecrets),
        (vec![Rule::of(&["create"], &["batch"], &["cronjobs"])], Risk::High, Danger::RunsWorkloads),
        (vec![Rule::of(&["patch"], &["*"], &["daemonsets"])], Risk::High, Danger::RunsWorkloads),
        (vec![Rule::of(&["create"], &["argoproj.io"], &["workflows"])], Risk::High, Danger::RunsWorkloads),
        (vec![Rule::of(&["patch"], &["argoproj.io"], &["rollouts"])], Risk::High, Danger::RunsWorkloads),
        (vec![Rule::of(&["create"], &["velero.io"], &["restores"])], Risk::High, Danger::RunsWorkloads),
        (vec![Rule::of(&["create"], &["pkg.crossplane.io"], &["providers"])], Risk::High, Danger::RunsWorkloads),
        (vec![Rule::of(&["patch"], &["monitoring.coreos.com"], &["prometheuses"])], Risk::High, Danger::RunsWorkloads),
        (vec![Rule::of(&["create"], &["kyverno.io"], &["clusterpolicies"])], Risk::Critical, Danger::ChangesAdmission),
        (vec![Rule::of(&["create"], &["serving.knative.dev"], &["services"])], Risk::High, Danger::RunsWorkloads),
        (vec![Rule::of(&["update"], &["kubevirt.io"], &["virtualmachines"])], Risk::High, Danger::RunsWorkloads),
        (vec![Rule::of(&["create"], &["tekton.dev"], &["taskruns"])], Risk::High, Danger::RunsWorkloads),
        (vec![Rule::of(&["get"], &[""], &["pods/exec"])], Risk::High, Danger::RunsCommands),
        (vec![Rule::of(&["create"], &[""], &["*/attach"])], Risk::High, Danger::RunsCommands),
        (vec![Rule::of(&["patch"], &[""], &["pods/ephemeralcontainers"])], Risk::High, Danger::RunsCommands),
        (vec![Rule::of(&["create"], &[""], &["pods/portforward"])], Risk::High, Danger::ReachesPods),
        (vec![Rule::of(&["create"], &[""], &["serviceaccounts/token"])], Risk::High, Danger::MintsTokens),
        (vec![Rule::of(&["create"], &[""], &["persistentvolumes"])], Risk::High, Danger::MakesVolumes),
        (vec![Rule::of(&["patch"], &[""], &["namespaces"])], Risk::High, Danger::ChangesNamespaces),
        (vec![Rule::of(&["create"], &[RBAC], &["rolebindings"])], Risk::High, Danger::HandsOn),
        (vec![Rule::of(&["escalate"], &[RBAC], &["roles"])], Risk::Critical, Danger::Escalates),
        (vec![named(Rule::of(&["bind"], &[RBAC], &["clusterroles"]), &["view"])], Risk::Critical, Danger::Binds),
        (vec![Rule::of(&["impersonate"], &[""], &["users"])], Risk::Critical, Danger::Impersonates),
        (
            vec![Rule::of(&["impersonate"], &["authentication.k8s.io"], &["userextras/scopes"])],
            Risk::Critical,
            Danger::Impersonates,
        ),
        (
            vec![Rule::of(&["impersonate:user-info"], &["authentication.k8s.io"], &["users"])],
            Risk::Critical,
            Danger::Impersonates,
        ),
        (vec![Rule::of(&["get"], &[""], &["nodes/proxy"])], Risk::Critical, Danger::ReachesKubelets),
        (
            vec![Rule::of(&["patch"], &["admissionregistration.k8s.io"], &["mutatingwebhookconfigurations"])],
            Risk::Critical,
            Danger::ChangesAdmission,
        ),
        (vec![Rule::of(&["get"], &[""], &["*"])], Risk::Critical, Danger::WildcardResources),
        (vec![Rule::of(&["*"], &[""], &["events"])], Risk::Critical, Danger::WildcardVerbs),
        (vec![paths(&["get"], &["*"])], Risk::Critical, Danger::WildcardPaths),
        (vec![Rule::of(&["*"], &["*"], &["*"])], Risk::Critical, Danger::DoesEverything),
    ] {
        let judged = assess(&rules);
        assert_eq!(judged.risk, risk, "{rules:?}");
        assert!(judged.reasons.iter().any(|r| r.danger == danger), "{rules:?}: {:?}", judged.reasons);
        assert_eq!(judged.reasons[0].risk, risk, "the gravest reason stands first");
    }
}

#[test]
fn certificates_are_signed_only_by_who_may_both_ask_and_approve() {
    let asks = Rule::of(&["create"], &["certificates.k8s.io"], &["certificatesigningrequests"]);
    let approves = Rule::of(&["update"], &["certificates.k8s.io"], &["certificatesigningrequests/approval"]);
    assert_eq!(assess(std::slice::from_ref(&asks)).risk, Risk::Elevated);
    assert_eq!(assess(&[asks, approves]).risk, Risk::Critical);
}

#[test]
fn kube_system_makes_little_rights_great() {
    let writes = [Rule::of(&["patch"], &[""], &["configmaps"])];
    let runs = [Rule::of(&["create"], &[""], &["pods"])];
    let kube_system = Reach::Namespaces(vec!["payments".to_owned(), "kube-system".to_owned()]);
    let payments = Reach::Namespaces(vec!["payments".to_owned()]);
    for reach in [&kube_system, &Reach::Cluster] {
        assert_eq!(assess_in(&writes, reach).reasons[0].danger, Danger::WritesAwsAuth);
        assert_eq!(assess_in(&runs, reach).reasons[0].danger, Danger::TakesOverKubeSystem);
    }
    assert_eq!(assess_in(&writes, &payments).risk, Risk::Elevated);
    assert_eq!(assess_in(&runs, &payments).risk, Risk::High);
    let other_name = [named(writes[0].clone(), &["settings"])];
    assert_eq!(assess_in(&other_name, &kube_system).risk, Risk::Elevated);
}

#[test]
fn reasons_are_sentences() {
    let say = |rules: &[Rule], reach: &Reach| assess_in(rules, reach).reasons[0].to_string();
    let one = Reach::Namespaces(vec!["a".to_owned()]);
    let secrets = Rule::of(&["get"], &[""], &["secrets"]);
    assert_eq!(say(std::slice::from_ref(&secrets), &one), "reads every secret in the namespace");
    assert_eq!(say(std::slice::from_ref(&secrets), &Reach::Cluster), "reads every secret in the whole cluster");
    let limited = named(secrets.clone(), &["tls", "db"]);
    assert_eq!(say(std::slice::from_ref(&limited), &one), "reads the secrets db and tls in the namespace");
    assert_eq!(say(&[limited, secrets], &one), "reads every secret in the namespace");
    let namespaces = [Rule::of(&["patch"], &[""], &["namespaces"])];
    assert_eq!(say(&namespaces, &one), "changes the namespace itself, and so which pods are allowed there");
    assert_eq!(say(&namespaces, &Reach::Cluster), "changes every namespace, and so which pods are allowed there");
    assert_eq!(say(&view(), &one), "only reads in the namespace, and sees no secret");
    let many = Rule::of(&["patch"], &["x.io"], &["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!(
        say(&[many], &one),
        "changes a.x.io, b.x.io, c.x.io, d.x.io, e.x.io and 2 other kinds of object in the namespace"
    );
}

#[test]
fn edit_is_told_from_view_by_its_reasons() {
    let dangers: Vec<Danger> = assess(&edit()).reasons.iter().map(|reason| reason.danger).collect();
    for danger in [Danger::Impersonates, Danger::ReadsSecrets, Danger::RunsWorkloads, Danger::RunsCommands] {
        assert!(dangers.contains(&danger), "{danger:?}");
    }
}

#[test]
fn a_name_limited_create_is_no_right_to_create() {
    let rules = [named(Rule::of(&["create"], &[""], &["pods"]), &["one"])];
    assert!(assess(&rules).reasons.iter().all(|reason| reason.danger != Danger::RunsWorkloads));
    let exec = [named(Rule::of(&["create"], &[""], &["pods/exec"]), &["one"])];
    assert_eq!(assess(&exec).reasons[0].to_string(), "runs commands in the pod one in the namespace");
}

#[test]
fn a_brief_capability_names_what_people_know_first() {
    let all = capabilities(&view());
    assert_eq!(all[0].brief(3), "read pods, pods/log, deployments.apps and 8 more");
    let few = capabilities(&[named(Rule::of(&["get"], &[""], &["events", "pods"]), &["x"])]);
    assert_eq!(few[0].brief(1), "get pods and events named x");
}

#[test]
fn impersonation_says_whom() {
    let rules = [Rule::of(&["impersonate"], &["", "authentication.k8s.io"], &["serviceaccounts", "userextras/scopes"])];
    assert_eq!(
        assess(&rules).reasons[0].to_string(),
        "acts as other service accounts and users' attributes in the namespace (impersonate)"
    );
    assert!(
        assess(&[Rule::of(&["*"], &["apps"], &["users"])]).reasons.iter().all(|r| r.danger != Danger::Impersonates)
    );
}

#[test]
fn capabilities_say_what_rules_do() {
    let say = |rules: &[Rule]| capabilities(rules).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        say(&[
            Rule::of(&["get", "list", "watch"], &[""], &["pods", "pods/log"]),
            Rule::of(&["watch", "get", "list"], &["apps"], &["deployments"]),
            Rule::of(&["create", "delete"], &[""], &["pods"]),
            named(Rule::of(&["get"], &[""], &["secrets"]), &["tls"]),
            paths(&["get"], &["/healthz"]),
        ]),
        ["read deployments.apps and pods/log", "get /healthz", "get secrets named tls", "read, create and delete pods",]
    );
    assert_eq!(say(&[Rule::of(&["*"], &["*"], &["*"])]), ["do anything with everything"]);
    assert_eq!(say(&[paths(&["get"], &["*"])]), ["get every path of the API server"]);
    assert_eq!(say(&[Rule::of(&["use", "patch"], &["x.io"], &["*"])]), ["change and use everything in x.io"]);
    assert_eq!(say(&[Rule::of(&[], &[""], &["pods"])]), Vec::<String>::new());
}

proptest! {
    #[test]
    fn more_rules_are_never_less_risk(rules in vec(any_rule(), 0..4), more in any_rule(), reach in any_reach()) {
        let before = assess_in(&rules, &reach);
        let after = assess_in(&[rules, vec![more]].concat(), &reach);
        prop_assert!(after.risk >= before.risk);
        prop_assert!(after.reasons.iter().all(|reason| reason.risk <= after.risk));
    }

    #[test]
    fn who_may_read_secrets_is_at_high_risk(rules in vec(any_rule(), 0..5)) {
        if can(&rules, &Attributes::of("get", "", "secrets").in_namespace("a").named("a")) {
            prop_assert!(assess(&rules).risk >= Risk::High);
        }
    }
}

#[test]
fn a_profile_that_writes_bindings_is_known_by_any_rule_that_lets_it() {
    let namespaced = Reach::Namespaces(vec!["payments".to_owned()]);
    for (verbs, group, resource, in_namespaces, on_the_cluster) in [
        ("create", RBAC, "rolebindings", true, true),
        ("patch", "*", "*", true, true),
        ("*", RBAC, "clusterrolebindings", false, true),
        ("delete", RBAC, "rolebindings", false, false),
        ("create", "apps", "rolebindings", false, false),
        ("create", RBAC, "roles", false, false),
    ] {
        let rules = [Rule::of(&["get"], &[""], &["pods"]), named(Rule::of(&[verbs], &[group], &[resource]), &["team"])];
        assert_eq!(writes_bindings(&rules, &namespaced), in_namespaces, "{verbs} {group} {resource}");
        assert_eq!(writes_bindings(&rules, &Reach::Cluster), on_the_cluster, "{verbs} {group} {resource}");
    }
}
