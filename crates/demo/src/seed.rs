//! Who and what the demo begins with.

use latchkey_simulator::seed::{AuthenticationMode, OidcClient, Seed, SeedCluster, SeedPerson, SeedPod, SeedUser};
use std::collections::BTreeMap;

/// The demo's policy.toml.
pub const POLICY: &str = include_str!("policy.toml");
/// The region of everything.
pub const REGION: &str = "eu-west-1";
/// The one account.
pub const ACCOUNT: &str = "111122223333";
/// Who the printed examples are about.
pub const REQUESTER: &str = "ana";

/// Handle, name, groups, what they are in the demo, whether their AWS identity is proven.
pub struct DemoPerson {
    pub handle: &'static str,
    pub name: &'static str,
    pub groups: &'static [&'static str],
    pub roles: &'static [&'static str],
    pub aws: bool,
    pub proven: bool,
}

/// The people, the requester first.
pub const PEOPLE: [DemoPerson; 6] = [
    DemoPerson {
        handle: "ana",
        name: "Ana Ferreira",
        groups: &["developers"],
        roles: &["requester"],
        aws: true,
        proven: true,
    },
    DemoPerson {
        handle: "ben",
        name: "Ben Okafor",
        groups: &["developers", "payments-leads"],
        roles: &["approver"],
        aws: true,
        proven: true,
    },
    DemoPerson {
        handle: "chi",
        name: "Chi Nguyen",
        groups: &["payments-leads"],
        roles: &["approver"],
        aws: false,
        proven: false,
    },
    DemoPerson {
        handle: "dee",
        name: "Dee Lindqvist",
        groups: &["platform"],
        roles: &["operator"],
        aws: true,
        proven: true,
    },
    DemoPerson {
        handle: "eli",
        name: "Eli Haddad",
        groups: &["audit"],
        roles: &["auditor"],
        aws: false,
        proven: false,
    },
    DemoPerson {
        handle: "fay",
        name: "Fay Moreau",
        groups: &["developers"],
        roles: &["newcomer"],
        aws: true,
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

const WORKER_USER: &str = "\
# Latchkey's worker
- userarn: arn:aws:iam::111122223333:user/latchkey-worker
  username: latchkey-worker
";

fn aws_auth(roles: &str, users: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("mapRoles".into(), roles.into()), ("mapUsers".into(), users.into())])
}

/// What the simulator begins with. `manifests` is what `latchkey bootstrap` prints for each cluster.
pub fn seed(redirect_uri: String, client_secret: String, manifests: &[serde_json::Value]) -> Seed {
    let mut seed = Seed::new(REGION, ACCOUNT);
    for person in &PEOPLE {
        seed.people.push(SeedPerson {
            handle: person.handle.into(),
            name: person.name.into(),
            email: email(person),
            groups: person.groups.iter().map(|&group| group.into()).collect(),
            aws: person.aws.then(|| SeedUser::new(person.handle, "/latchkey/")),
        });
    }
    let bob = "# Bob's laptop, until the audit\n- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n  groups: [\"platform-oncall\"]\n";
    let mut prod = SeedCluster::new("prod-eu");
    prod.mode = AuthenticationMode::ConfigMap;
    prod.namespaces = ["payments", "payments-batch", "checkout", "search", "monitoring"].map(Into::into).into();
    prod.aws_auth = Some(aws_auth(PROD_ROLES, &format!("{WORKER_USER}{bob}")));
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
    staging.aws_auth = Some(aws_auth(STAGING_ROLES, WORKER_USER));
    staging.pods = pods(&[("payments", "payments-api-7b4d8c9f6-q2w8e"), ("sandbox", "shell-0")]);
    prod.objects = manifests.to_vec();
    staging.objects = manifests.to_vec();
    seed.clusters = vec![prod, staging];
    seed.clients = vec![OidcClient { id: "latchkey".into(), secret: client_secret, redirect_uris: vec![redirect_uri] }];
    seed
}

fn pods(names: &[(&str, &str)]) -> Vec<SeedPod> {
    names.iter().map(|&(namespace, name)| SeedPod { namespace: namespace.into(), name: name.into() }).collect()
}
