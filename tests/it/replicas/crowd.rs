//! Fifty approvals at once on one cluster: aws-auth is written once a run, not once an approval.

use super::{PATIENCE, World, wait_until};
use crate::{
    town::{Town, view, visitor},
    worker::{PROD, USERS},
};
use futures::future::join_all;
use latchkey::web::AskForm;
use latchkey::{
    actions::{grants, requests, visitor::Visitor},
    worker,
};
use latchkey_domain::access::{GrantId, RequestId, request::Verdict};
use latchkey_simulator::{gate::Gate, kubernetes::Pattern};
use std::time::Instant;

const PEOPLE: usize = 50;
/// The most writes of aws-auth that fifty approvals may need if they share them.
const MOST_WRITES: usize = 3;

/// A world with fifty more people, each with an IAM user.
async fn crowd() -> (World, Vec<Visitor>) {
    let town = Town::new().await;
    let handles: Vec<String> = (1..=PEOPLE).map(|number| format!("p{number:02}")).collect();
    let mut people = Vec::new();
    for handle in &handles {
        let person = town.sign_in(handle, &["developers"]).await;
        town.own(&person, handle).await;
        people.push(visitor(person));
    }
    (World::of(town, USERS, &handles).await, people)
}

impl World {
    async fn asked(&self, person: &Visitor, form: &AskForm) -> RequestId {
        requests::submit(&self.town.web, person, &form.wanted()).await.unwrap()
    }

    /// The same ask from each of these people.
    async fn asked_by_all(&self, people: &[Visitor]) -> Vec<RequestId> {
        let mut asked = Vec::new();
        for person in people {
            asked.push(self.asked(person, &view()).await);
        }
        asked
    }

    /// Approves all at once. Gives how many writes of aws-auth a worker needs until all are active.
    async fn approve_all(&self, asked: &[RequestId]) -> usize {
        self.knobs(PROD).clear_requests();
        let from = Instant::now();
        let votes = asked.iter().map(|id| self.town.vote("chi", *id, Verdict::Approve));
        for vote in join_all(votes).await {
            vote.unwrap();
        }
        let decided = from.elapsed();
        // The first write waits until the clock has started all of them, so that the load of the machine does not
        // decide how many the next look finds.
        let first = Gate::before_effect();
        self.knobs(PROD).hold(Pattern::on("patch", "configmaps").named("aws-auth"), 0, first.clone());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let working = tokio::spawn(worker::run(self.another_worker().await, async { drop(stopped.await) }));
        let waiting = "select count(*) from access_grant where state = 'scheduled'";
        wait_until("all are started", async || self.town.count(waiting).await == 0).await;
        first.open();
        let not_yet = "select count(*) from access_grant where state <> 'active'";
        wait_until("all are active", async || self.town.count(not_yet).await == 0).await;
        let proven = from.elapsed();
        let requests = self.knobs(PROD).requests();
        let writes = requests.iter().filter(|request| request.verb == "patch" && request.name == "aws-auth").count();
        println!(
            "crowd: {} approvals at once, decided after {:.2} s, all proven after {:.2} s, {writes} writes of aws-auth, {} calls",
            asked.len(),
            decided.as_secs_f64(),
            proven.as_secs_f64(),
            requests.len()
        );
        drop(stop);
        tokio::time::timeout(PATIENCE, working).await.unwrap().unwrap();
        writes
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_people_who_are_approved_at_once_share_three_writes_of_aws_auth_at_most() {
    let (world, people) = crowd().await;
    let asked = world.asked_by_all(&people).await;
    let writes = world.approve_all(&asked).await;
    assert!(writes <= MOST_WRITES, "{writes}");
    assert_eq!(world.binding().len(), PEOPLE);
    let text = world.aws_auth(PROD)["mapUsers"].clone();
    assert!(text.starts_with(USERS) && text.matches("latchkey:p").count() == PEOPLE, "{text}");
    assert_eq!(world.town.told("grant.activated").await, 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_access_ends_while_somebody_holds_the_rows_of_all_others_on_its_cluster() {
    let (world, people) = crowd().await;
    let asked = world.asked_by_all(&people).await;
    world.approve_all(&asked).await;
    let owner = world.town.owner.pool();
    // The access that a run finishes last.
    let (own, holds): (uuid::Uuid, uuid::Uuid) =
        sqlx::query_as("select id, person_id from access_grant order by id desc limit 1")
            .fetch_one(owner)
            .await
            .unwrap();
    let person = people.iter().find(|person| person.person.id.0 == holds).unwrap();
    let mut holder = owner.begin().await.unwrap();
    let others = "select id from access_grant where id <> $1 for no key update";
    assert_eq!(sqlx::query(others).bind(own).fetch_all(&mut *holder).await.unwrap().len(), PEOPLE - 1);
    // Every proof is made anew, so that the run has something to write about each access.
    let anew = "update target set tried_at = clock_timestamp(), due_at = clock_timestamp() where kind = 'cluster'";
    sqlx::query(anew).execute(owner).await.unwrap();
    grants::give_back(&world.town.web, person, GrantId(own)).await.unwrap();
    world.run().await;
    assert_eq!(world.state(GrantId(own)).await, "ended");
    holder.rollback().await.unwrap();
}

/// Fifty sets of namespaces: no two asks are the same.
fn sets_of_namespaces() -> Vec<Vec<String>> {
    let names = ["payments", "payments-batch", "payments-1", "payments-2", "payments-3", "payments-4"];
    let set = |bits: usize| {
        let chosen = names.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
        chosen.map(|(_, name)| (*name).to_owned()).collect()
    };
    (1..=PEOPLE).map(set).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_overlapping_accesses_of_one_person_that_are_approved_at_once_share_one_line() {
    let world = World::new().await;
    for number in 1..=4 {
        let name = format!("payments-{number}");
        let uid = format!("00000000-0000-4000-8000-00000000000{number}");
        let namespace = serde_json::json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": name, "uid": uid }, "status": { "phase": "Active" },
        });
        world.objects(PROD).put_raw(namespace, "somebody").unwrap();
    }
    world.rests_are_over().await;
    world.run().await;
    let ana = world.town.visitor("ana").clone();
    let mut asked = Vec::new();
    let mut bindings = 0;
    for namespaces in sets_of_namespaces() {
        bindings += namespaces.len();
        asked.push(world.asked(&ana, &AskForm { namespaces, ..view() }).await);
    }
    let writes = world.approve_all(&asked).await;
    assert_eq!(writes, 1, "one line is enough for all");
    assert_eq!(world.binding().len(), bindings);
    assert_eq!(world.aws_auth(PROD)["mapUsers"].matches("latchkey:ana:1").count(), 1);
}
