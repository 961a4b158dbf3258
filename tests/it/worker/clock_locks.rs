//! The clock waits for no lock: a row that another session keeps locked is left for the next look, and the rest is
//! settled at once.

use super::{PROD, STAGING, World};
use crate::town::{Asking, view};
use latchkey::actions::clock;
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::{future::Future, time::Duration};

/// The result of the task, and whether a session waited for a lock meanwhile: a session waits for a second at least,
/// which a look every few milliseconds cannot miss.
async fn watched<T>(world: &World, task: impl Future<Output = T>) -> (T, bool) {
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let mut ever = false;
    tokio::pin!(task);
    loop {
        tokio::select! {
            done = &mut task => return (done, ever),
            () = tokio::time::sleep(Duration::from_millis(5)) => ever |= world.town.count(waiting).await > 0,
        }
    }
}

/// Releases the locks, and has done so when it returns.
pub(super) async fn let_go(mut somebody: PgConnection) {
    somebody.execute("rollback").await.unwrap();
}

async fn somebody_keeps(world: &World, locks: &str) -> PgConnection {
    let mut somebody = PgConnection::connect(&world.town.database.url()).await.unwrap();
    somebody.execute("begin").await.unwrap();
    somebody.execute(sqlx::AssertSqlSafe(locks.to_owned())).await.unwrap();
    somebody
}

/// The rows of ana's access that can be locked, and that the clock needs to judge the access.
fn locks_of(id: &str) -> [String; 3] {
    [
        format!("select from access_grant where id = '{id}' for update"),
        format!(
            "select from target where kind = 'cluster' and key = (select cluster_id from access_grant where id = '{id}')
             for update"
        ),
        format!(
            "select from target where kind = 'principal'
               and key = (select principal_id from access_grant where id = '{id}') for update"
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_expires_what_nobody_keeps_locked_and_waits_for_no_lock() {
    for which in 0..3 {
        let world = World::new().await;
        super::shared_fate::for_both_clusters(&world).await;
        let locked = world.active("ana").await;
        let other = world.approved_ask("ben", &view().on(STAGING)).await;
        world.until(other, "active").await;
        world.town.advance(61).await;
        let locks = &locks_of(&locked.to_string())[which];
        let somebody = somebody_keeps(&world, locks).await;
        let (expired, waited) = watched(&world, clock::expire_due(&world.town.worker)).await;
        assert_eq!((expired.unwrap(), waited), (1, false), "{locks}");
        assert_eq!(
            (world.state(locked).await, world.state(other).await),
            ("active".into(), "revoking".into()),
            "{locks}"
        );
        let_go(somebody).await;
        world.until(locked, "ended").await;
        assert!(world.bindings(PROD).is_empty(), "{locks}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_starts_what_nobody_keeps_locked_and_waits_for_no_lock() {
    for which in 0..3 {
        let world = World::new().await;
        super::shared_fate::for_both_clusters(&world).await;
        let locked = world.approved("ana").await;
        let other = world.approved_ask("ben", &view().on(STAGING)).await;
        let locks = &locks_of(&locked.to_string())[which];
        let somebody = somebody_keeps(&world, locks).await;
        let (started, waited) = watched(&world, clock::start_due(&world.town.worker)).await;
        assert_eq!((started.unwrap(), waited), (1, false), "{locks}");
        assert_eq!(
            (world.state(locked).await, world.state(other).await),
            ("scheduled".into(), "provisioning".into()),
            "{locks}"
        );
        let_go(somebody).await;
        world.until(locked, "active").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_closes_the_requests_that_nobody_keeps_locked_and_waits_for_no_lock() {
    let world = World::new().await;
    let locked = world.town.asks("ana", view()).await;
    world.town.asks("gus", view()).await;
    world.town.advance(60 * 24 * 8).await;
    let somebody = somebody_keeps(&world, &format!("select from request where id = '{locked}' for update")).await;
    let (lapsed, waited) = watched(&world, clock::lapse_due(&world.town.worker)).await;
    assert_eq!((lapsed.unwrap(), waited), (1, false));
    let_go(somebody).await;
    assert_eq!(clock::lapse_due(&world.town.worker).await.unwrap(), 1);
}
