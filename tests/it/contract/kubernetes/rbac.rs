//! Roles and bindings as objects: what may be stored, and by whom.

use super::client::{Cluster, RBAC, refused, unique};
use serde_json::{Value, json};

pub async fn role_of_a_binding_cannot_be_changed(cluster: Cluster) {
    let path = cluster.rbac("rolebindings/b");
    cluster.post(&cluster.rbac("rolebindings"), &cluster.binding("b", "view", "ann")).await.unwrap();
    let answer = refused(cluster.put(&path, &cluster.binding("b", "edit", "ann")).await);
    assert_eq!((answer.code, answer.reason.as_str()), (422, "Invalid"));
    assert!(
        answer.message.starts_with("RoleBinding.rbac.authorization.k8s.io \"b\" is invalid: roleRef: Invalid value: ")
    );
    assert!(answer.message.ends_with(": cannot change roleRef"), "{}", answer.message);
    assert_eq!(answer.status["details"]["causes"][0]["field"], "roleRef");
    let other = cluster.put(&path, &cluster.binding("b", "view", "bob")).await.unwrap();
    assert_eq!(other["subjects"][0]["name"], "bob");
}

pub async fn roles_and_bindings_are_checked_before_they_are_stored(cluster: Cluster) {
    let good = cluster.binding("b", "view", "ann");
    let with = |pointer: &str, value: Value| {
        let mut binding = good.clone();
        *binding.pointer_mut(pointer).unwrap() = value;
        binding
    };
    for bad in [
        with("/roleRef/kind", json!("Group")),
        with("/roleRef/name", json!("")),
        with("/roleRef/apiGroup", json!("example.com")),
        with("/subjects/0/kind", json!("Person")),
        with("/subjects/0/name", json!("")),
        with("/subjects/0/apiGroup", json!("example.com")),
    ] {
        let answer = refused(cluster.post(&cluster.rbac("rolebindings"), &bad).await);
        assert_eq!((answer.code, answer.reason.as_str()), (422, "Invalid"), "{bad}");
    }
    for rule in [
        json!({ "apiGroups": [""], "resources": ["pods"] }),
        json!({ "apiGroups": [], "resources": ["pods"], "verbs": ["get"] }),
        json!({ "apiGroups": [""], "verbs": ["get"] }),
        json!({ "nonResourceURLs": ["/metrics"], "verbs": ["get"] }),
    ] {
        let role = json!({ "metadata": { "name": "r" }, "rules": [rule] });
        assert_eq!(refused(cluster.post(&cluster.rbac("roles"), &role).await).code, 422, "{rule}");
    }
    let defaulted = json!({
        "metadata": { "name": "b" }, "roleRef": { "kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io" },
        "subjects": [{ "kind": "User", "name": "ann" }],
    });
    let made = cluster.post(&cluster.rbac("rolebindings"), &defaulted).await.unwrap();
    assert_eq!(made["subjects"][0]["apiGroup"], "rbac.authorization.k8s.io");
}

pub async fn names_are_path_segments(cluster: Cluster) {
    let good = cluster.binding("latchkey:Some_Grant@x", "view", "ann");
    cluster.post(&cluster.rbac("rolebindings"), &good).await.unwrap();
    for name in ["a%b", "a/b", ".."] {
        let answer = refused(cluster.post(&cluster.rbac("rolebindings"), &cluster.binding(name, "view", "ann")).await);
        assert_eq!(answer.code, 422, "{name}");
    }
    let upper = json!({ "metadata": { "name": "Upper" } });
    assert_eq!(refused(cluster.post(&cluster.core("configmaps"), &upper).await).code, 422);
}

pub async fn labels_are_short_and_annotations_are_not(cluster: Cluster) {
    let path = cluster.core("configmaps");
    let long = "a".repeat(64);
    let arn = &latchkey_testkit::iam_arn("user/ann");
    for label in [long.as_str(), arn] {
        let object = json!({ "metadata": { "name": "x", "labels": { "latchkey/principal": label } } });
        assert_eq!(refused(cluster.post(&path, &object).await).code, 422, "{label}");
    }
    let object = json!({ "metadata": {
        "name": "x", "labels": { "latchkey/principal": "a".repeat(63) }, "annotations": { "latchkey/principal": arn },
    } });
    cluster.post(&path, &object).await.unwrap();
}

pub async fn config_map_is_limited_to_a_mebibyte(cluster: Cluster) {
    let path = cluster.core("configmaps");
    let object = |size: usize| json!({ "metadata": { "name": "big" }, "data": { "x": "a".repeat(size) } });
    let answer = refused(cluster.post(&path, &object((1 << 20) + 1)).await);
    assert_eq!((answer.code, answer.reason.as_str()), (422, "Invalid"));
    cluster.post(&path, &object(1 << 20)).await.unwrap();
}

fn allows(role: &Value, group: &str, resource: &str, verb: &str) -> bool {
    let has = |list: &Value, item: &str| list.as_array().is_some_and(|l| l.contains(&json!(item)));
    let rules = role["rules"].as_array().unwrap();
    rules.iter().any(|r| has(&r["apiGroups"], group) && has(&r["resources"], resource) && has(&r["verbs"], verb))
}

