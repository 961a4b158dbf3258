//! Roles on a cluster: one mapping for all who use one, and a user for each session.

use super::{id, revoke, settle_and_end, wish};
use crate::{
    access::{
        blocker::{Blocker, UnfitUsername},
        residual::Residual,
    },
    eks::arn::SessionName,
    plan::{
        authenticator::{MappingKind, RecordedMapping, RoleKey, Visiting},
        desired::{DesiredGrant, Quarantined, Wish},
        model::{World, world::works},
        observation::{AuthenticationMode, EntryHolders, PrincipalObservation},
        preview::preview,
        principal::DesiredPrincipal,
        proof::Judgement,
        samples::grant,
    },
    testkit::{binding, iam_arn},
};

const ROLE: u128 = 50;

/// Grant number `id` of person number `person`, as a session of the one role.
fn by_role(number: u128, person: u128, session: Option<&str>) -> DesiredGrant {
    let plain = grant(number, person, Wish::Provision);
    let arn = iam_arn("role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_dev_0123456789abcdef");
    let mut terms = plain.terms;
    terms.principal = crate::access::PrincipalId(uuid::Uuid::from_u128(ROLE));
    terms.principal_arn.clone_from(&arn);
    terms.session = session.map(|name| SessionName::parse(name).unwrap());
    DesiredGrant { terms, arn: arn.parse().unwrap(), role: Some(RoleKey::of("AROAEXAMPLE")), ..plain }
}

fn name(rest: &str) -> String {
    format!("latchkey:r.{}:{rest}", RoleKey::of("AROAEXAMPLE"))
}

fn on(mode: AuthenticationMode, grants: Vec<DesiredGrant>) -> World {
    let mut world = World::new(grants);
    world.observed.aws.as_mut().unwrap().mode = mode;
    if mode != AuthenticationMode::ConfigMap {
        world.observed.entries = EntryHolders::Listed(vec![]);
    }
    world.prefers = MappingKind::Entry;
    world
}

const MODES: [AuthenticationMode; 3] =
    [AuthenticationMode::ConfigMap, AuthenticationMode::ApiAndConfigMap, AuthenticationMode::Api];

/// Works for those who have an access, and for no other session.
fn check(world: &World, sessions: &[(u128, &str)]) {
    for grant in &world.grants {
        assert!(works(&world.observed, grant), "{sessions:?}: grant {} was cut", grant.id);
    }
    let stranger = by_role(99, 99, Some("mallory@example.com"));
    assert!(!works(&world.observed, &stranger), "{sessions:?}");
}

#[test]
fn two_people_under_one_pinned_role_come_and_go_in_every_order_and_neither_cuts_the_other() {
    let people = [(1, "ana@example.com"), (2, "ben@example.com")];
    for mode in MODES {
        for (first, second) in [(0, 1), (1, 0)] {
            for ends_first in [0, 1] {
                let mut world = on(mode, vec![]);
                let make = |at: usize| by_role(people[at].0, people[at].0, Some(people[at].1));
                for at in [first, second] {
                    world.grants.push(make(at));
                    world.settle();
                    check(&world, &people);
                }
                assert_eq!(world.rows.len(), 1, "one mapping for both");
                assert_eq!(world.rows[0].username, name("1:{{SessionNameRaw}}"));
                for at in [ends_first, 1 - ends_first] {
                    wish(&mut world, people[at].0, revoke());
                    let ended = by_role(people[at].0, people[at].0, Some(people[at].1));
                    settle_and_end(&mut world);
                    check(&world, &people);
                    assert!(!works(&world.observed, &ended), "{mode:?}: {} still works", people[at].1);
                }
                assert!(world.rows.is_empty(), "{mode:?}: the mapping went with the last");
                // The visit moves on once nobody uses the role any more.
                world.grants.push(by_role(3, 1, Some("ana@example.com")));
                assert_eq!(world.settle().identities[&id(3)].username, name("2:ana@example.com"));
            }
        }
    }
}

