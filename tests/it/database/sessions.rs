//! The settings that sessions of each role need, and the schema of the tables: a process that finds them otherwise does
//! nothing.

use crate::{
    rig::postgres::{Database, Postgres},
    town::Town,
    worker::{PROD, USERS, World},
};
use latchkey::store::{self, Store, session};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::{
    future::{Future as _, poll_fn},
    task::Poll,
    time::{Duration, Instant},
};

/// A database as an administrator makes it: nothing in it, nothing set.
async fn bare() -> Database {
    let database = Postgres::shared().await.fresh_database().await;
    let name = database.name();
    let statements = format!(
        "drop schema public cascade; create schema public authorization pg_database_owner; grant usage on schema public to public;
         alter role latchkey_web in database {name} reset all; alter role latchkey_worker in database {name} reset all;
         alter role postgres in database {name} reset all;"
    );
    run(&database.url(), &statements).await;
    database
}

async fn run(url: &str, statements: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(AssertSqlSafe(statements.to_owned())).await.unwrap_or_else(|e| panic!("{statements}: {e}"));
}

/// The schemas that hold a table of Latchkey's.
async fn schemas(database: &Database) -> Vec<String> {
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::query_scalar("select distinct schemaname::text from pg_tables where tablename = 'access_grant' order by 1")
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

/// Why the portal's role cannot use the database.
async fn refused(database: &Database, schema: &str) -> String {
    let url = database.url_as("latchkey_web").parse::<latchkey::database_url::DatabaseUrl>().unwrap();
    let store = Store::for_pages(&url.in_schema(schema).unwrap(), 1);
    assert!(store.acquire().await.unwrap_err().is_unavailable());
    store.unfit().expect("the connection was looked at").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn access_comes_and_goes_in_a_schema_of_its_own() {
    let town = Town::in_schema(bare().await, "latchkey").await;
    assert_eq!(schemas(&town.database).await, ["latchkey"]);
    let world = World::of(town, USERS, &[]).await;
    let grant = world.active("ana").await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    let sealed = "select count(*) from event";
    assert!(world.town.count(sealed).await > 0);
    // A second run does no harm, and makes nothing in another schema.
    let url = world.town.database.url().parse::<latchkey::database_url::DatabaseUrl>().unwrap();
    store::migrate(&url.in_schema("latchkey").unwrap()).await.unwrap();
    assert_eq!(schemas(&world.town.database).await, ["latchkey"]);
}

#[tokio::test]
async fn a_schema_in_front_of_ours_is_told_by_every_process_and_put_right_by_migrate() {
    let database = bare().await;
    run(
        &database.url(),
        &format!("create schema own; alter database {} set search_path = own, public", database.name()),
    )
    .await;
    let url = database.url().parse().unwrap();
    for _ in 0..2 {
        assert_eq!(store::migrate(&url).await.unwrap().to_run, Vec::<String>::new());
        assert_eq!(schemas(&database).await, ["public"]);
    }
    let web = Store::for_pages(&database.url_as("latchkey_web").parse().unwrap(), 1);
    assert!(web.acquire().await.is_ok(), "{:?}", web.unfit());
    // An administrator takes away what migrate set.
    run(&database.url(), &format!("alter role latchkey_web in database {} reset all", database.name())).await;
    let why = refused(&database, "public").await;
    assert!(
        why.contains("search_path is `own, public`") && why.contains("its tables are in the schema `public`"),
        "{why}"
    );
    assert!(why.contains("run `latchkey migrate`") && why.contains("set search_path = \"public\", pg_temp;"), "{why}");
    // The statements in the refusal repair it.
    let statements = why.split_once("as an administrator:").unwrap().1.split(" A pooler's").next().unwrap();
    run(&database.url(), statements).await;
    let web = Store::for_pages(&database.url_as("latchkey_web").parse().unwrap(), 1);
    assert!(web.acquire().await.is_ok(), "{:?}", web.unfit());
}

#[tokio::test]
async fn each_setting_that_a_process_needs_is_looked_for_on_each_connection() {
    let database = Postgres::shared().await.fresh_database().await;
    for (setting, value) in [
        ("search_path", "\"$user\", public"),
        ("search_path", "public, own"),
        ("search_path", "own"),
        ("search_path", "own, pg_temp"),
        ("search_path", "pg_temp, public"),
        ("plan_cache_mode", "auto"),
        ("jit", "on"),
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "'1h'"),
    ] {
        let role = format!("alter role latchkey_web in database {}", database.name());
        run(&database.url(), &format!("{role} set {setting} = {value}")).await;
        assert!(refused(&database, "public").await.contains(&format!("({setting} is `")), "{setting}");
        for statement in session::statements("latchkey_web", database.name(), "public", false) {
            run(&database.url(), &statement).await;
        }
    }
}

#[tokio::test]
async fn tables_in_another_schema_are_named_and_not_made_again() {
    let database = Postgres::shared().await.fresh_database().await;
    let url = database.url().parse::<latchkey::database_url::DatabaseUrl>().unwrap();
    let refusal = store::migrate(&url.in_schema("latchkey").unwrap()).await.unwrap_err().to_string();
    assert!(refusal.contains("the tables are in the schema public already"), "{refusal}");
    assert_eq!(schemas(&database).await, ["public"]);
    let why = refused(&database, "latchkey").await;
    assert!(why.contains("are in the schema public, and latchkey.toml says `latchkey`"), "{why}");
}

#[tokio::test]
async fn what_the_owner_may_not_set_is_given_back_for_an_administrator() {
    let database = bare().await;
    let (name, owner) = (database.name(), format!("owner_of_{}", database.name()));
    run(&database.url(), &format!("create role {owner} login; alter database {name} owner to {owner}")).await;
    let url = database.url_as(&owner).parse().unwrap();
    let migrated = store::migrate(&url).await.unwrap();
    assert_eq!(migrated.to_run.len(), 14, "of the two roles: {:?}", migrated.to_run);
    assert!(refused(&database, "public").await.contains("statement_timeout is `0`"));
    run(&database.url(), &migrated.to_run.join("; ")).await;
    let web = Store::for_pages(&database.url_as("latchkey_web").parse().unwrap(), 1);
    assert!(web.acquire().await.is_ok(), "{:?}", web.unfit());
    assert_eq!(store::migrate(&url).await.unwrap().to_run, Vec::<String>::new(), "it is set already");
    let own = Store::connect(&url, 1);
    assert!(own.acquire().await.is_ok(), "{:?}", own.unfit());
    // An owner that was made as the guide says may set it.
    let database = bare().await;
    let (name, owner) = (database.name(), format!("owner_of_{}", database.name()));
    run(&database.url(), &format!("create role {owner} login createrole; alter database {name} owner to {owner}"))
        .await;
    let url = database.url_as(&owner).parse().unwrap();
    assert_eq!(store::migrate(&url).await.unwrap().to_run, Vec::<String>::new());
}

#[tokio::test]
async fn an_address_of_the_sixth_version_is_reached() {
    // The listener is not PostgreSQL: the test only looks at whether the address was tried.
    let listener = tokio::net::TcpListener::bind("[::1]:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let store = Store::for_pages(&format!("postgres://u@[::1]:{port}/d").parse().unwrap(), 1);
    let (came, _) = tokio::join!(listener.accept(), store.acquire());
    assert!(came.is_ok());
}

/// How often a transaction has to be abandoned too early.
const GONE: i32 = 60;

/// The caller may be gone before the server has answered to the begin: a browser that closed, a run whose time is over.
#[tokio::test]
async fn who_is_gone_while_their_transaction_begins_leaves_none_behind() {
    let database = Postgres::shared().await.fresh_database().await;
    let url = database.url_as("latchkey_web").parse::<latchkey::database_url::DatabaseUrl>().unwrap();
    let store = Store::connect(&url, 1);
    let mut owner = PgConnection::connect(&database.url()).await.unwrap();
    let mut gone = 0;
    // Abandons the begin from before it is sent to after it is answered, until that happened often enough.
    for step in 0..4_000 {
        let microseconds = step % 200 * 10;
        if gone == GONE {
            return;
        }
        let (mut begun, mut is_there) = (Box::pin(store.begin()), false);
        let until = Instant::now() + Duration::from_micros(microseconds);
        while !is_there && Instant::now() < until {
            is_there = poll_fn(|context| Poll::Ready(begun.as_mut().poll(context).is_ready())).await;
            tokio::task::yield_now().await;
        }
        gone += i32::from(!is_there);
        drop(begun);
        let mut next = store.acquire().await.unwrap();
        let pid: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *next).await.unwrap();
        let state: String = sqlx::query_scalar("select state from pg_stat_activity where pid = $1")
            .bind(pid)
            .fetch_one(&mut owner)
            .await
            .unwrap();
        assert_eq!(state, "idle", "gone after {microseconds} µs");
    }
    panic!("{gone} were gone before they had their transaction");
}
