//! Starts everything, prints the addresses, and stops it in the opposite order.

use crate::{
    description::{self, AwsEndpoint, DescribedCluster, DescribedPerson, DescribedUser, Description},
    history,
    kubernetes::{self, Kubernetes},
    postgres::Postgres,
    seed::{self, PEOPLE, POLICY, REGION, REQUESTER},
};
use anyhow::{Context as _, anyhow, bail};
use jiff::SignedDuration;
use latchkey::{
    aws::{AccessKeys, Aws, AwsConfig},
    cli::{self, Stage, Stop},
    config::{self, Settings},
    store::{
        Store,
        policies::{self, Application},
    },
    web, worker,
};
use latchkey_components::programs::Programs;
use latchkey_domain::access::policy::PolicyFile;
use latchkey_simulator::{
    Simulator,
    seed::{AuthenticationMode, SeedUser},
};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    net::{Ipv4Addr, TcpListener as StdListener},
    path::Path,
    process::ExitCode,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};

/// Longer than a demo runs: no service renews the session.
const SESSION: SignedDuration = SignedDuration::from_hours(24 * 366);
/// More than the simulator's EKS takes to tell a cluster of an access entry.
const ENTRY_SETTLE: Duration = Duration::from_secs(4);
/// Changes if this version cannot continue from the data of an earlier one.
const FORMAT: u32 = 4;

/// What a first start chooses and every later one keeps.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    format: u32,
    portal_port: u16,
    postgres_port: u16,
    client_secret: String,
    #[serde(default)]
    kubernetes: Kubernetes,
}

impl Kept {
    fn load(data: &Path, port: Option<u16>, kubernetes: Option<Kubernetes>) -> anyhow::Result<Self> {
        let path = data.join("kept.json");
        let mut kept = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?,
            Err(_) => Self {
                format: FORMAT,
                portal_port: free_port()?,
                postgres_port: free_port()?,
                client_secret: latchkey::login::secret::token(),
                kubernetes: kubernetes.unwrap_or_default(),
            },
        };
        if kept.format != FORMAT {
            let data = data.display();
            bail!(
                "the demo in {data} was begun by another version of Latchkey and cannot be carried on: remove it with \
                 `rm -r {data}`, or choose another folder with --data"
            );
        }
        // What Latchkey knows about its clusters would be wrong for others.
        if let Some(other) = kubernetes.filter(|&wanted| wanted != kept.kubernetes) {
            bail!(
                "the demo in {} began with {} clusters: choose another folder for {} ones with --data, or remove it",
                data.display(),
                kept.kubernetes.name(),
                other.name()
            );
        }
        if kept.kubernetes == Kubernetes::Real {
            // A first start that fails must not leave anything for a later one to keep.
            Programs::find()?;
        }
        kept.portal_port = port.unwrap_or(kept.portal_port);
        description::write_private(&path, &serde_json::to_string_pretty(&kept)?)?;
        Ok(kept)
    }
}

