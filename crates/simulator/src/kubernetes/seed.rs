//! The content of a new cluster: the built-in roles, nodes, namespaces with example objects, and aws-auth.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The content of a new cluster in addition to what every cluster has.
#[derive(Debug, Clone, Default)]
pub struct Seed {
    /// The AWS account of the cluster, twelve digits.
    pub account: String,
    /// The AWS region, which names the nodes.
    pub region: String,
    /// Namespaces of teams; each gets workloads, a service, a secret and a ConfigMap.
    pub namespaces: Vec<String>,
    /// `data` of `kube-system/aws-auth`; `None` for a cluster without one.
    pub aws_auth: Option<BTreeMap<String, String>>,
    /// Further complete objects.
    pub more: Vec<Value>,
}

impl Seed {
    /// A cluster with these namespaces, and a typical aws-auth: the nodes' role, an administrators' role, a comment or
    /// two, and an entry for each of `users` (ARN, user name, groups).
    pub fn new(account: &str, region: &str, namespaces: &[&str], users: &[(&str, &str, &[&str])]) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            namespaces: namespaces.iter().map(|n| (*n).to_owned()).collect(),
            aws_auth: Some(aws_auth(account, users)),
            more: Vec::new(),
        }
    }

    pub(super) fn objects(&self) -> Vec<Value> {
        let mut objects = super::builtin::objects();
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            objects.push(namespace(name));
        }
        for (i, last) in [17, 203].into_iter().enumerate() {
            objects.push(node(&self.region, i, last));
        }
        objects.extend(system());
        for name in &self.namespaces {
            objects.push(namespace(name));
            objects.extend(team(name));
        }
        if let Some(data) = &self.aws_auth {
            objects.push(json!({
                "apiVersion": "v1", "kind": "ConfigMap", "data": data,
                "metadata": { "name": "aws-auth", "namespace": "kube-system" },
            }));
        }
        objects.extend(self.more.iter().cloned());
        objects
    }
}

fn aws_auth(account: &str, users: &[(&str, &str, &[&str])]) -> BTreeMap<String, String> {
    let roles = format!(
        "# node groups: do not remove, the nodes lose the cluster (platform team)\n\
         - groups:\n  - system:bootstrappers\n  - system:nodes\n  rolearn: arn:aws:iam::{account}:role/eks-node-group\n  \
         username: system:node:{{{{EC2PrivateDNSName}}}}\n\
         # break glass, see the runbook\n\
         - rolearn: arn:aws:iam::{account}:role/platform-admin\n  username: platform-admin\n  groups:\n    \
         - system:masters\n"
    );
    let mut data = BTreeMap::from([("mapRoles".to_owned(), roles)]);
    let entry = |(arn, username, groups): &(&str, &str, &[&str])| {
        let list: Vec<String> = groups.iter().map(|g| format!("  - {g}\n")).collect();
        let groups = if list.is_empty() { String::new() } else { format!("  groups:\n{}", list.concat()) };
        format!("- userarn: {arn}\n  username: {username}\n{groups}")
    };
    let text = users.iter().map(entry).collect::<Vec<_>>().concat();
    if !text.is_empty() {
        data.insert("mapUsers".to_owned(), text);
    }
    data
}

fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
}

fn node(region: &str, index: usize, last: u8) -> Value {
    let name = format!("ip-10-0-{}-{last}.{region}.compute.internal", index + 1);
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": name, "labels": {
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
            "topology.kubernetes.io/region": region, "node.kubernetes.io/instance-type": "m7i.large",
        } },
        "status": {
            "nodeInfo": { "kubeletVersion": "v1.33.5-eks-simulated" },
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    })
}

fn system() -> Vec<Value> {
    let mut objects = workload("kube-system", "coredns", 2, "coredns/coredns:1.11.4");
    objects
        .extend((0..2).map(|i| pod("kube-system", "aws-node", &format!("aws-node-{}", suffix("node", i)), "cni:1.19")));
    objects
}

fn team(namespace: &str) -> Vec<Value> {
    let mut objects = Vec::new();
    for (name, replicas) in [("web", 2), ("api", 2), ("worker", 1)] {
        objects.extend(workload(namespace, name, replicas, &format!("{namespace}/{name}:2.14.0")));
    }
    objects.push(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "web", "namespace": namespace, "labels": { "app": "web" } },
        "spec": {
            "type": "ClusterIP", "clusterIP": "172.20.41.7", "selector": { "app": "web" },
            "ports": [{ "port": 80, "protocol": "TCP", "targetPort": 8080 }],
        },
    }));
    objects.push(json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": { "name": "database-credentials", "namespace": namespace },
        "data": { "username": "YXBw", "password": "bm90LWEtcmVhbC1wYXNzd29yZA==" },
    }));
    objects.push(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "app-settings", "namespace": namespace },
        "data": { "LOG_LEVEL": "info", "FEATURE_CHECKOUT": "on" },
    }));
    objects.push(json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "name": "default", "namespace": namespace },
    }));
    objects
}

fn workload(namespace: &str, name: &str, replicas: usize, image: &str) -> Vec<Value> {
    let hash = suffix(&format!("{namespace}/{name}"), 9);
    let labels = json!({ "app": name });
    let template = json!({
        "metadata": { "labels": labels }, "spec": { "containers": [{ "name": name, "image": image }] },
    });
    let mut objects = vec![json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": namespace, "labels": labels },
        "spec": { "replicas": replicas, "selector": { "matchLabels": labels }, "template": template },
        "status": {
            "replicas": replicas, "readyReplicas": replicas, "updatedReplicas": replicas,
            "availableReplicas": replicas,
        },
    })];
    objects.extend((0..replicas).map(|i| {
        let own = suffix(&format!("{namespace}/{name}"), i);
        pod(namespace, name, &format!("{name}-{hash}-{own}"), image)
    }));
    objects
}

fn pod(namespace: &str, app: &str, name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": namespace, "labels": { "app": app } },
        "spec": { "containers": [{ "name": app, "image": image }], "serviceAccountName": "default" },
        "status": {
            "phase": "Running", "podIP": "10.0.1.41",
            "containerStatuses": [{ "name": app, "ready": true, "restartCount": 0, "image": image }],
        },
    })
}

/// Five letters like those that Kubernetes generates, the same for the same words.
fn suffix(words: &str, index: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let start = words.bytes().chain([u8::try_from(index % 256).unwrap_or(0)]);
    let mut state = start.fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let mut letters = String::new();
    for _ in 0..5 {
        let at = usize::try_from(state % LETTERS.len() as u64).unwrap_or(0);
        letters.push(char::from(LETTERS[at]));
        state /= LETTERS.len() as u64;
    }
    letters
}
