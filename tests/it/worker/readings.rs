//! Every identity that a cluster lets in, read in the background once an operator asks for it.

use super::{PROD, USERS, World};
use crate::town::Town;
use latchkey::{
    actions::targets::{self, NotDone},
    store::readings,
    worker::{Worker, run_once},
};
use latchkey_domain::{
    access::ClusterId,
    plan::{observation::AccessEntry, reading::ReadingProgress},
};
use latchkey_simulator::{
    aws::{ApiError, Fault, UserChange},
    kubernetes::{Failure, Pattern},
    seed::{AuthenticationMode::ApiAndConfigMap, SeedUser},
};

/// The calls that ask for one entry.
const DESCRIBE: &str = "eks:DescribeAccessEntry";

/// A cluster with this many entries of users without a person, besides the worker's own.
async fn with_entries(count: usize) -> World {
    let world = World::in_mode(ApiAndConfigMap).await;
    let eks = world.eks().await;
    for number in 0..count {
        let user = SeedUser::new(&format!("robot-{number:04}"), "/");
        world.simulator.aws().add_user(&user);
        let arn = world.simulator.aws().user_arn(&user.name).unwrap();
        eks.create_access_entry().cluster_name(PROD).principal_arn(arn).username(&user.name).send().await.unwrap();
    }
    world
}

async fn prod(world: &World) -> ClusterId {
    ClusterId(world.town.cluster(PROD).await)
}

/// As if the reading before had begun longer ago than two have to be apart.
async fn ask_later(world: &World) {
    sqlx::query("update entry_reading set began_at = began_at - interval '2 minutes'")
        .execute(world.town.owner.pool())
        .await
        .unwrap();
    ask(world, "dee").await.unwrap();
}

async fn ask(world: &World, who: &str) -> Result<(), NotDone> {
    targets::read_entries(&world.town.web, world.town.visitor(who), prod(world).await).await
}

async fn progress(world: &World) -> ReadingProgress {
    readings::progress(&world.town.web, prod(world).await).await.unwrap().unwrap()
}

/// The entries whose fields were read.
async fn read(world: &World) -> Vec<AccessEntry> {
    let all = readings::entries(&world.town.web, prod(world).await).await.unwrap();
    all.into_iter().map(|read| read.entry).filter(|entry| entry.fields().is_some()).collect()
}

async fn look(world: &World, worker: &Worker) {
    world.rests_are_over().await;
    run_once(worker).await.unwrap();
}

fn described(world: &World) -> usize {
    world.simulator.aws().faults().calls().iter().filter(|call| format!("eks:{}", call.action) == DESCRIBE).count()
}

#[tokio::test]
async fn every_entry_is_read_some_at_each_run_and_another_worker_goes_on_where_one_stopped() {
    let world = with_entries(430).await;
    look(&world, &world.next_worker()).await;
    assert!(matches!(ask(&world, "ana").await, Err(NotDone::NotFound)), "only operators");
    assert_eq!(readings::progress(&world.town.web, prod(&world).await).await.unwrap(), None);
    ask(&world, "dee").await.unwrap();
    assert!(progress(&world).await.waits);
    let before = described(&world);
    look(&world, &world.next_worker()).await;
    let first = progress(&world).await;
    assert_eq!((first.waits, first.read, first.ended_at), (false, 400, None), "{first:?}");
    look(&world, &world.another_worker().await).await;
    let whole = progress(&world).await;
    assert!(whole.ended_at.is_some() && whole.read == whole.found && whole.why.is_none(), "{whole:?}");
    assert_eq!(read(&world).await.len(), 431, "the worker's own is one of them");
    assert_eq!(described(&world) - before, 431, "each was asked about once");
    look(&world, &world.next_worker()).await;
    assert_eq!(progress(&world).await, whole, "it is over");
    let asked = world.events("cluster.entries_asked").await;
    assert_eq!(asked.len(), 1, "{asked:?}");

    // What is gone by the next reading is shown until that is over.
    let arn = world.simulator.aws().user_arn("robot-0000").unwrap();
    world.eks().await.delete_access_entry().cluster_name(PROD).principal_arn(arn).send().await.unwrap();
    ask(&world, "dee").await.unwrap();
    look(&world, &world.next_worker()).await;
    assert!(progress(&world).await.waits, "readings begin a minute apart");
    ask_later(&world).await;
    look(&world, &world.next_worker()).await;
    assert_eq!(read(&world).await.len(), 431);
    look(&world, &world.next_worker()).await;
    assert_eq!(read(&world).await.len(), 430);
}

