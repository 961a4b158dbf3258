//! The binary as operators run it: arguments in, sentences and exit codes out.

use crate::{
    rig::{self, postgres::Postgres, proxy::Proxy},
    town::POLICY,
};
use jiff::Timestamp;
use latchkey_domain::eks::token::{PresignedIdentity, ProofContext};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

const LATCHKEY: &str = r#"
[server]
public_url = "http://127.0.0.1:8080"
[login]
issuer = "http://127.0.0.1:9"
client_id = "latchkey"
"#;

/// A folder with both files, in which the binary runs.
pub struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("latchkey.toml"), LATCHKEY).unwrap();
        std::fs::write(folder.path().join("policy.toml"), POLICY).unwrap();
        Self { folder }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.args(arguments).current_dir(self.folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        command
    }

    pub async fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn check_accepts_the_examples() {
    let desk = Desk::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples");
    for name in ["latchkey.toml", "policy.toml"] {
        std::fs::copy(examples.join(name), desk.file(name)).unwrap();
    }
    let output = desk.run(&["check"], &[]).await;
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(out(&output).trim(), "latchkey.toml and policy.toml are valid");
    // The next command needs the database's address, which the example leaves to the environment.
    let note = err(&output);
    assert!(note.starts_with("note: nothing here says where the database is") && note.lines().count() == 1, "{note}");
    let url = [("LATCHKEY_DATABASE__WEB_URL", "postgres://latchkey_web@localhost/latchkey")];
    assert_eq!(err(&desk.run(&["check"], &url).await), "");
}

#[tokio::test]
async fn check_names_the_faults_of_both_files_and_of_the_environment_at_once() {
    let desk = Desk::new();
    std::fs::write(desk.file("latchkey.toml"), LATCHKEY.replace("127.0.0.1:8080", "latchkey.example.com")).unwrap();
    std::fs::write(desk.file("other.toml"), POLICY.replacen("longest = \"8h\"", "longest = 8", 1)).unwrap();
    let output = desk.run(&["check", "--policy", "other.toml"], &[("LATCHKEY_SERVER__LISTEN", "everywhere")]).await;
    assert_eq!(output.status.code(), Some(1));
    let told = err(&output);
    for place in
        ["LATCHKEY_SERVER__LISTEN: error:", "latchkey.toml:3:14: error:", "other.toml:", "`longest` must be a string"]
    {
        assert!(told.contains(place), "{place}: {told}");
    }
    assert!(told.ends_with("3 errors, 1 warning\n"), "{told}");
}

#[tokio::test]
async fn check_says_of_a_rule_that_never_works_that_it_warns_and_that_the_file_is_valid() {
    let desk = Desk::new();
    let idle = "\n[[profiles]]\nname = \"idle\"\ndescription = \"x\"\n\n[[profiles.rules]]\napi_groups = [\"core\"]\n\
                resources = [\"pods\"]\nverbs = [\"get\"]\n";
    std::fs::write(desk.file("policy.toml"), format!("{POLICY}{idle}")).unwrap();
    let output = desk.run(&["check"], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains(": warning: this never works: get pods.core"), "{}", err(&output));
    assert!(out(&output).contains("valid, with "), "{}", out(&output));
}

#[tokio::test]
async fn token_is_what_the_verifier_of_proofs_takes() {
    let desk = Desk::new();
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "hush"), ("AWS_REGION", "eu-west-1")];
    let output = desk.run(&["token", "--cluster-name", "prod-eu"], &keys).await;
    assert!(output.status.success(), "{}", err(&output));
    let credential: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(credential["kind"], "ExecCredential");
    assert_eq!(credential["apiVersion"], "client.authentication.k8s.io/v1beta1");
    let context = ProofContext { cluster_id: "prod-eu".into(), now: Timestamp::now(), partitions: vec![] };
    let proof = PresignedIdentity::parse(&out(&output), &context).unwrap();
    assert_eq!(proof.host().as_str(), "sts.eu-west-1.amazonaws.com");
    assert!(!out(&output).contains("hush"));
}

