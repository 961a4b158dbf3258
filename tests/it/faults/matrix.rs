//! Every fault of every write: each write to AWS and to the cluster that a life without faults makes, and each way in
//! which it can fail.

use super::{
    cases,
    course::{Course, LIFE, PATIENCE, ROLE_LEFT, Step},
    places::{Place, places},
};
use latchkey::worker::{Worker, run_once};
use latchkey_simulator::gate::Gate;
use std::time::{Duration, Instant};

/// What goes wrong with one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The worker dies when the write has arrived, and the write has no effect.
    DieBefore,
    /// The worker dies when the write has had its effect.
    DieAfter,
    /// The write has its effect, and no answer comes in time.
    TimeOut,
    /// 409.
    Conflict,
    /// 429, with Retry-After.
    TooMany,
    /// 500.
    Internal,
    /// 403, until the right is given.
    Forbidden,
    /// The connection is cut before the effect.
    CutBefore,
    /// The connection is cut after the effect.
    CutAfter,
    /// The write hangs until the lease is over and another worker has done everything; then it arrives.
    Hang,
    /// The same, and the accesses are given back meanwhile.
    HangAndGivenBack,
    /// The write arrives after everything has ended.
    ComesLast,
}

impl Fault {
    const ALL: [Self; 12] = [
        Self::DieBefore,
        Self::DieAfter,
        Self::TimeOut,
        Self::Conflict,
        Self::TooMany,
        Self::Internal,
        Self::Forbidden,
        Self::CutBefore,
        Self::CutAfter,
        Self::Hang,
        Self::HangAndGivenBack,
        Self::ComesLast,
    ];

    /// The gate at which this fault stops the write.
    fn gate(self) -> Option<Gate> {
        match self {
            Self::DieBefore | Self::Hang | Self::HangAndGivenBack | Self::ComesLast => Some(Gate::before_effect()),
            Self::DieAfter => Some(Gate::before_answer()),
            Self::TimeOut
            | Self::Conflict
            | Self::TooMany
            | Self::Internal
            | Self::Forbidden
            | Self::CutBefore
            | Self::CutAfter => None,
        }
    }
}

/// A life with each kind of write: at its end a ClusterRole is left, and deleted.
fn life_of_all() -> Vec<Step> {
    LIFE.into_iter().chain(ROLE_LEFT).collect()
}

/// Seconds of Retry-After: more than any back-off of a first attempt, and than a loaded machine needs to look.
pub const RETRY_AFTER: u32 = 20;

/// A life in which one write is stopped, and its worker dies. Gives whether the write was made.
async fn stopped(life: Vec<Step>, place: Place, fault: Fault, gate: Gate) -> bool {
    let mut course = Course::new().await;
    place.hold(&course.world, gate.clone());
    let first = course.worker();
    let successor = course.worker();
    let mut gone = false;
    for step in life {
        match step {
            Step::Act(act) => course.act(act).await,
            Step::Work if gone => course.work(&successor).await,
            Step::Work => {
                gone = stops(&course, &first, &gate).await;
                if !gone {
                    continue;
                }
                course.check_always().await;
                match fault {
                    Fault::Hang => {
                        course.leases_are_over().await;
                        course.work(&successor).await;
                        gate.open();
                        gate.done().await;
                    }
                    Fault::HangAndGivenBack => {
                        given_back(course, &successor, &gate).await;
                        return true;
                    }
                    // The dead worker's time is not over: its write may still arrive, and is accepted.
                    Fault::ComesLast => {
                        course.leases_are_over().await;
                        course.world.rests_are_over().await;
                        course.work(&successor).await;
                        course.check_always().await;
                        continue;
                    }
                    _ => course.recover(&successor).await,
                }
                course.check_at_rest(&successor).await;
            }
        }
    }
    if gone && fault == Fault::ComesLast {
        course.check_always().await;
        gate.open();
        gate.done().await;
    }
    course.check_at_rest(&successor).await;
    gone
}

/// Lets a worker work until one of its writes stands at the gate; then the worker dies, in the middle of everything
/// else that it does. Gives whether a write stood at the gate before everything was done.
async fn stops(course: &Course, worker: &Worker, gate: &Gate) -> bool {
    let running = tokio::spawn({
        let worker = worker.clone();
        async move { run_once(&worker).await.map(drop) }
    });
    let dies = running.abort_handle();
    let arrived = tokio::select! {
        () = gate.arrived() => true,
        _ = running => false,
    };
    dies.abort();
    if !arrived {
        course.work(worker).await;
    }
    arrived
}

