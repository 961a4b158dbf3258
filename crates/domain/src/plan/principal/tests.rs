//! Plans and proofs of IAM users, and of roles in [`roles`].

mod roles;

use super::*;
use jiff::Timestamp;
use uuid::Uuid;

const ARN: &str = "arn:aws:iam::111122223333:user/latchkey/jane";

fn grant(number: u128, cluster: &str, wish: Wish) -> PrincipalGrant {
    let cluster = format!("arn:aws:eks:eu-west-1:111122223333:cluster/{cluster}").parse().unwrap();
    let needs = GrantNeeds { cluster, console: false };
    PrincipalGrant {
        id: GrantId(Uuid::from_u128(number)),
        wish,
        needs,
        pinned: false,
        resting: false,
        held: None,
        unreadable: false,
    }
}

fn desired(grants: Vec<PrincipalGrant>) -> DesiredPrincipal {
    let installation = InstallationId(Uuid::from_u128(7));
    DesiredPrincipal {
        installation,
        arn: ARN.parse().unwrap(),
        unique_id: "AIDA1".into(),
        differs: None,
        ended: false,
        writable: true,
        succeeded: false,
        grants,
        interrupted: vec![],
        recent: None,
    }
}

fn user() -> IamEntity {
    IamEntity {
        arn: ARN.into(),
        unique_id: "AIDA1".into(),
        name: "jane".into(),
        path: "/latchkey/".into(),
        ..IamEntity::default()
    }
}

fn seen(user: &IamEntity) -> PrincipalObservation {
    PrincipalObservation::of(Some(user.clone()))
}

fn apply(user: &mut IamEntity, plan: PrincipalPlan) {
    for step in plan.steps {
        match step {
            PrincipalStep::PutPolicy { name, document } => {
                user.inline_policies.insert(name.into(), document);
            }
            PrincipalStep::DeletePolicy { name } => {
                user.inline_policies.remove(name);
            }
            PrincipalStep::Tag { key, value } => {
                user.tags.insert(key.into(), value);
            }
            PrincipalStep::Untag { key } => {
                user.tags.remove(key);
            }
        }
    }
}

#[test]
fn a_policy_that_an_interrupted_run_wrote_late_goes_and_anybody_elses_stays() {
    let mut user = user();
    let late = iam_policy::union([grant(1, "a", REVOKE).needs].into_iter()).unwrap().to_json();
    user.inline_policies.insert(POLICY_NAME.into(), late.clone());
    let mut without_grants = desired(vec![]);
    assert_eq!(plan(&without_grants, &seen(&user)).steps, [], "it may be anybody's");
    without_grants.interrupted.push(late);
    assert_eq!(plan(&without_grants, &seen(&user)).steps, [PrincipalStep::DeletePolicy { name: POLICY_NAME }]);
    user.inline_policies.insert(POLICY_NAME.into(), "not JSON".into());
    assert_eq!(plan(&without_grants, &seen(&user)).steps, []);
}

const REVOKE: Wish = Wish::Revoke { since: Timestamp::UNIX_EPOCH };

#[test]
fn two_overlapping_grants_share_one_policy_and_the_last_takes_it_away() {
    let mut user = user();
    let untouched = user.clone();
    let both = desired(vec![grant(1, "a", Wish::Keep), grant(2, "b", Wish::Provision)]);
    let steps = plan(&both, &seen(&user));
    apply(&mut user, steps);
    assert!(prove(&both, &seen(&user)).iter().all(PrincipalProof::is_proven));

    let one = desired(vec![grant(1, "a", REVOKE), grant(2, "b", Wish::Keep)]);
    let steps = plan(&one, &seen(&user));
    apply(&mut user, steps);
    assert!(user.inline_policies[POLICY_NAME].contains("cluster/b"));
    assert!(!user.inline_policies[POLICY_NAME].contains("cluster/a"));
    assert!(prove(&one, &seen(&user)).iter().all(PrincipalProof::is_proven));

    let none = desired(vec![grant(2, "b", REVOKE)]);
    let steps = plan(&none, &seen(&user));
    apply(&mut user, steps);
    assert_eq!(user, untouched);
    assert!(prove(&none, &seen(&user)).iter().all(PrincipalProof::is_proven));
}

#[test]
fn a_user_made_again_under_the_same_name_ends_the_grants_and_is_left_alone() {
    let mut other = user();
    other.unique_id = "AIDA2".into();
    let plan = plan(&differing(vec![grant(1, "a", Wish::Keep)]), &seen(&other));
    assert!(plan.ends.is_some());
    assert_eq!(plan.steps, []);
}

/// A principal whose id has differed for long enough to count.
fn differing(grants: Vec<PrincipalGrant>) -> DesiredPrincipal {
    DesiredPrincipal { differs: Some(DIFFERS_FOR), ..desired(grants) }
}

