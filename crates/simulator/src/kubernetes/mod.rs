//! Simulated Kubernetes API servers, one per cluster, over HTTPS with a certificate authority of its own.
//!
//! A request passes through [`request`] (what is asked), [`authn`] (the caller: static tokens, and `k8s-aws-v1.` tokens
//! through access entries and `kube-system/aws-auth`), [`authz`] (RBAC over the stored roles and bindings), and then
//! [`discovery`], [`reviews`] or [`objects`]. [`knobs`] let tests fail, delay and interleave requests, and hold the log
//! of all.
//!
//! What a real API server does and this one does not: admission beyond namespaces, strategic merge patches with lists,
//! JSON patches, YAML bodies, sub-resources other than a pod's log, and controllers beyond the aggregation of
//! ClusterRoles and the end of namespaces.

mod aggregation;
mod apply;
pub mod authn;
mod authz;
mod aws_auth;
mod builtin;
mod changes;
mod discovery;
mod escalation;
mod foreign;
mod history;
mod kinds;
pub mod knobs;
mod namespaces;
mod objects;
mod openapi;
mod patch;
mod protobuf;
mod request;
mod reviews;
mod seed;
mod selector;
mod serve;
mod status;
mod store;
mod strange;
mod table;
mod tls;
mod token;
mod validate;
mod watch;

pub use authn::{CallerIdentity, Entries, Entry, Identify, User};
pub use aws_auth::Mapping;
pub use foreign::Objects;
pub use history::Moment;
pub use knobs::{Failure, Knobs, Logged, Pattern};
pub use seed::Seed;
pub use strange::Strange;

use anyhow::Context as _;
use serde_json::{Value, json};
use status::Refusal;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use store::Store;
use tls::Authority;
use tokio::net::TcpListener;
use tokio::sync::watch as channel;

/// Everything that a server is started with.
#[derive(Clone)]
pub struct ServerConfig {
    /// Name of the cluster for which tokens are signed.
    pub name: String,
    /// The address to listen on; port 0 takes any free port, and the same one after a restart.
    pub listen: SocketAddr,
    /// Version that the server claims, `1.33`.
    pub version: String,
    /// The result of an earlier [`Server::snapshot`]; `None` starts a new cluster from `seed`.
    pub state: Option<Value>,
    /// The content of a new cluster.
    pub seed: Seed,
    /// Finds out who presigned a URL; the simulated AWS answers this.
    pub identify: Identify,
    /// The cluster's access entries, if it has any.
    pub entries: Option<Entries>,
    /// Further static tokens, such as a test's.
    pub tokens: Vec<(String, User)>,
}

impl ServerConfig {
    /// A new cluster on any port of this machine, without access entries and further tokens.
    pub fn new(name: &str, seed: Seed, identify: Identify) -> Self {
        Self {
            name: name.to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            version: "1.33".to_owned(),
            state: None,
            seed,
            identify,
            entries: None,
            tokens: Vec::new(),
        }
    }
}

impl std::fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerConfig").field("name", &self.name).field("listen", &self.listen).finish_non_exhaustive()
    }
}

/// When a token was last asked about, and the user or the refusal.
type Remembered = HashMap<String, (Instant, Result<User, Refusal>)>;

struct Shared {
    name: String,
    version: String,
    store: Mutex<Store>,
    knobs: Knobs,
    tokens: HashMap<String, User>,
    identify: Identify,
    entries: Option<Entries>,
    remembered: Mutex<Remembered>,
    /// The bindings before the last deletion, and how many reviews still see them.
    past: Mutex<Option<(Store, u32)>>,
    stop: channel::Sender<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn cached(&self, token: &str) -> Option<Result<User, Refusal>> {
        let lifetime = self.knobs.token_cache()?;
        let remembered = lock(&self.remembered);
        remembered.get(token).filter(|(at, _)| at.elapsed() < lifetime).map(|(_, user)| user.clone())
    }

    fn remember(&self, token: &str, user: &Result<User, Refusal>, now: Instant) {
        if self.knobs.token_cache().is_some() {
            lock(&self.remembered).insert(token.to_owned(), (now, user.clone()));
        }
    }

    fn lag_reviews_behind(&self, past: Store) {
        let reviews = self.knobs.review_lag();
        if reviews > 0 {
            *lock(&self.past) = Some((past, reviews));
        }
    }

    fn past_of_reviews(&self) -> Option<Store> {
        let mut past = lock(&self.past);
        let (store, left) = past.as_mut()?;
        *left -= 1;
        let frozen = store.frozen();
        if *left == 0 {
            *past = None;
        }
        Some(frozen)
    }
}

