//! Requests and grants: what each state allows, and that it allows nothing else.

use super::{
    ClusterId, GrantId,
    cluster::PinnedNamespace,
    grant::{
        Active, Cause, Compared, Condition, Gone, Grant, GrantFacts, Leg, Live, NotRevoked, Present, Proof, Proven,
        Provisioning, Scheduled, UNPROTECTED,
    },
    person::{Handle, Person},
    policy::Policy,
    profile::ResolvedProfile,
    reason::Reason,
    request::{Ballot, Decided, Pending, Refused, RequestFacts, RequestState, Ruled, Seen, Verdict, Vote},
    residual::{Residual, Residuals},
    terms::Terms,
    transition::{Actor, EventDraft, Target},
};
use crate::audit::event::Event;
use crate::testkit::{self, NOW, ben, chi, leads, namespace, person, request as facts, terms, user_arn};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::num::NonZeroU8;
use uuid::Uuid;

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// A developer who may decide for others, too.
fn ana() -> Person {
    testkit::ana().in_groups(["developers", "leads"])
}

fn dan() -> Person {
    person("dan").in_groups(["developers"])
}

fn policy(quorum: u8) -> Policy {
    testkit::policy("payments may look").in_(["payments"]).decided_by(quorum, leads())
}

fn profile(console: bool) -> ResolvedProfile {
    terms().profile.with_console(console)
}

fn pending(quorum: u8, votes: Vec<Vote>) -> (Pending, Ruled) {
    let facts = facts().by(ana());
    let ruled = facts.ruled_by(policy(quorum));
    (Pending { facts, quorum: NonZeroU8::new(quorum).unwrap(), votes }, ruled)
}

fn reason(text: &str) -> Reason {
    Reason::parse(text).unwrap()
}

fn ballot(by: Person, verdict: Verdict, ruled: &Ruled) -> Ballot {
    Ballot { by, verdict, reason: None, seen: ruled.seen, uses_role: None }
}

fn vote(by: Person, ruled: &Ruled) -> Vote {
    Vote {
        by,
        verdict: Verdict::Approve,
        reason: None,
        seen: ruled.seen,
        uses_role: None,
        at: NOW,
        rules: Some(ruled.rules(&facts())),
    }
}

#[test]
fn a_reason_without_end_is_cut_and_ends_an_access_all_the_same() {
    let scheduled = Live::Scheduled(Scheduled { facts: granted() });
    let transition = scheduled.revoke(Cause::ClusterGone, Actor::worker(), Some("\u{e9}".repeat(5_000)), NOW);
    assert_eq!(transition.to.reason.unwrap().chars().count(), 1_000);
}

fn id() -> GrantId {
    GrantId(Uuid::from_u128(200))
}

fn decide(pending: Pending, ruled: &Ruled, ballot: Ballot) -> Result<Decided, Refused> {
    pending.decide(ballot, ruled, id(), NOW + minutes(1))
}

fn approved(decided: Decided) -> Scheduled {
    match decided {
        Decided::Approved(transition) => transition.to.2,
        other => panic!("not approved: {other:?}"),
    }
}

fn granted() -> GrantFacts {
    let (pending, ruled) = pending(1, vec![]);
    let ballot = ballot(ben(), Verdict::Approve, &ruled);
    approved(decide(pending, &ruled, ballot).unwrap()).facts
}

#[test]
fn requester_cannot_decide_own_request() {
    let (pending, ruled) = pending(1, vec![]);
    for verdict in [Verdict::Approve, Verdict::Deny] {
        let ballot = ballot(ana(), verdict, &ruled);
        assert_eq!(decide(pending.clone(), &ruled, ballot), Err(Refused::Own));
    }
}

#[test]
fn who_is_no_approver_cannot_decide() {
    let (pending, ruled) = pending(1, vec![]);
    let ballot = ballot(dan(), Verdict::Approve, &ruled);
    assert_eq!(decide(pending, &ruled, ballot), Err(Refused::NotEligible));
}

/// Ana's request for what everyone has who can use a role, which she and `users` have proven.
fn shared(quorum: u8, votes: Vec<Vote>, users: &[Person]) -> (Pending, Ruled) {
    let (mut pending, ruled) = pending(quorum, votes);
    pending.facts.terms = terms().of_shared_role("deployers", users);
    let mut ruled = Ruled::of(&pending.facts, ruled.basis, ruled.quorum, ruled.eligible, ruled.profile);
    ruled.eligible.users = users.iter().map(|user| user.id).collect();
    (pending, ruled)
}

