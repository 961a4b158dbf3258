//! The worker's rights in AWS.

use super::{Hospital, hire, text};
use latchkey::config;
use latchkey_domain::plan::bootstrap;
use serde_json::Value;

/// The worker's policy without one action.
fn policy_without(action: &str) -> Value {
    let policy = config::policy::parse(crate::town::POLICY).unwrap();
    let mut document: Value = serde_json::from_str(&bootstrap::worker_iam_policy(&policy, None)).unwrap();
    for statement in document["Statement"].as_array_mut().unwrap() {
        statement["Action"].as_array_mut().unwrap().retain(|held| held != action);
    }
    document["Statement"].as_array_mut().unwrap().retain(|statement| statement["Action"] != serde_json::json!([]));
    document
}

#[tokio::test]
async fn each_action_that_is_taken_away_is_named_and_the_policy_that_is_printed_brings_it_back() {
    let hospital = Hospital::new().await;
    let policy = config::policy::parse(crate::town::POLICY).unwrap();
    let statements = bootstrap::iam_statements(&policy, None);
    let actions: Vec<&str> = statements.iter().flat_map(|statement| statement.actions.iter().copied()).collect();
    assert!(actions.len() > 10, "{actions:?}");
    for action in &actions {
        let held = policy_without(action);
        hire(&hospital.world, std::slice::from_ref(&held));
        let ill = hospital.examine(&["--cluster", "staging-eu"]).await;
        let finding = ill.trouble("aws", "aws.rights");
        assert_eq!((ill.code, finding["status"].as_str()), (1, Some("failed")), "{action}: {finding}");
        let printed: Value = serde_json::from_str(text(&finding["paste"]["text"])).unwrap();
        let adds = printed["Statement"].as_array().unwrap().clone();
        assert!(adds.len() == 1 && adds[0]["Action"] == serde_json::json!([action]), "{action}: {printed}");
        hire(&hospital.world, &[held, printed]);
        let well = hospital.examine(&["--cluster", "staging-eu"]).await;
        assert_eq!(well.code, 0, "{action}: {}", well.out);
    }
    println!("doctor: {} actions of IAM taken away one at a time, each named and mended", actions.len());
}

#[tokio::test]
async fn a_worker_that_may_not_ask_iam_tries_what_changes_nothing_and_says_what_was_not_asked() {
    let hospital = Hospital::new().await;
    let whole = policy_without("none");
    let trust = serde_json::json!({ "Statement": [] });
    let aws = hospital.world.simulator.aws();
    aws.add_role("latchkey-worker", "/", &trust, &[("worker", whole)]).unwrap();
    let told = hospital.examine(&[]).await;
    assert_eq!(told.code, 0, "{}", told.out);
    let finding = told.trouble("aws", "aws.users");
    let said = text(&finding["what"]);
    assert!(said.contains("not asked: "), "{finding}");
    for action in ["iam:DeleteUserPolicy", "iam:PutUserPolicy", "iam:GetRole", "iam:ListRoles", "iam:PutRolePolicy"] {
        assert!(said.contains(action), "{action}: {finding}");
    }
    aws.add_role("latchkey-worker", "/", &trust, &[("worker", policy_without("iam:GetUserPolicy"))]).unwrap();
    aws.change_user("ana", latchkey_simulator::aws::UserChange::MfaDevice("arn:x".into()));
    let told = hospital.examine(&[]).await;
    let report = told.json();
    assert_eq!(report["status"], "ok", "a user without policies asks for none: {}", told.out);
    aws.add_role("latchkey-worker", "/", &trust, &[("worker", policy_without("iam:GetUser"))]).unwrap();
    let told = hospital.examine(&[]).await;
    assert!(text(&told.trouble("aws", "aws.users")["what"]).contains("iam:GetUser on arn:"), "{}", told.out);
}

#[tokio::test]
async fn users_with_a_boundary_only_are_asked_about_once_the_boundary_is_named() {
    let hospital = Hospital::new().await;
    let policy = config::policy::parse(crate::town::POLICY).unwrap();
    let boundary = "arn:aws:iam::111122223333:policy/people";
    let with_boundary = bootstrap::worker_iam_policy(&policy, Some(boundary));
    hire(&hospital.world, &[serde_json::from_str(&with_boundary).unwrap()]);
    let told = hospital.examine(&[]).await;
    assert_eq!((told.code, told.troubles("aws")), (0, vec!["aws.rights warning".to_owned()]), "{}", told.out);
    assert_eq!(hospital.examine(&["--strict", "--permissions-boundary", boundary]).await.code, 0);
    let other = "arn:aws:iam::111122223333:policy/others";
    let told = hospital.examine(&["--permissions-boundary", other]).await;
    assert_eq!((told.code, told.troubles("aws")), (1, vec!["aws.rights failed".to_owned()]), "{}", told.out);
}

#[tokio::test]
async fn clusters_of_another_account_are_named() {
    let hospital = Hospital::new().await;
    let elsewhere =
        crate::town::POLICY.replace("111122223333:cluster/prod-eu", "999988887777:cluster/prod-eu").replace(
            "arn:aws:eks:eu-west-1:111122223333:cluster/staging-eu",
            "arn:aws-cn:eks:cn-north-1:111122223333:cluster/staging-eu",
        );
    hospital.ward.write("policy.toml", &elsewhere);
    let told = hospital.examine(&["--policy", "policy.toml"]).await;
    let account = told.trouble("aws", "aws.account");
    assert!(text(&account["what"]).contains("999988887777:cluster/prod-eu"), "{account}");
    let region = told.trouble("aws", "aws.region");
    assert!(text(&region["what"]).contains("cn-north-1"), "{region}");
    let eks = told.trouble("prod-eu", "cluster.eks");
    assert!(text(&eks["what"]).contains("missing: AWS credentials of account 999988887777"), "{eks}");
}

#[tokio::test]
async fn credentials_that_are_absent_where_a_worker_runs_or_that_aws_does_not_know_fail() {
    let mut hospital = Hospital::new().await;
    hospital.ward.set("AWS_SESSION_TOKEN", "another");
    let told = hospital.examine(&[]).await;
    assert_eq!((told.code, told.troubles("aws")), (1, vec!["aws.caller failed".to_owned()]), "{}", told.out);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        hospital.ward.variables.remove(name);
    }
    let told = hospital.examine(&[]).await;
    assert_eq!((told.code, told.troubles("aws")), (1, vec!["aws.caller failed".to_owned()]), "{}", told.out);
}
