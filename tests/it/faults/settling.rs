//! The other side settles late: IAM shows a write seconds after it, API servers answer reviews from the past, a
//! principal is not valid yet, everything is throttled for a minute. Nothing fails for good, and nothing is called
//! proven before it is.

use super::course::{Act, Course, LIFE, Step, WHO};
use crate::worker::PROD;
use jiff::{SignedDuration, Timestamp};
use latchkey::worker::Worker;
use latchkey_domain::access::GrantId;
use latchkey_simulator::{
    aws::{ApiError, Fault},
    kubernetes::{Failure, Pattern},
};
use std::time::{Duration, Instant};

/// As it was measured on IAM.
const IAM_SETTLES: Duration = Duration::from_secs(4);
/// Longer than an API server's caches should ever be behind.
const REVIEWS_LAG: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_called_proven_before_iam_and_reviews_have_settled() {
    let mut course = Course::new().await;
    course.world.simulator.aws().faults().settle(IAM_SETTLES);
    course.world.knobs(PROD).delay_reviews(REVIEWS_LAG);
    let worker = course.worker();
    for step in LIFE {
        match step {
            Step::Act(act) => course.act(act).await,
            Step::Work => in_its_own_time(&course, &worker).await,
        }
        course.check_always().await;
    }
    let (look, nodes) = (course.grants[0].0, course.grants[1].0);
    for grant in [look, nodes] {
        let (begun, ended) = worked(&course, grant == nodes);
        let lag = SignedDuration::try_from(REVIEWS_LAG).unwrap();
        let (activated, over) =
            (recorded(&course, grant, "grant.activated").await, recorded(&course, grant, "grant.ended").await);
        assert!(activated >= begun + lag, "active at {activated}, and the API server said yes from {begun} + {lag:#}");
        assert!(over >= ended + lag, "ended at {over}, and the API server said no from {ended} + {lag:#}");
    }
    // The console waits for IAM, too.
    let states = course.world.simulator.aws().policies_over_time(WHO);
    let says = |state: &(Timestamp, std::collections::BTreeMap<String, String>)| {
        state.1.get("latchkey").is_some_and(|text| text.contains("eks:AccessKubernetesApi"))
    };
    let settles = SignedDuration::try_from(IAM_SETTLES).unwrap();
    let written = states.iter().find(|state| says(state)).unwrap().0;
    let activated = recorded(&course, nodes, "grant.activated").await;
    assert!(activated >= written + settles, "active at {activated}, and IAM showed it from {written} + 4 s");
    let removed = states.iter().rev().take_while(|state| !says(state)).last().unwrap().0;
    let over = recorded(&course, nodes, "grant.ended").await;
    assert!(over >= removed + settles, "ended at {over}, and IAM showed that from {removed} + 4 s");
    course.check_at_rest(&worker).await;
}

