//! `latchkey accept-restore CLUSTER`.

use super::{owner, policy::system_user};
use crate::{
    config::Settings,
    store::fence::{self, Fenced},
};
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
    let store = owner(settings)?;
    let fenced = fence::fenced(&store).await?.into_iter().find(|fenced| fenced.name == args.cluster.to_string());
    let accepted = fence::accept(&store, &args.cluster, &by)
        .await
        .with_context(|| format!("nothing was accepted for `{}`", args.cluster))?;
    println!(
        "`{}` is accepted: the worker grants there again, and counts on from epoch {}",
        args.cluster, accepted.epoch
    );
    print!("{}", fenced.map(|fenced| left_over(&fenced)).unwrap_or_default());
    Ok(ExitCode::SUCCESS)
}

/// What stood on the cluster at the last look and is nobody's here: lines.
fn left_over(fenced: &Fenced) -> String {
    let bindings = fenced.unknown_bindings.iter();
    let bindings = bindings.map(|binding| format!("{binding} belongs to no access here: the worker removes it now\n"));
    let names = fenced.unknown_names.iter().map(|name| {
        format!(
            "aws-auth maps somebody to `{name}`, which nobody here is: it allows nothing without a binding; take the \
             line out (`latchkey aws-auth edit --remove ARN`)\n"
        )
    });
    bindings.chain(names).collect()
}
