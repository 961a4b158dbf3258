//! All of Latchkey on a stage: the portal on a port, a worker, people with browsers and AWS keys, and a world around
//! them that is either simulated or real. The same story is told on both.
//!
//! The world: `simulated` is the simulator alone; `real` is kube-apiserver behind the AWS IAM authenticator, moto for
//! IAM and STS, node's oidc-provider, and the simulator for EKS's own API only.
#![allow(dead_code, reason = "the figures use less of it than the tests")]

pub mod browser;
pub mod caller;
pub mod kubectl;
mod real;
mod simulated;

use crate::rig::{AwsUser, Database, Postgres, RealCluster, aws::REGION};
use browser::Browser;
use caller::Caller;
use k8s_openapi::api::{core::v1::ConfigMap, rbac::v1::RoleBinding};
use kubectl::Kubectl;
use latchkey::{
    aws::{AccessKeys, Aws, AwsConfig},
    cli, config,
    store::{
        Store,
        policies::{self, Application},
    },
    web,
    worker::{self, RunReport, Worker},
};
use latchkey_domain::eks::kubeconfig::{ExecCommand, KubeconfigCluster, render};
use latchkey_simulator::Simulator;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};
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

/// As the portal names the cluster that everything is about.
pub const CLUSTER: &str = "prod-eu";
/// Where people's IAM users live.
pub const PATH: &str = "/latchkey/";
/// Of the portal at the provider.
pub const CLIENT_SECRET: &str = "a-secret-of-the-rig";
/// The database asks for none, so that any will do.
pub const DATABASE_PASSWORD: &str = "a-password-of-the-rig";
/// How long the slowest thing may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Everything, running. What it holds stops with it.
pub struct Stage {
    pub database: Database,
    /// As the web's role.
    pub web: Store,
    /// As the schema's owner.
    pub owner: Store,
    pub worker: Worker,
    pub clusters: Vec<ClusterAt>,
    /// Where everything outside is, for whoever else is to use it.
    pub outside: Outside,
    world: World,
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
    /// As the portal names it.
    pub name: String,
    pub arn: String,
    pub server: String,
    pub ca_pem: String,
    admin_token: String,
}

/// Where the world is, and who the worker is there.
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
    /// Kept running; the simulator answers for EKS.
    Real {
        _cluster: Box<RealCluster>,
        _eks: Simulator,
        _provider: crate::rig::OidcProvider,
    },
}

/// What a world tells the stage about itself.
struct Backdrop {
    world: World,
    issuer: String,
    handle_claim: &'static str,
    iam_url: String,
    sts_url: String,
    eks_url: String,
    worker: AwsUser,
    users: BTreeMap<&'static str, AwsUser>,
    clusters: Vec<ClusterAt>,
    /// The policy.toml that the clusters were prepared for.
    policy: String,
}

