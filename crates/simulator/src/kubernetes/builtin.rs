//! The roles and bindings that every cluster has from its start, as Kubernetes 1.35 defines them.

use super::kinds::RBAC;
use serde_json::{Value, json};

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "delete", "deletecollection", "patch", "update"];
const ALL: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

type Rule = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const VIEW: &[Rule] = &[
    (
        &[""],
        &[
            "configmaps",
            "endpoints",
            "persistentvolumeclaims",
            "persistentvolumeclaims/status",
            "pods",
            "replicationcontrollers",
            "replicationcontrollers/scale",
            "serviceaccounts",
            "services",
            "services/status",
        ],
        READ,
    ),
    (
        &[""],
        &[
            "bindings",
            "limitranges",
            "namespaces/status",
            "pods/log",
            "pods/status",
            "replicationcontrollers/status",
            "resourcequotas",
            "resourcequotas/status",
        ],
        READ,
    ),
    (&[""], &["namespaces"], READ),
    (&["", "events.k8s.io"], &["events"], READ),
    (&["discovery.k8s.io"], &["endpointslices"], READ),
    (
        &["apps"],
        &[
            "controllerrevisions",
            "daemonsets",
            "daemonsets/status",
            "deployments",
            "deployments/scale",
            "deployments/status",
            "replicasets",
            "replicasets/scale",
            "replicasets/status",
            "statefulsets",
            "statefulsets/scale",
            "statefulsets/status",
        ],
        READ,
    ),
    (&["autoscaling"], &["horizontalpodautoscalers", "horizontalpodautoscalers/status"], READ),
    (&["batch"], &["cronjobs", "cronjobs/status", "jobs", "jobs/status"], READ),
    (
        &["extensions"],
        &[
            "daemonsets",
            "daemonsets/status",
            "deployments",
            "deployments/scale",
            "deployments/status",
            "ingresses",
            "ingresses/status",
            "networkpolicies",
            "replicasets",
            "replicasets/scale",
            "replicasets/status",
            "replicationcontrollers/scale",
        ],
        READ,
    ),
    (&["policy"], &["poddisruptionbudgets", "poddisruptionbudgets/status"], READ),
    (&["networking.k8s.io"], &["ingresses", "ingresses/status", "networkpolicies"], READ),
    (&["resource.k8s.io"], &["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"], READ),
];

const EDIT: &[Rule] = &[
    (&[""], &["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"], READ),
    (&[""], &["serviceaccounts"], &["impersonate"]),
    (&[""], &["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"], WRITE),
    (&[""], &["pods/eviction"], &["create"]),
    (
        &[""],
        &[
            "configmaps",
            "persistentvolumeclaims",
            "replicationcontrollers",
            "replicationcontrollers/scale",
            "secrets",
            "serviceaccounts",
            "services",
            "services/proxy",
        ],
        WRITE,
    ),
    (&[""], &["serviceaccounts/token"], &["create"]),
    (&["", "events.k8s.io"], &["events"], WRITE),
    (
        &["apps"],
        &[
            "daemonsets",
            "deployments",
            "deployments/rollback",
            "deployments/scale",
            "replicasets",
            "replicasets/scale",
            "statefulsets",
            "statefulsets/scale",
        ],
        WRITE,
    ),
    (&["autoscaling"], &["horizontalpodautoscalers"], WRITE),
    (&["batch"], &["cronjobs", "jobs"], WRITE),
    (
        &["extensions"],
        &[
            "daemonsets",
            "deployments",
            "deployments/rollback",
            "deployments/scale",
            "ingresses",
            "networkpolicies",
            "replicasets",
            "replicasets/scale",
            "replicationcontrollers/scale",
        ],
        WRITE,
    ),
    (&["policy"], &["poddisruptionbudgets"], WRITE),
    (&["networking.k8s.io"], &["ingresses", "networkpolicies"], WRITE),
    (&["coordination.k8s.io"], &["leases"], ALL),
    (&["resource.k8s.io"], &["resourceclaims", "resourceclaimtemplates"], WRITE),
];

const ADMIN: &[Rule] = &[
    (&["authorization.k8s.io"], &["localsubjectaccessreviews"], &["create"]),
    (&[RBAC], &["rolebindings", "roles"], ALL),
];

