//! Clusters and grants for the tests of this folder.

use super::{
    authenticator::{MappingKind, RecordedMapping, Visiting},
    desired::{DesiredCluster, DesiredGrant, Wish},
    observation::ClusterObservation,
    own_roles::OwnRoles,
};
use crate::{
    access::{GrantId, InstallationId, PersonId, PrincipalId, RequestId, profile::ResolvedProfile, terms::Terms},
    eks::rbac::Rule,
    testkit::{self, iam_arn, resolved, terms},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use uuid::Uuid;

pub use crate::testkit::namespace;

pub const INSTALLATION: InstallationId = InstallationId(Uuid::from_u128(0xaaaa));

/// A node's line of aws-auth.
pub fn nodes() -> String {
    let role = iam_arn("role/nodes");
    format!("- rolearn: {role}\n  username: system:node:{{{{EC2PrivateDNSName}}}}\n  groups:\n  - system:nodes\n")
}

pub fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

pub fn reads() -> Vec<Rule> {
    testkit::reads(["pods", "pods/log", "configmaps"])
}

pub fn writes() -> Vec<Rule> {
    vec![Rule::of(&["get", "list", "create", "delete"], &["apps"], &["deployments"])]
}

/// An empty cluster with two namespaces, the ClusterRole `view`, and a node role in aws-auth.
pub fn observation() -> ClusterObservation {
    testkit::observation("prod")
        .with_namespaces(["kube-system", "payments", "shop"])
        .with_role("view", reads())
        .with_aws_auth("mapRoles", &nodes())
        .seen(now())
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
        prefers: MappingKind::Line,
        entry_settle: SignedDuration::ZERO,
        looks_at: now(),
        entries_uncertain: std::collections::BTreeSet::new(),
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
    resolved("view").allows(reads())
}

pub fn profile_own() -> ResolvedProfile {
    resolved("deploy").of_own(writes())
}

/// The row of a line that was not written yet.
pub fn mapping(visiting: Visiting, terms: &Terms, visit: u32, username: &str) -> RecordedMapping {
    RecordedMapping {
        principal: terms.principal,
        visiting,
        arn: terms.principal_arn.clone(),
        visit,
        username: username.into(),
        own: true,
        entry: None,
        moves: false,
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
    let arn = iam_arn(&format!("user/{handle}"));
    DesiredGrant {
        id: GrantId(Uuid::from_u128(id)),
        request: Some(RequestId(Uuid::from_u128(id))),
        person: PersonId(Uuid::from_u128(person)),
        handle: handle.parse().unwrap(),
        hard_until: now() + SignedDuration::from_mins(90),
        wish,
        arn: arn.parse().unwrap(),
        role: None,
        entry: true,
        terms: Terms {
            principal: PrincipalId(Uuid::from_u128(person)),
            principal_arn: arn,
            ..terms().on("prod").of(profile_view())
        },
        deciders: vec!["boss".into()],
        attempts: 0,
        resting: false,
        held: None,
        stood: std::collections::BTreeSet::new(),
    }
}
