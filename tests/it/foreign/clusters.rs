//! Clusters that are deleted, made again under the same name, or get another certificate authority.

use crate::{
    town::{POLICY, view},
    worker::{PROD, STAGING, USERS, World},
};
use latchkey::{
    actions::requests::{self, NotDecided, NotSubmitted},
    config,
    store::policies::{self, Application},
    words,
};
use latchkey_domain::{access::request::Verdict, plan::existence::APART};
use latchkey_simulator::{
    aws::Fault,
    kubernetes::{CallerIdentity, Seed, Server, ServerConfig},
};
use serde_json::Value;
use std::sync::Arc;

impl World {
    /// An API server for prod-eu as a new cluster has it: another address and CA, and of Latchkey's only what
    /// `latchkey bootstrap` prints. With a state, a cluster that goes on from that state.
    async fn another_server(&self, state: Option<Value>) -> Server {
        let aws = self.simulator.aws().clone();
        let identify = Arc::new(move |url: String, cluster: String| {
            let caller = aws.identify_presigned(&url, &cluster).map_err(|error| error.to_string());
            let identity = caller.map(|caller| CallerIdentity {
                arn: caller.arn,
                account: caller.account,
                user_id: caller.user_id,
            });
            Box::pin(async move { identity }) as std::pin::Pin<Box<dyn Future<Output = _> + Send>>
        });
        let old = self.objects(STAGING);
        let more = ["clusterroles", "clusterrolebindings", "roles", "rolebindings", "configmaps"]
            .iter()
            .flat_map(|kind| old.list(kind))
            .map(|mut object| {
                object["metadata"]["uid"] = Value::Null;
                object["metadata"]["resourceVersion"] = Value::Null;
                if object["metadata"]["name"] == "latchkey" {
                    object["data"] = Value::Null;
                }
                object
            });
        let seed = Seed {
            account: latchkey_testkit::ACCOUNT.into(),
            region: "eu-west-1".into(),
            namespaces: vec!["payments".into(), "payments-batch".into(), "checkout".into()],
            aws_auth: self.objects(STAGING).aws_auth_data(),
            more: more.collect(),
        };
        let server = Server::start(ServerConfig { state, ..ServerConfig::new(PROD, seed, identify) }).await.unwrap();
        self.simulator.aws().set_server(PROD, &server.url().parse().unwrap(), server.ca_pem());
        server
    }

    async fn missing_since(&self, ago: jiff::SignedDuration) {
        sqlx::query("update cluster set missing_since = clock_timestamp() - make_interval(secs => $1) where missing_since is not null")
            .bind(ago.as_secs_f64())
            .execute(self.town.owner.pool())
            .await
            .unwrap();
    }

    /// Why asking for access to prod-eu is refused.
    async fn asking_is_refused(&self) -> String {
        let refused = requests::submit(&self.town.web, self.town.visitor("gus"), &view().wanted()).await.unwrap_err();
        let NotSubmitted::Problems(considered) = refused else { panic!("{refused:?}") };
        considered.problems.into_iter().map(|problem| problem.sentence).collect()
    }

    async fn apply_again(&self) -> policies::AppliedPolicy {
        let file = config::policy::parse(POLICY).unwrap();
        let hash = config::policy::hash(POLICY);
        let application = Application {
            file: &file,
            hash: &hash,
            body: POLICY,
            expected: None,
            drain: &[],
            end_refused: false,
            by: "olga",
        };
        policies::apply(&self.town.owner, &application).await.unwrap()
    }
}

#[tokio::test]
async fn a_cluster_that_is_gone_ends_its_accesses_once_that_was_said_twice_ten_minutes_apart() {
    let world = World::new().await;
    let (running, ending) = (world.active("ana").await, world.active("gus").await);
    world.knobs(PROD).set_unreachable(true);
    world.look_again().await;
    world.give_back("gus", ending).await;

    // A missing right, too many calls, an error of AWS, no API server at the address: none of these ends anything.
    let denied = latchkey_simulator::aws::ApiError::new(403, "AccessDeniedException", "not authorized");
    let broken = latchkey_simulator::aws::ApiError::new(500, "ServerException", "something broke");
    for fault in [Fault::Fail(denied), Fault::Throttle, Fault::Fail(broken)] {
        world.simulator.aws().faults().next("eks:DescribeCluster", 1, &fault);
        world.look_again().await;
        assert_eq!(world.town.count("select count(*) from cluster where missing_since is not null").await, 0);
    }
    world.look_again().await;
    assert_eq!((world.state(running).await.as_str(), world.state(ending).await.as_str()), ("active", "revoking"));

    world.simulator.aws().delete_cluster(PROD);
    world.look_again().await;
    assert!(world.trouble(running).await.contains("EKS knows no such cluster"), "{}", world.trouble(running).await);
    assert_eq!(world.events("cluster.missing").await.len(), 1);
    world.missing_since(APART - jiff::SignedDuration::from_secs(30)).await;
    world.look_again().await;
    assert_eq!((world.state(running).await.as_str(), world.state(ending).await.as_str()), ("active", "revoking"));

    world.missing_since(APART).await;
    world.simulator.aws().faults().next("eks:DescribeCluster", 1, &Fault::Throttle);
    world.look_again().await;
    assert_eq!(world.state(running).await, "active", "only an answer ends it");
    world.rests_are_over().await;
    world.until(running, "ended").await;
    world.until(ending, "ended").await;
    assert_eq!(world.cause(running).await.as_deref(), Some("cluster_gone"));
    assert_eq!(world.cause(ending).await.as_deref(), Some("relinquished"));
    assert_eq!((world.policy("ana"), world.policy("gus")), (None, None), "IAM is there still");
    assert_eq!(world.events("cluster.gone").await.len(), 1);
    assert_eq!(world.town.count("select count(*) from mapping where state <> 'removed'").await, 0);
    assert!(world.evidence(running).await["said"].to_string().contains("does not exist any more"));
    let refused = world.asking_is_refused().await;
    assert!(refused.contains("prod-eu does not exist any more"), "{refused}");

    assert_eq!(world.town.open_intents().await, 0);
}

