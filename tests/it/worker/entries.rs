//! Foreign access entries, on clusters whose mode has them.

use super::{PROD, USERS, World};
use crate::town::{Town, view};
use latchkey::{
    actions::requests::{self, VoteOutcome},
    worker::{Worker, run_once},
};
use latchkey_domain::{access::request::Verdict, plan::observation::EntryHolders};
use latchkey_simulator::{aws::Fault, seed::AuthenticationMode};
use std::time::{Duration, Instant};

/// The number of entries that a run reads at a time in the worker.
const ENTRIES_AT_ONCE: usize = 8;

/// A worker that sees prod-eu in the mode with entries: a worker that described the cluster before keeps the mode for
/// some minutes.
async fn with_entries(world: &World) -> Worker {
    world.simulator.aws().set_mode(PROD, AuthenticationMode::ApiAndConfigMap);
    world.another_worker().await
}

async fn holders(world: &World) -> EntryHolders {
    let id = latchkey_domain::access::ClusterId(world.town.cluster(PROD).await);
    latchkey::store::observations::cluster(&world.town.web, id).await.unwrap().unwrap().body.entries
}

#[tokio::test]
async fn an_access_entry_of_another_client_is_bound_as_it_is_and_stays() {
    let world = World::new().await;
    let worker = with_entries(&world).await;
    let eks = world.eks().await;
    let arn = Town::arn("ana");
    eks.create_access_entry().cluster_name(PROD).principal_arn(&arn).username("ana-entry").send().await.unwrap();

    let grant = world.approved("ana").await;
    run_once(&worker).await.unwrap();
    assert_eq!(world.state(grant).await, "active", "{}", world.trouble(grant).await);
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
    assert_eq!(world.bindings(PROD)[0]["subjects"][0]["name"], "ana-entry");
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);

    world.give_back("ana", grant).await;
    run_once(&worker).await.unwrap();
    assert_eq!(world.state(grant).await, "ended", "{}", world.trouble(grant).await);
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 403);
    let held = world.simulator.aws().held_entries(PROD);
    assert!(held.iter().any(|held| held.username == "ana-entry"), "{held:?}");
}

#[tokio::test]
async fn the_mode_config_map_has_no_entries() {
    let world = World::new().await;
    assert_eq!(holders(&world).await, EntryHolders::NoTable);
}

#[tokio::test]
async fn entries_that_cannot_be_listed_are_trouble_in_words_and_stop_nobody() {
    let world = World::new().await;
    let worker = with_entries(&world).await;
    world.simulator.aws().faults().next("eks:ListAccessEntries", 9, &Fault::Throttle);
    let grant = world.approved("ana").await;
    let report = run_once(&worker).await.unwrap();
    let failures: Vec<_> = report.runs.iter().filter_map(|ran| ran.failure.as_deref()).collect();
    assert!(failures.iter().any(|failure| failure.contains("list the access entries")), "{failures:?}");
    assert!(matches!(holders(&world).await, EntryHolders::Unknown(_)));
    assert_eq!(world.state(grant).await, "active", "{}", world.trouble(grant).await);
}

/// More people than a run reads entries at a time, so that silence about each would last twice as long.
#[tokio::test]
async fn silence_about_many_entries_delays_no_end_beyond_ten_seconds() {
    let town = Town::new().await;
    let handles: Vec<String> = (1..=ENTRIES_AT_ONCE + 2).map(|number| format!("p{number:02}")).collect();
    let mut people = Vec::new();
    for handle in &handles {
        let person = town.sign_in(handle, &["developers"]).await;
        town.own(&person, handle).await;
        people.push(crate::town::visitor(person));
    }
    let world = World::of(town, USERS, &handles).await;
    let mut grants = Vec::new();
    for person in &people {
        let asked = requests::submit(&world.town.web, person, &view().wanted()).await.unwrap();
        let VoteOutcome::Approved(grant) = world.town.vote("chi", asked, Verdict::Approve).await.unwrap() else {
            panic!()
        };
        grants.push(grant);
    }
    world.until(*grants.last().unwrap(), "active").await;
    let worker = with_entries(&world).await;
    let eks = world.eks().await;
    for handle in &handles {
        eks.create_access_entry().cluster_name(PROD).principal_arn(Town::arn(handle)).send().await.unwrap();
    }
    latchkey::actions::grants::give_back(&world.town.web, &people[0], grants[0]).await.unwrap();
    world.simulator.aws().faults().next("eks:DescribeAccessEntry", 100, &Fault::Silent);
    let bound = || world.bindings(PROD).len();
    assert_eq!(bound(), handles.len());
    let begun = Instant::now();
    let run = run_once(&worker);
    tokio::pin!(run);
    while bound() == handles.len() {
        assert!(begun.elapsed() < Duration::from_secs(17), "the binding is still there");
        tokio::select! {
            report = &mut run => {
                report.unwrap();
                break;
            }
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
    }
    assert_eq!(bound(), handles.len() - 1);
}
