//! Tables, as `kubectl get` prints them.

use super::kinds::ServedKind;
use super::patch::seconds;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Turns a list or an object into a Table.
pub fn table(kind: &ServedKind, body: &Value, now: Timestamp) -> Value {
    let one = [body.clone()];
    let items = body["items"].as_array().map_or(one.as_slice(), Vec::as_slice);
    let columns = columns(kind);
    let definitions: Vec<Value> = columns
        .iter()
        .map(|name| {
            let format = if *name == "Name" { "name" } else { "" };
            json!({ "name": name, "type": "string", "format": format, "description": name, "priority": 0 })
        })
        .collect();
    let rows: Vec<Value> = items
        .iter()
        .map(|item| {
            let cells: Vec<Value> = columns.iter().map(|c| json!(cell(kind, item, c, now))).collect();
            let object = json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"],
            });
            json!({ "cells": cells, "object": object })
        })
        .collect();
    let metadata = if body["items"].is_array() {
        body["metadata"].clone()
    } else {
        json!({ "resourceVersion": body["metadata"]["resourceVersion"] })
    };
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": definitions, "rows": rows,
    })
}

fn columns(kind: &ServedKind) -> &'static [&'static str] {
    match kind.plural {
        "pods" => &["Name", "Ready", "Status", "Restarts", "Age"],
        "namespaces" => &["Name", "Status", "Age"],
        "nodes" => &["Name", "Status", "Roles", "Age", "Version"],
        "deployments" => &["Name", "Ready", "Up-to-date", "Available", "Age"],
        "services" => &["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age"],
        "configmaps" => &["Name", "Data", "Age"],
        "secrets" => &["Name", "Type", "Data", "Age"],
        "roles" | "clusterroles" => &["Name", "Created At"],
        "rolebindings" | "clusterrolebindings" => &["Name", "Role", "Age"],
        _ => &["Name", "Age"],
    }
}

fn cell(kind: &ServedKind, item: &Value, column: &str, now: Timestamp) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let (metadata, spec, status) = (&item["metadata"], &item["spec"], &item["status"]);
    match column {
        "Name" => text(&metadata["name"]),
        "Age" => age(&metadata["creationTimestamp"], now),
        "Created At" => text(&metadata["creationTimestamp"]),
        "Data" => item["data"].as_object().map_or(0, serde_json::Map::len).to_string(),
        "Role" => format!("{}/{}", text(&item["roleRef"]["kind"]), text(&item["roleRef"]["name"])),
        "Roles" | "External-IP" => "<none>".to_owned(),
        "Version" => text(&status["nodeInfo"]["kubeletVersion"]),
        "Restarts" => number(&status["containerStatuses"][0]["restartCount"]).to_string(),
        "Up-to-date" => number(&status["updatedReplicas"]).to_string(),
        "Available" => number(&status["availableReplicas"]).to_string(),
        "Cluster-IP" => text(&spec["clusterIP"]),
        "Type" => text(if kind.plural == "secrets" { &item["type"] } else { &spec["type"] }),
        "Ready" if kind.plural == "pods" => {
            let containers = status["containerStatuses"].as_array().map_or(&[][..], Vec::as_slice);
            let ready = containers.iter().filter(|c| c["ready"] == json!(true)).count();
            format!("{ready}/{}", spec["containers"].as_array().map_or(0, Vec::len))
        }
        "Ready" => format!("{}/{}", number(&status["readyReplicas"]), number(&spec["replicas"])),
        "Status" if kind.plural == "nodes" => "Ready".to_owned(),
        "Status" if kind.plural == "pods" && !metadata["deletionTimestamp"].is_null() => "Terminating".to_owned(),
        "Status" => text(&status["phase"]),
        "Port(s)" => {
            let ports = spec["ports"].as_array().into_iter().flatten();
            let port = |p: &Value| format!("{}/{}", number(&p["port"]), p["protocol"].as_str().unwrap_or("TCP"));
            ports.map(port).collect::<Vec<_>>().join(",")
        }
        _ => String::new(),
    }
}

/// `42s`, `5m10s`, `3h`, `12d`, as kubectl abbreviates ages.
fn age(created: &Value, now: Timestamp) -> String {
    let created: Option<Timestamp> = created.as_str().and_then(|c| c.parse().ok());
    let Some(created) = created else { return "<unknown>".to_owned() };
    let seconds = (now.as_second() - created.as_second()).max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 if seconds % 60 > 0 => format!("{minutes}m{}s", seconds % 60),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 if minutes % 60 > 0 => format!("{hours}h{}m", minutes % 60),
        10_800..172_800 => format!("{hours}h"),
        172_800..691_200 if hours % 24 > 0 => format!("{days}d{}h", hours % 24),
        _ => format!("{days}d"),
    }
}

/// Whether the client prefers a Table, by its Accept header.
pub fn wanted(accept: &str) -> bool {
    let first = accept.split(',').next().unwrap_or_default();
    first.contains("as=Table") && first.contains("g=meta.k8s.io")
}

/// The log of a pod without a log of its own.
pub fn log_of(pod: &Value, now: Timestamp) -> String {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let lines = [(180, "starting"), (175, "configuration read"), (170, "listening on :8080"), (30, "GET /healthz 200")];
    let line = |(ago, text): (i64, &str)| {
        let at = Timestamp::from_second(now.as_second() - ago).unwrap_or(now);
        format!("{} {name} {text}\n", seconds(at))
    };
    lines.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_is_abbreviated_as_kubectl_does() {
        let created = json!("2026-11-24T00:00:00Z");
        let at = |now: &str| age(&created, now.parse().unwrap());
        assert_eq!(at("2026-11-24T00:00:42Z"), "42s");
        assert_eq!(at("2026-11-24T00:05:10Z"), "5m10s");
        assert_eq!(at("2026-11-24T02:30:00Z"), "150m");
        assert_eq!(at("2026-11-24T20:00:00Z"), "20h");
        assert_eq!(at("2026-12-24T00:00:00Z"), "30d");
    }
}
