//! The part of OpenAPI v3 that kubectl needs to leave validation to the server: each kind's PATCH takes
//! `fieldValidation`.

use super::kinds::{KINDS, ServedKind};
use serde_json::{Map, Value, json};

/// The document at `path`, if it is one of OpenAPI's.
pub fn page(path: &str) -> Option<Value> {
    let rest = path.strip_prefix("/openapi/v3")?;
    if rest.is_empty() {
        let mut paths = Map::new();
        for kind in KINDS {
            let root = root(kind);
            paths.insert(root.clone(), json!({ "serverRelativeURL": format!("/openapi/v3/{root}") }));
        }
        return Some(json!({ "paths": paths }));
    }
    let kinds: Vec<&ServedKind> = KINDS.iter().filter(|k| rest[1..] == root(k)).collect();
    if kinds.is_empty() {
        return None;
    }
    let mut paths = Map::new();
    for kind in kinds {
        let place = if kind.namespaced { "namespaces/{namespace}/" } else { "" };
        let parameter =
            |name| json!({ "name": name, "in": "query", "schema": { "type": "string", "uniqueItems": true } });
        let operation = json!({ "patch": {
            "parameters": Vec::from(["dryRun", "fieldManager", "fieldValidation", "force"].map(parameter)),
            "responses": { "200": { "description": "OK" } },
            "x-kubernetes-action": "patch",
            "x-kubernetes-group-version-kind": { "group": kind.group, "version": kind.version, "kind": kind.kind },
        } });
        paths.insert(format!("/{}/{place}{}/{{name}}", root(kind), kind.plural), operation);
    }
    let info = json!({ "title": "Kubernetes", "version": "simulated" });
    Some(json!({ "openapi": "3.0.0", "info": info, "paths": paths, "components": { "schemas": {} } }))
}

fn root(kind: &ServedKind) -> String {
    if kind.group.is_empty() { "api/v1".to_owned() } else { format!("apis/{}/{}", kind.group, kind.version) }
}
