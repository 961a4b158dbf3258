//! Attacks on the proof of an AWS identity: whatever is pasted, the portal calls only STS, and believes only what was
//! signed for this session's nonce, once.

use super::tried;
use crate::{
    rig::{AwsUser, aws::REGION},
    stage::{Stage, browser::Page},
    town::Town,
    web::{Answer, Browser, Portal},
};
use aws_credential_types::Credentials;
use axum::{Router, body::Body, extract::Request, http::HeaderMap, response::Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::eks::token::{PREFIX, Variant, encode};
use secrecy::ExposeSecret as _;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use tokio::net::TcpListener;

/// Counts the connections to it.
struct Counter {
    port: u16,
    count: Arc<AtomicUsize>,
}

impl Counter {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { port, count }
    }

    fn so_far(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

fn example_keys() -> Credentials {
    Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None, None, "a test")
}

fn presigned(keys: &Credentials, name: &str, at: Timestamp) -> String {
    latchkey::aws::token::presign(keys, (REGION, Variant::default()), name, at).unwrap().expose_secret().to_owned()
}

fn url_of(token: &str) -> String {
    let url = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX).unwrap()).unwrap();
    String::from_utf8(url).unwrap()
}

/// The name that a page wants the proof signed for.
fn name_on(page: &str) -> String {
    let nonce = page.split("--cluster-name latchkey-").nth(1).unwrap_or_else(|| panic!("no command on {page}"));
    format!("latchkey-{}", &nonce[..32])
}

