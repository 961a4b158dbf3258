//! IAM and STS over the Query protocol, as a signed caller; and the simulator that it is asked at.

use std::fmt::Write as _;

use aws_credential_types::Credentials;
use latchkey_simulator::{
    Simulator,
    seed::{AuthenticationMode, Keys, Seed, SeedCluster, SeedPermissionSet, SeedUser, SessionKeys},
};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};

use super::signed::{Sent, send};

pub const ACCOUNT: &str = "111122223333";

/// A simulator with a cluster in each mode, as the worker sees it, who may do everything.
pub async fn simulator() -> Simulator {
    Simulator::start(seed(), None).await.unwrap()
}

/// A cluster in each mode without lines and entries.
pub fn seed() -> Seed {
    let mut seed = Seed::new("eu-west-1", ACCOUNT);
    for (name, mode) in [
        ("classic", AuthenticationMode::ConfigMap),
        ("both", AuthenticationMode::ApiAndConfigMap),
        ("modern", AuthenticationMode::Api),
    ] {
        seed.clusters.push(SeedCluster { mode, ..SeedCluster::new(name) });
    }
    seed
}

/// The permission set of the tests.
pub fn devs() -> SeedPermissionSet {
    SeedPermissionSet::new("Devs", "0123456789abcdef")
}

pub fn of_keys(keys: &Keys) -> Credentials {
    Credentials::new(&keys.access_key_id, &keys.secret_access_key, None, None, "test")
}

pub fn of_session(keys: &SessionKeys) -> Credentials {
    let token = Some(keys.session_token.clone());
    Credentials::new(&keys.access_key_id, &keys.secret_access_key, token, None, "test")
}

/// The worker's keys.
pub fn worker(simulator: &Simulator) -> Credentials {
    of_keys(&simulator.worker_keys().unwrap())
}

/// The keys of a new user who may do this.
pub fn limited(simulator: &Simulator, name: &str, statement: &Value) -> Credentials {
    let mut user = SeedUser::new(name, "/teams/");
    user.policies.insert("p".to_owned(), json!({ "Statement": statement }));
    simulator.aws().add_user(&user);
    of_keys(&simulator.aws().keys_of(name).unwrap())
}

/// The answer of a call.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub xml: String,
}

impl Answer {
    pub fn good(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.xml);
        self
    }

    /// The text of the first element of this name.
    pub fn text(&self, name: &str) -> &str {
        self.texts(name).first().copied().unwrap_or_else(|| panic!("no {name} in {}", self.xml))
    }

    pub fn texts(&self, name: &str) -> Vec<&str> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        self.xml.split(&open).skip(1).map(|rest| rest.split_once(&close).unwrap().0).collect()
    }

    /// A policy document that the answer holds, decoded.
    pub fn document(&self, name: &str) -> Value {
        serde_json::from_str(&percent_decode_str(self.text(name)).decode_utf8().unwrap()).unwrap()
    }

    /// Status, code and text of an error.
    pub fn error(&self) -> (u16, &str, String) {
        (self.status, self.text("Code"), self.text("Message").replace("&#39;", "'"))
    }
}

/// Calls an action of IAM or STS.
pub async fn call(simulator: &Simulator, caller: &Credentials, action: &str, fields: &[(&str, &str)]) -> Answer {
    let of_sts = matches!(action, "AssumeRole" | "GetCallerIdentity");
    let (service, version) = if of_sts { ("sts", "2011-06-15") } else { ("iam", "2010-05-08") };
    let mut body = format!("Action={action}&Version={version}");
    for (name, value) in fields {
        let _ = write!(body, "&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
    }
    let response = send(simulator, caller.clone(), Sent { service, method: "POST", path: "/", body }).await;
    Answer { status: response.status().as_u16(), xml: response.text().await.unwrap() }
}

/// An inline policy that allows this action on all.
pub fn allowing(action: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] })
}

/// A trust policy in the whole account.
pub fn trust() -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": ACCOUNT } },
    ] })
}
