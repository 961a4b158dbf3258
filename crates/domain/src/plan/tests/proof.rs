//! What the answers of an API server prove.

use super::{id, revoke, wish};
use crate::{
    access::residual::Residual,
    eks::rbac::Rule,
    plan::{
        authenticator::RecordedMapping,
        desired::Wish,
        model::World,
        observation::{ObservedBinding, ObservedRole},
        proof::{self, AnswersByQuestion, Judgement, Look},
        samples::grant,
    },
    testkit::binding,
};
use jiff::SignedDuration;

fn foreign(name: &str, role: &str, kind: &str, subject: &str) -> ObservedBinding {
    binding(name, role).naming(kind, subject)
}

#[test]
fn a_yes_to_what_is_not_granted_is_named_or_keeps_the_access_from_activating() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    let state = world.observed.kubernetes.as_mut().unwrap();
    let everything = ObservedRole { rules: vec![Rule::of(&["*"], &["*"], &["*"])], ..Default::default() };
    state.cluster_roles.insert("everything".into(), everything);
    state.bindings.push(foreign("all", "everything", "Group", "system:authenticated"));
    let Judgement::Proven { residual } = world.prove(1) else { panic!("a named binding explains it") };
    let by = |residual: &Residual| match residual {
        Residual::ForeignBinding { binding, .. } => binding.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!(residual.iter().map(by).collect::<Vec<_>>(), ["RoleBinding payments/all"]);

    // The same yes, from a source that is not visible.
    let desired = world.desired();
    let identity = world.plan().identities[&id(1)].clone();
    let mut hidden = world.observed.clone();
    hidden.kubernetes.as_mut().unwrap().bindings.retain(|binding| binding.name != "all");
    let hidden = Look::of(&hidden).unwrap();
    let asked = proof::AskedGrant::about(&desired.grants[0], &identity, hidden.state);
    let answers = world.answers(asked.questions.all());
    let verdict = proof::prove_present(&desired, &asked, &hidden, &answers);
    assert!(matches!(verdict, Judgement::Refuted(_)), "{verdict:?}");
}

#[test]
fn what_still_says_yes_after_the_end_is_named_and_lag_is_not_believed() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision), grant(2, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 1, revoke());
    world.settle();
    let Judgement::Proven { residual } = world.prove(1) else { panic!("the other access explains it") };
    assert!(matches!(&residual[0], Residual::OtherAccess { profile, .. } if profile == "view"), "{residual:?}");

    wish(&mut world, 2, revoke());
    world.settle();
    let desired = world.desired();
    let grant = &desired.grants[0];
    let look = Look::of(&world.observed).unwrap();
    let bound = RecordedMapping {
        principal: grant.terms.principal,
        visiting: grant.visiting(),
        arn: grant.arn.to_string(),
        visit: 1,
        username: "latchkey:person-1:1".into(),
        own: true,
        entry: None,
        moves: false,
        key: None,
        inserted: None,
        text_before: None,
        written: true,
        writes: 1,
        wrote_ago: None,
    };
    let questions = proof::questions_gone(grant, Some(&bound), &look);
    let yes: AnswersByQuestion = questions.iter().map(|question| (question.clone(), true)).collect();
    let no: AnswersByQuestion = questions.iter().map(|question| (question.clone(), false)).collect();
    let judge = |one, other, ago| {
        let at = desired.now - SignedDuration::from_secs(ago);
        proof::prove_gone(&desired, grant, &questions, &look, [one, other], Some(at))
    };
    assert!(matches!(judge(&yes, &yes, 3), Judgement::Unsettled(_)), "lag");
    assert!(matches!(judge(&yes, &no, 60), Judgement::Unsettled(_)), "two API servers that do not agree");
    assert!(matches!(judge(&no, &no, 1), Judgement::Proven { residual } if residual.is_empty()));
    let Judgement::Proven { residual } = judge(&yes, &yes, 60) else { panic!("it is named") };
    assert!(matches!(residual[0], Residual::Unexplained { .. }), "{residual:?}");
}
