//! Plans of IAM roles: what a look at one ends, and for whom.

use super::{DIFFERS_FOR, REVOKE, desired, grant, seen};
use crate::{
    access::{blocker::Blocker, compared::Compared, grant::Cause},
    eks::trust_policy::{NoPin, NotForPeople, Pin, RoleTrust, Unpinned},
    plan::{
        desired::Wish,
        observation::{IamEntity, PrincipalObservation, SeenIdentity},
        principal::{
            DesiredPrincipal, PrincipalGrant, PrincipalPlan, PrincipalProof, PrincipalStep, compare, plan, prove,
        },
    },
};
use jiff::SignedDuration;

const ROLE: &str = "arn:aws:iam::111122223333:role/latchkey/payments-ops";

fn role(trust: RoleTrust) -> PrincipalObservation {
    seen(&IamEntity {
        arn: ROLE.into(),
        unique_id: "AROA1".into(),
        name: "payments-ops".into(),
        path: "/latchkey/".into(),
        trust: Some(trust),
        ..IamEntity::default()
    })
}

fn of_role(grants: Vec<PrincipalGrant>) -> DesiredPrincipal {
    DesiredPrincipal { arn: ROLE.parse().unwrap(), unique_id: "AROA1".into(), ..desired(grants) }
}

fn pinned(number: u128, wish: Wish) -> PrincipalGrant {
    PrincipalGrant { pinned: true, ..grant(number, "a", wish) }
}

fn shared() -> RoleTrust {
    RoleTrust::Shared(vec![Unpinned { statement: 1, why: NoPin::NoCondition }])
}

/// Whose accesses end, by the plan, and why.
fn ended(desired: &DesiredPrincipal, plan: &PrincipalPlan) -> Option<(Cause, Vec<u128>)> {
    let ends = plan.ends.as_ref()?;
    let whose = desired.grants.iter().filter(|grant| ends.concerns(grant)).map(|grant| grant.id.0.as_u128());
    Some((ends.cause, whose.collect()))
}

#[test]
fn while_the_role_is_pinned_its_accesses_stand() {
    let desired = of_role(vec![pinned(1, Wish::Keep), pinned(2, Wish::Provision)]);
    for pin in [Pin::IdentityCenter, Pin::UserName, Pin::Literal] {
        let plan = plan(&desired, &role(RoleTrust::Pinned(pin)));
        assert_eq!((plan.ends, plan.trouble.len()), (None, 0), "{pin:?}");
    }
}

#[test]
fn a_pin_that_was_lifted_ends_the_accesses_that_rely_on_it_and_no_others() {
    let all =
        of_role(vec![pinned(1, Wish::Keep), pinned(2, Wish::Provision), pinned(3, REVOKE), grant(4, "b", Wish::Keep)]);
    let found = plan(&all, &role(shared()));
    assert_eq!(ended(&all, &found), Some((Cause::Unpinned, vec![1, 2])));
    assert!(!found.ends.unwrap().over, "the role itself is still there");
    assert_eq!(found.steps, [], "each write belongs to an access that ends");

    // Once they end, their part of the policy goes and the other's is written.
    let after = of_role(vec![pinned(1, REVOKE), pinned(3, REVOKE), grant(4, "b", Wish::Keep)]);
    let found = plan(&after, &role(shared()));
    assert_eq!(found.ends, None);
    let PrincipalStep::PutPolicy { document, .. } = found.steps.last().unwrap() else { panic!("{:?}", found.steps) };
    assert!(document.contains("cluster/b") && !document.contains("cluster/a"), "{document}");
}

#[test]
fn a_role_that_is_not_for_people_and_latchkeys_own_end_every_access() {
    let all = of_role(vec![pinned(1, Wish::Keep), grant(2, "b", Wish::Provision), pinned(3, REVOKE)]);
    let service = NotForPeople::Service { service: "ec2.amazonaws.com".into() };
    let not_for_people = role(RoleTrust::NotForPeople(service));
    let own = PrincipalObservation { is_worker: true, ..role(RoleTrust::Pinned(Pin::Literal)) };
    for observed in [not_for_people, own] {
        let found = plan(&all, &observed);
        assert_eq!(ended(&all, &found), Some((Cause::Ineligible, vec![1, 2])), "{:?}", observed.verdict());
    }
}

#[test]
fn a_role_that_identity_center_made_under_another_name_ends_what_the_old_one_had_after_two_looks() {
    let renamed = PrincipalObservation { renamed: Some("role/another".into()), ..PrincipalObservation::of(None) };
    for differs in [None, Some(SignedDuration::ZERO), Some(DIFFERS_FOR - SignedDuration::from_secs(1))] {
        let once = DesiredPrincipal { differs, ..of_role(vec![pinned(1, Wish::Keep)]) };
        let found = plan(&once, &renamed);
        assert_eq!(found.ends, None, "{differs:?}");
        assert!(matches!(found.doubted, Some(Blocker::PrincipalDoubted { .. })), "{:?}", found.doubted);
    }
    let twice = DesiredPrincipal { differs: Some(DIFFERS_FOR), ..of_role(vec![pinned(1, Wish::Keep)]) };
    let found = plan(&twice, &renamed);
    assert_eq!(ended(&twice, &found), Some((Cause::PrincipalReplaced, vec![1])));
    let ends = found.ends.unwrap();
    assert!(ends.over && matches!(ends.why, Blocker::PrincipalRenamed { .. }), "{ends:?}");
    // A role that is gone, and was not made under another name, ends nothing: somebody may put it back.
    let gone = plan(&twice, &PrincipalObservation::of(None));
    assert_eq!((gone.ends, gone.trouble.len()), (None, 1));
}

#[test]
fn a_role_that_cannot_be_looked_at_is_given_nothing_new_and_a_user_is() {
    let why = Blocker::said("iam:GetRole is refused");
    let unseen = PrincipalObservation {
        trouble: Some(why.clone()),
        identity: SeenIdentity::Refused(why),
        ..PrincipalObservation::default()
    };
    let grants = || vec![pinned(1, Wish::Keep), pinned(2, Wish::Provision)];
    let role = DesiredPrincipal { writable: false, ..of_role(grants()) };
    let user = DesiredPrincipal { writable: false, ..desired(grants()) };
    let blocked = |of: &DesiredPrincipal| {
        plan(of, &unseen).trouble.into_keys().map(|grant| grant.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!((blocked(&role), blocked(&user)), (vec![2], vec![]));
    assert_eq!(compare(&role, &unseen.identity), Compared::Nothing);
    assert_eq!(compare(&user, &unseen.identity), Compared::Unprotected);
    assert!(prove(&user, &unseen).iter().all(PrincipalProof::is_proven));
}
