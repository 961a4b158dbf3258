//! Calls that go wrong: errors, silence, late writes.

use super::kubernetes::World;
use super::{aws_at, eks, keys, lease, lease_that_ends_within, missing, said, simulator, worker_of};
use jiff::{SignedDuration, Timestamp};
use latchkey::fault::{Fault, FaultKind};
use latchkey::kubernetes::{ApiServer, Content, WantedObservation};
use latchkey::lease::LAST_CALL;
use latchkey_domain::eks::arn::{ClusterArn, PrincipalArn, UserArn};
use latchkey_simulator::aws as fake;
use latchkey_simulator::kubernetes::{Failure, Pattern};
use serde_json::json;
use std::time::Duration;

fn worker() -> UserArn {
    UserArn::parse(&latchkey_testkit::iam_arn("user/latchkey-worker")).unwrap()
}

fn is_transient(fault: &Fault) -> bool {
    *fault.kind() == FaultKind::Transient
}

#[tokio::test]
async fn throttling_by_aws_is_told_apart_and_not_tried_again_here() {
    let simulator = simulator().await;
    let aws = worker_of(&simulator).await;
    aws.user(&worker()).await.unwrap();
    simulator.aws().faults().next("iam:GetUser", 1, &fake::Fault::Throttle);
    let fault = aws.user(&worker()).await.unwrap_err();
    assert!(matches!(fault.kind(), FaultKind::Throttled { .. }), "{fault:?}");
    let calls = simulator.aws().faults().calls();
    assert_eq!(calls.iter().filter(|call| call.action == "GetUser").count(), 2);
}

/// How long a call without an answer may take: its time-out of ten seconds, and slack for a busy machine.
const SILENCE: Duration = Duration::from_secs(18);

/// Asserts that a call without an answer ends by itself.
async fn gives_up<T: std::fmt::Debug>(what: &str, call: impl Future<Output = Result<T, Fault>>) {
    let ended = tokio::time::timeout(SILENCE, call).await;
    let fault = ended.unwrap_or_else(|_| panic!("{what} waits after {SILENCE:?} still")).unwrap_err();
    assert!(is_transient(&fault), "{what}: {fault:?}");
}

#[tokio::test]
async fn silence_of_aws_and_of_an_api_server_ends_within_ten_seconds_each() {
    let (world, other) = tokio::join!(World::simulated(), simulator());
    let simulator = world.simulator();
    let cluster = ClusterArn::parse(&simulator.cluster("both").unwrap().arn).unwrap();
    let (user, holder) = (worker(), PrincipalArn::from(worker()));
    let (aws, of_other, unknown) = (worker_of(simulator).await, worker_of(&other).await, worker_of(&other).await);
    for (simulator, aws) in [(simulator, &aws), (&other, &of_other)] {
        let made = eks(simulator).await.create_access_entry().cluster_name("both").principal_arn(user.to_string());
        made.send().await.unwrap();
        aws.user(&user).await.unwrap();
        aws.access_entry(&cluster, &holder).await.unwrap().expect("an entry");
    }
    for action in ["iam:GetUser", "eks:DescribeCluster", "eks:ListAccessEntries", "eks:DescribeAccessEntry"] {
        simulator.aws().faults().next(action, 1, &fake::Fault::Silent);
    }
    for action in ["eks:ListAssociatedAccessPolicies", "sts:GetCallerIdentity"] {
        other.aws().faults().next(action, 1, &fake::Fault::Silent);
    }
    world.server().knobs().fail(Pattern::on("get", "configmaps"), Failure::Late(SILENCE * 2), 1);
    tokio::join!(
        gives_up("an API server", world.cluster.aws_auth()),
        gives_up("IAM", aws.user(&user)),
        gives_up("EKS, asked for a cluster", aws.describe_cluster(&cluster)),
        gives_up("EKS, asked who has an entry", aws.access_entries(&cluster)),
        gives_up("EKS, asked for an entry", aws.access_entry(&cluster, &holder)),
        gives_up("EKS, asked what policies an entry has", of_other.access_entry(&cluster, &holder)),
        gives_up("STS", unknown.access_entries(&cluster)),
    );
}

