use super::*;
use crate::config::FaultSeverity;
use latchkey_domain::access::{
    policy::{ClusterSelector, Decision},
    profile::{RulesSource, Scope},
};

/// The design's example.
const EXAMPLE: &str = r#"
[roles]
operators = { groups = ["platform"] }
auditors  = { groups = ["audit"] }

[[accounts]]
id = "111122223333"
principal_paths = ["/latchkey/"]
[[clusters]]
name = "prod-eu"
arn = "arn:aws:eks:eu-west-1:111122223333:cluster/prod-eu"
labels = { stage = "prod", team = "payments" }

[[profiles]]
name = "view"
cluster_roles = ["view"]
scope = "namespace"
console = false

[[policies]]
name = "payments may look"
requesters = { groups = ["developers"] }
profiles = ["view"]
clusters = { labels = { stage = "prod" } }
namespaces = ["payments", "payments-*"]
longest = "8h"
approvers = { groups = ["payments-leads"], quorum = 1 }
lapses_after = "24h"
"#;

/// Faults as `LINE:COLUMN message (hint)`.
fn told(text: &str) -> Vec<String> {
    check("policy.toml", text)
        .faults
        .iter()
        .map(|fault| fault.to_string().replacen("policy.toml:", "", 1).replacen(": error:", "", 1))
        .collect()
}

/// The example with a line replaced; faults of it.
fn told_with(from: &str, to: &str) -> Vec<String> {
    assert!(EXAMPLE.contains(from), "{from}");
    told(&EXAMPLE.replacen(from, to, 1))
}

#[test]
fn example_of_the_design_is_read_whole() {
    let CheckedPolicy { policy, faults } = check("policy.toml", EXAMPLE);
    assert_eq!(faults, []);
    let file = policy.unwrap();
    assert!(file.roles[&Role::Operator].groups.contains("platform"));
    assert_eq!(file.accounts[0].principal_paths, ["/latchkey/"]);
    assert_eq!(file.clusters[0].labels["team"], "payments");
    assert_eq!(file.profiles[0].source, RulesSource::ClusterRoles(vec!["view".to_owned()]));
    assert_eq!(file.profiles[0].scope, Scope::Namespace);
    let policy = &file.policies[0];
    assert_eq!((policy.longest_minutes, policy.lapses_after_minutes), (480, 1_440));
    assert!(matches!(&policy.clusters, ClusterSelector::Labels(labels) if labels["stage"] == "prod"));
    assert!(matches!(&policy.decision, Decision::Ask { quorum, .. } if quorum.get() == 1));
}

#[test]
fn a_profile_that_nobody_can_ask_for_is_a_fault_and_no_reason_not_to_read_what_rules() {
    let naming = |number: usize| {
        let names: Vec<String> = (0..number).map(|number| format!("\"role-{number}\"")).collect();
        EXAMPLE.replacen("[\"view\"]", &format!("[{}]", names.join(", ")), 1)
    };
    assert_eq!(told(&naming(12)), Vec::<String>::new());
    let wanted = "16:17 a profile names 12 ClusterRoles at most, and this one 13 (it cannot be asked for: make two \
                  profiles of it, or rules of its own)";
    assert_eq!(told(&naming(13)), [wanted]);
    assert!(parse(&naming(13)).is_ok());
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let text = EXAMPLE
        .replace("111122223333\"\nprincipal", "11112222\"\nprincipal")
        .replace("scope = \"namespace\"", "scope = \"galaxy\"")
        .replace("longest = \"8h\"", "longest = \"8\"")
        .replace("requesters =", "requestors =")
        .replace("quorum = 1", "quorum = 0");
    let told = told(&text);
    let expected = [
        "7:6 \"11112222\" is not an AWS account id: it must be exactly 12 digits, such as 111122223333",
        "17:9 `scope` is \"namespace\" or \"cluster\", not \"galaxy\"",
        "20:1 policy \"payments may look\" needs `requesters`",
        "22:1 policy \"payments may look\" has no `requestors` (did you mean `requesters`?)",
        "26:11 `8` is not a duration: write a number and s, m, h or d, such as \"30m\", \"8h\" or \"1d\"",
        "27:53 `quorum` must be a whole number from 1 to 20",
    ];
    for line in expected {
        assert!(told.iter().any(|fault| fault == line), "{line}\nis not among\n{}", told.join("\n"));
    }
}

