//! The rights that the worker needs, and no more: RBAC on each cluster, IAM, and its own mapping.
//!
//! The worker never holds `escalate`, and holds `bind` by name only: it can hand out only what policy.toml's profiles
//! name, and the rules that they contain, which it has to hold itself. A changed policy.toml needs a new bootstrap.

use crate::{
    access::{
        policy::{PolicyCluster, PolicyFile},
        profile::RulesSource,
    },
    eks::{
        arn::{AccountId, ClusterArn, IDENTITY_CENTER, PrincipalArn},
        rbac::{LABEL_MANAGED_BY, MANAGED_BY, Rule, canonical_rules},
        yaml,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The Kubernetes username of the worker, and the name of its RBAC objects.
pub const WORKER: &str = "latchkey-worker";
/// The namespace of aws-auth and of the marker.
pub const NAMESPACE: &str = "kube-system";
/// The marker: the ConfigMap that names the installation which manages the cluster.
pub const MARKER: &str = "latchkey";

const RBAC: &str = "rbac.authorization.k8s.io";
const RBAC_VERSION: &str = "rbac.authorization.k8s.io/v1";

/// The RBAC objects of the worker, for `kubectl apply`: the same on every cluster of the policy.
pub fn manifests(file: &PolicyFile) -> Vec<Value> {
    let subject = json!({ "apiGroup": RBAC, "kind": "User", "name": WORKER });
    let role_ref = |kind: &str| json!({ "apiGroup": RBAC, "kind": kind, "name": WORKER });
    let object = |kind: &str, namespace: Option<&str>| {
        let mut metadata = json!({ "labels": { LABEL_MANAGED_BY: format!("{MANAGED_BY}-bootstrap") }, "name": WORKER });
        if let Some(namespace) = namespace {
            metadata["namespace"] = namespace.into();
        }
        json!({ "apiVersion": RBAC_VERSION, "kind": kind, "metadata": metadata })
    };
    let mut cluster_role = object("ClusterRole", None);
    cluster_role["rules"] = json!(cluster_rules(file));
    let mut cluster_binding = object("ClusterRoleBinding", None);
    cluster_binding["roleRef"] = role_ref("ClusterRole");
    cluster_binding["subjects"] = json!([subject]);
    let mut role = object("Role", Some(NAMESPACE));
    role["rules"] = json!(namespace_rules());
    let mut binding = object("RoleBinding", Some(NAMESPACE));
    binding["roleRef"] = role_ref("Role");
    binding["subjects"] = json!([subject]);
    vec![cluster_role, cluster_binding, role, binding]
}

/// The ConfigMaps that must exist, for `kubectl create`, which does not change an existing one. RBAC cannot limit the
/// right to create ConfigMaps to one name, so the worker does not create them.
pub fn config_maps() -> Vec<Value> {
    ["aws-auth", MARKER]
        .into_iter()
        .map(|name| {
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "namespace": NAMESPACE } })
        })
        .collect()
}

/// What the worker may do in [`NAMESPACE`].
pub fn namespace_rules() -> Vec<Rule> {
    vec![Rule {
        resource_names: vec!["aws-auth".to_owned(), MARKER.to_owned()],
        ..Rule::of(&["get", "patch"], &[""], &["configmaps"])
    }]
}

/// What the worker may do in the whole cluster.
pub fn cluster_rules(file: &PolicyFile) -> Vec<Rule> {
    let mut named: BTreeSet<&str> = BTreeSet::new();
    let mut own: Vec<Rule> = Vec::new();
    for profile in &file.profiles {
        match &profile.source {
            RulesSource::ClusterRoles(roles) => named.extend(roles.iter().map(String::as_str)),
            RulesSource::Rules(rules) => own.extend(rules.iter().cloned()),
        }
    }
    let mut rules = vec![
        Rule::of(&["get", "list", "create", "update", "delete"], &[RBAC], &["rolebindings", "clusterrolebindings"]),
        Rule::of(&["get", "list", "create", "delete"], &[RBAC], &["clusterroles"]),
        Rule::of(&["get", "list"], &[RBAC], &["roles"]),
        Rule::of(&["get", "list"], &[""], &["namespaces"]),
        Rule::of(&["create"], &["authorization.k8s.io"], &["subjectaccessreviews"]),
        Rule { verbs: vec!["get".to_owned()], non_resource_urls: discovery(), ..Rule::default() },
    ];
    if !named.is_empty() {
        let resource_names = named.into_iter().map(str::to_owned).collect();
        rules.push(Rule { resource_names, ..Rule::of(&["bind"], &[RBAC], &["clusterroles"]) });
    }
    rules.extend(canonical_rules(&own));
    rules
}

/// The paths at which the API server lists the kinds that it serves.
fn discovery() -> Vec<String> {
    ["/api", "/api/v1", "/apis", "/apis/*"].map(str::to_owned).to_vec()
}

