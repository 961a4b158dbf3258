#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed"))]
//! A stateful fake of the systems that Latchkey talks to. Other clients (kubectl, the AWS CLI, a browser) can use it,
//! too.
//!
//! - [`aws`]: IAM, STS and EKS.
//! - [`kubernetes`]: API servers that authenticate through access entries and aws-auth, and evaluate RBAC.
//! - [`gate`]: stops a request for a test.
//! - [`openid`]: an OpenID provider whose sign-in page shows the people as buttons.
//! - [`seed`]: the content of a simulator on its first start.
//! - [`state`]: what survives a restart.
//!
//! It uses real time: signatures and tokens are judged by the machine's clock, never by business time.
#![allow(clippy::disallowed_methods, reason = "what stands in for the world has the machine's own time")]

pub mod aws;
mod clusters;
pub mod gate;
pub mod kubernetes;
pub mod openid;
pub mod seed;
pub mod state;
mod viewer;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use aws::Aws;
use clusters::Clusters;
use openid::OpenId;
use seed::{Keys, Seed};
use state::Store;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use url::Url;

/// Everything, running.
pub struct Simulator {
    seed: Seed,
    store: Store,
    aws: Aws,
    openid: OpenId,
    clusters: Arc<Clusters>,
    aws_endpoint: Url,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// What a client needs to call a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterInfo {
    /// `arn:aws:eks:R:A:cluster/NAME`
    pub arn: String,
    /// Address of the API server.
    pub server: Url,
    /// Its certificate authority.
    pub ca_pem: String,
}

impl Simulator {
    /// Starts everything that `seed` names. With a folder, state, keys and ports are those of the last start from it.
    ///
    /// # Errors
    /// The folder cannot be read, or a port of the last start is taken.
    pub async fn start(seed: Seed, data: Option<PathBuf>) -> anyhow::Result<Self> {
        let store = data.map_or_else(|| Ok(Store::in_memory()), Store::open)?;
        let (stop, stopped) = watch::channel(false);

        let aws = Aws::load(&seed, &store)?;
        let listener = store.listen("aws").await?;
        let aws_endpoint = address(&listener, "")?;
        let clusters = Arc::new(Clusters::start(&seed, &store, &aws).await?);
        let page = {
            let (aws, clusters) = (aws.clone(), Arc::clone(&clusters));
            Arc::new(move || viewer::page(&aws.overview(), &clusters.views(&aws)))
        };
        let aws_task = tokio::spawn(serve(listener, aws::serve(aws.clone(), page), stopped.clone()));

        let listener = store.listen("openid").await?;
        let openid = OpenId::load(&seed, &store, address(&listener, openid::PATH)?)?;
        let openid_task = tokio::spawn(serve(listener, openid.router(), stopped));

        let tasks = vec![aws_task, openid_task];
        Ok(Self { seed, store, aws, openid, clusters, aws_endpoint, stop, tasks })
    }

    /// `AWS_ENDPOINT_URL`; in a browser, it shows the simulator's content.
    pub fn aws_endpoint(&self) -> &Url {
        &self.aws_endpoint
    }

    /// The OpenID issuer.
    pub fn issuer(&self) -> &Url {
        self.openid.issuer()
    }

    /// Direct access to IAM, STS and EKS: faults, calls, manual changes.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    /// Direct access to the OpenID provider: flaws, groups.
    pub fn openid(&self) -> &OpenId {
        &self.openid
    }

    /// The access key of a person; `None` if the seed gives them no IAM user.
    pub fn person_keys(&self, handle: &str) -> Option<Keys> {
        self.aws.keys_of(&self.user_of(handle)?.name)
    }

    /// The ARN of a person's IAM user; `None` if the seed gives them none.
    pub fn person_arn(&self, handle: &str) -> Option<String> {
        self.aws.user_arn(&self.user_of(handle)?.name)
    }

    /// The access key of the worker's user; `None` if it has none, or it was deleted.
    pub fn worker_keys(&self) -> Option<Keys> {
        self.aws.keys_of(&self.seed.worker.as_ref()?.name)
    }

    /// The ARN of the worker's user; `None` if it has none, or it was deleted.
    pub fn worker_arn(&self) -> Option<String> {
        self.aws.user_arn(&self.seed.worker.as_ref()?.name)
    }

    /// How to call a cluster; `None` without such a cluster, or before its API server is known.
    pub fn cluster(&self, name: &str) -> Option<ClusterInfo> {
        self.aws.cluster(name)
    }

    /// Direct access to a cluster's API server: objects, faults, the log of requests. `None` if the cluster does not
    /// exist, or its server is external.
    pub fn kubernetes(&self, cluster: &str) -> Option<&kubernetes::Server> {
        self.clusters.get(cluster)
    }

    /// Stops serving and writes pending state. Dropping the simulator stops it, too.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn shutdown(mut self) -> anyhow::Result<()> {
        let _ = self.stop.send(true);
        for task in std::mem::take(&mut self.tasks) {
            task.await.context("a server of the simulator panicked")?;
        }
        self.close()?;
        self.clusters.closed().await;
        Ok(())
    }

    fn close(&self) -> anyhow::Result<()> {
        self.clusters.stop(&self.store);
        self.aws.save_all();
        self.store.flush()
    }

    fn user_of(&self, handle: &str) -> Option<&seed::SeedUser> {
        self.seed.people.iter().find(|person| person.handle == handle)?.aws.as_ref()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // The other servers stop when their end of the channel is gone.
        if let Err(error) = self.close() {
            tracing::error!(error = format!("{error:#}"), "failed to write the simulator's state");
        }
    }
}

fn address(listener: &TcpListener, path: &str) -> anyhow::Result<Url> {
    let local = listener.local_addr().context("failed to learn the port")?;
    Url::parse(&format!("http://{local}{path}")).context("failed to write the address")
}

/// How long pending answers are waited for when the simulator stops: some are never given.
const LAST_ANSWERS: Duration = Duration::from_millis(300);

async fn serve(listener: TcpListener, router: axum::Router, stopped: watch::Receiver<bool>) {
    let stop = |mut stopped: watch::Receiver<bool>| async move {
        // An error means that the simulator was dropped.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(stop(stopped.clone()));
    tokio::select! {
        () = async { stop(stopped).await; tokio::time::sleep(LAST_ANSWERS).await } => {}
        outcome = server.into_future() => {
            if let Err(error) = outcome {
                tracing::error!(%error, "a server of the simulator stopped");
            }
        }
    }
}
