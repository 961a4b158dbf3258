//! Access entries of Latchkey's: made, proven, kept, and deleted, on clusters of each mode that has them.

use super::{PROD, USERS, World};
use crate::town::{Town, nodes, view};
use latchkey::{
    actions::{
        requests::{self, NotSubmitted},
        targets::{self, NotDone, NotMovable},
    },
    store::observations,
    worker::{Worker, run_once},
};
use latchkey_domain::{
    access::{ClusterId, GrantId},
    plan::observation::ClusterObservation,
};
use latchkey_simulator::{
    aws::{ApiError, Fault, HeldEntry},
    gate::Gate,
    seed::AuthenticationMode::{Api, ApiAndConfigMap},
};
use std::time::Duration;

/// The one access entry of Latchkey's.
fn entry(world: &World) -> HeldEntry {
    let mut entries = world.own_entries(PROD);
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

/// The number of calls of this action so far.
fn calls(world: &World, action: &str) -> usize {
    world.simulator.aws().faults().calls().iter().filter(|call| call.action == action).count()
}

/// A refusal in IAM's words.
fn denied(action: &str) -> Fault {
    let message =
        format!("User: arn:aws:iam::111122223333:user/latchkey-worker is not authorized to perform: {action}");
    Fault::Fail(ApiError::new(403, "AccessDeniedException", message))
}

async fn look(world: &World, worker: &Worker) {
    world.rests_are_over().await;
    run_once(worker).await.unwrap();
}

/// What the last look at the cluster saw, as pages show it.
async fn observed(world: &World) -> ClusterObservation {
    let id = ClusterId(world.town.cluster(PROD).await);
    observations::cluster(&world.town.web, id).await.unwrap().unwrap().body
}

async fn residual(world: &World, grant: GrantId) -> String {
    let residual: serde_json::Value = sqlx::query_scalar("select residual from access_grant where id = $1")
        .bind(grant.0)
        .fetch_one(world.town.owner.pool())
        .await
        .unwrap();
    residual.to_string()
}

/// As if the leases of workers that stand still were over.
async fn leases_are_over(world: &World) {
    sqlx::query("update target set lease_until = clock_timestamp() where lease_until is not null")
        .execute(world.town.owner.pool())
        .await
        .unwrap();
}

async fn gone_for_good(world: &World, grant: GrantId) {
    world.give_back("ana", grant).await;
    gone(world, grant).await;
}

/// Until an access of ana's has ended, with nothing left.
async fn gone(world: &World, grant: GrantId) {
    world.until(grant, "ended").await;
    assert_eq!(world.own_entries(PROD), []);
    assert_eq!(residual(world, grant).await, "[]");
    assert!(world.bindings(PROD).is_empty());
}

#[tokio::test]
async fn on_a_cluster_of_entries_alone_an_access_is_an_entry_and_a_binding_and_both_go() {
    let world = World::in_mode(Api).await;
    let grant = world.active("ana").await;
    let HeldEntry { principal_arn, username, groups, kind, tags, policies, .. } = entry(&world);
    assert_eq!((principal_arn, username.as_str()), (Town::arn("ana"), "latchkey:ana:1"));
    assert_eq!((groups, kind.as_str(), policies), (vec![], "STANDARD", vec![]));
    assert_eq!(tags["latchkey/cluster"], PROD);
    assert!(tags.contains_key("latchkey/installation"), "{tags:?}");
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS, "no line is written");
    gone_for_good(&world, grant).await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
    assert_eq!(calls(&world, "UpdateAccessEntry"), 0);
    // The next access is another visit.
    world.active("ana").await;
    assert_eq!(entry(&world).username, "latchkey:ana:2");
}

#[tokio::test]
async fn an_entry_stays_while_any_access_of_its_person_needs_it() {
    let world = World::in_mode(ApiAndConfigMap).await;
    let first = world.active("ana").await;
    let made = entry(&world);
    let second = world.approved_ask("ana", &nodes()).await;
    world.until(second, "active").await;
    assert_eq!(entry(&world), made, "it is the same one");
    world.give_back("ana", first).await;
    world.until(first, "ended").await;
    assert_eq!(entry(&world), made);
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
    gone_for_good(&world, second).await;
}

