//! All of Latchkey on a stage: the portal on a port, a worker, people with browsers and AWS keys, and a world around
//! them that is either simulated or real. The same story runs on both.
//!
//! The world: `simulated` is the simulator alone; `real` is kube-apiserver behind the AWS IAM authenticator, moto for
//! IAM and STS, node's oidc-provider, and the simulator for EKS's own API only. There `Stage::real_with` has a cluster
//! in a mode with access entries.
#![allow(dead_code, reason = "the figures use less of it than the tests")]

pub mod browser;
pub mod caller;
mod deployment;
pub mod kubectl;
mod looks;
mod real;
pub mod roles;
mod simulated;
mod texts;
mod work;

use crate::rig::{
    AwsUser, Database, OidcProvider, Postgres, RealCluster, aws::REGION, entries::Mirror, keycloak::Keycloak,
    openid::Account,
};
use browser::Browser;
use caller::Caller;
use deployment::{aws, iam, settings, with_password};
use kubectl::Kubectl;
use latchkey::{
    aws::Aws,
    cli, config,
    store::{
        Store,
        policies::{self, Application},
    },
    web,
    worker::Worker,
};
use latchkey_domain::eks::kubeconfig::{ExecCommand, KubeconfigCluster, render};
use latchkey_simulator::{Simulator, openid::quirks::Quirk, seed::AuthenticationMode};
use std::{collections::BTreeMap, path::PathBuf};
use tokio::net::TcpListener;
use url::Url;

/// Handle, groups, and whether there is an IAM user.
pub const PEOPLE: [(&str, &[&str], bool); 7] = [
    ("ana", &["developers"], true),
    ("ben", &["developers", "payments-leads"], true),
    ("chi", &["payments-leads"], false),
    ("dee", &["platform"], false),
    ("eli", &["audit"], false),
    ("fay", &["developers"], true),
    ("gus", &["developers"], true),
];

/// The portal's name for the cluster that the tests are about.
pub const CLUSTER: &str = "prod-eu";
/// The path of people's IAM users.
pub const PATH: &str = "/latchkey/";
/// The portal's secret at the provider.
pub const CLIENT_SECRET: &str = "a-secret-of-the-rig";
/// The database asks for no password, so any text will do.
pub const DATABASE_PASSWORD: &str = "a-password-of-the-rig";

/// Everything, running. It stops when the value is dropped.
pub struct Stage {
    pub database: Database,
    /// As the web's role.
    pub web: Store,
    /// As the schema's owner.
    pub owner: Store,
    pub worker: Worker,
    pub clusters: Vec<ClusterAt>,
    /// The addresses of everything outside, for other processes of a test.
    pub outside: Outside,
    world: World,
    _provider: Option<OidcProvider>,
    _keycloak: Option<Keycloak>,
    portal: Url,
    folder: PathBuf,
    users: BTreeMap<&'static str, AwsUser>,
    aws: Aws,
    iam: aws_sdk_iam::Client,
    server: tokio::task::JoinHandle<()>,
    handlers: web::State,
    settings: config::Settings,
}

/// A cluster as its users reach it.
#[derive(Debug, Clone)]
pub struct ClusterAt {
    /// The portal's name for it.
    pub name: String,
    pub arn: String,
    pub server: String,
    pub ca_pem: String,
    admin_token: String,
}

/// The addresses of the world, and the worker's identity there.
#[derive(Clone)]
pub struct Outside {
    pub issuer: String,
    pub iam_url: String,
    pub sts_url: String,
    pub eks_url: String,
    pub worker: AwsUser,
}

impl ClusterAt {
    /// The bearer token of its administrator.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }
}

/// What is outside.
enum World {
    Simulated(Simulator),
    /// Kept running; the simulator stands for EKS.
    Real {
        /// Tells the authenticator of access entries, if the cluster has them.
        _mirror: Option<Mirror>,
        cluster: Box<RealCluster>,
        eks: Simulator,
    },
}

/// What a world tells the stage about itself.
struct Backdrop {
    world: World,
    issuer: String,
    /// The provider, if it is not the simulator.
    provider: Option<OidcProvider>,
    keycloak: Option<Keycloak>,
    handle_claim: &'static str,
    /// More lines of `[login]`.
    login: String,
    iam_url: String,
    sts_url: String,
    eks_url: String,
    worker: AwsUser,
    users: BTreeMap<&'static str, AwsUser>,
    clusters: Vec<ClusterAt>,
    /// The policy.toml that the clusters were prepared for.
    policy: String,
}

/// The portal's port, open before the portal serves there: the provider must know the address to come back to.
struct Door {
    listener: TcpListener,
    url: Url,
    folder: PathBuf,
}

