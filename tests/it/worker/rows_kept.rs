//! A session keeps a row locked that a run writes, or refers to: what ends on that cluster is taken away, what is being
//! set up waits, and each change that the log has the begin of has one end.

use super::{PROD, World, clock_locks::let_go};
use crate::town::{Asking, view};
use latchkey::{lease::Lease, store::quarantine::LockedRows, worker::trail};
use latchkey_domain::access::{ClusterId, GrantId, step_kind::StepKind, transition::Target};
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::time::Instant;

impl World {
    /// A session that keeps what the statement locks until it is dropped.
    async fn kept(&self, locks: &str) -> PgConnection {
        let mut somebody = PgConnection::connect(&self.town.database.url()).await.unwrap();
        somebody.execute("set idle_in_transaction_session_timeout = 0; begin").await.unwrap();
        let locked = somebody.execute(sqlx::AssertSqlSafe(locks.to_owned())).await.unwrap();
        assert!(locked.rows_affected() > 0, "{locks} locks nothing");
        somebody
    }

    /// The number of changes of an access that the log has the begin of, and the number of ends.
    async fn changes_of(&self, grant: GrantId) -> (i64, i64) {
        let of = async |action: &str| self.town.told_of(grant, action).await;
        (of("grant.change_begun").await, of("grant.change_ended").await)
    }

    async fn all_is_due(&self) {
        self.without_guards("update target set due_at = clock_timestamp()".into()).await;
    }

    async fn target_of_prod(&self) -> Target {
        Target::Cluster(ClusterId(self.town.cluster(PROD).await))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_that_somebody_keeps_locked_holds_up_an_end_on_its_cluster() {
    for locks in [
        "select from cluster for update",
        "select from observation for update",
        "select from mapping where principal_id = (select id from principal where arn like '%/gus') for update",
        "select from intent where finished_at is null for update",
    ] {
        let world = World::new().await;
        let (ending, before) = (world.active("ana").await, world.active("gus").await);
        world.give_back("gus", before).await;
        let somebody = if locks.contains("from mapping") { Some(world.kept(locks).await) } else { None };
        world.until(before, "ended").await;
        // An access whose line is written anew.
        let waits = world.approved("gus").await;
        let target = world.target_of_prod().await;
        let open = format!(
            "insert into intent (id, target_kind, target_key, epoch, step, object, detail, started_at, ahead)
             select gen_random_uuid(), 'cluster', '{}', 1, 'create_binding', 'a binding', '{{}}', clock_timestamp(), ahead
             from business_clock",
            target.key()
        );
        world.without_guards(open).await;
        let somebody = match somebody {
            Some(somebody) => somebody,
            None => world.kept(locks).await,
        };
        world.give_back("ana", ending).await;
        let begun = Instant::now();
        world.iam_has_settled().await;
        world.until(ending, "ended").await;
        assert!(begun.elapsed().as_secs() < 30, "{locks}: {:?}", begun.elapsed());
        assert_ne!(world.lists_pods("ana", PROD, "payments").await, 200, "{locks}");
        let_go(somebody).await;
        world.rests_are_over().await;
        world.until(waits, "active").await;
        assert_eq!(world.town.open_intents().await, 0, "{locks}");
        for grant in [ending, before, waits] {
            let (begun, ended) = world.changes_of(grant).await;
            assert_eq!(begun, ended, "{locks}: what was begun has one end");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_that_stayed_open_after_its_change_had_an_end_brings_no_second_one() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let before = world.changes_of(grant).await;
    // As an intent is left if its answer was lost, by a run that told the outcome of the rest.
    let open = format!(
        "update intent set finished_at = null, outcome = null
         where id = (select id from intent where grant_id = '{grant}' and target_kind = 'cluster' limit 1)"
    );
    world.without_guards(open).await;
    world.all_is_due().await;
    world.run().await;
    assert_eq!(world.town.open_intents().await, 0);
    assert_eq!(world.changes_of(grant).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_broke_off_has_one_end_though_its_access_was_locked_at_the_next_run() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let before = world.changes_of(grant).await;
    let target = world.target_of_prod().await;
    let epoch = world.claimed_again(target).await;
    let lease = Lease::new(target, epoch, 0, Instant::now());
    let intent = trail::intent(Some(grant), StepKind::PutBinding, "a binding".to_owned());
    let opened = trail::open(&world.town.worker, &lease, &[intent], &[], &LockedRows::default()).await.unwrap();
    trail::commit(opened).await.unwrap();
    let somebody = world.kept(&format!("select from access_grant where id = '{grant}' for update")).await;
    world.all_is_due().await;
    world.run().await;
    let_go(somebody).await;
    world.all_is_due().await;
    world.run().await;
    world.all_is_due().await;
    world.run().await;
    assert_eq!(world.changes_of(grant).await, (before.0 + 1, before.1 + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_what_was_locked_has_an_end_though_the_run_broke_off_before_it_could_tell() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let before = world.changes_of(grant).await;
    let target = world.target_of_prod().await;
    let epoch = world.claimed_again(target).await;
    let lease = Lease::new(target, epoch, 0, Instant::now());
    let held = LockedRows { grants: [grant].into(), ..LockedRows::default() };
    let intent = trail::intent(Some(grant), StepKind::PutBinding, "a binding".to_owned());
    let store = &world.town.worker;
    trail::commit(trail::open(store, &lease, std::slice::from_ref(&intent), &[], &held).await.unwrap()).await.unwrap();
    let late = trail::close(store, &[(intent.id, Some(grant))], &held, Ok(None)).await.unwrap();
    assert!(late.is_some(), "what became of it is told with the end of the change, in one transaction");
    world.all_is_due().await;
    world.run().await;
    assert_eq!(world.changes_of(grant).await, (before.0 + 1, before.1 + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_time_and_cannot_be_recorded_rests_no_longer_than_what_ends() {
    let world = World::new().await;
    let over = world.active("ana").await;
    let other = view().in_(["payments-batch"]);
    let runs = world.approved_ask("ana", &other).await;
    world.until(runs, "active").await;
    // As a leg is left by an answer that asks to call less often.
    let rests = format!(
        "update grant_leg set condition = 'retrying', attempts = 1, next_try = clock_timestamp() + interval '14 minutes',
           rests_until = clock_timestamp() + interval '14 minutes', error = 'x' where grant_id = '{over}'"
    );
    world.without_guards(rests).await;
    world.late("until", over).await;
    let somebody = world.kept(&format!("select from access_grant where id = '{over}' for update")).await;
    world.all_is_due().await;
    world.run().await;
    assert_eq!(world.bindings(PROD).len(), 1, "{:?}", world.bindings(PROD));
    let_go(somebody).await;
    world.ends(over).await;
    assert_eq!(world.state(runs).await, "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_by_which_nobody_can_ask_or_decide_is_an_alarm_that_names_who_keeps_it() {
    let world = World::new().await;
    let mut somebody = world.kept("select pg_advisory_xact_lock(123623862526841)").await;
    let pid: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut somebody).await.unwrap();
    world.look_for_standstill().await;
    let told = world.told_of("kept_locked").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with(&format!("People cannot ask for access or decide: the session {pid} ")), "{told:?}");
    let_go(somebody).await;
    world.look_for_standstill().await;
    assert_eq!(world.told_of("kept_locked").await, Vec::<String>::new(), "it is over by itself");
}
