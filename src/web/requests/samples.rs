//! Sample data for the request pages.

use super::{
    ask::{AskPage, Wrong},
    choices::{Choice, Durations, Namespaces},
    cluster_choices::ClusterChoices,
    facts::Freshness,
    form::AskForm,
    groups::GroupLink,
    history::{History, HistoryRow},
    show::{DecisionForm, RequestPage},
    summary::Summary,
};
use crate::{
    actions::{
        ask::{Field, Problem},
        visitor::Visitor,
    },
    store::read::{
        asked::OwnRequest,
        held::HeldAccess,
        hold::{self, OnHold},
        progress::{GrantProgress, LegProgress, StepTaken},
        request::RequestDetail,
        waiting::WaitingRequest,
    },
    web::{
        SignedIn,
        change::{ChangedDocument, ShownChange, ShownLine},
        html::Html,
        inbox::Due,
        layout::NavItem,
        power::{Power, risk_pill},
        samples::signed_in,
    },
    words::{Clock, hold::Reader},
};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::{
    access::{
        ClusterId, GrantId, RequestId,
        became::Became,
        blocker::Blocker,
        evidence::{Answers, Evidence},
        grant::{Condition, GrantBasis, GrantState, Proven, Trouble},
        person::Person,
        policy::{Refusal, RuledGroup},
        profile::ResolvedProfile,
        request::{ClosedWhy, RequestFacts, RequestState, Ruled, Seen, Unresolved, Verdict, Vote},
        residual::Residual,
        sighting::Sighting,
        standing::NotRuled,
        step_kind::StepKind,
        terms::Terms,
        transition::Target,
    },
    eks::rbac::{Risk, Rule},
};
use latchkey_testkit::{self as testkit, group, policy, request, resolved, terms};
use std::num::NonZeroU8;
use uuid::Uuid;

/// A moment of the samples' day.
fn at(time: &str) -> Timestamp {
    format!("2026-11-24T{time}Z").parse().unwrap()
}

/// Ana asks; the others lead.
fn person(name: &str) -> Person {
    let handle = name.split(' ').next().unwrap().to_lowercase();
    let group = if handle == "ana" { "developers" } else { "payments-leads" };
    testkit::person(&handle).called(name).in_groups([group])
}

/// A profile that only reads, or one that also writes and reads secrets.
pub fn profile(grave: bool) -> ResolvedProfile {
    let mut rules = vec![
        Rule::of(&["get", "list", "watch"], &[""], &["pods", "pods/log", "services", "configmaps", "events"]),
        Rule::of(&["get", "list", "watch"], &["apps"], &["deployments", "statefulsets", "replicasets"]),
        Rule::of(&["get", "list", "watch"], &["batch"], &["jobs", "cronjobs"]),
    ];
    if grave {
        rules.push(Rule::of(&["create", "update", "patch", "delete"], &[""], &["pods", "secrets"]));
        rules.push(Rule::of(&["get", "list"], &[""], &["secrets"]));
        rules.push(Rule::of(&["create"], &[""], &["pods/exec"]));
    }
    let name = if grave { "edit" } else { "view" };
    resolved(name).allows(rules)
}

fn facts(grave: bool) -> RequestFacts {
    request()
        .numbered(7)
        .by(person("Ana Petrova"))
        .for_terms(terms().of(profile(grave)))
        .because("Checkout answers 502 for card payments since 13:30.\nI want to see which pods restart, and why.")
        .sent(at("14:38:00"), 60)
}

fn detail(grave: bool) -> RequestDetail {
    RequestDetail {
        facts: facts(grave),
        aws_profile: Some("work".to_owned()),
        basis: GrantBasis::Quorum(NonZeroU8::MIN),
        state: RequestState::Pending,
        closed_at: None,
        closed_why: None,
        principal_ended: false,
        votes: vec![],
        grant: None,
    }
}

fn vote(name: &str, verdict: Verdict, reason: Option<&str>) -> Vote {
    Vote {
        by: person(name),
        verdict,
        reason: reason.map(str::to_owned),
        seen: Seen([0; 32]),
        uses_role: None,
        at: at("14:41:10"),
        rules: None,
    }
}

fn step(step: &str, object: &str, from: &str, to: Option<&str>) -> StepTaken {
    StepTaken {
        target_kind: "cluster".to_owned(),
        step: StepKind::read(step),
        object: object.to_owned(),
        started_at: at(from),
        finished_at: to.map(at),
        became: to.map(|_| Became::Done),
    }
}