#[test]
fn unknown_references_name_the_nearest() {
    let told = told_with("profiles = [\"view\"]", "profiles = [\"veiw\", \"view\"]");
    assert_eq!(told, ["23:13 there is no profile `veiw` (did you mean `view`?)"]);
    let told = told_with("{ labels = { stage = \"prod\" } }", "{ names = [\"prod-us\"] }");
    assert_eq!(told, ["24:23 there is no cluster `prod-us` (did you mean `prod-eu`?)"]);
}

#[test]
fn duplicate_names_are_refused() {
    let again = format!("{EXAMPLE}\n[[profiles]]\nname = \"view\"\ncluster_roles = [\"edit\"]\n");
    assert!(told(&again).iter().any(|fault| fault.contains("there is a profile of the name `view` already")));
    let again = format!("{EXAMPLE}\n[[accounts]]\nid = \"111122223333\"\nprincipal_paths = []\n");
    assert!(told(&again).iter().any(|fault| fault.contains("there is an account of the id `111122223333` already")));
}

#[test]
fn values_out_of_range_are_refused() {
    for (from, to, expected) in [
        ("arn:aws:eks", "arn:aws:ecs", "is not the ARN of an EKS cluster"),
        ("\"payments-*\"]", "\"Payments\"]", "matches no namespace"),
        ("[\"payments\", \"payments-*\"]", "[]", "`namespaces` names none"),
        ("longest = \"8h\"", "longest = \"90d\"", "`longest` must be from 5m to 30d"),
        ("{ groups = [\"developers\"] }", "{ groups = [] }", "`requesters` names no person or group"),
        ("{ groups = [\"developers\"] }", "{}", "`requesters` names no person or group"),
        ("{ groups = [\"developers\"] }", "{ people = [\"Dana\"] }", "`Dana` is not a handle"),
        ("{ groups = [\"developers\"] }", "{ groups = [\"*\"] }", "`*` is the name of one group, letter for letter"),
        ("{ groups = [\"developers\"] }", "{ groups = [\"dev-*\"] }", "a `*` stands for no others"),
        (
            "{ groups = [\"payments-leads\"], quorum = 1 }",
            "{ people = [\"lee\"], quorum = 2 }",
            "2 approvals are wanted",
        ),
        ("[\"/latchkey/\"]", "[\"latchkey\"]", "is not a path of IAM"),
        ("[\"/latchkey/\"]\n", "[]\n", ""),
        ("cluster_roles = [\"view\"]", "cluster_roles = [\"latchkey:view\"]", "are Latchkey's"),
        ("cluster_roles = [\"view\"]", "", "needs `cluster_roles` or `rules`"),
        ("name = \"prod-eu\"", "name = \"Prod EU\"", "is not a cluster name"),
        ("profiles = [\"view\"]", "profiles = \"view\"", "must be a list of strings"),
        ("console = false", "console = \"no\"", "`console` must be true or false"),
        ("approvers = {", "automatic = true\napprovers = {", "has no approvers"),
        ("[roles]", "[rules]", "did you mean `roles`?"),
    ] {
        let told = told_with(from, to);
        assert!(expected.is_empty() || told.iter().any(|f| f.contains(expected)), "{to}: {told:?}");
    }
}

#[test]
fn console_profile_needs_paths_that_the_worker_may_write_to() {
    let text = EXAMPLE.replace("console = false", "console = true");
    assert!(check("policy.toml", &text).policy.is_some());
    let text = text.replace("[\"/latchkey/\"]", "[]");
    assert!(told(&text).iter().any(|fault| fault.contains("console access needs IAM statements")));
}

