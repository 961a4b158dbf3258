//! A database of an earlier version is read by this one after `latchkey migrate`: rows in every table, written by
//! version 21 of the schema (by a demo of it), which kept sentences in places where this version keeps values.

use crate::rig::postgres::{Database, Postgres};
use latchkey::{
    actions::{
        policy, sight,
        visitor::{Roles, Visitor},
    },
    database_url::DatabaseUrl,
    store::{self, Store, audit, desired, people, read},
};
use latchkey_domain::access::{
    ClusterId, GrantId, PersonId, PrincipalId, RequestId, blocker::Blocker, person::Person, transition::Target,
};
use sqlx::{Connection as _, PgConnection};
use std::collections::BTreeSet;
use uuid::Uuid;

const STORY: &str = include_str!("../../corpus/database/0021.sql");
/// Rows that the story leaves out.
const MORE: &str = include_str!("../../corpus/database/0021-more.sql");

/// A database as version 21 left it.
async fn older() -> Database {
    let database = Postgres::shared().await.fresh_database().await;
    let mut owner = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::raw_sql("drop schema public cascade; create schema public; grant usage on schema public to public;")
        .execute(&mut owner)
        .await
        .unwrap();
    // Guards check what processes write; they are off for these rows.
    for part in [STORY, "set search_path = public; set session_replication_role = replica;", MORE] {
        sqlx::raw_sql(part).execute(&mut owner).await.unwrap();
    }
    let tables: Vec<String> = sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public'")
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    for table in tables {
        let any = format!("select exists (select from {table})");
        let any: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(any)).fetch_one(&mut owner).await.unwrap();
        assert!(any, "{table} has no row: add one to tests/corpus/database/0021-more.sql");
    }
    database
}

struct Migrated {
    web: Store,
    worker: Store,
    owner: Store,
    _database: Database,
}

impl Migrated {
    async fn new() -> Self {
        let database = older().await;
        let url = |url: String| -> DatabaseUrl { url.parse().unwrap() };
        store::migrate(&url(database.url())).await.unwrap();
        let connect = |role: &str| Store::connect(&url(database.url_as(role)), 4);
        let (web, worker) = (connect("latchkey_web"), connect("latchkey_worker"));
        let owner = Store::connect(&url(database.url()), 2);
        Self { web, worker, owner, _database: database }
    }

    async fn ids(&self, query: &str) -> Vec<Uuid> {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_all(self.owner.pool()).await.unwrap()
    }

    /// A person who may see everything.
    async fn overseer(&self) -> Visitor {
        let person: (Uuid, String, String) = sqlx::query_as("select id, handle, name from person where handle = 'eli'")
            .fetch_one(self.owner.pool())
            .await
            .unwrap();
        let (id, handle, name) = person;
        let person = Person { id: PersonId(id), handle: handle.parse().unwrap(), name, groups: BTreeSet::new() };
        let visitor = Visitor::new(person, jiff::Timestamp::now());
        Visitor { roles: Roles { operator: true, auditor: true, ..Roles::default() }, ..visitor }
    }
}

#[tokio::test]
async fn every_request_access_and_target_of_an_older_version_is_read() {
    let migrated = Migrated::new().await;
    let (web, eli) = (&migrated.web, migrated.overseer().await);
    let current = policy::current(web).await.unwrap();
    for id in migrated.ids("select id from request").await {
        let seen = sight::request(web, &eli, Some(&current), RequestId(id)).await.unwrap();
        assert!(seen.is_some(), "request {id}");
    }
    let (mut steps, mut residual, mut wider) = (Vec::new(), Vec::new(), 0);
    for id in migrated.ids("select id from access_grant").await {
        let (detail, _) = sight::grant(web, &eli, GrantId(id)).await.unwrap().expect("it is there");
        steps.extend(detail.progress.steps.iter().map(|step| format!("{:?}", step.became)));
        residual.extend(detail.progress.beside().iter().map(|line| format!("{line:?}")));
        wider += detail.progress.allows_more().len();
    }
    let of = |text: &str| steps.iter().filter(|step| step.contains(text)).count();
    assert!(of("Done") > 20, "{steps:?}");
    for (interrupted, times) in [("InterruptedSeen", 1), ("InterruptedUnseen", 1), ("Interrupted)", 1)] {
        assert_eq!(of(interrupted), times, "{interrupted}: {steps:?}");
    }
    assert_eq!(of("already exists. Somebody has to look at it."), 1, "{steps:?}");
    assert!(residual.iter().any(|line| line.contains("Another access of theirs")), "{residual:?}");
    assert_eq!(wider, 1);
    let mut failures = Vec::new();
    for id in migrated.ids("select key from target where kind = 'cluster'").await {
        let target = sight::target(web, &eli, Target::Cluster(ClusterId(id))).await.unwrap().expect("it is there");
        failures.extend(target.failure.into_iter().chain(target.fenced.map(|(_, why)| why)));
    }
    let said =
        |text: &str| failures.iter().any(|why| matches!(why, Blocker::Said { text: said } if said.contains(text)));
    assert!(said("connection refused") && said("which is not this one"), "{failures:?}");
    for id in migrated.ids("select key from target where kind = 'principal'").await {
        assert!(sight::target(web, &eli, Target::Principal(PrincipalId(id))).await.unwrap().is_some());
    }
    for id in migrated.ids("select id from person").await {
        read::held::by(web, PersonId(id)).await.unwrap();
        read::asked::by(web, PersonId(id), None, 50).await.unwrap();
        people::principals(web, PersonId(id)).await.unwrap();
    }
    assert_eq!(store::alarms::standing(web, 10).await.unwrap().len(), 1);
    assert!(read::hold::all(web, 10).await.unwrap().len() == 1);
}

