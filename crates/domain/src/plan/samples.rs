//! Clusters and grants for the tests of this folder.

use super::{
    authenticator::RecordedMapping,
    desired::{DesiredCluster, DesiredGrant, Wish},
    observation::{
        AuthenticationMode, AwsAuthObject, ClusterObservation, ClusterState, EksCluster, EntryHolders, Marker,
        ObservedRole,
    },
    own_roles::OwnRoles,
};
use crate::{
    access::{
        ClusterId, GrantId, InstallationId, PersonId, PrincipalId, RequestId,
        cluster::PinnedNamespace,
        profile::{ResolvedProfile, ResolvedRole, Scope},
        terms::{Starts, Terms},
    },
    eks::rbac::{Rule, own_role_name, rules_hash},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use uuid::Uuid;

pub const INSTALLATION: InstallationId = InstallationId(Uuid::from_u128(0xaaaa));

pub const NODES: &str = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:nodes\n";

pub fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

pub fn reads() -> Vec<Rule> {
    vec![Rule::of(&["get", "list", "watch"], &[""], &["pods", "pods/log", "configmaps"])]
}

pub fn writes() -> Vec<Rule> {
    vec![Rule::of(&["get", "list", "create", "delete"], &["apps"], &["deployments"])]
}

pub fn namespace(name: &str) -> PinnedNamespace {
    PinnedNamespace { name: name.into(), uid: format!("uid-{name}") }
}

/// An empty cluster with two namespaces, the ClusterRole `view`, and a node role in aws-auth.
pub fn observation() -> ClusterObservation {
    let data = BTreeMap::from([("mapRoles".to_owned(), NODES.to_owned())]);
    let aws_auth = AwsAuthObject { uid: "u".into(), resource_version: "1".into(), data, managers: vec![] };
    let view = ObservedRole { uid: "view".into(), rules: reads(), labels: BTreeMap::new() };
    ClusterObservation {
        aws: Some(EksCluster {
            name: "prod".into(),
            arn: "arn:aws:eks:eu-west-1:111122223333:cluster/prod".into(),
            created_at: None,
            endpoint: "https://127.0.0.1".into(),
            certificate_authority: String::new(),
            version: "1.35".into(),
            status: "ACTIVE".into(),
            mode: AuthenticationMode::ConfigMap,
        }),
        kubernetes: Some(ClusterState {
            aws_auth: Some(aws_auth),
            namespaces: vec![namespace("kube-system"), namespace("payments"), namespace("shop")],
            cluster_roles: BTreeMap::from([("view".to_owned(), view)]),
            marker: Some(Marker { uid: "m".into(), resource_version: "1".into(), installation: None, epoch: None }),
            ..ClusterState::default()
        }),
        trouble: None,
        kubernetes_at: Some(now()),
        entries: EntryHolders::default(),
        described: vec![],
        left_out: vec![],
    }
}

pub fn desired(grants: Vec<DesiredGrant>) -> DesiredCluster {
    DesiredCluster {
        name: "prod".into(),
        installation: INSTALLATION,
        epoch: 5,
        marked: 4,
        fenced: None,
        paused: None,
        undescribed: None,
        now: now(),
        grants,
        quarantined: vec![],
        mappings: vec![],
        returned: vec![],
        visits: BTreeMap::new(),
        arns: BTreeMap::new(),
        uncertain: std::collections::BTreeSet::new(),
        roles: OwnRoles::default(),
    }
}

pub fn profile_view() -> ResolvedProfile {
    let role = ResolvedRole { name: "view".into(), own: false, rules: reads(), rules_hash: rules_hash(&reads()) };
    ResolvedProfile { name: "view".parse().unwrap(), scope: Scope::Namespace, console: false, roles: vec![role] }
}

pub fn profile_own() -> ResolvedProfile {
    let (name, rules) = (own_role_name("deploy", &writes()), writes());
    let role = ResolvedRole { name, own: true, rules_hash: rules_hash(&rules), rules };
    ResolvedProfile { name: "deploy".parse().unwrap(), scope: Scope::Namespace, console: false, roles: vec![role] }
}

/// The row of a line that was not written yet.
pub fn mapping(person: PersonId, terms: &Terms, visit: u32, username: &str) -> RecordedMapping {
    RecordedMapping {
        principal: terms.principal,
        person,
        arn: terms.principal_arn.clone(),
        visit,
        username: username.into(),
        own: true,
        key: None,
        inserted: None,
        text_before: None,
        written: false,
        writes: 0,
        wrote_ago: None,
    }
}

/// Grant number `id` of person number `person` in `payments`.
pub fn grant(id: u128, person: u128, wish: Wish) -> DesiredGrant {
    let handle = format!("person-{person}");
    let arn = format!("arn:aws:iam::111122223333:user/{handle}");
    DesiredGrant {
        id: GrantId(Uuid::from_u128(id)),
        request: Some(RequestId(Uuid::from_u128(id))),
        person: PersonId(Uuid::from_u128(person)),
        handle: handle.parse().unwrap(),
        hard_until: now() + SignedDuration::from_mins(90),
        wish,
        arn: arn.parse().unwrap(),
        terms: Terms {
            principal: PrincipalId(Uuid::from_u128(person)),
            principal_arn: arn,
            cluster: ClusterId(Uuid::from_u128(1)),
            cluster_name: "prod".into(),
            profile: profile_view(),
            namespaces: vec![namespace("payments")],
            minutes: 60,
            starts: Starts::AtOnce,
        },
        deciders: vec!["boss".into()],
        attempts: 0,
        resting: false,
        held: None,
        stood: std::collections::BTreeSet::new(),
    }
}
