//! Pages of a cluster with something of each kind.

use super::ClusterPage;
use crate::{
    actions::ways_in::WaysIn,
    store::{
        observations::Observed,
        read::{
            cluster::{ClusterDetail, LiveAccess},
            mapped::{MappedAccess, PrincipalChange},
        },
    },
    web::{SignedIn, samples::grant_samples},
};
use latchkey_domain::{
    access::{ClusterId, GrantId, blocker::Blocker, decided::DecidedAccess},
    plan::{
        authenticator::{MappingKind, ways_in},
        observation::{AccessEntry, AuthenticationMode, ClusterObservation, EntryDetails, EntryFields, EntryHolders},
        reading::{NotSeen, ReadingProgress},
    },
};
use latchkey_testkit::{cluster_arn, iam_arn, observation, user_arn};
use std::collections::BTreeMap;
use uuid::Uuid;

/// An entry of Latchkey's, one of another client's with a policy, one that no row knows, and one that was not read.
fn entries() -> EntryHolders {
    let entry = |arn: String, id: &str, username: &str, policies: &[&str]| {
        let (id, username) = (id.to_owned(), username.to_owned());
        let policies = policies.iter().map(|&policy| policy.to_owned()).collect();
        let fields = EntryFields { id, username, policies, kind: "STANDARD".into(), ..EntryFields::default() };
        AccessEntry { arn, details: EntryDetails::Read(fields) }
    };
    let policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";
    EntryHolders::Listed(vec![
        entry(user_arn("ben.okafor"), "entry-of-ben", "latchkey:ben:2", &[]),
        entry(iam_arn("user/bob"), "entry-of-bob", "bob", &[policy]),
        entry(user_arn("gus.brandt"), "entry-of-before", "latchkey:gus:4", &[]),
        AccessEntry::named(iam_arn("role/ci-deployer")),
    ])
}

/// Who gets in by it: Ana by a line, Ben by an entry, both by accesses of theirs.
fn ways(observed: &ClusterObservation) -> WaysIn {
    let mapped = |who: &str, username: &str, kind, approvers: &[&str]| MappedAccess {
        arn: user_arn(who),
        username: username.to_owned(),
        kind,
        entry_id: (kind == MappingKind::Entry).then(|| "entry-of-ben".to_owned()),
        own: true,
        person: who.to_owned(),
        everyone: false,
        access: Some(DecidedAccess {
            id: GrantId(Uuid::from_u128(7)),
            until: Some("2026-11-24T16:30:00Z".parse().unwrap()),
            ends: false,
            approvers: (!approvers.is_empty()).then(|| approvers.iter().map(|&name| name.to_owned()).collect()),
        }),
    };
    let names = [(user_arn("ana.petrova"), "latchkey:ana:3".into()), (user_arn("ben.okafor"), "latchkey:ben:2".into())];
    let shown = ways_in(observed, &[], &names.into());
    WaysIn {
        all: shown.len() + 240,
        shown,
        from: 100,
        mapped: vec![
            mapped("ana.petrova", "latchkey:ana:3", MappingKind::Line, &["Meg Ito", "Leo Park"]),
            mapped("ben.okafor", "latchkey:ben:2", MappingKind::Entry, &[]),
        ],
        became: BTreeMap::from([(iam_arn("user/latchkey-worker"), PrincipalChange::Another)]),
        reading: Some(ReadingProgress {
            asked_at: "2026-11-24T14:40:00Z".parse().unwrap(),
            waits: false,
            found: 340,
            read: 200,
            gone: vec![],
            gone_at: None,
            unknown: 0,
            ended_at: None,
            why: None,
            cut: false,
        }),
        not_seen: vec![NotSeen::Bindings],
        has_entries: true,
    }
}

impl ClusterPage {
    /// A cluster with nodes, an unmanaged entry that is root, and a mistake in aws-auth.
    pub fn sample(signed_in: &SignedIn, reachable: bool) -> Self {
        let roles = format!(
            "# managed by eksctl\n- rolearn: {}\n  username: system:node:{{{{EC2PrivateDNSName}}}}\n  groups:\n  - \
             system:bootstrappers\n  - system:nodes\n- rolearn: {}\n  username: deployers\n  groups:\n  - \
             system:masters\n",
            iam_arn("role/eks-nodes"),
            iam_arn("role/team/deployers"),
        );
        let users = format!(
            "- userarn: {}\n  username: latchkey-worker\n- \"userarn\": \"{}\"\n  \"username\": \"latchkey:ana:3\"\n",
            iam_arn("user/latchkey-worker"),
            user_arn("ana.petrova"),
        );
        let trouble = || Blocker::said("The API server did not answer within 10 s.");
        let observed = observation("prod-eu").with_aws_auth("mapRoles", &roles).with_aws_auth("mapUsers", &users);
        let mut body = ClusterObservation {
            trouble: (!reachable).then(trouble),
            entries: entries(),
            ..observed.seen("2026-11-24T13:58:00Z".parse().unwrap())
        };
        if let Some(aws) = &mut body.aws {
            aws.mode = AuthenticationMode::ApiAndConfigMap;
        }
        let id = ClusterId(Uuid::from_u128(2));
        let at = "2026-11-24T14:47:20Z".parse().unwrap();
        let detail = ClusterDetail {
            id,
            name: "prod-eu".into(),
            arn: cluster_arn("prod-eu"),
            dropped_at: None,
            gone: None,
            observed: Some(Observed { body, at, age_seconds: 40 }),
            failure: None,
        };
        let grant = grant_samples::detail("active");
        let live = LiveAccess {
            id: grant.progress.id,
            holder: grant.holder,
            terms: grant.terms,
            state: grant.progress.state,
            active: grant.progress.active,
            username: Some("latchkey:ana:3".into()),
            doubted: None,
        };
        let ways = match &detail.observed {
            Some(observed) => ways(&observed.body),
            None => WaysIn::default(),
        };
        let ways = signed_in.visitor.roles.sees_all().then_some(&ways);
        Self::new(signed_in, &detail, None, vec![live], ways)
    }
}
