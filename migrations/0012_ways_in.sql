-- The one way into the audit log, and legs that come from their grant. Roles are told apart by exclusion: the schema's
-- owner passes, the worker's role is the worker, everybody else, also a role that got the same rights, is the web.
create function latchkey_side(who name) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case
    when pg_has_role(who, (select relowner from pg_class where oid = 'public.event'::regclass), 'usage') then 'owner'
    when pg_has_role(who, 'latchkey_worker', 'usage') then 'worker'
    else 'web'
  end
$$;
comment on function latchkey_side is 'Whose rules hold for a role: the owner''s, the worker''s, or else the web''s.';

-- Business time of a transaction that is under way: what it read after its last lock may be minutes old by now. Where
-- tests and the demo moved business time meanwhile, anything since the real clock is.
create function latchkey_is_now(at timestamptz) returns boolean
language sql volatile set search_path = pg_catalog, public, pg_temp as $$
  select at between clock_timestamp() - interval '5 minutes' and latchkey_now() + interval '1 minute'
$$;
comment on function latchkey_is_now is 'Whether this is business time of now, give or take the length of a transaction.';

-- The same of the database's real clock.
create function latchkey_is_real_now(at timestamptz) returns boolean
language sql volatile set search_path = pg_catalog, pg_temp as $$
  select at between clock_timestamp() - interval '5 minutes' and clock_timestamp() + interval '1 minute'
$$;
comment on function latchkey_is_real_now is 'Whether this is the database''s clock of now, give or take the length of a transaction.';

-- The columns are what the bytes say, so that they can never differ; who says so is who may. The bytes are stored as
-- they came: the canonical form is the caller's to make, and whatever it is, it can be read.
create function record_event(bytes bytea) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  side constant text := latchkey_side(session_user);
  id_form constant text := '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
  text_of text;
  said json;
  field text;
  happened text;
  acted text;
  by_id text;
  by_handle text;
  by_process text;
  by_whom text;
begin
  if octet_length(bytes) > 65536 then
    raise exception 'an event has 65536 bytes at most, not %', octet_length(bytes) using errcode = 'program_limit_exceeded';
  end if;
  text_of := convert_from(bytes, 'UTF8');
  said := text_of::json;
  -- A string may have \u0000 in it, which Postgres reads in none: what is read here goes without.
  if position('\u0000' in text_of) > 0 then
    said := regexp_replace(text_of, '(\\\\)|\\u0000', '\1', 'g')::json;
  end if;
  if json_typeof(said) <> 'object' then
    raise exception 'an event is an object' using errcode = 'invalid_parameter_value';
  end if;
  if (select count(*) <> count(distinct keys.key) from json_object_keys(said) as keys(key)) then
    raise exception 'an event has each field once' using errcode = 'invalid_parameter_value';
  end if;
  foreach field in array array['id', 'person', 'cluster', 'request', 'grant'] loop
    if said ->> field !~ id_form then
      raise exception '`%` of an event is no id', field using errcode = 'invalid_parameter_value';
    end if;
  end loop;
  happened := said ->> 'at';
  acted := said ->> 'action';
  if said ->> 'id' is null or happened is null or json_typeof(said -> 'action') is distinct from 'string'
    or happened !~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' then
    raise exception 'an event has an id, an action and a time' using errcode = 'invalid_parameter_value';
  end if;
  by_id := said #>> '{actor,person,id}';
  by_handle := said #>> '{actor,person,handle}';
  by_process := said #>> '{actor,process,name}';
  if by_process is not null then
    by_whom := format('{"process":{"name":%s}}', to_json(by_process));
  elsif by_id ~ id_form then
    by_whom := format('{"person":{"handle":%s,"id":%s}}', to_json(by_handle), to_json(by_id));
  end if;
  -- As the canonical form has it, to the letter: nothing stands beside it.
  if by_whom is null or (said -> 'actor')::text is distinct from by_whom then
    raise exception 'an event is by a person or by a process' using errcode = 'invalid_parameter_value';
  end if;
  if side <> 'owner' then
    if acted !~ '^[a-z]+(_[a-z]+)*\.[a-z0-9]+(_[a-z0-9]+)*$' or length(acted) > 100 then
      raise exception 'an action is a noun and what became of it' using errcode = 'invalid_parameter_value';
    end if;
    if not latchkey_is_now(happened::timestamptz) then
      raise exception 'an event happens now, not at %', happened using errcode = 'insufficient_privilege';
    end if;
    if by_process is null and (side <> 'web'
      or not exists (select from person where id = by_id::uuid and handle = by_handle)) then
      raise exception 'the % does not act as this person', side using errcode = 'insufficient_privilege';
    end if;
    -- Whoever can read the log may export it from a terminal, whichever role they sign in as.
    if by_process is not null and not (by_process = 'worker' and side = 'worker')
      and not (by_process = 'audit export' and acted = 'audit.exported') then
      raise exception 'the % does not act as the process %', side, by_process using errcode = 'insufficient_privilege';
    end if;
  end if;
  insert into event (id, at, action, actor_id, actor, person_id, cluster_id, request_id, grant_id, canonical)
  values ((said ->> 'id')::uuid, happened::timestamptz, acted, by_id::uuid, coalesce(by_process, by_handle),
    (said ->> 'person')::uuid, (said ->> 'cluster')::uuid, (said ->> 'request')::uuid, (said ->> 'grant')::uuid, bytes);
