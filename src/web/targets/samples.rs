//! Sample data for the pages of targets.

use super::{
    list::{TargetFilter, TargetsPage},
    release::Typed,
    show::{RefusedPause, TargetPage},
};
use crate::store::{
    people::{HeldPrincipal, PrincipalHolder},
    read::target::{ListedLeg, Paused, TargetDetail, TargetRow, WriteRow},
};
use latchkey_domain::access::{
    GrantId,
    became::Became,
    blocker::{Blocker, FailedCall, MissingRight},
    grant::{GrantState, Proven, Trouble},
    step_kind::StepKind,
    transition::Target,
};
use latchkey_testkit::{cluster_arn, user_arn};

fn paused(cluster: &str, why: &str) -> Blocker {
    Blocker::Paused { cluster: cluster.to_owned(), why: why.to_owned() }
}

fn not_allowed() -> Blocker {
    let (operation, subject) = ("write".to_owned(), "aws-auth of cluster `prod-eu`".to_owned());
    let call = FailedCall { operation, subject, detail: None, earlier: None };
    Blocker::Refused { call, missing: MissingRight::new("patch", "configmaps").within(Some("kube-system")).into() }
}

impl TargetsPage {
    /// A few targets in trouble, no targets, and a search that finds nothing.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let dee = crate::web::samples::signed_in("Dee Lindqvist");
        let row = |number: u128, name: &str| TargetRow {
            target: Target::Cluster(uuid::Uuid::from_u128(number).into()),
            name: name.to_owned(),
            person: None,
            live: 12,
            overdue: 0,
            blocked: 0,
            retrying: 0,
            waiting: 0,
            wider: 0,
            failed: false,
            why: None,
            fenced: false,
            paused: false,
            ran_at: Some("2026-11-24T14:46:00Z".parse().unwrap()),
        };
        let user = TargetRow {
            target: Target::Principal(uuid::Uuid::from_u128(9).into()),
            person: Some("ana".to_owned()),
            live: 1,
            ..row(9, &user_arn("ana.petrova"))
        };
        let overdue = TargetRow { overdue: 1, blocked: 1, why: Some(not_allowed()), ..row(1, "prod-eu") };
        let retrying = TargetRow {
            retrying: 3,
            why: Some(Blocker::said("The API server could not be reached, it does not answer in time.")),
            ..row(2, "prod-us")
        };
        let paused = TargetRow {
            paused: true,
            waiting: 2,
            why: Some(paused("staging-eu", "the node groups are being replaced")),
            ..row(3, "staging-eu")
        };
        let troubled = vec![overdue.clone(), retrying.clone(), paused.clone()];
        let all = vec![overdue, retrying, paused, user];
        let sought = TargetFilter { find: "nothing".to_owned(), ..TargetFilter::default() };
        vec![
            ("targets", Self::new(&dee, TargetFilter::default(), troubled, all.clone())),
            ("targets-well", Self::new(&dee, TargetFilter::default(), vec![], all[3..].to_vec())),
            ("targets-none", Self::new(&dee, sought, vec![], vec![])),
        ]
    }
}

