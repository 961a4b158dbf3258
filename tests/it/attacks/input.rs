//! Input that the portal must refuse: too much of it, or of another kind than the place takes.

use super::tried;
use crate::web::{Answer, Portal, body, form};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use std::time::{Duration, Instant};

/// More than any page takes, also on a busy machine.
const SOON: Duration = Duration::from_secs(15);

/// The sender, the address, and the fields.
type Sent<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>);

async fn soon(what: &str, answer: impl Future<Output = Answer>) -> Answer {
    let begun = Instant::now();
    let answer = answer.await;
    assert!(begun.elapsed() < SOON, "{what} took {:?}", begun.elapsed());
    assert!(!answer.status.is_server_error(), "{what}: {} {}", answer.status, answer.text);
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_of_anything_is_answered_soon_and_stores_nothing() {
    let portal = Portal::new().await;
    let events = "select count(*) from event";
    let before = portal.town.count(events).await;
    let id = portal.town.asks("ana", crate::town::view()).await;
    let votes = format!("/requests/{id}/votes");
    let long = "x".repeat(60_000);
    let many: Vec<(&str, &str)> = (0..4_000).map(|_| ("namespace", "payments")).collect();
    let names: Vec<String> = (0..4_000).map(|number| format!("ns{number}")).collect();
    let different: Vec<(&str, &str)> = names.iter().map(|name| ("namespace", name.as_str())).collect();
    let empty: Vec<(&str, &str)> = (0..30_000).map(|_| ("", "")).collect();
    let deep = format!("{}1{}", "{\"status\":".repeat(600), "}".repeat(600));
    let minutes = "9".repeat(60_000);
    let forms: Vec<Sent> = vec![
        ("ana", "/requests", many.clone()),
        ("ana", "/requests", different.clone()),
        ("ana", "/requests/new", different),
        ("ana", "/requests", empty),
        ("ana", "/requests", vec![("reason", &long)]),
        ("ana", "/requests", vec![("cluster", &long)]),
        ("ana", "/requests", vec![("principal", &long)]),
        ("ana", "/requests", vec![("minutes", &minutes)]),
        ("ana", "/requests", vec![("minutes", "-1")]),
        ("ana", "/requests", vec![("minutes", "4294967297")]),
        ("ana", "/requests/new", vec![("find", &long)]),
        ("ana", "/identities", vec![("token", &long)]),
        ("ana", "/identities", vec![("token", &deep)]),
        ("ana", "/identities", vec![("token", "k8s-aws-v1.x"), ("aws_profile", &long)]),
        ("ben", &votes, vec![("verdict", "approve"), ("seen", &long)]),
        ("ben", &votes, vec![("verdict", &long)]),
        ("ben", &votes, vec![("verdict", "deny"), ("reason", &long)]),
        ("ben", &votes, vec![("verdict", "deny"), ("reason", "\u{0}"), ("seen", "00")]),
    ];
    let after = portal.town.count(events).await;
    assert_eq!(after, before + 1);
    for (who, path, fields) in &forms {
        let what = format!("{} fields to {path}", fields.len());
        let answer = soon(&what, portal.post(who, path, fields)).await;
        assert!(answer.status.is_client_error() || *path == "/requests/new", "{what}: {}", answer.status);
    }
    assert_eq!(portal.town.count(events).await, after, "something was stored");

    // A body without a Content-Length is found to be too long while it is read.
    let stream = futures::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>("x".repeat(1_000))));
    let endless = form("/requests", &[]).header(header::COOKIE, portal.cookie("ana").await);
    let answer = soon("a body of 100 KB", portal.send(endless.body(Body::from_stream(stream)).unwrap())).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);

    let part = &long[..15_000];
    let query = format!("/audit?actor={part}&person={part}&cluster={part}&action={part}");
    assert_eq!(soon("filters", portal.get("eli", &query)).await.status, StatusCode::OK);
    let cookies = format!("{}; {}", portal.cookie("ana").await, "a=b; ".repeat(10_000));
    for (name, value) in [(header::COOKIE, cookies), (header::COOKIE, long.clone()), (header::USER_AGENT, long.clone())]
    {
        let request = Request::get("/").header(name, value).body(Body::empty()).unwrap();
        soon("a long header", portal.send(request)).await;
    }
    tried(forms.len() + 5, "by size");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_anybody_can_write_lead_and_name_nothing() {
    let portal = Portal::new().await;
    let cookie = portal.cookie("ana").await;
    let headers = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-for", "evil.example, 127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-original-url", "/audit?evil.example"),
        ("x-rewrite-url", "/audit?evil.example"),
        ("x-http-method-override", "DELETE"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-request-id", "evil.example"),
        ("traceparent", "evil.example"),
        ("referer", "https://evil.example/"),
        ("x-remote-user", "dee"),
        ("x-forwarded-user", "dee"),
        ("authorization", "Bearer evil.example"),
    ];
    for (name, value) in headers {
        for path in ["/", "/requests/new", "/sign-in", "/nowhere"] {
            for signed_in in [true, false] {
                let mut request = Request::get(path).header(name, value);
                if signed_in {
                    request = request.header(header::COOKIE, &cookie);
                }
                let answer = portal.send(request.body(Body::empty()).unwrap()).await;
                let told = format!("{:?} {}", answer.headers, answer.text);
                assert!(!told.contains("evil.example"), "{name} at {path}: {told}");
                assert!(!answer.text.contains("Dee"), "{name} made somebody an operator at {path}");
                assert!(answer.header("strict-transport-security").starts_with("max-age="), "{name}");
            }
        }
    }
    tried(headers.len(), "by header");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_is_shown_as_text_and_breaks_no_line() {
    let portal = Portal::new().await;
    let arn = crate::town::Town::arn("ana");
    let fields = |reason| {
        [
            ("cluster", "prod-eu"),
            ("profile", "view"),
            ("namespace", "payments"),
            ("principal", arn.as_str()),
            ("minutes", "60"),
            ("reason", reason),
        ]
    };
    for odd in ["a\u{1b}[31mred", "a\u{0}b", "a\u{8}b", "a\u{7f}b", "a\u{85}b"] {
        let request = form("/requests", &[]).header(header::COOKIE, portal.cookie("ana").await);
        let answer = portal.send(request.body(body(&fields(odd))).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{odd:?}: {}", answer.text);
    }
    let html = "</blockquote><script>alert(1)</script><img src=x onerror=alert(1)> \"'`{{ 7 * 7 }} `<b>`";
    let sent = portal.post("ana", "/requests", &fields(html)).await.expect(StatusCode::SEE_OTHER);
    let path = sent.header("location").to_owned();
    for (who, path) in [("ana", path.as_str()), ("ben", &path), ("ben", "/inbox"), ("eli", "/audit"), ("ana", "/")] {
        let page = portal.get(who, path).await.expect(StatusCode::OK);
        assert!(page.all("img, main script, b").is_empty(), "{who} at {path}: {}", page.text);
        assert!(!page.text.contains("<script>alert"), "{who} at {path}");
    }
    tried(6, "by what people write");
}
