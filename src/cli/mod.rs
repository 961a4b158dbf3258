//! The commands of the binary. Each reports errors as sentences and ends with an exit code: 0 for success, 1 for an
//! error or a finding, 2 for invalid arguments or an edit that would be unsafe.

// The macros panic if the output is closed; `say`, `print` and `tell` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod accept_restore;
mod audit;
mod aws_auth;
pub mod bootstrap;
mod bounds;
mod check;
mod doctor;
mod internal;
mod listen;
pub mod log;
mod migrate;
mod policy;
pub mod serve;
mod shutdown;
mod token;
mod unread;
pub mod worker;

use crate::{
    config::{self, ConfigFault, Settings},
    database_url::DatabaseUrl,
    store::{Store, session},
};
use anyhow::bail;
use clap::{Parser, Subcommand};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

pub use bounds::Bounds;
pub use listen::serve as serve_connections;
pub use shutdown::{Stage, Stop};

/// Self-service access to EKS clusters: asked for, decided, proven and ended on time.
#[derive(Debug, Parser)]
#[command(name = "latchkey", version, about, propagate_version = true)]
pub struct Cli {
    /// The deployment's configuration [default: latchkey.toml]
    #[arg(long, global = true, env = "LATCHKEY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the portal
    Serve,
    /// Run a worker: it keeps IAM, access entries, aws-auth and RBAC in the state that was decided
    Worker,
    /// Bring the database's schema up to date
    Migrate,
    /// Report every fault of latchkey.toml and policy.toml
    Check(check::Args),
    /// Make a policy.toml current, or show the current one
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Print what the worker needs on a cluster: RBAC, ConfigMaps, its mapping and IAM policy
    Bootstrap(bootstrap::Args),
    /// Check everything that Latchkey depends on; changes nothing
    Doctor(doctor::Args),
    /// Accept a restored database for a cluster that has seen a later state: access is granted there again
    AcceptRestore(accept_restore::Args),
    /// Verify or export the audit log
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Read, check or edit an aws-auth ConfigMap, without a cluster and without a database
    AwsAuth(aws_auth::Args),
    /// Print a token for a cluster, as `aws eks get-token` does
    Token(token::Args),
}

/// The configuration file, if `--config` names none.
const CONFIG: &str = "latchkey.toml";

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, with its causes, for a person.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let config = self.config.as_deref();
        match self.command {
            Command::Serve => Box::pin(serve::run(&settings(config)?)).await,
            Command::Worker => Box::pin(worker::run(&settings(config)?)).await,
            Command::Migrate => Box::pin(migrate::run(&settings(config)?)).await,
            Command::Check(args) => check::run(config, &args),
            Command::Policy(command) => Box::pin(policy::run(&settings(config)?, command)).await,
            Command::Bootstrap(args) => bootstrap::run(&args),
            Command::Doctor(args) => Box::pin(doctor::run(config, &args)).await,
            Command::AcceptRestore(args) => Box::pin(accept_restore::run(&settings(config)?, &args)).await,
            Command::Audit(command) => Box::pin(audit::run(config, command)).await,
            Command::AwsAuth(args) => aws_auth::run(args),
            Command::Token(args) => Box::pin(token::run(&args)).await,
        }
    }

    /// Whether the command is a service, and so logs what it does.
    pub fn is_service(&self) -> bool {
        matches!(self.command, Command::Serve | Command::Worker)
    }
}

fn settings(config: Option<&Path>) -> anyhow::Result<Settings> {
    let path = config.unwrap_or(Path::new(CONFIG));
    match config::settings::load(path) {
        Ok(settings) => Ok(settings),
        Err(faults) => bail!("the configuration cannot be used\n{}", lines(&faults)),
    }
}

/// The faults, one a line.
fn lines(faults: &[ConfigFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The database as the schema's owner.
async fn owner(settings: &Settings) -> anyhow::Result<Store> {
    connected(settings.database.owner()?).await
}

/// The database as a role that can read it, with the first URL that is configured.
async fn reader(settings: &Settings) -> anyhow::Result<Store> {
    let database = &settings.database;
    let given = [&database.owner_url, &database.worker_url, &database.web_url].into_iter().flatten().next();
    match given {
        Some(url) => connected(url).await,
        None => connected(database.owner()?).await,
    }
}

/// A database that answers and is fit for use; else the error tells the operator why at once.
async fn connected(url: &DatabaseUrl) -> anyhow::Result<Store> {
    match session::unfit_at(url).await? {
        None => Ok(Store::connect(url, 2)),
        Some(unfit) => Err(unfit.into()),
    }
}

/// Writes a line to standard output, as [`print`] does.
fn say(line: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    print(&format!("{line}\n"))
}

/// Writes a line to standard error. A failure is ignored, since it could not be reported.
pub fn tell(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Writes to standard output. A reader that has read enough (`| head`) is not an error.
fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}
