//! A worker that stands still between its permit and its write, and wakes after other workers did its work: what it
//! sends then is refused, or swept and named, and its finish has no effect.

use super::{Held, World};
use crate::{
    rig::gate::Gate,
    town::Town,
    worker::{PROD, USERS, aws_at},
};
use latchkey::{
    store::Store,
    worker::{RunReport, Worker, run_once},
};
use latchkey_domain::access::GrantId;
use latchkey_simulator::kubernetes::Pattern;
use tokio::task::JoinHandle;

/// A grant of ana's, and the worker that stood still at this request while it set the grant up. Meanwhile she gave it
/// back, and it ended.
async fn ended_while_paused_at(world: &World, pattern: Pattern) -> (GrantId, Held, JoinHandle<RunReport>) {
    let grant = world.approved("ana").await;
    let mut held = Held::next(world, pattern);
    let slow = world.another_worker().await;
    let working = tokio::spawn(async move { run_once(&slow).await.unwrap() });
    held.has_arrived().await;
    world.leases_are_over().await;
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    (grant, held, working)
}

/// A worker that stands still while it creates a binding, and whose target is free for the next worker.
async fn paused_at_a_create(world: &World) -> (Held, JoinHandle<RunReport>) {
    let mut held = Held::next(world, Pattern::on("create", "rolebindings"));
    let slow = world.another_worker().await;
    let working = tokio::spawn(async move { run_once(&slow).await.unwrap() });
    held.has_arrived().await;
    world.leases_are_over().await;
    (held, working)
}

impl World {
    /// Moves the times of all intents back.
    async fn minutes_pass(&self, minutes: i32) {
        let earlier = "update intent set started_at = started_at - make_interval(mins => $1),
                         finished_at = finished_at - make_interval(mins => $1)";
        sqlx::query(earlier).bind(minutes).execute(self.town.owner.pool()).await.unwrap();
    }

    /// The API server's answers to the requests that create a binding, in order.
    fn creates(&self) -> Vec<u16> {
        let creates = self.knobs(PROD).requests().into_iter();
        let creates = creates.filter(|request| request.verb == "create" && request.resource == "rolebindings");
        creates.map(|request| request.code).collect()
    }

    async fn nothing_works_of(&self, grant: GrantId) {
        assert_eq!(self.told_times("grant.activated", grant).await, 0);
        self.is_over(grant).await;
    }