#[tokio::test]
async fn a_cluster_that_is_shown_again_within_that_time_goes_on() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let api_error = latchkey_simulator::aws::ApiError::new(404, "ResourceNotFoundException", "No cluster found");
    world.knobs(PROD).set_unreachable(true);
    world.look_again().await;
    world.simulator.aws().faults().next("eks:DescribeCluster", 1, &Fault::Fail(api_error.clone()));
    world.look_again().await;
    assert_eq!(world.events("cluster.missing").await.len(), 1);
    world.knobs(PROD).set_unreachable(false);
    world.missing_since(APART + APART).await;
    world.look_again().await;
    assert_eq!(world.events("cluster.found_again").await.len(), 1);
    assert_eq!((world.state(grant).await.as_str(), world.condition(grant).await.as_str()), ("active", "ok"));
    // The next "no such cluster" counts as the first again.
    world.knobs(PROD).set_unreachable(true);
    world.look_again().await;
    world.simulator.aws().faults().next("eks:DescribeCluster", 1, &Fault::Fail(api_error));
    world.look_again().await;
    assert_eq!(world.state(grant).await, "active");
    world.knobs(PROD).set_unreachable(false);
    world.rests_are_over().await;
    world.ends_clean("ana", grant).await;
}

#[tokio::test]
async fn a_cluster_made_again_inherits_nothing_until_a_policy_takes_it_on() {
    let world = World::new().await;
    let running = world.active("ana").await;
    let waiting = world.town.asks("gus", view()).await;
    world.knobs(PROD).set_unreachable(true);
    world.simulator.aws().recreate_cluster(PROD);
    let new = world.another_server(None).await;
    world.look_again().await;
    world.rests_are_over().await;
    world.until(running, "ended").await;
    assert_eq!(world.cause(running).await.as_deref(), Some("cluster_gone"));
    assert_eq!(world.policy("ana"), None);
    assert!(world.trouble(running).await.is_empty());
    assert!(world.asking_is_refused().await.contains("prod-eu was deleted and made again"));

    // A request for the old cluster cannot be approved any more.
    let late = match world.town.vote("ben", waiting, Verdict::Approve).await.unwrap_err() {
        NotDecided::NotRuled(why) => words::request::not_ruled(&why),
        other => panic!("{other}"),
    };
    assert!(late.contains("prod-eu was deleted and made again"), "{late}");
    assert_eq!(new.knobs().requests(), [], "nobody called the new one");

    let applied = world.apply_again().await;
    assert!(applied.changed);
    assert_eq!(applied.retaken.iter().map(ToString::to_string).collect::<Vec<_>>(), [PROD]);
    assert!(!world.apply_again().await.changed);
    world.run().await;
    let again = world.active("ana").await;
    let text = new.objects().aws_auth_data().unwrap()["mapUsers"].clone();
    assert!(text.contains("latchkey:ana:1"), "{text}");
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    world.give_back("ana", again).await;
    world.until(again, "ended").await;
    assert_eq!(new.objects().aws_auth_data().unwrap()["mapUsers"], USERS);
    assert_eq!(
        world.town.count("select count(*) from cluster where name = 'prod-eu'").await,
        2,
        "each has its history"
    );
    new.shutdown();
}

#[tokio::test]
async fn a_cluster_that_rotates_its_certificate_authority_is_the_same() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let mut state = world.simulator.kubernetes(PROD).unwrap().snapshot();
    for part in ["ca", "ca_key", "port"] {
        state.as_object_mut().unwrap().remove(part);
    }
    world.knobs(PROD).set_unreachable(true);
    let rotated = world.another_server(Some(state)).await;
    world.look_again().await;
    world.look_again().await;
    assert_eq!((world.state(grant).await.as_str(), world.condition(grant).await.as_str()), ("active", "ok"));
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    assert_eq!(rotated.objects().aws_auth_data().unwrap()["mapUsers"], USERS);
    rotated.shutdown();
}
