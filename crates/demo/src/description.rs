//! The description of a running demo: printed, and written as JSON into its data folder and to the file of
//! `--describe`.

use crate::person::{ADMIN, WORKER};
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::{
    fmt::{self, Write as _},
    path::{Path, PathBuf},
};

/// The addresses of everything, and the people to sign in as.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Description {
    pub portal: String,
    pub issuer: String,
    pub aws: AwsEndpoint,
    /// The owner's URL of the database.
    pub database: String,
    pub people: Vec<DescribedPerson>,
    /// The identity that the worker acts as.
    pub worker: DescribedUser,
    /// The identity that administrates the clusters.
    pub admin: DescribedUser,
    pub clusters: Vec<DescribedCluster>,
}

/// The simulated AWS.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AwsEndpoint {
    pub endpoint: String,
    pub region: String,
}

/// A person to sign in as.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DescribedPerson {
    pub handle: String,
    pub name: String,
    pub email: String,
    pub roles: Vec<String>,
    pub aws: Option<DescribedUser>,
}

/// An AWS identity and its keys.
#[derive(Clone, Serialize, Deserialize)]
pub struct DescribedUser {
    pub arn: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    /// The token of a role's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
}

impl fmt::Debug for DescribedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DescribedUser").field("arn", &self.arn).finish_non_exhaustive()
    }
}

/// A cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DescribedCluster {
    pub name: String,
    pub arn: String,
    pub server: String,
    pub ca_file: String,
    pub mode: String,
    /// Whether kube-apiserver answers; if not, the simulator does.
    #[serde(default)]
    pub real: bool,
}

/// The default data folder: for root, a place that other users can reach.
pub fn default_data() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    match (data, home) {
        (_, Some(home)) if home == Path::new("/root") => "/var/lib/latchkey-demo".into(),
        (Some(data), _) => data.join("latchkey-demo"),
        (None, Some(home)) => home.join(".local/share/latchkey-demo"),
        (None, None) => "/var/tmp/latchkey-demo".into(),
    }
}

/// The file in the data folder that the other commands read.
pub fn file(data: &Path) -> PathBuf {
    data.join("demo.json")
}

/// Reads the description that a running demo wrote.
pub fn read(data: &Path) -> anyhow::Result<Description> {
    let path = file(data);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("no demo keeps its data in {}: start one with `make demo`", data.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not what a demo writes", path.display()))
}

/// Writes a file that only its owner may read. The keys in it are the simulator's own, but they are keys.
pub fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path).with_context(|| format!("failed to write {}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("failed to write {}", path.display()))
}

impl Description {
    /// Writes the description as JSON.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        write_private(path, &serde_json::to_string_pretty(self)?)
    }

    /// At most 25 lines for the terminal.
    pub fn text(&self, data: &Path, requester: &str) -> String {
        let mut text = String::new();
        let mut program = std::env::args().next().unwrap_or_else(|| "latchkey-demo".into());
        if data != default_data() {
            let _ = write!(program, " --data {}", data.display());
        }
        let _ = writeln!(text, "\nLatchkey is at  {}\n\nSign in as", self.portal);
        for person in &self.people {
            let note =
                if person.roles.iter().any(|role| role == "newcomer") { ": AWS identity not proven yet" } else { "" };
            let _ = writeln!(text, "  {:<5} {}{note}", person.handle, person.roles.join(", "));
        }
        let names: Vec<String> = self
            .clusters
            .iter()
            .map(|cluster| {
                let what = if cluster.real { "real: kube-apiserver, aws-iam-authenticator" } else { "simulated" };
                format!("{} ({}, {what})", cluster.name, cluster.mode)
            })
            .collect();
        let _ = writeln!(text, "\nClusters  {}", names.join(", "));
        let _ = writeln!(text, "AWS       {} (open it: it shows what it holds)", self.aws.endpoint);
        let _ = writeln!(text, "Data      {}", data.display());
        let _ = writeln!(text, "\nUse kubectl as {requester}, before and after an approval");
        let context = self.clusters.first().map(|cluster| cluster.arn.as_str()).unwrap_or_default();
        let _ = writeln!(text, "  {program} as {requester} -- kubectl --context {context} get pods -n payments");
        let _ = writeln!(text, "Operate it, as its worker\n  {program} as {WORKER} -- latchkey doctor");
        let _ = writeln!(text, "Interfere, as an administrator of the clusters");
        let _ = writeln!(text, "  {program} as {ADMIN} -- kubectl -n kube-system edit configmap aws-auth");
        let _ = writeln!(text, "Move business time  {program} advance 2h");
        let _ = write!(text, "Stop with Ctrl-C; start over by removing the data folder.");
        text
    }
}
