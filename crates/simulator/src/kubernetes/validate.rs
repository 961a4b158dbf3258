//! What an API server requires of an object before it stores it.

use super::kinds::{RBAC, ServedKind};
use super::status::{Fault, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// All values of a ConfigMap or Secret together, in bytes.
const DATA_LIMIT: usize = 1 << 20;
/// All annotations of an object together, in bytes.
const ANNOTATIONS_LIMIT: usize = 256 << 10;
/// A label's value and a name of one part, in bytes.
const LABEL_LIMIT: usize = 63;

/// Whether objects of this kind have the field; the API server drops others.
fn known(kind: &ServedKind, field: &str) -> bool {
    matches!(field, "apiVersion" | "kind" | "metadata")
        || match kind.plural {
            "configmaps" => matches!(field, "data" | "binaryData" | "immutable"),
            "secrets" => matches!(field, "data" | "stringData" | "type" | "immutable"),
            "roles" => field == "rules",
            "clusterroles" => matches!(field, "rules" | "aggregationRule"),
            "rolebindings" | "clusterrolebindings" => matches!(field, "subjects" | "roleRef"),
            _ => true,
        }
}

/// Fills in what the API server fills in (kinds, API groups of subjects, empty status) and drops what it drops.
pub fn default(kind: &ServedKind, object: &mut Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|field, _| known(kind, field));
    }
    object["apiVersion"] = json!(kind.api_version());
    object["kind"] = json!(kind.kind);
    if kind.plural.ends_with("bindings") {
        if object["roleRef"]["apiGroup"].as_str().unwrap_or_default().is_empty() {
            object["roleRef"]["apiGroup"] = json!(RBAC);
        }
        for subject in object["subjects"].as_array_mut().into_iter().flatten() {
            let named = matches!(subject["kind"].as_str(), Some("User" | "Group"));
            if named && subject["apiGroup"].as_str().unwrap_or_default().is_empty() {
                subject["apiGroup"] = json!(RBAC);
            }
        }
    }
    if kind.plural.ends_with("roles") && object["rules"].is_null() {
        object["rules"] = Value::Null;
    }
    match kind.plural {
        "namespaces" => {
            if object["status"]["phase"].is_null() {
                object["status"] = json!({ "phase": "Active" });
            }
            object["spec"]["finalizers"] = json!(["kubernetes"]);
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = object["metadata"]["name"].clone();
        }
        "secrets" => default_secret(object),
        _ => {}
    }
}

fn default_secret(object: &mut Value) {
    if object["type"].is_null() {
        object["type"] = json!("Opaque");
    }
    let plain = object.as_object_mut().and_then(|o| o.remove("stringData"));
    for (key, value) in plain.iter().filter_map(Value::as_object).flatten() {
        object["data"][key] = json!(STANDARD.encode(value.as_str().unwrap_or_default()));
    }
}

/// Refuses an object that Go could not decode.
pub fn decodable(kind: &ServedKind, object: &Value) -> Result<(), Refusal> {
    let cannot = |field: &str, value: &Value, wanted: &str| {
        let (name, what) = (kind.kind, json_type(value));
        Refusal::bad_request(format!(
            "{name} in version \"{}\" cannot be handled as a {name}: json: cannot unmarshal {what} into Go struct \
             field {name}.{field} of type {wanted}",
            kind.version
        ))
    };
    if !object.is_object() {
        return Err(Refusal::bad_request(format!(
            "couldn't get version/kind; json parse error: {object} is not an object"
        )));
    }
    let structs = [("metadata", "ObjectMeta"), ("spec", "Spec"), ("status", "Status"), ("roleRef", "RoleRef")];
    for (field, wanted) in structs.into_iter().filter(|(field, _)| known(kind, field)) {
        if !object[field].is_null() && !object[field].is_object() {
            return Err(cannot(field, &object[field], wanted));
        }
    }
    let metadata = &object["metadata"];
    let mut maps = vec![("metadata.labels", &metadata["labels"]), ("metadata.annotations", &metadata["annotations"])];
    if matches!(kind.plural, "configmaps" | "secrets") {
        maps.push(("data", &object["data"]));
    }
    for (field, map) in maps {
        if !map.is_null() && !map.is_object() {
            return Err(cannot(field, map, "map[string]string"));
        }
        let mut values = map.as_object().into_iter().flat_map(serde_json::Map::values);
        if let Some(value) = values.find(|v| !v.is_string() && !v.is_null()) {
            return Err(cannot(field, value, "string"));
        }
    }
    if kind.group == RBAC {
        for field in ["subjects", "rules"] {
            if !object[field].is_null() && !object[field].is_array() {
                return Err(cannot(field, &object[field], "slice"));
            }
            if let Some(item) = object[field].as_array().into_iter().flatten().find(|i| !i.is_object()) {
                return Err(cannot(field, item, "struct"));
            }
        }
    }
    Ok(())
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::String(_) => "string",
        Value::Null => "null",
    }
}

