//! Clusters that EKS does not describe: access is only removed.

use super::{id, revoke, set_users, wish};
use crate::access::blocker::Blocker;
use crate::plan::{
    bindings,
    cluster::{self, Plan, Step},
    desired::{DesiredCluster, Wish},
    model::World,
    observation::{AccessEntry, EntryDetails, EntryHolders},
    obstacles::Obstacle,
    samples::{self, grant},
};
use jiff::SignedDuration;

/// The plan if EKS does not describe the cluster.
fn undescribed(world: &World) -> Plan {
    let desired = DesiredCluster { undescribed: Some(Blocker::said("EKS says nothing")), ..world.desired() };
    cluster::plan(&desired, &world.observed)
}

/// Whether a step lets a user do more.
fn gives(step: &Step) -> bool {
    match step {
        Step::Binding { step, .. } => step.gives(),
        Step::AwsAuth(write) => !write.lines.is_empty(),
        Step::CreateRole { .. } | Step::CreateEntry(_) => true,
        Step::DeleteRole(_) | Step::DeleteEntry(_) => false,
    }
}

#[test]
fn a_cluster_that_is_not_described_is_only_taken_away_from() {
    let provision = |number| grant(number, number, Wish::Provision);
    let mut world = World::new((1..=4).map(provision).collect());
    world.settle();
    for running in 1..=3 {
        wish(&mut world, running, Wish::Keep);
    }
    wish(&mut world, 4, revoke());
    world.grants.push(provision(5));
    // The binding of the second access is gone, and the line of the third.
    let state = world.observed.kubernetes.as_mut().unwrap();
    state.bindings.retain(|binding| !bindings::names_grant(binding, id(2)));
    let third = world.rows.iter().find(|row| row.username.contains("person-3")).unwrap();
    let text = state.aws_auth.as_ref().unwrap().data["mapUsers"].replace(third.inserted.as_ref().unwrap(), "");
    set_users(&mut world, Some(&text));

    let plan = undescribed(&world);
    assert!(!plan.steps.iter().any(gives), "{:?}", plan.steps);
    let why = || Obstacle::Undescribed(Blocker::said("EKS says nothing"));
    assert_eq!(plan.trouble, [(id(2), why()), (id(3), why()), (id(5), why())].into());
    assert!(plan.identities.contains_key(&id(1)) && !plan.identities.contains_key(&id(5)), "what runs is proven");
    let ends = |step: &Step| match step {
        Step::Binding { grant, .. } => *grant == Some(id(4)),
        Step::AwsAuth(write) => write.grants == [id(4)] && write.removed.len() == 1,
        Step::CreateRole { .. } | Step::DeleteRole(_) | Step::CreateEntry(_) | Step::DeleteEntry(_) => false,
    };
    assert!(plan.steps.len() == 3 && plan.steps.iter().all(ends), "{:?}", plan.steps);

    let described = world.plan();
    assert!(described.trouble.is_empty() && described.steps.iter().filter(|step| gives(step)).count() == 3);
}

#[test]
fn an_overdue_end_cuts_on_a_cluster_that_is_not_described_too() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision), grant(2, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 2, Wish::Keep);
    wish(&mut world, 1, Wish::Revoke { since: samples::now() - SignedDuration::from_mins(6) });
    world.grants[0].attempts = 4;
    let plan = undescribed(&world);
    let cut = plan.steps.iter().any(|step| matches!(step, Step::AwsAuth(write) if !write.removed.is_empty()));
    assert!(cut && matches!(plan.trouble[&id(2)].why(), Blocker::Cut { .. }), "{plan:?}");
}

#[test]
fn what_only_eks_could_tell_of_a_running_access_is_no_trouble_while_it_does_not() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 1, Wish::Keep);
    let arn = world.grants[0].arn.to_string();
    let desired = world.desired();
    // Once is nothing, and a refusal does not pass by itself.
    let slow = AccessEntry { arn: arn.clone(), details: EntryDetails::Unknown(Blocker::EntrySlow {}) };
    world.observed.entries = EntryHolders::Listed(vec![slow]);
    assert!(cluster::plan(&desired, &world.observed).trouble.is_empty());
    let refused = AccessEntry { arn, details: EntryDetails::Unknown(Blocker::said("EKS refuses to say")) };
    world.observed.entries = EntryHolders::Listed(vec![refused]);
    let plan = cluster::plan(&desired, &world.observed);
    assert!(matches!(plan.trouble[&id(1)].why(), Blocker::EntryUnknown { .. }));
    let desired = DesiredCluster { undescribed: Some(Blocker::said("EKS says nothing")), ..desired };
    let plan = cluster::plan(&desired, &world.observed);
    assert_eq!((plan.steps, plan.trouble), (vec![], [].into()));
}
