//! EKS's own API: only the simulator answers it, also beside the real components.

use super::{aws_at, eks, keys, lease, missing, simulator, worker_of};
use latchkey::{aws::EntryToMake, fault::FaultKind};
use latchkey_domain::eks::arn::{ClusterArn, PrincipalArn};
use latchkey_domain::plan::observation::{AccessEntry, AuthenticationMode};
use latchkey_testkit::{ACCOUNT, iam_arn};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn arn(account: &str, name: &str) -> ClusterArn {
    ClusterArn::parse(&format!("arn:aws:eks:us-east-1:{account}:cluster/{name}")).unwrap()
}

#[tokio::test]
async fn cluster_is_described_with_where_its_server_is() {
    let simulator = simulator().await;
    let aws = worker_of(&simulator).await;
    let found = aws.describe_cluster(&arn(ACCOUNT, "both")).await.unwrap();
    let inside = simulator.cluster("both").unwrap();
    assert_eq!((found.name.as_str(), found.arn.as_str()), ("both", inside.arn.as_str()));
    assert_eq!(found.endpoint.trim_end_matches('/'), inside.server.as_str().trim_end_matches('/'));
    assert_eq!((found.status.as_str(), found.mode), ("ACTIVE", AuthenticationMode::ApiAndConfigMap));
    assert!(found.created_at.is_some() && !found.version.is_empty());
    let classic = aws.describe_cluster(&arn(ACCOUNT, "classic")).await.unwrap();
    assert_eq!(classic.mode, AuthenticationMode::ConfigMap);
}

#[tokio::test]
async fn only_the_clusters_own_account_says_that_it_is_gone() {
    let simulator = simulator().await;
    let aws = worker_of(&simulator).await;
    let gone = aws.describe_cluster(&arn(ACCOUNT, "gone")).await.unwrap_err();
    assert!(gone.is_not_found(), "{gone:?}");
    // This account has a cluster named `classic` and none named `gone`: neither tells anything about the other
    // account's.
    for name in ["classic", "gone"] {
        let foreign = aws.describe_cluster(&arn("999988887777", name)).await.unwrap_err();
        assert!(missing(&foreign).contains("999988887777"), "{foreign:?}");
    }
}

#[tokio::test]
async fn cluster_without_the_right_to_it_names_the_right() {
    let simulator = simulator().await;
    let stranger = simulator.person_keys("stranger").unwrap();
    let stranger = keys(&stranger.access_key_id, &stranger.secret_access_key);
    let aws = aws_at(simulator.aws_endpoint(), stranger).await;
    let fault = aws.describe_cluster(&arn(ACCOUNT, "classic")).await.unwrap_err();
    assert_eq!(missing(&fault), format!("eks:DescribeCluster on arn:aws:eks:us-east-1:{ACCOUNT}:cluster/classic"));
}

#[tokio::test]
async fn principal_without_an_access_entry_has_none() {
    let simulator = simulator().await;
    let aws = worker_of(&simulator).await;
    let jane = PrincipalArn::parse(&iam_arn("user/jane")).unwrap();
    assert_eq!(aws.access_entry(&arn(ACCOUNT, "both"), &jane).await.unwrap(), None);
    let fault = aws.access_entry(&arn(ACCOUNT, "classic"), &jane).await.unwrap_err();
    assert_eq!(*fault.kind(), FaultKind::Invalid, "{fault:?}");
}

#[tokio::test]
async fn every_page_of_the_access_entries_is_listed() {
    let simulator = simulator().await;
    let aws = worker_of(&simulator).await;
    let made: BTreeSet<String> = (0..120).map(|number| format!("arn:aws:iam::999988887777:role/r{number}")).collect();
    let eks = eks(&simulator).await;
    for arn in &made {
        eks.create_access_entry().cluster_name("both").principal_arn(arn).send().await.unwrap();
    }
    let listed = aws.access_entries(&arn(ACCOUNT, "both")).await.unwrap();
    assert_eq!(listed, made.into_iter().map(AccessEntry::named).collect::<Vec<_>>());
    let fault = aws.access_entries(&arn(ACCOUNT, "classic")).await.unwrap_err();
    assert_eq!(*fault.kind(), FaultKind::Invalid, "{fault:?}");
}

#[tokio::test]
async fn an_entry_is_made_once_read_back_by_its_own_arn_and_deleted() {
    let simulator = simulator().await;
    let aws = worker_of(&simulator).await;
    let (cluster, jane) = (arn(ACCOUNT, "both"), PrincipalArn::parse(&iam_arn("user/stranger")).unwrap());
    let tags = BTreeMap::from([("latchkey/cluster".to_owned(), "both".to_owned())]);
    let new = EntryToMake { principal: &jane, username: "latchkey:jane:1", tags: &tags, token: Uuid::from_u128(1) };
    let lease = lease();
    let made = aws.create_access_entry(&lease.permit().unwrap(), &cluster, &new).await.unwrap();
    let fields = made.fields().unwrap().clone();
    assert_eq!((fields.username.as_str(), fields.kind.as_str(), &fields.tags), ("latchkey:jane:1", "STANDARD", &tags));
    assert!(fields.id.contains(":access-entry/both/user/") && fields.created_at.is_some());
    assert!(fields.groups.is_empty() && fields.policies.is_empty());
    assert_eq!(aws.access_entry(&cluster, &jane).await.unwrap(), Some(made));

    let other = EntryToMake { username: "latchkey:jane:2", token: Uuid::from_u128(2), ..new.clone() };
    let fault = aws.create_access_entry(&lease.permit().unwrap(), &cluster, &other).await.unwrap_err();
    assert!(fault.is_conflict(), "{fault:?}");
    aws.delete_access_entry(&lease.permit().unwrap(), &cluster, &jane).await.unwrap();
    assert_eq!(aws.access_entry(&cluster, &jane).await.unwrap(), None);
    let fault = aws.delete_access_entry(&lease.permit().unwrap(), &cluster, &jane).await.unwrap_err();
    assert!(fault.is_not_found(), "{fault:?}");
    let again = aws.create_access_entry(&lease.permit().unwrap(), &cluster, &other).await.unwrap();
    assert_ne!(again.fields().unwrap().id, fields.id, "an entry that is made anew is another one");
}

#[tokio::test]
async fn an_entry_is_refused_where_the_mode_has_none_and_for_a_principal_that_does_not_exist() {
    let simulator = simulator().await;
    let aws = worker_of(&simulator).await;
    let (tags, lease) = (BTreeMap::new(), lease());
    for (cluster, user) in [("classic", "user/jane"), ("both", "user/nobody-of-this-name")] {
        let principal = PrincipalArn::parse(&iam_arn(user)).unwrap();
        let new = EntryToMake { principal: &principal, username: "latchkey:jane:1", tags: &tags, token: Uuid::nil() };
        let fault = aws.create_access_entry(&lease.permit().unwrap(), &arn(ACCOUNT, cluster), &new).await.unwrap_err();
        assert_eq!(*fault.kind(), FaultKind::Invalid, "{fault:?}");
    }
}
