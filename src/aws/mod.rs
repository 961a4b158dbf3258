//! AWS: IAM users and their inline policies, EKS's own API, the caller's identity, and tokens for API servers.
//!
//! Owns the clients and what their errors mean; knows nothing of grants. One call of a method is one attempt: the SDK's
//! own retries are off, since only the worker decides what is retried and when. Clients belong to an account:
//! `accounts` says to which.

mod accounts;
mod bounded;
mod eks;
mod entries;
mod error;
mod iam;
mod identity;
mod principal;
mod roles;
mod simulate;
pub mod token;

use crate::fault::{Fault, FaultKind};
use crate::lease::{LAST_CALL, Permit};
use crate::proxy::Proxies;
use accounts::{AccountClients, Accounts};
use aws_config::{AppName, BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{self, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{http::SharedHttpClient, runtime_components::RuntimeComponents};
use jiff::Timestamp;
use latchkey_domain::eks::token::Variant;
use secrecy::{ExposeSecret as _, SecretString};
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::{Mutex, OnceCell};
use url::Url;

pub use entries::EntryToMake;
pub use iam::KnownEntity;
pub use identity::CallerIdentity;
pub use simulate::{BOUNDARY_KEY, Simulated};

/// How long one call may take.
pub const CALL: Duration = Duration::from_secs(10);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(3);

/// The most pages of a list: far more than AWS's own limits allow for anything that is listed here.
const MOST_PAGES: usize = 200;

/// Everything of a list that IAM tells in pages: `page` takes the marker of a page and returns what is on it, with the
/// marker of the next one.
///
/// # Errors
/// Too much if the list does not end; as `page`.
async fn all_pages<T, F: Future<Output = Result<(Vec<T>, Option<String>), Fault>>>(
    call: &error::AwsCall,
    page: impl Fn(Option<String>) -> F,
) -> Result<Vec<T>, Fault> {
    let (mut all, mut marker) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let (more, next) = page(marker).await?;
        all.extend(more);
        match next {
            Some(next) => marker = Some(next),
            None => return Ok(all),
        }
    }
    Err(endless(call))
}

/// A document as IAM answers it, encoded as in RFC 3986.
fn decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// The failure of a list that does not end.
fn endless(call: &error::AwsCall) -> Fault {
    call.failed(FaultKind::TooMuch).because(format!("the list has more than {MOST_PAGES} pages"))
}

/// Where AWS is and who calls it.
#[derive(Debug, Clone, Default)]
pub struct AwsConfig {
    /// The region for IAM and STS; clusters name their own.
    pub region: String,
    /// The address of IAM, if not the partition's own.
    pub iam_url: Option<Url>,
    /// The address of STS, if not the region's own. Tokens name the real STS even so: authenticators check the host.
    pub sts_url: Option<Url>,
    /// The address of EKS, if not each region's own.
    pub eks_url: Option<Url>,
    /// The caller's keys. Without them the SDK's default chain finds some (environment, profile, web identity,
    /// container, instance).
    pub keys: Option<AccessKeys>,
    /// How AWS is reached.
    pub proxies: Proxies,
    /// Whether API servers of clusters are reached through these proxies, too.
    pub proxy_clusters: bool,
}

/// An access key pair.
#[derive(Debug, Clone)]
pub struct AccessKeys {
    /// `AKIA…` or `ASIA…`.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: SecretString,
    /// The session token of temporary keys.
    pub session_token: Option<SecretString>,
}

/// AWS as one caller sees it. Cheap to clone; clones share connections and what they know about the caller.
#[derive(Clone)]
pub struct Aws {
    accounts: Accounts,
    region: Arc<str>,
    /// Which STS hosts the tokens name.
    variant: Variant,
    /// How API servers of clusters are reached.
    cluster_proxies: Proxies,
    /// Whether EKS is not AWS's own.
    simulated: bool,
}

/// The SDK's own client. It takes proxies only from `proxies`, and trusts the machine's certificate store. Plain http,
/// such as that of an instance's metadata, never goes through a proxy. It reads at most 32 MiB of each answer.
pub fn http_client(proxies: &Proxies) -> SharedHttpClient {
    let proxy = proxies.parts().and_then(|(url, except)| Some(ProxyConfig::https(url.as_str()).ok()?.no_proxy(except)));
    let proxy = proxy.unwrap_or_else(ProxyConfig::disabled);
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc)).build()
    });
    bounded::bounded(client)
}