fn leg(target: Target, proven: Proven, when: Option<&str>, evidence: Evidence) -> LegProgress {
    LegProgress {
        target,
        proven,
        proven_at: when.map(at),
        condition: Condition::Ok,
        doubted_since: None,
        evidence,
        compared: latchkey_domain::access::compared::Compared::Same,
    }
}

fn granted(state: GrantState) -> RequestDetail {
    let cluster = Target::Cluster(terms().cluster);
    let principal = Target::Principal(terms().principal);
    let binding = "RoleBinding payments/latchkey-0192f3c4-view";
    let stands = Sighting::PolicyStands { arn: terms().principal_arn, policy: "latchkey".to_owned() };
    let active = matches!(state, GrantState::Active | GrantState::Revoking | GrantState::Ended);
    let mut grant = GrantProgress {
        id: GrantId(Uuid::from_u128(8)),
        request: RequestId(Uuid::from_u128(7)),
        person: person("Ana Petrova").id,
        state,
        version: 2,
        decided_by: vec![person("Ben Okafor").id],
        created_at: at("14:41:10"),
        activate_by: at("15:11:10"),
        hard_until: at("16:11:10"),
        active: active.then(|| (at("14:41:13"), at("15:41:13"))),
        revoking_since: None,
        ended_at: None,
        cause: None,
        ended_by: None,
        end_reason: None,
        residual: vec![],
        legs: vec![
            leg(principal, Proven::Present, Some("14:41:12"), Evidence::of(stands)),
            leg(cluster, Proven::Nothing, None, Evidence::default()),
        ],
        told: vec![],
        paused: None,
        steps: vec![
            step("put_policy", "user/latchkey/ana policy latchkey", "14:41:11", Some("14:41:11")),
            step("write_aws_auth", "ConfigMap kube-system/aws-auth", "14:41:11", Some("14:41:12")),
            step("create_binding", binding, "14:41:12", active.then_some("14:41:12")),
        ],
    };
    if active {
        let answers = Answers {
            allowed: vec!["get pods".to_owned(); 14],
            refused: vec!["get secrets".to_owned(); 9],
            ..Answers::default()
        };
        let evidence = Evidence { answers: Some(answers), ..Evidence::default() };
        grant.legs[1] = leg(cluster, Proven::Present, Some("14:41:13"), evidence);
    } else {
        grant.legs[1].condition =
            Condition::Retrying { why: Blocker::said("AWS is throttling us"), attempt: 1, next: at("14:48:10") };
    }
    if state == GrantState::Ended {
        use latchkey_domain::access::grant::Cause;
        grant.cause = Some(Cause::Revoked);
        grant.ended_by = Some("Ben Okafor".to_owned());
        grant.end_reason = Some("The incident is over.".to_owned());
        grant.revoking_since = Some(at("14:46:00"));
        grant.ended_at = Some(at("14:46:02"));
        grant.steps.push(step("delete_binding", binding, "14:46:00", Some("14:46:01")));
        grant.steps.push(step("remove_mapping", "ConfigMap kube-system/aws-auth", "14:46:01", Some("14:46:01")));
        grant.legs[1] = leg(cluster, Proven::Gone, Some("14:46:02"), Evidence::default());
        let text = "The role `deployers`, which Ana can use too, still allows the same.".to_owned();
        grant.residual = vec![Residual::Said { text }];
    }
    RequestDetail {
        state: RequestState::Approved,
        closed_at: Some(at("14:41:10")),
        votes: vec![vote("Ben Okafor", Verdict::Approve, Some("Go ahead; tell me what you find."))],
        grant: Some(grant),
        ..detail(false)
    }
}

/// The ruling of a request: a policy under which leads of payments decide.
fn ruled(facts: &RequestFacts, quorum: u8) -> Ruled {
    let policy = policy(&facts.policy_name).in_(["payments"]).decided_by(quorum, group("payments-leads"));
    facts.ruled_by(policy)
}

fn as_ben() -> SignedIn {
    let ben = signed_in("Ben Okafor");
    SignedIn { visitor: Visitor { person: person("Ben Okafor"), ..ben.visitor.clone() }, ..ben }
}

fn added(text: &str) -> Vec<ShownLine> {
    text.lines().map(|text| ShownLine { class: "added", mark: '+', text: text.to_owned() }).collect()
}

