//! Creating, finding and listing.

use super::client::{Cluster, RBAC, refused, unique};
use serde_json::{Value, json};

fn config_map(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": { "a": "1" } })
}

pub async fn what_is_created_has_an_identity_and_cannot_be_created_twice(cluster: Cluster) {
    let path = cluster.core("configmaps");
    let made = cluster.post(&path, &config_map("one")).await.unwrap();
    let metadata = &made["metadata"];
    for field in ["uid", "resourceVersion", "creationTimestamp", "namespace"] {
        assert!(metadata[field].as_str().is_some_and(|f| !f.is_empty()), "{field} of {made}");
    }
    let again = refused(cluster.post(&path, &config_map("one")).await);
    assert_eq!((again.code, again.reason.as_str()), (409, "AlreadyExists"));
    assert_eq!(again.message, "configmaps \"one\" already exists");
    assert_eq!(again.status["details"]["kind"], "configmaps");
    let read = cluster.get(&format!("{path}/one")).await.unwrap();
    assert_eq!(read["metadata"]["uid"], metadata["uid"]);
    assert_eq!(read["data"], json!({ "a": "1" }));
}

pub async fn what_is_not_there_is_not_found(cluster: Cluster) {
    let answer = refused(cluster.get(&cluster.rbac("rolebindings/none")).await);
    assert_eq!((answer.code, answer.reason.as_str()), (404, "NotFound"));
    assert_eq!(answer.message, "rolebindings.rbac.authorization.k8s.io \"none\" not found");
    assert_eq!(answer.status["details"]["group"], "rbac.authorization.k8s.io");
    assert_eq!(refused(cluster.delete(&cluster.core("configmaps/none")).await).code, 404);
    assert_eq!(refused(cluster.merge(&cluster.core("configmaps/none"), &json!({})).await).code, 404);
}

pub async fn nothing_is_created_in_a_namespace_that_is_not_there(cluster: Cluster) {
    let answer = refused(cluster.post("/api/v1/namespaces/never-made/configmaps", &config_map("x")).await);
    assert_eq!((answer.code, answer.reason.as_str()), (404, "NotFound"));
    assert_eq!(answer.message, "namespaces \"never-made\" not found");
}

pub async fn object_in_another_namespace_than_the_address_is_refused(cluster: Cluster) {
    let mut object = config_map("x");
    object["metadata"]["namespace"] = json!("default");
    assert_eq!(refused(cluster.post(&cluster.core("configmaps"), &object).await).code, 400);
}

