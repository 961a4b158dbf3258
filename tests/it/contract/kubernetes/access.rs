//! Who may do what, and how the server says so.

use super::client::{Cluster, RBAC, refused, unique};
use serde_json::{Value, json};

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

pub async fn unbound_user_is_forbidden_in_words(cluster: Cluster) {
    let ann = cluster.by("ann", &["devs"]);
    let answer = refused(ann.get(&ann.core("pods")).await);
    assert_eq!((answer.code, answer.reason.as_str()), (403, "Forbidden"));
    let namespace = &cluster.namespace;
    assert_eq!(
        answer.message,
        format!(
            "pods is forbidden: User \"ann\" cannot list resource \"pods\" in API group \"\" in the namespace \"{namespace}\""
        )
    );
    let answer = refused(ann.get(&format!("{RBAC}/clusterroles/view")).await);
    assert_eq!(
        answer.message,
        "clusterroles.rbac.authorization.k8s.io \"view\" is forbidden: User \"ann\" cannot get resource \
         \"clusterroles\" in API group \"rbac.authorization.k8s.io\" at the cluster scope"
    );
    assert_eq!(refused(ann.get("/metrics").await).message, "forbidden: User \"ann\" cannot get path \"/metrics\"");
}

pub async fn binding_of_view_lets_see_pods_and_no_secrets(cluster: Cluster) {
    let user = format!("latchkey:ann:{}", unique());
    cluster.post(&cluster.rbac("rolebindings"), &cluster.binding("ours", "view", &user)).await.unwrap();
    let status = cluster.reviewed(&user, "list", "pods", true).await;
    let reason = format!(
        "RBAC: allowed by RoleBinding \"ours/{}\" of ClusterRole \"view\" to User \"{user}\"",
        cluster.namespace
    );
    assert_eq!(status["reason"], json!(reason));
    let status = cluster.review(&user, &json!({ "verb": "list", "resource": "secrets" })).await;
    assert_eq!((&status["allowed"], status["reason"].as_str().unwrap_or_default()), (&json!(false), ""));
    let body = json!({ "spec": {
        "user": user, "resourceAttributes": { "verb": "list", "resource": "pods", "namespace": "kube-system" },
    } });
    assert_eq!(cluster.post(REVIEWS, &body).await.unwrap()["status"]["allowed"], json!(false));

    let ann = cluster.by(&user, &[]);
    let list = ann.until(async || ann.get(&ann.core("pods")).await, Result::is_ok).await.unwrap();
    assert_eq!(list["kind"], "PodList");
    assert_eq!(refused(ann.get(&ann.core("secrets")).await).code, 403);
    assert_eq!(refused(ann.get("/api/v1/namespaces/kube-system/pods").await).code, 403);
    cluster.delete(&cluster.rbac("rolebindings/ours")).await.unwrap();
    cluster.reviewed(&user, "list", "pods", false).await;
    ann.until(async || ann.get(&ann.core("pods")).await, Result::is_err).await.unwrap_err();
}

pub async fn review_takes_its_groups_literally(cluster: Cluster) {
    let review = async |groups: &[&str]| {
        let what = json!({ "verb": "create", "group": "authorization.k8s.io", "resource": "selfsubjectaccessreviews" });
        let body = json!({ "spec": { "user": "ann", "groups": groups, "resourceAttributes": what } });
        cluster.post(REVIEWS, &body).await.unwrap()["status"].clone()
    };
    assert_eq!(review(&[]).await["allowed"], json!(false));
    let allowed = review(&["system:authenticated"]).await;
    assert_eq!(allowed["allowed"], json!(true));
    let reason = "RBAC: allowed by ClusterRoleBinding \"system:basic-user\" of ClusterRole \"system:basic-user\" to \
        Group \"system:authenticated\"";
    assert_eq!(allowed["reason"], reason);
    assert_eq!(review(&["system:masters"]).await["allowed"], json!(true));
}

