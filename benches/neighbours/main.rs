//! What one cluster that answers a byte a second costs all the others. It measures from the approval to the proven
//! access on a hundred simulated clusters that are all looked at meanwhile, first with every cluster well, then with
//! one of them slow. The ratio of the two is the figure.
//!
//!     cargo bench -p latchkey --bench neighbours
#![allow(clippy::unwrap_used, reason = "figures that cannot be taken fail, and say where")]
#![allow(clippy::disallowed_methods, reason = "tests look at the clock as people do")]

#[path = "../../tests/it/rig/mod.rs"]
mod rig;
#[path = "../../tests/it/town/mod.rs"]
#[allow(dead_code, unused_imports, reason = "what the town offers, not all of it is asked for here")]
mod town;

use latchkey::web::AskForm;
use latchkey::{
    actions::requests::VoteOutcome,
    aws::{AccessKeys, Aws, AwsConfig},
    config,
    store::policies::{self, Application},
    worker::{self, Worker},
};
use latchkey_domain::{
    access::{GrantId, request::Verdict},
    plan::bootstrap,
};
use latchkey_simulator::{
    Simulator,
    kubernetes::{Failure, Pattern, Strange},
    seed::{Seed, SeedCluster, SeedPerson, SeedUser},
};
use latchkey_testkit::{
    ACCOUNT, REGION, cluster_toml, group, iam_arn, policy, policy_cluster, profile, profile_toml, rule_toml,
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use town::Town;

/// The number of clusters, including the slow one.
const CLUSTERS: usize = 100;
/// Samples of each figure.
const SAMPLES: usize = 60;
/// The pause between two looks at the database.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// The pause between two bytes of the slow cluster's answers.
const PAUSE_BETWEEN_BYTES: Duration = Duration::from_secs(1);
/// With each sample this many clusters are due again, so that the worker is never idle.
const DUE_WITH_EACH: i64 = 10;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be made");
    runtime.block_on(run());
}

async fn run() {
    let field = Field::new().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let working = tokio::spawn(worker::run(field.worker.clone(), async move { drop(stopped.await) }));
    field.until_every_cluster_was_seen().await;
    // The first samples pay for connections, caches and plans.
    field.samples(SAMPLES / 10).await;
    let well = field.samples(SAMPLES).await;
    let knobs = field.simulator.kubernetes(&name(0)).unwrap().knobs();
    knobs.fail(Pattern::on("*", "*"), Failure::Strange(Strange::Dripping(PAUSE_BETWEEN_BYTES)), u32::MAX);
    let beside = field.samples(SAMPLES).await;
    knobs.heal();
    println!("{SAMPLES} accesses on {} clusters, approval to proven active", CLUSTERS - 1);
    println!("{:<44} {:>9} {:>9}", "", "p50", "p95");
    row("every cluster well", &well);
    row("one of them answers a byte a second", &beside);
    let ratio = |share| {
        let ratio = percentile(&beside, share).as_secs_f64() / percentile(&well, share).as_secs_f64();
        format!("{ratio:.2} x")
    };
    println!("{:<44} {:>9} {:>9}", "  ratio", ratio(0.5), ratio(0.95));
    drop(stop);
    let _ = working.await;
}

fn name(number: usize) -> String {
    format!("many-{number:03}")
}

/// The town's people, and a hundred clusters.
struct Field {
    town: Town,
    simulator: Simulator,
    worker: Worker,
}

impl Field {
    async fn new() -> Self {
        let town = Town::new().await;
        let body = policy_text();
        let file = config::policy::parse(&body).expect("the bench's policy is valid");
        let hash = config::policy::hash(&body);
        let application = Application {
            file: &file,
            hash: &hash,
            body: &body,
            expected: None,
            drain: &[],
            end_refused: false,
            by: "a bench",
        };
        policies::apply(&town.owner, &application).await.unwrap();
        let simulator = Simulator::start(seed(&file), None).await.unwrap();
        sqlx::query("update principal set unique_id = $2 where arn = $1")
            .bind(Town::arn("ana"))
            .bind(simulator.aws().user_id("ana").unwrap())
            .execute(town.owner.pool())
            .await
            .unwrap();
        let keys = simulator.worker_keys().unwrap();
        let endpoint = simulator.aws_endpoint().clone();
        let aws = Aws::new(&AwsConfig {
            region: "eu-west-1".into(),
            iam_url: Some(endpoint.clone()),
            sts_url: Some(endpoint.clone()),
            eks_url: Some(endpoint),
            keys: Some(AccessKeys {
                access_key_id: keys.access_key_id,
                secret_access_key: keys.secret_access_key.into(),
                session_token: None,
            }),
            ..AwsConfig::default()
        })
        .await;
        let worker = Worker::new(town.worker.clone(), aws);
        Self { town, simulator, worker }
    }

