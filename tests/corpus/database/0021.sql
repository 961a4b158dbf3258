--
-- PostgreSQL database dump
--



SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: access_grant_basis(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.access_grant_basis() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  if new.basis is null then
    select r.policy_name, case when r.quorum = 0 then 'automatic' else 'quorum' end, nullif(r.quorum, 0)
    into new.policy_name, new.basis, new.quorum
    from request r where r.id = new.request_id;
  end if;
  return new;
end
$$;


--
-- Name: access_grant_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.access_grant_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
  if tg_op = 'UPDATE' and old.state = 'ended' then
    raise exception 'grant % has ended and never changes', old.id using errcode = 'integrity_constraint_violation';
  end if;
  if latchkey_side(current_user) <> 'web' then
    return new;
  end if;
  if tg_op = 'INSERT' then
    if new.state <> 'scheduled' or new.version <> 0 or new.residual <> '[]'
      or num_nonnulls(new.since, new.until, new.revoking_since, new.ended_at, new.cause, new.ended_by, new.end_reason) > 0 then
      raise exception 'the web may only schedule a grant' using errcode = 'insufficient_privilege';
    end if;
    if not latchkey_is_now(new.created_at) or new.activate_by <= new.created_at
      or new.activate_by > new.created_at + interval '30 minutes' then
      raise exception 'a grant is scheduled now, and activated within 30 minutes' using errcode = 'insufficient_privilege';
    end if;
    if new.minutes not between 5 and 43200 or new.hard_until <= new.activate_by
      or new.hard_until > new.activate_by + make_interval(mins => new.minutes) then
      raise exception 'a grant is over within its minutes' using errcode = 'insufficient_privilege';
    end if;
    if not exists (select from request r join principal p on p.id = r.principal_id
        where r.id = new.request_id and r.person_id = new.person_id and r.principal_id = new.principal_id
          and p.person_id = new.person_id and r.cluster_id = new.cluster_id and r.minutes = new.minutes) then
      raise exception 'a grant is of what its request asks for' using errcode = 'insufficient_privilege';
    end if;
    return new;
  end if;
  if new.state <> 'revoking' or old.state not in ('scheduled', 'provisioning', 'active') then
    raise exception 'the web may only revoke a grant, and once' using errcode = 'insufficient_privilege';
  end if;
  if new.version <> old.version + 1 or not latchkey_is_now(new.revoking_since) then
    raise exception 'a grant is revoked now, at its next version' using errcode = 'insufficient_privilege';
  end if;
  if new.ended_by is null then
    raise exception 'whoever revokes a grant is a person' using errcode = 'insufficient_privilege';
  end if;
  if new.cause not in (
    'relinquished',
    'revoked',
    'principal_replaced',
    'released'
  ) then
    raise exception 'the web ends no grant as %', new.cause using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;


--
-- Name: access_grant_legs(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.access_grant_legs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
  insert into grant_leg (grant_id, target_kind, target_key)
  values (new.id, 'cluster', new.cluster_id), (new.id, 'principal', new.principal_id) on conflict do nothing;
  return null;
end
$$;


--
-- Name: alarm_clearing_has_its_event(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.alarm_clearing_has_its_event() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
  if latchkey_side(current_user) = 'web' and not exists (
    select from event e where e.actor_id = new.cleared_by and e.action = 'alarm.cleared'
      and e.at >= latchkey_now() - interval '5 minutes'
      and convert_from(e.canonical, 'UTF8')::json #>> '{detail,subject}' = new.subject) then
    raise exception 'an alarm is cleared by whoever says so' using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$$;


--
-- Name: alarm_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.alarm_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
  if latchkey_side(current_user) = 'owner' then
    return new;
  end if;
  if old.cleared_at is not null then
    raise exception 'alarm % was cleared, and stays as it is', old.id using errcode = 'insufficient_privilege';
  end if;
  if latchkey_side(current_user) = 'web' and (new.cleared_at is null or new.cleared_by is null
    or not (latchkey_is_now(new.cleared_at) or new.cleared_at = new.raised_at)) then
    raise exception 'an alarm is cleared now, by somebody' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;


--
-- Name: audit_is_insert_only(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.audit_is_insert_only() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  raise exception '% is insert only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;


--
-- Name: event_queue(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.event_queue() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into public.event_unsealed (event_id) values (new.id);
  return null;
end
$$;


--
-- Name: grant_leg_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.grant_leg_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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


--
-- Name: latchkey_groups(text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.latchkey_groups(groups text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$ select case when pg_column_size(groups) <= 262144 then array_remove(groups, null) else '{}' end $$;


--
-- Name: FUNCTION latchkey_groups(groups text[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.latchkey_groups(groups text[]) IS 'Groups without nulls; none where they are more than any provider sends.';


--
-- Name: latchkey_ids(uuid[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.latchkey_ids(ids uuid[]) RETURNS uuid[]
    LANGUAGE sql IMMUTABLE
    AS $$ select case when pg_column_size(ids) <= 65536 then array_remove(ids, null) else '{}' end $$;


--
-- Name: FUNCTION latchkey_ids(ids uuid[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.latchkey_ids(ids uuid[]) IS 'Ids without nulls; none where they are more than a row of ours has.';


--
-- Name: latchkey_is_now(timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.latchkey_is_now(at timestamp with time zone) RETURNS boolean
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
  select at between clock_timestamp() - interval '5 minutes' and latchkey_now() + interval '1 minute'
$$;


--
-- Name: FUNCTION latchkey_is_now(at timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.latchkey_is_now(at timestamp with time zone) IS 'Whether this is business time of now, give or take the length of a transaction.';


--
-- Name: latchkey_is_real_now(timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.latchkey_is_real_now(at timestamp with time zone) RETURNS boolean
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select at between clock_timestamp() - interval '5 minutes' and clock_timestamp() + interval '1 minute'
$$;


--
-- Name: FUNCTION latchkey_is_real_now(at timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.latchkey_is_real_now(at timestamp with time zone) IS 'Whether this is the database''s clock of now, give or take the length of a transaction.';


--
-- Name: latchkey_latest_end(timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.latchkey_latest_end(created_at timestamp with time zone, minutes integer) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE
    AS $$ select coalesce(latchkey_readable(created_at), '-infinity')
         + make_interval(mins => 30 + least(greatest(minutes, 5), 43200)) $$;


--
-- Name: FUNCTION latchkey_latest_end(created_at timestamp with time zone, minutes integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.latchkey_latest_end(created_at timestamp with time zone, minutes integer) IS 'When an access is over at the latest, by when it was decided and for how long.';


--
-- Name: latchkey_now(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.latchkey_now() RETURNS timestamp with time zone
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$ select clock_timestamp() + ahead from business_clock $$;


--
-- Name: FUNCTION latchkey_now(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.latchkey_now() IS 'The time that rules lapse, start, activate_by, until and hard_until. Read it after the last lock.';


--
-- Name: latchkey_readable(timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.latchkey_readable(at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE
    AS $$ select case when at between '0001-01-01 00:00:00+00' and '9999-12-30 00:00:00+00' then at end $$;


--
-- Name: FUNCTION latchkey_readable(at timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.latchkey_readable(at timestamp with time zone) IS 'A time as programs can read it: none where it is infinite or beyond the year 9999.';


--
-- Name: latchkey_side(name); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.latchkey_side(who name) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select case
    when pg_has_role(who, (select relowner from pg_class where oid = 'public.event'::regclass), 'usage') then 'owner'
    when pg_has_role(who, 'latchkey_worker', 'usage') then 'worker'
    else 'web'
  end
$$;


--
-- Name: FUNCTION latchkey_side(who name); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.latchkey_side(who name) IS 'Whose rules hold for a role: the owner''s, the worker''s, or else the web''s.';


--
-- Name: latchkey_text(jsonb); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.latchkey_text(value jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$ select case
    when pg_column_size(value) <= 65536 then value::text
    when pg_column_size(value) <= 1048576 and octet_length(value::text) <= 4194304 then value::text
  end $$;


--
-- Name: FUNCTION latchkey_text(value jsonb); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.latchkey_text(value jsonb) IS 'JSON as text; none where it is larger than 4 MiB.';


--
-- Name: only_from_within(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.only_from_within() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
  if latchkey_side(current_user) <> 'owner' then
    raise exception 'rows of % come from a function or trigger alone', tg_table_name using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;


--
-- Name: principal_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.principal_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
  if latchkey_side(current_user) = 'owner' then
    return new;
  end if;
  if tg_op = 'INSERT' then
    if not latchkey_is_real_now(new.proven_at) or new.ended_at is not null or new.shared or new.source <> 'proven' then
      raise exception 'a principal is proven now, and nobody else''s' using errcode = 'insufficient_privilege';
    end if;
    return new;
  end if;
  if old.ended_at is not null and new.ended_at is distinct from old.ended_at then
    raise exception 'a principal that ended is over' using errcode = 'insufficient_privilege';
  end if;
  if (new.proven_at is distinct from old.proven_at and not latchkey_is_real_now(new.proven_at))
    or (new.ended_at is distinct from old.ended_at and not latchkey_is_real_now(new.ended_at)) then
    raise exception 'a principal is proven, and ends, now' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;


--
-- Name: record_event(bytea); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.record_event(bytes bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
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
$_$;


--
-- Name: FUNCTION record_event(bytes bytea); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.record_event(bytes bytea) IS 'The only way into event: its columns are what the bytes say, its actor who may say so.';


--
-- Name: request_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.request_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
  side constant text := latchkey_side(current_user);
begin
  if side = 'owner' then
    return new;
  end if;
  if tg_op = 'INSERT' then
    if new.state <> 'pending' or not latchkey_is_now(new.submitted_at) or new.lapses_at <= new.submitted_at
      -- The longest that a policy may give: 30 days.
      or new.lapses_at > new.submitted_at + interval '720 hours' then
      raise exception 'a request is asked now, and lapses within 30 days' using errcode = 'insufficient_privilege';
    end if;
    return new;
  end if;
  if old.state <> 'pending' then
    raise exception 'request % is closed and never changes', old.id using errcode = 'insufficient_privilege';
  end if;
  if new.state <> 'pending' and (not latchkey_is_now(new.closed_at)
    or not case side when 'worker' then new.state in ('lapsed', 'cancelled')
                     else new.state in ('approved', 'denied', 'cancelled') end) then
    raise exception 'the % does not close a request as % at %', side, new.state, new.closed_at
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;


--
-- Name: session_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.session_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
  if latchkey_side(current_user) = 'owner' then
    return new;
  end if;
  if tg_op = 'INSERT' then
    if not latchkey_is_real_now(new.created_at) or not latchkey_is_real_now(new.seen_at) or new.ended_at is not null
      -- The identity provider's clock may be a little ahead; how long ago it was is the provider's to say.
      or not isfinite(new.auth_time) or new.auth_time > clock_timestamp() + interval '5 minutes' then
      raise exception 'a session begins now' using errcode = 'insufficient_privilege';
    end if;
    return new;
  end if;
  if old.ended_at is not null then
    raise exception 'a session that ended lives no more' using errcode = 'insufficient_privilege';
  end if;
  if (new.seen_at is distinct from old.seen_at and not latchkey_is_real_now(new.seen_at))
    or (new.ended_at is not null and not latchkey_is_real_now(new.ended_at)) then
    raise exception 'a session is used, and ends, now' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;


--
-- Name: target_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.target_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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


--
-- Name: target_pause_has_its_event(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.target_pause_has_its_event() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
  if latchkey_side(current_user) = 'web' and new.paused_since is not null and old.paused_since is null
    and not exists (select from event e where e.actor_id = new.paused_by and e.at >= clock_timestamp() - interval '5 minutes'
      and e.action = 'cluster.granting_paused' and e.cluster_id = new.key
      and convert_from(e.canonical, 'UTF8')::json #>> '{detail,reason}' = new.paused_why) then
    raise exception 'granting is paused by whoever says so, and why' using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$$;


--
-- Name: vote_guard(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.vote_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
  is_cast boolean := tg_op = 'INSERT';
begin
  if latchkey_side(current_user) = 'owner' then
    return new;
  end if;
  if not is_cast then
    is_cast := (new.verdict, new.reason, new.seen, new.at) is distinct from (old.verdict, old.reason, old.seen, old.at);
  end if;
  if (is_cast and not latchkey_is_now(new.at))
    or not exists (select from request where id = new.request_id and state = 'pending' and person_id <> new.person_id) then
    raise exception 'a vote is of now, on a pending request of somebody else''s' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: _sqlx_migrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);


--
-- Name: access_grant; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.access_grant (
    id uuid NOT NULL,
    request_id uuid NOT NULL,
    person_id uuid NOT NULL,
    principal_id uuid NOT NULL,
    cluster_id uuid NOT NULL,
    profile text NOT NULL,
    resolved_profile jsonb NOT NULL,
    namespaces jsonb NOT NULL,
    minutes integer NOT NULL,
    policy_hash bytea NOT NULL,
    decided_by uuid[] NOT NULL,
    state text NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    activate_by timestamp with time zone NOT NULL,
    hard_until timestamp with time zone NOT NULL,
    since timestamp with time zone,
    until timestamp with time zone,
    revoking_since timestamp with time zone,
    ended_at timestamp with time zone,
    cause text,
    ended_by uuid,
    end_reason text,
    residual jsonb DEFAULT '[]'::jsonb NOT NULL,
    policy_name text NOT NULL,
    basis text NOT NULL,
    quorum integer,
    CONSTRAINT access_grant_active CHECK (((state <> 'active'::text) OR ((since IS NOT NULL) AND (until IS NOT NULL)))),
    CONSTRAINT access_grant_basis CHECK ((basis = ANY (ARRAY['quorum'::text, 'automatic'::text]))),
    CONSTRAINT access_grant_cause CHECK ((cause = ANY (ARRAY['expired'::text, 'relinquished'::text, 'revoked'::text, 'departed'::text, 'ineligible'::text, 'review_missed'::text, 'undeliverable'::text, 'principal_replaced'::text, 'cluster_gone'::text, 'incident'::text, 'not_allowed'::text, 'policy_changed'::text, 'released'::text]))),
    CONSTRAINT access_grant_end_reason_length CHECK ((char_length(end_reason) <= 1000)),
    CONSTRAINT access_grant_ended CHECK (((state = 'ended'::text) = (ended_at IS NOT NULL))),
    CONSTRAINT access_grant_quorum CHECK ((((basis = 'automatic'::text) AND (quorum IS NULL)) OR ((basis = 'quorum'::text) AND (quorum IS NOT NULL) AND ((quorum >= 1) AND (quorum <= 20))))),
    CONSTRAINT access_grant_revoking CHECK (((state <> ALL (ARRAY['revoking'::text, 'ended'::text])) OR ((cause IS NOT NULL) AND (revoking_since IS NOT NULL)))),
    CONSTRAINT access_grant_state CHECK ((state = ANY (ARRAY['scheduled'::text, 'provisioning'::text, 'active'::text, 'revoking'::text, 'ended'::text]))),
    CONSTRAINT access_grant_until CHECK ((until <= hard_until))
);


--
-- Name: TABLE access_grant; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.access_grant IS 'One approved request''s access, from decision to proven end. Terminal rows never change.';


--
-- Name: COLUMN access_grant.policy_name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.access_grant.policy_name IS 'The policy of policy_hash that ruled at the completing vote.';


--
-- Name: COLUMN access_grant.basis; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.access_grant.basis IS 'Whether people decided (quorum), or the policy by itself (automatic).';


--
-- Name: COLUMN access_grant.quorum; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.access_grant.quorum IS 'How many approvals the ruling policy wanted; null where nobody had to decide.';


--
-- Name: alarm; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alarm (
    id uuid NOT NULL,
    code text NOT NULL,
    subject text NOT NULL,
    what text NOT NULL,
    person_id uuid,
    cluster_id uuid,
    request_id uuid,
    grant_id uuid,
    raised_at timestamp with time zone NOT NULL,
    cleared_at timestamp with time zone,
    cleared_by uuid,
    CONSTRAINT alarm_cleared CHECK (((cleared_by IS NULL) OR (cleared_at IS NOT NULL))),
    CONSTRAINT alarm_code_form CHECK ((code ~ '^[a-z_]{1,40}$'::text)),
    CONSTRAINT alarm_subject_length CHECK (((char_length(subject) >= 1) AND (char_length(subject) <= 200))),
    CONSTRAINT alarm_what_length CHECK (((char_length(what) >= 1) AND (char_length(what) <= 1000)))
);


--
-- Name: TABLE alarm; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.alarm IS 'What an operator has to know of: each stands over their pages until it is over, or one of them clears it.';


--
-- Name: audit_link; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit_link (
    seq bigint NOT NULL,
    event_id uuid NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_link_hash_length CHECK ((octet_length(hash) = 32)),
    CONSTRAINT audit_link_previous_length CHECK ((octet_length(previous) = 32)),
    CONSTRAINT audit_link_seq CHECK ((seq > 0))
);


--
-- Name: TABLE audit_link; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.audit_link IS 'The hash chain over events, written by one sealer without gaps. Insert only.';


--
-- Name: audit_walk; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit_walk (
    only_row boolean DEFAULT true NOT NULL,
    began_at timestamp with time zone,
    seq bigint DEFAULT 0 NOT NULL,
    hash bytea DEFAULT decode(repeat('00'::text, 32), 'hex'::text) NOT NULL,
    event_id uuid,
    verified_at timestamp with time zone,
    verified_seq bigint,
    verified_hash bytea,
    broken_at timestamp with time zone,
    broken_seq bigint,
    broken_after boolean DEFAULT false NOT NULL,
    broken_why text,
    unreadable bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    CONSTRAINT audit_walk_broken CHECK ((((broken_at IS NULL) = (broken_seq IS NULL)) AND ((broken_at IS NULL) = (broken_why IS NULL)))),
    CONSTRAINT audit_walk_hash_length CHECK ((octet_length(hash) = 32)),
    CONSTRAINT audit_walk_one_row CHECK (only_row),
    CONSTRAINT audit_walk_verified CHECK ((((verified_at IS NULL) = (verified_seq IS NULL)) AND ((verified_at IS NULL) = (verified_hash IS NULL)))),
    CONSTRAINT audit_walk_verified_hash_length CHECK ((octet_length(verified_hash) = 32))
);


--
-- Name: TABLE audit_walk; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.audit_walk IS 'How far the worker verified the audit chain, and where it found it broken. Real clock.';


--
-- Name: business_clock; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.business_clock (
    only_row boolean DEFAULT true NOT NULL,
    ahead interval DEFAULT '00:00:00'::interval NOT NULL,
    CONSTRAINT business_clock_one_row CHECK (only_row)
);


--
-- Name: TABLE business_clock; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.business_clock IS 'How far business time runs ahead of the database clock. Always zero in production.';


--
-- Name: cluster; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.cluster (
    id uuid NOT NULL,
    name text NOT NULL,
    arn text NOT NULL,
    created_at timestamp with time zone,
    dropped_at timestamp with time zone,
    missing_since timestamp with time zone,
    gone_at timestamp with time zone,
    gone_why text,
    CONSTRAINT cluster_gone CHECK (((gone_at IS NULL) = (gone_why IS NULL)))
);


--
-- Name: TABLE cluster; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.cluster IS 'A cluster is its ARN and the createdAt that AWS tells; the name is what people see.';


--
-- Name: event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.event (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    action text NOT NULL COLLATE pg_catalog."C",
    actor_id uuid,
    actor text NOT NULL,
    person_id uuid,
    cluster_id uuid,
    request_id uuid,
    grant_id uuid,
    canonical bytea NOT NULL,
    CONSTRAINT event_size CHECK ((octet_length(canonical) <= 65536))
);


--
-- Name: TABLE event; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.event IS 'What happened, in the transaction that made it happen. Insert only.';


--
-- Name: event_unsealed; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.event_unsealed (
    event_id uuid NOT NULL
);


--
-- Name: TABLE event_unsealed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.event_unsealed IS 'Events that wait for their link. Filled with each event, emptied by the sealer.';


--
-- Name: grant_leg; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.grant_leg (
    grant_id uuid NOT NULL,
    target_kind text NOT NULL,
    target_key uuid NOT NULL,
    proven text DEFAULT 'nothing'::text NOT NULL,
    proven_at timestamp with time zone,
    ahead interval DEFAULT '00:00:00'::interval NOT NULL,
    condition text DEFAULT 'ok'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_try timestamp with time zone,
    error text,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    wider text[] DEFAULT '{}'::text[] NOT NULL,
    stood text[] DEFAULT '{}'::text[] NOT NULL,
    changing bigint,
    rests_until timestamp with time zone,
    identity text DEFAULT 'nothing'::text NOT NULL,
    identity_at timestamp with time zone,
    CONSTRAINT grant_leg_condition CHECK ((condition = ANY (ARRAY['ok'::text, 'retrying'::text, 'paused'::text, 'blocked'::text]))),
    CONSTRAINT grant_leg_kind CHECK ((target_kind = ANY (ARRAY['principal'::text, 'cluster'::text]))),
    CONSTRAINT grant_leg_proven CHECK ((proven = ANY (ARRAY['nothing'::text, 'present'::text, 'gone'::text])))
);


--
-- Name: TABLE grant_leg; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.grant_leg IS 'A grant''s part on one target. Back-off lives here, never on the target.';


--
-- Name: COLUMN grant_leg.identity; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.grant_leg.identity IS 'Of a leg on a principal: what the last look, made for this access, told of who its user is now.';


--
-- Name: identity; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.identity (
    issuer text NOT NULL,
    subject text NOT NULL,
    person_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE identity; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.identity IS 'How an identity provider names a person: by issuer and subject, never by e-mail.';


--
-- Name: installation; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.installation (
    only_row boolean DEFAULT true NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT installation_one_row CHECK (only_row)
);


--
-- Name: TABLE installation; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.installation IS 'The identity of this installation, compared with the marker on each cluster.';


--
-- Name: intent; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.intent (
    id uuid NOT NULL,
    target_kind text NOT NULL,
    target_key uuid NOT NULL,
    epoch bigint NOT NULL,
    grant_id uuid,
    step text NOT NULL,
    object text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    object_uid text,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    ahead interval DEFAULT '00:00:00'::interval NOT NULL,
    outcome text
);


--
-- Name: TABLE intent; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.intent IS 'What the worker was about to write outside, committed before the write.';


--
-- Name: limit_window; Type: TABLE; Schema: public; Owner: -
--

CREATE UNLOGGED TABLE public.limit_window (
    what text NOT NULL,
    whose bytea NOT NULL,
    count integer NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    CONSTRAINT limit_window_what CHECK ((what = ANY (ARRAY['sign_in_address'::text, 'sign_in_person'::text, 'proof'::text, 'request'::text, 'form'::text]))),
    CONSTRAINT limit_window_whose_length CHECK ((octet_length(whose) = 32))
);


--
-- Name: TABLE limit_window; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.limit_window IS 'How often somebody did something since their window began. A row each; those that are over go.';


--
-- Name: login_attempt; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.login_attempt (
    token_hash bytea NOT NULL,
    state_hash bytea NOT NULL,
    return_to text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);


--
-- Name: TABLE login_attempt; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.login_attempt IS 'One sign-in under way, bound to its browser by a cookie; used once, within ten minutes. Gone after an hour.';


--
-- Name: mapping; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mapping (
    principal_id uuid NOT NULL,
    cluster_id uuid NOT NULL,
    visit integer NOT NULL,
    username text NOT NULL,
    own boolean NOT NULL,
    data_key text,
    inserted text,
    text_before text,
    state text NOT NULL,
    writes integer DEFAULT 0 NOT NULL,
    wrote_at timestamp with time zone,
    intended_at timestamp with time zone NOT NULL,
    written_at timestamp with time zone,
    removed_at timestamp with time zone,
    CONSTRAINT mapping_state CHECK ((state = ANY (ARRAY['intended'::text, 'written'::text, 'removed'::text])))
);


--
-- Name: TABLE mapping; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.mapping IS 'A line in a cluster''s aws-auth: owned by the set of a person''s grants there, not by one of them.';


--
-- Name: observation; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.observation (
    target_kind text NOT NULL,
    target_key uuid NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    body jsonb NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: TABLE observation; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.observation IS 'The last look at a target: what previews, namespaces and "read 40 s ago" come from.';


--
-- Name: outbox; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outbox (
    id uuid NOT NULL,
    event_id uuid NOT NULL,
    channel text NOT NULL,
    recipient text NOT NULL,
    message jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    next_try timestamp with time zone
);


--
-- Name: TABLE outbox; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.outbox IS 'One row a message and channel, written with the change that it tells of.';


--
-- Name: person; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.person (
    id uuid NOT NULL,
    handle text NOT NULL,
    name text NOT NULL,
    email text,
    groups text[] DEFAULT '{}'::text[] NOT NULL,
    groups_as_of timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    theme text DEFAULT 'auto'::text NOT NULL,
    time_zone text,
    CONSTRAINT person_email_length CHECK ((char_length(email) <= 320)),
    CONSTRAINT person_handle_form CHECK ((handle ~ '^[a-z0-9-]{1,40}$'::text)),
    CONSTRAINT person_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT person_theme CHECK ((theme = ANY (ARRAY['auto'::text, 'light'::text, 'dark'::text]))),
    CONSTRAINT person_time_zone_length CHECK (((char_length(time_zone) >= 1) AND (char_length(time_zone) <= 60)))
);


--
-- Name: TABLE person; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.person IS 'Whoever signed in. Handles are never reused; groups are those of the last sign-in.';


--
-- Name: policy_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.policy_version (
    hash bytea NOT NULL,
    previous bytea,
    body text NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    applied_by text NOT NULL,
    current boolean NOT NULL,
    CONSTRAINT policy_version_hash_length CHECK ((octet_length(hash) = 32))
);


--
-- Name: TABLE policy_version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.policy_version IS 'Every policy.toml that ever ruled, whole. Written by `latchkey policy apply` alone.';


--
-- Name: principal; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.principal (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    arn text NOT NULL,
    unique_id text NOT NULL,
    kind text NOT NULL,
    aws_profile text,
    source text NOT NULL,
    shared boolean DEFAULT false NOT NULL,
    proven_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    differs_since timestamp with time zone,
    differs_id text,
    CONSTRAINT principal_kind CHECK ((kind = ANY (ARRAY['user'::text, 'role'::text]))),
    CONSTRAINT principal_source CHECK ((source = ANY (ARRAY['proven'::text, 'vouched'::text])))
);


--
-- Name: TABLE principal; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.principal IS 'An IAM identity that a person has proven to be theirs.';


--
-- Name: COLUMN principal.differs_since; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.principal.differs_since IS 'Since when each look found another unique id than the one that was proven; null where the last did not.';


--
-- Name: COLUMN principal.differs_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.principal.differs_id IS 'The unique id that the last look found, where that differs.';


--
-- Name: proof_nonce; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.proof_nonce (
    hash bytea NOT NULL,
    person_id uuid NOT NULL,
    session_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);


--
-- Name: TABLE proof_nonce; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.proof_nonce IS 'The nonce that a pasted AWS proof must carry: one person, one session, one use.';


--
-- Name: request; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.request (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    principal_id uuid NOT NULL,
    cluster_id uuid NOT NULL,
    profile text NOT NULL,
    resolved_profile jsonb NOT NULL,
    namespaces jsonb NOT NULL,
    minutes integer NOT NULL,
    reason text NOT NULL,
    policy_hash bytea NOT NULL,
    policy_name text NOT NULL,
    seen bytea NOT NULL,
    quorum integer NOT NULL,
    state text NOT NULL,
    submitted_at timestamp with time zone NOT NULL,
    lapses_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    closed_why text,
    CONSTRAINT request_closed CHECK (((state = 'pending'::text) = (closed_at IS NULL))),
    CONSTRAINT request_closed_why CHECK ((closed_why = ANY (ARRAY['requester'::text, 'policy_dropped'::text, 'principal_ended'::text, 'policy_changed'::text]))),
    CONSTRAINT request_closed_why_state CHECK (((closed_why IS NULL) OR (state = 'cancelled'::text))),
    CONSTRAINT request_minutes CHECK (((minutes >= 5) AND (minutes <= 43200))),
    CONSTRAINT request_quorum CHECK (((quorum >= 0) AND (quorum <= 20))),
    CONSTRAINT request_reason_length CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 1000))),
    CONSTRAINT request_seen_length CHECK ((octet_length(seen) = 32)),
    CONSTRAINT request_state CHECK ((state = ANY (ARRAY['pending'::text, 'approved'::text, 'denied'::text, 'cancelled'::text, 'lapsed'::text])))
);


--
-- Name: TABLE request; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.request IS 'One ask: who, as which principal, for what, for how long and why.';


--
-- Name: COLUMN request.closed_why; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.request.closed_why IS 'Why it is cancelled; null in rows of earlier versions, which requesters cancelled.';


--
-- Name: session; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.session (
    token_hash bytea NOT NULL,
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    auth_time timestamp with time zone NOT NULL,
    acr text,
    browser text,
    ended_at timestamp with time zone,
    CONSTRAINT session_browser_length CHECK ((char_length(browser) <= 60)),
    CONSTRAINT session_token_hash_length CHECK ((octet_length(token_hash) = 32))
);


--
-- Name: TABLE session; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.session IS 'Signed-in browsers, by the SHA-256 of their token. Times are the database''s real clock.';


--
-- Name: target; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.target (
    kind text NOT NULL,
    key uuid NOT NULL,
    generation bigint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    revoking boolean DEFAULT false NOT NULL,
    lease_until timestamp with time zone,
    lease_holder text,
    epoch bigint DEFAULT 0 NOT NULL,
    marked bigint DEFAULT 0 NOT NULL,
    ran_at timestamp with time zone,
    tried_at timestamp with time zone,
    failure text,
    failed_since timestamp with time zone,
    fenced_since timestamp with time zone,
    fenced_why text,
    paused_since timestamp with time zone,
    paused_by uuid,
    paused_why text,
    CONSTRAINT target_counts CHECK ((((epoch >= 0) AND (epoch <= '4611686018427387904'::bigint)) AND ((generation >= 0) AND (generation <= '4611686018427387904'::bigint)))),
    CONSTRAINT target_fenced CHECK (((fenced_since IS NULL) = (fenced_why IS NULL))),
    CONSTRAINT target_kind CHECK ((kind = ANY (ARRAY['principal'::text, 'cluster'::text]))),
    CONSTRAINT target_marked CHECK (((marked >= 0) AND (marked <= epoch))),
    CONSTRAINT target_paused CHECK ((((paused_since IS NULL) = (paused_why IS NULL)) AND ((paused_since IS NULL) = (paused_by IS NULL)) AND ((paused_since IS NULL) OR (kind = 'cluster'::text)))),
    CONSTRAINT target_paused_why_length CHECK (((char_length(paused_why) >= 1) AND (char_length(paused_why) <= 500)))
);


--
-- Name: TABLE target; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.target IS 'What the worker keeps right: one IAM principal or one cluster. Times are the database''s real clock.';


--
-- Name: vote; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.vote (
    request_id uuid NOT NULL,
    person_id uuid NOT NULL,
    verdict text NOT NULL,
    reason text,
    seen bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    policy_hash bytea,
    groups text[],
    rules jsonb,
    CONSTRAINT vote_counted CHECK (((policy_hash IS NULL) = (groups IS NULL))),
    CONSTRAINT vote_reason_length CHECK ((char_length(reason) <= 1000)),
    CONSTRAINT vote_rules CHECK ((jsonb_typeof(rules) = 'object'::text)),
    CONSTRAINT vote_verdict CHECK ((verdict = ANY (ARRAY['approve'::text, 'deny'::text])))
);


--
-- Name: TABLE vote; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.vote IS 'What an approver said, bound to the hash of what they saw.';


--
-- Name: COLUMN vote.policy_hash; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.vote.policy_hash IS 'The policy.toml by which the vote was last counted; null where it was cast before this was kept.';


--
-- Name: COLUMN vote.groups; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.vote.groups IS 'The groups of the voter when the vote was last counted.';


--
-- Name: COLUMN vote.rules; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.vote.rules IS 'The rules that stood when the vote was cast: the policy, and the hash of the profile as resolved then.';


--
-- Name: worker_heartbeat; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.worker_heartbeat (
    holder text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    clock_ahead interval DEFAULT '00:00:00'::interval NOT NULL,
    looked_at timestamp with time zone
);


--
-- Name: TABLE worker_heartbeat; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.worker_heartbeat IS 'Workers that are alive, so that the web can say when none is.';


--
-- Data for Name: _sqlx_migrations; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public._sqlx_migrations VALUES (1, 'roles', '2026-11-29 14:31:00.618938+00', true, '\xd67c5ec0907df40ac4e849fa5ffa4fdf588f803ff0015f44d9edb808b4c62d56dd02bbd5a7f13d7a2d01ac0cc79c80d1', 3660012);
INSERT INTO public._sqlx_migrations VALUES (2, 'business time', '2026-11-29 14:31:00.622915+00', true, '\xa4af52c93fe53698f2f382985e50c4598e2be1f7b1e75d91d394d242a88556fd9a52c54c22a8cd03f9be8795210692e1', 5797812);
INSERT INTO public._sqlx_migrations VALUES (3, 'people', '2026-11-29 14:31:00.628895+00', true, '\x75d58c5cc49c62f8ef733852c1e74f642f5e0887b906c699f7d794c81003b6ec9d1df8aa4eeb69959a0aa6338cddb015', 29594973);
INSERT INTO public._sqlx_migrations VALUES (4, 'policy', '2026-11-29 14:31:00.658873+00', true, '\x1dfd15d0ca4e23fa4b7eefafb58eefbe412815836bd7839f721ac0880d7500e35e510f2e4f393ec3ac42902217f912a8', 4380046);
INSERT INTO public._sqlx_migrations VALUES (5, 'requests', '2026-11-29 14:31:00.663413+00', true, '\x60065314de65beae98ddef43ae0c2f66ebbc87a1100185beba55b0248a4b5524223ac7b2d4184fb84b7c00ae8bae3d07', 7068378);
INSERT INTO public._sqlx_migrations VALUES (6, 'grants', '2026-11-29 14:31:00.670689+00', true, '\x25d0b9ac76949af141bd1c5b52b27fec4c67d62e44e1b9236d0d88e51b6f9b9e148b6a460ce48e811dd7dc7272823492', 18367309);
INSERT INTO public._sqlx_migrations VALUES (7, 'worker', '2026-11-29 14:31:00.68937+00', true, '\xa2ca7177f073ae820aaaeef4ff8f31da7204595438bc71a61a0b96c82062a22176266bf5a2e129239fe69079fc22cab6', 17270492);
INSERT INTO public._sqlx_migrations VALUES (8, 'audit', '2026-11-29 14:31:00.706863+00', true, '\x95510dfcba4e9405238ce6bfc9c3371fd324fbbcc6856797601566a7f162095977f80cc156aa70f9c7c0c181ae39109e', 13508088);
INSERT INTO public._sqlx_migrations VALUES (9, 'rights', '2026-11-29 14:31:00.720539+00', true, '\x880d072bdbfbef3485c844a2f1ba6d3ca1f30e9a4e2400179c0a1e8e8bdfb654102b05710222c4c45215b25df17ebebd', 2124300);
INSERT INTO public._sqlx_migrations VALUES (10, 'alarm', '2026-11-29 14:31:00.722893+00', true, '\x1d8886204e2fc027a5087944e30aa55244fc29098e3c19f2534f6b5ea1c0ef5bdf3b4059c88c08b85765ccb7a7a33dd1', 7691488);
INSERT INTO public._sqlx_migrations VALUES (12, 'ways in', '2026-11-29 14:31:00.730795+00', true, '\x6d49f12b624a73323c0635c309dfece9d1cfb01e643fc95eecef9dc5131439106e0055a65f6f86e6cdd17ecd9264f831', 2747250);
INSERT INTO public._sqlx_migrations VALUES (13, 'guards', '2026-11-29 14:31:00.733589+00', true, '\x0d74ec3b5ffeab358bce23f6e195a230d845f5de87d9098e7a4b17bb2d3f08b6df5dc09e8dd8e7684ebf59171a017dba', 1303876);
INSERT INTO public._sqlx_migrations VALUES (14, 'identities', '2026-11-29 14:31:00.734972+00', true, '\x0361abfe477e91d24a6895fae584aa8251d614b81559e571c408f5f529826d3f3fa9312a3018e6ac567dd43603c92e9d', 1364245);
INSERT INTO public._sqlx_migrations VALUES (16, 'basis', '2026-11-29 14:31:00.736418+00', true, '\x9080b4304de63b412d9836e3ca3eb94bd222aee148971830d70678d739ac9be89d06747373cc6a93df5a8f0b0877e023', 1581570);
INSERT INTO public._sqlx_migrations VALUES (17, 'closed why', '2026-11-29 14:31:00.73808+00', true, '\x9ea0e223724bdfaf6c26e4b670b83e0db3adc871e7865bfed510bf7570ada192b9d9e48fce89a3e0e0086525d74115f0', 1257827);
INSERT INTO public._sqlx_migrations VALUES (18, 'causes', '2026-11-29 14:31:00.739416+00', true, '\x761b0e68c9baa2321adc7d68a1c0ef7b3a0b0c187517690e4ce84c11fcb5fadaceb7084f3aa926c8c31227eac010b5ee', 509811);
INSERT INTO public._sqlx_migrations VALUES (19, 'readable rows', '2026-11-29 14:31:00.739998+00', true, '\x60e3ca1aba4c48a4d9701bce553cf4048e06e24e2ad430dfdb4d3cc0465a28938dc7df89ddedf52a720a5d822056caae', 7642344);
INSERT INTO public._sqlx_migrations VALUES (20, 'sizes', '2026-11-29 14:31:00.747765+00', true, '\x3e1706bb950c0a13b23fa0cdd7cca9c14d4d18ab57d6f75af93f58461a664be6e4c378aca560f5cd1b389be5249d32a9', 1379429);
INSERT INTO public._sqlx_migrations VALUES (21, 'paths', '2026-11-29 14:31:00.74923+00', true, '\x3eca59eca0da5f3a7555a54babaabc635fe63830c0296e68d00c094d20976247e04e3d2d9ac24fbdf575fb7b1c4165bc', 242061);


--
-- Data for Name: access_grant; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.access_grant VALUES ('01a227b7-6ab1-716a-8165-d2b314751ef3', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-6887-724b-b28d-6bffda8b8da1', '01a227b7-68b3-7005-a0e9-d585e804aa20', 'edit', '{"name": "edit", "roles": [{"own": false, "name": "edit", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"]}, {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["serviceaccounts"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": [""], "resources": ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"]}, {"verbs": ["create"], "apiGroups": [""], "resources": ["pods/eviction"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": [""], "resources": ["configmaps", "persistentvolumeclaims", "replicationcontrollers", "replicationcontrollers/scale", "secrets", "serviceaccounts", "services", "services/proxy"]}, {"verbs": ["create"], "apiGroups": [""], "resources": ["serviceaccounts/token"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["apps"], "resources": ["daemonsets", "deployments", "deployments/rollback", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["batch"], "resources": ["cronjobs", "jobs"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["extensions"], "resources": ["daemonsets", "deployments", "deployments/rollback", "deployments/scale", "ingresses", "networkpolicies", "replicasets", "replicasets/scale", "replicationcontrollers/scale"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "networkpolicies"]}, {"verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"], "apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaimtemplates"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "rules_hash": "b664823d396561e3d81ec83359de821a2ee0b5b306cc8a41c5d2edfe5eed566d"}], "scope": "namespace", "console": false}', '[{"uid": "4f25c89d-736d-43b0-978e-5455b6f4e246", "name": "sandbox"}]', 120, '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{01a227b7-6890-7621-a387-d62fb2b93d3d}', 'ended', 4, '2026-11-29 14:31:01.552878+00', '2026-11-29 15:01:01.552878+00', '2026-11-29 17:01:01.552878+00', '2026-11-29 14:31:02.191048+00', '2026-11-29 16:31:02.191048+00', '2026-11-29 16:39:26.535188+00', '2026-11-29 16:39:27.594712+00', 'expired', NULL, NULL, '[]', 'staging is open to developers', 'quorum', 1);
INSERT INTO public.access_grant VALUES ('01a227b7-6d98-7529-b049-bde10ba1018b', '01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-6887-724b-b28d-6bffda8b8da1', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'view', '{"name": "view", "roles": [{"own": false, "name": "view", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "rules_hash": "6ef004ae34e901a936d676eba2d81e613bf98e9aeef5313db8c621b01ccd0f2a"}], "scope": "namespace", "console": false}', '[{"uid": "9351e598-50f6-4ecf-97b0-e28580bca6bd", "name": "payments"}]', 240, '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{01a227b7-688f-7147-947f-a2f0d349e42b}', 'active', 2, '2026-11-29 14:31:02.295465+00', '2026-11-29 15:01:02.295465+00', '2026-11-29 19:01:02.295465+00', '2026-11-29 14:31:03.130261+00', '2026-11-29 18:31:03.130261+00', NULL, NULL, NULL, NULL, NULL, '[]', 'payments may look', 'quorum', 1);
INSERT INTO public.access_grant VALUES ('01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-68b3-7005-a0e9-d585e804aa20', 'view', '{"name": "view", "roles": [{"own": false, "name": "view", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "rules_hash": "6ef004ae34e901a936d676eba2d81e613bf98e9aeef5313db8c621b01ccd0f2a"}], "scope": "namespace", "console": false}', '[{"uid": "6d33cab3-5622-47bd-97aa-40f1d200eaf6", "name": "checkout"}]', 60, '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{01a227b7-687f-7480-907b-1356102edc9b}', 'ended', 4, '2026-11-29 14:31:01.450435+00', '2026-11-29 15:01:01.450435+00', '2026-11-29 16:01:01.450435+00', '2026-11-29 14:31:02.176712+00', '2026-11-29 15:31:02.176712+00', '2026-11-29 14:31:02.240007+00', '2026-11-29 14:31:03.138737+00', 'relinquished', '01a227b7-686a-7563-8530-e5a8d1f54f0e', NULL, '[]', 'staging is open to developers', 'quorum', 1);
INSERT INTO public.access_grant VALUES ('01a227be-cdeb-70fd-87da-187444c8dae7', '01a227be-b302-747b-b4fd-b7752e60dd52', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'restart', '{"name": "restart", "roles": [{"own": true, "name": "latchkey:restart:2b99cedd", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["pods", "pods/log", "events"]}, {"verbs": ["delete"], "apiGroups": [""], "resources": ["pods"]}, {"verbs": ["get", "list", "watch", "patch"], "apiGroups": ["apps"], "resources": ["deployments", "statefulsets", "replicasets"]}], "rules_hash": "2b99cedd99619d805c6123110cfd2d15a892aa5fb3615d6a7951e3373ff873f3"}], "scope": "namespace", "console": false}', '[{"uid": "9351e598-50f6-4ecf-97b0-e28580bca6bd", "name": "payments"}]', 60, '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{01a227b7-687f-7480-907b-1356102edc9b}', 'ended', 4, '2026-11-29 14:39:05.707288+00', '2026-11-29 15:09:05.707288+00', '2026-11-29 16:09:05.707288+00', '2026-11-29 14:39:12.355724+00', '2026-11-29 15:39:12.355724+00', '2026-11-29 16:39:26.889483+00', '2026-11-29 16:39:28.512155+00', 'expired', NULL, NULL, '[]', 'payments may look', 'quorum', 1);
INSERT INTO public.access_grant VALUES ('01a227b8-e634-72b3-902b-0d30d32a2a74', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'view', '{"name": "view", "roles": [{"own": false, "name": "view", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "rules_hash": "6ef004ae34e901a936d676eba2d81e613bf98e9aeef5313db8c621b01ccd0f2a"}], "scope": "namespace", "console": false}', '[{"uid": "9351e598-50f6-4ecf-97b0-e28580bca6bd", "name": "payments"}]', 120, '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{01a227b7-687f-7480-907b-1356102edc9b}', 'ended', 4, '2026-11-29 14:32:38.707723+00', '2026-11-29 15:02:38.707723+00', '2026-11-29 17:02:38.707723+00', '2026-11-29 14:32:39.174899+00', '2026-11-29 16:32:39.174899+00', '2026-11-29 16:39:26.548616+00', '2026-11-29 16:39:27.678152+00', 'expired', NULL, NULL, '["Another access of theirs (profile restart on payments) allows to get pods/log in namespace payments, list pods in namespace payments, watch replicasets.apps in namespace payments."]', 'payments may look', 'quorum', 1);
INSERT INTO public.access_grant VALUES ('01a227b9-7cf2-77cb-8930-26e14aa750a2', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'view', '{"name": "view", "roles": [{"own": false, "name": "view", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "rules_hash": "6ef004ae34e901a936d676eba2d81e613bf98e9aeef5313db8c621b01ccd0f2a"}], "scope": "namespace", "console": false}', '[{"uid": "d50b9bc5-195f-4b4d-a0b0-c636c48bb160", "name": "payments-batch"}]', 60, '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{01a227b7-687f-7480-907b-1356102edc9b}', 'ended', 4, '2026-11-29 14:33:17.297282+00', '2026-11-29 15:03:17.297282+00', '2026-11-29 16:03:17.297282+00', '2026-11-29 14:33:17.685039+00', '2026-11-29 15:33:17.685039+00', '2026-11-29 16:39:26.581874+00', '2026-11-29 16:39:27.721764+00', 'expired', NULL, NULL, '[]', 'payments may look', 'quorum', 1);


--
-- Data for Name: alarm; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: audit_link; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit_link VALUES (1, '01a227b7-6879-71c0-9d6b-82db331e910f', '\x0000000000000000000000000000000000000000000000000000000000000000', '\xa80c333f943e715fbdc2dd8b0df49ae404de47c50d31653e9306ab49f245a531');
INSERT INTO public.audit_link VALUES (2, '01a227b7-6888-719d-b051-179fd16bc240', '\xa80c333f943e715fbdc2dd8b0df49ae404de47c50d31653e9306ab49f245a531', '\x89effc58541481a8843bcf2854199627f807eeabe2de83d9770461b49caf08ea');
INSERT INTO public.audit_link VALUES (3, '01a227b7-6894-7560-b4f1-920f9107b044', '\x89effc58541481a8843bcf2854199627f807eeabe2de83d9770461b49caf08ea', '\xa48c8a245d2df38edc59dece2ac5091a9bf69cc72486e6d9e283d6220f9826fc');
INSERT INTO public.audit_link VALUES (4, '01a227b7-68b3-7005-a0e9-d5865de490f2', '\xa48c8a245d2df38edc59dece2ac5091a9bf69cc72486e6d9e283d6220f9826fc', '\x08f5981bf09fd2918ec04c67bedd5a7c0dcea72fb1b559ffed4f42a4310e566b');
INSERT INTO public.audit_link VALUES (5, '01a227b7-68b6-71bd-9e4a-6021697ca88d', '\x08f5981bf09fd2918ec04c67bedd5a7c0dcea72fb1b559ffed4f42a4310e566b', '\x28ec6ebc17b280dbf6f51e56024714342baf279df74a93fac659f6a87227d2f9');
INSERT INTO public.audit_link VALUES (6, '01a227b7-68ba-73e6-9e74-a3c60086273e', '\x28ec6ebc17b280dbf6f51e56024714342baf279df74a93fac659f6a87227d2f9', '\xc17d4c4cca151a354ee1917ef0ca8a337712cc3458392975681ab8a841d87b99');
INSERT INTO public.audit_link VALUES (7, '01a227b7-6a3c-727a-a019-23bfb9340c3a', '\xc17d4c4cca151a354ee1917ef0ca8a337712cc3458392975681ab8a841d87b99', '\x4be57c9f4ff7083e2a366becc912a821266be2acb5ed1eecd6510e2ac9bb1a21');
INSERT INTO public.audit_link VALUES (8, '01a227b7-6a5f-76df-8e4f-54d5eba5b505', '\x4be57c9f4ff7083e2a366becc912a821266be2acb5ed1eecd6510e2ac9bb1a21', '\x8f825cb4d17b08141a42c223df51a06d2e5c42bb838ae1596da5a130b7ca579d');
INSERT INTO public.audit_link VALUES (9, '01a227b7-6a87-70d0-824f-d79bcda917a9', '\x8f825cb4d17b08141a42c223df51a06d2e5c42bb838ae1596da5a130b7ca579d', '\x2c8f49f9f2808a64bf6ce6a6ba7e07450d9687a07d890b13d56cc5f148f0e913');
INSERT INTO public.audit_link VALUES (10, '01a227b7-6a90-7626-8b2e-f1cbf0500aa5', '\x2c8f49f9f2808a64bf6ce6a6ba7e07450d9687a07d890b13d56cc5f148f0e913', '\x75afbc356a2ba9e372e19e3ff37e5a935782cceaa2c78deb53800a24acae0a6d');
INSERT INTO public.audit_link VALUES (11, '01a227b7-6aab-7755-9fbc-266bd8996856', '\x75afbc356a2ba9e372e19e3ff37e5a935782cceaa2c78deb53800a24acae0a6d', '\xf10182e59526a6440d0534f6b5560d181f6cec1cda30524375fd84a997910feb');
INSERT INTO public.audit_link VALUES (12, '01a227b7-6ab6-746e-a2d0-0bd444c99e25', '\xf10182e59526a6440d0534f6b5560d181f6cec1cda30524375fd84a997910feb', '\xe177be1d07d65e1cfc8e80ea051d6c113c510e575322b2a426e8dd52e9cc143c');
INSERT INTO public.audit_link VALUES (13, '01a227b7-6ae5-732a-ba3b-4d633cb4ccdc', '\xe177be1d07d65e1cfc8e80ea051d6c113c510e575322b2a426e8dd52e9cc143c', '\xfcdb0dace8e7ae2715f930df051d20730ccce4888441d436a033f9d209277b19');
INSERT INTO public.audit_link VALUES (14, '01a227b7-6b05-7017-83b6-aa65b09f59d3', '\xfcdb0dace8e7ae2715f930df051d20730ccce4888441d436a033f9d209277b19', '\xdfde73e32184d0501ca764752f41b8e2b70bfbadc43109ddf6703c3e7cd663ef');
INSERT INTO public.audit_link VALUES (15, '01a227b7-6b57-726d-8739-ec8a1c249011', '\xdfde73e32184d0501ca764752f41b8e2b70bfbadc43109ddf6703c3e7cd663ef', '\x180e2c105d15c8feca0c066b6275f923621c4ba5fc546c06ef3aae27da20cfea');
INSERT INTO public.audit_link VALUES (16, '01a227b7-6b87-75a7-a1b8-70cc0ad010d5', '\x180e2c105d15c8feca0c066b6275f923621c4ba5fc546c06ef3aae27da20cfea', '\xb94656d43d9b867967277ccc8af42d0e79a44ac1e7a576a3c416a0607d3c5c2b');
INSERT INTO public.audit_link VALUES (17, '01a227b7-6b88-7366-a81c-056c1a8af541', '\xb94656d43d9b867967277ccc8af42d0e79a44ac1e7a576a3c416a0607d3c5c2b', '\x5b19f9636152cef373e066cc7810a3f1b445e03f32b2d311d90f0854a698a4a9');
INSERT INTO public.audit_link VALUES (18, '01a227b7-6ba2-77d6-9b8b-834c4232483c', '\x5b19f9636152cef373e066cc7810a3f1b445e03f32b2d311d90f0854a698a4a9', '\xafaa77c8c59e1ff60945c2e6ee1cce80c2f0ab61b38faef9d3d5d618a6f61c0e');
INSERT INTO public.audit_link VALUES (19, '01a227b7-6bac-778b-a4a6-fd9968dceeaf', '\xafaa77c8c59e1ff60945c2e6ee1cce80c2f0ab61b38faef9d3d5d618a6f61c0e', '\x7706ed5998cc8464f0e860a7b1e5e8e05481c9e14efcbdb772b6a90fb84f138f');
INSERT INTO public.audit_link VALUES (20, '01a227b7-6c29-7782-8214-57f8abf31637', '\x7706ed5998cc8464f0e860a7b1e5e8e05481c9e14efcbdb772b6a90fb84f138f', '\xd349a4f50818a8c68f87d2a29e9270541c46a316450823cf13477ef6fdcee506');
INSERT INTO public.audit_link VALUES (21, '01a227b7-6d21-7736-a9a9-7f8d4c960939', '\xd349a4f50818a8c68f87d2a29e9270541c46a316450823cf13477ef6fdcee506', '\x5b52dbd7ce7c3b717dcb325402b51b1b6c86cb9a1aaa4ff6c4afaff8139ee0dc');
INSERT INTO public.audit_link VALUES (22, '01a227b7-6d2c-7707-8e4d-2978c7a14e67', '\x5b52dbd7ce7c3b717dcb325402b51b1b6c86cb9a1aaa4ff6c4afaff8139ee0dc', '\x07e55fb20deb655d846c1c9925ca5f7e53af0346c4bcecbe2c6a115979061467');
INSERT INTO public.audit_link VALUES (23, '01a227b7-6d2f-706b-b3fe-3c81d33815e5', '\x07e55fb20deb655d846c1c9925ca5f7e53af0346c4bcecbe2c6a115979061467', '\xf694ae90a39b867dfb98300818f7841f671b999ae47d649b0ad36dc7fb2bb820');
INSERT INTO public.audit_link VALUES (24, '01a227b7-6d36-72a9-be85-2e2adcc91b42', '\xf694ae90a39b867dfb98300818f7841f671b999ae47d649b0ad36dc7fb2bb820', '\x8502e8bdac99a607f2a240c37a6be3c42f9ac8b95ce9213fd2a1af233f3a26f6');
INSERT INTO public.audit_link VALUES (25, '01a227b7-6d62-7139-81aa-26097de15143', '\x8502e8bdac99a607f2a240c37a6be3c42f9ac8b95ce9213fd2a1af233f3a26f6', '\x5ae094b5834133e5bdb584f46c416f42f3e633a66d5efe5594444e3e3cac1245');
INSERT INTO public.audit_link VALUES (26, '01a227b7-6d92-70a9-ac07-656f805f034d', '\x5ae094b5834133e5bdb584f46c416f42f3e633a66d5efe5594444e3e3cac1245', '\x5934655242ac05b45490ca455c9b236bc8b57f948d78cf86e91159881f51b8ae');
INSERT INTO public.audit_link VALUES (27, '01a227b7-6d9a-7723-ad48-4c246cbafce9', '\x5934655242ac05b45490ca455c9b236bc8b57f948d78cf86e91159881f51b8ae', '\x4621d95d1d0090a1e866c0d015aaf8fa21614434916f683b7c4edf97e2dc2d2a');
INSERT INTO public.audit_link VALUES (28, '01a227b7-6dce-70d5-976b-c06a83074e1f', '\x4621d95d1d0090a1e866c0d015aaf8fa21614434916f683b7c4edf97e2dc2d2a', '\x1bcaa4bf5ff746d3ff176f206f3315f83d705c164e290453d5020497b4ea5c3c');
INSERT INTO public.audit_link VALUES (29, '01a227b7-6ef8-71e1-9903-196e0741b9b9', '\x1bcaa4bf5ff746d3ff176f206f3315f83d705c164e290453d5020497b4ea5c3c', '\x322fa28ffdaf54e59ea8223245a1331af28483ffc88fb51a5f9ac3f7ddc791f3');
INSERT INTO public.audit_link VALUES (30, '01a227b7-6ef9-721a-a727-196248d637c9', '\x322fa28ffdaf54e59ea8223245a1331af28483ffc88fb51a5f9ac3f7ddc791f3', '\x2b36d79a4501caeeb94ae319cad16c5fcff7f81e231fdaa593290dafa60ad831');
INSERT INTO public.audit_link VALUES (31, '01a227b7-6efb-708f-adb3-a1756b1940ac', '\x2b36d79a4501caeeb94ae319cad16c5fcff7f81e231fdaa593290dafa60ad831', '\x4a94084e88c2f9c1c9e55959d6a71f999000715ab898474eb854f1cca2e5ee3a');
INSERT INTO public.audit_link VALUES (32, '01a227b7-6f1f-753d-999e-a6a0df12c326', '\x4a94084e88c2f9c1c9e55959d6a71f999000715ab898474eb854f1cca2e5ee3a', '\x604e4f0e697374b173cd0ab958c40ba3549bc61cf7c55100b50931293bc2562d');
INSERT INTO public.audit_link VALUES (33, '01a227b7-6f25-70f0-8136-f2ee203c0d76', '\x604e4f0e697374b173cd0ab958c40ba3549bc61cf7c55100b50931293bc2562d', '\x4108895b35ae1157f58131302e8648405287c915e0faf0c75bc9bb438e623aee');
INSERT INTO public.audit_link VALUES (34, '01a227b7-6f46-7099-af17-9d0245dc4e00', '\x4108895b35ae1157f58131302e8648405287c915e0faf0c75bc9bb438e623aee', '\x963fb8657c3250601d927ea931595a7b94e20e81bdc10c7464d7774f19e9ed2a');
INSERT INTO public.audit_link VALUES (35, '01a227b7-70db-7601-8e96-172ca23a35da', '\x963fb8657c3250601d927ea931595a7b94e20e81bdc10c7464d7774f19e9ed2a', '\xf6b59c22f824817015ccf50c859a83dd75aa5efae13396e20ee5eedadc24cc85');
INSERT INTO public.audit_link VALUES (36, '01a227b7-70e4-73d2-85fa-7e097924f9dc', '\xf6b59c22f824817015ccf50c859a83dd75aa5efae13396e20ee5eedadc24cc85', '\xf4c94abc704d6c23a9b3e3676961d99ada6947759278b1f4dc71fa5afa63d7cc');
INSERT INTO public.audit_link VALUES (37, '01a227b7-70e6-77b3-b8b6-7d1a97bb3cf4', '\xf4c94abc704d6c23a9b3e3676961d99ada6947759278b1f4dc71fa5afa63d7cc', '\x3cbe040b0cef5e58527f64f7e81bbb63132c1ddf594ef530e65a0951f7ea887e');
INSERT INTO public.audit_link VALUES (38, '01a227b7-70f0-7648-a1ce-b50e2283ec7c', '\x3cbe040b0cef5e58527f64f7e81bbb63132c1ddf594ef530e65a0951f7ea887e', '\xf4bb2f020a650cb370c61b07c434e138911b90c1d8e6cc866cc5dc9dc6d2835c');
INSERT INTO public.audit_link VALUES (39, '01a227b8-c7dc-7731-a35e-97b39c7484d3', '\xf4bb2f020a650cb370c61b07c434e138911b90c1d8e6cc866cc5dc9dc6d2835c', '\xc0b39d542e0d9641bf9a36f424e517d813ae5b75c706ed59b5568793ea82fdf7');
INSERT INTO public.audit_link VALUES (40, '01a227b8-e63e-7689-bdfe-630a7960e554', '\xc0b39d542e0d9641bf9a36f424e517d813ae5b75c706ed59b5568793ea82fdf7', '\xfc61511deef04a246247b25d901f1b6ca5aee230c8f801cd662868b50b4abcfb');
INSERT INTO public.audit_link VALUES (41, '01a227b8-e70b-77d2-b7b0-2cce5b4ec363', '\xfc61511deef04a246247b25d901f1b6ca5aee230c8f801cd662868b50b4abcfb', '\x6dc2fb686ffcfad0357571b07e0efeac4a3269870bf31d90dc12a810129cf2f4');
INSERT INTO public.audit_link VALUES (42, '01a227b8-e755-77b3-aade-58a04c5983ed', '\x6dc2fb686ffcfad0357571b07e0efeac4a3269870bf31d90dc12a810129cf2f4', '\xcd72b2228956a2220700ed2e9ed16c94bdc8aa9faa1539a5804b8f8ca12026ac');
INSERT INTO public.audit_link VALUES (43, '01a227b8-e766-75b0-bfd6-713da308007e', '\xcd72b2228956a2220700ed2e9ed16c94bdc8aa9faa1539a5804b8f8ca12026ac', '\x2c90ca27c185b61e2b200cf7b0ea514bbe458b382569e7e9eea9b42a6a2d8ee9');
INSERT INTO public.audit_link VALUES (44, '01a227b8-e774-7529-91ab-a6ee2d8a140e', '\x2c90ca27c185b61e2b200cf7b0ea514bbe458b382569e7e9eea9b42a6a2d8ee9', '\xccd8eae3f94fd255e31cf01fa6e29faebdff6d601aa0351f0dea2daaad918361');
INSERT INTO public.audit_link VALUES (45, '01a227b8-e807-7167-ad2b-7ccbc085e4c6', '\xccd8eae3f94fd255e31cf01fa6e29faebdff6d601aa0351f0dea2daaad918361', '\x5657d0c811e3eed1d3ed03bd4075bd4d64bd523f154f752af46fa38a3e6eaf1e');
INSERT INTO public.audit_link VALUES (46, '01a227b8-e80a-7420-9f5a-64e7e2302e4c', '\x5657d0c811e3eed1d3ed03bd4075bd4d64bd523f154f752af46fa38a3e6eaf1e', '\xc64ffa49533853e9d3b1b4b8c82652b44b386f957d6527520a8c2e82b1378542');
INSERT INTO public.audit_link VALUES (47, '01a227b9-6713-758b-9735-69a1f47c8592', '\xc64ffa49533853e9d3b1b4b8c82652b44b386f957d6527520a8c2e82b1378542', '\xfe9a7ae675b85c8d39643a9c0f095a11ae40f53b0ff41ae4d167eaaeddd74765');
INSERT INTO public.audit_link VALUES (48, '01a227b9-7cf5-739f-abab-75249db0de1a', '\xfe9a7ae675b85c8d39643a9c0f095a11ae40f53b0ff41ae4d167eaaeddd74765', '\x88b782e4494c7db72284f24916b58ae9c1f2f5841cc9267ad0b16ab80982c4f7');
INSERT INTO public.audit_link VALUES (49, '01a227b9-7d87-735a-a356-7bdae4f20d0e', '\x88b782e4494c7db72284f24916b58ae9c1f2f5841cc9267ad0b16ab80982c4f7', '\x1b62cb6180963d7895a05a994bc84856ecd27e4eb70282003f44be140b624ce2');
INSERT INTO public.audit_link VALUES (50, '01a227b9-7dd7-7334-9bde-fb7fc314f01f', '\x1b62cb6180963d7895a05a994bc84856ecd27e4eb70282003f44be140b624ce2', '\xfbee56eae0a5931f3832ef91effd92411ecdc6189f2abdf8f41850416f8dcfd8');
INSERT INTO public.audit_link VALUES (51, '01a227b9-7e76-7627-a933-bafe5b683bb1', '\xfbee56eae0a5931f3832ef91effd92411ecdc6189f2abdf8f41850416f8dcfd8', '\xf3e228b487d5ec6200740bfa0dba29cb0483e661cfa599a24869b5630a6caeaa');
INSERT INTO public.audit_link VALUES (52, '01a227b9-7e80-74a1-9306-aa70461bce2d', '\xf3e228b487d5ec6200740bfa0dba29cb0483e661cfa599a24869b5630a6caeaa', '\x1d000653f6d5e07ea8d6342c698dcb272727ddc340ba2c3ed44e94a576c07ee5');
INSERT INTO public.audit_link VALUES (53, '01a227be-1372-7664-bb84-ba69d4ae09f1', '\x1d000653f6d5e07ea8d6342c698dcb272727ddc340ba2c3ed44e94a576c07ee5', '\xa3a2a184ad0e6a694b7be803ae0dbea6a173891a0c2079677c9cd986facb377d');
INSERT INTO public.audit_link VALUES (54, '01a227be-137b-72b2-a5eb-eb5691019783', '\xa3a2a184ad0e6a694b7be803ae0dbea6a173891a0c2079677c9cd986facb377d', '\xba16040b480e84b9a52ea710640d94b6b7d26669c8e4fd714f14bb66482e61f3');
INSERT INTO public.audit_link VALUES (55, '01a227be-137c-708e-bf68-9eed9e61faa1', '\xba16040b480e84b9a52ea710640d94b6b7d26669c8e4fd714f14bb66482e61f3', '\xc3f632595f97bde7b68389bddabca59eac9e936115c5d9dd78cdbb44da8bc875');
INSERT INTO public.audit_link VALUES (56, '01a227be-137c-708e-bf68-9eeeccdde42f', '\xc3f632595f97bde7b68389bddabca59eac9e936115c5d9dd78cdbb44da8bc875', '\x9a9ae65226a7ce32953149f19af638b66bfbf031c459e12988792852ec0c6880');
INSERT INTO public.audit_link VALUES (57, '01a227be-1a5a-729e-80ae-6265ad87ccec', '\x9a9ae65226a7ce32953149f19af638b66bfbf031c459e12988792852ec0c6880', '\xdb1c809ac272c1587cc80b1375008d8dbfc06b5522561263430953f7afa10e75');
INSERT INTO public.audit_link VALUES (58, '01a227be-1a68-7054-bfa7-e0c19230bd61', '\xdb1c809ac272c1587cc80b1375008d8dbfc06b5522561263430953f7afa10e75', '\x6ac7957d680a0caab9b20fa45d2a0812098fca8fb01a5b729aabb5a42959253f');
INSERT INTO public.audit_link VALUES (59, '01a227be-940f-7541-9060-10ccb13f9289', '\x6ac7957d680a0caab9b20fa45d2a0812098fca8fb01a5b729aabb5a42959253f', '\xc8850bcbcee9c644de2d43d9c870e6e4299f98e48412f0035f8ccb929ccf9aae');
INSERT INTO public.audit_link VALUES (60, '01a227be-b304-7786-93b6-b105da2cbd49', '\xc8850bcbcee9c644de2d43d9c870e6e4299f98e48412f0035f8ccb929ccf9aae', '\xc25618c08c08de65d2a4d766cb9f1c70f24bb4b53daff48659b51f8451e8f4ae');
INSERT INTO public.audit_link VALUES (61, '01a227be-cdf4-7103-82b9-bf375f0ef6da', '\xc25618c08c08de65d2a4d766cb9f1c70f24bb4b53daff48659b51f8451e8f4ae', '\x850d6c242d25c3a9f43d7b41062062391c3d08109e9521881704eb4918271783');
INSERT INTO public.audit_link VALUES (62, '01a227be-ceff-7009-a636-f8dfd92e2276', '\x850d6c242d25c3a9f43d7b41062062391c3d08109e9521881704eb4918271783', '\xd069f0c71b19be2f24f752a2ceddf6b66daee6dcbb38b6c23255436c3a5446e4');
INSERT INTO public.audit_link VALUES (63, '01a227be-e39a-75d4-9a8e-998a07d19dd2', '\xd069f0c71b19be2f24f752a2ceddf6b66daee6dcbb38b6c23255436c3a5446e4', '\xa25c69acfd5abd2b1c911220b908ac61eb8b550560f6a0f880077575ea83a63e');
INSERT INTO public.audit_link VALUES (64, '01a227be-e554-744e-b218-7d8144681be4', '\xa25c69acfd5abd2b1c911220b908ac61eb8b550560f6a0f880077575ea83a63e', '\xbe5e06112e967c27ddee5671f277a7610bc4a051e59d91ee161504e5ca93ea25');
INSERT INTO public.audit_link VALUES (65, '01a227be-e7e4-739b-bf4d-bede328e8aa5', '\xbe5e06112e967c27ddee5671f277a7610bc4a051e59d91ee161504e5ca93ea25', '\x2cd7e8b2014909c1e80ec7fbaa144660a36a85ca317c5f79309352128b79a9f0');
INSERT INTO public.audit_link VALUES (66, '01a227be-e7f3-76d7-a345-f6430c003b6f', '\x2cd7e8b2014909c1e80ec7fbaa144660a36a85ca317c5f79309352128b79a9f0', '\x2a5e6c9fb481f68ac35563fa00e347eb090126685839afae3269393f76c45030');
INSERT INTO public.audit_link VALUES (67, '01a227bf-1f48-74f3-ac25-844f1f5bc434', '\x2a5e6c9fb481f68ac35563fa00e347eb090126685839afae3269393f76c45030', '\xb773804657b2f68044ea94dac9d85c338c42f4e1310e845ed53fef40f285a757');
INSERT INTO public.audit_link VALUES (68, '01a227bf-1f58-72d0-9001-f0609ca49964', '\xb773804657b2f68044ea94dac9d85c338c42f4e1310e845ed53fef40f285a757', '\x33723fee6287bfbafbb261f2d7d59e6069cd06fa57c4bc2a63405d3abd3892b8');
INSERT INTO public.audit_link VALUES (91, '01a227c0-1142-7027-8c06-5156130b4d47', '\x03fa4fecc3dd01fe460066a7e74f9453367b4c35631a8ccfe7e4c822767ddfa0', '\xc1b8812a52d6fe4dce37a2cde9e44f5b79d02cbb65d926f938e607f540442651');
INSERT INTO public.audit_link VALUES (92, '01a227c0-8f6f-70e8-82b2-9bbf0d3cffc7', '\xc1b8812a52d6fe4dce37a2cde9e44f5b79d02cbb65d926f938e607f540442651', '\xb6a6d19e1d6e6ea575af1f356575073571e4905a1686e4450b8a41611685fb92');
INSERT INTO public.audit_link VALUES (69, '01a227bf-1f7b-74b7-a7da-36225bd83871', '\x33723fee6287bfbafbb261f2d7d59e6069cd06fa57c4bc2a63405d3abd3892b8', '\xe13e6900d22bde7f8bbc84306444eb6370045359373007d0bb78ed4d00b4d898');
INSERT INTO public.audit_link VALUES (70, '01a227bf-20b8-756a-8de1-3826a37450cb', '\xe13e6900d22bde7f8bbc84306444eb6370045359373007d0bb78ed4d00b4d898', '\xccbb86b78d579569a45e1d757bd9265dd6c9cad0980b397b4fd06c035fc2ae97');
INSERT INTO public.audit_link VALUES (71, '01a227bf-20ba-715c-9869-cc92ca7df4ad', '\xccbb86b78d579569a45e1d757bd9265dd6c9cad0980b397b4fd06c035fc2ae97', '\x904d6c3c3a4a8029e05db0acebeceb0b44b072566d862c6982a283a642f8bda9');
INSERT INTO public.audit_link VALUES (72, '01a227bf-20c1-73b0-9fc0-79477cd645d7', '\x904d6c3c3a4a8029e05db0acebeceb0b44b072566d862c6982a283a642f8bda9', '\xffba83a5795b1320f1cb01e1d8467e3c160489cca441215e9207fe17151ecb2c');
INSERT INTO public.audit_link VALUES (73, '01a227bf-20d4-760b-83fc-ac3c4279c56d', '\xffba83a5795b1320f1cb01e1d8467e3c160489cca441215e9207fe17151ecb2c', '\xc1a0329fa734b277d9da45fbfcc2e554ee328450547fe18a9a553d983bd3eb31');
INSERT INTO public.audit_link VALUES (74, '01a227bf-20df-72d4-a1a0-654f7c435b69', '\xc1a0329fa734b277d9da45fbfcc2e554ee328450547fe18a9a553d983bd3eb31', '\x8c3744c448b4b6259c22136af8f9940c86ec46bffe8d249d8edc0fcfbf5db19d');
INSERT INTO public.audit_link VALUES (75, '01a227bf-2155-74cc-9554-7770d2ac63f6', '\x8c3744c448b4b6259c22136af8f9940c86ec46bffe8d249d8edc0fcfbf5db19d', '\x61c549e8a14283c6ac60832a84c8c58e57c8f2ee1b23f00d430c7e006821baea');
INSERT INTO public.audit_link VALUES (76, '01a227bf-236b-700f-80ff-2a22f377b7b0', '\x61c549e8a14283c6ac60832a84c8c58e57c8f2ee1b23f00d430c7e006821baea', '\x135fc1c119bc9b60beda8a4ec748e2efee9b18eb6553ee47138c620241cc672e');
INSERT INTO public.audit_link VALUES (77, '01a227bf-236d-74f8-a9bd-597a8aa804fa', '\x135fc1c119bc9b60beda8a4ec748e2efee9b18eb6553ee47138c620241cc672e', '\xf93e769475a761632c66a0e7ea5f2ee7ac448e3b9d8f9a5b795a8361ecfebba2');
INSERT INTO public.audit_link VALUES (78, '01a227bf-23b7-7494-99bf-8a0a13ecf590', '\xf93e769475a761632c66a0e7ea5f2ee7ac448e3b9d8f9a5b795a8361ecfebba2', '\x1955271e9eb89a08b3a1c565bc9ab5ce0e079344665f5e2c387a9590af0ae18f');
INSERT INTO public.audit_link VALUES (79, '01a227bf-23ba-7271-958b-e7e0acc9bf39', '\x1955271e9eb89a08b3a1c565bc9ab5ce0e079344665f5e2c387a9590af0ae18f', '\xbc6e7b10b63cffa4d6d69ffe2d854c4cd0ba40a0ec8a90eb0f2d28edbe0c4712');
INSERT INTO public.audit_link VALUES (80, '01a227bf-23bb-73fc-b3aa-771feb01de09', '\xbc6e7b10b63cffa4d6d69ffe2d854c4cd0ba40a0ec8a90eb0f2d28edbe0c4712', '\xc819a2228d269f672199af025f18555abccb670d9cc83a9d6a4810ba0daab9f1');
INSERT INTO public.audit_link VALUES (81, '01a227bf-23bf-75b4-a73c-20973cb261df', '\xc819a2228d269f672199af025f18555abccb670d9cc83a9d6a4810ba0daab9f1', '\x87697e33e0009ff0b86ba151a7dbf5e4e716b12e462b942efd0ff77d0b69f4b1');
INSERT INTO public.audit_link VALUES (82, '01a227bf-23d2-746c-a94a-600aa1825821', '\x87697e33e0009ff0b86ba151a7dbf5e4e716b12e462b942efd0ff77d0b69f4b1', '\xdbb53eba9076fc540f73ae7203cd5ff6a108d16484d84ddb16331ee4113efb66');
INSERT INTO public.audit_link VALUES (83, '01a227bf-23eb-737a-98a3-e7f0eb86f8ff', '\xdbb53eba9076fc540f73ae7203cd5ff6a108d16484d84ddb16331ee4113efb66', '\x532baacf197d9cc32edee8f884eec50dd3489db90572b9e54b8032b16b4e6438');
INSERT INTO public.audit_link VALUES (84, '01a227bf-23f4-73f3-8cca-b3c700c999c0', '\x532baacf197d9cc32edee8f884eec50dd3489db90572b9e54b8032b16b4e6438', '\xd7c584cad58745a657dad3c11aba3ebd38b6cf7f88aea6992cd6aaa9c5026ea2');
INSERT INTO public.audit_link VALUES (85, '01a227bf-2412-72ba-ae31-cf0d27b2eb8a', '\xd7c584cad58745a657dad3c11aba3ebd38b6cf7f88aea6992cd6aaa9c5026ea2', '\xc0dac0d2cda6a7d0e187eabc2111c5f6af29ab0201cb5b48a9ee4422ccf40f61');
INSERT INTO public.audit_link VALUES (86, '01a227bf-24d7-74d5-8181-da14dd7b32d5', '\xc0dac0d2cda6a7d0e187eabc2111c5f6af29ab0201cb5b48a9ee4422ccf40f61', '\xb83dffc48e83efd82f8a19d81965dd2af7b6a0d58afd1f5c05f08363aecbe6c7');
INSERT INTO public.audit_link VALUES (87, '01a227bf-2705-703b-a1b8-09ba38fb785d', '\xb83dffc48e83efd82f8a19d81965dd2af7b6a0d58afd1f5c05f08363aecbe6c7', '\x7ed20ce7c6f4f460d48535ac2be2a715c107ad49739368c26bc50e45863e67b6');
INSERT INTO public.audit_link VALUES (88, '01a227bf-2714-77d1-958c-83b48491e4a7', '\x7ed20ce7c6f4f460d48535ac2be2a715c107ad49739368c26bc50e45863e67b6', '\x928979250ee01b5589f7d859bc03dd40d6e154928ce79f2b38b2b9eaa57e4f03');
INSERT INTO public.audit_link VALUES (89, '01a227bf-e224-700a-853c-5f4f023178db', '\x928979250ee01b5589f7d859bc03dd40d6e154928ce79f2b38b2b9eaa57e4f03', '\x470d38890f9d9a5b40d3bd75bd7b5fbd7c4368bfc4451eb3c62f1b8e2649033f');
INSERT INTO public.audit_link VALUES (90, '01a227bf-ee1b-758c-9e14-c8fd6cd1a93b', '\x470d38890f9d9a5b40d3bd75bd7b5fbd7c4368bfc4451eb3c62f1b8e2649033f', '\x03fa4fecc3dd01fe460066a7e74f9453367b4c35631a8ccfe7e4c822767ddfa0');
INSERT INTO public.audit_link VALUES (93, '01a227c1-5a6e-7777-b45f-82f54d66ae66', '\xb6a6d19e1d6e6ea575af1f356575073571e4905a1686e4450b8a41611685fb92', '\x14ffae2bcd69200db4b056f85c9a7c920562ece8de7dfc59a9d83f568e347eb7');
INSERT INTO public.audit_link VALUES (94, '01a227c1-5bb3-745d-bef1-d3119183fb3f', '\x14ffae2bcd69200db4b056f85c9a7c920562ece8de7dfc59a9d83f568e347eb7', '\x94bafdf59d5e39dc8a9aed562361ce57b945b31fa339236b5bd7a68cd5cf3543');
INSERT INTO public.audit_link VALUES (95, '01a227c1-5bb5-7422-97f2-62c33c8f6bae', '\x94bafdf59d5e39dc8a9aed562361ce57b945b31fa339236b5bd7a68cd5cf3543', '\xadeb31c201ab0600312a0b6e5c8547be5326c83cb86c02230f4b37221e969bd0');
INSERT INTO public.audit_link VALUES (96, '01a227c1-5bb6-715f-88d0-a59a6d3efef3', '\xadeb31c201ab0600312a0b6e5c8547be5326c83cb86c02230f4b37221e969bd0', '\x0880f19853e87dc35a6ac9515bcb0bd03e02f43cef1f712d47553867453f7955');
INSERT INTO public.audit_link VALUES (97, '01a227c1-5cb2-7031-a123-4f6f99a64daf', '\x0880f19853e87dc35a6ac9515bcb0bd03e02f43cef1f712d47553867453f7955', '\xbc1d37e23da032f376f2f05d1200165224e966550547c717156a413d7a7ebac7');
INSERT INTO public.audit_link VALUES (98, '01a227c2-6a50-7782-ad38-31afd7386fca', '\xbc1d37e23da032f376f2f05d1200165224e966550547c717156a413d7a7ebac7', '\x4b495a01ed2e4c03892dc5d7028dbebaa1e0ec362d413e0470bb899c93b6d735');
INSERT INTO public.audit_link VALUES (99, '01a227c2-961c-77fe-88d2-80f4e7e674eb', '\x4b495a01ed2e4c03892dc5d7028dbebaa1e0ec362d413e0470bb899c93b6d735', '\x4830ec82d038e061fe670399945c492fc1da3fa3a1138355386bab2ba02f4c1e');
INSERT INTO public.audit_link VALUES (100, '01a227c3-5e3a-762c-831e-e973da2e66aa', '\x4830ec82d038e061fe670399945c492fc1da3fa3a1138355386bab2ba02f4c1e', '\x1a03ab0bef4fd6e9780aa15e9cd787bd83f282c57438fb30c2f4f7d762b16e4d');
INSERT INTO public.audit_link VALUES (101, '01a227c3-631d-738b-a790-eb25117b2286', '\x1a03ab0bef4fd6e9780aa15e9cd787bd83f282c57438fb30c2f4f7d762b16e4d', '\x9c197895c291cb6debab6299fa852dc860acb23b2f58239250ca3849f9199079');
INSERT INTO public.audit_link VALUES (102, '01a227c3-b918-773d-9329-dceb875bfa60', '\x9c197895c291cb6debab6299fa852dc860acb23b2f58239250ca3849f9199079', '\x4a17fd1ac9635502a519d082581568bb01a5e1ed7583c2979dac4613866bec83');
INSERT INTO public.audit_link VALUES (103, '01a227c3-b92f-7433-8e35-56cce9714085', '\x4a17fd1ac9635502a519d082581568bb01a5e1ed7583c2979dac4613866bec83', '\x0ad21d3cb884ca4ff3bbd5aeaf7e3dff6bdfe1736f86b2141fdae6dc3cf19124');


--
-- Data for Name: audit_walk; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit_walk VALUES (true, NULL, 38, '\xf4bb2f020a650cb370c61b07c434e138911b90c1d8e6cc866cc5dc9dc6d2835c', '01a227b7-70f0-7648-a1ce-b50e2283ec7c', '2026-11-29 14:31:07.10236+00', 38, '\xf4bb2f020a650cb370c61b07c434e138911b90c1d8e6cc866cc5dc9dc6d2835c', NULL, NULL, false, NULL, '{}');


--
-- Data for Name: business_clock; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.business_clock VALUES (true, '02:00:00');


--
-- Data for Name: cluster; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.cluster VALUES ('01a227b7-68b3-7005-a0e9-d585e804aa20', 'staging-eu', 'arn:aws:eks:eu-west-1:111122223333:cluster/staging-eu', '2026-11-29 14:31:00.756999+00', NULL, NULL, NULL, NULL);
INSERT INTO public.cluster VALUES ('01a227b7-68b3-7005-a0e9-d584d7c5832d', 'prod-eu', 'arn:aws:eks:eu-west-1:111122223333:cluster/prod-eu', '2026-11-29 14:31:00.756999+00', NULL, NULL, NULL, NULL);


--
-- Data for Name: event; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.event VALUES ('01a227b7-6879-71c0-9d6b-82db331e910f', '2026-11-29 14:31:00.982863+00', 'identity.proven', '01a227b7-686a-7563-8530-e5a8d1f54f0e', 'ana', '01a227b7-686a-7563-8530-e5a8d1f54f0e', NULL, NULL, NULL, '\x7b22616374696f6e223a226964656e746974792e70726f76656e222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22616e61222c226964223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065227d7d2c226174223a22323032362d31312d32395431343a33313a30302e3938323836335a222c2264657461696c223a7b227072696e636970616c223a2261726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61222c22756e697175655f6964223a22414944415a57505158564c534158345748475332227d2c226964223a2230316132323762372d363837392d373163302d396436622d383264623333316539313066222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065227d');
INSERT INTO public.event VALUES ('01a227b7-6888-719d-b051-179fd16bc240', '2026-11-29 14:31:00.999887+00', 'identity.proven', '01a227b7-687f-7480-907b-1356102edc9b', 'ben', '01a227b7-687f-7480-907b-1356102edc9b', NULL, NULL, NULL, '\x7b22616374696f6e223a226964656e746974792e70726f76656e222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a2262656e222c226964223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962227d7d2c226174223a22323032362d31312d32395431343a33313a30302e3939393838375a222c2264657461696c223a7b227072696e636970616c223a2261726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f62656e222c22756e697175655f6964223a2241494441484a505433464a5a5651324642353234227d2c226964223a2230316132323762372d363838382d373139642d623035312d313739666431366263323430222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962227d');
INSERT INTO public.event VALUES ('01a227b7-6894-7560-b4f1-920f9107b044', '2026-11-29 14:31:01.010644+00', 'identity.proven', '01a227b7-6890-7621-a387-d62fb2b93d3d', 'dee', '01a227b7-6890-7621-a387-d62fb2b93d3d', NULL, NULL, NULL, '\x7b22616374696f6e223a226964656e746974792e70726f76656e222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22646565222c226964223a2230316132323762372d363839302d373632312d613338372d643632666232623933643364227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3031303634345a222c2264657461696c223a7b227072696e636970616c223a2261726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f646565222c22756e697175655f6964223a2241494441354b534f4e4a55435a544535594f4e33227d2c226964223a2230316132323762372d363839342d373536302d623466312d393230663931303762303434222c22706572736f6e223a2230316132323762372d363839302d373632312d613338372d643632666232623933643364227d');
INSERT INTO public.event VALUES ('01a227b7-68b3-7005-a0e9-d5865de490f2', '2026-11-29 14:31:01.037707+00', 'policy.applied', NULL, 'policy apply', NULL, NULL, NULL, NULL, '\x7b22616374696f6e223a22706f6c6963792e6170706c696564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22706f6c696379206170706c79227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3033373730375a222c2264657461696c223a7b2261636365737365735f656e64696e67223a302c226279223a227468652064656d6f222c22636c7573746572735f6164646564223a322c22636c7573746572735f64726f70706564223a302c22636c7573746572735f726574616b656e223a302c22647261696e223a5b5d2c22656e645f72656675736564223a66616c73652c2268617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c2270726576696f7573223a6e756c6c2c2272657175657374735f636c6f736564223a307d2c226964223a2230316132323762372d363862332d373030352d613065392d643538363564653439306632227d');
INSERT INTO public.event VALUES ('01a227b7-68b6-71bd-9e4a-6021697ca88d', '2026-11-29 14:31:01.037707+00', 'cluster.added', NULL, 'policy apply', NULL, '01a227b7-68b3-7005-a0e9-d584d7c5832d', NULL, NULL, '\x7b22616374696f6e223a22636c75737465722e6164646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22706f6c696379206170706c79227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3033373730375a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2261726e223a2261726e3a6177733a656b733a65752d776573742d313a3131313132323232333333333a636c75737465722f70726f642d6575222c226e616d65223a2270726f642d6575222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234227d2c226964223a2230316132323762372d363862362d373162642d396534612d363032313639376361383864227d');
INSERT INTO public.event VALUES ('01a227b7-68ba-73e6-9e74-a3c60086273e', '2026-11-29 14:31:01.037707+00', 'cluster.added', NULL, 'policy apply', NULL, '01a227b7-68b3-7005-a0e9-d585e804aa20', NULL, NULL, '\x7b22616374696f6e223a22636c75737465722e6164646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22706f6c696379206170706c79227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3033373730375a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2261726e223a2261726e3a6177733a656b733a65752d776573742d313a3131313132323232333333333a636c75737465722f73746167696e672d6575222c226e616d65223a2273746167696e672d6575222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234227d2c226964223a2230316132323762372d363862612d373365362d396537342d613363363030383632373365227d');
INSERT INTO public.event VALUES ('01a227b7-6a3c-727a-a019-23bfb9340c3a', '2026-11-29 14:31:01.430544+00', 'request.submitted', '01a227b7-686a-7563-8530-e5a8d1f54f0e', 'ana', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', NULL, '\x7b22616374696f6e223a22726571756573742e7375626d6974746564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22616e61222c226964223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3433303534345a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b226261736973223a2271756f72756d222c22636c7573746572223a2273746167696e672d6575222c226c61707365735f6174223a22323032362d31312d32395432323a33313a30312e3433303534345a222c226d696e75746573223a36302c226e616d65737061636573223a5b22636865636b6f7574225d2c22706f6c696379223a2273746167696e67206973206f70656e20746f20646576656c6f70657273222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c227072696e636970616c223a2261726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61222c2270726f66696c65223a2276696577222c2271756f72756d223a312c22726561736f6e223a2257687920646f20636865636b6f7574732074696d65206f75742073696e636520746865206465706c6f793f222c227365656e223a2264366466316134383537313234646430636365356134623635633735306430653830353165613936303536626335633331633336396131353766633064646266227d2c226964223a2230316132323762372d366133632d373237612d613031392d323362666239333430633361222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-6a5f-76df-8e4f-54d5eba5b505', '2026-11-29 14:31:01.450435+00', 'request.approved', '01a227b7-687f-7480-907b-1356102edc9b', 'ben', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a22726571756573742e617070726f766564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a2262656e222c226964223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3435303433355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2261637469766174655f6279223a22323032362d31312d32395431353a30313a30312e3435303433355a222c226261736973223a2271756f72756d222c226465636964657273223a5b2262656e225d2c22686172645f756e74696c223a22323032362d31312d32395431363a30313a30312e3435303433355a222c22706f6c696379223a2273746167696e67206973206f70656e20746f20646576656c6f70657273222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c2271756f72756d223a312c22726561736f6e223a6e756c6c2c227365656e223a2264366466316134383537313234646430636365356134623635633735306430653830353165613936303536626335633331633336396131353766633064646266222c2276657264696374223a22617070726f7665227d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d366135662d373664662d386534662d353464356562613562353035222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-6a87-70d0-824f-d79bcda917a9', '2026-11-29 14:31:01.509089+00', 'request.submitted', '01a227b7-686a-7563-8530-e5a8d1f54f0e', 'ana', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6a85-727f-88d4-7b6ee2ce5b6b', NULL, '\x7b22616374696f6e223a22726571756573742e7375626d6974746564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22616e61222c226964223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3530393038395a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226261736973223a2271756f72756d222c22636c7573746572223a2270726f642d6575222c226c61707365735f6174223a22323032362d31312d33305431343a33313a30312e3530393038395a222c226d696e75746573223a3438302c226e616d65737061636573223a5b227061796d656e74732d6261746368225d2c22706f6c696379223a227061796d656e7473206d6179206c6f6f6b222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c227072696e636970616c223a2261726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61222c2270726f66696c65223a2272657374617274222c2271756f72756d223a312c22726561736f6e223a224a75737420696e2063617365222c227365656e223a2265353335333035386637346237386565323038633566386334373065396661613134666533313364386462666238663237366365386239626430633762316264227d2c226964223a2230316132323762372d366138372d373064302d383234662d643739626364613931376139222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366138352d373237662d383864342d376236656532636535623662227d');
INSERT INTO public.event VALUES ('01a227b7-6a90-7626-8b2e-f1cbf0500aa5', '2026-11-29 14:31:01.518073+00', 'request.denied', '01a227b7-688f-7147-947f-a2f0d349e42b', 'chi', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6a85-727f-88d4-7b6ee2ce5b6b', NULL, '\x7b22616374696f6e223a22726571756573742e64656e696564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22636869222c226964223a2230316132323762372d363838662d373134372d393437662d613266306433343965343262227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3531383037335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b22706f6c696379223a227061796d656e7473206d6179206c6f6f6b222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c2271756f72756d223a312c22726561736f6e223a22456967687420686f75727320696e2070726f64206e656564206120726561736f6e2e2041736b20616761696e20666f72207468652074696d65207468617420796f75206e6565642e222c227365656e223a2265353335333035386637346237386565323038633566386334373065396661613134666533313364386462666238663237366365386239626430633762316264222c2276657264696374223a2264656e79227d2c226964223a2230316132323762372d366139302d373632362d386232652d663163626630353030616135222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366138352d373237662d383864342d376236656532636535623662227d');
INSERT INTO public.event VALUES ('01a227b7-6aab-7755-9fbc-266bd8996856', '2026-11-29 14:31:01.545451+00', 'request.submitted', '01a227b7-687f-7480-907b-1356102edc9b', 'ben', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', NULL, '\x7b22616374696f6e223a22726571756573742e7375626d6974746564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a2262656e222c226964223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3534353435315a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b226261736973223a2271756f72756d222c22636c7573746572223a2273746167696e672d6575222c226c61707365735f6174223a22323032362d31312d32395432323a33313a30312e3534353435315a222c226d696e75746573223a3132302c226e616d65737061636573223a5b2273616e64626f78225d2c22706f6c696379223a2273746167696e67206973206f70656e20746f20646576656c6f70657273222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c227072696e636970616c223a2261726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f62656e222c2270726f66696c65223a2265646974222c2271756f72756d223a312c22726561736f6e223a2254727920746865206e657720736574746c656d656e74206a6f62206265666f7265207468652072656c65617365222c227365656e223a2264393138303336666435316230383531343364313332663937333566353531633530616363356335386234306663633438383638646432633333663963643537227d2c226964223a2230316132323762372d366161622d373735352d396662632d323636626438393936383536222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227b7-6d62-7139-81aa-26097de15143', '2026-11-29 14:31:02.240007+00', 'grant.revoking', '01a227b7-686a-7563-8530-e5a8d1f54f0e', 'ana', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a226772616e742e7265766f6b696e67222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22616e61222c226964223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065227d7d2c226174223a22323032362d31312d32395431343a33313a30322e3234303030375a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b226361757365223a2272656c696e71756973686564222c22726561736f6e223a6e756c6c7d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d366436322d373133392d383161612d323630393764653135313433222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-6ab6-746e-a2d0-0bd444c99e25', '2026-11-29 14:31:01.552878+00', 'request.approved', '01a227b7-6890-7621-a387-d62fb2b93d3d', 'dee', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a22726571756573742e617070726f766564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22646565222c226964223a2230316132323762372d363839302d373632312d613338372d643632666232623933643364227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3535323837385a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2261637469766174655f6279223a22323032362d31312d32395431353a30313a30312e3535323837385a222c226261736973223a2271756f72756d222c226465636964657273223a5b22646565225d2c22686172645f756e74696c223a22323032362d31312d32395431373a30313a30312e3535323837385a222c22706f6c696379223a2273746167696e67206973206f70656e20746f20646576656c6f70657273222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c2271756f72756d223a312c22726561736f6e223a6e756c6c2c227365656e223a2264393138303336666435316230383531343364313332663937333566353531633530616363356335386234306663633438383638646432633333663963643537222c2276657264696374223a22617070726f7665227d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762372d366162362d373436652d613264302d306264343434633939653235222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227b7-6ae5-732a-ba3b-4d633cb4ccdc', '2026-11-29 14:31:01.59508+00', 'grant.started', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a226772616e742e73746172746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30312e35393530385a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b7d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d366165352d373332612d626133622d346436333363623463636463222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-6b05-7017-83b6-aa65b09f59d3', '2026-11-29 14:31:01.622621+00', 'grant.started', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a226772616e742e73746172746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3632323632315a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b7d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762372d366230352d373031372d383362362d616136356230396635396433222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227b7-6b57-726d-8739-ec8a1c249011', '2026-11-29 14:31:01.718367+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3731383336375a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a322c227374657073223a5b227461675f7072696e636970616c2061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e612077697468206c617463686b65792f696e7374616c6c6174696f6e222c227075745f706f6c69637920696e6c696e6520706f6c696379206c617463686b6579206f662061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61225d2c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d366235372d373236642d383733392d656338613163323439303131222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-6b87-75a7-a1b8-70cc0ad010d5', '2026-11-29 14:31:01.76747+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30312e37363734375a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a322c227374657073223a5b226164645f6d617070696e67206177732d61757468222c226372656174655f62696e64696e6720526f6c6542696e64696e6720636865636b6f75742f6c617463686b65793a30316132323762372d366134662d373131662d393034312d3862363661653262336564313a3262636234336362225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d366238372d373561372d613162382d373063633061643031306435222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-6b88-7366-a81c-056c1a8af541', '2026-11-29 14:31:01.76747+00', 'grant.change_begun', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30312e37363734375a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a322c227374657073223a5b226164645f6d617070696e67206177732d61757468222c226372656174655f62696e64696e6720526f6c6542696e64696e672073616e64626f782f6c617463686b65793a30316132323762372d366162312d373136612d383136352d6432623331343735316566333a3236323132316335225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762372d366238382d373336362d613831632d303536633161386166353431222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227b7-6ba2-77d6-9b8b-834c4232483c', '2026-11-29 14:31:01.794164+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3739343136345a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a322c226f7574636f6d65223a2270726f76656e222c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d366261322d373764362d396238622d383334633432333234383363222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-6bac-778b-a4a6-fd9968dceeaf', '2026-11-29 14:31:01.804+00', 'grant.change_begun', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3830345a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a322c227374657073223a5b227461675f7072696e636970616c2061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f62656e2077697468206c617463686b65792f696e7374616c6c6174696f6e222c227075745f706f6c69637920696e6c696e6520706f6c696379206c617463686b6579206f662061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f62656e225d2c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762372d366261632d373738622d613461362d666439393638646365656166222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227b7-6c29-7782-8214-57f8abf31637', '2026-11-29 14:31:01.929501+00', 'grant.change_ended', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30312e3932393530315a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a322c226f7574636f6d65223a2270726f76656e222c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762372d366332392d373738322d383231342d353766386162663331363337222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227b7-6d21-7736-a9a9-7f8d4c960939', '2026-11-29 14:31:02.177483+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30322e3137373438335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a322c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d366432312d373733362d613961392d376638643463393630393339222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-6d2c-7707-8e4d-2978c7a14e67', '2026-11-29 14:31:02.176712+00', 'grant.activated', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a226772616e742e616374697661746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30322e3137363731325a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b22726573696475616c223a5b5d2c2273696e6365223a22323032362d31312d32395431343a33313a30322e3137363731325a222c22756e74696c223a22323032362d31312d32395431353a33313a30322e3137363731325a227d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d366432632d373730372d386534642d323937386337613134653637222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-6d2f-706b-b3fe-3c81d33815e5', '2026-11-29 14:31:02.191555+00', 'grant.change_ended', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30322e3139313535355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a322c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762372d366432662d373036622d623366652d336338316433333831356535222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227b7-6d36-72a9-be85-2e2adcc91b42', '2026-11-29 14:31:02.191048+00', 'grant.activated', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a226772616e742e616374697661746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30322e3139313034385a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b22726573696475616c223a5b5d2c2273696e6365223a22323032362d31312d32395431343a33313a30322e3139313034385a222c22756e74696c223a22323032362d31312d32395431363a33313a30322e3139313034385a227d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762372d366433362d373261392d626538352d326532616463633931623432222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227b7-6d92-70a9-ac07-656f805f034d', '2026-11-29 14:31:02.28865+00', 'request.submitted', '01a227b7-687f-7480-907b-1356102edc9b', 'ben', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6d90-7408-bda1-8480b3bc319a', NULL, '\x7b22616374696f6e223a22726571756573742e7375626d6974746564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a2262656e222c226964223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962227d7d2c226174223a22323032362d31312d32395431343a33313a30322e32383836355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226261736973223a2271756f72756d222c22636c7573746572223a2270726f642d6575222c226c61707365735f6174223a22323032362d31312d33305431343a33313a30322e32383836355a222c226d696e75746573223a3234302c226e616d65737061636573223a5b227061796d656e7473225d2c22706f6c696379223a227061796d656e7473206d6179206c6f6f6b222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c227072696e636970616c223a2261726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f62656e222c2270726f66696c65223a2276696577222c2271756f72756d223a312c22726561736f6e223a22466f6c6c6f772074686520736574746c656d656e742072756e206f6620746f6e696768742c204c45444745522d333131222c227365656e223a2263316561636164623363663334633037613831636234616662343333653537356533383534333361356133306163386630313166343664336538623461303835227d2c226964223a2230316132323762372d366439322d373061392d616330372d363536663830356630333464222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366439302d373430382d626461312d383438306233626333313961227d');
INSERT INTO public.event VALUES ('01a227b7-6d9a-7723-ad48-4c246cbafce9', '2026-11-29 14:31:02.295465+00', 'request.approved', '01a227b7-688f-7147-947f-a2f0d349e42b', 'chi', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-6d98-7529-b049-bde10ba1018b', '\x7b22616374696f6e223a22726571756573742e617070726f766564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22636869222c226964223a2230316132323762372d363838662d373134372d393437662d613266306433343965343262227d7d2c226174223a22323032362d31312d32395431343a33313a30322e3239353436355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2261637469766174655f6279223a22323032362d31312d32395431353a30313a30322e3239353436355a222c226261736973223a2271756f72756d222c226465636964657273223a5b22636869225d2c22686172645f756e74696c223a22323032362d31312d32395431393a30313a30322e3239353436355a222c22706f6c696379223a227061796d656e7473206d6179206c6f6f6b222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c2271756f72756d223a312c22726561736f6e223a6e756c6c2c227365656e223a2263316561636164623363663334633037613831636234616662343333653537356533383534333361356133306163386630313166343664336538623461303835222c2276657264696374223a22617070726f7665227d2c226772616e74223a2230316132323762372d366439382d373532392d623034392d626465313062613130313862222c226964223a2230316132323762372d366439612d373732332d616434382d346332343663626166636539222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366439302d373430382d626461312d383438306233626333313961227d');
INSERT INTO public.event VALUES ('01a227b7-6dce-70d5-976b-c06a83074e1f', '2026-11-29 14:31:02.34469+00', 'grant.started', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-6d98-7529-b049-bde10ba1018b', '\x7b22616374696f6e223a226772616e742e73746172746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30322e33343436395a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b7d2c226772616e74223a2230316132323762372d366439382d373532392d623034392d626465313062613130313862222c226964223a2230316132323762372d366463652d373064352d393736622d633036613833303734653166222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366439302d373430382d626461312d383438306233626333313961227d');
INSERT INTO public.event VALUES ('01a227b8-e774-7529-91ab-a6ee2d8a140e', '2026-11-29 14:32:39.028426+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33323a33392e3032383432365a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a352c226f7574636f6d65223a2270726f76656e222c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762382d653737342d373532392d393161622d613665653264386131343065222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227b8-e807-7167-ad2b-7ccbc085e4c6', '2026-11-29 14:32:39.175487+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33323a33392e3137353438375a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a342c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762382d653830372d373136372d616432622d376363626330383565346336222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227b8-e80a-7420-9f5a-64e7e2302e4c', '2026-11-29 14:32:39.174899+00', 'grant.activated', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e616374697661746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33323a33392e3137343839395a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b22726573696475616c223a5b5d2c2273696e6365223a22323032362d31312d32395431343a33323a33392e3137343839395a222c22756e74696c223a22323032362d31312d32395431363a33323a33392e3137343839395a227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762382d653830612d373432302d396635612d363465376532333032653463222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227b9-7e76-7627-a933-bafe5b683bb1', '2026-11-29 14:33:17.686681+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33333a31372e3638363638315a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a352c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762392d376537362d373632372d613933332d626166653562363833626231222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227b9-7e80-74a1-9306-aa70461bce2d', '2026-11-29 14:33:17.685039+00', 'grant.activated', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e616374697661746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33333a31372e3638353033395a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b22726573696475616c223a5b5d2c2273696e6365223a22323032362d31312d32395431343a33333a31372e3638353033395a222c22756e74696c223a22323032362d31312d32395431353a33333a31372e3638353033395a227d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762392d376538302d373461312d393330362d616137303436316263653264222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227b7-6ef8-71e1-9903-196e0741b9b9', '2026-11-29 14:31:02.647135+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30322e3634373133355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a332c227374657073223a5b2264656c6574655f706f6c69637920696e6c696e6520706f6c696379206c617463686b6579206f662061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61222c22756e7461675f7072696e636970616c2061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61206f66206c617463686b65792f696e7374616c6c6174696f6e225d2c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d366566382d373165312d393930332d313936653037343162396239222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-6ef9-721a-a727-196248d637c9', '2026-11-29 14:31:02.649878+00', 'grant.change_begun', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-6d98-7529-b049-bde10ba1018b', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30322e3634393837385a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a322c227374657073223a5b226164645f6d617070696e67206177732d61757468222c226372656174655f62696e64696e6720526f6c6542696e64696e67207061796d656e74732f6c617463686b65793a30316132323762372d366439382d373532392d623034392d6264653130626131303138623a3262636234336362225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762372d366439382d373532392d623034392d626465313062613130313862222c226964223a2230316132323762372d366566392d373231612d613732372d313936323438643633376339222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366439302d373430382d626461312d383438306233626333313961227d');
INSERT INTO public.event VALUES ('01a227b7-6efb-708f-adb3-a1756b1940ac', '2026-11-29 14:31:02.651493+00', 'grant.change_begun', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-6d98-7529-b049-bde10ba1018b', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30322e3635313439335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a332c227374657073223a5b227075745f706f6c69637920696e6c696e6520706f6c696379206c617463686b6579206f662061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f62656e225d2c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762372d366439382d373532392d623034392d626465313062613130313862222c226964223a2230316132323762372d366566622d373038662d616462332d613137353662313934306163222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366439302d373430382d626461312d383438306233626333313961227d');
INSERT INTO public.event VALUES ('01a227b7-70e6-77b3-b8b6-7d1a97bb3cf4', '2026-11-29 14:31:03.142415+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30332e3134323431355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a332c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d373065362d373762332d623862362d376431613937626233636634222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-70f0-7648-a1ce-b50e2283ec7c', '2026-11-29 14:31:03.138737+00', 'grant.ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a226772616e742e656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30332e3133383733375a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b226361757365223a2272656c696e71756973686564222c22726573696475616c223a5b5d7d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d373066302d373634382d613163652d623530653232383365633763222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b8-e70b-77d2-b7b0-2cce5b4ec363', '2026-11-29 14:32:38.919057+00', 'grant.started', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e73746172746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33323a33382e3931393035375a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b7d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762382d653730622d373764322d623762302d326363653562346563333633222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227b8-e766-75b0-bfd6-713da308007e', '2026-11-29 14:32:39.014503+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33323a33392e3031343530335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a342c227374657073223a5b226164645f6d617070696e67206177732d61757468222c226372656174655f62696e64696e6720526f6c6542696e64696e67207061796d656e74732f6c617463686b65793a30316132323762382d653633342d373262332d393032622d3064333064333261326137343a3262636234336362225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762382d653736362d373562302d626664362d373133646133303830303765222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227b9-7d87-735a-a356-7bdae4f20d0e', '2026-11-29 14:33:17.443305+00', 'grant.started', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e73746172746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33333a31372e3434333330355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b7d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762392d376438372d373335612d613335362d376264616534663230643065222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227b7-6f1f-753d-999e-a6a0df12c326', '2026-11-29 14:31:02.687337+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30322e3638373333375a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a332c227374657073223a5b22656d7074795f62696e64696e6720526f6c6542696e64696e6720636865636b6f75742f6c617463686b65793a30316132323762372d366134662d373131662d393034312d3862363661653262336564313a3262636234336362222c2264656c6574655f62696e64696e6720526f6c6542696e64696e6720636865636b6f75742f6c617463686b65793a30316132323762372d366134662d373131662d393034312d3862363661653262336564313a3262636234336362222c2272656d6f76655f6d617070696e67206177732d61757468225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d366631662d373533642d393939652d613661306466313263333236222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-6f25-70f0-8136-f2ee203c0d76', '2026-11-29 14:31:02.689998+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30322e3638393939385a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a332c226f7574636f6d65223a2270726f76656e222c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762372d366134662d373131662d393034312d386236366165326233656431222c226964223a2230316132323762372d366632352d373066302d383133362d663265653230336330643736222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762372d366133362d373239352d623966312d343536363239393334303865227d');
INSERT INTO public.event VALUES ('01a227b7-6f46-7099-af17-9d0245dc4e00', '2026-11-29 14:31:02.724578+00', 'grant.change_ended', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-6d98-7529-b049-bde10ba1018b', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30322e3732343537385a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a332c226f7574636f6d65223a2270726f76656e222c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762372d366439382d373532392d623034392d626465313062613130313862222c226964223a2230316132323762372d366634362d373039392d616631372d396430323435646334653030222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366439302d373430382d626461312d383438306233626333313961227d');
INSERT INTO public.event VALUES ('01a227b7-70db-7601-8e96-172ca23a35da', '2026-11-29 14:31:03.130986+00', 'grant.change_ended', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-6d98-7529-b049-bde10ba1018b', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30332e3133303938365a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a322c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762372d366439382d373532392d623034392d626465313062613130313862222c226964223a2230316132323762372d373064622d373630312d386539362d313732636132336133356461222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366439302d373430382d626461312d383438306233626333313961227d');
INSERT INTO public.event VALUES ('01a227b7-70e4-73d2-85fa-7e097924f9dc', '2026-11-29 14:31:03.130261+00', 'grant.activated', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-6d98-7529-b049-bde10ba1018b', '\x7b22616374696f6e223a226772616e742e616374697661746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33313a30332e3133303236315a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b22726573696475616c223a5b5d2c2273696e6365223a22323032362d31312d32395431343a33313a30332e3133303236315a222c22756e74696c223a22323032362d31312d32395431383a33313a30332e3133303236315a227d2c226772616e74223a2230316132323762372d366439382d373532392d623034392d626465313062613130313862222c226964223a2230316132323762372d373065342d373364322d383566612d376530393739323466396463222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366439302d373430382d626461312d383438306233626333313961227d');
INSERT INTO public.event VALUES ('01a227b9-7dd7-7334-9bde-fb7fc314f01f', '2026-11-29 14:33:17.527126+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33333a31372e3532373132365a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a352c227374657073223a5b226372656174655f62696e64696e6720526f6c6542696e64696e67207061796d656e74732d62617463682f6c617463686b65793a30316132323762392d376366322d373763622d383933302d3236653134616137353061323a3262636234336362225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762392d376464372d373333342d396264652d666237666333313466303166222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227b8-c7dc-7731-a35e-97b39c7484d3', '2026-11-29 14:32:30.938335+00', 'request.submitted', '01a227b7-686a-7563-8530-e5a8d1f54f0e', 'ana', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', NULL, '\x7b22616374696f6e223a22726571756573742e7375626d6974746564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22616e61222c226964223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065227d7d2c226174223a22323032362d31312d32395431343a33323a33302e3933383333355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226261736973223a2271756f72756d222c22636c7573746572223a2270726f642d6575222c226c61707365735f6174223a22323032362d31312d33305431343a33323a33302e3933383333355a222c226d696e75746573223a3132302c226e616d65737061636573223a5b227061796d656e7473225d2c22706f6c696379223a227061796d656e7473206d6179206c6f6f6b222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c227072696e636970616c223a2261726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61222c2270726f66696c65223a2276696577222c2271756f72756d223a312c22726561736f6e223a22492077616e7420746f206c6f6f6b2061742074686520706f6473206f66207061796d656e7473222c227365656e223a2234623763316561393462626563373561333366346466656664383336616235356233303636643665323831326266613966643861613130333234633134653337227d2c226964223a2230316132323762382d633764632d373733312d613335652d393762333963373438346433222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227b8-e63e-7689-bdfe-630a7960e554', '2026-11-29 14:32:38.707723+00', 'request.approved', '01a227b7-687f-7480-907b-1356102edc9b', 'ben', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a22726571756573742e617070726f766564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a2262656e222c226964223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962227d7d2c226174223a22323032362d31312d32395431343a33323a33382e3730373732335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2261637469766174655f6279223a22323032362d31312d32395431353a30323a33382e3730373732335a222c226261736973223a2271756f72756d222c226465636964657273223a5b2262656e225d2c22686172645f756e74696c223a22323032362d31312d32395431373a30323a33382e3730373732335a222c22706f6c696379223a227061796d656e7473206d6179206c6f6f6b222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c2271756f72756d223a312c22726561736f6e223a6e756c6c2c227365656e223a2234623763316561393462626563373561333366346466656664383336616235356233303636643665323831326266613966643861613130333234633134653337222c2276657264696374223a22617070726f7665227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762382d653633652d373638392d626466652d363330613739363065353534222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227b9-6713-758b-9735-69a1f47c8592', '2026-11-29 14:33:11.697626+00', 'request.submitted', '01a227b7-686a-7563-8530-e5a8d1f54f0e', 'ana', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', NULL, '\x7b22616374696f6e223a22726571756573742e7375626d6974746564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22616e61222c226964223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065227d7d2c226174223a22323032362d31312d32395431343a33333a31312e3639373632365a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226261736973223a2271756f72756d222c22636c7573746572223a2270726f642d6575222c226c61707365735f6174223a22323032362d31312d33305431343a33333a31312e3639373632365a222c226d696e75746573223a36302c226e616d65737061636573223a5b227061796d656e74732d6261746368225d2c22706f6c696379223a227061796d656e7473206d6179206c6f6f6b222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c227072696e636970616c223a2261726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61222c2270726f66696c65223a2276696577222c2271756f72756d223a312c22726561736f6e223a227365636f6e64222c227365656e223a2262363431303765666261633032653231623137306534353930386632306339313231343231613533663930633936623830663733653937623366663133663833227d2c226964223a2230316132323762392d363731332d373538622d393733352d363961316634376338353932222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227b9-7cf5-739f-abab-75249db0de1a', '2026-11-29 14:33:17.297282+00', 'request.approved', '01a227b7-687f-7480-907b-1356102edc9b', 'ben', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a22726571756573742e617070726f766564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a2262656e222c226964223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962227d7d2c226174223a22323032362d31312d32395431343a33333a31372e3239373238325a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2261637469766174655f6279223a22323032362d31312d32395431353a30333a31372e3239373238325a222c226261736973223a2271756f72756d222c226465636964657273223a5b2262656e225d2c22686172645f756e74696c223a22323032362d31312d32395431363a30333a31372e3239373238325a222c22706f6c696379223a227061796d656e7473206d6179206c6f6f6b222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c2271756f72756d223a312c22726561736f6e223a6e756c6c2c227365656e223a2262363431303765666261633032653231623137306534353930386632306339313231343231613533663930633936623830663733653937623366663133663833222c2276657264696374223a22617070726f7665227d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762392d376366352d373339662d616261622d373532343964623064653161222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227b8-e755-77b3-aade-58a04c5983ed', '2026-11-29 14:32:38.996103+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33323a33382e3939363130335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a352c227374657073223a5b227461675f7072696e636970616c2061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e612077697468206c617463686b65792f696e7374616c6c6174696f6e222c227075745f706f6c69637920696e6c696e6520706f6c696379206c617463686b6579206f662061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61225d2c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762382d653735352d373762332d616164652d353861303463353938336564222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227be-1372-7664-bb84-ba69d4ae09f1', '2026-11-29 14:38:17.966301+00', 'grant.drift_found', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e64726966745f666f756e64222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33383a31372e3936363330315a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226f626a65637473223a5b226177732d61757468225d2c2277686174223a22736f6d65626f647920746f6f6b20746865206c696e65206f6620606c617463686b65793a616e613a3160206f7574206f66206177732d61757468207768696c6520746865206163636573732072756e733b20697420776173206c617374207772697474656e206279206b75626563746c2d65646974227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762652d313337322d373636342d626238342d626136396434616530396631222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227be-137b-72b2-a5eb-eb5691019783', '2026-11-29 14:38:17.966301+00', 'grant.drift_found', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e64726966745f666f756e64222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33383a31372e3936363330315a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226f626a65637473223a5b226177732d61757468225d2c2277686174223a22736f6d65626f647920746f6f6b20746865206c696e65206f6620606c617463686b65793a616e613a3160206f7574206f66206177732d61757468207768696c6520746865206163636573732072756e733b20697420776173206c617374207772697474656e206279206b75626563746c2d65646974227d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762652d313337622d373262322d613565622d656235363931303139373833222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227be-137c-708e-bf68-9eed9e61faa1', '2026-11-29 14:38:17.966301+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33383a31372e3936363330315a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a362c227374657073223a5b226164645f6d617070696e67206177732d61757468225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762652d313337632d373038652d626636382d396565643965363166616131222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227be-137c-708e-bf68-9eeeccdde42f', '2026-11-29 14:38:17.966301+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33383a31372e3936363330315a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a362c227374657073223a5b226164645f6d617070696e67206177732d61757468225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762652d313337632d373038652d626636382d396565656363646465343266222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227be-1a5a-729e-80ae-6265ad87ccec', '2026-11-29 14:38:19.737978+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33383a31392e3733373937385a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a362c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762652d316135612d373239652d383061652d363236356164383763636563222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227be-1a68-7054-bfa7-e0c19230bd61', '2026-11-29 14:38:19.752419+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33383a31392e3735323431395a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a362c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762652d316136382d373035342d626661372d653063313932333062643631222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227be-940f-7541-9060-10ccb13f9289', '2026-11-29 14:38:50.895203+00', 'cluster.granting_paused', '01a227b7-6890-7621-a387-d62fb2b93d3d', 'dee', NULL, '01a227b7-68b3-7005-a0e9-d584d7c5832d', NULL, NULL, '\x7b22616374696f6e223a22636c75737465722e6772616e74696e675f706175736564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22646565222c226964223a2230316132323762372d363839302d373632312d613338372d643632666232623933643364227d7d2c226174223a22323032362d31312d32395431343a33383a35302e3839353230335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b22726561736f6e223a226e6577636f6d6572207472696573206974222c22746172676574223a7b226b6579223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c226b696e64223a22636c7573746572227d7d2c226964223a2230316132323762652d393430662d373534312d393036302d313063636231336639323839227d');
INSERT INTO public.event VALUES ('01a227be-b304-7786-93b6-b105da2cbd49', '2026-11-29 14:38:58.818084+00', 'request.submitted', '01a227b7-686a-7563-8530-e5a8d1f54f0e', 'ana', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227be-b302-747b-b4fd-b7752e60dd52', NULL, '\x7b22616374696f6e223a22726571756573742e7375626d6974746564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22616e61222c226964223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065227d7d2c226174223a22323032362d31312d32395431343a33383a35382e3831383038345a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226261736973223a2271756f72756d222c22636c7573746572223a2270726f642d6575222c226c61707365735f6174223a22323032362d31312d33305431343a33383a35382e3831383038345a222c226d696e75746573223a36302c226e616d65737061636573223a5b227061796d656e7473225d2c22706f6c696379223a227061796d656e7473206d6179206c6f6f6b222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c227072696e636970616c223a2261726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61222c2270726f66696c65223a2272657374617274222c2271756f72756d223a312c22726561736f6e223a227768696c6520706175736564222c227365656e223a2235346438633636373162323537613961303637326137333230393165333130303632663932386335613465333938336666323932353439623836643430666239227d2c226964223a2230316132323762652d623330342d373738362d393362362d623130356461326362643439222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762652d623330322d373437622d623466642d623737353265363064643532227d');
INSERT INTO public.event VALUES ('01a227be-cdf4-7103-82b9-bf375f0ef6da', '2026-11-29 14:39:05.707288+00', 'request.approved', '01a227b7-687f-7480-907b-1356102edc9b', 'ben', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227be-b302-747b-b4fd-b7752e60dd52', '01a227be-cdeb-70fd-87da-187444c8dae7', '\x7b22616374696f6e223a22726571756573742e617070726f766564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a2262656e222c226964223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962227d7d2c226174223a22323032362d31312d32395431343a33393a30352e3730373238385a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2261637469766174655f6279223a22323032362d31312d32395431353a30393a30352e3730373238385a222c226261736973223a2271756f72756d222c226465636964657273223a5b2262656e225d2c22686172645f756e74696c223a22323032362d31312d32395431363a30393a30352e3730373238385a222c22706f6c696379223a227061796d656e7473206d6179206c6f6f6b222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c2271756f72756d223a312c22726561736f6e223a6e756c6c2c227365656e223a2235346438633636373162323537613961303637326137333230393165333130303632663932386335613465333938336666323932353439623836643430666239222c2276657264696374223a22617070726f7665227d2c226772616e74223a2230316132323762652d636465622d373066642d383764612d313837343434633864616537222c226964223a2230316132323762652d636466342d373130332d383262392d626633373566306566366461222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762652d623330322d373437622d623466642d623737353265363064643532227d');
INSERT INTO public.event VALUES ('01a227be-ceff-7009-a636-f8dfd92e2276', '2026-11-29 14:39:05.969969+00', 'grant.started', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227be-b302-747b-b4fd-b7752e60dd52', '01a227be-cdeb-70fd-87da-187444c8dae7', '\x7b22616374696f6e223a226772616e742e73746172746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33393a30352e3936393936395a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b7d2c226772616e74223a2230316132323762652d636465622d373066642d383764612d313837343434633864616537222c226964223a2230316132323762652d636566662d373030392d613633362d663864666439326532323736222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762652d623330322d373437622d623466642d623737353265363064643532227d');
INSERT INTO public.event VALUES ('01a227be-e39a-75d4-9a8e-998a07d19dd2', '2026-11-29 14:39:11.25793+00', 'cluster.granting_resumed', '01a227b7-6890-7621-a387-d62fb2b93d3d', 'dee', NULL, '01a227b7-68b3-7005-a0e9-d584d7c5832d', NULL, NULL, '\x7b22616374696f6e223a22636c75737465722e6772616e74696e675f726573756d6564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22646565222c226964223a2230316132323762372d363839302d373632312d613338372d643632666232623933643364227d7d2c226174223a22323032362d31312d32395431343a33393a31312e32353739335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b22746172676574223a7b226b6579223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c226b696e64223a22636c7573746572227d7d2c226964223a2230316132323762652d653339612d373564342d396138652d393938613037643139646432227d');
INSERT INTO public.event VALUES ('01a227be-e7e4-739b-bf4d-bede328e8aa5', '2026-11-29 14:39:12.356719+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227be-b302-747b-b4fd-b7752e60dd52', '01a227be-cdeb-70fd-87da-187444c8dae7', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33393a31322e3335363731395a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31302c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762652d636465622d373066642d383764612d313837343434633864616537222c226964223a2230316132323762652d653765342d373339622d626634642d626564653332386538616135222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762652d623330322d373437622d623466642d623737353265363064643532227d');
INSERT INTO public.event VALUES ('01a227be-e554-744e-b218-7d8144681be4', '2026-11-29 14:39:11.700006+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227be-b302-747b-b4fd-b7752e60dd52', '01a227be-cdeb-70fd-87da-187444c8dae7', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33393a31312e3730303030365a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31302c227374657073223a5b226372656174655f726f6c6520436c7573746572526f6c65206c617463686b65793a726573746172743a3262393963656464222c226372656174655f62696e64696e6720526f6c6542696e64696e67207061796d656e74732f6c617463686b65793a30316132323762652d636465622d373066642d383764612d3138373434346338646165373a3431643264643530225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762652d636465622d373066642d383764612d313837343434633864616537222c226964223a2230316132323762652d653535342d373434652d623231382d376438313434363831626534222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762652d623330322d373437622d623466642d623737353265363064643532227d');
INSERT INTO public.event VALUES ('01a227bf-1f48-74f3-ac25-844f1f5bc434', '2026-11-29 16:39:26.535188+00', 'grant.revoking', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a226772616e742e7265766f6b696e67222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32362e3533353138385a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b226361757365223a2265787069726564222c22726561736f6e223a6e756c6c7d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762662d316634382d373466332d616332352d383434663166356263343334222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227bf-236b-700f-80ff-2a22f377b7b0', '2026-11-29 16:39:27.595252+00', 'grant.change_ended', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32372e3539353235325a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a352c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762662d323336622d373030662d383066662d326132326633373762376230222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227bf-236d-74f8-a9bd-597a8aa804fa', '2026-11-29 16:39:27.594712+00', 'grant.ended', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a226772616e742e656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32372e3539343731325a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b226361757365223a2265787069726564222c22726573696475616c223a5b5d7d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762662d323336642d373466382d613962642d353937613861613830346661222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227bf-23eb-737a-98a3-e7f0eb86f8ff', '2026-11-29 16:39:27.723011+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32372e3732333031315a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31312c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762662d323365622d373337612d393861332d653766306562383666386666222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227bf-23f4-73f3-8cca-b3c700c999c0', '2026-11-29 16:39:27.721764+00', 'grant.ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32372e3732313736345a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226361757365223a2265787069726564222c22726573696475616c223a5b5d7d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762662d323366342d373366332d386363612d623363373030633939396330222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227be-e7f3-76d7-a345-f6430c003b6f', '2026-11-29 14:39:12.355724+00', 'grant.activated', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227be-b302-747b-b4fd-b7752e60dd52', '01a227be-cdeb-70fd-87da-187444c8dae7', '\x7b22616374696f6e223a226772616e742e616374697661746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431343a33393a31322e3335353732345a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b22726573696475616c223a5b5d2c2273696e6365223a22323032362d31312d32395431343a33393a31322e3335353732345a222c22756e74696c223a22323032362d31312d32395431353a33393a31322e3335353732345a227d2c226772616e74223a2230316132323762652d636465622d373066642d383764612d313837343434633864616537222c226964223a2230316132323762652d653766332d373664372d613334352d663634333063303033623666222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762652d623330322d373437622d623466642d623737353265363064643532227d');
INSERT INTO public.event VALUES ('01a227bf-1f58-72d0-9001-f0609ca49964', '2026-11-29 16:39:26.548616+00', 'grant.revoking', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e7265766f6b696e67222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32362e3534383631365a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226361757365223a2265787069726564222c22726561736f6e223a6e756c6c7d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762662d316635382d373264302d393030312d663036303963613439393634222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227bf-20d4-760b-83fc-ac3c4279c56d', '2026-11-29 16:39:26.930525+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32362e3933303532355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31312c227374657073223a5b22656d7074795f62696e64696e6720526f6c6542696e64696e67207061796d656e74732f6c617463686b65793a30316132323762382d653633342d373262332d393032622d3064333064333261326137343a3262636234336362222c2264656c6574655f62696e64696e6720526f6c6542696e64696e67207061796d656e74732f6c617463686b65793a30316132323762382d653633342d373262332d393032622d3064333064333261326137343a3262636234336362225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762662d323064342d373630622d383366632d616333633432373963353664222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227bf-20df-72d4-a1a0-654f7c435b69', '2026-11-29 16:39:26.930525+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32362e3933303532355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31312c227374657073223a5b22656d7074795f62696e64696e6720526f6c6542696e64696e67207061796d656e74732d62617463682f6c617463686b65793a30316132323762392d376366322d373763622d383933302d3236653134616137353061323a3262636234336362222c2264656c6574655f62696e64696e6720526f6c6542696e64696e67207061796d656e74732d62617463682f6c617463686b65793a30316132323762392d376366322d373763622d383933302d3236653134616137353061323a3262636234336362225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762662d323064662d373264342d613161302d363534663763343335623639222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227bf-24d7-74d5-8181-da14dd7b32d5', '2026-11-29 16:39:27.959274+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227be-b302-747b-b4fd-b7752e60dd52', '01a227be-cdeb-70fd-87da-187444c8dae7', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32372e3935393237345a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31322c227374657073223a5b22656d7074795f62696e64696e6720526f6c6542696e64696e67207061796d656e74732f6c617463686b65793a30316132323762652d636465622d373066642d383764612d3138373434346338646165373a3431643264643530222c2264656c6574655f62696e64696e6720526f6c6542696e64696e67207061796d656e74732f6c617463686b65793a30316132323762652d636465622d373066642d383764612d3138373434346338646165373a3431643264643530222c2272656d6f76655f6d617070696e67206177732d61757468225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762652d636465622d373066642d383764612d313837343434633864616537222c226964223a2230316132323762662d323464372d373464352d383138312d646131346464376233326435222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762652d623330322d373437622d623466642d623737353265363064643532227d');
INSERT INTO public.event VALUES ('01a227bf-1f7b-74b7-a7da-36225bd83871', '2026-11-29 16:39:26.581874+00', 'grant.revoking', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e7265766f6b696e67222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32362e3538313837345a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226361757365223a2265787069726564222c22726561736f6e223a6e756c6c7d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762662d316637622d373462372d613764612d333632323562643833383731222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227bf-20b8-756a-8de1-3826a37450cb', '2026-11-29 16:39:26.889483+00', 'grant.revoking', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227be-b302-747b-b4fd-b7752e60dd52', '01a227be-cdeb-70fd-87da-187444c8dae7', '\x7b22616374696f6e223a226772616e742e7265766f6b696e67222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32362e3838393438335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226361757365223a2265787069726564222c22726561736f6e223a6e756c6c7d2c226772616e74223a2230316132323762652d636465622d373066642d383764612d313837343434633864616537222c226964223a2230316132323762662d323062382d373536612d386465312d333832366133373435306362222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762652d623330322d373437622d623466642d623737353265363064643532227d');
INSERT INTO public.event VALUES ('01a227bf-20ba-715c-9869-cc92ca7df4ad', '2026-11-29 16:39:26.906607+00', 'grant.change_begun', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32362e3930363630375a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a352c227374657073223a5b227075745f706f6c69637920696e6c696e6520706f6c696379206c617463686b6579206f662061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f62656e225d2c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762662d323062612d373135632d393836392d636339326361376466346164222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227bf-20c1-73b0-9fc0-79477cd645d7', '2026-11-29 16:39:26.912326+00', 'grant.change_begun', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32362e3931323332365a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a352c227374657073223a5b22656d7074795f62696e64696e6720526f6c6542696e64696e672073616e64626f782f6c617463686b65793a30316132323762372d366162312d373136612d383136352d6432623331343735316566333a3236323132316335222c2264656c6574655f62696e64696e6720526f6c6542696e64696e672073616e64626f782f6c617463686b65793a30316132323762372d366162312d373136612d383136352d6432623331343735316566333a3236323132316335222c2272656d6f76655f6d617070696e67206177732d61757468225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762662d323063312d373362302d396663302d373934373763643634356437222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227bf-2155-74cc-9554-7770d2ac63f6', '2026-11-29 16:39:27.029999+00', 'grant.change_ended', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6ab1-716a-8165-d2b314751ef3', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32372e3032393939395a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b2265706f6368223a352c226f7574636f6d65223a2270726f76656e222c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762372d366162312d373136612d383136352d643262333134373531656633222c226964223a2230316132323762662d323135352d373463632d393535342d373737306432616336336636222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366161392d373761642d613030342d363361666139656261303761227d');
INSERT INTO public.event VALUES ('01a227bf-23b7-7494-99bf-8a0a13ecf590', '2026-11-29 16:39:27.667175+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32372e3636373137355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31322c227374657073223a5b2264656c6574655f706f6c69637920696e6c696e6520706f6c696379206c617463686b6579206f662061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61222c22756e7461675f7072696e636970616c2061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61206f66206c617463686b65792f696e7374616c6c6174696f6e225d2c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762662d323362372d373439342d393962662d386130613133656366353930222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227bf-23ba-7271-958b-e7e0acc9bf39', '2026-11-29 16:39:27.667175+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32372e3636373137355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31322c227374657073223a5b2264656c6574655f706f6c69637920696e6c696e6520706f6c696379206c617463686b6579206f662061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61222c22756e7461675f7072696e636970616c2061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61206f66206c617463686b65792f696e7374616c6c6174696f6e225d2c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323762662d323362612d373237312d393538622d653765306163633962663339222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');
INSERT INTO public.event VALUES ('01a227bf-23bb-73fc-b3aa-771feb01de09', '2026-11-29 16:39:27.667175+00', 'grant.change_begun', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227be-b302-747b-b4fd-b7752e60dd52', '01a227be-cdeb-70fd-87da-187444c8dae7', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32372e3636373137355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31322c227374657073223a5b2264656c6574655f706f6c69637920696e6c696e6520706f6c696379206c617463686b6579206f662061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61222c22756e7461675f7072696e636970616c2061726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61206f66206c617463686b65792f696e7374616c6c6174696f6e225d2c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762652d636465622d373066642d383764612d313837343434633864616537222c226964223a2230316132323762662d323362622d373366632d623361612d373731666562303164653039222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762652d623330322d373437622d623466642d623737353265363064643532227d');
INSERT INTO public.event VALUES ('01a227bf-23bf-75b4-a73c-20973cb261df', '2026-11-29 16:39:27.67938+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32372e36373933385a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31312c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762662d323362662d373562342d613733632d323039373363623236316466222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227bf-23d2-746c-a94a-600aa1825821', '2026-11-29 16:39:27.678152+00', 'grant.ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32372e3637383135325a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226361757365223a2265787069726564222c22726573696475616c223a5b22416e6f7468657220616363657373206f6620746865697273202870726f66696c652072657374617274206f6e207061796d656e74732920616c6c6f777320746f2067657420706f64732f6c6f6720696e206e616d657370616365207061796d656e74732c206c69737420706f647320696e206e616d657370616365207061796d656e74732c207761746368207265706c696361736574732e6170707320696e206e616d657370616365207061796d656e74732e225d7d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323762662d323364322d373436632d613934612d363030616131383235383231222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227bf-2412-72ba-ae31-cf0d27b2eb8a', '2026-11-29 16:39:27.759768+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227be-b302-747b-b4fd-b7752e60dd52', '01a227be-cdeb-70fd-87da-187444c8dae7', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32372e3735393736385a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31322c226f7574636f6d65223a2270726f76656e222c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762652d636465622d373066642d383764612d313837343434633864616537222c226964223a2230316132323762662d323431322d373262612d616533312d636630643237623265623861222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762652d623330322d373437622d623466642d623737353265363064643532227d');
INSERT INTO public.event VALUES ('01a227bf-2705-703b-a1b8-09ba38fb785d', '2026-11-29 16:39:28.515253+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227be-b302-747b-b4fd-b7752e60dd52', '01a227be-cdeb-70fd-87da-187444c8dae7', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32382e3531353235335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31322c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762652d636465622d373066642d383764612d313837343434633864616537222c226964223a2230316132323762662d323730352d373033622d613162382d303962613338666237383564222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762652d623330322d373437622d623466642d623737353265363064643532227d');
INSERT INTO public.event VALUES ('01a227bf-2714-77d1-958c-83b48491e4a7', '2026-11-29 16:39:28.512155+00', 'grant.ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227be-b302-747b-b4fd-b7752e60dd52', '01a227be-cdeb-70fd-87da-187444c8dae7', '\x7b22616374696f6e223a226772616e742e656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a33393a32382e3531323135355a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226361757365223a2265787069726564222c22726573696475616c223a5b5d7d2c226772616e74223a2230316132323762652d636465622d373066642d383764612d313837343434633864616537222c226964223a2230316132323762662d323731342d373764312d393538632d383362343834393165346137222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762652d623330322d373437622d623466642d623737353265363064643532227d');
INSERT INTO public.event VALUES ('01a227bf-e224-700a-853c-5f4f023178db', '2026-11-29 16:40:16.420338+00', 'audit.exported', '01a227b7-689c-75b2-9a08-cda5a320dfcb', 'eli', NULL, NULL, NULL, NULL, '\x7b22616374696f6e223a2261756469742e6578706f72746564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22656c69222c226964223a2230316132323762372d363839632d373562322d396130382d636461356133323064666362227d7d2c226174223a22323032362d31312d32395431363a34303a31362e3432303333385a222c2264657461696c223a7b2266696c74657273223a7b7d2c22666f726d6174223a226a736f6e6c222c226c617374223a38382c22726f7773223a38387d2c226964223a2230316132323762662d653232342d373030612d383533632d356634663032333137386462227d');
INSERT INTO public.event VALUES ('01a227bf-ee1b-758c-9e14-c8fd6cd1a93b', '2026-11-29 16:40:19.483258+00', 'audit.exported', '01a227b7-689c-75b2-9a08-cda5a320dfcb', 'eli', NULL, NULL, NULL, NULL, '\x7b22616374696f6e223a2261756469742e6578706f72746564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22656c69222c226964223a2230316132323762372d363839632d373562322d396130382d636461356133323064666362227d7d2c226174223a22323032362d31312d32395431363a34303a31392e3438333235385a222c2264657461696c223a7b2266696c74657273223a7b7d2c22666f726d6174223a22637376222c226c617374223a38392c22726f7773223a38397d2c226964223a2230316132323762662d656531622d373538632d396531342d633866643663643161393362227d');
INSERT INTO public.event VALUES ('01a227c0-1142-7027-8c06-5156130b4d47', '2026-11-29 16:40:28.482168+00', 'audit.exported', NULL, 'audit export', NULL, NULL, NULL, NULL, '\x7b22616374696f6e223a2261756469742e6578706f72746564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a226175646974206578706f7274227d7d2c226174223a22323032362d31312d32395431363a34303a32382e3438323136385a222c2264657461696c223a7b226279223a22756e6b6e6f776e222c2266696c74657273223a7b2266726f6d223a22323032362d31312d32395430303a30303a30305a222c22706572736f6e223a22616e61222c22746f223a22323032362d31312d33305430303a30303a30305a227d2c22666f726d6174223a226a736f6e6c222c226c617374223a39302c22726f7773223a35397d2c226964223a2230316132323763302d313134322d373032372d386330362d353135363133306234643437227d');
INSERT INTO public.event VALUES ('01a227c0-8f6f-70e8-82b2-9bbf0d3cffc7', '2026-11-29 16:41:00.783177+00', 'identity.proven', '01a227b7-689d-7297-b6fc-e66a4eb958d6', 'fay', '01a227b7-689d-7297-b6fc-e66a4eb958d6', NULL, NULL, NULL, '\x7b22616374696f6e223a226964656e746974792e70726f76656e222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22666179222c226964223a2230316132323762372d363839642d373239372d623666632d653636613465623935386436227d7d2c226174223a22323032362d31312d32395431363a34313a30302e3738333137375a222c2264657461696c223a7b227072696e636970616c223a2261726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f666179222c22756e697175655f6964223a2241494441484555345a4f34494d344d335a573349227d2c226964223a2230316132323763302d386636662d373065382d383262322d396262663064336366666337222c22706572736f6e223a2230316132323762372d363839642d373239372d623666632d653636613465623935386436227d');
INSERT INTO public.event VALUES ('01a227c1-5a6e-7777-b45f-82f54d66ae66', '2026-11-29 16:41:52.750253+00', 'target.tried', '01a227b7-6890-7621-a387-d62fb2b93d3d', 'dee', NULL, '01a227b7-68b3-7005-a0e9-d584d7c5832d', NULL, NULL, '\x7b22616374696f6e223a227461726765742e7472696564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22646565222c226964223a2230316132323762372d363839302d373632312d613338372d643632666232623933643364227d7d2c226174223a22323032362d31312d32395431363a34313a35322e3735303235335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b22746172676574223a7b226b6579223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c226b696e64223a22636c7573746572227d7d2c226964223a2230316132323763312d356136652d373737372d623435662d383266353464363661653636227d');
INSERT INTO public.event VALUES ('01a227c1-5bb3-745d-bef1-d3119183fb3f', '2026-11-29 16:41:53.073613+00', 'grant.drift_found', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-6d98-7529-b049-bde10ba1018b', '\x7b22616374696f6e223a226772616e742e64726966745f666f756e64222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a34313a35332e3037333631335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226f626a65637473223a5b22526f6c6542696e64696e67207061796d656e74732f6c617463686b65793a30316132323762372d366439382d373532392d623034392d6264653130626131303138623a3262636234336362225d2c2277686174223a22736f6d65626f64792064656c6574656420526f6c6542696e64696e67207061796d656e74732f6c617463686b65793a30316132323762372d366439382d373532392d623034392d6264653130626131303138623a3262636234336362207768696c6520746865206163636573732072756e733b20697420697320707574206261636b227d2c226772616e74223a2230316132323762372d366439382d373532392d623034392d626465313062613130313862222c226964223a2230316132323763312d356262332d373435642d626566312d643331313931383366623366222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366439302d373430382d626461312d383438306233626333313961227d');
INSERT INTO public.event VALUES ('01a227c1-5bb5-7422-97f2-62c33c8f6bae', '2026-11-29 16:41:53.073613+00', 'grant.drift_found', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-6d98-7529-b049-bde10ba1018b', '\x7b22616374696f6e223a226772616e742e64726966745f666f756e64222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a34313a35332e3037333631335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b226f626a65637473223a5b226177732d61757468225d2c2277686174223a22736f6d65626f647920746f6f6b20746865206c696e65206f6620606c617463686b65793a62656e3a3160206f7574206f66206177732d61757468207768696c6520746865206163636573732072756e733b20697420776173206c617374207772697474656e206279206b75626563746c2d65646974227d2c226772616e74223a2230316132323762372d366439382d373532392d623034392d626465313062613130313862222c226964223a2230316132323763312d356262352d373432322d393766322d363263333363386636626165222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366439302d373430382d626461312d383438306233626333313961227d');
INSERT INTO public.event VALUES ('01a227c1-5bb6-715f-88d0-a59a6d3efef3', '2026-11-29 16:41:53.073613+00', 'grant.change_begun', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-6d98-7529-b049-bde10ba1018b', '\x7b22616374696f6e223a226772616e742e6368616e67655f626567756e222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a34313a35332e3037333631335a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31332c227374657073223a5b226164645f6d617070696e67206177732d61757468222c226372656174655f62696e64696e6720526f6c6542696e64696e67207061796d656e74732f6c617463686b65793a30316132323762372d366439382d373532392d623034392d6264653130626131303138623a3262636234336362225d2c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762372d366439382d373532392d623034392d626465313062613130313862222c226964223a2230316132323763312d356262362d373135662d383864302d613539613664336566656633222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366439302d373430382d626461312d383438306233626333313961227d');
INSERT INTO public.event VALUES ('01a227c1-5cb2-7031-a123-4f6f99a64daf', '2026-11-29 16:41:53.33037+00', 'grant.change_ended', NULL, 'worker', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-6d98-7529-b049-bde10ba1018b', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a34313a35332e33333033375a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31332c226f7574636f6d65223a2270726f76656e222c22746172676574223a22636c7573746572227d2c226772616e74223a2230316132323762372d366439382d373532392d623034392d626465313062613130313862222c226964223a2230316132323763312d356362322d373033312d613132332d346636663939613634646166222c22706572736f6e223a2230316132323762372d363837662d373438302d393037622d313335363130326564633962222c2272657175657374223a2230316132323762372d366439302d373430382d626461312d383438306233626333313961227d');
INSERT INTO public.event VALUES ('01a227c2-6a50-7782-ad38-31afd7386fca', '2026-11-29 16:43:02.343142+00', 'request.submitted', '01a227b7-686a-7563-8530-e5a8d1f54f0e', 'ana', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227c2-6a47-740a-8754-834f20873892', NULL, '\x7b22616374696f6e223a22726571756573742e7375626d6974746564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22616e61222c226964223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065227d7d2c226174223a22323032362d31312d32395431363a34333a30322e3334333134325a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b226261736973223a2271756f72756d222c22636c7573746572223a2273746167696e672d6575222c226c61707365735f6174223a22323032362d31312d33305430303a34333a30322e3334333134325a222c226d696e75746573223a36302c226e616d65737061636573223a5b22636865636b6f7574225d2c22706f6c696379223a2273746167696e67206973206f70656e20746f20646576656c6f70657273222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c227072696e636970616c223a2261726e3a6177733a69616d3a3a3131313132323232333333333a757365722f6c617463686b65792f616e61222c2270726f66696c65223a2276696577222c2271756f72756d223a312c22726561736f6e223a2264656e79206d65222c227365656e223a2261666234396634636130353332373163653830343061393739393733333162633336636436376131666438646261646661373637333461323633626235663565227d2c226964223a2230316132323763322d366135302d373738322d616433382d333161666437333836666361222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323763322d366134372d373430612d383735342d383334663230383733383932227d');
INSERT INTO public.event VALUES ('01a227c2-961c-77fe-88d2-80f4e7e674eb', '2026-11-29 16:43:13.556526+00', 'request.denied', '01a227b7-688f-7147-947f-a2f0d349e42b', 'chi', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d585e804aa20', '01a227c2-6a47-740a-8754-834f20873892', NULL, '\x7b22616374696f6e223a22726571756573742e64656e696564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22636869222c226964223a2230316132323762372d363838662d373134372d393437662d613266306433343965343262227d7d2c226174223a22323032362d31312d32395431363a34333a31332e3535363532365a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538356538303461613230222c2264657461696c223a7b22706f6c696379223a2273746167696e67206973206f70656e20746f20646576656c6f70657273222c22706f6c6963795f68617368223a2261653561666264383931633431656666366239336566376134383064623566633563636136333665363531623063616633343662346361343637386533336234222c2271756f72756d223a312c22726561736f6e223a226e6f222c227365656e223a2261666234396634636130353332373163653830343061393739393733333162633336636436376131666438646261646661373637333461323633626235663565222c2276657264696374223a2264656e79227d2c226964223a2230316132323763322d393631632d373766652d383864322d383066346537653637346562222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323763322d366134372d373430612d383735342d383334663230383733383932227d');
INSERT INTO public.event VALUES ('01a227c3-5e3a-762c-831e-e973da2e66aa', '2026-11-29 16:44:04.794679+00', 'cluster.granting_paused', '01a227b7-6890-7621-a387-d62fb2b93d3d', 'dee', NULL, '01a227b7-68b3-7005-a0e9-d584d7c5832d', NULL, NULL, '\x7b22616374696f6e223a22636c75737465722e6772616e74696e675f706175736564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22646565222c226964223a2230316132323762372d363839302d373632312d613338372d643632666232623933643364227d7d2c226174223a22323032362d31312d32395431363a34343a30342e3739343637395a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b22726561736f6e223a2278222c22746172676574223a7b226b6579223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c226b696e64223a22636c7573746572227d7d2c226964223a2230316132323763332d356533612d373632632d383331652d653937336461326536366161227d');
INSERT INTO public.event VALUES ('01a227c3-631d-738b-a790-eb25117b2286', '2026-11-29 16:44:06.045232+00', 'cluster.granting_resumed', '01a227b7-6890-7621-a387-d62fb2b93d3d', 'dee', NULL, '01a227b7-68b3-7005-a0e9-d584d7c5832d', NULL, NULL, '\x7b22616374696f6e223a22636c75737465722e6772616e74696e675f726573756d6564222c226163746f72223a7b22706572736f6e223a7b2268616e646c65223a22646565222c226964223a2230316132323762372d363839302d373632312d613338372d643632666232623933643364227d7d2c226174223a22323032362d31312d32395431363a34343a30362e3034353233325a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b22746172676574223a7b226b6579223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c226b696e64223a22636c7573746572227d7d2c226964223a2230316132323763332d363331642d373338622d613739302d656232353131376232323836227d');
INSERT INTO public.event VALUES ('01a227c3-b918-773d-9329-dceb875bfa60', '2026-11-29 16:44:28.056616+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b8-e634-72b3-902b-0d30d32a2a74', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a34343a32382e3035363631365a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31322c226f7574636f6d65223a22696e746572727570746564222c227374657073223a5b5d2c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762382d653633342d373262332d393032622d306433306433326132613734222c226964223a2230316132323763332d623931382d373733642d393332392d646365623837356266613630222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762382d633764612d373462392d613633362d373062336339333965656133227d');
INSERT INTO public.event VALUES ('01a227c3-b92f-7433-8e35-56cce9714085', '2026-11-29 16:44:28.056616+00', 'grant.change_ended', NULL, 'worker', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b9-7cf2-77cb-8930-26e14aa750a2', '\x7b22616374696f6e223a226772616e742e6368616e67655f656e646564222c226163746f72223a7b2270726f63657373223a7b226e616d65223a22776f726b6572227d7d2c226174223a22323032362d31312d32395431363a34343a32382e3035363631365a222c22636c7573746572223a2230316132323762372d363862332d373030352d613065392d643538346437633538333264222c2264657461696c223a7b2265706f6368223a31322c226f7574636f6d65223a22696e746572727570746564222c227374657073223a5b5d2c22746172676574223a227072696e636970616c227d2c226772616e74223a2230316132323762392d376366322d373763622d383933302d323665313461613735306132222c226964223a2230316132323763332d623932662d373433332d386533352d353663636539373134303835222c22706572736f6e223a2230316132323762372d363836612d373536332d383533302d653561386431663534663065222c2272657175657374223a2230316132323762392d363731312d373262662d623631332d383935343061323761633964227d');


--
-- Data for Name: event_unsealed; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: grant_leg; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.grant_leg VALUES ('01a227b7-6d98-7529-b049-bde10ba1018b', 'principal', '01a227b7-6887-724b-b28d-6bffda8b8da1', 'present', '2026-11-29 14:44:27.564942+00', '02:00:00', 'ok', 0, NULL, NULL, '{"said": ["the inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ben reads back as it was written"], "residual": []}', '{}', '{}', NULL, NULL, 'same', '2026-11-29 14:44:27.564945+00');
INSERT INTO public.grant_leg VALUES ('01a227b9-7cf2-77cb-8930-26e14aa750a2', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 'gone', '2026-11-29 14:39:27.012851+00', '02:00:00', 'ok', 0, NULL, NULL, '{"said": ["the inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ana holds nothing of this access"], "residual": []}', '{}', '{}', NULL, NULL, 'same', '2026-11-29 14:39:27.012854+00');
INSERT INTO public.grant_leg VALUES ('01a227b7-6a4f-711f-9041-8b66ae2b3ed1', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 'gone', '2026-11-29 14:31:02.702666+00', '00:00:00', 'ok', 0, NULL, NULL, '{"said": ["the inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ana holds nothing of this access"], "residual": []}', '{}', '{}', NULL, NULL, 'same', '2026-11-29 14:31:02.702669+00');
INSERT INTO public.grant_leg VALUES ('01a227b7-6ab1-716a-8165-d2b314751ef3', 'principal', '01a227b7-6887-724b-b28d-6bffda8b8da1', 'gone', '2026-11-29 14:39:27.067763+00', '02:00:00', 'ok', 0, NULL, NULL, '{"said": ["the inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ben holds nothing of this access"], "residual": []}', '{}', '{}', NULL, NULL, 'same', '2026-11-29 14:39:27.067767+00');
INSERT INTO public.grant_leg VALUES ('01a227b8-e634-72b3-902b-0d30d32a2a74', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 'gone', '2026-11-29 14:39:26.964074+00', '02:00:00', 'ok', 0, NULL, NULL, '{"said": ["the inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ana holds nothing of this access"], "residual": []}', '{}', '{}', NULL, NULL, 'same', '2026-11-29 14:39:26.964077+00');
INSERT INTO public.grant_leg VALUES ('01a227b7-6a4f-711f-9041-8b66ae2b3ed1', 'cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 'gone', '2026-11-29 14:31:03.145578+00', '00:00:00', 'ok', 0, NULL, NULL, '{"said": ["RoleBinding checkout/latchkey:01a227b7-6a4f-711f-9041-8b66ae2b3ed1:2bcb43cb is gone", "aws-auth holds no line of `latchkey:ana:1`", "The API server, asked 21 questions twice on two connections, says no to each"], "asked": ["get configmaps in namespace checkout", "get events.events.k8s.io in namespace checkout", "get horizontalpodautoscalers.autoscaling in namespace checkout", "get ingresses.networking.k8s.io in namespace checkout", "get namespaces checkout in namespace checkout", "get poddisruptionbudgets.policy in namespace checkout", "get pods/log in namespace checkout", "list cronjobs.batch/status in namespace checkout", "list endpoints in namespace checkout", "list endpointslices.discovery.k8s.io in namespace checkout", "list events.events.k8s.io in namespace checkout", "list ingresses.networking.k8s.io/status in namespace checkout", "list limitranges in namespace checkout", "list pods in namespace checkout", "list resourceclaims.resource.k8s.io/status in namespace checkout", "watch namespaces checkout in namespace checkout", "watch namespaces/status checkout in namespace checkout", "watch poddisruptionbudgets.policy in namespace checkout", "watch replicasets.apps in namespace checkout", "watch replicasets.extensions/status in namespace checkout", "watch resourceclaimtemplates.resource.k8s.io in namespace checkout"], "residual": []}', '{}', '{}', NULL, NULL, 'nothing', NULL);
INSERT INTO public.grant_leg VALUES ('01a227be-cdeb-70fd-87da-187444c8dae7', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 'gone', '2026-11-29 14:39:27.765272+00', '02:00:00', 'ok', 0, NULL, NULL, '{"said": ["the inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ana holds nothing of this access"], "residual": []}', '{}', '{}', NULL, NULL, 'same', '2026-11-29 14:39:27.765274+00');
INSERT INTO public.grant_leg VALUES ('01a227b7-6d98-7529-b049-bde10ba1018b', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'present', '2026-11-29 14:44:06.437797+00', '02:00:00', 'ok', 0, NULL, NULL, '{"said": ["aws-auth maps arn:aws:iam::111122223333:user/latchkey/ben to `latchkey:ben:1`", "RoleBinding payments/latchkey:01a227b7-6d98-7529-b049-bde10ba1018b:2bcb43cb binds it to the ClusterRole view", "The API server says yes to 16 questions of what it allows; of 43 of what it does not, no to each"], "allowed": ["list pods in namespace payments", "get pods/log in namespace payments", "get configmaps in namespace payments", "list limitranges in namespace payments", "get namespaces payments in namespace payments", "get events.events.k8s.io in namespace payments", "list endpointslices.discovery.k8s.io in namespace payments", "watch replicasets.apps in namespace payments", "get horizontalpodautoscalers.autoscaling in namespace payments", "list cronjobs.batch/status in namespace payments", "watch poddisruptionbudgets.policy in namespace payments", "get ingresses.networking.k8s.io in namespace payments", "list resourceclaims.resource.k8s.io/status in namespace payments", "list endpoints in namespace payments", "watch namespaces/status payments in namespace payments", "list events.events.k8s.io in namespace payments"], "refused": ["get secrets in namespace payments", "list secrets in namespace payments", "watch secrets in namespace payments", "create pods in namespace payments", "delete pods in namespace payments", "deletecollection pods in namespace payments", "create pods/exec in namespace payments", "get pods/exec in namespace payments", "create pods/attach in namespace payments", "get pods/attach in namespace payments", "create pods/portforward in namespace payments", "get pods/portforward in namespace payments", "create serviceaccounts/token in namespace payments", "create deployments.apps in namespace payments", "update deployments.apps in namespace payments", "patch deployments.apps in namespace payments", "create rolebindings.rbac.authorization.k8s.io in namespace payments", "update rolebindings.rbac.authorization.k8s.io in namespace payments", "patch rolebindings.rbac.authorization.k8s.io in namespace payments", "bind clusterroles.rbac.authorization.k8s.io in namespace payments", "escalate roles.rbac.authorization.k8s.io in namespace payments", "impersonate serviceaccounts in namespace payments", "* *.* in namespace payments", "list pods in namespace checkout", "get pods/log in namespace checkout", "get secrets in namespace checkout", "list pods in namespace default", "get pods/log in namespace default", "get secrets in namespace default", "list pods in the whole cluster", "get pods/log in the whole cluster", "list secrets in the whole cluster", "create pods in the whole cluster", "get nodes/proxy in the whole cluster", "create clusterrolebindings.rbac.authorization.k8s.io in the whole cluster", "bind clusterroles.rbac.authorization.k8s.io in the whole cluster", "escalate clusterroles.rbac.authorization.k8s.io in the whole cluster", "impersonate users in the whole cluster", "impersonate groups in the whole cluster", "delete namespaces in the whole cluster", "patch namespaces in the whole cluster", "create mutatingwebhookconfigurations.admissionregistration.k8s.io in the whole cluster", "* *.* in the whole cluster"], "residual": [], "username": "latchkey:ben:1", "wrongly_allowed": []}', '{}', '{"RoleBinding payments/latchkey:01a227b7-6d98-7529-b049-bde10ba1018b:2bcb43cb","line of latchkey:ben:1"}', NULL, NULL, 'nothing', NULL);
INSERT INTO public.grant_leg VALUES ('01a227b7-6ab1-716a-8165-d2b314751ef3', 'cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 'gone', '2026-11-29 14:39:27.596481+00', '02:00:00', 'ok', 0, NULL, NULL, '{"said": ["RoleBinding sandbox/latchkey:01a227b7-6ab1-716a-8165-d2b314751ef3:262121c5 is gone", "aws-auth holds no line of `latchkey:ben:1`", "The API server, asked 19 questions twice on two connections, says no to each"], "asked": ["create deployments.extensions/scale in namespace sandbox", "create poddisruptionbudgets.policy in namespace sandbox", "create pods/eviction in namespace sandbox", "create serviceaccounts/token in namespace sandbox", "delete events.events.k8s.io in namespace sandbox", "delete networkpolicies.networking.k8s.io in namespace sandbox", "delete poddisruptionbudgets.policy in namespace sandbox", "deletecollection daemonsets.apps in namespace sandbox", "deletecollection ingresses.networking.k8s.io in namespace sandbox", "deletecollection pods/exec in namespace sandbox", "get pods/attach in namespace sandbox", "get pods/log in namespace sandbox", "get secrets in namespace sandbox", "impersonate serviceaccounts in namespace sandbox", "list leases.coordination.k8s.io in namespace sandbox", "list pods in namespace sandbox", "patch horizontalpodautoscalers.autoscaling in namespace sandbox", "update cronjobs.batch in namespace sandbox", "update secrets in namespace sandbox"], "residual": []}', '{}', '{}', NULL, NULL, 'nothing', NULL);
INSERT INTO public.grant_leg VALUES ('01a227be-cdeb-70fd-87da-187444c8dae7', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'gone', '2026-11-29 14:39:28.521681+00', '02:00:00', 'ok', 0, NULL, NULL, '{"said": ["RoleBinding payments/latchkey:01a227be-cdeb-70fd-87da-187444c8dae7:41d2dd50 is gone", "aws-auth holds no line of `latchkey:ana:1`", "The API server, asked 16 questions twice on two connections, says no to each"], "asked": ["delete pods in namespace payments", "get events in namespace payments", "get pods in namespace payments", "get pods/log in namespace payments", "get replicasets.apps in namespace payments", "get statefulsets.apps in namespace payments", "list deployments.apps in namespace payments", "list events in namespace payments", "list pods in namespace payments", "list pods/log in namespace payments", "patch deployments.apps in namespace payments", "patch replicasets.apps in namespace payments", "watch events in namespace payments", "watch pods in namespace payments", "watch replicasets.apps in namespace payments", "watch statefulsets.apps in namespace payments"], "residual": []}', '{}', '{}', NULL, NULL, 'nothing', NULL);
INSERT INTO public.grant_leg VALUES ('01a227b8-e634-72b3-902b-0d30d32a2a74', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'gone', '2026-11-29 14:39:27.681958+00', '02:00:00', 'ok', 0, NULL, NULL, '{"said": ["RoleBinding payments/latchkey:01a227b8-e634-72b3-902b-0d30d32a2a74:2bcb43cb is gone", "`latchkey:ana:1` stays mapped in aws-auth for another access of theirs", "The API server, asked 21 questions twice on two connections, says yes only where named below"], "asked": ["get configmaps in namespace payments", "get events.events.k8s.io in namespace payments", "get horizontalpodautoscalers.autoscaling in namespace payments", "get ingresses.networking.k8s.io in namespace payments", "get namespaces payments in namespace payments", "get poddisruptionbudgets.policy in namespace payments", "get pods/log in namespace payments", "list cronjobs.batch/status in namespace payments", "list endpoints in namespace payments", "list endpointslices.discovery.k8s.io in namespace payments", "list events.events.k8s.io in namespace payments", "list ingresses.networking.k8s.io/status in namespace payments", "list limitranges in namespace payments", "list pods in namespace payments", "list resourceclaims.resource.k8s.io/status in namespace payments", "watch namespaces payments in namespace payments", "watch namespaces/status payments in namespace payments", "watch poddisruptionbudgets.policy in namespace payments", "watch replicasets.apps in namespace payments", "watch replicasets.extensions/status in namespace payments", "watch resourceclaimtemplates.resource.k8s.io in namespace payments"], "residual": ["Another access of theirs (profile restart on payments) allows to get pods/log in namespace payments, list pods in namespace payments, watch replicasets.apps in namespace payments."]}', '{}', '{}', NULL, NULL, 'nothing', NULL);
INSERT INTO public.grant_leg VALUES ('01a227b9-7cf2-77cb-8930-26e14aa750a2', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'gone', '2026-11-29 14:39:27.725635+00', '02:00:00', 'ok', 0, NULL, NULL, '{"said": ["RoleBinding payments-batch/latchkey:01a227b9-7cf2-77cb-8930-26e14aa750a2:2bcb43cb is gone", "`latchkey:ana:1` stays mapped in aws-auth for another access of theirs", "The API server, asked 21 questions twice on two connections, says no to each"], "asked": ["get configmaps in namespace payments-batch", "get events.events.k8s.io in namespace payments-batch", "get horizontalpodautoscalers.autoscaling in namespace payments-batch", "get ingresses.networking.k8s.io in namespace payments-batch", "get namespaces payments-batch in namespace payments-batch", "get poddisruptionbudgets.policy in namespace payments-batch", "get pods/log in namespace payments-batch", "list cronjobs.batch/status in namespace payments-batch", "list endpoints in namespace payments-batch", "list endpointslices.discovery.k8s.io in namespace payments-batch", "list events.events.k8s.io in namespace payments-batch", "list ingresses.networking.k8s.io/status in namespace payments-batch", "list limitranges in namespace payments-batch", "list pods in namespace payments-batch", "list resourceclaims.resource.k8s.io/status in namespace payments-batch", "watch namespaces payments-batch in namespace payments-batch", "watch namespaces/status payments-batch in namespace payments-batch", "watch poddisruptionbudgets.policy in namespace payments-batch", "watch replicasets.apps in namespace payments-batch", "watch replicasets.extensions/status in namespace payments-batch", "watch resourceclaimtemplates.resource.k8s.io in namespace payments-batch"], "residual": []}', '{}', '{}', NULL, NULL, 'nothing', NULL);


--
-- Data for Name: identity; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.identity VALUES ('https://issuer.example', 'sim-ana', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '2026-11-29 14:31:00.971391+00');
INSERT INTO public.identity VALUES ('https://issuer.example', 'sim-ben', '01a227b7-687f-7480-907b-1356102edc9b', '2026-11-29 14:31:00.994242+00');
INSERT INTO public.identity VALUES ('https://issuer.example', 'sim-chi', '01a227b7-688f-7147-947f-a2f0d349e42b', '2026-11-29 14:31:01.007387+00');
INSERT INTO public.identity VALUES ('https://issuer.example', 'sim-dee', '01a227b7-6890-7621-a387-d62fb2b93d3d', '2026-11-29 14:31:01.009301+00');
INSERT INTO public.identity VALUES ('https://issuer.example', 'sim-eli', '01a227b7-689c-75b2-9a08-cda5a320dfcb', '2026-11-29 14:31:01.020508+00');
INSERT INTO public.identity VALUES ('https://issuer.example', 'sim-fay', '01a227b7-689d-7297-b6fc-e66a4eb958d6', '2026-11-29 14:31:01.021471+00');


--
-- Data for Name: installation; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.installation VALUES (true, '438a0fba-e06e-40e3-a04b-3a128bdac99c', '2026-11-29 14:31:00.62506+00');


--
-- Data for Name: intent; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.intent VALUES ('01a227b7-6b31-74ef-ad19-ec017fbf98d5', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 2, '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', 'tag_principal', 'arn:aws:iam::111122223333:user/latchkey/ana with latchkey/installation', '{}', NULL, '2026-11-29 14:31:01.682786+00', '2026-11-29 14:31:01.754842+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6b31-74ef-ad19-ec02192f22bb', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 2, '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', 'put_policy', 'inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ana', '{"document": "{\"Statement\":[{\"Action\":\"eks:DescribeCluster\",\"Effect\":\"Allow\",\"Resource\":\"arn:aws:eks:eu-west-1:111122223333:cluster/staging-eu\",\"Sid\":\"LatchkeyKubectl\"}],\"Version\":\"2012-10-17\"}"}', NULL, '2026-11-29 14:31:01.682982+00', '2026-11-29 14:31:01.759765+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6b72-73eb-adda-eff710f27b7a', 'cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 2, '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', 'add_mapping', 'aws-auth', '{"key": "mapUsers", "lines": ["- userarn: \"arn:aws:iam::111122223333:user/latchkey/ana\"\n  username: \"latchkey:ana:1\"\n  groups: []\n", "- userarn: \"arn:aws:iam::111122223333:user/latchkey/ben\"\n  username: \"latchkey:ben:1\"\n  groups: []\n"]}', '668e8238-8a25-4d14-ad80-996ab0bd1629', '2026-11-29 14:31:01.756728+00', '2026-11-29 14:31:01.8071+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6b72-73eb-adda-eff8729df51f', 'cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 2, '01a227b7-6ab1-716a-8165-d2b314751ef3', 'add_mapping', 'aws-auth', '{"key": "mapUsers", "lines": ["- userarn: \"arn:aws:iam::111122223333:user/latchkey/ana\"\n  username: \"latchkey:ana:1\"\n  groups: []\n", "- userarn: \"arn:aws:iam::111122223333:user/latchkey/ben\"\n  username: \"latchkey:ben:1\"\n  groups: []\n"]}', '668e8238-8a25-4d14-ad80-996ab0bd1629', '2026-11-29 14:31:01.756804+00', '2026-11-29 14:31:01.807131+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6b72-73eb-adda-effa270b7a26', 'cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 2, '01a227b7-6ab1-716a-8165-d2b314751ef3', 'create_binding', 'RoleBinding sandbox/latchkey:01a227b7-6ab1-716a-8165-d2b314751ef3:262121c5', '{"name": "latchkey:01a227b7-6ab1-716a-8165-d2b314751ef3:262121c5", "namespace": "sandbox"}', '985a490c-932e-4b06-9860-ef831cd81f37', '2026-11-29 14:31:01.756808+00', '2026-11-29 14:31:01.828479+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6ba7-75dc-a19b-1ac10c6f37a3', 'principal', '01a227b7-6887-724b-b28d-6bffda8b8da1', 2, '01a227b7-6ab1-716a-8165-d2b314751ef3', 'tag_principal', 'arn:aws:iam::111122223333:user/latchkey/ben with latchkey/installation', '{}', NULL, '2026-11-29 14:31:01.800419+00', '2026-11-29 14:31:01.829333+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6b72-73eb-adda-eff97592d00f', 'cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 2, '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', 'create_binding', 'RoleBinding checkout/latchkey:01a227b7-6a4f-711f-9041-8b66ae2b3ed1:2bcb43cb', '{"name": "latchkey:01a227b7-6a4f-711f-9041-8b66ae2b3ed1:2bcb43cb", "namespace": "checkout"}', '38919f9a-cd2f-4dda-af1a-5c91cdb99690', '2026-11-29 14:31:01.756798+00', '2026-11-29 14:31:01.837662+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6ba7-75dc-a19b-1ac224a824a5', 'principal', '01a227b7-6887-724b-b28d-6bffda8b8da1', 2, '01a227b7-6ab1-716a-8165-d2b314751ef3', 'put_policy', 'inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ben', '{"document": "{\"Statement\":[{\"Action\":\"eks:DescribeCluster\",\"Effect\":\"Allow\",\"Resource\":\"arn:aws:eks:eu-west-1:111122223333:cluster/staging-eu\",\"Sid\":\"LatchkeyKubectl\"}],\"Version\":\"2012-10-17\"}"}', NULL, '2026-11-29 14:31:01.800465+00', '2026-11-29 14:31:01.845085+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6ef4-75f7-b2c5-d218f9eccd0e', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 3, '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', 'delete_policy', 'inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ana', '{}', NULL, '2026-11-29 14:31:02.645067+00', '2026-11-29 14:31:02.657918+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6ef4-75f7-b2c5-d219f044b45a', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 3, '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', 'untag_principal', 'arn:aws:iam::111122223333:user/latchkey/ana of latchkey/installation', '{}', NULL, '2026-11-29 14:31:02.645103+00', '2026-11-29 14:31:02.66273+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6eee-725b-8087-92e365298b00', 'principal', '01a227b7-6887-724b-b28d-6bffda8b8da1', 3, '01a227b7-6d98-7529-b049-bde10ba1018b', 'put_policy', 'inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ben', '{"document": "{\"Statement\":[{\"Action\":\"eks:DescribeCluster\",\"Effect\":\"Allow\",\"Resource\":[\"arn:aws:eks:eu-west-1:111122223333:cluster/prod-eu\",\"arn:aws:eks:eu-west-1:111122223333:cluster/staging-eu\"],\"Sid\":\"LatchkeyKubectl\"}],\"Version\":\"2012-10-17\"}"}', NULL, '2026-11-29 14:31:02.64137+00', '2026-11-29 14:31:02.674349+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6efa-7216-bbc5-11d964352f75', 'cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 3, '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', 'empty_binding', 'RoleBinding checkout/latchkey:01a227b7-6a4f-711f-9041-8b66ae2b3ed1:2bcb43cb', '{"name": "latchkey:01a227b7-6a4f-711f-9041-8b66ae2b3ed1:2bcb43cb", "namespace": "checkout"}', '38919f9a-cd2f-4dda-af1a-5c91cdb99690', '2026-11-29 14:31:02.670428+00', '2026-11-29 14:31:02.721164+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6ee9-76e2-a514-ec26f7615bd2', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 2, '01a227b7-6d98-7529-b049-bde10ba1018b', 'add_mapping', 'aws-auth', '{"key": "mapUsers", "lines": ["- userarn: \"arn:aws:iam::111122223333:user/latchkey/ben\"\n  username: \"latchkey:ben:1\"\n  groups: []\n"]}', 'f4a7869d-74ea-48d6-82bf-ff8ed087a945', '2026-11-29 14:31:02.638715+00', '2026-11-29 14:31:02.725251+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6efa-7216-bbc5-11daa1561904', 'cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 3, '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', 'delete_binding', 'RoleBinding checkout/latchkey:01a227b7-6a4f-711f-9041-8b66ae2b3ed1:2bcb43cb', '{"name": "latchkey:01a227b7-6a4f-711f-9041-8b66ae2b3ed1:2bcb43cb", "namespace": "checkout"}', '38919f9a-cd2f-4dda-af1a-5c91cdb99690', '2026-11-29 14:31:02.670484+00', '2026-11-29 14:31:02.727697+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6ee9-76e2-a514-ec27884f6155', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 2, '01a227b7-6d98-7529-b049-bde10ba1018b', 'create_binding', 'RoleBinding payments/latchkey:01a227b7-6d98-7529-b049-bde10ba1018b:2bcb43cb', '{"name": "latchkey:01a227b7-6d98-7529-b049-bde10ba1018b:2bcb43cb", "namespace": "payments"}', 'd32830a4-14f0-470d-b67a-34bd381163a7', '2026-11-29 14:31:02.638772+00', '2026-11-29 14:31:02.733667+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b7-6efa-7216-bbc5-11dbf54aac97', 'cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 3, '01a227b7-6a4f-711f-9041-8b66ae2b3ed1', 'remove_mapping', 'aws-auth', '{"key": "mapUsers", "lines": []}', '668e8238-8a25-4d14-ad80-996ab0bd1629', '2026-11-29 14:31:02.67049+00', '2026-11-29 14:31:02.740506+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b8-e74f-7316-a8d7-18ee1d954b66', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 5, '01a227b8-e634-72b3-902b-0d30d32a2a74', 'tag_principal', 'arn:aws:iam::111122223333:user/latchkey/ana with latchkey/installation', '{}', NULL, '2026-11-29 14:32:38.993045+00', '2026-11-29 14:32:39.008576+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b8-e74f-7316-a8d7-18efc2734101', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 5, '01a227b8-e634-72b3-902b-0d30d32a2a74', 'put_policy', 'inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ana', '{"document": "{\"Statement\":[{\"Action\":\"eks:DescribeCluster\",\"Effect\":\"Allow\",\"Resource\":\"arn:aws:eks:eu-west-1:111122223333:cluster/prod-eu\",\"Sid\":\"LatchkeyKubectl\"}],\"Version\":\"2012-10-17\"}"}', NULL, '2026-11-29 14:32:38.993092+00', '2026-11-29 14:32:39.017585+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b8-e762-70e9-af4a-1b5b0096970d', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 4, '01a227b8-e634-72b3-902b-0d30d32a2a74', 'add_mapping', 'aws-auth', '{"key": "mapUsers", "lines": ["- userarn: \"arn:aws:iam::111122223333:user/latchkey/ana\"\n  username: \"latchkey:ana:1\"\n  groups: []\n"]}', 'f4a7869d-74ea-48d6-82bf-ff8ed087a945', '2026-11-29 14:32:39.011262+00', '2026-11-29 14:32:39.035133+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b8-e762-70e9-af4a-1b5ce7d66618', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 4, '01a227b8-e634-72b3-902b-0d30d32a2a74', 'create_binding', 'RoleBinding payments/latchkey:01a227b8-e634-72b3-902b-0d30d32a2a74:2bcb43cb', '{"name": "latchkey:01a227b8-e634-72b3-902b-0d30d32a2a74:2bcb43cb", "namespace": "payments"}', '237fc9d0-1c54-4617-845e-a3f88c29d3c5', '2026-11-29 14:32:39.011308+00', '2026-11-29 14:32:39.039957+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227b9-7dd2-7011-815c-691bfb940d96', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 5, '01a227b9-7cf2-77cb-8930-26e14aa750a2', 'create_binding', 'RoleBinding payments-batch/latchkey:01a227b9-7cf2-77cb-8930-26e14aa750a2:2bcb43cb', '{"name": "latchkey:01a227b9-7cf2-77cb-8930-26e14aa750a2:2bcb43cb", "namespace": "payments-batch"}', 'd81c4bca-d1ec-4b40-9d5d-f57e5db7790b', '2026-11-29 14:33:17.525874+00', '2026-11-29 14:33:17.54113+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227be-e551-714a-b6c2-adbc91b3eebc', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 10, '01a227be-cdeb-70fd-87da-187444c8dae7', 'create_role', 'ClusterRole latchkey:restart:2b99cedd', '{}', '1d0a1642-c500-408c-a123-f6853f8d3c2e', '2026-11-29 14:39:11.698863+00', '2026-11-29 14:39:11.718545+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227be-1364-7211-8def-6757f7b45fec', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 6, '01a227b8-e634-72b3-902b-0d30d32a2a74', 'add_mapping', 'aws-auth', '{"key": "mapUsers", "lines": ["- userarn: \"arn:aws:iam::111122223333:user/latchkey/ana\"\n  username: \"latchkey:ana:1\"\n  groups: []\n"]}', 'f4a7869d-74ea-48d6-82bf-ff8ed087a945', '2026-11-29 14:38:17.959736+00', '2026-11-29 14:38:18.034532+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227be-1364-7211-8def-6758f5f84b06', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 6, '01a227b9-7cf2-77cb-8930-26e14aa750a2', 'add_mapping', 'aws-auth', '{"key": "mapUsers", "lines": ["- userarn: \"arn:aws:iam::111122223333:user/latchkey/ana\"\n  username: \"latchkey:ana:1\"\n  groups: []\n"]}', 'f4a7869d-74ea-48d6-82bf-ff8ed087a945', '2026-11-29 14:38:17.959794+00', '2026-11-29 14:38:18.034735+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-20b5-7265-be65-14036951b6a1', 'principal', '01a227b7-6887-724b-b28d-6bffda8b8da1', 5, '01a227b7-6ab1-716a-8165-d2b314751ef3', 'put_policy', 'inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ben', '{"document": "{\"Statement\":[{\"Action\":\"eks:DescribeCluster\",\"Effect\":\"Allow\",\"Resource\":\"arn:aws:eks:eu-west-1:111122223333:cluster/prod-eu\",\"Sid\":\"LatchkeyKubectl\"}],\"Version\":\"2012-10-17\"}"}', NULL, '2026-11-29 14:39:26.90193+00', '2026-11-29 14:39:26.922072+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-2387-7007-9805-d4c400594399', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 12, '01a227b8-e634-72b3-902b-0d30d32a2a74', 'delete_policy', 'inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ana', '{}', NULL, '2026-11-29 14:39:27.650004+00', '2026-11-29 14:39:27.691536+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-2387-7007-9805-d4c5f01a7dab', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 12, '01a227b9-7cf2-77cb-8930-26e14aa750a2', 'delete_policy', 'inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ana', '{}', NULL, '2026-11-29 14:39:27.650064+00', '2026-11-29 14:39:27.691596+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-2387-7007-9805-d4c62411b886', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 12, '01a227be-cdeb-70fd-87da-187444c8dae7', 'delete_policy', 'inline policy latchkey of arn:aws:iam::111122223333:user/latchkey/ana', '{}', NULL, '2026-11-29 14:39:27.650071+00', '2026-11-29 14:39:27.691605+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-2387-7007-9805-d4c770dd04f3', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 12, '01a227b8-e634-72b3-902b-0d30d32a2a74', 'untag_principal', 'arn:aws:iam::111122223333:user/latchkey/ana of latchkey/installation', '{}', NULL, '2026-11-29 14:39:27.650058+00', '2026-11-29 14:39:27.705172+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-2387-7007-9805-d4c88d62d2c1', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 12, '01a227b9-7cf2-77cb-8930-26e14aa750a2', 'untag_principal', 'arn:aws:iam::111122223333:user/latchkey/ana of latchkey/installation', '{}', NULL, '2026-11-29 14:39:27.650068+00', '2026-11-29 14:39:27.705214+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-2387-7007-9805-d4c9e8397363', 'principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 12, '01a227be-cdeb-70fd-87da-187444c8dae7', 'untag_principal', 'arn:aws:iam::111122223333:user/latchkey/ana of latchkey/installation', '{}', NULL, '2026-11-29 14:39:27.650074+00', '2026-11-29 14:39:27.705221+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227be-e552-76b0-b710-e5a1ed6ec8d3', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 10, '01a227be-cdeb-70fd-87da-187444c8dae7', 'create_binding', 'RoleBinding payments/latchkey:01a227be-cdeb-70fd-87da-187444c8dae7:41d2dd50', '{"name": "latchkey:01a227be-cdeb-70fd-87da-187444c8dae7:41d2dd50", "namespace": "payments"}', 'bd64e842-713a-4588-b712-e29f4c9ca0a3', '2026-11-29 14:39:11.698923+00', '2026-11-29 14:39:11.729736+00', '00:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-20b8-756a-8de1-3822bb047e18', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 11, '01a227b8-e634-72b3-902b-0d30d32a2a74', 'empty_binding', 'RoleBinding payments/latchkey:01a227b8-e634-72b3-902b-0d30d32a2a74:2bcb43cb', '{"name": "latchkey:01a227b8-e634-72b3-902b-0d30d32a2a74:2bcb43cb", "namespace": "payments"}', '237fc9d0-1c54-4617-845e-a3f88c29d3c5', '2026-11-29 14:39:26.908188+00', '2026-11-29 14:39:27.011574+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-20b9-7747-b3d2-0a9e3fe11f3d', 'cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 5, '01a227b7-6ab1-716a-8165-d2b314751ef3', 'delete_binding', 'RoleBinding sandbox/latchkey:01a227b7-6ab1-716a-8165-d2b314751ef3:262121c5', '{"name": "latchkey:01a227b7-6ab1-716a-8165-d2b314751ef3:262121c5", "namespace": "sandbox"}', '985a490c-932e-4b06-9860-ef831cd81f37', '2026-11-29 14:39:26.906018+00', '2026-11-29 14:39:27.012414+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-20b8-756a-8de1-3824b9429cf6', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 11, '01a227b9-7cf2-77cb-8930-26e14aa750a2', 'empty_binding', 'RoleBinding payments-batch/latchkey:01a227b9-7cf2-77cb-8930-26e14aa750a2:2bcb43cb', '{"name": "latchkey:01a227b9-7cf2-77cb-8930-26e14aa750a2:2bcb43cb", "namespace": "payments-batch"}', 'd81c4bca-d1ec-4b40-9d5d-f57e5db7790b', '2026-11-29 14:39:26.908245+00', '2026-11-29 14:39:27.013198+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-20b8-756a-8de1-3823551deea5', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 11, '01a227b8-e634-72b3-902b-0d30d32a2a74', 'delete_binding', 'RoleBinding payments/latchkey:01a227b8-e634-72b3-902b-0d30d32a2a74:2bcb43cb', '{"name": "latchkey:01a227b8-e634-72b3-902b-0d30d32a2a74:2bcb43cb", "namespace": "payments"}', '237fc9d0-1c54-4617-845e-a3f88c29d3c5', '2026-11-29 14:39:26.90824+00', '2026-11-29 14:39:27.068249+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-20b8-756a-8de1-38256b6966db', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 11, '01a227b9-7cf2-77cb-8930-26e14aa750a2', 'delete_binding', 'RoleBinding payments-batch/latchkey:01a227b9-7cf2-77cb-8930-26e14aa750a2:2bcb43cb', '{"name": "latchkey:01a227b9-7cf2-77cb-8930-26e14aa750a2:2bcb43cb", "namespace": "payments-batch"}', 'd81c4bca-d1ec-4b40-9d5d-f57e5db7790b', '2026-11-29 14:39:26.908252+00', '2026-11-29 14:39:27.069181+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-20b9-7747-b3d2-0a9f3b5988e1', 'cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 5, '01a227b7-6ab1-716a-8165-d2b314751ef3', 'remove_mapping', 'aws-auth', '{"key": "mapUsers", "lines": []}', '668e8238-8a25-4d14-ad80-996ab0bd1629', '2026-11-29 14:39:26.906207+00', '2026-11-29 14:39:27.082028+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-24d3-77a4-82b7-ff36ebd89a4a', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 12, '01a227be-cdeb-70fd-87da-187444c8dae7', 'empty_binding', 'RoleBinding payments/latchkey:01a227be-cdeb-70fd-87da-187444c8dae7:41d2dd50', '{"name": "latchkey:01a227be-cdeb-70fd-87da-187444c8dae7:41d2dd50", "namespace": "payments"}', 'bd64e842-713a-4588-b712-e29f4c9ca0a3', '2026-11-29 14:39:27.956264+00', '2026-11-29 14:39:27.984159+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-24d3-77a4-82b7-ff37f114b255', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 12, '01a227be-cdeb-70fd-87da-187444c8dae7', 'delete_binding', 'RoleBinding payments/latchkey:01a227be-cdeb-70fd-87da-187444c8dae7:41d2dd50', '{"name": "latchkey:01a227be-cdeb-70fd-87da-187444c8dae7:41d2dd50", "namespace": "payments"}', 'bd64e842-713a-4588-b712-e29f4c9ca0a3', '2026-11-29 14:39:27.956313+00', '2026-11-29 14:39:27.991595+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-24d3-77a4-82b7-ff38f5d2eed9', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 12, '01a227be-cdeb-70fd-87da-187444c8dae7', 'remove_mapping', 'aws-auth', '{"key": "mapUsers", "lines": []}', 'f4a7869d-74ea-48d6-82bf-ff8ed087a945', '2026-11-29 14:39:27.956319+00', '2026-11-29 14:39:27.999847+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227bf-20b9-7747-b3d2-0a9da405fe87', 'cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 5, '01a227b7-6ab1-716a-8165-d2b314751ef3', 'empty_binding', 'RoleBinding sandbox/latchkey:01a227b7-6ab1-716a-8165-d2b314751ef3:262121c5', '{"name": "latchkey:01a227b7-6ab1-716a-8165-d2b314751ef3:262121c5", "namespace": "sandbox"}', '985a490c-932e-4b06-9860-ef831cd81f37', '2026-11-29 14:39:26.905967+00', '2026-11-29 14:39:26.987778+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227c1-5ba9-736f-b7ec-d03df02dc9b0', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 13, '01a227b7-6d98-7529-b049-bde10ba1018b', 'add_mapping', 'aws-auth', '{"key": "mapUsers", "lines": ["- userarn: \"arn:aws:iam::111122223333:user/latchkey/ben\"\n  username: \"latchkey:ben:1\"\n  groups: []\n"]}', 'f4a7869d-74ea-48d6-82bf-ff8ed087a945', '2026-11-29 14:41:53.067355+00', '2026-11-29 14:41:53.097692+00', '02:00:00', 'done');
INSERT INTO public.intent VALUES ('01a227c1-5ba9-736f-b7ec-d03eca31d5c1', 'cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 13, '01a227b7-6d98-7529-b049-bde10ba1018b', 'create_binding', 'RoleBinding payments/latchkey:01a227b7-6d98-7529-b049-bde10ba1018b:2bcb43cb', '{"name": "latchkey:01a227b7-6d98-7529-b049-bde10ba1018b:2bcb43cb", "namespace": "payments"}', 'b1321d02-c964-4ab6-917a-24ef46911ab4', '2026-11-29 14:41:53.067589+00', '2026-11-29 14:41:53.104592+00', '02:00:00', 'done');


--
-- Data for Name: limit_window; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.limit_window VALUES ('sign_in_person', '\xc821c316d6f97b6e75dd158187f005426761e44cb3b9a5fbcb0b09e73acc6d9f', 3, '2026-11-29 14:49:47.468781+00');
INSERT INTO public.limit_window VALUES ('sign_in_person', '\x36bbc931c741b210332e9d597e3441de465502351248292e669bd04190bfddd7', 1, '2026-11-29 14:50:52.340343+00');
INSERT INTO public.limit_window VALUES ('form', '\xf6fc4b741a247872cbbea9d06a198424e142ff19c322186a786c0a65830d4fb9', 1, '2026-11-29 14:51:00.68747+00');
INSERT INTO public.limit_window VALUES ('proof', '\x36bbc931c741b210332e9d597e3441de465502351248292e669bd04190bfddd7', 1, '2026-11-29 14:51:00.720322+00');
INSERT INTO public.limit_window VALUES ('form', '\xb6d81571f86a276014cf76047aa03008f2664238da2818dbb0bacc9db4597ad1', 1, '2026-11-29 14:51:52.712596+00');
INSERT INTO public.limit_window VALUES ('request', '\x56b5ed7c27b72fc42d59c52e829a883ac74c55c6e97785c1228fe3a580b86ea3', 1, '2026-11-29 14:53:02.273075+00');
INSERT INTO public.limit_window VALUES ('form', '\x06e6856e8957dd239e6564d3ddf06a5a298358f2d606e0bdcbb41368cbae034d', 2, '2026-11-29 14:53:02.239329+00');
INSERT INTO public.limit_window VALUES ('sign_in_person', '\x11bc96f9032df5f2183474b6008ebae03ff9adda2200fec65f77ab86ee9e9afd', 1, '2026-11-29 14:53:08.894829+00');
INSERT INTO public.limit_window VALUES ('form', '\x9de16d52e2f68f9d42e980f4074cbe0d7adbec1a64edb268425bc0be98e329e8', 2, '2026-11-29 14:53:10.980229+00');
INSERT INTO public.limit_window VALUES ('sign_in_person', '\x0ec0d369a74233fa2a56605ed48efe8f38347f0bc361882debf3a3ead4ef90e9', 6, '2026-11-29 14:44:35.601292+00');
INSERT INTO public.limit_window VALUES ('form', '\x999611dd89e2389d45ec3bb9b5d35a978a181661a87110dcd10848e72e82abd8', 2, '2026-11-29 14:54:04.768266+00');
INSERT INTO public.limit_window VALUES ('sign_in_person', '\x56b5ed7c27b72fc42d59c52e829a883ac74c55c6e97785c1228fe3a580b86ea3', 2, '2026-11-29 14:52:58.297232+00');
INSERT INTO public.limit_window VALUES ('form', '\xa8a0211208a5f4dc5eae4043e9d5a220d672d826145a5c7c4893a61c0c1c38a5', 2, '2026-11-29 14:48:58.732215+00');
INSERT INTO public.limit_window VALUES ('sign_in_address', '\x12ca17b49af2289436f303e0166030a21e525d266e209267433801a8fd4071a0', 14, '2026-11-29 14:52:19.865905+00');
INSERT INTO public.limit_window VALUES ('sign_in_person', '\x6aa3c46a2ed83ee1187baef9576b40a10e7650102652a11214a1e2e25b35d2e3', 2, '2026-11-29 14:53:56.184184+00');
INSERT INTO public.limit_window VALUES ('form', '\x81b7f1d0de44be2518b180c4a647529ff6762a63a57e0b6930514abe9632c4f9', 1, '2026-11-29 14:49:05.658179+00');
INSERT INTO public.limit_window VALUES ('form', '\x750efd6424cfa891440f4f346e24ad18fff60ee6fac51741fb855b6314d0fcdf', 2, '2026-11-29 14:48:50.825252+00');
INSERT INTO public.limit_window VALUES ('form', '\xc55ceb6d476a5bff5779f293cacf7871a087c7564b7b9914ed53d9b966579723', 2, '2026-11-29 14:50:16.401305+00');


--
-- Data for Name: login_attempt; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.login_attempt VALUES ('\x8b661e98bb11d640cedc5471107c2bea82dd4e3f41f0c7541a005b94047fb948', '\xcbc60cc4d119817da5c6f35712303ad17649c4b2e96d66316897fb73cb99060e', '/', '2026-11-29 14:31:55.595144+00', '2026-11-29 14:31:56.534876+00');
INSERT INTO public.login_attempt VALUES ('\x4809631dd1a48a605e9510df4e0fe9445532db1a13a24352b1cc8229f48771e7', '\xca56a85a63bd88f06427ad919a9b1f590536e01736bf75e49f072cbe999e4f00', '/', '2026-11-29 14:32:16.805276+00', '2026-11-29 14:32:18.14763+00');
INSERT INTO public.login_attempt VALUES ('\x2798cee69e91e44a67df5a1a00159eab10086873c62f9e0859e317eee99b3881', '\x2e406928bed5958e7c2314af75da5e146a326d01162007ff71f8015b316059e9', '/', '2026-11-29 14:32:34.465535+00', '2026-11-29 14:32:35.839149+00');
INSERT INTO public.login_attempt VALUES ('\xe384bd1c333981e6b95b79ae8c9a809d4615d86e55a949757469b4cdb53bb83d', '\xde53453a286e9b13bdc0aa47a3fcf438e5a616af47905f77629c6c8487f0df80', '/', '2026-11-29 14:33:07.062702+00', '2026-11-29 14:33:08.412093+00');
INSERT INTO public.login_attempt VALUES ('\x5af39b92a12059848c4d7742d31f6ea60ce7862100b522df5b35bcc94483c8fb', '\x03e29af3f402a02665dac1a52e2344a8e3a647626066de2e416c516e48e7d089', '/', '2026-11-29 14:33:14.375348+00', '2026-11-29 14:33:15.753334+00');
INSERT INTO public.login_attempt VALUES ('\xceec462c0108b590e68f41a4eb9034131df9e06a0f1d49f06ed45bee3b63fe2e', '\xe6eeeb01f08b7e0b173c5dd057d8da5e9852a4ffc500c55d668bd857711bfcbc', '/', '2026-11-29 14:34:34.187839+00', '2026-11-29 14:34:35.59636+00');
INSERT INTO public.login_attempt VALUES ('\x5443aa40b48aca3aa297db11a54088562b5840ff8c436a6a9b1933bbc9d4c1b9', '\x87c8325235a21f27ccc50cc503f796a3da175f6856d78cc3eb1f4d40faac8f32', '/', '2026-11-29 14:35:54.169081+00', '2026-11-29 14:35:55.533041+00');
INSERT INTO public.login_attempt VALUES ('\x07484756cda4763cc6e9cf21234413b2a9a9089007a04348d568c08fc6753f67', '\x68b9dfb57cc90873051df730a124c26bf4cc5e6e36d9dfcc2c818a764d75a1c8', '/', '2026-11-29 14:36:01.962411+00', '2026-11-29 14:36:03.421735+00');
INSERT INTO public.login_attempt VALUES ('\xd14b8083b54c2c35c2a1db036f8b5772aff224b34af2787281347843404e0e50', '\x46e1a0b3651faaeaca475d7d0ab61ce7576ad1d85bbe4299b4c55e2e462a91b1', '/', '2026-11-29 14:36:07.621401+00', '2026-11-29 14:36:09.049061+00');
INSERT INTO public.login_attempt VALUES ('\xeb2873ad1b45025b48fee21e074a9599e1fa1a7645f856a20b2531deca7a9493', '\x765cb2dac84aa8e51ff5ae8f67fcd93a3e70cb29ad382a8545d82d7a4a7b4f29', '/', '2026-11-29 14:36:12.56858+00', '2026-11-29 14:36:14.06318+00');
INSERT INTO public.login_attempt VALUES ('\x005eeea79c2f7311cdb5d506c0d07a2eda83f5ae4f947e32a044097af220d662', '\x4db2c29a6cc18a1b8208f7df0f9efc4f21a00bc67e50d23f2b82c400f019ddd5', '/', '2026-11-29 14:38:25.110543+00', '2026-11-29 14:38:26.554862+00');
INSERT INTO public.login_attempt VALUES ('\x23df319936a0d5688ceaa38a9b4e09cae559cca4eee6bb199334bdd9b5e03c97', '\x0ed6a98e4e6376677a560b05c2e84524d34c78064f1a8487c90b3929b7b88809', '/', '2026-11-29 14:38:46.679625+00', '2026-11-29 14:38:48.167522+00');
INSERT INTO public.login_attempt VALUES ('\x0172d4507df8ec6ea70226fdbaa994d9a7634722c869b588f7fcda42a49a91eb', '\x01ebbbb17e787e11e46b745531cc6c81e7b35e2d5d92a7d50f59b63e587b3700', '/', '2026-11-29 14:38:54.358784+00', '2026-11-29 14:38:55.786391+00');
INSERT INTO public.login_attempt VALUES ('\x6384585086ee302066ac192ccee62685b440d96cb614309b6c6b75849281f574', '\x5382f070eb4f07ba1af08447ee1dd2c93a0fef6edb7af647798beb85c10d089e', '/', '2026-11-29 14:39:02.679031+00', '2026-11-29 14:39:04.1053+00');
INSERT INTO public.login_attempt VALUES ('\x5a8040187a66e72c500d56f94549297f4383e9c26a5935d4013f47d14258d7b6', '\x2c2e45f403f810590b8aa937f52763fa7276e66dcbf1832c470b21673deb5064', '/', '2026-11-29 14:39:40.032112+00', '2026-11-29 14:39:41.467261+00');
INSERT INTO public.login_attempt VALUES ('\x46b5d55096e23550c5a403cb383c92fdaca72de4c166dd3ff4f135005da15bf9', '\x724c021de3e4ed2f31d3dd5209efd9dcba0f637c5be8a4f032472c906c1ca0d3', '/', '2026-11-29 14:39:45.964226+00', '2026-11-29 14:39:47.463347+00');
INSERT INTO public.login_attempt VALUES ('\xc342d2663c77ab660c8db413ec16758cfe1a912f088edc9b749924fdd93fa072', '\x8e169bd6f077963c53ed7f990b8540d75e87e73dceafa0939a10faeced738162', '/', '2026-11-29 14:40:12.824502+00', '2026-11-29 14:40:14.301218+00');
INSERT INTO public.login_attempt VALUES ('\xe3ed78e1ba3eb761601edfed9aefd08e6060e0f47a1276e5104a9c08148dfafb', '\x8fc35cebe9eed6e83a138f72d9fd8a8f8124f7562ea90af9238069922ae05938', '/', '2026-11-29 14:40:24.773454+00', '2026-11-29 14:40:26.304451+00');
INSERT INTO public.login_attempt VALUES ('\xa0b916d4f8130d2d07b55308532e850cfb43ab4e942d90fb8d75147c85012754', '\xa36959121d64b83eb096c0ea227cbabf42961cebcc159186b816fc6775324d3f', '/', '2026-11-29 14:40:50.785947+00', '2026-11-29 14:40:52.317585+00');
INSERT INTO public.login_attempt VALUES ('\x714435a916d9af3fd4c82b11b40f1c9dda3cb6eeed271f69ef9c50daf0eb7103', '\x75b16f388ebde1c8909f516563d0fa8844ffccb5ae2ac4dd0216d8f647c35e43', '/', '2026-11-29 14:41:49.563187+00', '2026-11-29 14:41:51.011245+00');
INSERT INTO public.login_attempt VALUES ('\xf584ff68818009c3ad4c8d92ec323456961de273906404f5ecf5fde90665def6', '\xca43532853d191aad5fab5532e198913d8cf2330f9a103b8ef89f1d82149632e', '/', '2026-11-29 14:42:19.872854+00', '2026-11-29 14:42:21.28876+00');
INSERT INTO public.login_attempt VALUES ('\xd9803636564212624c7399250e5accb899bc7d2fac4072f27fef451fd8c21fa5', '\x2c98fc8250730f505c765e0ff2774326f16022adba02a1c7080b614769220700', '/', '2026-11-29 14:42:56.787399+00', '2026-11-29 14:42:58.262488+00');
INSERT INTO public.login_attempt VALUES ('\xa56921c974656c6ca597d568e9d6cebc1a4d1460a23c1efef22d6f08d2662be9', '\x1468a9bf687f85b7e66ac06a1161ef6977c38f0107e7a59a9ad5042c2fd7f23b', '/', '2026-11-29 14:43:07.379473+00', '2026-11-29 14:43:08.814056+00');
INSERT INTO public.login_attempt VALUES ('\xd99d4b37b70523540047a6079d459d33508e9d09a5ba992bef39fe77e6fd5197', '\x56674b4b3674193428f8aa1104e63443bc09f060ec1f5a599e1a9d135e657232', '/', '2026-11-29 14:43:54.698515+00', '2026-11-29 14:43:56.150009+00');
INSERT INTO public.login_attempt VALUES ('\x44433bb64791e49b867a2e56e128027bf79b75d280feddca6df4b2615e7f559b', '\x8f32440a1de6fa9dcf6ed4a419b28b55078c62f4508ca969d44327730ef342d6', '/', '2026-11-29 14:44:00.720904+00', '2026-11-29 14:44:02.246267+00');
INSERT INTO public.login_attempt VALUES ('\xb89512a927972fe3584a6ca00ebf8ad03618a9d02c82ee05bf95f631f2ab9e6f', '\xefb792ab0e30ce8c0bf18136bc0f3ecee9278bd6aad5443288ce257c00e37899', '/', '2026-11-29 14:44:45.915248+00', '2026-11-29 14:44:47.31396+00');
INSERT INTO public.login_attempt VALUES ('\xc7ca5857c116934905e61cf151523c144d1bca05e3fc20030c3f3e0b82c243c6', '\x22cab318686dcb3a03caaee6ee85e9e63165686da8780ecda6e782f42983b9e4', '/', '2026-11-29 14:44:50.386503+00', '2026-11-29 14:44:51.835773+00');


--
-- Data for Name: mapping; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.mapping VALUES ('01a227b7-6887-724b-b28d-6bffda8b8da1', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 1, 'latchkey:ben:1', true, 'mapUsers', '- userarn: "arn:aws:iam::111122223333:user/latchkey/ben"
  username: "latchkey:ben:1"
  groups: []
', '# Bob''s laptop, until the audit
- userarn: arn:aws:iam::111122223333:user/bob
  username: bob
  groups: ["platform-oncall"]
', 'written', 2, '2026-11-29 14:41:53.096477+00', '2026-11-29 14:41:53.081001+00', '2026-11-29 14:31:02.71589+00', NULL);
INSERT INTO public.mapping VALUES ('01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-68b3-7005-a0e9-d585e804aa20', 1, 'latchkey:ana:1', true, 'mapUsers', '- userarn: "arn:aws:iam::111122223333:user/latchkey/ana"
  username: "latchkey:ana:1"
  groups: []
', NULL, 'removed', 1, '2026-11-29 14:31:01.804824+00', '2026-11-29 14:31:01.773076+00', '2026-11-29 14:31:01.80308+00', '2026-11-29 14:31:02.73479+00');
INSERT INTO public.mapping VALUES ('01a227b7-6887-724b-b28d-6bffda8b8da1', '01a227b7-68b3-7005-a0e9-d585e804aa20', 1, 'latchkey:ben:1', true, 'mapUsers', '- userarn: "arn:aws:iam::111122223333:user/latchkey/ben"
  username: "latchkey:ben:1"
  groups: []
', NULL, 'removed', 1, '2026-11-29 14:31:01.806375+00', '2026-11-29 14:31:01.774743+00', '2026-11-29 14:31:01.805285+00', '2026-11-29 14:39:27.072689+00');
INSERT INTO public.mapping VALUES ('01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 1, 'latchkey:ana:1', true, 'mapUsers', '- userarn: "arn:aws:iam::111122223333:user/latchkey/ana"
  username: "latchkey:ana:1"
  groups: []
', '# Bob''s laptop, until the audit
- userarn: arn:aws:iam::111122223333:user/bob
  username: bob
  groups: ["platform-oncall"]
- userarn: "arn:aws:iam::111122223333:user/latchkey/ben"
  username: "latchkey:ben:1"
  groups: []
', 'removed', 2, '2026-11-29 14:38:18.033339+00', '2026-11-29 14:38:17.983579+00', '2026-11-29 14:32:39.034324+00', '2026-11-29 14:39:27.999323+00');


--
-- Data for Name: observation; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.observation VALUES ('principal', '01a227b7-6892-7364-8c3e-50b5eb0eb0dd', '2026-11-29 14:31:01.317319+00', '{"found": {"arn": "arn:aws:iam::111122223333:user/latchkey/dee", "name": "dee", "path": "/latchkey/", "tags": {}, "unique_id": "AIDA5KSONJUCZTE5YON3", "inline_policies": {}}, "trouble": null, "identity": {"is": "AIDA5KSONJUCZTE5YON3"}}', '\x799eed27b80f7c0a41002f8c4e3d727979743deeebfe0772294cb9ef44efaecc');
INSERT INTO public.observation VALUES ('principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', '2026-11-29 14:44:28.158456+00', '{"found": {"arn": "arn:aws:iam::111122223333:user/latchkey/ana", "name": "ana", "path": "/latchkey/", "tags": {}, "unique_id": "AIDAZWPQXVLSAX4WHGS2", "inline_policies": {}}, "trouble": null, "identity": {"is": "AIDAZWPQXVLSAX4WHGS2"}}', '\x8d18da32b67bf9bada6294531ef6629265fad18cd4c98a01b8241bda99795119');
INSERT INTO public.observation VALUES ('cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', '2026-11-29 14:44:28.205638+00', '{"aws": {"arn": "arn:aws:eks:eu-west-1:111122223333:cluster/staging-eu", "mode": "API_AND_CONFIG_MAP", "name": "staging-eu", "status": "ACTIVE", "version": "1.33", "endpoint": "https://cluster.example", "created_at": "2026-11-29T14:31:00.756999969Z", "certificate_authority": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJoakNDQVN5Z0F3SUJBZ0lVWG16NjcrbHViMitJNXZkc2x1c3BXWWJ5b29zd0NnWUlLb1pJemowRUF3SXcKSURFZU1Cd0dBMVVFQXd3VmEzVmlaWEp1WlhSbGN5QnpkR0ZuYVc1bkxXVjFNQ0FYRFRjMU1ERXdNVEF3TURBdwpNRm9ZRHpRd09UWXdNVEF4TURBd01EQXdXakFnTVI0d0hBWURWUVFEREJWcmRXSmxjbTVsZEdWeklITjBZV2RwCmJtY3RaWFV3V1RBVEJnY3Foa2pPUFFJQkJnZ3Foa2pPUFFNQkJ3TkNBQVNPMXVxMkRrZ1RESlRHOTk4K3B0R2kKMW8vcmdqV2diajUvUXAvZTRZb2FtV3kzWUI0U0VkdUY3bHRZNGdSSWtlaDhiWHpMWklTMVZUY01zUFlFeHg3OApvMEl3UURBT0JnTlZIUThCQWY4RUJBTUNBb1F3SFFZRFZSME9CQllFRklGcWo4aGtmcFlsZzZhenY3L3FPUG9TClplcnVNQThHQTFVZEV3RUIvd1FGTUFNQkFmOHdDZ1lJS29aSXpqMEVBd0lEU0FBd1JRSWdhakNVekJYd2pyYk8KVU9OeXFxbWVaL1JGWUZhK2cyRndWcjdRTWJBWDhmUUNJUUNMWXk1bGk3alpWRXpTUndWRmFxY2hVbkhCMVhjRgpBbmN1SlBnckxVVEVwQT09Ci0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K"}, "entries": {"listed": []}, "trouble": null, "left_out": [], "kubernetes": {"kinds": {"groups": {"": {"pods": "in_namespaces", "nodes": "in_cluster", "events": "in_namespaces", "secrets": "in_namespaces", "bindings": "in_namespaces", "services": "in_namespaces", "endpoints": "in_namespaces", "configmaps": "in_namespaces", "namespaces": "in_cluster", "limitranges": "in_namespaces", "podtemplates": "in_namespaces", "resourcequotas": "in_namespaces", "serviceaccounts": "in_namespaces", "componentstatuses": "in_cluster", "persistentvolumes": "in_cluster", "persistentvolumeclaims": "in_namespaces", "replicationcontrollers": "in_namespaces"}, "apps": {"daemonsets": "in_namespaces", "deployments": "in_namespaces", "replicasets": "in_namespaces", "statefulsets": "in_namespaces", "controllerrevisions": "in_namespaces"}, "batch": {"jobs": "in_namespaces", "cronjobs": "in_namespaces"}, "policy": {"poddisruptionbudgets": "in_namespaces"}, "autoscaling": {"horizontalpodautoscalers": "in_namespaces"}, "node.k8s.io": {"runtimeclasses": "in_cluster"}, "events.k8s.io": {"events": "in_namespaces"}, "storage.k8s.io": {"csinodes": "in_cluster", "csidrivers": "in_cluster", "storageclasses": "in_cluster", "volumeattachments": "in_cluster", "csistoragecapacities": "in_namespaces", "volumeattributesclasses": "in_cluster"}, "resource.k8s.io": {"deviceclasses": "in_cluster", "resourceclaims": "in_namespaces", "resourceslices": "in_cluster", "resourceclaimtemplates": "in_namespaces"}, "discovery.k8s.io": {"endpointslices": "in_namespaces"}, "networking.k8s.io": {"ingresses": "in_namespaces", "ipaddresses": "in_cluster", "servicecidrs": "in_cluster", "ingressclasses": "in_cluster", "networkpolicies": "in_namespaces"}, "scheduling.k8s.io": {"priorityclasses": "in_cluster"}, "certificates.k8s.io": {"certificatesigningrequests": "in_cluster"}, "coordination.k8s.io": {"leases": "in_namespaces"}, "apiextensions.k8s.io": {"customresourcedefinitions": "in_cluster"}, "authorization.k8s.io": {"subjectaccessreviews": "in_cluster", "selfsubjectrulesreviews": "in_cluster", "selfsubjectaccessreviews": "in_cluster", "localsubjectaccessreviews": "in_namespaces"}, "authentication.k8s.io": {"tokenreviews": "in_cluster", "selfsubjectreviews": "in_cluster"}, "apiregistration.k8s.io": {"apiservices": "in_cluster"}, "rbac.authorization.k8s.io": {"roles": "in_namespaces", "clusterroles": "in_cluster", "rolebindings": "in_namespaces", "clusterrolebindings": "in_cluster"}, "admissionregistration.k8s.io": {"validatingadmissionpolicies": "in_cluster", "mutatingwebhookconfigurations": "in_cluster", "validatingwebhookconfigurations": "in_cluster", "validatingadmissionpolicybindings": "in_cluster"}, "flowcontrol.apiserver.k8s.io": {"flowschemas": "in_cluster", "prioritylevelconfigurations": "in_cluster"}}, "complete": true}, "roles": {"kube-system/latchkey-worker": {"uid": "9a35bcb7-ba2f-49f0-abad-bce89ef4d0a3", "rules": [{"verbs": ["get", "patch"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["aws-auth", "latchkey"]}], "labels": {}}}, "marker": {"uid": "9fa0599c-b4a5-4e8f-98ac-b53e257d3949", "epoch": 5, "installation": "438a0fba-e06e-40e3-a04b-3a128bdac99c", "resource_version": "91"}, "aws_auth": {"uid": "668e8238-8a25-4d14-ad80-996ab0bd1629", "data": {"mapRoles": "- groups:\n  - system:bootstrappers\n  - system:nodes\n  rolearn: arn:aws:iam::111122223333:role/staging-eu-nodes\n  username: system:node:{{EC2PrivateDNSName}}\n# Whoever is on call for the platform\n- rolearn: arn:aws:iam::111122223333:role/platform-admin\n  username: admin:{{SessionName}}\n  groups:\n    - platform-admins\n# Latchkey''s worker\n- groups: []\n  rolearn: arn:aws:iam::111122223333:role/latchkey-worker\n  username: latchkey-worker\n"}, "managers": [{"keys": ["mapRoles"], "name": "kubernetes", "operation": "Update"}], "resource_version": "94"}, "bindings": [{"uid": "4ce97723-5ad8-4a65-b913-9cddcf7d171c", "name": "latchkey-worker", "labels": {}, "deleting": false, "subjects": [{"kind": "User", "name": "latchkey-worker", "namespace": null}], "namespace": "kube-system", "role_kind": "Role", "role_name": "latchkey-worker", "finalizers": [], "annotations": {}, "resource_version": "74"}, {"uid": "c7c7991d-5105-4b77-8d91-706ad4d0cdb0", "name": "cluster-admin", "labels": {}, "deleting": false, "subjects": [{"kind": "Group", "name": "system:masters", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "cluster-admin", "finalizers": [], "annotations": {}, "resource_version": "13"}, {"uid": "0e810b2a-8157-4380-b080-f96c0a123c7d", "name": "eks:node-bootstrapper", "labels": {}, "deleting": false, "subjects": [{"kind": "Group", "name": "system:nodes", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "system:node", "finalizers": [], "annotations": {}, "resource_version": "17"}, {"uid": "abd83d94-ca4d-44a9-8d7b-32ebde2c355f", "name": "latchkey-worker", "labels": {}, "deleting": false, "subjects": [{"kind": "User", "name": "latchkey-worker", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "latchkey-worker", "finalizers": [], "annotations": {}, "resource_version": "72"}, {"uid": "1c3c1525-a5f4-4cee-a5c2-b4d86d2a58fc", "name": "platform-admins", "labels": {}, "deleting": false, "subjects": [{"kind": "Group", "name": "platform-admins", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "cluster-admin", "finalizers": [], "annotations": {}, "resource_version": "76"}, {"uid": "45419adf-2999-45fc-8623-233fc6408d47", "name": "system:basic-user", "labels": {}, "deleting": false, "subjects": [{"kind": "Group", "name": "system:authenticated", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "system:basic-user", "finalizers": [], "annotations": {}, "resource_version": "14"}, {"uid": "d9543627-1949-4d00-970e-38e56a66c310", "name": "system:discovery", "labels": {}, "deleting": false, "subjects": [{"kind": "Group", "name": "system:authenticated", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "system:discovery", "finalizers": [], "annotations": {}, "resource_version": "15"}, {"uid": "ad4a87e6-c350-4c4b-a164-fe0319422045", "name": "system:public-info-viewer", "labels": {}, "deleting": false, "subjects": [{"kind": "Group", "name": "system:authenticated", "namespace": null}, {"kind": "Group", "name": "system:unauthenticated", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "system:public-info-viewer", "finalizers": [], "annotations": {}, "resource_version": "16"}], "namespaces": [{"uid": "6d33cab3-5622-47bd-97aa-40f1d200eaf6", "name": "checkout"}, {"uid": "e70bc563-33e0-4505-b8eb-9cabf5422c5d", "name": "default"}, {"uid": "7be55ccb-2cb5-4aad-b20e-6fcb2fc7e695", "name": "kube-node-lease"}, {"uid": "0797d080-b6f4-4d53-bff3-9c7cf09210d4", "name": "kube-public"}, {"uid": "3da64e6a-5fd0-44d8-ab9b-12212a66a66d", "name": "kube-system"}, {"uid": "d126b240-8c73-4627-9271-c4ee432f9f5b", "name": "payments"}, {"uid": "4f25c89d-736d-43b0-978e-5455b6f4e246", "name": "sandbox"}], "cluster_roles": {"edit": {"uid": "2b76360b-6770-4aab-89c5-abceeb6b62df", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"]}, {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["serviceaccounts"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": [""], "resources": ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"]}, {"verbs": ["create"], "apiGroups": [""], "resources": ["pods/eviction"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": [""], "resources": ["configmaps", "persistentvolumeclaims", "replicationcontrollers", "replicationcontrollers/scale", "secrets", "serviceaccounts", "services", "services/proxy"]}, {"verbs": ["create"], "apiGroups": [""], "resources": ["serviceaccounts/token"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["apps"], "resources": ["daemonsets", "deployments", "deployments/rollback", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["batch"], "resources": ["cronjobs", "jobs"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["extensions"], "resources": ["daemonsets", "deployments", "deployments/rollback", "deployments/scale", "ingresses", "networkpolicies", "replicasets", "replicasets/scale", "replicationcontrollers/scale"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "networkpolicies"]}, {"verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"], "apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaimtemplates"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "labels": {"kubernetes.io/bootstrapping": "rbac-defaults", "rbac.authorization.k8s.io/aggregate-to-admin": "true"}}, "view": {"uid": "77b88e75-7659-4f3d-902e-92796060d593", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "labels": {"kubernetes.io/bootstrapping": "rbac-defaults", "rbac.authorization.k8s.io/aggregate-to-edit": "true"}}, "system:node": {"uid": "691dda79-09c7-490b-a3d3-738ae8ac7363", "rules": [{"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["services", "nodes", "pods"]}, {"verbs": ["patch", "update"], "apiGroups": [""], "resources": ["nodes/status", "pods/status"]}, {"verbs": ["create", "patch", "update"], "apiGroups": [""], "resources": ["events"]}], "labels": {}}, "cluster-admin": {"uid": "3ef1eed1-93e8-4f00-b000-0dcea7b002fe", "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, {"verbs": ["*"], "nonResourceURLs": ["*"]}], "labels": {}}, "latchkey-worker": {"uid": "dc4bb4d2-923b-4d69-abd2-2742f170d78d", "rules": [{"verbs": ["get", "list", "create", "update", "delete"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings", "clusterrolebindings"]}, {"verbs": ["get", "list", "create"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"]}, {"verbs": ["get", "list"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"]}, {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"]}, {"verbs": ["get"], "nonResourceURLs": ["/api", "/api/v1", "/apis", "/apis/*"]}, {"verbs": ["bind"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "resourceNames": ["edit", "view"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["events", "pods", "pods/log"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces", "nodes", "pods"]}, {"verbs": ["delete"], "apiGroups": [""], "resources": ["pods"]}, {"verbs": ["get", "list", "patch", "watch"], "apiGroups": ["apps"], "resources": ["deployments", "replicasets", "statefulsets"]}], "labels": {}}, "system:discovery": {"uid": "3fa78d39-382b-448e-b281-43907c347d0b", "rules": [{"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"]}], "labels": {}}, "system:basic-user": {"uid": "e66e16a0-0162-455d-a25f-f1d27c21a9ab", "rules": [{"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]}, {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]}], "labels": {}}, "system:public-info-viewer": {"uid": "ee15dfb1-b220-4964-bff1-d175190db602", "rules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"]}], "labels": {}}}}, "kubernetes_at": "2026-11-29T14:44:28.171411944Z"}', '\x37541fd2b30d100306d0b8ea9ac8f1c9110c76afe46833c217e737021757354d');
INSERT INTO public.observation VALUES ('principal', '01a227c0-8f6f-70e8-82b2-9bbe7ebcef1f', '2026-11-29 14:41:01.10259+00', '{"found": {"arn": "arn:aws:iam::111122223333:user/latchkey/fay", "name": "fay", "path": "/latchkey/", "tags": {}, "unique_id": "AIDAHEU4ZO4IM4M3ZW3I", "inline_policies": {}}, "trouble": null, "identity": {"is": "AIDAHEU4ZO4IM4M3ZW3I"}}', '\x5619e3e65c93af2d6d103525726946c1eb5ce6714b611b7394676eb98bb87e79');
INSERT INTO public.observation VALUES ('cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', '2026-11-29 14:44:06.297523+00', '{"aws": {"arn": "arn:aws:eks:eu-west-1:111122223333:cluster/prod-eu", "mode": "CONFIG_MAP", "name": "prod-eu", "status": "ACTIVE", "version": "1.33", "endpoint": "https://cluster.example", "created_at": "2026-11-29T14:31:00.756999969Z", "certificate_authority": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJmekNDQVNhZ0F3SUJBZ0lVT1czVG90RGlQS2pCblBWWmNwSkZaVkJ3UEd3d0NnWUlLb1pJemowRUF3SXcKSFRFYk1Ca0dBMVVFQXd3U2EzVmlaWEp1WlhSbGN5QndjbTlrTFdWMU1DQVhEVGMxTURFd01UQXdNREF3TUZvWQpEelF3T1RZd01UQXhNREF3TURBd1dqQWRNUnN3R1FZRFZRUUREQkpyZFdKbGNtNWxkR1Z6SUhCeWIyUXRaWFV3CldUQVRCZ2NxaGtqT1BRSUJCZ2dxaGtqT1BRTUJCd05DQUFTSVl0eUcrSnYwbDlwVU0rUUF1NWlmc3EvcnM3aXcKdlNpTWpkbHg2WC8yWm1kOElIck9MaTRvOVFTRVV5ZVA5VHV6YkxjZnFmOUdmbXV3Y0o1MGoyMGRvMEl3UURBTwpCZ05WSFE4QkFmOEVCQU1DQW9Rd0hRWURWUjBPQkJZRUZEZDkwRDFRYVVXUUxGbEtJdGtUak40YlZnMXJNQThHCkExVWRFd0VCL3dRRk1BTUJBZjh3Q2dZSUtvWkl6ajBFQXdJRFJ3QXdSQUlnRGdyMGhsVGllSmJhV3JnZXFReWYKOHducVljSHVWZlhlcjlmeWpNWmcxK3NDSUdnZEs5ekFaRTdRcFg0S0krdUY5ZTNMR0lnL0xIaU90N050alNJOApPMHR4Ci0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K"}, "entries": "not_asked", "trouble": null, "left_out": [], "kubernetes": {"kinds": {"groups": {"": {"pods": "in_namespaces", "nodes": "in_cluster", "events": "in_namespaces", "secrets": "in_namespaces", "bindings": "in_namespaces", "services": "in_namespaces", "endpoints": "in_namespaces", "configmaps": "in_namespaces", "namespaces": "in_cluster", "limitranges": "in_namespaces", "podtemplates": "in_namespaces", "resourcequotas": "in_namespaces", "serviceaccounts": "in_namespaces", "componentstatuses": "in_cluster", "persistentvolumes": "in_cluster", "persistentvolumeclaims": "in_namespaces", "replicationcontrollers": "in_namespaces"}, "apps": {"daemonsets": "in_namespaces", "deployments": "in_namespaces", "replicasets": "in_namespaces", "statefulsets": "in_namespaces", "controllerrevisions": "in_namespaces"}, "batch": {"jobs": "in_namespaces", "cronjobs": "in_namespaces"}, "policy": {"poddisruptionbudgets": "in_namespaces"}, "autoscaling": {"horizontalpodautoscalers": "in_namespaces"}, "node.k8s.io": {"runtimeclasses": "in_cluster"}, "events.k8s.io": {"events": "in_namespaces"}, "storage.k8s.io": {"csinodes": "in_cluster", "csidrivers": "in_cluster", "storageclasses": "in_cluster", "volumeattachments": "in_cluster", "csistoragecapacities": "in_namespaces", "volumeattributesclasses": "in_cluster"}, "resource.k8s.io": {"deviceclasses": "in_cluster", "resourceclaims": "in_namespaces", "resourceslices": "in_cluster", "resourceclaimtemplates": "in_namespaces"}, "discovery.k8s.io": {"endpointslices": "in_namespaces"}, "networking.k8s.io": {"ingresses": "in_namespaces", "ipaddresses": "in_cluster", "servicecidrs": "in_cluster", "ingressclasses": "in_cluster", "networkpolicies": "in_namespaces"}, "scheduling.k8s.io": {"priorityclasses": "in_cluster"}, "certificates.k8s.io": {"certificatesigningrequests": "in_cluster"}, "coordination.k8s.io": {"leases": "in_namespaces"}, "apiextensions.k8s.io": {"customresourcedefinitions": "in_cluster"}, "authorization.k8s.io": {"subjectaccessreviews": "in_cluster", "selfsubjectrulesreviews": "in_cluster", "selfsubjectaccessreviews": "in_cluster", "localsubjectaccessreviews": "in_namespaces"}, "authentication.k8s.io": {"tokenreviews": "in_cluster", "selfsubjectreviews": "in_cluster"}, "apiregistration.k8s.io": {"apiservices": "in_cluster"}, "rbac.authorization.k8s.io": {"roles": "in_namespaces", "clusterroles": "in_cluster", "rolebindings": "in_namespaces", "clusterrolebindings": "in_cluster"}, "admissionregistration.k8s.io": {"validatingadmissionpolicies": "in_cluster", "mutatingwebhookconfigurations": "in_cluster", "validatingwebhookconfigurations": "in_cluster", "validatingadmissionpolicybindings": "in_cluster"}, "flowcontrol.apiserver.k8s.io": {"flowschemas": "in_cluster", "prioritylevelconfigurations": "in_cluster"}}, "complete": true}, "roles": {"kube-system/latchkey-worker": {"uid": "3a19e940-ed5d-44aa-9a0c-f9a0b26b6cca", "rules": [{"verbs": ["get", "patch"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["aws-auth", "latchkey"]}], "labels": {}}}, "marker": {"uid": "12e1b869-9096-404b-be97-c39d94752f3b", "epoch": 13, "installation": "438a0fba-e06e-40e3-a04b-3a128bdac99c", "resource_version": "138"}, "aws_auth": {"uid": "f4a7869d-74ea-48d6-82bf-ff8ed087a945", "data": {"mapRoles": "# Worker nodes. Without this line no node can join: do not touch.\n- rolearn: arn:aws:iam::111122223333:role/prod-eu-nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n    - system:bootstrappers\n    - system:nodes\n# CI deploys from here (platform team, 2023)\n- rolearn: arn:aws:iam::111122223333:role/ci-deployer\n  username: ci-deployer\n  groups: [ci-deployers]\n# Whoever is on call for the platform\n- rolearn: arn:aws:iam::111122223333:role/platform-admin\n  username: admin:{{SessionName}}\n  groups:\n    - platform-admins\n# Latchkey''s worker\n- groups: []\n  rolearn: arn:aws:iam::111122223333:role/latchkey-worker\n  username: latchkey-worker\n", "mapUsers": "# Bob''s laptop, until the audit\n- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n  groups: [\"platform-oncall\"]\n- userarn: \"arn:aws:iam::111122223333:user/latchkey/ben\"\n  username: \"latchkey:ben:1\"\n  groups: []\n"}, "managers": [{"keys": ["mapRoles"], "name": "kubernetes", "operation": "Update"}, {"keys": ["mapUsers"], "name": "latchkey", "operation": "Update"}], "resource_version": "139"}, "bindings": [{"uid": "b1321d02-c964-4ab6-917a-24ef46911ab4", "name": "latchkey:01a227b7-6d98-7529-b049-bde10ba1018b:2bcb43cb", "labels": {"latchkey/grant": "01a227b7-6d98-7529-b049-bde10ba1018b", "latchkey/installation": "438a0fba-e06e-40e3-a04b-3a128bdac99c", "app.kubernetes.io/managed-by": "latchkey"}, "deleting": false, "subjects": [{"kind": "User", "name": "latchkey:ben:1", "namespace": null}], "namespace": "payments", "role_kind": "ClusterRole", "role_name": "view", "finalizers": [], "annotations": {"latchkey/ends-by": "2026-11-29T19:01:02.295465Z", "latchkey/deciders": "chi", "latchkey/requester": "ben"}, "resource_version": "140"}, {"uid": "bb698a45-79d1-46f4-b4b5-5b464db5274b", "name": "latchkey-worker", "labels": {}, "deleting": false, "subjects": [{"kind": "User", "name": "latchkey-worker", "namespace": null}], "namespace": "kube-system", "role_kind": "Role", "role_name": "latchkey-worker", "finalizers": [], "annotations": {}, "resource_version": "104"}, {"uid": "dd6b6c8e-babd-412b-9a18-fbb15f85e000", "name": "cluster-admin", "labels": {}, "deleting": false, "subjects": [{"kind": "Group", "name": "system:masters", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "cluster-admin", "finalizers": [], "annotations": {}, "resource_version": "13"}, {"uid": "c5082d5f-02a0-4aff-a1c3-ead4bd9eb591", "name": "eks:node-bootstrapper", "labels": {}, "deleting": false, "subjects": [{"kind": "Group", "name": "system:nodes", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "system:node", "finalizers": [], "annotations": {}, "resource_version": "17"}, {"uid": "649498d9-4627-43ee-bb1e-13b7f533f37a", "name": "latchkey-worker", "labels": {}, "deleting": false, "subjects": [{"kind": "User", "name": "latchkey-worker", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "latchkey-worker", "finalizers": [], "annotations": {}, "resource_version": "102"}, {"uid": "440ac57b-6f1a-4c2c-aeaf-67f58d8a1ac6", "name": "platform-admins", "labels": {}, "deleting": false, "subjects": [{"kind": "Group", "name": "platform-admins", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "cluster-admin", "finalizers": [], "annotations": {}, "resource_version": "106"}, {"uid": "34ff9c19-2c9c-41d8-8aa2-4a6f26d186dc", "name": "system:basic-user", "labels": {}, "deleting": false, "subjects": [{"kind": "Group", "name": "system:authenticated", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "system:basic-user", "finalizers": [], "annotations": {}, "resource_version": "14"}, {"uid": "5a7a57b2-a639-405b-96d9-56d3702a79c7", "name": "system:discovery", "labels": {}, "deleting": false, "subjects": [{"kind": "Group", "name": "system:authenticated", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "system:discovery", "finalizers": [], "annotations": {}, "resource_version": "15"}, {"uid": "7205c94e-c687-4564-96b9-fa446f4e1211", "name": "system:public-info-viewer", "labels": {}, "deleting": false, "subjects": [{"kind": "Group", "name": "system:authenticated", "namespace": null}, {"kind": "Group", "name": "system:unauthenticated", "namespace": null}], "namespace": null, "role_kind": "ClusterRole", "role_name": "system:public-info-viewer", "finalizers": [], "annotations": {}, "resource_version": "16"}], "namespaces": [{"uid": "d7d182e3-c7ed-4053-9686-f7b70411ddbf", "name": "checkout"}, {"uid": "91668cdd-55ea-4e9e-9caa-1dc1338aa5c6", "name": "default"}, {"uid": "91587fda-5773-430f-a7b1-bdb8d2d23d24", "name": "kube-node-lease"}, {"uid": "e93fe906-7abc-4f3e-b7a9-fb7fa21f484b", "name": "kube-public"}, {"uid": "9e71b92d-c821-41a9-a74e-cd711d11c0f1", "name": "kube-system"}, {"uid": "f1ba491f-3b4f-4741-88ea-aa2d89f13ad0", "name": "monitoring"}, {"uid": "9351e598-50f6-4ecf-97b0-e28580bca6bd", "name": "payments"}, {"uid": "d50b9bc5-195f-4b4d-a0b0-c636c48bb160", "name": "payments-batch"}, {"uid": "84afad4b-3ade-4088-9fcc-2fbead1f876f", "name": "search"}], "cluster_roles": {"edit": {"uid": "dd737cf9-f18b-4740-a87e-c054b1e5453a", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"]}, {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["serviceaccounts"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": [""], "resources": ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"]}, {"verbs": ["create"], "apiGroups": [""], "resources": ["pods/eviction"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": [""], "resources": ["configmaps", "persistentvolumeclaims", "replicationcontrollers", "replicationcontrollers/scale", "secrets", "serviceaccounts", "services", "services/proxy"]}, {"verbs": ["create"], "apiGroups": [""], "resources": ["serviceaccounts/token"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["apps"], "resources": ["daemonsets", "deployments", "deployments/rollback", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["batch"], "resources": ["cronjobs", "jobs"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["extensions"], "resources": ["daemonsets", "deployments", "deployments/rollback", "deployments/scale", "ingresses", "networkpolicies", "replicasets", "replicasets/scale", "replicationcontrollers/scale"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "networkpolicies"]}, {"verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"], "apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaimtemplates"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "labels": {"kubernetes.io/bootstrapping": "rbac-defaults", "rbac.authorization.k8s.io/aggregate-to-admin": "true"}}, "view": {"uid": "7b4724f0-77d8-4f5d-b634-434f18384af7", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "labels": {"kubernetes.io/bootstrapping": "rbac-defaults", "rbac.authorization.k8s.io/aggregate-to-edit": "true"}}, "system:node": {"uid": "97d118f2-7ed8-4f24-9d04-a98f3ddb54f7", "rules": [{"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["services", "nodes", "pods"]}, {"verbs": ["patch", "update"], "apiGroups": [""], "resources": ["nodes/status", "pods/status"]}, {"verbs": ["create", "patch", "update"], "apiGroups": [""], "resources": ["events"]}], "labels": {}}, "cluster-admin": {"uid": "938015a0-93d4-412a-ae8a-723315c52967", "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, {"verbs": ["*"], "nonResourceURLs": ["*"]}], "labels": {}}, "latchkey-worker": {"uid": "f86e5090-b6a7-4297-a9b9-5bfc432377f9", "rules": [{"verbs": ["get", "list", "create", "update", "delete"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings", "clusterrolebindings"]}, {"verbs": ["get", "list", "create"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"]}, {"verbs": ["get", "list"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"]}, {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"]}, {"verbs": ["get"], "nonResourceURLs": ["/api", "/api/v1", "/apis", "/apis/*"]}, {"verbs": ["bind"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "resourceNames": ["edit", "view"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["events", "pods", "pods/log"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces", "nodes", "pods"]}, {"verbs": ["delete"], "apiGroups": [""], "resources": ["pods"]}, {"verbs": ["get", "list", "patch", "watch"], "apiGroups": ["apps"], "resources": ["deployments", "replicasets", "statefulsets"]}], "labels": {}}, "system:discovery": {"uid": "492d8ff9-2cb2-4d7f-a41f-7b2f5b53377b", "rules": [{"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"]}], "labels": {}}, "system:basic-user": {"uid": "4224bdda-0559-4555-8b1d-0e9f2d36a058", "rules": [{"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]}, {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]}], "labels": {}}, "latchkey:restart:2b99cedd": {"uid": "1d0a1642-c500-408c-a123-f6853f8d3c2e", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["events", "pods", "pods/log"]}, {"verbs": ["delete"], "apiGroups": [""], "resources": ["pods"]}, {"verbs": ["get", "list", "patch", "watch"], "apiGroups": ["apps"], "resources": ["deployments", "replicasets", "statefulsets"]}], "labels": {"latchkey/installation": "438a0fba-e06e-40e3-a04b-3a128bdac99c", "app.kubernetes.io/managed-by": "latchkey"}}, "system:public-info-viewer": {"uid": "39388d65-06d1-4b89-99cc-2c4ce80e08c5", "rules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"]}], "labels": {}}}}, "kubernetes_at": "2026-11-29T14:44:06.285449668Z"}', '\x25ecdcfd6647fc936b7ee23e1561f6cf388eb26dc6c99b00a1dcf91f00042df5');
INSERT INTO public.observation VALUES ('principal', '01a227b7-6887-724b-b28d-6bffda8b8da1', '2026-11-29 14:44:27.560095+00', '{"found": {"arn": "arn:aws:iam::111122223333:user/latchkey/ben", "name": "ben", "path": "/latchkey/", "tags": {"latchkey/installation": "438a0fba-e06e-40e3-a04b-3a128bdac99c"}, "unique_id": "AIDAHJPT3FJZVQ2FB524", "inline_policies": {"latchkey": "{\"Statement\":[{\"Action\":\"eks:DescribeCluster\",\"Effect\":\"Allow\",\"Resource\":\"arn:aws:eks:eu-west-1:111122223333:cluster/prod-eu\",\"Sid\":\"LatchkeyKubectl\"}],\"Version\":\"2012-10-17\"}"}}, "trouble": null, "identity": {"is": "AIDAHJPT3FJZVQ2FB524"}}', '\x725da5d878e7d1fcc1e7e3f5e22ef042d6c7a7fba8bf3cfc03d5527055d2d7d5');


--
-- Data for Name: outbox; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: person; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.person VALUES ('01a227b7-689c-75b2-9a08-cda5a320dfcb', 'eli', 'Eli Haddad', 'eli@example.com', '{audit}', '2026-11-29 14:41:26.417825+00', '2026-11-29 14:31:01.020355+00', 'auto', NULL);
INSERT INTO public.person VALUES ('01a227b7-689d-7297-b6fc-e66a4eb958d6', 'fay', 'Fay Moreau', 'fay@example.com', '{developers}', '2026-11-29 14:41:26.418681+00', '2026-11-29 14:31:01.021309+00', 'auto', NULL);
INSERT INTO public.person VALUES ('01a227b7-688f-7147-947f-a2f0d349e42b', 'chi', 'Chi Nguyen', 'chi@example.com', '{payments-leads}', '2026-11-29 14:43:08.823273+00', '2026-11-29 14:31:01.00722+00', 'auto', NULL);
INSERT INTO public.person VALUES ('01a227b7-6890-7621-a387-d62fb2b93d3d', 'dee', 'Dee Lindqvist', 'dee@example.com', '{platform}', '2026-11-29 14:44:02.261026+00', '2026-11-29 14:31:01.008997+00', 'auto', NULL);
INSERT INTO public.person VALUES ('01a227b7-686a-7563-8530-e5a8d1f54f0e', 'ana', 'Ana Ferreira', 'ana@example.com', '{developers}', '2026-11-29 14:44:47.316438+00', '2026-11-29 14:31:00.970828+00', 'auto', NULL);
INSERT INTO public.person VALUES ('01a227b7-687f-7480-907b-1356102edc9b', 'ben', 'Ben Okafor', 'ben@example.com', '{developers,payments-leads}', '2026-11-29 14:44:51.837889+00', '2026-11-29 14:31:00.991415+00', 'auto', NULL);


--
-- Data for Name: policy_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.policy_version VALUES ('\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', NULL, '# The demo''s policy: who may ask for what, for how long, and who decides.

[roles]
operators = { groups = ["platform"] }
auditors  = { groups = ["audit"] }

[[accounts]]
id = "111122223333"
principal_paths = ["/latchkey/"]

[[clusters]]
name = "prod-eu"
arn = "arn:aws:eks:eu-west-1:111122223333:cluster/prod-eu"
labels = { stage = "prod", team = "payments" }

[[clusters]]
name = "staging-eu"
arn = "arn:aws:eks:eu-west-1:111122223333:cluster/staging-eu"
labels = { stage = "staging", team = "payments" }

[[profiles]]
name = "view"
description = "Look at workloads and their logs; no secrets"
cluster_roles = ["view"]
scope = "namespace"

[[profiles]]
name = "restart"
description = "Look, and restart what hangs"
rules = [
  { api_groups = [""], resources = ["pods", "pods/log", "events"], verbs = ["get", "list", "watch"] },
  { api_groups = [""], resources = ["pods"], verbs = ["delete"] },
  { api_groups = ["apps"], resources = ["deployments", "statefulsets", "replicasets"], verbs = ["get", "list", "watch", "patch"] },
]
scope = "namespace"

[[profiles]]
name = "edit"
description = "Change workloads, read secrets"
cluster_roles = ["edit"]
scope = "namespace"

[[profiles]]
name = "nodes"
description = "Look at nodes and namespaces of the whole cluster, with the EKS console"
rules = [{ api_groups = [""], resources = ["nodes", "namespaces", "pods"], verbs = ["get", "list", "watch"] }]
scope = "cluster"
console = true

[[policies]]
name = "payments may look"
requesters = { groups = ["developers"] }
profiles = ["view", "restart"]
clusters = { labels = { stage = "prod" } }
namespaces = ["payments", "payments-*"]
longest = "8h"
approvers = { groups = ["payments-leads"], quorum = 1 }
lapses_after = "24h"

[[policies]]
name = "payments may change"
requesters = { groups = ["developers"] }
profiles = ["edit"]
clusters = { labels = { stage = "prod" } }
namespaces = ["payments", "payments-*"]
longest = "4h"
approvers = { groups = ["payments-leads"], quorum = 2 }
lapses_after = "4h"

[[policies]]
name = "payments may look at nodes"
requesters = { groups = ["developers"] }
profiles = ["nodes"]
clusters = { labels = { stage = "prod" } }
longest = "4h"
approvers = { groups = ["payments-leads"], quorum = 2 }
lapses_after = "4h"

[[policies]]
name = "staging is open to developers"
requesters = { groups = ["developers"] }
profiles = ["view", "restart", "edit"]
clusters = { labels = { stage = "staging" } }
namespaces = ["*"]
longest = "12h"
approvers = { groups = ["payments-leads", "platform"], quorum = 1 }
lapses_after = "8h"
', '2026-11-29 14:31:01.037707+00', 'the demo', true);


--
-- Data for Name: principal; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.principal VALUES ('01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-686a-7563-8530-e5a8d1f54f0e', 'arn:aws:iam::111122223333:user/latchkey/ana', 'AIDAZWPQXVLSAX4WHGS2', 'user', NULL, 'proven', false, '2026-11-29 14:31:00.983153+00', NULL, NULL, NULL);
INSERT INTO public.principal VALUES ('01a227b7-6887-724b-b28d-6bffda8b8da1', '01a227b7-687f-7480-907b-1356102edc9b', 'arn:aws:iam::111122223333:user/latchkey/ben', 'AIDAHJPT3FJZVQ2FB524', 'user', NULL, 'proven', false, '2026-11-29 14:31:01.000042+00', NULL, NULL, NULL);
INSERT INTO public.principal VALUES ('01a227b7-6892-7364-8c3e-50b5eb0eb0dd', '01a227b7-6890-7621-a387-d62fb2b93d3d', 'arn:aws:iam::111122223333:user/latchkey/dee', 'AIDA5KSONJUCZTE5YON3', 'user', NULL, 'proven', false, '2026-11-29 14:31:01.010918+00', NULL, NULL, NULL);
INSERT INTO public.principal VALUES ('01a227c0-8f6f-70e8-82b2-9bbe7ebcef1f', '01a227b7-689d-7297-b6fc-e66a4eb958d6', 'arn:aws:iam::111122223333:user/latchkey/fay', 'AIDAHEU4ZO4IM4M3ZW3I', 'user', NULL, 'proven', false, '2026-11-29 14:41:00.783438+00', NULL, NULL, NULL);


--
-- Data for Name: proof_nonce; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.proof_nonce VALUES ('\x2e1d8032edc770cd5cdff267d3b88b4616170dc06e3e8f044118e76cb315fa9f', '01a227b7-689d-7297-b6fc-e66a4eb958d6', '01a227c0-6e87-737b-962d-0b85d320dc2f', '2026-11-29 14:40:54.176238+00', '2026-11-29 14:55:54.176238+00', '2026-11-29 14:41:00.782931+00');


--
-- Data for Name: request; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.request VALUES ('01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-68b3-7005-a0e9-d585e804aa20', 'view', '{"name": "view", "roles": [{"own": false, "name": "view", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "rules_hash": "6ef004ae34e901a936d676eba2d81e613bf98e9aeef5313db8c621b01ccd0f2a"}], "scope": "namespace", "console": false}', '[{"uid": "6d33cab3-5622-47bd-97aa-40f1d200eaf6", "name": "checkout"}]', 60, 'Why do checkouts time out since the deploy?', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', 'staging is open to developers', '\xd6df1a4857124dd0cce5a4b65c750d0e8051ea96056bc5c31c369a157fc0ddbf', 1, 'approved', '2026-11-29 14:31:01.430544+00', '2026-11-29 22:31:01.430544+00', '2026-11-29 14:31:01.450435+00', NULL);
INSERT INTO public.request VALUES ('01a227b7-6a85-727f-88d4-7b6ee2ce5b6b', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'restart', '{"name": "restart", "roles": [{"own": true, "name": "latchkey:restart:2b99cedd", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["pods", "pods/log", "events"]}, {"verbs": ["delete"], "apiGroups": [""], "resources": ["pods"]}, {"verbs": ["get", "list", "watch", "patch"], "apiGroups": ["apps"], "resources": ["deployments", "statefulsets", "replicasets"]}], "rules_hash": "2b99cedd99619d805c6123110cfd2d15a892aa5fb3615d6a7951e3373ff873f3"}], "scope": "namespace", "console": false}', '[{"uid": "d50b9bc5-195f-4b4d-a0b0-c636c48bb160", "name": "payments-batch"}]', 480, 'Just in case', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', 'payments may look', '\xe5353058f74b78ee208c5f8c470e9faa14fe313d8dbfb8f276ce8b9bd0c7b1bd', 1, 'denied', '2026-11-29 14:31:01.509089+00', '2026-11-30 14:31:01.509089+00', '2026-11-29 14:31:01.518073+00', NULL);
INSERT INTO public.request VALUES ('01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-6887-724b-b28d-6bffda8b8da1', '01a227b7-68b3-7005-a0e9-d585e804aa20', 'edit', '{"name": "edit", "roles": [{"own": false, "name": "edit", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"]}, {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["serviceaccounts"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": [""], "resources": ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"]}, {"verbs": ["create"], "apiGroups": [""], "resources": ["pods/eviction"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": [""], "resources": ["configmaps", "persistentvolumeclaims", "replicationcontrollers", "replicationcontrollers/scale", "secrets", "serviceaccounts", "services", "services/proxy"]}, {"verbs": ["create"], "apiGroups": [""], "resources": ["serviceaccounts/token"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["apps"], "resources": ["daemonsets", "deployments", "deployments/rollback", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["batch"], "resources": ["cronjobs", "jobs"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["extensions"], "resources": ["daemonsets", "deployments", "deployments/rollback", "deployments/scale", "ingresses", "networkpolicies", "replicasets", "replicasets/scale", "replicationcontrollers/scale"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "networkpolicies"]}, {"verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"], "apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}, {"verbs": ["create", "delete", "deletecollection", "patch", "update"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaimtemplates"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "rules_hash": "b664823d396561e3d81ec83359de821a2ee0b5b306cc8a41c5d2edfe5eed566d"}], "scope": "namespace", "console": false}', '[{"uid": "4f25c89d-736d-43b0-978e-5455b6f4e246", "name": "sandbox"}]', 120, 'Try the new settlement job before the release', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', 'staging is open to developers', '\xd918036fd51b085143d132f9735f551c50acc5c58b40fcc48868dd2c33f9cd57', 1, 'approved', '2026-11-29 14:31:01.545451+00', '2026-11-29 22:31:01.545451+00', '2026-11-29 14:31:01.552878+00', NULL);
INSERT INTO public.request VALUES ('01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-687f-7480-907b-1356102edc9b', '01a227b7-6887-724b-b28d-6bffda8b8da1', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'view', '{"name": "view", "roles": [{"own": false, "name": "view", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "rules_hash": "6ef004ae34e901a936d676eba2d81e613bf98e9aeef5313db8c621b01ccd0f2a"}], "scope": "namespace", "console": false}', '[{"uid": "9351e598-50f6-4ecf-97b0-e28580bca6bd", "name": "payments"}]', 240, 'Follow the settlement run of tonight, LEDGER-311', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', 'payments may look', '\xc1eacadb3cf34c07a81cb4afb433e575e385433a5a30ac8f011f46d3e8b4a085', 1, 'approved', '2026-11-29 14:31:02.28865+00', '2026-11-30 14:31:02.28865+00', '2026-11-29 14:31:02.295465+00', NULL);
INSERT INTO public.request VALUES ('01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'view', '{"name": "view", "roles": [{"own": false, "name": "view", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "rules_hash": "6ef004ae34e901a936d676eba2d81e613bf98e9aeef5313db8c621b01ccd0f2a"}], "scope": "namespace", "console": false}', '[{"uid": "9351e598-50f6-4ecf-97b0-e28580bca6bd", "name": "payments"}]', 120, 'I want to look at the pods of payments', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', 'payments may look', '\x4b7c1ea94bbec75a33f4dfefd836ab55b3066d6e2812bfa9fd8aa10324c14e37', 1, 'approved', '2026-11-29 14:32:30.938335+00', '2026-11-30 14:32:30.938335+00', '2026-11-29 14:32:38.707723+00', NULL);
INSERT INTO public.request VALUES ('01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'view', '{"name": "view", "roles": [{"own": false, "name": "view", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "rules_hash": "6ef004ae34e901a936d676eba2d81e613bf98e9aeef5313db8c621b01ccd0f2a"}], "scope": "namespace", "console": false}', '[{"uid": "d50b9bc5-195f-4b4d-a0b0-c636c48bb160", "name": "payments-batch"}]', 60, 'second', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', 'payments may look', '\xb64107efbac02e21b170e45908f20c9121421a53f90c96b80f73e97b3ff13f83', 1, 'approved', '2026-11-29 14:33:11.697626+00', '2026-11-30 14:33:11.697626+00', '2026-11-29 14:33:17.297282+00', NULL);
INSERT INTO public.request VALUES ('01a227be-b302-747b-b4fd-b7752e60dd52', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 'restart', '{"name": "restart", "roles": [{"own": true, "name": "latchkey:restart:2b99cedd", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["pods", "pods/log", "events"]}, {"verbs": ["delete"], "apiGroups": [""], "resources": ["pods"]}, {"verbs": ["get", "list", "watch", "patch"], "apiGroups": ["apps"], "resources": ["deployments", "statefulsets", "replicasets"]}], "rules_hash": "2b99cedd99619d805c6123110cfd2d15a892aa5fb3615d6a7951e3373ff873f3"}], "scope": "namespace", "console": false}', '[{"uid": "9351e598-50f6-4ecf-97b0-e28580bca6bd", "name": "payments"}]', 60, 'while paused', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', 'payments may look', '\x54d8c6671b257a9a0672a732091e310062f928c5a4e3983ff292549b86d40fb9', 1, 'approved', '2026-11-29 14:38:58.818084+00', '2026-11-30 14:38:58.818084+00', '2026-11-29 14:39:05.707288+00', NULL);
INSERT INTO public.request VALUES ('01a227c2-6a47-740a-8754-834f20873892', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', '01a227b7-68b3-7005-a0e9-d585e804aa20', 'view', '{"name": "view", "roles": [{"own": false, "name": "view", "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["bindings", "limitranges", "namespaces/status", "pods/log", "pods/status", "replicationcontrollers/status", "resourcequotas", "resourcequotas/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["", "events.k8s.io"], "resources": ["events"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["extensions"], "resources": ["daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status", "replicationcontrollers/scale"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["policy"], "resources": ["poddisruptionbudgets", "poddisruptionbudgets/status"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingresses/status", "networkpolicies"]}, {"verbs": ["get", "list", "watch"], "apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]}], "rules_hash": "6ef004ae34e901a936d676eba2d81e613bf98e9aeef5313db8c621b01ccd0f2a"}], "scope": "namespace", "console": false}', '[{"uid": "6d33cab3-5622-47bd-97aa-40f1d200eaf6", "name": "checkout"}]', 60, 'deny me', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', 'staging is open to developers', '\xafb49f4ca053271ce8040a97997331bc36cd67a1fd8dbadfa76734a263bb5f5e', 1, 'denied', '2026-11-29 16:43:02.343142+00', '2026-11-30 00:43:02.343142+00', '2026-11-29 16:43:13.556526+00', NULL);


--
-- Data for Name: session; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.session VALUES ('\xf72fcbc1184471734930d5bfa9951236892ff214d965d835ddcbf32d30c6eb4f', '01a227b8-417d-756d-89cf-780b913d6164', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '2026-11-29 14:31:56.542432+00', '2026-11-29 14:31:56.542432+00', '2026-11-29 14:31:56+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\xc2e20a3ac794c7767d03211f01428e5650015953beae14e66a78c50c364b0cfb', '01a227b8-95e9-7112-bc0f-19eaaf122824', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '2026-11-29 14:32:18.153836+00', '2026-11-29 14:32:18.153836+00', '2026-11-29 14:32:18+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x61228bd27ef3907cb19532143f09c81d69ac12eb7e297c63235413fdca338160', '01a227b8-db05-75c2-abef-3e02b5c22098', '01a227b7-687f-7480-907b-1356102edc9b', '2026-11-29 14:32:35.845973+00', '2026-11-29 14:32:35.845973+00', '2026-11-29 14:32:35+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\xb381883f2649046fac1d3dd2117fb71a8fba6e8b72199fa85ffb3a28787c8936', '01a227b9-5a40-77c7-bdc4-626587f3d667', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '2026-11-29 14:33:08.416773+00', '2026-11-29 14:33:08.416773+00', '2026-11-29 14:33:08+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\xa18037fec9ef2f78c173ef21ce3b25a031de1e8a3de0d065e760957ef2aaa147', '01a227b9-76ef-720b-a856-5fb8289a85c1', '01a227b7-687f-7480-907b-1356102edc9b', '2026-11-29 14:33:15.759358+00', '2026-11-29 14:33:15.759358+00', '2026-11-29 14:33:15+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x4343077674ec4c4e6d78a23e692eda9225e25b3013935d78a8a311406cf5bd92', '01a227ba-aed3-71b3-82d9-db2fc135039c', '01a227b7-6890-7621-a387-d62fb2b93d3d', '2026-11-29 14:34:35.603343+00', '2026-11-29 14:34:35.603343+00', '2026-11-29 14:34:35+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x4f8c95f3cfc326faf6bd128072048bcb050fc2cd5ad30110d41b59cfde0c7316', '01a227bb-e712-70be-9043-9a910edd715b', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '2026-11-29 14:35:55.538985+00', '2026-11-29 14:35:55.538985+00', '2026-11-29 14:35:55+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x2e9d42e76aff8234a7e92ef320042cf3ce25b383f2b9384bef2a71982b894b69', '01a227bc-05e5-75eb-8a7c-b371a2d6bdbc', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '2026-11-29 14:36:03.429836+00', '2026-11-29 14:36:03.429836+00', '2026-11-29 14:36:03+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x952b51f09afcefd8fb75894a10a860e08060d4e336f2ddd5f41aeaaa005f12c8', '01a227bc-1bdf-70e8-9329-835aa76c0080', '01a227b7-687f-7480-907b-1356102edc9b', '2026-11-29 14:36:09.055802+00', '2026-11-29 14:36:09.055802+00', '2026-11-29 14:36:09+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x906942ad3f845425f975f0ceeb424f3d086e7a4d388eda32fa56995d5c2400eb', '01a227bc-2f76-7294-adfa-6357d73eb0d6', '01a227b7-6890-7621-a387-d62fb2b93d3d', '2026-11-29 14:36:14.071841+00', '2026-11-29 14:36:14.071841+00', '2026-11-29 14:36:14+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x433f72eae51e6699470e4dcb13374f73f5dbb9a93cd4c5b55f1ce928918c8e93', '01a227be-3500-74aa-88dc-e0e22505d9a5', '01a227b7-6890-7621-a387-d62fb2b93d3d', '2026-11-29 14:38:26.561637+00', '2026-11-29 14:38:26.561637+00', '2026-11-29 14:38:26+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x231c2b82dd0143470ac52e239db8a2e165f873c75aa6ca37896fe529cb0c27fa', '01a227be-896c-74b1-8fe4-34e31272e44b', '01a227b7-6890-7621-a387-d62fb2b93d3d', '2026-11-29 14:38:48.172685+00', '2026-11-29 14:38:48.172685+00', '2026-11-29 14:38:48+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\xab3e15e5ba3dcef89f74522e30ed82a19cfed83bc7ad8321c34153a9a76c52e8', '01a227be-a72f-7176-b1d1-bd740ca52110', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '2026-11-29 14:38:55.795883+00', '2026-11-29 14:38:55.795884+00', '2026-11-29 14:38:55+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x61504a4648ed22afa5c0fdab00ebaf4aa449320c02ad07c2ae31e91e91da88e0', '01a227be-c7b1-7195-b87c-6f20da03417e', '01a227b7-687f-7480-907b-1356102edc9b', '2026-11-29 14:39:04.113965+00', '2026-11-29 14:39:04.113965+00', '2026-11-29 14:39:04+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x109d8470bf5fa40109ba77553acf1ee220e176acaf3e97f1080f2afdee7596b8', '01a227bf-59a1-7347-987e-eed314352f29', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '2026-11-29 14:39:41.473742+00', '2026-11-29 14:39:41.473742+00', '2026-11-29 14:39:41+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\xb6232d553d8428bd8e41b33caaab92307da82c0e73b5010614e6b4bb0de3f0b9', '01a227bf-710d-703e-a5c5-62e84fdea0bb', '01a227b7-689c-75b2-9a08-cda5a320dfcb', '2026-11-29 14:39:47.470252+00', '2026-11-29 14:39:47.470252+00', '2026-11-29 14:39:47+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x07e84052e1a3d6c7d3905753ae8306a3ac9ebb2d75b378635257254d4ee99cb8', '01a227bf-d9e2-713e-9f3d-81264141bf64', '01a227b7-689c-75b2-9a08-cda5a320dfcb', '2026-11-29 14:40:14.307774+00', '2026-11-29 14:40:14.307774+00', '2026-11-29 14:40:14+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\xdf6f54bcb3b87ff36c28a46152b9de99014c3377d85ab829cd5a4e774d7014f1', '01a227c0-08c6-7474-8dd7-578cf206636c', '01a227b7-689c-75b2-9a08-cda5a320dfcb', '2026-11-29 14:40:26.314445+00', '2026-11-29 14:40:26.314445+00', '2026-11-29 14:40:26+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x33edfa5261f3af3d19b4984f01b6e54aeda0d584b23906077be96428677a8785', '01a227c0-6e87-737b-962d-0b85d320dc2f', '01a227b7-689d-7297-b6fc-e66a4eb958d6', '2026-11-29 14:40:52.367464+00', '2026-11-29 14:40:52.367464+00', '2026-11-29 14:40:52+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\xe44e7409ceff1fcef8122e00e8b0b0801c099fa4924658f9e34ef7412af7fa92', '01a227c1-53a8-7599-b42c-08392b543222', '01a227b7-6890-7621-a387-d62fb2b93d3d', '2026-11-29 14:41:51.017924+00', '2026-11-29 14:41:51.017924+00', '2026-11-29 14:41:51+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x716e0023b0267ac8b7b76313033d48f4d8b2947c297e7f07bac903e435bd4a56', '01a227c1-c9f3-73f7-8102-288a4e53da4f', '01a227b7-687f-7480-907b-1356102edc9b', '2026-11-29 14:42:21.300495+00', '2026-11-29 14:42:21.300495+00', '2026-11-29 14:42:21+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x362ef1726b09cb324c109cd5077dd9df0e1c7a6a61de0b1252f1468ce1536674', '01a227c2-5a7a-77df-9781-68baf65a97ed', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '2026-11-29 14:42:58.2992+00', '2026-11-29 14:42:58.2992+00', '2026-11-29 14:42:58+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x10e4fa54c931e4ab11698593c28e44dd45a2c96483500a7753d212b37f47f396', '01a227c2-8441-7137-b574-1c2efb450517', '01a227b7-688f-7147-947f-a2f0d349e42b', '2026-11-29 14:43:08.99403+00', '2026-11-29 14:43:08.99403+00', '2026-11-29 14:43:08+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\xce25e7620ffb234b89b395945184eff15d913473cad96692543cb711059456cb', '01a227c3-3c98-7486-8ee7-685a72016328', '01a227b7-687f-7480-907b-1356102edc9b', '2026-11-29 14:43:56.185567+00', '2026-11-29 14:43:56.185567+00', '2026-11-29 14:43:56+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\xf29d93e9338d4e22f3d043fb20bddf11c2576a1642672e35c0a07e54d82f6035', '01a227c3-545c-739c-a0ba-82f1f4cc1242', '01a227b7-6890-7621-a387-d62fb2b93d3d', '2026-11-29 14:44:02.269982+00', '2026-11-29 14:44:02.269982+00', '2026-11-29 14:44:02+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\xad3954ac3af8cbd950dc2c5cf13d9bc980f554822d0b022b7cb0bd7af32447f0', '01a227c4-0456-726c-958a-efcab881ff23', '01a227b7-686a-7563-8530-e5a8d1f54f0e', '2026-11-29 14:44:47.318877+00', '2026-11-29 14:44:47.318877+00', '2026-11-29 14:44:47+00', '1', 'Chrome on Linux', NULL);
INSERT INTO public.session VALUES ('\x40ce921a9b815d48eb444e193747b523a8f86da7bd897227425491e5f3a020b9', '01a227c4-1600-722f-b0da-cd00257fa9aa', '01a227b7-687f-7480-907b-1356102edc9b', '2026-11-29 14:44:51.84135+00', '2026-11-29 14:44:51.84135+00', '2026-11-29 14:44:51+00', '1', 'Chrome on Linux', NULL);


--
-- Data for Name: target; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.target VALUES ('principal', '01a227b7-6892-7364-8c3e-50b5eb0eb0dd', 1, NULL, false, NULL, NULL, 1, 0, '2026-11-29 14:31:01.135567+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.target VALUES ('principal', '01a227c0-8f6f-70e8-82b2-9bbe7ebcef1f', 1, NULL, false, NULL, NULL, 1, 0, '2026-11-29 14:41:01.012801+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.target VALUES ('cluster', '01a227b7-68b3-7005-a0e9-d584d7c5832d', 17, '2026-11-29 14:49:06.450378+00', false, NULL, NULL, 15, 13, '2026-11-29 14:44:06.139786+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.target VALUES ('principal', '01a227b7-6887-724b-b28d-6bffda8b8da1', 6, '2026-11-29 14:49:27.570986+00', false, NULL, NULL, 6, 0, '2026-11-29 14:44:27.349285+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.target VALUES ('principal', '01a227b7-6876-7642-9b5d-145dfb3cbf1f', 14, NULL, false, NULL, NULL, 13, 0, '2026-11-29 14:44:27.834297+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.target VALUES ('cluster', '01a227b7-68b3-7005-a0e9-d585e804aa20', 7, '2026-11-29 14:49:28.216013+00', false, NULL, NULL, 6, 5, '2026-11-29 14:44:27.833988+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);


--
-- Data for Name: vote; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.vote VALUES ('01a227b7-6a36-7295-b9f1-45662993408e', '01a227b7-687f-7480-907b-1356102edc9b', 'approve', NULL, '\xd6df1a4857124dd0cce5a4b65c750d0e8051ea96056bc5c31c369a157fc0ddbf', '2026-11-29 14:31:01.450435+00', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{developers,payments-leads}', '{"policy": {"name": "staging is open to developers", "clusters": {"labels": {"stage": "staging"}}, "decision": {"ask": {"quorum": 1, "approvers": {"groups": ["payments-leads", "platform"], "people": []}}}, "profiles": ["view", "restart", "edit"], "namespaces": ["*"], "requesters": {"groups": ["developers"], "people": []}, "longest_minutes": 720, "lapses_after_minutes": 480}, "profile": "d881e0357473ceaf9bd6c06f02918f396b3c71604d447140a68aa6257fb04e48"}');
INSERT INTO public.vote VALUES ('01a227b7-6a85-727f-88d4-7b6ee2ce5b6b', '01a227b7-688f-7147-947f-a2f0d349e42b', 'deny', 'Eight hours in prod need a reason. Ask again for the time that you need.', '\xe5353058f74b78ee208c5f8c470e9faa14fe313d8dbfb8f276ce8b9bd0c7b1bd', '2026-11-29 14:31:01.518073+00', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{payments-leads}', '{"policy": {"name": "payments may look", "clusters": {"labels": {"stage": "prod"}}, "decision": {"ask": {"quorum": 1, "approvers": {"groups": ["payments-leads"], "people": []}}}, "profiles": ["view", "restart"], "namespaces": ["payments", "payments-*"], "requesters": {"groups": ["developers"], "people": []}, "longest_minutes": 480, "lapses_after_minutes": 1440}, "profile": "9732f583d75b89833630dda8eb76e08407e3067a04f937d936715e9993ba8ae3"}');
INSERT INTO public.vote VALUES ('01a227b7-6aa9-77ad-a004-63afa9eba07a', '01a227b7-6890-7621-a387-d62fb2b93d3d', 'approve', NULL, '\xd918036fd51b085143d132f9735f551c50acc5c58b40fcc48868dd2c33f9cd57', '2026-11-29 14:31:01.552878+00', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{platform}', '{"policy": {"name": "staging is open to developers", "clusters": {"labels": {"stage": "staging"}}, "decision": {"ask": {"quorum": 1, "approvers": {"groups": ["payments-leads", "platform"], "people": []}}}, "profiles": ["view", "restart", "edit"], "namespaces": ["*"], "requesters": {"groups": ["developers"], "people": []}, "longest_minutes": 720, "lapses_after_minutes": 480}, "profile": "b1e9a5b30ab449839d0d48c258c1f0e47d280d9c1cfbec2bd1e76a8b8673b4a5"}');
INSERT INTO public.vote VALUES ('01a227b7-6d90-7408-bda1-8480b3bc319a', '01a227b7-688f-7147-947f-a2f0d349e42b', 'approve', NULL, '\xc1eacadb3cf34c07a81cb4afb433e575e385433a5a30ac8f011f46d3e8b4a085', '2026-11-29 14:31:02.295465+00', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{payments-leads}', '{"policy": {"name": "payments may look", "clusters": {"labels": {"stage": "prod"}}, "decision": {"ask": {"quorum": 1, "approvers": {"groups": ["payments-leads"], "people": []}}}, "profiles": ["view", "restart"], "namespaces": ["payments", "payments-*"], "requesters": {"groups": ["developers"], "people": []}, "longest_minutes": 480, "lapses_after_minutes": 1440}, "profile": "d881e0357473ceaf9bd6c06f02918f396b3c71604d447140a68aa6257fb04e48"}');
INSERT INTO public.vote VALUES ('01a227b8-c7da-74b9-a636-70b3c939eea3', '01a227b7-687f-7480-907b-1356102edc9b', 'approve', NULL, '\x4b7c1ea94bbec75a33f4dfefd836ab55b3066d6e2812bfa9fd8aa10324c14e37', '2026-11-29 14:32:38.707723+00', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{developers,payments-leads}', '{"policy": {"name": "payments may look", "clusters": {"labels": {"stage": "prod"}}, "decision": {"ask": {"quorum": 1, "approvers": {"groups": ["payments-leads"], "people": []}}}, "profiles": ["view", "restart"], "namespaces": ["payments", "payments-*"], "requesters": {"groups": ["developers"], "people": []}, "longest_minutes": 480, "lapses_after_minutes": 1440}, "profile": "d881e0357473ceaf9bd6c06f02918f396b3c71604d447140a68aa6257fb04e48"}');
INSERT INTO public.vote VALUES ('01a227b9-6711-72bf-b613-89540a27ac9d', '01a227b7-687f-7480-907b-1356102edc9b', 'approve', NULL, '\xb64107efbac02e21b170e45908f20c9121421a53f90c96b80f73e97b3ff13f83', '2026-11-29 14:33:17.297282+00', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{developers,payments-leads}', '{"policy": {"name": "payments may look", "clusters": {"labels": {"stage": "prod"}}, "decision": {"ask": {"quorum": 1, "approvers": {"groups": ["payments-leads"], "people": []}}}, "profiles": ["view", "restart"], "namespaces": ["payments", "payments-*"], "requesters": {"groups": ["developers"], "people": []}, "longest_minutes": 480, "lapses_after_minutes": 1440}, "profile": "d881e0357473ceaf9bd6c06f02918f396b3c71604d447140a68aa6257fb04e48"}');
INSERT INTO public.vote VALUES ('01a227be-b302-747b-b4fd-b7752e60dd52', '01a227b7-687f-7480-907b-1356102edc9b', 'approve', NULL, '\x54d8c6671b257a9a0672a732091e310062f928c5a4e3983ff292549b86d40fb9', '2026-11-29 14:39:05.707288+00', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{developers,payments-leads}', '{"policy": {"name": "payments may look", "clusters": {"labels": {"stage": "prod"}}, "decision": {"ask": {"quorum": 1, "approvers": {"groups": ["payments-leads"], "people": []}}}, "profiles": ["view", "restart"], "namespaces": ["payments", "payments-*"], "requesters": {"groups": ["developers"], "people": []}, "longest_minutes": 480, "lapses_after_minutes": 1440}, "profile": "9732f583d75b89833630dda8eb76e08407e3067a04f937d936715e9993ba8ae3"}');
INSERT INTO public.vote VALUES ('01a227c2-6a47-740a-8754-834f20873892', '01a227b7-688f-7147-947f-a2f0d349e42b', 'deny', 'no', '\xafb49f4ca053271ce8040a97997331bc36cd67a1fd8dbadfa76734a263bb5f5e', '2026-11-29 16:43:13.556526+00', '\xae5afbd891c41eff6b93ef7a480db5fc5cca636e651b0caf346b4ca4678e33b4', '{payments-leads}', '{"policy": {"name": "staging is open to developers", "clusters": {"labels": {"stage": "staging"}}, "decision": {"ask": {"quorum": 1, "approvers": {"groups": ["payments-leads", "platform"], "people": []}}}, "profiles": ["view", "restart", "edit"], "namespaces": ["*"], "requesters": {"groups": ["developers"], "people": []}, "longest_minutes": 720, "lapses_after_minutes": 480}, "profile": "d881e0357473ceaf9bd6c06f02918f396b3c71604d447140a68aa6257fb04e48"}');


--
-- Data for Name: worker_heartbeat; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Name: _sqlx_migrations _sqlx_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);


--
-- Name: access_grant access_grant_minutes; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.access_grant
    ADD CONSTRAINT access_grant_minutes CHECK (((state = ANY (ARRAY['revoking'::text, 'ended'::text])) OR ((minutes >= 5) AND (minutes <= 43200)))) NOT VALID;


--
-- Name: access_grant access_grant_namespaces_shape; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.access_grant
    ADD CONSTRAINT access_grant_namespaces_shape CHECK (((state = ANY (ARRAY['revoking'::text, 'ended'::text])) OR ((jsonb_typeof(namespaces) = 'array'::text) AND (jsonb_array_length(jsonb_path_query_array(namespaces, '$[*]?(@."name".type() == "string" && @."uid".type() == "string")'::jsonpath)) = jsonb_array_length(namespaces))))) NOT VALID;


--
-- Name: access_grant access_grant_one_per_request; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.access_grant
    ADD CONSTRAINT access_grant_one_per_request UNIQUE (request_id);


--
-- Name: access_grant access_grant_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.access_grant
    ADD CONSTRAINT access_grant_pkey PRIMARY KEY (id);


--
-- Name: access_grant access_grant_profile_shape; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.access_grant
    ADD CONSTRAINT access_grant_profile_shape CHECK (((state = ANY (ARRAY['revoking'::text, 'ended'::text])) OR COALESCE((jsonb_typeof((resolved_profile -> 'roles'::text)) = 'array'::text), false))) NOT VALID;


--
-- Name: access_grant access_grant_residual_shape; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.access_grant
    ADD CONSTRAINT access_grant_residual_shape CHECK (((state = ANY (ARRAY['revoking'::text, 'ended'::text])) OR (jsonb_typeof(residual) = 'array'::text))) NOT VALID;


--
-- Name: access_grant access_grant_sizes; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.access_grant
    ADD CONSTRAINT access_grant_sizes CHECK (((state = ANY (ARRAY['revoking'::text, 'ended'::text])) OR ((pg_column_size(resolved_profile) <= 4194304) AND (pg_column_size(namespaces) <= 65536) AND (pg_column_size(residual) <= 1048576) AND (cardinality(decided_by) <= 100) AND (octet_length(profile) <= 1000) AND (octet_length(policy_name) <= 1000)))) NOT VALID;


--
-- Name: access_grant access_grant_times; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.access_grant
    ADD CONSTRAINT access_grant_times CHECK (((state = ANY (ARRAY['revoking'::text, 'ended'::text])) OR (isfinite(created_at) AND ((activate_by >= created_at) AND (activate_by <= (created_at + '366 days'::interval))) AND ((hard_until >= activate_by) AND (hard_until <= (activate_by + '366 days'::interval))) AND ((since IS NULL) OR isfinite(since)) AND ((until IS NULL) OR isfinite(until))))) NOT VALID;


--
-- Name: alarm alarm_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alarm
    ADD CONSTRAINT alarm_pkey PRIMARY KEY (id);


--
-- Name: audit_link audit_link_event_unique; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit_link
    ADD CONSTRAINT audit_link_event_unique UNIQUE (event_id);


--
-- Name: audit_link audit_link_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit_link
    ADD CONSTRAINT audit_link_pkey PRIMARY KEY (seq);


--
-- Name: audit_walk audit_walk_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit_walk
    ADD CONSTRAINT audit_walk_pkey PRIMARY KEY (only_row);


--
-- Name: business_clock business_clock_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.business_clock
    ADD CONSTRAINT business_clock_pkey PRIMARY KEY (only_row);


--
-- Name: cluster cluster_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.cluster
    ADD CONSTRAINT cluster_pkey PRIMARY KEY (id);


--
-- Name: event event_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (id);


--
-- Name: event_unsealed event_unsealed_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event_unsealed
    ADD CONSTRAINT event_unsealed_pkey PRIMARY KEY (event_id);


--
-- Name: grant_leg grant_leg_identity; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.grant_leg
    ADD CONSTRAINT grant_leg_identity CHECK ((identity = ANY (ARRAY['nothing'::text, 'same'::text, 'unprotected'::text, 'differs'::text]))) NOT VALID;


--
-- Name: grant_leg grant_leg_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.grant_leg
    ADD CONSTRAINT grant_leg_pkey PRIMARY KEY (grant_id, target_kind, target_key);


--
-- Name: grant_leg grant_leg_times; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.grant_leg
    ADD CONSTRAINT grant_leg_times CHECK ((((next_try IS NULL) OR isfinite(next_try)) AND ((proven_at IS NULL) OR isfinite(proven_at)))) NOT VALID;


--
-- Name: identity identity_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_pkey PRIMARY KEY (issuer, subject);


--
-- Name: installation installation_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (only_row);


--
-- Name: intent intent_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.intent
    ADD CONSTRAINT intent_pkey PRIMARY KEY (id);


--
-- Name: limit_window limit_window_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.limit_window
    ADD CONSTRAINT limit_window_pkey PRIMARY KEY (what, whose);


--
-- Name: login_attempt login_attempt_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.login_attempt
    ADD CONSTRAINT login_attempt_pkey PRIMARY KEY (token_hash);


--
-- Name: login_attempt login_attempt_state_unique; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.login_attempt
    ADD CONSTRAINT login_attempt_state_unique UNIQUE (state_hash);


--
-- Name: mapping mapping_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mapping
    ADD CONSTRAINT mapping_pkey PRIMARY KEY (principal_id, cluster_id, visit);


--
-- Name: mapping mapping_times; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.mapping
    ADD CONSTRAINT mapping_times CHECK (((wrote_at IS NULL) OR isfinite(wrote_at))) NOT VALID;


--
-- Name: observation observation_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.observation
    ADD CONSTRAINT observation_pkey PRIMARY KEY (target_kind, target_key);


--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);


--
-- Name: person person_groups_without_nulls; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.person
    ADD CONSTRAINT person_groups_without_nulls CHECK ((array_position(groups, NULL::text) IS NULL)) NOT VALID;


--
-- Name: person person_handle_unique; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_handle_unique UNIQUE (handle);


--
-- Name: person person_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (id);


--
-- Name: person person_sizes; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.person
    ADD CONSTRAINT person_sizes CHECK (((pg_column_size(groups) <= 1048576) AND (octet_length(handle) <= 1000) AND (octet_length(name) <= 10000) AND ((email IS NULL) OR (octet_length(email) <= 10000)))) NOT VALID;


--
-- Name: policy_version policy_version_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.policy_version
    ADD CONSTRAINT policy_version_pkey PRIMARY KEY (hash);


--
-- Name: principal principal_differs; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.principal
    ADD CONSTRAINT principal_differs CHECK ((((differs_since IS NULL) = (differs_id IS NULL)) AND (char_length(differs_id) <= 200))) NOT VALID;


--
-- Name: principal principal_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.principal
    ADD CONSTRAINT principal_pkey PRIMARY KEY (id);


--
-- Name: principal principal_sizes; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.principal
    ADD CONSTRAINT principal_sizes CHECK ((octet_length(arn) <= 2048)) NOT VALID;


--
-- Name: proof_nonce proof_nonce_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.proof_nonce
    ADD CONSTRAINT proof_nonce_pkey PRIMARY KEY (hash);


--
-- Name: request request_namespaces_shape; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.request
    ADD CONSTRAINT request_namespaces_shape CHECK (((state <> 'pending'::text) OR (jsonb_typeof(namespaces) = 'array'::text))) NOT VALID;


--
-- Name: request request_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.request
    ADD CONSTRAINT request_pkey PRIMARY KEY (id);


--
-- Name: request request_profile_shape; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.request
    ADD CONSTRAINT request_profile_shape CHECK (((state <> 'pending'::text) OR COALESCE((jsonb_typeof((resolved_profile -> 'roles'::text)) = 'array'::text), false))) NOT VALID;


--
-- Name: request request_sizes; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.request
    ADD CONSTRAINT request_sizes CHECK (((pg_column_size(resolved_profile) <= 4194304) AND (pg_column_size(namespaces) <= 65536) AND (octet_length(profile) <= 1000) AND (octet_length(policy_name) <= 1000))) NOT VALID;


--
-- Name: request request_times; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.request
    ADD CONSTRAINT request_times CHECK (((state <> 'pending'::text) OR (isfinite(submitted_at) AND isfinite(lapses_at)))) NOT VALID;


--
-- Name: session session_id_unique; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_id_unique UNIQUE (id);


--
-- Name: session session_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (token_hash);


--
-- Name: target target_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.target
    ADD CONSTRAINT target_pkey PRIMARY KEY (kind, key);


--
-- Name: target target_times; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.target
    ADD CONSTRAINT target_times CHECK ((((due_at IS NULL) OR isfinite(due_at)) AND ((lease_until IS NULL) OR isfinite(lease_until)) AND ((ran_at IS NULL) OR isfinite(ran_at)) AND ((tried_at IS NULL) OR isfinite(tried_at)) AND ((failed_since IS NULL) OR isfinite(failed_since)) AND ((fenced_since IS NULL) OR isfinite(fenced_since)) AND ((paused_since IS NULL) OR isfinite(paused_since)))) NOT VALID;


--
-- Name: vote vote_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.vote
    ADD CONSTRAINT vote_pkey PRIMARY KEY (request_id, person_id);


--
-- Name: vote vote_sizes; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.vote
    ADD CONSTRAINT vote_sizes CHECK (((pg_column_size(groups) <= 1048576) AND ((rules IS NULL) OR (pg_column_size(rules) <= 4194304)))) NOT VALID;


--
-- Name: worker_heartbeat worker_heartbeat_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.worker_heartbeat
    ADD CONSTRAINT worker_heartbeat_pkey PRIMARY KEY (holder);


--
-- Name: worker_heartbeat worker_heartbeat_times; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.worker_heartbeat
    ADD CONSTRAINT worker_heartbeat_times CHECK ((isfinite(seen_at) AND isfinite(started_at) AND ((looked_at IS NULL) OR isfinite(looked_at)))) NOT VALID;


--
-- Name: access_grant_activate_by; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX access_grant_activate_by ON public.access_grant USING btree (activate_by) WHERE (state = ANY (ARRAY['scheduled'::text, 'provisioning'::text]));


--
-- Name: access_grant_cluster_live; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX access_grant_cluster_live ON public.access_grant USING btree (cluster_id) WHERE (state <> 'ended'::text);


--
-- Name: access_grant_endless; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX access_grant_endless ON public.access_grant USING btree (created_at) WHERE ((state <> ALL (ARRAY['revoking'::text, 'ended'::text])) AND (public.latchkey_readable(LEAST(COALESCE(until, hard_until), hard_until)) IS NULL));


--
-- Name: access_grant_other_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX access_grant_other_state ON public.access_grant USING btree (hard_until) WHERE (state <> ALL (ARRAY['scheduled'::text, 'provisioning'::text, 'active'::text, 'revoking'::text, 'ended'::text]));


--
-- Name: access_grant_person; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX access_grant_person ON public.access_grant USING btree (person_id, id DESC);


--
-- Name: access_grant_principal_live; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX access_grant_principal_live ON public.access_grant USING btree (principal_id) WHERE (state <> 'ended'::text);


--
-- Name: access_grant_revoking; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX access_grant_revoking ON public.access_grant USING btree (revoking_since) WHERE (state = 'revoking'::text);


--
-- Name: access_grant_start; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX access_grant_start ON public.access_grant USING btree (created_at) WHERE (state = 'scheduled'::text);


--
-- Name: access_grant_until; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX access_grant_until ON public.access_grant USING btree (until) WHERE (state = 'active'::text);


--
-- Name: alarm_one_standing; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX alarm_one_standing ON public.alarm USING btree (code, subject) WHERE (cleared_at IS NULL);


--
-- Name: alarm_standing; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX alarm_standing ON public.alarm USING btree (raised_at DESC, id DESC) WHERE (cleared_at IS NULL);


--
-- Name: cluster_arn_live; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX cluster_arn_live ON public.cluster USING btree (arn) WHERE (dropped_at IS NULL);


--
-- Name: cluster_name_live; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX cluster_name_live ON public.cluster USING btree (name) WHERE (dropped_at IS NULL);


--
-- Name: event_action; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX event_action ON public.event USING btree (action, at DESC, id DESC);


--
-- Name: event_actor; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX event_actor ON public.event USING btree (actor_id, at DESC, id DESC) WHERE (actor_id IS NOT NULL);


--
-- Name: event_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX event_at ON public.event USING btree (at DESC, id DESC);


--
-- Name: event_cluster; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX event_cluster ON public.event USING btree (cluster_id, at DESC, id DESC);


--
-- Name: event_grant; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX event_grant ON public.event USING btree (grant_id, id);


--
-- Name: event_person; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX event_person ON public.event USING btree (person_id, at DESC, id DESC);


--
-- Name: event_process; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX event_process ON public.event USING btree (actor, at DESC, id DESC) WHERE (actor_id IS NULL);


--
-- Name: event_request; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX event_request ON public.event USING btree (request_id, id);


--
-- Name: grant_leg_changing; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX grant_leg_changing ON public.grant_leg USING btree (target_kind, target_key) WHERE (changing IS NOT NULL);


--
-- Name: grant_leg_target; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX grant_leg_target ON public.grant_leg USING btree (target_kind, target_key);


--
-- Name: grant_leg_trouble; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX grant_leg_trouble ON public.grant_leg USING btree (condition) WHERE (condition <> 'ok'::text);


--
-- Name: grant_leg_wider; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX grant_leg_wider ON public.grant_leg USING btree (grant_id) WHERE (wider <> '{}'::text[]);


--
-- Name: intent_grant; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX intent_grant ON public.intent USING btree (grant_id, id);


--
-- Name: intent_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX intent_open ON public.intent USING btree (target_kind, target_key) WHERE (finished_at IS NULL);


--
-- Name: intent_recent; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX intent_recent ON public.intent USING btree (target_kind, target_key, finished_at);


--
-- Name: limit_window_ends_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX limit_window_ends_at ON public.limit_window USING btree (ends_at);


--
-- Name: login_attempt_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX login_attempt_created_at ON public.login_attempt USING btree (created_at);


--
-- Name: mapping_one_live; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX mapping_one_live ON public.mapping USING btree (principal_id, cluster_id) WHERE (state <> 'removed'::text);


--
-- Name: mapping_taken_out; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX mapping_taken_out ON public.mapping USING btree (cluster_id, username) WHERE (state = 'removed'::text);


--
-- Name: outbox_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX outbox_due ON public.outbox USING btree (next_try) WHERE (sent_at IS NULL);


--
-- Name: person_groups; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX person_groups ON public.person USING gin (groups);


--
-- Name: policy_version_one_current; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX policy_version_one_current ON public.policy_version USING btree (current) WHERE current;


--
-- Name: principal_arn_live; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX principal_arn_live ON public.principal USING btree (lower(arn)) WHERE ((ended_at IS NULL) AND (NOT shared));


--
-- Name: principal_person; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX principal_person ON public.principal USING btree (person_id);


--
-- Name: proof_nonce_person; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX proof_nonce_person ON public.proof_nonce USING btree (person_id, created_at);


--
-- Name: request_closed_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX request_closed_at ON public.request USING btree (closed_at DESC, id DESC) WHERE (state <> 'pending'::text);


--
-- Name: request_open_cluster; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX request_open_cluster ON public.request USING btree (cluster_id) WHERE (state = 'pending'::text);


--
-- Name: request_open_principal; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX request_open_principal ON public.request USING btree (principal_id) WHERE (state = 'pending'::text);


--
-- Name: request_pending; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX request_pending ON public.request USING btree (lapses_at) WHERE (state = 'pending'::text);


--
-- Name: request_person; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX request_person ON public.request USING btree (person_id, id DESC);


--
-- Name: session_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX session_created_at ON public.session USING btree (created_at);


--
-- Name: session_person; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX session_person ON public.session USING btree (person_id) WHERE (ended_at IS NULL);


--
-- Name: target_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX target_due ON public.target USING btree (revoking DESC, due_at) WHERE (due_at IS NOT NULL);


--
-- Name: target_paused; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX target_paused ON public.target USING btree (key) WHERE (paused_since IS NOT NULL);


--
-- Name: vote_person; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX vote_person ON public.vote USING btree (person_id, at DESC);


--
-- Name: access_grant access_grant_basis; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER access_grant_basis BEFORE INSERT ON public.access_grant FOR EACH ROW EXECUTE FUNCTION public.access_grant_basis();


--
-- Name: access_grant access_grant_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER access_grant_guard BEFORE INSERT OR UPDATE ON public.access_grant FOR EACH ROW EXECUTE FUNCTION public.access_grant_guard();


--
-- Name: access_grant access_grant_legs; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER access_grant_legs AFTER INSERT ON public.access_grant FOR EACH ROW EXECUTE FUNCTION public.access_grant_legs();


--
-- Name: alarm alarm_clearing_has_its_event; Type: TRIGGER; Schema: public; Owner: -
--

CREATE CONSTRAINT TRIGGER alarm_clearing_has_its_event AFTER UPDATE ON public.alarm DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.alarm_clearing_has_its_event();


--
-- Name: alarm alarm_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER alarm_guard BEFORE UPDATE ON public.alarm FOR EACH ROW EXECUTE FUNCTION public.alarm_guard();


--
-- Name: audit_link audit_link_insert_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER audit_link_insert_only BEFORE DELETE OR UPDATE ON public.audit_link FOR EACH ROW EXECUTE FUNCTION public.audit_is_insert_only();


--
-- Name: audit_link audit_link_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER audit_link_no_truncate BEFORE TRUNCATE ON public.audit_link FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_insert_only();


--
-- Name: event event_from_within; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER event_from_within BEFORE INSERT ON public.event FOR EACH ROW EXECUTE FUNCTION public.only_from_within();


--
-- Name: event event_insert_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER event_insert_only BEFORE DELETE OR UPDATE ON public.event FOR EACH ROW EXECUTE FUNCTION public.audit_is_insert_only();


--
-- Name: event event_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON public.event FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_insert_only();


--
-- Name: event event_queue; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER event_queue AFTER INSERT ON public.event FOR EACH ROW EXECUTE FUNCTION public.event_queue();


--
-- Name: grant_leg grant_leg_from_within; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER grant_leg_from_within BEFORE INSERT ON public.grant_leg FOR EACH ROW EXECUTE FUNCTION public.only_from_within();


--
-- Name: grant_leg grant_leg_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER grant_leg_guard BEFORE UPDATE ON public.grant_leg FOR EACH ROW EXECUTE FUNCTION public.grant_leg_guard();


--
-- Name: principal principal_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER principal_guard BEFORE INSERT OR UPDATE ON public.principal FOR EACH ROW EXECUTE FUNCTION public.principal_guard();


--
-- Name: request request_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER request_guard BEFORE INSERT OR UPDATE ON public.request FOR EACH ROW EXECUTE FUNCTION public.request_guard();


--
-- Name: session session_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER session_guard BEFORE INSERT OR UPDATE ON public.session FOR EACH ROW EXECUTE FUNCTION public.session_guard();


--
-- Name: target target_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER target_guard BEFORE UPDATE ON public.target FOR EACH ROW EXECUTE FUNCTION public.target_guard();


--
-- Name: target target_guard_insert; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER target_guard_insert BEFORE INSERT ON public.target FOR EACH ROW EXECUTE FUNCTION public.target_guard();


--
-- Name: target target_pause_has_its_event; Type: TRIGGER; Schema: public; Owner: -
--

CREATE CONSTRAINT TRIGGER target_pause_has_its_event AFTER UPDATE OF paused_since, paused_by, paused_why ON public.target DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.target_pause_has_its_event();


--
-- Name: vote vote_guard; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER vote_guard BEFORE INSERT OR UPDATE ON public.vote FOR EACH ROW EXECUTE FUNCTION public.vote_guard();


--
-- Name: access_grant access_grant_cluster_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.access_grant
    ADD CONSTRAINT access_grant_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES public.cluster(id);


--
-- Name: access_grant access_grant_ended_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.access_grant
    ADD CONSTRAINT access_grant_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES public.person(id);


--
-- Name: access_grant access_grant_person_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.access_grant
    ADD CONSTRAINT access_grant_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);


--
-- Name: access_grant access_grant_policy_hash_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.access_grant
    ADD CONSTRAINT access_grant_policy_hash_fkey FOREIGN KEY (policy_hash) REFERENCES public.policy_version(hash);


--
-- Name: access_grant access_grant_principal_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.access_grant
    ADD CONSTRAINT access_grant_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id);


--
-- Name: access_grant access_grant_request_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.access_grant
    ADD CONSTRAINT access_grant_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.request(id);


--
-- Name: alarm alarm_cleared_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alarm
    ADD CONSTRAINT alarm_cleared_by_fkey FOREIGN KEY (cleared_by) REFERENCES public.person(id);


--
-- Name: audit_link audit_link_event_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit_link
    ADD CONSTRAINT audit_link_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id);


--
-- Name: grant_leg grant_leg_grant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.grant_leg
    ADD CONSTRAINT grant_leg_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES public.access_grant(id);


--
-- Name: identity identity_person_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);


--
-- Name: intent intent_grant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.intent
    ADD CONSTRAINT intent_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES public.access_grant(id);


--
-- Name: mapping mapping_cluster_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mapping
    ADD CONSTRAINT mapping_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES public.cluster(id);


--
-- Name: mapping mapping_principal_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mapping
    ADD CONSTRAINT mapping_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id);


--
-- Name: policy_version policy_version_previous_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.policy_version
    ADD CONSTRAINT policy_version_previous_fkey FOREIGN KEY (previous) REFERENCES public.policy_version(hash);


--
-- Name: principal principal_person_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.principal
    ADD CONSTRAINT principal_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);


--
-- Name: proof_nonce proof_nonce_person_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.proof_nonce
    ADD CONSTRAINT proof_nonce_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);


--
-- Name: request request_cluster_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.request
    ADD CONSTRAINT request_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES public.cluster(id);


--
-- Name: request request_person_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.request
    ADD CONSTRAINT request_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);


--
-- Name: request request_policy_hash_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.request
    ADD CONSTRAINT request_policy_hash_fkey FOREIGN KEY (policy_hash) REFERENCES public.policy_version(hash);


--
-- Name: request request_principal_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.request
    ADD CONSTRAINT request_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id);


--
-- Name: session session_person_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);


--
-- Name: target target_paused_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.target
    ADD CONSTRAINT target_paused_by_fkey FOREIGN KEY (paused_by) REFERENCES public.person(id);


--
-- Name: vote vote_person_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.vote
    ADD CONSTRAINT vote_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);


--
-- Name: vote vote_policy_hash_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.vote
    ADD CONSTRAINT vote_policy_hash_fkey FOREIGN KEY (policy_hash) REFERENCES public.policy_version(hash);


--
-- Name: vote vote_request_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.vote
    ADD CONSTRAINT vote_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.request(id);


--
-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA public TO latchkey_web;
GRANT USAGE ON SCHEMA public TO latchkey_worker;


--
-- Name: FUNCTION access_grant_legs(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.access_grant_legs() FROM PUBLIC;


--
-- Name: FUNCTION event_queue(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.event_queue() FROM PUBLIC;


--
-- Name: FUNCTION record_event(bytes bytea); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.record_event(bytes bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_event(bytes bytea) TO latchkey_web;
GRANT ALL ON FUNCTION public.record_event(bytes bytea) TO latchkey_worker;


--
-- Name: TABLE _sqlx_migrations; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public._sqlx_migrations TO latchkey_web;
GRANT SELECT ON TABLE public._sqlx_migrations TO latchkey_worker;


--
-- Name: TABLE access_grant; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT ON TABLE public.access_grant TO latchkey_web;
GRANT SELECT ON TABLE public.access_grant TO latchkey_worker;


--
-- Name: COLUMN access_grant.state; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(state) ON TABLE public.access_grant TO latchkey_web;
GRANT UPDATE(state) ON TABLE public.access_grant TO latchkey_worker;


--
-- Name: COLUMN access_grant.version; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(version) ON TABLE public.access_grant TO latchkey_web;
GRANT UPDATE(version) ON TABLE public.access_grant TO latchkey_worker;


--
-- Name: COLUMN access_grant.since; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(since) ON TABLE public.access_grant TO latchkey_worker;


--
-- Name: COLUMN access_grant.until; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(until) ON TABLE public.access_grant TO latchkey_worker;


--
-- Name: COLUMN access_grant.revoking_since; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(revoking_since) ON TABLE public.access_grant TO latchkey_web;
GRANT UPDATE(revoking_since) ON TABLE public.access_grant TO latchkey_worker;


--
-- Name: COLUMN access_grant.ended_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(ended_at) ON TABLE public.access_grant TO latchkey_worker;


--
-- Name: COLUMN access_grant.cause; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(cause) ON TABLE public.access_grant TO latchkey_web;
GRANT UPDATE(cause) ON TABLE public.access_grant TO latchkey_worker;


--
-- Name: COLUMN access_grant.ended_by; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(ended_by) ON TABLE public.access_grant TO latchkey_web;
GRANT UPDATE(ended_by) ON TABLE public.access_grant TO latchkey_worker;


--
-- Name: COLUMN access_grant.end_reason; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(end_reason) ON TABLE public.access_grant TO latchkey_web;
GRANT UPDATE(end_reason) ON TABLE public.access_grant TO latchkey_worker;


--
-- Name: COLUMN access_grant.residual; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(residual) ON TABLE public.access_grant TO latchkey_worker;


--
-- Name: TABLE alarm; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.alarm TO latchkey_web;
GRANT SELECT,INSERT ON TABLE public.alarm TO latchkey_worker;


--
-- Name: COLUMN alarm.cleared_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(cleared_at) ON TABLE public.alarm TO latchkey_web;
GRANT UPDATE(cleared_at) ON TABLE public.alarm TO latchkey_worker;


--
-- Name: COLUMN alarm.cleared_by; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(cleared_by) ON TABLE public.alarm TO latchkey_web;
GRANT UPDATE(cleared_by) ON TABLE public.alarm TO latchkey_worker;


--
-- Name: TABLE audit_link; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.audit_link TO latchkey_web;
GRANT SELECT,INSERT ON TABLE public.audit_link TO latchkey_worker;


--
-- Name: TABLE audit_walk; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.audit_walk TO latchkey_web;
GRANT SELECT,UPDATE ON TABLE public.audit_walk TO latchkey_worker;


--
-- Name: TABLE business_clock; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.business_clock TO latchkey_web;
GRANT SELECT ON TABLE public.business_clock TO latchkey_worker;


--
-- Name: TABLE cluster; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.cluster TO latchkey_web;
GRANT SELECT ON TABLE public.cluster TO latchkey_worker;


--
-- Name: COLUMN cluster.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(created_at) ON TABLE public.cluster TO latchkey_worker;


--
-- Name: COLUMN cluster.missing_since; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(missing_since) ON TABLE public.cluster TO latchkey_worker;


--
-- Name: COLUMN cluster.gone_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(gone_at) ON TABLE public.cluster TO latchkey_worker;


--
-- Name: COLUMN cluster.gone_why; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(gone_why) ON TABLE public.cluster TO latchkey_worker;


--
-- Name: TABLE event; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.event TO latchkey_web;
GRANT SELECT ON TABLE public.event TO latchkey_worker;


--
-- Name: TABLE event_unsealed; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.event_unsealed TO latchkey_web;
GRANT SELECT,DELETE ON TABLE public.event_unsealed TO latchkey_worker;


--
-- Name: TABLE grant_leg; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.grant_leg TO latchkey_web;
GRANT SELECT,UPDATE ON TABLE public.grant_leg TO latchkey_worker;


--
-- Name: COLUMN grant_leg.attempts; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(attempts) ON TABLE public.grant_leg TO latchkey_web;


--
-- Name: COLUMN grant_leg.next_try; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(next_try) ON TABLE public.grant_leg TO latchkey_web;


--
-- Name: TABLE identity; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT ON TABLE public.identity TO latchkey_web;
GRANT SELECT ON TABLE public.identity TO latchkey_worker;


--
-- Name: TABLE installation; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.installation TO latchkey_web;
GRANT SELECT ON TABLE public.installation TO latchkey_worker;


--
-- Name: TABLE intent; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.intent TO latchkey_web;
GRANT SELECT,INSERT,UPDATE ON TABLE public.intent TO latchkey_worker;


--
-- Name: TABLE limit_window; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.limit_window TO latchkey_web;
GRANT SELECT ON TABLE public.limit_window TO latchkey_worker;


--
-- Name: TABLE login_attempt; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE ON TABLE public.login_attempt TO latchkey_web;
GRANT SELECT ON TABLE public.login_attempt TO latchkey_worker;


--
-- Name: COLUMN login_attempt.used_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(used_at) ON TABLE public.login_attempt TO latchkey_web;


--
-- Name: TABLE mapping; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.mapping TO latchkey_web;
GRANT SELECT,INSERT,UPDATE ON TABLE public.mapping TO latchkey_worker;


--
-- Name: TABLE observation; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.observation TO latchkey_web;
GRANT SELECT,INSERT,UPDATE ON TABLE public.observation TO latchkey_worker;


--
-- Name: TABLE outbox; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT ON TABLE public.outbox TO latchkey_web;
GRANT SELECT,INSERT,UPDATE ON TABLE public.outbox TO latchkey_worker;


--
-- Name: TABLE person; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT ON TABLE public.person TO latchkey_web;
GRANT SELECT ON TABLE public.person TO latchkey_worker;


--
-- Name: COLUMN person.name; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(name) ON TABLE public.person TO latchkey_web;


--
-- Name: COLUMN person.email; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(email) ON TABLE public.person TO latchkey_web;


--
-- Name: COLUMN person.groups; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(groups) ON TABLE public.person TO latchkey_web;


--
-- Name: COLUMN person.groups_as_of; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(groups_as_of) ON TABLE public.person TO latchkey_web;


--
-- Name: COLUMN person.theme; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(theme) ON TABLE public.person TO latchkey_web;


--
-- Name: COLUMN person.time_zone; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(time_zone) ON TABLE public.person TO latchkey_web;


--
-- Name: TABLE policy_version; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.policy_version TO latchkey_web;
GRANT SELECT ON TABLE public.policy_version TO latchkey_worker;


--
-- Name: TABLE principal; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT ON TABLE public.principal TO latchkey_web;
GRANT SELECT ON TABLE public.principal TO latchkey_worker;


--
-- Name: COLUMN principal.aws_profile; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(aws_profile) ON TABLE public.principal TO latchkey_web;


--
-- Name: COLUMN principal.proven_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(proven_at) ON TABLE public.principal TO latchkey_web;


--
-- Name: COLUMN principal.ended_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(ended_at) ON TABLE public.principal TO latchkey_web;
GRANT UPDATE(ended_at) ON TABLE public.principal TO latchkey_worker;


--
-- Name: COLUMN principal.differs_since; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(differs_since) ON TABLE public.principal TO latchkey_worker;


--
-- Name: COLUMN principal.differs_id; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(differs_id) ON TABLE public.principal TO latchkey_worker;


--
-- Name: TABLE proof_nonce; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT ON TABLE public.proof_nonce TO latchkey_web;
GRANT SELECT ON TABLE public.proof_nonce TO latchkey_worker;


--
-- Name: COLUMN proof_nonce.used_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(used_at) ON TABLE public.proof_nonce TO latchkey_web;


--
-- Name: TABLE request; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT ON TABLE public.request TO latchkey_web;
GRANT SELECT ON TABLE public.request TO latchkey_worker;


--
-- Name: COLUMN request.state; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(state) ON TABLE public.request TO latchkey_web;
GRANT UPDATE(state) ON TABLE public.request TO latchkey_worker;


--
-- Name: COLUMN request.closed_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(closed_at) ON TABLE public.request TO latchkey_web;
GRANT UPDATE(closed_at) ON TABLE public.request TO latchkey_worker;


--
-- Name: COLUMN request.closed_why; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(closed_why) ON TABLE public.request TO latchkey_web;
GRANT UPDATE(closed_why) ON TABLE public.request TO latchkey_worker;


--
-- Name: TABLE session; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT ON TABLE public.session TO latchkey_web;
GRANT SELECT ON TABLE public.session TO latchkey_worker;


--
-- Name: COLUMN session.seen_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(seen_at) ON TABLE public.session TO latchkey_web;


--
-- Name: COLUMN session.ended_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(ended_at) ON TABLE public.session TO latchkey_web;


--
-- Name: TABLE target; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.target TO latchkey_web;
GRANT SELECT,INSERT ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.kind; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(kind) ON TABLE public.target TO latchkey_web;


--
-- Name: COLUMN target.key; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(key) ON TABLE public.target TO latchkey_web;


--
-- Name: COLUMN target.generation; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(generation),UPDATE(generation) ON TABLE public.target TO latchkey_web;
GRANT UPDATE(generation) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.due_at; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(due_at),UPDATE(due_at) ON TABLE public.target TO latchkey_web;
GRANT UPDATE(due_at) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.revoking; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(revoking),UPDATE(revoking) ON TABLE public.target TO latchkey_web;
GRANT UPDATE(revoking) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.lease_until; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(lease_until) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.lease_holder; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(lease_holder) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.epoch; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(epoch) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.marked; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(marked) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.ran_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(ran_at) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.tried_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(tried_at) ON TABLE public.target TO latchkey_web;
GRANT UPDATE(tried_at) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.failure; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(failure) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.failed_since; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(failed_since) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.fenced_since; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(fenced_since) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.fenced_why; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(fenced_why) ON TABLE public.target TO latchkey_worker;


--
-- Name: COLUMN target.paused_since; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(paused_since) ON TABLE public.target TO latchkey_web;


--
-- Name: COLUMN target.paused_by; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(paused_by) ON TABLE public.target TO latchkey_web;


--
-- Name: COLUMN target.paused_why; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(paused_why) ON TABLE public.target TO latchkey_web;


--
-- Name: TABLE vote; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT ON TABLE public.vote TO latchkey_web;
GRANT SELECT ON TABLE public.vote TO latchkey_worker;


--
-- Name: COLUMN vote.verdict; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(verdict) ON TABLE public.vote TO latchkey_web;


--
-- Name: COLUMN vote.reason; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(reason) ON TABLE public.vote TO latchkey_web;


--
-- Name: COLUMN vote.seen; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(seen) ON TABLE public.vote TO latchkey_web;


--
-- Name: COLUMN vote.at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(at) ON TABLE public.vote TO latchkey_web;


--
-- Name: COLUMN vote.policy_hash; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(policy_hash) ON TABLE public.vote TO latchkey_web;


--
-- Name: COLUMN vote.groups; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(groups) ON TABLE public.vote TO latchkey_web;


--
-- Name: COLUMN vote.rules; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(rules) ON TABLE public.vote TO latchkey_web;


--
-- Name: TABLE worker_heartbeat; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.worker_heartbeat TO latchkey_web;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.worker_heartbeat TO latchkey_worker;


--
-- PostgreSQL database dump complete
--


