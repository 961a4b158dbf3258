//! What the planner does in one situation after the other.

use super::{
    bindings::BindingStep,
    cluster::Step,
    desired::{BindingKey, DesiredCluster, Wish},
    model::World,
    observation::{AuthenticationMode, FieldManager, ObservedBinding, Subject},
    proof::Verdict,
    samples::{grant, namespace, profile_own, writes},
};
use crate::{access::GrantId, eks::rbac::Rule};
use jiff::SignedDuration;
use uuid::Uuid;

fn id(number: u128) -> GrantId {
    GrantId(Uuid::from_u128(number))
}

fn set_users(world: &mut World, text: Option<&str>) {
    let object = world.observed.kubernetes.as_mut().unwrap().aws_auth.as_mut().unwrap();
    match text {
        Some(text) => object.data.insert("mapUsers".into(), text.into()),
        None => object.data.remove("mapUsers"),
    };
}

fn wish(world: &mut World, number: u128, wish: Wish) {
    world.grants.iter_mut().find(|grant| grant.id() == id(number)).unwrap().wish = wish;
}

fn revoke() -> Wish {
    Wish::Revoke { since: super::samples::now() }
}

/// Brings everything about, and takes what is over out of the world.
fn settle_and_end(world: &mut World) {
    world.settle();
    let ended: Vec<u128> =
        world.grants.iter().filter(|grant| !grant.wish.is_present()).map(|grant| grant.id().0.as_u128()).collect();
    for number in ended {
        assert_eq!(world.prove(number), Verdict::Proven { residual: vec![] }, "grant {number}");
        world.grants.retain(|grant| grant.id() != id(number));
    }
}

#[test]
fn aws_auth_is_byte_for_byte_what_it_was_whatever_its_style_and_whoever_leaves_first() {
    let block = "- userarn: arn:aws:iam::111122223333:user/x\n  username: x\n";
    let styles = [
        None,
        Some(""),
        Some("[]"),
        Some("[]\n"),
        Some("null\n"),
        Some("# nobody yet\n"),
        Some("# nobody yet\n[]\n"),
        Some(block),
        Some("- userarn: arn:aws:iam::111122223333:user/x\n  username: x"),
        Some("- userarn: arn:aws:iam::111122223333:user/x\r\n  username: x\r\n"),
        Some("  - userarn: arn:aws:iam::111122223333:user/x\n    username: x # ours\n# the end\n"),
        Some("[{userarn: 'arn:aws:iam::111122223333:user/x', username: x}]"),
        Some(r#"[{"userarn":"arn:aws:iam::111122223333:user/x","username":"x","groups":["a"]}]"#),
    ];
    for style in styles {
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0], [0, 2, 1], [2, 0, 1]] {
            let mut world = World::new(vec![]);
            set_users(&mut world, style);
            let before = world.data();
            for person in 0..3 {
                world.grants.push(grant(person, person, Wish::Provision));
                world.settle();
            }
            for person in 0..3 {
                assert_eq!(world.prove(person), Verdict::Proven { residual: vec![] }, "{style:?}");
            }
            for person in order {
                wish(&mut world, person, revoke());
                settle_and_end(&mut world);
            }
            assert_eq!(world.data(), before, "{style:?} {order:?}");
        }
    }
}

#[test]
fn everybody_who_waits_shares_one_write() {
    let world = World::new((0..5).map(|person| grant(person, person, Wish::Provision)).collect());
    let writes = world.plan().steps.iter().filter(|step| matches!(step, Step::AwsAuth(_))).count();
    assert_eq!(writes, 1);
}

#[test]
fn ending_goes_before_granting_and_the_binding_before_the_line() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 1, revoke());
    world.grants.push(grant(2, 2, Wish::Provision));
    let kinds: Vec<&str> = world
        .plan()
        .steps
        .iter()
        .map(|step| match step {
            Step::Binding { step: BindingStep::Empty(_), .. } => "empty",
            Step::Binding { step: BindingStep::Delete { .. }, .. } => "delete",
            Step::Binding { step: BindingStep::Create(_), .. } => "create",
            Step::Binding { .. } => "other",
            Step::AwsAuth(_) => "aws-auth",
            Step::CreateRole { .. } => "role",
        })
        .collect();
    assert_eq!(kinds, ["empty", "delete", "aws-auth", "create"]);
}

