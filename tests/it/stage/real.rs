//! kube-apiserver behind the AWS IAM authenticator, moto for IAM and STS, node's oidc-provider; the simulator stands
//! for EKS's own API, which no foreign component offers. On a cluster with access entries, the authenticator is told of
//! those that the simulator has.

use super::{
    Backdrop, CLUSTER, Caller, ClusterAt, Door, PATH, PEOPLE, World, deployment,
    texts::{aws_auth, policy},
};
use crate::rig::{
    AwsUser, OidcProvider, RealCluster,
    aws::REGION,
    cluster::{ADMIN_TOKEN, NAME},
    entries::{Mirror, order},
    openid::Account,
};
use latchkey::config;
use latchkey_domain::plan::bootstrap;
use latchkey_simulator::{
    Simulator,
    seed::{AuthenticationMode, ExternalServer, Seed, SeedCluster},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, io::Write as _, process::Stdio, time::Duration};

/// moto's only account.
const ACCOUNT: &str = "123456789012";

/// How long an entry takes to come into force, and out of force: longer than the worker takes for its next step.
const ENTRY_DELAY: Duration = Duration::from_millis(500);

/// How long the worker lets an entry settle: longer than that, even on a busy machine.
pub(super) const ENTRY_SETTLE: Duration = Duration::from_secs(2);

/// The real components; in a mode, with access entries.
pub(super) async fn backdrop(door: &Door, mode: Option<AuthenticationMode>) -> Option<Backdrop> {
    let people: Vec<Account> = PEOPLE.iter().map(|(handle, groups, _)| Account::new(handle, groups)).collect();
    let provider = OidcProvider::start(&door.callback(), &people).await?;
    let cluster = RealCluster::own_told(mode.map(order)).await?;
    let worker = cluster.aws().user("latchkey-worker").await;
    let mut users = BTreeMap::new();
    for (handle, _, _) in PEOPLE.iter().filter(|(_, _, has_user)| *has_user) {
        users.insert(*handle, cluster.aws().user_below(PATH, handle).await);
    }
    let eks = eks(&cluster, mode.unwrap_or(AuthenticationMode::ConfigMap)).await;
    for user in users.values().chain([&worker]) {
        eks.aws().know_principal(&user.arn, &user.id);
    }
    let arn = eks.cluster(NAME).unwrap().arn;
    let policy = policy(ACCOUNT, &[(CLUSTER, &arn)]);
    prepare(&cluster, &policy, &worker.arn);
    let clusters = vec![ClusterAt {
        name: CLUSTER.to_owned(),
        arn,
        server: cluster.server().to_owned(),
        ca_pem: cluster.ca_pem().to_owned(),
        admin_token: ADMIN_TOKEN.to_owned(),
    }];
    let mirror = cluster.entry_files().map(|files| Mirror::start(eks.aws().clone(), NAME, files));
    if mode.is_some_and(|mode| mode != AuthenticationMode::ConfigMap) {
        let_in(&eks, &worker, &clusters[0]).await;
    }
    Some(Backdrop {
        issuer: provider.issuer().to_owned(),
        handle_claim: "sub",
        login: String::new(),
        iam_url: cluster.aws().endpoint().to_owned(),
        sts_url: cluster.sts_endpoint().to_owned(),
        eks_url: eks.aws_endpoint().to_string(),
        users,
        worker,
        clusters,
        policy,
        provider: Some(provider),
        keycloak: None,
        world: World::Real { _mirror: mirror, cluster: Box::new(cluster), eks },
    })
}

async fn eks(cluster: &RealCluster, mode: AuthenticationMode) -> Simulator {
    let mut seed = Seed::new(REGION, ACCOUNT);
    seed.lenient_auth = true;
    seed.entry_delay = ENTRY_DELAY;
    let external = ExternalServer { server: cluster.server().parse().unwrap(), ca_pem: cluster.ca_pem().to_owned() };
    seed.clusters.push(SeedCluster { mode, external: Some(external), ..SeedCluster::new(NAME) });
    Simulator::start(seed, None).await.unwrap()
}

/// Gives the worker its own entry, as an operator does, and waits until it is in force.
async fn let_in(eks: &Simulator, worker: &AwsUser, cluster: &ClusterAt) {
    let client = deployment::eks(eks.aws_endpoint().as_str(), worker).await;
    let entry = client.create_access_entry().cluster_name(NAME);
    entry.principal_arn(&worker.arn).username("latchkey-worker").send().await.unwrap();
    let (caller, mut looks) = (Caller::new(cluster, worker), 0);
    while caller.list_pods_anew("payments").await == 401 {
        looks += 1;
        assert!(looks < 500, "the authenticator does not hear of the worker's entry");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What an operator does once with the output of `latchkey bootstrap`; and namespaces of teams with something in them.
fn prepare(cluster: &RealCluster, policy: &str, worker: &str) {
    let file = config::policy::parse(policy).unwrap();
    let mut objects = bootstrap::manifests(&file);
    for mut config_map in bootstrap::config_maps() {
        if config_map["metadata"]["name"] == "aws-auth" {
            config_map["data"] = json!(aws_auth(ACCOUNT, worker));
        }
        objects.push(config_map);
    }
    for name in ["payments", "checkout"] {
        objects.extend(team(name));
    }
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    let mut kubectl = cluster.kubectl();
    kubectl.args(["create", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = kubectl.spawn().unwrap();
    child.stdin.take().unwrap().write_all(list.to_string().as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "the cluster could not be prepared");
}

fn team(namespace: &str) -> Vec<Value> {
    let metadata = |name: &str| json!({ "name": name, "namespace": namespace });
    let containers = json!([{ "name": "api", "image": "registry.example/api:1" }]);
    vec![
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } }),
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata("default") }),
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata("api-0"), "spec": { "containers": containers } }),
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata("database-credentials") }),
    ]
}
