//! The content of a simulator on its first start: people, their AWS users, clusters, OpenID clients.
//!
//! On a later start from the same data the stored state wins; only what the seed names and the state lacks is added.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

/// Everything that a first start creates.
#[derive(Debug, Clone)]
pub struct Seed {
    /// Region of STS and of every cluster, such as `eu-west-1`.
    pub region: String,
    /// The one AWS account, 12 digits.
    pub account: String,
    /// The people who can sign in at the OpenID provider.
    pub people: Vec<SeedPerson>,
    /// EKS clusters.
    pub clusters: Vec<SeedCluster>,
    /// The clients that may send people to the OpenID provider.
    pub clients: Vec<OidcClient>,
    /// The IAM user that Latchkey's worker acts as; `None` if it acts as a role.
    pub worker: Option<SeedUser>,
    /// IAM roles.
    pub roles: Vec<SeedRole>,
    /// Permission sets of Identity Center that are assigned in the account: each has a role.
    pub permission_sets: Vec<SeedPermissionSet>,
    /// Whether the AWS endpoint also serves callers whose keys it does not know, without checking their signature or
    /// their rights: for tests in which another server answers IAM and STS, and this one only EKS.
    pub lenient_auth: bool,
    /// How long an access entry takes to come into force, and out of force, for API servers: none in tests; EKS needs
    /// several seconds. [`crate::aws::EntryKnobs::propagate_after`] changes it later.
    pub entry_delay: Duration,
}

impl Seed {
    /// An empty seed except for the worker's user, `latchkey-worker`, who may do everything.
    pub fn new(region: &str, account: &str) -> Self {
        let mut worker = SeedUser::new("latchkey-worker", "/");
        worker.policies.insert(
            "worker".to_owned(),
            serde_json::json!({
                "Version": "2012-10-17",
                "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }],
            }),
        );
        Self {
            region: region.to_owned(),
            account: account.to_owned(),
            people: Vec::new(),
            clusters: Vec::new(),
            clients: Vec::new(),
            worker: Some(worker),
            roles: Vec::new(),
            permission_sets: Vec::new(),
            lenient_auth: false,
            entry_delay: Duration::ZERO,
        }
    }
}

/// A person who can sign in.
#[derive(Debug, Clone)]
pub struct SeedPerson {
    /// Short name, unique: the button's value and the stem of the `sub` claim.
    pub handle: String,
    /// The `name` claim.
    pub name: String,
    /// The `email` claim.
    pub email: String,
    /// The `groups` claim.
    pub groups: Vec<String>,
    /// Their IAM user, if they have one.
    pub aws: Option<SeedUser>,
}

/// An IAM user with one access key.
#[derive(Debug, Clone)]
pub struct SeedUser {
    /// User name.
    pub name: String,
    /// Path: `/` or `/.../`.
    pub path: String,
    /// The access key; without one, the first start generates one.
    pub keys: Option<Keys>,
    /// Inline policies by name.
    pub policies: BTreeMap<String, serde_json::Value>,
}

impl SeedUser {
    /// A user without policies, whose key is generated on the first start.
    pub fn new(name: &str, path: &str) -> Self {
        Self { name: name.to_owned(), path: path.to_owned(), keys: None, policies: BTreeMap::new() }
    }
}

/// An IAM role.
#[derive(Debug, Clone)]
pub struct SeedRole {
    /// Role name.
    pub name: String,
    /// `/`, or names between slashes.
    pub path: String,
    /// The trust policy: a policy document.
    pub trust: serde_json::Value,
    /// Inline policies by name.
    pub policies: BTreeMap<String, serde_json::Value>,
}

/// A permission set of Identity Center, which makes a role of it in each account where it is assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedPermissionSet {
    /// Its name, 32 characters at most.
    pub name: String,
    /// 16 hexadecimal digits: the end of the role's name. They change when the last assignment is removed and made
    /// again.
    pub suffix: String,
    /// The role's inline policies by name.
    pub policies: BTreeMap<String, serde_json::Value>,
}

impl SeedPermissionSet {
    /// A permission set without policies.
    pub fn new(name: &str, suffix: &str) -> Self {
        Self { name: name.to_owned(), suffix: suffix.to_owned(), policies: BTreeMap::new() }
    }

    /// `AWSReservedSSO_NAME_SUFFIX`
    pub fn role_name(&self) -> String {
        format!("AWSReservedSSO_{}_{}", self.name, self.suffix)
    }

