#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]
//! The simulated API server as a server: authentication, its knobs, and what survives a restart.
#![allow(clippy::disallowed_methods, reason = "tests look at the clock as people do")]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_simulator::kubernetes::{
    CallerIdentity, Entry, Failure, Identify, Mapping, Pattern, Seed, Server, ServerConfig, User,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const ANN: &str = "arn:aws:iam::111122223333:user/latchkey/ann";
const AWS_AUTH: &str = "/api/v1/namespaces/kube-system/configmaps/aws-auth";
const PODS: &str = "/api/v1/namespaces/payments/pods";

/// AWS identifies two people by the access key that signed.
fn config() -> ServerConfig {
    let identify: Identify = Arc::new(|url, cluster| {
        Box::pin(async move {
            if cluster != "demo" {
                return Err("signed for another cluster".to_owned());
            }
            let user = if url.contains("AKIAANN") { "latchkey/ann" } else { "latchkey/bob" };
            Ok(CallerIdentity {
                arn: format!("arn:aws:iam::111122223333:user/{user}"),
                account: "111122223333".to_owned(),
                user_id: "AIDA1".to_owned(),
            })
        })
    });
    let mut seed = Seed::new("111122223333", "eu-west-1", &["payments"], &[(ANN, "latchkey:ann:1", &["devs"])]);
    seed.more.push(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": "devs", "namespace": "payments" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "devs" }],
    }));
    let mut config = ServerConfig::new("demo", seed, identify);
    config.tokens.push(("bob's token".to_owned(), User::new("bob", &[])));
    config
}

fn token(key: &str) -> String {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let url = format!(
        "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Credential={key}%2Fx\
         &X-Amz-Date={now}&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=00"
    );
    format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url))
}

struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Client {
    fn of(server: &Server, token: &str) -> Self {
        let authority = reqwest::Certificate::from_pem(server.ca_pem().as_bytes()).unwrap();
        let http = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
        Self { http, url: server.url(), token: token.to_owned() }
    }

    fn admin(server: &Server) -> Self {
        Self::of(server, server.admin_token())
    }

    async fn try_send(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::Result<(u16, Value)> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.url)).bearer_auth(&self.token);
        if let Some(body) = body {
            let media = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
            request = request.header("content-type", media).body(body.to_string());
        }
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        self.try_send(method, path, body).await.unwrap()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, None).await
    }
}

fn change(text: &str) -> Value {
    json!({ "data": { "mapAccounts": text } })
}

#[tokio::test]
async fn aws_token_is_whoever_aws_auth_maps_at_that_moment() {
    let server = Server::start(config()).await.unwrap();
    let ann = Client::of(&server, &token("AKIAANN"));
    let who = json!({});
    let (code, review) = ann.send(Method::POST, "/apis/authentication.k8s.io/v1/selfsubjectreviews", Some(who)).await;
    let info = &review["status"]["userInfo"];
    assert_eq!((code, info["username"].as_str()), (201, Some("latchkey:ann:1")));
    assert_eq!(info["groups"], json!(["devs", "system:authenticated"]));
    assert_eq!(info["extra"]["canonicalArn"], json!([ANN]));
    assert_eq!(ann.get(PODS).await.0, 200);
    assert_eq!(ann.get("/api/v1/namespaces/payments/secrets").await.0, 403);
    assert_eq!(Client::of(&server, &token("AKIABOB")).get(PODS).await.0, 401, "not mapped");
    assert_eq!(Client::of(&server, "k8s-aws-v1.AAAA").get(PODS).await.0, 401, "no token");

    server.objects().set_aws_auth("mapUsers", None, "somebody").unwrap();
    assert_eq!(ann.get(PODS).await.0, 401, "no longer mapped");
}

