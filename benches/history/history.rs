//! A town with a history, filled in by SQL.

use crate::{
    rig::postgres::Postgres,
    town::{POLICY, Town, view},
};
use latchkey_domain::access::request::Verdict;
use latchkey_testkit::{cluster_toml, policy_cluster};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// The person who sees most: may ask, decides, operates, audits; holds one access of twenty and decided one of five.
pub const OVERSEER: &str = "overseer";
const OVERSEERS_GROUPS: [&str; 4] = ["developers", "payments-leads", "platform", "audit"];
const CLUSTERS: usize = 50;

/// A town whose history has a given number of ended accesses.
pub struct History {
    pub town: Town,
    /// The overseer's session.
    pub token: String,
}

impl History {
    /// Fills a new database.
    pub async fn new(accesses: u64) -> Self {
        let town = Town::on(Postgres::shared().await).await;
        let token = fill(&town, accesses).await;
        let history = Self { town, token };
        history.settle().await;
        history
    }

    /// Leaves the tables as autovacuum does after a while.
    pub async fn settle(&self) {
        let mut connection = PgConnection::connect(&self.town.database.url()).await.unwrap();
        connection.execute("vacuum analyze").await.unwrap();
    }

    /// A description of its size.
    pub async fn size(&self) -> String {
        self.text(
            "select format('%s events, %s requests, %s accesses ended and %s running, %s intents, %s sessions, %s people, %s clusters: %s',
               (select count(*) from event), (select count(*) from request), (select count(*) from access_grant where state = 'ended'),
               (select count(*) from access_grant where state = 'active'), (select count(*) from intent),
               (select count(*) from session), (select count(*) from person), (select count(*) from cluster),
               pg_size_pretty(pg_database_size(current_database())))",
        )
        .await
    }

    /// The single text that a query returns.
    pub async fn text(&self, query: &str) -> String {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(self.town.owner.pool()).await.unwrap()
    }
}

async fn fill(town: &Town, accesses: u64) -> String {
    town.apply_policy(&policy()).await;
    let overseer = town.sign_in(OVERSEER, &OVERSEERS_GROUPS).await;
    town.own(&overseer, OVERSEER).await;
    // One request as the product makes it: the others are copies of it.
    let id = town.asks("ana", view()).await;
    town.vote("dot", id, Verdict::Approve).await.unwrap();
    let mut connection = PgConnection::connect(&town.database.url()).await.unwrap();
    let accesses = format!("set history.accesses = {accesses}");
    connection.execute(AssertSqlSafe(accesses)).await.unwrap();
    connection.execute(include_str!("fill.sql")).await.unwrap();
    let token = latchkey::login::secret::token();
    let new = latchkey::store::sessions::NewSession {
        token: &token,
        person: overseer.id,
        auth_time: jiff::Timestamp::now(),
        acr: None,
        amr: &[],
        user_agent: Some("a bench"),
    };
    latchkey::store::sessions::begin(&town.web, &new).await.unwrap();
    token
}

/// The town's policy for all clusters.
fn policy() -> String {
    let clusters: String = (1..=CLUSTERS - 2)
        .map(|number| cluster_toml(&policy_cluster(&format!("cluster-{number}")).of_stage("prod")))
        .collect();
    POLICY.replacen("[[profiles]]", &format!("{clusters}\n[[profiles]]"), 1)
}
