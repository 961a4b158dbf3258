//! Discovery: which kinds of object the API server serves, and where they live.

use super::{
    AT_ONCE, Cluster, answer,
    call::{Call, JSON},
};
use crate::fault::Fault;
use futures::{StreamExt as _, stream};
use http::Method;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, APIResourceList};
use kube::core::discovery::v2::{ACCEPT_AGGREGATED_DISCOVERY_V2, APIGroupDiscovery};
use latchkey_domain::eks::rbac::{Kinds, Lives};
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::BTreeSet, time::Duration};

/// How long all of it may take: what is missing is taken for a kind that nobody knows.
const PATIENCE: Duration = Duration::from_secs(5);
/// A group's name is a DNS name, and a plural name a part of one.
const LONGEST_NAME: usize = 253;

impl Cluster {
    /// The kinds that the API server lists. A server that does not answer, or a part of one, is known to have none: a
    /// run goes on without, since only what is promised depends on it.
    pub async fn kinds(&self) -> Kinds {
        match tokio::time::timeout(PATIENCE, self.discover()).await {
            Ok(Ok(kinds)) => kinds,
            Ok(Err(fault)) => {
                tracing::warn!(cluster = self.name(), error = %fault, "its kinds are not known");
                Kinds::default()
            }
            Err(_elapsed) => {
                tracing::warn!(cluster = self.name(), "its kinds are not known: discovery takes too long");
                Kinds::default()
            }
        }
    }

    async fn discover(&self) -> Result<Kinds, Fault> {
        let (core, others) = tokio::try_join!(
            self.discovery::<Document>("/api", ACCEPT_AGGREGATED_DISCOVERY_V2),
            self.discovery::<Document>("/apis", ACCEPT_AGGREGATED_DISCOVERY_V2),
        )?;
        let mut kinds = Kinds::default();
        let mut lists: Vec<(String, String)> = Vec::new();
        for document in [core, others] {
            add_aggregated(&mut kinds, document.items);
            lists.extend(document.versions.iter().map(|version| (String::new(), format!("/api/{version}"))));
            lists.extend(document.groups.iter().flat_map(|group| {
                let versions = group.versions.iter();
                versions.map(|version| (group.name.clone(), format!("/apis/{}", version.group_version)))
            }));
        }
        let read = async |(group, path): (String, String)| {
            let list = self.discovery::<APIResourceList>(&path, JSON).await;
            (group, list)
        };
        let lists: Vec<_> = stream::iter(lists).map(read).buffer_unordered(AT_ONCE).collect().await;
        for (group, list) in lists {
            let Ok(list) = list else {
                kinds.add_unknown(&group);
                continue;
            };
            let all: Vec<_> = list.resources.iter().map(|one| (one.name.as_str(), one.namespaced)).collect();
            add_all(&mut kinds, &group, &all);
        }
        Ok(if kinds.is_empty() { kinds } else { kinds.all_groups() })
    }

    async fn discovery<T: DeserializeOwned>(&self, path: &str, accept: &str) -> Result<T, Fault> {
        let subject = format!("what cluster `{}` serves at {path}", self.name());
        let call = Call { operation: "read", subject, right: format!("get the path {path}") };
        let (head, body) = self.exchange_as(Method::GET, path, None, accept, &call).await?;
        answer::read(&head, &body, &call)
    }
}

/// What is at `/api` or `/apis`: all kinds at once, or where they are listed.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    items: Vec<APIGroupDiscovery>,
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default)]
    groups: Vec<APIGroup>,
}

fn add_aggregated(kinds: &mut Kinds, groups: Vec<APIGroupDiscovery>) {
    for group in groups {
        let name = group.metadata.and_then(|metadata| metadata.name).unwrap_or_default();
        for version in group.versions {
            // The server behind this group did not answer: what is listed is of some time ago.
            if version.freshness.as_deref() == Some("Stale") {
                kinds.add_unknown(&name);
            }
            let named = version
                .resources
                .iter()
                .map(|one| (one.resource.as_deref().unwrap_or_default(), one.scope.as_deref() == Some("Namespaced")));
            add_all(kinds, &name, &named.collect::<Vec<_>>());
        }
    }
}

/// Adds the kinds of one version of a group. A group that lists none, parts of kinds that it does not list (as custom
/// metrics are), or names that no kind has, is one of which nobody knows what it serves: what it lists comes and goes.
fn add_all(kinds: &mut Kinds, group: &str, listed: &[(&str, bool)]) {
    let is_name = |text: &str| {
        (1..=LONGEST_NAME).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
    };
    if !group.is_empty() && !is_name(group) {
        return;
    }
    let whole = || listed.iter().filter(|(name, _)| !name.contains('/'));
    let names: BTreeSet<&str> = whole().map(|(name, _)| *name).collect();
    let is_odd = names.is_empty() || !names.iter().all(|name| is_name(name));
    let parents = listed.iter().filter_map(|(name, _)| name.split('/').next());
    if is_odd || parents.into_iter().any(|parent| !names.contains(parent)) {
        return kinds.add_unknown(group);
    }
    for (plural, namespaced) in whole() {
        kinds.add(group, plural, if *namespaced { Lives::InNamespaces } else { Lives::InCluster });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_domain::eks::rbac::Served;

    #[test]
    fn groups_that_list_metrics_or_nothing_may_serve_anything() {
        for listed in [&[][..], &["as_queue_total_test"], &["pods/http_requests"], &["pods", "nodes/x"], &["Pods"]] {
            let mut kinds = Kinds::default();
            let all: Vec<_> = listed.iter().map(|name| (*name, true)).collect();
            add_all(&mut kinds, "custom.metrics.k8s.io", &all);
            let kinds = kinds.all_groups();
            assert_eq!(kinds.served("custom.metrics.k8s.io", "whatever"), Served::Unknown, "{listed:?}");
        }
        let mut kinds = Kinds::default();
        add_all(&mut kinds, "apps", &[("deployments", true), ("deployments/scale", true)]);
        assert_eq!(kinds.served("apps", "deployments"), Served::Yes(Lives::InNamespaces));
        assert_eq!(kinds.served("apps", "pods"), Served::NoSuchKind);
    }
}
