//! What the API server says about other users, about roles and about the worker itself.

use super::super::{aws_at, keys, lease, missing, unique};
use super::world::{PATIENCE, World, own_rules};
use crate::rig::RealCluster;
use jiff::Timestamp;
use latchkey::kubernetes::{ApiServer, Content, WantedObservation};
use latchkey_domain::eks::arn::ClusterArn;
use latchkey_domain::eks::rbac::{Attributes, OwnRole, Rule};
use latchkey_domain::plan::proof::Question;
use latchkey_simulator::seed::Keys;
use std::time::Instant;
use uuid::Uuid;

pub async fn reviews_follow_a_binding(world: World) {
    let spec = world.spec("view");
    let questions = [
        world.asks(&spec, "list", "pods"),
        world.asks(&spec, "get", "secrets"),
        world.asks(&spec, "get", "pods/log"),
        Question { attributes: Attributes::path("get", "/metrics"), ..world.asks(&spec, "get", "pods") },
    ];
    let until = async |expected: [bool; 4]| {
        let begun = Instant::now();
        loop {
            // As proofs do: each round uses new connections.
            let cluster = world.cluster.fresh().unwrap();
            let answers = cluster.reviews(&questions).await.unwrap();
            let said: Vec<bool> = answers.iter().map(|answer| answer.allowed).collect();
            if said == expected {
                return answers;
            }
            assert!(begun.elapsed() < PATIENCE, "{answers:?}");
        }
    };
    until([false, false, false, false]).await;
    let made = world.create(&spec, Content::Granting).await.unwrap();
    let answers = until([true, false, true, false]).await;
    assert!(answers[0].reason.contains(&spec.name()), "{answers:?}");
    world.delete(&spec, &made.uid).await.unwrap();
    until([false, false, false, false]).await;
}

pub async fn own_role_is_made_once_and_goes_by_its_uid(world: World) {
    // The name is made from profile and rules; a profile of its own keeps this test apart from others.
    let role = OwnRole { installation: Uuid::nil(), profile: unique("logs"), rules: own_rules() };
    let lease = lease();
    let made = world.cluster.create_cluster_role(&lease.permit().unwrap(), &role).await.unwrap();
    let again = world.cluster.create_cluster_role(&lease.permit().unwrap(), &role).await.unwrap_err();
    assert!(again.is_conflict(), "{again:?}");
    let seen = world.cluster.observe(&WantedObservation::default()).await.unwrap();
    assert_eq!(seen.cluster_roles.get(&role.name()), Some(&made));

    // A binding may name it, since the worker holds what is in it.
    let bound = world.create(&world.spec(&role.name()), Content::Granting).await.unwrap();
    assert_eq!(bound.role_name, role.name());

    let wider = OwnRole { rules: vec![Rule::of(&["*"], &["*"], &["*"])], ..role.clone() };
    let fault = world.cluster.create_cluster_role(&lease.permit().unwrap(), &wider).await.unwrap_err();
    assert!(missing(&fault).contains("every rule in it"), "{fault:?}");

    let delete = async |uid: &str| world.cluster.delete_cluster_role(&lease.permit().unwrap(), &role.name(), uid).await;
    let other = delete(&Uuid::nil().to_string()).await.unwrap_err();
    assert!(other.is_conflict(), "another object of that name stays: {other:?}");
    delete(&made.uid).await.unwrap();
    let seen = world.cluster.observe(&WantedObservation::default()).await.unwrap();
    assert_eq!(seen.cluster_roles.get(&role.name()), None, "the binding that names it keeps it from nothing");
    delete(&made.uid).await.unwrap();
}

pub async fn whoever_is_not_mapped_is_told_so(world: World) {
    let stranger = if let Some(simulator) = &world.simulator {
        simulator.person_keys("stranger").unwrap()
    } else {
        let user = RealCluster::shared().await.unwrap().aws().user("stranger").await;
        Keys { access_key_id: user.access_key_id, secret_access_key: user.secret_access_key }
    };
    let endpoint = "http://127.0.0.1:9".parse().unwrap();
    let aws = aws_at(&endpoint, keys(&stranger.access_key_id, &stranger.secret_access_key)).await;
    let arn = ClusterArn::parse(&world.described.arn).unwrap();
    // Making a token calls no server, so that it works without any AWS.
    let token = aws.cluster_token(&arn, Timestamp::now()).await.unwrap();
    let cluster = ApiServer::connect(&world.described, token, &latchkey::proxy::Proxies::default()).unwrap();
    let fault = cluster.observe(&WantedObservation::default()).await.unwrap_err();
    assert!(missing(&fault).contains("mapping"), "{fault:?}");
}