/// The holder gives everything back while a write of an ended run may still arrive. It arrives while the successor
/// takes the accesses away, and has no effect or is swept.
async fn given_back(mut course: Course, successor: &Worker, gate: &Gate) {
    course.end_all().await;
    course.leases_are_over().await;
    course.world.rests_are_over().await;
    course.run(successor).await;
    course.check_always().await;
    gate.open();
    gate.done().await;
    course.run(successor).await;
    course.check_always().await;
    course.recover(successor).await;
    course.check_at_rest(successor).await;
}

/// A life in which one write fails, and its worker goes on. Gives whether the write was made.
async fn failed(life: Vec<Step>, place: Place, fault: Fault) -> bool {
    let mut course = Course::new().await;
    place.fail(&course.world, fault);
    let worker = course.worker();
    let mut came = false;
    for step in life {
        let Step::Act(act) = step else {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let begun = Instant::now();
                course.run(&worker).await;
                if !came && place.is_past(&course.world) {
                    came = true;
                    course.check_always().await;
                    goes_wrong(&course, &worker, &place, fault, begun).await;
                }
                if course.is_there().await {
                    break;
                }
                assert!(Instant::now() < deadline, "not there: {}", course.trouble().await);
                course.world.rests_are_over().await;
            }
            course.check_always().await;
            continue;
        };
        course.act(act).await;
    }
    course.check_at_rest(&worker).await;
    came
}

/// Asserts what is particular to a fault that just happened.
async fn goes_wrong(course: &Course, worker: &Worker, place: &Place, fault: Fault, begun: Instant) {
    match fault {
        // An access ends without this write, and the next look takes the tag away.
        Fault::TooMany | Fault::Forbidden if place.is_a_mere_mark() => Place::heal(&course.world),
        Fault::TooMany => waits_as_asked(course, worker, place, begun).await,
        Fault::Forbidden => names_the_right(course, worker, place).await,
        _ => {}
    }
}

/// Asserts that nothing is sent again before the time in Retry-After.
async fn waits_as_asked(course: &Course, worker: &Worker, place: &Place, begun: Instant) {
    let rest = course.longest_rest("asked to call less often").await.unwrap_or_default();
    // Part of the rest passed while the run went on.
    let least = Duration::from_secs(u64::from(RETRY_AFTER)).saturating_sub(begun.elapsed());
    assert!(rest >= least, "rests {rest:?}, and {least:?} was asked for");
    let sent = place.count(&course.world);
    course.run(worker).await;
    assert_eq!(place.count(&course.world), sent, "sent again before the time that was asked for");
}

/// Asserts that the missing right is named as long as it is missing, and that everything goes on once it is given.
async fn names_the_right(course: &Course, worker: &Worker, place: &Place) {
    for _ in 0..2 {
        course.world.rests_are_over().await;
        course.run(worker).await;
        let trouble = course.trouble().await;
        let right = place.right();
        assert!(trouble.contains("What is missing: ") && trouble.contains(right), "{right} in {trouble}");
        assert!(course.is_blocked().await, "somebody has to act, and no leg says so: {trouble}");
        course.check_always().await;
    }
    Place::heal(&course.world);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_fault_of_any_write_breaks_a_promise() {
    let mut course = Course::new().await;
    let worker = course.worker();
    for step in life_of_all() {
        match step {
            Step::Act(act) => course.act(act).await,
            Step::Work => course.work(&worker).await,
        }
    }
    let places = places(&course.world);
    let all = Fault::ALL.into_iter().flat_map(|fault| {
        places.iter().map(move |place| {
            let (name, place) = (format!("{fault:?} of {place}"), place.clone());
            cases::case(name.clone(), async move {
                let life = if place.is_of_a_role_left() { life_of_all() } else { LIFE.to_vec() };
                let came = match fault.gate() {
                    Some(gate) => Box::pin(stopped(life, place, fault, gate)).await,
                    None => failed(life, place, fault).await,
                };
                assert!(came, "the write never came: nothing was tried");
            })
        })
    });
    let tried = cases::all(all.collect()).await.len();
    println!(
        "faults: {tried} write faults came about, of {} writes of one life x {} faults",
        places.len(),
        Fault::ALL.len()
    );
}
