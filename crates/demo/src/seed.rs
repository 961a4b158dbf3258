//! The people and objects that the demo begins with.

use anyhow::Context as _;
use latchkey_domain::{access::policy::PolicyFile, eks::arn::PrincipalArn, plan::bootstrap};
use latchkey_simulator::seed::{
    AuthenticationMode, OidcClient, Seed, SeedCluster, SeedEntry, SeedPermissionSet, SeedPerson, SeedPod, SeedRole,
    SeedUser,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// The demo's policy.toml.
pub const POLICY: &str = include_str!("policy.toml");
/// The region of everything.
pub const REGION: &str = "eu-west-1";
/// The one account.
pub const ACCOUNT: &str = "111122223333";
/// The person whom the printed examples are about.
pub const REQUESTER: &str = "ana";
/// The role that the worker acts as, as in docs/operating.md: it is in `mapRoles`, beside the nodes, apart from
/// people's lines.
pub const WORKER_ROLE: &str = bootstrap::WORKER;

/// The role of the clusters' administrator, for trying what Latchkey does about manual changes.
pub const ADMIN_ROLE: &str = "platform-admin";

/// How a person of the demo reaches AWS.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum DemoIdentity {
    Nothing,
    /// An IAM user of their own.
    User,
    /// Identity Center, as sessions of the role of this permission set that have their e-mail address as name.
    Role(&'static str),
    /// A role of this name that everyone in the account can use, under any session's name.
    SharedRole(&'static str),
}

/// Handle, name, groups, their part in the demo, and whether their AWS identity is proven.
pub struct DemoPerson {
    pub handle: &'static str,
    pub name: &'static str,
    pub groups: &'static [&'static str],
    pub roles: &'static [&'static str],
    pub aws: DemoIdentity,
    pub proven: bool,
}

/// The people, the requester first.
pub const PEOPLE: [DemoPerson; 8] = [
    DemoPerson {
        handle: "ana",
        name: "Ana Ferreira",
        groups: &["developers"],
        roles: &["requester"],
        aws: DemoIdentity::User,
        proven: true,
    },
    DemoPerson {
        handle: "ben",
        name: "Ben Okafor",
        groups: &["developers", "payments-leads"],
        roles: &["approver"],
        aws: DemoIdentity::User,
        proven: true,
    },
    DemoPerson {
        handle: "chi",
        name: "Chi Nguyen",
        groups: &["payments-leads"],
        roles: &["approver"],
        aws: DemoIdentity::Nothing,
        proven: false,
    },
    DemoPerson {
        handle: "dee",
        name: "Dee Lindqvist",
        groups: &["platform"],
        roles: &["operator"],
        aws: DemoIdentity::User,
        proven: true,
    },
    DemoPerson {
        handle: "eli",
        name: "Eli Haddad",
        groups: &["audit"],
        roles: &["auditor"],
        aws: DemoIdentity::Nothing,
        proven: false,
    },
    DemoPerson {
        handle: "fay",
        name: "Fay Moreau",
        groups: &["developers"],
        roles: &["newcomer"],
        aws: DemoIdentity::User,
        proven: false,
    },
    DemoPerson {
        handle: "gus",
        name: "Gus Eriksen",
        groups: &["developers"],
        roles: &["newcomer"],
        aws: DemoIdentity::Role("Developer"),
        proven: false,
    },
    DemoPerson {
        handle: "hal",
        name: "Hal Jansen",
        groups: &["developers"],
        roles: &["newcomer"],
        aws: DemoIdentity::SharedRole("payments-ops"),
        proven: false,
    },
];

/// The e-mail of a person.
pub fn email(person: &DemoPerson) -> String {
    format!("{}@example.com", person.handle)
}

const PROD_ROLES: &str = "\
# Worker nodes. Without this line no node can join: do not touch.
- rolearn: arn:aws:iam::111122223333:role/prod-eu-nodes
  username: system:node:{{EC2PrivateDNSName}}
  groups:
    - system:bootstrappers
    - system:nodes
# CI deploys from here (platform team, 2023)
- rolearn: arn:aws:iam::111122223333:role/ci-deployer
  username: ci-deployer
  groups: [ci-deployers]
";