/// Refuses with every fault of a new or changed object.
pub fn check(kind: &ServedKind, name: &str, object: &Value) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    metadata(kind, &object["metadata"], &mut faults);
    match kind.plural {
        "configmaps" | "secrets" => data(&object["data"], &mut faults),
        "roles" | "clusterroles" => rules(kind, &object["rules"], &mut faults),
        "rolebindings" | "clusterrolebindings" => binding(kind, object, &mut faults),
        _ => {}
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::invalid(kind, name, &faults)) }
}

/// Refuses a change of immutable fields.
pub fn check_update(kind: &ServedKind, name: &str, before: &Value, after: &Value) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    let uid = &after["metadata"]["uid"];
    if *uid != before["metadata"]["uid"] {
        faults.push(Fault::invalid("metadata.uid", uid, "field is immutable"));
    }
    let finalizers = |o: &Value| o["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    let held = finalizers(before);
    let ending = !before["metadata"]["deletionTimestamp"].is_null();
    if ending && finalizers(after).iter().any(|f| !held.contains(f)) {
        let why = "no new finalizers can be added if the object is being deleted";
        faults.push(Fault::forbidden("metadata.finalizers", why));
    }
    if kind.plural.ends_with("bindings") && before["roleRef"] != after["roleRef"] {
        faults.push(Fault::invalid("roleRef", &after["roleRef"], "cannot change roleRef"));
    }
    if before["immutable"] == json!(true) && before["data"] != after["data"] {
        faults.push(Fault::forbidden("data", "field is immutable when `immutable` is set"));
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::invalid(kind, name, &faults)) }
}

fn metadata(kind: &ServedKind, metadata: &Value, faults: &mut Vec<Fault>) {
    let name = metadata["name"].as_str().unwrap_or_default();
    let rule = if name.is_empty() {
        faults.push(Fault::required("metadata.name", "name or generateName is required"));
        None
    } else if kind.group == RBAC {
        broken_segment(name)
    } else if matches!(kind.plural, "namespaces" | "services") {
        broken_label(name)
    } else {
        broken_subdomain(name)
    };
    if let Some(rule) = rule {
        faults.push(Fault::invalid("metadata.name", &metadata["name"], rule));
    }
    for (key, value) in metadata["labels"].as_object().into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        if text.len() > LABEL_LIMIT {
            faults.push(Fault::invalid("metadata.labels", value, "must be no more than 63 bytes"));
        } else if !text.is_empty() && !is_label_like(text) {
            faults.push(Fault::invalid("metadata.labels", value, LABEL_RULE));
        }
        if let Some(rule) = broken_qualified(key) {
            faults.push(Fault::invalid("metadata.labels", &json!(key), rule));
        }
    }
    let mut size = 0;
    for (key, value) in metadata["annotations"].as_object().into_iter().flatten() {
        size += key.len() + value.as_str().map_or(0, str::len);
        if let Some(rule) = broken_qualified(&key.to_lowercase()) {
            faults.push(Fault::invalid("metadata.annotations", &json!(key), rule));
        }
    }
    if size > ANNOTATIONS_LIMIT {
        faults.push(Fault::too_long("metadata.annotations", ANNOTATIONS_LIMIT));
    }
    for finalizer in metadata["finalizers"].as_array().into_iter().flatten() {
        let text = finalizer.as_str().unwrap_or_default();
        let standard = matches!(text, "kubernetes" | "orphan" | "foregroundDeletion");
        if !standard && (!text.contains('/') || broken_qualified(text).is_some()) {
            let rule = "name is neither a standard finalizer name nor is it fully qualified";
            faults.push(Fault::invalid("metadata.finalizers", finalizer, rule));
        }
    }
}

fn data(data: &Value, faults: &mut Vec<Fault>) {
    let mut size = 0;
    for (key, value) in data.as_object().into_iter().flatten() {
        size += value.as_str().map_or(0, str::len);
        let good = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        if key.is_empty() || key == "." || key.starts_with("..") || key.len() > 253 || !key.bytes().all(good) {
            let rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
            faults.push(Fault::invalid(format!("data[{key}]"), &json!(key), rule));
        }
    }
    if size > DATA_LIMIT {
        faults.push(Fault::too_long("data", DATA_LIMIT));
    }
}

