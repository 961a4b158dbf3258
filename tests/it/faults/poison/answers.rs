//! What an API server, or AWS, may answer in place of what was asked for: without end, huge, a byte at a time, with a
//! redirect, or with a page for people. Nothing else waits for a server that answers so.

use super::{
    super::cases::{all, case},
    scene::{Others, Scene},
};
use crate::worker::PROD;
use latchkey_simulator::{
    aws,
    kubernetes::{Failure, Pattern, Strange},
};
use std::time::Duration;

/// More requests than any of these cases makes.
const ALWAYS: u32 = 1_000_000;

/// Longer than the worker waits for an answer.
const TOO_LATE: Duration = Duration::from_secs(20);

const DRIP: Duration = Duration::from_millis(500);

/// Such answers of an API server.
const OF_CLUSTERS: [Failure; 10] = [
    Failure::Strange(Strange::Endless),
    Failure::Strange(Strange::Huge(64)),
    Failure::Strange(Strange::Dripping(DRIP)),
    Failure::Strange(Strange::Redirect("http://127.0.0.1:1/")),
    Failure::Strange(Strange::Html(200)),
    Failure::Strange(Strange::Html(502)),
    Failure::Late(TOO_LATE),
    Failure::TooManyRequests(100_000),
    Failure::Internal,
    Failure::CutBefore,
];

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_of_one_cluster_stops_another() {
    let mut cases = Vec::new();
    for verb in ["list", "get", "*"] {
        for failure in OF_CLUSTERS {
            cases.push(case(format!("{failure:?} to {verb}"), async move {
                let scene = Scene::new().await;
                scene.world.knobs(PROD).fail(Pattern::on(verb, "*"), failure, ALWAYS);
                let new = scene.world.approved("gus").await;
                let (others, ()) = tokio::join!(tokio::time::timeout(super::scene::PATIENCE, working(&scene)), async {
                    scene.look().await;
                });
                others.expect("others are waited for no longer than usual");
                assert_ne!(scene.world.state(new).await, "active", "nothing is proven by such answers");
                assert!(scene.told().await > 0, "an operator is told");
                scene.world.knobs(PROD).heal();
            }));
        }
    }
    let tried = all(cases).await.len();
    println!("poison: {tried} ways in which a cluster answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_about_its_kinds_stops_access_on_that_cluster() {
    let mut cases = Vec::new();
    for failure in OF_CLUSTERS {
        cases.push(case(format!("{failure:?} to discovery"), async move {
            let scene = Scene::new().await;
            for path in ["/api", "/apis"] {
                scene.world.knobs(PROD).fail(Pattern::on("get", path), failure, ALWAYS);
            }
            let new = scene.world.approved("gus").await;
            scene.until(new, "active").await;
            scene.world.knobs(PROD).heal();
        }));
    }
    let tried = all(cases).await.len();
    println!("poison: {tried} ways in which a cluster answers about its kinds");
}

/// Another worker beside the one that waits for that cluster, so that there are places for the other targets.
async fn working(scene: &Scene) {
    scene.others_go_their_way(Others::Staging).await;
}

/// Such answers of AWS, to a call about one user.
fn of_aws() -> Vec<(&'static str, aws::Fault)> {
    vec![
        ("late", aws::Fault::Slow(TOO_LATE)),
        ("silent", aws::Fault::Silent),
        ("cut", aws::Fault::CutBefore),
        ("throttled for long", aws::Fault::ThrottleFor(100_000)),
        (
            "an error of a later version",
            aws::Fault::Fail(aws::ApiError::new(418, "Later\u{202e}Version", "x".repeat(100_000))),
        ),
        ("an error without a code", aws::Fault::Fail(aws::ApiError::new(500, "", ""))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_of_aws_about_one_user_stops_another() {
    let cases = of_aws().into_iter().map(|(name, fault)| {
        case(name, async move {
            let scene = Scene::new().await;
            scene.world.give_back("ana", scene.grant).await;
            // The next calls are about ana's user: no other target is due.
            scene.world.simulator.aws().faults().next("iam:GetUser", 1, &fault);
            scene.world.run().await;
            scene.others_go_their_way(Others::Both).await;
            scene.world.simulator.aws().faults().clear();
            scene.world.rests_are_over().await;
            scene.until(scene.grant, "ended").await;
        })
    });
    let tried = all(cases.collect()).await.len();
    println!("poison: {tried} ways in which AWS answers");
}
