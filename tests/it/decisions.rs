//! Requests and grants in Postgres: who may decide, that a decision is made once, and that it is about what is current.

use crate::town::{Asking, POLICY, Town, edit, observation, view};
use latchkey::actions::{
    ask::{Field, Problem},
    clock, grants,
    requests::{self, NotDecided, NotSubmitted, VoteOutcome},
};
use latchkey::{store::Store, web::AskForm};
use latchkey_domain::{
    access::{
        blocker::Blocker,
        grant::{Cause, GrantState, NotRevoked},
        reason::UnfitReason,
        request::{Refused, RequestState, Verdict},
    },
    plan::observation::{AccessEntry, ClusterObservation, EntryDetails, EntryFields, EntryHolders},
};

async fn refused(town: &Town, who: &str, form: AskForm) -> Vec<Field> {
    match requests::submit(&town.web, town.visitor(who), &form.wanted()).await {
        Err(NotSubmitted::Problems(considered)) => {
            assert!(considered.problems.iter().all(|problem| !problem.sentence.is_empty()));
            considered.problems.iter().map(|problem| problem.field).collect()
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn each_bad_field_is_named_and_nothing_is_stored() {
    let town = Town::new().await;
    let bad = [
        (view().on("nowhere"), Field::Cluster),
        (AskForm { profile: "root".into(), ..view() }, Field::Profile),
        (AskForm { namespaces: vec![], ..view() }, Field::Namespaces),
        (view().in_(["nothing"]), Field::Namespaces),
        (view().in_(["checkout"]), Field::Namespaces),
        (AskForm { minutes: "soon".into(), ..view() }, Field::Minutes),
        (view().for_(100_000), Field::Minutes),
        (view().for_(1), Field::Minutes),
        (AskForm { reason: "  ".into(), ..view() }, Field::Reason),
        (AskForm { reason: "x".repeat(1001), ..view() }, Field::Reason),
        (AskForm { principal: Town::arn("gus"), ..view() }, Field::Principal),
    ];
    for (form, field) in bad {
        let fields = refused(&town, "ana", form.clone()).await;
        assert!(fields.contains(&field), "{form:?}: {fields:?}");
    }
    assert_eq!(refused(&town, "fay", view()).await, [Field::Principal]);
    assert_eq!(town.requests().await, 0);
    assert_eq!(town.count("select count(*) from event where action like 'request%'").await, 0);
}

#[tokio::test]
async fn an_ask_that_binds_too_much_is_refused_with_how_much_fits() {
    let town = Town::new().await;
    let cases = [
        (
            12,
            9,
            Field::Namespaces,
            "are 108 bindings, and one request makes 100 at most. Ask for 8 namespaces at a time",
        ),
        (1, 21, Field::Namespaces, "At most 20 namespaces in one request."),
        (13, 1, Field::Profile, "This profile names 13 ClusterRoles, and one request binds 12 at most."),
    ];
    for (roles, namespaces, field, sentence) in cases {
        let roles: Vec<String> = (0..roles).map(|number| format!("\"role-{number}\"")).collect();
        // As a version without the bound applied it.
        let naming = format!("cluster_roles = [{}]", roles.join(", "));
        town.apply_policy(&POLICY.replacen("cluster_roles = [\"view\"]", &naming, 1)).await;
        let namespaces = (0..namespaces).map(|number| format!("payments-{number}")).collect();
        let form = AskForm { namespaces, ..view() };
        let Err(NotSubmitted::Problems(considered)) =
            requests::submit(&town.web, town.visitor("ana"), &form.wanted()).await
        else {
            panic!("{sentence}: not refused")
        };
        let is_it = |problem: &Problem| problem.field == field && problem.sentence.contains(sentence);
        assert!(considered.problems.iter().any(is_it), "{sentence}: {:?}", considered.problems);
    }
}

#[tokio::test]
async fn who_is_no_developer_cannot_ask() {
    let town = Town::new().await;
    assert!(refused(&town, "dee", view()).await.contains(&Field::Profile));
}

#[tokio::test]
async fn an_access_entry_is_told_once_beside_the_identity_however_it_was_read() {
    let town = Town::new().await;
    let policies = vec!["arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy".to_owned()];
    let fields = EntryFields { username: "ana-entry".into(), policies, ..EntryFields::default() };
    let entry = AccessEntry { arn: Town::arn("ana"), details: EntryDetails::Read(fields) };
    let cluster = town.cluster("prod-eu").await;
    let seen = observation("prod-eu");
    // EKS listed it, or was asked of this one alone.
    let unlisted = EntryHolders::Unknown(Blocker::said("EKS does not list entries"));
    for (entries, described) in [(EntryHolders::Listed(vec![entry.clone()]), vec![]), (unlisted, vec![entry])] {
        let seen = ClusterObservation { entries, described, ..seen.clone() };
        town.observe("cluster", cluster, &seen).await;
        // Looks of this town have no hash of their own: a new process has read none.
        let web = Store::connect(&town.database.url_as("latchkey_web").parse().unwrap(), 2);
        let refused = requests::submit(&web, town.visitor("ana"), &view().wanted()).await.unwrap_err();
        let NotSubmitted::Problems(considered) = refused else { panic!("{refused:?}") };
        let said: Vec<_> = considered.problems.iter().map(|problem| (problem.field, &*problem.sentence)).collect();
        let [(Field::Principal, sentence)] = said.as_slice() else { panic!("{said:?}") };
        assert!(sentence.contains("ana-entry"), "{sentence}");
    }
}

#[tokio::test]
async fn two_clicks_make_one_request() {
    let town = Town::new().await;
    let (form, ana) = (view(), town.visitor("ana"));
    let wanted = form.wanted();
    let (one, two) = tokio::join!(requests::submit(&town.web, ana, &wanted), requests::submit(&town.web, ana, &wanted));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    assert_eq!(town.requests().await, 1);
}

#[tokio::test]
async fn two_approvers_at_once_give_one_grant() {
    let town = Town::new().await;
    let id = town.asks("ana", view()).await;
    let (ben, chi, dot) = tokio::join!(
        town.vote("ben", id, Verdict::Approve),
        town.vote("chi", id, Verdict::Approve),
        town.vote("dot", id, Verdict::Approve),
    );
    let outcomes = [ben, chi, dot];
    let approved = outcomes.iter().filter_map(|outcome| match outcome {
        Ok(VoteOutcome::Approved(grant)) => Some(*grant),
        _ => None,
    });
    let [grant] = approved.collect::<Vec<_>>()[..] else { panic!("{outcomes:?}") };
    let late = outcomes.iter().filter(|o| matches!(o, Err(NotDecided::Closed(RequestState::Approved, _)))).count();
    assert_eq!(late, 2, "{outcomes:?}");
    assert_eq!(town.accesses().await, 1);
    assert_eq!(town.events(id).await.iter().filter(|action| *action == "request.approved").count(), 1);
    assert_eq!(town.legs(grant).await.len(), 2);
    assert_eq!(town.count("select count(*) from target where due_at is not null").await, 2 + 3);
}

#[tokio::test]
async fn requester_cannot_approve_own_request_though_in_the_approvers_group() {
    let town = Town::new().await;
    let id = town.asks("ben", view()).await;
    let refused = town.vote("ben", id, Verdict::Approve).await.unwrap_err();
    assert!(matches!(refused, NotDecided::Refused(Refused::Own)), "{refused:?}");
    assert!(matches!(town.vote("chi", id, Verdict::Approve).await, Ok(VoteOutcome::Approved(_))));
}

#[tokio::test]
async fn a_request_decided_after_its_policy_changed_is_refused() {
    let town = Town::new().await;
    let id = town.asks("ana", view()).await;
    town.apply_policy(&POLICY.replace("longest = \"8h\"", "longest = \"6h\"")).await;
    let stale = town.vote("ben", id, Verdict::Approve).await.unwrap_err();
    assert!(matches!(stale, NotDecided::Refused(Refused::Stale)), "{stale:?}");
    assert_eq!(town.accesses().await, 0);
    assert_eq!(town.votes().await, 0);
}

#[tokio::test]
async fn another_edit_of_the_policy_leaves_a_request_standing() {
    let town = Town::new().await;
    let id = town.asks("ana", view()).await;
    town.apply_policy(&POLICY.replace("longest = \"4h\"", "longest = \"2h\"")).await;
    assert!(matches!(town.vote("ben", id, Verdict::Approve).await, Ok(VoteOutcome::Approved(_))));
}

#[tokio::test]
async fn a_quorum_of_two_counts_only_who_is_still_an_approver() {
    let town = Town::new().await;
    let form = edit();
    let id = town.asks("ana", &form).await;
    assert!(matches!(town.vote("chi", id, Verdict::Approve).await, Ok(VoteOutcome::Waiting { approvals: 1 })));
    town.sign_in("chi", &[]).await;
    assert!(matches!(town.vote("ben", id, Verdict::Approve).await, Ok(VoteOutcome::Waiting { approvals: 1 })));
    assert!(matches!(town.vote("dot", id, Verdict::Approve).await, Ok(VoteOutcome::Approved(_))));
}

#[tokio::test]
async fn a_stranger_neither_decides_nor_cancels() {
    let town = Town::new().await;
    let id = town.asks("ana", view()).await;
    let refused = town.vote("gus", id, Verdict::Approve).await.unwrap_err();
    assert!(matches!(refused, NotDecided::Refused(Refused::NotEligible)), "{refused:?}");
    let cancelled = requests::cancel(&town.web, town.visitor("gus"), id).await.unwrap_err();
    assert!(matches!(cancelled, NotDecided::NotFound), "{cancelled:?}");
    requests::cancel(&town.web, town.visitor("ana"), id).await.unwrap();
    assert_eq!(town.count("select count(*) from request where state = 'cancelled'").await, 1);
}

#[tokio::test]
async fn a_request_that_nobody_decides_lapses_once() {
    let town = Town::new().await;
    town.asks("ana", view()).await;
    assert_eq!(clock::lapse_due(&town.worker).await.unwrap(), 0);
    town.advance(24 * 60).await;
    let (one, two) = tokio::join!(clock::lapse_due(&town.worker), clock::lapse_due(&town.worker));
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    assert_eq!(town.told("request.lapsed").await, 1);
}

#[tokio::test]
async fn what_was_not_set_up_in_time_is_revoked_as_undeliverable() {
    let town = Town::new().await;
    let grant = town.grant().await;
    assert_eq!(clock::start_due(&town.worker).await.unwrap(), 1);
    assert_eq!(clock::expire_due(&town.worker).await.unwrap(), 0);
    town.advance(31).await;
    assert_eq!(clock::expire_due(&town.worker).await.unwrap(), 1);
    let query = format!("select count(*) from access_grant where id = '{grant}' and cause = 'undeliverable'");
    assert_eq!(town.count(&query).await, 1);
    assert_eq!(town.count("select count(*) from target where revoking").await, 2);
}

#[tokio::test]
async fn each_cause_of_an_end_can_be_stored() {
    let town = Town::new().await;
    let grant = town.grant().await;
    for cause in Cause::ALL {
        assert_eq!(Cause::parse(cause.as_str()), Some(cause));
        sqlx::query("update access_grant set cause = $2 where id = $1")
            .bind(grant.0)
            .bind(cause.as_str())
            .execute(town.owner.pool())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_vote_whose_reason_is_none_counts_for_nothing_by_whatever_door_it_comes() {
    let town = Town::new().await;
    let id = requests::submit(&town.web, town.visitor("ana"), &view().wanted()).await.unwrap();
    let seen = town.seen(id).await;
    let long = "x".repeat(1_001);
    for (text, unfit) in [
        ("over\0now", UnfitReason::NotPlain),
        ("over\u{202e}now", UnfitReason::NotPlain),
        (long.as_str(), UnfitReason::TooLong { length: 1_001, longest: 1_000 }),
    ] {
        let form =
            requests::VoteForm { verdict: Verdict::Approve, reason: Some(text.to_owned()), seen, uses_role: None };
        let refused = requests::vote(&town.web, town.visitor("ben"), id, form).await.unwrap_err();
        assert!(matches!(refused, NotDecided::Reason(why) if why == unfit), "{refused:?}");
    }
    assert_eq!(town.votes().await, 0);
}

#[tokio::test]
async fn only_holder_deciders_and_operators_end_an_access() {
    let town = Town::new().await;
    let grant = town.grant().await;
    let strange = grants::give_back(&town.web, town.visitor("gus"), grant).await.unwrap_err();
    assert!(matches!(strange, grants::NotEnded::NotFound), "{strange:?}");
    let strange = grants::revoke(&town.web, town.visitor("chi"), grant, "why").await.unwrap_err();
    assert!(matches!(strange, grants::NotEnded::NotFound), "{strange:?}");
    let holder = grants::revoke(&town.web, town.visitor("ana"), grant, "why").await.unwrap_err();
    assert!(matches!(holder, grants::NotEnded::Refused(NotRevoked::NotAllowed)), "{holder:?}");
    for (text, unfit) in
        [(" ", UnfitReason::Missing), ("over\0now", UnfitReason::NotPlain), ("over\u{202e}now", UnfitReason::NotPlain)]
    {
        let refused = grants::revoke(&town.web, town.visitor("dee"), grant, text).await.unwrap_err();
        assert!(matches!(refused, grants::NotEnded::Reason(why) if why == unfit), "{refused:?}");
    }
    grants::revoke(&town.web, town.visitor("dee"), grant, "leaked key").await.unwrap();
    let again = grants::give_back(&town.web, town.visitor("ana"), grant).await.unwrap_err();
    assert!(matches!(again, grants::NotEnded::Already(GrantState::Revoking)), "{again:?}");
}

#[tokio::test]
async fn the_webs_role_can_write_nothing_that_the_design_denies_it() {
    let town = Town::new().await;
    town.grant().await;
    let denied = [
        "insert into policy_version (hash, body, applied_at, applied_by, current) values (sha256('x'), 'x', now(), 'x', false)",
        "update policy_version set current = false",
        "insert into observation (target_kind, target_key, observed_at, body, hash) values ('cluster', gen_random_uuid(), now(), '{}', '')",
        "update observation set body = '{}'",
        "insert into intent (id, target_kind, target_key, epoch, step, object, started_at) values (gen_random_uuid(), 'cluster', gen_random_uuid(), 1, 's', 'o', now())",
        "update grant_leg set proven = 'present'",
        "update grant_leg set evidence = '{}'",
        "update grant_leg set condition = 'ok'",
        "update grant_leg set code = 'paused'",
        "update grant_leg set blocker = '{}'",
        "update target set failure_blocker = '{}', failure_code = 'said'",
        "update target set fenced_blocker = '{}', fenced_code = 'said'",
        "insert into grant_leg (grant_id, target_kind, target_key, proven) select id, 'cluster', gen_random_uuid(), 'present' from access_grant",
        "update access_grant set state = 'active', since = now(), until = now()",
        "update access_grant set state = 'active'",
        "update access_grant set state = 'ended'",
        "update access_grant set until = now()",
        "update access_grant set hard_until = hard_until + interval '1 day'",
        "update access_grant set minutes = 1000",
        "insert into mapping (principal_id, cluster_id, visit, username, own, state, intended_at) select principal_id, cluster_id, 1, 'x', true, 'written', now() from access_grant",
        "insert into audit_link (seq, event_id, previous, hash) select 1, id, sha256(''), sha256('') from event limit 1",
        "update event set actor = 'nobody'",
        "delete from event",
        "truncate event",
        "delete from request",
        "update request set minutes = 1000",
        "update request set policy_name = 'x'",
        "update target set epoch = 7",
        "update target set lease_until = now()",
        "update target set fenced_since = null, fenced_why = null",
        "insert into target (kind, key, epoch) values ('cluster', gen_random_uuid(), 7)",
        "update person set handle = 'root'",
        "update person set id = gen_random_uuid()",
        "update identity set person_id = person_id",
        "update session set person_id = (select id from person where handle = 'dee')",
        "update session set auth_time = now()",
        "update session set created_at = now()",
        "update session set token_hash = sha256('x')",
        "update proof_nonce set expires_at = now() + interval '1 day'",
        "update proof_nonce set person_id = person_id",
        "update login_attempt set created_at = now()",
        "update login_attempt set state_hash = sha256('x')",
        "update principal set person_id = (select id from person where handle = 'fay')",
        "update principal set arn = 'x'",
        "update principal set unique_id = 'x'",
        "update vote set person_id = (select id from person where handle = 'dot')",
        "update vote set request_id = request_id",
        "delete from vote",
        "delete from session",
        "delete from person",
        "delete from principal",
        "delete from proof_nonce",
        "delete from event_unsealed",
        "update event_unsealed set event_id = event_id",
        "update audit_link set hash = sha256('x')",
        "delete from audit_link",
        "truncate limit_window",
        "create table mine ()",
        "update cluster set arn = 'x'",
        "update business_clock set ahead = interval '1 day'",
        "update installation set id = gen_random_uuid()",
        "insert into worker_heartbeat (holder, started_at, seen_at) values ('x', now(), now())",
    ];
    for statement in denied {
        let error = sqlx::query(statement).execute(town.web.pool()).await.expect_err(statement);
        let code = error.as_database_error().and_then(|error| error.code().map(|code| code.to_string()));
        assert_eq!(code.as_deref(), Some("42501"), "{statement}: {error}");
    }
}

#[tokio::test]
async fn the_workers_role_decides_nothing_and_lets_no_fence_down() {
    let town = Town::new().await;
    town.grant().await;
    let raised = "update target set fenced_since = now(), fenced_why = 'a later state was seen', epoch = 7";
    sqlx::query(raised).execute(town.worker.pool()).await.unwrap();
    let denied = [
        "update target set fenced_since = null, fenced_why = null",
        "update target set epoch = 6",
        "update target set key = gen_random_uuid()",
        "delete from target",
        "truncate target",
        "alter table target disable trigger all",
        "drop trigger target_guard on target",
        "set session_replication_role = replica",
        "insert into access_grant select * from access_grant",
        "update access_grant set hard_until = hard_until + interval '1 day'",
        "update access_grant set minutes = 1000",
        "update access_grant set decided_by = '{}'",
        "update access_grant set person_id = person_id",
        "insert into request select * from request",
        "update request set minutes = 1000",
        "insert into vote select * from vote",
        "update vote set verdict = 'approve'",
        "insert into person select * from person",
        "update person set groups = '{platform}'",
        "insert into session select * from session",
        "update session set seen_at = now()",
        "insert into principal select * from principal",
        "update principal set arn = 'x'",
        "update cluster set arn = 'x'",
        "insert into policy_version select * from policy_version",
        "update policy_version set current = false",
        "update event set actor = 'nobody'",
        "delete from event",
        "update audit_link set hash = sha256('x')",
        "delete from audit_link",
        "update business_clock set ahead = interval '1 day'",
        "update installation set id = gen_random_uuid()",
        "delete from limit_window",
        "create table mine ()",
    ];
    for statement in denied {
        let error = sqlx::query(statement).execute(town.worker.pool()).await.expect_err(statement);
        let code = error.as_database_error().and_then(|error| error.code().map(|code| code.to_string()));
        assert_eq!(code.as_deref(), Some("42501"), "{statement}: {error}");
    }
    let fenced = "select count(*) from target where fenced_since is not null and epoch = 7";
    assert_eq!(town.count(fenced).await, town.count("select count(*) from target").await);
    let down = "update target set fenced_since = null, fenced_why = null";
    sqlx::query(down).execute(town.owner.pool()).await.unwrap();
}

#[tokio::test]
async fn nobody_changes_the_audit_log_not_even_the_owner_by_mistake() {
    let town = Town::new().await;
    town.grant().await;
    for statement in ["update event set actor = 'nobody'", "delete from event", "truncate event cascade"] {
        sqlx::query(statement).execute(town.owner.pool()).await.expect_err(statement);
    }
}

#[tokio::test]
async fn a_group_of_thousands_leaves_room_for_those_of_other_groups() {
    let town = Town::new().await;
    let crowd = "insert into person (id, handle, name, groups, groups_as_of, created_at)
        select gen_random_uuid(), 'a' || n, 'Somebody', '{crowd}', latchkey_now(), latchkey_now()
        from generate_series(1, 2100) n";
    sqlx::query(crowd).execute(town.owner.pool()).await.unwrap();
    let groups = ["crowd".to_owned(), "payments-leads".to_owned()];
    let known = latchkey::store::people::in_audiences(&town.web, &groups, &["gus".to_owned()]).await.unwrap();
    for handle in ["ben", "chi", "gus"] {
        assert_eq!(known.iter().filter(|person| person.handle.as_str() == handle).count(), 1, "{handle}");
    }
    assert!(known.len() < 600, "{}", known.len());
}
