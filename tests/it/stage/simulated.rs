//! The simulator for everything.

use super::{
    Backdrop, CLIENT_SECRET, CLUSTER, ClusterAt, Door, PATH, PEOPLE, World,
    texts::{aws_auth, policy},
};
use crate::rig::{AwsUser, aws::REGION, tool::Tool};
use latchkey::config;
use latchkey_domain::plan::bootstrap;
use latchkey_simulator::{
    Simulator,
    seed::{AuthenticationMode, Keys, OidcClient, Seed, SeedCluster, SeedEntry, SeedPerson, SeedUser},
};
use latchkey_testkit::ACCOUNT;

/// The second cluster is there so that it can be away.
const CLUSTERS: [&str; 2] = [CLUSTER, "staging-eu"];

pub(super) async fn backdrop(door: &Door) -> Option<Backdrop> {
    backdrop_in(door, AuthenticationMode::ConfigMap).await
}

/// The same with the first cluster in this mode. If it has access entries, one of them lets the worker in.
pub(super) async fn backdrop_in(door: &Door, mode: AuthenticationMode) -> Option<Backdrop> {
    Tool::Kubectl.require()?;
    Tool::AwsCli.require()?;
    let arn = |name: &str| format!("arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{name}");
    let arns = CLUSTERS.map(arn);
    let policy = policy(ACCOUNT, &[(CLUSTERS[0], &arns[0]), (CLUSTERS[1], &arns[1])]);
    let simulator = Simulator::start(seed(door, &policy, mode), None).await.unwrap();
    let endpoint = simulator.aws_endpoint().to_string();
    let worker = user(&simulator, "latchkey-worker", simulator.worker_arn().unwrap(), simulator.worker_keys().unwrap());
    let with_user = PEOPLE.iter().filter(|(_, _, has_user)| *has_user);
    let users = with_user.map(|&(handle, _, _)| {
        let (arn, keys) = (simulator.person_arn(handle).unwrap(), simulator.person_keys(handle).unwrap());
        (handle, user(&simulator, handle, arn, keys))
    });
    Some(Backdrop {
        issuer: simulator.issuer().to_string(),
        handle_claim: "preferred_username",
        login: String::new(),
        provider: None,
        keycloak: None,
        iam_url: endpoint.clone(),
        sts_url: endpoint.clone(),
        eks_url: endpoint,
        users: users.collect(),
        worker,
        clusters: CLUSTERS.map(|name| cluster(&simulator, name)).to_vec(),
        policy,
        world: World::Simulated(simulator),
    })
}

fn seed(door: &Door, policy: &str, mode: AuthenticationMode) -> Seed {
    let mut seed = Seed::new(REGION, ACCOUNT);
    let file = config::policy::parse(policy).unwrap();
    let objects: Vec<_> = bootstrap::manifests(&file)
        .into_iter()
        .chain(bootstrap::config_maps().into_iter().filter(|map| map["metadata"]["name"] != "aws-auth"))
        .collect();
    for (handle, groups, has_user) in PEOPLE {
        seed.people.push(SeedPerson {
            handle: handle.to_owned(),
            name: format!("{}{}", handle[..1].to_uppercase(), &handle[1..]),
            email: format!("{handle}@example.com"),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
            aws: has_user.then(|| SeedUser::new(handle, PATH)),
        });
    }
    let worker = format!("arn:aws:iam::{ACCOUNT}:user/latchkey-worker");
    for name in CLUSTERS {
        let mode = if name == CLUSTER { mode } else { AuthenticationMode::ConfigMap };
        let has_entries = mode != AuthenticationMode::ConfigMap;
        seed.clusters.push(SeedCluster {
            mode,
            entries: has_entries.then(|| SeedEntry::new(&worker, "latchkey-worker")).into_iter().collect(),
            namespaces: vec!["payments".to_owned(), "checkout".to_owned()],
            aws_auth: Some(aws_auth(ACCOUNT, &worker)),
            objects: objects.clone(),
            ..SeedCluster::new(name)
        });
    }
    seed.clients.push(OidcClient {
        id: "latchkey".to_owned(),
        secret: CLIENT_SECRET.to_owned(),
        redirect_uris: vec![door.callback()],
    });
    seed
}

fn user(simulator: &Simulator, name: &str, arn: String, keys: Keys) -> AwsUser {
    let Keys { access_key_id, secret_access_key } = keys;
    let id = simulator.aws().user_id(name).unwrap();
    AwsUser { name: name.to_owned(), arn, id, access_key_id, secret_access_key, session_token: None }
}

fn cluster(simulator: &Simulator, name: &str) -> ClusterAt {
    let info = simulator.cluster(name).unwrap();
    ClusterAt {
        name: name.to_owned(),
        arn: info.arn,
        server: info.server.to_string(),
        ca_pem: info.ca_pem,
        admin_token: simulator.kubernetes(name).unwrap().admin_token().to_owned(),
    }
}