#[tokio::test]
async fn a_new_entry_counts_only_once_it_has_settled_and_says_until_when() {
    let world = World::in_mode(Api).await;
    let slow = world.next_worker().settling(Duration::from_mins(5));
    let grant = world.approved("ana").await;
    run_once(&slow).await.unwrap();
    look(&world, &slow).await;
    assert_eq!(world.state(grant).await, "provisioning");
    let trouble = world.trouble(grant).await;
    assert!(trouble.contains("it works by") && trouble.contains("may work sooner"), "{trouble}");
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200, "it works already");
    // Without a time to settle, the same look proves it.
    look(&world, &world.next_worker()).await;
    assert_eq!(world.state(grant).await, "active", "{}", world.trouble(grant).await);
    gone_for_good(&world, grant).await;
}

#[tokio::test]
async fn while_the_right_to_make_entries_is_missing_people_are_mapped_by_lines() {
    let world = World::in_mode(ApiAndConfigMap).await;
    world.simulator.aws().faults().next("eks:CreateAccessEntry", 1, &denied("eks:CreateAccessEntry"));
    let grant = world.active("ana").await;
    assert_eq!(world.own_entries(PROD), []);
    assert!(world.aws_auth(PROD)["mapUsers"].contains("latchkey:ana:1"));
    let refused = observed(&world).await.entries_refused.expect("the page says so");
    let told = latchkey::words::blocker::sentence(&refused);
    assert!(told.contains("eks:CreateAccessEntry"), "{told}");
    // The right is there by now: the next person has an entry, and who has a line keeps it.
    let other = world.active("gus").await;
    assert_eq!(entry(&world).principal_arn, Town::arn("gus"));
    assert_eq!(observed(&world).await.entries_refused, None);
    let second = world.approved_ask("ana", &nodes()).await;
    world.until(second, "active").await;
    assert_eq!(entry(&world).principal_arn, Town::arn("gus"));
    world.give_back("gus", other).await;
    world.until(other, "ended").await;
    world.give_back("ana", second).await;
    gone_for_good(&world, grant).await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test]
async fn without_the_right_nothing_is_set_up_where_entries_are_the_only_way_and_it_says_what_is_missing() {
    let world = World::in_mode(Api).await;
    world.simulator.aws().faults().next("eks:CreateAccessEntry", 1, &denied("eks:CreateAccessEntry"));
    let grant = world.approved("ana").await;
    run_once(&world.next_worker()).await.unwrap();
    let trouble = world.trouble(grant).await;
    assert!(trouble.contains("eks:CreateAccessEntry"), "{trouble}");
    assert_eq!(world.state(grant).await, "provisioning");
    world.rests_are_over().await;
    world.until(grant, "active").await;
    gone_for_good(&world, grant).await;
}

