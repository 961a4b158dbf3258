//! The username that is bound: one that no other identity has.

use super::{id, revoke, set_users, settle_and_end, wish};
use crate::access::blocker::{Blocker, UnfitUsername};
use crate::plan::{desired::Wish, finding::What, model::World, proof::Judgement, samples::grant};

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

/// What keeps an ARN that another client mapped from being bound.
#[derive(Debug, PartialEq)]
enum Of<'a> {
    Unfit(UnfitUsername),
    Username,
    Other(&'a str),
}

#[test]
fn an_arn_of_somebody_else_is_bound_to_or_refused_and_never_taken_over() {
    let arn = "arn:aws:iam::111122223333:user/person-1";
    let nodes = "- rolearn: arn:aws:iam::111122223333:role/r\n  username: '{{SessionName}}'\n";
    for (name, groups, also, expected) in [
        ("jane", "[]", "", Ok("jane")),
        ("jane", "[readers]", "", Ok("jane")),
        ("system:admin", "[]", "", Err(Of::Unfit(UnfitUsername::Reserved))),
        ("latchkey:jane:1", "[]", "", Err(Of::Unfit(UnfitUsername::Reserved))),
        ("jane", "[system:masters]", "", Err(Of::Unfit(UnfitUsername::Masters))),
        ("'{{SessionName}}'", "[]", "", Err(Of::Unfit(UnfitUsername::Template))),
        ("jane", "['{{SessionName}}']", "", Err(Of::Unfit(UnfitUsername::GroupTemplate))),
        ("''", "[]", "", Err(Of::Unfit(UnfitUsername::Empty))),
        (r#""a\0b""#, "[]", "", Err(Of::Username)),
        (&"x".repeat(1_025), "[]", "", Err(Of::Username)),
        (
            "jane",
            "[]",
            "- userarn: arn:aws:iam::111122223333:user/other\n  username: jane\n",
            Err(Of::Other("arn:aws:iam::111122223333:user/other")),
        ),
        ("jane", "[]", "ROLES", Err(Of::Other("arn:aws:iam::111122223333:role/r"))),
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
            Err(expected) => {
                let found = match plan.trouble[&id(1)].why() {
                    Blocker::ForeignLine { why, .. } => Of::Unfit(*why),
                    Blocker::ForeignUsername { .. } => Of::Username,
                    Blocker::UsernameShared { other, .. } => Of::Other(other),
                    other => panic!("{name}: {other:?}"),
                };
                assert_eq!(found, expected, "{name}");
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
    let is_thief = |what: &What| matches!(what, What::Withdrawn(Blocker::UsernameShared { other, .. }) if other.ends_with("thief"));
    let plan = world.plan();
    assert!(plan.findings.iter().any(|finding| is_thief(&finding.what)), "{:?}", plan.findings);
    world.settle();
    assert_eq!(world.observed.kubernetes.as_ref().unwrap().bindings, []);
}

#[test]
fn groups_that_somebody_added_to_our_line_cost_the_binding() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    let users = world.data()["mapUsers"].replace("groups: []", "groups: [system:masters]");
    set_users(&mut world, Some(&users));
    let masters = vec!["system:masters".to_owned()];
    assert!(
        matches!(world.settle().trouble[&id(1)].why(), Blocker::LineWithGroups { groups, .. } if *groups == masters)
    );
    assert_eq!(world.observed.kubernetes.as_ref().unwrap().bindings, []);
    // Removing it then waits for the client that changed it, and is reported.
    wish(&mut world, 1, revoke());
    let plan = world.settle();
    assert!(matches!(plan.trouble[&id(1)].why(), Blocker::LineLeftWithGroups { .. }), "{:?}", plan.trouble);
    assert!(matches!(world.prove(1), Judgement::Unsettled(_)));
}
