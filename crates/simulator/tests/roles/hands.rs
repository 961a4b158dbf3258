use jiff::SignedDuration;
use latchkey_simulator::{Simulator, aws::RoleChange};
use serde_json::json;

use super::client::{allowing, call, devs, of_session, seed, simulator, trust};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn a_role_made_anew_has_its_name_and_its_trust_and_another_id() {
    let simulator = simulator().await;
    let aws = simulator.aws();
    aws.add_role("viewer", "/teams/", &trust(), &[("p", allowing("eks:*"))]).unwrap();
    let (arn, id) = (aws.role_arn("viewer"), aws.role_id("viewer"));
    assert!(id.as_ref().is_some_and(|id| id.starts_with("AROA")));
    aws.add_role("viewer", "/teams/", &trust(), &[("q", allowing("eks:*"))]).unwrap();
    assert_eq!(aws.role_id("viewer"), id, "an edit");
    assert_eq!(aws.role_policies("viewer").unwrap().into_keys().collect::<Vec<_>>(), ["q"]);
    aws.change_role("viewer", RoleChange::Recreated);
    assert_eq!(aws.role_arn("viewer"), arn);
    assert_ne!(aws.role_id("viewer"), id);
    assert!(aws.role_policies("viewer").unwrap().is_empty());
    aws.change_role("viewer", RoleChange::Deleted);
    assert_eq!((aws.role_arn("viewer"), aws.role_id("viewer")), (None, None));
    assert_eq!((aws.role_policies("viewer"), aws.role_tags("viewer")), (None, None));
}

#[tokio::test]
async fn a_permission_set_that_is_assigned_again_has_a_role_of_another_name() {
    let simulator = simulator().await;
    let aws = simulator.aws();
    let mut set = devs();
    set.policies.insert("p".to_owned(), allowing("eks:DescribeCluster"));
    let old = aws.add_identity_center_role(&set).unwrap();
    let (id, new) = (aws.role_id(&old), old.replace("0123456789abcdef", "fedcba9876543210"));
    aws.change_role(&old, RoleChange::Renamed(new.clone()));
    assert_eq!(aws.role_arn(&old), None);
    assert!(aws.role_arn(&new).unwrap().ends_with(&format!("/sso.amazonaws.com/eu-west-1/{new}")));
    assert_ne!(aws.role_id(&new), id);
    assert_eq!(aws.role_policies(&new).unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_keeps_the_id_of_its_role_and_loses_the_rights_when_the_role_goes() {
    let simulator = simulator().await;
    let aws = simulator.aws();
    let policies = [("p", allowing("iam:GetRole"))];
    for change in [RoleChange::Deleted, RoleChange::Recreated, RoleChange::Renamed("other".to_owned())] {
        aws.add_role("viewer", "/teams/", &trust(), &policies).unwrap();
        let id = aws.role_id("viewer").unwrap();
        let old = of_session(&aws.open_session("viewer", "jane", HOUR).unwrap());
        call(&simulator, &old, "GetRole", &[("RoleName", "viewer")]).await.good();
        aws.change_role("viewer", change.clone());
        // Another role of that name, with the same rights, and the same person under it.
        aws.add_role("viewer", "/teams/", &trust(), &policies).unwrap();
        let new = of_session(&aws.open_session("viewer", "jane", HOUR).unwrap());
        let identity = async |keys| {
            let answer = call(&simulator, keys, "GetCallerIdentity", &[]).await.good();
            assert_eq!(answer.text("Arn"), "arn:aws:sts::111122223333:assumed-role/viewer/jane");
            answer.text("UserId").to_owned()
        };
        assert_eq!(identity(&old).await, format!("{id}:jane"), "{change:?}");
        assert_eq!(identity(&new).await, format!("{}:jane", aws.role_id("viewer").unwrap()), "{change:?}");
        assert_ne!(aws.role_id("viewer").unwrap(), id);
        let refused = call(&simulator, &old, "GetRole", &[("RoleName", "viewer")]).await;
        assert_eq!(refused.error().1, "AccessDenied", "{change:?}");
        call(&simulator, &new, "GetRole", &[("RoleName", "viewer")]).await.good();
        aws.change_role("viewer", RoleChange::Deleted);
    }
}

#[tokio::test]
async fn a_session_of_the_same_name_replaces_the_one_before() {
    let simulator = simulator().await;
    let aws = simulator.aws();
    aws.add_role("viewer", "/teams/", &trust(), &[]).unwrap();
    let open = |name: &str| of_session(&aws.open_session("viewer", name, HOUR).unwrap());
    let (first, other) = (open("jane"), open("ana"));
    let second = open("jane");
    let code = async |keys| call(&simulator, keys, "GetCallerIdentity", &[]).await.status;
    assert_eq!((code(&first).await, code(&second).await, code(&other).await), (403, 200, 200));
}

#[tokio::test]
async fn a_role_and_its_tags_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut seed = seed();
    seed.permission_sets.push(devs());
    let start = async || Simulator::start(seed.clone(), Some(folder.path().to_owned())).await.unwrap();
    let first = start().await;
    first.aws().add_role("viewer", "/teams/", &trust(), &[]).unwrap();
    let worker = super::client::worker(&first);
    let tag = [("RoleName", "viewer"), ("Tags.member.1.Key", "owner"), ("Tags.member.1.Value", "us")];
    call(&first, &worker, "TagRole", &tag).await.good();
    let ids = |simulator: &Simulator| ["viewer", &devs().role_name()].map(|role| simulator.aws().role_id(role));
    let before = ids(&first);
    first.shutdown().await.unwrap();
    let second = start().await;
    assert!(before.iter().all(Option::is_some));
    assert_eq!(ids(&second), before);
    assert_eq!(json!(second.aws().role_tags("viewer")), json!({ "owner": "us" }));
}
