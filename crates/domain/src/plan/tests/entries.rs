//! Access entries of Latchkey's: planned, kept, moved to, and taken away, in pure code.

use super::{id, revoke, wish};
use crate::{
    access::blocker::Blocker,
    plan::{
        authenticator::{MappingKind, RecordedMapping},
        cluster::{self, Plan, Step},
        desired::{DesiredCluster, Wish},
        model::World,
        observation::{AccessEntry, AuthenticationMode, EntryDetails, EntryFields, EntryHolders},
        proof::Judgement,
        samples::grant,
    },
};
use jiff::SignedDuration;

/// A cluster that reads entries in this mode, with this access.
fn world(mode: AuthenticationMode) -> World {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.observed.aws.as_mut().unwrap().mode = mode;
    world.observed.entries = EntryHolders::Listed(vec![]);
    world.prefers = MappingKind::Entry;
    world
}

fn kinds(plan: &Plan) -> Vec<&'static str> {
    let kind = |step: &Step| match step {
        Step::CreateEntry(_) => "make entry",
        Step::DeleteEntry(_) => "delete entry",
        Step::AwsAuth(write) if write.lines.is_empty() => "take line",
        Step::AwsAuth(_) => "add line",
        Step::Binding { step, .. } if step.gives() => "bind",
        Step::Binding { .. } => "unbind",
        Step::CreateRole { .. } | Step::DeleteRole(_) => "role",
    };
    plan.steps.iter().map(kind).collect()
}

fn entries(world: &mut World) -> &mut Vec<AccessEntry> {
    let EntryHolders::Listed(entries) = &mut world.observed.entries else { panic!() };
    entries
}

fn fields(world: &mut World) -> &mut EntryFields {
    let EntryDetails::Read(fields) = &mut entries(world)[0].details else { panic!() };
    fields
}

#[test]
fn each_mode_and_wish_has_its_way_of_mapping() {
    for (mode, prefers, way) in [
        (AuthenticationMode::ConfigMap, MappingKind::Entry, "add line"),
        (AuthenticationMode::ApiAndConfigMap, MappingKind::Entry, "make entry"),
        (AuthenticationMode::ApiAndConfigMap, MappingKind::Line, "add line"),
        (AuthenticationMode::Api, MappingKind::Entry, "make entry"),
        (AuthenticationMode::Api, MappingKind::Line, "make entry"),
    ] {
        let mut world = world(mode);
        world.prefers = prefers;
        if mode == AuthenticationMode::ConfigMap {
            world.observed.entries = EntryHolders::NoTable;
        }
        assert_eq!(kinds(&world.plan()), [way, "bind"], "{mode:?} {prefers:?}");
        world.settle();
        assert!(matches!(world.prove(1), Judgement::Proven { .. }), "{mode:?} {prefers:?}");
    }
}

#[test]
fn the_binding_goes_before_the_entry_and_both_go() {
    let mut world = world(AuthenticationMode::Api);
    world.settle();
    wish(&mut world, 1, revoke());
    assert_eq!(kinds(&world.plan()), ["unbind", "unbind", "delete entry"]);
    world.settle();
    assert!(entries(&mut world).is_empty() && world.rows.is_empty());
    assert!(matches!(world.prove(1), Judgement::Proven { residual } if residual.is_empty()));
}

#[test]
fn what_stands_on_a_line_stays_on_it_until_it_is_moved() {
    let mut world = world(AuthenticationMode::ApiAndConfigMap);
    world.prefers = MappingKind::Line;
    world.settle();
    wish(&mut world, 1, Wish::Keep);
    world.prefers = MappingKind::Entry;
    assert!(world.plan().steps.is_empty(), "{:?}", world.plan().steps);
    let username = world.rows[0].username.clone();

    // An operator asks: the entry comes first, and the line goes once the entry has settled.
    world.rows[0].moves = true;
    assert_eq!(kinds(&world.plan()), ["make entry"]);
    let plan = world.plan();
    world.rows_before(&plan);
    assert!(world.apply(&plan.steps[0]));
    let unsettled = DesiredCluster { entry_settle: SignedDuration::from_secs(45), ..world.desired() };
    assert!(cluster::plan(&unsettled, &world.observed).steps.is_empty(), "the line stays while the entry settles");
    assert_eq!(kinds(&world.plan()), ["take line"]);
    world.settle();
    assert_eq!(fields(&mut world).username, username);
    assert_eq!(world.rows.iter().map(RecordedMapping::kind).collect::<Vec<_>>(), [MappingKind::Entry]);
    assert!(matches!(world.prove(1), Judgement::Proven { .. }));
}