#[tokio::test]
async fn an_entry_whose_answer_was_lost_is_known_again_and_not_made_twice() {
    for lost in [Fault::CutAfter, Fault::CutBefore] {
        let world = World::in_mode(Api).await;
        world.simulator.aws().faults().next("eks:CreateAccessEntry", 1, &lost);
        let grant = world.approved("ana").await;
        run_once(&world.next_worker()).await.unwrap();
        world.rests_are_over().await;
        world.until(grant, "active").await;
        assert_eq!(entry(&world).username, "latchkey:ana:1");
        assert!(calls(&world, "CreateAccessEntry") <= 2);
        gone_for_good(&world, grant).await;
    }
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_done_once_more_or_not_at_all() {
    for lost in [Fault::CutAfter, Fault::CutBefore, Fault::Throttle] {
        let world = World::in_mode(Api).await;
        let grant = world.active("ana").await;
        world.simulator.aws().faults().next("eks:DeleteAccessEntry", 1, &lost);
        world.give_back("ana", grant).await;
        run_once(&world.next_worker()).await.unwrap();
        assert_eq!(world.lists_pods("ana", PROD, "payments").await / 100, 4, "the binding went first");
        world.rests_are_over().await;
        world.until(grant, "ended").await;
        assert_eq!(world.own_entries(PROD), []);
    }
}

#[tokio::test]
async fn an_entry_that_eks_denies_for_a_moment_is_not_forgotten() {
    let world = World::in_mode(Api).await;
    let grant = world.active("ana").await;
    world.give_back("ana", grant).await;
    // The look sees it, and the question right before the deletion is answered by a server that lags.
    let faults = world.simulator.aws().faults();
    faults.skip("eks:DescribeAccessEntry", 1);
    let message = "The specified principalArn could not be found. You can view your available access entries with \
                   'list-access-entries'.";
    faults.next("eks:DescribeAccessEntry", 1, &Fault::Fail(ApiError::new(404, "ResourceNotFoundException", message)));
    run_once(&world.next_worker()).await.unwrap();
    assert!(world.state(grant).await == "revoking" || world.own_entries(PROD).is_empty());
    world.rests_are_over().await;
    world.until(grant, "ended").await;
    assert_eq!(world.own_entries(PROD), []);
}

#[tokio::test]
async fn an_entry_that_another_client_makes_at_the_same_moment_is_theirs_and_is_bound_as_it_is() {
    let world = World::in_mode(Api).await;
    let grant = world.approved("ana").await;
    let arn = Town::arn("ana");
    // EKS lists nothing yet when the run looks, and has it when the run writes.
    let gate = Gate::before_effect();
    world.simulator.aws().faults().hold("eks:CreateAccessEntry", 0, gate.clone());
    let worker = world.next_worker();
    let run = tokio::spawn(async move { run_once(&worker).await.unwrap() });
    gate.arrived().await;
    world
        .eks()
        .await
        .create_access_entry()
        .cluster_name(PROD)
        .principal_arn(&arn)
        .username("ana-entry")
        .send()
        .await
        .unwrap();
    gate.open();
    run.await.unwrap();
    world.rests_are_over().await;
    world.until(grant, "active").await;
    let held = world.simulator.aws().held_entries(PROD);
    assert!(held.iter().any(|held| held.username == "ana-entry") && world.own_entries(PROD).is_empty(), "{held:?}");
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 403, "the entry is theirs and stays");
}

#[tokio::test]
async fn a_principal_that_eks_does_not_know_yet_is_tried_again() {
    let world = World::in_mode(Api).await;
    world.simulator.aws().entry_knobs().know_principals_after(Duration::from_hours(1));
    let grant = world.approved("ana").await;
    run_once(&world.next_worker()).await.unwrap();
    let trouble = world.trouble(grant).await;
    assert!(trouble.contains("invalid principal"), "{trouble}");
    world.simulator.aws().entry_knobs().clear();
    world.rests_are_over().await;
    world.until(grant, "active").await;
    gone_for_good(&world, grant).await;
}

#[tokio::test]
async fn a_cluster_without_room_for_another_entry_says_so() {
    let world = World::in_mode(Api).await;
    world.simulator.aws().entry_knobs().limit(1);
    let grant = world.approved("ana").await;
    run_once(&world.next_worker()).await.unwrap();
    let trouble = world.trouble(grant).await;
    assert!(trouble.contains("imit") && trouble.contains("access entry"), "{trouble}");
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
}

#[tokio::test]
async fn empty_pages_of_the_list_are_read_to_their_end() {
    let world = World::in_mode(Api).await;
    world.simulator.aws().entry_knobs().empty_pages(3);
    let grant = world.active("ana").await;
    look(&world, &world.next_worker()).await;
    assert_eq!(calls(&world, "CreateAccessEntry"), 1, "the list shows it");
    gone_for_good(&world, grant).await;
}

#[tokio::test]
async fn entries_that_cannot_be_listed_are_looked_up_one_by_one_and_ends_go_on() {
    let world = World::in_mode(Api).await;
    let grant = world.active("ana").await;
    world.simulator.aws().faults().next("eks:ListAccessEntries", 20, &denied("eks:ListAccessEntries"));
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    assert_eq!(world.own_entries(PROD), []);
}

