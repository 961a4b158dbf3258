//! `latchkey doctor`: checks everything that Latchkey depends on, and changes nothing.
//!
//! The exit code is 0 if all is well, 1 if a check failed (or, with `--strict`, warned), 2 if it could not run.
//!
//! The transactions of its connections are read only, and it sends clusters only reviews and dry runs, which take no
//! permit since nothing is stored. The rights that it checks are defined elsewhere, once: the rights on a cluster and
//! in AWS are those that [`latchkey_domain::plan::bootstrap`] prints, taken apart by [`latchkey_domain::plan::rights`];
//! those of the database roles are read from the `grant` statements of the migrations. So a right that is added is
//! checked at once. Missing RBAC is added by separate roles, named by the hash of their rules, so that pasting it
//! replaces nothing.

mod aws;
mod cluster;
mod database;
mod identity_provider;
mod report;
mod rights;
mod way;
mod work;

use super::{CONFIG, lines, print, tell, worker};
use crate::{
    actions::policy::{self, NoPolicy},
    aws::Aws,
    config::{self, Settings},
    fault::{self, Fault, FaultKind},
    machine,
    store::Store,
    words,
};
use clap::ValueEnum;
use futures::{StreamExt as _, stream};
use latchkey_domain::access::{
    cluster::ClusterName,
    policy::{PolicyCluster, PolicyFile},
};
use report::{CheckResult, Report, ReportSection, SectionSubject, Status};
use std::{
    error::Error as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

/// The checks could not run, as opposed to: they ran and found something.
const COULD_NOT_RUN: u8 = 2;
/// The most clusters that are checked at a time.
const CLUSTERS_AT_ONCE: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// For people
    Text,
    /// With stable keys
    Json,
}

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How to print the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Text, value_name = "FORMAT")]
    format: ReportFormat,
    /// Check only this cluster (may be given more than once) [default: all of the policy]
    #[arg(long = "cluster", value_name = "NAME")]
    clusters: Vec<ClusterName>,
    /// Check against this policy [default: the current one in the database]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The ARN of the permissions boundary of people's users
    #[arg(long, value_name = "ARN")]
    permissions_boundary: Option<String>,
    /// Fail on warnings, too
    #[arg(long)]
    strict: bool,
    /// How long one check may take
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
}

/// What every check can use.
struct Desk<'a> {
    settings: &'a Settings,
    args: &'a Args,
    /// The database, as a role that can read it.
    store: Option<Store>,
    /// The policy, with only the clusters that were asked for.
    policy: Option<PolicyFile>,
    limit: Duration,
}

pub async fn run(config: Option<&Path>, args: &Args) -> anyhow::Result<ExitCode> {
    let path = config.unwrap_or(Path::new(CONFIG));
    let settings = match config::settings::load(path) {
        Ok(settings) => settings,
        Err(faults) => return Ok(could_not_run(&format!("the configuration cannot be used\n{}", lines(&faults)))),
    };
    let begun = Instant::now();
    let limit = Duration::from_secs(args.timeout);
    let (database, store) = Box::pin(database::look(&settings, limit)).await;
    let (policy, no_policy) = match &args.policy {
        Some(file) => match read_policy(file) {
            Ok(policy) => (Some(policy), None),
            Err(why) => return Ok(could_not_run(&why)),
        },
        None => current_policy(store.as_ref(), limit).await,
    };
    let policy = match narrowed(policy, &args.clusters) {
        Ok(policy) => policy,
        Err(why) => return Ok(could_not_run(&why)),
    };
    let desk = Desk { settings: &settings, args, store, policy, limit };
    let (provider, work, outside) =
        tokio::join!(identity_provider::look(&desk), work::look(&desk, no_policy), outside(&desk));
    let section = |subject, findings| ReportSection { subject, findings };
    let mut sections = vec![
        section(SectionSubject::Database, database),
        section(SectionSubject::IdentityProvider, provider),
        section(SectionSubject::Work, work),
    ];
    sections.extend(outside);
    let report = Report { sections, took: begun.elapsed() };
    match args.format {
        ReportFormat::Text => print(&report.to_text())?,
        ReportFormat::Json => print(&report.to_json())?,
    }
    let bad = report.count(Status::Failed) > 0 || (args.strict && report.count(Status::Warning) > 0);
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn could_not_run(why: &str) -> ExitCode {
    tell(format_args!("latchkey: {why}"));
    ExitCode::from(COULD_NOT_RUN)
}

fn read_policy(file: &Path) -> Result<PolicyFile, String> {
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("failed to read {name}: {error}"))?;
    let checked = config::policy::check(&name.to_string(), &text);
    checked.policy.ok_or_else(|| format!("the policy cannot be used\n{}", lines(&checked.faults)))
}

