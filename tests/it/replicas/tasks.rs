//! What happens by time alone is looked for by tasks of their own, for which no claim waits: a lock that holds one task
//! up holds up nothing else.

use super::{World, wait_until};
use crate::{
    town::{Asking, view},
    worker::PROD,
};
use latchkey::worker;
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::time::{Duration, Instant};

/// How many rows the task that is held up has to go past, at a second each.
const ROWS: usize = 40;
/// The longest that anything else may take on a busy machine; far less than the task that is held up.
const USUAL: Duration = Duration::from_secs(12);

impl World {
    async fn put(&self, statement: &str) {
        let mut tx = self.town.owner.pool().begin().await.unwrap();
        tx.execute("set local session_replication_role = replica").await.unwrap();
        tx.execute(sqlx::AssertSqlSafe(statement.to_owned())).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Adds this many requests that were sent, like the newest one.
    async fn more_requests(&self) {
        self.put(&format!(
            "insert into request select (made.r).* from (
               select jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid())) as r
               from (select r from request r order by id desc limit 1) newest(r), generate_series(1, {ROWS})) made"
        ))
        .await;
    }

    /// A session that keeps a table locked, so that no row of it can be locked by another.
    async fn keeping(&self, table: &str) -> PgConnection {
        let mut somebody = PgConnection::connect(&self.town.database.url()).await.unwrap();
        somebody.execute("begin").await.unwrap();
        let lock = format!("lock table {table} in exclusive mode");
        somebody.execute(sqlx::AssertSqlSafe(lock)).await.unwrap();
        somebody
    }

    /// Whether a session waits for a table.
    async fn waits_for(&self, table: &str) -> bool {
        let waits = format!("select count(*) from pg_locks where relation = '{table}'::regclass and not granted");
        self.town.count(&waits).await > 0
    }
}

/// Waits until this is so, for no longer than it usually takes.
async fn soon(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < USUAL, "{what} only after more than {USUAL:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_look_for_what_lapses_that_is_held_up_lets_accesses_expire_and_targets_be_claimed() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.town.asks("gus", view()).await;
    world.more_requests().await;
    world.put("update request set lapses_at = latchkey_now() where state = 'pending'").await;
    let keeps = world.keeping("request").await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let working = tokio::spawn(worker::run(world.another_worker().await, async { drop(stopped.await) }));
    wait_until("the look for what lapses is held up", async || world.waits_for("request").await).await;
    world.put(&format!("update access_grant set until = latchkey_now() where id = '{grant}'")).await;
    soon("the access expires", async || world.state(grant).await == "revoking").await;
    soon("its target is claimed", async || world.bindings(PROD).is_empty()).await;
    assert_eq!(world.town.count("select count(*) from request where state = 'lapsed'").await, 0, "it is held up still");
    drop(keeps);
    let left = "select count(*) from request where state = 'pending'";
    wait_until("all have lapsed", async || world.town.count(left).await == 0).await;
    drop(stop);
    working.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_look_for_what_starts_that_is_held_up_lets_accesses_expire_and_requests_lapse() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let form = view().in_(["payments-batch"]);
    let scheduled = world.approved_ask("ana", &form).await;
    world.more_requests().await;
    world
        .put(
            "insert into access_grant select (made.g).* from (
               select jsonb_populate_record(g, jsonb_build_object('id', gen_random_uuid(), 'request_id', r.id)) as g
               from access_grant g, request r
               where g.state = 'scheduled' and not exists (select from access_grant o where o.request_id = r.id)) made",
        )
        .await;
    let asked = world.town.asks("gus", view()).await;
    let keeps = world.keeping("principal").await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let working = tokio::spawn(worker::run(world.another_worker().await, async { drop(stopped.await) }));
    wait_until("the look for what starts is held up", async || world.waits_for("principal").await).await;
    world.put(&format!("update access_grant set until = latchkey_now() where id = '{grant}'")).await;
    world.put(&format!("update request set lapses_at = latchkey_now() where id = '{asked}'")).await;
    soon("the access expires", async || world.state(grant).await == "revoking").await;
    let lapsed = format!("select count(*) from request where id = '{asked}' and state = 'lapsed'");
    soon("the request lapses", async || world.town.count(&lapsed).await == 1).await;
    assert_eq!(world.state(scheduled).await, "scheduled", "it is held up still");
    drop(keeps);
    wait_until("the access starts", async || world.state(scheduled).await != "scheduled").await;
    drop(stop);
    working.await.unwrap();
}
