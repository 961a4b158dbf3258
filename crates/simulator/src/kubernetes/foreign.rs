//! Reads and writes of a test or a viewer that bypass the server's rules.

use super::store::{self, Key, Store};
use super::{Shared, aggregation, kinds, lock, patch, validate};
use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A server's objects, read and written without its rules: as another client, a controller or time would change them.
#[derive(Clone)]
pub struct Objects(Arc<Shared>);

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Objects").field(&self.0.name).finish()
    }
}

impl Objects {
    pub(super) fn of(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared))
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.0
    }

    /// The object, by namespace (empty for cluster-scoped kinds), resource (`configmaps` or `ConfigMap`) and name.
    pub fn get(&self, namespace: &str, kind: &str, name: &str) -> Option<Value> {
        lock(&self.0.store).find(kind, namespace, name).cloned()
    }

    /// All objects of a resource, in all namespaces.
    pub fn list(&self, kind: &str) -> Vec<Value> {
        let Some(kind) = kinds::by_name(kind) else { return Vec::new() };
        lock(&self.0.store).list(kind, None).map(|(_, o)| o.clone()).collect()
    }

    /// Stores a whole object as it is, new or in place of the present one. A missing uid and missing times are added;
    /// `manager` is recorded as the writer unless the object names one itself. Returns the object as stored.
    ///
    /// # Errors
    /// If it names a resource that the server does not have.
    pub fn put_raw(&self, object: Value, manager: &str) -> anyhow::Result<Value> {
        let mut store = lock(&self.0.store);
        let stored = put(&mut store, object, manager)?;
        aggregation::run(&mut store);
        Ok(stored)
    }

    /// Removes an object at once, even if finalizers hold it.
    pub fn remove(&self, namespace: &str, kind: &str, name: &str) -> Option<Value> {
        let kind = kinds::by_name(kind)?;
        lock(&self.0.store).remove(&Key::new(kind, namespace, name))
    }

    /// `data` of `kube-system/aws-auth`; `None` if it does not exist.
    pub fn aws_auth_data(&self) -> Option<BTreeMap<String, String>> {
        let config_map = self.get("kube-system", "configmaps", "aws-auth")?;
        let text = |(k, v): (&String, &Value)| Some((k.clone(), v.as_str()?.to_owned()));
        Some(config_map["data"].as_object().into_iter().flatten().filter_map(text).collect())
    }

    /// Writes one key of aws-auth (`None` removes it), as a client named `manager` would; creates the ConfigMap if it
    /// is absent.
    ///
    /// # Errors
    /// Never in practice: a ConfigMap is always a resource of the server.
    pub fn set_aws_auth(&self, key: &str, value: Option<&str>, manager: &str) -> anyhow::Result<()> {
        let fresh = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "aws-auth", "namespace": "kube-system" },
        });
        let mut config_map = self.get("kube-system", "configmaps", "aws-auth").unwrap_or(fresh);
        patch::merge(&mut config_map, &json!({ "data": { key: value } }));
        self.put_raw(config_map, manager).map(drop)
    }
}

pub(super) fn put(store: &mut Store, mut object: Value, manager: &str) -> anyhow::Result<Value> {
    let key = store::key_of(&object).with_context(|| format!("not an object of a known resource: {object}"))?;
    let kind = kinds::KINDS.iter().find(|k| key.is(k)).context("no such resource")?;
    let now = Timestamp::now();
    let before = store.get(&key).cloned();
    validate::default(kind, &mut object);
    let metadata = &mut object["metadata"];
    if metadata["uid"].is_null() {
        metadata["uid"] = json!(store::random_uuid().to_string());
    }
    if metadata["creationTimestamp"].is_null() {
        metadata["creationTimestamp"] = json!(patch::seconds(now));
    }
    let owned = |o: &Value| o["metadata"]["managedFields"].clone();
    if owned(&object).is_null() || before.as_ref().is_some_and(|b| owned(b) == owned(&object)) {
        let writer = patch::Writer { manager: manager.to_owned(), operation: "Update", at: now };
        patch::own(&writer, before.as_ref(), &mut object);
    }
    Ok(store.put(key, object))
}
