//! The worker against the simulator, driven by `run_once`: what the promises say, observed on the cluster, in IAM and
//! in Postgres.

mod access;
mod clock_locks;
mod crashes;
mod decided_again;
mod entries;
mod kept_locked;
mod overlap;
mod own_entries;
pub mod own_roles;
mod paused;
mod readings;
mod restored;
mod rows_kept;
mod shared_fate;
mod standstill;
mod trouble;
mod unworkable;

use crate::town::{Town, view};
use jiff::Timestamp;
use latchkey::web::AskForm;
use latchkey::{
    actions::grants,
    aws::{AccessKeys, Aws, AwsConfig},
    store::Store,
    worker::{RunReport, TimeOfDay, Worker, run_once},
};
use latchkey_domain::{
    access::{GrantId, request::Verdict, transition::Target},
    plan::bootstrap,
};
use latchkey_simulator::{
    Simulator,
    aws::HeldEntry,
    kubernetes::{Knobs, Objects},
    seed::{AuthenticationMode, Keys, OidcClient, Seed, SeedCluster, SeedEntry, SeedPerson, SeedUser},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

/// The longest that something may take that happens by itself, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

pub const PROD: &str = "prod-eu";
pub const STAGING: &str = "staging-eu";

/// prod-eu's aws-auth before the first request: nodes, the worker, and a comment of the platform's team.
pub const USERS: &str = "# people of the platform team\n- userarn: arn:aws:iam::111122223333:user/latchkey-worker\n  username: latchkey-worker\n";
const NODES: &str = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups: [system:nodes]\n";

/// A town with clusters and an AWS to change.
pub struct World {
    pub town: Town,
    pub simulator: Simulator,
    worker: Worker,
    /// The worker's client.
    aws: Aws,
    /// People's clients, which are kept because making one is slow.
    people: Mutex<BTreeMap<String, Aws>>,
    clients: Mutex<BTreeMap<String, reqwest::Client>>,
}

/// The sentence of a blocker, from the JSON in a row.
pub fn sentence(blocker: &str) -> String {
    latchkey::words::blocker::sentence(&serde_json::from_str(blocker).unwrap())
}

impl World {
    /// The town after the worker's first look at everything.
    pub async fn new() -> Self {
        Self::with_users(USERS).await
    }

    /// The same, with this text as `mapUsers` of prod-eu.
    pub async fn with_users(users: &str) -> Self {
        Self::of(Town::new().await, users, &[]).await
    }

    /// The same, with prod-eu in this authentication mode. If it has access entries, one of them lets the worker in.
    pub async fn in_mode(mode: AuthenticationMode) -> Self {
        let mut seed = seed(USERS, &[]);
        let prod = seed.clusters.iter_mut().find(|cluster| cluster.name == PROD).unwrap();
        prod.mode = mode;
        if mode != AuthenticationMode::ConfigMap {
            prod.entries.push(SeedEntry::new("arn:aws:iam::111122223333:user/latchkey-worker", "latchkey-worker"));
        }
        Box::pin(Self::seeded(Town::new().await, seed, &[])).await
    }

    /// The same over this town, with IAM users of these people besides.
    pub async fn of(town: Town, users: &str, besides: &[String]) -> Self {
        Box::pin(Self::seeded(town, seed(users, besides), besides)).await
    }

    async fn seeded(town: Town, seed: Seed, besides: &[String]) -> Self {
        let simulator = Simulator::start(seed, None).await.unwrap();
        for handle in USERS_OF.iter().map(|handle| (*handle).to_owned()).chain(besides.to_vec()) {
            sqlx::query("update principal set unique_id = $2 where arn = $1")
                .bind(Town::arn(&handle))
                .bind(simulator.aws().user_id(&handle).unwrap())
                .execute(town.owner.pool())
                .await
                .unwrap();
        }
        let aws = aws(&simulator, simulator.worker_keys().unwrap()).await;
        let worker = Worker::new(town.worker.clone(), aws.clone());
        let (people, clients) = (Mutex::default(), Mutex::default());
        let world = Self { town, simulator, worker, aws, people, clients };
        world.run().await;
        world
    }

    /// Another worker process over the same database.
    pub async fn another_worker(&self) -> Worker {
        self.worker_by_clock(TimeOfDay::default()).await
    }

    /// The same with a clock of its own.
    pub async fn worker_by_clock(&self, clock: TimeOfDay) -> Worker {
        let url = self.town.database.url_as("latchkey_worker");
        Worker::with_clock(Store::connect(&url.parse().unwrap(), 5), self.aws().await, clock)
    }

    /// AWS as the worker calls it.
    pub async fn aws(&self) -> Aws {
        aws(&self.simulator, self.simulator.worker_keys().unwrap()).await
    }

    /// A worker process that runs before or after others and so shares their connections.
    pub fn next_worker(&self) -> Worker {
        Worker::new(self.town.worker.clone(), self.aws.clone())
    }

    /// Runs everything that is due now.
    pub async fn run(&self) -> RunReport {
        run_once(&self.worker).await.unwrap()
    }

    /// Runs until the grant is in this state.
    pub async fn until(&self, grant: GrantId, state: &str) {
        let begun = Instant::now();
        loop {
            self.run().await;
            if self.state(grant).await == state {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "the access is {} and not {state}: {}",
                self.state(grant).await,
                self.trouble(grant).await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Claims a target as another worker would. Gives the new epoch.
    pub async fn claimed_again(&self, target: Target) -> i64 {
        sqlx::query_scalar("update target set epoch = epoch + 1 where key = $1 returning epoch")
            .bind(target.key())
            .fetch_one(self.town.owner.pool())
            .await
            .unwrap()
    }

    /// Runs until a leg of the grant has a blocker whose sentence contains this.
    pub async fn until_trouble(&self, grant: GrantId, says: &str) {
        let begun = Instant::now();
        loop {
            self.run().await;
            let trouble = self.trouble(grant).await;
            if trouble.contains(says) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "no leg says {says:?}: {trouble}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn state(&self, grant: GrantId) -> String {
        sqlx::query_scalar("select state from access_grant where id = $1")
            .bind(grant.0)
            .fetch_one(self.town.owner.pool())
            .await
            .unwrap()
    }

    pub async fn cause(&self, grant: GrantId) -> Option<String> {
        sqlx::query_scalar("select cause from access_grant where id = $1")
            .bind(grant.0)
            .fetch_one(self.town.owner.pool())
            .await
            .unwrap()
    }

    /// The sentences of the grant's legs, the cluster's first.
    pub async fn trouble(&self, grant: GrantId) -> String {
        let blockers: Vec<Option<String>> = sqlx::query_scalar(
            "select latchkey_blocker(error, code, blocker) from grant_leg where grant_id = $1 order by target_kind",
        )
        .bind(grant.0)
        .fetch_all(self.town.owner.pool())
        .await
        .unwrap();
        blockers.iter().flatten().map(|why| sentence(why)).collect::<Vec<_>>().join(" | ")
    }

    /// An approved ask of ana's or gus's to look at payments.
    pub async fn approved(&self, handle: &str) -> GrantId {
        self.approved_ask(handle, &view()).await
    }

    /// An approved ask.
    pub async fn approved_ask(&self, handle: &str, form: &AskForm) -> GrantId {
        use latchkey::actions::requests::VoteOutcome;
        let id = self.town.asks(handle, form).await;
        for approver in ["ben", "chi", "dot"].into_iter().filter(|approver| *approver != handle) {
            if let VoteOutcome::Approved(grant) = self.town.vote(approver, id, Verdict::Approve).await.unwrap() {
                return grant;
            }
        }
        panic!("two approvals are enough for everything in town")
    }

    /// The same, already active.
    pub async fn active(&self, handle: &str) -> GrantId {
        let grant = self.approved(handle).await;
        self.until(grant, "active").await;
        grant
    }

    pub async fn give_back(&self, handle: &str, grant: GrantId) {
        grants::give_back(&self.town.web, self.town.visitor(handle), grant).await.unwrap();
    }

    pub fn objects(&self, cluster: &str) -> Objects {
        self.simulator.kubernetes(cluster).unwrap().objects()
    }

    pub fn knobs(&self, cluster: &str) -> Knobs {
        self.simulator.kubernetes(cluster).unwrap().knobs()
    }

    pub fn aws_auth(&self, cluster: &str) -> BTreeMap<String, String> {
        self.objects(cluster).aws_auth_data().unwrap()
    }

    /// Latchkey's access entries on a cluster.
    pub fn own_entries(&self, cluster: &str) -> Vec<HeldEntry> {
        let held = self.simulator.aws().held_entries(cluster);
        held.into_iter().filter(|entry| entry.username.starts_with("latchkey:")).collect()
    }

    /// Latchkey's bindings in a cluster.
    pub fn bindings(&self, cluster: &str) -> Vec<Value> {
        let objects = self.objects(cluster);
        let all = objects.list("rolebindings").into_iter().chain(objects.list("clusterrolebindings"));
        all.filter(|object| object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "latchkey").collect()
    }

    /// Latchkey's inline policy of a person's user.
    pub fn policy(&self, handle: &str) -> Option<String> {
        self.simulator.aws().user_policies(handle).unwrap().get("latchkey").cloned()
    }

    /// The API server's answer to a person who lists pods of a namespace: 200, 401 or 403.
    pub async fn lists_pods(&self, handle: &str, cluster: &str, namespace: &str) -> u16 {
        self.asks(handle, cluster, &format!("/api/v1/namespaces/{namespace}/pods")).await
    }

    /// The API server's answer to a person who gets a path.
    pub async fn asks(&self, handle: &str, cluster: &str, path: &str) -> u16 {
        use secrecy::ExposeSecret as _;
        let info = self.simulator.cluster(cluster).unwrap();
        let known = self.people.lock().unwrap().get(handle).cloned();
        let own = match known {
            Some(own) => own,
            None => aws(&self.simulator, self.simulator.person_keys(handle).unwrap()).await,
        };
        self.people.lock().unwrap().insert(handle.to_owned(), own.clone());
        let token = own.cluster_token(&info.arn.parse().unwrap(), Timestamp::now()).await.unwrap();
        let client = self.client(cluster, &info.ca_pem);
        let url = format!("{}{path}", info.server.as_str().trim_end_matches('/'));
        client.get(url).bearer_auth(token.expose_secret()).send().await.unwrap().status().as_u16()
    }

    /// From now on this person calls AWS as a session of a role of this name.
    pub async fn comes_by(&self, handle: &str, role: &str, session: &str) {
        let lasts = jiff::SignedDuration::from_hours(12);
        let keys = self.simulator.aws().open_session(role, session, lasts).unwrap();
        let own = aws_with(
            self.simulator.aws_endpoint().clone(),
            AccessKeys {
                access_key_id: keys.access_key_id,
                secret_access_key: keys.secret_access_key.into(),
                session_token: Some(keys.session_token.into()),
            },
        );
        let own = own.await;
        self.people.lock().unwrap().insert(handle.to_owned(), own);
    }

    fn client(&self, cluster: &str, ca_pem: &str) -> reqwest::Client {
        let make = || {
            let roots = [reqwest::Certificate::from_pem(ca_pem.as_bytes()).unwrap()];
            reqwest::Client::builder().tls_certs_only(roots).build().unwrap()
        };
        self.clients.lock().unwrap().entry(cluster.to_owned()).or_insert_with(make).clone()
    }

    /// EKS as the platform's team calls it.
    pub async fn eks(&self) -> aws_sdk_eks::Client {
        let keys = self.simulator.worker_keys().unwrap();
        let credentials =
            aws_credential_types::Credentials::new(keys.access_key_id, keys.secret_access_key, None, None, "a test");
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-west-1"))
            .credentials_provider(credentials)
            .endpoint_url(self.simulator.aws_endpoint().as_str().trim_end_matches('/'))
            .load()
            .await;
        aws_sdk_eks::Client::new(&config)
    }

    /// Ends what a dead worker held: its leases, and the time in which its writes may still arrive.
    pub async fn time_of_dead_workers_is_over(&self) {
        for statement in [
            "update target set lease_until = lease_until - interval '10 minutes' where lease_until is not null",
            "update intent set started_at = started_at - interval '30 minutes'
             where outcome is null or outcome like 'interrupted%'",
            "update mapping set wrote_at = wrote_at - interval '30 minutes' where wrote_at is not null",
        ] {
            sqlx::query(statement).execute(self.town.owner.pool()).await.unwrap();
        }
    }

    /// Lets the time pass in which IAM may show the state before the worker's last writes.
    pub async fn iam_has_settled(&self) {
        // Rows that a test keeps locked stay as they are.
        let aged = "update intent set finished_at = finished_at - interval '1 minute'
             where id in (select id from intent where finished_at is not null for update skip locked)";
        sqlx::query(aged).execute(self.town.owner.pool()).await.unwrap();
    }

    /// Ends every back-off now, as if time had passed.
    pub async fn rests_are_over(&self) {
        for statement in [
            "update grant_leg set next_try = null",
            "update target set due_at = clock_timestamp() where due_at is not null",
        ] {
            sqlx::query(statement).execute(self.town.owner.pool()).await.unwrap();
        }
    }
}

async fn aws(simulator: &Simulator, keys: Keys) -> Aws {
    aws_at(simulator.aws_endpoint().clone(), keys).await
}

/// The client of an AWS at this address.
pub async fn aws_at(endpoint: url::Url, keys: Keys) -> Aws {
    let keys = AccessKeys {
        access_key_id: keys.access_key_id,
        secret_access_key: keys.secret_access_key.into(),
        session_token: None,
    };
    aws_with(endpoint, keys).await
}

async fn aws_with(endpoint: url::Url, keys: AccessKeys) -> Aws {
    Aws::new(&AwsConfig {
        region: "eu-west-1".into(),
        iam_url: Some(endpoint.clone()),
        sts_url: Some(endpoint.clone()),
        eks_url: Some(endpoint),
        keys: Some(keys),
        ..AwsConfig::default()
    })
    .await
}

/// The people who have an IAM user in every world.
const USERS_OF: [&str; 4] = ["ana", "ben", "dee", "gus"];

fn seed(users: &str, besides: &[String]) -> Seed {
    let mut seed = Seed::new("eu-west-1", "111122223333");
    let policy = latchkey::config::policy::parse(crate::town::POLICY).unwrap();
    for handle in USERS_OF.into_iter().chain(besides.iter().map(String::as_str)) {
        seed.people.push(SeedPerson {
            handle: handle.into(),
            name: handle.into(),
            email: format!("{handle}@example.com"),
            groups: vec![],
            aws: Some(SeedUser::new(handle, "/latchkey/")),
        });
    }
    seed.clients.push(OidcClient {
        id: "latchkey".into(),
        secret: "a-secret-of-the-rig".into(),
        redirect_uris: vec!["http://127.0.0.1:8080/sign-in/callback".into()],
    });
    for (name, users) in [(PROD, users), (STAGING, USERS)] {
        let mut cluster = SeedCluster::new(name);
        cluster.namespaces = vec!["payments".into(), "payments-batch".into(), "checkout".into()];
        cluster.aws_auth = Some(BTreeMap::from([("mapUsers".into(), users.into()), ("mapRoles".into(), NODES.into())]));
        cluster.objects = bootstrap::manifests(&policy);
        cluster
            .objects
            .extend(bootstrap::config_maps().into_iter().filter(|map| map["metadata"]["name"] == "latchkey"));
        seed.clusters.push(cluster);
    }
    seed
}