    async fn until_every_cluster_was_seen(&self) {
        let unseen = "select count(*) from cluster c where name like 'many-%' and not exists (
            select from observation o where o.target_key = c.id and o.body -> 'kubernetes' <> 'null')";
        let deadline = Instant::now() + Duration::from_mins(2);
        while self.town.count(unseen).await > 0 {
            assert!(Instant::now() < deadline, "{} clusters are never seen", self.town.count(unseen).await);
            tokio::time::sleep(LOOK_AGAIN * 50).await;
        }
    }

    /// Grants accesses one after the other, each on another healthy cluster, while clusters are looked at all the time.
    async fn samples(&self, count: usize) -> Vec<Duration> {
        let mut taken = Vec::with_capacity(count);
        for number in 1..=count {
            sqlx::query(
                "update target set due_at = clock_timestamp() where kind = 'cluster' and (key in (
                   select id from cluster where name like 'many-%' order by random() limit $1) or key = (
                   select id from cluster where name = $2))",
            )
            .bind(DUE_WITH_EACH)
            .bind(name(0))
            .execute(self.town.owner.pool())
            .await
            .unwrap();
            taken.push(self.sample(&name(number)).await);
        }
        taken
    }

    async fn sample(&self, cluster: &str) -> Duration {
        let form = AskForm {
            cluster: cluster.to_owned(),
            profile: "look".into(),
            namespaces: vec!["payments".into()],
            principal: String::new(),
            minutes: "60".into(),
            reason: "Why did the settlement stop?".into(),
        };
        let request = self.town.asks("ana", &form).await;
        let approved = Instant::now();
        let VoteOutcome::Approved(grant) = self.town.vote("ben", request, Verdict::Approve).await.unwrap() else {
            panic!("one vote is enough for this policy");
        };
        self.until(grant, "active").await;
        let taken = approved.elapsed();
        let ana = self.town.visitor("ana");
        latchkey::actions::grants::give_back(&self.town.web, ana, grant).await.unwrap();
        self.until(grant, "ended").await;
        taken
    }

    async fn until(&self, grant: GrantId, state: &str) {
        let deadline = Instant::now() + Duration::from_mins(2);
        let query = format!("select state from access_grant where id = '{}'", grant.0);
        while self.town.text(&query).await != state {
            assert!(Instant::now() < deadline, "the access does not become {state}");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// The town's policy with many more clusters.
fn policy_text() -> String {
    let mut text = town::POLICY.to_owned();
    for number in 0..CLUSTERS {
        text.push_str(&cluster_toml(&policy_cluster(&name(number)).of_stage("many")));
    }
    let rule = policy("many may look").of(["look"]).on_stage("many").in_(["payments"]);
    text.push_str(&profile_toml(&profile("look").of_roles(["view"])));
    text.push_str(&rule_toml(&rule.decided_by(1, group("payments-leads"))));
    text
}

fn seed(file: &latchkey_domain::access::policy::PolicyFile) -> Seed {
    let mut seed = Seed::new(REGION, ACCOUNT);
    seed.people.push(SeedPerson {
        handle: "ana".into(),
        name: "ana".into(),
        email: "ana@example.com".into(),
        groups: vec![],
        aws: Some(SeedUser::new("ana", "/latchkey/")),
    });
    let worker = &format!("- userarn: {}\n  username: latchkey-worker\n", iam_arn("user/latchkey-worker"));
    let names = ["prod-eu".to_owned(), "staging-eu".to_owned()].into_iter().chain((0..CLUSTERS).map(name));
    for name in names {
        let mut cluster = SeedCluster::new(&name);
        cluster.namespaces = vec!["payments".into()];
        cluster.aws_auth = Some(BTreeMap::from([("mapUsers".into(), worker.into())]));
        cluster.objects = bootstrap::manifests(file);
        let marker = bootstrap::config_maps().into_iter().filter(|map| map["metadata"]["name"] == "latchkey");
        cluster.objects.extend(marker);
        seed.clusters.push(cluster);
    }
    seed
}

fn row(name: &str, samples: &[Duration]) {
    let ms = |share| format!("{:.0} ms", percentile(samples, share).as_secs_f64() * 1000.0);
    println!("{name:<44} {:>9} {:>9}", ms(0.5), ms(0.95));
}

/// The smallest sample that at least this share of the samples does not exceed.
fn percentile(samples: &[Duration], share: f64) -> Duration {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank among some dozen samples"
    )]
    let rank = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len());
    sorted[rank - 1]
}