pub async fn review_of_nothing_or_of_two_things_is_invalid(cluster: Cluster) {
    let resource = json!({ "verb": "get", "resource": "pods" });
    let path = json!({ "verb": "get", "path": "/healthz" });
    for spec in [
        json!({ "user": "ann" }),
        json!({ "user": "ann", "resourceAttributes": resource, "nonResourceAttributes": path }),
        json!({ "resourceAttributes": resource }),
    ] {
        let answer = refused(cluster.post(REVIEWS, &json!({ "spec": spec })).await);
        assert_eq!((answer.code, answer.reason.as_str()), (422, "Invalid"), "{spec}");
    }
    let open = json!({ "spec": { "user": "ann", "groups": ["system:authenticated"], "nonResourceAttributes": path } });
    assert_eq!(cluster.post(REVIEWS, &open).await.unwrap()["status"]["allowed"], json!(true));
}

pub async fn binding_on_its_way_out_still_grants_until_its_subjects_go(cluster: Cluster) {
    let user = format!("held-{}", unique());
    let path = cluster.rbac("rolebindings/held");
    let mut binding = cluster.binding("held", "view", &user);
    binding["metadata"]["finalizers"] = json!(["example.com/hold"]);
    cluster.post(&cluster.rbac("rolebindings"), &binding).await.unwrap();
    cluster.reviewed(&user, "list", "pods", true).await;
    let mut marked = cluster.delete(&path).await.unwrap();
    cluster.reviewed(&user, "list", "pods", true).await;
    marked["subjects"] = json!([]);
    cluster.put(&path, &marked).await.unwrap();
    cluster.reviewed(&user, "list", "pods", false).await;
    cluster.merge(&path, &json!({ "metadata": { "finalizers": null } })).await.unwrap();
}

pub async fn binding_to_an_absent_role_grants_nothing(cluster: Cluster) {
    let user = format!("dangling-{}", unique());
    cluster.post(&cluster.rbac("rolebindings"), &cluster.binding("b", "no-such-role", &user)).await.unwrap();
    let ask = json!({ "verb": "list", "resource": "pods" });
    let told = |s: &Value| s["reason"].as_str().unwrap_or_default().to_owned();
    let named = "RBAC: clusterrole.rbac.authorization.k8s.io \"no-such-role\" not found";
    let seen =
        cluster.until(async || Ok(cluster.review(&user, &ask).await), |a| a.as_ref().is_ok_and(|s| told(s) == named));
    assert_eq!(seen.await.unwrap()["allowed"], json!(false));
    let message = refused(cluster.by(&user, &[]).get(&cluster.core("pods")).await).message;
    assert!(message.ends_with(&format!(": {named}")), "{message}");
}

pub async fn resource_names_limit_a_rule(cluster: Cluster) {
    let user = format!("named-{}", unique());
    let rule = json!({
        "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["aws-auth"],
        "verbs": ["get", "list", "patch", "create"],
    });
    cluster.allow(&user, json!([rule])).await;
    let who = cluster.by(&user, &[]);
    let other = async || who.get(&who.core("configmaps/aws-auth")).await;
    who.until(other, |a| a.as_ref().is_err_and(|e| e.code == 404)).await.unwrap_err();
    assert_eq!(refused(who.get(&who.core("configmaps/other")).await).code, 403);
    assert_eq!(refused(who.get(&who.core("configmaps")).await).code, 403);
    who.get(&who.core("configmaps?fieldSelector=metadata.name%3Daws-auth")).await.expect("a list of that one name");
    let new = json!({ "metadata": { "name": "aws-auth" } });
    assert_eq!(refused(who.post(&who.core("configmaps"), &new).await).code, 403, "creation cannot be limited by name");
}

