//! The rig itself works: what other tests rely on.

use sqlx::{Connection as _, PgConnection};

use crate::rig::openid::{Account, browser};
use crate::rig::{OidcProvider, Postgres, RealCluster};

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let server = Postgres::shared().await;
    let (one, other) = (server.fresh_database().await, server.fresh_database().await);
    let mut connection = PgConnection::connect(&one.url()).await.expect("a database answers");
    sqlx::raw_sql("CREATE TABLE only_here (id int)").execute(&mut connection).await.expect("a table can be made");

    let mut elsewhere = PgConnection::connect(&other.url()).await.expect("a database answers");
    let there: bool = sqlx::query_scalar("SELECT to_regclass('only_here') IS NOT NULL")
        .fetch_one(&mut elsewhere)
        .await
        .expect("a query answers");
    assert!(!there);
}

#[tokio::test]
async fn a_user_named_in_aws_auth_is_who_kubectl_says_they_are() {
    let Some(cluster) = RealCluster::shared().await else { return };
    let jane = cluster.aws().user("jane").await;

    let before = cluster.kubectl_as(&jane).args(["auth", "whoami"]).output().expect("kubectl runs");
    assert!(!before.status.success());
    assert!(String::from_utf8_lossy(&before.stderr).contains("Unauthorized"), "{before:?}");

    cluster.map(&jane.arn, "latchkey:jane", &["viewers"]).await;

    // The authenticator sees the ConfigMap by a watch, a little later.
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    let after = loop {
        let after = cluster.kubectl_as(&jane).args(["auth", "whoami", "-o", "json"]).output().expect("kubectl runs");
        if after.status.success() || std::time::Instant::now() > deadline {
            break after;
        }
    };
    let said = String::from_utf8_lossy(&after.stdout);
    assert!(said.contains("\"latchkey:jane\"") && said.contains("\"viewers\""), "{after:?}");
}

#[tokio::test]
async fn the_admin_client_sees_the_built_in_roles_filled() {
    let Some(cluster) = RealCluster::shared().await else { return };
    let roles: kube::Api<k8s_openapi::api::rbac::v1::ClusterRole> = kube::Api::all(cluster.admin());
    let view = roles.get("view").await.expect("the role 'view' is built in");
    assert!(view.rules.is_some_and(|rules| rules.iter().any(|r| r.resources.iter().flatten().any(|r| r == "pods"))));
}

#[tokio::test]
async fn sts_says_who_signed_a_presigned_call() {
    let Some(cluster) = RealCluster::shared().await else { return };
    let jane = cluster.aws().user("jane").await;
    let presigned = format!(
        "{}/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Credential={}%2F20260101%2Fus-east-1%2Fsts%2Faws4_request",
        cluster.sts_endpoint(),
        jane.access_key_id
    );
    let reply = reqwest::get(presigned).await.expect("STS answers").text().await.expect("STS answers in text");
    assert!(reply.contains(&format!("<Arn>{}</Arn>", jane.arn)), "{reply}");
}

#[tokio::test]
async fn the_openid_provider_shows_its_people_and_sends_a_code() {
    let (listener, redirect) = portal_socket().await;
    let people = [Account::new("jane", &["developers"]), Account::new("omar", &["approvers"])];
    let Some(provider) = OidcProvider::start(&redirect, &people).await else { return };
    let arrived = tokio::spawn(first_request(listener));

    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let start = format!(
        "{}/auth?client_id={}&response_type=code&scope=openid%20profile%20email%20groups&redirect_uri={redirect}\
         &state=s&nonce=n&code_challenge={challenge}&code_challenge_method=S256",
        provider.issuer(),
        OidcProvider::CLIENT_ID
    );
    let browser = browser();
    let page = browser.get(&start).send().await.expect("it answers").text().await.expect("a page is text");
    assert!(page.contains(">Jane</button>") && page.contains(">Omar</button>"), "{page}");

    provider.sign_in(&browser, &start, "jane").await;
    let line = arrived.await.expect("the portal was reached");
    assert!(line.contains("code=") && line.contains("state=s"), "{line}");
}

async fn portal_socket() -> (tokio::net::TcpListener, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback is free");
    let address = listener.local_addr().expect("a bound listener has an address");
    (listener, format!("http://{address}/sign-in/callback"))
}

/// Answers one request and returns its first line.
async fn first_request(listener: tokio::net::TcpListener) -> String {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    let (stream, _) = listener.accept().await.expect("a listener accepts");
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.expect("a request has a line");
    stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await.expect("the answer is taken");
    line
}
