//! The connection to the database breaks at every statement of a life, before it or after it: nothing is lost, nothing
//! is done twice.

use super::PATIENCE;
use crate::{
    rig::postgres_proxy::{Cut, PostgresProxy},
    town::{Town, view},
    worker::{PROD, USERS, World},
};
use latchkey::web::AskForm;
use latchkey::{
    actions::{
        grants::{self, NotEnded},
        requests::{self, NotDecided, NotSubmitted, VoteForm, VoteOutcome},
    },
    store::Store,
    worker::{Worker, run_once},
};
use latchkey_domain::access::{GrantId, RequestId, grant::GrantState, request::Verdict};
use std::time::{Duration, Instant};

/// How often a person presses the button again before the test fails.
const PRESSES: usize = 4;

/// A requester, an approver, and the holder who gives the access back, over a connection that breaks.
struct Portal {
    town: Town,
    proxy: PostgresProxy,
    store: Store,
}

impl Portal {
    async fn new() -> Self {
        let town = Town::new().await;
        let proxy = PostgresProxy::before(town.database.port()).await;
        let store = Store::connect(&proxy.through(&town.database.url_as("latchkey_web")).parse().unwrap(), 3);
        Self { town, proxy, store }
    }

    /// Asks until the answer is that the request exists: made by this click or by the one before.
    async fn ask(&self, form: &AskForm) {
        for _ in 0..PRESSES {
            match requests::submit(&self.store, self.town.visitor("ana"), &form.wanted()).await {
                Ok(_) => return,
                Err(NotSubmitted::Problems(considered)) => {
                    let said: Vec<&str> = considered.problems.iter().map(|problem| problem.sentence.as_str()).collect();
                    assert!(
                        said.iter().any(|sentence| sentence.contains("You asked for the same already")),
                        "{said:?}"
                    );
                    return;
                }
                Err(NotSubmitted::Store(error)) => assert!(error.is_unavailable(), "{error:?}"),
                Err(NotSubmitted::Policy(error)) => assert!(error.to_string().contains("database"), "{error:?}"),
            }
        }
        panic!("asking never comes to an end");
    }

    /// Approves until the request is decided.
    async fn approve(&self, id: RequestId) {
        let seen = self.town.seen(id).await;
        for _ in 0..PRESSES {
            let form = VoteForm { verdict: Verdict::Approve, reason: None, seen, uses_role: None };
            match requests::vote(&self.store, self.town.visitor("ben"), id, form).await {
                Ok(VoteOutcome::Approved(_)) | Err(NotDecided::Closed(..)) => return,
                Err(NotDecided::Store(error)) => assert!(error.is_unavailable(), "{error:?}"),
                Err(NotDecided::Policy(error)) => assert!(error.to_string().contains("database"), "{error:?}"),
                other => panic!("{other:?}"),
            }
        }
        panic!("approving never comes to an end");
    }

    async fn give_back(&self, id: GrantId) {
        for _ in 0..PRESSES {
            match grants::give_back(&self.store, self.town.visitor("ana"), id).await {
                Ok(()) | Err(NotEnded::Already(GrantState::Revoking)) => return,
                Err(NotEnded::Store(error)) => assert!(error.is_unavailable(), "{error:?}"),
                Err(other) => panic!("{other:?}"),
            }
        }
        panic!("giving back never comes to an end");
    }

    /// Acts while the connection breaks at this statement. Gives the number of cuts.
    async fn cut_at(&self, side: Cut, at: u64, act: impl Future<Output = ()>) -> u64 {
        self.proxy.cut_once(side, at);
        act.await;
        self.proxy.heal()
    }