pub async fn lists_are_cut_by_labels_names_and_limits(cluster: Cluster) {
    let path = cluster.core("configmaps");
    for (name, label) in [("c", "x"), ("a", "x"), ("b", "y")] {
        let mut object = config_map(name);
        object["metadata"]["labels"] = json!({ "kind": label });
        cluster.post(&path, &object).await.unwrap();
    }
    let names = async |query: &str| -> Vec<String> {
        let list = cluster.get(&format!("{path}?{query}")).await.unwrap();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|i| i["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("labelSelector=kind%3Dx").await, ["a", "c"]);
    assert_eq!(names("labelSelector=kind%20in%20(x,y),kind!%3Dx").await, ["b"]);
    assert_eq!(names("labelSelector=!kind,other").await, Vec::<String>::new());
    assert_eq!(names("fieldSelector=metadata.name%3Db").await, ["b"]);
    let first = cluster.get(&format!("{path}?limit=2&labelSelector=kind")).await.unwrap();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let token = first["metadata"]["continue"].as_str().expect("there is more");
    let rest = cluster.get(&format!("{path}?limit=2&labelSelector=kind&continue={token}")).await.unwrap();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert!(rest["metadata"]["continue"].as_str().unwrap_or_default().is_empty());
}

pub async fn dry_run_stores_nothing(cluster: Cluster) {
    let path = cluster.core("configmaps");
    let made = cluster.post(&format!("{path}?dryRun=All"), &config_map("x")).await.unwrap();
    assert_eq!(made["metadata"]["name"], "x");
    assert_eq!(refused(cluster.get(&format!("{path}/x")).await).code, 404);
    let mut bad = config_map("x");
    bad["metadata"]["labels"] = json!({ "bad label": "x" });
    assert_eq!(refused(cluster.post(&format!("{path}?dryRun=All"), &bad).await).code, 422);
}

pub async fn dry_runs_are_authorised_and_checked_as_any_other_write(cluster: Cluster) {
    let user = format!("rehearses-{}", super::client::unique());
    let bind = json!({ "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": ["bind"],
                       "resourceNames": ["view"] });
    let create =
        json!({ "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings"], "verbs": ["create"] });
    let change_maps = json!({ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["patch"] });
    cluster.allow(&user, json!([bind, create, change_maps])).await;
    let who = cluster.by(&user, &[]);
    let before = cluster.post(&cluster.core("configmaps"), &config_map("x")).await.unwrap();
    let change =
        json!({ "data": { "key": "value" }, "metadata": { "resourceVersion": before["metadata"]["resourceVersion"] } });
    let path = cluster.core("configmaps/x?dryRun=All");
    let patched = who.until(async || who.merge(&path, &change).await, Result::is_ok).await.unwrap();
    assert_eq!(patched["data"]["key"], "value");
    assert_eq!(cluster.get(&cluster.core("configmaps/x")).await.unwrap(), before);
    let stale = json!({ "data": {}, "metadata": { "resourceVersion": "1" } });
    assert_eq!(refused(who.merge(&path, &stale).await).code, 409);
    let path = cluster.rbac("rolebindings?dryRun=All");
    let binding = async || who.post(&path, &cluster.binding("b", "view", "ann")).await;
    who.until(binding, Result::is_ok).await.unwrap();
    assert_eq!(refused(cluster.get(&cluster.rbac("rolebindings/b")).await).code, 404);
    assert_eq!(refused(who.post(&path, &cluster.binding("b", "edit", "ann")).await).code, 403);
    assert_eq!(refused(who.post(&path, &cluster.binding("b", "no-such-role", "ann")).await).code, 404);
}

pub async fn deleted_namespace_takes_its_content_along(cluster: Cluster) {
    let namespace = format!("/api/v1/namespaces/{}", cluster.namespace);
    cluster.post(&cluster.core("configmaps"), &config_map("x")).await.unwrap();
    let before = cluster.get(&namespace).await.unwrap();
    assert_eq!(before["status"]["phase"], "Active");
    cluster.delete(&namespace).await.unwrap();
    let gone = cluster.until(async || cluster.get(&namespace).await, Result::is_err).await;
    assert_eq!(refused(gone).code, 404);
    cluster.post("/api/v1/namespaces", &json!({ "metadata": { "name": cluster.namespace } })).await.unwrap();
    assert_ne!(cluster.get(&namespace).await.unwrap()["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(refused(cluster.get(&cluster.core("configmaps/x")).await).code, 404);
}

pub async fn watch_tells_what_changes(cluster: Cluster) {
    let path = cluster.core("configmaps");
    let list = cluster.get(&path).await.unwrap();
    let from = list["metadata"]["resourceVersion"].as_str().unwrap();
    cluster.post(&path, &config_map("x")).await.unwrap();
    cluster.merge(&format!("{path}/x"), &json!({ "data": { "a": "2" } })).await.unwrap();
    cluster.delete(&format!("{path}/x")).await.unwrap();
    let query = format!("{path}?watch=true&resourceVersion={from}&fieldSelector=metadata.name%3Dx");
    let events = cluster.watch(&query, 3).await;
    let words: Vec<&str> = events.iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(words, ["ADDED", "MODIFIED", "DELETED"]);
    assert_eq!(events[1]["object"]["data"]["a"], "2");
}

pub async fn table_has_a_row_an_object(cluster: Cluster) {
    let name = format!("contract:{}", unique());
    let path = format!("{RBAC}/clusterroles");
    cluster.post(&path, &json!({ "metadata": { "name": name }, "rules": [] })).await.unwrap();
    let table = cluster.table(&format!("{path}?fieldSelector=metadata.name%3D{name}")).await;
    assert_eq!(table["kind"], "Table");
    assert_eq!(table["columnDefinitions"][0]["name"], "Name");
    assert_eq!(table["rows"][0]["cells"][0], json!(name));
    assert_eq!(table["rows"][0]["object"]["metadata"]["name"], json!(name));
    cluster.delete(&format!("{path}/{name}")).await.unwrap();
}
