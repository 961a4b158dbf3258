//! Accesses that end: before others begin, and for good.

use super::{id, revoke, settle_and_end, wish};
use crate::access::blocker::Blocker;
use crate::plan::{
    bindings::BindingStep,
    cluster::{self, Step},
    desired::{BindingKey, DesiredCluster, Wish},
    model::World,
    observation::Subject,
    proof,
    samples::{self, grant},
};
use jiff::SignedDuration;

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
            Step::CreateEntry(_) | Step::DeleteEntry(_) => "entry",
            Step::CreateRole { .. } | Step::DeleteRole(_) => "role",
        })
        .collect();
    assert_eq!(kinds, ["empty", "delete", "aws-auth", "create"]);
}

#[test]
fn a_late_create_of_an_interrupted_run_finds_its_place_taken() {
    let world = World::new(vec![grant(1, 1, revoke())]);
    let key = world.grants[0].keys(samples::INSTALLATION).into_iter().next().unwrap();
    let mut desired = world.desired();
    desired.uncertain.insert(key.clone());
    let plan = cluster::plan(&desired, &world.observed);
    assert!(
        matches!(&plan.steps[..], [Step::Binding { step: BindingStep::StandIn(spec), .. }] if BindingKey::of(spec) == key)
    );
    let left = |desired: &DesiredCluster, world: &World| {
        let look = proof::Look::of(&world.observed).unwrap();
        proof::left_behind(desired, &desired.grants[0], None, &look)
    };
    assert!(left(&desired, &world).is_some(), "nothing stands in its way yet");
    // The object is there now: the grant can end, and the object stays until the token of that run has expired.
    let mut world = world;
    for step in &plan.steps {
        assert!(world.apply(step));
    }
    assert_eq!(cluster::plan(&desired, &world.observed).steps, []);
    assert_eq!(left(&desired, &world), None);
    desired.grants.clear();
    assert_eq!(cluster::plan(&desired, &world.observed).steps, [], "also when the grant has ended");
    // If another client adds subjects to it, they are removed.
    let mut bound = world.clone();
    let name = Subject { kind: "User".into(), name: "latchkey:person-1:1".into(), namespace: None };
    bound.observed.kubernetes.as_mut().unwrap().bindings[0].subjects.push(name);
    let steps = cluster::plan(&desired, &bound.observed).steps;
    assert!(matches!(&steps[..], [Step::Binding { step: BindingStep::Empty(_), .. }]), "{steps:?}");
    settle_and_end(&mut world);
    assert_eq!(world.observed.kubernetes.as_ref().unwrap().bindings, []);
}

#[test]
fn a_binding_that_is_kept_from_going_cuts_the_line_when_it_is_overdue() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision), grant(2, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 2, Wish::Keep);
    wish(&mut world, 1, Wish::Revoke { since: samples::now() - SignedDuration::from_mins(6) });
    assert!(world.plan().steps.iter().all(|step| !matches!(step, Step::AwsAuth(_))), "not before it was tried");
    world.grants[0].attempts = 4;
    let plan = world.plan();
    let cut = plan.steps.iter().any(|step| matches!(step, Step::AwsAuth(write) if !write.removed.is_empty()));
    assert!(cut, "{:?}", plan.steps);
    assert!(matches!(plan.trouble[&id(2)].why(), Blocker::Cut { .. }));
}
