//! `latchkey policy apply` and `latchkey policy show`.

use super::{lines, owner, print, reader, say, tell};
use crate::{
    config::{Settings, policy},
    store::policies::{self, Application, AppliedPolicy},
};
use anyhow::{Context, bail};
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, clap::Subcommand)]
pub enum PolicyCommand {
    /// Make a policy.toml current
    Apply(ApplyArgs),
    /// Print the current policy.toml; its hash goes to standard error
    Show,
}

#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    /// The policy.toml
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Apply only if the policy with this hash is current
    #[arg(long, value_name = "HASH")]
    expect: Option<String>,
    /// Allow this cluster or profile to be removed, and end the accesses that people have through it
    #[arg(long, value_name = "NAME")]
    drain: Vec<String>,
    /// End the pending requests, and the accesses not yet set up, that this policy would not grant
    #[arg(long)]
    end_refused: bool,
    /// Who applies it, for the audit log [default: the user of this system]
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
}

pub async fn run(settings: &Settings, command: PolicyCommand) -> anyhow::Result<ExitCode> {
    match command {
        PolicyCommand::Apply(args) => apply(settings, &args).await,
        PolicyCommand::Show => show(settings).await,
    }
}

async fn apply(settings: &Settings, args: &ApplyArgs) -> anyhow::Result<ExitCode> {
    let name = args.file.display().to_string();
    let body = std::fs::read_to_string(&args.file).with_context(|| format!("failed to read {name}"))?;
    let policy::CheckedPolicy { policy, faults } = policy::check(&name, &body);
    let Some(file) = policy else { bail!("the policy is refused; the current one stays\n{}", lines(&faults)) };
    if !faults.is_empty() {
        tell(format_args!("{}", lines(&faults)));
    }
    let hash = policy::hash(&body);
    let by = args.by.clone().unwrap_or_else(system_user);
    let application = Application {
        file: &file,
        hash: &hash,
        body: &body,
        expected: args.expect.as_deref(),
        drain: &args.drain,
        end_refused: args.end_refused,
        by: &by,
    };
    let applied = policies::apply(&owner(settings).await?, &application)
        .await
        .context("the policy was not applied; the current one stays")?;
    say(format_args!("{}", told(&hash, &applied)))?;
    Ok(ExitCode::SUCCESS)
}

fn told(hash: &str, applied: &AppliedPolicy) -> String {
    if !applied.changed {
        return format!("the policy {hash} is current already");
    }
    let mut told = vec![format!("the policy {hash} is current now")];
    let names = |names: &[latchkey_domain::access::cluster::ClusterName]| {
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    if !applied.added.is_empty() {
        told.push(format!("clusters added: {}", names(&applied.added)));
    }
    if !applied.dropped.is_empty() {
        told.push(format!("clusters dropped: {}", names(&applied.dropped)));
    }
    if !applied.retaken.is_empty() {
        told.push(format!("clusters that were gone, taken on as they are now: {}", names(&applied.retaken)));
    }
    if applied.ending > 0 {
        told.push(format!("accesses that end now: {}", applied.ending));
    }
    if applied.closed > 0 {
        told.push(format!("requests that are closed now: {}", applied.closed));
    }
    told.join("\n")
}

async fn show(settings: &Settings) -> anyhow::Result<ExitCode> {
    let current = policies::current(reader(settings).await?.pool()).await?;
    let Some(current) = current else {
        bail!("no policy was applied yet: run `latchkey policy apply policy.toml`");
    };
    tell(format_args!("{}", current.hash));
    print(&current.body)?;
    Ok(ExitCode::SUCCESS)
}

/// The name of the operator from the environment; under sudo, the name of the user who called sudo.
pub(super) fn system_user() -> String {
    ["SUDO_USER", "USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()))
        .unwrap_or_else(|| "unknown".to_owned())
}
