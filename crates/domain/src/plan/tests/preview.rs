//! What a request would change.

use super::wish;
use crate::access::blocker::Blocker;
use crate::plan::{
    desired::Wish,
    model::World,
    observation::{PrincipalObservation, SeenIdentity},
    preview::preview,
    principal::DesiredPrincipal,
    samples::{self, grant},
};

#[test]
fn a_preview_shows_what_the_plan_would_do_and_what_it_adds() {
    let mut world = World::new(vec![grant(1, 1, Wish::Provision)]);
    world.settle();
    wish(&mut world, 1, Wish::Keep);
    let iam = |number: u128| DesiredPrincipal {
        installation: samples::INSTALLATION,
        arn: grant(number, number, Wish::Provision).arn,
        unique_id: String::new(),
        differs: None,
        ended: false,
        writable: false,
        succeeded: false,
        grants: vec![],
        interrupted: vec![],
        recent: None,
    };
    let nothing = PrincipalObservation::default();
    // A new person: a line and a binding.
    let asked = grant(9, 2, Wish::Provision);
    let shown = preview(world.desired(), &asked, &world.observed, (&iam(2), &nothing));
    assert_eq!(shown.username.as_deref(), Some("latchkey:person-2:1"));
    assert!(shown.aws_auth.unified.contains("+  username: \"latchkey:person-2:1\""), "{}", shown.aws_auth.unified);
    assert!(shown.bindings[0].contains("kind: RoleBinding"));
    assert!(shown.obstacles.is_empty() && !shown.adds.is_empty(), "{:?}", shown.obstacles);
    assert!(shown.iam.note.is_some_and(|note| !note.contains("not protected")));
    let refused = SeenIdentity::Refused(Blocker::said("Latchkey may not read it"));
    let refused = PrincipalObservation { identity: refused, ..PrincipalObservation::default() };
    let shown = preview(world.desired(), &asked, &world.observed, (&iam(2), &refused));
    assert!(shown.iam.note.is_some_and(|note| note.contains("not protected against a user made anew")));
    let mut known = iam(2);
    known.unique_id = "AIDA1".into();
    let other = PrincipalObservation { identity: SeenIdentity::Is("AIDA2".into()), ..PrincipalObservation::default() };
    let shown = preview(world.desired(), &asked, &world.observed, (&known, &other));
    let doubted = |why: &Blocker| matches!(why, Blocker::PrincipalDoubted { .. });
    assert!(shown.obstacles.iter().any(doubted), "{:?}", shown.obstacles);
    // The same ask by a person who already has the access: nothing is added.
    let again = preview(world.desired(), &grant(9, 1, Wish::Provision), &world.observed, (&iam(1), &nothing));
    assert_eq!((again.adds.len(), again.aws_auth.unified.as_str()), (0, ""));
    assert!(again.aws_auth.note.unwrap().contains("is there already"));
}