/// Lets the worker look as often as it does by itself, with its own back-off.
async fn in_its_own_time(course: &Course, worker: &Worker) {
    let begun = Instant::now();
    while !course.is_there().await {
        course.run(worker).await;
        assert!(begun.elapsed() < Duration::from_secs(90), "not there: {}", course.trouble().await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// From when to when the cluster let ana do what the access to pods, or to nodes, allows.
fn worked(course: &Course, nodes: bool) -> (Timestamp, Timestamp) {
    let (mut begun, mut ended) = (None, None);
    course.world.objects(PROD).replay(|moment| {
        let arn = crate::town::Town::arn(WHO);
        let lets = if nodes {
            moment.lets(&arn, "list", "", "nodes", "")
        } else {
            moment.lets(&arn, "list", "", "pods", "payments")
        };
        if lets {
            begun.get_or_insert(moment.at());
            ended = None;
        } else if begun.is_some() {
            ended.get_or_insert(moment.at());
        }
    });
    (begun.unwrap(), ended.unwrap())
}

/// When an event was recorded, by its id and to the next millisecond.
async fn recorded(course: &Course, grant: GrantId, action: &str) -> Timestamp {
    let id: uuid::Uuid = sqlx::query_scalar("select id from event where grant_id = $1 and action = $2")
        .bind(grant.0)
        .bind(action)
        .fetch_one(course.world.town.owner.pool())
        .await
        .unwrap();
    let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
    let made = Timestamp::new(seconds.try_into().unwrap(), nanos.try_into().unwrap()).unwrap();
    made + SignedDuration::from_millis(1)
}

/// More answers than a minute of back-off asks for.
const MANY: u32 = 100_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_of_throttling_fails_nothing_for_good() {
    let mut course = Course::new().await;
    let worker = course.worker();
    for step in LIFE {
        match step {
            Step::Act(act) => course.act(act).await,
            Step::Work => {
                let tries = throttled_for_a_minute(&course, &worker).await;
                // A back-off that doubles from half a second: more tries would not honour the answers.
                assert!((3..=16).contains(&tries), "{tries} looks in a minute");
                course.work(&worker).await;
            }
        }
    }
    course.check_at_rest(&worker).await;
}

/// Answers every call of the worker with 429 until its back-offs add up to a minute. Gives how often it tried.
async fn throttled_for_a_minute(course: &Course, worker: &Worker) -> u32 {
    let (aws, knobs) = (course.world.simulator.aws().faults(), course.world.knobs(PROD));
    for service in ["iam:*", "eks:*"] {
        aws.next(service, usize::try_from(MANY).unwrap(), &Fault::Throttle);
    }
    knobs.fail(Pattern::on("*", "*").by("latchkey-worker"), Failure::TooManyRequests(1), MANY);
    let (mut passed, mut tries) = (Duration::ZERO, 0);
    while passed < Duration::from_mins(1) {
        let begun = Instant::now();
        course.run(worker).await;
        tries += 1;
        course.check_always().await;
        assert!(!course.is_blocked().await, "nobody has to act: {}", course.trouble().await);
        let Some(rest) = course.longest_rest("").await else { break };
        passed += rest.max(Duration::from_millis(300)) + begun.elapsed();
        course.world.rests_are_over().await;
    }
    aws.clear();
    knobs.heal();
    tries
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_principal_that_is_not_valid_yet_is_tried_until_it_is() {
    for (action, error) in [
        ("iam:PutUserPolicy", ApiError::new(400, "MalformedPolicyDocument", "Invalid principal in policy")),
        ("iam:PutUserPolicy", ApiError::new(404, "NoSuchEntity", "The user with name ana cannot be found.")),
        ("iam:TagUser", ApiError::new(404, "NoSuchEntity", "The user with name ana cannot be found.")),
        ("iam:GetUser", ApiError::new(404, "NoSuchEntity", "The user with name ana cannot be found.")),
    ] {
        let mut course = Course::new().await;
        let worker = course.worker();
        for act in [Act::AskToLook, Act::ApproveLook, Act::AskForNodes, Act::ApproveNodesFirst, Act::ApproveNodesLast] {
            course.act(act).await;
        }
        course.world.simulator.aws().faults().next(action, 3, &Fault::Fail(error.clone()));
        course.work(&worker).await;
        let calls = course.world.simulator.aws().faults().calls();
        let refused: Vec<_> = calls.iter().filter(|call| call.error.as_ref() == Some(&error.code)).collect();
        assert_eq!(refused.len(), 3, "{error} of {action}");
        let activated = recorded(&course, course.grants[1].0, "grant.activated").await;
        assert!(activated > refused[2].at, "{error} of {action}: active before IAM took it");
        course.check_at_rest(&worker).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_that_iam_does_not_show_for_a_moment_is_not_taken_for_gone() {
    let mut course = Course::new().await;
    let worker = course.worker();
    for act in [Act::AskToLook, Act::ApproveLook, Act::AskForNodes, Act::ApproveNodesFirst, Act::ApproveNodesLast] {
        course.act(act).await;
    }
    course.work(&worker).await;
    let gone = ApiError::new(404, "NoSuchEntity", "The user with name ana cannot be found.");
    course.world.simulator.aws().faults().next("iam:GetUser", 3, &Fault::Fail(gone));
    course.end_all().await;
    course.work(&worker).await;
    assert!(course.world.policy(WHO).is_none(), "ended, and the policy is there");
    course.check_at_rest(&worker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_iam_does_not_show_yet_is_not_taken_for_gone() {
    let mut course = Course::new().await;
    course.world.simulator.aws().faults().settle(IAM_SETTLES);
    let worker = course.worker();
    for act in [Act::AskToLook, Act::ApproveLook] {
        course.act(act).await;
    }
    course.work(&worker).await;
    course.end_all().await;
    course.work(&worker).await;
    assert_eq!(course.world.policy(WHO), None, "ended, and the policy is there");
    course.check_at_rest(&worker).await;
}