const STAGING_ROLES: &str = "\
- groups:
  - system:bootstrappers
  - system:nodes
  rolearn: arn:aws:iam::111122223333:role/staging-eu-nodes
  username: system:node:{{EC2PrivateDNSName}}
";

const PROD_USERS: &str = "\
# Bob's laptop, until the audit
- userarn: arn:aws:iam::111122223333:user/bob
  username: bob
  groups: [\"platform-oncall\"]
";

/// The administrators' entry.
const ADMINS: &str = "# The people on call for the platform
- rolearn: arn:aws:iam::111122223333:role/platform-admin
  username: admin:{{SessionName}}
  groups:
    - platform-admins
";

/// aws-auth as an operator leaves it: these roles, the administrators' entry, and the worker's entry as
/// `latchkey bootstrap` prints it.
fn aws_auth(roles: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let worker = PrincipalArn::parse(&worker_arn()).context("the worker's role has no ARN")?;
    let (key, entry) = bootstrap::own_mapping(&worker);
    Ok(BTreeMap::from([(key.to_owned(), format!("{roles}{ADMINS}# Latchkey's worker\n{entry}"))]))
}

/// The ARN of the worker's role.
fn worker_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{WORKER_ROLE}")
}

/// A trust policy by which everyone in the account can use a role, under any session's name.
fn open_to_the_account() -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") } }] })
}

/// The same, each user of the account under their own name alone.
fn pinned_in_the_account() -> Value {
    let mut trust = open_to_the_account();
    trust["Statement"][0]["Condition"] = json!({ "StringEquals": { "sts:RoleSessionName": "${aws:username}" } });
    trust
}

/// The administrators' role: it may do everything in IAM and EKS.
fn admin() -> SeedRole {
    let all = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
    SeedRole {
        name: ADMIN_ROLE.to_owned(),
        path: "/".to_owned(),
        trust: pinned_in_the_account(),
        policies: BTreeMap::from([("all".to_owned(), all)]),
    }
}

/// The worker's role: what `latchkey bootstrap` prints, and for `latchkey doctor` the right to ask IAM about itself.
fn worker(policy: &PolicyFile) -> anyhow::Result<SeedRole> {
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "pods.eks.amazonaws.com" } }] });
    let asks = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": worker_arn() }] });
    let needs: Value = serde_json::from_str(&bootstrap::worker_iam_policy(policy, None))?;
    let policies = BTreeMap::from([("worker".to_owned(), needs), ("doctor".to_owned(), asks)]);
    Ok(SeedRole { name: WORKER_ROLE.to_owned(), path: "/".to_owned(), trust, policies })
}

/// What operators apply to each cluster before the worker's first look: their own bindings, and what
/// `latchkey bootstrap` prints.
fn manifests(policy: &PolicyFile) -> Vec<Value> {
    let admins = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": { "name": "platform-admins" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "platform-admins" }],
    });
    let marker = bootstrap::config_maps().into_iter().filter(|map| map["metadata"]["name"] == bootstrap::MARKER);
    bootstrap::manifests(policy).into_iter().chain(marker).chain([admins]).collect()
}

