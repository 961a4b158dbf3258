//! `latchkey-demo`: Latchkey with everything around it on one machine: a PostgreSQL of its own, the simulator, the
//! portal and the worker in one process, on the product's code, unchanged.
//!
//! It starts the PostgreSQL in its data folder (as another user if it runs as root, which PostgreSQL refuses). The
//! product's code runs unchanged: OpenID Connect against the simulated provider, the AWS SDK against the simulated AWS,
//! the kube client against simulated API servers that authenticate `k8s-aws-v1.` tokens through aws-auth and evaluate
//! RBAC. Its past was made by the product's own actions. The worker is a role in `mapRoles`, with exactly what
//! `latchkey bootstrap` prints, as in `docs/operating.md`; a session of that role which lasts a year replaces the
//! service that would renew a worker's session. The simulator's state, CA and ports survive a restart, and so do an
//! operator's changes: only a first start creates the clusters' objects and applies the policy. It writes a
//! `latchkey.toml` into the data folder; `latchkey-demo as worker -- latchkey ...` runs any command with that file and
//! the worker's keys.
//!
//! With `--kubernetes=real`, `prod-eu` is etcd, kube-apiserver, the controllers that RBAC needs and
//! aws-iam-authenticator, started as the tests start theirs (`latchkey-components`): from `KUBEBUILDER_ASSETS`,
//! otherwise from what `make tools` built. The simulator remains AWS and OpenID: EKS's API returns the real server and
//! its CA, and the authenticator uses a proxy that passes its calls on to the simulator's STS with their signatures.
//! There are no nodes and pods. `staging-eu` stays simulated: a second API server would double the memory and the time
//! to start. etcd's data, keys and ports are in the data folder, so a restart finds everything again. A folder that
//! began with simulated clusters is refused, since what the database knows about them would be wrong. Each of these
//! programs depends on a pipe from the demo and ends with it, even if the demo is killed.
#![allow(clippy::disallowed_methods, reason = "what stands in for the world has the machine's own time")]

mod advance;
mod description;
mod history;
mod kubernetes;
mod person;
mod postgres;
mod run;
mod seed;

use clap::{Parser, Subcommand};
use kubernetes::Kubernetes;
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, Parser)]
#[command(name = "latchkey-demo", version, about = "Latchkey with everything around it on one machine")]
struct Arguments {
    /// Where the data is kept. As root, a place that PostgreSQL's own user can reach.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Writes what is printed, and the keys, as JSON to this file.
    #[arg(long, value_name = "FILE")]
    describe: Option<PathBuf>,
    /// The portal's port; by default the one of the last start, at first any free one.
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// What answers for the clusters; by default what did at the last start, at first the simulator.
    #[arg(long, value_enum, value_name = "WHAT")]
    kubernetes: Option<Kubernetes>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs kubectl or aws as one of the people: `latchkey-demo as ana -- kubectl get pods -n payments`. As `worker`, with
    /// its keys and latchkey.toml: `latchkey-demo as worker -- latchkey doctor`. As `admin`, whom the clusters allow
    /// everything: `latchkey-demo as admin -- kubectl -n kube-system edit configmap aws-auth`.
    As {
        /// One of the people, `worker` or `admin`.
        handle: String,
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Moves business time forward: `latchkey-demo advance 2h`. Accesses end and requests lapse by it.
    Advance {
        /// Hours, minutes and seconds: `2h`, `90m`, `1h 30m`.
        by: String,
    },
    /// What `aws` is where none is installed: makes the token that kubectl asks for.
    #[command(hide = true)]
    Aws {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("latchkey-demo: another TLS provider is installed already");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("latchkey-demo: failed to start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let data = arguments.data.clone().unwrap_or_else(description::default_data);
    let result = runtime.block_on(async {
        match arguments.command {
            None => {
                Box::pin(run::run(&data, arguments.describe.as_deref(), arguments.port, arguments.kubernetes)).await
            }
            Some(Command::As { handle, command }) => person::run_as(&data, &handle, &command).await,
            Some(Command::Advance { by }) => advance::advance(&data, &by).await,
            Some(Command::Aws { arguments }) => Box::pin(person::aws(&arguments)).await,
        }
    });
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("latchkey-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}
