//! Death at every point: of the worker at each of its permits and commits, and of the portal at each of its commits.

use super::{
    cases,
    course::{Act, Course, LIFE, Step},
};
use latchkey::fail_point::Life;
use latchkey_simulator::seed::AuthenticationMode;

/// Fewer permits, commits and outcomes than the whole life has: with fewer, the worker was not ended at some of them.
const POINTS: u32 = 90;

/// The whole life on a cluster in this mode, with a worker that dies after this many steps, and another worker after
/// it. Gives whether the first died, and how many steps it took.
async fn lived(steps: u32, mode: AuthenticationMode) -> (bool, u32) {
    let mut course = Course::in_mode(mode).await;
    let life = Life::of(steps);
    let mut worker = course.worker();
    let mut dead = false;
    for step in LIFE {
        match step {
            Step::Act(act) => course.act(act).await,
            Step::Work if dead => course.work(&worker).await,
            Step::Work => {
                while !life.is_over() && !course.is_there().await {
                    life.does(course.run(&worker)).await;
                    course.world.rests_are_over().await;
                }
                if life.is_over() {
                    dead = true;
                    course.check_always().await;
                    worker = course.worker();
                    course.recover(&worker).await;
                    course.check_at_rest(&worker).await;
                } else {
                    course.check_always().await;
                }
            }
        }
    }
    let spent = life.spent();
    let last = course.worker();
    course.check_at_rest(&last).await;
    (dead, spent)
}

async fn dies_everywhere(mode: AuthenticationMode) {
    let (died, points) = lived(u32::MAX, mode).await;
    assert!(!died);
    assert!(points >= POINTS, "only {points} steps in one life");
    let lives = (0..points).map(|steps| cases::case(format!("death at step {steps} of {points}"), lived(steps, mode)));
    let deaths = cases::all(lives.collect()).await.into_iter().filter(|(died, _)| *died).count();
    println!("faults: {deaths} points of death of a worker, of {points} steps in one life, in mode {}", mode.as_str());
    // Two targets are worked on at the same time, so that another life may have a few steps less.
    let all = std::env::var_os("LATCHKEY_CASE").is_none();
    assert!(!all || u32::try_from(deaths).unwrap() + 3 >= points, "{deaths} of {points}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_dies_at_any_permit_or_commit_of_a_life_breaks_no_promise() {
    dies_everywhere(AuthenticationMode::ConfigMap).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_dies_at_any_permit_or_commit_of_a_life_by_access_entries_breaks_no_promise() {
    dies_everywhere(AuthenticationMode::Api).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_dies_at_any_permit_or_commit_of_a_life_by_entries_beside_aws_auth_breaks_no_promise() {
    dies_everywhere(AuthenticationMode::ApiAndConfigMap).await;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dies {
    WhileItCommits,
    BeforeItAnswers,
}

async fn portal_died(at: Act, dies: Dies) {
    let mut course = Course::new().await;
    let worker = course.worker();
    for step in LIFE {
        match step {
            Step::Work => course.work(&worker).await,
            Step::Act(act) if act != at => course.act(act).await,
            Step::Act(act) => {
                if dies == Dies::WhileItCommits {
                    course.end_whoever_commits(true).await;
                    course.act_and_die(act).await;
                    course.end_whoever_commits(false).await;
                    course.check_always().await;
                }
                course.act(act).await;
                course.check_always().await;
                course.act_again(act).await;
            }
        }
    }
    course.check_at_rest(&worker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_portal_that_dies_at_any_commit_of_a_life_loses_nothing_and_decides_nothing_twice() {
    let of_portal = LIFE.into_iter().filter_map(|step| match step {
        Step::Act(Act::Meddle | Act::TimePasses) | Step::Work => None,
        Step::Act(act) => Some(act),
    });
    let deaths = of_portal.flat_map(|act| [(act, Dies::WhileItCommits), (act, Dies::BeforeItAnswers)]);
    let all = deaths.map(|(act, dies)| cases::case(format!("{act:?}, {dies:?}"), portal_died(act, dies))).collect();
    let points = cases::all(all).await.len();
    println!("faults: {points} points of death of a portal in one life");
}