/// The simulator's seed, for the clusters of this policy.
pub fn seed(redirect_uri: String, client_secret: String, policy: &PolicyFile) -> anyhow::Result<Seed> {
    let mut seed = Seed::new(REGION, ACCOUNT);
    seed.worker = None;
    seed.roles.extend([worker(policy)?, admin()]);
    seed.roles.extend(shared_roles());
    seed.permission_sets.extend(permission_sets());
    for person in &PEOPLE {
        seed.people.push(SeedPerson {
            handle: person.handle.into(),
            name: person.name.into(),
            email: email(person),
            groups: person.groups.iter().map(|&group| group.into()).collect(),
            aws: (person.aws == DemoIdentity::User).then(|| SeedUser::new(person.handle, "/latchkey/")),
        });
    }
    let mut prod = SeedCluster::new("prod-eu");
    prod.mode = AuthenticationMode::ConfigMap;
    prod.namespaces = ["payments", "payments-batch", "checkout", "search", "monitoring"].map(Into::into).into();
    let mut data = aws_auth(PROD_ROLES)?;
    data.insert("mapUsers".to_owned(), PROD_USERS.to_owned());
    prod.aws_auth = Some(data);
    prod.pods = pods(&[
        ("payments", "ledger-7d9c6b8f5-2xkqp"),
        ("payments", "ledger-7d9c6b8f5-8vmtz"),
        ("payments", "payments-api-5c77d9b8c4-j4h2n"),
        ("payments-batch", "settlement-29384756-lq9x2"),
        ("checkout", "checkout-web-6f5b9d7c8-zx81k"),
        ("search", "indexer-0"),
    ]);
    let mut staging = SeedCluster::new("staging-eu");
    staging.mode = AuthenticationMode::ApiAndConfigMap;
    staging.namespaces = ["payments", "checkout", "sandbox"].map(Into::into).into();
    staging.aws_auth = Some(aws_auth(STAGING_ROLES)?);
    staging.pods = pods(&[("payments", "payments-api-7b4d8c9f6-q2w8e"), ("sandbox", "shell-0")]);
    prod.objects = manifests(policy);
    staging.objects = manifests(policy);
    seed.clusters = vec![prod, staging, apps(policy)];
    seed.entry_delay = ENTRY_DELAY;
    seed.clients = vec![OidcClient { id: "latchkey".into(), secret: client_secret, redirect_uris: vec![redirect_uri] }];
    Ok(seed)
}

/// The permission sets of Identity Center by which people of the demo come.
pub fn permission_sets() -> impl Iterator<Item = SeedPermissionSet> {
    PEOPLE.iter().filter_map(|person| match person.aws {
        DemoIdentity::Role(set) => Some(SeedPermissionSet::new(set, SUFFIX)),
        DemoIdentity::Nothing | DemoIdentity::User | DemoIdentity::SharedRole(_) => None,
    })
}

/// The roles that several people of the demo can use, below a path that the worker may write to.
fn shared_roles() -> impl Iterator<Item = SeedRole> {
    PEOPLE.iter().filter_map(|person| match person.aws {
        DemoIdentity::SharedRole(name) => Some(SeedRole {
            name: name.to_owned(),
            path: "/latchkey/".to_owned(),
            trust: open_to_the_account(),
            policies: BTreeMap::new(),
        }),
        DemoIdentity::Nothing | DemoIdentity::User | DemoIdentity::Role(_) => None,
    })
}

/// The role by which a person comes, if they come by one.
pub fn role_of(person: &DemoPerson) -> Option<String> {
    match person.aws {
        DemoIdentity::Role(set) => Some(SeedPermissionSet::new(set, SUFFIX).role_name()),
        DemoIdentity::SharedRole(name) => Some(name.to_owned()),
        DemoIdentity::Nothing | DemoIdentity::User => None,
    }
}

/// What Identity Center puts behind the name of a permission set.
const SUFFIX: &str = "5a1b2c3d4e5f6071";

/// How long EKS takes to tell a cluster's API servers of an access entry.
const ENTRY_DELAY: Duration = Duration::from_secs(2);

/// A cluster as they are made today: it reads access entries alone, and has no aws-auth.
fn apps(policy: &PolicyFile) -> SeedCluster {
    let mut apps = SeedCluster::new("apps-us");
    apps.mode = AuthenticationMode::Api;
    apps.aws_auth = None;
    let mut admins = SeedEntry::new(&format!("arn:aws:iam::{ACCOUNT}:role/{ADMIN_ROLE}"), "admin:{{SessionName}}");
    admins.groups = vec!["platform-admins".to_owned()];
    admins.tags = BTreeMap::from([("owner".to_owned(), "platform".to_owned())]);
    apps.entries = vec![SeedEntry::new(&worker_arn(), bootstrap::WORKER), admins];
    apps.namespaces = ["storefront", "search"].map(Into::into).into();
    apps.pods = pods(&[("storefront", "storefront-5d8c7b9f6-k2m4x"), ("search", "query-0")]);
    apps.objects = manifests(policy);
    apps
}

fn pods(names: &[(&str, &str)]) -> Vec<SeedPod> {
    names.iter().map(|&(namespace, name)| SeedPod { namespace: namespace.into(), name: name.into() }).collect()
}