    async fn is_over(&self, grant: GrantId) {
        assert_eq!(self.state(grant).await, "ended");
        assert_eq!(self.told_times("grant.ended", grant).await, 1);
        assert_eq!(self.lists_pods("ana", PROD, "payments").await, 401);
        assert_eq!(self.binding(), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn its_late_create_of_a_binding_finds_the_place_taken_until_its_token_is_over() {
    let world = World::new().await;
    let (grant, held, working) = ended_while_paused_at(&world, Pattern::on("create", "rolebindings")).await;
    assert_eq!(world.bindings(PROD).len(), 1, "an empty one stands in its way");
    // A full look at everything meanwhile does not remove it.
    world.rests_are_over().await;
    world.run().await;
    world.nothing_works_of(grant).await;
    held.let_go();
    working.await.unwrap();
    assert_eq!(world.creates(), [201, 409], "the late one is refused");
    world.nothing_works_of(grant).await;

    world.time_of_dead_workers_is_over().await;
    world.rests_are_over().await;
    world.run().await;
    assert_eq!(world.bindings(PROD).len(), 0, "nothing stays once it cannot come any more");
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_that_stand_still_with_the_same_binding_the_seconds_create_is_waited_for_though_the_firsts_has_landed() {
    let world = World::new().await;
    let grant = world.approved("ana").await;
    let (first, first_works) = paused_at_a_create(&world).await;
    world.minutes_pass(11).await;
    let (second, second_works) = paused_at_a_create(&world).await;
    first.let_go();
    first_works.await.unwrap();
    assert_eq!(world.binding().len(), 1, "the first one's landed");
    world.until(grant, "active").await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    world.is_over(grant).await;
    // The first worker's write cannot arrive any more; the second worker's can.
    world.minutes_pass(11).await;
    world.rests_are_over().await;
    world.run().await;
    world.is_over(grant).await;
    assert_eq!(world.bindings(PROD).len(), 1, "an empty one stands in its way");
    second.let_go();
    second_works.await.unwrap();
    world.is_over(grant).await;
    assert_eq!(world.creates(), [201, 409], "the second one's is refused");

    world.time_of_dead_workers_is_over().await;
    world.rests_are_over().await;
    world.run().await;
    assert_eq!(world.bindings(PROD).len(), 0, "nothing stays once it cannot come any more");
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn its_late_line_in_aws_auth_is_refused() {
    let world = World::new().await;
    let (grant, held, working) =
        ended_while_paused_at(&world, Pattern::on("patch", "configmaps").named("aws-auth")).await;
    held.let_go();
    working.await.unwrap();
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
    let aws_auth = world.objects(PROD).get("kube-system", "configmaps", "aws-auth").unwrap();
    assert!(!aws_auth["metadata"]["annotations"].to_string().contains("latchkey"), "nothing of it is left: {aws_auth}");
    world.nothing_works_of(grant).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn its_late_removal_of_a_line_cuts_nobody_who_needs_it_again() {
    let world = World::new().await;
    let first = world.active("ana").await;
    world.give_back("ana", first).await;
    let mut held = Held::next(&world, Pattern::on("patch", "configmaps").named("aws-auth"));
    let slow = world.another_worker().await;
    let working = tokio::spawn(async move { run_once(&slow).await.unwrap() });
    held.has_arrived().await;
    world.leases_are_over().await;
    let next = world.active("ana").await;
    held.let_go();
    working.await.unwrap();
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200, "her line is where it was");
    assert_eq!(world.state(next).await, "active");
    world.until(first, "ended").await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn its_finish_is_without_effect() {
    let world = World::new().await;
    // Everything is written; the worker asks for the proof.
    let (grant, held, working) = ended_while_paused_at(&world, Pattern::on("create", "subjectaccessreviews")).await;
    held.let_go();
    let report = working.await.unwrap();
    assert_eq!(report.activated, []);
    let lost = report.runs.iter().filter_map(|run| run.failure.as_deref()).any(|why| why.contains("lost its lease"));
    assert!(lost, "{:?}", report.runs);
    world.nothing_works_of(grant).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn its_late_policy_in_iam_is_swept_and_named_though_nobody_has_an_access_any_more() {
    let world = World::new().await;
    let grant = world.approved("ana").await;
    let mut gate = Gate::before(world.simulator.aws_endpoint(), "Action=PutUserPolicy").await;
    let slow = {
        let aws = aws_at(gate.address(), world.simulator.worker_keys().unwrap()).await;
        let url = world.town.database.url_as("latchkey_worker");
        Worker::new(Store::connect(&url.parse().unwrap(), 5), aws)
    };
    let working = tokio::spawn(async move { run_once(&slow).await.unwrap() });
    gate.has_arrived().await;
    world.leases_are_over().await;
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    // A look that finds nothing to do must plan the next one all the same.
    world.rests_are_over().await;
    world.run().await;
    gate.let_go();
    working.await.unwrap();
    assert!(world.policy("ana").is_some(), "the late write arrived");

    let due_within =
        "select extract(epoch from due_at - clock_timestamp())::float8 from target where kind = 'principal'
        and key = (select id from principal where arn = $1)";
    let due: Option<f64> =
        sqlx::query_scalar(due_within).bind(Town::arn("ana")).fetch_one(world.town.owner.pool()).await.unwrap();
    assert!(due.is_some_and(|seconds| seconds < 600.0), "nobody would look at her again: {due:?}");
    world.rests_are_over().await;
    world.run().await;
    assert_eq!(world.policy("ana"), None);
    let named = world.findings("principal.drift_found").await;
    assert!(named.iter().any(|what| what.contains("belongs to no access")), "{named:?}");
    let unrecorded =
        "select count(*) from intent where grant_id is null and step = 'delete_policy' and outcome = 'done'";
    assert_eq!(world.town.count(unrecorded).await, 1, "that write was an intent before, too");
    world.nothing_works_of(grant).await;
}
