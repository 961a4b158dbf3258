use std::time::SystemTime;

use jiff::SignedDuration;
use latchkey_simulator::{
    Simulator,
    aws::RoleChange,
    seed::{Keys, SessionKeys},
};
use serde_json::{Value, json};

use super::{
    client::{ACCOUNT, devs, simulator, trust, worker},
    common::{self, STS, presign},
    signed::{Sent, send},
};

const NAME: &str = "latchkey:r.0123456789abcdef:1:{{SessionNameRaw}}";

fn session(simulator: &Simulator, role: &str, name: &str) -> SessionKeys {
    simulator.aws().open_session(role, name, SignedDuration::from_hours(1)).unwrap()
}

/// The token of a session for a cluster, before it is encoded.
fn token(session: &SessionKeys, cluster: &str) -> String {
    let keys =
        Keys { access_key_id: session.access_key_id.clone(), secret_access_key: session.secret_access_key.clone() };
    presign(STS, &keys, Some(&session.session_token), cluster, SystemTime::now())
}

/// Whom a cluster takes a session for; `None` if it refuses it.
async fn who(simulator: &Simulator, cluster: &str, session: &SessionKeys) -> Option<String> {
    common::who(simulator, cluster, &token(session, cluster)).await
}

fn line(simulator: &Simulator, cluster: &str, role: &str, username: &str) {
    let text = format!("- rolearn: arn:aws:iam::{ACCOUNT}:role/{role}\n  username: \"{username}\"\n");
    let objects = simulator.kubernetes(cluster).unwrap().objects();
    objects.set_aws_auth("mapRoles", Some(&text), "an administrator").unwrap();
}

