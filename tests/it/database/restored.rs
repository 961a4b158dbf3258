//! The database is really replaced by an older backup: the clusters have seen what it does not know.

use crate::{
    town::{Asking, view},
    worker::{PROD, USERS, World},
};
use latchkey::web::AskForm;
use latchkey::{
    actions::grants,
    store::fence::{self, SetUpAgain},
};
use latchkey_domain::access::{GrantId, blocker::Blocker};
use latchkey_simulator::kubernetes::Logged;

fn batch() -> AskForm {
    view().in_(["payments-batch"])
}

/// Everything of Latchkey's on prod-eu: the names of its bindings, and aws-auth.
fn stands(world: &World) -> (Vec<String>, String) {
    let names = world.bindings(PROD).iter().map(|object| object["metadata"]["name"].to_string()).collect();
    (names, world.aws_auth(PROD)["mapUsers"].clone())
}

/// Puts the backup in the database's place, which takes longer than IAM needs to show what was written last.
async fn restore(world: &World) {
    world.town.database.restore().await;
    let settled = "update intent set finished_at = finished_at - interval '15 seconds'";
    sqlx::query(settled).execute(world.town.owner.pool()).await.unwrap();
}

async fn look_again(world: &World) {
    world.rests_are_over().await;
    world.run().await;
}

/// What the newer database did, and the older one does not know.
struct Since {
    /// Ana's access: active at the backup, ended since.
    ended: GrantId,
    /// Gus's access: active all the time.
    running: GrantId,
}

/// A backup; then an access ends and another one begins; then the backup is put in the database's place.
async fn restored(world: &World) -> Since {
    let ended = world.active("ana").await;
    let running = world.active("gus").await;
    world.town.database.back_up().await;
    world.give_back("ana", ended).await;
    world.until(ended, "ended").await;
    let begun = world.approved_ask("ben", &batch()).await;
    world.until(begun, "active").await;
    assert_eq!(world.lists_pods("ben", PROD, "payments-batch").await, 200);
    restore(world).await;
    assert_eq!(world.state(ended).await, "active", "the older database says so");
    assert_eq!(world.town.accesses().await, 2, "and knows nothing of Ben's");
    Since { ended, running }
}

#[tokio::test]
async fn a_restored_database_adds_nothing_and_still_takes_away() {
    let world = World::new().await;
    let Since { ended, running } = restored(&world).await;
    let before = stands(&world);
    let waiting = world.approved_ask("gus", &batch()).await;
    for _ in 0..3 {
        look_again(&world).await;
        assert_eq!(stands(&world), before, "neither is Ana's put back, nor Ben's taken away");
    }
    assert_eq!(world.state(waiting).await, "provisioning");
    assert!(
        world.trouble(waiting).await.contains("latchkey accept-restore prod-eu"),
        "{}",
        world.trouble(waiting).await
    );
    assert_ne!(world.lists_pods("ana", PROD, "payments").await, 200);

    // The access that had ended ends again, at the latest when its time is over; so does the running one.
    world.town.advance(61).await;
    for grant in [ended, running] {
        world.until(grant, "ended").await;
        assert_eq!(world.cause(grant).await.as_deref(), Some("expired"));
    }
    assert_ne!(world.lists_pods("gus", PROD, "payments").await, 200);
    assert_eq!(
        world.lists_pods("ben", PROD, "payments-batch").await,
        200,
        "what nobody knows goes on until it is accepted"
    );
}