fn change(grave: bool) -> ShownChange {
    let kept = |text: &str| ShownLine { class: "kept", mark: ' ', text: text.to_owned() };
    let mut aws_auth = vec![
        kept("    - userarn: \"arn:aws:iam::111122223333:user/ci\""),
        kept("      username: \"ci\""),
        kept("      groups: [\"deployers\"]"),
    ];
    aws_auth.extend(added(
        "    - userarn: \"arn:aws:iam::111122223333:user/latchkey/ana\"\n      username: \"latchkey:ana:3\"\n      groups: []",
    ));
    let document = |title: &str, note: Option<&str>, lines| ChangedDocument {
        title: Html::prose(title),
        note: note.map(str::to_owned),
        lines,
        said: None,
    };
    ShownChange {
        documents: vec![
            document(
                "IAM policy `latchkey`",
                Some("168 of 2,048 characters"),
                added(
                    "{\n  \"Statement\": [\n    {\n      \"Action\": \"eks:DescribeCluster\",\n      \"Effect\": \"Allow\",\n      \"Resource\": \"arn:aws:eks:eu-west-1:111122223333:cluster/prod-eu\",\n      \"Sid\": \"LatchkeyKubectl\"\n    }\n  ],\n  \"Version\": \"2012-10-17\"\n}",
                ),
            ),
            document("ConfigMap `kube-system/aws-auth`, `mapUsers`", None, aws_auth),
            document(
                "Binding",
                Some("new"),
                added(
                    "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: latchkey-0192f3c4-view\n  namespace: payments\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: view\nsubjects:\n- apiGroup: rbac.authorization.k8s.io\n  kind: User\n  name: latchkey:ana:3",
                ),
            ),
        ],
        obstacles: vec![],
        adds: Power::of(&profile(grave), &["payments".to_owned()], &[], &latchkey_domain::eks::rbac::Kinds::default())
            .can,
    }
}

fn paused(reader: Reader, clock: &Clock) -> Html {
    OnHold {
        id: ClusterId(Uuid::from_u128(3)),
        cluster: "prod-eu".to_owned(),
        since: "2026-11-24T14:20:00Z".parse().ok(),
        hold: hold::Hold::Paused { by: "Dee".to_owned(), why: "the node groups are being replaced".to_owned() },
    }
    .not_now(reader, clock)
}

fn history() -> History {
    let clock = crate::web::samples::clock();
    History {
        requests: vec![HistoryRow::asked(&asked(9, RequestState::Denied, None), "Ana Petrova", &clock)],
        held: vec![HistoryRow::held(&held(11, GrantState::Active), "Ana Petrova", &clock)],
    }
}

/// A request of Ana's.
pub fn asked(number: u128, state: RequestState, grant: Option<GrantState>) -> OwnRequest {
    let facts = facts(false);
    OwnRequest {
        id: RequestId(Uuid::from_u128(number)),
        terms: Terms { cluster_name: "staging-eu".to_owned(), minutes: 120, ..facts.terms },
        reason: "See whether the new ingress settings arrived.".to_owned(),
        state,
        submitted_at: facts.submitted_at - SignedDuration::from_hours(30),
        lapses_at: facts.lapses_at,
        closed_at: None,
        closed_why: None,
        grant: grant.map(|state| (GrantId(Uuid::from_u128(number)), state)),
        not_shut_out: false,
    }
}

/// An access of Ana's.
pub fn held(number: u128, state: GrantState) -> HeldAccess {
    let facts = facts(false);
    let blocked = state == GrantState::Revoking;
    HeldAccess {
        id: GrantId(Uuid::from_u128(number)),
        request: facts.id,
        terms: facts.terms,
        state,
        created_at: at("14:20:00"),
        active: (state == GrantState::Active).then(|| (at("14:20:03"), at("15:20:03"))),
        trouble: blocked.then(|| {
            let why = "`prod-eu` is unreachable. We keep trying; operators see it on every page.";
            (Trouble::Blocked, Blocker::said(why))
        }),
        doubted: None,
        wider: false,
    }
}

/// A request that waits for Ben.
pub fn waiting(grave: bool) -> Due {
    let facts = facts(grave);
    Due { ruled: ruled(&facts, if grave { 2 } else { 1 }), row: WaitingRequest { facts, votes: vec![] } }
}

