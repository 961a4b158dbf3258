-- What each process may do. The web faces people: it decides and wakes, and never writes policy, observation,
-- intent or evidence. Column rights cannot see values; the trigger on access_grant does.
grant usage on schema public to latchkey_web, latchkey_worker;
grant select on all tables in schema public to latchkey_web, latchkey_worker;

grant insert, update on person, session, login_attempt, principal, proof_nonce to latchkey_web;
grant insert on identity to latchkey_web;
grant insert on request, vote, event, outbox to latchkey_web;
grant update (state, closed_at) on request to latchkey_web;
grant update (verdict, reason, seen, at) on vote to latchkey_web;
grant insert on access_grant to latchkey_web;
grant update (state, version, revoking_since, cause, ended_by, end_reason) on access_grant to latchkey_web;
grant insert (grant_id, target_kind, target_key) on grant_leg to latchkey_web;
grant update (attempts, next_try) on grant_leg to latchkey_web;
grant insert (kind, key, generation, due_at, revoking) on target to latchkey_web;
grant update (generation, due_at, revoking) on target to latchkey_web;

grant update (state, closed_at) on request to latchkey_worker;
grant update on access_grant, principal, cluster to latchkey_worker;
grant insert, update on grant_leg, mapping, target, intent, observation, outbox, worker_heartbeat to latchkey_worker;
grant delete on worker_heartbeat to latchkey_worker;
grant insert on event, audit_link to latchkey_worker;
grant delete on event_unsealed to latchkey_worker;