#[tokio::test]
async fn what_the_older_database_does_not_know_is_named_and_goes_when_an_operator_accepts() {
    let world = World::new().await;
    let Since { ended, running } = restored(&world).await;
    look_again(&world).await;

    let fenced = fence::fenced(&world.town.web).await.unwrap();
    let [prod] = fenced.as_slice() else { panic!("{fenced:?}") };
    assert_eq!(prod.name.as_str(), PROD);
    assert!(matches!(&prod.why, Blocker::LaterEpoch { cluster, .. } if cluster == PROD), "{:?}", prod.why);
    assert_eq!(prod.unknown_bindings.len(), 1, "{:?}", prod.unknown_bindings);
    assert!(prod.unknown_bindings[0].starts_with("RoleBinding payments-batch/"), "{:?}", prod.unknown_bindings);
    assert_eq!(prod.unknown_names, ["latchkey:ben:1"]);

    // As docs/operating.md says: an access that may have ended is revoked first.
    grants::revoke(&world.town.web, world.town.visitor("ben"), ended, "It ended after the backup.").await.unwrap();
    world.until(ended, "ended").await;
    world.accept().await.unwrap();
    look_again(&world).await;
    assert_ne!(world.lists_pods("ben", PROD, "payments-batch").await, 200);
    assert_eq!(world.lists_pods("gus", PROD, "payments").await, 200, "what runs goes on");
    assert_eq!(world.bindings(PROD).len(), 1);
    assert!(fence::fenced(&world.town.web).await.unwrap().is_empty());
    // His line stays without a binding until an administrator takes it out; then he can ask again.
    assert!(world.aws_auth(PROD)["mapUsers"].contains("latchkey:ben:1"));
    world.objects(PROD).set_aws_auth("mapUsers", Some(&without_ben(&world)), "olga").unwrap();
    look_again(&world).await;
    let again = world.approved_ask("ben", &batch()).await;
    world.until(again, "active").await;
    for (handle, grant) in [("ben", again), ("gus", running)] {
        world.give_back(handle, grant).await;
        world.until(grant, "ended").await;
    }
    assert_eq!(stands(&world), (vec![], USERS.to_owned()));
}

#[tokio::test]
async fn what_would_be_set_up_again_is_named_and_is_not_accepted_unsaid() {
    let world = World::new().await;
    let Since { ended, running } = restored(&world).await;
    look_again(&world).await;
    let refused = world.accept().await.unwrap_err().to_string();
    assert!(refused.contains(&format!("{ended}: view of ana (/grants/{ended})")), "{refused}");
    assert!(refused.contains("1 access is active") && refused.contains("--set-up-again"), "{refused}");
    assert!(!refused.contains(&running.to_string()), "it has its binding: {refused}");
    look_again(&world).await;
    assert_eq!(fence::fenced(&world.town.web).await.unwrap().len(), 1, "nothing was accepted");
    assert_ne!(world.lists_pods("ana", PROD, "payments").await, 200);
    let another = world.accept_with(&SetUpAgain::Named([running].into())).await.unwrap_err().to_string();
    assert_eq!(another, refused, "what is named is another access");
    world.accept_with(&SetUpAgain::Named([ended].into())).await.unwrap();
    look_again(&world).await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
}

/// The text without Ben's line, as `latchkey aws-auth edit --remove` makes it.
fn without_ben(world: &World) -> String {
    use latchkey_domain::eks::aws_auth::AwsAuth;
    let data = world.aws_auth(PROD);
    let text = &data["mapUsers"];
    let at = text.find(&format!("- userarn: \"{}\"", latchkey_testkit::user_arn("ben"))).expect("his line is there");
    let end = text[at..].find("\n- ").map_or(text.len(), |next| at + next + 1);
    let without = format!("{}{}", &text[..at], &text[end..]);
    let read = AwsAuth::read(&[("mapUsers".to_owned(), without.clone())].into());
    assert!(read.errors().is_empty());
    without
}

#[tokio::test]
async fn an_access_that_had_ended_by_itself_ends_again_after_the_restore() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.town.database.back_up().await;
    world.town.advance(61).await;
    world.until(grant, "ended").await;
    let ahead: i64 = world.town.count("select extract(epoch from ahead)::bigint from business_clock").await;
    restore(&world).await;
    // A restore does not set the clock of the database's server back.
    world.town.advance(i32::try_from(ahead / 60).unwrap()).await;
    assert_eq!(world.state(grant).await, "active");
    let before = world.knobs(PROD).requests().len();
    world.until(grant, "ended").await;
    assert_eq!(world.cause(grant).await.as_deref(), Some("expired"));
    assert_eq!(stands(&world), (vec![], USERS.to_owned()));
    let writes: Vec<_> = world.knobs(PROD).requests().split_off(before);
    let writes = writes.iter().filter(|request| {
        ["create", "update", "patch", "delete"].contains(&request.verb.as_str())
            && request.resource != "subjectaccessreviews"
    });
    assert_eq!(writes.collect::<Vec<_>>(), Vec::<&Logged>::new(), "all of it was gone already");
    let fenced = fence::fenced(&world.town.owner).await.unwrap();
    assert_eq!(fenced.iter().map(|fenced| fenced.name.as_str()).collect::<Vec<_>>(), [PROD]);
}
