//! Samples: an access in each of its states.

use crate::store::read::{
    grant::{Decider, GrantDetail, GrantPlain, MappingShown},
    progress::{GrantProgress, LegProgress, StepTaken},
    told::{AccessEvent, AccessEventKind},
};
use jiff::Timestamp;
use latchkey_domain::{
    access::{
        ClusterId, GrantId, InstallationId, PersonId, PrincipalId, RequestId,
        became::Became,
        blocker::{Blocker, Few},
        evidence::{Answers, Evidence},
        grant::{Cause, Condition, GrantBasis, GrantState, Proven},
        person::Person,
        profile::ResolvedProfile,
        residual::Residual,
        step_kind::StepKind,
        terms::Terms,
        transition::Target,
    },
    eks::rbac::Rule,
    plan::authenticator::MappingKind,
};
use latchkey_testkit::{ana, cluster_arn, eks_cluster, resolved, terms, user_arn};
use uuid::Uuid;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0193_5c2e_0000_7000_8000_0000_0000_0000 + number)
}

fn at(time: &str) -> Timestamp {
    format!("2026-11-24T{time}Z").parse().unwrap()
}

fn profile() -> ResolvedProfile {
    let read = ["get", "list", "watch"];
    let rules = vec![
        Rule::of(&read, &[""], &["pods", "pods/log", "services", "configmaps", "events"]),
        Rule::of(&read, &["apps"], &["deployments", "replicasets"]),
    ];
    resolved("view").allows(rules)
}

/// The plain columns of an access of Ana's in this state.
pub fn plain(state: &str) -> GrantPlain {
    let detail = detail(state);
    GrantPlain {
        id: detail.progress.id,
        holder: detail.holder.id,
        holder_name: detail.holder.name,
        cluster: detail.terms.cluster,
        cluster_name: detail.terms.cluster_name,
        request: detail.progress.request,
        state: state.to_owned(),
        decided_by: vec![],
    }
}