#[test]
fn the_visit_moves_on_once_a_persons_set_is_empty_and_not_before() {
    let mut world = World::new(vec![grant(1, 7, Wish::Provision)]);
    world.settle();
    world.grants.push(grant(2, 7, Wish::Provision));
    let plan = world.settle();
    assert_eq!(plan.identities[&id(2)].username, "latchkey:person-7:1");
    for number in [1, 2] {
        wish(&mut world, number, revoke());
    }
    settle_and_end(&mut world);
    world.grants.push(grant(3, 7, Wish::Provision));
    assert_eq!(world.settle().identities[&id(3)].username, "latchkey:person-7:2");
}

#[test]
fn an_arn_of_somebody_else_is_bound_to_or_refused_and_never_taken_over() {
    let arn = "arn:aws:iam::111122223333:user/person-1";
    let nodes = "- rolearn: arn:aws:iam::111122223333:role/r\n  username: '{{SessionName}}'\n";
    for (name, groups, also, expected) in [
        ("jane", "[]", "", Ok("jane")),
        ("jane", "[readers]", "", Ok("jane")),
        ("system:admin", "[]", "", Err("reserved")),
        ("latchkey:jane:1", "[]", "", Err("reserved")),
        ("jane", "[system:masters]", "", Err("system:masters")),
        ("'{{SessionName}}'", "[]", "", Err("template")),
        ("''", "[]", "", Err("empty")),
        ("jane", "[]", "- userarn: arn:aws:iam::111122223333:user/other\n  username: jane\n", Err("user/other")),
        ("jane", "[]", "ROLES", Err("role/r")),
    ] {
        let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
        let users = format!("- userarn: {arn}\n  username: {name}\n  groups: {groups}\n");
        let users = if also == "ROLES" { users } else { users + also };
        set_users(&mut world, Some(&users));
        if also == "ROLES" {
            let object = world.observed.kubernetes.as_mut().unwrap().aws_auth.as_mut().unwrap();
            object.data.insert("mapRoles".into(), nodes.into());
        }
        let before = world.data();
        let plan = world.settle();
        assert_eq!(world.data(), before, "{name} {groups} {also}");
        match expected {
            Ok(username) => assert_eq!(plan.identities[&id(1)].username, username),
            Err(why) => {
                assert!(plan.trouble[&id(1)].contains(why), "{name}: {:?}", plan.trouble);
                assert_eq!(world.observed.kubernetes.as_ref().unwrap().bindings, [], "{name}");
            }
        }
    }
}

#[test]
fn a_username_that_somebody_else_can_be_loses_its_binding_and_the_finding_is_named() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 1, Wish::Keep);
    let users = world.data()["mapUsers"].clone();
    let thief = "- userarn: arn:aws:iam::111122223333:user/thief\n  username: latchkey:person-1:1\n";
    set_users(&mut world, Some(&format!("{users}{thief}")));
    let plan = world.plan();
    assert!(plan.findings.iter().any(|finding| finding.what.contains("user/thief")), "{:?}", plan.findings);
    world.settle();
    assert_eq!(world.observed.kubernetes.as_ref().unwrap().bindings, []);
}

#[test]
fn groups_that_somebody_added_to_our_line_cost_the_binding() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    let users = world.data()["mapUsers"].replace("groups: []", "groups: [system:masters]");
    set_users(&mut world, Some(&users));
    assert!(world.settle().trouble[&id(1)].contains("system:masters"));
    assert_eq!(world.observed.kubernetes.as_ref().unwrap().bindings, []);
    // Taking it away then waits for whoever changed it, loudly.
    wish(&mut world, 1, revoke());
    let plan = world.settle();
    assert!(plan.trouble[&id(1)].contains("has to remove that entry"), "{:?}", plan.trouble);
    assert!(matches!(world.prove(1), Verdict::Unsettled(_)));
}