#[test]
fn own_rules_are_read_and_checked_as_the_api_server_would() {
    let rules = |rules: &str| EXAMPLE.replace("cluster_roles = [\"view\"]", &format!("rules = [{rules}]"));
    let file = parse(&rules(r#"{ api_groups = [""], resources = ["pods/log"], verbs = ["get"] }"#)).unwrap();
    assert!(matches!(&file.profiles[0].source, RulesSource::Rules(rules) if rules[0].resources == ["pods/log"]));
    for (rule, expected) in [
        (r#"{ api_groups = [""], resources = ["pods"] }"#, "needs `verbs`"),
        (r#"{ verbs = ["get"] }"#, "needs `resources`"),
        (r#"{ resources = ["pods"], verbs = ["get"] }"#, "needs `api_groups`"),
        (r#"{ non_resource_urls = ["/healthz"], verbs = ["get"] }"#, "allow nothing in a namespace"),
        (r#"{ api_groups = [""], resources = ["pods"], verb = ["get"] }"#, "did you mean `verbs`?"),
        ("", "are empty"),
    ] {
        let told = told(&rules(rule));
        assert!(told.iter().any(|fault| fault.contains(expected)), "{rule}: {told:?}");
    }
}

#[test]
fn rights_that_never_work_are_warnings_with_the_reason() {
    let rules = |rules: &str| EXAMPLE.replace("cluster_roles = [\"view\"]", &format!("rules = [{{ {rules} }}]"));
    for (rule, expected) in [
        (r#"api_groups = [""], resources = ["configmaps"], resource_names = ["a"], verbs = ["create"]"#, "no name"),
        (r#"api_groups = [""], resources = ["pods"], resource_names = ["a"], verbs = ["deletecollection"]"#, "no name"),
        (
            r#"api_groups = [""], resources = ["nodes"], verbs = ["get"]"#,
            "this never works: get nodes (it belongs to no",
        ),
        (r#"api_groups = ["core"], resources = ["pods"], verbs = ["get"]"#, "the core group, \"\" is meant"),
        (r#"api_groups = ["v1"], resources = ["pods"], verbs = ["get"]"#, "the core group, \"\" is meant"),
        (r#"api_groups = ["apps/v1"], resources = ["deployments"], verbs = ["get"]"#, "`apps` is meant"),
        (r#"api_groups = ["apps"], resources = ["Deployment"], verbs = ["get"]"#, "by their plural"),
        (r#"api_groups = [""], resources = ["pods"], verbs = ["GET"]"#, "`get` is meant"),
        (r#"api_groups = [""], resources = ["deployments"], verbs = ["get"]"#, "another API group: `apps`"),
        (r#"api_groups = ["apps"], resources = ["deploys"], verbs = ["get"]"#, "this may never work"),
        (r#"api_groups = ["", "core"], resources = ["pods"], verbs = ["get"]"#, "`core` does nothing"),
        (r#"api_groups = [""], resources = ["pods"], resource_names = ["a"], verbs = ["list"]"#, "--field-selector"),
    ] {
        let CheckedPolicy { policy, faults } = check("policy.toml", &rules(rule));
        assert!(policy.is_some(), "{rule}: a warning");
        assert!(faults.len() == 1 && faults[0].message.contains(expected), "{rule}: {faults:?}");
    }
    for rule in [
        r#"api_groups = ["", "apps"], resources = ["pods", "deployments"], verbs = ["get", "list"]"#,
        r#"api_groups = ["argoproj.io"], resources = ["rollouts"], verbs = ["get"]"#,
        r#"api_groups = ["*"], resources = ["*"], verbs = ["*"]"#,
        r#"api_groups = [""], resources = ["pods/exec"], resource_names = ["a"], verbs = ["create"]"#,
    ] {
        assert_eq!(check("policy.toml", &rules(rule)).faults, [], "{rule}");
    }
}

#[test]
fn policy_that_never_rules_is_a_warning() {
    let second = EXAMPLE[EXAMPLE.find("[[policies]]").unwrap()..].replace("may look", "may look again");
    let text = format!("{EXAMPLE}\n{}", second.replace("[\"payments\", \"payments-*\"]", "[\"payments-eu-*\"]"));
    let CheckedPolicy { policy, faults } = check("policy.toml", &text);
    assert!(policy.is_some());
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].severity, faults[0].line), (FaultSeverity::Warning, 31));
    assert!(faults[0].message.contains("never rules"));
    let wider = format!("{EXAMPLE}\n{}", second.replace("[\"payments\", \"payments-*\"]", "[\"*\"]"));
    assert_eq!(check("policy.toml", &wider).faults, []);
}

/// The example, followed by a copy of its policy with these replacements.
fn with_second(replacements: &[(&str, &str)]) -> Vec<String> {
    let mut second = EXAMPLE[EXAMPLE.find("[[policies]]").unwrap()..].replace("may look", "may look again");
    for (from, to) in replacements {
        assert!(second.contains(from), "{from}");
        second = second.replacen(from, to, 1);
    }
    let text = format!("{}\n{second}", EXAMPLE.replace("quorum = 1", "quorum = 2"));
    assert!(check("policy.toml", &text).policy.is_some(), "{:?}", told(&text));
    told(&text)
}

const ELSEWHERE: (&str, &str) = ("[\"payments\", \"payments-*\"]", "[\"*\"]");
const AS_STRICT: (&str, &str) = ("quorum = 1", "quorum = 2");

#[test]
fn a_laxer_policy_behind_a_stricter_one_is_a_warning() {
    let told = with_second(&[
        ELSEWHERE,
        ("approvers = { groups = [\"payments-leads\"], quorum = 1 }", "automatic = true"),
        ("longest = \"8h\"", "longest = \"1d\""),
    ]);
    assert_eq!(
        told,
        ["31:8: warning: \"payments may look\" before it is stricter, and rules where both match: by this one no \
          approver has to decide, and 24 h may be asked for instead of 8 h (move it up if it was meant to rule there)"]
    );
    for (replacement, expected) in [
        (("groups = [\"payments-leads\"]", "groups = [\"payments-leads\"]"), "1 of 2 approvals suffice"),
        (("[\"payments-leads\"], quorum = 1", "[\"payments-leads\", \"sre\"], quorum = 2"), "more people may decide"),
        (("longest = \"8h\"", "longest = \"9h\""), "9 h may be asked for instead of 8 h"),
        (("requesters = { groups = [\"developers\"] }", "requesters = { people = [\"dana\"] }"), "1 of 2"),
    ] {
        let told = with_second(&[ELSEWHERE, replacement]);
        assert!(told.len() == 1 && told[0].contains(expected), "{replacement:?}: {told:?}");
    }
}

#[test]
fn rights_to_edit_aws_auth_that_nobody_decides_on_are_a_warning() {
    let automatic = |profile: &str, namespaces: &str| {
        let text = EXAMPLE
            .replace("approvers = { groups = [\"payments-leads\"], quorum = 1 }", "automatic = true")
            .replace("lapses_after = \"24h\"", "")
            .replace("[\"payments\", \"payments-*\"]", namespaces)
            .replace("cluster_roles = [\"view\"]", profile);
        told(&text).into_iter().filter(|fault| fault.contains("aws-auth")).collect::<Vec<_>>()
    };
    let edits = "cluster_roles = [\"view\", \"edit\"]";
    let found = automatic(edits, "[\"*\"]");
    assert!(found.len() == 1 && found[0].contains("`view` in kube-system may edit aws-auth"), "{found:?}");
    assert_eq!(automatic(edits, "[\"kube-*\"]").len(), 1);
    let own = "rules = [{ api_groups = [\"\"], resources = [\"configmaps\"], verbs = [\"patch\"] }]";
    assert_eq!(automatic(own, "[\"*\"]").len(), 1);
    let named = "rules = [{ api_groups = [\"\"], resources = [\"configmaps\"], resource_names = [\"mine\"], verbs = [\"patch\"] }]";
    for (profile, namespaces) in
        [(edits, "[\"payments\"]"), ("cluster_roles = [\"view\"]", "[\"*\"]"), (named, "[\"*\"]")]
    {
        assert_eq!(automatic(profile, namespaces), Vec::<String>::new(), "{profile} {namespaces}");
    }
    // If an earlier policy has deciders for it, nothing is granted automatically.
    let decided =
        told(&EXAMPLE.replace("[\"payments\", \"payments-*\"]", "[\"*\"]").replace("[\"view\"]", "[\"edit\"]"));
    assert!(!decided.iter().any(|fault| fault.contains("aws-auth")), "{decided:?}");
}

#[test]
fn what_is_as_strict_or_never_meets_is_no_warning() {
    let cluster = "[[clusters]]\nname = \"lab\"\narn = \"arn:aws:eks:eu-west-1:111122223333:cluster/lab\"\n";
    assert_eq!(with_second(&[ELSEWHERE, AS_STRICT]), [""; 0]);
    assert_eq!(with_second(&[ELSEWHERE, AS_STRICT, ("longest = \"8h\"", "longest = \"2h\"")]), [""; 0]);
    assert_eq!(
        with_second(&[("[\"payments\", \"payments-*\"]", "[\"pay\", \"*-payments\", \"payments?\"]")])[..],
        [
            "31:8: warning: \"payments may look\" before it is stricter, and rules where both match: by this one 1 of 2 approvals \
         suffice (move it up if it was meant to rule there)"
        ],
        "payments-payments and payments-x match both"
    );
    assert_eq!(
        with_second(&[("[\"payments\", \"payments-*\"]", "[\"pay\", \"search-*\", \"payment?\", \"web\"]")]).len(),
        1
    );
    assert_eq!(with_second(&[("[\"payments\", \"payments-*\"]", "[\"pay\", \"search-*\", \"payment-?\"]")]), [""; 0]);
    let labels = "{ labels = { stage = \"prod\" } }";
    let text = format!(
        "{}\n{cluster}\n{}",
        EXAMPLE.replace("quorum = 1", "quorum = 2"),
        EXAMPLE[EXAMPLE.find("[[policies]]").unwrap()..]
            .replace("may look", "may look again")
            .replace(labels, "{ names = [\"lab\"] }")
    );
    assert_eq!(told(&text), [""; 0], "no cluster is selected by both");
    let people = |text: &str, who: &str| {
        text.replacen(
            "requesters = { groups = [\"developers\"] }",
            &format!("requesters = {{ people = [\"{who}\"] }}"),
            1,
        )
    };
    let second = EXAMPLE[EXAMPLE.find("[[policies]]").unwrap()..].replace("may look", "may look again");
    let first = EXAMPLE.replace("quorum = 1", "quorum = 2");
    assert_eq!(told(&format!("{}\n{}", people(&first, "dana"), people(&second, "lee"))), [""; 0]);
    let same = second.replace("[\"payments\", \"payments-*\"]", "[\"*\"]");
    assert_eq!(told(&format!("{}\n{}", people(&first, "dana"), people(&same, "dana"))).len(), 1);
}

#[test]
fn a_profile_of_cluster_scope_beside_namespaces_is_a_warning() {
    let nodes = "[[profiles]]\nname = \"nodes\"\nscope = \"cluster\"\ncluster_roles = [\"nodes\"]\n\n[[policies]]";
    let text =
        EXAMPLE.replace("[[policies]]", nodes).replace("profiles = [\"view\"]", "profiles = [\"view\", \"nodes\"]");
    assert_eq!(
        told(&text),
        [
            "30:14: warning: `nodes` reaches the whole cluster, whatever `namespaces` says (give it a policy of its own, \
          without `namespaces`)"
        ]
    );
    assert_eq!(told(&text.replace("[\"payments\", \"payments-*\"]", "[\"*\"]")), [""; 0]);
}

#[test]
fn faults_of_syntax_are_all_told_and_hide_no_others() {
    let text = EXAMPLE.replace("id = \"111122223333\"", "id = ").replace("longest = \"8h\"", "longest = \"8\"");
    let told = told(&text);
    assert!(told.iter().any(|fault| fault.starts_with("7:")), "{told:?}");
    assert!(told.iter().any(|fault| fault.starts_with("26:11")), "{told:?}");
    assert!(!told.iter().any(|fault| fault.contains("needs `id`")), "{told:?}");
}

#[test]
fn any_text_is_refused_without_a_panic() {
    for text in
        ["", "\u{feff}", "[[policies]]", "policies = 1", "[policies]\n", "roles = []", "a.b.c = [[[", "\0", "🦀"]
    {
        check("policy.toml", text);
    }
    let mut cut = EXAMPLE.to_owned();
    while let Some(last) = cut.pop() {
        if last.is_ascii() {
            check("policy.toml", &cut);
        }
    }
}

#[test]
fn hash_is_the_sha_256_of_the_text() {
    assert_eq!(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn what_tests_write_as_a_policy_reads_as_the_value_that_they_made() {
    use latchkey_domain::{access::person::Audience, eks::rbac::Rule};
    use latchkey_testkit::{self as testkit, group, policy_cluster, policy_file, policy_toml, profile};
    let nodes = Rule::of(&["get", "list"], &[""], &["nodes", "pods/log"]);
    let people = Audience::default().of_groups(["a \"b\" c", "d"]).of_people(["ana"]);
    let file = policy_file()
        .with_role(Role::Operator, people.clone())
        .with_role(Role::Auditor, group("audit"))
        .with_clusters([policy_cluster("prod-eu").of_stage("prod"), policy_cluster("lab")])
        .with_profiles([profile("view"), profile("nodes").of_rules(vec![nodes]).of_cluster()])
        .with_policies([
            testkit::policy("look").on_stage("prod").in_(["pay-*", "?"]).at_most(90).decided_by(2, people),
            testkit::policy("nodes").of(["nodes"]).on(["lab"]).in_([]).automatic(),
        ]);
    assert_eq!(parse(&policy_toml(&file)).unwrap(), file);
    parse(latchkey_testkit::POLICY).expect("the town's policy is valid");
}
