//! Latchkey's adapters against what they talk to. Each expectation holds on the simulator and on the real components,
//! so that a mistake that adapter and simulator share does not go unseen.

mod bounds;
mod clusters;
mod iam;
pub mod kubernetes;
mod trouble;

use latchkey::aws::{AccessKeys, Aws, AwsConfig};
use latchkey::fault::{Fault, FaultKind};
use latchkey::lease::{LAST_CALL, LEASE, Lease};
use latchkey_domain::access::{ClusterId, transition::Target};
use latchkey_simulator::{
    Simulator,
    seed::{AuthenticationMode, Seed, SeedCluster, SeedPerson, SeedUser},
};
use latchkey_testkit::ACCOUNT;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use url::Url;
use uuid::Uuid;

/// A region that simulator and rig share.
const REGION: &str = "us-east-1";

/// A fresh lease.
fn lease() -> Lease {
    Lease::new(Target::Cluster(ClusterId(Uuid::nil())), 1, 1, Instant::now())
}

/// A lease that gives permits for this much longer.
fn lease_that_ends_within(rest: Duration) -> Lease {
    let age = LEASE.checked_sub(LAST_CALL + rest).unwrap();
    let claimed = Instant::now().checked_sub(age).unwrap();
    Lease::new(Target::Cluster(ClusterId(Uuid::nil())), 1, 1, claimed)
}

fn unique(stem: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{stem}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn keys(access_key_id: &str, secret_access_key: &str) -> AccessKeys {
    AccessKeys {
        access_key_id: access_key_id.to_owned(),
        secret_access_key: secret_access_key.to_owned().into(),
        session_token: None,
    }
}

/// The adapter, with everything at one address.
async fn aws_at(endpoint: &Url, keys: AccessKeys) -> Aws {
    let url = || Some(endpoint.clone());
    let config = AwsConfig {
        region: REGION.to_owned(),
        iam_url: url(),
        sts_url: url(),
        eks_url: url(),
        keys: Some(keys),
        ..AwsConfig::default()
    };
    Aws::new(&config).await
}

/// A simulator with a cluster in each authentication mode of interest, and a user that no cluster maps.
async fn simulator() -> Simulator {
    let mut seed = Seed::new(REGION, ACCOUNT);
    seed.people.push(SeedPerson {
        handle: "stranger".to_owned(),
        name: "Stranger".to_owned(),
        email: "stranger@example.com".to_owned(),
        groups: vec![],
        aws: Some(SeedUser::new("stranger", "/")),
    });
    seed.clusters.push(SeedCluster::new("classic"));
    seed.clusters.push(SeedCluster { mode: AuthenticationMode::ApiAndConfigMap, ..SeedCluster::new("both") });
    Simulator::start(seed, None).await.unwrap()
}

/// The adapter as the simulator's worker.
async fn worker_of(simulator: &Simulator) -> Aws {
    let worker = simulator.worker_keys().unwrap();
    aws_at(simulator.aws_endpoint(), keys(&worker.access_key_id, &worker.secret_access_key)).await
}

/// EKS as the team that manages the clusters calls it.
async fn eks(simulator: &Simulator) -> aws_sdk_eks::Client {
    let keys = simulator.worker_keys().unwrap();
    let keys = aws_credential_types::Credentials::new(keys.access_key_id, keys.secret_access_key, None, None, "a test");
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new(REGION))
        .credentials_provider(keys)
        .endpoint_url(simulator.aws_endpoint().as_str().trim_end_matches('/'))
        .load()
        .await;
    aws_sdk_eks::Client::new(&config)
}

/// The right that a refusal names as missing.
fn missing(fault: &Fault) -> String {
    match fault.kind() {
        FaultKind::Refused { missing } => missing.to_string(),
        kind => panic!("{kind:?}: {fault:?}"),
    }
}

/// The sentence that people read about a fault.
fn said(fault: &Fault) -> String {
    latchkey::words::blocker::sentence(&fault.into())
}