#[tokio::test]
async fn token_is_made_for_the_host_that_the_environment_or_the_profile_asks_for() {
    let desk = Desk::new();
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "hush"), ("AWS_REGION", "us-east-1")];
    let host = async |more: &[(&str, &str)]| {
        let output = desk.run(&["token", "--cluster-name", "prod"], &[&keys, more].concat()).await;
        let context = ProofContext { cluster_id: "prod".into(), now: Timestamp::now(), partitions: vec![] };
        PresignedIdentity::parse(&out(&output), &context).unwrap().host().as_str().to_owned()
    };
    assert_eq!(host(&[("AWS_USE_FIPS_ENDPOINT", "true")]).await, "sts-fips.us-east-1.amazonaws.com");
    assert_eq!(host(&[("AWS_USE_DUALSTACK_ENDPOINT", "true")]).await, "sts.us-east-1.api.aws");
    std::fs::write(desk.file("config"), "[profile gov]\nuse_fips_endpoint = true\n").unwrap();
    let file = desk.file("config").display().to_string();
    let profile = [("AWS_CONFIG_FILE", file.as_str()), ("AWS_PROFILE", "gov")];
    assert_eq!(host(&profile).await, "sts-fips.us-east-1.amazonaws.com");
    let gov = [&profile[..], &[("AWS_REGION", "us-gov-west-1")]].concat();
    assert_eq!(host(&gov).await, "sts.us-gov-west-1.amazonaws.com");
    assert_eq!(host(&[]).await, "sts.us-east-1.amazonaws.com");
}

#[tokio::test]
async fn token_says_what_is_missing() {
    let desk = Desk::new();
    let output = desk.run(&["token", "--cluster-name", "prod-eu", "--region", "eu-west-1"], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("there are no AWS credentials"), "{}", err(&output));
}

#[tokio::test]
async fn bootstrap_prints_each_part_alone() {
    let desk = Desk::new();
    let output = desk.run(&["bootstrap", "prod-eu"], &[]).await;
    assert!(output.status.success(), "{}", err(&output));
    for part in
        ["kind: ClusterRole\n", "kind: RoleBinding\n", "name: aws-auth\n", "latchkey-worker", "iam:PutUserPolicy"]
    {
        assert!(out(&output).contains(part), "{part}: {}", out(&output));
    }
    let iam = desk.run(&["bootstrap", "prod-eu", "--only", "iam"], &[]).await;
    let policy: serde_json::Value = serde_json::from_str(&out(&iam)).unwrap();
    assert_eq!(policy["Version"], "2012-10-17");
    let unknown = desk.run(&["bootstrap", "prod-us"], &[]).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(err(&unknown).contains("it has prod-eu, staging-eu"), "{}", err(&unknown));
}

#[tokio::test]
async fn database_is_migrated_a_policy_applied_and_the_chain_verified() {
    let desk = Desk::new();
    let database = Postgres::shared().await.fresh_database().await;
    let url = database.url();
    let variables = [("LATCHKEY_DATABASE__OWNER_URL", url.as_str())];
    let run = |arguments: &'static [&'static str]| desk.run(arguments, &variables);
    let migrated = run(&["migrate"]).await;
    assert!(migrated.status.success(), "{}", err(&migrated));
    let none = run(&["policy", "show"]).await;
    assert!(err(&none).contains("no policy was applied yet"), "{}", err(&none));
    let applied = run(&["policy", "apply", "policy.toml", "--by", "a test"]).await;
    assert!(applied.status.success(), "{}", err(&applied));
    assert!(out(&applied).contains("clusters added: prod-eu, staging-eu"), "{}", out(&applied));
    let shown = run(&["policy", "show"]).await;
    assert_eq!(out(&shown), POLICY);
    let hash = latchkey::config::policy::hash(POLICY);
    assert_eq!(err(&shown).trim(), hash);
    std::fs::write(desk.file("policy.toml"), POLICY.replacen("quorum = 1", "quorum = none", 1)).unwrap();
    let refused = run(&["policy", "apply", "policy.toml"]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("the current one stays\npolicy.toml:"), "{}", err(&refused));
    assert_eq!(out(&run(&["policy", "show"]).await), POLICY);
    let verified = run(&["audit", "verify"]).await;
    assert!(verified.status.success(), "{}", err(&verified));
    assert!(out(&verified).starts_with("the audit chain holds: 0 links"), "{}", out(&verified));
}