#[test]
fn a_line_that_another_tool_rewrote_is_still_taken_out() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    let others = "- groups: []\n  userarn: arn:aws:iam::111122223333:user/x\n  username: x\n";
    let ours = "- groups: []\n  userarn: arn:aws:iam::111122223333:user/person-1\n  username: latchkey:person-1:1\n";
    set_users(&mut world, Some(&format!("{others}{ours}")));
    wish(&mut world, 1, revoke());
    settle_and_end(&mut world);
    assert_eq!(world.data()["mapUsers"], others);
}

#[test]
fn a_remark_that_somebody_put_into_our_entry_stays_and_the_end_waits_for_them() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    let others = "- groups: []\n  userarn: arn:aws:iam::111122223333:user/x\n  username: x\n";
    let ours = "- userarn: arn:aws:iam::111122223333:user/person-1\n  # ask dee before you touch this\n  \
                username: latchkey:person-1:1\n  groups: []\n";
    let text = format!("{others}{ours}");
    set_users(&mut world, Some(&text));
    wish(&mut world, 1, revoke());
    world.settle();
    assert_eq!(world.data()["mapUsers"], text);
    assert!(matches!(world.prove(1), Verdict::Unsettled(why) if why.contains("latchkey:person-1:1")));
}

#[test]
fn a_line_in_a_text_that_nobody_can_read_is_not_called_gone() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    let ours = "- userarn: arn:aws:iam::111122223333:user/person-1\n  username: latchkey:person-1:1\n  groups: [ ]\n";
    set_users(&mut world, Some(&format!("{ours}\t- broken\n")));
    wish(&mut world, 1, revoke());
    world.settle();
    assert!(matches!(world.prove(1), Verdict::Unsettled(why) if why.contains("latchkey:person-1:1")));
}

#[test]
fn what_stands_in_the_way_is_said_and_nothing_is_written() {
    type Change = fn(&mut World);
    let cases: [(&str, Change, &str); 8] = [
        ("mode", |world| world.observed.aws.as_mut().unwrap().mode = AuthenticationMode::Api, "access entries only"),
        ("marker", |world| world.observed.kubernetes.as_mut().unwrap().marker = None, "latchkey bootstrap"),
        (
            "installation",
            |world| {
                let marker = world.observed.kubernetes.as_mut().unwrap().marker.as_mut().unwrap();
                marker.installation = Some(Uuid::from_u128(1).to_string());
            },
            "another installation",
        ),
        (
            "epoch",
            |world| {
                let marker = world.observed.kubernetes.as_mut().unwrap().marker.as_mut().unwrap();
                marker.installation = Some(super::samples::INSTALLATION.to_string());
                marker.epoch = Some(1_000);
            },
            "restored from a backup",
        ),
        (
            "the run's own epoch, which it has not written",
            |world| {
                let epoch = world.desired().epoch;
                let marker = world.observed.kubernetes.as_mut().unwrap().marker.as_mut().unwrap();
                marker.installation = Some(super::samples::INSTALLATION.to_string());
                marker.epoch = Some(epoch);
            },
            "restored from a backup",
        ),
        ("role", |world| world.observed.kubernetes.as_mut().unwrap().cluster_roles.clear(), "no ClusterRole view"),
        (
            "widened",
            |world| {
                let state = world.observed.kubernetes.as_mut().unwrap();
                let view = state.cluster_roles.get_mut("view").unwrap();
                view.rules.push(Rule::of(&["get"], &[""], &["secrets"]));
            },
            "get secrets",
        ),
        (
            "namespace",
            |world| {
                for namespace in &mut world.observed.kubernetes.as_mut().unwrap().namespaces {
                    namespace.uid.push('2');
                }
            },
            "inherits nothing",
        ),
    ];
    for (name, change, says) in cases {
        let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
        change(&mut world);
        let plan = world.plan();
        assert_eq!(plan.steps, [], "{name}");
        assert!(plan.trouble[&id(1)].contains(says), "{name}: {:?}", plan.trouble);
    }
}

