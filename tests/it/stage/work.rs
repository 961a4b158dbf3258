//! Moves the worker and time on, and reads how far they are.

use super::Stage;
use crate::town;
use latchkey::worker::{self, RunReport};
use std::time::{Duration, Instant};

/// How long the slowest thing may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

impl Stage {
    /// Lets the worker do all that is due.
    pub async fn work(&self) -> RunReport {
        worker::run_once(&self.worker).await.unwrap()
    }

    /// Lets the worker work again and again until this is so.
    pub async fn work_until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        self.wait_until(what, async || {
            self.work().await;
            is_so().await
        })
        .await;
    }

    /// Polls until this is so: other processes bring it about.
    pub async fn wait_until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so().await {
            assert!(Instant::now() < deadline, "within {PATIENCE:?}, it did not come about that {what}: {}", {
                self.trouble().await
            });
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The worker's blockers, for the message of a test that fails.
    async fn trouble(&self) -> String {
        let legs: Vec<String> = sqlx::query_scalar(
            "select concat_ws(' ', g.state, l.target_kind, l.proven, l.condition, l.error, l.blocker::text, l.evidence::text)
             from grant_leg l join access_grant g on g.id = l.grant_id order by l.grant_id",
        )
        .fetch_all(self.owner.pool())
        .await
        .unwrap_or_else(|error| vec![error.to_string()]);
        let targets: Vec<String> =
            sqlx::query_scalar("select kind || ': ' || failure from target where failure is not null")
                .fetch_all(self.owner.pool())
                .await
                .unwrap_or_else(|error| vec![error.to_string()]);
        format!("{legs:#?} {targets:#?}")
    }

    /// Moves business time forward.
    pub async fn advance(&self, minutes: i32) {
        town::advance(&self.owner, minutes).await;
    }

    /// One value from the database, as text.
    pub async fn value(&self, query: &str) -> Option<String> {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_optional(self.owner.pool()).await.unwrap()
    }

    /// The state of a grant.
    pub async fn state(&self, grant: &str) -> String {
        self.value(&format!("select state from access_grant where id = '{grant}'")).await.unwrap()
    }
}