#[test]
fn an_id_that_differs_counts_after_two_looks_and_nothing_moves_between_them() {
    let other = IamEntity { unique_id: "AIDA2".into(), ..user() };
    let all = || vec![grant(1, "a", Wish::Keep), grant(2, "b", Wish::Provision), grant(3, "c", REVOKE)];
    for writable in [true, false] {
        for differs in [None, Some(SignedDuration::ZERO), Some(DIFFERS_FOR - SignedDuration::from_secs(1))] {
            let desired = DesiredPrincipal { differs, writable, ..desired(all()) };
            let plan = plan(&desired, &seen(&other));
            assert_eq!((plan.ends, plan.steps.as_slice()), (None, [].as_slice()));
            assert!(plan.doubted.is_some_and(|why| matches!(why, Blocker::PrincipalDoubted { .. })));
            assert!(prove(&desired, &seen(&other)).iter().all(|proof| !proof.is_proven()));
            assert_eq!(compare(&desired, &seen(&other).identity), Compared::Differs);
        }
        let settled = DesiredPrincipal { writable, ..differing(all()) };
        assert!(plan(&settled, &seen(&other)).ends.is_some());
        let proven_anew = DesiredPrincipal { ended: true, writable, ..desired(all()) };
        assert!(plan(&proven_anew, &seen(&other)).ends.is_some());
        // The id differed because IAM showed it late: it agrees now.
        let late = DesiredPrincipal { writable, ..differing(all()) };
        assert_eq!((plan(&late, &seen(&user())).ends, plan(&late, &seen(&user())).doubted), (None, None));
    }
}

#[test]
fn who_a_user_is_counts_whether_it_is_written_to_or_not() {
    let unwritten = DesiredPrincipal { writable: false, ..desired(vec![grant(1, "a", Wish::Provision)]) };
    for (seen, compared) in [
        (SeenIdentity::Is("AIDA1".into()), Compared::Same),
        (SeenIdentity::Is("AIDA2".into()), Compared::Differs),
        (SeenIdentity::NoUser, Compared::Nothing),
        (SeenIdentity::NotAsked, Compared::Nothing),
        (SeenIdentity::Refused(Blocker::said("no right")), Compared::Unprotected),
    ] {
        assert_eq!(compare(&unwritten, &seen), compared, "{seen:?}");
    }
    let gone = PrincipalObservation::of(None);
    assert!(!prove(&unwritten, &gone)[0].is_proven());
    assert!(
        plan(&unwritten, &gone)
            .trouble
            .values()
            .all(|trouble| matches!(trouble.why(), Blocker::PrincipalUnknown { .. }))
    );
    let ending = DesiredPrincipal { writable: false, ..desired(vec![grant(1, "a", REVOKE)]) };
    assert!(prove(&ending, &gone)[0].is_proven(), "nothing of it is there");
}

#[test]
fn what_was_copied_to_a_user_made_again_is_taken_away_unless_that_one_was_proven() {
    let mut user = user();
    let mut ending = differing(vec![grant(1, "a", Wish::Keep)]);
    let steps = plan(&ending, &seen(&user));
    apply(&mut user, steps);
    user.unique_id = "AIDA2".into();
    ending.grants[0].wish = REVOKE;
    ending.succeeded = true;
    assert_eq!(plan(&ending, &seen(&user)).steps, [], "it is another principal's");
    assert!(prove(&ending, &seen(&user))[0].is_proven());
    ending.succeeded = false;
    assert!(!prove(&ending, &seen(&user))[0].is_proven());
    let steps = plan(&ending, &seen(&user));
    apply(&mut user, steps);
    assert!(user.inline_policies.is_empty() && user.tags.is_empty(), "{user:?}");
    assert!(prove(&ending, &seen(&user))[0].is_proven());
}

#[test]
fn a_policy_that_does_not_fit_blocks_the_new_grant_and_keeps_the_old() {
    let mut user = user();
    user.inline_policies.insert("theirs".into(), "x".repeat(1_800));
    let grants = vec![grant(1, "a", Wish::Keep), grant(2, &"b".repeat(90), Wish::Provision)];
    let plan = plan(&desired(grants), &seen(&user));
    assert_eq!(plan.trouble.keys().copied().collect::<Vec<_>>(), [GrantId(Uuid::from_u128(2))]);
    let written = plan
        .steps
        .iter()
        .any(|step| matches!(step, PrincipalStep::PutPolicy { document, .. } if document.contains("cluster/a")));
    assert!(written, "{:?}", plan.steps);
}

#[test]
fn a_principal_outside_the_paths_has_no_part_in_iam() {
    let mut desired = desired(vec![grant(1, "a", Wish::Provision)]);
    desired.writable = false;
    assert_eq!(plan(&desired, &PrincipalObservation::default()), PrincipalPlan::default());
    assert!(prove(&desired, &PrincipalObservation::default())[0].is_proven());
}

