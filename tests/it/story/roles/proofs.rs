//! Identities that are not proven, or by which nobody may ask.

use super::{Holder, cannot_ask, is_not_proven};
use crate::{
    rig::AwsUser,
    stage::{
        PATH, Stage,
        roles::{pinned, unpinned},
    },
    story::people::pasted,
};
use axum::{Json, Router, routing::get};
use latchkey_testkit::ACCOUNT;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_a_tool_named_or_that_a_service_owns_is_not_proven_and_the_page_says_what_to_do() {
    let Some(stage) = Stage::simulated().await else { return };
    let fay = stage.signed_in("fay").await;
    let role = stage.role(PATH, "payments-ops", &pinned(stage.account())).await;
    for session in ["EKSGetTokenAuth", "botocore-session-1700000000"] {
        let user = stage.session(&role, session).await;
        is_not_proven(&fay, &user, &format!("The session of this role is called {session}")).await;
        is_not_proven(&fay, &user, "which a tool chose").await;
        is_not_proven(&fay, &user, "role_session_name = you@example.com").await;
    }
    let service = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": { "Service": "eks.amazonaws.com" }, "Action": "sts:AssumeRole",
        }],
    });
    let role = stage.role("/aws-service-role/eks.amazonaws.com/", "AWSServiceRoleForAmazonEKS", &service).await;
    let user = stage.session(&role, "fay@example.com").await;
    is_not_proven(&fay, &user, "This role belongs to an AWS service").await;
    assert_eq!(stage.value("select id::text from principal").await, None, "nothing is stored");
    fay.open("/identities").await.says("No identity yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_user_and_a_federated_user_are_not_proven() {
    let answers = Arc::new(Mutex::new((String::new(), String::new())));
    let sts = sts(Arc::clone(&answers)).await;
    let Some(stage) = Stage::simulated_with_sts(&sts).await else { return };
    let fay = stage.signed_in("fay").await;
    for (arn, id, why) in [
        (
            format!("arn:aws:iam::{ACCOUNT}:root"),
            ACCOUNT.to_owned(),
            "The root user of an account is never given access",
        ),
        (format!("arn:aws:sts::{ACCOUNT}:federated-user/fay"), format!("{ACCOUNT}:fay"), "This is a federated user"),
        (
            format!("arn:aws:sts::{ACCOUNT}:assumed-role/payments-ops/fay@example.com"),
            "AROAEXAMPLE:gus@example.com".to_owned(),
            "neither an IAM user nor a session of a role",
        ),
    ] {
        *answers.lock().unwrap() = (arn, id);
        is_not_proven(&fay, stage.user("fay"), why).await;
    }
    assert_eq!(stage.value("select id::text from principal").await, None, "nothing is stored");
}

/// An STS that says to everyone that they are this ARN and id.
async fn sts(answers: Arc<Mutex<(String, String)>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = move || {
        let (arn, id) = answers.lock().unwrap().clone();
        let named = json!({ "Arn": arn, "UserId": id, "Account": ACCOUNT });
        let told: Value = json!({ "GetCallerIdentityResponse": { "GetCallerIdentityResult": named } });
        async move { Json(told) }
    };
    let router = Router::new().route("/", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_pinned_role_is_one_persons() {
    let Some(stage) = Stage::simulated().await else { return };
    let role = stage.role(PATH, "payments-ops", &pinned(stage.account())).await;
    let ana = Holder::of(&stage, "ana", &role).await;
    ana.prove().await;
    let gus = Holder { browser: stage.signed_in("gus").await, session: ana.session.clone() };
    let why = "Another person has proven the session ana@example.com of this role already";
    // Before the worker looked at the role, and after.
    gus.is_not_proven(why).await;
    stage.work().await;
    gus.is_not_proven(why).await;
    gus.browser.open("/identities").await.says("No identity yet");
    let gus = Holder::proven(&stage, "gus", &role).await;
    gus.browser.open("/identities").await.says(&role.arn);
    ana.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_given_access_by_what_latchkey_itself_works_by_or_by_a_role_of_programs() {
    let Some(mut stage) = Stage::simulated().await else { return };
    let gus = stage.signed_in("gus").await;
    let worker: AwsUser = stage.outside.worker.clone();
    gus.submit(&pasted(&gus, &worker, false).await).await;
    stage.work().await;
    cannot_ask(&gus, &worker.arn, "Latchkey itself works by this identity, so nobody is given access by it").await;

    let instances = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole",
        }],
    });
    let role = stage.role("/", "instances", &instances).await;
    let ana = Holder::proven(&stage, "ana", &role).await;
    ana.cannot_ask("lets an AWS service use it (ec2.amazonaws.com), so it is no identity of a person").await;

    let all = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
    let aws = stage.simulator().aws();
    aws.add_role("latchkey", "/", &unpinned(stage.account()), &[("all", all)]).unwrap();
    let role = stage.role_again("latchkey");
    let session = stage.session(&role, "worker").await;
    stage.works_as(&session).await;
    let fay = Holder::proven(&stage, "fay", &role).await;
    fay.cannot_ask("Latchkey itself works by this identity, so nobody is given access by it").await;
}
