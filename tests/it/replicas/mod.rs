//! Several workers over one database: at once, one after the other's death, one that stands still and wakes, one whose
//! clock is wrong.

mod clocks;
mod crowd;
mod dead;
mod paused;
mod processes;
mod several;
mod tasks;

use crate::worker::{PROD, World};
use latchkey_domain::access::GrantId;
use latchkey_simulator::kubernetes::Pattern;
use std::{
    sync::mpsc,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// How long the slowest thing may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// A request that has arrived and is not handled until the test lets it go, as if its sender had stood still before it.
struct Held {
    arrived: oneshot::Receiver<()>,
    go: mpsc::Sender<()>,
}

impl Held {
    /// Holds the next request to prod-eu that matches.
    fn next(world: &World, pattern: Pattern) -> Self {
        let (tell, arrived) = oneshot::channel();
        let (go, wait) = mpsc::channel::<()>();
        world.knobs(PROD).before(pattern, move |_| {
            let _ = tell.send(());
            // Other tasks of this thread go on meanwhile.
            let _ = tokio::task::block_in_place(|| wait.recv_timeout(PATIENCE));
        });
        Self { arrived, go }
    }

    /// Waits until the request has arrived.
    async fn has_arrived(&mut self) {
        tokio::time::timeout(PATIENCE, &mut self.arrived).await.expect("the request came").unwrap();
    }

    /// Lets it be handled now.
    fn let_go(self) {
        self.go.send(()).unwrap();
    }
}

impl World {
    /// Ends the leases of now, as if their workers had stood still for so long.
    async fn leases_are_over(&self) {
        let over =
            "update target set lease_until = clock_timestamp() - interval '1 second' where lease_until is not null";
        sqlx::query(over).execute(self.town.owner.pool()).await.unwrap();
    }

    /// Makes the heartbeats of all workers old, as if they had been silent for a while.
    async fn workers_fell_silent(&self) {
        let silent = "update worker_heartbeat set seen_at = seen_at - interval '16 seconds'";
        sqlx::query(silent).execute(self.town.owner.pool()).await.unwrap();
    }

    async fn told_times(&self, action: &str, grant: GrantId) -> i64 {
        sqlx::query_scalar("select count(*) from event where action = $1 and grant_id = $2")
            .bind(action)
            .bind(grant.0)
            .fetch_one(self.town.owner.pool())
            .await
            .unwrap()
    }

    /// What findings of this kind say.
    async fn findings(&self, action: &str) -> Vec<String> {
        sqlx::query_scalar(
            "select convert_from(canonical, 'UTF8')::jsonb #>> '{detail,what}' from event where action = $1 order by id",
        )
        .bind(action)
        .fetch_all(self.town.owner.pool())
        .await
        .unwrap()
    }

    /// Latchkey's bindings in prod-eu that have a subject.
    fn binding(&self) -> Vec<String> {
        let bind =
            |object: &serde_json::Value| object["subjects"].as_array().is_some_and(|subjects| !subjects.is_empty());
        let name = |object: serde_json::Value| object["metadata"]["name"].as_str().unwrap().to_owned();
        self.bindings(PROD).into_iter().filter(bind).map(name).collect()
    }
}

/// Polls until this is so.
async fn wait_until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "within {PATIENCE:?}, it did not come about that {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
