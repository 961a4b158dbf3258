use super::*;
use crate::{
    eks::rbac::{Attributes, can},
    testkit::{cluster_arn, iam_arn, policy_cluster, policy_file, profile},
};

fn file() -> PolicyFile {
    let logs = Rule::of(&["get"], &[""], &["pods/log"]);
    policy_file().with_clusters([policy_cluster("prod-eu")]).with_profiles([
        profile("edit").of_roles(["edit", "view"]),
        profile("view"),
        profile("logs").of_rules(vec![logs]),
    ])
}

fn rules(objects: &[Value], kind: &str) -> Vec<Rule> {
    let object = objects.iter().find(|object| object["kind"] == kind).unwrap();
    serde_json::from_value(object["rules"].clone()).unwrap()
}

#[test]
fn worker_binds_the_profiles_roles_by_name_and_no_others() {
    let rules = rules(&manifests(&file()), "ClusterRole");
    let bind = |name: &str| can(&rules, &Attributes::of("bind", RBAC, "clusterroles").named(name));
    assert!(bind("edit") && bind("view"));
    assert!(!bind("cluster-admin") && !bind("latchkey-worker"));
    assert!(!can(&rules, &Attributes::of("escalate", RBAC, "clusterroles").named("view")));
    assert!(!can(&rules, &Attributes::of("impersonate", "", "users")));
    assert!(!can(&rules, &Attributes::of("update", RBAC, "clusterroles")));
}

#[test]
fn worker_holds_the_rules_of_profiles_that_carry_their_own() {
    let with = rules(&manifests(&file()), "ClusterRole");
    let logs = Attributes::of("get", "", "pods/log").in_namespace("payments");
    assert!(can(&with, &logs));
    assert!(!can(&with, &Attributes::of("get", "", "secrets").in_namespace("payments")));
    let mut file = file();
    file.profiles.pop();
    assert!(!can(&rules(&manifests(&file), "ClusterRole"), &logs));
}

#[test]
fn worker_touches_two_config_maps_of_one_namespace() {
    let objects = manifests(&file());
    let role = objects.iter().find(|object| object["kind"] == "Role").unwrap();
    assert_eq!(role["metadata"]["namespace"], "kube-system");
    let within = rules(&objects, "Role");
    let patch = |name: &str| can(&within, &Attributes::of("patch", "", "configmaps").named(name));
    assert!(patch("aws-auth") && patch("latchkey"));
    assert!(!patch("coredns"));
    assert!(!can(&rules(&objects, "ClusterRole"), &Attributes::of("get", "", "configmaps").named("aws-auth")));
    let names: Vec<Value> = config_maps().iter().map(|map| map["metadata"]["name"].clone()).collect();
    assert_eq!(names, ["aws-auth", "latchkey"]);
}

#[test]
fn bindings_name_the_worker_as_a_user() {
    let objects = manifests(&file());
    for kind in ["ClusterRoleBinding", "RoleBinding"] {
        let binding = objects.iter().find(|object| object["kind"] == kind).unwrap();
        assert_eq!(binding["subjects"], json!([{ "apiGroup": RBAC, "kind": "User", "name": "latchkey-worker" }]));
        assert_eq!(binding["roleRef"]["kind"], kind.trim_end_matches("Binding"));
    }
}

#[test]
fn worker_is_mapped_without_path_and_without_groups() {
    let (key, lines) = own_mapping(&iam_arn("role/team/latchkey-worker").parse().unwrap());
    assert_eq!(key, "mapRoles");
    assert!(lines.contains(&iam_arn("role/latchkey-worker")), "{lines}");
    assert!(lines.contains("groups: []"), "{lines}");
    let (key, lines) = own_mapping(&iam_arn("user/team/worker").parse().unwrap());
    assert_eq!(key, "mapUsers");
    assert!(lines.contains("user/team/worker"), "{lines}");
}

#[test]
fn iam_policy_names_clusters_paths_and_of_other_users_only_who_they_are() {
    let policy: Value = serde_json::from_str(&worker_iam_policy(&file(), None)).unwrap();
    let resources: Vec<&str> = policy["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|statement| statement["Resource"].as_array().unwrap())
        .map(|resource| resource.as_str().unwrap())
        .collect();
    let entries = cluster_arn("prod-eu/*").replace(":cluster/", ":access-entry/");
    assert_eq!(
        resources,
        [
            &cluster_arn("prod-eu"),
            entries.as_str(),
            &cluster_arn("prod-eu"),
            entries.as_str(),
            entries.as_str(),
            &iam_arn("user/*"),
            &iam_arn("role/*"),
            "*",
            &iam_arn("user/latchkey/*"),
            &iam_arn("user/latchkey/*"),
            &iam_arn("role/latchkey/*"),
            &iam_arn("role/latchkey/*"),
        ]
    );
}

#[test]
fn permissions_boundary_limits_whose_policies_are_written() {
    let boundary = &iam_arn("policy/latchkey-boundary");
    let policy: Value = serde_json::from_str(&worker_iam_policy(&file(), Some(boundary))).unwrap();
    for statement in policy["Statement"].as_array().unwrap() {
        let writes = statement["Sid"] == "LatchkeyUserPolicies" || statement["Sid"] == "LatchkeyRolePolicies";
        assert_eq!(writes, statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"] == *boundary);
    }
}

#[test]
fn the_worker_makes_and_deletes_entries_of_its_own_and_changes_none() {
    let statements = iam_statements(&file(), None);
    let actions: Vec<&str> = statements.iter().flat_map(|statement| statement.actions.iter().copied()).collect();
    for never in ["eks:UpdateAccessEntry", "eks:AssociateAccessPolicy", "eks:UpdateClusterConfig", "eks:*"] {
        assert!(!actions.contains(&never), "{never}");
    }
    let policy: Value = serde_json::from_str(&iam_policy(&statements)).unwrap();
    let of = |policy: &Value, action: &str| -> Value {
        let statements = policy["Statement"].as_array().unwrap().iter();
        let mut own = statements.filter(|statement| statement["Action"].as_array().unwrap().contains(&json!(action)));
        own.next().unwrap()["Condition"].clone()
    };
    let make = json!({
        "StringEquals": { "eks:accessEntryType": "STANDARD" },
        "StringLike": {
            "eks:principalArn": [
                "arn:*:iam::*:user/*",
                "arn:*:iam::*:role/aws-reserved/sso.amazonaws.com/*",
                "arn:*:iam::111122223333:role/latchkey/*",
            ],
            "eks:username": "latchkey:*",
        },
        "Null": { "aws:RequestTag/latchkey/installation": "false", "eks:kubernetesGroups": "true" },
    });
    assert_eq!(of(&policy, "eks:CreateAccessEntry"), make);
    assert_eq!(of(&policy, "eks:DeleteAccessEntry"), json!({ "StringLike": { "eks:username": "latchkey:*" } }));
    let plain: Value = serde_json::from_str(&iam_policy(&documented(statements))).unwrap();
    assert_eq!(of(&plain, "eks:CreateAccessEntry")["Null"], json!({ "aws:RequestTag/latchkey/installation": "false" }));
}
