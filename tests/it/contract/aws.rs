//! IAM and STS: the simulator against moto, through the AWS SDK.
//!
//! What moto does not do (it distinguishes the case of names, and has no policy limit, no pages of users and no
//! conflict on deleting a user with policies and keys) is in [`super::aws_alone`], with the simulator as its only
//! subject.

use latchkey_testkit::ACCOUNT;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_credential_types::Credentials;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use latchkey_simulator::{
    Simulator,
    seed::{Keys, Seed, SeedCluster},
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::rig;

/// An AWS, and a caller who may do everything there.
pub(super) struct Subject {
    endpoint: String,
    admin: Keys,
    /// Keeps the simulator running.
    simulator: Option<Simulator>,
}

/// The clients of one caller.
pub(super) struct Clients {
    pub iam: aws_sdk_iam::Client,
    pub sts: aws_sdk_sts::Client,
    pub eks: aws_sdk_eks::Client,
}

impl Subject {
    /// A new simulator with a cluster in each authentication mode.
    pub async fn simulator() -> Self {
        use latchkey_simulator::seed::AuthenticationMode::{Api, ApiAndConfigMap};
        let mut seed = Seed::new("us-east-1", ACCOUNT);
        seed.clusters.push(SeedCluster::new("classic"));
        seed.clusters.push(SeedCluster { mode: ApiAndConfigMap, ..SeedCluster::new("both") });
        seed.clusters.push(SeedCluster { mode: Api, ..SeedCluster::new("modern") });
        let simulator = Simulator::start(seed, None).await.unwrap();
        let (endpoint, admin) = (simulator.aws_endpoint().to_string(), simulator.worker_keys().unwrap());
        Self { endpoint, admin, simulator: Some(simulator) }
    }

    /// The one moto of this binary, if it is installed.
    async fn moto() -> Option<Self> {
        static MOTO: OnceCell<Option<rig::Aws>> = OnceCell::const_new();
        let moto = MOTO.get_or_init(async || rig::Aws::start(&rig::folder("moto")).await).await.as_ref()?;
        let admin = moto.user("admin").await;
        let admin = Keys { access_key_id: admin.access_key_id, secret_access_key: admin.secret_access_key };
        Some(Self { endpoint: moto.endpoint().to_owned(), admin, simulator: None })
    }

    pub fn inside(&self) -> &Simulator {
        self.simulator.as_ref().unwrap()
    }

    pub async fn admin(&self) -> Clients {
        self.clients(&self.admin, None).await
    }

    pub async fn clients(&self, keys: &Keys, session_token: Option<String>) -> Clients {
        clients(&self.endpoint, "us-east-1", keys, session_token).await
    }

    /// A new user with a key, under a name that no other expectation uses.
    pub async fn user(&self) -> (String, Keys) {
        let name = unique("user");
        let iam = self.admin().await.iam;
        iam.create_user().user_name(&name).send().await.unwrap();
        let key = iam.create_access_key().user_name(&name).send().await.unwrap().access_key.unwrap();
        (name, Keys { access_key_id: key.access_key_id, secret_access_key: key.secret_access_key })
    }
}

/// The clients of a caller with these keys.
pub(super) async fn clients(endpoint: &str, region: &str, keys: &Keys, session_token: Option<String>) -> Clients {
    let credentials = Credentials::new(&keys.access_key_id, &keys.secret_access_key, session_token, None, "contract");
    let config = aws_config::defaults(BehaviorVersion::latest())
        .credentials_provider(credentials)
        .region(Region::new(region.to_owned()))
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::disabled())
        .load()
        .await;
    Clients {
        iam: aws_sdk_iam::Client::new(&config),
        sts: aws_sdk_sts::Client::new(&config),
        eks: aws_sdk_eks::Client::new(&config),
    }
}

pub(super) fn unique(stem: &str) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    format!("{stem}-{}", MADE.fetch_add(1, Ordering::Relaxed))
}

/// The error code of a call that must fail.
pub(super) fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(outcome: Result<T, E>) -> String {
    let error = outcome.unwrap_err();
    error.code().unwrap_or_else(|| panic!("an error without a code: {error:?}")).to_owned()
}

pub(super) fn describing(cluster: &str) -> Value {
    let resource = format!("arn:aws:eks:us-east-1:{ACCOUNT}:cluster/{cluster}");
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "eks:DescribeCluster", "Resource": resource }],
    })
}

/// A policy document, which IAM returns percent-encoded.
fn document(encoded: &str) -> Value {
    serde_json::from_str(&percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap()).unwrap()
}

