//! IAM and STS, on the simulator and on moto.

use super::{REGION, aws_at, keys, lease, simulator, unique};
use crate::rig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use latchkey::aws::{AccessKeys, Aws};
use latchkey::fault::FaultKind;
use latchkey_domain::eks::arn::UserArn;
use latchkey_simulator::Simulator;
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;
use tokio::sync::OnceCell;
use url::Url;

/// An AWS, the adapter on it, and an administrator's client that makes what the adapter only reads.
struct World {
    aws: Aws,
    admin: aws_sdk_iam::Client,
    /// Keeps the simulator running.
    _simulator: Option<Simulator>,
}

impl World {
    async fn simulated() -> Self {
        let simulator = simulator().await;
        let worker = simulator.worker_keys().unwrap();
        let worker = keys(&worker.access_key_id, &worker.secret_access_key);
        Self { _simulator: None, ..Self::at(&simulator.aws_endpoint().clone(), worker).await }.holding(simulator)
    }

    async fn moto() -> Option<Self> {
        static MOTO: OnceCell<Option<rig::Aws>> = OnceCell::const_new();
        let moto = MOTO.get_or_init(async || rig::Aws::start(&rig::folder("moto")).await).await.as_ref()?;
        let worker = moto.user("worker").await;
        let worker = keys(&worker.access_key_id, &worker.secret_access_key);
        Some(Self::at(&moto.endpoint().parse().unwrap(), worker).await)
    }

    async fn at(endpoint: &Url, worker: AccessKeys) -> Self {
        let credentials =
            Credentials::new(&worker.access_key_id, worker.secret_access_key.expose_secret(), None, None, "test");
        let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(REGION));
        let sdk = loader.credentials_provider(credentials).endpoint_url(endpoint.as_str()).load().await;
        Self { aws: aws_at(endpoint, worker).await, admin: aws_sdk_iam::Client::new(&sdk), _simulator: None }
    }

    fn holding(self, simulator: Simulator) -> Self {
        Self { _simulator: Some(simulator), ..self }
    }

    /// A new user.
    async fn user(&self) -> UserArn {
        let request = self.admin.create_user().user_name(unique("jane")).path("/latchkey/team/");
        UserArn::parse(request.send().await.unwrap().user.unwrap().arn()).unwrap()
    }
}

macro_rules! expectations {
    ($($name:ident),+ $(,)?) => {
        mod on_the_simulator {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::World::simulated().await).await;
            })+
        }

        mod on_moto {
            $(#[tokio::test]
            async fn $name() {
                let Some(world) = super::World::moto().await else { return };
                super::$name(world).await;
            })+
        }
    };
}

expectations!(
    user_is_read_with_path_tags_and_policies,
    policy_reads_back_as_it_was_written_and_goes_twice,
    user_of_another_path_is_not_there,
    user_of_another_account_is_refused_by_both_accounts,
    tags_are_set_and_removed_alone,
    policy_of_an_absent_user_is_not_found,
    malformed_policy_is_invalid,
    caller_is_told_with_their_account,
);