#[test]
fn a_line_names_the_role_without_its_path_and_an_entry_with_it() {
    let mut line = on(AuthenticationMode::ConfigMap, vec![by_role(1, 1, Some("ana@example.com"))]);
    let before = line.data();
    line.settle();
    let roles = &line.data()["mapRoles"];
    assert!(roles.starts_with(before["mapRoles"].as_str()), "foreign bytes stay: {roles}");
    assert!(roles.contains("arn:aws:iam::111122223333:role/AWSReservedSSO_dev_0123456789abcdef"), "{roles}");
    wish(&mut line, 1, revoke());
    settle_and_end(&mut line);
    assert_eq!(line.data(), before);

    let mut entry = on(AuthenticationMode::Api, vec![by_role(1, 1, Some("ana@example.com"))]);
    entry.settle();
    let EntryHolders::Listed(entries) = &entry.observed.entries else { panic!() };
    assert!(entries[0].arn.contains(":role/aws-reserved/sso.amazonaws.com/eu-west-1/"), "{}", entries[0].arn);
}

#[test]
fn a_user_that_something_else_binds_is_not_granted_again_and_other_sessions_are() {
    let mut world = on(AuthenticationMode::ConfigMap, vec![by_role(1, 1, Some("ana@example.com"))]);
    world.settle();
    world.grants.push(by_role(2, 2, Some("ben@example.com")));
    world.settle();
    let own = binding("own", "view").naming("User", &name("1:ana@example.com"));
    world.observed.kubernetes.as_mut().unwrap().bindings.push(own);
    wish(&mut world, 1, revoke());
    world.settle();
    let Judgement::Proven { residual } = world.prove(1) else { panic!("{:?}", world.prove(1)) };
    assert_eq!(residual.len(), 1, "the end names what is left: {residual:?}");
    world.grants.retain(|grant| grant.id != id(1));
    world.grants.push(by_role(3, 1, Some("ana@example.com")));
    world.grants.push(by_role(4, 3, Some("cem@example.com")));
    let plan = world.settle();
    assert!(matches!(plan.trouble[&id(3)].why(), Blocker::NameStillBound { .. }), "{:?}", plan.trouble);
    assert_eq!(plan.identities[&id(4)].username, name("1:cem@example.com"));
    world.observed.kubernetes.as_mut().unwrap().bindings.retain(|binding| binding.name != "own");
    assert_eq!(world.settle().identities[&id(3)].username, name("1:ana@example.com"));
}

#[test]
fn a_visit_of_which_something_names_a_user_is_left_out() {
    let mut world = on(AuthenticationMode::ConfigMap, vec![by_role(1, 1, Some("ana@example.com"))]);
    world.settle();
    // Whoever may write bindings binds the user of a visit to come.
    for visit in ["2:ana@example.com", "3"] {
        let ahead = binding(&format!("ahead-{}", &visit[..1]), "view").naming("User", &name(visit));
        world.observed.kubernetes.as_mut().unwrap().bindings.push(ahead);
    }
    wish(&mut world, 1, revoke());
    settle_and_end(&mut world);
    world.grants.push(by_role(2, 2, Some("ben@example.com")));
    assert_eq!(world.settle().identities[&id(2)].username, name("4:ben@example.com"));
    let ana = by_role(3, 1, Some("ana@example.com"));
    assert!(!works(&world.observed, &ana), "another person's access brings hers back");
}

#[test]
fn a_clean_end_by_a_role_finds_no_change_of_another_client() {
    let mut world = on(AuthenticationMode::ConfigMap, vec![by_role(1, 1, Some("ana@example.com"))]);
    world.settle();
    wish(&mut world, 1, revoke());
    assert_eq!(world.plan().findings, []);
}

#[test]
fn an_end_that_is_overdue_cuts_nothing_of_another_person_under_the_same_role() {
    let (ana, ben) = (by_role(1, 1, Some("ana@example.com")), by_role(2, 2, Some("ben@example.com")));
    let mut world = on(AuthenticationMode::ConfigMap, vec![ana, ben]);
    world.settle();
    let since = crate::plan::samples::now() - jiff::SignedDuration::from_mins(6);
    wish(&mut world, 1, Wish::Revoke { since });
    world.grants[0].attempts = 3;
    let plan = world.plan();
    assert_eq!(plan.trouble.get(&id(2)), None, "{:?}", plan.trouble);
    assert_eq!(plan.identities[&id(2)].username, name("1:ben@example.com"));
    world.settle();
    assert!(works(&world.observed, &world.grants[1]));
}