#[tokio::test]
async fn access_entry_overrides_aws_auth() {
    let mut config = config();
    config.entries = Some(Arc::new(|_, arn| Entry {
        mapping: (arn == ANN).then(|| Mapping { username: "latchkey:entry".to_owned(), groups: Vec::new() }),
        config_map: false,
    }));
    let server = Server::start(config).await.unwrap();
    let (code, status) = Client::of(&server, &token("AKIAANN")).get(PODS).await;
    assert_eq!(code, 403);
    assert!(status["message"].as_str().unwrap().contains("User \"latchkey:entry\""));
    server.objects().set_aws_auth("mapAccounts", Some("- \"111122223333\"\n"), "somebody").unwrap();
    assert_eq!(Client::of(&server, &token("AKIABOB")).get(PODS).await.0, 401, "aws-auth is not read in this mode");
}

#[tokio::test]
async fn cached_token_stays_refused_and_a_new_one_is_let_in() {
    let server = Server::start(config()).await.unwrap();
    server.knobs().cache_tokens(Some(Duration::from_mins(2)));
    let bob = Client::of(&server, &token("AKIABOB"));
    assert_eq!(bob.get(PODS).await.0, 401);
    server.objects().set_aws_auth("mapAccounts", Some("- \"111122223333\"\n"), "somebody").unwrap();
    assert_eq!(bob.get(PODS).await.0, 401);
    assert_eq!(Client::of(&server, &token("AKIABOB2")).get(PODS).await.0, 403);
}

