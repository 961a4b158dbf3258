#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]
//! Presigned `GetCallerIdentity` calls: how STS answers them, and how a cluster uses them.
#![allow(clippy::disallowed_methods, reason = "tests look at the clock as people do")]

mod common;

use std::time::{Duration, SystemTime};

use common::{STS, presign};
use latchkey_simulator::{
    Simulator,
    aws::{Fault, UserChange},
    seed::{Keys, Seed, SeedCluster, SeedPerson, SeedUser},
};

const JANE: &str = "arn:aws:iam::111122223333:user/latchkey/jane";

fn seed() -> Seed {
    let mut seed = Seed::new("eu-west-1", "111122223333");
    seed.people.push(SeedPerson {
        handle: "jane".to_owned(),
        name: "Jane Doe".to_owned(),
        email: "jane@example.com".to_owned(),
        groups: Vec::new(),
        aws: Some(SeedUser::new("jane", "/latchkey/")),
    });
    let jane = format!("- userarn: \"{JANE}\"\n  username: \"latchkey:jane:1\"\n");
    seed.clusters.push(SeedCluster {
        namespaces: vec!["payments".to_owned()],
        aws_auth: Some([("mapUsers".to_owned(), jane)].into()),
        ..SeedCluster::new("demo")
    });
    seed
}

fn ago(minutes: u64) -> SystemTime {
    SystemTime::now() - Duration::from_mins(minutes)
}

#[tokio::test]
async fn a_presigned_url_names_its_signer_for_fifteen_minutes() {
    let simulator = Simulator::start(seed(), None).await.unwrap();
    let (aws, keys) = (simulator.aws(), simulator.person_keys("jane").unwrap());
    let fresh = presign(STS, &keys, None, "demo", SystemTime::now());
    let caller = aws.identify_presigned(&fresh, "demo").unwrap();
    assert_eq!((caller.arn.as_str(), caller.access_key_id), (JANE, keys.access_key_id.clone()));
    // STS ignores X-Amz-Expires, which says one minute.
    aws.identify_presigned(&presign(STS, &keys, None, "demo", ago(14)), "demo").unwrap();
    let refused = |url: &str, cluster: &str| aws.identify_presigned(url, cluster).unwrap_err();
    let old = refused(&presign(STS, &keys, None, "demo", ago(16)), "demo");
    assert!(old.message.starts_with("Signature expired"), "{old}");
    let early = refused(&presign(STS, &keys, None, "demo", SystemTime::now() + Duration::from_mins(6)), "demo");
    assert!(early.message.starts_with("Signature not yet current"), "{early}");
    assert_eq!(refused(&fresh, "other").code, "SignatureDoesNotMatch");
    assert_eq!(refused(&fresh.replace("2011-06-15", "2011-06-16"), "demo").code, "SignatureDoesNotMatch");
    assert_eq!(refused(&fresh.replace("amazonaws.com", "example.com"), "demo").code, "InvalidToken");
    let stranger = Keys { access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(), ..keys.clone() };
    assert_eq!(refused(&presign(STS, &stranger, None, "demo", SystemTime::now()), "demo").code, "InvalidClientTokenId");
    aws.faults().next("sts:GetCallerIdentity", 1, &Fault::Throttle);
    assert_eq!(refused(&fresh, "demo").code, "Throttling");
    aws.change_user("jane", UserChange::Gone);
    assert_eq!(refused(&fresh, "demo").code, "InvalidClientTokenId");
}

#[tokio::test]
async fn sts_answers_a_presigned_url_in_the_form_that_is_asked_for() {
    let simulator = Simulator::start(seed(), None).await.unwrap();
    let keys = simulator.person_keys("jane").unwrap();
    let url = presign(STS, &keys, None, "demo", SystemTime::now());
    // Sent to the simulator, unchanged except for the connection.
    let here = url.replace("https://sts.eu-west-1.amazonaws.com/", simulator.aws_endpoint().as_str());
    let get = |accept: &'static str, host: &'static str| {
        let request = reqwest::Client::new().get(&here).header("x-k8s-aws-id", "demo").header("accept", accept);
        request.header("host", host).send()
    };
    let json = get("application/json", "sts.eu-west-1.amazonaws.com").await.unwrap();
    assert_eq!(json.status(), 200);
    let json: serde_json::Value = json.json().await.unwrap();
    assert_eq!(json["GetCallerIdentityResponse"]["GetCallerIdentityResult"]["Arn"], JANE);
    let xml = get("*/*", "sts.eu-west-1.amazonaws.com").await.unwrap().text().await.unwrap();
    assert!(xml.contains(&format!("<Arn>{JANE}</Arn>")), "{xml}");
    let other_host = get("application/json", "sts.amazonaws.com").await.unwrap();
    assert_eq!(other_host.status(), 403);
    let error: serde_json::Value = other_host.json().await.unwrap();
    assert_eq!(error["Error"]["Code"], "SignatureDoesNotMatch");
}