pub async fn wildcards_and_subresources_are_told_apart(cluster: Cluster) {
    let user = format!("wild-{}", unique());
    let rules = json!([
        { "apiGroups": [""], "resources": ["pods"], "verbs": ["get"] },
        { "apiGroups": [""], "resources": ["*/scale"], "verbs": ["get"] },
        { "apiGroups": ["apps"], "resources": ["*"], "verbs": ["*"] },
    ]);
    cluster.allow(&user, rules).await;
    cluster.reviewed(&user, "get", "pods", true).await;
    let may = async |verb: &str, group: &str, resource: &str, subresource: &str| {
        let what = json!({ "verb": verb, "group": group, "resource": resource, "subresource": subresource });
        cluster.review(&user, &what).await["allowed"].as_bool().unwrap()
    };
    assert!(!may("get", "", "pods", "log").await);
    assert!(!may("list", "", "pods", "").await);
    assert!(may("get", "", "replicationcontrollers", "scale").await);
    assert!(may("impersonate", "apps", "anything", "at-all").await);
    assert!(!may("get", "batch", "jobs", "").await);
    assert!(!may("*", "", "pods", "").await);
}

pub async fn rules_review_lists_what_one_holds(cluster: Cluster) {
    let user = format!("lists-{}", unique());
    let rule = json!({ "apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"] });
    cluster.allow(&user, json!([rule])).await;
    let who = cluster.by(&user, &["system:authenticated"]);
    let ask = json!({ "spec": { "namespace": cluster.namespace } });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let holds = |s: &Value| s["status"]["resourceRules"].as_array().is_some_and(|r| r.contains(&rule));
    let review = who.until(async || who.post(path, &ask).await, |a| a.as_ref().is_ok_and(holds)).await.unwrap();
    assert_eq!(review["status"]["incomplete"], json!(false));
    let paths = review["status"]["nonResourceRules"].as_array().unwrap();
    assert!(paths.iter().any(|r| r["nonResourceURLs"].as_array().is_some_and(|u| u.contains(&json!("/api/*")))));
}

pub async fn self_review_says_what_one_may_oneself(cluster: Cluster) {
    let user = format!("asks-{}", unique());
    let rule = json!({ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["patch"], "resourceNames": ["mine"] });
    cluster.allow(&user, json!([rule])).await;
    let who = cluster.by(&user, &["system:authenticated"]);
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let ask = async |verb: &str, name: &str| {
        let asked = json!({ "verb": verb, "resource": "configmaps", "name": name, "namespace": cluster.namespace });
        who.post(path, &json!({ "spec": { "resourceAttributes": asked } })).await
    };
    let yes = |answer: &Value| answer["status"]["allowed"] == true;
    who.until(async || ask("patch", "mine").await, |answer| answer.as_ref().is_ok_and(yes)).await.unwrap();
    for (verb, name) in [("patch", "others"), ("patch", ""), ("get", "mine"), ("*", "mine")] {
        assert!(!yes(&ask(verb, name).await.unwrap()), "{verb} {name}");
    }
}

pub async fn who_am_i_says_who_i_am(cluster: Cluster) {
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let answer = cluster.by("ann", &["devs"]).post(path, &json!({})).await.unwrap();
    let info = &answer["status"]["userInfo"];
    assert_eq!(info["username"], "ann");
    assert_eq!(info["groups"], json!(["devs", "system:authenticated"]));
    let admin = cluster.post(path, &json!({})).await.unwrap();
    let groups = admin["status"]["userInfo"]["groups"].as_array().unwrap().clone();
    assert!(groups.contains(&json!("system:masters")), "{groups:?}");
}

pub async fn impersonation_needs_the_right_to_it(cluster: Cluster) {
    // A client cannot impersonate while it is impersonating; a review says what the server would check.
    let body = json!({ "spec": {
        "user": "ann", "groups": ["system:authenticated"],
        "resourceAttributes": { "verb": "impersonate", "resource": "users", "name": "bob" },
    } });
    assert_eq!(cluster.post(REVIEWS, &body).await.unwrap()["status"]["allowed"], json!(false));
}