end
$$;
comment on function record_event is 'The only way into event: its columns are what the bytes say, its actor who may say so.';
revoke execute on function record_event(bytea) from public;
grant execute on function record_event(bytea) to latchkey_web, latchkey_worker;
revoke insert on event from latchkey_web, latchkey_worker;

-- Whoever may execute a trigger's function can hang it on a table of their own, and so do with the owner's rights what
-- it does.
revoke execute on function event_queue() from public;

-- Also for a role that was given the right at some time.
create function only_from_within() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if latchkey_side(current_user) <> 'owner' then
    raise exception 'rows of % come from a function or trigger alone', tg_table_name using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
create trigger event_from_within before insert on event for each row execute function only_from_within();

-- A grant has a leg on its cluster and one on its principal, from the beginning, and never another.
create function access_grant_legs() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into grant_leg (grant_id, target_kind, target_key)
  values (new.id, 'cluster', new.cluster_id), (new.id, 'principal', new.principal_id) on conflict do nothing;
  return null;
end
$$;
revoke execute on function access_grant_legs() from public;
create trigger access_grant_legs after insert on access_grant for each row execute function access_grant_legs();
revoke insert on grant_leg from latchkey_web, latchkey_worker;
create trigger grant_leg_from_within before insert on grant_leg for each row execute function only_from_within();
insert into grant_leg (grant_id, target_kind, target_key)
select g.id, leg.kind, leg.key from access_grant g
cross join lateral (values ('cluster', g.cluster_id), ('principal', g.principal_id)) leg (kind, key)
where g.state <> 'ended' on conflict do nothing;

-- Until when the leg rests, as the worker wrote it: what ends rests no longer, whatever next_try says.
alter table grant_leg add column rests_until timestamptz;

-- The web clears a back-off, and does no more.
create function grant_leg_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if latchkey_side(current_user) <> 'web' then
    return new;
  end if;
  if new.next_try is not null and new.next_try is distinct from old.next_try then
    raise exception 'the web lets a leg rest no longer, and never longer' using errcode = 'insufficient_privilege';
  end if;
  if new.attempts not in (0, old.attempts) then
    raise exception 'the web counts no attempt' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
create trigger grant_leg_guard before update on grant_leg for each row execute function grant_leg_guard();

-- Links that hold over events that cannot be read, as the last walk found them: rows from before there was one way in.
alter table audit_walk add column unreadable bigint[] not null default '{}';
