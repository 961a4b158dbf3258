//! The outside calls of the worker, made bare: the same calls in the same order, one after the other, with nothing
//! between them. They are taken from the simulator's log of one grant and one end.

use crate::{
    people::{LOOK, give_back, given, proven, until},
    rig::AwsUser,
    stage::{CLUSTER, Stage},
};
use latchkey_simulator::{aws::Call, kubernetes::Logged};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The calls, and their arguments.
pub struct Bare {
    grant: Calls,
    /// Up to the write after which the API server refuses.
    revoke: Calls,
    client: kube::Client,
    iam: aws_sdk_iam::Client,
    eks: aws_sdk_eks::Client,
    /// The name of the cluster in EKS.
    cluster: String,
    user: AwsUser,
    /// The present `mapUsers`.
    users: String,
}

/// Calls of one kind of change.
struct Calls {
    aws: Vec<Call>,
    kubernetes: Vec<Logged>,
}

/// The binding that the bare calls make and delete.
const BINDING: &str = "bare";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

impl Bare {
    /// Records on a simulated stage the calls that are then made on this one.
    pub async fn new(stage: &Stage, simulated: Stage) -> Self {
        let (ana, ben) = (proven(&simulated, "ana").await, simulated.signed_in("ben").await);
        let first = given(&simulated, (&ana, "ana"), &ben, LOOK).await;
        give_back(&ana, &first).await;
        until(&simulated, &first, "ended").await;
        forget(&simulated);
        let grant = given(&simulated, (&ana, "ana"), &ben, LOOK).await;
        let granting = recorded(&simulated);
        forget(&simulated);
        give_back(&ana, &grant).await;
        until(&simulated, &grant, "ended").await;
        let mut revoking = recorded(&simulated);
        let changes =
            |call: &Logged| ["update", "delete"].contains(&call.verb.as_str()) && call.resource == "rolebindings";
        let at = revoking.kubernetes.iter().position(changes).expect("an end changes the binding");
        revoking.kubernetes.truncate(at + 1);
        // The calls to IAM run in parallel.
        let until = revoking.kubernetes[at].at;
        revoking.aws.retain(|call| call.service == "eks" && call.at <= until);
        Self {
            grant: granting,
            revoke: revoking,
            client: stage.admin(),
            iam: stage.iam(),
            eks: stage.eks_client().await,
            cluster: stage.clusters[0].arn.rsplit_once('/').expect("an ARN ends in a name").1.to_owned(),
            user: stage.user("gus").clone(),
            users: stage.aws_auth().await["mapUsers"].clone(),
        }
    }

    /// Makes the calls of a grant.
    pub async fn grant(&self) -> Duration {
        let from = Instant::now();
        for call in &self.grant.aws {
            self.aws(call).await;
        }
        self.kubernetes(&self.grant.kubernetes, true).await;
        from.elapsed()
    }

    /// Makes the calls of an end, up to the first refusal by the API server.
    pub async fn revoke(&self) -> Duration {
        let from = Instant::now();
        for call in &self.revoke.aws {
            self.aws(call).await;
        }
        self.kubernetes(&self.revoke.kubernetes, false).await;
        let taken = from.elapsed();
        // The rest of the bare grant is removed outside of the measurement.
        let _ = self.send("DELETE", &format!("{RBAC}/namespaces/payments/rolebindings/{BINDING}"), None).await;
        let _ = self.send("PATCH", AWS_AUTH, Some(json!({ "data": { "mapUsers": self.users } }))).await;
        if self.grant.aws.iter().any(|call| call.action == "CreateAccessEntry") {
            let gone = self.eks.delete_access_entry().cluster_name(&self.cluster).principal_arn(&self.user.arn);
            gone.send().await.expect("the bare entry is there");
        }
        taken
    }

    async fn kubernetes(&self, calls: &[Logged], granting: bool) {
        for call in calls {
            let (method, path, body) = self.request(call, granting);
            self.send(method, &path, body).await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        }
    }

    fn request(&self, call: &Logged, granting: bool) -> (&'static str, String, Option<Value>) {
        // Discovery: the log has the path as the resource.
        if call.resource.starts_with('/') {
            return ("GET", call.resource.clone(), None);
        }
        let group = match call.resource.as_str() {
            "configmaps" | "namespaces" => "/api/v1",
            "subjectaccessreviews" => "/apis/authorization.k8s.io/v1",
            _ => RBAC,
        };
        let place = if call.namespace.is_empty() || call.resource == "namespaces" {
            String::new()
        } else {
            format!("/namespaces/{}", call.namespace)
        };
        let name = match (call.resource.as_str(), call.name.as_str()) {
            (_, "") => String::new(),
            ("rolebindings", _) => format!("/{BINDING}"),
            (_, name) => format!("/{name}"),
        };
        let path = format!("{group}{place}/{}", call.resource);
        match call.verb.as_str() {
            "create" => ("POST", path, Some(self.body(call, granting))),
            "update" => ("PUT", format!("{path}{name}"), Some(self.body(call, granting))),
            "patch" => ("PATCH", format!("{path}{name}"), Some(self.body(call, granting))),
            "delete" => ("DELETE", format!("{path}{name}"), None),
            _ => ("GET", format!("{path}{name}"), None),
        }
    }