impl Door {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        Self { listener, url, folder: crate::rig::folder("stage") }
    }

    fn callback(&self) -> String {
        self.url.join("/sign-in/callback").unwrap().into()
    }
}

impl Stage {
    /// The simulator for everything. None, with a message, without kubectl and the AWS CLI.
    pub async fn simulated() -> Option<Self> {
        let door = Door::open().await;
        let backdrop = simulated::backdrop(&door).await?;
        Some(Box::pin(Self::set(door, backdrop, Postgres::shared().await)).await)
    }

    /// The same with the first cluster in this mode. If it has access entries, one of them lets the worker in.
    pub async fn simulated_in(mode: AuthenticationMode) -> Option<Self> {
        let door = Door::open().await;
        let backdrop = simulated::backdrop_in(&door, mode).await?;
        Some(Box::pin(Self::set(door, backdrop, Postgres::shared().await)).await)
    }

    /// The same with more lines of `[login]`, and with these quirks of the provider from the start.
    pub async fn simulated_with(login: &str, quirks: Vec<Quirk>) -> Option<Self> {
        let door = Door::open().await;
        let backdrop = Backdrop { login: login.to_owned(), ..simulated::backdrop(&door).await? };
        if let World::Simulated(simulator) = &backdrop.world {
            simulator.openid().set_quirks(quirks);
        }
        Some(Box::pin(Self::set(door, backdrop, Postgres::shared().await)).await)
    }

    /// The same with this STS for the proofs of identities.
    pub async fn simulated_with_sts(sts_url: &str) -> Option<Self> {
        let door = Door::open().await;
        let backdrop = Backdrop { sts_url: sts_url.to_owned(), ..simulated::backdrop(&door).await? };
        Some(Box::pin(Self::set(door, backdrop, Postgres::shared().await)).await)
    }

    /// The simulator for all but the provider, which is a foreign one, as it is delivered.
    pub async fn at_a_thin_provider() -> Option<Self> {
        let door = Door::open().await;
        let people: Vec<Account> = PEOPLE.iter().map(|(handle, groups, _)| Account::new(handle, groups)).collect();
        let provider = OidcProvider::as_delivered(&door.callback(), &people).await?;
        let issuer = provider.issuer().to_owned();
        let backdrop = Backdrop { issuer, provider: Some(provider), ..simulated::backdrop(&door).await? };
        Some(Box::pin(Self::set(door, backdrop, Postgres::shared().await)).await)
    }

    /// The simulator for all but the provider, which is a Keycloak.
    pub async fn at_keycloak() -> Option<Self> {
        let door = Door::open().await;
        let people: Vec<Account> = PEOPLE.iter().map(|(handle, groups, _)| Account::new(handle, groups)).collect();
        let keycloak = Keycloak::start(&door.callback(), &people).await;
        let issuer = keycloak.issuer().to_owned();
        // Keycloak refuses scopes that it does not have.
        let login = "scopes = [\"openid\", \"profile\", \"email\"]\n".to_owned();
        let backdrop = Backdrop { issuer, keycloak: Some(keycloak), login, ..simulated::backdrop(&door).await? };
        Some(Box::pin(Self::set(door, backdrop, Postgres::shared().await)).await)
    }

    /// The same over a database server of the test's own.
    pub async fn simulated_on(server: &'static Postgres) -> Option<Self> {
        let door = Door::open().await;
        let backdrop = simulated::backdrop(&door).await?;
        Some(Box::pin(Self::set(door, backdrop, server)).await)
    }

    /// The real components. None, with a message, if one is not installed.
    pub async fn real() -> Option<Self> {
        let door = Door::open().await;
        let backdrop = real::backdrop(&door, None).await?;
        Some(Box::pin(Self::set(door, backdrop, Postgres::shared().await)).await)
    }

    /// The same with a cluster in this mode, whose authenticator goes by the access entries of the simulator's EKS. If
    /// the mode has entries, one of them lets the worker in.
    pub async fn real_with(mode: AuthenticationMode) -> Option<Self> {
        let door = Door::open().await;
        let backdrop = real::backdrop(&door, Some(mode)).await?;
        let mut stage = Box::pin(Self::set(door, backdrop, Postgres::shared().await)).await;
        stage.worker = stage.worker.clone().settling(real::ENTRY_SETTLE);
        Some(stage)
    }