pub async fn built_in_roles_are_what_they_are_known_for(cluster: Cluster) {
    let role = async |name: &str| cluster.get(&format!("{RBAC}/clusterroles/{name}")).await.unwrap();
    let (view, edit, admin) = (role("view").await, role("edit").await, role("admin").await);
    assert!(allows(&view, "", "pods", "list") && allows(&view, "", "pods/log", "get"));
    assert!(!allows(&view, "", "secrets", "get") && !allows(&view, "rbac.authorization.k8s.io", "roles", "get"));
    assert!(allows(&edit, "", "secrets", "list") && allows(&edit, "", "pods", "create"));
    assert!(allows(&edit, "", "pods", "list"), "edit holds view");
    assert!(!allows(&edit, "rbac.authorization.k8s.io", "rolebindings", "create"));
    assert!(allows(&admin, "rbac.authorization.k8s.io", "rolebindings", "create"));
    assert!(allows(&admin, "", "serviceaccounts", "impersonate"), "admin holds edit");
    assert_eq!([&view, &edit, &admin].map(|r| r["rules"].as_array().unwrap().len()), [12, 27, 29]);
    let all = role("cluster-admin").await;
    assert!(allows(&all, "*", "*", "*"));
}

pub async fn aggregated_role_follows_its_parts(cluster: Cluster) {
    let (whole, part) = (format!("whole-{}", unique()), format!("part-{}", unique()));
    let path = format!("{RBAC}/clusterroles");
    let label = format!("example.com/{whole}");
    let rule = json!({ "apiGroups": [""], "resources": ["pods"], "verbs": ["get"] });
    let aggregate = json!({
        "metadata": { "name": whole }, "rules": [],
        "aggregationRule": { "clusterRoleSelectors": [{ "matchLabels": { label.as_str(): "true" } }] },
    });
    cluster.post(&path, &aggregate).await.unwrap();
    let object = json!({ "metadata": { "name": part, "labels": { label.as_str(): "true" } }, "rules": [rule] });
    cluster.post(&path, &object).await.unwrap();
    let read = async || cluster.get(&format!("{path}/{whole}")).await;
    cluster.until(read, |a| a.as_ref().is_ok_and(|r| r["rules"] == json!([rule]))).await.unwrap();
    for name in [whole, part] {
        cluster.delete(&format!("{path}/{name}")).await.unwrap();
    }
}

fn manage() -> Value {
    json!([
        { "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"],
          "verbs": ["get", "create", "update", "patch", "delete"] },
        { "apiGroups": [""], "resources": ["pods"], "verbs": ["get"] },
    ])
}

/// A user who may write roles and bindings in the namespace, once the server knows it.
async fn manager(cluster: &Cluster) -> Cluster {
    let name = format!("manager-{}", unique());
    cluster.allow(&name, manage()).await;
    let who = cluster.by(&name, &[]);
    who.until(async || who.get(&who.rbac("roles/none")).await, |a| a.as_ref().is_err_and(|e| e.code == 404)).await.ok();
    who
}

pub async fn nobody_grants_what_they_do_not_hold(cluster: Cluster) {
    let who = manager(&cluster).await;
    let answer = refused(who.post(&who.rbac("rolebindings"), &who.binding("b", "view", "ann")).await);
    assert_eq!((answer.code, answer.reason.as_str()), (403, "Forbidden"));
    let start = "rolebindings.rbac.authorization.k8s.io \"b\" is forbidden: user \"manager-";
    assert!(answer.message.starts_with(start), "{}", answer.message);
    for part in [
        "\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:",
        "{APIGroups:[\"\"], Resources:[\"configmaps\"], Verbs:[\"get\" \"list\" \"watch\"]}\n",
        "{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\" \"watch\"]}\n",
    ] {
        assert!(answer.message.contains(part), "{part} in {}", answer.message);
    }
    let absent = refused(who.post(&who.rbac("rolebindings"), &who.binding("b", "no-such-role", "ann")).await);
    assert_eq!((absent.code, absent.reason.as_str()), (404, "NotFound"), "{absent:?}");
    let master = cluster.post(&cluster.rbac("rolebindings"), &who.binding("b", "no-such-role", "ann")).await;
    master.expect("an administrator may bind what is not there yet");
    let emptied = json!({ "subjects": [] });
    assert_eq!(refused(who.merge(&who.rbac("rolebindings/b"), &emptied).await).code, 404);
}

pub async fn right_to_bind_one_role_is_no_right_to_bind_another(cluster: Cluster) {
    let who = manager(&cluster).await;
    let bind = json!([{
        "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": ["bind"],
        "resourceNames": ["view"],
    }]);
    cluster.allow(who.user(), bind).await;
    let bind_view = async || who.post(&who.rbac("rolebindings"), &who.binding("b", "view", "ann")).await;
    who.until(bind_view, Result::is_ok).await.unwrap();
    assert_eq!(refused(who.post(&who.rbac("rolebindings"), &who.binding("c", "edit", "ann")).await).code, 403);
}

pub async fn nobody_makes_a_role_of_what_they_do_not_hold(cluster: Cluster) {
    let who = manager(&cluster).await;
    let role = |verb: &str| {
        let rule = json!({ "apiGroups": [""], "resources": ["pods"], "verbs": [verb] });
        json!({ "metadata": { "name": "r" }, "rules": [rule] })
    };
    let answer = refused(who.post(&who.rbac("roles"), &role("delete")).await);
    assert_eq!(answer.code, 403);
    assert!(answer.message.contains("{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}"), "{answer:?}");
    who.post(&who.rbac("roles"), &role("get")).await.unwrap();
    assert_eq!(refused(who.put(&who.rbac("roles/r"), &role("*")).await).code, 403);
}