#[test]
fn without_a_line_the_binding_comes_all_the_same_and_the_line_follows_once_it_can() {
    type Change = fn(&mut World);
    let cases: [(&str, Change, &str); 3] = [
        ("broken", |world| set_users(world, Some("- [broken")), "no line was added"),
        (
            "applied",
            |world| {
                let object = world.observed.kubernetes.as_mut().unwrap().aws_auth.as_mut().unwrap();
                let (name, operation) = ("argocd-controller".to_owned(), "Apply".to_owned());
                object.managers.push(FieldManager { name, operation, keys: vec!["mapUsers".into()] });
            },
            "belongs to argocd-controller",
        ),
        (
            "absent",
            |world| world.observed.kubernetes.as_mut().unwrap().aws_auth = None,
            "no ConfigMap kube-system/aws-auth",
        ),
    ];
    for (name, change, says) in cases {
        let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
        let aws_auth = world.observed.kubernetes.as_ref().unwrap().aws_auth.clone();
        change(&mut world);
        let plan = world.settle();
        assert!(plan.trouble[&id(1)].contains(says), "{name}: {:?}", plan.trouble);
        assert_eq!(world.observed.kubernetes.as_ref().unwrap().bindings.len(), 1, "{name}");
        world.observed.kubernetes.as_mut().unwrap().aws_auth = aws_auth;
        world.settle();
        assert_eq!(world.prove(1), Verdict::Proven { residual: vec![] }, "{name}");
    }
}

#[test]
fn a_running_access_outlives_a_role_that_widens_and_a_namespace_that_goes() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 1, Wish::Keep);
    let state = world.observed.kubernetes.as_mut().unwrap();
    state.cluster_roles.get_mut("view").unwrap().rules.extend(writes());
    let plan = world.plan();
    assert_eq!((plan.steps, plan.trouble.len()), (vec![], 0));
    let state = world.observed.kubernetes.as_mut().unwrap();
    state.namespaces.retain(|own| *own != namespace("payments"));
    state.bindings.clear();
    let plan = world.plan();
    assert!(plan.trouble[&id(1)].contains("does not exist"));
    assert_eq!(plan.steps, [], "nothing is made in a namespace of the same name");
}

#[test]
fn a_late_create_of_an_interrupted_run_finds_its_place_taken() {
    let world = World::new(vec![grant(1, 1, revoke())]);
    let key = world.grants[0].keys(super::samples::INSTALLATION).into_iter().next().unwrap();
    let mut desired = world.desired();
    desired.uncertain.insert(key.clone());
    let plan = super::cluster::plan(&desired, &world.observed);
    assert!(
        matches!(&plan.steps[..], [Step::Binding { step: BindingStep::StandIn(spec), .. }] if BindingKey::of(spec) == key)
    );
    let left = |desired: &DesiredCluster, world: &World| {
        let state = world.observed.kubernetes.as_ref().unwrap();
        super::proof::left_behind(desired, &desired.grants[0], None, state)
    };
    assert!(left(&desired, &world).is_some(), "nothing stands in its way yet");
    // It is there now: the grant can end, and it stays until the token of that run is over.
    let mut world = world;
    for step in &plan.steps {
        assert!(world.apply(step));
    }
    assert_eq!(super::cluster::plan(&desired, &world.observed).steps, []);
    assert_eq!(left(&desired, &world), None);
    desired.grants.clear();
    assert_eq!(super::cluster::plan(&desired, &world.observed).steps, [], "also when the grant has ended");
    // Whoever is bound by it all the same is bound no more.
    let mut bound = world.clone();
    let name = Subject { kind: "User".into(), name: "latchkey:person-1:1".into(), namespace: None };
    bound.observed.kubernetes.as_mut().unwrap().bindings[0].subjects.push(name);
    let steps = super::cluster::plan(&desired, &bound.observed).steps;
    assert!(matches!(&steps[..], [Step::Binding { step: BindingStep::Empty(_), .. }]), "{steps:?}");
    settle_and_end(&mut world);
    assert_eq!(world.observed.kubernetes.as_ref().unwrap().bindings, []);
}

#[test]
fn a_binding_that_is_kept_from_going_cuts_the_line_when_it_is_overdue() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision), grant(2, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 2, Wish::Keep);
    wish(&mut world, 1, Wish::Revoke { since: super::samples::now() - SignedDuration::from_mins(6) });
    assert!(world.plan().steps.iter().all(|step| !matches!(step, Step::AwsAuth(_))), "not before it was tried");
    world.grants[0].attempts = 4;
    let plan = world.plan();
    let cut = plan.steps.iter().any(|step| matches!(step, Step::AwsAuth(write) if !write.removed.is_empty()));
    assert!(cut, "{:?}", plan.steps);
    assert!(plan.trouble[&id(2)].contains("could not be ended in time"));
}

