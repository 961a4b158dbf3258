-- Who is worked on first is nobody's to choose: a target of which something ends goes first, and among those the one
-- that was due first. The portal wakes a target now, never in the past, and says that something ends where it does.
create function latchkey_has_revoking(of_kind text, of_key uuid) returns boolean
language sql stable set search_path from current as $$
  select exists (select from access_grant where state = 'revoking'
    and case of_kind when 'cluster' then cluster_id = of_key else principal_id = of_key end)
$$;
comment on function latchkey_has_revoking is 'Whether an access of this target ends.';

create or replace function target_guard() returns trigger language plpgsql
set search_path from current as $$
declare
  side constant text := latchkey_side(current_user);
begin
  if side = 'owner' then
    return new;
  end if;
  if tg_op = 'INSERT' then
    if side = 'web' and (new.generation not in (0, 1) or not latchkey_is_real_now(new.due_at)
      or not case new.kind when 'cluster' then exists (select from cluster where id = new.key)
                           else exists (select from principal where id = new.key) end) then
      raise exception 'the web makes a target of what there is, due now' using errcode = 'insufficient_privilege';
    end if;
    if side = 'web' then
      new.due_at := greatest(new.due_at, clock_timestamp());
      new.revoking := new.revoking and latchkey_has_revoking(new.kind, new.key);
    end if;
    return new;
  end if;
  if old.fenced_since is not null and new.fenced_since is null then
    raise exception 'only the schema''s owner lets a fence down: latchkey accept-restore'
      using errcode = 'insufficient_privilege';
  end if;
  if new.epoch < old.epoch then
    raise exception 'the epoch of a target never goes back' using errcode = 'insufficient_privilege';
  end if;
  if new.marked < old.marked then
    raise exception 'what a marker may have never goes back' using errcode = 'insufficient_privilege';
  end if;
  if side <> 'web' then
    return new;
  end if;
  if new.generation not in (old.generation, old.generation + 1) then
    raise exception 'a target is woken one generation at a time' using errcode = 'insufficient_privilege';
  end if;
  if new.due_at is distinct from old.due_at
    and (new.due_at is null or not latchkey_is_real_now(new.due_at) or new.due_at > old.due_at) then
    raise exception 'the web puts no target off' using errcode = 'insufficient_privilege';
  end if;
  -- Nor one before others that were due earlier, or before those of which something ends.
  if new.due_at is distinct from old.due_at then
    new.due_at := greatest(new.due_at, least(coalesce(old.due_at, clock_timestamp()), clock_timestamp()));
  end if;
  new.revoking := new.revoking and (old.revoking or latchkey_has_revoking(new.kind, new.key));
  if old.revoking and not new.revoking then
    raise exception 'what ends goes first until the worker has seen to it' using errcode = 'insufficient_privilege';
  end if;
  if new.tried_at is distinct from old.tried_at and (new.tried_at is null or not latchkey_is_real_now(new.tried_at)) then
    raise exception 'a target is tried now' using errcode = 'insufficient_privilege';
  end if;
  if new.paused_since is not null then
    if old.paused_since is not null and (new.paused_since, new.paused_by, new.paused_why)
      is distinct from (old.paused_since, old.paused_by, old.paused_why) then
      raise exception 'a pause stands until it is lifted' using errcode = 'insufficient_privilege';
    end if;
    if old.paused_since is null and not latchkey_is_real_now(new.paused_since) then
      raise exception 'granting is paused now' using errcode = 'insufficient_privilege';
    end if;
  end if;
  return new;
end
$$;

-- What becomes a column of an event is text without NUL: the column could not hold it, and would differ from the bytes.
create or replace function record_event(bytes bytea) returns void
language plpgsql security definer set search_path from current as $$
declare
  side constant text := latchkey_side(session_user);
  id_form constant text := '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
  text_of text;
  said json;
  marked json;
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
  text_of := pg_catalog.convert_from(bytes, 'UTF8'::name);
  said := text_of::json;
  -- A string may have \u0000 in it, which Postgres reads in none: what is read here goes without.
  if position('\u0000' in text_of) > 0 then
    said := regexp_replace(text_of, '(\\\\)|\\u0000', '\1', 'g')::json;
  end if;
  -- What becomes a column has none: whoever verifies the chain reads it from the bytes as they are. No JSON has a raw
  -- control character, so one stands for escaped backslashes meanwhile.
  if position('\u0000' in text_of) > 0 then
    marked := replace(replace(replace(text_of, '\\', chr(1)), '\u0000', '\ufffd'), chr(1), '\\')::json;
    foreach field in array array['id', 'at', 'action', 'actor', 'person', 'cluster', 'request', 'grant'] loop
      if (marked -> field)::text is distinct from (said -> field)::text then
        raise exception '`%` of an event has no NUL', field using errcode = 'invalid_parameter_value';
      end if;
    end loop;
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

-- Whoever may make functions in the schema could have ours call theirs, with the owner's rights.
do $$
begin
  execute format('revoke create on schema %I from public', current_schema());
exception when insufficient_privilege then
  raise warning 'the owner of the schema has to revoke CREATE on it from PUBLIC';
end
$$;

-- Business time never runs behind: accesses would outlive their end.
alter table business_clock add constraint business_clock_never_behind check (ahead >= interval '0');
