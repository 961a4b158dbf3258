//! The database's server ends at once, as `pg_ctl restart -m immediate` or a failover ends it, under a working portal
//! and worker.

use super::PATIENCE;
use crate::{
    rig::postgres::Postgres,
    stage::Stage,
    story::people::{LOOK, approve, ask, give_back, proven},
};
use http::StatusCode;
use latchkey::worker;
use std::time::{Duration, Instant};

/// The longest that a page may wait for the database: the portal's own time-out, and slack for a busy machine.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_under_a_working_portal_and_worker_loses_nothing_and_pages_say_so_meanwhile() {
    let server = Postgres::own().await;
    let Some(stage) = Stage::simulated_on(server).await else { return };
    let (ana, ben) = (proven(&stage, "ana").await, stage.signed_in("ben").await);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let working = tokio::spawn(worker::run(stage.worker.clone(), async { drop(stopped.await) }));
    let is = async |grant: &str, state: &str| {
        stage.wait_until(&format!("the access is {state}"), async || stage.state(grant).await == state).await;
    };

    // The server ends while an access is being set up, and again while it is being taken away.
    let request = ask(&stage, &ana, "ana", LOOK).await;
    let grant = approve(&stage, &ben, &request).await;
    for (address, reached, act) in [(request.clone(), "active", false), (format!("/grants/{grant}"), "ended", true)] {
        if act {
            give_back(&ana, &grant).await;
        }
        server.stop_at_once().await;
        for page in ["/", address.as_str(), "/status"] {
            let asked = Instant::now();
            let answer = ana.ask(page).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{page}: {}", answer.text());
            answer.says("Try again in a minute");
            assert!(asked.elapsed() < SOON, "{page} took {:?}", asked.elapsed());
        }
        assert_eq!(ana.ask("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(ana.ask("/healthz").await.status, StatusCode::OK);
        server.start_again().await;
        let back = Instant::now();
        stage.wait_until("the portal is ready", async || ana.ask("/readyz").await.status == StatusCode::OK).await;
        is(&grant, reached).await;
        println!("database: {reached} {:.1} s after the restart", back.elapsed().as_secs_f64());
        assert_eq!(ana.open(&address).await.status, StatusCode::OK);
    }
    let once =
        |action: &str| format!("select count(*)::text from event where action = '{action}' and grant_id = '{grant}'");
    for action in ["grant.started", "grant.activated", "grant.revoking", "grant.ended"] {
        assert_eq!(stage.value(&once(action)).await.as_deref(), Some("1"), "{action}");
    }
    assert_eq!(stage.bindings("payments").await.iter().filter(|(_, bound)| !bound.is_empty()).count(), 0);
    assert!(!stage.aws_auth().await["mapUsers"].contains("latchkey:ana"));
    drop(stop);
    tokio::time::timeout(PATIENCE, working).await.unwrap().unwrap();
}