/// The worker's own entry of aws-auth, which an administrator puts into `mapRoles` or `mapUsers`: the key and its
/// lines.
pub fn own_mapping(worker: &PrincipalArn) -> (&'static str, String) {
    let (key, field, arn) = match worker {
        PrincipalArn::User(user) => ("mapUsers", "userarn", user.to_string()),
        // The authenticator sees a session, whose ARN carries no path.
        PrincipalArn::Role(role) => ("mapRoles", "rolearn", role.without_path().to_string()),
    };
    (key, yaml::emit(&json!([{ field: arn, "username": WORKER, "groups": [] }])))
}

/// The command by which an administrator gives the worker an access entry on a cluster: of an IAM user as it is, of a
/// role by the ARN with its path, and with a fixed username, since the worker's RBAC names it.
pub fn own_entry_command(worker: &PrincipalArn, cluster: &ClusterArn) -> String {
    format!(
        "aws eks create-access-entry --region {} --cluster-name {} \\\n  --principal-arn {worker} \\\n  --username {WORKER}\n",
        cluster.region(),
        cluster.name(),
    )
}

/// One statement of the worker's IAM policy: these actions on these resources, which may end in a `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerStatement {
    pub sid: String,
    pub actions: Vec<&'static str>,
    pub resources: Vec<String>,
    /// Limits the statement to users that have this permissions boundary.
    pub boundary: Option<String>,
    pub conditions: Vec<IamCondition>,
}

/// A condition of a statement: an operator of IAM, a key, and the values of which one has to fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IamCondition {
    pub operator: &'static str,
    pub key: &'static str,
    pub values: Vec<String>,
    /// Whether AWS's documents say that it works with this key.
    pub documented: bool,
}

impl IamCondition {
    /// A value for the key with which the condition is met; `None` if the key has to be absent.
    pub fn sample(&self) -> Option<String> {
        match (self.operator, self.values.first()?.as_str()) {
            ("Null", "true") => None,
            ("Null", _) => Some("latchkey-doctor".to_owned()),
            (_, value) => Some(value.replace('*', "doctor")),
        }
    }

    /// Its values as a policy has them: a single one stands alone.
    pub fn to_value(&self) -> Value {
        match self.values.as_slice() {
            [one] => json!(one),
            several => json!(several),
        }
    }

    fn of(operator: &'static str, key: &'static str, value: &str) -> Self {
        Self { operator, key, values: vec![value.to_owned()], documented: true }
    }
}

/// What an entry must be like that the worker makes: of a user, or of a role of Identity Center or below one of the
/// accounts' `principal_paths`, and so not of nodes; with a username of Latchkey's, without groups, and tagged.
fn new_entry(file: &PolicyFile) -> Vec<IamCondition> {
    let mut principals = vec!["arn:*:iam::*:user/*".to_owned(), format!("arn:*:iam::*:role{IDENTITY_CENTER}*")];
    let paths = file.accounts.iter().flat_map(|account| account.principal_paths.iter().map(|path| (&account.id, path)));
    principals.extend(paths.map(|(id, path)| format!("arn:*:iam::{id}:role{path}*")));
    vec![
        IamCondition::of("StringEquals", "eks:accessEntryType", "STANDARD"),
        IamCondition::of("StringLike", "eks:username", OWN_USERNAMES),
        IamCondition { values: principals, ..IamCondition::of("StringLike", "eks:principalArn", "") },
        IamCondition::of("Null", "aws:RequestTag/latchkey/installation", "false"),
        // AWS's list of condition keys has the key. That it is absent from a call without groups is not written anywhere.
        IamCondition { documented: false, ..IamCondition::of("Null", "eks:kubernetesGroups", "true") },
    ]
}

/// The entries that the worker may delete.
fn own_entry() -> Vec<IamCondition> {
    vec![IamCondition::of("StringLike", "eks:username", OWN_USERNAMES)]
}

/// The conditions under which the worker has an action.
pub fn conditions_of(action: &str, file: &PolicyFile) -> Vec<IamCondition> {
    match action {
        "eks:CreateAccessEntry" => new_entry(file),
        "eks:DeleteAccessEntry" => own_entry(),
        _ => Vec::new(),
    }
}

/// The usernames that only Latchkey gives.
const OWN_USERNAMES: &str = "latchkey:*";

