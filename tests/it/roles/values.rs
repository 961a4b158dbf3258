//! What the web's role may write, by value.

use super::{allowed, copied, denied};
use crate::town::{Town, view};

/// What a client with the web's password would do to delay what is due, to hide that it is late, or to forge decisions.
const DENIED: &[&str] = &[
    // Legs.
    "update grant_leg set next_try = '2999-01-01'",
    "update grant_leg set next_try = clock_timestamp()",
    "update grant_leg set attempts = 2147483647",
    // Targets.
    "update target set due_at = '2999-01-01'",
    "update target set due_at = null",
    "update target set due_at = '-infinity'",
    "update target set revoking = false",
    "update target set generation = generation - 1",
    "update target set generation = 9223372036854775807",
    "update target set tried_at = 'infinity'",
    "update target set tried_at = null",
    "update target set lease_holder = 'me'",
    "update target set lease_until = 'infinity'",
    "insert into target (kind, key, due_at) values ('cluster', gen_random_uuid(), clock_timestamp())",
    "insert into target (kind, key, due_at) select 'cluster', id, '2999-01-01' from cluster where name = 'staging-eu'",
    "insert into target (kind, key, generation, due_at)
     select 'cluster', id, 9223372036854775807, clock_timestamp() from cluster where name = 'staging-eu'",
    // Pauses.
    "update target set paused_since = clock_timestamp() - interval '1 day', paused_why = 'x',
       paused_by = (select id from person where handle = 'dee') where kind = 'cluster'",
    "update target set paused_since = 'infinity', paused_why = 'x',
       paused_by = (select id from person where handle = 'dee') where kind = 'cluster'",
    "update target set paused_since = clock_timestamp(), paused_why = 'nobody said so',
       paused_by = (select id from person where handle = 'dee') where kind = 'cluster'",
    // Grants: ended with another cause, by no person, at another time, twice.
    "update access_grant set state = 'revoking', version = version + 1, cause = 'expired', revoking_since = latchkey_now(),
       ended_by = (select id from person where handle = 'dee')",
    "update access_grant set state = 'revoking', version = version + 1, cause = 'revoked', revoking_since = latchkey_now()",
    "update access_grant set state = 'revoking', version = version + 1, cause = 'revoked', revoking_since = 'infinity',
       ended_by = (select id from person where handle = 'dee')",
    "update access_grant set state = 'revoking', version = version + 1, cause = 'revoked',
       revoking_since = latchkey_now() - interval '1 day', ended_by = (select id from person where handle = 'dee')",
    "update access_grant set state = 'revoking', version = 9223372036854775807, cause = 'revoked',
       revoking_since = latchkey_now(), ended_by = (select id from person where handle = 'dee')",
    "update access_grant set end_reason = 'another'",
    "update access_grant set version = version + 1",
    // Requests.
    "update request set state = 'lapsed', closed_at = latchkey_now() where state = 'pending'",
    "update request set state = 'denied', closed_at = 'infinity' where state = 'pending'",
    "update request set state = 'cancelled', closed_at = latchkey_now() - interval '1 day' where state = 'pending'",
    "update request set state = 'pending', closed_at = null where state = 'approved'",
    "update request set state = 'denied', closed_at = latchkey_now() where state = 'approved'",
    // Alarms: cleared by no person, at another time, without a reason.
    "update alarm set cleared_at = latchkey_now()",
    "update alarm set cleared_at = raised_at - interval '1 day', cleared_by = (select id from person where handle = 'dee')",
    "update alarm set cleared_at = 'infinity', cleared_by = (select id from person where handle = 'dee')",
    "update alarm set cleared_at = latchkey_now(), cleared_by = (select id from person where handle = 'dee')",
    // The walk over the audit chain: where it is, what it found, and at another time.
    "update audit_walk set broken_at = null, broken_seq = null, broken_why = null",
    "update audit_walk set seq = 1",
    "update audit_walk set asked_at = 'infinity'",
    "update audit_walk set asked_at = null",
    // Votes: on what is closed, on the voter's own request, at another time.
    "insert into vote (request_id, person_id, verdict, seen, at)
     select r.id, p.id, 'approve', r.seen, latchkey_now() from request r, person p
     where r.state = 'approved' and p.handle = 'dot'",
    "insert into vote (request_id, person_id, verdict, seen, at)
     select id, person_id, 'approve', seen, latchkey_now() from request where state = 'pending'",
    "insert into vote (request_id, person_id, verdict, seen, at)
     select r.id, p.id, 'approve', r.seen, 'infinity' from request r, person p
     where r.state = 'pending' and p.handle = 'dot'",
    "update vote set groups = groups where request_id in (select id from request where state = 'approved')",
    "update vote set verdict = 'deny', reason = 'x' where request_id in (select id from request where state = 'pending')",
    // Sessions.
    "update session set seen_at = 'infinity' where ended_at is null",
    "update session set seen_at = clock_timestamp() + interval '1 day' where ended_at is null",
    "update session set ended_at = 'infinity' where ended_at is null",
    "update session set ended_at = null where ended_at is not null",
    "update session set seen_at = clock_timestamp() where ended_at is not null",
    "insert into session (token_hash, id, person_id, created_at, seen_at, auth_time)
     select sha256('x'), gen_random_uuid(), id, 'infinity', clock_timestamp(), clock_timestamp() from person limit 1",
    "insert into session (token_hash, id, person_id, created_at, seen_at, auth_time)
     select sha256('x'), gen_random_uuid(), id, clock_timestamp(), '2999-01-01', clock_timestamp() from person limit 1",
    "insert into session (token_hash, id, person_id, created_at, seen_at, auth_time)
     select sha256('x'), gen_random_uuid(), id, clock_timestamp(), clock_timestamp(), 'infinity' from person limit 1",
    // Principals.
    "update principal set ended_at = 'infinity' where ended_at is null",
    "update principal set ended_at = clock_timestamp() - interval '1 day' where ended_at is null",
    "update principal set ended_at = null where ended_at is not null",
    "update principal set proven_at = 'infinity'",
    "insert into principal (id, person_id, arn, unique_id, kind, source, shared, proven_at)
     select gen_random_uuid(), person_id, arn, unique_id, kind, source, true, clock_timestamp() from principal
     where ended_at is null limit 1",
    "insert into principal (id, person_id, arn, unique_id, kind, source, proven_at, ended_at)
     select gen_random_uuid(), person_id, 'arn:x', 'x', kind, source, clock_timestamp(), clock_timestamp() from principal limit 1",
];