#[tokio::test]
async fn an_entry_that_another_client_deletes_is_told_made_once_more_and_then_not_fought_over() {
    let world = World::in_mode(Api).await;
    let grant = world.active("ana").await;
    let eks = world.eks().await;
    let delete = async || {
        // Longer ago than EKS's answers lag.
        sqlx::query("update mapping set wrote_at = wrote_at - interval '1 minute' where kind = 'entry'")
            .execute(world.town.owner.pool())
            .await
            .unwrap();
        eks.delete_access_entry().cluster_name(PROD).principal_arn(Town::arn("ana")).send().await.unwrap();
    };
    delete().await;
    look(&world, &world.next_worker()).await;
    assert_eq!(entry(&world).username, "latchkey:ana:1", "it is made once more, for the same visit");
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    let told = world.events("grant.drift_found").await;
    let told: Vec<&str> = told.iter().filter_map(|event| event["detail"]["what"].as_str()).collect();
    assert_eq!(told, ["another client deleted the access entry of `latchkey:ana:1` while the access runs"]);
    delete().await;
    for _ in 0..3 {
        look(&world, &world.next_worker()).await;
    }
    assert_eq!(world.own_entries(PROD), []);
    let trouble = world.trouble(grant).await;
    assert!(trouble.contains("deleted again and again"), "{trouble}");
    gone_for_good(&world, grant).await;
}

#[tokio::test]
async fn an_entry_that_another_client_widens_is_not_bound_any_more_and_goes_whole_at_the_end() {
    let world = World::in_mode(Api).await;
    let grant = world.active("ana").await;
    let eks = world.eks().await;
    let change = eks.update_access_entry().cluster_name(PROD).principal_arn(Town::arn("ana"));
    change.kubernetes_groups("viewers").send().await.unwrap();
    look(&world, &world.next_worker()).await;
    let trouble = world.trouble(grant).await;
    assert!(trouble.contains("gave the access entry of `latchkey:ana:1` the groups viewers"), "{trouble}");
    assert!(world.bindings(PROD).is_empty());
    assert_eq!(calls(&world, "UpdateAccessEntry"), 1, "only theirs");
    gone_for_good(&world, grant).await;
}

#[tokio::test]
async fn an_entry_whose_username_another_client_changes_is_not_bound_any_more() {
    let world = World::in_mode(ApiAndConfigMap).await;
    let grant = world.active("ana").await;
    let change = world.eks().await.update_access_entry().cluster_name(PROD).principal_arn(Town::arn("ana"));
    change.username("mallory").send().await.unwrap();
    look(&world, &world.next_worker()).await;
    let trouble = world.trouble(grant).await;
    assert!(trouble.contains("`latchkey:ana:1` to `mallory`"), "{trouble}");
    assert!(world.bindings(PROD).is_empty());
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    let held = world.simulator.aws().held_entries(PROD);
    assert!(held.iter().all(|held| held.username == "latchkey-worker"), "{held:?}");
}

#[tokio::test]
async fn a_late_entry_of_a_run_that_stood_still_is_found_and_deleted() {
    let world = World::in_mode(Api).await;
    let grant = world.approved("ana").await;
    let gate = Gate::before_effect();
    world.simulator.aws().faults().hold("eks:CreateAccessEntry", 0, gate.clone());
    let paused = world.next_worker();
    let run = tokio::spawn(async move { run_once(&paused).await });
    gate.arrived().await;
    leases_are_over(&world).await;
    world.give_back("ana", grant).await;
    let next = world.another_worker().await;
    look(&world, &next).await;
    assert_eq!(world.state(grant).await, "ended", "{}", world.trouble(grant).await);
    assert_eq!(world.own_entries(PROD), []);
    // It arrives now. Nothing is bound to its user, and the next look finds it.
    gate.open();
    drop(run.await.unwrap());
    assert_eq!(entry(&world).username, "latchkey:ana:1");
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 403);
    look(&world, &next).await;
    assert_eq!(world.own_entries(PROD), []);
}

