//! `latchkey bootstrap CLUSTER`: prints what the worker needs on a cluster, and no more.

use super::{lines, print};
use crate::config::policy;
use anyhow::{Context, bail};
use latchkey_domain::{
    access::policy::{PolicyCluster, PolicyFile},
    eks::arn::{InvalidArn, PrincipalArn},
    plan::bootstrap::{config_maps, documented, iam_policy, iam_statements, own_entry_command, own_mapping, to_yaml},
};
use std::{fmt::Write, path::PathBuf, process::ExitCode};

pub use latchkey_domain::plan::bootstrap::{manifests, worker_iam_policy};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cluster's name in policy.toml
    #[arg(value_name = "CLUSTER")]
    cluster: String,
    /// The policy.toml with the clusters and profiles
    #[arg(long, value_name = "FILE", default_value = "policy.toml")]
    policy: PathBuf,
    /// The IAM user or role that the worker runs as [default: the role latchkey-worker of the cluster's account]
    #[arg(long, value_name = "ARN")]
    worker: Option<String>,
    /// The permissions boundary of people's IAM users: the worker then writes to users with it only
    #[arg(long, value_name = "ARN")]
    permissions_boundary: Option<String>,
    /// Leave conditions out of the IAM policy that AWS's documents do not confirm
    #[arg(long)]
    plain: bool,
    /// Print only this part, without comments
    #[arg(long, value_name = "PART")]
    only: Option<BootstrapPart>,
}

/// The parts of a bootstrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum BootstrapPart {
    /// For `kubectl apply`
    Rbac,
    /// For `kubectl create`: an existing one is not changed
    ConfigMaps,
    /// The worker's own entry, to be added to aws-auth by hand
    AwsAuth,
    /// The command that makes the worker's own access entry
    AccessEntry,
    /// The worker's IAM policy
    Iam,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let name = args.policy.display().to_string();
    let text = std::fs::read_to_string(&args.policy).with_context(|| format!("failed to read {name}"))?;
    let policy::CheckedPolicy { policy, faults } = policy::check(&name, &text);
    let Some(file) = policy else { bail!("the policy cannot be used\n{}", lines(&faults)) };
    let Some(cluster) = file.clusters.iter().find(|cluster| cluster.name.as_str() == args.cluster) else {
        let names: Vec<&str> = file.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        bail!("{name} has no cluster `{}`; it has {}", args.cluster, names.join(", "));
    };
    let worker = match &args.worker {
        Some(arn) => PrincipalArn::parse(arn)?,
        None => usual_worker(cluster)?,
    };
    let asked = Bootstrap {
        file: &file,
        cluster,
        worker: &worker,
        boundary: args.permissions_boundary.as_deref(),
        plain: args.plain,
    };
    match args.only {
        Some(part) => print(&asked.part(part))?,
        None => print(&asked.all())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The role that the guide creates.
fn usual_worker(cluster: &PolicyCluster) -> Result<PrincipalArn, InvalidArn> {
    let (partition, account) = (cluster.arn.partition(), cluster.arn.account());
    PrincipalArn::parse(&format!("arn:{partition}:iam::{account}:role/latchkey-worker"))
}

/// What is printed, and for whom.
struct Bootstrap<'a> {
    file: &'a PolicyFile,
    cluster: &'a PolicyCluster,
    worker: &'a PrincipalArn,
    boundary: Option<&'a str>,
    /// Whether the IAM policy has only conditions that AWS's documents confirm.
    plain: bool,
}

impl Bootstrap<'_> {
    fn part(&self, part: BootstrapPart) -> String {
        match part {
            BootstrapPart::Rbac => to_yaml(&manifests(self.file)),
            BootstrapPart::ConfigMaps => to_yaml(&config_maps()),
            BootstrapPart::AwsAuth => own_mapping(self.worker).1,
            BootstrapPart::AccessEntry => own_entry_command(self.worker, &self.cluster.arn),
            BootstrapPart::Iam => {
                let statements = iam_statements(self.file, self.boundary);
                iam_policy(&if self.plain { documented(statements) } else { statements })
            }
        }
    }

    /// All parts as YAML; the parts that are not for kubectl are in comments.
    fn all(&self) -> String {
        let part = |part| self.part(part);
        let Self { cluster, worker, boundary, .. } = self;
        let commented = |text: &str| text.lines().fold(String::new(), |out, line| out + "#   " + line + "\n");
        let key = own_mapping(self.worker).0;
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "# What Latchkey's worker needs on {name}, and no more. Another policy.toml may need more: run it again then.\n\
         # Each part alone: --only rbac|config-maps|aws-auth|access-entry|iam.\n\
         #\n\
         # 1. RBAC, for `kubectl apply -f`. The worker binds the profiles' ClusterRoles by name, and holds the rules of\n\
         #    profiles that carry their own; it never escalates.\n\
         {rbac}---\n\
         # 2. ConfigMaps that must exist, for `kubectl create -f`, which leaves one that exists as it is.\n\
         {maps}\
         # 3. The worker's own mapping. In the mode CONFIG_MAP, put this into {key} of kube-system/aws-auth:\n{mapping}\
         #    In the other modes:\n{entry}\
         # 4. The IAM policy of {worker}.\n{iam}",
            name = cluster.name,
            rbac = part(BootstrapPart::Rbac),
            maps = part(BootstrapPart::ConfigMaps),
            mapping = commented(&part(BootstrapPart::AwsAuth)),
            entry = commented(&part(BootstrapPart::AccessEntry)),
            iam = commented(&part(BootstrapPart::Iam)),
        );
        if boundary.is_none() {
            out.push_str(
            "#    It can give the users of its paths any permission: give those users a permissions boundary, and name it\n\
             #    with --permissions-boundary.\n",
        );
        }
        out
    }
}
