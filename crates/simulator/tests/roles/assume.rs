use latchkey_simulator::{Simulator, aws::RoleChange};
use serde_json::{Value, json};

use super::client::{ACCOUNT, call, limited, of_session, simulator, trust};

const VIEWER: &str = "arn:aws:iam::111122223333:role/teams/viewer";
const JANE: &str = "arn:aws:iam::111122223333:user/teams/jane";

fn trusting(principal: &Value, condition: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, "Condition": condition },
    ] })
}

/// A role with this trust policy.
async fn with(document: &Value) -> Simulator {
    let simulator = simulator().await;
    simulator.aws().add_role("viewer", "/teams/", document, &[]).unwrap();
    simulator
}

#[tokio::test]
async fn a_pin_on_the_username_gives_each_user_one_name() {
    let pin = json!({ "StringEquals": { "sts:RoleSessionName": "${aws:username}" } });
    let simulator = with(&trusting(&json!({ "AWS": ACCOUNT }), &pin)).await;
    let may = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": VIEWER });
    let (jane, ana) = (limited(&simulator, "jane", &may), limited(&simulator, "ana", &may));
    let as_ = |name: &'static str| [("RoleArn", VIEWER), ("RoleSessionName", name)];
    for (who, own, other) in [(&jane, "jane", "ana"), (&ana, "ana", "jane")] {
        let answer = call(&simulator, who, "AssumeRole", &as_(own)).await.good();
        assert_eq!(answer.text("Arn"), format!("arn:aws:sts::{ACCOUNT}:assumed-role/viewer/{own}"));
        let refused = call(&simulator, who, "AssumeRole", &as_(other)).await;
        let text = format!(
            "User: arn:aws:iam::{ACCOUNT}:user/teams/{own} is not authorized to perform: sts:AssumeRole on resource: \
             {VIEWER}"
        );
        assert_eq!(refused.error(), (403, "AccessDenied", text));
    }
    // A session has no username, whatever its name.
    let all = json!({ "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
    simulator.aws().add_role("jane", "/", &trust(), &[("all", all)]).unwrap();
    let session = simulator.aws().open_session("jane", "jane", jiff::SignedDuration::from_hours(1)).unwrap();
    assert_eq!(call(&simulator, &of_session(&session), "AssumeRole", &as_("jane")).await.error().1, "AccessDenied");
    simulator.aws().change_role("viewer", RoleChange::Trust(trust()));
    call(&simulator, &of_session(&session), "AssumeRole", &as_("jane")).await.good();
}

#[tokio::test]
async fn an_external_id_must_be_the_one_that_the_role_asks_for() {
    let condition = json!({ "StringEquals": { "sts:ExternalId": "ours" } });
    let simulator = with(&trusting(&json!({ "AWS": JANE }), &condition)).await;
    let jane = limited(&simulator, "jane", &json!({ "Effect": "Allow", "Action": "iam:GetUser", "Resource": "*" }));
    for (id, good) in [(None, false), (Some("theirs"), false), (Some("ours"), true)] {
        let mut fields = vec![("RoleArn", VIEWER), ("RoleSessionName", "jane")];
        fields.extend(id.map(|id| ("ExternalId", id)));
        let answer = call(&simulator, &jane, "AssumeRole", &fields).await;
        assert_eq!(answer.status == 200, good, "{id:?}: {}", answer.xml);
    }
}

#[tokio::test]
async fn who_is_trusted_by_name_needs_no_policy_and_through_the_account_one_and_a_deny_beats_both() {
    let simulator = simulator().await;
    let statement = |effect: &str, action: &str| json!({ "Effect": effect, "Action": action, "Resource": "*" });
    let jane = limited(&simulator, "jane", &statement("Allow", "iam:GetUser"));
    let ana = limited(&simulator, "ana", &statement("Allow", "sts:AssumeRole"));
    let eve = limited(&simulator, "eve", &statement("Deny", "sts:AssumeRole"));
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    for (principal, expected) in [
        (json!("*"), [true, true, false]),
        (json!({ "AWS": [JANE, JANE.replace("jane", "eve")] }), [true, false, false]),
        (json!({ "AWS": root }), [false, true, false]),
        (json!({ "AWS": "999988887777" }), [false, false, false]),
    ] {
        simulator.aws().add_role("viewer", "/teams/", &trusting(&principal, &json!({})), &[]).unwrap();
        for (who, good) in [&jane, &ana, &eve].into_iter().zip(expected) {
            let fields = [("RoleArn", VIEWER), ("RoleSessionName", "somebody")];
            let answer = call(&simulator, who, "AssumeRole", &fields).await;
            assert_eq!(answer.status == 200, good, "{principal}: {}", answer.xml);
        }
    }
}

#[tokio::test]
async fn a_session_is_trusted_by_its_own_arn_and_by_its_roles_while_that_is_there() {
    let simulator = simulator().await;
    let aws = simulator.aws();
    aws.add_role("first", "/teams/", &trust(), &[]).unwrap();
    let first = aws.open_session("first", "jane", jiff::SignedDuration::from_hours(1)).unwrap();
    let assume = async || {
        let fields = [("RoleArn", VIEWER), ("RoleSessionName", "jane")];
        call(&simulator, &of_session(&first), "AssumeRole", &fields).await.status
    };
    let trust_in = |arn: &str| aws.add_role("viewer", "/teams/", &trusting(&json!({ "AWS": arn }), &json!({})), &[]);
    for (arn, status) in [
        ("arn:aws:sts::111122223333:assumed-role/first/ana", 403),
        ("arn:aws:sts::111122223333:assumed-role/first/jane", 200),
        ("arn:aws:iam::111122223333:role/teams/first", 200),
    ] {
        trust_in(arn).unwrap();
        assert_eq!(assume().await, status, "{arn}");
    }
    aws.change_role("first", RoleChange::Recreated);
    assert_eq!(assume().await, 403, "the role is another one");
}
