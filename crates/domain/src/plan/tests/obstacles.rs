//! What blocks a grant, and which grants it does not affect.

use super::{id, revoke, wish};
use crate::{
    access::{
        GrantId,
        blocker::Blocker,
        decide_again::{HeldBack, NotAllowed, NotNow},
    },
    eks::rbac::Rule,
    plan::{
        bindings,
        cluster::{self, Step},
        desired::{DesiredCluster, DesiredGrant, Wish},
        model::World,
        observation::AuthenticationMode,
        obstacles::Obstacle,
        own_roles::LeavingRole,
        proof::Judgement,
        samples::{self, grant, namespace, profile_own, writes},
    },
};
use uuid::Uuid;

#[test]
fn what_stands_in_the_way_is_said_and_nothing_is_written() {
    type Change = fn(&mut World);
    let cases: [(&str, Change, &str); 8] = [
        ("mode", |world| world.observed.aws.as_mut().unwrap().mode = AuthenticationMode::Api, "entries_not_read"),
        ("marker", |world| world.observed.kubernetes.as_mut().unwrap().marker = None, "marker_missing"),
        (
            "installation",
            |world| {
                let marker = world.observed.kubernetes.as_mut().unwrap().marker.as_mut().unwrap();
                marker.installation = Some(Uuid::from_u128(1).to_string());
            },
            "other_installation",
        ),
        (
            "epoch",
            |world| {
                let marker = world.observed.kubernetes.as_mut().unwrap().marker.as_mut().unwrap();
                marker.installation = Some(samples::INSTALLATION.to_string());
                marker.epoch = Some(1_000);
            },
            "later_epoch",
        ),
        (
            "the run's own epoch, which it has not written",
            |world| {
                let epoch = world.desired().epoch;
                let marker = world.observed.kubernetes.as_mut().unwrap().marker.as_mut().unwrap();
                marker.installation = Some(samples::INSTALLATION.to_string());
                marker.epoch = Some(epoch);
            },
            "later_epoch",
        ),
        ("role", |world| world.observed.kubernetes.as_mut().unwrap().cluster_roles.clear(), "role_missing"),
        (
            "widened",
            |world| {
                let state = world.observed.kubernetes.as_mut().unwrap();
                let view = state.cluster_roles.get_mut("view").unwrap();
                view.rules.push(Rule::of(&["get"], &[""], &["secrets"]));
            },
            "role_wider",
        ),
        (
            "namespace",
            |world| {
                for namespace in &mut world.observed.kubernetes.as_mut().unwrap().namespaces {
                    namespace.uid.push('2');
                }
            },
            "namespace_made_again",
        ),
    ];
    for (name, change, code) in cases {
        let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
        change(&mut world);
        let plan = world.plan();
        assert_eq!(plan.steps, [], "{name}");
        assert_eq!(plan.trouble[&id(1)].why().code(), code, "{name}: {:?}", plan.trouble);
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
    let (cluster, namespace) = ("prod".to_owned(), "payments".to_owned());
    assert_eq!(*plan.trouble[&id(1)].why(), Blocker::NamespaceGone { cluster, namespace });
    assert_eq!(plan.steps, [], "nothing is made in a namespace of the same name");
}

#[test]
fn a_grant_that_rests_is_left_alone_and_stops_nobody() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision), grant(2, 2, Wish::Provision)]);
    world.grants[0].resting = true;
    world.settle();
    assert_eq!(world.prove(2), Judgement::Proven { residual: vec![] });
    assert!(!world.data()["mapUsers"].contains("person-1"));
}

#[test]
fn a_role_of_ours_is_made_once_and_a_changed_one_blocks() {
    let mut one = grant(1, 1, Wish::Provision);
    one.terms.profile = profile_own();
    let mut other = grant(2, 2, Wish::Provision);
    other.terms.profile = profile_own();
    let mut world = World::new(vec![one, other]);
    let made = world.plan().steps.iter().filter(|step| matches!(step, Step::CreateRole { .. })).count();
    assert_eq!(made, 1);
    world.settle();
    let role = &profile_own().roles[0].name;
    let state = world.observed.kubernetes.as_mut().unwrap();
    state.cluster_roles.get_mut(role).unwrap().rules.push(Rule::of(&["*"], &["*"], &["*"]));
    assert!(matches!(world.plan().trouble[&id(1)].why(), Blocker::OwnRoleWidened { .. }));
}