#[tokio::test]
async fn policy_beyond_iams_limit_is_invalid_and_says_so() {
    let simulator = simulator().await;
    let aws = worker_of(&simulator).await;
    let lease = lease();
    let resource = format!("arn:aws:eks:*:*:cluster/{}", "x".repeat(2_048));
    let document = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "eks:DescribeCluster", "Resource": resource }
    ] });
    let outcome = aws.put_user_policy(&lease.permit().unwrap(), &worker(), "long", &document.to_string()).await;
    let fault = outcome.unwrap_err();
    assert_eq!(*fault.kind(), FaultKind::Invalid, "{fault:?}");
    assert!(said(&fault).contains("LimitExceeded"), "{}", said(&fault));
}

#[tokio::test]
async fn what_a_run_signed_long_ago_is_refused_and_signed_anew_by_the_next() {
    let simulator = simulator().await;
    let aws = worker_of(&simulator).await;
    aws.user(&worker()).await.unwrap();
    let now = Timestamp::now();
    let paused = aws.signing_at(now - SignedDuration::from_mins(6));
    let lease = lease();
    let tags = [("a".to_owned(), "b".to_owned())].into();
    let fault = paused.tag_user(&lease.permit().unwrap(), &worker(), &tags).await.unwrap_err();
    assert!(is_transient(&fault), "{fault:?}");
    assert!(aws.user(&worker()).await.unwrap().unwrap().tags.is_empty());
    // The client did not take over the server's clock from the answer and sign by it.
    assert!(paused.tag_user(&lease.permit().unwrap(), &worker(), &tags).await.is_err());
    aws.signing_at(now).tag_user(&lease.permit().unwrap(), &worker(), &tags).await.unwrap();
}

#[tokio::test]
async fn wrong_keys_and_no_aws_at_all_are_told_apart() {
    let simulator = simulator().await;
    let worker_keys = simulator.worker_keys().unwrap();
    let wrong = aws_at(simulator.aws_endpoint(), keys(&worker_keys.access_key_id, "wrong")).await;
    let fault = wrong.user(&worker()).await.unwrap_err();
    assert!(missing(&fault).contains("credentials"), "{fault:?}");
    let nobody = "http://127.0.0.1:9".parse().unwrap();
    let fault = aws_at(&nobody, keys("AKIAIOSFODNN7EXAMPLE", "x")).await.user(&worker()).await.unwrap_err();
    assert!(is_transient(&fault), "{fault:?}");
}

