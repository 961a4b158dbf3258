//! What one server holds: objects, one counter of revisions, and the recent past for watches.

use super::kinds::{self, Kind};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::watch;

/// As many changes are remembered for watches that resume.
const HISTORY: usize = 4_000;

/// Where an object lives. Sorted as a list of the API server is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    group: &'static str,
    plural: &'static str,
    /// Empty for what lives in no namespace.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
}

impl Key {
    /// The place of `name` in `namespace`, which is ignored for what lives in none.
    pub fn new(kind: &'static Kind, namespace: &str, name: &str) -> Self {
        let namespace = if kind.namespaced { namespace.to_owned() } else { String::new() };
        Self { group: kind.group, plural: kind.plural, namespace, name: name.to_owned() }
    }

    /// Whether this is an object of `kind`.
    pub fn is(&self, kind: &Kind) -> bool {
        self.group == kind.group && self.plural == kind.plural
    }

    /// Plural name of the resource.
    pub fn plural(&self) -> &'static str {
        self.plural
    }
}

/// What happened to an object, in a watch's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added,
    /// It is another than before.
    Modified,
    /// It is gone; the event carries its last state.
    Deleted,
}

impl Change {
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
    /// The revision that it made.
    pub revision: u64,
    /// Of which object.
    pub key: Key,
    /// What happened.
    pub change: Change,
    /// The object after it, or before it was deleted.
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
    /// A copy of all objects for reading, without history and without anyone watching.
    pub fn frozen(&self) -> Self {
        let objects = self.objects.clone();
        Self { objects, revision: self.revision, ..Self::default() }
    }

    /// The newest revision.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Told the newest revision at each change.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// The object at `key`.
    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key)
    }

    /// Whether there is a namespace of this name, also one that is ending.
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
        kind: &'static Kind,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Key, &'a Value)> {
        let from = Key::new(kind, namespace.unwrap_or_default(), "");
        self.objects
            .range(from..)
            .take_while(move |(key, _)| key.is(kind))
            .take_while(move |(key, _)| !kind.namespaced || namespace.is_none_or(|n| n == key.namespace))
    }

    /// Every object that lives in `namespace`.
    pub fn inside(&self, namespace: &str) -> Vec<Key> {
        self.objects.keys().filter(|k| k.namespace == namespace).cloned().collect()
    }

    /// Stores `object`, giving it the next revision, and returns it as stored.
    pub fn put(&mut self, key: Key, mut object: Value) -> Value {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let change = if self.objects.contains_key(&key) { Change::Modified } else { Change::Added };
        self.objects.insert(key.clone(), object.clone());
        self.remember(key, change, object.clone());
        object
    }

    /// Removes the object at `key` and returns its last state.
    pub fn remove(&mut self, key: &Key) -> Option<Value> {
        let mut object = self.objects.remove(key)?;
        self.revision += 1;
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        self.remember(key.clone(), Change::Deleted, object.clone());
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

    fn remember(&mut self, key: Key, change: Change, object: Value) {
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(Event { revision: self.revision, key, change, object, at: Timestamp::now() });
        self.moved.send_replace(self.revision);
    }

    /// Changes after `revision`, or the oldest revision that one may still ask for.
    pub fn since(&self, revision: u64) -> Result<Vec<Event>, u64> {
        let oldest = self.history.front().map_or(self.revision, |e| e.revision - 1);
        if revision < oldest {
            return Err(oldest);
        }
        Ok(self.history.iter().filter(|e| e.revision > revision).cloned().collect())
    }

    /// Everything that a restart must bring back.
    pub fn save(&self) -> Value {
        json!({ "revision": self.revision, "objects": self.objects.values().collect::<Vec<_>>() })
    }

    /// What [`Store::save`] gave. Objects of resources that this version does not know are left out.
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

/// A random identifier, as objects get.
pub fn random_uuid() -> uuid::Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}

/// Where `object` lives, by its `apiVersion`, `kind` and metadata.
pub fn key_of(object: &Value) -> Option<Key> {
    let kind = kinds::by_kind(object["apiVersion"].as_str()?, object["kind"].as_str()?)?;
    let metadata = &object["metadata"];
    Some(Key::new(kind, metadata["namespace"].as_str().unwrap_or_default(), metadata["name"].as_str()?))
}
