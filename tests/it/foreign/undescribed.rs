//! Clusters that EKS does not describe, because a right is missing or EKS is away, while their API servers answer: what
//! ends there ends, by what the last run saw, and nothing is granted.

use crate::{
    town::{Asking, view},
    worker::{PROD, STAGING, USERS, World},
};
use latchkey::{
    web::AskForm,
    worker::{Worker, run_once},
};
use latchkey_domain::access::GrantId;
use latchkey_simulator::aws::{ApiError, Fault};
use std::time::{Duration, Instant};

/// More calls than any test makes.
const ALL: usize = 10_000;

/// What a leg says if EKS does not describe its cluster.
const REFUSED: &str = "Latchkey is not allowed to describe the cluster `prod-eu`. What is missing: eks:DescribeCluster";

impl World {
    /// From now on EKS describes no cluster, and the worker is another process, which remembers nothing.
    async fn nobody_describes(&self, fault: &Fault) -> Worker {
        self.simulator.aws().faults().next("eks:DescribeCluster", ALL, fault);
        self.another_worker().await
    }

    async fn looks(&self, worker: &Worker) {
        self.rests_are_over().await;
        run_once(worker).await.unwrap();
    }

    /// Looks until the grant is in this state.
    async fn until_by(&self, worker: &Worker, grant: GrantId, state: &str) {
        let begun = Instant::now();
        while self.state(grant).await != state {
            let (is, trouble) = (self.state(grant).await, self.trouble(grant).await);
            assert!(begun.elapsed() < Duration::from_mins(1), "the access is {is} and not {state}: {trouble}");
            self.looks(worker).await;
        }
    }

    /// Why the last run on prod-eu failed as a whole.
    async fn failure(&self) -> Option<String> {
        sqlx::query_scalar("select failure from target where key = $1")
            .bind(self.town.cluster(PROD).await)
            .fetch_one(self.town.owner.pool())
            .await
            .unwrap()
    }

    /// Makes the proofs of running accesses so old that they are asked for again.
    async fn proofs_are_old(&self) {
        sqlx::query("update grant_leg set proven_at = proven_at - interval '1 hour'")
            .execute(self.town.owner.pool())
            .await
            .unwrap();
    }

    /// Whether the access was proven on its cluster a moment ago.
    async fn is_proven_anew(&self, grant: GrantId) -> bool {
        let fresh = format!(
            "select count(*) from grant_leg where grant_id = '{}' and target_kind = 'cluster'
             and proven_at > clock_timestamp() - interval '30 minutes'",
            grant.0
        );
        self.town.count(&fresh).await == 1
    }
}

fn denied() -> Fault {
    Fault::Fail(ApiError::new(403, "AccessDeniedException", "not authorized"))
}

fn batch() -> AskForm {
    view().in_(["payments-batch"])
}

#[tokio::test]
async fn what_ends_on_a_cluster_that_eks_does_not_describe_ends_and_what_is_new_waits_and_says_why() {
    let world = World::new().await;
    let ending = world.active("gus").await;
    world.town.advance(40).await;
    let running = world.active("ana").await;
    let worker = world.nobody_describes(&denied()).await;
    world.town.advance(30).await;
    let waiting = world.approved_ask("ana", &batch()).await;
    world.proofs_are_old().await;

    world.until_by(&worker, ending, "ended").await;
    assert_eq!(world.cause(ending).await.as_deref(), Some("expired"));
    assert_eq!(world.lists_pods("gus", PROD, "payments").await, 401);
    assert!(!world.aws_auth(PROD)["mapUsers"].contains("latchkey:gus"));
    assert!(world.evidence(ending).await["said"].to_string().contains("is gone"));

    world.looks(&worker).await;
    assert_eq!((world.state(running).await.as_str(), world.condition(running).await.as_str()), ("active", "ok"));
    assert_eq!(world.trouble(running).await, "");
    assert!(world.is_proven_anew(running).await, "what runs is asked about all the same");
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);

    assert_eq!(world.state(waiting).await, "provisioning");
    assert!(world.trouble(waiting).await.starts_with(REFUSED), "{}", world.trouble(waiting).await);
    assert!(world.failure().await.is_some_and(|why| why.starts_with(REFUSED)), "{:?}", world.failure().await);
    assert_eq!(world.bindings(PROD).len(), 1, "ana's that runs");
    assert_eq!(world.lists_pods("ana", PROD, "payments-batch").await, 403);
    let begun = format!("select count(*) from intent where grant_id = '{}' and target_kind = 'cluster'", waiting.0);
    assert_eq!(world.town.count(&begun).await, 0);
    assert_eq!(world.town.count("select count(*) from target where fenced_since is not null").await, 0);

    world.simulator.aws().faults().clear();
    world.until_by(&worker, waiting, "active").await;
    assert_eq!(world.lists_pods("ana", PROD, "payments-batch").await, 200);
    assert_eq!(world.failure().await, None);
}

