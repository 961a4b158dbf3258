//! A session that waits for a lock does not keep another session waiting.

use super::PATIENCE;
use crate::town::{Asking, Town, view};
use futures::future::join_all;
use latchkey::{
    actions::{grants, requests},
    store::Store,
};

/// The lock of `policy apply`: asks and votes wait for it.
const POLICY_LOCK: i64 = 0x706f_6c69_6379;

#[tokio::test]
async fn whoever_presses_again_and_again_on_what_is_locked_takes_nobody_elses_place() {
    let town = Town::new().await;
    let (locked, other) = (town.grant().await, town.grant_of("gus", &view()).await);
    let web = Store::for_pages(&town.database.url_as("latchkey_web").parse().unwrap(), 16);
    let mut holder = town.owner.pool().begin().await.unwrap();
    sqlx::query("select from access_grant where id = $1 for update")
        .bind(locked.0)
        .execute(&mut *holder)
        .await
        .unwrap();
    let presses = (0..8).map(|_| {
        let (web, ana) = (web.clone(), town.visitor("ana").clone());
        tokio::spawn(async move { grants::give_back(&web, &ana, locked).await })
    });
    let presses: Vec<_> = presses.collect();
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    tokio::time::timeout(PATIENCE, async {
        while town.count(waiting).await < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("two of hers wait for the lock");
    grants::revoke(&web, town.visitor("dee"), other, "Now").await.unwrap();
    assert_eq!(town.count(waiting).await, 2, "and no third");
    for press in join_all(presses).await {
        let error = press.unwrap().unwrap_err();
        assert!(matches!(&error, grants::NotEnded::Store(_)), "{error:?}");
    }
    holder.rollback().await.unwrap();
    grants::give_back(&web, town.visitor("ana"), locked).await.unwrap();
}

#[tokio::test]
async fn an_access_is_given_back_while_all_who_ask_wait_for_a_lock() {
    let town = Town::new().await;
    let grant = town.grant().await;
    let web = Store::for_pages(&town.database.url_as("latchkey_web").parse().unwrap(), 4);
    let mut holder = town.owner.pool().begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock($1)").bind(POLICY_LOCK).execute(&mut *holder).await.unwrap();
    let asks = (0..12).map(|number| {
        let (web, person) = (web.clone(), town.visitor("ana").clone());
        let form = view().because(format!("Why does it fail for the {number}th time?"));
        tokio::spawn(async move { requests::submit(&web, &person, &form.wanted()).await })
    });
    let asks: Vec<_> = asks.collect();
    let waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted";
    tokio::time::timeout(PATIENCE, async {
        while town.count(waiting).await == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("somebody waits for the lock");
    grants::give_back(&web, town.visitor("ana"), grant).await.unwrap();
    for ask in join_all(asks).await {
        let error = ask.unwrap().unwrap_err();
        assert!(matches!(&error, requests::NotSubmitted::Store(error) if error.is_held()), "{error:?}");
    }
    holder.rollback().await.unwrap();
    requests::submit(&web, town.visitor("ana"), &view().wanted()).await.unwrap();
}