#[test]
fn a_shared_role_is_one_user_and_never_beside_its_sessions() {
    let mut world = on(AuthenticationMode::ConfigMap, vec![by_role(1, 1, None)]);
    assert_eq!(world.settle().identities[&id(1)].username, name("1"));
    world.grants.push(by_role(2, 2, Some("ben@example.com")));
    let plan = world.settle();
    assert!(matches!(plan.trouble[&id(2)].why(), Blocker::SessionDiffers { .. }), "{:?}", plan.trouble);
    assert!(works(&world.observed, &world.grants[0]));
    wish(&mut world, 1, revoke());
    settle_and_end(&mut world);
    assert_eq!(world.settle().identities[&id(2)].username, name("2:ben@example.com"));
}

#[test]
fn two_people_under_a_shared_role_are_one_user_and_an_end_names_the_access_that_goes_on() {
    for mode in MODES {
        let mut world = on(mode, vec![by_role(1, 1, None), by_role(2, 2, None)]);
        let plan = world.settle();
        assert_eq!(plan.identities[&id(1)].username, name("1"));
        assert_eq!(plan.identities[&id(2)].username, name("1"));
        wish(&mut world, 1, revoke());
        world.settle();
        let Judgement::Proven { residual } = world.prove(1) else { panic!("{:?}", world.prove(1)) };
        let [Residual::OtherAccess { holder, .. }] = &residual[..] else { panic!("{mode:?}: {residual:?}") };
        assert_eq!(holder.as_deref(), Some("person-2"));
        world.grants.retain(|grant| grant.id != id(1));
        world.settle();
        assert!(works(&world.observed, &world.grants[0]), "{mode:?}");
        wish(&mut world, 2, revoke());
        settle_and_end(&mut world);
        assert!(world.rows.is_empty(), "{mode:?}: the mapping went with the last");
    }
}

#[test]
fn what_somebody_bound_to_the_user_of_a_shared_role_is_named_at_an_end_and_nothing_is_given_to_it_before_it_is_gone() {
    let mut world = on(AuthenticationMode::ConfigMap, vec![by_role(1, 1, None), by_role(2, 2, None)]);
    world.settle();
    let own = binding("own", "view").naming("User", &name("1"));
    world.observed.kubernetes.as_mut().unwrap().bindings.push(own);
    wish(&mut world, 1, revoke());
    world.settle();
    let Judgement::Proven { residual } = world.prove(1) else { panic!("{:?}", world.prove(1)) };
    assert!(residual.iter().any(|found| matches!(found, Residual::ForeignBinding { .. })), "{residual:?}");
    world.grants.retain(|grant| grant.id != id(1));
    world.grants.push(by_role(3, 1, None));
    let plan = world.settle();
    assert!(matches!(plan.trouble[&id(3)].why(), Blocker::NameStillBound { .. }), "{:?}", plan.trouble);
}

