//! How often a page asks the database: each statement is a round trip that a person waits for. They are counted on the
//! wire, before a real PostgreSQL.

use super::{Answer, body, form, read, router};
use crate::{
    rig::postgres_proxy::{Cut, PostgresProxy},
    town::{Asking, Town, edit, view},
};
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use latchkey::store::Store;
use std::time::{Duration, Instant};
use tower::ServiceExt as _;

/// As many statements as one change of the live form may take, however it comes.
const MOST: u64 = 8;
/// The first answers of a process prepare each statement on a connection, and read what is kept after that.
const WARM: usize = 2;
/// How many answers are timed; the quickest counts.
const TIMED: usize = 10;

/// A portal with one connection, on which every statement is counted.
struct Counted {
    town: Town,
    proxy: PostgresProxy,
    router: Router,
    cookie: String,
}

impl Counted {
    async fn new() -> Self {
        let town = Town::new().await;
        let proxy = PostgresProxy::before(town.database.port()).await;
        let store = Store::connect(&proxy.through(&town.database.url_as("latchkey_web")).parse().unwrap(), 1);
        let cookie = format!("__Host-latchkey={}", town.session("ana").await);
        Self { router: router(store, "https://latchkey.example"), town, proxy, cookie }
    }

    async fn send(&self, request: axum::http::request::Builder, body: Body) -> Answer {
        let request = request.header(header::COOKIE, &self.cookie).header("hx-request", "true");
        read(self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap()).await
    }

    /// How many statements the answer takes, and how long, once the same was answered before.
    async fn count(&self, what: &str, ask: impl AsyncFn() -> Answer) -> u64 {
        for _ in 0..WARM {
            ask().await.expect(StatusCode::OK);
        }
        // It counts, and never comes to the one that it would cut at.
        self.proxy.cut_once(Cut::Before, u64::MAX / 2);
        let answer = ask().await.expect(StatusCode::OK);
        let statements = self.proxy.seen();
        assert!(answer.text.trim_start().starts_with("<div id=\"ask-form\""), "{}", answer.text);
        assert_eq!(answer.all(".summary .sentence").len(), 1, "the ask is complete: {}", answer.text);
        assert_eq!(answer.all(".obstacles li, .obstacles .notice"), Vec::<String>::new());
        let mut quickest = Duration::MAX;
        for _ in 0..TIMED {
            let begun = Instant::now();
            ask().await;
            quickest = quickest.min(begun.elapsed());
        }
        println!("statements: {what}: {statements}, {:.1} ms at best", quickest.as_secs_f64() * 1e3);
        statements
    }
}

/// A complete ask, as the form sends it.
fn fields(arn: &str) -> [(&str, &str); 6] {
    [
        ("cluster", "prod-eu"),
        ("profile", "view"),
        ("namespace", "payments-batch"),
        ("principal", arn),
        ("minutes", "60"),
        ("reason", "Why did the settlement stop?"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_live_form_asks_the_database_eight_times_at_most() {
    let counted = Counted::new().await;
    let elsewhere = view().in_(["payments-batch"]);
    // Other accesses and requests add no statement.
    for (who, form) in [("ana", &view()), ("gus", &view()), ("gus", &elsewhere)] {
        counted.town.grant_of(who, form).await;
    }
    counted.town.asks("ana", edit()).await;
    let arn = Town::arn("ana");
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields(&arn)).finish();
    let address = format!("/requests/new?{query}");
    let opened = async || counted.send(Request::get(&address), Body::empty()).await;
    let opened = counted.count("GET of the live part", opened).await;
    let changed = async || counted.send(form("/requests/new", &[]), body(&fields(&arn))).await;
    // A POST is also counted against the limit of forms.
    let changed = counted.count("POST of a change", changed).await;
    assert!(opened <= MOST && changed <= MOST, "a GET took {opened} statements, a POST {changed}");
}