/// One running API server. Dropping it leaves it running; [`Server::shutdown`] ends it.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    authority: Authority,
    admin_token: String,
    /// Closed when it no longer listens.
    listening: channel::Receiver<()>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("name", &self.shared.name)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Starts listening; the server answers when this returns.
    ///
    /// # Errors
    /// If the port is taken, or a saved state cannot be read.
    pub async fn start(config: ServerConfig) -> anyhow::Result<Self> {
        let saved = config.state.as_ref();
        let text = |field: &str| saved.and_then(|s| s[field].as_str());
        let authority = match (text("ca"), text("ca_key")) {
            (Some(certificate), Some(key)) => Authority::restore(&config.name, certificate, key),
            _ => Authority::new(&config.name)?,
        };
        let admin_token =
            text("admin_token").map_or_else(|| format!("admin-{}", store::random_uuid().simple()), str::to_owned);
        let mut listen = config.listen;
        if let Some(port) = saved.and_then(|s| u16::try_from(s["port"].as_u64()?).ok()).filter(|_| listen.port() == 0) {
            listen.set_port(port);
        }
        let store = match saved {
            Some(saved) => Store::restore(&saved["store"]),
            None => new_store(&config.seed)?,
        };
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("failed to listen on {listen} for cluster {}", config.name))?;
        let address = listener.local_addr().context("failed to find the server's address")?;
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned(), listen.ip().to_string()];
        let tls = authority.serve(&names)?;
        let mut tokens: HashMap<String, User> = config.tokens.into_iter().collect();
        tokens.insert(admin_token.clone(), User::new("kubernetes-admin", &["system:masters"]));
        let shared = Arc::new(Shared {
            name: config.name,
            version: config.version,
            store: Mutex::new(store),
            knobs: Knobs::default(),
            tokens,
            identify: config.identify,
            entries: config.entries,
            remembered: Mutex::default(),
            past: Mutex::default(),
            stop: channel::Sender::new(false),
        });
        let task = serve::accept(listener, tls.into(), Arc::clone(&shared));
        let mut stop = shared.stop.subscribe();
        let (listens, listening) = channel::channel(());
        tokio::spawn(async move {
            tokio::select! { () = task => {}, _ = stop.wait_for(|stopped| *stopped) => {} }
            drop(listens);
        });
        Ok(Self { shared, address, authority, admin_token, listening })
    }

    /// Name of the cluster.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// `https://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificate authority that clients must trust.
    pub fn ca_pem(&self) -> &str {
        &self.authority.certificate_pem
    }

    /// A bearer token that allows everything.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// The server's objects, without its rules.
    pub fn objects(&self) -> Objects {
        Objects::of(&self.shared)
    }

    /// The knobs of this server.
    pub fn knobs(&self) -> Knobs {
        self.shared.knobs.clone()
    }

    /// Notifies about each change of the objects, for a task that saves the state.
    pub fn changes(&self) -> channel::Receiver<u64> {
        lock(&self.shared.store).subscribe()
    }

    /// Everything that [`ServerConfig::state`] needs to go on: objects, authority, port, tokens. Holds secrets.
    pub fn snapshot(&self) -> Value {
        json!({
            "port": self.address.port(),
            "ca": self.authority.certificate_pem,
            "ca_key": self.authority.key_pem(),
            "admin_token": self.admin_token,
            "store": lock(&self.shared.store).save(),
        })
    }

    /// Ends the namespaces that the knob kept `Terminating`.
    pub fn finish_namespaces(&self) {
        let mut store = lock(&self.shared.store);
        let Some(kind) = kinds::by_name("namespaces") else { return };
        let names: Vec<String> = store.list(kind, None).map(|(k, _)| k.name.clone()).collect();
        for name in names {
            namespaces::finish(&mut store, &name);
        }
    }

    /// Stops listening and ends every connection, soon.
    pub fn shutdown(&self) {
        self.shared.stop.send_replace(true);
    }

    /// Waits until the server no longer listens: its port can be taken again.
    pub async fn closed(&self) {
        // Nothing is ever sent: an error means that the listener is gone.
        while self.listening.clone().changed().await.is_ok() {}
    }
}

fn new_store(seed: &Seed) -> anyhow::Result<Store> {
    let mut store = Store::default();
    for object in seed.objects() {
        foreign::put(&mut store, object, "kubernetes")?;
    }
    aggregation::run(&mut store);
    Ok(store)
}
