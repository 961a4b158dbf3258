//! A standstill because a session keeps a lock: an operator is told, with the session that keeps it, and it is over by
//! itself.

use super::{PROD, World};
use latchkey::{
    store::{
        audit,
        standstill::{self, Watch},
    },
    words,
    worker::run_once,
};
use latchkey_domain::access::alarm::{Alarm, AlarmFacts};
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::time::{Duration, Instant};

/// A session with the portal's password, which keeps locks until it is dropped.
pub async fn somebody(world: &World, locks: &str) -> (PgConnection, i32) {
    let url = format!("{}?application_name=a%20forgotten%20psql", world.town.database.url_as("latchkey_web"));
    let mut somebody = PgConnection::connect(&url).await.unwrap();
    somebody.execute("set idle_in_transaction_session_timeout = 0; begin").await.unwrap();
    somebody.execute(sqlx::AssertSqlSafe(locks.to_owned())).await.unwrap();
    let pid = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut somebody).await.unwrap();
    (somebody, pid)
}

impl World {
    /// The texts of this code's alarms that are not cleared.
    pub async fn told_of(&self, code: &str) -> Vec<String> {
        sqlx::query_scalar("select what from alarm where code = $1 and cleared_at is null order by subject")
            .bind(code)
            .fetch_all(self.town.owner.pool())
            .await
            .unwrap()
    }

    /// Moves a time of an access to three minutes ago.
    pub async fn late(&self, column: &str, grant: latchkey_domain::access::GrantId) {
        let set =
            format!("update access_grant set {column} = latchkey_now() - interval '3 minutes' where id = '{grant}'");
        self.without_guards(set).await;
    }

    /// What a worker does that looks for a standstill now, and again in three minutes.
    pub async fn look_for_standstill(&self) {
        let (watch, now) = (Watch::default(), Instant::now());
        // The first look may wait for the lock itself.
        let _ = standstill::look_over(&self.town.worker, &watch, now, words::alarm::sentence).await;
        standstill::look_over(&self.town.worker, &watch, now + Duration::from_mins(3), words::alarm::sentence)
            .await
            .unwrap();
    }

