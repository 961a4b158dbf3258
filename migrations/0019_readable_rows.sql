-- What no version could read, and what no version would write, the database refuses: the shape of JSON, minutes, times.
-- What is inside the JSON is free, so that a later version may say more. Rows that stand are not checked, and a grant
-- that ends is not either: what is wrong in its row must never keep it from ending.

-- A time that every version can read; none where it is infinite, or further off than a calendar goes.
create function latchkey_readable(at timestamptz) returns timestamptz
language sql immutable
as $$ select case when at between '0001-01-01 00:00:00+00' and '9999-12-30 00:00:00+00' then at end $$;
comment on function latchkey_readable is 'A time as programs can read it: none where it is infinite or beyond the year 9999.';

-- The latest end that a row alone tells, whatever its other columns say: 30 min for the setup, then the minutes.
create function latchkey_latest_end(created_at timestamptz, minutes integer) returns timestamptz
language sql immutable
as $$ select coalesce(latchkey_readable(created_at), '-infinity')
         + make_interval(mins => 30 + least(greatest(minutes, 5), 43200)) $$;
comment on function latchkey_latest_end is 'When an access is over at the latest, by when it was decided and for how long.';

alter table access_grant
  add constraint access_grant_minutes check (state in ('revoking', 'ended') or minutes between 5 and 43200) not valid,
  add constraint access_grant_profile_shape check (state in ('revoking', 'ended')
    or coalesce(jsonb_typeof(resolved_profile -> 'roles') = 'array', false)) not valid,
  add constraint access_grant_namespaces_shape check (state in ('revoking', 'ended')
    or (jsonb_typeof(namespaces) = 'array'
      and jsonb_array_length(jsonb_path_query_array(namespaces,
        '$[*] ? (@.name.type() == "string" && @.uid.type() == "string")')) = jsonb_array_length(namespaces))) not valid,
  add constraint access_grant_residual_shape check (state in ('revoking', 'ended')
    or jsonb_typeof(residual) = 'array') not valid,
  add constraint access_grant_times check (state in ('revoking', 'ended')
    or (isfinite(created_at) and activate_by between created_at and created_at + interval '366 days'
      and hard_until between activate_by and activate_by + interval '366 days'
      and (since is null or isfinite(since)) and (until is null or isfinite(until)))) not valid;

alter table request
  add constraint request_profile_shape check (state <> 'pending'
    or coalesce(jsonb_typeof(resolved_profile -> 'roles') = 'array', false)) not valid,
  add constraint request_namespaces_shape check (state <> 'pending' or jsonb_typeof(namespaces) = 'array') not valid,
  add constraint request_times check (state <> 'pending' or (isfinite(submitted_at) and isfinite(lapses_at))) not valid;

-- A difference of an infinite time is an error in the middle of a query that reads many rows. These times only say when
-- to look again, and a run writes them of many rows in one statement, which one row of before must not refuse.
update grant_leg set next_try = null where not isfinite(next_try);
update grant_leg set proven_at = null where not isfinite(proven_at);
update mapping set wrote_at = null where not isfinite(wrote_at);
update target set due_at = clock_timestamp() where not isfinite(due_at);
update target set lease_until = null where not isfinite(lease_until);
update target set ran_at = null where not isfinite(ran_at);
update target set tried_at = null where not isfinite(tried_at);
update target set failed_since = clock_timestamp() where not isfinite(failed_since);
update target set fenced_since = clock_timestamp() where not isfinite(fenced_since);
update target set paused_since = clock_timestamp() where not isfinite(paused_since);
delete from worker_heartbeat where not isfinite(seen_at) or not isfinite(started_at);
alter table grant_leg add constraint grant_leg_times check (
  (next_try is null or isfinite(next_try)) and (proven_at is null or isfinite(proven_at))) not valid;
alter table mapping add constraint mapping_times check (wrote_at is null or isfinite(wrote_at)) not valid;
alter table target add constraint target_times check (
  (due_at is null or isfinite(due_at)) and (lease_until is null or isfinite(lease_until))
  and (ran_at is null or isfinite(ran_at)) and (tried_at is null or isfinite(tried_at))
  and (failed_since is null or isfinite(failed_since)) and (fenced_since is null or isfinite(fenced_since))
  and (paused_since is null or isfinite(paused_since))) not valid;

-- Rows that stand from before may lie about their end, and those of a later version may be in a state of its own: these
-- are found without looking at all others.
create index access_grant_endless on access_grant (created_at)
  where state not in ('revoking', 'ended') and latchkey_readable(least(coalesce(until, hard_until), hard_until)) is null;
create index access_grant_other_state on access_grant (hard_until)
  where state not in ('scheduled', 'provisioning', 'active', 'revoking', 'ended');

-- When this worker's clock last went through and it last claimed; none where an earlier version does not say.
alter table worker_heartbeat add column looked_at timestamptz,
  add constraint worker_heartbeat_times check (isfinite(seen_at) and isfinite(started_at)
    and (looked_at is null or isfinite(looked_at))) not valid;

-- Each claim raises the epoch and each wake-up the generation: past the end of numbers a statement about many targets
-- would fail for all of them.
alter table target add constraint target_counts
  check (epoch between 0 and 4611686018427387904 and generation between 0 and 4611686018427387904);