#[test]
fn an_access_for_everyone_who_can_use_a_role_is_approved_by_those_who_cannot_use_it() {
    let role = || "deployers".to_owned();
    let (pending, ruled) = shared(1, vec![], &[ana()]);
    let asked = |verdict, uses_role| Ballot { uses_role, ..ballot(ben(), verdict, &ruled) };
    let decided = |ballot| decide(pending.clone(), &ruled, ballot);
    assert_eq!(decided(asked(Verdict::Approve, None)), Err(Refused::RoleUnanswered { role: role() }));
    assert_eq!(decided(asked(Verdict::Approve, Some(true))), Err(Refused::UsesRole { role: role() }));
    let Ok(Decided::Approved(transition)) = decided(asked(Verdict::Approve, Some(false))) else { panic!() };
    assert_eq!(transition.to.0.vote.uses_role, Some(false));
    // A denial gives nobody anything.
    let denied = Ballot { reason: Some(reason("ask for less")), ..asked(Verdict::Deny, None) };
    assert!(matches!(decided(denied), Ok(Decided::Denied(_))));
}

#[test]
fn an_approver_who_has_proven_the_role_decides_nothing_by_it_whatever_they_answer() {
    let (pending, ruled) = shared(1, vec![], &[ana(), ben()]);
    for verdict in [Verdict::Approve, Verdict::Deny] {
        let ballot = Ballot { uses_role: Some(false), ..ballot(ben(), verdict, &ruled) };
        let refused = decide(pending.clone(), &ruled, ballot).unwrap_err();
        assert_eq!(refused, Refused::UsesRole { role: "deployers".to_owned() });
    }
    let chi = Ballot { uses_role: Some(false), ..ballot(chi(), Verdict::Approve, &ruled) };
    assert!(matches!(decide(pending, &ruled, chi), Ok(Decided::Approved(_))));
}

#[test]
fn an_earlier_approval_of_somebody_who_has_proven_the_role_since_does_not_count() {
    let (_, ruled) = shared(2, vec![], &[ana()]);
    let earlier = |uses_role| Vote { uses_role, ..vote(ben(), &ruled) };
    for (vote, users, counts) in [
        (earlier(Some(false)), vec![ana()], true),
        (earlier(Some(false)), vec![ana(), ben()], false),
        (earlier(None), vec![ana()], false),
    ] {
        let (pending, ruled) = shared(2, vec![vote], &users);
        let ballot = Ballot { uses_role: Some(false), ..ballot(chi(), Verdict::Approve, &ruled) };
        let decided = decide(pending, &ruled, ballot).unwrap();
        assert_eq!(matches!(decided, Decided::Approved(_)), counts, "{decided:?}");
    }
}

#[test]
fn a_vote_on_something_else_than_what_stands_is_refused() {
    let (pending, ruled) = pending(1, vec![]);
    let mut changed = policy(1);
    changed.longest_minutes = 30;
    let ballot = Ballot {
        seen: pending.facts.seen(&changed, &pending.facts.terms.profile),
        ..ballot(ben(), Verdict::Approve, &ruled)
    };
    assert_eq!(decide(pending, &ruled, ballot), Err(Refused::Stale));
}

#[test]
fn a_widened_profile_changes_what_is_seen() {
    let mut widened = facts();
    widened.terms.profile.console = true;
    assert_ne!(facts().seen(&policy(1), &facts().terms.profile), facts().seen(&policy(1), &widened.terms.profile));
}

/// Votes on pending requests were stored under this hash before the terms were one value: they count while it stays the
/// same.
#[test]
fn what_a_vote_is_bound_to_has_the_bytes_that_it_had_before() {
    let facts = facts();
    let shown = serde_json::json!({
        "request": facts.id,
        "requester": facts.requester.id,
        "principal": user_arn("ana"),
        "cluster": facts.terms.cluster,
        "profile": profile(true),
        "namespaces": [{ "name": "payments", "uid": "uid-payments" }],
        "minutes": 60,
        "reason": "settlement run",
        "policy": policy(1),
    });
    let bytes = serde_json_canonicalizer::to_vec(&shown).unwrap();
    assert_eq!(facts.seen(&policy(1), &profile(true)), Seen(Sha256::digest(bytes).into()));
}

#[test]
fn each_part_of_the_terms_changes_what_a_vote_is_bound_to() {
    let seen = |terms: Terms| {
        let profile = terms.profile.clone();
        RequestFacts { terms, ..facts() }.seen(&policy(1), &profile)
    };
    let others = [
        terms().of_user("ben"),
        terms().on("prod-us"),
        terms().of(profile(true)),
        terms().in_(["payments", "search"]),
        Terms { namespaces: vec![PinnedNamespace { uid: "another".into(), ..namespace("payments") }], ..terms() },
        terms().for_(61),
    ];
    for other in others {
        assert_ne!(seen(other.clone()), seen(terms()), "{other:?}");
    }
}