/// What the portal's own actions do.
const ALLOWED: &[&str] = &[
    "update grant_leg set next_try = null, attempts = 0",
    "update target set due_at = least(due_at, clock_timestamp()), generation = generation + 1, revoking = true",
    "update target set tried_at = clock_timestamp()",
    "update access_grant set state = 'revoking', version = version + 1, cause = 'relinquished',
       revoking_since = latchkey_now(), ended_by = person_id where state = 'scheduled'",
    "update request set state = 'cancelled', closed_at = latchkey_now() where state = 'pending'",
    "insert into vote (request_id, person_id, verdict, seen, at)
     select r.id, p.id, 'approve', r.seen, latchkey_now() from request r, person p
     where r.state = 'pending' and p.handle = 'dot'",
    "update vote set groups = groups where request_id in (select id from request where state = 'pending')",
    "update vote set verdict = 'deny', reason = 'x', at = latchkey_now()
     where request_id in (select id from request where state = 'pending')",
    "update session set ended_at = clock_timestamp() where ended_at is null",
    "update principal set proven_at = clock_timestamp()",
];

/// A copy of a row with some columns changed, inserted by the web's role.
fn again(table: &str, change: &str, from: &str) -> String {
    format!(
        "insert into {table} select made.* from {table} t
         cross join lateral jsonb_populate_record(t, to_jsonb(t) || {change}) made where {from}"
    )
}

/// A town with a row of each kind.
async fn town() -> Town {
    let town = Town::new().await;
    town.grant().await;
    town.asks("gus", view()).await;
    town.session("ana").await;
    let over = town.session("ben").await;
    latchkey::store::sessions::end(&town.web, &over).await.unwrap();
    sqlx::raw_sql(
        "update principal set ended_at = clock_timestamp() - interval '1 hour'
         where person_id = (select id from person where handle = 'ben');
         insert into vote (request_id, person_id, verdict, seen, at)
         select r.id, p.id, 'approve', r.seen, latchkey_now() - interval '1 hour' from request r, person p
         where r.state = 'pending' and p.handle = 'chi';
         update target set revoking = true, tried_at = clock_timestamp();
         update grant_leg set attempts = 3, next_try = clock_timestamp() + interval '1 hour';
         insert into alarm (id, code, subject, what, raised_at)
         values (gen_random_uuid(), 'not_allowed', 'x', 'x', latchkey_now() - interval '1 minute');
         delete from target where key = (select id from cluster where name = 'staging-eu')",
    )
    .execute(town.owner.pool())
    .await
    .unwrap();
    town
}

#[tokio::test]
async fn the_web_puts_nothing_off_and_writes_no_other_time_than_now() {
    let town = town().await;
    let other = copied(&town).await;
    for store in [&town.web, &other] {
        denied(store, DENIED).await;
        allowed(store, ALLOWED).await;
    }
}

