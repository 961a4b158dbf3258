//! Promises 1, 2, 6, 7, 8 and 9, as far as rows and events show them.

use super::{
    When,
    ledger::{Event, Grant, Ledger},
};
use jiff::SignedDuration;

/// The longest time between two looks at what ends: the cap of its back-off with its jitter.
const SOON: SignedDuration = SignedDuration::from_secs(25);
/// A dead worker's lease ends within this time.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

pub fn check(ledger: &Ledger, when: When) {
    requests(ledger);
    for grant in &ledger.grants {
        is_decided(ledger, grant);
        is_told(ledger, grant);
        is_bounded(ledger, grant, when);
        is_awake(ledger, grant, when);
        is_whose(ledger, grant);
    }
}

/// 8: each decision is there, once. 9: the requester and the voters are the people of the sessions.
fn requests(ledger: &Ledger) {
    for request in &ledger.requests {
        let grants = ledger.grants.iter().filter(|grant| grant.request_id == request.id).count();
        assert_eq!(grants, usize::from(request.state == "approved"), "8: {} has {grants} accesses", request.state);
        let about = |action: &str| -> Vec<&Event> {
            let events = ledger.events.iter();
            events.filter(|event| event.request_id == Some(request.id) && event.action == action).collect()
        };
        let submitted = about("request.submitted");
        assert_eq!(submitted.len(), 1, "7: a request has one event");
        assert_eq!(submitted[0].actor_id, Some(request.person_id), "9: who asked");
        let voted: Vec<_> = about("request.voted").into_iter().chain(about("request.approved")).collect();
        let ballots: Vec<_> = ledger.votes.iter().filter(|vote| vote.request_id == request.id).collect();
        assert_eq!(voted.len(), ballots.len(), "7: each vote has one event");
        for vote in ballots {
            let own = voted.iter().filter(|event| event.actor_id == Some(vote.person_id)).count();
            assert_eq!(own, 1, "9: who voted");
        }
    }
}

/// 1: it names its request, its deciders and the policy.
fn is_decided(ledger: &Ledger, grant: &Grant) {
    let request = ledger.requests.iter().find(|request| request.id == grant.request_id).expect("1: there is a request");
    assert_eq!(request.state, "approved", "1: an access of an undecided request");
    assert_eq!(request.person_id, grant.person_id, "1: somebody else asked for it");
    assert!(ledger.policies.contains(&grant.policy_hash), "1: an unknown policy");
    assert_eq!(grant.policy_hash, request.policy_hash, "1: another policy than asked under");
    assert!(grant.decided_by.len() >= request.quorum, "1: too few deciders");
    assert!(!grant.decided_by.contains(&grant.person_id), "1: a holder decided");
    for decider in &grant.decided_by {
        let approved = ledger
            .votes
            .iter()
            .any(|vote| vote.request_id == request.id && vote.person_id == *decider && vote.verdict == "approve");
        assert!(approved, "1: a decider did not approve");
    }
    let approved: Vec<_> = ledger.of(grant, "request.approved").collect();
    assert_eq!(approved.len(), 1, "7: an approval has one event");
    assert_eq!(approved[0].at, grant.created_at, "7: state and event of one moment");
    let deciders = approved[0].detail["deciders"].as_array().expect("1: the event names the deciders");
    assert_eq!(deciders.len(), grant.decided_by.len(), "1: the event names every decider");
}