#[test]
fn our_policy_goes_though_somebody_took_the_tag_away() {
    let mut user = user();
    let steps = plan(&desired(vec![grant(1, "a", Wish::Provision)]), &seen(&user));
    apply(&mut user, steps);
    user.tags.clear();
    let ending = desired(vec![grant(1, "a", REVOKE)]);
    assert!(!prove(&ending, &seen(&user))[0].is_proven());
    let steps = plan(&ending, &seen(&user));
    apply(&mut user, steps);
    assert_eq!(user.inline_policies.get(POLICY_NAME), None);
    assert!(prove(&ending, &seen(&user))[0].is_proven());
}

#[test]
fn a_policy_of_the_same_name_without_our_tag_is_not_deleted() {
    let mut user = user();
    user.inline_policies.insert(POLICY_NAME.into(), "{}".into());
    assert_eq!(plan(&desired(vec![grant(1, "a", REVOKE)]), &seen(&user)).steps, []);
}

#[test]
fn of_a_grant_that_is_held_nothing_is_written_and_nothing_is_proven() {
    let mut user = user();
    let why = Blocker::Paused { cluster: "b".to_owned(), why: "moving".to_owned() };
    let held = PrincipalGrant { held: Some(Obstacle::Paused(why.clone())), ..grant(2, "b", Wish::Provision) };
    let wanted = desired(vec![grant(1, "a", Wish::Provision), held]);
    let planned = plan(&wanted, &seen(&user));
    assert_eq!(planned.trouble, [(GrantId(Uuid::from_u128(2)), Obstacle::Paused(why))].into());
    apply(&mut user, planned);
    let document = &user.inline_policies[POLICY_NAME];
    assert!(document.contains("cluster/a") && !document.contains("cluster/b"), "{document}");
    let proven: Vec<bool> = prove(&wanted, &seen(&user)).iter().map(PrincipalProof::is_proven).collect();
    assert_eq!(proven, [true, false]);
}

#[test]
fn what_iam_showed_before_the_last_write_proves_nothing() {
    let (coming, staying) = (grant(1, "prod-eu", Wish::Provision), grant(2, "prod-us", Wish::Keep));
    let ends = |grant: &PrincipalGrant| PrincipalGrant {
        wish: Wish::Revoke { since: Timestamp::UNIX_EPOCH },
        ..grant.clone()
    };
    let put = |grants: &[&PrincipalGrant]| {
        let document = iam_policy::union(grants.iter().map(|grant| grant.needs.clone())).unwrap();
        Some(PolicyWrite::Put { document: document.to_json() })
    };
    let proven = |grants: &[&PrincipalGrant], recent: Option<PolicyWrite>, observed: &PrincipalObservation| {
        let desired = DesiredPrincipal { recent, ..desired(grants.iter().map(|grant| (*grant).clone()).collect()) };
        prove(&desired, observed).iter().map(PrincipalProof::is_proven).collect::<Vec<_>>()
    };
    let shows = |grants: &[&PrincipalGrant]| {
        let mut user = user();
        let desired = desired(grants.iter().map(|grant| (*grant).clone()).collect());
        let plan = plan(&desired, &seen(&user));
        apply(&mut user, plan);
        seen(&user)
    };
    let (none, unseen) = (seen(&user()), PrincipalObservation::default());
    // The access is given back while IAM does not show the policy or the tag yet, or not even the user.
    for shown in [&none, &unseen] {
        assert_eq!(proven(&[&ends(&coming)], put(&[&coming]), shown), [false]);
        assert_eq!(proven(&[&ends(&coming)], None, shown), [true]);
        assert_eq!(proven(&[&ends(&coming)], Some(PolicyWrite::Delete), shown), [true]);
    }
    // The same beside another access, whose policy IAM still shows.
    let both = [&ends(&coming), &staying];
    assert_eq!(proven(&both, put(&[&coming, &staying]), &shows(&[&staying])), [false, false]);
    assert_eq!(proven(&both, put(&[&staying]), &shows(&[&staying])), [true, true]);
    // An access begins again while IAM still shows the policy that was removed.
    assert_eq!(proven(&[&coming], Some(PolicyWrite::Delete), &shows(&[&coming])), [false]);
    assert_eq!(proven(&[&coming], put(&[&coming]), &shows(&[&coming])), [true]);
}

#[test]
fn a_user_is_stored_as_earlier_versions_did_and_a_role_is_another_kind() {
    let before = r#"{"found":{"arn":"a","unique_id":"AIDA1","name":"ana","path":"/","tags":{},"inline_policies":{}},
        "trouble":null,"identity":{"is":"AIDA1"}}"#;
    let read: PrincipalObservation = serde_json::from_str(before).unwrap();
    assert_eq!(read.entity().map(|user| user.name.as_str()), Some("ana"));
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(written, serde_json::from_str::<serde_json::Value>(before).unwrap());
    let role = IamEntity {
        arn: "arn:aws:iam::111122223333:role/ops".into(),
        trust: Some(RoleTrust::Shared(vec![])),
        ..IamEntity::default()
    };
    let role = PrincipalObservation::of(Some(role));
    let read: PrincipalObservation = serde_json::from_str(&serde_json::to_string(&role).unwrap()).unwrap();
    assert_eq!(read, role);
}