#[tokio::test]
async fn an_operator_moves_a_line_to_an_entry_of_the_same_user_and_the_access_goes_on() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let (arn, before) = (Town::arn("ana"), world.aws_auth(PROD)["mapUsers"].clone());
    let prod = ClusterId(world.town.cluster(PROD).await);
    let asks =
        async |who: &str, arn: &str| targets::move_mapping(&world.town.web, world.town.visitor(who), prod, arn).await;
    assert!(matches!(asks("dee", &arn).await, Err(NotDone::NotMovable(NotMovable::Mode))));
    world.simulator.aws().set_mode(PROD, ApiAndConfigMap);
    let worker = world.another_worker().await;
    look(&world, &worker).await;
    assert!(matches!(asks("ana", &arn).await, Err(NotDone::NotFound)), "only operators");
    let other = Town::arn("gus");
    assert!(matches!(asks("dee", &other).await, Err(NotDone::NotMovable(NotMovable::NoLine))));
    asks("dee", &arn).await.unwrap();
    asks("dee", &arn).await.unwrap();
    for _ in 0..2 {
        look(&world, &worker).await;
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
        assert_eq!(world.trouble(grant).await, "", "no moment of it is trouble");
    }
    assert_eq!(entry(&world).username, "latchkey:ana:1");
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS, "the line is out");
    // Another tool puts back what it applied before.
    world.objects(PROD).set_aws_auth("mapUsers", Some(&before), "argocd").unwrap();
    look(&world, &worker).await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS, "the line is out again");
    assert_eq!(entry(&world).username, "latchkey:ana:1");
    assert_eq!((world.state(grant).await.as_str(), world.events("grant.drift_found").await.len()), ("active", 0));
    let asked = world.events("cluster.move_asked").await;
    assert_eq!((asked.len(), &asked[0]["detail"]["username"]), (1, &"latchkey:ana:1".into()));
    let moved = world.events("cluster.moved").await;
    assert_eq!((moved.len(), &moved[0]["detail"]["principal"]), (1, &arn.as_str().into()));
    world.give_back("ana", grant).await;
    look(&world, &worker).await;
    assert_eq!(world.state(grant).await, "ended", "{}", world.trouble(grant).await);
    assert_eq!(world.own_entries(PROD), []);
}

#[tokio::test]
async fn a_move_that_cannot_be_made_leaves_every_access_as_it_is() {
    let world = World::new().await;
    let running = world.active("ana").await;
    world.simulator.aws().set_mode(PROD, ApiAndConfigMap);
    let worker = world.another_worker().await;
    look(&world, &worker).await;
    let prod = ClusterId(world.town.cluster(PROD).await);
    targets::move_mapping(&world.town.web, world.town.visitor("dee"), prod, &Town::arn("ana")).await.unwrap();
    for refused in [denied("eks:CreateAccessEntry"), Fault::Throttle] {
        world.simulator.aws().faults().next("eks:CreateAccessEntry", 3, &refused);
        look(&world, &worker).await;
        world.simulator.aws().faults().clear();
        assert_eq!(world.trouble(running).await, "", "{refused:?}");
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    }
    // It can be made now, and an access that comes by the line waits for nothing meanwhile.
    let new = world.approved_ask("ana", &nodes()).await;
    look(&world, &worker).await;
    assert_eq!(world.state(new).await, "active", "{}", world.trouble(new).await);
    look(&world, &worker).await;
    assert_eq!((entry(&world).username.as_str(), world.aws_auth(PROD)["mapUsers"].as_str()), ("latchkey:ana:1", USERS));
}

#[tokio::test]
async fn an_entry_that_eks_shows_only_later_is_kept_in_mind() {
    let world = World::in_mode(Api).await;
    let grant = world.active("ana").await;
    // A server that lags is asked, each time.
    let faults = world.simulator.aws().faults();
    let message = "The specified principalArn could not be found. You can view your available access entries with \
                   'list-access-entries'.";
    faults.next("eks:DescribeAccessEntry", 9, &Fault::Fail(ApiError::new(404, "ResourceNotFoundException", message)));
    world.give_back("ana", grant).await;
    look(&world, &world.next_worker()).await;
    assert_eq!(world.state(grant).await, "revoking", "{}", world.trouble(grant).await);
    assert!(world.bindings(PROD).is_empty(), "the binding waits for nothing");
    assert!(world.events("grant.drift_found").await.is_empty(), "nobody deleted it");
    faults.clear();
    world.rests_are_over().await;
    gone(&world, grant).await;
}

