//! `latchkey worker`: keeps IAM, access entries, aws-auth and RBAC in the state that was decided.

use super::{Stage, Stop, internal};
use crate::{
    aws::{Aws, AwsConfig},
    config::Settings,
    store::Store,
    worker::{self, Worker},
};
use anyhow::Context;
use axum::{Router, extract::State, http::StatusCode, routing::get};
use std::{process::ExitCode, time::Duration};

/// The region of IAM and STS if none is configured: IAM's own region, which every account has.
const REGION: &str = "us-east-1";

pub(super) async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let store = Store::connect(settings.database.worker()?, settings.database.connections);
    let stop = Stop::on_signals().context("failed to listen to signals")?;
    let worker = Worker::new(store, Aws::new(&aws(settings)).await).settling(settings.aws.entry_settle);
    tracing::info!("the worker begins");
    let machines = tokio::spawn(internal::serve(settings.worker.internal, for_machines(worker.clone()), stop.clone()));
    tokio::select! {
        // The worker waits a limited time for runs in progress.
        () = worker::run(worker, stop.reached(Stage::Draining)) => tracing::info!("the worker ended"),
        () = stop.reached(Stage::Ending) => tracing::warn!("runs were cut off by a second signal"),
    }
    machines.abort();
    Ok(ExitCode::SUCCESS)
}

/// A worker looks every 250 ms: one that has not for this long stands still, or cannot reach the database.
const LOOKS_WITHIN: Duration = Duration::from_mins(1);

/// The health checks of a worker: `/healthz`, whether its process answers; `/readyz`, whether it completed a look for
/// what is due within the last minute.
pub fn for_machines(worker: Worker) -> Router {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(readyz)).with_state(worker)
}

async fn readyz(State(worker): State<Worker>) -> (StatusCode, String) {
    readiness(worker.looked_ago())
}

fn readiness(looked_ago: Duration) -> (StatusCode, String) {
    let seconds = looked_ago.as_secs();
    if looked_ago <= LOOKS_WITHIN {
        return (StatusCode::OK, format!("ready: looked for what is due {seconds} s ago\n"));
    }
    let text = format!("not ready: no whole look for what is due in {seconds} s; the log says why\n");
    (StatusCode::SERVICE_UNAVAILABLE, text)
}

/// The AWS configuration of these settings; credentials come from the SDK's default chain.
pub fn aws(settings: &Settings) -> AwsConfig {
    let aws = &settings.aws;
    let environment = || ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| std::env::var(name).ok());
    AwsConfig {
        region: aws.region.clone().or_else(environment).unwrap_or_else(|| REGION.to_owned()),
        iam_url: aws.iam_url.clone(),
        sts_url: aws.sts_url.clone(),
        eks_url: aws.eks_url.clone(),
        keys: None,
        proxies: settings.proxies.clone(),
        proxy_clusters: aws.proxy_clusters,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_ready_while_it_looks() {
        assert_eq!(readiness(Duration::from_secs(1)).0, StatusCode::OK);
        let (status, text) = readiness(Duration::from_secs(61));
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(text.contains("in 61 s"), "{text}");
    }
}
