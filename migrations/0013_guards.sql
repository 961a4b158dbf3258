-- What the web may write, value by value: column rights cannot see values. Each guard holds everybody to that who is
-- neither the schema's owner nor the worker, and what never changes for the worker as well. A time of the web's is one
-- of now: else it could put off what is due, or hide that it is late.

-- Ended grants never change, for nobody. The web schedules a grant within the bounds of its request, and ends one that
-- runs; each cause that an action of the web ends one for stands in the list below.
create or replace function access_grant_guard() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
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

-- The worker raises a fence and cannot let it down, nor pass for an earlier run: whoever has its password neither. The
-- web wakes, one generation at a time, and pauses; it puts nothing off.
create or replace function target_guard() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
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
create trigger target_guard_insert before insert on target for each row execute function target_guard();

-- A pause is the act of the person whom it names, and the reason theirs: their event says so, with the pause or not at all.
create function target_pause_has_its_event() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
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
create constraint trigger target_pause_has_its_event after update of paused_since, paused_by, paused_why on target
  deferrable initially deferred for each row execute function target_pause_has_its_event();

-- A closed request never changes. Time and the end of what it asks for close one by the worker, people all else.
create function request_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
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
create trigger request_guard before insert or update on request for each row execute function request_guard();

-- Somebody votes now, on what is pending, and never on their own request. What an earlier vote is counted by moves.
create function vote_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
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
create trigger vote_guard before insert or update on vote for each row execute function vote_guard();

-- Sessions begin, are used and end now, and live no more after that.
create function session_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
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
create trigger session_guard before insert or update on session for each row execute function session_guard();

-- A principal is proven now, by one person alone, and is over once it has ended.
create function principal_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
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
create trigger principal_guard before insert or update on principal for each row execute function principal_guard();
