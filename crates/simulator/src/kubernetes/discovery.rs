//! What the server reports about itself: its kinds all at once (aggregated discovery) to clients that ask for it, which
//! every server since 1.27 offers, or group by group.

use super::kinds::{KINDS, REVIEWS, ServedKind};
use super::openapi;
use latchkey_domain::eks::rbac::{Kinds, Lives};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How clients ask for aggregated discovery.
const AGGREGATED: &str = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// An answer to a non-resource path.
pub enum Page {
    /// An object.
    Json(Value),
    /// `ok`.
    Text(&'static str),
}

/// The page at `path`, for a server of Kubernetes `version` (`1.33`).
pub fn page(path: &str, version: &str) -> Option<Page> {
    let path = path.trim_end_matches('/');
    match path {
        "/healthz" | "/livez" | "/readyz" => return Some(Page::Text("ok")),
        "/version" => return Some(Page::Json(server_version(version))),
        "/api" => {
            let here = json!([{ "clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:443" }]);
            let versions = json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": here });
            return Some(Page::Json(versions));
        }
        "/api/v1" => return Some(Page::Json(resources("", "v1"))),
        "/apis" => {
            let groups: Vec<Value> = groups().into_iter().map(|(g, v)| group(g, v, false)).collect();
            return Some(Page::Json(json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })));
        }
        _ => {}
    }
    if let Some(document) = openapi::page(path) {
        return Some(Page::Json(document));
    }
    let mut parts = path.strip_prefix("/apis/")?.split('/');
    let (name, version) = (parts.next()?, parts.next());
    let (known, current) = groups().into_iter().find(|(g, _)| *g == name)?;
    match (version, parts.next()) {
        (None, None) => Some(Page::Json(group(known, current, true))),
        (Some(version), None) if version == current => Some(Page::Json(resources(known, current))),
        _ => None,
    }
}

/// The document of aggregated discovery at `path`, if the client asked for it: every kind of Kubernetes, stored here or
/// not, and this server's own.
pub fn aggregated(path: &str, accept: &str) -> Option<Value> {
    let is_core = match path.trim_end_matches('/') {
        "/api" => true,
        "/apis" => false,
        _ => return None,
    };
    if !accept.contains(AGGREGATED) {
        return None;
    }
    let known = Kinds::of_kubernetes();
    let mut groups: BTreeMap<&str, BTreeMap<&str, bool>> = BTreeMap::new();
    for (group, plural, lives) in known.iter() {
        groups.entry(group).or_default().insert(plural, lives == Lives::InNamespaces);
    }
    for kind in all() {
        groups.entry(kind.group).or_default().insert(kind.plural, kind.namespaced);
    }
    let groups = groups.into_iter().filter(|(name, _)| name.is_empty() == is_core);
    let items: Vec<Value> = groups
        .map(|(name, kinds)| {
            let resources: Vec<Value> = kinds
                .into_iter()
                .map(|(plural, namespaced)| {
                    let scope = if namespaced { "Namespaced" } else { "Cluster" };
                    let kind = all().find(|kind| kind.group == name && kind.plural == plural);
                    let response = kind.map_or(plural, |kind| kind.kind);
                    let short = kind.map_or(&[][..], |kind| kind.short);
                    let verbs = if kind.is_some_and(|kind| REVIEWS.contains(kind)) { CREATE } else { EVERY };
                    json!({
                        "resource": plural, "scope": scope, "verbs": verbs, "shortNames": short,
                        "singularResource": response.to_lowercase(),
                        "responseKind": { "group": name, "version": "v1", "kind": response },
                    })
                })
                .collect();
            let version = json!({ "version": "v1", "resources": resources, "freshness": "Current" });
            json!({ "metadata": { "name": name, "creationTimestamp": null }, "versions": [version] })
        })
        .collect();
    Some(json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    }))
}

const CREATE: &[&str] = &["create"];
const EVERY: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

fn server_version(version: &str) -> Value {
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    json!({
        "major": major, "minor": minor, "gitVersion": format!("v{version}.0-eks-simulated"),
        "gitCommit": "0000000000000000000000000000000000000000", "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.24", "compiler": "gc", "platform": "linux/amd64",
    })
}

fn groups() -> Vec<(&'static str, &'static str)> {
    let mut groups: Vec<_> = all().filter(|k| !k.group.is_empty()).map(|k| (k.group, k.version)).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

fn all() -> impl Iterator<Item = &'static ServedKind> {
    KINDS.iter().chain(REVIEWS)
}

fn group(name: &str, version: &str, alone: bool) -> Value {
    let version = json!({ "groupVersion": format!("{name}/{version}"), "version": version });
    let mut group = json!({ "name": name, "versions": [version], "preferredVersion": version });
    if alone {
        group["kind"] = json!("APIGroup");
        group["apiVersion"] = json!("v1");
    }
    group
}

fn resources(group: &str, version: &str) -> Value {
    let mut resources = Vec::new();
    for kind in all().filter(|k| k.group == group && k.version == version) {
        let stored = KINDS.iter().any(|k| k == kind);
        let verbs = if stored { EVERY } else { CREATE };
        let mut resource = json!({
            "name": kind.plural, "singularName": kind.kind.to_lowercase(), "namespaced": kind.namespaced,
            "kind": kind.kind, "verbs": verbs,
        });
        if !kind.short.is_empty() {
            resource["shortNames"] = json!(kind.short);
        }
        if kind.in_all {
            resource["categories"] = json!(["all"]);
        }
        resources.push(resource);
        if kind.plural == "pods" {
            resources.push(json!({
                "name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod", "verbs": ["get"],
            }));
        }
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources,
    })
}