/// Asks for an entry, and gives the status and the answer.
async fn entry(simulator: &Simulator, cluster: &str, principal: &str, username: &str) -> (u16, Value) {
    let path = format!("/clusters/{cluster}/access-entries");
    let body = json!({ "principalArn": principal, "username": username }).to_string();
    let sent = Sent { service: "eks", method: "POST", path: &path, body };
    let response = send(simulator, worker(simulator), sent).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn made(simulator: &Simulator, cluster: &str, role: &str, username: &str) {
    let arn = simulator.aws().role_arn(role).unwrap();
    let (status, answer) = entry(simulator, cluster, &arn, username).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn two_people_under_one_role_have_two_names_by_a_line_and_by_an_entry() {
    let simulator = simulator().await;
    let role = simulator.aws().add_identity_center_role(&devs()).unwrap();
    line(&simulator, "classic", &role, NAME);
    line(&simulator, "both", &role, "line:{{SessionName}}");
    let (jane, ana) = (session(&simulator, &role, "jane@example.com"), session(&simulator, &role, "ana@example.com"));
    assert_eq!(who(&simulator, "both", &jane).await.as_deref(), Some("line:jane-example.com"));
    assert_eq!(who(&simulator, "modern", &jane).await, None);
    for cluster in ["both", "modern"] {
        made(&simulator, cluster, &role, NAME).await;
    }
    for cluster in ["classic", "both", "modern"] {
        for (person, session) in [("jane", &jane), ("ana", &ana)] {
            let name = format!("latchkey:r.0123456789abcdef:1:{person}@example.com");
            assert_eq!(who(&simulator, cluster, session).await, Some(name), "{cluster}");
        }
    }
}

#[tokio::test]
async fn a_line_names_a_role_without_its_path() {
    let simulator = simulator().await;
    simulator.aws().add_role("viewer", "/teams/", &trust(), &[]).unwrap();
    let jane = session(&simulator, "viewer", "jane");
    line(&simulator, "classic", "teams/viewer", NAME);
    assert_eq!(who(&simulator, "classic", &jane).await, None);
    line(&simulator, "classic", "viewer", NAME);
    assert_eq!(who(&simulator, "classic", &jane).await.as_deref(), Some("latchkey:r.0123456789abcdef:1:jane"));
}

#[tokio::test]
async fn a_template_is_rendered_alike_in_a_line_and_in_an_entry() {
    let simulator = simulator().await;
    let (person, node) = ("jane@example.com", "i-0123456789abcdef0");
    for (number, (username, of_person, of_node)) in [
        ("x:{{SessionName}}", Some("x:jane-example.com"), "x:i-0123456789abcdef0"),
        ("x:{{SessionNameRaw}}", Some("x:jane@example.com"), "x:i-0123456789abcdef0"),
        ("{{AccountID}}:{{SessionNameRaw}}", Some("111122223333:jane@example.com"), "111122223333:i-0123456789abcdef0"),
        ("x:{{EC2PrivateDNSName}}", None, "x:ip-0123456789abcdef0.ec2.internal"),
        ("x:{{sessionName}}:{{Foo}}", Some("x:{{sessionName}}:{{Foo}}"), "x:{{sessionName}}:{{Foo}}"),
    ]
    .into_iter()
    .enumerate()
    {
        let role = format!("viewer{number}");
        simulator.aws().add_role(&role, "/teams/", &trust(), &[]).unwrap();
        line(&simulator, "classic", &role, username);
        made(&simulator, "modern", &role, username).await;
        for (name, expected) in [(person, of_person), (node, Some(of_node))] {
            let session = session(&simulator, &role, name);
            for cluster in ["classic", "modern"] {
                let found = who(&simulator, cluster, &session).await;
                assert_eq!(found.as_deref(), expected, "{username} on {cluster}");
            }
        }
    }
}

#[tokio::test]
async fn a_role_made_anew_falls_through_its_entry_to_its_line_and_an_old_session_does_not() {
    let simulator = simulator().await;
    let aws = simulator.aws();
    aws.add_role("viewer", "/teams/", &trust(), &[]).unwrap();
    line(&simulator, "both", "viewer", "line:{{SessionNameRaw}}");
    for cluster in ["both", "modern"] {
        made(&simulator, cluster, "viewer", NAME).await;
    }
    let old = session(&simulator, "viewer", "jane");
    aws.change_role("viewer", RoleChange::Recreated);
    assert!(aws.held_entries("modern")[0].dead);
    let new = session(&simulator, "viewer", "jane");
    assert_eq!(who(&simulator, "both", &new).await.as_deref(), Some("line:jane"));
    assert_eq!(who(&simulator, "modern", &new).await, None);
    // The old session is known by the old id until it expires: the authenticator asks STS, and never IAM.
    let by_entry = Some("latchkey:r.0123456789abcdef:1:jane");
    assert_eq!(who(&simulator, "both", &old).await.as_deref(), by_entry);
    assert_eq!(who(&simulator, "modern", &old).await.as_deref(), by_entry);
}

#[tokio::test]
async fn a_user_info_tells_the_role_the_session_and_the_key() {
    let simulator = simulator().await;
    let role = simulator.aws().add_identity_center_role(&devs()).unwrap();
    line(&simulator, "classic", &role, NAME);
    made(&simulator, "modern", &role, NAME).await;
    let jane = session(&simulator, &role, "jane@example.com");
    let id = simulator.aws().role_id(&role).unwrap();
    for cluster in ["classic", "modern"] {
        let expected = json!({
            "username": "latchkey:r.0123456789abcdef:1:jane@example.com",
            "uid": format!("aws-iam-authenticator:{ACCOUNT}:{id}"),
            "groups": ["system:authenticated"],
            "extra": {
                "accessKeyId": [jane.access_key_id],
                "arn": [format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/jane@example.com")],
                "canonicalArn": [format!("arn:aws:iam::{ACCOUNT}:role/{role}")],
                "principalId": [id],
                "sessionName": ["jane@example.com"],
                "sigs.k8s.io/aws-iam-authenticator/principalId": [id],
            },
        });
        let found = common::user_info(&simulator, cluster, &token(&jane, cluster)).await;
        assert_eq!(found, Some(expected), "{cluster}");
    }
}

#[tokio::test]
async fn an_entry_for_a_role_of_identity_center_needs_its_path_and_a_name_that_eks_takes() {
    let simulator = simulator().await;
    let role = simulator.aws().add_identity_center_role(&devs()).unwrap();
    let arn = simulator.aws().role_arn(&role).unwrap();
    let refused = async |arn: &str, username: &str, text: &str| {
        let (status, answer) = entry(&simulator, "modern", arn, username).await;
        let found = (status, answer["__type"].as_str(), answer["message"].as_str());
        assert_eq!(found, (400, Some("InvalidParameterException"), Some(text)), "{arn} {username}");
    };
    let bare = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
    refused(&bare, NAME, "The specified principalArn is invalid: invalid principal.").await;
    let colon = "The username must have a colon before {{SessionName}} or {{SessionNameRaw}}";
    for username in ["{{SessionNameRaw}}", "latchkey-{{SessionName}}", "{{SessionName}}:x"] {
        refused(&arn, username, colon).await;
    }
    for prefix in ["system:", "eks:", "aws:", "amazon:", "iam:"] {
        let text = format!("The username must not begin with {prefix}");
        refused(&arn, &format!("{prefix}{{{{SessionNameRaw}}}}"), &text).await;
    }
    made(&simulator, "modern", &role, NAME).await;
}
