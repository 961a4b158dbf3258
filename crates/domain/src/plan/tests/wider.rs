//! What an access gives beyond what was decided while another client's change of a line or a binding stands.

use super::{id, revoke, set_users, wish};
use crate::{
    access::blocker::{Blocker, UnfitUsername},
    plan::{
        desired::Wish,
        model::World,
        observation::{ObservedBinding, Subject},
        proof::Look,
        samples::grant,
        tampering::gives_more,
    },
};

/// The one access of a world, active.
fn running() -> World {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 1, Wish::Keep);
    world
}

fn more(world: &World) -> Vec<Blocker> {
    let desired = world.desired();
    let look = Look::of(&world.observed).unwrap();
    gives_more(&desired, &look, desired.grants.iter().find(|grant| grant.id == id(1)).unwrap())
}

fn binding(world: &mut World) -> &mut ObservedBinding {
    &mut world.observed.kubernetes.as_mut().unwrap().bindings[0]
}

fn user(name: &str) -> Subject {
    Subject { kind: "User".into(), name: name.into(), namespace: None }
}

#[test]
fn groups_on_the_line_are_more_than_was_decided_until_they_are_taken_out() {
    let mut world = running();
    assert_eq!(more(&world), []);
    let users = world.data()["mapUsers"].clone();
    set_users(&mut world, Some(&users.replace("groups: []", "groups: [system:masters]")));
    let told = more(&world);
    assert!(matches!(&told[..], [Blocker::LineWithGroups { groups, .. }] if *groups == ["system:masters"]), "{told:?}");
    // The binding of Latchkey's goes; what the groups give stays.
    world.settle();
    assert_eq!(more(&world), told);
    set_users(&mut world, Some(&users));
    assert_eq!(more(&world), []);
}

#[test]
fn another_user_on_the_line_is_more_than_was_decided_if_something_is_bound_to_it() {
    let mut world = running();
    let users = world.data()["mapUsers"].clone();
    let renamed = |world: &mut World, to: &str, groups: &str| {
        let text = users.replace("latchkey:person-1:1", to).replace("groups: []", &format!("groups: [{groups}]"));
        set_users(world, Some(&text));
        more(world)
    };
    assert_eq!(renamed(&mut world, "jane", ""), []);
    let told = renamed(&mut world, "root", "system:masters");
    assert!(matches!(&told[..], [Blocker::ForeignLine { why: UnfitUsername::Masters, .. }]), "{told:?}");
    let state = world.observed.kubernetes.as_mut().unwrap();
    let others = ObservedBinding { name: "others".into(), subjects: vec![user("jane")], ..state.bindings[0].clone() };
    state.bindings.push(others);
    let told = renamed(&mut world, "jane", "");
    assert!(matches!(&told[..], [Blocker::LineOverridden { username, .. }] if username == "jane"), "{told:?}");
}

#[test]
fn a_binding_of_another_role_or_with_more_subjects_is_more_than_was_decided_and_one_with_none_is_not() {
    let mut world = running();
    let whole = binding(&mut world).clone();
    binding(&mut world).subjects.push(user("gus"));
    let told = more(&world);
    assert!(matches!(&told[..], [Blocker::BindingGivesMore { subjects, .. }] if subjects[1] == "User gus"), "{told:?}");
    *binding(&mut world) = ObservedBinding { role_name: "admin".into(), ..whole.clone() };
    let told = more(&world);
    assert!(matches!(&told[..], [Blocker::BindingGivesMore { role, .. }] if role == "ClusterRole admin"), "{told:?}");
    binding(&mut world).subjects.clear();
    assert_eq!(more(&world), []);
    *binding(&mut world) = ObservedBinding { finalizers: vec!["example.com/keep".into()], ..whole };
    assert_eq!(more(&world), []);
}

#[test]
fn what_ends_is_told_by_what_is_left_of_it() {
    let mut world = running();
    let users = world.data()["mapUsers"].replace("groups: []", "groups: [system:masters]");
    set_users(&mut world, Some(&users));
    wish(&mut world, 1, revoke());
    assert_eq!(more(&world), []);
}
