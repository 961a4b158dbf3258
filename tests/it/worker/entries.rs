//! Access entries of others, on clusters whose mode has them.

use super::{PROD, USERS, World};
use crate::town::{Town, look};
use latchkey::{
    actions::{
        ask::Field,
        requests::{self, NotSubmitted},
    },
    worker::{Life, Worker, run_once},
};
use latchkey_domain::plan::observation::EntryHolders;
use latchkey_simulator::{aws::Fault, seed::AuthenticationMode};

/// A worker that sees prod-eu in the mode with entries: whoever described it before keeps the mode for some minutes.
async fn with_entries(world: &World) -> Worker {
    world.simulator.aws().set_mode(PROD, AuthenticationMode::ApiAndConfigMap);
    world.another_worker(Life::default()).await
}

async fn holders(world: &World) -> EntryHolders {
    let id = latchkey_domain::access::ClusterId(world.town.cluster(PROD).await);
    latchkey::store::observations::cluster(&world.town.web, id).await.unwrap().unwrap().body.entries
}

#[tokio::test]
async fn an_access_entry_of_the_same_arn_counts_instead_and_so_blocks() {
    let world = World::new().await;
    let worker = with_entries(&world).await;
    let eks = world.eks().await;
    let arn = Town::arn("ana");
    eks.create_access_entry().cluster_name(PROD).principal_arn(&arn).username("ana-entry").send().await.unwrap();

    let grant = world.approved("ana").await;
    run_once(&worker).await.unwrap();
    assert!(world.trouble(grant).await.contains("has an access entry"), "{}", world.trouble(grant).await);
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);

    eks.delete_access_entry().cluster_name(PROD).principal_arn(&arn).send().await.unwrap();
    world.rests_are_over().await;
    run_once(&worker).await.unwrap();
    assert_eq!(world.state(grant).await, "active", "{}", world.trouble(grant).await);
}

#[tokio::test]
async fn nobody_asks_as_a_principal_that_has_an_access_entry() {
    let world = World::new().await;
    assert_eq!(holders(&world).await, EntryHolders::NotAsked, "the mode CONFIG_MAP has no entries");
    let worker = with_entries(&world).await;
    let arn = Town::arn("ana");
    world.eks().await.create_access_entry().cluster_name(PROD).principal_arn(&arn).send().await.unwrap();
    world.rests_are_over().await;
    run_once(&worker).await.unwrap();
    assert_eq!(holders(&world).await, EntryHolders::Listed([arn.clone()].into()));

    let refused = requests::submit(&world.town.web, world.town.person("ana"), &look()).await.unwrap_err();
    let NotSubmitted::Problems(considered) = refused else { panic!("{refused:?}") };
    let said: Vec<_> = considered.problems.iter().map(|problem| (problem.field, problem.sentence.as_str())).collect();
    let [(Field::Principal, sentence)] = said.as_slice() else { panic!("{said:?}") };
    assert!(sentence.starts_with(&format!("{arn} has an access entry on {PROD}")), "{sentence}");
    // It is hers alone.
    world.town.ask("gus", &look()).await;
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