fn free_port() -> anyhow::Result<u16> {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

/// Runs the demo until it is interrupted.
pub async fn run(
    data: &Path,
    describe: Option<&Path>,
    port: Option<u16>,
    kubernetes: Option<Kubernetes>,
) -> anyhow::Result<ExitCode> {
    init_log(data)?;
    let mut signals = Signals::listen()?;
    let _alone = alone(data)?;
    let first_time = !data.join("kept.json").exists();
    let kept = Kept::load(data, port, kubernetes)?;
    eprintln!("starting PostgreSQL, the simulator, the portal and the worker ...");
    let postgres = Postgres::start(&data.join("postgres"), kept.postgres_port).await?;
    let started = tokio::select! {
        started = start(data, describe, &kept, &postgres, first_time) => started.map(Some),
        () = signals.interrupted() => Ok(None),
    };
    let outcome = match started {
        Ok(Some(running)) => {
            signals.interrupted().await;
            running.stop().await
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    postgres.stop().await?;
    outcome.map(|()| ExitCode::SUCCESS)
}

/// One demo at a time in a folder: a second one would stop the first one's PostgreSQL. Held until dropped.
fn alone(data: &Path) -> anyhow::Result<fs::File> {
    let path = data.join("lock");
    let file = fs::File::create(&path).with_context(|| format!("failed to write {}", path.display()))?;
    file.try_lock().map_err(|_| {
        anyhow!("another demo runs on {}: stop it first, or choose another folder with --data", data.display())
    })?;
    Ok(file)
}

/// The log goes to a file: the terminal is for the person who runs the demo.
fn init_log(data: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(data).with_context(|| format!("failed to make {}", data.display()))?;
    let path = data.join("latchkey.log");
    let file = fs::OpenOptions::new().create(true).append(true).open(&path);
    let file = file.with_context(|| format!("failed to write {}", path.display()))?;
    tracing_subscriber::fmt().with_writer(file).with_ansi(false).with_env_filter("info,sqlx=warn").init();
    Ok(())
}

/// Everything except PostgreSQL. The clusters end when this is dropped.
struct Running {
    tell: watch::Sender<Stage>,
    server: JoinHandle<()>,
    worker: JoinHandle<()>,
    simulator: Simulator,
    real: Option<kubernetes::Running>,
}

impl Running {
    async fn stop(self) -> anyhow::Result<()> {
        eprintln!("stopping ...");
        self.tell.send_replace(Stage::Draining);
        self.server.await.context("the portal panicked")?;
        self.worker.await.context("the worker panicked")?;
        drop(self.real);
        self.simulator.shutdown().await
    }
}

async fn start(
    data: &Path,
    describe: Option<&Path>,
    kept: &Kept,
    postgres: &Postgres,
    first_time: bool,
) -> anyhow::Result<Running> {
    let owner = migrate(postgres).await?;
    let portal = format!("http://127.0.0.1:{}", kept.portal_port);
    let policy = config::policy::parse(POLICY).map_err(|faults| anyhow!("the demo's policy: {faults:?}"))?;
    let mut seed = seed::seed(format!("{portal}/sign-in/callback"), kept.client_secret.clone(), &policy)?;
    let ahead = match kept.kubernetes {
        Kubernetes::Simulated => None,
        Kubernetes::Real => Some(kubernetes::Ahead::prepare(data, &mut seed).await?),
    };
    let simulator =
        Simulator::start(seed, Some(data.join("simulator"))).await.context("the simulator does not start")?;
    // The user of the platform team whom aws-auth lets in, without a person who signs in.
    simulator.aws().add_user(&SeedUser::new("bob", "/"));
    let real = match ahead {
        Some(ahead) => Some(ahead.start(&simulator).await.context("the real cluster does not start")?),
        None => None,
    };
    let settings = settings(data, kept, postgres, &simulator, &portal)?;
    let web_store = Store::for_pages(settings.database.web()?, settings.database.connections);
    let people = history::people(&web_store, &simulator).await?;
    if first_time {
        apply_policy(&owner, &policy).await?;
    }
    let (tell, stop) = Stop::by_hand();
    let worker_store = Store::connect(settings.database.worker()?, settings.database.connections);
    let keys = role_keys(&simulator, seed::WORKER_ROLE)?;
    let worker = worker::Worker::new(worker_store, aws(&simulator, &keys).await).settling(ENTRY_SETTLE);
    let worker = tokio::spawn(worker::run(worker, {
        let stop = stop.clone();
        async move { stop.reached(Stage::Draining).await }
    }));
    let listener = TcpListener::bind(settings.server.listen).await;
    let listener = listener.with_context(|| format!("{portal} is taken: choose another --port"))?;
    let router = web::router(cli::serve::state(&settings, web_store.clone())?);
    let bounds = cli::Bounds::behind(settings.server.trusted_proxies.clone());
    let server = tokio::spawn(cli::serve_connections(listener, router, bounds, stop));
    history::observed(&web_store).await?;
    if first_time {
        history::requests(&web_store, &people).await?;
    }
    let description = describe_all(data, &policy, &simulator, postgres, portal, keys)?;
    description.write(&description::file(data))?;
    if let Some(path) = describe {
        description.write(path)?;
    }
    println!("{}", description.text(data, REQUESTER));
    Ok(Running { tell, server, worker, simulator, real })
}

/// The demo's latchkey.toml, written for people who run the other commands, and read like any other.
fn settings(
    data: &Path,
    kept: &Kept,
    postgres: &Postgres,
    simulator: &Simulator,
    portal: &str,
) -> anyhow::Result<Settings> {
    let aws = simulator.aws_endpoint().as_str().trim_end_matches('/');
    let text = format!(
        "# The demo's own; made anew at each start.\n\
         [server]\nlisten = \"127.0.0.1:{port}\"\ninternal = \"none\"\npublic_url = \"{portal}\"\n\n\
         [worker]\ninternal = \"none\"\n\n\
         [database]\nweb_url = \"{web}\"\nworker_url = \"{worker}\"\nowner_url = \"{owner}\"\n\n\
         [login]\nprovider = \"Demo ID\"\nissuer = \"{issuer}\"\nclient_id = \"latchkey\"\n\
         client_secret_file = \"client-secret\"\nscopes = [\"openid\", \"profile\", \"email\", \"groups\"]\n\n\
         [aws]\nregion = \"{REGION}\"\niam_url = \"{aws}\"\nsts_url = \"{aws}\"\neks_url = \"{aws}\"\n",
        port = kept.portal_port,
        web = postgres.url("latchkey_web", "latchkey"),
        worker = postgres.url("latchkey_worker", "latchkey"),
        owner = postgres.url("latchkey", "latchkey"),
        issuer = simulator.issuer().as_str().trim_end_matches('/'),
    );
    let path = data.join("latchkey.toml");
    fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
    description::write_private(&data.join("client-secret"), &kept.client_secret)?;
    // From then on, it belongs to the operators of the demo.
    let policy = data.join("policy.toml");
    if !policy.exists() {
        fs::write(policy, POLICY)?;
    }
    config::settings::load(&path).map_err(|faults| anyhow!("{}: {faults:?}", path.display()))
}

async fn migrate(postgres: &Postgres) -> anyhow::Result<Store> {
    let server = sqlx::PgPool::connect(&postgres.url("latchkey", "postgres")).await?;
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = 'latchkey')")
        .fetch_one(&server)
        .await?;
    if !exists {
        sqlx::query("create database latchkey").execute(&server).await?;
    }
    let url = postgres.url("latchkey", "latchkey").parse().context("the demo's own database URL does not parse")?;
    latchkey::store::migrate(&url).await.context("failed to migrate the demo's database")?;
    Ok(Store::connect(&url, 4))
}

async fn apply_policy(owner: &Store, file: &PolicyFile) -> anyhow::Result<()> {
    let hash = config::policy::hash(POLICY);
    let application =
        Application { file, hash: &hash, body: POLICY, expected: None, drain: &[], end_refused: false, by: "the demo" };
    policies::apply(owner, &application).await.context("the demo's policy was not applied")?;
    Ok(())
}

async fn aws(simulator: &Simulator, keys: &DescribedUser) -> Aws {
    let endpoint = simulator.aws_endpoint().clone();
    let config = AwsConfig {
        region: REGION.into(),
        iam_url: Some(endpoint.clone()),
        sts_url: Some(endpoint.clone()),
        eks_url: Some(endpoint),
        keys: Some(AccessKeys {
            access_key_id: keys.access_key_id.clone(),
            secret_access_key: keys.secret_access_key.clone().into(),
            session_token: keys.session_token.clone().map(Into::into),
        }),
        ..AwsConfig::default()
    };
    Aws::new(&config).await
}

/// A session of this role, as a pod or an instance would receive it, or a client that assumes the role.
fn role_keys(simulator: &Simulator, role: &str) -> anyhow::Result<DescribedUser> {
    session_keys(simulator, role, "demo")
}

/// The keys of a person's IAM user, if they have one.
fn user_keys(simulator: &Simulator, handle: &str) -> Option<DescribedUser> {
    let (arn, keys) = simulator.person_arn(handle).zip(simulator.person_keys(handle))?;
    let (access_key_id, secret_access_key) = (keys.access_key_id, keys.secret_access_key);
    Some(DescribedUser { arn, access_key_id, secret_access_key, session_token: None })
}

/// A session of this role under this name.
fn session_keys(simulator: &Simulator, role: &str, name: &str) -> anyhow::Result<DescribedUser> {
    let session = simulator.aws().open_session(role, name, SESSION);
    let session = session.with_context(|| format!("AWS has no role {role}"))?;
    Ok(DescribedUser {
        arn: session.arn,
        access_key_id: session.access_key_id,
        secret_access_key: session.secret_access_key,
        session_token: Some(session.session_token),
    })
}

fn describe_all(
    data: &Path,
    policy: &PolicyFile,
    simulator: &Simulator,
    postgres: &Postgres,
    portal: String,
    worker: DescribedUser,
) -> anyhow::Result<Description> {
    let mut people = vec![];
    for person in &PEOPLE {
        people.push(DescribedPerson {
            handle: person.handle.into(),
            name: person.name.into(),
            email: seed::email(person),
            roles: person.roles.iter().map(|&role| role.into()).collect(),
            aws: match seed::role_of(person) {
                Some(role) => Some(session_keys(simulator, &role, &seed::email(person))?),
                None => user_keys(simulator, person.handle),
            },
        });
    }
    let mut clusters = vec![];
    for cluster in &policy.clusters {
        let name = cluster.name.to_string();
        let Some(info) = simulator.cluster(&name) else { bail!("the simulator has no cluster `{name}`") };
        let ca = data.join(format!("{name}.ca.pem"));
        fs::write(&ca, &info.ca_pem).with_context(|| format!("failed to write {}", ca.display()))?;
        clusters.push(DescribedCluster {
            real: simulator.kubernetes(&name).is_none(),
            mode: simulator.aws().mode(&name).map(AuthenticationMode::as_str).unwrap_or_default().to_owned(),
            name,
            arn: info.arn,
            server: info.server.as_str().trim_end_matches('/').to_owned(),
            ca_file: ca.display().to_string(),
        });
    }
    Ok(Description {
        portal,
        issuer: simulator.issuer().as_str().trim_end_matches('/').to_owned(),
        aws: AwsEndpoint {
            endpoint: simulator.aws_endpoint().as_str().trim_end_matches('/').into(),
            region: REGION.into(),
        },
        database: postgres.url("latchkey", "latchkey"),
        people,
        worker,
        admin: role_keys(simulator, seed::ADMIN_ROLE)?,
        clusters,
    })
}

/// Ctrl-C, and the signal of `kill`.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("failed to wait for Ctrl-C");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn interrupted(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