/// The current policy, or why there is none.
async fn current_policy(store: Option<&Store>, limit: Duration) -> (Option<PolicyFile>, Option<CheckResult>) {
    let Some(store) = store else { return (None, None) };
    match tokio::time::timeout(limit, policy::current(store)).await {
        Ok(Ok(current)) => (Some(current.file.clone()), None),
        Ok(Err(error @ (NoPolicy::None | NoPolicy::Unreadable { .. }))) => {
            let said = words::doctor::work::no_policy(&error.to_string());
            (None, Some(CheckResult::failed("policy", said)))
        }
        // The checks of the database say why.
        Ok(Err(NoPolicy::Store(_))) | Err(_) => (None, None),
    }
}

/// The policy with only these clusters, if any are named.
fn narrowed(policy: Option<PolicyFile>, names: &[ClusterName]) -> Result<Option<PolicyFile>, String> {
    let Some(mut policy) = policy else { return Ok(None) };
    let known: Vec<&ClusterName> = policy.clusters.iter().map(|cluster| &cluster.name).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        let known: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
        return Err(format!("the policy has no cluster `{unknown}`; it has {}", known.join(", ")));
    }
    policy.clusters.retain(|cluster| names.is_empty() || names.contains(&cluster.name));
    Ok(Some(policy))
}

/// The checks of AWS and of every cluster.
async fn outside(desk: &Desk<'_>) -> Vec<ReportSection> {
    let mut findings = way::to_aws(desk);
    findings.extend(within(desk.limit, "aws.proofs", way::to_sts(desk)).await);
    let Some(policy) = &desk.policy else {
        let what = "AWS and the clusters: without the database, --policy FILE says which they are";
        findings.push(CheckResult::not_checked("policy", what));
        return vec![ReportSection { subject: SectionSubject::Aws, findings }];
    };
    let aws = Aws::new(&worker::aws(desk.settings)).await;
    let (found, caller) = aws::look(desk, policy, &aws).await;
    findings.extend(found);
    let mut sections = vec![ReportSection { subject: SectionSubject::Aws, findings }];
    let Some(caller) = caller else {
        sections.extend(policy.clusters.iter().map(|cluster| {
            let what = "nothing of it, since AWS does not say who Latchkey is";
            section_of(cluster, vec![CheckResult::not_checked("cluster.eks", what)])
        }));
        return sections;
    };
    let looks = policy
        .clusters
        .iter()
        .map(async |cluster| section_of(cluster, cluster::look(desk, policy, &aws, &caller, cluster).await));
    sections.extend(stream::iter(looks).buffered(CLUSTERS_AT_ONCE).collect::<Vec<_>>().await);
    sections
}

fn section_of(cluster: &PolicyCluster, findings: Vec<CheckResult>) -> ReportSection {
    ReportSection { subject: SectionSubject::Cluster(cluster.name.to_string()), findings }
}

/// The findings of a check, or that it took too long.
async fn within(
    limit: Duration,
    check: &'static str,
    look: impl Future<Output = Vec<CheckResult>>,
) -> Vec<CheckResult> {
    match tokio::time::timeout(limit, look).await {
        Ok(findings) => findings,
        Err(_elapsed) => vec![CheckResult::failed(check, words::doctor::timed_out(limit.as_secs()))],
    }
}

/// What failed, with the error message of the other side, if it sent one.
fn told(fault: &Fault) -> String {
    let answer = fault.source().and_then(|source| source.downcast_ref::<fault::Answer>());
    let told = answer.map_or_else(|| fault.to_string(), |answer| format!("{fault} ({answer})"));
    match fault.kind() {
        FaultKind::Refused { missing } if !told.contains(&missing.to_string()) => format!("{told}; missing: {missing}"),
        _ => told,
    }
}

/// By how many seconds this machine's clock is ahead of a time that was sent just now.
fn ahead_of(told: jiff::Timestamp) -> i64 {
    machine::now().duration_since(told).as_secs()
}
