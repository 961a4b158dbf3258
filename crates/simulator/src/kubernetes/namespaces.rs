//! The life of namespaces: what may be created in them, and how they end.

use super::kinds::ServedKind;
use super::patch;
use super::status::Refusal;
use super::store::{Key, Store};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Refuses a creation in a namespace that does not exist or is ending.
pub fn accepts(store: &Store, kind: &ServedKind, namespace: &str, object: &Value) -> Result<(), Refusal> {
    let found = store.namespace(namespace).ok_or_else(|| Refusal::not_found("", "namespaces", namespace))?;
    if found["metadata"]["deletionTimestamp"].is_null() {
        return Ok(());
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    let mut refusal = Refusal::forbidden(kind.group, kind.plural, name, &why);
    refusal.details["causes"] = json!([{
        "reason": "NamespaceTerminating", "field": "metadata.namespace",
        "message": format!("namespace {namespace} is being terminated"),
    }]);
    Err(refusal)
}

/// Begins the end of a namespace: it is marked, and its content is deleted, except for what finalizers hold.
pub fn end(store: &mut Store, name: &str, now: Timestamp) -> Option<Value> {
    let mut namespace = store.namespace(name)?.clone();
    if namespace["metadata"]["deletionTimestamp"].is_null() {
        namespace["metadata"]["deletionTimestamp"] = json!(patch::seconds(now));
        namespace["status"]["phase"] = json!("Terminating");
        namespace = store.put(super::store::key_of(&namespace)?, namespace);
    }
    for key in store.inside(name) {
        end_content(store, &key, now);
    }
    Some(namespace)
}

fn end_content(store: &mut Store, key: &Key, now: Timestamp) {
    let Some(object) = store.get(key) else { return };
    if object["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty) {
        store.remove(key);
    } else if object["metadata"]["deletionTimestamp"].is_null() {
        let mut marked = object.clone();
        marked["metadata"]["deletionTimestamp"] = json!(patch::seconds(now));
        store.put(key.clone(), marked);
    }
}

/// Removes a namespace that is ending and empty.
pub fn finish(store: &mut Store, name: &str) {
    let Some(namespace) = store.namespace(name) else { return };
    let ending = !namespace["metadata"]["deletionTimestamp"].is_null();
    let Some(key) = super::store::key_of(namespace) else { return };
    if ending && store.inside(name).is_empty() {
        store.remove(&key);
    }
}
