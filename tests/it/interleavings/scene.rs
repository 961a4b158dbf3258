//! Rows that many people and workers want at once: a few requests and accesses of two people on two clusters.

use super::gate::{Commits, Gate};
use crate::town::{POLICY, Town, observation, view};
use latchkey::{
    aws::{Aws, AwsConfig},
    lease::{LEASE, Lease},
    store::{
        Store,
        fence::{self, Looked},
        observations, targets,
    },
    web::AskForm,
    worker::Worker,
};
use latchkey_domain::access::{ClusterId, GrantId, PrincipalId, RequestId, request::Verdict, transition::Target};
use latchkey_testkit::{self as testkit, rule_toml};
use std::{collections::BTreeMap, time::Instant};
use uuid::Uuid;

/// The town's policy with both clusters in production, and with a rule that grants automatically.
pub fn policy() -> String {
    let rule = testkit::policy("anybody may look at checkout").on_stage("prod").in_(["checkout"]).at_most(60);
    POLICY.replace("stage = \"staging\"", "stage = \"prod\"") + &rule_toml(&rule.automatic())
}

/// The policy without the profile `view`, which ends every access by it.
pub fn without_view() -> String {
    let rules = policy();
    let profile = "[[profiles]]\nname = \"view\"\ncluster_roles = [\"view\"]\nscope = \"namespace\"\n\n";
    let kept = rules.replace(profile, "");
    kept.split("\n[[policies]]")
        .filter(|rule| !rule.contains("profiles = [\"view\"]"))
        .collect::<Vec<_>>()
        .join("\n[[policies]]")
}

/// The policy without a rule for looks at payments: what waits for such a look, or is being set up, would not be
/// granted.
pub fn nobody_looks() -> String {
    let rules = policy();
    rules
        .split("\n[[policies]]")
        .filter(|rule| !rule.contains("payments may look"))
        .collect::<Vec<_>>()
        .join("\n[[policies]]")
}

/// The policy without staging-eu.
pub fn without_staging() -> String {
    let rules = policy();
    let start = rules.find("[[clusters]]\nname = \"staging-eu\"").unwrap();
    let end = start + rules[start..].find("[[profiles]]").unwrap();
    format!("{}{}", &rules[..start], &rules[end..])
}

pub struct Scene {
    pub town: Town,
    pub prod: ClusterId,
    pub staging: ClusterId,
    pub ana: PrincipalId,
    /// Ana's and gus's accesses on both clusters, in the states that their names say.
    pub grants: BTreeMap<&'static str, GrantId>,
    pub requests: BTreeMap<&'static str, RequestId>,
    /// The leases of a worker whose runs are under way.
    leases: Vec<Lease>,
    /// What that worker observed on staging-eu before.
    looked: Option<Looked>,
}

impl Scene {
    /// The people and clusters, with accesses and requests.
    pub async fn new() -> Self {
        let mut scene = Self::empty().await;
        scene.add_grants().await;
        scene.add_requests().await;
        scene
    }

    /// The people and clusters. The database reports a deadlock at once, and a lock that is never released.
    pub async fn empty() -> Self {
        let town = Town::new().await;
        for setting in ["deadlock_timeout = '20ms'", "lock_timeout = '20s'"] {
            let name: String =
                sqlx::query_scalar("select current_database()").fetch_one(town.owner.pool()).await.unwrap();
            let alter = format!("alter database {name} set {setting}");
            sqlx::query(sqlx::AssertSqlSafe(alter)).execute(town.owner.pool()).await.unwrap();
        }
        town.apply_policy(&policy()).await;
        let id = async |name: &str| ClusterId(town.cluster(name).await);
        let (prod, staging) = (id("prod-eu").await, id("staging-eu").await);
        let ana = sqlx::query_scalar("select id from principal where arn = $1").bind(Town::arn("ana"));
        let ana = PrincipalId(ana.fetch_one(town.owner.pool()).await.unwrap());
        Self {
            town,
            prod,
            staging,
            ana,
            grants: BTreeMap::new(),
            requests: BTreeMap::new(),
            leases: vec![],
            looked: None,
        }
    }

    async fn add_grants(&mut self) {
        // In the order of their ids, the clusters alternate: code that woke targets grant by grant would not lock them
        // in order.
        let wanted = [
            ("active", "ana", "prod-eu", "payments"),
            ("elsewhere", "ana", "staging-eu", "payments"),
            ("other", "ana", "prod-eu", "payments-batch"),
            ("theirs", "gus", "prod-eu", "payments"),
            ("scheduled", "gus", "staging-eu", "payments"),
            ("late", "gus", "staging-eu", "payments-batch"),
            ("revoking", "ana", "staging-eu", "payments-batch"),
        ];
        for (name, who, cluster, namespace) in wanted {
            let form = ask(cluster, "view", namespace);
            let request = self.town.asks(who, &form).await;
            let outcome = self.town.vote("chi", request, Verdict::Approve).await.unwrap();
            let latchkey::actions::requests::VoteOutcome::Approved(grant) = outcome else { panic!("{outcome:?}") };
            self.grants.insert(name, grant);
        }
        for (name, change) in [
            ("active", "state = 'active', since = now(), until = now() + interval '1 hour'"),
            ("elsewhere", "state = 'active', since = now(), until = now() + interval '1 hour'"),
            ("other", "state = 'provisioning'"),
            ("theirs", "state = 'active', since = now(), until = now() + interval '1 hour'"),
            ("late", "state = 'active', since = now() - interval '1 hour', until = now() - interval '1 minute'"),
            ("revoking", "state = 'revoking', cause = 'revoked', revoking_since = now()"),
        ] {
            let statement = format!("update access_grant set {change} where id = '{}'", self.grants[name]);
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(self.town.owner.pool()).await.unwrap();
        }
    }