fn rules(kind: &ServedKind, rules: &Value, faults: &mut Vec<Fault>) {
    let empty = |v: &Value| v.as_array().is_none_or(Vec::is_empty);
    for (i, rule) in rules.as_array().into_iter().flatten().enumerate() {
        if empty(&rule["verbs"]) {
            faults.push(Fault::required(format!("rules[{i}].verbs"), "verbs must contain at least one value"));
        }
        if !empty(&rule["nonResourceURLs"]) {
            let field = format!("rules[{i}].nonResourceURLs");
            if kind.namespaced {
                let why = "namespaced rules cannot apply to non-resource URLs";
                faults.push(Fault::invalid(&field, &rule["nonResourceURLs"], why));
            }
            if ["apiGroups", "resources", "resourceNames"].iter().any(|f| !empty(&rule[*f])) {
                let why = "rules cannot apply to both regular resources and non-resource URLs";
                faults.push(Fault::invalid(field, &rule["nonResourceURLs"], why));
            }
            continue;
        }
        if empty(&rule["apiGroups"]) {
            let why = "resource rules must supply at least one api group";
            faults.push(Fault::required(format!("rules[{i}].apiGroups"), why));
        }
        if empty(&rule["resources"]) {
            let why = "resource rules must supply at least one resource";
            faults.push(Fault::required(format!("rules[{i}].resources"), why));
        }
    }
}

fn binding(kind: &ServedKind, object: &Value, faults: &mut Vec<Fault>) {
    let reference = &object["roleRef"];
    if reference["apiGroup"] != RBAC {
        faults.push(Fault::not_supported("roleRef.apiGroup", &or_empty(&reference["apiGroup"]), &[RBAC]));
    }
    let allowed: &[&str] = if kind.namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !reference["kind"].as_str().is_some_and(|k| allowed.contains(&k)) {
        faults.push(Fault::not_supported("roleRef.kind", &or_empty(&reference["kind"]), allowed));
    }
    let name = reference["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        faults.push(Fault::required("roleRef.name", ""));
    } else if let Some(rule) = broken_segment(name) {
        faults.push(Fault::invalid("roleRef.name", &reference["name"], rule));
    }
    for (i, subject) in object["subjects"].as_array().into_iter().flatten().enumerate() {
        if subject["name"].as_str().unwrap_or_default().is_empty() {
            faults.push(Fault::required(format!("subjects[{i}].name"), ""));
        }
        let group = or_empty(&subject["apiGroup"]);
        match subject["kind"].as_str().unwrap_or_default() {
            "ServiceAccount" => {
                if group != "" {
                    faults.push(Fault::not_supported(format!("subjects[{i}].apiGroup"), &group, &[""]));
                }
                if !kind.namespaced && or_empty(&subject["namespace"]) == "" {
                    faults.push(Fault::required(format!("subjects[{i}].namespace"), ""));
                }
            }
            "User" | "Group" if group == RBAC => {}
            "User" | "Group" => {
                faults.push(Fault::not_supported(format!("subjects[{i}].apiGroup"), &group, &[RBAC]));
            }
            _ => {
                let allowed = ["ServiceAccount", "User", "Group"];
                faults.push(Fault::not_supported(format!("subjects[{i}].kind"), &or_empty(&subject["kind"]), &allowed));
            }
        }
    }
}

fn or_empty(value: &Value) -> Value {
    if value.is_null() { json!("") } else { value.clone() }
}

const LABEL_RULE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
    '.', and must start and end with an alphanumeric character";

fn broken_segment(name: &str) -> Option<&'static str> {
    match name {
        "." => Some("may not be '.'"),
        ".." => Some("may not be '..'"),
        _ if name.contains('/') => Some("may not contain '/'"),
        _ if name.contains('%') => Some("may not contain '%'"),
        _ => None,
    }
}

fn is_dns_label(text: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let good = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(good)
}

fn broken_label(name: &str) -> Option<&'static str> {
    let good = name.len() <= LABEL_LIMIT && is_dns_label(name);
    (!good).then_some(
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and \
         end with an alphanumeric character",
    )
}

fn broken_subdomain(name: &str) -> Option<&'static str> {
    let good = name.len() <= 253 && name.split('.').all(is_dns_label);
    (!good).then_some(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
         start and end with an alphanumeric character",
    )
}

fn is_label_like(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let good = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(good)
}

fn broken_qualified(key: &str) -> Option<&'static str> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(p, n)| (Some(p), n));
    let good = is_label_like(name) && name.len() <= LABEL_LIMIT && prefix.is_none_or(|p| broken_subdomain(p).is_none());
    (!good).then_some(
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
         alphanumeric character",
    )
}