/// The portal's door, open before anybody serves there: the provider must know where people come back to.
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
    /// The simulator for everything. Nothing, said aloud, without kubectl and the AWS CLI.
    pub async fn simulated() -> Option<Self> {
        let door = Door::open().await;
        let backdrop = simulated::backdrop(&door).await?;
        Some(Box::pin(Self::set(door, backdrop, Postgres::shared().await)).await)
    }

    /// The same over a database server of the test's own.
    pub async fn simulated_on(server: &'static Postgres) -> Option<Self> {
        let door = Door::open().await;
        let backdrop = simulated::backdrop(&door).await?;
        Some(Box::pin(Self::set(door, backdrop, server)).await)
    }

    /// The real components. Nothing, said aloud, where one is not installed.
    pub async fn real() -> Option<Self> {
        let door = Door::open().await;
        let backdrop = real::backdrop(&door).await?;
        Some(Box::pin(Self::set(door, backdrop, Postgres::shared().await)).await)
    }

    async fn set(door: Door, backdrop: Backdrop, server: &'static Postgres) -> Self {
        let database = server.fresh_database().await;
        let store = |url: String| Store::connect(&with_password(&url).into(), 12).unwrap();
        let web = Store::for_pages(&with_password(&database.url_as("latchkey_web")).into(), 12).unwrap();
        let owner = store(database.url());
        let settings = settings(&door, &backdrop, &database);
        let handlers = cli::serve::state(&settings, web.clone()).unwrap();
        let router = web::router(handlers.clone());
        let (never, stop) = cli::Stop::by_hand();
        let server = tokio::spawn(async move {
            cli::serve_connections(door.listener, router, stop).await;
            drop(never);
        });
        let aws = aws(&backdrop).await;
        let worker = Worker::new(store(database.url_as("latchkey_worker")), aws.clone());
        let iam = iam(&backdrop).await;
        let outside = Outside {
            issuer: backdrop.issuer.clone(),
            iam_url: backdrop.iam_url.clone(),
            sts_url: backdrop.sts_url.clone(),
            eks_url: backdrop.eks_url.clone(),
            worker: backdrop.worker.clone(),
        };
        let stage = Self {
            outside,
            web,
            owner,
            worker,
            clusters: backdrop.clusters,
            world: backdrop.world,
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
        let application =
            Application { file: &file, hash: &hash, body, expected: None, drain: &[], by: "the stage's operator" };
        policies::apply(&self.owner, &application).await.unwrap();
    }

    /// What the portal's handlers hold, and what it was told.
    pub fn held(&self) -> String {
        format!("{:?} {:?}", self.handlers, self.settings)
    }

    /// Where the portal is.
    pub fn address(&self) -> &Url {
        &self.portal
    }

    /// A browser of somebody who is not signed in.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.portal)
    }

    /// A browser of somebody who is.
    pub async fn signed_in(&self, handle: &str) -> Browser {
        let browser = self.browser();
        browser.sign_in(handle).await;
        browser
    }

    /// How browsers reach the portal.
    pub fn portal_url(&self) -> &str {
        self.portal.as_str()
    }

    /// The IAM user of somebody who has one.
    pub fn user(&self, handle: &str) -> &AwsUser {
        &self.users[handle]
    }

    /// kubectl of somebody who knows where the cluster is, as anybody could write the configuration.
    pub fn kubectl(&self, handle: &str) -> Kubectl {
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
        self.kubectl_with(handle, &render(&[known], None, &ExecCommand::aws()))
    }

    /// kubectl of somebody with a kubeconfig that they downloaded.
    pub fn kubectl_with(&self, handle: &str, kubeconfig: &str) -> Kubectl {
        Kubectl::new(&self.folder, kubeconfig, self.user(handle))
    }

    /// Somebody who calls the API server without kubectl, for what must be seen often.
    pub fn caller(&self, handle: &str) -> Caller {
        Caller::new(&self.clusters[0], self.user(handle))
    }

    /// The first cluster's administrator.
    pub fn admin(&self) -> kube::Client {
        self.admin_of(0)
    }

    /// A cluster's administrator.
    pub fn admin_of(&self, index: usize) -> kube::Client {
        let cluster = &self.clusters[index];
        let mut config = kube::Config::new(cluster.server.parse().unwrap());
        config.root_cert = Some(vec![caller::der(&cluster.ca_pem)]);
        config.auth_info.token = Some(cluster.admin_token.clone().into());
        kube::Client::try_from(config).unwrap()
    }

    /// `data` of aws-auth, as it is now.
    pub async fn aws_auth(&self) -> BTreeMap<String, String> {
        let api: kube::Api<ConfigMap> = kube::Api::namespaced(self.admin(), "kube-system");
        api.get("aws-auth").await.unwrap().data.unwrap_or_default()
    }

    /// The bindings that Latchkey made in a namespace, by name, with their subjects.
    pub async fn bindings(&self, namespace: &str) -> Vec<(String, Vec<String>)> {
        let api: kube::Api<RoleBinding> = kube::Api::namespaced(self.admin(), namespace);
        let ours = kube::api::ListParams::default().labels("app.kubernetes.io/managed-by=latchkey");
        let subjects =
            |binding: &RoleBinding| binding.subjects.iter().flatten().map(|subject| subject.name.clone()).collect();
        let list = api.list(&ours).await.unwrap();
        list.iter().map(|binding| (binding.metadata.name.clone().unwrap(), subjects(binding))).collect()
    }

    /// The inline policies of somebody's IAM user: names with documents.
    pub async fn iam_policies(&self, handle: &str) -> BTreeMap<String, String> {
        let name = &self.user(handle).name;
        let listed = self.iam.list_user_policies().user_name(name).send().await.unwrap();
        let mut policies = BTreeMap::new();
        for policy in listed.policy_names {
            let got = self.iam.get_user_policy().user_name(name).policy_name(&policy).send().await.unwrap();
            let document = percent_encoding::percent_decode_str(&got.policy_document).decode_utf8().unwrap();
            policies.insert(policy, document.into_owned());
        }
        policies
    }

    /// A client of IAM, for looks of one's own.
    pub fn iam(&self) -> aws_sdk_iam::Client {
        self.iam.clone()
    }

    /// Lets the worker do all that is due.
    pub async fn work(&self) -> RunReport {
        worker::run_once(&self.worker).await.unwrap()
    }

    /// Lets the worker work, again and again, until something is so.
    pub async fn work_until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        self.wait_until(what, async || {
            self.work().await;
            is_so().await
        })
        .await;
    }

    /// Looks again and again until something is so: other processes bring it about.
    pub async fn wait_until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so().await {
            assert!(Instant::now() < deadline, "within {PATIENCE:?}, it did not come about that {what}: {}", {
                self.trouble().await
            });
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the worker says of what it could not do, for a test that fails.
    async fn trouble(&self) -> String {
        let legs: Vec<String> = sqlx::query_scalar(
            "select concat_ws(' ', g.state, l.target_kind, l.proven, l.condition, l.error, l.evidence::text)
             from grant_leg l join access_grant g on g.id = l.grant_id order by l.grant_id",
        )
        .fetch_all(self.owner.pool())
        .await
        .unwrap_or_else(|error| vec![error.to_string()]);
        let targets: Vec<String> =
            sqlx::query_scalar("select kind || ': ' || failure from target where failure is not null")
                .fetch_all(self.owner.pool())
                .await
                .unwrap_or_else(|error| vec![error.to_string()]);
        format!("{legs:#?} {targets:#?}")
    }

    /// Another worker over the same database and AWS, whose life is the test's to end.
    pub fn another_worker(&self, life: worker::Life) -> Worker {
        let store = Store::connect(&self.database.url_as("latchkey_worker").into(), 12).unwrap();
        Worker::with_life(store, self.aws.clone(), life)
    }

    /// Moves business time forward.
    pub async fn advance(&self, minutes: i32) {
        sqlx::query("update business_clock set ahead = ahead + make_interval(mins => $1)")
            .bind(minutes)
            .execute(self.owner.pool())
            .await
            .unwrap();
    }

    /// One value from the database, as text.
    pub async fn value(&self, query: &str) -> Option<String> {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_optional(self.owner.pool()).await.unwrap()
    }

    /// Where a grant stands.
    pub async fn state(&self, grant: &str) -> String {
        self.value(&format!("select state from access_grant where id = '{grant}'")).await.unwrap()
    }

    /// The simulator, where it is the whole world.
    pub fn simulator(&self) -> &Simulator {
        match &self.world {
            World::Simulated(simulator) => simulator,
            World::Real { .. } => panic!("the world is real"),
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.server.abort();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A database URL with the password in it.
fn with_password(url: &str) -> String {
    url.replacen('@', &format!(":{DATABASE_PASSWORD}@"), 1)
}

fn settings(door: &Door, backdrop: &Backdrop, database: &Database) -> config::Settings {
    let origin = door.url.origin().ascii_serialization();
    let text = format!(
        "[server]\npublic_url = \"{origin}\"\nrequests_per_person = 100000\nforms_per_session = 100000\n\
         [login]\nsign_ins_per_address = 100000\nsign_ins_per_person = 100000\nproofs_per_person = 100000\n\
         issuer = \"{}\"\nclient_id = \"latchkey\"\nhandle_claim = \"{}\"\n\
         scopes = [\"openid\", \"profile\", \"email\", \"groups\"]\n\
         [aws]\nregion = \"{REGION}\"\nsts_url = \"{}\"\n",
        backdrop.issuer, backdrop.handle_claim, backdrop.sts_url,
    );
    let secret = ("LATCHKEY_LOGIN__CLIENT_SECRET".to_owned(), CLIENT_SECRET.to_owned());
    let web_url = ("LATCHKEY_DATABASE__WEB_URL".to_owned(), with_password(&database.url_as("latchkey_web")));
    let checked = config::settings::check("latchkey.toml", &text, &door.folder, [secret, web_url]);
    checked.settings.unwrap_or_else(|| panic!("{:?}", checked.faults))
}

async fn aws(backdrop: &Backdrop) -> Aws {
    let url = |text: &str| Some(text.parse().unwrap());
    let keys = AccessKeys {
        access_key_id: backdrop.worker.access_key_id.clone(),
        secret_access_key: backdrop.worker.secret_access_key.clone().into(),
        session_token: None,
    };
    Aws::new(&AwsConfig {
        region: REGION.to_owned(),
        iam_url: url(&backdrop.iam_url),
        sts_url: url(&backdrop.sts_url),
        eks_url: url(&backdrop.eks_url),
        keys: Some(keys),
    })
    .await
}

/// IAM for the test's own looks.
async fn iam(backdrop: &Backdrop) -> aws_sdk_iam::Client {
    let worker = &backdrop.worker;
    let keys = aws_credential_types::Credentials::new(
        &worker.access_key_id,
        &worker.secret_access_key,
        None,
        None,
        "the stage",
    );
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .credentials_provider(keys)
        .region(aws_config::Region::new(REGION))
        .endpoint_url(&backdrop.iam_url)
        .load()
        .await;
    aws_sdk_iam::Client::new(&config)
}

/// The policy.toml for these clusters: names with ARNs.
fn policy(account: &str, clusters: &[(&str, &str)]) -> String {
    use std::fmt::Write as _;
    let mut text = format!(
        "[roles]\noperators = {{ groups = [\"platform\"] }}\nauditors = {{ groups = [\"audit\"] }}\n\n\
         [[accounts]]\nid = \"{account}\"\nprincipal_paths = [\"{PATH}\"]\n"
    );
    for (name, arn) in clusters {
        let _ = write!(text, "\n[[clusters]]\nname = \"{name}\"\narn = \"{arn}\"\nlabels = {{ stage = \"prod\" }}\n");
    }
    text.push_str(
        r#"
[[profiles]]
name = "view"
cluster_roles = ["view"]
scope = "namespace"

[[profiles]]
name = "logs"
rules = [{ api_groups = [""], resources = ["pods", "pods/log"], verbs = ["get", "list"] }]
scope = "namespace"

[[policies]]
name = "payments may look"
requesters = { groups = ["developers"] }
profiles = ["view", "logs"]
clusters = { labels = { stage = "prod" } }
namespaces = ["payments", "checkout"]
longest = "8h"
approvers = { groups = ["payments-leads"], quorum = 1 }
lapses_after = "24h"
"#,
    );
    text
}

/// aws-auth as others left it, with the worker's own entry.
fn aws_auth(account: &str, worker: &str) -> BTreeMap<String, String> {
    let roles = format!(
        "# Worker nodes: without this line no node can join.\n- rolearn: arn:aws:iam::{account}:role/nodes\n  \
         username: system:node:{{{{EC2PrivateDNSName}}}}\n  groups:\n    - system:bootstrappers\n    - system:nodes\n"
    );
    let users = format!(
        "# Latchkey's worker\n- userarn: {worker}\n  username: latchkey-worker\n\
         # Bob's laptop, until the audit\n- {{userarn: \"arn:aws:iam::{account}:user/bob\", username: bob, \
         groups: ['platform-oncall']}} # ticket 4711\n"
    );
    BTreeMap::from([("mapRoles".to_owned(), roles), ("mapUsers".to_owned(), users)])
}