    fn body(&self, call: &Logged, granting: bool) -> Value {
        let subject = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "latchkey:gus:1" });
        match (call.resource.as_str(), call.name.as_str()) {
            ("subjectaccessreviews", _) => json!({
                "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                "spec": {
                    "user": "latchkey:gus:1", "groups": ["system:authenticated"],
                    "resourceAttributes": { "namespace": "payments", "verb": "list", "resource": "pods" },
                },
            }),
            ("configmaps", "aws-auth") if granting => json!({ "data": {
                "mapUsers": format!("{}- userarn: \"arn:aws:iam::123456789012:user/latchkey/bare\"\n  username: \"latchkey:bare:1\"\n", self.users),
            } }),
            ("configmaps", "aws-auth") => json!({ "data": { "mapUsers": self.users } }),
            ("configmaps", _) => json!({ "metadata": { "labels": { "bare": granting.to_string() } } }),
            _ => json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": { "name": BINDING, "namespace": "payments" },
                "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
                "subjects": if granting { json!([subject]) } else { json!([]) },
            }),
        }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Result<String, kube::Error> {
        let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = http::Request::builder().method(method).uri(path).header("content-type", kind).body(bytes);
        self.client.request_text(request.expect("paths of the log are paths")).await
    }

    async fn aws(&self, call: &Call) {
        if call.service == "eks" {
            return self.eks(&call.action).await;
        }
        let (iam, user) = (&self.iam, &self.user.name);
        let document = "{\"Version\":\"2012-10-17\",\"Statement\":[]}";
        match call.action.as_str() {
            "GetUser" => drop(iam.get_user().user_name(user).send().await),
            "ListUserPolicies" => drop(iam.list_user_policies().user_name(user).send().await),
            "GetUserPolicy" => drop(iam.get_user_policy().user_name(user).policy_name("bare").send().await),
            "PutUserPolicy" => {
                drop(iam.put_user_policy().user_name(user).policy_name("bare").policy_document(document).send().await);
            }
            "DeleteUserPolicy" => drop(iam.delete_user_policy().user_name(user).policy_name("bare").send().await),
            // For calls about tags or about the caller, any read costs the same.
            _ => drop(iam.list_user_tags().user_name(user).send().await),
        }
    }

    async fn eks(&self, action: &str) {
        let (eks, cluster, arn) = (&self.eks, &self.cluster, &self.user.arn);
        match action {
            "ListAccessEntries" => drop(eks.list_access_entries().cluster_name(cluster).send().await),
            "DescribeAccessEntry" => {
                drop(eks.describe_access_entry().cluster_name(cluster).principal_arn(arn).send().await);
            }
            "ListAssociatedAccessPolicies" => {
                drop(eks.list_associated_access_policies().cluster_name(cluster).principal_arn(arn).send().await);
            }
            "CreateAccessEntry" => {
                let entry = eks.create_access_entry().cluster_name(cluster).principal_arn(arn);
                entry.username("latchkey:bare:1").send().await.expect("no other entry is in the way");
            }
            _ => drop(eks.describe_cluster().name(cluster).send().await),
        }
    }
}

const AWS_AUTH: &str = "/api/v1/namespaces/kube-system/configmaps/aws-auth";

fn forget(stage: &Stage) {
    let simulator = stage.simulator();
    simulator.aws().faults().forget_calls();
    simulator.kubernetes(CLUSTER).expect("the first cluster is there").knobs().clear_requests();
}

/// The calls of the worker alone since they were last cleared.
fn recorded(stage: &Stage) -> Calls {
    let simulator = stage.simulator();
    let requests = simulator.kubernetes(CLUSTER).expect("the first cluster is there").knobs().requests();
    let kubernetes = requests.into_iter().filter(|request| request.user == "latchkey-worker").collect();
    let calls = simulator.aws().faults().calls();
    let aws = calls.into_iter().filter(|call| ["iam", "eks"].contains(&call.service.as_str())).collect();
    Calls { aws, kubernetes }
}
