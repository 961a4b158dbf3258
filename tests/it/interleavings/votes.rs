//! Votes, and the policy that changes while they are taken.

use super::{
    acts::{Act, apply},
    gate::{Commits, Stop},
    scene::{Hands, Scene, ask, policy, somebody_waits, without_view},
};
use latchkey::actions::{
    ask::Field,
    requests::{self, NotDecided, NotSubmitted},
};
use latchkey_domain::access::request::{Refused, Verdict};
use std::time::{Duration, Instant};

/// The policy in numbered editions, which differ in how long payments may be looked at: an approver decides on that.
fn edition(number: usize) -> String {
    policy().replace("longest = \"8h\"", &format!("longest = \"{}m\"", 420 + number))
}

fn position(hands: &Hands, part: &str) -> usize {
    let passed = hands.gate.passed();
    passed.iter().position(|statement| statement.text.contains(part)).unwrap_or_else(|| panic!("{part}: {passed:#?}"))
}

#[tokio::test]
async fn a_vote_does_not_count_whose_policy_changes_before_it_is_decided() {
    let scene = Scene::new().await;
    let look = Hands::new(&scene.town, Commits::Undone).await;
    look.gate.set(None);
    Act::ApproveLast.run(&scene, &look).await.unwrap();
    let (reads, locked, agreed) = ("select hash from policy_version", "from request r", "pg_advisory_xact_lock_shared");
    assert!(position(&look, locked) < position(&look, agreed), "the policy is locked after the request");
    let stops = [
        Stop::Text(reads),
        Stop::Text("from person where"),
        Stop::Text("BEGIN"),
        Stop::Text(locked),
        Stop::Text(agreed),
    ];
    let (voter, operator) =
        (Hands::new(&scene.town, Commits::Kept).await, Hands::new(&scene.town, Commits::Kept).await);
    let id = scene.requests["open"];
    for (number, stop) in stops.into_iter().enumerate() {
        // The policy of the request: otherwise the form would be stale before the change.
        apply(&operator, &policy(), &[]).await.unwrap();
        let form = requests::VoteForm {
            verdict: Verdict::Approve,
            reason: None,
            seen: scene.town.seen(id).await,
            uses_role: None,
        };
        voter.gate.set(Some(stop));
        let vote = requests::vote(&voter.web, scene.town.visitor("ben"), id, form);
        let change = async {
            voter.gate.reached().await;
            apply(&operator, &edition(number), &[]).await.unwrap();
            voter.gate.release();
        };
        let (vote, ()) = tokio::join!(vote, change);
        assert!(matches!(vote, Err(NotDecided::Refused(Refused::Stale))), "changed before {stop:?}: {vote:?}");
    }
    assert_eq!(scene.town.votes_on(id).await, 0);
    println!("votes: the policy changed before each of {} statements up to the decision", stops.len());
}

#[tokio::test]
async fn what_is_approved_while_its_profile_goes_ends_with_the_others() {
    let scene = Scene::new().await;
    let (voter, operator) =
        (Hands::new(&scene.town, Commits::Kept).await, Hands::new(&scene.town, Commits::Kept).await);
    voter.gate.set(Some(Stop::Text("insert into access_grant")));
    let drain = ["view".to_owned()];
    let text = without_view();
    let applied = async {
        voter.gate.reached().await;
        let apply = apply(&operator, &text, &drain);
        let release = async {
            let begun = Instant::now();
            while !somebody_waits(&scene.town).await {
                assert!(begun.elapsed() < Duration::from_mins(1), "the policy changes without waiting for the vote");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            voter.gate.release();
        };
        tokio::join!(apply, release).0
    };
    let (vote, applied) = tokio::join!(Act::ApproveLast.run(&scene, &voter), applied);
    vote.unwrap();
    applied.unwrap();
    let left = "select count(*) from access_grant where profile = 'view' and state not in ('revoking', 'ended')";
    assert_eq!(scene.town.count(left).await, 0);
    let ending = format!("select count(*) from access_grant where request_id = '{}'", scene.requests["open"]);
    assert_eq!(scene.town.count(&ending).await, 1);
}

#[tokio::test]
async fn nothing_is_granted_by_a_rule_that_went_while_it_was_asked_for() {
    let scene = Scene::new().await;
    let (asker, operator) =
        (Hands::new(&scene.town, Commits::Kept).await, Hands::new(&scene.town, Commits::Kept).await);
    asker.gate.set(Some(Stop::Text("pg_advisory_xact_lock_shared")));
    let form = ask("prod-eu", "view", "checkout");
    let wanted = form.wanted();
    let submit = requests::submit(&asker.web, scene.town.visitor("ana"), &wanted);
    let change = async {
        asker.gate.reached().await;
        let strict = policy().replace("automatic = true", "approvers = { groups = [\"payments-leads\"], quorum = 1 }");
        apply(&operator, &strict, &[]).await.unwrap();
        asker.gate.release();
    };
    match tokio::join!(submit, change).0 {
        Err(NotSubmitted::Problems(considered)) => {
            assert!(considered.problems.iter().any(|problem| problem.field == Field::Whole));
        }
        other => panic!("asked by rules that are gone: {other:?}"),
    }
    let granted = "select count(*) from request where namespaces @> '[{\"name\": \"checkout\"}]'";
    assert_eq!(scene.town.count(granted).await, 0);
}
