//! Real clusters for the demo: kube-apiserver behind the AWS IAM authenticator, which asks the simulator's STS.

use anyhow::Context as _;
use clap::ValueEnum;
use latchkey_components::{
    cluster::{Cluster, Prepared, Sts, Wanted},
    programs::Programs,
    sts_proxy::Answering,
};
use latchkey_simulator::{
    Simulator,
    seed::{ExternalServer, Seed, SeedCluster},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The cluster that is real then. There is only one: a kube-apiserver takes as much memory as everything else together,
/// and seconds to start.
pub const REAL: &str = "prod-eu";

/// The API servers of the clusters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kubernetes {
    /// The simulator, for all of them.
    #[default]
    Simulated,
    /// kube-apiserver and aws-iam-authenticator for `prod-eu`, the simulator for the rest.
    Real,
}

impl Kubernetes {
    /// As `--kubernetes` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::Real => "real",
        }
    }
}

/// The real cluster before it runs: its address is known, and EKS returns it.
pub struct Ahead {
    prepared: Prepared,
    programs: Programs,
    seed: SeedCluster,
    /// This file exists once the cluster has what the seed names.
    seeded: PathBuf,
}

/// The real cluster, running; it ends when this is dropped.
pub struct Running {
    _cluster: Cluster,
    sts: tokio::task::JoinHandle<()>,
}

impl Ahead {
    /// Finds the programs, and assigns the seed's cluster to a real API server that is still to be started.
    ///
    /// # Errors
    /// Programs are missing, or the folder cannot be written.
    pub async fn prepare(data: &Path, seed: &mut Seed) -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        let region = seed.region.clone();
        let real = seed.clusters.iter_mut().find(|cluster| cluster.name == REAL);
        let real = real.with_context(|| format!("the demo has no cluster {REAL}"))?;
        // The servers run in this folder, so a relative path would not lead to it.
        let folder = std::path::absolute(data.join("kubernetes").join(REAL))?;
        let wanted = Wanted { name: REAL, region: &region, folder: &folder, lasting: true, told: None };
        let prepared = Prepared::new(wanted, &latchkey::login::secret::token()).await?;
        let server = prepared.server().parse().context("the API server's address is not a URL")?;
        real.external = Some(ExternalServer { server, ca_pem: prepared.ca_pem().to_owned() });
        Ok(Self { seed: real.clone(), prepared, programs, seeded: folder.join("seeded") })
    }

    /// Starts it. The first start creates what the seed names; an object that is deleted later stays deleted.
    ///
    /// # Errors
    /// A program does not start, or the API server refuses an object.
    pub async fn start(self, simulator: &Simulator) -> anyhow::Result<Running> {
        let (cluster, sts) = self.prepared.start(&self.programs).await?;
        if !self.seeded.exists() {
            for object in objects(&self.seed) {
                cluster.create(&object).await?;
            }
            fs::write(&self.seeded, "").with_context(|| format!("failed to write {}", self.seeded.display()))?;
        }
        Ok(Running { _cluster: cluster, sts: tokio::spawn(answer(sts, simulator.aws_endpoint().to_string())) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.sts.abort();
    }
}

async fn answer(sts: Sts, endpoint: String) {
    if let Err(error) = sts.serve(Answering::Simulator(endpoint)).await {
        tracing::error!(error = format!("{error:#}"), "STS does not answer the authenticator any more");
    }
}

/// The objects of the seed without its pods, since no kubelet would run them.
fn objects(seed: &SeedCluster) -> Vec<Value> {
    let namespace = |name: &String| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    let aws_auth = seed.aws_auth.iter().map(|data| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": data,
            "metadata": { "name": "aws-auth", "namespace": "kube-system" },
        })
    });
    seed.namespaces.iter().map(namespace).chain(aws_auth).chain(seed.objects.iter().cloned()).collect()
}