/// 7: each transition has its event, once and in order, at the time in the row. 8: nothing twice.
fn is_told(ledger: &Ledger, grant: &Grant) {
    let is = |states: &[&str]| states.contains(&grant.state.as_str());
    let one = |action: &str, at: Option<Option<jiff::Timestamp>>| {
        let events: Vec<_> = ledger.of(grant, action).collect();
        assert_eq!(events.len(), usize::from(at.is_some()), "7, 8: {action} of an access that is {}", grant.state);
        if let (Some(event), Some(Some(at))) = (events.first(), at) {
            assert_eq!(event.at, at, "7: state and event of one moment: {action}");
        }
        events.first().map(|event| event.id)
    };
    let began = is(&["provisioning", "active"]) || ledger.of(grant, "grant.started").next().is_some();
    let in_order = [
        one("request.approved", Some(Some(grant.created_at))),
        one("grant.started", began.then_some(None)),
        one("grant.activated", grant.since.map(Some)),
        one("grant.revoking", grant.revoking_since.map(Some)),
        one("grant.ended", grant.ended_at.map(Some)),
    ];
    assert!(in_order.iter().flatten().is_sorted(), "7: events out of order");
    let transitions = in_order.iter().skip(1).flatten().count();
    assert_eq!(i64::try_from(transitions), Ok(grant.version), "7: as many events as changes of the row");
    assert_eq!(is(&["active", "revoking", "ended"]) && grant.since.is_some(), grant.until.is_some());
    assert!(!is(&["active"]) || grant.since.is_some(), "7: active and never activated");
    assert_eq!(is(&["revoking", "ended"]), grant.revoking_since.is_some(), "7: revoking without an event");
    assert_eq!(is(&["ended"]), grant.ended_at.is_some(), "7: ended without an event");
    assert_eq!(is(&["revoking", "ended"]), grant.cause.is_some(), "4: an end without a cause");
}

/// 6: its latest end is known before anything is begun for it.
fn is_bounded(ledger: &Ledger, grant: &Grant, when: When) {
    assert!(grant.until.is_none_or(|until| until <= grant.hard_until), "6: past its hard end");
    assert!(grant.activate_by <= grant.hard_until);
    let decided = ledger.of(grant, "request.approved").next().unwrap().recorded();
    let mut intents = ledger.intents.iter().filter(|intent| intent.grant_id == Some(grant.id));
    assert!(intents.all(|intent| intent.recorded() >= decided), "6: begun before it was bounded");
    if when == When::AtRest {
        let waits = matches!(grant.state.as_str(), "scheduled" | "provisioning");
        assert!(!waits || ledger.now <= grant.activate_by, "6: not taken back in time");
        let is_over = grant.until.is_some_and(|until| until <= ledger.now);
        assert!(grant.state != "active" || !is_over, "8: access past its time");
    }
}

/// 7: what has to be done is due. 2: what ends is due soon, whatever failed.
fn is_awake(ledger: &Ledger, grant: &Grant, when: When) {
    if !matches!(grant.state.as_str(), "provisioning" | "revoking") {
        return;
    }
    assert!(when == When::Always, "a worker had its way, and an access is {}", grant.state);
    let wanted = if grant.state == "revoking" { "gone" } else { "present" };
    for leg in ledger.legs.iter().filter(|leg| leg.grant_id == grant.id && leg.proven != wanted) {
        let of_leg = |target: &&super::ledger::Target| {
            target.kind == leg.target_kind && [grant.cluster_id, grant.principal_id].contains(&target.key)
        };
        let due: Vec<_> = ledger.targets.iter().filter(of_leg).filter(|target| target.due_at.is_some()).collect();
        assert!(!due.is_empty(), "7: nothing is due for an access that is {}", grant.state);
        if grant.state == "revoking" {
            let soon = ledger.real + SOON;
            assert!(due.iter().any(|target| target.due_at.unwrap() <= soon), "2: an end is not due soon");
            assert!(due.iter().all(|target| target.lease_until.is_none_or(|until| until <= ledger.real + LEASE)));
            assert!(leg.next_try.is_none_or(|next| next <= soon), "2: an end rests for long");
        }
    }
}

/// 9: the holder proved the principal; the person who ended the access is named.
fn is_whose(ledger: &Ledger, grant: &Grant) {
    assert_eq!(grant.owner_id, grant.person_id, "9: a principal of somebody else");
    for action in ["grant.started", "grant.activated", "grant.ended"] {
        assert!(ledger.of(grant, action).all(|event| event.actor == "worker" && event.actor_id.is_none()), "9");
    }
    let ended = ledger.of(grant, "grant.revoking").next();
    let by_holder = ended.is_some_and(|event| event.actor_id == Some(grant.person_id));
    assert_eq!(by_holder, grant.cause.as_deref() == Some("relinquished"), "9: who gave it back");
}