#[tokio::test]
async fn migrate_prints_what_an_administrator_has_to_run_and_says_that_it_is_needed() {
    let desk = Desk::new();
    let database = Postgres::shared().await.fresh_database().await;
    let (name, owner) = (database.name().to_owned(), format!("owns_{}", database.name()));
    let bare = format!(
        "drop schema public cascade; create schema public authorization pg_database_owner; grant usage on schema public to public;
         create role {owner} login; alter database {name} owner to {owner};
         alter role latchkey_web in database {name} reset all; alter role latchkey_worker in database {name} reset all;"
    );
    let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(bare)).execute(&pool).await.unwrap();
    let url = database.url_as(&owner);
    let variables = [("LATCHKEY_DATABASE__OWNER_URL", url.as_str())];
    let output = desk.run(&["migrate"], &variables).await;
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(err(&output).contains("an administrator has to run"), "{}", err(&output));
    let statements: Vec<String> = out(&output).lines().skip(1).map(str::to_owned).collect();
    assert!(statements.iter().all(|line| line.starts_with("alter role ") && line.ends_with(';')), "{statements:?}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements.join("\n"))).execute(&pool).await.unwrap();
    let output = desk.run(&["migrate"], &variables).await;
    assert!(output.status.success(), "{}", err(&output));
    let applied = desk.run(&["policy", "apply", "policy.toml", "--by", "a test"], &variables).await;
    assert!(applied.status.success(), "{}", err(&applied));
}

#[tokio::test]
async fn commands_that_need_a_database_say_which_url_is_missing() {
    let desk = Desk::new();
    for (arguments, variable) in [
        (["serve", ""], "LATCHKEY_DATABASE__WEB_URL"),
        (["worker", ""], "LATCHKEY_DATABASE__WORKER_URL"),
        (["migrate", ""], "LATCHKEY_DATABASE__OWNER_URL"),
        (["policy", "show"], "LATCHKEY_DATABASE__OWNER_URL"),
    ] {
        let arguments: Vec<&str> = arguments.into_iter().filter(|argument| !argument.is_empty()).collect();
        let output = desk.run(&arguments, &[]).await;
        assert_eq!(output.status.code(), Some(1));
        assert!(err(&output).contains(variable), "{arguments:?}: {}", err(&output));
    }
}

