//! Two writers on one object.

use super::client::{Cluster, refused};
use serde_json::{Value, json};

async fn config_map(cluster: &Cluster) -> (String, Value) {
    let object = json!({ "metadata": { "name": "shared" }, "data": { "mapRoles": "roles", "mapUsers": "users" } });
    let made = cluster.post(&cluster.core("configmaps?fieldManager=first"), &object).await.unwrap();
    (cluster.core("configmaps/shared"), made)
}

fn revision(object: &Value) -> &str {
    object["metadata"]["resourceVersion"].as_str().unwrap()
}

const STALE: &str = "Operation cannot be fulfilled on configmaps \"shared\": the object has been modified; please \
    apply your changes to the latest version and try again";

pub async fn put_with_an_old_revision_is_refused(cluster: Cluster) {
    let (path, mut read) = config_map(&cluster).await;
    cluster.merge(&path, &json!({ "data": { "other": "x" } })).await.unwrap();
    read["data"]["mapUsers"] = json!("mine");
    let answer = refused(cluster.put(&path, &read).await);
    assert_eq!((answer.code, answer.reason.as_str(), answer.message.as_str()), (409, "Conflict", STALE));
}

pub async fn put_without_a_revision_overwrites(cluster: Cluster) {
    let (path, read) = config_map(&cluster).await;
    cluster.merge(&path, &json!({ "data": { "other": "x" } })).await.unwrap();
    let mine = json!({ "metadata": { "name": "shared" }, "data": { "mapUsers": "mine" } });
    let written = cluster.put(&path, &mine).await.unwrap();
    assert_eq!(written["data"], json!({ "mapUsers": "mine" }));
    assert_eq!(written["metadata"]["uid"], read["metadata"]["uid"]);
}

pub async fn put_of_an_absent_binding_creates_it_but_not_with_the_uid_of_the_old_one(cluster: Cluster) {
    let path = cluster.rbac("rolebindings/b");
    let made = cluster.post(&cluster.rbac("rolebindings"), &cluster.binding("b", "view", "ann")).await.unwrap();
    cluster.delete(&path).await.unwrap();
    let answer = refused(cluster.put(&path, &made).await);
    assert_eq!((answer.code, answer.reason.as_str()), (409, "Conflict"), "{answer:?}");
    let mut stalled = cluster.binding("b", "view", "ann");
    stalled["metadata"]["resourceVersion"] = made["metadata"]["resourceVersion"].clone();
    let again = cluster.put(&path, &stalled).await.unwrap();
    assert_ne!(again["metadata"]["uid"], made["metadata"]["uid"]);
    cluster.delete(&path).await.unwrap();
    cluster.put(&path, &cluster.binding("b", "view", "ann")).await.unwrap();
}

pub async fn put_of_an_absent_config_map_is_not_found(cluster: Cluster) {
    let object = json!({ "metadata": { "name": "none" }, "data": {} });
    assert_eq!(refused(cluster.put(&cluster.core("configmaps/none"), &object).await).code, 404);
}

pub async fn merge_patch_with_an_old_revision_is_refused(cluster: Cluster) {
    let (path, read) = config_map(&cluster).await;
    let change_from = |revision: &str, text: &str| json!({ "metadata": { "resourceVersion": revision }, "data": { "mapUsers": text } });
    let current = cluster.merge(&path, &change_from(revision(&read), "second")).await.unwrap();
    let answer = refused(cluster.merge(&path, &change_from(revision(&read), "third")).await);
    assert_eq!((answer.code, answer.reason.as_str(), answer.message.as_str()), (409, "Conflict", STALE));
    assert_eq!(cluster.get(&path).await.unwrap()["data"]["mapUsers"], "second");
    cluster.merge(&path, &change_from(revision(&current), "third")).await.unwrap();
}

pub async fn merge_patch_changes_the_named_keys_alone(cluster: Cluster) {
    let (path, _) = config_map(&cluster).await;
    let patched = cluster.merge(&path, &json!({ "data": { "mapUsers": null, "new": "x" } })).await.unwrap();
    assert_eq!(patched["data"], json!({ "mapRoles": "roles", "new": "x" }));
    let broken = refused(cluster.merge(&path, &json!({ "data": { "new": 1 } })).await);
    assert!(matches!(broken.code, 400 | 422), "{broken:?}");
}

pub async fn write_that_changes_nothing_makes_no_revision(cluster: Cluster) {
    let (path, read) = config_map(&cluster).await;
    let patched = cluster.merge(&path, &json!({ "data": { "mapUsers": "users" } })).await.unwrap();
    assert_eq!(revision(&patched), revision(&read));
    let put = cluster.put(&path, &read).await.unwrap();
    assert_eq!(revision(&put), revision(&read));
}