#[tokio::test]
async fn the_web_schedules_within_the_bounds_of_a_request_and_asks_within_those_of_a_policy() {
    let town = town().await;
    // As if the request did not have its grant yet.
    sqlx::raw_sql(
        "create table kept as select * from access_grant; delete from grant_leg; delete from access_grant;
         grant select on kept to public; update kept set created_at = at, activate_by = at + interval '30 minutes',
           hard_until = at + interval '90 minutes' from (select latchkey_now() as at) now",
    )
    .execute(town.owner.pool())
    .await
    .unwrap();
    let grant = |change: &str| {
        format!(
            "insert into access_grant select made.* from kept t
             cross join lateral jsonb_populate_record(null::access_grant, to_jsonb(t) || jsonb_build_object({change})) made"
        )
    };
    let request = |change: &str| {
        again("request", &format!("jsonb_build_object('id', gen_random_uuid(), {change})"), "t.state = 'pending'")
    };
    let others = "(select id from principal where arn like '%/gus')";
    let wrong = [
        grant("'created_at', '2999-01-01'"),
        grant(r#"'beside', '[{"code": "said", "text": "more"}]'::jsonb"#),
        grant("'created_at', '-infinity'"),
        grant("'activate_by', 'infinity'"),
        grant("'activate_by', latchkey_now() + interval '1 hour'"),
        grant("'activate_by', '-infinity'"),
        grant("'hard_until', latchkey_now() + interval '1 day'"),
        grant("'hard_until', 'infinity'"),
        grant("'hard_until', '-infinity'"),
        grant("'minutes', 2147483647"),
        grant("'version', 7"),
        grant("'residual', '[1]'::jsonb"),
        grant("'until', latchkey_now()"),
        grant("'cause', 'expired'"),
        grant(&format!("'principal_id', {others}")),
        grant("'cluster_id', (select id from cluster where name = 'staging-eu')"),
        request("'state', 'approved', 'closed_at', latchkey_now()"),
        request("'submitted_at', '2999-01-01', 'lapses_at', '2999-01-02'"),
        request("'submitted_at', '-infinity'"),
        request("'lapses_at', 'infinity'"),
        request("'lapses_at', latchkey_now() + interval '31 days'"),
        request("'lapses_at', latchkey_now() - interval '1 day'"),
    ];
    let wrong: Vec<&str> = wrong.iter().map(String::as_str).collect();
    let right = [grant("'minutes', 60"), request("'submitted_at', latchkey_now()")];
    let other = copied(&town).await;
    for store in [&town.web, &other] {
        denied(store, &wrong).await;
        allowed(store, &right.each_ref().map(String::as_str)).await;
    }
}

#[tokio::test]
async fn the_worker_closes_what_time_closes_and_brings_nothing_back() {
    let town = town().await;
    denied(
        &town.worker,
        &[
            "update request set state = 'approved', closed_at = latchkey_now() where state = 'pending'",
            "update request set state = 'denied', closed_at = latchkey_now() where state = 'pending'",
            "update request set state = 'lapsed', closed_at = 'infinity' where state = 'pending'",
            "update request set state = 'pending', closed_at = null where state = 'approved'",
            "update principal set ended_at = null where ended_at is not null",
            "update principal set ended_at = 'infinity' where ended_at is null",
        ],
    )
    .await;
    allowed(
        &town.worker,
        &[
            "update request set state = 'lapsed', closed_at = latchkey_now() where state = 'pending'",
            "update grant_leg set next_try = '2999-01-01', attempts = 7",
            "update target set due_at = null, revoking = false, lease_until = null",
        ],
    )
    .await;
}

#[tokio::test]
async fn no_table_of_somebodys_own_passes_for_one_that_a_guard_asks() {
    let town = town().await;
    let cover = "create temp table pg_class as select 0::oid as oid, (select oid from pg_roles where rolname = current_user) as relowner;
                 insert into pg_temp.pg_class select 'public.target'::regclass, (select oid from pg_roles where rolname = current_user);
                 insert into pg_temp.pg_class select 'public.event'::regclass, (select oid from pg_roles where rolname = current_user);
                 create temp table business_clock as select interval '1000 years' as ahead;
                 set local search_path = pg_temp, pg_catalog, public;";
    let lowered = format!("{cover} update public.target set epoch = epoch - 1, fenced_since = null, fenced_why = null");
    let later = format!(
        "{cover} update public.request set state = 'cancelled', closed_at = '2999-01-01' where state = 'pending'"
    );
    sqlx::raw_sql("update target set epoch = 7, fenced_since = now(), fenced_why = 'x'")
        .execute(town.owner.pool())
        .await
        .unwrap();
    denied(&town.worker, &[&lowered]).await;
    denied(&town.web, &[&later]).await;
}