async fn a_user_is_made_read_and_deleted(subject: Subject) {
    let iam = subject.admin().await.iam;
    let name = unique("Jane.Doe+x=1,@");
    let made = iam.create_user().user_name(&name).path("/latchkey/dev/").send().await.unwrap().user.unwrap();
    assert!(made.arn.ends_with(&format!(":user/latchkey/dev/{name}")), "{made:?}");
    let read = iam.get_user().user_name(&name).send().await.unwrap().user.unwrap();
    assert_eq!((read.user_id, read.arn, read.path), (made.user_id, made.arn, "/latchkey/dev/".to_owned()));

    let listed = iam.list_users().path_prefix("/latchkey/dev/").send().await.unwrap();
    assert!(listed.users.iter().any(|user| user.user_name == name));
    assert!(!iam.list_users().path_prefix("/other/").send().await.unwrap().users.iter().any(|u| u.user_name == name));

    iam.delete_user().user_name(&name).send().await.unwrap();
    assert_eq!(code(iam.get_user().user_name(&name).send().await), "NoSuchEntity");
}

async fn a_recreated_user_has_another_id(subject: Subject) {
    let iam = subject.admin().await.iam;
    let name = unique("again");
    let first = iam.create_user().user_name(&name).send().await.unwrap().user.unwrap();
    assert_eq!(code(iam.create_user().user_name(&name).send().await), "EntityAlreadyExists");
    iam.delete_user().user_name(&name).send().await.unwrap();
    let second = iam.create_user().user_name(&name).send().await.unwrap().user.unwrap();
    assert_eq!(first.arn, second.arn);
    assert_ne!(first.user_id, second.user_id);
}

async fn what_is_not_there_is_no_such_entity(subject: Subject) {
    let iam = subject.admin().await.iam;
    let (name, _) = subject.user().await;
    assert_eq!(code(iam.get_user().user_name("nobody").send().await), "NoSuchEntity");
    assert_eq!(code(iam.delete_user().user_name("nobody").send().await), "NoSuchEntity");
    let put = iam.put_user_policy().user_name("nobody").policy_name("p").policy_document(describing("a").to_string());
    assert_eq!(code(put.send().await), "NoSuchEntity");
    assert_eq!(code(iam.get_user_policy().user_name(&name).policy_name("p").send().await), "NoSuchEntity");
    assert_eq!(code(iam.delete_user_policy().user_name(&name).policy_name("p").send().await), "NoSuchEntity");
    assert_eq!(code(iam.get_login_profile().user_name(&name).send().await), "NoSuchEntity");
    let delete = iam.delete_access_key().user_name(&name).access_key_id("AKIAIOSFODNN7EXAMPLE");
    assert_eq!(code(delete.send().await), "NoSuchEntity");
    assert_eq!(code(iam.get_role().role_name("nobody").send().await), "NoSuchEntity");
    assert!(iam.list_mfa_devices().user_name(&name).send().await.unwrap().mfa_devices.is_empty());
    assert!(iam.list_user_policies().user_name(&name).send().await.unwrap().policy_names.is_empty());
}

async fn a_policy_comes_back_as_it_was_put(subject: Subject) {
    let iam = subject.admin().await.iam;
    let (name, _) = subject.user().await;
    for cluster in ["first", "ünïcode & <tags>"] {
        // Putting a policy under the same name replaces it.
        let text = describing(cluster).to_string();
        iam.put_user_policy().user_name(&name).policy_name("grant").policy_document(text).send().await.unwrap();
        let read = iam.get_user_policy().user_name(&name).policy_name("grant").send().await.unwrap();
        assert_eq!(document(&read.policy_document), describing(cluster));
    }
    assert_eq!(iam.list_user_policies().user_name(&name).send().await.unwrap().policy_names, ["grant"]);
    iam.delete_user_policy().user_name(&name).policy_name("grant").send().await.unwrap();
    assert_eq!(code(iam.get_user_policy().user_name(&name).policy_name("grant").send().await), "NoSuchEntity");
}

async fn a_malformed_policy_is_refused(subject: Subject) {
    let iam = subject.admin().await.iam;
    let (name, _) = subject.user().await;
    for bad in [
        json!("text"),
        json!({ "Version": "2012-10-17" }),
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Perhaps", "Action": "a:b", "Resource": "*" }] }),
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "ab", "Resource": "*" }] }),
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "a:b", "Resource": "x" }] }),
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "a:b" }] }),
    ] {
        let put = iam.put_user_policy().user_name(&name).policy_name("p").policy_document(bad.to_string());
        assert_eq!(code(put.send().await), "MalformedPolicyDocument", "{bad}");
    }
}

async fn a_user_has_two_keys_at_most(subject: Subject) {
    let iam = subject.admin().await.iam;
    let (name, first) = subject.user().await;
    let second = iam.create_access_key().user_name(&name).send().await.unwrap().access_key.unwrap();
    assert_eq!(code(iam.create_access_key().user_name(&name).send().await), "LimitExceeded");

    let update = iam.update_access_key().user_name(&name).access_key_id(&second.access_key_id);
    update.status(aws_sdk_iam::types::StatusType::Inactive).send().await.unwrap();
    let listed = iam.list_access_keys().user_name(&name).send().await.unwrap().access_key_metadata;
    let mut states: Vec<_> =
        listed.iter().map(|key| (key.access_key_id().unwrap(), key.status().unwrap().as_str())).collect();
    states.sort_by_key(|(_, status)| *status);
    assert_eq!(states, [(first.access_key_id.as_str(), "Active"), (second.access_key_id.as_str(), "Inactive")]);
}