/// The manager and operation of the entry that owns a key of the ConfigMap's data.
fn owner(object: &Value, key: &str) -> (String, String) {
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let own: Vec<&Value> = entries.iter().filter(|e| !e["fieldsV1"]["f:data"][format!("f:{key}")].is_null()).collect();
    assert_eq!(own.len(), 1, "{key} of {entries:?}");
    (own[0]["manager"].as_str().unwrap().to_owned(), own[0]["operation"].as_str().unwrap().to_owned())
}

fn pair(manager: &str, operation: &str) -> (String, String) {
    (manager.to_owned(), operation.to_owned())
}

pub async fn each_key_belongs_to_who_wrote_it_last(cluster: Cluster) {
    let (path, made) = config_map(&cluster).await;
    assert_eq!(owner(&made, "mapUsers"), pair("first", "Update"));
    let change = json!({ "data": { "mapUsers": "more" } });
    let patched = cluster.merge(&format!("{path}?fieldManager=second"), &change).await.unwrap();
    assert_eq!(owner(&patched, "mapUsers"), pair("second", "Update"));
    assert_eq!(owner(&patched, "mapRoles"), pair("first", "Update"));
}

pub async fn apply_takes_no_key_of_another_without_force(cluster: Cluster) {
    let (path, _) = config_map(&cluster).await;
    let wanted = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "shared" }, "data": { "mapUsers": "argo" },
    });
    let answer = refused(cluster.apply(&format!("{path}?fieldManager=argo"), &wanted).await);
    assert_eq!((answer.code, answer.reason.as_str()), (409, "Conflict"));
    assert_eq!(answer.message, "Apply failed with 1 conflict: conflict with \"first\" using v1: .data.mapUsers");
    let forced = cluster.apply(&format!("{path}?fieldManager=argo&force=true"), &wanted).await.unwrap();
    assert_eq!(owner(&forced, "mapUsers"), pair("argo", "Apply"));
    assert_eq!(forced["data"]["mapRoles"], "roles");
}

pub async fn apply_after_a_deletion_creates_again(cluster: Cluster) {
    let binding = cluster.binding("b", "view", "ann");
    let path = cluster.rbac("rolebindings/b");
    cluster.apply(&format!("{path}?fieldManager=late"), &binding).await.unwrap();
    cluster.delete(&path).await.unwrap();
    cluster.apply(&format!("{path}?fieldManager=late"), &binding).await.unwrap();
    assert!(cluster.get(&path).await.is_ok());
}

pub async fn deletion_of_another_than_meant_is_refused(cluster: Cluster) {
    let (path, made) = config_map(&cluster).await;
    let other = "11111111-2222-4333-8444-555555555555";
    let answer = refused(cluster.delete_if(&path, json!({ "uid": other })).await);
    assert_eq!((answer.code, answer.reason.as_str()), (409, "Conflict"));
    cluster.merge(&path, &json!({ "data": { "x": "y" } })).await.unwrap();
    let stale = refused(cluster.delete_if(&path, json!({ "resourceVersion": revision(&made) })).await);
    assert_eq!(stale.code, 409);
    let done = cluster.delete_if(&path, json!({ "uid": made["metadata"]["uid"] })).await.unwrap();
    assert_eq!((done["kind"].as_str(), done["status"].as_str()), (Some("Status"), Some("Success")));
    assert_eq!(done["details"]["uid"], made["metadata"]["uid"]);
    assert_eq!(refused(cluster.delete_if(&path, json!({ "uid": made["metadata"]["uid"] })).await).code, 404);
}

pub async fn finalizer_holds_a_deleted_binding_until_it_is_taken_off(cluster: Cluster) {
    let path = cluster.rbac("rolebindings/b");
    let mut binding = cluster.binding("b", "view", "ann");
    binding["metadata"]["finalizers"] = json!(["example.com/hold"]);
    cluster.post(&cluster.rbac("rolebindings"), &binding).await.unwrap();
    let marked = cluster.delete(&path).await.unwrap();
    assert_eq!(marked["kind"], "RoleBinding");
    assert!(marked["metadata"]["deletionTimestamp"].is_string());
    let again = refused(cluster.post(&cluster.rbac("rolebindings"), &binding).await);
    assert_eq!((again.code, again.reason.as_str()), (409, "AlreadyExists"));
    assert!(again.message.starts_with("object is being deleted: "), "{}", again.message);
    let more = json!({ "metadata": { "finalizers": ["example.com/hold", "example.com/more"] } });
    assert_eq!(refused(cluster.merge(&path, &more).await).code, 422);
    let mut freed = cluster.get(&path).await.unwrap();
    freed["metadata"]["finalizers"] = json!([]);
    freed["subjects"] = json!([]);
    cluster.put(&path, &freed).await.unwrap();
    assert_eq!(refused(cluster.get(&path).await).code, 404);
}
