//! kube-apiserver behind the AWS IAM authenticator, moto for IAM and STS, node's oidc-provider; the simulator stands
//! for EKS's own API, which no foreign component offers.

use super::{
    Backdrop, CLUSTER, ClusterAt, Door, PATH, PEOPLE, World,
    texts::{aws_auth, policy},
};
use crate::rig::{
    OidcProvider, RealCluster,
    aws::REGION,
    cluster::{ADMIN_TOKEN, NAME},
    openid::Account,
};
use latchkey::config;
use latchkey_domain::plan::bootstrap;
use latchkey_simulator::{
    Simulator,
    seed::{ExternalServer, Seed, SeedCluster},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, io::Write as _, process::Stdio};

/// moto's only account.
const ACCOUNT: &str = "123456789012";

pub(super) async fn backdrop(door: &Door) -> Option<Backdrop> {
    let people: Vec<Account> = PEOPLE.iter().map(|(handle, groups, _)| Account::new(handle, groups)).collect();
    let provider = OidcProvider::start(&door.callback(), &people).await?;
    let cluster = RealCluster::own().await?;
    let worker = cluster.aws().user("latchkey-worker").await;
    let mut users = BTreeMap::new();
    for (handle, _, _) in PEOPLE.iter().filter(|(_, _, has_user)| *has_user) {
        users.insert(*handle, cluster.aws().user_below(PATH, handle).await);
    }
    let eks = eks(&cluster).await;
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
        world: World::Real { _cluster: Box::new(cluster), _eks: eks },
    })
}

async fn eks(cluster: &RealCluster) -> Simulator {
    let mut seed = Seed::new(REGION, ACCOUNT);
    seed.lenient_auth = true;
    let external = ExternalServer { server: cluster.server().parse().unwrap(), ca_pem: cluster.ca_pem().to_owned() };
    seed.clusters.push(SeedCluster { external: Some(external), ..SeedCluster::new(NAME) });
    Simulator::start(seed, None).await.unwrap()
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
