//! EKS over its HTTP interface, as a signed caller; and the simulator that it is asked at.

use aws_credential_types::Credentials;
use latchkey_simulator::{
    Simulator,
    seed::{AuthenticationMode, Keys, Seed, SeedCluster, SeedPerson, SeedUser},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::signed::{Sent, send};

pub const JANE: &str = "arn:aws:iam::111122223333:user/latchkey/jane";
pub const VIEW: &str = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";
pub const NO_ENTRY: &str = "The specified principalArn could not be found. You can view your available access entries \
                            with 'list-access-entries'.";
pub const INVALID_PRINCIPAL: &str = "The specified principalArn is invalid: invalid principal.";

/// Jane, whom aws-auth of each cluster maps to `line`, and a cluster in each mode.
pub fn seed() -> Seed {
    let mut seed = Seed::new("eu-west-1", "111122223333");
    seed.people.push(SeedPerson {
        handle: "jane".to_owned(),
        name: "Jane Doe".to_owned(),
        email: "jane@example.com".to_owned(),
        groups: Vec::new(),
        aws: Some(SeedUser::new("jane", "/latchkey/")),
    });
    let line = format!("- userarn: \"{JANE}\"\n  username: line\n");
    for (name, mode) in [
        ("classic", AuthenticationMode::ConfigMap),
        ("both", AuthenticationMode::ApiAndConfigMap),
        ("modern", AuthenticationMode::Api),
    ] {
        seed.clusters.push(SeedCluster {
            mode,
            aws_auth: Some([("mapUsers".to_owned(), line.clone())].into()),
            ..SeedCluster::new(name)
        });
    }
    seed
}

/// A caller of a simulator's EKS.
pub struct Eks {
    pub simulator: Simulator,
    keys: Keys,
}

/// The answer of a call.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The content of a success.
    pub fn good(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Status, code and text of an error.
    pub fn error(&self) -> (u16, &str, &str) {
        let text = |name: &str| self.body[name].as_str().unwrap_or_else(|| panic!("no error: {}", self.body));
        (self.status, text("__type"), text("message"))
    }
}

impl Eks {
    /// A new simulator, asked as the worker, who may do everything.
    pub async fn new() -> Self {
        Self::of(Simulator::start(seed(), None).await.unwrap())
    }

    pub fn of(simulator: Simulator) -> Self {
        let keys = simulator.worker_keys().unwrap();
        Self { simulator, keys }
    }

    /// The same simulator, asked as a new user with this policy.
    pub fn limited_to(self, statements: &Value) -> Self {
        let mut user = SeedUser::new("limited", "/");
        user.policies.insert("p".to_owned(), json!({ "Version": "2012-10-17", "Statement": statements }));
        self.simulator.aws().add_user(&user);
        Self { keys: self.simulator.aws().keys_of("limited").unwrap(), ..self }
    }

    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let keys = &self.keys;
        let caller = Credentials::new(&keys.access_key_id, &keys.secret_access_key, None, None, "test");
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let response = send(&self.simulator, caller, Sent { service: "eks", method, path, body }).await;
        Answer { status: response.status().as_u16(), body: response.json().await.unwrap() }
    }

    pub async fn create(&self, cluster: &str, body: Value) -> Answer {
        self.call("POST", &format!("/clusters/{cluster}/access-entries"), Some(body)).await
    }

    pub async fn describe(&self, cluster: &str, principal: &str) -> Answer {
        self.call("GET", &entry(cluster, principal), None).await
    }

    pub async fn update(&self, cluster: &str, principal: &str, body: Value) -> Answer {
        self.call("POST", &entry(cluster, principal), Some(body)).await
    }

    pub async fn delete(&self, cluster: &str, principal: &str) -> Answer {
        self.call("DELETE", &entry(cluster, principal), None).await
    }

    pub async fn list(&self, cluster: &str, query: &str) -> Answer {
        self.call("GET", &format!("/clusters/{cluster}/access-entries{query}"), None).await
    }

    pub async fn associate(&self, cluster: &str, principal: &str, policy: &str, scope: Value) -> Answer {
        let body = json!({ "policyArn": policy, "accessScope": scope });
        self.call("POST", &format!("{}/access-policies", entry(cluster, principal)), Some(body)).await
    }

    pub async fn disassociate(&self, cluster: &str, principal: &str, policy: &str) -> Answer {
        let policy = utf8_percent_encode(policy, NON_ALPHANUMERIC);
        self.call("DELETE", &format!("{}/access-policies/{policy}", entry(cluster, principal)), None).await
    }

    pub async fn associated(&self, cluster: &str, principal: &str) -> Answer {
        self.call("GET", &format!("{}/access-policies", entry(cluster, principal)), None).await
    }
}

fn entry(cluster: &str, principal: &str) -> String {
    format!("/clusters/{cluster}/access-entries/{}", utf8_percent_encode(principal, NON_ALPHANUMERIC))
}

/// A user in an account that the simulator is not asked about.
pub fn foreign(number: usize) -> String {
    format!("arn:aws:iam::999988887777:user/u{number:03}")
}
