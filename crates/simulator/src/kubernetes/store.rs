//! The content of one server: objects, one revision counter, and the recent past for watches.

use super::kinds::{self, ServedKind};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::watch;

/// The number of changes that are remembered for watches that resume.
const HISTORY: usize = 4_000;

/// The place of an object. Keys sort like a list of the API server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    group: &'static str,
    plural: &'static str,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
}

impl Key {
    /// The key of `name` in `namespace`, which is ignored for cluster-scoped kinds.
    pub fn new(kind: &'static ServedKind, namespace: &str, name: &str) -> Self {
        let namespace = if kind.namespaced { namespace.to_owned() } else { String::new() };
        Self { group: kind.group, plural: kind.plural, namespace, name: name.to_owned() }
    }

    /// Whether this is an object of `kind`.
    pub fn is(&self, kind: &ServedKind) -> bool {
        self.group == kind.group && self.plural == kind.plural
    }

    /// Plural name of the resource.
    pub fn plural(&self) -> &'static str {
        self.plural
    }
}

/// The kind of a change, as in a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectChange {
    /// The object is new.
    Added,
    /// The object differs from before.
    Modified,
    /// The object is gone; the event carries its last state.
    Deleted,
}

impl ObjectChange {
    /// The `type` of a watch event.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// One remembered change.
#[derive(Debug, Clone)]
pub struct Event {
    /// The revision of the change.
    pub revision: u64,
    /// The object that changed.
    pub key: Key,
    /// What happened.
    pub change: ObjectChange,
    /// The object after the change; for a deletion, before it.
    pub object: Value,
    /// When it happened.
    pub at: Timestamp,
}

/// The objects of one server.
#[derive(Debug)]
pub struct Store {
    objects: BTreeMap<Key, Value>,
    revision: u64,
    history: VecDeque<Event>,
    moved: watch::Sender<u64>,
}

impl Default for Store {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), revision: 1, history: VecDeque::new(), moved: watch::Sender::new(1) }
    }
}

impl Store {
    /// A read-only copy of all objects, without history and without watchers.
    pub fn frozen(&self) -> Self {
        let objects = self.objects.clone();
        Self { objects, revision: self.revision, ..Self::default() }
    }

    /// The newest revision.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Receives the newest revision at each change.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// The object at `key`.
    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key)
    }

    /// The namespace of this name, even if it is ending.
    pub fn namespace(&self, name: &str) -> Option<&Value> {
        self.find("namespaces", "", name)
    }

    /// An object by the plural name of its resource.
    pub fn find(&self, plural: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.get(&Key::new(kinds::by_name(plural)?, namespace, name))
    }

    /// Objects of `kind` in order, in one namespace or in all.
    pub fn list<'a>(
        &'a self,
        kind: &'static ServedKind,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Key, &'a Value)> {
        let from = Key::new(kind, namespace.unwrap_or_default(), "");
        self.objects
            .range(from..)
            .take_while(move |(key, _)| key.is(kind))
            .take_while(move |(key, _)| !kind.namespaced || namespace.is_none_or(|n| n == key.namespace))
    }

    /// Every object in `namespace`.
    pub fn inside(&self, namespace: &str) -> Vec<Key> {
        self.objects.keys().filter(|k| k.namespace == namespace).cloned().collect()
    }

    /// Stores `object`, giving it the next revision, and returns it as stored.
    pub fn put(&mut self, key: Key, mut object: Value) -> Value {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let change = if self.objects.contains_key(&key) { ObjectChange::Modified } else { ObjectChange::Added };
        self.objects.insert(key.clone(), object.clone());
        self.remember(key, change, object.clone());
        object
    }

    /// Removes the object at `key` and returns its last state.
    pub fn remove(&mut self, key: &Key) -> Option<Value> {
        let mut object = self.objects.remove(key)?;
        self.revision += 1;
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        self.remember(key.clone(), ObjectChange::Deleted, object.clone());
        Some(object)
    }

    pub(super) fn restore_object(&mut self, key: Key, object: Value) {
        self.objects.insert(key, object);
    }

    pub(super) fn forget_object(&mut self, key: &Key) {
        self.objects.remove(key);
    }

    pub(super) fn set_revision(&mut self, revision: u64) {
        self.revision = revision;
    }

    fn remember(&mut self, key: Key, change: ObjectChange, object: Value) {
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(Event { revision: self.revision, key, change, object, at: Timestamp::now() });
        self.moved.send_replace(self.revision);
    }

    /// The changes after `revision`. The error is the oldest revision that a client may still ask for.
    pub fn since(&self, revision: u64) -> Result<Vec<Event>, u64> {
        let oldest = self.history.front().map_or(self.revision, |e| e.revision - 1);
        if revision < oldest {
            return Err(oldest);
        }
        Ok(self.history.iter().filter(|e| e.revision > revision).cloned().collect())
    }

    /// Everything that a restart must restore.
    pub fn save(&self) -> Value {
        json!({ "revision": self.revision, "objects": self.objects.values().collect::<Vec<_>>() })
    }

    /// Restores the result of [`Store::save`]. Objects of resources that this version does not know are left out.
    pub fn restore(saved: &Value) -> Self {
        let mut store = Self::default();
        for object in saved["objects"].as_array().into_iter().flatten() {
            if let Some(key) = key_of(object) {
                store.objects.insert(key, object.clone());
            }
        }
        store.revision = saved["revision"].as_u64().unwrap_or(1);
        store.moved.send_replace(store.revision);
        store
    }
}

/// A random UID for an object.
pub fn random_uuid() -> uuid::Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}

/// The key of `object`, by its `apiVersion`, `kind` and metadata.
pub fn key_of(object: &Value) -> Option<Key> {
    let kind = kinds::by_kind(object["apiVersion"].as_str()?, object["kind"].as_str()?)?;
    let metadata = &object["metadata"];
    Some(Key::new(kind, metadata["namespace"].as_str().unwrap_or_default(), metadata["name"].as_str()?))
}