    /// The path of the role; it has no region if Identity Center is in us-east-1.
    pub fn role_path(region: &str) -> String {
        let region = if region == "us-east-1" { String::new() } else { format!("{region}/") };
        format!("/aws-reserved/sso.amazonaws.com/{region}")
    }

    /// The trust policy of the role, which names Identity Center alone: a person cannot choose the session's name.
    pub fn role_trust(account: &str) -> serde_json::Value {
        let provider = format!("arn:aws:iam::{account}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE");
        serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Federated": provider },
                "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                "Condition": { "StringEquals": { "SAML:aud": "https://signin.aws.amazon.com/saml" } },
            }],
        })
    }
}

/// The temporary keys of a role's session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKeys {
    /// `ASIA...`
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: String,
    /// The token that is sent with each request.
    pub session_token: String,
    /// `arn:aws:sts::A:assumed-role/R/S`
    pub arn: String,
}

impl std::fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionKeys").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// A long-term access key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// `AKIA...`
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// How a cluster maps IAM principals to Kubernetes users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthenticationMode {
    /// Only aws-auth.
    ConfigMap,
    /// Access entries, then aws-auth.
    ApiAndConfigMap,
    /// Only access entries.
    Api,
}

impl AuthenticationMode {
    /// As EKS spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConfigMap => "CONFIG_MAP",
            Self::ApiAndConfigMap => "API_AND_CONFIG_MAP",
            Self::Api => "API",
        }
    }
}

/// An EKS cluster, with one of the simulator's API servers or an external one.
#[derive(Debug, Clone)]
pub struct SeedCluster {
    /// Name in EKS.
    pub name: String,
    /// Authentication mode.
    pub mode: AuthenticationMode,
    /// Access entries, if the mode reads them.
    pub entries: Vec<SeedEntry>,
    /// Namespaces of teams, in addition to the built-in ones; each gets workloads, a service, a secret and a ConfigMap.
    pub namespaces: Vec<String>,
    /// `data` of `kube-system/aws-auth`; `None` if the ConfigMap is absent.
    pub aws_auth: Option<BTreeMap<String, String>>,
    /// Running pods in addition to those.
    pub pods: Vec<SeedPod>,
    /// Further complete Kubernetes objects in JSON (bindings, roles, ConfigMaps, Secrets).
    pub objects: Vec<serde_json::Value>,
    /// A real API server instead of the simulator's own: EKS's API then returns its address.
    pub external: Option<ExternalServer>,
}

impl SeedCluster {
    /// A cluster in `CONFIG_MAP` mode with an empty aws-auth.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            mode: AuthenticationMode::ConfigMap,
            entries: Vec::new(),
            namespaces: Vec::new(),
            aws_auth: Some(BTreeMap::new()),
            pods: Vec::new(),
            objects: Vec::new(),
            external: None,
        }
    }
}

/// An access entry of type STANDARD, made with the cluster; EKS's rules of names are not asked.
#[derive(Debug, Clone)]
pub struct SeedEntry {
    /// ARN of the user or role, with its path. One that the seed does not name is a dead entry's.
    pub principal: String,
    /// Kubernetes username; a template for roles.
    pub username: String,
    /// Kubernetes groups.
    pub groups: Vec<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// ARNs of access policies, associated for the whole cluster.
    pub policies: Vec<String>,
}

impl SeedEntry {
    /// An entry without groups, tags and policies.
    pub fn new(principal: &str, username: &str) -> Self {
        Self {
            principal: principal.to_owned(),
            username: username.to_owned(),
            groups: Vec::new(),
            tags: BTreeMap::new(),
            policies: Vec::new(),
        }
    }
}

/// A running pod.
#[derive(Debug, Clone)]
pub struct SeedPod {
    /// Its namespace, one of the cluster's.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A Kubernetes API server outside of the simulator.
#[derive(Debug, Clone)]
pub struct ExternalServer {
    /// Its https address.
    pub server: Url,
    /// Its certificate authority.
    pub ca_pem: String,
}

/// A client of the OpenID provider.
#[derive(Clone)]
pub struct OidcClient {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: String,
    /// The addresses to which codes may be sent, compared exactly.
    pub redirect_uris: Vec<String>,
}

impl std::fmt::Debug for OidcClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OidcClient")
            .field("id", &self.id)
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}