impl Aws {
    /// Clients for one caller. Reads the environment and AWS's configuration files; calls nothing yet.
    pub async fn new(config: &AwsConfig) -> Self {
        // A call that is signed at a frozen time must fail if it is late: a correction by the server's clock would make
        // it fresh again.
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(config.region.clone()))
            .retry_config(RetryConfig::disabled())
            .disable_clock_skew_correction(true)
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT).operation_timeout(CALL).read_timeout(CALL).build(),
            );
        loader = loader.http_client(http_client(&config.proxies));
        if let Ok(name) = AppName::new("latchkey") {
            loader = loader.app_name(name);
        }
        if let Some(keys) = &config.keys {
            loader = loader.credentials_provider(keys.credentials());
        }
        let sdk = loader.load().await;
        let mut iam = aws_sdk_iam::config::Builder::from(&sdk);
        if let Some(url) = &config.iam_url {
            iam.set_endpoint_url(Some(address(url)));
        }
        let mut sts = aws_sdk_sts::config::Builder::from(&sdk);
        if let Some(url) = &config.sts_url {
            sts.set_endpoint_url(Some(address(url)));
        }
        let mut eks = aws_sdk_eks::config::Builder::from(&sdk);
        if let Some(url) = &config.eks_url {
            eks.set_endpoint_url(Some(address(url)));
        }
        let credentials =
            sdk.credentials_provider().unwrap_or_else(|| SharedCredentialsProvider::new(token::NoCredentials));
        let own = AccountClients {
            iam: aws_sdk_iam::Client::from_conf(iam.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
            eks: aws_sdk_eks::Client::from_conf(eks.build()),
            credentials,
            cached: Mutex::default(),
            caller: OnceCell::new(),
        };
        Self {
            accounts: Accounts::only(own),
            region: config.region.as_str().into(),
            variant: token::variant(&sdk),
            cluster_proxies: if config.proxy_clusters { config.proxies.clone() } else { Proxies::default() },
            simulated: config.eks_url.is_some(),
        }
    }

    /// How API servers of clusters are reached.
    pub fn cluster_proxies(&self) -> &Proxies {
        &self.cluster_proxies
    }

    /// Whether clusters may be at any address, since EKS is not AWS's own.
    pub fn is_simulated(&self) -> bool {
        self.simulated
    }

    /// The same client, as if EKS were AWS's own: for tests of what is sent to which host.
    #[must_use]
    pub fn as_of_aws(self) -> Self {
        Self { simulated: false, ..self }
    }

    /// The same client, signing everything as of `at`, the time at which a run claimed its target. What a process sends
    /// after a long pause is then refused: by AWS's APIs after 5 min, by authenticators after 15.
    #[must_use]
    pub fn signing_at(&self, at: Timestamp) -> Self {
        Self { accounts: self.accounts.signing_at(at.into()), ..self.clone() }
    }

    /// The region for IAM and STS.
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// The address without a trailing slash: the SDK appends a path to it.
fn address(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// The last check of a permit, right before a write is sent.
///
/// # Errors
/// Transient if the lease is in its last part: the write could outlive it.
fn may_begin(permit: &Permit<'_>, operation: &'static str, subject: &str) -> Result<(), Fault> {
    if permit.time_left() > LAST_CALL {
        return Ok(());
    }
    Err(Fault::new(FaultKind::Transient, operation, subject).because("the time that this run had is over"))
}

impl AccessKeys {
    fn credentials(&self) -> Credentials {
        Credentials::new(
            &self.access_key_id,
            self.secret_access_key.expose_secret(),
            self.session_token.as_ref().map(|token| token.expose_secret().to_owned()),
            None,
            "latchkey",
        )
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("region", &self.region).finish_non_exhaustive()
    }
}