    async fn set(door: Door, backdrop: Backdrop, server: &'static Postgres) -> Self {
        let database = server.fresh_database().await;
        let store = |url: String| Store::connect(&with_password(&url).parse().unwrap(), 12);
        let web = Store::for_pages(&with_password(&database.url_as("latchkey_web")).parse().unwrap(), 12);
        let owner = store(database.url());
        let settings = settings(&door, &backdrop, &database);
        let handlers = cli::serve::state(&settings, web.clone()).unwrap();
        let router = web::router(handlers.clone());
        let (never, stop) = cli::Stop::by_hand();
        let server = tokio::spawn(async move {
            cli::serve_connections(door.listener, router, cli::Bounds::behind(vec![]), stop).await;
            drop(never);
        });
        let outside = Outside {
            issuer: backdrop.issuer.clone(),
            iam_url: backdrop.iam_url.clone(),
            sts_url: backdrop.sts_url.clone(),
            eks_url: backdrop.eks_url.clone(),
            worker: backdrop.worker.clone(),
        };
        let aws = aws(&outside).await;
        let worker = Worker::new(store(database.url_as("latchkey_worker")), aws.clone());
        let iam = iam(&backdrop).await;
        let stage = Self {
            outside,
            web,
            owner,
            worker,
            clusters: backdrop.clusters,
            world: backdrop.world,
            _provider: backdrop.provider,
            _keycloak: backdrop.keycloak,
            portal: door.url,
            folder: door.folder,
            users: backdrop.users,
            aws,
            iam,
            server,
            handlers,
            settings,
            database,
        };
        stage.apply_policy(&backdrop.policy).await;
        stage.work().await;
        stage
    }

    /// Makes a text the current policy, as `latchkey policy apply` does.
    pub async fn apply_policy(&self, body: &str) {
        let file = config::policy::parse(body).expect("the stage's policy is valid");
        let hash = config::policy::hash(body);
        let application = Application {
            file: &file,
            hash: &hash,
            body,
            expected: None,
            drain: &[],
            end_refused: false,
            by: "the stage's operator",
        };
        policies::apply(&self.owner, &application).await.unwrap();
    }

    /// The state of the portal's handlers, and its settings.
    pub fn held(&self) -> String {
        format!("{:?} {:?}", self.handlers, self.settings)
    }

    /// The portal's address.
    pub fn address(&self) -> &Url {
        &self.portal
    }

    /// A browser that is not signed in.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.portal)
    }

    /// A browser that is signed in as this person.
    pub async fn signed_in(&self, handle: &str) -> Browser {
        let browser = self.browser();
        browser.sign_in(handle).await;
        browser
    }

    /// The portal's address, as browsers use it.
    pub fn portal_url(&self) -> &str {
        self.portal.as_str()
    }

    /// The IAM user of a person who has one.
    pub fn user(&self, handle: &str) -> &AwsUser {
        &self.users[handle]
    }

    /// kubectl of a person who knows the cluster's address, with a kubeconfig that is not from Latchkey.
    pub fn kubectl(&self, handle: &str) -> Kubectl {
        self.kubectl_of(self.user(handle))
    }

    /// The same for a user, or a session of a role.
    pub fn kubectl_of(&self, user: &AwsUser) -> Kubectl {
        use base64::Engine as _;
        let cluster = &self.clusters[0];
        let known = KubeconfigCluster {
            name: cluster.name.clone(),
            arn: cluster.arn.parse().unwrap(),
            server: cluster.server.clone(),
            ca_pem_base64: base64::engine::general_purpose::STANDARD.encode(&cluster.ca_pem),
            region: REGION.to_owned(),
            namespace: None,
        };
        Kubectl::new(&self.folder, &render(&[known], None, &ExecCommand::aws()), user)
    }

    /// kubectl of a person with a kubeconfig that they downloaded.
    pub fn kubectl_with(&self, handle: &str, kubeconfig: &str) -> Kubectl {
        Kubectl::new(&self.folder, kubeconfig, self.user(handle))
    }

    /// A person who calls the API server without kubectl, for checks that are made often.
    pub fn caller(&self, handle: &str) -> Caller {
        self.caller_of(self.user(handle))
    }

    /// The same for a user, or a session of a role.
    pub fn caller_of(&self, user: &AwsUser) -> Caller {
        Caller::new(&self.clusters[0], user)
    }

    /// Deletes the IAM user of a person and makes another of the same ARN, whose keys the person has from now on.
    pub async fn make_anew(&mut self, handle: &'static str) {
        let World::Real { cluster, eks, .. } = &self.world else { panic!("the world is simulated") };
        let new = cluster.aws().made_anew(self.user(handle)).await;
        eks.aws().know_principal(&new.arn, &new.id);
        self.users.insert(handle, new);
    }

    /// The simulator, if it is the whole world.
    pub fn simulator(&self) -> &Simulator {
        match &self.world {
            World::Simulated(simulator) => simulator,
            World::Real { .. } => panic!("the world is real"),
        }
    }

    /// The simulator as EKS's own API.
    pub fn eks(&self) -> &Simulator {
        match &self.world {
            World::Simulated(simulator) => simulator,
            World::Real { eks, .. } => eks,
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.server.abort();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