#[tokio::test]
async fn portal_serves_until_it_is_asked_to_stop() {
    let desk = Desk::new();
    let database = Postgres::shared().await.fresh_database().await;
    let owner = database.url();
    let variables = [("LATCHKEY_DATABASE__OWNER_URL", owner.as_str())];
    let port = rig::free_port();
    let mut portal = desk
        .command(&["serve"])
        .env("LATCHKEY_SERVER__LISTEN", format!("127.0.0.1:{port}"))
        .env("LATCHKEY_DATABASE__WEB_URL", database.url_as("latchkey_web"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let url = format!("http://127.0.0.1:{port}/readyz");
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    loop {
        if let Ok(answer) = reqwest::get(&url).await {
            // Without a policy there is nothing to ask for.
            assert_eq!(answer.status(), 503);
            assert!(answer.text().await.unwrap().contains("latchkey policy apply"));
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "the portal never answered");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let applied = desk.run(&["policy", "apply", "policy.toml", "--by", "a test"], &variables).await;
    assert!(applied.status.success(), "{}", err(&applied));
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    let pid = portal.id().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    let status = tokio::task::spawn_blocking(move || portal.wait().unwrap()).await.unwrap();
    assert!(status.success());
}

/// Only the proxy could reach this provider, and the proxy does not find it: the test looks at whether the proxy was
/// asked.
#[tokio::test]
async fn portal_asks_its_provider_through_the_proxy_of_its_environment() {
    let desk = Desk::new();
    let issuer = "issuer = \"https://login.latchkey.test\"";
    std::fs::write(desk.file("latchkey.toml"), LATCHKEY.replace("issuer = \"http://127.0.0.1:9\"", issuer)).unwrap();
    let database = Postgres::shared().await.fresh_database().await;
    let proxy = Proxy::start().await;
    let port = rig::free_port();
    let mut portal = desk
        .command(&["serve"])
        .env("LATCHKEY_SERVER__LISTEN", format!("127.0.0.1:{port}"))
        .env("LATCHKEY_DATABASE__WEB_URL", database.url_as("latchkey_web"))
        .envs([("HTTPS_PROXY", proxy.address.as_str()), ("NO_PROXY", "127.0.0.1")])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let url = format!("http://127.0.0.1:{port}/sign-in/start");
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    let answer = loop {
        match reqwest::get(&url).await {
            Ok(answer) => break answer,
            Err(error) => assert!(tokio::time::Instant::now() < deadline, "the portal never answered: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(answer.status().is_server_error(), "{}", answer.status());
    let asked = proxy.asked();
    assert!(proxy.was_asked_for("CONNECT login.latchkey.test:443 HTTP/1.1 true"), "{asked:?}");
    Command::new("kill").args(["-TERM", &portal.id().to_string()]).status().unwrap();
    let status = tokio::task::spawn_blocking(move || portal.wait().unwrap()).await.unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn worker_seals_the_log_until_it_is_asked_to_stop() {
    let desk = Desk::new();
    let database = Postgres::shared().await.fresh_database().await;
    let url = database.url();
    let owner = [("LATCHKEY_DATABASE__OWNER_URL", url.as_str())];
    let applied = desk.run(&["policy", "apply", "policy.toml"], &owner).await;
    assert!(applied.status.success(), "{}", err(&applied));
    let mut worker = desk
        .command(&["worker"])
        .env("LATCHKEY_DATABASE__WORKER_URL", database.url_as("latchkey_worker"))
        // No server listens there: targets cannot be reached, and all else goes on.
        .envs([("LATCHKEY_AWS__IAM_URL", "http://127.0.0.1:9"), ("LATCHKEY_AWS__EKS_URL", "http://127.0.0.1:9")])
        .envs([("LATCHKEY_AWS__STS_URL", "http://127.0.0.1:9"), ("AWS_REGION", "eu-west-1")])
        .envs([("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "hush")])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    loop {
        let verified = desk.run(&["audit", "verify"], &owner).await;
        assert!(verified.status.success(), "{}", err(&verified));
        if out(&verified).starts_with("the audit chain holds: 3 links") {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{}", out(&verified));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Command::new("kill").args(["-TERM", &worker.id().to_string()]).status().unwrap();
    let status = tokio::task::spawn_blocking(move || worker.wait().unwrap()).await.unwrap();
    assert!(status.success());
}

/// The profile of a person who signed in by `aws sso login`, and IAM Identity Center as it answers.
#[tokio::test]
async fn token_takes_an_sso_profile_and_says_what_to_run_when_its_session_is_over() {
    let desk = Desk::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let portal = format!("http://{}", listener.local_addr().unwrap());
    let credentials = serde_json::json!({ "roleCredentials": {
        "accessKeyId": "ASIAEXAMPLE", "secretAccessKey": "secret", "sessionToken": "session",
        "expiration": (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)).as_millisecond(),
    } });
    let router = axum::Router::new().route(
        "/federation/credentials",
        axum::routing::get(move || std::future::ready(axum::Json(credentials.clone()))),
    );
    tokio::spawn(async move { axum::serve(listener, router).await });
    std::fs::create_dir_all(desk.file(".aws/sso/cache")).unwrap();
    let config = "[sso-session acme]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\n\
                  [profile dev]\nsso_session = acme\nsso_account_id = 111122223333\nsso_role_name = dev\nregion = eu-west-1\n";
    std::fs::write(desk.file(".aws/config"), config).unwrap();
    let home = desk.file("").display().to_string();
    let config = desk.file(".aws/config").display().to_string();
    let variables = [
        ("HOME", home.as_str()),
        ("AWS_CONFIG_FILE", config.as_str()),
        ("AWS_PROFILE", "dev"),
        ("AWS_ENDPOINT_URL_SSO", portal.as_str()),
    ];
    let arguments = ["token", "--cluster-name", "prod-eu"];
    let refused = desk.run(&arguments, &variables).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("aws sso login"), "{}", err(&refused));

    let cached = serde_json::json!({
        "accessToken": "an-access-token", "region": "eu-west-1", "startUrl": "https://acme.awsapps.com/start",
        "expiresAt": (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)).to_string(),
    });
    // The file is named by the SHA-1 of the session's name, as the CLI does.
    let cache = ".aws/sso/cache/293abb6b76d7791c0732cc517d38c4b5c734b87f.json";
    std::fs::write(desk.file(cache), cached.to_string()).unwrap();
    let printed = desk.run(&arguments, &variables).await;
    assert!(printed.status.success(), "{}", err(&printed));
    assert!(out(&printed).contains("k8s-aws-v1."), "{}", out(&printed));
}