const BASIC_USER: &[Rule] = &[
    (&["authorization.k8s.io"], &["selfsubjectaccessreviews", "selfsubjectrulesreviews"], &["create"]),
    (&["authentication.k8s.io"], &["selfsubjectreviews"], &["create"]),
];

const NODE: &[Rule] = &[
    (&["authentication.k8s.io"], &["tokenreviews"], &["create"]),
    (&[""], &["services", "nodes", "pods"], READ),
    (&[""], &["nodes/status", "pods/status"], &["patch", "update"]),
    (&[""], &["events"], &["create", "patch", "update"]),
];

const DISCOVERY: &[&str] = &[
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
];

const PUBLIC: &[&str] = &["/healthz", "/livez", "/readyz", "/version", "/version/"];

/// All of them, without what the server adds (uid, times).
pub fn objects() -> Vec<Value> {
    let paths = |paths: &[&str]| json!([{ "nonResourceURLs": paths, "verbs": ["get"] }]);
    let everything = json!([
        { "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] },
        { "nonResourceURLs": ["*"], "verbs": ["*"] },
    ]);
    let mut objects = vec![
        role("cluster-admin", None, &everything),
        aggregate("admin", None),
        aggregate("edit", Some("admin")),
        aggregate("view", Some("edit")),
        role("system:aggregate-to-admin", Some("admin"), &rules(ADMIN)),
        role("system:aggregate-to-edit", Some("edit"), &rules(EDIT)),
        role("system:aggregate-to-view", Some("view"), &rules(VIEW)),
        role("system:basic-user", None, &rules(BASIC_USER)),
        role("system:discovery", None, &paths(DISCOVERY)),
        role("system:public-info-viewer", None, &paths(PUBLIC)),
        role("system:node", None, &rules(NODE)),
    ];
    for (name, groups) in [
        ("cluster-admin", &["system:masters"][..]),
        ("system:basic-user", &["system:authenticated"]),
        ("system:discovery", &["system:authenticated"]),
        ("system:public-info-viewer", &["system:authenticated", "system:unauthenticated"]),
    ] {
        let subjects: Vec<Value> =
            groups.iter().map(|g| json!({ "apiGroup": RBAC, "kind": "Group", "name": g })).collect();
        let mut binding = object("ClusterRoleBinding", name, None);
        binding["roleRef"] = json!({ "apiGroup": RBAC, "kind": "ClusterRole", "name": name });
        binding["subjects"] = json!(subjects);
        objects.push(binding);
    }
    // Amazon EKS gives nodes their rights through this group.
    let mut nodes = object("ClusterRoleBinding", "eks:node-bootstrapper", None);
    nodes["roleRef"] = json!({ "apiGroup": RBAC, "kind": "ClusterRole", "name": "system:node" });
    nodes["subjects"] = json!([{ "apiGroup": RBAC, "kind": "Group", "name": "system:nodes" }]);
    objects.push(nodes);
    objects
}

fn rules(rules: &[Rule]) -> Value {
    let rule =
        |(groups, resources, verbs): &Rule| json!({ "apiGroups": groups, "resources": resources, "verbs": verbs });
    rules.iter().map(rule).collect()
}

fn object(kind: &str, name: &str, into: Option<&str>) -> Value {
    let mut labels = json!({ "kubernetes.io/bootstrapping": "rbac-defaults" });
    if let Some(into) = into {
        labels[format!("rbac.authorization.k8s.io/aggregate-to-{into}")] = json!("true");
    }
    json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": kind,
        "metadata": {
            "name": name, "labels": labels,
            "annotations": { "rbac.authorization.kubernetes.io/autoupdate": "true" },
        },
    })
}

fn role(name: &str, into: Option<&str>, rules: &Value) -> Value {
    let mut role = object("ClusterRole", name, into);
    role["rules"] = rules.clone();
    role
}

fn aggregate(name: &str, into: Option<&str>) -> Value {
    let mut role = object("ClusterRole", name, into);
    let label = format!("rbac.authorization.k8s.io/aggregate-to-{name}");
    role["aggregationRule"] = json!({ "clusterRoleSelectors": [{ "matchLabels": { label: "true" } }] });
    role["rules"] = Value::Null;
    role
}