#[tokio::test]
async fn nothing_is_begun_at_the_end_of_a_lease() {
    let world = World::simulated().await;
    let simulator = world.simulator();
    let aws = worker_of(simulator).await;
    aws.user(&worker()).await.unwrap();
    simulator.aws().faults().forget_calls();
    world.server().knobs().clear_requests();
    // The permit is taken in time; then the process is paused.
    let lease = lease_that_ends_within(Duration::from_millis(50));
    let permit = lease.permit().unwrap();
    while permit.time_left() > LAST_CALL {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let tags = [("a".to_owned(), "b".to_owned())].into();
    assert!(is_transient(&aws.tag_user(&permit, &worker(), &tags).await.unwrap_err()));
    let spec = world.spec("view");
    assert!(is_transient(&world.cluster.create_binding(&permit, &spec, Content::Granting).await.unwrap_err()));
    assert!(is_transient(&world.cluster.patch_aws_auth(&permit, "1", "mapUsers", None).await.unwrap_err()));
    assert_eq!(simulator.aws().faults().calls(), []);
    assert_eq!(world.server().knobs().requests(), []);
}

#[tokio::test]
async fn api_server_that_wants_fewer_calls_says_how_long() {
    let world = World::simulated().await;
    world.server().knobs().fail(Pattern::on("create", "rolebindings"), Failure::TooManyRequests(3), 1);
    let lease = lease();
    let spec = world.spec("view");
    let begun = world.cluster.create_binding(&lease.permit().unwrap(), &spec, Content::Granting).await;
    let kind = begun.unwrap_err().kind().clone();
    assert_eq!(kind, FaultKind::Throttled { retry_after: Some(Duration::from_secs(3)) });
    let requests = world.server().knobs().requests().into_iter();
    let tried = requests.filter(|request| request.verb == "create" && request.resource == "rolebindings").count();
    assert_eq!(tried, 1, "the adapter tries once");
}

#[tokio::test]
async fn connection_that_is_cut_says_nothing_about_the_write() {
    let world = World::simulated().await;
    let (lease, spec) = (lease(), world.spec("view"));
    let create = async |failure| {
        world.server().knobs().fail(Pattern::on("create", "rolebindings"), failure, 1);
        let fault = world.cluster.create_binding(&lease.permit().unwrap(), &spec, Content::Granting).await.unwrap_err();
        assert!(is_transient(&fault), "{fault:?}");
        world.cluster.get_binding(spec.namespace.as_deref(), &spec.name()).await.unwrap()
    };
    assert_eq!(create(Failure::CutBefore).await, None);
    assert!(create(Failure::CutAfter).await.is_some());
}

#[tokio::test]
async fn trouble_of_the_api_server_is_not_ours() {
    let world = World::simulated().await;
    world.server().knobs().fail(Pattern::on("list", "namespaces"), Failure::Internal, 1);
    assert!(is_transient(&world.cluster.observe(&WantedObservation::default()).await.unwrap_err()));
    world.server().knobs().fail(Pattern::on("list", "namespaces"), Failure::Forbidden, 1);
    let fault = world.cluster.observe(&WantedObservation::default()).await.unwrap_err();
    assert_eq!(missing(&fault), "list namespaces");
}

#[tokio::test]
async fn lists_longer_than_a_page_are_read_whole() {
    let world = World::simulated().await;
    for number in 0..1_001 {
        let object = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": format!("many-{number}") },
        });
        world.server().objects().put_raw(object, "test").unwrap();
    }
    let seen = world.cluster.observe(&WantedObservation::default()).await.unwrap();
    assert_eq!(seen.namespaces.iter().filter(|namespace| namespace.name.starts_with("many-")).count(), 1_001);
}

#[tokio::test]
async fn api_server_that_is_not_the_clusters_is_not_talked_to() {
    let world = World::simulated().await;
    let mut described = world.described.clone();
    let other = world.simulator().cluster("both").unwrap();
    described.certificate_authority = super::kubernetes::base64(&other.ca_pem);
    let fault = ApiServer::connect(&described, "token".into(), &latchkey::proxy::Proxies::default())
        .unwrap()
        .aws_auth()
        .await
        .unwrap_err();
    assert!(is_transient(&fault) && said(&fault).contains("not signed by the CA"), "{}", said(&fault));

    described.endpoint = "https://127.0.0.1:9".to_owned();
    let fault = ApiServer::connect(&described, "token".into(), &latchkey::proxy::Proxies::default())
        .unwrap()
        .aws_auth()
        .await
        .unwrap_err();
    assert!(is_transient(&fault) && said(&fault).contains("refuses connections"), "{}", said(&fault));

    described.certificate_authority = "bm90IFBFTQ==".to_owned();
    let fault = ApiServer::connect(&described, "token".into(), &latchkey::proxy::Proxies::default()).unwrap_err();
    assert_eq!(*fault.kind(), FaultKind::Invalid);
    described.endpoint.clear();
    assert!(is_transient(
        &ApiServer::connect(&described, "token".into(), &latchkey::proxy::Proxies::default()).unwrap_err()
    ));
}