/// What the worker may do in AWS: look at the policy's clusters and their access entries, make and delete entries of
/// its own (never change one, associate a policy with one, or change a cluster), see whether any user or role is still
/// the one that was proven, and who can use a role, and maintain one inline policy and the tags of users and roles below
/// the accounts' `principal_paths`. With a permissions boundary, it may only write the policies of those that have it, so
/// that what it writes can never exceed the boundary.
pub fn iam_statements(file: &PolicyFile, boundary: Option<&str>) -> Vec<WorkerStatement> {
    let clusters: Vec<String> = file.clusters.iter().map(|cluster| cluster.arn.to_string()).collect();
    let entries: Vec<String> = file.clusters.iter().map(access_entries).collect();
    let mut statements = Vec::new();
    if !clusters.is_empty() {
        statements.push(allow("LatchkeyClusters", &["eks:DescribeCluster", "eks:ListAccessEntries"], &clusters));
        let actions = ["eks:DescribeAccessEntry", "eks:ListAssociatedAccessPolicies"];
        statements.push(allow("LatchkeyAccessEntries", &actions, &entries));
        let make = allow("LatchkeyNewEntries", &["eks:CreateAccessEntry"], &clusters);
        statements.push(WorkerStatement { conditions: new_entry(file), ..make });
        statements.push(allow("LatchkeyEntryTags", &["eks:TagResource"], &entries));
        let delete = allow("LatchkeyOwnEntries", &["eks:DeleteAccessEntry"], &entries);
        statements.push(WorkerStatement { conditions: own_entry(), ..delete });
    }
    let partition = file.clusters.first().map_or("aws", |cluster| cluster.arn.partition().as_str());
    let mut accounts: Vec<&AccountId> = file.accounts.iter().map(|account| &account.id).collect();
    accounts.extend(file.clusters.iter().map(|cluster| cluster.arn.account()));
    accounts.sort();
    accounts.dedup();
    let all = |kind: &str| -> Vec<String> {
        accounts.iter().map(|id| format!("arn:{partition}:iam::{id}:{kind}/*")).collect()
    };
    if !accounts.is_empty() {
        statements.push(allow("LatchkeyIdentities", &["iam:GetUser"], &all("user")));
        statements.push(allow("LatchkeyRoles", &["iam:GetRole"], &all("role")));
        // IAM limits this call to no resource. It finds the role that Identity Center made anew.
        statements.push(allow("LatchkeyIdentityCenter", &["iam:ListRoles"], &["*".to_owned()]));
    }
    let paths =
        || file.accounts.iter().flat_map(|account| account.principal_paths.iter().map(|path| (&account.id, path)));
    let below = |kind: &str| -> Vec<String> {
        paths().map(|(id, path)| format!("arn:{partition}:iam::{id}:{kind}{path}*")).collect()
    };
    let (users, roles) = (below("user"), below("role"));
    if !users.is_empty() {
        let read = ["iam:GetUserPolicy", "iam:ListUserPolicies", "iam:TagUser", "iam:UntagUser"];
        statements.push(allow("LatchkeyUsers", &read, &users));
        let write = allow("LatchkeyUserPolicies", &["iam:DeleteUserPolicy", "iam:PutUserPolicy"], &users);
        statements.push(WorkerStatement { boundary: boundary.map(str::to_owned), ..write });
        let read = ["iam:GetRolePolicy", "iam:ListRolePolicies", "iam:TagRole", "iam:UntagRole"];
        statements.push(allow("LatchkeyOwnRoles", &read, &roles));
        let write = allow("LatchkeyRolePolicies", &["iam:DeleteRolePolicy", "iam:PutRolePolicy"], &roles);
        statements.push(WorkerStatement { boundary: boundary.map(str::to_owned), ..write });
    }
    statements
}

/// Statements as an IAM policy, in JSON over several lines.
pub fn iam_policy(statements: &[WorkerStatement]) -> String {
    let statements: Vec<Value> = statements.iter().map(WorkerStatement::to_value).collect();
    format!("{:#}\n", json!({ "Statement": statements, "Version": "2012-10-17" }))
}

/// The same statements without conditions that AWS's documents do not confirm.
#[must_use]
pub fn documented(mut statements: Vec<WorkerStatement>) -> Vec<WorkerStatement> {
    for statement in &mut statements {
        statement.conditions.retain(|condition| condition.documented);
    }
    statements
}

/// The worker's IAM policy: [`iam_statements`] as JSON.
pub fn worker_iam_policy(file: &PolicyFile, boundary: Option<&str>) -> String {
    iam_policy(&iam_statements(file, boundary))
}

impl WorkerStatement {
    fn to_value(&self) -> Value {
        let mut value =
            json!({ "Action": self.actions, "Effect": "Allow", "Resource": self.resources, "Sid": self.sid });
        if let Some(boundary) = &self.boundary {
            value["Condition"] = json!({ "StringEquals": { "iam:PermissionsBoundary": boundary } });
        }
        for condition in &self.conditions {
            value["Condition"][condition.operator][condition.key] = condition.to_value();
        }
        value
    }
}

fn allow(sid: &str, actions: &[&'static str], resources: &[String]) -> WorkerStatement {
    WorkerStatement {
        sid: sid.to_owned(),
        actions: actions.to_vec(),
        resources: resources.to_vec(),
        boundary: None,
        conditions: vec![],
    }
}

/// `arn:P:eks:R:A:access-entry/CLUSTER/*`.
fn access_entries(cluster: &PolicyCluster) -> String {
    let arn = &cluster.arn;
    format!("arn:{}:eks:{}:{}:access-entry/{}/*", arn.partition(), arn.region(), arn.account(), arn.name())
}

/// Objects as YAML, one document each.
pub fn to_yaml(objects: &[Value]) -> String {
    objects.iter().map(yaml::emit).collect::<Vec<_>>().join("---\n")
}

#[cfg(test)]
mod tests;