    async fn add_requests(&mut self) {
        for (name, cluster, profile, namespace) in [
            ("open", "staging-eu", "view", "payments"),
            ("of two", "prod-eu", "edit", "payments"),
            ("over", "staging-eu", "view", "payments-batch"),
        ] {
            let id = self.town.asks("ana", &ask(cluster, profile, namespace)).await;
            self.requests.insert(name, id);
        }
        let statement = "update request set submitted_at = now() - interval '2 day', lapses_at = now() - interval '1 day' where id = $1";
        sqlx::query(statement).bind(self.requests["over"].0).execute(self.town.owner.pool()).await.unwrap();
    }

    /// A worker claims everything.
    pub async fn claim(&mut self) {
        targets::add_missing_clusters(&self.town.worker).await.unwrap();
        let asked = fence::ask_to_look(&self.town.owner, &"staging-eu".parse().unwrap()).await.unwrap();
        let statement = "update target set due_at = clock_timestamp(), lease_until = null, epoch = epoch + 1";
        sqlx::query(statement).execute(self.town.owner.pool()).await.unwrap();
        let seen = observation("staging-eu");
        let target = Target::Cluster(self.staging);
        let epoch = sqlx::query_scalar("select epoch from target where key = $1").bind(target.key());
        let epoch: i64 = epoch.fetch_one(self.town.owner.pool()).await.unwrap();
        assert!(observations::write(&self.town.worker, target, epoch, &seen).await.unwrap());
        self.looked = fence::looked(&self.town.owner, &asked).await.unwrap();
        let claimant = targets::Claimant { holder: "a worker", at: jiff::Timestamp::now(), in_hand: &[] };
        let claims = targets::claim(&self.town.worker, &claimant, LEASE, targets::Room::any(100)).await.unwrap();
        self.leases = claims.iter().map(lease).collect();
    }

    /// What the worker saw on staging-eu.
    pub fn looked(&self) -> &Looked {
        self.looked.as_ref().unwrap()
    }

    /// The worker's lease on a target.
    pub fn lease(&self, target: Target) -> &Lease {
        self.leases.iter().find(|lease| lease.target() == target).unwrap()
    }
}

/// The lease that a claim gives.
pub fn lease(claim: &targets::Claim) -> Lease {
    Lease::new(claim.target, claim.epoch, claim.generation, Instant::now())
}

pub fn ask(cluster: &str, profile: &str, namespace: &str) -> AskForm {
    AskForm { cluster: cluster.into(), profile: profile.into(), namespaces: vec![namespace.into()], ..view() }
}

/// Connections of one client through a gate of their own: one for each role.
pub struct Hands {
    pub gate: Gate,
    pub web: Store,
    pub worker: Store,
    pub owner: Store,
    aws: Aws,
}

impl Hands {
    pub async fn new(town: &Town, commits: Commits) -> Self {
        let server = town.database.port();
        let gate = Gate::before(server, commits).await;
        let store = |url: String| Store::connect(&gate.through(&url, server).parse().unwrap(), 2);
        let as_role = |role: &str| store(town.database.url_as(role));
        let (web, worker, owner) = (as_role("latchkey_web"), as_role("latchkey_worker"), as_role("postgres"));
        Self { web, worker, owner, gate, aws: nowhere().await }
    }

    /// A worker process that never gets as far as a call.
    pub fn worker_process(&self) -> Worker {
        Worker::new(self.worker.clone(), self.aws.clone())
    }
}

pub async fn nowhere() -> Aws {
    Aws::new(&AwsConfig {
        region: "eu-west-1".into(),
        iam_url: None,
        sts_url: None,
        eks_url: None,
        keys: None,
        ..AwsConfig::default()
    })
    .await
}

/// Whether a session waits for a lock in the town's database.
pub async fn somebody_waits(town: &Town) -> bool {
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    town.count(waiting).await > 0
}

/// The SQLSTATE of the database's error among the causes.
pub fn sqlstate(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(sqlx::Error::Database(error)) = error.downcast_ref::<sqlx::Error>() {
            return error.code().map(|code| code.to_string());
        }
        next = error.source();
    }
    None
}

/// An error with all its causes.
pub fn said(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