impl RequestPage {
    fn sample(signed_in: &SignedIn, detail: &RequestDetail) -> Self {
        let known = [person("Ben Okafor"), person("Chi Nguyen")];
        let mut page = Self::of(signed_in, detail, &Ok(ruled(&detail.facts, 1)), &known);
        page.prod = true;
        page.version = "0011223344556677".to_owned();
        page
    }

    fn deciding(grave: bool, decision: DecisionForm) -> Self {
        let mut page = Self::sample(&as_ben(), &detail(grave));
        page.change = Some(change(grave));
        page.waits = grave.then(|| paused(Reader::Other, &crate::web::samples::clock()));
        page.read = Some(Freshness { text: Html::prose("From what the worker read 40 s ago."), stale: false });
        page.history = Some(history());
        page.decision = Some(decision);
        page
    }

    /// Under a new policy that wants two approvals: Ben's approval under the policy before is void.
    fn void(signed_in: &SignedIn) -> Self {
        let facts = facts(false);
        let then = ruled(&facts, 1);
        let approved = Vote { rules: Some(then.rules(&facts)), ..vote("Ben Okafor", Verdict::Approve, None) };
        let detail = RequestDetail { votes: vec![approved], ..detail(false) };
        let known = [person("Ben Okafor"), person("Chi Nguyen")];
        Self::of(signed_in, &detail, &Ok(ruled(&facts, 2)), &known)
    }

    /// While no person can approve it.
    fn not_ruled(signed_in: &SignedIn, why: NotRuled) -> Self {
        Self::of(signed_in, &detail(false), &Err(why), &[])
    }

    /// The request in its states, for its requester and for its approver.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let ana = signed_in("Ana Petrova");
        let denied = RequestDetail {
            state: RequestState::Denied,
            closed_at: Some(at("14:41:10")),
            votes: vec![vote("Ben Okafor", Verdict::Deny, Some("Use `staging-eu`; the same error shows there."))],
            ..detail(false)
        };
        let seen = DecisionForm { seen: "0".repeat(64), ..DecisionForm::default() };
        let unresolved = Html::prose(&Unresolved::RoleMissing("view".to_owned()).to_string());
        let closed = |why| RequestDetail {
            state: RequestState::Cancelled,
            closed_at: Some(at("14:41:10")),
            closed_why: Some(why),
            ..detail(false)
        };
        let error = Some("Say why: the requester needs a reason.".to_owned());
        vec![
            ("request-waiting", Self::sample(&ana, &detail(false))),
            ("request-deciding", Self::deciding(false, seen.clone())),
            ("request-deciding-high", Self::deciding(true, seen.clone())),
            ("request-deciding-wrong", Self::deciding(false, DecisionForm { error, ..seen.clone() })),
            ("request-setting-up", Self::sample(&ana, &granted(GrantState::Provisioning))),
            ("request-active", Self::sample(&ana, &granted(GrantState::Active))),
            ("request-ended", Self::sample(&ana, &granted(GrantState::Ended))),
            ("request-decided", Self::sample(&as_ben(), &granted(GrantState::Active))),
            ("request-denied", Self::sample(&ana, &denied)),
            ("request-void", Self::void(&ana)),
            ("request-void-voter", Self::void(&as_ben())),
            ("request-dropped", Self::not_ruled(&ana, NotRuled::ClusterDropped)),
            ("request-only-deny", Self::deciding(false, DecisionForm { only_deny: Some(unresolved), ..seen })),
            ("request-closed-policy", Self::sample(&ana, &closed(ClosedWhy::PolicyChanged))),
            ("request-closed-identity", Self::sample(&ana, &closed(ClosedWhy::PrincipalEnded))),
        ]
    }
}

fn choice(value: &str, line: Option<&str>, chosen: bool) -> Choice {
    Choice {
        value: value.to_owned(),
        label: value.to_owned(),
        line: line.map(Html::prose),
        chosen,
        prod: value.starts_with("prod"),
        pill: None,
        closed: false,
    }
}

