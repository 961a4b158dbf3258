//! ClusterRoles of Latchkey's that nothing needs any more.

use super::{id, revoke, settle_and_end, wish};
use crate::{
    access::{PrincipalId, blocker::Blocker},
    plan::{
        bindings::BindingStep,
        cluster::{self, Step},
        desired::{BindingKey, DesiredCluster, Quarantined, Wish},
        model::World,
        observation::ClusterState,
        own_roles::LeavingRole,
        samples::{grant, profile_own},
    },
    testkit::binding,
};
use std::collections::BTreeSet;

/// A cluster on which an access to a profile with rules of its own is over.
fn left_behind() -> World {
    let mut one = grant(1, 1, Wish::Provision);
    one.terms.profile = profile_own();
    let mut world = World::new(vec![one]);
    world.settle();
    wish(&mut world, 1, revoke());
    settle_and_end(&mut world);
    world
}

fn role() -> String {
    profile_own().roles[0].name.clone()
}

fn state(world: &mut World) -> &mut ClusterState {
    world.observed.kubernetes.as_mut().unwrap()
}

/// What nothing needs, by what the database knows.
fn unneeded(world: &World) -> DesiredCluster {
    let mut desired = world.desired();
    desired.roles.needed = Some(BTreeSet::new());
    desired
}

fn leaving(desired: &DesiredCluster, world: &World) -> Vec<LeavingRole> {
    let steps = cluster::plan(desired, &world.observed).steps.into_iter();
    let deleted = steps.filter_map(|step| match step {
        Step::DeleteRole(leaving) => Some(leaving),
        Step::Binding { .. }
        | Step::AwsAuth(_)
        | Step::CreateRole { .. }
        | Step::CreateEntry(_)
        | Step::DeleteEntry(_) => None,
    });
    deleted.collect()
}

#[test]
fn a_role_of_latchkeys_that_nothing_needs_goes_and_no_other() {
    let mut world = left_behind();
    let own = state(&mut world).cluster_roles[&role()].clone();
    let named = |labels: &[(&str, &str)]| {
        let mut other = own.clone();
        other.labels.extend(labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        other
    };
    let others = [
        ("latchkey:of:another", named(&[("latchkey/installation", "another")])),
        ("latchkey:by:helm", named(&[("app.kubernetes.io/managed-by", "helm")])),
        ("theirs", named(&[])),
    ];
    state(&mut world).cluster_roles.extend(others.map(|(name, role)| (name.to_owned(), role)));
    let gone = LeavingRole { name: role(), uid: own.uid, grants: vec![] };
    assert_eq!(leaving(&unneeded(&world), &world), [gone]);
}

#[test]
fn a_role_of_latchkeys_stays_while_anything_may_need_it() {
    type Change = fn(&mut DesiredCluster);
    let cases: [(&str, Change); 8] = [
        ("a grant or a profile needs it", |desired| desired.roles.needed = Some([role()].into())),
        ("what needs it is not known", |desired| desired.roles.needed = None),
        ("a grant cannot be read", |desired| {
            let (id, principal) = (id(7), PrincipalId(uuid::Uuid::from_u128(7)));
            let bindings = BTreeSet::new();
            desired.quarantined.push(Quarantined { id, principal, ends: false, bindings, resting: true });
        }),
        ("a binding may still come", |desired| {
            let key = BindingKey { namespace: None, name: "latchkey:x".into() };
            desired.uncertain.insert(key);
        }),
        ("a deletion was refused", |desired| desired.roles.refused = true),
        ("EKS says nothing", |desired| desired.undescribed = Some(Blocker::said("EKS says nothing"))),
        ("it is of another installation", |desired| desired.installation.0 = uuid::Uuid::from_u128(9)),
        ("the database is behind", |desired| desired.fenced = Some(Blocker::said("behind"))),
    ];
    let world = left_behind();
    assert_eq!(leaving(&unneeded(&world), &world).len(), 1, "it goes where nothing of that is so");
    for (case, change) in cases {
        let mut desired = unneeded(&world);
        change(&mut desired);
        assert_eq!(leaving(&desired, &world), [], "{case}");
    }
}

#[test]
fn a_role_of_latchkeys_stays_while_any_binding_refers_to_it() {
    let mut world = left_behind();
    state(&mut world).bindings.push(binding("theirs", &role()).naming("ServiceAccount", "ci"));
    let mut desired = unneeded(&world);
    assert_eq!(leaving(&desired, &world), []);
    desired.roles.going = state(&mut world).cluster_roles.values().map(|role| role.uid.clone()).collect();
    assert_eq!(leaving(&desired, &world), [], "nor if a delete of it may still come");
    state(&mut world).bindings.clear();
    assert_eq!(leaving(&desired, &world).len(), 1);
}

#[test]
fn what_an_interrupted_run_may_still_delete_is_deleted_and_made_anew_before_anything_is_bound_to_it() {
    let mut world = left_behind();
    let uid = state(&mut world).cluster_roles[&role()].uid.clone();
    let mut next = grant(2, 2, Wish::Provision);
    next.terms.profile = profile_own();
    world.grants.push(next);
    let mut desired = world.desired();
    desired.roles.needed = Some([role()].into());
    desired.roles.going = [uid.clone()].into();
    let plan = cluster::plan(&desired, &world.observed);
    let kinds: Vec<&str> = plan
        .steps
        .iter()
        .map(|step| match step {
            Step::DeleteRole(leaving) if leaving.uid == uid && leaving.grants == [id(2)] => "delete",
            Step::CreateRole { .. } => "create",
            Step::Binding { step: BindingStep::Create(_), .. } => "bind",
            Step::AwsAuth(_) => "aws-auth",
            Step::DeleteRole(_) | Step::Binding { .. } | Step::CreateEntry(_) | Step::DeleteEntry(_) => "other",
        })
        .collect();
    assert_eq!(kinds, ["delete", "aws-auth", "create", "bind"]);
    for step in &plan.steps {
        assert!(world.apply(step));
    }
    assert_ne!(state(&mut world).cluster_roles[&role()].uid, uid);
    assert_eq!(leaving(&desired, &world), [], "the new one is another object");
}

#[test]
fn a_pile_goes_a_few_at_a_time() {
    let mut world = left_behind();
    let own = state(&mut world).cluster_roles[&role()].clone();
    for number in 0..20 {
        state(&mut world).cluster_roles.insert(format!("latchkey:old-{number}:1"), own.clone());
    }
    let mut runs = 0;
    while !leaving(&unneeded(&world), &world).is_empty() {
        for step in cluster::plan(&unneeded(&world), &world.observed).steps {
            assert!(world.apply(&step));
        }
        runs += 1;
    }
    assert_eq!(runs, 5, "21 by five");
    assert_eq!(state(&mut world).cluster_roles.keys().collect::<Vec<_>>(), ["view"]);
}