    async fn id(&self, query: &str) -> uuid::Uuid {
        let ids: Vec<uuid::Uuid> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_all(self.town.owner.pool()).await.unwrap();
        assert_eq!(ids.len(), 1, "one and no more: {query}");
        ids[0]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_taken_once_wherever_the_connection_of_the_portal_breaks() {
    let portal = Portal::new().await;
    let mut cuts = 0;
    for side in [Cut::Before, Cut::After] {
        for at in 1.. {
            let mut cut = portal.cut_at(side, at, Box::pin(portal.ask(&view()))).await;
            let request = RequestId(portal.id("select id from request where state = 'pending'").await);
            cut += Box::pin(portal.cut_at(side, at, portal.approve(request))).await;
            let grant = GrantId(portal.id("select id from access_grant where state = 'scheduled'").await);
            cut += portal.cut_at(side, at, portal.give_back(grant)).await;
            portal.id("select id from access_grant where state = 'revoking'").await;
            for (what, count) in [
                ("a request", "select count(*) from event where action = 'request.submitted' and request_id = $1"),
                ("an approval", "select count(*) from event where action = 'request.approved' and request_id = $1"),
                ("an end", "select count(*) from event where action = 'grant.revoking' and request_id = $1"),
                ("a vote", "select count(*) from vote where request_id = $1"),
                ("a grant", "select count(*) from access_grant where request_id = $1"),
            ] {
                let counted: i64 =
                    sqlx::query_scalar(count).bind(request.0).fetch_one(portal.town.owner.pool()).await.unwrap();
                assert_eq!(counted, 1, "{what}, cut {side:?} statement {at}");
            }
            let woken = "select count(*) from target where revoking and due_at <= clock_timestamp()";
            assert_eq!(portal.town.count(woken).await, 2, "cut {side:?} statement {at}");
            // Clears the way for the next round.
            for statement in [
                "update access_grant set state = 'ended', ended_at = now() where state = 'revoking'",
                "update target set revoking = false, due_at = null",
            ] {
                sqlx::query(statement).execute(portal.town.owner.pool()).await.unwrap();
            }
            cuts += cut;
            if cut == 0 {
                break;
            }
        }
    }
    assert!(cuts > 60, "{cuts}");
    println!("database: {cuts} cuts at statements of the portal's decisions, each before and after");
}

/// The number of statements between two cuts of one life: more than the longest run has, which could never finish
/// otherwise. Over the lives whose first cut is at 1, 2 and so on up to this number, each statement is cut once.
const STRIDE: u64 = 151;
/// One of this many of these lives is tried, beginning with the one that LATCHKEY_SEED selects; with LATCHKEY_CUTS=all
/// each.
const STEP: u64 = 16;

/// The statement at which each life is cut first.
fn firsts() -> Vec<u64> {
    let variable = |name: &str| std::env::var(name).ok();
    if variable("LATCHKEY_CUTS").as_deref() == Some("all") {
        return (1..=STRIDE).collect();
    }
    let seed: u64 = variable("LATCHKEY_SEED").and_then(|seed| seed.parse().ok()).unwrap_or(0);
    println!("LATCHKEY_SEED={seed}");
    (1..=STRIDE).filter(|first| (first + seed).is_multiple_of(STEP)).collect()
}

/// Lets a worker work over a connection that breaks, until a grant is in this state.
async fn until(world: &World, worker: &Worker, grant: GrantId, state: &str) {
    let begun = Instant::now();
    while world.state(grant).await != state {
        // An interrupted target rests for a while; the test skips that.
        world.rests_are_over().await;
        drop(run_once(worker).await);
        assert!(
            begun.elapsed() < PATIENCE,
            "the access is {} and not {state}: {}",
            world.state(grant).await,
            world.trouble(grant).await
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_comes_and_goes_once_wherever_the_connection_of_the_worker_breaks() {
    let world = World::new().await;
    let proxy = PostgresProxy::before(world.town.database.port()).await;
    let url = proxy.through(&world.town.database.url_as("latchkey_worker"));
    let (mut cuts, mut lives, mut longest) = (0, 0, 0);
    for side in [Cut::Before, Cut::After] {
        for first in firsts() {
            lives += 1;
            let worker = Worker::new(Store::connect(&url.clone().parse().unwrap(), 3), world.aws().await);
            let grant = world.approved("ana").await;
            proxy.cut(side, first, STRIDE);
            until(&world, &worker, grant, "active").await;
            let at = format!("cut {side:?} every {STRIDE}th statement from {first} on");
            assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200, "{at}");
            assert_eq!(world.aws_auth(PROD)["mapUsers"].matches("latchkey:ana").count(), 1, "{at}");
            assert_eq!(
                world.bindings(PROD).iter().filter(|binding| binding["subjects"][0].is_object()).count(),
                1,
                "{at}"
            );
            world.give_back("ana", grant).await;
            until(&world, &worker, grant, "ended").await;
            cuts += proxy.heal();
            longest = longest.max(proxy.seen());

            assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401, "{at}");
            world.time_of_dead_workers_is_over().await;
            world.rests_are_over().await;
            world.run().await;
            assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS, "{at}");
            assert_eq!(world.bindings(PROD).len(), 0, "{at}");
            assert_eq!(world.policy("ana"), None, "{at}");
            for action in ["grant.started", "grant.activated", "grant.revoking", "grant.ended"] {
                let told: i64 = sqlx::query_scalar("select count(*) from event where action = $1 and grant_id = $2")
                    .bind(action)
                    .bind(grant.0)
                    .fetch_one(world.town.owner.pool())
                    .await
                    .unwrap();
                assert_eq!(told, 1, "{action}, {at}");
            }
            assert_eq!(world.town.open_intents().await, 0, "{at}");
            assert_eq!(world.town.unsealed().await, 0, "{at}");
        }
    }
    assert!(cuts > lives, "{cuts} cuts in {lives} lives");
    println!("database: {cuts} cuts at statements of the worker in {lives} lives of up to {longest} statements");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_connections_break_all_the_while_goes_on() {
    let world = World::new().await;
    let proxy = PostgresProxy::before(world.town.database.port()).await;
    let url = proxy.through(&world.town.database.url_as("latchkey_worker"));
    let worker = Worker::new(Store::connect(&url.parse().unwrap(), 3), world.aws().await);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let working = tokio::spawn(latchkey::worker::run(worker, async { drop(stopped.await) }));
    let grant = world.approved("ana").await;
    proxy.cut(Cut::After, 7, 151);
    let reaches = async |state: &str| {
        let begun = Instant::now();
        while world.state(grant).await != state {
            assert!(begun.elapsed() < PATIENCE, "not {state}: {}", world.trouble(grant).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    reaches("active").await;
    world.give_back("ana", grant).await;
    reaches("ended").await;
    assert!(proxy.heal() > 2);
    drop(stop);
    tokio::time::timeout(PATIENCE, working).await.unwrap().unwrap();
}