/// A policy with what IAM's encoding changes in transit: white space, percent signs, quotes, plus signs.
const POLICY: &str = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    { \"Sid\": \"A\", \"Effect\": \"Allow\", \
     \"Action\": \"eks:DescribeCluster\",\n      \"Resource\": \"arn:aws:eks:*:*:cluster/a+b%20c*\" }\n  ]\n}\n";

async fn user_is_read_with_path_tags_and_policies(world: World) {
    let arn = world.user().await;
    let (lease, tags) = (lease(), BTreeMap::from([("team".to_owned(), "payments".to_owned())]));
    world.aws.tag_user(&lease.permit().unwrap(), &arn, &tags).await.unwrap();
    for name in ["latchkey", "theirs"] {
        world.aws.put_user_policy(&lease.permit().unwrap(), &arn, name, POLICY).await.unwrap();
    }
    let user = world.aws.user(&arn).await.unwrap().unwrap();
    assert_eq!((user.arn.as_str(), user.path.as_str()), (arn.as_str(), "/latchkey/team/"));
    assert_eq!(user.name, arn.name());
    assert!(!user.unique_id.is_empty());
    assert_eq!(user.tags, tags);
    assert_eq!(user.inline_policies.keys().collect::<Vec<_>>(), ["latchkey", "theirs"]);
}

async fn policy_reads_back_as_it_was_written_and_goes_twice(world: World) {
    let arn = world.user().await;
    let lease = lease();
    world.aws.put_user_policy(&lease.permit().unwrap(), &arn, "latchkey", POLICY).await.unwrap();
    let written = POLICY.replace("a+b", "other");
    world.aws.put_user_policy(&lease.permit().unwrap(), &arn, "latchkey", &written).await.unwrap();
    let user = world.aws.user(&arn).await.unwrap().unwrap();
    assert_eq!(user.inline_policies["latchkey"], written);
    for _ in 0..2 {
        world.aws.delete_user_policy(&lease.permit().unwrap(), &arn, "latchkey").await.unwrap();
    }
    assert!(world.aws.user(&arn).await.unwrap().unwrap().inline_policies.is_empty());
}

async fn user_of_another_path_is_not_there(world: World) {
    let arn = world.user().await;
    let elsewhere = UserArn::parse(&arn.as_str().replace("/latchkey/team/", "/")).unwrap();
    assert_eq!(world.aws.user(&elsewhere).await.unwrap(), None);
    let nobody = UserArn::parse(&arn.as_str().replace("jane", "nobody")).unwrap();
    assert_eq!(world.aws.user(&nobody).await.unwrap(), None);
}

async fn user_of_another_account_is_refused_by_both_accounts(world: World) {
    let arn = world.user().await;
    let own = arn.account().to_string();
    let foreign = UserArn::parse(&arn.as_str().replace(&own, "999988887777")).unwrap();
    let lease = lease();
    // This account has a user of that name, who must not be written to.
    let fault = world.aws.put_user_policy(&lease.permit().unwrap(), &foreign, "latchkey", POLICY).await.unwrap_err();
    let missing = super::missing(&fault);
    assert!(missing.contains("999988887777") && missing.contains(&own), "{missing}");
    assert!(world.aws.user(&arn).await.unwrap().unwrap().inline_policies.is_empty());
    super::missing(&world.aws.user(&foreign).await.unwrap_err());
}

async fn tags_are_set_and_removed_alone(world: World) {
    let arn = world.user().await;
    let lease = lease();
    let tags = BTreeMap::from([("theirs".to_owned(), "1".to_owned()), ("ours".to_owned(), "2".to_owned())]);
    world.aws.tag_user(&lease.permit().unwrap(), &arn, &tags).await.unwrap();
    for _ in 0..2 {
        world.aws.untag_user(&lease.permit().unwrap(), &arn, &["ours".to_owned()]).await.unwrap();
    }
    let user = world.aws.user(&arn).await.unwrap().unwrap();
    assert_eq!(user.tags, BTreeMap::from([("theirs".to_owned(), "1".to_owned())]));
}

async fn policy_of_an_absent_user_is_not_found(world: World) {
    let arn = world.user().await;
    let nobody = UserArn::parse(&arn.as_str().replace("jane", "nobody")).unwrap();
    let lease = lease();
    let fault = world.aws.put_user_policy(&lease.permit().unwrap(), &nobody, "latchkey", POLICY).await.unwrap_err();
    assert!(fault.is_not_found(), "{fault:?}");
    // Deleting what does not exist succeeds.
    world.aws.delete_user_policy(&lease.permit().unwrap(), &nobody, "latchkey").await.unwrap();
    world.aws.untag_user(&lease.permit().unwrap(), &nobody, &["ours".to_owned()]).await.unwrap();
}

async fn malformed_policy_is_invalid(world: World) {
    let arn = world.user().await;
    let lease = lease();
    let fault = world.aws.put_user_policy(&lease.permit().unwrap(), &arn, "latchkey", "{").await.unwrap_err();
    assert_eq!(*fault.kind(), FaultKind::Invalid, "{fault:?}");
}

async fn caller_is_told_with_their_account(world: World) {
    let caller = world.aws.caller_identity().await.unwrap();
    assert!(caller.arn.contains("user/") && caller.arn.contains("worker"), "{caller:?}");
    assert!(caller.arn.contains(caller.account.as_str()), "{caller:?}");
}
