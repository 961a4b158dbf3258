//! The life of two people under one role of Identity Center, whose one mapping is both's: a worker that dies at any step
//! of it cuts neither, and leaves nothing once both are gone.

use super::{cases, course::Course};
use crate::{town::view, worker::World};
use latchkey::{
    actions::own::{self, ProvenIdentity},
    fail_point::Life,
    web::AskForm,
};
use latchkey_domain::eks::arn::PrincipalArn;
use latchkey_simulator::seed::{AuthenticationMode, SeedPermissionSet};

/// What one of them does; the worker then carries it out.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// Is given an access.
    On(&'static str),
    /// Gives it back.
    Off(&'static str),
}

use Turn::{Off, On};

/// Who came first goes first, or last.
const FIRST_GOES: [Turn; 4] = [On("ana"), On("gus"), Off("ana"), Off("gus")];
const LAST_GOES: [Turn; 4] = [On("ana"), On("gus"), Off("gus"), Off("ana")];

/// Fewer permits, commits and outcomes than the life has: with fewer, the worker was not ended at some of them.
const POINTS: u32 = 45;

/// The name of a person's session.
fn session(handle: &str) -> String {
    format!("{handle}@example.com")
}

/// A role of which ana and gus have proven sessions, and which a worker has looked at; its ARN.
async fn role_of_both(world: &World) -> String {
    let aws = world.simulator.aws();
    let name = aws.add_identity_center_role(&SeedPermissionSet::new("payments-dev", "0123456789abcdef")).unwrap();
    let (arn, unique_id) = (aws.role_arn(&name).unwrap(), aws.role_id(&name).unwrap());
    for handle in ["ana", "gus"] {
        world.comes_by(handle, &name, &session(handle)).await;
        let proven = ProvenIdentity {
            arn: PrincipalArn::parse(&arn).unwrap().canonical(),
            unique_id: unique_id.clone(),
            session: Some(session(handle).parse().unwrap()),
        };
        own::own(&world.town.web, world.town.person(handle), None, &proven).await.unwrap();
    }
    world.run().await;
    arn
}

async fn act(course: &mut Course, role: &str, held: &mut Vec<(&'static str, usize)>, turn: Turn) {
    match turn {
        On(who) => {
            let form = AskForm { principal: role.to_owned(), ..view() };
            let grant = course.world.approved_ask(who, &form).await;
            held.push((who, course.grants.len()));
            course.grants.push((grant, "active"));
        }
        Off(who) => {
            let at = held.iter().position(|(holder, _)| *holder == who).unwrap();
            let (_, grant) = held.remove(at);
            course.world.give_back(who, course.grants[grant].0).await;
            course.grants[grant].1 = "ended";
        }
    }
}

/// The whole life, with a worker that dies after this many steps, and another worker after it. Gives whether the first
/// died, and how many steps it took.
async fn lived(steps: u32, mode: AuthenticationMode, turns: [Turn; 4]) -> (bool, u32) {
    let mut course = Course::in_mode(mode).await;
    let role = role_of_both(&course.world).await;
    let mut held = Vec::new();
    let life = Life::of(steps);
    let mut worker = course.worker();
    let mut dead = false;
    for turn in turns {
        act(&mut course, &role, &mut held, turn).await;
        if dead {
            course.work(&worker).await;
            continue;
        }
        while !life.is_over() && !course.is_there().await {
            life.does(course.run(&worker)).await;
            course.world.rests_are_over().await;
        }
        course.check_always().await;
        if life.is_over() {
            dead = true;
            worker = course.worker();
            course.recover(&worker).await;
            course.check_at_rest(&worker).await;
        }
    }
    let spent = life.spent();
    course.check_at_rest(&course.worker()).await;
    (dead, spent)
}

async fn dies_everywhere(mode: AuthenticationMode, turns: [Turn; 4]) {
    let (died, points) = lived(u32::MAX, mode, turns).await;
    assert!(!died);
    assert!(points >= POINTS, "only {points} steps in one life");
    let lives =
        (0..points).map(|steps| cases::case(format!("death at step {steps} of {points}"), lived(steps, mode, turns)));
    let deaths = cases::all(lives.collect()).await.into_iter().filter(|(died, _)| *died).count();
    println!("faults: {deaths} points of death over two people under one role, in mode {}", mode.as_str());
    let all = std::env::var_os("LATCHKEY_CASE").is_none();
    assert!(!all || u32::try_from(deaths).unwrap() + 3 >= points, "{deaths} of {points}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_dies_over_two_people_under_one_line_cuts_neither_and_leaves_nothing() {
    dies_everywhere(AuthenticationMode::ConfigMap, FIRST_GOES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_dies_over_two_people_under_one_entry_cuts_neither_and_leaves_nothing() {
    dies_everywhere(AuthenticationMode::Api, LAST_GOES).await;
}
