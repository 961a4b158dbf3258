//! A session that keeps a row of an ending access locked does not keep the access usable: it is taken away all the
//! same, what cannot be recorded meanwhile is told, with the session that holds the lock, and it ends once the row is
//! free.

use super::{PROD, World, standstill::somebody};
use crate::town::{Asking, view};
use latchkey::{lease::Lease, store::quarantine::LockedRows, worker::trail};
use latchkey_domain::access::{ClusterId, GrantId, step_kind::StepKind, transition::Target};
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::time::{Duration, Instant};

/// The rows of an ending access that a session can keep locked.
const LOCKS: [&str; 5] = [
    "select from access_grant where id = $ for update",
    "select from grant_leg where grant_id = $ and target_kind = 'cluster' for update",
    "select from grant_leg where grant_id = $ for update",
    "select from principal where id = (select principal_id from access_grant where id = $) for update",
    "select from mapping where principal_id = (select principal_id from access_grant where id = $) for update",
];

/// A session of this role, which keeps locks until it is dropped.
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

/// The actions of this kind in the log about an access, on its cluster, in their order.
async fn changes(world: &World, grant: GrantId) -> Vec<String> {
    sqlx::query_scalar(
        "select action from event where grant_id = $1 and action like 'grant.change%'
           and convert_from(canonical, 'utf8') like '%\"cluster\"%' order by id",
    )
    .bind(grant.0)
    .fetch_all(world.town.owner.pool())
    .await
    .unwrap()
}