#[tokio::test]
async fn an_access_ends_while_eks_throttles_or_is_away() {
    let world = World::new().await;
    let away = Fault::Fail(ApiError::new(503, "ServiceUnavailableException", "away"));
    for fault in [Fault::Throttle, away, Fault::CutBefore] {
        let ending = world.active("ana").await;
        let worker = world.nobody_describes(&fault).await;
        world.give_back("ana", ending).await;
        world.until_by(&worker, ending, "ended").await;
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401, "{fault:?}");
        assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS, "{fault:?}");
        let waiting = world.approved("ana").await;
        world.looks(&worker).await;
        assert_eq!((world.condition(waiting).await.as_str(), world.bindings(PROD)), ("retrying", vec![]), "{fault:?}");
        world.simulator.aws().faults().clear();
        world.until_by(&worker, waiting, "active").await;
        world.ends_clean("ana", waiting).await;
    }
}

#[tokio::test]
async fn what_a_running_access_lost_is_put_back_once_eks_describes_its_cluster_again() {
    let world = World::new().await;
    let running = world.active("ana").await;
    let worker = world.nobody_describes(&denied()).await;
    let binding = world.bindings(PROD).remove(0);
    world.objects(PROD).remove("payments", "rolebindings", binding["metadata"]["name"].as_str().unwrap()).unwrap();
    world.looks(&worker).await;
    assert_eq!((world.state(running).await.as_str(), world.bindings(PROD)), ("active", vec![]));
    assert!(world.trouble(running).await.starts_with(REFUSED), "{}", world.trouble(running).await);

    world.simulator.aws().faults().clear();
    world.looks(&worker).await;
    assert_eq!((world.condition(running).await.as_str(), world.trouble(running).await.as_str()), ("ok", ""));
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
}

#[tokio::test]
async fn another_cluster_at_the_address_that_is_remembered_is_not_spoken_to() {
    let world = World::new().await;
    let ending = world.active("ana").await;
    let worker = world.nobody_describes(&denied()).await;
    let other = world.simulator.cluster(STAGING).unwrap().ca_pem;
    let other = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, other);
    sqlx::query("update observation set body = jsonb_set(body, '{aws,certificate_authority}', to_jsonb($2::text)) where target_key = $1")
        .bind(world.town.cluster(PROD).await)
        .bind(other)
        .execute(world.town.owner.pool())
        .await
        .unwrap();
    let before = world.knobs(PROD).requests().len();
    world.give_back("ana", ending).await;
    world.looks(&worker).await;
    assert_eq!(world.state(ending).await, "revoking");
    assert_eq!(world.knobs(PROD).requests().len(), before, "no request got through");
    let trouble = world.trouble(ending).await;
    assert!(trouble.contains(REFUSED) && trouble.contains("certificate"), "{trouble}");

    world.simulator.aws().faults().clear();
    world.until_by(&worker, ending, "ended").await;
}

#[tokio::test]
async fn a_cluster_that_no_run_ever_saw_waits_for_its_description() {
    let world = World::new().await;
    let ending = world.active("ana").await;
    let worker = world.nobody_describes(&denied()).await;
    sqlx::query("delete from observation").execute(world.town.owner.pool()).await.unwrap();
    world.give_back("ana", ending).await;
    world.looks(&worker).await;
    assert_eq!(world.state(ending).await, "revoking");
    assert!(world.trouble(ending).await.starts_with(REFUSED), "{}", world.trouble(ending).await);
}

#[tokio::test]
async fn the_marker_counts_on_a_cluster_that_eks_does_not_describe() {
    let world = World::new().await;
    let ending = world.active("ana").await;
    let worker = world.nobody_describes(&denied()).await;
    let objects = world.objects(PROD);
    let mut marker = objects.get("kube-system", "configmaps", "latchkey").unwrap();
    marker["data"]["installation"] = "00000000-0000-4000-8000-000000000000".into();
    objects.put_raw(marker, "other").unwrap();
    world.give_back("ana", ending).await;
    world.until_by(&worker, ending, "ended").await;
    assert_eq!(world.town.count("select count(*) from target where fenced_why like '%another installation%'").await, 1);
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test]
async fn an_address_that_eks_did_not_give_out_is_sent_no_token_while_eks_describes_nothing() {
    let world = World::new().await;
    let ending = world.active("ana").await;
    world.give_back("ana", ending).await;
    world.simulator.aws().faults().next(
        "eks:DescribeCluster",
        ALL,
        &Fault::Fail(ApiError::new(503, "ServiceUnavailableException", "away")),
    );
    let worker = Worker::new(world.town.worker.clone(), world.aws().await.as_of_aws());
    world.knobs(PROD).clear_requests();
    world.looks(&worker).await;
    assert_eq!(world.knobs(PROD).requests(), vec![], "the remembered address is one of loopback");
    let failure = world.failure().await.unwrap();
    assert!(failure.contains("not one that EKS gives out in eu-west-1"), "{failure}");
    world.simulator.aws().faults().clear();
    world.until_by(&worker, ending, "ended").await;
}
