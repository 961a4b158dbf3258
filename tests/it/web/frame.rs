//! What is true of every page: which people may see it, what it carries, what it says if it fails.

use super::{Portal, body, form, read, router};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use latchkey::store::Store;
use tower::ServiceExt;

#[tokio::test]
async fn a_page_leads_whoever_is_signed_out_to_sign_in_and_back() {
    let portal = Portal::new().await;
    let request = Request::get("/requests/new?cluster=prod-eu").body(Body::empty()).unwrap();
    let answer = portal.send(request).await.expect(StatusCode::SEE_OTHER);
    let address = answer.header("location").to_owned();
    assert_eq!(address, "/sign-in?return_to=%2Frequests%2Fnew%3Fcluster%3Dprod%2Deu");
    let page = portal.send(Request::get(address).body(Body::empty()).unwrap()).await.expect(StatusCode::OK);
    assert!(page.one(".button.primary").contains("Sign in with Example Identity"));
    assert!(page.attribute(".button.primary", "href").starts_with("/sign-in/start?return_to=%2Frequests"));
}

#[tokio::test]
async fn a_page_whose_rows_somebody_keeps_locked_says_so_and_not_that_the_database_is_away() {
    let portal = Portal::new().await;
    let browser = portal.browser("ana").await;
    let mut held = portal.town.owner.pool().begin().await.unwrap();
    sqlx::query("lock table request in access exclusive mode").execute(&mut *held).await.unwrap();
    // Ends the statement as the server does after its time-out.
    let given_up = async {
        let gives_up = "select count(pg_cancel_backend(pid)) from (select pid from pg_stat_activity
                        where datname = current_database() and wait_event_type = 'Lock' offset 0) waiting";
        while portal.town.count(gives_up).await == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let limit = std::time::Duration::from_secs(30);
    let (page, ()) = tokio::time::timeout(limit, async { tokio::join!(browser.get("/"), given_up) }).await.unwrap();
    let page = page.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text.contains("Something else has locked what this needs"), "{}", page.text);
    held.rollback().await.unwrap();
    browser.get("/").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let portal = Portal::new().await;
    for path in ["/", "/sign-in", "/nowhere", "/healthz"] {
        let answer = portal.get("ana", path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(answer.header("strict-transport-security").starts_with("max-age="), "{path}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
    }
}

#[tokio::test]
async fn a_static_file_is_kept_for_a_year_under_the_hash_of_its_content() {
    let portal = Portal::new().await;
    let page = portal.get("ana", "/").await;
    let address = page.attribute("link[rel=stylesheet]", "href");
    let file = portal.send(Request::get(&address).body(Body::empty()).unwrap()).await.expect(StatusCode::OK);
    assert_eq!(file.header("content-type"), "text/css; charset=utf-8");
    assert!(file.header("cache-control").contains("immutable"));
    let other = address.replace("/static/", "/static/0");
    portal.send(Request::get(other).body(Body::empty()).unwrap()).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_form_from_another_site_is_refused_before_any_work() {
    let portal = Portal::new().await;
    let cookie = portal.cookie("ana").await;
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")]
    {
        let request = Request::post("/sign-out")
            .header(header::HOST, "latchkey.example")
            .header(header::COOKIE, &cookie)
            .header(name, value)
            .body(Body::empty())
            .unwrap();
        let answer = portal.send(request).await.expect(StatusCode::FORBIDDEN);
        assert_eq!(answer.one("h1"), "That came from another site");
    }
    let still = Request::get("/").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    portal.send(still).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn the_portals_own_origin_and_clients_that_are_no_browser_may_send_forms() {
    let portal = Portal::new().await;
    for origin in [Some("https://latchkey.example"), None] {
        let mut request = Request::post("/sign-out").header(header::COOKIE, portal.cookie("ana").await);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let answer = portal.send(request.body(Body::empty()).unwrap()).await.expect(StatusCode::SEE_OTHER);
        assert_eq!(answer.header("location"), "/sign-in?signed_out=1");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let portal = Portal::new().await;
    let cookie = portal.cookie("ana").await;
    let request = form("/sign-out", &[]).header(header::COOKIE, &cookie).body(Body::empty()).unwrap();
    let answer = portal.send(request).await.expect(StatusCode::SEE_OTHER);
    let cleared = answer.header("set-cookie");
    for part in ["__Host-latchkey=;", "HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=0"] {
        assert!(cleared.contains(part), "{part} in {cleared}");
    }
    let again = Request::get("/").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    portal.send(again).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_is_too_large_or_not_a_form_is_said_so() {
    let portal = Portal::new().await;
    let large = "x".repeat(70_000);
    let answer = portal.post("ana", "/requests", &[("reason", &large)]).await.expect(StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.one("h1"), "That is too large");
    let request = Request::post("/requests")
        .header(header::COOKIE, portal.cookie("ana").await)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{}"))
        .unwrap();
    let answer = portal.send(request).await;
    assert!(answer.status.is_client_error());
    assert_eq!(answer.one("h1"), "That could not be read");
}

#[tokio::test]
async fn an_address_that_leads_nowhere_says_what_to_do() {
    let portal = Portal::new().await;
    for path in ["/nowhere", "/requests/not-an-id", "/requests/0192f3c4-0000-7000-8000-000000000000"] {
        let answer = portal.get("ana", path).await.expect(StatusCode::NOT_FOUND);
        assert_eq!(answer.one("h1"), "Not here, or not Ana\u{2019}s to see");
        assert!(answer.all(".links a").contains(&"Sign in as someone else".to_owned()));
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_said_so_and_readyz_tells_machines() {
    let nowhere = Store::connect(&"postgres://nobody@127.0.0.1:9/nothing".to_owned().parse().unwrap(), 1);
    let router = router(nowhere, "http://127.0.0.1:8080");
    let ask = async |path: &str| {
        let request = Request::get(path).header(header::COOKIE, "latchkey=token").body(Body::empty()).unwrap();
        read(router.clone().oneshot(request).await.unwrap()).await
    };
    let page = ask("/").await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.one(".sheet .soft").contains("database does not answer. Nothing that you sent was stored"));
    assert!(page.text.contains("Request id: <code>"));
    assert_eq!(ask("/readyz").await.expect(StatusCode::SERVICE_UNAVAILABLE).text, "the database does not answer\n");
    assert_eq!(ask("/healthz").await.expect(StatusCode::OK).text, "ok\n");
}

#[tokio::test]
async fn no_worker_is_a_banner_on_every_page() {
    let portal = Portal::new().await;
    for path in ["/", "/requests/new", "/nowhere"] {
        let answer = portal.get("ana", path).await;
        assert!(answer.one(".banner").starts_with("No worker has run yet"), "{path}");
    }
}

#[tokio::test]
async fn a_form_sent_while_signed_out_is_kept() {
    let portal = Portal::new().await;
    let fields = [("cluster", "prod-eu"), ("namespace", "payments"), ("reason", "Why did the settlement stop?")];
    let request = form("/requests", &fields).body(body(&fields)).unwrap();
    let answer = portal.send(request).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(answer.one("blockquote"), "Why did the settlement stop?");
    let back = answer.attribute(".button.primary", "href");
    assert!(back.contains("cluster%3Dprod%252Deu%26namespace%3Dpayments"), "{back}");
    assert!(!back.contains("settlement"), "the reason stands in an address: {back}");
}

#[tokio::test]
async fn a_broken_audit_chain_is_a_banner_on_every_page() {
    let portal = Portal::new().await;
    portal.town.grant().await;
    latchkey::store::audit::seal(portal.town.worker.pool()).await.unwrap();
    let banners = async |portal: &Portal| portal.get("fay", "/").await.all(".banner");
    assert!(
        !banners(&portal).await.iter().any(|banner| banner.contains("audit chain")),
        "{:?}",
        banners(&portal).await
    );
    let mut tx = portal.town.owner.pool().begin().await.unwrap();
    sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
    sqlx::query("update event set canonical = canonical || ' ' where action = 'request.submitted'")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(banners(&portal).await.iter().any(|banner| banner.starts_with("The audit chain is broken at ")));
}

#[tokio::test]
async fn a_nul_in_an_address_finds_nothing() {
    let portal = Portal::new().await;
    for path in ["/audit?actor=%00", "/audit?person=a%00", "/audit?cluster=%00", "/audit?action=%00b"] {
        let page = portal.get("eli", path).await.expect(StatusCode::OK);
        assert!(page.all(".audit-row, tbody tr").is_empty(), "{path}");
    }
    portal.get("ana", "/clusters?after=%00").await.expect(StatusCode::OK);
}