#[test]
fn a_grant_that_rests_is_left_alone_and_stops_nobody() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision), grant(2, 2, Wish::Provision)]);
    world.grants[0].resting = true;
    world.settle();
    assert_eq!(world.prove(2), Verdict::Proven { residual: vec![] });
    assert!(!world.data()["mapUsers"].contains("person-1"));
}

fn foreign(name: &str, role: &str, kind: &str, subject: &str) -> ObservedBinding {
    ObservedBinding {
        namespace: Some("payments".into()),
        name: name.into(),
        uid: name.into(),
        resource_version: "1".into(),
        labels: std::collections::BTreeMap::new(),
        annotations: std::collections::BTreeMap::new(),
        finalizers: vec![],
        deleting: false,
        role_kind: "ClusterRole".into(),
        role_name: role.into(),
        subjects: vec![Subject { kind: kind.into(), name: subject.into(), namespace: None }],
    }
}

#[test]
fn a_yes_to_what_is_not_granted_is_named_or_keeps_the_access_from_activating() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    let state = world.observed.kubernetes.as_mut().unwrap();
    let everything =
        super::observation::ObservedRole { rules: vec![Rule::of(&["*"], &["*"], &["*"])], ..Default::default() };
    state.cluster_roles.insert("everything".into(), everything);
    state.bindings.push(foreign("all", "everything", "Group", "system:authenticated"));
    let Verdict::Proven { residual } = world.prove(1) else { panic!("a named binding explains it") };
    assert!(residual[0].contains("RoleBinding payments/all"), "{residual:?}");

    // The same yes, from where nobody can see.
    let desired = world.desired();
    let identity = world.plan().identities[&id(1)].clone();
    let mut hidden = world.observed.kubernetes.clone().unwrap();
    hidden.bindings.retain(|binding| binding.name != "all");
    let questions = super::proof::questions_present(&desired.grants[0], &identity, &hidden);
    let answers = world.answers(questions.all());
    let verdict = super::proof::prove_present(&desired, &desired.grants[0], &identity, &hidden, &answers);
    assert!(matches!(verdict, Verdict::Refuted(_)), "{verdict:?}");
}

#[test]
fn what_still_says_yes_after_the_end_is_named_and_lag_is_not_believed() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision), grant(2, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 1, revoke());
    world.settle();
    let Verdict::Proven { residual } = world.prove(1) else { panic!("the other access explains it") };
    assert!(residual[0].contains("Another access of theirs (profile view on "), "{residual:?}");

    wish(&mut world, 2, revoke());
    world.settle();
    let desired = world.desired();
    let grant = &desired.grants[0];
    let state = world.observed.kubernetes.as_ref().unwrap();
    let bound = super::desired::RecordedMapping {
        principal: grant.facts.principal,
        person: grant.facts.person,
        arn: grant.arn.to_string(),
        visit: 1,
        username: "latchkey:person-1:1".into(),
        own: true,
        key: None,
        inserted: None,
        text_before: None,
        written: true,
        writes: 1,
        wrote_ago: None,
    };
    let questions = super::proof::questions_gone(grant, Some(&bound), state);
    let yes: super::proof::Answers = questions.iter().map(|question| (question.clone(), true)).collect();
    let no: super::proof::Answers = questions.iter().map(|question| (question.clone(), false)).collect();
    let judge = |one, other, ago| {
        let at = desired.now - SignedDuration::from_secs(ago);
        super::proof::prove_gone(&desired, grant, &questions, state, [one, other], Some(at))
    };
    assert!(matches!(judge(&yes, &yes, 3), Verdict::Unsettled(_)), "lag");
    assert!(matches!(judge(&yes, &no, 60), Verdict::Unsettled(_)), "two API servers that do not agree");
    assert!(matches!(judge(&no, &no, 1), Verdict::Proven { residual } if residual.is_empty()));
    let Verdict::Proven { residual } = judge(&yes, &yes, 60) else { panic!("it is named") };
    assert!(residual[0].contains("no binding shows"), "{residual:?}");
}

