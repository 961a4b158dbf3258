//! API servers: what matters to access on a cluster, and the few objects that Latchkey writes there.
//!
//! Owns the client and what its errors mean; knows nothing of grants. One call of a method is one attempt: kube's own
//! retries are off, since only the worker decides what is retried and when.
//!
//! # Bounds
//!
//! One answer of an API server has 32 MiB at most; a list has 200 pages, 50,000 objects, 128 MiB and 20 s in all. A
//! call has 10 s for its whole answer, no redirect is followed, and a body that is not JSON is not an answer. Beyond a
//! bound, a run looks by the names that the database has (`worker::cluster`: `narrowed`): what ends is taken away and
//! proven gone by those names, nothing new is granted, and drift of running accesses is not repaired. What is stored of
//! a look is bounded, too: see `latchkey_domain::plan`: `kept`.

mod answer;
mod bindings;
mod call;
mod cluster_auth;
mod convert;
mod kinds;
mod observe;
mod own_rights;
mod rehearse;
mod reviews;
mod roles;

use crate::{
    fault::{Fault, FaultKind},
    proxy::Proxies,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use latchkey_domain::plan::observation::EksCluster;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use secrecy::SecretString;
use std::{fmt, time::Duration};

pub use bindings::Content;
pub use cluster_auth::AWS_AUTH;
pub use kinds::KindsSeen;
pub use observe::{NamedObjects, WantedObservation};
pub use own_rights::{OwnIdentity, OwnRules};
pub use reviews::Review;

/// How long one call may take.
pub const CALL: Duration = Duration::from_secs(10);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How many calls are under way at a time: few enough for API Priority and Fairness, and enough to ask a profile's
/// questions in two rounds.
const AT_ONCE: usize = 16;
/// The manager that managedFields name for Latchkey's writes.
pub const FIELD_MANAGER: &str = latchkey_domain::plan::authenticator::OWN_MANAGER;

/// A cluster's API server as the holder of one token sees it. It lives no longer than a run, as its token does.
#[derive(Clone)]
pub struct ApiServer {
    name: String,
    client: kube::Client,
    config: kube::Config,
    kinds_seen: KindsSeen,
}

impl ApiServer {
    /// A client for the cluster that EKS described, through these proxies; the cluster's own CA still decides which
    /// server is trusted. Calls nothing yet.
    ///
    /// # Errors
    /// Transient if the cluster has no API server yet; invalid if its address or CA bundle cannot be read.
    pub fn connect(cluster: &EksCluster, token: SecretString, proxies: &Proxies) -> Result<Self, Fault> {
        let failed = |kind| Fault::new(kind, "connect to", format!("the cluster `{}`", cluster.name));
        if cluster.endpoint.is_empty() || cluster.certificate_authority.is_empty() {
            let why = format!("EKS names no API server for it; its status is {}", cluster.status);
            return Err(failed(FaultKind::Transient).because(why));
        }
        let address = cluster.endpoint.parse::<http::Uri>();
        let address = address.ok().filter(|uri| uri.scheme() == Some(&http::uri::Scheme::HTTPS));
        let Some(address) = address else {
            return Err(failed(FaultKind::Invalid).because("the address of its API server is not an https URL"));
        };
        let roots = bundle(&cluster.certificate_authority)
            .ok_or_else(|| failed(FaultKind::Invalid).because("its CA bundle holds no certificate in PEM"))?;
        // Not inferred from the environment: no kubeconfig, variable or service account of a pod takes part.
        let proxy = cluster.endpoint.parse().ok().and_then(|url| proxies.to(&url).cloned());
        let mut config = kube::Config::new(address);
        config.proxy_url = proxy.and_then(|url| url.as_str().parse().ok());
        config.root_cert = Some(roots);
        config.auth_info.token = Some(token);
        config.default_retry = false;
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = Some(CALL);
        config.write_timeout = Some(CALL);
        // The time that a connection was idle does not count against the next answer.
        config.reset_reader_on_write = true;
        let client = kube::Client::try_from(config.clone())
            .map_err(|error| failed(FaultKind::Invalid).because("no client could be made").caused_by(error))?;
        Ok(Self { name: cluster.name.clone(), client, config, kinds_seen: KindsSeen::default() })
    }

    /// The same client on new connections: each API server of a cluster has its own cache, and a new connection may
    /// lead to another one.
    ///
    /// # Errors
    /// As [`ApiServer::connect`].
    pub fn fresh(&self) -> Result<Self, Fault> {
        let client = kube::Client::try_from(self.config.clone()).map_err(|error| {
            Fault::new(FaultKind::Invalid, "connect to", format!("the cluster `{}`", self.name))
                .because("no client could be made")
                .caused_by(error)
        })?;
        Ok(Self { client, ..self.clone() })
    }

    /// The cluster's name in EKS.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The certificates of a CA bundle, PEM in base64.
fn bundle(base64: &str) -> Option<Vec<Vec<u8>>> {
    let compact: String = base64.split_ascii_whitespace().collect();
    let pem = STANDARD.decode(compact).ok()?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates: Vec<_> = certificates.ok()?.into_iter().map(|der| der.to_vec()).collect();
    (!certificates.is_empty()).then_some(certificates)
}

impl fmt::Debug for ApiServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("name", &self.name).finish_non_exhaustive()
    }
}