#[test]
fn a_vote_after_the_deadline_is_refused_even_if_the_worker_slept() {
    let (pending, ruled) = pending(1, vec![]);
    let ballot = ballot(ben(), Verdict::Approve, &ruled);
    assert_eq!(pending.decide(ballot, &ruled, id(), NOW + minutes(60)), Err(Refused::Lapsed));
}

#[test]
fn denial_needs_a_reason_and_closes() {
    let (pending, ruled) = pending(2, vec![]);
    let silent = ballot(ben(), Verdict::Deny, &ruled);
    assert_eq!(decide(pending.clone(), &ruled, silent.clone()), Err(Refused::ReasonMissing));
    let said = Ballot { reason: Some(reason("ask for less")), ..silent };
    match decide(pending, &ruled, said).unwrap() {
        Decided::Denied(transition) => {
            assert_eq!(transition.to.1.state, RequestState::Denied);
            assert_eq!(transition.event.what.action(), "request.denied");
            assert!(transition.wakes.is_empty());
        }
        other => panic!("not denied: {other:?}"),
    }
}

#[test]
fn a_quorum_of_two_needs_two_people() {
    let (one, ruled) = pending(2, vec![]);
    match decide(one, &ruled, ballot(ben(), Verdict::Approve, &ruled)).unwrap() {
        Decided::Waiting(transition) => assert_eq!(transition.to.approvals, 1),
        other => panic!("not waiting: {other:?}"),
    }
    let (two, ruled) = pending(2, vec![vote(ben(), &ruled)]);
    assert_eq!(decide(two.clone(), &ruled, ballot(ben(), Verdict::Approve, &ruled)), Err(Refused::AlreadyVoted));
    let facts = approved(decide(two, &ruled, ballot(chi(), Verdict::Approve, &ruled)).unwrap()).facts;
    assert_eq!(facts.decided_by, [ben().id, chi().id]);
}

#[test]
fn at_quorum_a_vote_of_somebody_who_left_the_group_does_not_count() {
    let (_, ruled) = pending(2, vec![]);
    let left = Person { groups: [].into(), ..ben() };
    let (pending, ruled) = pending(2, vec![vote(left, &ruled)]);
    let decided = decide(pending, &ruled, ballot(chi(), Verdict::Approve, &ruled)).unwrap();
    assert!(matches!(decided, Decided::Waiting(transition) if transition.to.approvals == 1));
}

#[test]
fn a_vote_on_an_older_text_does_not_count() {
    let (one, ruled) = pending(2, vec![]);
    let mut changed = policy(2);
    changed.name = "payments may look, renamed".into();
    let old = Vote { seen: one.facts.seen(&changed, &one.facts.terms.profile), ..vote(ben(), &ruled) };
    let (two, ruled) = pending(2, vec![old]);
    let decided = decide(two, &ruled, ballot(chi(), Verdict::Approve, &ruled)).unwrap();
    assert!(matches!(decided, Decided::Waiting(_)));
}

#[test]
fn approval_bounds_the_grant_before_anything_is_written() {
    let facts = granted();
    let decided_at = NOW + minutes(1);
    assert_eq!(facts.activate_by, decided_at + minutes(30));
    assert_eq!(facts.hard_until, decided_at + minutes(30 + 60));
    assert_eq!(facts.decided_by, [ben().id]);
}

#[test]
fn approval_wakes_both_targets() {
    let (pending, ruled) = pending(1, vec![]);
    let ballot = ballot(ben(), Verdict::Approve, &ruled);
    let Decided::Approved(transition) = decide(pending, &ruled, ballot).unwrap() else { panic!("not approved") };
    let woken: Vec<Target> = transition.wakes.iter().map(|wake| wake.target).collect();
    assert_eq!(woken, granted().targets());
    assert!(transition.wakes.iter().all(|wake| !wake.revoking));
}

#[test]
fn only_the_requester_cancels_and_only_time_lapses() {
    let (pending, _) = pending(1, vec![]);
    assert_eq!(pending.clone().cancel(&ben(), NOW).unwrap_err(), Refused::NotEligible);
    assert_eq!(pending.clone().cancel(&ana(), NOW).unwrap().to.state, RequestState::Cancelled);
    assert!(pending.clone().lapse(NOW + minutes(59)).is_none());
    assert_eq!(pending.lapse(NOW + minutes(60)).unwrap().to.state, RequestState::Lapsed);
}

