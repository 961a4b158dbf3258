//! Rows that were written to make a revocation rest, or never end, and that the worker reads.

use crate::{town::Town, worker::World};
use latchkey::store::{desired, targets};
use latchkey_domain::access::GrantId;
use sqlx::{AssertSqlSafe, Executor as _};
use std::time::Duration;

async fn by_owner(town: &Town, statement: &str) {
    town.owner.pool().execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
}

async fn rest(town: &Town, grant: GrantId) -> Option<Duration> {
    let cluster = town.cluster("prod-eu").await.into();
    let mut connection = town.worker.acquire().await.unwrap();
    desired::cluster(&mut connection, cluster, 1).await.unwrap().unwrap().legs[&grant].rests
}

#[tokio::test]
async fn a_leg_of_what_ends_rests_no_longer_than_the_worker_wrote() {
    let town = Town::new().await;
    let grant = town.grant().await;
    by_owner(&town, "update grant_leg set next_try = clock_timestamp() + interval '1 minute'").await;
    assert!(rest(&town, grant).await.unwrap() > Duration::from_secs(50), "what is set up rests");
    by_owner(&town, "update access_grant set state = 'revoking', cause = 'revoked', revoking_since = latchkey_now()")
        .await;
    for (next_try, rests_until, most) in [
        ("clock_timestamp() + interval '1 minute'", "null", None),
        ("'2999-01-01'", "clock_timestamp() - interval '1 second'", None),
        ("'2999-01-01'", "clock_timestamp() + interval '20 seconds'", Some(20)),
        ("'9000-01-01'", "clock_timestamp() + interval '110 seconds'", Some(110)),
        ("clock_timestamp() + interval '5 seconds'", "clock_timestamp() + interval '20 seconds'", Some(5)),
        ("null", "clock_timestamp() + interval '20 seconds'", None),
        // The worker never writes such a row: it is possible if a clock was set back.
        ("'2999-01-01'", "clock_timestamp() + interval '1 hour'", None),
        ("'9000-01-01'", "'9000-01-01'", None),
    ] {
        by_owner(&town, &format!("update grant_leg set next_try = {next_try}, rests_until = {rests_until}")).await;
        let rests = rest(&town, grant).await;
        match most {
            None => assert_eq!(rests, None, "{next_try}, {rests_until}"),
            Some(most) => assert!(rests.unwrap() <= Duration::from_secs(most), "{next_try}, {rests_until}: {rests:?}"),
        }
    }
}

#[tokio::test]
async fn a_revocation_ends_whatever_somebody_wrote_beside_it() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    // Rows that the portal's role could insert before the database refused them.
    by_owner(
        &world.town,
        &format!(
            "insert into grant_leg (grant_id, target_kind, target_key)
             values ('{grant}', 'cluster', gen_random_uuid()), ('{grant}', 'principal', gen_random_uuid())"
        ),
    )
    .await;
    world.give_back("ana", grant).await;
    by_owner(
        &world.town,
        "update grant_leg set next_try = '2999-01-01', attempts = 2147483647;
         update target set due_at = '2999-01-01', revoking = false",
    )
    .await;
    world.until(grant, "ended").await;
    assert_eq!(world.town.count("select count(*) from grant_leg where proven = 'gone'").await, 2);
}

#[tokio::test]
async fn a_revocation_without_its_wake_ups_is_carried_out_all_the_same() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let forged = "update access_grant set state = 'revoking', version = version + 1, cause = 'revoked',
                    revoking_since = latchkey_now(), ended_by = (select id from person where handle = 'dee')";
    world.town.web.pool().execute(forged).await.unwrap();
    by_owner(&world.town, "delete from target where kind = 'principal'; update target set due_at = null").await;
    world.until(grant, "ended").await;
    assert_eq!(targets::wake_forgotten(&world.town.worker).await.unwrap(), 0, "nothing is left to wake");
}

#[tokio::test]
async fn the_portals_role_puts_no_target_before_those_that_were_due_earlier_or_of_which_something_ends() {
    let town = Town::new().await;
    town.grant().await;
    let key = town.cluster("prod-eu").await;
    let earlier = "clock_timestamp() - interval '4 minutes'";
    let wake =
        format!("update target set generation = generation + 1, due_at = {earlier}, revoking = true where key = $1");
    by_owner(&town, "update target set due_at = clock_timestamp() + interval '1 hour', revoking = false").await;
    let stands = async || -> (bool, bool) {
        let row = "select revoking, due_at > clock_timestamp() - interval '1 minute' from target where key = $1";
        sqlx::query_as(row).bind(key).fetch_one(town.owner.pool()).await.unwrap()
    };
    sqlx::query(AssertSqlSafe(wake.clone())).bind(key).execute(town.web.pool()).await.unwrap();
    assert_eq!(stands().await, (false, true), "nothing ends there, and it is due now");
    by_owner(&town, &format!("update target set due_at = {earlier}")).await;
    sqlx::query(AssertSqlSafe(wake.replace("4 minutes", "1 second")))
        .bind(key)
        .execute(town.web.pool())
        .await
        .unwrap_err();
    by_owner(&town, "update access_grant set state = 'revoking', cause = 'revoked', revoking_since = latchkey_now()")
        .await;
    sqlx::query("update target set generation = generation + 1, revoking = true where key = $1")
        .bind(key)
        .execute(town.web.pool())
        .await
        .unwrap();
    assert_eq!(stands().await, (true, false), "what ends goes first, and what was due earlier stays so");
}
