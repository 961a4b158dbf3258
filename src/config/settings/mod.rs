//! `latchkey.toml`: one deployment. `LATCHKEY_SECTION__KEY` overrides each key; secrets come from files or from the
//! environment only.

mod claim;
mod network;
mod read;
mod secret;

use super::ConfigFault;
use crate::{database_url::DatabaseUrl, proxy::Proxies};
use jiff::tz::TimeZone;
use rustls::pki_types::CertificateDer;
use secrecy::SecretString;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;

pub use claim::ClaimPath;
pub use network::{Network, customer_of};
pub use read::{CheckedSettings, check};

/// The settings of one deployment.
#[derive(Debug, Clone)]
pub struct Settings {
    pub server: Server,
    pub worker: WorkerSettings,
    pub database: DatabaseSettings,
    pub login: Login,
    pub aws: AwsSettings,
    /// From the environment alone: `HTTPS_PROXY`, `NO_PROXY`.
    pub proxies: Proxies,
}

/// `[server]`: the portal.
#[derive(Debug, Clone)]
pub struct Server {
    /// The address that it listens on; TLS ends before it.
    pub listen: SocketAddr,
    /// The address of the health checks; `None` if there are none.
    pub internal: Option<SocketAddr>,
    /// The URL for browsers: https, or http with a loopback host. Without path, query and user.
    pub public_url: Url,
    /// The zone in which pages show times.
    pub time_zone: TimeZone,
    /// Proxies whose `X-Forwarded-For` is believed. If there are none, the address of a request is that of its
    /// connection.
    pub trusted_proxies: Vec<Network>,
    /// How many requests for access one person may send within ten minutes.
    pub requests_per_person: u32,
    /// How many forms of any kind one session may send within ten minutes.
    pub forms_per_session: u32,
}

impl Server {
    /// Whether browsers use https: then cookies are `__Host-` and Secure.
    pub fn is_secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The public URL as an origin: scheme, host and port, without a trailing slash.
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }
}

/// `[worker]`: the worker.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// The address of the health checks; `None` if there are none.
    pub internal: Option<SocketAddr>,
}

/// `[database]`: PostgreSQL, with a URL for each role, each for the schema of `schema`. A process needs only its own
/// URL.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// For `latchkey serve`, as `latchkey_web`.
    pub web_url: Option<DatabaseUrl>,
    /// For `latchkey worker`, as `latchkey_worker`.
    pub worker_url: Option<DatabaseUrl>,
    /// For `migrate`, `policy apply` and `audit verify`: the owner of the schema.
    pub owner_url: Option<DatabaseUrl>,
    /// The most connections of one process.
    pub connections: u32,
}

/// A command needs a database URL that is not configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this command needs the database as {role}: set `{key}` or `{key}_file` in [database] of latchkey.toml, or the \
     environment variable LATCHKEY_DATABASE__{variable}"
)]
pub struct NoDatabaseUrl {
    role: &'static str,
    key: &'static str,
    variable: &'static str,
}

impl DatabaseSettings {
    /// Whether no URL is configured.
    pub fn has_no_url(&self) -> bool {
        self.web_url.is_none() && self.worker_url.is_none() && self.owner_url.is_none()
    }

    /// The URL of the portal's role.
    ///
    /// # Errors
    /// If it is not configured; the same below.
    pub fn web(&self) -> Result<&DatabaseUrl, NoDatabaseUrl> {
        let missing = NoDatabaseUrl { role: "latchkey_web", key: "web_url", variable: "WEB_URL" };
        self.web_url.as_ref().ok_or(missing)
    }

    /// The URL of the worker's role.
    pub fn worker(&self) -> Result<&DatabaseUrl, NoDatabaseUrl> {
        let missing = NoDatabaseUrl { role: "latchkey_worker", key: "worker_url", variable: "WORKER_URL" };
        self.worker_url.as_ref().ok_or(missing)
    }

    /// The URL of the schema's owner.
    pub fn owner(&self) -> Result<&DatabaseUrl, NoDatabaseUrl> {
        let missing = NoDatabaseUrl { role: "the schema's owner", key: "owner_url", variable: "OWNER_URL" };
        self.owner_url.as_ref().ok_or(missing)
    }
}

/// `[login]`: the OpenID provider.
#[derive(Debug, Clone)]
pub struct Login {
    /// The provider's name; the button says "Sign in with …".
    pub provider: String,
    /// Exactly as in the provider's tokens.
    pub issuer: String,
    pub client_id: String,
    /// `None` for a public client, which only PKCE protects.
    pub client_secret: Option<SecretString>,
    /// Always includes `openid`.
    pub scopes: Vec<String>,
    /// Audiences that an ID token may name besides the client.
    pub other_audiences: Vec<String>,
    pub groups_claim: ClaimPath,
    pub handle_claim: ClaimPath,
    /// With this many groups or more, the provider may have cut the list: such a sign-in is refused.
    pub groups_limit: u32,
    /// A session ends if it is not used for this long.
    pub session_idle: Duration,
    /// A session ends this long after its sign-in, even if it is used.
    pub session_absolute: Duration,
    /// How many sign-ins may begin or come back from the provider from one address within ten minutes.
    pub sign_ins_per_address: u32,
    /// How often one person may sign in within ten minutes.
    pub sign_ins_per_person: u32,
    /// How many proofs of an identity one person may send within ten minutes.
    pub proofs_per_person: u32,
}

/// `[aws]`. Credentials come from the SDK's default chain.
#[derive(Debug, Clone, Default)]
pub struct AwsSettings {
    /// For calls that belong to no cluster; a cluster's region is in its ARN.
    pub region: Option<String>,
    /// Endpoints in place of AWS's own.
    pub iam_url: Option<Url>,
    pub sts_url: Option<Url>,
    pub eks_url: Option<Url>,
    /// The only authorities that are trusted for the STS of identity proofs, instead of the public authorities.
    pub sts_authorities: Option<Authorities>,
    /// Whether the API servers of clusters are reached through the proxy, too.
    pub proxy_clusters: bool,
    /// How long after it was made an access entry may be unknown to a cluster's API servers.
    pub entry_settle: Duration,
}

/// Certificates of authorities, from a file.
#[derive(Debug, Clone)]
pub struct Authorities {
    pub file: PathBuf,
    pub certificates: Vec<CertificateDer<'static>>,
}

/// Reads a latchkey.toml and this process's environment.
///
/// # Errors
/// If any fault is an error: every fault with its place; also if the file cannot be read. Warnings alone are dropped:
/// `latchkey check` reports them.
pub fn load(path: &Path) -> Result<Settings, Vec<ConfigFault>> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let hint = Some("name it with --config, or LATCHKEY_CONFIG".to_owned());
        let message = format!("the file cannot be read: {error}");
        vec![ConfigFault {
            file: file.clone(),
            line: 0,
            column: 0,
            severity: super::FaultSeverity::Error,
            message,
            hint,
        }]
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let CheckedSettings { settings, faults } = check(&file, &text, folder, environment());
    settings.ok_or(faults)
}

/// This process's environment, without variables that are not text.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

#[cfg(test)]
mod tests;
