//! The clusters' API servers: started from the seed or from what was stored, connected to AWS's caller identities, and
//! saved.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use url::Url;

use crate::{
    aws::{Aws, HeldEntry},
    kubernetes::{self, CallerIdentity, Entries, Entry, Identify, Mapping, Server, ServerConfig},
    seed::{AuthenticationMode, Seed, SeedCluster, SeedPod},
    state::{DEBOUNCE, Store},
    viewer::ClusterView,
};

/// Every cluster whose API server is the simulator's own.
pub(crate) struct Clusters {
    servers: BTreeMap<String, Arc<Server>>,
    savers: Vec<JoinHandle<()>>,
}

impl Clusters {
    /// Starts the servers and tells EKS their addresses.
    ///
    /// # Errors
    /// A stored state cannot be read, or a port of the last start is taken.
    pub async fn start(seed: &Seed, store: &Store, aws: &Aws) -> anyhow::Result<Self> {
        let (mut servers, mut savers) = (BTreeMap::new(), Vec::new());
        for cluster in seed.clusters.iter().filter(|cluster| cluster.external.is_none()) {
            let config = ServerConfig {
                version: crate::aws::KUBERNETES_VERSION.to_owned(),
                state: store.load(&section(&cluster.name))?,
                entries: Some(entries(aws, &cluster.name)),
                ..ServerConfig::new(&cluster.name, content(seed, cluster), identify(aws))
            };
            let server = Arc::new(Server::start(config).await?);
            let address = Url::parse(&server.url()).context("failed to read the address of an API server")?;
            aws.set_server(&cluster.name, &address, server.ca_pem());
            if store.keeps() {
                savers.push(tokio::spawn(save_when_changed(Arc::clone(&server), store.clone())));
            }
            servers.insert(cluster.name.clone(), server);
        }
        Ok(Self { servers, savers })
    }

    pub fn get(&self, name: &str) -> Option<&Server> {
        self.servers.get(name).map(AsRef::as_ref)
    }

    /// The content of the page.
    pub fn views(&self, aws: &Aws) -> Vec<ClusterView> {
        self.servers.iter().map(|(name, server)| view(name, server, aws)).collect()
    }

    /// Waits, after [`Self::stop`], until every port can be taken again.
    pub async fn closed(&self) {
        for server in self.servers.values() {
            server.closed().await;
        }
    }

    /// Stops every server and saves its last state.
    pub fn stop(&self, store: &Store) {
        self.savers.iter().for_each(JoinHandle::abort);
        for server in self.servers.values() {
            server.shutdown();
            if !store.keeps() {
                continue;
            }
            store.put(&section(server.name()), &server.snapshot());
        }
    }
}

fn section(cluster: &str) -> String {
    format!("cluster-{cluster}")
}

fn content(seed: &Seed, cluster: &SeedCluster) -> kubernetes::Seed {
    kubernetes::Seed {
        account: seed.account.clone(),
        region: seed.region.clone(),
        namespaces: cluster.namespaces.clone(),
        aws_auth: cluster.aws_auth.clone(),
        more: cluster.pods.iter().map(pod).chain(cluster.objects.iter().cloned()).collect(),
    }
}

/// A pod with one container, named as its owner would name it.
fn pod(pod: &SeedPod) -> Value {
    let owner = pod.name.split('-').next().unwrap_or_default();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "namespace": pod.namespace, "name": pod.name, "labels": { "app": owner } },
        "spec": { "containers": [{ "name": owner, "image": format!("{owner}:1.0.0") }], "serviceAccountName": "default" },
        "status": {
            "phase": "Running", "podIP": "10.0.1.42",
            "containerStatuses": [{ "name": owner, "ready": true, "restartCount": 0, "image": format!("{owner}:1.0.0") }],
        },
    })
}

fn identify(aws: &Aws) -> Identify {
    let aws = aws.clone();
    Arc::new(move |url, cluster| {
        let aws = aws.clone();
        Box::pin(async move {
            let caller = aws.identify_presigned(&url, &cluster).map_err(|error| error.to_string())?;
            Ok(CallerIdentity { arn: caller.arn, account: caller.account, user_id: caller.user_id })
        })
    })
}

fn entries(aws: &Aws, cluster: &str) -> Entries {
    let (aws, cluster) = (aws.clone(), cluster.to_owned());
    Arc::new(move |caller, arn| {
        let id = caller.user_id.split_once(':').map_or(caller.user_id.as_str(), |(id, _)| id);
        let entry = aws.entry_of_caller(&cluster, id, arn);
        Entry {
            mapping: entry.map(|entry| Mapping { username: entry.username, groups: entry.groups }),
            config_map: aws.mode(&cluster) != Some(AuthenticationMode::Api),
        }
    })
}

/// This future never completes.
async fn save_when_changed(server: Arc<Server>, store: Store) {
    let mut changes = server.changes();
    loop {
        store.put(&section(server.name()), &server.snapshot());
        if changes.changed().await.is_err() {
            return;
        }
        // Many changes come in quick succession, and a snapshot is the whole cluster.
        tokio::time::sleep(DEBOUNCE).await;
        changes.mark_unchanged();
    }
}

fn view(name: &str, server: &Server, aws: &Aws) -> ClusterView {
    let objects = server.objects();
    let mut bindings = Vec::new();
    for kind in ["rolebindings", "clusterrolebindings"] {
        let own = objects.list(kind).into_iter().filter(|object| !built_in(object));
        bindings.extend(own.map(|object| binding(&object)));
    }
    ClusterView {
        name: name.to_owned(),
        mode: aws.mode(name).map_or("deleted from EKS", AuthenticationMode::as_str).to_owned(),
        server: server.url(),
        entries: aws.held_entries(name).iter().map(entry).collect(),
        aws_auth: objects.aws_auth_data(),
        bindings,
    }
}

/// Whether every cluster has this object.
fn built_in(object: &Value) -> bool {
    object["metadata"]["labels"]["kubernetes.io/bootstrapping"] == "rbac-defaults"
}

/// `arn:aws:iam::111122223333:user/jane: latchkey:jane:1 in viewers, policies AmazonEKSViewPolicy, tags owner=platform`
fn entry(entry: &HeldEntry) -> String {
    let mut line = format!("{}: {}", entry.principal_arn, entry.username);
    let tags: Vec<_> = entry.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let policies: Vec<_> = entry.policies.iter().map(|arn| arn.rsplit('/').next().unwrap_or(arn).to_owned()).collect();
    for (what, list) in [(" in", &entry.groups), (", policies", &policies), (", tags", &tags)] {
        if !list.is_empty() {
            line = format!("{line}{what} {}", list.join(" "));
        }
    }
    if entry.dead {
        line.push_str(", dead: the principal is gone, or was made anew");
    }
    line
}

/// `payments/latchkey-1: ClusterRole view for User latchkey:jane:1`
fn binding(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    let place = metadata["namespace"].as_str().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let subjects: Vec<_> = object["subjects"].as_array().into_iter().flatten().collect();
    let subjects: Vec<_> =
        subjects.iter().map(|subject| format!("{} {}", text(&subject["kind"]), text(&subject["name"]))).collect();
    let whom = if subjects.is_empty() { "no subject".to_owned() } else { subjects.join(", ") };
    let role = &object["roleRef"];
    format!("{place}{}: {} {} for {whom}", text(&metadata["name"]), text(&role["kind"]), text(&role["name"]))
}