impl TargetPage {
    /// A cluster with every kind of trouble, a healthy one, an IAM user, a pause, a pause without a reason, one sent
    /// too late.
    #[expect(clippy::too_many_lines, reason = "a sample is its fields")]
    pub fn samples() -> Vec<(&'static str, Self)> {
        let dee = crate::web::samples::signed_in("Dee Lindqvist");
        let at = |time: &str| format!("2026-11-24T{time}Z").parse::<jiff::Timestamp>().unwrap();
        let leg = ListedLeg {
            grant: GrantId(uuid::Uuid::from_u128(8)),
            holder: "Ana Petrova".to_owned(),
            profile: "view".to_owned(),
            state: GrantState::Active,
            late_since: None,
            proven: Proven::Present,
            trouble: None,
            wider: vec![],
            attempts: 0,
            why: None,
            next_try: None,
        };
        let overdue = ListedLeg {
            state: GrantState::Revoking,
            late_since: Some(at("14:12:00")),
            trouble: Some(Trouble::Blocked),
            attempts: 14,
            why: Some(not_allowed()),
            next_try: Some(at("14:48:12")),
            ..leg.clone()
        };
        let waiting = ListedLeg {
            holder: "Gus Moreau".to_owned(),
            state: GrantState::Provisioning,
            trouble: Some(Trouble::Paused),
            attempts: 2,
            why: Some(paused("prod-eu", "the node groups are being replaced")),
            next_try: Some(at("14:48:20")),
            ..leg.clone()
        };
        let refused = Became::Said("Latchkey is not allowed to write aws-auth.".to_owned());
        let write = |step: &str, object: &str, became: Option<Became>, time: &str| WriteRow {
            grant: Some(leg.grant),
            step: StepKind::read(step),
            object: object.to_owned(),
            started_at: at(time),
            finished_at: became.as_ref().map(|_| at(time)),
            became,
        };
        let detail = TargetDetail {
            target: Target::Cluster(uuid::Uuid::from_u128(1).into()),
            name: "prod-eu".to_owned(),
            arn: Some(cluster_arn("prod-eu")),
            person: None,
            due_at: Some(at("14:48:12")),
            ran_at: Some(at("14:47:52")),
            epoch: 4_211,
            lease: Some(("7-0193f6a2c1".to_owned(), at("14:48:52"))),
            failure: None,
            fenced: Some((
                at("13:30:00"),
                Blocker::LaterEpoch { cluster: "prod-eu".to_owned(), epoch: 4_300, known: 4_180 },
            )),
            paused: Some(Paused {
                since: at("14:20:00"),
                by: "Dee Lindqvist".to_owned(),
                why: "the node groups are being replaced".to_owned(),
            }),
            observed: Some((at("14:47:53"), None)),
            legs: vec![overdue, waiting.clone(), leg.clone()],
            writes: vec![
                write("delete_binding", "RoleBinding payments/latchkey:view:8", None, "14:47:52"),
                write("remove_mapping", "aws-auth", Some(refused), "14:47:30"),
                write("create_binding", "RoleBinding payments/latchkey:view:8", Some(Became::Done), "13:12:04"),
            ],
        };
        let well = TargetDetail {
            fenced: None,
            paused: None,
            lease: None,
            legs: vec![leg],
            writes: detail.writes[2..].to_vec(),
            ..detail.clone()
        };
        let user = TargetDetail {
            target: Target::Principal(uuid::Uuid::from_u128(9).into()),
            name: user_arn("ana.petrova"),
            arn: Some(user_arn("ana.petrova")),
            person: Some("ana".to_owned()),
            due_at: None,
            legs: vec![],
            writes: vec![],
            ..well.clone()
        };
        let held =
            TargetDetail { paused: detail.paused.clone(), legs: vec![waiting, well.legs[0].clone()], ..well.clone() };
        let again = RefusedPause {
            error: Some("Say why: all people whose access waits read it.".to_owned()),
            ..RefusedPause::default()
        };
        let late =
            || RefusedPause { reason: "The bill is too high.".to_owned(), late: true, ..RefusedPause::default() };
        let held_by_ana = HeldPrincipal {
            arn: user.name.clone(),
            unique_id: "AIDAANA".to_owned(),
            ended_at: None,
            holders: vec![PrincipalHolder {
                person: uuid::Uuid::from_u128(2).into(),
                handle: "ana".parse().unwrap(),
                name: "Ana Petrova".to_owned(),
            }],
        };
        let release = |typed| {
            let mut page = Self::new(&dee, &user, RefusedPause::default());
            let id = uuid::Uuid::from_u128(9).into();
            page.offer_release(Some((id, held_by_ana.clone())), typed, &dee.clock);
            page
        };
        let typed = Typed { handle: "gus".to_owned(), reason: "She left.".to_owned() };
        vec![
            ("target-trouble", Self::new(&dee, &detail, RefusedPause::default())),
            ("target-well", Self::new(&dee, &well, RefusedPause::default())),
            ("target-user", release((Typed::default(), None))),
            ("target-user-wrong", release((typed, Some("Type the handle of its holder, ana, to confirm.".to_owned())))),
            ("target-paused", Self::new(&dee, &held, RefusedPause::default())),
            ("target-wrong", Self::new(&dee, &well, again)),
            ("target-late", Self::new(&dee, &held, late())),
            ("target-late-resumed", Self::new(&dee, &well, late())),
        ]
    }
}