/// Runs until no binding of Latchkey's is left on the cluster.
async fn is_taken_away(world: &World, locks: &str) {
    let begun = Instant::now();
    while !world.bindings(PROD).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{locks}: {:?}", world.bindings(PROD));
        world.run().await;
    }
    assert_ne!(world.lists_pods("ana", PROD, "payments").await, 200, "{locks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_is_taken_away_while_somebody_keeps_its_rows_locked() {
    for locks in LOCKS {
        let world = World::new().await;
        let (ending, neighbour) = (world.active("ana").await, world.active("gus").await);
        let before = changes(&world, ending).await.len();
        world.give_back("ana", ending).await;
        let (mut keeper, _) = keeps(&world, "owner", &locks.replace('$', &format!("'{ending}'"))).await;
        world.give_back("gus", neighbour).await;
        is_taken_away(&world, locks).await;
        world.iam_has_settled().await;
        world.until(neighbour, "ended").await;
        let is_line = locks.contains("from mapping");
        assert!(
            is_line || !world.aws_auth(PROD)["mapUsers"].contains(":user/latchkey/ana"),
            "{locks}: her line goes, too"
        );
        assert_eq!(world.policy("ana"), None, "{locks}: what IAM has of it goes, too");
        let of_access = locks.contains("from access_grant where id = $ ") || locks.contains("from grant_leg");
        assert!(!of_access || world.state(ending).await == "revoking", "{locks}: it is not proven gone meanwhile");
        keeper.execute("rollback").await.unwrap();
        world.ends(ending).await;
        let changes = changes(&world, ending).await;
        let ends = changes.iter().filter(|action| *action == "grant.change_ended").count();
        assert_eq!(changes.len(), 2 * ends, "{locks}: what was begun has an end, {changes:?}");
        assert!(changes.len() > before, "{locks}: {changes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_past_its_time_is_taken_away_while_somebody_keeps_its_row_locked() {
    for is_readable in [true, false] {
        an_access_past_its_time(is_readable).await;
    }
}

/// The same if this version cannot read the access.
async fn an_access_past_its_time(is_readable: bool) {
    let world = World::new().await;
    let (over, runs) = (world.active("ana").await, world.active("gus").await);
    world.late("until", over).await;
    if !is_readable {
        let name = "jsonb_set(resolved_profile, '{name}', '\"A later name!\"')";
        let of_later = format!("update access_grant set resolved_profile = {name} where id = '{over}'");
        world.without_guards(of_later).await;
    }
    let locks = format!("select from access_grant where id = '{over}' for update");
    let (mut keeper, _) = keeps(&world, "latchkey_web", &locks).await;
    // The target's last run is so long ago that the access is taken away all the same.
    world.without_guards("update target set ran_at = ran_at - interval '1 hour'".into()).await;
    world.run().await;
    assert_eq!(world.bindings(PROD).len(), 1, "her neighbour's stays: {:?}", world.bindings(PROD));
    assert_ne!(world.lists_pods("ana", PROD, "payments").await, 200);
    assert_eq!(world.lists_pods("gus", PROD, "payments").await, 200);
    assert_eq!(world.state(over).await, "active", "nobody could record its end");
    keeper.execute("rollback").await.unwrap();
    world.ends(over).await;
    assert_eq!(world.state(runs).await, "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_somebody_keeps_locked_keeps_no_others_access_from_being_taken_away() {
    let world = World::new().await;
    // Her ARN has a foreign line, so that her username is still to be reserved.
    let others = world.aws_auth(PROD).get("mapUsers").cloned().unwrap_or_default();
    let line = &format!("- userarn: {}\n  username: ana-of-old\n", latchkey_testkit::user_arn("ana"));
    world.objects(PROD).set_aws_auth("mapUsers", Some(&format!("{others}{line}")), "an administrator").unwrap();
    let ending = world.active("gus").await;
    world.knobs(PROD).set_unreachable(true);
    let held = world.approved("ana").await;
    world.until(held, "provisioning").await;
    let locks = format!(
        "select from principal where id = (select principal_id from access_grant where id = '{held}') for update"
    );
    let (mut keeper, _) = keeps(&world, "latchkey_web", &locks).await;
    world.knobs(PROD).set_unreachable(false);
    world.rests_are_over().await;
    world.give_back("gus", ending).await;
    let begun = Instant::now();
    world.iam_has_settled().await;
    world.until(ending, "ended").await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    keeper.execute("rollback").await.unwrap();
    world.until(held, "active").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_somebody_keeps_locked_keeps_nothing_in_iam() {
    let world = World::new().await;
    let (ending, asked) = (world.active("ana").await, world.town.asks("ana", view().for_(30)).await);
    world.without_guards("update principal set ended_at = clock_timestamp() where arn like '%/ana'".into()).await;
    let (mut keeper, _) =
        keeps(&world, "latchkey_web", &format!("select from request where id = '{asked}' for update")).await;
    world.give_back("ana", ending).await;
    world.iam_has_settled().await;
    world.until(ending, "ended").await;
    assert_eq!(world.policy("ana"), None);
    keeper.execute("rollback").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn people_whose_rows_somebody_keeps_locked_give_back_all_the_same() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let (mut keeper, _) = keeps(&world, "owner", "select from person for update").await;
    world.give_back("ana", grant).await;
    world.ends(grant).await;
    keeper.execute("rollback").await.unwrap();
    let nobody =
        format!("update access_grant set ended_by = '00000000-0000-0000-0000-000000000001' where id = '{grant}'");
    let error = sqlx::raw_sql(sqlx::AssertSqlSafe(nobody)).execute(world.town.owner.pool()).await.unwrap_err();
    assert!(error.to_string().contains("can have ended an access"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_cannot_be_recorded_is_no_failure_to_take_it_away() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.give_back("ana", grant).await;
    let locks = format!("select from access_grant where id = '{grant}' for update");
    let (mut keeper, _) = keeps(&world, "latchkey_web", &locks).await;
    is_taken_away(&world, &locks).await;
    for _ in 0..2 {
        let failing = "select count(*) from grant_leg where condition <> 'ok'";
        let due =
            "update target set due_at = clock_timestamp(); update grant_leg set next_try = null, rests_until = null";
        world.without_guards(due.into()).await;
        world.run().await;
        assert!(world.town.count(failing).await > 0, "its legs say that it waits");
    }
    // If three removals had failed, all of her accesses there would be cut five minutes later.
    assert_eq!(world.town.count("select coalesce(max(attempts), 0)::bigint from grant_leg").await, 0);
    keeper.execute("rollback").await.unwrap();
    world.ends(grant).await;
}

#[tokio::test]
async fn what_a_run_began_while_a_row_was_locked_has_an_end_though_the_run_broke_off() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let target = Target::Cluster(ClusterId(world.town.cluster(PROD).await));
    let epoch = world.claimed_again(target).await;
    let lease = |epoch| Lease::new(target, epoch, 0, Instant::now());
    let (store, held) = (&world.town.worker, LockedRows { grants: [grant].into(), ..LockedRows::default() });
    let before = changes(&world, grant).await.len();
    let intent = trail::intent(Some(grant), StepKind::DeleteBinding, "a binding".to_owned());
    trail::commit(trail::open(store, &lease(epoch), &[intent], &[], &held).await.unwrap()).await.unwrap();
    assert_eq!(changes(&world, grant).await[before..], ["grant.change_begun"]);
    world.without_guards("update target set due_at = clock_timestamp()".into()).await;
    world.run().await;
    assert_eq!(changes(&world, grant).await[before..], ["grant.change_begun", "grant.change_ended"]);
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
         calls itself `a forgotten psql`) keeps its row of `grant_leg` locked. It is taken away all the same, where that \
         can be reached. As a superuser, end it (`select pg_terminate_backend({pid})`), and find out who it is."
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