#[test]
fn an_access_that_ends_while_it_is_moved_ends_its_line_and_its_entry() {
    let mut world = world(AuthenticationMode::ApiAndConfigMap);
    world.prefers = MappingKind::Line;
    world.settle();
    wish(&mut world, 1, Wish::Keep);
    world.rows[0].moves = true;
    let plan = world.plan();
    world.rows_before(&plan);
    assert!(world.apply(&plan.steps[0]));
    wish(&mut world, 1, revoke());
    world.settle();
    assert!(entries(&mut world).is_empty() && world.rows.is_empty());
    let data = world.data();
    assert!(data.values().all(|text| !text.contains("latchkey:")), "{data:?}");
}

#[test]
fn an_entry_that_another_client_changed_binds_nothing() {
    type Change = fn(&mut EntryFields);
    let changes: [(&str, Change); 3] = [
        ("entry_widened", |fields| fields.groups.push("viewers".into())),
        ("entry_widened", |fields| fields.policies.push("arn:aws:eks::aws:cluster-access-policy/X".into())),
        ("entry_renamed", |fields| fields.username = "mallory".into()),
    ];
    for (code, change) in changes {
        let mut world = world(AuthenticationMode::Api);
        world.settle();
        wish(&mut world, 1, Wish::Keep);
        change(fields(&mut world));
        let plan = world.plan();
        assert_eq!(plan.trouble[&id(1)].why().code(), code);
        assert_eq!(kinds(&plan), ["unbind", "unbind"], "{code}");
        wish(&mut world, 1, revoke());
        world.settle();
        assert!(entries(&mut world).is_empty(), "{code}: it goes whole");
    }
}

#[test]
fn a_user_whom_an_entry_of_another_identity_bears_is_not_bound() {
    let mut world = world(AuthenticationMode::Api);
    world.settle();
    let username = fields(&mut world).username.clone();
    let fields = EntryFields { id: "theirs".into(), username, ..EntryFields::default() };
    let arn = "arn:aws:iam::111122223333:user/mallory".to_owned();
    entries(&mut world).push(AccessEntry { arn, details: EntryDetails::Read(fields) });
    let plan = world.plan();
    assert!(matches!(plan.trouble[&id(1)].why(), Blocker::UsernameShared { other, .. } if other.ends_with("mallory")));
    assert_eq!(kinds(&plan), ["unbind", "unbind"]);
}

#[test]
fn an_entry_that_may_still_come_keeps_its_row() {
    let mut world = world(AuthenticationMode::Api);
    let plan = world.plan();
    let Step::CreateEntry(entry) = &plan.steps[0] else { panic!() };
    let principal = entry.principal;
    assert!(world.apply(&plan.steps[0]));
    entries(&mut world).clear();
    wish(&mut world, 1, revoke());
    let uncertain = DesiredCluster { entries_uncertain: [principal].into(), ..world.desired() };
    assert!(cluster::plan(&uncertain, &world.observed).settled.is_empty());
    assert_eq!(world.plan().settled.len(), 1, "it is over once the call cannot come any more");
}

#[test]
fn a_line_that_lets_the_person_in_after_the_entry_is_gone_is_named_at_the_end() {
    let mut world = world(AuthenticationMode::ApiAndConfigMap);
    world.settle();
    let arn = world.grants[0].arn.to_string();
    let data = &mut world.observed.kubernetes.as_mut().unwrap().aws_auth.as_mut().unwrap().data;
    let theirs = format!("- userarn: {arn}\n  username: ana\n  groups: [ops]\n");
    data.entry("mapUsers".into()).or_default().push_str(&theirs);
    wish(&mut world, 1, revoke());
    world.settle();
    assert!(entries(&mut world).is_empty());
    assert!(matches!(world.prove(1), Judgement::Proven { residual } if residual.len() == 1));
}
