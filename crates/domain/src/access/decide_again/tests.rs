use super::*;
use crate::access::alarm::AlarmCode;
use crate::{
    access::{
        ClusterId, PrincipalId,
        policy::{ClusterSelector, Decision},
        profile::Scope,
    },
    testkit::{self, NOW, ana, ben, chi, group, leads, namespace, person, policy_cluster, policy_file, profile, reads},
};
use std::num::NonZeroU8;
use uuid::Uuid;

const HASH: &str = testkit::POLICY_HASH;

fn arn() -> String {
    testkit::cluster_arn("prod-eu")
}

fn read() -> Vec<Rule> {
    reads(["pods", "pods/log"])
}

/// Two approvals are wanted for `view` in `payments*` for an hour; `own` there is granted at once.
fn policy() -> PolicyFile {
    let of = |name: &str, profile: &str| testkit::policy(name).of([profile]).in_(["payments*"]).at_most(60);
    policy_file()
        .with_clusters([policy_cluster("prod-eu")])
        .with_profiles([profile("view"), profile("own").of_rules(read())])
        .with_policies([of("two look", "view").decided_by(2, leads()), of("own at once", "own").automatic()])
}

fn own_role(rules: Vec<Rule>) -> ResolvedRole {
    ResolvedRole { own: true, ..testkit::role(&own_role_name("own", &rules), rules) }
}

/// Ana's access with `view`, approved by Ben and Chi.
fn evidence() -> Grounds {
    let grant = testkit::grant();
    let cast =
        |by: Person| CastVote { by, verdict: Verdict::Approve, counted_by: Some(HASH.to_owned()), uses_role: None };
    Grounds {
        request: AskedRequest { requester: ana(), terms: grant.terms.clone(), state: RequestState::Approved },
        votes: vec![cast(ben()), cast(chi())],
        cluster: OnCluster { name: "prod-eu".to_owned(), arn: arn(), dropped: false, gone: None },
        principal: OfPrincipal { arn: grant.terms.principal_arn.clone(), person: Some(ana().id), ended: false },
        grant: GrantFacts { policy_name: "two look".to_owned(), ..grant },
    }
}

/// Ana's access with `own`, granted at once.
fn automatic() -> Grounds {
    let mut evidence = evidence();
    let profile = testkit::resolved("own").of_own(read());
    evidence.request.terms.profile = profile.clone();
    evidence.grant.terms.profile = profile;
    evidence.grant.policy_name = "own at once".to_owned();
    evidence.grant.basis = GrantBasis::Automatic;
    evidence.grant.decided_by.clear();
    evidence.votes.clear();
    evidence
}

fn shown() -> ShownRoles {
    [("view".to_owned(), read())].into()
}

fn again(evidence: &Grounds, policy: &PolicyFile) -> Result<(), NotNow> {
    decide_again(evidence, policy, HASH, Some(&shown()), NOW)
}

fn changed(change: impl FnOnce(&mut Grounds)) -> Grounds {
    let mut evidence = evidence();
    change(&mut evidence);
    evidence
}

fn by(change: impl FnOnce(&mut PolicyFile)) -> PolicyFile {
    let mut policy = policy();
    change(&mut policy);
    policy
}

