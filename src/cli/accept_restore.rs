//! `latchkey accept-restore CLUSTER`.

use super::{owner, policy::system_user};
use crate::{config::Settings, store::fence};
use anyhow::Context;
use latchkey_domain::access::cluster::ClusterName;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cluster's name in policy.toml
    #[arg(value_name = "CLUSTER")]
    cluster: ClusterName,
    /// Who accepts, for the audit log [default: the user of this system]
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    let by = args.by.clone().unwrap_or_else(system_user);
    let accepted = fence::accept(&owner(settings)?, &args.cluster, &by)
        .await
        .with_context(|| format!("nothing was accepted for `{}`", args.cluster))?;
    println!(
        "`{}` is accepted: the worker grants there again, and counts on from epoch {}",
        args.cluster, accepted.epoch
    );
    Ok(ExitCode::SUCCESS)
}