/// The identity that the cluster assigns to the bearer of a presigned URL; `None` if it refuses the token.
async fn who(simulator: &Simulator, url: &str) -> Option<String> {
    common::who(simulator, "demo", url).await
}

#[tokio::test]
async fn a_cluster_maps_a_token_of_its_own_through_aws_auth() {
    let simulator = Simulator::start(seed(), None).await.unwrap();
    let keys = simulator.person_keys("jane").unwrap();
    let token = |cluster: &str| presign(STS, &keys, None, cluster, SystemTime::now());
    assert_eq!(who(&simulator, &token("demo")).await.as_deref(), Some("latchkey:jane:1"));
    assert_eq!(who(&simulator, &token("other")).await, None);
    simulator.kubernetes("demo").unwrap().objects().set_aws_auth("mapUsers", None, "somebody").unwrap();
    assert_eq!(who(&simulator, &token("demo")).await, None);
}

#[tokio::test]
async fn a_session_is_recognised_by_its_token() {
    let simulator = Simulator::start(seed(), None).await.unwrap();
    let trust = serde_json::json!({ "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*" } });
    simulator.aws().add_role("viewer", "/teams/", &trust, &[]).unwrap();
    let assume = "https://sts.eu-west-1.amazonaws.com/?Action=AssumeRole&Version=2011-06-15&RoleSessionName=jane\
                  &RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fteams%2Fviewer";
    let keys = simulator.person_keys("jane").unwrap();
    let url = presign(assume, &keys, None, "demo", SystemTime::now());
    let url = url.replace("https://sts.eu-west-1.amazonaws.com/", simulator.aws_endpoint().as_str());
    let request = reqwest::Client::new().get(url).header("x-k8s-aws-id", "demo").header("accept", "application/json");
    let answer: serde_json::Value =
        request.header("host", "sts.eu-west-1.amazonaws.com").send().await.unwrap().json().await.unwrap();
    let credentials = &answer["AssumeRoleResponse"]["AssumeRoleResult"]["Credentials"];
    let text = |name: &str| credentials[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    let session = Keys { access_key_id: text("AccessKeyId"), secret_access_key: text("SecretAccessKey") };

    let token = text("SessionToken");
    let url = presign(STS, &session, Some(&token), "demo", SystemTime::now());
    let caller = simulator.aws().identify_presigned(&url, "demo").unwrap();
    assert_eq!(caller.arn, "arn:aws:sts::111122223333:assumed-role/viewer/jane");
    assert!(caller.user_id.starts_with("AROA") && caller.user_id.ends_with(":jane"));
    let without = presign(STS, &session, None, "demo", SystemTime::now());
    assert_eq!(simulator.aws().identify_presigned(&without, "demo").unwrap_err().code, "InvalidClientTokenId");
}

#[tokio::test]
async fn what_was_changed_survives_a_restart_and_the_page_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = Simulator::start(seed(), Some(folder.path().to_owned())).await.unwrap();
    let (cluster, keys) = (first.cluster("demo").unwrap(), first.person_keys("jane").unwrap());
    let mapped = format!("- userarn: \"{JANE}\"\n  username: \"latchkey:jane:2\"\n");
    first.kubernetes("demo").unwrap().objects().set_aws_auth("mapUsers", Some(&mapped), "somebody").unwrap();
    first.aws().change_user("jane", UserChange::MfaDevice("arn:aws:iam::111122223333:mfa/jane".to_owned()));
    let endpoint = first.aws_endpoint().clone();
    first.shutdown().await.unwrap();

    let second = Simulator::start(seed(), Some(folder.path().to_owned())).await.unwrap();
    assert_eq!((second.aws_endpoint(), second.cluster("demo").unwrap()), (&endpoint, cluster));
    let token = presign(STS, &keys, None, "demo", SystemTime::now());
    assert_eq!(who(&second, &token).await.as_deref(), Some("latchkey:jane:2"));
    let page = reqwest::get(endpoint).await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let page = page.text().await.unwrap();
    assert!(
        page.contains("latchkey:jane:2") && page.contains(JANE) && page.contains("http-equiv=\"refresh\""),
        "{page}"
    );
}
