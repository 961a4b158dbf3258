//! Requests as plain HTTP and JSON, so that an expectation sees exactly what went over the wire.

use base64::Engine as _;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The path of roles and bindings.
pub const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
/// The caches of a real server follow within this time; those of the simulator are never behind.
const PATIENCE: Duration = Duration::from_mins(1);

/// A cluster, a namespace of the test's own in it, and the caller.
#[derive(Clone)]
pub struct Cluster {
    client: kube::Client,
    /// The test's own namespace.
    pub namespace: String,
    user: Option<String>,
    groups: Vec<String>,
}

/// A refusal: HTTP status and the Status object.
#[derive(Debug)]
pub struct Refused {
    pub code: u16,
    pub reason: String,
    pub message: String,
    pub status: Value,
}

pub type Answer = Result<Value, Refused>;

impl Cluster {
    /// Makes a namespace for one test.
    pub async fn new(client: kube::Client) -> Self {
        let namespace = format!("contract-{}", unique());
        let cluster = Self { client, namespace, user: None, groups: Vec::new() };
        let body = json!({ "metadata": { "name": cluster.namespace } });
        cluster.post("/api/v1/namespaces", &body).await.expect("a namespace can be made");
        cluster
    }

    /// The same cluster, called by this user.
    pub fn by(&self, user: &str, groups: &[&str]) -> Self {
        let groups = groups.iter().map(|g| (*g).to_owned()).collect();
        Self { user: Some(user.to_owned()), groups, ..self.clone() }
    }

    /// The caller's name, or an empty text for the administrator.
    pub fn user(&self) -> &str {
        self.user.as_deref().unwrap_or_default()
    }

    /// The path of a core resource in the test's namespace.
    pub fn core(&self, resource: &str) -> String {
        format!("/api/v1/namespaces/{}/{resource}", self.namespace)
    }

    /// The path of an RBAC resource in the test's namespace.
    pub fn rbac(&self, resource: &str) -> String {
        format!("{RBAC}/namespaces/{}/{resource}", self.namespace)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "application/json", None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "application/json", Some(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, "application/json", Some(body)).await
    }

    pub async fn merge(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, "application/merge-patch+json", Some(body)).await
    }

    pub async fn apply(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, "application/apply-patch+yaml", Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "application/json", None).await
    }

    pub async fn delete_if(&self, path: &str, preconditions: Value) -> Answer {
        let options = json!({ "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions });
        self.send("DELETE", path, "application/json", Some(&options)).await
    }

    /// Asks for a table, as kubectl does for what it prints.
    pub async fn table(&self, path: &str) -> Value {
        let request = self.request("GET", path).header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        let text = self.client.request_text(request.body(Vec::new()).expect("a request")).await.expect("a table");
        serde_json::from_str(&text).expect("a table is JSON")
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let mut request = http::Request::builder().method(method).uri(path);
        if let Some(user) = &self.user {
            request = request.header("impersonate-user", user);
        }
        for group in &self.groups {
            request = request.header("impersonate-group", group);
        }
        request
    }

    async fn send(&self, method: &str, path: &str, media: &str, body: Option<&Value>) -> Answer {
        let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        let mut request = self.request(method, path);
        if !body.is_empty() {
            request = request.header("content-type", media);
        }
        let request = request.body(body).expect("a request");
        match self.client.request::<Value>(request).await {
            Ok(value) => Ok(value),
            Err(kube::Error::Api(status)) => {
                let (code, reason, message) = (status.code, status.reason.clone(), status.message.clone());
                let status = serde_json::to_value(&*status).expect("a status is JSON");
                Err(Refused { code, reason, message, status })
            }
            Err(other) => panic!("{method} {path}: {other}"),
        }
    }

    /// The lines of a watch, until there are `enough` of them.
    pub async fn watch(&self, path: &str, enough: usize) -> Vec<Value> {
        use futures::io::AsyncBufReadExt as _;
        let request = self.request("GET", path).body(Vec::new()).expect("a request");
        let mut stream = self.client.request_stream(request).await.expect("a watch begins");
        let mut events = Vec::new();
        while events.len() < enough {
            let mut line = String::new();
            let read = tokio::time::timeout(PATIENCE, stream.read_line(&mut line)).await;
            assert!(read.expect("an event comes in time").expect("a line") > 0, "the watch ended after {events:?}");
            events.push(serde_json::from_str(&line).expect("an event is JSON"));
        }
        events
    }

    /// A RoleBinding of a ClusterRole to a user, in the test's namespace.
    pub fn binding(&self, name: &str, role: &str, user: &str) -> Value {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": { "name": name, "namespace": self.namespace },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }],
        })
    }

    /// Lets `user` do what `rules` say in the test's namespace, through a Role of the test's own.
    pub async fn allow(&self, user: &str, rules: Value) {
        let name = format!("allow-{}", unique());
        let role = json!({ "metadata": { "name": name }, "rules": rules });
        self.post(&self.rbac("roles"), &role).await.expect("a role can be made");
        let mut binding = self.binding(&name, &name, user);
        binding["roleRef"]["kind"] = json!("Role");
        self.post(&self.rbac("rolebindings"), &binding).await.expect("a binding can be made");
    }

    /// The status of a review of `user` (without groups) doing `attributes` in the test's namespace.
    pub async fn review(&self, user: &str, attributes: &Value) -> Value {
        let mut attributes = attributes.clone();
        attributes["namespace"] = json!(self.namespace);
        let body = json!({ "spec": { "user": user, "resourceAttributes": attributes } });
        let answer = self.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", &body).await;
        answer.expect("a review is answered")["status"].clone()
    }

    /// Waits until a review answers `allowed`, and returns its status.
    pub async fn reviewed(&self, user: &str, verb: &str, resource: &str, allowed: bool) -> Value {
        let attributes = json!({ "verb": verb, "resource": resource });
        let end = Instant::now() + PATIENCE;
        loop {
            let status = self.review(user, &attributes).await;
            if status["allowed"] == json!(allowed) {
                return status;
            }
            assert!(Instant::now() < end, "{user} {verb} {resource}: still {status}");
        }
    }

    /// Repeats a request until the answer is as wanted: a real server's view of RBAC is a little late.
    pub async fn until(&self, ask: impl AsyncFn() -> Answer, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = ask().await;
            if wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < end, "still {answer:?}");
        }
    }
}

/// A word that no other test has.
pub fn unique() -> String {
    uuid::Uuid::now_v7().simple().to_string()[20..].to_owned()
}

/// The certificate in a PEM text.
pub fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(body).expect("PEM holds base64")
}

/// The refusal in an answer that must be one.
pub fn refused(answer: Answer) -> Refused {
    answer.expect_err("this is refused")
}