#[tokio::test]
async fn the_worker_plans_by_what_an_older_version_left_and_its_log_is_whole() {
    let migrated = Migrated::new().await;
    let mut snapshot = desired::snapshot(&migrated.worker).await.unwrap();
    let (mut grants, mut mappings) = (0, 0);
    for id in migrated.ids("select id from cluster").await {
        let read = desired::cluster(&mut snapshot, ClusterId(id), 1).await.unwrap().expect("it is there");
        assert_eq!(read.unreadable, vec![]);
        grants += read.desired.grants.len();
        mappings += read.desired.mappings.len();
    }
    assert_eq!((grants, mappings), (1, 1));
    for id in migrated.ids("select id from principal").await {
        let read = desired::principal(&mut snapshot, PrincipalId(id), None).await.unwrap().expect("it is there");
        assert_eq!(read.unreadable, vec![]);
    }
    drop(snapshot);
    audit::seal(migrated.worker.pool()).await.unwrap();
    let walked = loop {
        match audit::walk::step(&migrated.worker, jiff::SignedDuration::ZERO).await.unwrap() {
            audit::walk::WalkStep::Went => {}
            other => break other,
        }
    };
    assert!(matches!(walked, audit::walk::WalkStep::Verified(links) if links > 100), "{walked:?}");
    let wanted = read::audit::AuditSearch::default();
    assert!(read::audit::events(&migrated.web, &wanted, 200).await.unwrap().len() > 100);
}

/// Values that constraints of version 21 forbid to new rows, and that rows from before may have.
const UNCHECKED: [&str; 7] = [
    "update request set state = 'pending', closed_at = null, closed_why = null, lapses_at = 'infinity'
       where id = (select id from request order by id limit 1)",
    "update request set namespaces = (select jsonb_agg(gen_random_uuid()) from generate_series(1, 3000))
       where state <> 'pending'",
    "update request set resolved_profile = '{}' where state = 'pending'",
    "update grant_leg set next_try = 'infinity'",
    "update mapping set wrote_at = 'infinity'",
    "update target set due_at = 'infinity'",
    "update vote set groups = array_fill(repeat('x', 600), array[2000])",
];

#[tokio::test]
async fn rows_that_no_constraint_was_checked_for_do_not_stop_a_migration() {
    let database = older().await;
    let mut owner = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::raw_sql("set search_path = public; set session_replication_role = replica")
        .execute(&mut owner)
        .await
        .unwrap();
    let checks: Vec<(String, String, String)> = sqlx::query_as(
        "select conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) from pg_constraint
         where contype = 'c' and not convalidated",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert!(checks.len() > 10, "{checks:?}");
    let mut put = async |sql: String| sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut owner).await.unwrap();
    for (table, name, _) in &checks {
        put(format!("alter table {table} drop constraint {name}")).await;
    }
    for value in UNCHECKED {
        assert!(put(value.to_owned()).await.rows_affected() > 0, "no row: {value}");
    }
    for (table, name, check) in &checks {
        put(format!("alter table {table} add constraint {name} {check}")).await;
    }
    store::migrate(&database.url().parse().unwrap()).await.unwrap();
}