#[tokio::test]
async fn restart_keeps_objects_authority_port_and_tokens() {
    let server = Server::start(config()).await.unwrap();
    let admin = Client::admin(&server);
    let (_, written) = admin.send(Method::PATCH, AWS_AUTH, Some(change("- \"1\"\n"))).await;
    let (url, state) = (server.url(), server.snapshot());
    server.shutdown();
    server.closed().await;

    let again = Server::start(ServerConfig { state: Some(state), ..config() }).await.unwrap();
    assert_eq!(again.url(), url);
    assert_eq!(again.admin_token(), admin.token);
    // The client still trusts the authority from before the restart.
    let (code, read) = admin.get(AWS_AUTH).await;
    assert_eq!((code, &read), (200, &written));
    let (_, next) = admin.send(Method::PATCH, AWS_AUTH, Some(change("- \"2\"\n"))).await;
    let revision = |o: &Value| o["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(revision(&next) > revision(&written));
}

#[tokio::test]
async fn unreachable_server_answers_nobody_until_it_is_back() {
    let server = Server::start(config()).await.unwrap();
    let admin = Client::admin(&server);
    assert_eq!(admin.get(PODS).await.0, 200);
    server.knobs().set_unreachable(true);
    assert!(admin.try_send(Method::GET, PODS, None).await.is_err());
    server.knobs().set_unreachable(false);
    assert_eq!(Client::admin(&server).get(PODS).await.0, 200);
}

#[tokio::test]
async fn requests_fail_as_often_as_asked_and_leave_no_trace() {
    let server = Server::start(config()).await.unwrap();
    let (admin, knobs) = (Client::admin(&server), server.knobs());
    let patch = || Pattern::on("patch", "configmaps").named("aws-auth");
    for (failure, code, reason) in [
        (Failure::Conflict, 409, "Conflict"),
        (Failure::TooManyRequests(7), 429, "TooManyRequests"),
        (Failure::Internal, 500, "InternalError"),
        (Failure::Forbidden, 403, "Forbidden"),
    ] {
        knobs.fail(patch(), failure, 1);
        let (found, status) = admin.send(Method::PATCH, AWS_AUTH, Some(change("- \"1\"\n"))).await;
        assert_eq!((found, status["reason"].as_str()), (code, Some(reason)));
        assert!(!server.objects().aws_auth_data().unwrap().contains_key("mapAccounts"));
    }
    assert_eq!(admin.send(Method::PATCH, AWS_AUTH, Some(change("- \"1\"\n"))).await.0, 200);
}

#[tokio::test]
async fn cut_connection_has_or_has_not_applied_the_write() {
    let server = Server::start(config()).await.unwrap();
    let (admin, knobs) = (Client::admin(&server), server.knobs());
    let written = || server.objects().aws_auth_data().unwrap().contains_key("mapAccounts");
    let patch = Pattern::on("patch", "configmaps");
    knobs.fail(patch.clone(), Failure::CutBefore, 10);
    assert!(admin.try_send(Method::PATCH, AWS_AUTH, Some(change("x"))).await.is_err());
    assert!(!written());
    knobs.heal();
    knobs.fail(patch, Failure::CutAfter, 10);
    assert!(admin.try_send(Method::PATCH, AWS_AUTH, Some(change("x"))).await.is_err());
    assert!(written());
}

#[tokio::test]
async fn late_answer_was_applied_long_before() {
    let server = Server::start(config()).await.unwrap();
    let admin = Client::admin(&server);
    server.knobs().fail(Pattern::on("patch", "*"), Failure::Late(Duration::from_secs(1)), 1);
    let mut late = Box::pin(admin.send(Method::PATCH, AWS_AUTH, Some(change("x"))));
    let applied = async {
        while !server.objects().aws_auth_data().unwrap().contains_key("mapAccounts") {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = &mut late => panic!("{answer:?} came before the write was seen"),
        () = applied => {}
    }
    let requests = server.knobs().requests();
    let logged = requests.iter().any(|request| request.verb == "patch" && request.code == 200);
    assert!(logged, "in the log, also where nobody waits for the answer: {requests:?}");
    assert_eq!(late.await.0, 200);
}

#[tokio::test]
async fn foreign_write_between_read_and_patch_makes_the_patch_stale() {
    let server = Server::start(config()).await.unwrap();
    let admin = Client::admin(&server);
    let (_, read) = admin.get(AWS_AUTH).await;
    server.knobs().before(Pattern::on("patch", "configmaps"), |objects| {
        objects.set_aws_auth("mapAccounts", Some("- \"foreign\"\n"), "eksctl").unwrap();
    });
    let mine = json!({
        "metadata": { "resourceVersion": read["metadata"]["resourceVersion"] }, "data": { "mapAccounts": "- \"mine\"\n" },
    });
    assert_eq!(admin.send(Method::PATCH, AWS_AUTH, Some(mine.clone())).await.0, 409);
    assert_eq!(server.objects().aws_auth_data().unwrap()["mapAccounts"], "- \"foreign\"\n");
    let owner = server.objects().get("kube-system", "configmaps", "aws-auth").unwrap();
    assert!(owner["metadata"]["managedFields"].as_array().unwrap().iter().any(|e| e["manager"] == "eksctl"));
}

#[tokio::test]
async fn review_after_a_deletion_lags_behind_as_often_as_asked() {
    let server = Server::start(config()).await.unwrap();
    let admin = Client::admin(&server);
    server.knobs().lag_reviews(1);
    let ask = || async {
        let body = json!({ "spec": { "user": "x", "groups": ["devs"], "resourceAttributes": {
            "verb": "list", "resource": "pods", "namespace": "payments",
        } } });
        let (_, review) =
            admin.send(Method::POST, "/apis/authorization.k8s.io/v1/subjectaccessreviews", Some(body)).await;
        review["status"]["allowed"].as_bool().unwrap()
    };
    assert!(ask().await);
    let binding = "/apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings/devs";
    assert_eq!(admin.send(Method::DELETE, binding, None).await.0, 200);
    assert!(ask().await, "the first one lags");
    assert!(!ask().await);
}

#[tokio::test]
async fn namespace_ends_when_the_knob_lets_it() {
    let server = Server::start(config()).await.unwrap();
    let admin = Client::admin(&server);
    server.knobs().keep_namespaces_terminating(true);
    let path = "/api/v1/namespaces/payments";
    assert_eq!(admin.send(Method::DELETE, path, None).await.0, 200);
    assert_eq!(admin.get(path).await.1["status"]["phase"], "Terminating");
    let config_map = json!({ "metadata": { "name": "x" } });
    let (code, status) = admin.send(Method::POST, &format!("{path}/configmaps"), Some(config_map)).await;
    assert_eq!((code, status["details"]["causes"][0]["reason"].as_str()), (403, Some("NamespaceTerminating")));
    server.finish_namespaces();
    assert_eq!(admin.get(path).await.0, 404);
}

#[tokio::test]
async fn impersonation_needs_the_right_to_it_and_then_replaces_the_caller() {
    let server = Server::start(config()).await.unwrap();
    let as_devs = async |token: &str| {
        let client = Client::of(&server, token);
        let request = client.http.get(format!("{}{PODS}", client.url)).bearer_auth(token);
        let response = request.header("impersonate-user", "zoe").header("impersonate-group", "devs").send().await;
        response.unwrap().status().as_u16()
    };
    assert_eq!(as_devs(server.admin_token()).await, 200);
    assert_eq!(as_devs("bob's token").await, 403);
}

#[tokio::test]
async fn every_request_is_in_the_log_with_its_outcome() {
    let server = Server::start(config()).await.unwrap();
    let (bob, knobs) = (Client::of(&server, "bob's token"), server.knobs());
    bob.get(&format!("{PODS}/web/log")).await;
    bob.get("/healthz/none").await;
    let log: Vec<_> =
        knobs.requests().into_iter().map(|r| (r.user, r.verb, r.resource, r.namespace, r.name, r.code)).collect();
    let entry = |verb: &str, resource: &str, namespace: &str, name: &str, code| {
        ("bob".to_owned(), verb.to_owned(), resource.to_owned(), namespace.to_owned(), name.to_owned(), code)
    };
    assert_eq!(log, [entry("get", "pods/log", "payments", "web", 403), entry("get", "/healthz/none", "", "", 403)]);
}

#[tokio::test]
async fn malformed_bodies_are_refused_and_the_server_goes_on() {
    let server = Server::start(config()).await.unwrap();
    let admin = Client::admin(&server);
    let config_maps = "/api/v1/namespaces/payments/configmaps";
    let bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings";
    for body in [
        json!(null),
        json!([]),
        json!("x"),
        json!({ "metadata": [] }),
        json!({ "metadata": "x", "data": {} }),
        json!({ "metadata": { "labels": [] } }),
        json!({ "metadata": { "name": 7 } }),
        json!({ "metadata": { "name": "x" }, "data": "x" }),
        json!({ "metadata": { "name": "x" }, "roleRef": "x" }),
        json!({ "metadata": { "name": "x" }, "subjects": ["x"], "roleRef": {} }),
        json!({ "metadata": { "name": "x" }, "subjects": {}, "roleRef": {} }),
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "x" } }),
    ] {
        for path in [config_maps, bindings, AWS_AUTH, "/apis/authorization.k8s.io/v1/subjectaccessreviews"] {
            let method = if path == AWS_AUTH { Method::PUT } else { Method::POST };
            let (code, status) = admin.send(method, path, Some(body.clone())).await;
            // Fields that a kind does not have are dropped.
            let fine = path == config_maps && !body["roleRef"].is_null();
            assert!(matches!(code, 400 | 422) || (fine && matches!(code, 201 | 409)), "{path} {body}: {code} {status}");
        }
    }
    let json_patch = admin.http.patch(format!("{}{AWS_AUTH}", admin.url)).bearer_auth(&admin.token);
    let response = json_patch.header("content-type", "application/json-patch+json").body("[]").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 415);
    let large = change(&"x".repeat(4 << 20));
    assert_eq!(admin.send(Method::PATCH, AWS_AUTH, Some(large)).await.0, 413);
    assert_eq!(admin.get(AWS_AUTH).await.0, 200);
}