impl AskPage {
    /// The form: empty, filled, and refused.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let ana = signed_in("Ana Petrova");
        let filled = || Self {
            layout: ana.layout(NavItem::Ask, "Request access").prod(true),
            clusters: ClusterChoices {
                choices: vec![
                    choice("prod-eu", None, true),
                    choice("staging-eu", Some("You have `view` here until 16:20 CET"), false),
                    Choice {
                        closed: true,
                        ..choice("prod-us", Some("No policy lets you ask for anything here"), false)
                    },
                ],
                find: "prod".to_owned(),
                search: true,
                more: 12,
            },
            profiles: vec![
                Choice {
                    pill: Some(risk_pill(Risk::Low)),
                    ..choice("view", Some("Look at workloads and their logs; no secrets"), true)
                },
                Choice {
                    pill: Some(risk_pill(Risk::High)),
                    ..choice("edit", Some("Change workloads, read secrets"), false)
                },
            ],
            namespaces: Namespaces::Choose(vec![choice("payments", None, true), choice("payments-batch", None, false)]),
            groups: vec![],
            principals: vec![choice("arn:aws:iam::111122223333:user/latchkey/ana", Some("AWS profile `work`"), true)],
            durations: Durations::of(Some(480), "60"),
            longest: Some("8 hours".to_owned()),
            reason: String::new(),
            errors: vec![],
            summary: Some(Summary {
                sentence: Html::prose(
                    "You will be able to read pods and 9 other kinds in `payments` on `prod-eu` for 1 hour",
                ),
                power: Power::of(
                    &profile(false),
                    &["payments".to_owned()],
                    &[],
                    &latchkey_domain::eks::rbac::Kinds::default(),
                ),
                approvers: Some(Html::prose("Ben Okafor or Chi Nguyen decides.")),
                lapses: Some(Html::prose("If no approver decides within 1 day, it lapses.")),
                read: Some(Freshness { text: Html::prose("From what the worker read 40 s ago."), stale: false }),
                obstacles: vec![],
                needs_identity: false,
                outlived: None,
            }),
            waits: Some(paused(Reader::Asker { refused: false }, &ana.clock)),
            may_ask: true,
            live: false,
        };
        let wrong = |field, anchor, text: &str| Wrong { field, anchor, text: Html::prose(text) };
        let empty = Self {
            layout: ana.layout(NavItem::Ask, "Request access"),
            clusters: ClusterChoices {
                choices: vec![choice("prod-eu", None, false), choice("staging-eu", None, false)],
                ..ClusterChoices::default()
            },
            profiles: vec![],
            namespaces: Namespaces::NotYet,
            principals: vec![],
            summary: None,
            waits: None,
            live: false,
            ..filled()
        };
        let mut refused = filled();
        refused.durations = Durations::of(Some(480), "45");
        refused.errors = vec![
            wrong(
                Field::Namespaces,
                "namespace",
                "There is no namespace `paymnts` on `prod-eu`. Choose one from the list.",
            ),
            wrong(Field::Reason, "reason", "Say why: the approvers need a reason."),
        ];
        if let Some(summary) = &mut refused.summary {
            summary.obstacles = vec![Html::prose(
                "No other person can approve `payments may look`. Choose another profile, or ask an operator.",
            )];
        }
        vec![("ask", filled()), ("ask-empty", empty), ("ask-refused", refused), ("ask-groups", Self::grouped(filled()))]
    }

    /// Refused, since one policy rules some of the namespaces and another policy rules the others.
    fn grouped(mut filled: Self) -> Self {
        let form = AskForm {
            cluster: "prod-eu".to_owned(),
            profile: "edit".to_owned(),
            minutes: "480".to_owned(),
            ..AskForm::default()
        };
        let group = |policy: &str, namespaces: &[&str], longest_minutes: u32, approvals: Option<u8>| RuledGroup {
            policy: policy.to_owned(),
            namespaces: namespaces.iter().map(|&name| name.to_owned()).collect(),
            longest_minutes,
            approvals: approvals.and_then(NonZeroU8::new),
        };
        let groups = vec![
            group("payments may change, if two agree", &["payments", "payments-batch"], 60, Some(2)),
            group(
                "the rest is open",
                &["a-namespace-whose-name-is-as-long-as-kubernetes-lets-a-name-be-63"],
                480,
                None,
            ),
        ];
        filled.groups = groups.iter().map(|group| GroupLink::of(&form, group)).collect();
        let problem = Problem::new(Field::Namespaces, Refusal::SeveralPolicies { groups }.to_string());
        if let Some(summary) = &mut filled.summary {
            summary.obstacles = vec![Html::prose(&problem.sentence)];
        }
        filled.errors = vec![Wrong::of(&problem)];
        (filled.durations, filled.longest) = (Durations::of(None, "480"), None);
        filled
    }
}