fn said(text: &str) -> Residual {
    Residual::Said { text: text.to_owned() }
}

/// The sentence of a residual, for a test.
fn say(residual: &Residual) -> String {
    format!("{residual:?}")
}

/// What a grant has whose both legs are gone, with the sentences of it.
fn of_gone_legs() -> Residuals {
    Residuals::new(vec![said("Gone"), said("Gone")], say)
}

fn legs(principal: Proven, cluster: Proven) -> Vec<Leg> {
    let [p, c] = granted().targets();
    [(p, principal), (c, cluster)]
        .into_iter()
        .map(|(target, proven)| {
            let (compared, residual) = (Compared::Same, vec![said(&format!("{proven:?}"))]);
            Leg { target, proven, compared, condition: Condition::Ok, residual }
        })
        .collect()
}

fn compared(compared: Compared) -> Vec<Leg> {
    legs(Proven::Present, Proven::Present).into_iter().map(|leg| Leg { compared, ..leg }).collect()
}

#[test]
fn nothing_is_active_before_somebody_looked_whether_the_user_is_the_one_that_was_proven() {
    for console in [false, true] {
        for unknown in [Compared::Nothing, Compared::Stale, Compared::Differs] {
            assert!(Proof::<Present>::of(&compared(unknown), &profile(console)).is_none(), "{unknown:?}");
        }
        assert!(Proof::<Present>::of(&compared(Compared::Same), &profile(console)).is_some());
    }
    let alone = |kept: fn(&Leg) -> bool| compared(Compared::Same).into_iter().filter(kept).collect::<Vec<_>>();
    assert!(Proof::<Present>::of(&alone(|leg| matches!(leg.target, Target::Cluster(_))), &profile(false)).is_none());
    assert!(Proof::<Present>::of(&alone(|leg| matches!(leg.target, Target::Principal(_))), &profile(true)).is_none());
}

#[test]
fn only_what_was_compared_long_ago_wants_another_look() {
    assert!(Proof::<Present>::wants_comparison(&compared(Compared::Stale), &profile(false)));
    for known in [Compared::Nothing, Compared::Same, Compared::Differs] {
        assert!(!Proof::<Present>::wants_comparison(&compared(known), &profile(false)), "{known:?}");
    }
    let mut unproven = compared(Compared::Stale);
    for leg in &mut unproven {
        leg.proven = Proven::Nothing;
    }
    assert!(!Proof::<Present>::wants_comparison(&unproven, &profile(false)));
}

#[test]
fn an_access_that_goes_on_though_aws_lets_nobody_look_says_so_in_its_event() {
    let activated = |with| {
        let proof = Proof::<Present>::of(&compared(with), &profile(false)).unwrap();
        Provisioning { facts: granted() }.activate(proof, say, granted().created_at).unwrap().event
    };
    let told = |event: &EventDraft| serde_json::to_string(&event.what).unwrap().contains(UNPROTECTED);
    assert!(told(&activated(Compared::Unprotected)));
    assert!(!told(&activated(Compared::Same)));
}

#[test]
fn the_principal_holds_an_activation_back_only_for_console_access() {
    let legs = legs(Proven::Nothing, Proven::Present);
    assert!(Proof::<Present>::of(&legs, &profile(false)).is_some());
    assert!(Proof::<Present>::of(&legs, &profile(true)).is_none());
}

#[test]
fn nothing_is_active_without_a_proven_cluster() {
    for cluster in [Proven::Nothing, Proven::Gone] {
        assert!(Proof::<Present>::of(&legs(Proven::Present, cluster), &profile(false)).is_none());
    }
    assert!(Proof::<Present>::of(&[], &profile(false)).is_none());
}

#[test]
fn ended_needs_every_leg_gone() {
    for (principal, cluster) in
        [(Proven::Present, Proven::Gone), (Proven::Gone, Proven::Present), (Proven::Nothing, Proven::Gone)]
    {
        assert!(Proof::<Gone>::of(&legs(principal, cluster), &granted()).is_none());
    }
    assert!(Proof::<Gone>::of(&[], &granted()).is_none());
    assert!(Proof::<Gone>::of(&legs(Proven::Gone, Proven::Gone), &granted()).is_some());
}

