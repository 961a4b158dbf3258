//! What a page, or a run of the worker, reads does not grow with the history: with the same people, clusters and
//! running accesses, Postgres reads as many rows over a long history as over a short one.

#[path = "../../../benches/history/addresses.rs"]
mod addresses;
#[path = "../../../benches/history/history.rs"]
#[allow(dead_code, reason = "the bench prints sizes, too")]
mod history;

use crate::web::router;
use addresses::{Names, PAGES};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use history::History;
use latchkey::store::{
    Store,
    audit::{self, is_full},
    desired, intents, legs,
};
use latchkey_domain::access::{ClusterId, PrincipalId, transition::Target};
use tower::ServiceExt as _;
use uuid::Uuid;

/// The number of accesses that ended, in each history.
const SHORT: u64 = 100;
const LONG: u64 = 6_000;
/// The growth that a page may have: the rows of a list that the short history does not fill, with the names beside
/// them.
const SLACK_OF_PAGES: i64 = 1_500;
/// The growth that a run may have, which has no lists: Postgres may read a small table whole, and use an index of a
/// large one.
const SLACK_OF_RUNS: i64 = 500;

/// How often the rows of each page or run are counted.
const COUNTS: usize = 4;

/// A history behind one connection, whose reads are counted.
struct Counted {
    history: History,
    store: Store,
    router: Router,
    names: Names,
}

impl Counted {
    async fn new(accesses: u64, role: &str) -> Self {
        let history = History::new(accesses).await;
        while is_full(audit::seal(history.town.worker.pool()).await.unwrap()) {}
        history.settle().await;
        let store = Store::connect(&history.town.database.url_as(role).parse().unwrap(), 1);
        let router = router(store.clone(), "https://latchkey.example");
        let names = addresses::names(&history).await;
        Self { history, store, router, names }
    }

    /// The number of rows and index entries that Postgres reads for this: the least of some counts. Sessions that
    /// filled the history, and autovacuum, report what they read some seconds later, which can only raise a count.
    async fn rows(&self, what: impl AsyncFn()) -> i64 {
        let mut least = i64::MAX;
        for _ in 0..COUNTS {
            let before = self.read().await;
            what().await;
            least = least.min(self.read().await - before);
        }
        least
    }

    async fn read(&self) -> i64 {
        sqlx::query("select pg_stat_force_next_flush()").execute(self.store.pool()).await.unwrap();
        let query = "select ((select sum(seq_tup_read) from pg_stat_user_tables)
            + (select sum(idx_tup_read) from pg_stat_user_indexes))::bigint::text";
        self.history.text(query).await.parse().unwrap()
    }

    async fn open(&self, at: &str) {
        let at = addresses::fill(at, &self.names);
        let cookie = format!("__Host-latchkey={}", self.history.token);
        let request = Request::get(&at).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let text = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(
            [StatusCode::OK, StatusCode::NO_CONTENT].contains(&status),
            "{at}: {status} {}",
            String::from_utf8_lossy(&text)
        );
    }

    async fn id(&self, query: &str) -> Uuid {
        self.history.text(query).await.parse().unwrap()
    }

    /// What a run on the busiest cluster reads.
    async fn run_on_a_cluster(&self) {
        let id = ClusterId(self.id("select id::text from cluster where name = 'prod-eu'").await);
        let target = Target::Cluster(id);
        legs::changing(&self.store, target, i64::MAX).await.unwrap();
        intents::dangling(&self.store, target, i64::MAX).await.unwrap();
        intents::deletes(&self.store, target).await.unwrap();
        let mut snapshot = desired::snapshot(&self.store).await.unwrap();
        desired::cluster(&mut snapshot, id, 9).await.unwrap().unwrap();
        desired::taken_out(&mut snapshot, id, &["latchkey:nobody:1".to_owned()]).await.unwrap();
    }

    /// What a run on the busiest IAM user reads.
    async fn run_on_a_principal(&self) {
        let query =
            "select i.id::text from principal i join person p on p.id = i.person_id where p.handle = 'overseer'";
        let id = PrincipalId(self.id(query).await);
        let target = Target::Principal(id);
        intents::dangling(&self.store, target, i64::MAX).await.unwrap();
        intents::arrives_within(&self.store, target).await.unwrap();
        let mut snapshot = desired::snapshot(&self.store).await.unwrap();
        desired::principal(&mut snapshot, id, None).await.unwrap().unwrap();
    }
}

/// Notes `what` if the long history needs more rows than the short one and the slack.
fn judge(what: &str, (short, long): (i64, i64), slack: i64, grown: &mut Vec<String>) {
    if long > short + slack {
        grown.push(format!("{what}: {short} rows over the short history, {long} over the long one"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_reads_more_of_a_longer_history() {
    addresses::are_complete();
    let (short, long) = (Counted::new(SHORT, "latchkey_web").await, Counted::new(LONG, "latchkey_web").await);
    let mut grown = Vec::new();
    let (mut pages, mut most) = (0, 0);
    for at in PAGES.iter().flat_map(|(_, ats)| *ats) {
        // More often than Postgres plans a prepared statement anew before it may keep a plan.
        for _ in 0..6 {
            long.open(at).await;
        }
        let rows = (short.rows(async || short.open(at).await).await, long.rows(async || long.open(at).await).await);
        judge(at, rows, SLACK_OF_PAGES, &mut grown);
        (pages, most) = (pages + 1, most.max(rows.1));
    }
    assert!(grown.is_empty(), "{}", grown.join("\n"));
    println!("history: {pages} pages, {most} rows read at most over {LONG} accesses that ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_run_of_the_worker_reads_more_of_a_longer_history() {
    let (short, long) = (Counted::new(SHORT, "latchkey_worker").await, Counted::new(LONG, "latchkey_worker").await);
    let mut grown = Vec::new();
    let cluster = (
        short.rows(async || short.run_on_a_cluster().await).await,
        long.rows(async || long.run_on_a_cluster().await).await,
    );
    judge("a run on a cluster", cluster, SLACK_OF_RUNS, &mut grown);
    let principal = (
        short.rows(async || short.run_on_a_principal().await).await,
        long.rows(async || long.run_on_a_principal().await).await,
    );
    judge("a run on an IAM user", principal, SLACK_OF_RUNS, &mut grown);
    assert!(grown.is_empty(), "{}", grown.join("\n"));
    println!("history: rows that a run reads, short and long: {cluster:?} on a cluster, {principal:?} on an IAM user");
}

/// For a list whose filters may be absent, the plan that Postgres would keep reads the whole log.
#[tokio::test(flavor = "multi_thread")]
async fn each_use_of_a_query_is_planned_for_what_it_asks() {
    let town = crate::town::Town::new().await;
    let url = town.database.url_as("latchkey_web").parse().unwrap();
    for store in [Store::connect(&url, 1), Store::for_pages(&url, 1), Store::connect_to_read(&url).await.unwrap()] {
        let mode: String = sqlx::query_scalar("show plan_cache_mode").fetch_one(store.pool()).await.unwrap();
        assert_eq!(mode, "force_custom_plan");
        // A plan that serves one use is not worth a compiler's time.
        let jit: String = sqlx::query_scalar("show jit").fetch_one(store.pool()).await.unwrap();
        assert_eq!(jit, "off");
    }
}