#[test]
fn what_an_access_by_a_shared_role_adds_is_what_everyone_gets_whatever_the_asker_has_already() {
    let mut world = on(AuthenticationMode::ConfigMap, vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    let (asked, nothing) = (by_role(9, 1, None), PrincipalObservation::default());
    let iam = DesiredPrincipal {
        installation: crate::plan::samples::INSTALLATION,
        arn: asked.arn.clone(),
        unique_id: String::new(),
        differs: None,
        ended: false,
        writable: false,
        succeeded: false,
        grants: vec![],
        interrupted: vec![],
        recent: None,
    };
    let adds = |world: &World| preview(world.desired(), &asked, &world.observed, (&iam, &nothing)).adds.len();
    assert_ne!(adds(&world), 0, "what person 1 has alone, the others do not have");
    world.grants.push(by_role(2, 2, None));
    world.settle();
    assert_eq!(adds(&world), 0, "they have it by the role");
}

#[test]
fn a_binding_of_an_access_that_cannot_be_read_holds_up_nobody_under_the_same_role_and_is_not_foreign() {
    let mut world = on(AuthenticationMode::ConfigMap, vec![by_role(1, 1, None), by_role(2, 2, None)]);
    world.settle();
    let keys = world.grants[0].keys(world.desired().installation);
    world.grants.retain(|grant| grant.id != id(1));
    let role = crate::access::PrincipalId(uuid::Uuid::from_u128(ROLE));
    world.quarantined.push(Quarantined { id: id(1), principal: role, ends: false, bindings: keys, resting: false });
    world.grants.push(by_role(3, 3, None));
    let plan = world.settle();
    assert_eq!(plan.trouble.get(&id(3)), None, "{:?}", plan.trouble);
    wish(&mut world, 2, revoke());
    world.settle();
    let Judgement::Proven { residual } = world.prove(2) else { panic!("{:?}", world.prove(2)) };
    assert!(!residual.iter().any(|found| matches!(found, Residual::ForeignBinding { .. })), "{residual:?}");
}

#[test]
fn a_role_that_another_client_mapped_is_bound_only_if_each_session_is_a_user_of_its_own() {
    let role = "arn:aws:iam::111122223333:role/AWSReservedSSO_dev_0123456789abcdef";
    for (username, session, expected) in [
        ("dev:{{SessionNameRaw}}", Some("ana@example.com"), Ok("dev:ana@example.com")),
        ("dev:{{SessionName}}", Some("ana@example.com"), Err(UnfitUsername::Template)),
        ("deployers", Some("ana@example.com"), Err(UnfitUsername::AllSessions)),
        ("deployers", None, Ok("deployers")),
        ("dev:{{SessionNameRaw}}", None, Err(UnfitUsername::Template)),
        ("latchkey:x:{{SessionNameRaw}}", Some("ana@example.com"), Err(UnfitUsername::Reserved)),
        ("{{SessionNameRaw}}", Some("ana@example.com"), Ok("ana@example.com")),
    ] {
        let mut world = on(AuthenticationMode::ConfigMap, vec![by_role(1, 1, session)]);
        let object = world.observed.kubernetes.as_mut().unwrap().aws_auth.as_mut().unwrap();
        object.data.insert("mapRoles".into(), format!("- rolearn: {role}\n  username: '{username}'\n"));
        let before = world.data();
        let plan = world.settle();
        assert_eq!(world.data(), before, "{username}");
        match expected {
            Ok(user) => {
                assert_eq!(plan.identities[&id(1)].username, user, "{username}");
                assert!(matches!(world.prove(1), Judgement::Proven { .. }), "{username}: {:?}", world.prove(1));
            }
            Err(expected) => {
                let Blocker::ForeignLine { why, .. } = plan.trouble[&id(1)].why() else {
                    panic!("{username}: {:?}", plan.trouble)
                };
                assert_eq!(*why, expected, "{username}");
            }
        }
    }
}

#[test]
fn a_role_and_a_person_never_share_visits() {
    let world =
        on(AuthenticationMode::ConfigMap, vec![by_role(1, 1, Some("ana@example.com")), grant(2, 1, Wish::Provision)]);
    let visiting: Vec<Visiting> = world.grants.iter().map(DesiredGrant::visiting).collect();
    assert_ne!(visiting[0], visiting[1]);
    let mut world = world;
    let plan = world.settle();
    assert_eq!(plan.identities[&id(1)].username, name("1:ana@example.com"));
    assert_eq!(plan.identities[&id(2)].username, "latchkey:person-1:1");
}

#[test]
fn a_role_for_which_the_worker_makes_no_entries_stays_on_a_line_and_waits_where_there_are_none() {
    let without = |number, person, session| DesiredGrant { entry: false, ..by_role(number, person, Some(session)) };
    for mode in MODES {
        let mut world = on(mode, vec![without(1, 1, "ana@example.com")]);
        let plan = world.settle();
        if mode == AuthenticationMode::Api {
            assert!(matches!(plan.trouble[&id(1)].why(), Blocker::NoEntryForRole { .. }), "{:?}", plan.trouble);
            assert_eq!(world.rows, []);
            continue;
        }
        assert_eq!(plan.identities[&id(1)].kind, MappingKind::Line, "{mode:?}");
        // Nor is the line moved to an entry, which the cluster would prefer.
        world.settle();
        assert_eq!(world.rows.iter().map(RecordedMapping::kind).collect::<Vec<_>>(), [MappingKind::Line], "{mode:?}");
        check(&world, &[(1, "ana@example.com")]);
    }
}