#[test]
fn a_role_of_ours_is_made_once_and_a_changed_one_blocks() {
    let mut one = grant(1, 1, Wish::Provision);
    one.facts.profile = profile_own();
    let mut other = grant(2, 2, Wish::Provision);
    other.facts.profile = profile_own();
    let mut world = World::new(vec![one, other]);
    let made = world.plan().steps.iter().filter(|step| matches!(step, Step::CreateRole { .. })).count();
    assert_eq!(made, 1);
    world.settle();
    let role = &profile_own().roles[0].name;
    let state = world.observed.kubernetes.as_mut().unwrap();
    state.cluster_roles.get_mut(role).unwrap().rules.push(Rule::of(&["*"], &["*"], &["*"]));
    assert!(world.plan().trouble[&id(1)].contains("never changes"));
}

#[test]
fn a_preview_shows_what_the_plan_would_do_and_what_it_adds() {
    use super::{observation::PrincipalObservation, preview::preview, principal::DesiredPrincipal};
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 1, Wish::Keep);
    let iam = |number: u128| DesiredPrincipal {
        installation: super::samples::INSTALLATION,
        arn: grant(number, number, Wish::Provision).arn,
        unique_id: String::new(),
        writable: false,
        succeeded: false,
        grants: vec![],
        interrupted: vec![],
        recent: None,
    };
    let nothing = PrincipalObservation::default();
    // Somebody new: a line and a binding.
    let asked = grant(9, 2, Wish::Provision);
    let shown = preview(&world.desired(), &asked, &world.observed, (&iam(2), &nothing));
    assert_eq!(shown.username.as_deref(), Some("latchkey:person-2:1"));
    assert!(shown.aws_auth.unified.contains("+  username: \"latchkey:person-2:1\""), "{}", shown.aws_auth.unified);
    assert!(shown.bindings[0].contains("kind: RoleBinding"));
    assert!(shown.obstacles.is_empty() && !shown.adds.is_empty(), "{:?}", shown.obstacles);
    assert!(shown.iam.note.is_some());
    // The same again for who has it: nothing is added.
    let again = preview(&world.desired(), &grant(9, 1, Wish::Provision), &world.observed, (&iam(1), &nothing));
    assert_eq!((again.adds.len(), again.aws_auth.unified.as_str()), (0, ""));
    assert!(again.aws_auth.note.unwrap().contains("is there already"));
}

#[test]
fn a_pause_holds_new_grants_alone_back() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision), grant(2, 2, Wish::Provision)]);
    world.settle();
    wish(&mut world, 1, Wish::Keep);
    wish(&mut world, 2, revoke());
    world.grants.push(grant(3, 3, Wish::Provision));
    // Somebody takes the binding of the running one: that is put back.
    let state = world.observed.kubernetes.as_mut().unwrap();
    state.bindings.retain(|binding| !super::bindings::names_grant(binding, id(1)));
    let why = crate::access::grant::paused("prod", "the nodes are being replaced");
    let plan = super::cluster::plan(
        &super::desired::DesiredCluster { paused: Some(why.clone()), ..world.desired() },
        &world.observed,
    );
    assert_eq!(plan.trouble, [(id(3), why)].into());
    let grants: Vec<Option<GrantId>> = plan
        .steps
        .iter()
        .flat_map(|step| match step {
            Step::Binding { grant, .. } => vec![*grant],
            Step::AwsAuth(write) => write.grants.iter().copied().map(Some).collect(),
            Step::CreateRole { grants, .. } => grants.iter().copied().map(Some).collect(),
        })
        .collect();
    assert!(grants.contains(&Some(id(1))) && grants.contains(&Some(id(2))), "{grants:?}");
    assert!(!grants.contains(&Some(id(3))) && !grants.contains(&None), "{grants:?}");
    let lines: Vec<_> = plan
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::AwsAuth(write) => Some(write.lines.len()),
            Step::Binding { .. } | Step::CreateRole { .. } => None,
        })
        .collect();
    assert_eq!(lines, [0], "one line goes, none comes");
    let open = world.plan();
    assert!(open.trouble.is_empty() && open.identities.contains_key(&id(3)), "it goes on where nothing is paused");
}