#[tokio::test]
async fn an_entry_of_another_client_in_the_place_of_ours_is_told_with_what_it_gives() {
    let world = World::in_mode(Api).await;
    let grant = world.active("ana").await;
    let (eks, arn) = (world.eks().await, Town::arn("ana"));
    eks.delete_access_entry().cluster_name(PROD).principal_arn(&arn).send().await.unwrap();
    let theirs = eks.create_access_entry().cluster_name(PROD).principal_arn(&arn).username("latchkey:ana:1");
    theirs.send().await.unwrap();
    let scope = aws_sdk_eks::types::AccessScope::builder().r#type("cluster".into()).build();
    let policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";
    let associate = eks.associate_access_policy().cluster_name(PROD).principal_arn(&arn).policy_arn(policy);
    associate.access_scope(scope).send().await.unwrap();
    look(&world, &world.next_worker()).await;
    let told = world.events("grant.drift_found").await;
    let told: Vec<&str> = told.iter().filter_map(|event| event["detail"]["what"].as_str()).collect();
    assert!(told.iter().any(|what| what.contains("deleted the access entry of `latchkey:ana:1`")), "{told:?}");
    let wider: Vec<String> = sqlx::query_scalar("select unnest(wider) from grant_leg where grant_id = $1")
        .bind(grant.0)
        .fetch_all(world.town.owner.pool())
        .await
        .unwrap();
    assert!(wider.iter().any(|more| more.contains("access policies")), "{wider:?}");
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    assert!(residual(&world, grant).await.contains(policy));
}

#[tokio::test]
async fn a_principal_that_is_another_one_now_is_not_moved() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.simulator.aws().set_mode(PROD, ApiAndConfigMap);
    look(&world, &world.another_worker().await).await;
    sqlx::query("update principal set unique_id = 'AIDAANOTHER' where arn = $1")
        .bind(Town::arn("ana"))
        .execute(world.town.owner.pool())
        .await
        .unwrap();
    let prod = ClusterId(world.town.cluster(PROD).await);
    let asked = targets::move_mapping(&world.town.web, world.town.visitor("dee"), prod, &Town::arn("ana")).await;
    assert!(matches!(asked, Err(NotDone::NotMovable(NotMovable::Another))), "{asked:?}");
    assert_eq!(world.state(grant).await, "active");
}

#[tokio::test]
async fn nobody_asks_as_a_principal_whose_foreign_entry_gives_what_no_review_shows() {
    let world = World::in_mode(ApiAndConfigMap).await;
    let (eks, arn) = (world.eks().await, Town::arn("ana"));
    let theirs = eks.create_access_entry().cluster_name(PROD).principal_arn(&arn).username("ana-entry");
    theirs.tags("owner", "terraform").send().await.unwrap();
    let scope = aws_sdk_eks::types::AccessScope::builder().r#type("cluster".into()).build();
    let policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";
    let associate = eks.associate_access_policy().cluster_name(PROD).principal_arn(&arn).policy_arn(policy);
    associate.access_scope(scope).send().await.unwrap();
    look(&world, &world.next_worker()).await;
    let refused = requests::submit(&world.town.web, world.town.visitor("ana"), &view().wanted()).await.unwrap_err();
    let NotSubmitted::Problems(considered) = refused else { panic!("{refused:?}") };
    let said: Vec<&str> = considered.problems.iter().map(|problem| problem.sentence.as_str()).collect();
    let [sentence] = said.as_slice() else { panic!("{said:?}") };
    for part in [arn.as_str(), "`ana-entry`", "owner=terraform", "access policies"] {
        assert!(sentence.contains(part), "{part} in {sentence}");
    }
    world.town.asks("gus", view()).await;
}
