//! A row or a table that keeps accesses from ending is told of, with who keeps it, and is over by itself.

use super::{PROD, World, standstill::somebody};
use sqlx::{Connection as _, Executor as _, PgConnection};

/// Somebody with this role, who keeps locks until they are dropped.
async fn keeps(world: &World, role: &str, locks: &str) -> (PgConnection, i32) {
    let url = match role {
        "owner" => world.town.database.url(),
        role => world.town.database.url_as(role),
    };
    let mut somebody = PgConnection::connect(&url).await.unwrap();
    somebody.execute("set idle_in_transaction_session_timeout = 0; begin").await.unwrap();
    somebody.execute(sqlx::AssertSqlSafe(locks.to_owned())).await.unwrap();
    let pid = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut somebody).await.unwrap();
    (somebody, pid)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_that_keeps_an_access_from_ending_is_an_alarm_that_names_who_keeps_it() {
    let world = World::new().await;
    let (grant, cluster) = (world.active("ana").await, world.town.cluster(PROD).await);
    world.give_back("ana", grant).await;
    let leg = format!("select from grant_leg where grant_id = '{grant}' and target_kind = 'cluster' for update");
    let (mut somebody, pid) = somebody(&world, &leg).await;
    world.run().await;
    assert_eq!(world.told_of("kept_locked").await, Vec::<String>::new(), "a short lock is no news");
    world.late("revoking_since", grant).await;
    world.run().await;
    world.run().await;
    let told = world.told_of("kept_locked").await;
    let expected = format!(
        "The access of Ana on `prod-eu` is over and its end cannot be recorded: the session {pid} of `latchkey_web` (which \
         calls itself `a forgotten psql`) keeps its row of `grant_leg` locked. It may still work. As a superuser, end it (`select pg_terminate_backend({pid})`), and find out who it is."
    );
    assert_eq!(told, [expected]);
    let subject: String = sqlx::query_scalar("select subject from alarm where code = 'kept_locked'")
        .fetch_one(world.town.owner.pool())
        .await
        .unwrap();
    assert_eq!(subject, format!("grant_leg {grant} cluster {cluster}"));
    somebody.execute("rollback").await.unwrap();
    world.ends(grant).await;
    world.run().await;
    assert_eq!(world.told_of("kept_locked").await, Vec::<String>::new(), "it is over by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_an_end_refers_to_are_told_of_when_somebody_keeps_them_locked() {
    let of_principal = "(select principal_id from access_grant where id = $)";
    for (table, locks) in [
        ("principal", format!("select from principal where id = {of_principal} for update")),
        ("mapping", format!("select from mapping where principal_id = {of_principal} for update")),
    ] {
        let world = World::new().await;
        let grant = world.active("ana").await;
        world.knobs(PROD).set_unreachable(true);
        world.give_back("ana", grant).await;
        world.late("revoking_since", grant).await;
        let (mut somebody, pid) = keeps(&world, "owner", &locks.replace('$', &format!("'{grant}'"))).await;
        world.run().await;
        let told = world.told_of("kept_locked").await;
        assert_eq!(told.len(), 1, "{table}: {told:?}");
        assert!(told[0].contains(&format!("the session {pid} of ")), "{told:?}");
        assert!(told[0].contains(&format!("keeps its row of `{table}` locked")), "{told:?}");
        somebody.execute("rollback").await.unwrap();
        world.run().await;
        assert_eq!(world.told_of("kept_locked").await, Vec::<String>::new(), "{table}: it is over by itself");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_keeps_accesses_from_ending_is_an_alarm_that_names_who_keeps_it() {
    for (table, locks) in [
        ("access_grant", "lock table access_grant in share mode"),
        ("grant_leg", "create index somebodys on grant_leg (condition)"),
        ("target", "lock table target in access exclusive mode"),
    ] {
        let world = World::new().await;
        let grant = world.active("ana").await;
        world.late("until", grant).await;
        let (mut somebody, pid) = keeps(&world, "owner", locks).await;
        world.look_for_standstill().await;
        let told = world.told_of("kept_locked").await;
        assert_eq!(told.len(), 1, "{table}: {told:?}");
        let expected = format!("Nothing ends and nothing is set up: the session {pid} of ");
        assert!(told[0].starts_with(&expected), "{told:?}");
        assert!(told[0].contains(&format!(" keeps the table `{table}` locked.")), "{told:?}");
        somebody.execute("rollback").await.unwrap();
        world.look_for_standstill().await;
        assert_eq!(world.told_of("kept_locked").await, Vec::<String>::new(), "{table}: it is over by itself");
    }
}
