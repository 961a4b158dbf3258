//! Lines in aws-auth: they come and go without a trace, whatever other clients write there.

use super::{id, revoke, set_users, settle_and_end, wish};
use crate::access::blocker::Blocker;
use crate::plan::{
    cluster::Step, desired::Wish, model::World, observation::FieldManager, proof::Judgement, samples::grant,
};

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
                assert_eq!(world.prove(person), Judgement::Proven { residual: vec![] }, "{style:?}");
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
    assert!(
        matches!(world.prove(1), Judgement::Unsettled(Blocker::LineLeft { username }) if username == "latchkey:person-1:1")
    );
}

#[test]
fn a_line_in_a_text_that_nobody_can_read_is_not_called_gone() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    let ours = "- userarn: arn:aws:iam::111122223333:user/person-1\n  username: latchkey:person-1:1\n  groups: [ ]\n";
    set_users(&mut world, Some(&format!("{ours}\t- broken\n")));
    wish(&mut world, 1, revoke());
    world.settle();
    assert!(
        matches!(world.prove(1), Judgement::Unsettled(Blocker::LineLeft { username }) if username == "latchkey:person-1:1")
    );
}

#[test]
fn without_a_line_the_binding_comes_all_the_same_and_the_line_follows_once_it_can() {
    type Change = fn(&mut World);
    let cases: [(&str, Change, &str); 3] = [
        ("broken", |world| set_users(world, Some("- [broken")), "line_not_added"),
        (
            "applied",
            |world| {
                let object = world.observed.kubernetes.as_mut().unwrap().aws_auth.as_mut().unwrap();
                let (name, operation) = ("argocd-controller".to_owned(), "Apply".to_owned());
                object.managers.push(FieldManager { name, operation, keys: vec!["mapUsers".into()] });
            },
            "aws_auth_managed",
        ),
        ("absent", |world| world.observed.kubernetes.as_mut().unwrap().aws_auth = None, "aws_auth_missing"),
    ];
    for (name, change, code) in cases {
        let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
        let aws_auth = world.observed.kubernetes.as_ref().unwrap().aws_auth.clone();
        change(&mut world);
        let plan = world.settle();
        assert_eq!(plan.trouble[&id(1)].why().code(), code, "{name}: {:?}", plan.trouble);
        assert_eq!(world.observed.kubernetes.as_ref().unwrap().bindings.len(), 1, "{name}");
        world.observed.kubernetes.as_mut().unwrap().aws_auth = aws_auth;
        world.settle();
        assert_eq!(world.prove(1), Judgement::Proven { residual: vec![] }, "{name}");
    }
}