#[test]
fn a_leg_of_something_else_neither_holds_an_end_up_nor_stands_for_one() {
    let stray = |proven| Leg {
        target: Target::Cluster(ClusterId(Uuid::from_u128(99))),
        proven,
        compared: Compared::Same,
        condition: Condition::Ok,
        residual: vec![said("a stray says so")],
    };
    let mut gone = legs(Proven::Gone, Proven::Gone);
    gone.push(stray(Proven::Nothing));
    let ended = Live::Active(active(granted().created_at)).revoke(Cause::Expired, Actor::worker(), None, NOW).to;
    let proof = Proof::<Gone>::of(&gone, &granted()).unwrap();
    assert_eq!(ended.end(proof, say, NOW).to.residual, of_gone_legs());
    let mut halved = legs(Proven::Gone, Proven::Gone);
    halved[1] = stray(Proven::Gone);
    assert!(Proof::<Gone>::of(&halved, &granted()).is_none());
}

fn active(now: Timestamp) -> Active {
    let proof = Proof::<Present>::of(&legs(Proven::Present, Proven::Present), &profile(false)).unwrap();
    Provisioning { facts: granted() }.activate(proof, say, now).unwrap().to
}

#[test]
fn the_clock_starts_at_activation_and_never_passes_the_hard_end() {
    let facts = granted();
    let early = active(facts.created_at + minutes(2));
    assert_eq!(early.until, early.since + minutes(60));
    let late = active(facts.activate_by);
    assert_eq!(late.until, facts.hard_until);
}

#[test]
fn what_cannot_be_activated_in_time_is_rolled_back() {
    let facts = granted();
    let late = facts.activate_by + SignedDuration::from_secs(1);
    let proof = Proof::<Present>::of(&legs(Proven::Present, Proven::Present), &profile(false)).unwrap();
    assert!(Provisioning { facts: facts.clone() }.activate(proof, say, late).is_err());
    let why = "An operator paused granting on prod-eu: moving nodes".to_owned();
    let revoking = Live::Provisioning(Provisioning { facts }).expire(late, Some(why.clone())).unwrap();
    assert_eq!((revoking.to.cause, revoking.to.reason), (Cause::Undeliverable, Some(why)));
    assert!(revoking.wakes.iter().all(|wake| wake.revoking));
}

#[test]
fn an_active_grant_expires_at_its_end_and_not_before() {
    let grant = active(granted().created_at);
    assert!(Live::Active(grant.clone()).expire(grant.until - SignedDuration::from_nanos(1), None).is_none());
    let expired = Live::Active(grant.clone()).expire(grant.until, Some("of no concern".to_owned())).unwrap();
    assert_eq!((expired.to.cause, expired.to.reason), (Cause::Expired, None));
}

#[test]
fn only_the_holder_gives_back() {
    let live = Live::Active(active(granted().created_at));
    assert_eq!(live.clone().give_back(&ben(), NOW).unwrap_err(), NotRevoked::NotHolder);
    assert_eq!(live.give_back(&ana(), NOW).unwrap().to.cause, Cause::Relinquished);
}

#[test]
fn a_decider_or_an_operator_revokes_with_a_reason() {
    let live = Live::Active(active(granted().created_at));
    assert_eq!(live.clone().take_away(&chi(), false, reason("why"), NOW).unwrap_err(), NotRevoked::NotAllowed);
    assert_eq!(live.clone().take_away(&ben(), false, reason("leaked key"), NOW).unwrap().to.cause, Cause::Revoked);
    assert_eq!(live.take_away(&chi(), true, reason("leaked key"), NOW).unwrap().to.by, Some(chi().id));
}

#[test]
fn an_ending_grant_is_not_live() {
    let revoking = Live::Active(active(granted().created_at)).revoke(Cause::Expired, Actor::worker(), None, NOW).to;
    assert!(Grant::Revoking(revoking.clone()).live().is_none());
    let proof = Proof::<Gone>::of(&legs(Proven::Gone, Proven::Gone), &granted()).unwrap();
    let end = revoking.end(proof, say, NOW + minutes(1));
    let told = of_gone_legs().said;
    assert!(matches!(&end.event.what, Event::GrantEnded { residual, .. } if *residual == told), "{:?}", end.event);
    let ended = end.to;
    assert_eq!(ended.residual, of_gone_legs());
    assert!(Grant::Ended(ended).live().is_none());
}

#[test]
fn handles_come_near_to_any_name_and_stay_in_their_alphabet() {
    for (text, handle) in [("Ana.Ferreira", "ana-ferreira"), ("jörg", "j-rg"), ("--x--", "x"), ("A", "a")] {
        assert_eq!(Handle::nearest(text).unwrap().as_str(), handle);
    }
    assert_eq!(Handle::nearest("§§"), None);
    let long = Handle::nearest(&"x".repeat(80)).unwrap().numbered(12);
    assert!(long.as_str().len() <= 40 && long.as_str().ends_with("-12"));
    assert!(long.as_str().parse::<Handle>().is_ok());
}
