//! Discovery: which kinds of object the API server serves, and in which groups.

use super::{
    AT_ONCE, ApiServer, answer,
    call::{ApiCall, JSON},
};
use crate::fault::Fault;
use futures::{StreamExt as _, stream};
use http::{StatusCode, header};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, APIResourceList};
use kube::core::discovery::v2::{ACCEPT_AGGREGATED_DISCOVERY_V2, APIGroupDiscovery};
use latchkey_domain::{
    access::blocker::Missing,
    eks::rbac::{Kinds, Lives},
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long all of discovery may take: a kind that is missing afterwards counts as unknown.
const PATIENCE: Duration = Duration::from_secs(5);
/// A group's name is a DNS name, and a plural name a part of one.
const LONGEST_NAME: usize = 253;

/// The kinds that an API server listed last, with the entity tags of those answers. While nothing changes, it answers
/// the next look by 304 and a few bytes instead of its largest document. All runs on one cluster share it.
#[derive(Debug, Clone, Default)]
pub struct KindsSeen(Arc<Mutex<Option<SeenDiscovery>>>);

#[derive(Debug, Clone)]
struct SeenDiscovery {
    /// The tags of `/api` and `/apis`.
    tags: (String, String),
    kinds: Kinds,
}

impl KindsSeen {
    fn get(&self) -> Option<SeenDiscovery> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, seen: Option<SeenDiscovery>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }
}

impl ApiServer {
    /// The same client, which remembers the kinds between runs in `kinds_seen`.
    #[must_use]
    pub fn remembering(self, kinds_seen: KindsSeen) -> Self {
        Self { kinds_seen, ..self }
    }

    /// The kinds that the API server lists. If it does not answer, they are those that it listed last, or none: a run
    /// goes on without them, since only what is promised depends on them.
    pub async fn kinds(&self) -> Kinds {
        match tokio::time::timeout(PATIENCE, Box::pin(self.discover())).await {
            Ok(Ok(kinds)) => return kinds,
            Ok(Err(fault)) => tracing::warn!(cluster = self.name(), error = %fault, "its kinds are not known now"),
            Err(_elapsed) => {
                tracing::warn!(cluster = self.name(), "its kinds are not known now: discovery takes too long");
            }
        }
        self.kinds_seen.get().map(|seen| seen.kinds).unwrap_or_default()
    }

    async fn discover(&self) -> Result<Kinds, Fault> {
        let seen = self.kinds_seen.get();
        let (core, others) = self.documents(seen.as_ref().map(|seen| &seen.tags)).await?;
        let (core, others) = match (core, others, seen) {
            (None, None, Some(seen)) => return Ok(seen.kinds),
            (Some(core), Some(others), _) => (core, others),
            // One of the two changed: both are read anew.
            _ => match self.documents(None).await? {
                (Some(core), Some(others)) => (core, others),
                _ => return Ok(Kinds::default()),
            },
        };
        let tags = core.tag.zip(others.tag);
        let mut kinds = Kinds::default();
        let mut lists: Vec<(String, String)> = Vec::new();
        for document in [core.body, others.body] {
            add_aggregated(&mut kinds, document.items);
            lists.extend(document.versions.iter().map(|version| (String::new(), format!("/api/{version}"))));
            lists.extend(document.groups.iter().flat_map(|group| {
                let versions = group.versions.iter();
                versions.map(|version| (group.name.clone(), format!("/apis/{}", version.group_version)))
            }));
        }
        let read = async |(group, path): (String, String)| {
            let list = self.discovery::<APIResourceList>(&path).await;
            (group, list)
        };
        let is_aggregated = lists.is_empty();
        let lists: Vec<_> = stream::iter(lists).map(read).buffer_unordered(AT_ONCE).collect().await;
        for (group, list) in lists {
            let Ok(list) = list else {
                kinds.add_unknown(&group);
                continue;
            };
            let all: Vec<_> = list.resources.iter().map(|one| (one.name.as_str(), one.namespaced)).collect();
            add_all(&mut kinds, &group, &all);
        }
        let kinds = if kinds.is_empty() { kinds } else { kinds.all_groups() };
        // The tags stand for the two documents alone.
        let seen = tags.filter(|_| is_aggregated).map(|tags| SeenDiscovery { tags, kinds: kinds.clone() });
        self.kinds_seen.set(seen);
        Ok(kinds)
    }

    /// What is at `/api` and `/apis`; `None` if neither changed since it had these tags.
    async fn documents(&self, tags: Option<&(String, String)>) -> Result<(Option<Tagged>, Option<Tagged>), Fault> {
        tokio::try_join!(
            self.document("/api", tags.map(|tags| tags.0.as_str())),
            self.document("/apis", tags.map(|tags| tags.1.as_str())),
        )
    }

    async fn document(&self, path: &str, tag: Option<&str>) -> Result<Option<Tagged>, Fault> {
        let call = self.discovery_call(path);
        let (head, body) = self.read_as(path, ACCEPT_AGGREGATED_DISCOVERY_V2, tag, &call).await?;
        if head.status == StatusCode::NOT_MODIFIED && tag.is_some() {
            return Ok(None);
        }
        let tag = head.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        Ok(Some(Tagged { tag, body: answer::read(&head, &body, &call)? }))
    }

    async fn discovery<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        let call = self.discovery_call(path);
        let (head, body) = self.read_as(path, JSON, None, &call).await?;
        answer::read(&head, &body, &call)
    }

    fn discovery_call(&self, path: &str) -> ApiCall {
        let subject = format!("what cluster `{}` serves at {path}", self.name());
        ApiCall { operation: "read", subject, right: Missing::Path { verb: "get".to_owned(), path: path.to_owned() } }
    }
}

/// A document with its entity tag.
struct Tagged {
    tag: Option<String>,
    body: DiscoveryDocument,
}

/// What is at `/api` or `/apis`: all kinds at once, or the groups in which they are listed.
#[derive(Deserialize)]
struct DiscoveryDocument {
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
            // The server behind this group did not answer: the list is an old one.
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

/// Adds the kinds of one version of a group. If a group lists no kinds, lists subresources of kinds that it does not
/// list (as custom metrics do), or lists names that a kind cannot have, what it serves is unknown: its list comes and
/// goes.
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
