//! `latchkey doctor`: trouble is named, with what mends it; what is in order stays as it was.

mod clusters;
mod credentials;
mod database;
mod guide;
mod outside;
mod powers;
mod real;
mod schema;
mod way;
mod well;

use crate::{rig::tool::Tool, worker::World};
use latchkey::config;
use latchkey_domain::plan::bootstrap;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
};

/// The portal's address in the configuration; no server listens there.
pub const PORTAL: &str = "http://127.0.0.1:8080";
/// The IAM role of the ward's worker.
const ROLE: &str = "latchkey-worker";
/// A text that a test recognises wherever it is printed.
const CLIENT_SECRET: &str = "marked-client-secret";

/// A machine with a latchkey.toml, on which the binary is run.
pub struct Ward {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

/// What the binary answered.
pub struct Told {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Told {
    /// The JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// The findings of one subject (or cluster) that are not ok, as `check status`.
    pub fn troubles(&self, subject: &str) -> Vec<String> {
        let report = self.json();
        let findings = section(&report, subject);
        let not_ok = findings.iter().filter(|finding| finding["status"] != "ok");
        not_ok.map(|finding| format!("{} {}", text(&finding["check"]), text(&finding["status"]))).collect()
    }

    /// The one finding of a subject's check that is not ok.
    pub fn trouble(&self, subject: &str, check: &str) -> Value {
        let report = self.json();
        let not_ok = |finding: &&Value| finding["check"] == check && finding["status"] != "ok";
        let found = section(&report, subject).into_iter().find(|finding| not_ok(&finding));
        found.unwrap_or_else(|| panic!("{subject} has no trouble with {check}: {}", self.out))
    }
}

/// The findings about `database`, `aws`, ..., or about the cluster of that name.
fn section(report: &Value, subject: &str) -> Vec<Value> {
    let sections = report["sections"].as_array().unwrap();
    let found = sections.iter().find(|s| s["subject"] == subject || s["name"] == subject);
    found.unwrap_or_else(|| panic!("no section {subject}: {report}"))["findings"].as_array().unwrap().clone()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

impl Ward {
    pub fn new(latchkey: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("latchkey.toml"), latchkey).unwrap();
        let mut variables = BTreeMap::new();
        for (name, value) in [
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("LATCHKEY_LOGIN__CLIENT_SECRET", CLIENT_SECRET),
        ] {
            variables.insert(name.to_owned(), value.to_owned());
        }
        Self { folder, variables }
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.insert(name.to_owned(), value.into());
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// The path of one of its files.
    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// `latchkey doctor` with these arguments.
    pub async fn doctor(&self, arguments: &[&str]) -> Told {
        self.latchkey("doctor", arguments).await
    }

    /// A command with these arguments.
    pub async fn latchkey(&self, name: &str, arguments: &[&str]) -> Told {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.arg(name).args(arguments).current_dir(self.folder.path()).envs(&self.variables);
        command.stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Told { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// The same, as JSON.
    pub async fn examine(&self, arguments: &[&str]) -> Told {
        let arguments: Vec<&str> = ["--format", "json"].iter().chain(arguments).copied().collect();
        self.doctor(&arguments).await
    }
}

/// The worker's machine in the simulated world: two clusters, everything as the guide sets it up.
pub struct Hospital {
    pub world: World,
    pub ward: Ward,
}

impl Hospital {
    pub async fn new() -> Self {
        Self::in_world(World::new().await).await
    }

    /// The same in this world.
    pub async fn in_world(world: World) -> Self {
        let simulator = &world.simulator;
        let policy = config::policy::parse(crate::town::POLICY).unwrap();
        let iam = bootstrap::worker_iam_policy(&policy, None);
        hire(&world, &[serde_json::from_str(&iam).unwrap()]);
        let role = format!("arn:aws:iam::111122223333:role/{ROLE}");
        for cluster in ["prod-eu", "staging-eu"] {
            let objects = world.objects(cluster);
            let (key, line) = bootstrap::own_mapping(&role.parse().unwrap());
            let before = objects.aws_auth_data().unwrap().remove(key).unwrap_or_default();
            objects.set_aws_auth(key, Some(&format!("{before}{line}")), "an administrator").unwrap();
        }
        let mut ward = Ward::new(&latchkey(
            simulator.issuer().as_str().trim_end_matches('/'),
            simulator.aws_endpoint().as_str(),
            PORTAL,
        ));
        for (key, role) in [("WEB", "latchkey_web"), ("WORKER", "latchkey_worker")] {
            let url = world.town.database.url_as(role).replacen(role, &format!("{role}:marked-password"), 1);
            ward.set(&format!("LATCHKEY_DATABASE__{key}_URL"), url);
        }
        ward.set("LATCHKEY_DATABASE__OWNER_URL", world.town.database.url());
        for (name, value) in session(&world, &role).await {
            ward.set(name, value);
        }
        let hospital = Self { world, ward };
        hospital.beat().await;
        hospital
    }

    /// Records that a worker lives, for half a minute.
    pub async fn beat(&self) {
        latchkey::store::heartbeats::beat(
            &self.world.town.worker,
            "the ward's worker",
            jiff::Timestamp::now(),
            std::time::Duration::ZERO,
        )
        .await
        .unwrap();
    }

    pub async fn examine(&self, arguments: &[&str]) -> Told {
        self.beat().await;
        self.ward.examine(arguments).await
    }

    pub async fn execute(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(self.world.town.owner.pool()).await.unwrap();
    }
}

/// Gives the worker's role these policies, and the right to ask IAM about itself.
pub fn hire(world: &World, iam: &[Value]) {
    let user = "arn:aws:iam::111122223333:user/latchkey-worker";
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": user } }] });
    let asks = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy",
        "Resource": format!("arn:aws:iam::111122223333:role/{ROLE}") }] });
    let names = ["worker", "added"];
    let mut policies: Vec<(&str, Value)> = names.into_iter().zip(iam.iter().cloned()).collect();
    policies.push(("asks", asks));
    world.simulator.aws().add_role(ROLE, "/", &trust, &policies).unwrap();
}

/// The credentials of a session of the role, as the environment has them.
async fn session(world: &World, role: &str) -> [(&'static str, String); 3] {
    let keys = world.simulator.worker_keys().unwrap();
    let credentials =
        aws_credential_types::Credentials::new(keys.access_key_id, keys.secret_access_key, None, None, "a test");
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-west-1"))
        .credentials_provider(credentials)
        .endpoint_url(world.simulator.aws_endpoint().as_str().trim_end_matches('/'))
        .load()
        .await;
    let sts = aws_sdk_sts::Client::new(&config);
    let assumed = sts.assume_role().role_arn(role).role_session_name("ward").send().await.unwrap();
    let credentials = assumed.credentials.unwrap();
    [
        ("AWS_ACCESS_KEY_ID", credentials.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key),
        ("AWS_SESSION_TOKEN", credentials.session_token),
    ]
}

/// A latchkey.toml without databases, which come by the environment.
pub fn latchkey(issuer: &str, aws: &str, portal: &str) -> String {
    let aws = aws.trim_end_matches('/');
    format!(
        "[server]\npublic_url = \"{portal}\"\n[login]\nissuer = \"{issuer}\"\nclient_id = \"latchkey\"\n\
         [aws]\nregion = \"eu-west-1\"\niam_url = \"{aws}\"\nsts_url = \"{aws}\"\neks_url = \"{aws}\"\n"
    )
}

/// Runs the kubectl command that a finding names on what it prints, as an administrator who holds this token.
pub async fn kubectl(server: &str, ca_pem: &str, token: &str, paste: &Value) {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, ca_pem).unwrap();
    let into: Vec<&str> = text(&paste["into"]).split(' ').collect();
    assert_eq!((paste["format"].as_str(), into[0]), (Some("yaml"), "kubectl"));
    let mut command = Command::new(Tool::Kubectl.path());
    command.args(&into[1..]).args(["--server", server, "--token", token, "--cache-dir"]).arg(folder.path());
    command.arg("--certificate-authority").arg(&ca).env("KUBECONFIG", "/dev/null");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text(&paste["text"]).as_bytes()).unwrap();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}\n{paste}", String::from_utf8_lossy(&output.stderr));
}