    pub async fn without_guards(&self, statement: String) {
        let mut tx = self.town.owner.pool().begin().await.unwrap();
        tx.execute("set local session_replication_role = replica").await.unwrap();
        tx.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Runs until the access has ended, past the time in which IAM shows an earlier state.
    pub async fn ends(&self, grant: latchkey_domain::access::GrantId) {
        self.iam_has_settled().await;
        self.rests_are_over().await;
        self.until(grant, "ended").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_that_cannot_end_for_a_lock_is_an_alarm_that_names_who_keeps_it() {
    let world = World::new().await;
    let (grant, other) = (world.active("ana").await, world.active("gus").await);
    for late in ["1 minute", "3 minutes"] {
        world
            .without_guards(format!(
                "update access_grant set until = latchkey_now() - interval '{late}' where id = '{grant}'"
            ))
            .await;
        let (_keeps, pid) =
            somebody(&world, &format!("select from access_grant where id = '{grant}' for update")).await;
        let begun = Instant::now();
        world.run().await;
        assert!(begun.elapsed() < Duration::from_secs(15), "looking for who keeps it took {:?}", begun.elapsed());
        let told = world.told_of("kept_locked").await;
        if late == "1 minute" {
            assert_eq!(told, Vec::<String>::new(), "what is late by a minute may still be on its way");
            continue;
        }
        assert_eq!(told.len(), 1, "{told:?}");
        let expected = format!(
            "The access of Ana on `prod-eu` is over and its end cannot be recorded: the session {pid} of `latchkey_web` (which calls itself \
             `a forgotten psql`) keeps its row locked. It is taken away all the same within five minutes, where that can be reached. As a superuser, end it \
             (`select pg_terminate_backend({pid})`), and find out who it is."
        );
        assert_eq!(told[0], expected);
        world.run().await;
        assert_eq!(world.town.told("alarm.raised").await, 1, "it is told once");
        assert_eq!(world.state(grant).await, "active");
    }
    world.ends(grant).await;
    world.run().await;
    assert_eq!(world.told_of("kept_locked").await, Vec::<String>::new(), "it is over by itself");
    assert_eq!(world.state(other).await, "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_no_run_takes_up_for_a_lock_is_an_alarm_that_names_who_keeps_it() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let cluster = world.town.cluster(PROD).await;
    world.give_back("ana", grant).await;
    world
        .without_guards(format!(
            "update target set due_at = clock_timestamp() - interval '3 minutes' where key = '{cluster}'"
        ))
        .await;
    let (mut keeps, pid) = somebody(&world, &format!("select from target where key = '{cluster}' for update")).await;
    world.run().await;
    let told = world.told_of("kept_locked").await;
    assert_eq!(told.len(), 1, "{told:?}");
    let expected = format!("No worker takes up the cluster `prod-eu`: the session {pid} of `latchkey_web`");
    assert!(told[0].starts_with(&expected), "{told:?}");
    keeps.execute("rollback").await.unwrap();
    world.ends(grant).await;
    world.run().await;
    assert_eq!(world.told_of("kept_locked").await, Vec::<String>::new(), "it is over by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_late_and_locked_by_nobody_is_no_alarm_of_locks() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.knobs(PROD).set_unreachable(true);
    world.give_back("ana", grant).await;
    world.run().await;
    world.without_guards("update access_grant set revoking_since = revoking_since - interval '1 hour'".into()).await;
    world.run().await;
    assert_eq!(world.state(grant).await, "revoking");
    assert_eq!(world.told_of("kept_locked").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_that_stands_still_is_an_alarm_that_names_who_keeps_its_lock() {
    let world = World::new().await;
    world.run().await;
    let waits = "select pg_advisory_xact_lock(x'7365616c'::bigint)";
    let (mut keeps, pid) = somebody(&world, waits).await;
    world.active("ana").await;
    assert_eq!(world.told_of("seal_stands_still").await, Vec::<String>::new(), "a moment is no standstill");
    world.without_guards("update event_unsealed set queued_at = queued_at - interval '3 minutes'".into()).await;
    world.run().await;
    assert_eq!(
        world.told_of("seal_stands_still").await,
        Vec::<String>::new(),
        "whether it goes on is not known at once"
    );
    world.look_for_standstill().await;
    let told = world.told_of("seal_stands_still").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("has waited for its link for 3 min"), "{told:?}");
    assert!(
        told[0].contains(&format!(
            "the session {pid} of `latchkey_web` (which calls itself `a forgotten psql`) keeps the lock"
        )),
        "{told:?}"
    );
    keeps.execute("rollback").await.unwrap();
    while audit::seal(world.town.worker.pool()).await.unwrap() > 0 {}
    world.run().await;
    assert_eq!(world.told_of("seal_stands_still").await, Vec::<String>::new(), "it is over by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_that_makes_links_is_no_alarm_however_long_its_events_have_waited() {
    let world = World::new().await;
    world.run().await;
    // The sealer cannot seal for now.
    let (mut keeps, _) = somebody(&world, "select pg_advisory_xact_lock(x'7365616c'::bigint)").await;
    world.active("ana").await;
    world.without_guards("update event_unsealed set queued_at = queued_at - interval '1 hour'".into()).await;
    let (watch, begun) = (Watch::default(), Instant::now());
    let look = async |minutes| {
        let at = begun + Duration::from_mins(minutes);
        standstill::look_over(&world.town.worker, &watch, at, words::alarm::sentence).await.unwrap();
        world.told_of("seal_stands_still").await.len()
    };
    assert_eq!(look(0).await, 0, "a worker that begins knows of no standstill");
    keeps.execute("rollback").await.unwrap();
    while audit::seal(world.town.worker.pool()).await.unwrap() > 0 {}
    // Other events still wait.
    let later = "insert into event_unsealed (event_id, queued_at)
                 values ('00000000-0000-0000-0000-000000000001', clock_timestamp() - interval '1 hour')";
    world.without_guards(later.into()).await;
    assert_eq!(look(3).await, 0, "links were made");
    assert_eq!(look(4).await, 0, "a minute ago");
    assert_eq!(look(6).await, 1, "none was for three minutes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_somebody_keeps_locked_is_told_of_though_it_is_not_due() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let cluster = world.town.cluster(PROD).await;
    let (mut keeps, pid) = somebody(&world, &format!("select from target where key = '{cluster}' for update")).await;
    let (watch, begun) = (Watch::default(), Instant::now());
    let look = async |minutes| {
        let at = begun + Duration::from_mins(minutes);
        standstill::look_over(&world.town.worker, &watch, at, words::alarm::sentence).await.unwrap();
        world.told_of("kept_locked").await
    };
    assert_eq!(look(0).await, Vec::<String>::new());
    assert_eq!(look(1).await, Vec::<String>::new(), "a short lock is no news");
    let told = look(3).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with(&format!("No worker takes up the cluster `prod-eu`: the session {pid} of")),
        "{told:?}"
    );
    keeps.execute("rollback").await.unwrap();
    assert_eq!(look(4).await, Vec::<String>::new(), "it is over by itself");
    assert_eq!(world.state(grant).await, "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_no_run_takes_up_is_told_of_though_its_lock_is_free_whenever_one_looks() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.give_back("ana", grant).await;
    world.look_for_standstill().await;
    assert_eq!(world.told_of("kept_locked").await, Vec::<String>::new());
    let earlier =
        "update access_grant set revoking_since = revoking_since - interval '5 minutes' where state = 'revoking'";
    world.without_guards(earlier.into()).await;
    world.look_for_standstill().await;
    assert_eq!(world.told_of("kept_locked").await, Vec::<String>::new(), "a run was a moment ago");
    world.without_guards("update target set ran_at = ran_at - interval '5 minutes'".into()).await;
    world.look_for_standstill().await;
    let told = world.told_of("kept_locked").await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("No run has taken up the cluster `prod-eu` for 4 min"), "{told:?}");
    world.ends(grant).await;
    world.look_for_standstill().await;
    assert_eq!(world.told_of("kept_locked").await, Vec::<String>::new(), "it is over by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_that_somebody_keeps_locked_holds_up_no_run_and_no_other_alarm() {
    let world = World::new().await;
    for nobody in 1..=3 {
        let mut tx = world.town.worker.begin().await.unwrap();
        let now = tx.now().await.unwrap();
        // An alarm about what is over: a look clears it.
        let subject = format!("access_grant 00000000-0000-0000-0000-00000000000{nobody}");
        let unreadable = AlarmFacts::UnreadableRequest { why: "a row".to_owned() };
        for facts in [unreadable, AlarmFacts::LockedPolicy { keepers: vec![] }] {
            tx.raise(&Alarm::new(facts, &subject), words::alarm::sentence, now).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    let (mut keeps, _) = somebody(&world, "select from alarm where subject like '%1' for update").await;
    let grant = world.approved("ana").await;
    let begun = Instant::now();
    let ran = tokio::time::timeout(Duration::from_mins(1), run_once(&world.next_worker())).await;
    ran.expect("a run ends").unwrap();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(10), "a look that waits for no alarm takes {took:?}");
    assert_eq!(world.state(grant).await, "active");
    let left: i64 = world.town.open_alarms().await;
    assert_eq!(left, 2, "the others are over");
    keeps.execute("rollback").await.unwrap();
    world.run().await;
    assert_eq!(world.town.open_alarms().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_break_off_again_and_again_are_an_alarm_that_says_what_to_do() {
    let world = World::new().await;
    let refuse = "create function refuse() returns trigger language plpgsql as
                  $$ begin raise exception 'the disk is full'; end $$;
                  create trigger refuse before insert or update on observation for each row execute function refuse()";
    world.town.owner.pool().execute(refuse).await.unwrap();
    for _ in 0..2 {
        world.look_again().await;
    }
    world.look_for_standstill().await;
    assert_eq!(world.told_of("runs_break_off").await, Vec::<String>::new(), "one or two may be an accident");
    for _ in 0..2 {
        world.look_again().await;
    }
    let watch = Watch::default();
    standstill::look_over(&world.town.worker, &watch, Instant::now(), words::alarm::sentence).await.unwrap();
    assert_eq!(world.told_of("runs_break_off").await, Vec::<String>::new(), "how long it lasts is not known at once");
    world.look_for_standstill().await;
    let kept = "select count(*) from target where kind = 'cluster' and failure_code = 'run_broke_off'
                  and failure_blocker ->> 'why' like '%the disk is full%'";
    assert!(world.town.count(kept).await > 0, "why they break off is a value");
    let told = world.told_of("runs_break_off").await;
    let cluster = told.iter().find(|what| what.contains("the cluster `prod-eu`")).expect("told of the cluster");
    assert!(cluster.starts_with("The runs on the cluster `prod-eu` break off again and again"), "{cluster}");
    assert!(cluster.contains("the disk is full") && cluster.contains("Mend what it names"), "{cluster}");
    world.town.owner.pool().execute("drop trigger refuse on observation").await.unwrap();
    world.look_again().await;
    world.run().await;
    assert_eq!(world.told_of("runs_break_off").await, Vec::<String>::new(), "it is over by itself");
}