/// An access of Ana's in this state.
pub fn detail(state: &str) -> GrantDetail {
    let state = GrantState::parse(state).unwrap();
    let ends = matches!(state, GrantState::Revoking | GrantState::Ended);
    let begun = state != GrantState::Provisioning;
    let ended = state == GrantState::Ended;
    let user = "latchkey:ana:3";
    let inserted = format!("- \"userarn\": \"{}\"\n  \"username\": \"{user}\"\n", user_arn("ana.petrova"));
    GrantDetail {
        progress: progress(state, begun, ends, ended),
        holder: Person { id: PersonId(id(2)), ..ana() },
        terms: Terms {
            principal: PrincipalId(id(4)),
            cluster: ClusterId(id(3)),
            ..terms().of_user("ana.petrova").of(profile())
        },
        cluster_arn: cluster_arn("prod-eu"),
        eks: Some(eks_cluster("prod-eu")),
        seen_namespaces: ["default", "payments", "checkout"].map(str::to_owned).to_vec(),
        kinds: latchkey_domain::eks::rbac::Kinds::of_kubernetes().clone(),
        aws_profile: Some("payments".into()),
        reason: "Why did the settlement stop at noon?".into(),
        policy_name: "payments may look".into(),
        policy_hash: "4be1f0c2".repeat(8),
        basis: GrantBasis::Automatic,
        deciders: vec![Decider { handle: "ben".into(), name: "Ben Okafor".into() }],
        others: vec![],
        installation: InstallationId(id(5)),
        mapping: Some(MappingShown {
            username: user.into(),
            own: true,
            kind: MappingKind::Line,
            key: Some("mapUsers".into()),
            inserted: Some(inserted),
            written_at: Some(at("14:02:11")),
            removed_at: ended.then(|| at("14:45:03")),
        }),
        iam_policy: Some(r#"{"Statement":[{"Action":["eks:DescribeCluster"],"Effect":"Allow"}]}"#.into()),
    }
}

fn progress(state: GrantState, begun: bool, ends: bool, ended: bool) -> GrantProgress {
    let step = |kind: &str, step: &str, object: &str, time: &str, done: bool| StepTaken {
        target_kind: kind.into(),
        step: StepKind::read(step),
        object: object.into(),
        started_at: at(time),
        finished_at: done.then(|| at(time)),
        became: done.then_some(Became::Done),
    };
    let answers = Answers {
        allowed: vec!["get pods".to_owned(); 12],
        refused: vec!["get secrets".to_owned(); 16],
        ..Answers::default()
    };
    let foreign = || Residual::ForeignBinding {
        binding: "RoleBinding payments/everyone-reads".to_owned(),
        role: "ClusterRole view".to_owned(),
        allows: Few { first: vec!["get pods".to_owned(), "list pods".to_owned()], more: 0 },
        stays: false,
    };
    let residual = ended.then(foreign).into_iter().collect();
    let binding = "RoleBinding payments/latchkey-01935c2e";
    let mut steps = vec![
        step("cluster", "add_mapping", "ConfigMap kube-system/aws-auth", "14:02:11", true),
        step("cluster", "create_binding", binding, "14:02:12", begun),
    ];
    if ends {
        steps.push(step("cluster", "delete_binding", binding, "14:45:02", true));
        steps.push(step("cluster", "remove_mapping", "ConfigMap kube-system/aws-auth", "14:45:03", ended));
    }
    let blocked = Condition::Blocked {
        why: Blocker::said("Latchkey may not edit aws-auth on `prod-eu`. Operators know."),
        next: at("14:49:00"),
    };
    let cluster = LegProgress {
        target: Target::Cluster(ClusterId(id(3))),
        proven: if ended {
            Proven::Gone
        } else if begun {
            Proven::Present
        } else {
            Proven::Nothing
        },
        proven_at: begun.then(|| if ended { at("14:45:04") } else { at("14:02:13") }),
        condition: if state == GrantState::Revoking { blocked } else { Condition::Ok },
        doubted_since: None,
        evidence: Evidence { answers: Some(answers), residual: Some(residual), ..Evidence::default() },
        compared: latchkey_domain::access::compared::Compared::Same,
    };
    GrantProgress {
        told: told(id(1), begun, ends),
        id: GrantId(id(1)),
        request: RequestId(id(6)),
        person: PersonId(id(2)),
        state,
        version: 3,
        decided_by: vec![PersonId(id(7))],
        created_at: at("14:02:10"),
        activate_by: at("14:32:10"),
        hard_until: at("15:32:10"),
        active: begun.then(|| (at("14:02:13"), at("15:02:13"))),
        revoking_since: ends.then(|| at("14:45:00")),
        ended_at: ended.then(|| at("14:45:04")),
        cause: ends.then_some(if ended { Cause::Relinquished } else { Cause::Revoked }),
        ended_by: ends.then(|| "Ben Okafor".to_owned()),
        end_reason: (ends && !ended).then(|| "The incident is over.".to_owned()),
        residual: ended.then(foreign).into_iter().collect(),
        legs: vec![cluster],
        paused: None,
        steps,
    }
}

/// What the log says of it: proofs, and that another client removed its line meanwhile.
fn told(access: Uuid, begun: bool, ends: bool) -> Vec<AccessEvent> {
    let of = |time: &str, what: AccessEventKind| AccessEvent { grant: GrantId(access), at: at(time), what };
    let proven = |target: &str, gone| AccessEventKind::Proven { target_kind: target.to_owned(), gone };
    let mut told = Vec::new();
    if begun {
        let by = "another client took the line of `latchkey:ana:3` out of aws-auth while the access runs; it was last \
                  written by kubectl-edit";
        told.extend([
            of("14:02:11", proven("principal", false)),
            of("14:02:13", proven("cluster", false)),
            of("14:20:00", AccessEventKind::Changed(by.to_owned())),
        ]);
    }
    if ends {
        told.push(of("14:45:02", proven("principal", true)));
    }
    told
}