#[tokio::test]
async fn a_reading_waits_for_accesses_that_come_and_go_and_for_an_api_that_wants_fewer_calls() {
    let world = with_entries(20).await;
    ask(&world, "dee").await.unwrap();
    // The entry is made, and the access waits for it: nothing is read meanwhile.
    let grant = world.approved("ana").await;
    world.knobs(PROD).fail(Pattern::on("create", "rolebindings"), Failure::Internal, u32::MAX);
    look(&world, &world.next_worker()).await;
    assert!(progress(&world).await.waits, "{}", world.trouble(grant).await);
    world.knobs(PROD).heal();
    world.until(grant, "active").await;
    world.simulator.aws().faults().next(DESCRIBE, 60, &Fault::Throttle);
    look(&world, &world.next_worker()).await;
    let throttled = progress(&world).await;
    assert_eq!((throttled.read, throttled.ended_at), (0, None), "{throttled:?}");
    world.simulator.aws().faults().clear();
    look(&world, &world.next_worker()).await;
    let whole = progress(&world).await;
    assert!(whole.ended_at.is_some() && whole.read == whole.found, "{whole:?}");
}

#[tokio::test]
async fn a_reading_that_is_refused_ends_with_the_reason_and_one_entry_that_fails_holds_up_no_other() {
    let world = with_entries(5).await;
    ask(&world, "dee").await.unwrap();
    look(&world, &world.next_worker()).await;
    let whole = read(&world).await;
    assert_eq!(whole.len(), 6, "the worker's and five robots'");
    ask_later(&world).await;
    let message =
        format!("User: arn:aws:iam::111122223333:user/latchkey-worker is not authorized to perform: {DESCRIBE}");
    let refused = Fault::Fail(ApiError::new(403, "AccessDeniedException", message));
    world.simulator.aws().faults().next(DESCRIBE, 20, &refused);
    look(&world, &world.next_worker()).await;
    let ended = progress(&world).await;
    assert!(ended.ended_at.is_some() && ended.why.is_some(), "{ended:?}");
    assert_eq!(read(&world).await, whole, "what was read before is kept");
    world.simulator.aws().faults().clear();

    ask_later(&world).await;
    let broken = Fault::Fail(ApiError::new(500, "ServerException", "An internal error occurred."));
    world.simulator.aws().faults().next(DESCRIBE, 200, &broken);
    for read in [1, 2, 3] {
        look(&world, &world.next_worker()).await;
        assert_eq!(progress(&world).await.read, read, "each entry is asked about twice, and then passed by");
    }
    world.simulator.aws().faults().clear();
    look(&world, &world.next_worker()).await;
    let ended = progress(&world).await;
    assert!(ended.ended_at.is_some() && ended.read == ended.found && ended.why.is_none(), "{ended:?}");
    assert_eq!(read(&world).await, whole, "those that failed are as they were read before");
}

#[tokio::test]
async fn a_user_of_aws_auth_that_iam_does_not_have_is_found() {
    let line = format!("{USERS}- userarn: {}\n  username: gus\n  groups: [ops]\n", Town::arn("gus"));
    let world = World::with_users(&line).await;
    ask(&world, "dee").await.unwrap();
    look(&world, &world.next_worker()).await;
    assert_eq!(progress(&world).await.gone, Vec::<String>::new());
    world.simulator.aws().change_user("gus", UserChange::Gone);
    ask_later(&world).await;
    look(&world, &world.next_worker()).await;
    let whole = progress(&world).await;
    assert!(whole.ended_at.is_some(), "a cluster without entries is read, too: {whole:?}");
    assert_eq!(whole.gone, [Town::arn("gus").to_ascii_lowercase()]);
}
