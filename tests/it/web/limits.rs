//! What comes too often is refused with a sentence, for the sender alone.

use super::{Answer, LIMITS, Portal, limited};
use crate::town::Town;
use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use latchkey::web::Limits;
use std::net::SocketAddr;
use tower::ServiceExt;

fn ask<'a>(arn: &'a str, namespace: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("cluster", "prod-eu"),
        ("profile", "view"),
        ("namespace", namespace),
        ("principal", arn),
        ("minutes", "60"),
        ("reason", "Why did the settlement stop?"),
    ]
}

/// Asserts a refusal that says until when, to a machine and to a person.
fn refused(answer: Answer) -> Answer {
    let answer = answer.expect(StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=600).contains(&wait), "{wait}");
    assert!(answer.text.contains("Try again in"), "{}", answer.text);
    answer
}

async fn let_time_pass(town: &Town) {
    sqlx::query("update limit_window set ends_at = ends_at - interval '10 minutes'")
        .execute(town.owner.pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn whoever_sends_too_many_requests_keeps_their_words_and_stops_nobody_else() {
    let portal = Portal::with_limits(Limits { requests_per_person: 2, ..LIMITS }).await;
    let (ana, gus) = (Town::arn("ana"), Town::arn("gus"));
    portal.post("ana", "/requests", &ask(&ana, "payments")).await.expect(StatusCode::SEE_OTHER);
    // A request that is refused for its content counts, too.
    portal.post("ana", "/requests", &ask(&ana, "payments")).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    // A request from another session counts, too: the limit is the person's.
    let page = refused(portal.post("ana", "/requests", &ask(&ana, "payments-batch")).await);
    assert!(page.one(".error-summary").contains("You sent 2 requests within 10 minutes"), "{}", page.text);
    assert_eq!(page.one("#reason"), "Why did the settlement stop?");
    assert_eq!(page.attribute("#namespace input[checked]", "value"), "payments-batch");
    assert_eq!(portal.town.requests().await, 1);
    portal.post("gus", "/requests", &ask(&gus, "payments")).await.expect(StatusCode::SEE_OTHER);
    let_time_pass(&portal.town).await;
    portal.post("ana", "/requests", &ask(&ana, "payments-batch")).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn too_many_proofs_are_not_asked_of_aws() {
    let portal = Portal::with_limits(Limits { proofs_per_person: 1, ..LIMITS }).await;
    let form = [("token", "k8s-aws-v1.bm90aGluZw"), ("aws_profile", "payments")];
    portal.post("fay", "/identities", &form).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    let page = refused(portal.post("fay", "/identities", &form).await);
    assert!(page.one(".error-summary").contains("You sent 1 proofs"), "{}", page.text);
    assert_eq!(page.attribute("#aws_profile", "value"), "payments");
    assert!(!page.text.contains("bm90aGluZw"));
    portal.post("ana", "/identities", &form).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_session_sends_so_many_forms_and_another_of_the_same_person_goes_on() {
    let portal = Portal::with_limits(Limits { forms_per_session: 2, ..LIMITS }).await;
    let grant = portal.town.grant().await;
    let path = format!("/grants/{grant}/revoke");
    let dee = portal.browser("dee").await;
    for _ in 0..2 {
        dee.post(&path, &[("reason", "")]).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let page = refused(dee.post(&path, &[("reason", "The key leaked.")]).await);
    assert_eq!(page.one("h1"), "That was too often");
    assert_eq!(page.one("blockquote"), "The key leaked.", "what was written is kept");
    dee.get(&format!("/grants/{grant}")).await.expect(StatusCode::OK);
    portal.post("dee", &path, &[("reason", "The key leaked.")]).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn sign_ins_are_counted_by_address_and_signed_in_people_go_on() {
    let portal = Portal::with_limits(LIMITS).await;
    let town = &portal.town;
    // Two replicas share one limit.
    let limits = Limits { sign_ins_per_address: 3, ..LIMITS };
    let routers = [0; 2].map(|_| limited(town.web.clone(), "https://latchkey.example", limits));
    let from = async |replica: usize, address: &str, path: &str, cookie: &str| {
        let peer: SocketAddr = address.parse().unwrap();
        let request = Request::get(path).header("cookie", cookie).header("x-forwarded-for", "198.51.100.77");
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        super::read(routers[replica].clone().oneshot(request).await.unwrap()).await
    };
    // These tests have no provider; a sign-in that begins, or comes back wrong, counts all the same.
    for (replica, path) in [(0, "/sign-in/start"), (1, "/sign-in/start"), (0, "/sign-in/callback?state=guessed")] {
        assert_ne!(from(replica, "203.0.113.9:1", path, "").await.status, StatusCode::TOO_MANY_REQUESTS);
    }
    for path in ["/sign-in/start?return_to=%2Finbox", "/sign-in/callback?state=guessed&code=x"] {
        let page = refused(from(1, "203.0.113.9:2", path, "").await);
        assert!(page.one(".notice").contains("3 sign-ins came from your network"), "{}", page.text);
    }
    assert_eq!(from(0, "203.0.113.10:1", "/sign-in/start", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let ana = portal.cookie("ana").await;
    assert_eq!(from(0, "203.0.113.9:3", "/", &ana).await.status, StatusCode::OK);
    assert_eq!(from(0, "203.0.113.9:3", "/sign-in", "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn windows_and_sign_ins_that_are_over_are_removed() {
    let portal = Portal::with_limits(LIMITS).await;
    let town = &portal.town;
    let old = "insert into limit_window (what, whose, count, ends_at)
               select 'form', sha256(n::text::bytea), 1, now() - interval '1 minute' from generate_series(1, 50) n";
    sqlx::query(old).execute(town.owner.pool()).await.unwrap();
    let old = "insert into login_attempt (token_hash, state_hash, return_to, created_at)
               select sha256(n::text::bytea), sha256(n::text::bytea), '/', now() - interval '2 hours'
               from generate_series(1, 50) n";
    sqlx::query(old).execute(town.owner.pool()).await.unwrap();
    for _ in 0..3 {
        // Each browser is a session, so each form begins a window.
        portal.post("ana", "/requests/new", &[]).await.expect(StatusCode::OK);
        let attempt = latchkey::store::sessions::LoginAttempt { return_to: "/".to_owned() };
        let (token, state) = (latchkey::login::secret::token(), latchkey::login::secret::token());
        latchkey::store::sessions::begin_attempt(&town.web, &token, &state, &attempt).await.unwrap();
    }
    assert_eq!(town.count("select count(*) from limit_window where ends_at < now()").await, 0);
    assert_eq!(town.count("select count(*) from limit_window").await, 3);
    assert_eq!(town.count("select count(*) from login_attempt").await, 3);
}

#[tokio::test]
async fn whoever_keeps_a_limits_window_or_a_session_locked_keeps_nobody_from_a_page() {
    let portal = Portal::new().await;
    let browser = portal.browser("ana").await;
    browser.get("/").await.expect(StatusCode::OK);
    let old = "update session set seen_at = seen_at - interval '2 minutes'";
    sqlx::query(old).execute(portal.town.owner.pool()).await.unwrap();
    browser.post("/settings", &[("theme", "dark")]).await;
    sqlx::query(old).execute(portal.town.owner.pool()).await.unwrap();
    let mut keeper = portal.town.owner.pool().begin().await.unwrap();
    for rows in ["select from session for update", "select from limit_window for update"] {
        sqlx::query(rows).execute(&mut *keeper).await.unwrap();
    }
    let limit = std::time::Duration::from_secs(3);
    let page = tokio::time::timeout(limit, browser.get("/")).await.expect("it waits for no lock");
    page.expect(StatusCode::OK);
    let sent = tokio::time::timeout(limit, browser.post("/settings", &[("theme", "light")])).await;
    assert!(sent.expect("it waits for no lock").status.is_redirection());
    keeper.rollback().await.unwrap();
}