#[test]
fn a_role_of_ours_that_widens_takes_the_bindings_of_all_who_have_it_and_of_nobody_else() {
    for wish_of_first in [Wish::Keep, Wish::Provision] {
        let mut one = grant(1, 1, Wish::Provision);
        one.terms.profile = profile_own();
        let mut world = World::new(vec![one, grant(2, 2, Wish::Provision)]);
        world.settle();
        wish(&mut world, 1, wish_of_first);
        wish(&mut world, 2, Wish::Keep);
        let role = &profile_own().roles[0].name;
        let before = world.observed.kubernetes.as_ref().unwrap().cluster_roles[role].clone();
        let rules = |world: &mut World, rules: Vec<Rule>| {
            let state = world.observed.kubernetes.as_mut().unwrap();
            state.cluster_roles.get_mut(role).unwrap().rules = rules;
        };

        rules(&mut world, vec![]);
        assert_eq!(world.plan().steps, [], "one that allows less is not unsafe");

        rules(&mut world, [before.rules.clone(), vec![Rule::of(&["get"], &[""], &["secrets"])]].concat());
        let plan = world.plan();
        let Blocker::OwnRoleWidened { role: widened, added, .. } = plan.trouble[&id(1)].why() else { panic!() };
        assert!(widened == role && added.first == ["get secrets"], "{added}");
        let told: Vec<Option<GrantId>> = plan.findings.iter().map(|finding| finding.grant).collect();
        assert_eq!(told, [Some(id(1))]);
        world.settle();
        let bound = |world: &World, number: u128| {
            let bindings = &world.observed.kubernetes.as_ref().unwrap().bindings;
            bindings.iter().any(|binding| bindings::names_grant(binding, id(number)))
        };
        assert!(!bound(&world, 1) && bound(&world, 2));
        let plan = world.plan();
        assert_eq!((plan.steps, plan.findings), (vec![], vec![]), "told once");

        rules(&mut world, before.rules);
        world.settle();
        assert_eq!(world.prove(1), Judgement::Proven { residual: vec![] });
    }
}

#[test]
fn a_pause_holds_new_grants_alone_back() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision), grant(2, 2, Wish::Provision)]);
    world.settle();
    wish(&mut world, 1, Wish::Keep);
    wish(&mut world, 2, revoke());
    world.grants.push(grant(3, 3, Wish::Provision));
    // Another client removes the binding of the active access: it is restored.
    let state = world.observed.kubernetes.as_mut().unwrap();
    state.bindings.retain(|binding| !bindings::names_grant(binding, id(1)));
    let why = Blocker::Paused { cluster: "prod".to_owned(), why: "the nodes are being replaced".to_owned() };
    let plan = cluster::plan(&DesiredCluster { paused: Some(why.clone()), ..world.desired() }, &world.observed);
    assert_eq!(plan.trouble, [(id(3), Obstacle::Paused(why))].into());
    let grants: Vec<Option<GrantId>> = plan
        .steps
        .iter()
        .flat_map(|step| match step {
            Step::Binding { grant, .. } => vec![*grant],
            Step::AwsAuth(write) => write.grants.iter().copied().map(Some).collect(),
            Step::CreateEntry(_) | Step::DeleteEntry(_) => vec![],
            Step::CreateRole { grants, .. } | Step::DeleteRole(LeavingRole { grants, .. }) => {
                grants.iter().copied().map(Some).collect()
            }
        })
        .collect();
    assert!(grants.contains(&Some(id(1))) && grants.contains(&Some(id(2))), "{grants:?}");
    assert!(!grants.contains(&Some(id(3))) && !grants.contains(&None), "{grants:?}");
    let lines: Vec<_> = plan
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::AwsAuth(write) => Some(write.lines.len()),
            Step::Binding { .. }
            | Step::CreateRole { .. }
            | Step::DeleteRole(_)
            | Step::CreateEntry(_)
            | Step::DeleteEntry(_) => None,
        })
        .collect();
    assert_eq!(lines, [0], "one line goes, none comes");
    let open = world.plan();
    assert!(open.trouble.is_empty() && open.identities.contains_key(&id(3)), "it goes on where nothing is paused");
}

#[test]
fn whoever_is_blocked_is_not_paused_though_both_say_the_same() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 1, Wish::Keep);
    world.grants.push(grant(2, 2, Wish::Provision));
    world.observed.kubernetes.as_mut().unwrap().namespaces.clear();
    let why = world.plan().trouble[&id(1)].why().to_owned();
    let plan = cluster::plan(&DesiredCluster { paused: Some(why.clone()), ..world.desired() }, &world.observed);
    assert_eq!(plan.trouble, [(id(1), Obstacle::Blocked(why.clone())), (id(2), Obstacle::Paused(why))].into());
}

#[test]
fn what_the_second_decision_does_not_allow_now_is_not_set_up_and_stops_nobody() {
    let refused = NotNow::NotAllowed(NotAllowed::Denied("ben".parse().unwrap()));
    let waits = NotNow::HeldBack(HeldBack::NoPolicy("it is of a later version".to_owned()));
    let held = |number: u128, why: &NotNow| DesiredGrant {
        held: Some(Obstacle::from(why)),
        ..grant(number, number, Wish::Provision)
    };
    let world = World::new(vec![grant(1, 1, Wish::Provision), held(2, &refused), held(3, &waits)]);
    let plan = world.plan();
    assert!(matches!(&plan.trouble[&id(2)], Obstacle::Blocked(Blocker::NotAllowed { .. })));
    assert!(matches!(&plan.trouble[&id(3)], Obstacle::HeldBack(Blocker::NoPolicy { .. })));
    assert_eq!(plan.trouble.len(), 2);
    assert_eq!(plan.identities.keys().copied().collect::<Vec<_>>(), [id(1)]);
    assert_eq!(plan.writes_for().0, [id(1)].into());
    let lines = |step: &Step| match step {
        Step::AwsAuth(write) => write.lines.len(),
        Step::Binding { .. }
        | Step::CreateRole { .. }
        | Step::DeleteRole(_)
        | Step::CreateEntry(_)
        | Step::DeleteEntry(_) => 0,
    };
    assert_eq!(plan.steps.iter().map(lines).sum::<usize>(), 1);
}
