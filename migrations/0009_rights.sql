-- What each process may do. The web faces people: it decides and wakes, and never writes policy, observation,
-- intent or evidence. Column rights cannot see values; the trigger on access_grant does.
grant usage on schema public to latchkey_web, latchkey_worker;
grant select on all tables in schema public to latchkey_web, latchkey_worker;

-- Who somebody is never changes: not their handle, not whose a session, a nonce or a principal is.
grant insert on person, identity, session, login_attempt, principal, proof_nonce to latchkey_web;
grant update (name, email, groups, groups_as_of, theme, time_zone) on person to latchkey_web;
grant update (seen_at, ended_at) on session to latchkey_web;
grant update (used_at) on login_attempt, proof_nonce to latchkey_web;
grant update (aws_profile, proven_at, ended_at) on principal to latchkey_web;
-- What is over and of use to nobody goes, so that whoever is not signed in cannot fill the disk.
grant delete on login_attempt to latchkey_web;
grant insert, update, delete on limit_window to latchkey_web;
grant insert on request, vote, event, outbox to latchkey_web;
grant update (state, closed_at) on request to latchkey_web;
grant update (verdict, reason, seen, at) on vote to latchkey_web;
grant insert on access_grant to latchkey_web;
grant update (state, version, revoking_since, cause, ended_by, end_reason) on access_grant to latchkey_web;
grant insert (grant_id, target_kind, target_key) on grant_leg to latchkey_web;
grant update (attempts, next_try) on grant_leg to latchkey_web;
grant insert (kind, key, generation, due_at, revoking) on target to latchkey_web;
grant update (generation, due_at, revoking, tried_at, paused_since, paused_by, paused_why) on target to latchkey_web;

grant update (state, closed_at) on request to latchkey_worker;
grant update (state, version, since, until, revoking_since, ended_at, cause, ended_by, end_reason, residual)
  on access_grant to latchkey_worker;
grant update (ended_at) on principal to latchkey_worker;
grant update (created_at, missing_since, gone_at, gone_why) on cluster to latchkey_worker;
grant insert on target to latchkey_worker;
grant update (generation, due_at, revoking, lease_until, lease_holder, epoch, marked, ran_at, tried_at, failure, failed_since,
    fenced_since, fenced_why)
  on target to latchkey_worker;
grant insert, update on grant_leg, mapping, intent, observation, outbox, worker_heartbeat to latchkey_worker;
grant delete on worker_heartbeat to latchkey_worker;
grant insert on event, audit_link to latchkey_worker;
grant delete on event_unsealed to latchkey_worker;
grant update on audit_walk to latchkey_worker;