async fn a_key_that_was_never_used_has_no_date(subject: Subject) {
    let iam = subject.admin().await.iam;
    let (name, keys) = subject.user().await;
    let never = iam.get_access_key_last_used().access_key_id(&keys.access_key_id).send().await.unwrap();
    assert_eq!(never.user_name.as_deref(), Some(name.as_str()));
    assert_eq!(never.access_key_last_used.unwrap().last_used_date, None);
    subject.clients(&keys, None).await.sts.get_caller_identity().send().await.unwrap();
    let used = iam.get_access_key_last_used().access_key_id(&keys.access_key_id).send().await.unwrap();
    let used = used.access_key_last_used.unwrap();
    assert!(used.last_used_date.is_some());
    assert_eq!(used.service_name, "sts");
}

async fn tags_are_set_replaced_and_removed(subject: Subject) {
    let tag = |key: &str, value: &str| aws_sdk_iam::types::Tag::builder().key(key).value(value).build().unwrap();
    let iam = subject.admin().await.iam;
    let name = unique("tagged");
    iam.create_user().user_name(&name).tags(tag("a", "1")).tags(tag("b", "")).send().await.unwrap();
    iam.tag_user().user_name(&name).tags(tag("a", "2")).tags(tag("c", "3")).send().await.unwrap();
    iam.untag_user().user_name(&name).tag_keys("b").send().await.unwrap();
    let mut tags = iam.list_user_tags().user_name(&name).send().await.unwrap().tags;
    tags.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(tags, [tag("a", "2"), tag("c", "3")]);
}

async fn a_caller_is_told_who_they_are(subject: Subject) {
    let (name, keys) = subject.user().await;
    let user = subject.admin().await.iam.get_user().user_name(&name).send().await.unwrap().user.unwrap();
    let identity = subject.clients(&keys, None).await.sts.get_caller_identity().send().await.unwrap();
    assert_eq!(identity.arn.as_deref(), Some(user.arn.as_str()));
    assert_eq!(identity.user_id.as_deref(), Some(user.user_id.as_str()));
    assert_eq!(identity.account.as_deref(), user.arn.split(':').nth(4));
}

async fn a_session_of_a_role_carries_its_name(subject: Subject) {
    let admin = subject.admin().await;
    let name = unique("role");
    let account = admin.sts.get_caller_identity().send().await.unwrap().account.unwrap();
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
    }] });
    let create = admin.iam.create_role().role_name(&name).path("/teams/");
    let role = create.assume_role_policy_document(trust.to_string()).send().await.unwrap().role.unwrap();
    assert!(role.arn.ends_with(&format!(":role/teams/{name}")), "{role:?}");
    let read = admin.iam.get_role().role_name(&name).send().await.unwrap().role.unwrap();
    assert_eq!(document(read.assume_role_policy_document().unwrap()), trust);

    let assumed =
        admin.sts.assume_role().role_arn(role.arn).role_session_name("jane@example.com").send().await.unwrap();
    let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/jane@example.com");
    assert_eq!(assumed.assumed_role_user.unwrap().arn, arn);
    let session = assumed.credentials.unwrap();
    let keys = Keys { access_key_id: session.access_key_id, secret_access_key: session.secret_access_key };
    let session = subject.clients(&keys, Some(session.session_token)).await;
    assert_eq!(session.sts.get_caller_identity().send().await.unwrap().arn, Some(arn));
}

async fn an_unknown_cluster_is_not_found(subject: Subject) {
    let eks = subject.admin().await.eks;
    assert_eq!(code(eks.describe_cluster().name("nowhere").send().await), "ResourceNotFoundException");
}

/// Each expectation becomes a test on the simulator and one on moto.
macro_rules! contract {
    ($($expectation:ident)*) => {
        mod simulator {
            $(#[tokio::test]
            async fn $expectation() {
                super::$expectation(super::Subject::simulator().await).await;
            })*
        }
        mod moto {
            $(#[tokio::test]
            async fn $expectation() {
                let Some(subject) = super::Subject::moto().await else { return };
                super::$expectation(subject).await;
            })*
        }
    };
}

contract! {
    a_user_is_made_read_and_deleted
    a_recreated_user_has_another_id
    what_is_not_there_is_no_such_entity
    a_policy_comes_back_as_it_was_put
    a_malformed_policy_is_refused
    a_user_has_two_keys_at_most
    a_key_that_was_never_used_has_no_date
    tags_are_set_replaced_and_removed
    a_caller_is_told_who_they_are
    a_session_of_a_role_carries_its_name
    an_unknown_cluster_is_not_found
}