/// The kind of refusal. Also checks that its sentence is not empty.
fn refusal(result: Result<(), NotNow>) -> &'static str {
    match result {
        Err(NotNow::NotAllowed(why)) => {
            assert!(!why.to_string().is_empty());
            why.code()
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn what_people_decided_and_what_a_policy_grants_by_itself_is_allowed() {
    assert_eq!(again(&evidence(), &policy()), Ok(()));
    assert_eq!(again(&automatic(), &policy()), Ok(()));
    // An access that is decided again later still ends at the time that was decided.
    let later = decide_again(&evidence(), &policy(), HASH, Some(&shown()), NOW + ACTIVATE_WITHIN);
    assert_eq!(later, Ok(()));
}

/// Ana's access for everyone who can use a role that she has proven.
fn shared() -> Grounds {
    changed(|e| {
        e.grant.terms = e.grant.terms.clone().of_shared_role("deployers", &[ana()]);
        e.request.terms = e.grant.terms.clone();
        for vote in &mut e.votes {
            vote.uses_role = Some(false);
        }
    })
}

#[test]
fn an_access_for_everyone_who_can_use_a_role_rests_on_deciders_who_cannot_and_on_a_policy_that_allows_it() {
    let sharing = by(|policy| policy.policies[0].shared_roles = true);
    assert_eq!(again(&shared(), &sharing), Ok(()));
    assert_eq!(refusal(again(&shared(), &policy())), "refused");
    for answer in [None, Some(true)] {
        let mut said = shared();
        said.votes[1].uses_role = answer;
        assert_eq!(refusal(again(&said, &sharing)), "uses_role");
    }
    let mut proven = shared();
    proven.request.terms = proven.request.terms.of_shared_role("deployers", &[ana(), ben()]);
    assert_eq!(refusal(again(&proven, &sharing)), "uses_role");
}

#[test]
fn a_row_that_somebody_wrote_is_not_allowed() {
    type Change = fn(&mut Grounds);
    let cases: [(&str, Change); 26] = [
        ("no_such_vote", |e| e.votes.clear()),
        ("no_such_vote", |e| e.votes.truncate(1)),
        ("miscounted", |e| e.grant.decided_by.truncate(1)),
        ("miscounted", |e| e.grant.decided_by = vec![ben().id, ben().id]),
        ("miscounted", |e| e.grant.basis = GrantBasis::Automatic),
        ("own_vote", |e| {
            e.grant.decided_by[0] = ana().id;
            e.votes[0].by = ana().in_groups(["developers", "leads"]);
        }),
        ("not_automatic", |e| {
            e.grant.basis = GrantBasis::Automatic;
            e.grant.decided_by.clear();
        }),
        ("denied", |e| e.votes[1].verdict = Verdict::Deny),
        ("not_counted", |e| e.votes[1].counted_by = Some("bb".to_owned())),
        ("too_few", |e| e.votes[1].by.groups.clear()),
        ("too_few", |e| {
            e.grant.basis = GrantBasis::Quorum(NonZeroU8::MIN);
            e.grant.decided_by.truncate(1);
        }),
        ("not_approved", |e| e.request.state = RequestState::Pending),
        ("not_approved", |e| e.request.state = RequestState::Denied),
        ("not_asked", |e| e.grant.terms.minutes = 50),
        ("not_asked", |e| e.grant.terms.namespaces.clear()),
        ("not_asked", |e| e.grant.terms.principal = PrincipalId(Uuid::from_u128(99))),
        ("not_asked", |e| e.grant.terms.cluster = ClusterId(Uuid::from_u128(99))),
        ("not_asked", |e| e.request.requester = person("eve").in_groups(["developers"])),
        ("not_theirs", |e| e.principal.person = Some(ben().id)),
        ("principal_ended", |e| e.principal.ended = true),
        ("no_cluster", |e| e.cluster.dropped = true),
        ("no_cluster", |e| e.cluster.arn = arn().replace("prod", "test")),
        ("refused", |e| e.request.requester.groups.clear()),
        ("refused", |e| {
            e.grant.terms.minutes = 61;
            e.request.terms.minutes = 61;
        }),
        ("starts_too_late", |e| e.grant.activate_by += SignedDuration::from_secs(1)),
        ("ends_too_late", |e| e.grant.hard_until += SignedDuration::from_secs(1)),
    ];
    for (kind, change) in cases {
        assert_eq!(refusal(again(&changed(change), &policy())), kind);
    }
    let elsewhere = changed(|e| {
        e.grant.terms.namespaces = vec![namespace("payments"), namespace("search")];
        e.request.terms.namespaces = e.grant.terms.namespaces.clone();
    });
    assert_eq!(refusal(again(&elsewhere, &policy())), "refused");
    // The largest timestamp can be judged, too.
    let forever = changed(|e| (e.grant.hard_until, e.grant.activate_by) = (Timestamp::MAX, Timestamp::MAX));
    assert_eq!(refusal(again(&forever, &policy())), "starts_too_late");
}

#[test]
fn it_goes_by_the_policy_of_now() {
    fn decision(policy: &mut PolicyFile, decision: Decision) {
        policy.policies[0].decision = decision;
    }
    let ask = |approvers: &str, quorum: u8| Decision::Ask {
        approvers: group(approvers),
        quorum: NonZeroU8::new(quorum).unwrap(),
    };
    // The policy now wants fewer approvals, or none.
    assert_eq!(again(&evidence(), &by(|p| decision(p, ask("leads", 1)))), Ok(()));
    assert_eq!(again(&evidence(), &by(|p| decision(p, Decision::Automatic))), Ok(()));
    // The policy now wants more approvals, or those of other people.
    assert_eq!(refusal(again(&evidence(), &by(|p| decision(p, ask("leads", 3))))), "too_few");
    assert_eq!(refusal(again(&evidence(), &by(|p| decision(p, ask("bosses", 1))))), "too_few");
    assert_eq!(refusal(again(&automatic(), &by(|p| p.policies[1].decision = ask("leads", 1)))), "not_automatic");
    assert_eq!(refusal(again(&evidence(), &by(|p| p.policies[0].longest_minutes = 30))), "refused");
    assert_eq!(refusal(again(&evidence(), &by(|p| p.policies.clear()))), "refused");
    assert_eq!(refusal(again(&evidence(), &by(|p| p.profiles.clear()))), "refused");
    // Another cluster may have the name by now: the ARN counts.
    assert_eq!(
        again(
            &evidence(),
            &by(|p| {
                p.clusters = vec![policy_cluster("old").at(&arn())];
                p.policies[0].clusters = ClusterSelector::Names(vec!["old".parse().unwrap()]);
            })
        ),
        Ok(())
    );
    let other = by(|p| p.clusters = vec![policy_cluster("prod-eu").at(&arn().replace("prod", "test"))]);
    assert_eq!(refusal(again(&evidence(), &other)), "no_cluster");
}

#[test]
fn whoever_approved_and_lost_the_group_since_still_counts() {
    // The vote keeps the groups that it was counted with, regardless of the person's present groups.
    let evidence = evidence();
    assert!(evidence.votes.iter().all(|vote| vote.by.groups.contains("leads")));
    assert_eq!(again(&evidence, &policy()), Ok(()));
    let uncounted = changed(|e| e.votes.iter_mut().for_each(|vote| vote.counted_by = None));
    assert_eq!(again(&uncounted, &policy()), Ok(()), "votes of before that was kept");
}

#[test]
fn no_rule_is_more_than_the_profile_resolves_to() {
    let secrets = || Rule::of(&["get"], &[""], &["secrets"]);
    let wider = || [read(), vec![secrets()]].concat();
    assert_eq!(refusal(again(&changed(|e| e.grant.terms.profile.roles[0].rules = wider()), &policy())), "wider");
    assert_eq!(refusal(again(&changed(|e| e.grant.terms.profile.console = true), &policy())), "reach");
    assert_eq!(refusal(again(&changed(|e| e.grant.terms.profile.scope = Scope::Cluster), &policy())), "reach");
    assert_eq!(
        refusal(again(&changed(|e| e.grant.terms.profile.roles[0].name = "admin".into()), &policy())),
        "no_such_role"
    );
    assert_eq!(refusal(again(&changed(|e| e.grant.terms.profile.roles[0].own = true), &policy())), "no_such_role");

    // For a profile with rules of its own, another version that allows no more is accepted; another role name is not.
    let own = |role: ResolvedRole| {
        let mut evidence = automatic();
        evidence.grant.terms.profile.roles = vec![role];
        evidence
    };
    assert_eq!(again(&own(own_role(vec![Rule::of(&["get"], &[""], &["pods"])])), &policy()), Ok(()));
    assert_eq!(refusal(again(&own(own_role(wider())), &policy())), "wider");
    assert_eq!(
        refusal(again(&own(ResolvedRole { own: true, ..testkit::role("cluster-admin", read()) }), &policy())),
        "no_such_role"
    );
    assert_eq!(refusal(again(&own(testkit::role("view", read())), &policy())), "no_such_role");
    let narrowed = by(|p| p.profiles[1].source = RulesSource::Rules(vec![Rule::of(&["get"], &[""], &["pods"])]));
    assert_eq!(refusal(again(&automatic(), &narrowed)), "wider");
}

#[test]
fn a_role_of_others_that_allows_more_than_was_approved_is_the_plans_to_block() {
    let widened: ShownRoles = [("view".to_owned(), vec![Rule::of(&["*"], &["*"], &["*"])])].into();
    assert_eq!(decide_again(&evidence(), &policy(), HASH, Some(&widened), NOW), Ok(()));
}

#[test]
fn what_is_not_known_yet_is_waited_for_and_what_is_wrong_is_not() {
    let held = |result: Result<(), NotNow>| match result {
        Err(NotNow::HeldBack(why)) => why,
        other => panic!("not held back: {other:?}"),
    };
    let cluster = String::from("prod-eu");
    let unread = decide_again(&evidence(), &policy(), HASH, None, NOW);
    assert_eq!(held(unread), HeldBack::NotRead { cluster: cluster.clone() });
    let missing = decide_again(&evidence(), &policy(), HASH, Some(&ShownRoles::new()), NOW);
    assert_eq!(held(missing), HeldBack::NoRole { role: "view".to_owned(), cluster });
    // A profile with rules of its own needs no look at the cluster.
    assert_eq!(decide_again(&automatic(), &policy(), HASH, None, NOW), Ok(()));
    let forged = changed(|e| e.votes.clear());
    assert_eq!(refusal(decide_again(&forged, &policy(), HASH, None, NOW)), "no_such_vote");
}

#[test]
fn a_cluster_that_is_no_more_ends_what_is_allowed_and_alarms_nobody() {
    let why = Blocker::NoSuchCluster { cluster: "prod-eu".to_owned(), arn: arn(), minutes_apart: 10 };
    let gone = |e: &mut Grounds| e.cluster.gone = Some(why.clone());
    assert_eq!(again(&changed(gone), &policy()), Err(NotNow::Gone(Box::new(why.clone()))));
    let forged = changed(|e| {
        gone(e);
        e.votes.clear();
    });
    assert_eq!(refusal(again(&forged, &policy())), "no_such_vote");
}

#[test]
fn what_is_not_allowed_ends_with_the_reason_and_an_alarm() {
    let grant = evidence().grant;
    let live = Live::Scheduled(crate::access::grant::Scheduled { facts: grant.clone() });
    let why = NotAllowed::TooFew { policy: "two look".to_owned(), quorum: 2, may: 1 };
    let (transition, alarm) = live.not_allowed(&why, HASH, NOW);
    assert_eq!(
        (transition.to.cause, transition.to.reason.as_deref()),
        (Cause::NotAllowed, Some(why.to_string().as_str()))
    );
    assert!(matches!(&transition.event.what, Event::GrantRevoking { refusal: Some(code), .. } if code == "too_few"));
    assert_eq!((alarm.code(), alarm.grant), (AlarmCode::NotAllowed, Some(grant.id)));
    assert_eq!(alarm.facts, AlarmFacts::NotAllowed { handle: grant.handle.to_string(), refusal: why });
}
