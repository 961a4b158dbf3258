//! Server-side apply, for objects whose lists are owned as a whole.

use super::objects::{Call, Reply, parse};
use super::patch;
use super::status::Refusal;
use serde_json::{Map, Value, json};

/// Creates the object if it is absent (after a deletion, too), otherwise changes the applied fields.
///
/// # Errors
/// 409 if another manager owns a field with another value and `force` is not set; 415 for YAML.
pub fn apply(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let Some(manager) = call.request.parameter("fieldManager").filter(|m| !m.is_empty()).map(str::to_owned) else {
        return Err(Refusal::bad_request(
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
        ));
    };
    if serde_json::from_slice::<Value>(&call.request.body).is_err() {
        return Err(Refusal::unsupported_media_type("this server applies JSON only"));
    }
    let mut wanted = parse(call.kind, &call.request.body)?;
    if wanted["metadata"]["name"].is_null() {
        wanted["metadata"]["name"] = json!(call.target.name);
    }
    let Some(before) = call.store.get(&call.key()).cloned() else {
        call.may_create()?;
        return Ok((201, call.insert(wanted, "Apply")?));
    };
    let revision = wanted["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
    let mut after = before.clone();
    for entry in before["metadata"]["managedFields"].as_array().into_iter().flatten() {
        let owned = entry["fieldsV1"].as_object().cloned().unwrap_or_default();
        if entry["manager"] == manager.as_str() && entry["operation"] == "Apply" {
            let (dropped, kept) = (&mut after, &wanted);
            drop_unwanted(&owned, kept, dropped);
        } else if call.request.parameter("force") != Some("true") {
            let mut paths = Vec::new();
            conflicts(&owned, &wanted, &before, "", &mut paths);
            if !paths.is_empty() {
                return Err(conflict(entry, &paths));
            }
        }
    }
    patch::merge(&mut after, &wanted);
    call.replace(&before, after, &revision, "Apply")
}

/// Removes from `object` what this manager owned and no longer applies.
fn drop_unwanted(owned: &Map<String, Value>, wanted: &Value, object: &mut Value) {
    for (field, inner) in owned {
        let Some(name) = field.strip_prefix("f:") else { continue };
        let deeper = inner.as_object().filter(|m| !m.is_empty());
        match (deeper, wanted.get(name)) {
            (Some(inner), found) => {
                let empty = json!({});
                if let Some(child) = object.get_mut(name) {
                    drop_unwanted(inner, found.unwrap_or(&empty), child);
                }
            }
            (None, None) => {
                if let Some(fields) = object.as_object_mut() {
                    fields.remove(name);
                }
            }
            (None, Some(_)) => {}
        }
    }
}

fn conflicts(owned: &Map<String, Value>, wanted: &Value, found: &Value, path: &str, paths: &mut Vec<String>) {
    for (field, inner) in owned {
        let Some(name) = field.strip_prefix("f:") else { continue };
        let Some(value) = wanted.get(name) else { continue };
        let path = format!("{path}.{name}");
        match inner.as_object().filter(|m| !m.is_empty()) {
            Some(inner) => conflicts(inner, value, &found[name], &path, paths),
            None if *value != found[name] => paths.push(path),
            None => {}
        }
    }
}

fn conflict(entry: &Value, paths: &[String]) -> Refusal {
    let manager = entry["manager"].as_str().unwrap_or_default();
    let version = entry["apiVersion"].as_str().unwrap_or_default();
    let list = paths.join(", ");
    let mut refusal = Refusal::conflict("", "", "", "");
    let plural = if paths.len() == 1 { "conflict" } else { "conflicts" };
    refusal.message =
        format!("Apply failed with {} {plural}: conflict with \"{manager}\" using {version}: {list}", paths.len());
    let cause = |p: &String| json!({ "reason": "FieldManagerConflict", "message": format!("conflict with \"{manager}\""), "field": p });
    refusal.details = json!({ "causes": paths.iter().map(cause).collect::<Vec<_>>() });
    refusal
}
