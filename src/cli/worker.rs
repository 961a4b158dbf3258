//! `latchkey worker`: keeps IAM, aws-auth and RBAC as was decided.

use super::{Stage, Stop};
use crate::{
    aws::{Aws, AwsConfig},
    config::Settings,
    store::Store,
    worker::{self, Worker},
};
use anyhow::Context;
use std::process::ExitCode;

/// Where IAM and STS are reached when nothing names a region: IAM's own, which every account has.
const REGION: &str = "us-east-1";

pub(super) async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let store = Store::connect(settings.database.worker()?, settings.database.connections)?;
    let stop = Stop::on_signals().context("failed to listen to signals")?;
    let worker = Worker::new(store, Aws::new(&aws(settings)).await);
    tracing::info!("the worker begins");
    tokio::select! {
        // It waits for what is under way, for a while.
        () = worker::run(worker, stop.reached(Stage::Draining)) => tracing::info!("the worker ended"),
        () = stop.reached(Stage::Ending) => tracing::warn!("runs were cut off by a second signal"),
    }
    Ok(ExitCode::SUCCESS)
}

/// AWS, by these settings; credentials come from the SDK's default chain.
pub fn aws(settings: &Settings) -> AwsConfig {
    let aws = &settings.aws;
    let environment = || ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| std::env::var(name).ok());
    AwsConfig {
        region: aws.region.clone().or_else(environment).unwrap_or_else(|| REGION.to_owned()),
        iam_url: aws.iam_url.clone(),
        sts_url: aws.sts_url.clone(),
        eks_url: aws.eks_url.clone(),
        keys: None,
    }
}
