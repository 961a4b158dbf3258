//! Merge patch, and the ownership of fields that is recorded with every write.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// RFC 7396: null removes, objects merge, any other value replaces.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(fields) = target else { return };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

/// Whether a strategic merge patch means the same as a merge patch: it has no directives, and its only lists are
/// `atomic` ones, which both kinds of patch replace as a whole.
pub fn is_plain(patch: &Value, atomic: &[&str]) -> bool {
    let Value::Object(fields) = patch else { return !patch.is_array() };
    fields.iter().all(|(k, v)| !k.starts_with('$') && (atomic.contains(&k.as_str()) || is_plain(v, &[])))
}

/// The writer, as `managedFields` records it.
#[derive(Debug, Clone)]
pub struct Writer {
    /// Name of the manager.
    pub manager: String,
    /// `Update` or `Apply`.
    pub operation: &'static str,
    /// Time of the write.
    pub at: Timestamp,
}

/// Records in `after` that `writer` owns what it changed since `before`, and that other managers no longer do.
pub fn own(writer: &Writer, before: Option<&Value>, after: &mut Value) {
    let mut entries = before.map_or(Value::Null, |b| b["metadata"]["managedFields"].clone());
    let before_fields = before.map_or_else(Map::new, fields);
    let after_fields = fields(after);
    let changed = difference(&after_fields, &before_fields);
    let kept = shape(&after_fields);
    let mut list = Vec::new();
    let mut mine = Map::new();
    for entry in entries.as_array_mut().into_iter().flatten() {
        let same = entry["manager"] == writer.manager.as_str() && entry["operation"] == writer.operation;
        let owned = entry["fieldsV1"].as_object().cloned().unwrap_or_default();
        if same {
            mine = intersect(&owned, &kept);
            continue;
        }
        let left = subtract(&intersect(&owned, &kept), &changed);
        if !left.is_empty() {
            entry["fieldsV1"] = Value::Object(left);
            list.push(entry.take());
        }
    }
    union(&mut mine, &changed);
    if !mine.is_empty() {
        list.push(json!({
            "manager": writer.manager, "operation": writer.operation, "apiVersion": after["apiVersion"],
            "time": seconds(writer.at), "fieldsType": "FieldsV1", "fieldsV1": mine,
        }));
    }
    after["metadata"]["managedFields"] = Value::Array(list);
}

/// A time as Kubernetes writes it, to the second.
pub fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The fields that can be owned: all except those that the server itself sets.
fn fields(object: &Value) -> Map<String, Value> {
    let mut fields = object.as_object().cloned().unwrap_or_default();
    for own in ["apiVersion", "kind"] {
        fields.remove(own);
    }
    if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|k, _| matches!(k.as_str(), "labels" | "annotations" | "finalizers" | "ownerReferences"));
    }
    fields.retain(|name, v| !v.is_null() && (name != "metadata" || *v != json!({})));
    fields
}

/// The fields of `map` as fieldsV1: objects are nested, any other value (lists, too) is a leaf.
fn shape(map: &Map<String, Value>) -> Map<String, Value> {
    let deeper = |v: &Value| v.as_object().map(shape).unwrap_or_default();
    map.iter().map(|(k, v)| (format!("f:{k}"), Value::Object(deeper(v)))).collect()
}

fn difference(after: &Map<String, Value>, before: &Map<String, Value>) -> Map<String, Value> {
    let mut changed = Map::new();
    for (name, value) in after {
        let old = before.get(name);
        if old == Some(value) {
            continue;
        }
        let inner = match (value.as_object(), old.and_then(Value::as_object)) {
            (Some(new), Some(old)) => {
                let inner = difference(new, old);
                if inner.is_empty() {
                    continue;
                }
                inner
            }
            (Some(new), None) => shape(new),
            (None, _) => Map::new(),
        };
        changed.insert(format!("f:{name}"), Value::Object(inner));
    }
    changed
}

fn children(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn intersect(a: &Map<String, Value>, b: &Map<String, Value>) -> Map<String, Value> {
    let both = |(name, inner): (&String, &Value)| {
        let other = b.get(name)?;
        Some((name.clone(), Value::Object(intersect(&children(inner), &children(other)))))
    };
    a.iter().filter_map(both).collect()
}

fn subtract(a: &Map<String, Value>, b: &Map<String, Value>) -> Map<String, Value> {
    let mut left = Map::new();
    for (name, inner) in a {
        let Some(other) = b.get(name) else {
            left.insert(name.clone(), inner.clone());
            continue;
        };
        let rest = subtract(&children(inner), &children(other));
        if !rest.is_empty() {
            left.insert(name.clone(), Value::Object(rest));
        }
    }
    left
}

fn union(a: &mut Map<String, Value>, b: &Map<String, Value>) {
    for (name, inner) in b {
        let mut merged = a.get(name).map(children).unwrap_or_default();
        union(&mut merged, &children(inner));
        a.insert(name.clone(), Value::Object(merged));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(manager: &str, operation: &'static str) -> Writer {
        Writer { manager: manager.into(), operation, at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn null_removes_and_other_keys_stay() {
        let mut target = json!({ "data": { "a": "1", "b": "2" } });
        merge(&mut target, &json!({ "data": { "a": null, "c": "3" } }));
        assert_eq!(target, json!({ "data": { "b": "2", "c": "3" } }));
    }

    #[test]
    fn key_changes_its_owner_with_its_value_alone() {
        let mut first = json!({ "apiVersion": "v1", "metadata": {}, "data": { "a": "1", "b": "2" } });
        own(&writer("argo", "Apply"), None, &mut first);
        let mut second = first.clone();
        second["data"]["b"] = json!("3");
        own(&writer("latchkey", "Update"), Some(&first), &mut second);
        let entries = second["metadata"]["managedFields"].as_array().unwrap();
        assert_eq!(entries[0]["manager"], "argo");
        assert_eq!(entries[0]["fieldsV1"], json!({ "f:data": { "f:a": {} } }));
        assert_eq!(entries[1]["manager"], "latchkey");
        assert_eq!(entries[1]["fieldsV1"], json!({ "f:data": { "f:b": {} } }));
    }

    #[test]
    fn list_is_owned_as_a_whole() {
        let mut object = json!({ "apiVersion": "v1", "metadata": { "uid": "x" }, "subjects": [{ "name": "a" }] });
        own(&writer("latchkey", "Update"), None, &mut object);
        assert_eq!(object["metadata"]["managedFields"][0]["fieldsV1"], json!({ "f:subjects": {} }));
    }
}
