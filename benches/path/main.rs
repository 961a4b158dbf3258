//! How long people wait, on the real components: from the approval to the proven access, and from the end of time to
//! the first refusal at the API server; each beside the same outside calls made bare, one after the other. There is a
//! table of people who are mapped by lines of aws-auth, and one of those who are by access entries. Both are without
//! the time that a new entry takes to settle, and EKS's own API is the simulator, so that the second says nothing of
//! EKS's.
//!
//! `make bench` prints the tables. Samples alternate, so that a busy machine is equally busy for both. With the
//! argument `crowd` only fifty approvals at once are measured, with `one` only one at a time.
#![allow(clippy::unwrap_used, reason = "figures that cannot be taken fail, and say where")]
#![allow(clippy::disallowed_methods, reason = "tests look at the clock as people do")]

#[path = "../../tests/it/story/people.rs"]
mod people;
#[path = "../../tests/it/rig/mod.rs"]
mod rig;
#[path = "../../tests/it/stage/mod.rs"]
mod stage;
#[path = "../../tests/it/town/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the stage asks the town for its time alone")]
mod town;

mod bare;
mod crowd;
mod figures;

use bare::Bare;
use figures::Figures;
use latchkey_simulator::seed::AuthenticationMode::{Api, ConfigMap};
use people::{LOOK, ask, proven};
use stage::{Stage, browser::Browser};
use std::time::{Duration, Instant};

/// Samples of each figure.
const SAMPLES: usize = 30;
/// The pause between two looks at the database or the API server.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be made");
    let only = std::env::args().skip(1).find(|word| ["one", "crowd"].contains(&word.as_str()));
    if only.as_deref() != Some("crowd") {
        runtime.block_on(run());
    }
    if only.as_deref() != Some("one") {
        runtime.block_on(run_crowd());
    }
}

async fn run_crowd() {
    // Separate stages, so that leftovers of the other measurement are not in the figures.
    for mode in [ConfigMap, Api] {
        let stage = if mode == ConfigMap { Stage::real().await } else { Stage::real_with(mode).await };
        match stage {
            Some(stage) => crowd::run(&stage, mode).await,
            None => println!("no figures of a crowd: a component is missing, 'make tools' installs it"),
        }
    }
}

async fn run() {
    for (way, mode) in [("by a line of aws-auth", ConfigMap), ("by an access entry", Api)] {
        let stage = if mode == ConfigMap { Stage::real().await } else { Stage::real_with(mode).await };
        let (Some(stage), Some(simulated)) = (stage, Stage::simulated_in(mode).await) else {
            println!("no figures: a component is missing, 'make tools' installs it");
            return;
        };
        Box::pin(measure(&stage, simulated)).await.print(way);
    }
}

async fn measure(stage: &Stage, simulated: Stage) -> Figures {
    let (ana, ben) = (proven(stage, "ana").await, stage.signed_in("ben").await);
    let bare = Box::pin(Bare::new(stage, simulated)).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    stage.eks().aws().entry_knobs().propagate_after(Duration::ZERO);
    let worker = stage.worker.clone().settling(Duration::ZERO);
    let working = tokio::spawn(latchkey::worker::run(worker, async move { drop(stopped.await) }));
    // The first sample pays for connections, caches and plans.
    sample(stage, &ana, &ben).await;
    bare.grant().await;
    bare.revoke().await;

    let mut figures = Figures::default();
    for _ in 0..SAMPLES {
        let taken = sample(stage, &ana, &ben).await;
        figures.granted.push(taken.granted);
        figures.refused.push(taken.refused);
        figures.first_calls_refused += usize::from(!taken.first_call);
        figures.first_kubectl_refused += usize::from(!taken.first_kubectl);
        figures.bare_grant.push(bare.grant().await);
        figures.bare_revoke.push(bare.revoke().await);
    }
    drop(stop);
    let _ = working.await;
    figures
}

/// One access, from its approval to its end.
struct Sample {
    granted: Duration,
    refused: Duration,
    first_call: bool,
    first_kubectl: bool,
}

/// A token signed within the same second is the same token, and the API server caches its refusal for a second: the
/// calls that waited for the last sample's end must not influence the first calls of this sample.
const TOKENS_DIFFER: Duration = Duration::from_millis(2_100);

async fn sample(stage: &Stage, ana: &Browser, ben: &Browser) -> Sample {
    tokio::time::sleep(TOKENS_DIFFER).await;
    let request = ask(stage, ana, "ana", LOOK).await;
    // The answer to the vote is awaited here, so that what a decider waits for is in the figure.
    let page = ben.open(&request).await;
    let form = page.form(&format!("{request}/votes")).with("verdict", "approve").with("reason", "");
    let approved = Instant::now();
    let answer = ben.send(&form).await;
    assert_eq!(answer.status, http::StatusCode::SEE_OTHER, "{}", answer.text());
    let grant = people::grant_of(stage, &request).await.expect("an approved request has a grant");
    wait_for(stage, &grant, "active").await;
    let granted = approved.elapsed();
    let caller = stage.caller("ana");
    let first_call = caller.list_pods("payments").await == 200;
    let first_kubectl = stage.kubectl("ana").run("get pods -n payments").await.ok;

    // Business time moves ahead to the end, so that the end is now.
    let end = format!(
        "update business_clock set ahead = ahead + (select until - latchkey_now() from access_grant where id = '{grant}') \
         returning ahead::text"
    );
    stage.value(&end).await;
    let over = Instant::now();
    while caller.list_pods("payments").await == 200 {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let refused = over.elapsed();
    wait_for(stage, &grant, "ended").await;
    Sample { granted, refused, first_call, first_kubectl }
}

async fn wait_for(stage: &Stage, grant: &str, wanted: &str) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while stage.state(grant).await != wanted {
        assert!(Instant::now() < deadline, "the grant does not become {wanted}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