async fn paste(browser: &Browser<'_>, token: &str) -> Answer {
    browser.post("/identities", &[("token", token)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_leaves_for_a_host_that_is_not_sts() {
    let counter = Counter::open().await;
    let port = counter.port;
    let portal = Portal::with_sts(None).await;
    let fay = portal.browser("fay").await;
    let name = name_on(&fay.get("/identities/new").await.text);
    let honest = url_of(&presigned(&example_keys(), &name, Timestamp::now()));
    let base = format!("https://sts.{REGION}.amazonaws.com");
    assert!(honest.starts_with(&base), "{honest}");
    let leads = |to: String| honest.replacen(&base, &to, 1);
    let here = format!("127.0.0.1:{port}");
    let mut urls: Vec<String> = [
        format!("https://{here}"),
        format!("http://{here}"),
        format!("https://localhost:{port}"),
        format!("https://[::1]:{port}"),
        format!("https://[::ffff:127.0.0.1]:{port}"),
        format!("https://2130706433:{port}"),
        format!("https://0x7f.1:{port}"),
        format!("https://127.1:{port}"),
        format!("https://sts.amazonaws.com@{here}"),
        format!("https://sts.{REGION}.amazonaws.com@{here}"),
        format!("https://sts.amazonaws.com:443@{here}"),
        format!("https://sts.amazonaws.com%2f@{here}"),
        format!("https://{here}#@sts.amazonaws.com"),
        format!("https://{here}\\@sts.amazonaws.com"),
        format!("https://{here}?@sts.amazonaws.com"),
        format!("https://{here}%00.sts.amazonaws.com"),
        format!("https://{here}%2f.sts.amazonaws.com"),
        format!("https://sts.amazonaws.com.localhost:{port}"),
        format!("https://sts.{REGION}.amazonaws.com.localhost:{port}"),
        format!("https://sts.localhost:{port}"),
        format!("https://sts.amazonaws.com:{port}"),
        format!("{base}:{port}"),
        format!("{base}:443"),
        format!("{base}."),
        format!("{base}\r\nHost: {here}\r\n"),
        format!("{base}\\..\\{here}"),
        format!("//{here}"),
        format!("https:{here}"),
        format!("https:///{here}"),
        format!("HTTPS://{here}"),
        format!(" https://{here}"),
        format!("gopher://{here}"),
        format!("file://{here}"),
        format!("http://sts.{REGION}.amazonaws.com"),
        "https://169.254.169.254".to_owned(),
        "https://sts.amazonaws.com.evil.example".to_owned(),
        "https://sts\u{3002}amazonaws\u{3002}com".to_owned(),
        "https://\u{ff53}ts.amazonaws.com".to_owned(),
    ]
    .into_iter()
    .map(leads)
    .collect();
    // The right host, but parameters or headers that were not signed.
    urls.push(honest.replace("GetCallerIdentity", "AssumeRole"));
    urls.push(honest.replace("host%3Bx-k8s-aws-id", "cookie%3Bhost%3Bx-k8s-aws-id"));
    urls.push(format!("{honest}&Action=GetSessionToken"));
    urls.push(format!("{honest}#{here}"));
    urls.push(honest.replace("/?", "/latest/meta-data/?"));
    for url in &urls {
        let answer = paste(&fay, &encode(url)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}: {}", answer.text);
        // A request that left would get no answer, or another answer than that of STS.
        assert!(!answer.text.contains("STS does not answer"), "a request left for {url}");
        assert!(!answer.text.contains("AWS refused the token"), "a request left for {url}");
    }
    assert_eq!(counter.so_far(), 0, "a request left");
    assert_eq!(portal.town.count("select count(*) from proof_nonce where used_at is not null").await, 0);
    tried(urls.len(), "on the hosts that proofs are sent to");
}

/// An STS that answers as the test says, and keeps the requests.
async fn sts(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> (url::Url, Arc<Mutex<Vec<HeaderMap>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    let router = Router::new().fallback(move |request: Request| {
        kept.lock().unwrap().push(request.headers().clone());
        let answer = answer();
        async move { answer }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

fn caller(arn: &str, id: &str) -> String {
    let result = serde_json::json!({ "Arn": arn, "UserId": id, "Account": "111122223333" });
    serde_json::json!({ "GetCallerIdentityResponse": { "GetCallerIdentityResult": result } }).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sts_answers_leads_nowhere_and_makes_nobody_another() {
    let elsewhere = Counter::open().await;
    let to = format!("http://127.0.0.1:{}/", elsewhere.port);
    let redirects = [301, 302, 303, 307, 308].map(|status| (status, String::new()));
    let ana = Town::arn("ana");
    let bodies = [
        caller(&ana, "AIDAANA"),
        caller("arn:aws:iam::111122223333:root", "111122223333"),
        caller("arn:aws:sts::111122223333:assumed-role/deployers/EKSGetTokenAuth", "AROA:EKSGetTokenAuth"),
        caller(
            "arn:aws:sts::111122223333:assumed-role/deployers/botocore-session-1700000000",
            "AROA:botocore-session-1700000000",
        ),
        caller("arn:aws:sts::111122223333:assumed-role/deployers/fay", "AROA:ana"),
        caller("arn:aws:sts::111122223333:assumed-role/deployers/fay", "AROA"),
        caller("arn:aws:sts::111122223333:assumed-role/deployers/f", "AROA:f"),
        caller("arn:aws:sts::111122223333:assumed-role/deployers/fay:{{x}}", "AROA:fay:{{x}}"),
        caller("arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/fay", "AROA:fay"),
        caller("arn:aws:sts::111122223333:federated-user/fay", "111122223333:fay"),
        caller("arn:aws:iam::111122223333:user/fay<script>", "AIDAFAY"),
        caller("arn:aws:iam::111122223333:user/fay\n", "AIDAFAY"),
        caller("", ""),
        "{}".to_owned(),
        "not JSON".to_owned(),
        "[".repeat(100_000),
        "x".repeat(3 << 20),
    ]
    .map(|body| (200, body));
    let mut count = 0;
    for (status, body) in redirects.into_iter().chain(bodies) {
        let location = to.clone();
        let told = body.clone();
        let (url, asked) = sts(move || {
            let answer = Response::builder().status(status).header("location", &location);
            answer.body(Body::from(told.clone())).unwrap()
        })
        .await;
        let portal = Portal::with_sts(Some(url)).await;
        let fay = portal.browser("fay").await;
        let name = name_on(&fay.get("/identities/new").await.text);
        let token = presigned(&example_keys(), &name, Timestamp::now());
        let answer = paste(&fay, &token).await;
        let shown: String = body.chars().take(90).collect();
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{status} {shown}: {}", answer.text);
        let query = "select count(*) from principal i join person p on p.id = i.person_id where p.handle = 'fay'";
        assert_eq!(portal.town.count(query).await, 0, "{status} {shown}");
        // Exactly the signed headers, and none of the portal's own.
        let asked = asked.lock().unwrap();
        assert_eq!(asked.len(), 1, "asked once");
        let mut names: Vec<&str> = asked[0].keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "host", "user-agent", "x-k8s-aws-id"]);
        assert_eq!(asked[0]["x-k8s-aws-id"], name.as_str());
        count += 1;
    }
    assert_eq!(elsewhere.so_far(), 0, "a redirect was followed");
    tried(count, "on what STS answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sts_refuses_is_told_by_its_code_and_leaves_the_command_usable() {
    for (status, code, said) in [
        (403, "ExpiredToken", "is over. Sign in to AWS again"),
        (403, "InvalidClientTokenId", "does not know the access key"),
        (403, "SignatureDoesNotMatch", "not signed for the command on this page"),
        (403, "RegionDisabledException", "did not enable the region"),
        (400, "Throttling", "too much to do"),
        (503, "ServiceUnavailable", "STS does not answer"),
    ] {
        let body = serde_json::json!({ "Error": { "Code": code, "Message": "marked", "Type": "Sender" } }).to_string();
        let (url, _) = sts(move || Response::builder().status(status).body(Body::from(body.clone())).unwrap()).await;
        let portal = Portal::with_sts(Some(url)).await;
        let fay = portal.browser("fay").await;
        let name = name_on(&fay.get("/identities/new").await.text);
        let answer = paste(&fay, &presigned(&example_keys(), &name, Timestamp::now())).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{code}");
        assert!(answer.text.contains(said) && !answer.text.contains("marked"), "{code}: {}", answer.text);
        assert_eq!(portal.town.count("select count(*) from proof_nonce where used_at is not null").await, 0, "{code}");
    }
}

fn keys_of(user: &AwsUser) -> Credentials {
    Credentials::new(&user.access_key_id, &user.secret_access_key, None, None, "a test")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_for_one_session_and_counts_once() {
    let Some(stage) = Stage::simulated().await else { return };
    let (first, second, gus) =
        (stage.signed_in("ana").await, stage.signed_in("ana").await, stage.signed_in("gus").await);
    let name = name_on(&first.open("/identities/new").await.body);
    let others =
        [name_on(&second.open("/identities/new").await.body), name_on(&gus.open("/identities/new").await.body)];
    assert!(!others.contains(&name) && others[0] != others[1], "each session has a nonce of its own");
    let (ana, now) = (keys_of(stage.user("ana")), Timestamp::now());
    let token = presigned(&ana, &name, now);
    let refused = async |browser: &crate::stage::browser::Browser, token: &str, what: &str| {
        let page: Page = browser.post("/identities", &[("token", token)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {}", page.text());
        assert!(!page.body.contains(token), "{what}: the token is shown again");
    };
    refused(&second, &token, "another session's nonce").await;
    refused(&gus, &token, "another person's nonce").await;
    for other in others.iter().map(String::as_str).chain(["prod-eu", "latchkey-", ""]) {
        refused(&first, &presigned(&ana, other, now), "signed for something else").await;
    }
    refused(&first, &presigned(&ana, &name, now - SignedDuration::from_mins(16)), "expired").await;
    refused(&first, &presigned(&ana, &name, now + SignedDuration::from_mins(10)), "of the future").await;
    let forged = keys_of(&AwsUser { secret_access_key: "another".into(), ..stage.user("ana").clone() });
    refused(&first, &presigned(&forged, &name, now), "signed with another key").await;
    let principals = async || stage.value("select count(*)::text from principal").await.unwrap();
    assert_eq!(principals().await, "0");

    // Twice at the same moment: one succeeds.
    let form = [("token", token.as_str())];
    let (one, two) = tokio::join!(first.post("/identities", &form), first.post("/identities", &form));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY]);
    assert_eq!(principals().await, "1");
    refused(&first, &token, "used").await;
    first.open("/identities/new").await;
    refused(&first, &token, "used, and another nonce was made").await;

    // A nonce is valid for 15 minutes, whatever the signature says.
    let name = name_on(&second.open("/identities/new").await.body);
    sqlx::query("update proof_nonce set expires_at = clock_timestamp() where used_at is null")
        .execute(stage.owner.pool())
        .await
        .unwrap();
    refused(&second, &presigned(&ana, &name, now), "a nonce that is over").await;
    // An identity stays with the person who proved it, also if another person holds its keys now.
    let name = name_on(&gus.open("/identities/new").await.body);
    refused(&gus, &presigned(&ana, &name, Timestamp::now()), "somebody else's identity").await;
    assert_eq!(principals().await, "1");
    tried(15, "on nonces and signatures of proofs");
}
