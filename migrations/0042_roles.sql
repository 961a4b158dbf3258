-- IAM roles as principals. A user is one person's. A role is nobody's alone: a row of `role_holder` says which session of
-- it a person has proven. What the worker found a role to be stands beside it, since the portal cannot ask IAM.

-- An ARN as authenticators compare it: without case, and a role's without its path.
create function latchkey_arn_key(arn text) returns text
language sql immutable
as $$ select regexp_replace(lower(arn), '^([^/]*:role/).*/', '\1') $$;
comment on function latchkey_arn_key is 'An ARN as authenticators compare it: in lower case, a role''s without its path.';

alter table principal alter column person_id drop not null;
alter table principal add constraint principal_owner check ((kind = 'user') = (person_id is not null)) not valid;
alter table principal add column verdict jsonb, add column looked_at timestamptz, add column look_failed jsonb;
alter table principal add constraint principal_look check (
  coalesce(pg_column_size(verdict) <= 65536, true) and coalesce(pg_column_size(look_failed) <= 65536, true)
  and coalesce(isfinite(looked_at), true)) not valid;
comment on table principal is 'An IAM identity: a user that a person has proven to be theirs, or a role of which people have proven sessions.';
comment on column principal.person_id is 'Whose user it is; empty for a role.';
comment on column principal.verdict is 'What the worker found it to be: for a role, who can be a session of it; empty until it looked.';
comment on column principal.looked_at is 'When the worker last read that.';
comment on column principal.look_failed is 'Why the last look told nothing; empty if it did.';
-- The ARN of a role becomes the one with its path, which only IAM tells.
grant update (arn, verdict, looked_at, look_failed) on principal to latchkey_worker;

drop index principal_arn_live;
create unique index principal_arn_live on principal (latchkey_arn_key(arn)) where ended_at is null and not shared;
drop index principal_arn;
create index principal_arn on principal (latchkey_arn_key(arn));

create table role_holder (
  id uuid primary key,
  principal_id uuid not null references principal,
  person_id uuid not null references person,
  session_name text not null constraint role_holder_session check (session_name ~ '^[A-Za-z0-9_+=,.@-]{2,64}$'),
  aws_profile text constraint role_holder_profile check (octet_length(aws_profile) <= 1000),
  proven_at timestamptz not null,
  ended_at timestamptz,
  constraint role_holder_times check (isfinite(proven_at) and coalesce(isfinite(ended_at), true))
);
comment on table role_holder is 'A person who has proven a session of a role: one at a time of each role.';
create unique index role_holder_live on role_holder (principal_id, person_id) where ended_at is null;
create index role_holder_person on role_holder (person_id);
grant select on role_holder to latchkey_web, latchkey_worker;
grant insert on role_holder to latchkey_web;
grant update (aws_profile, proven_at, ended_at) on role_holder to latchkey_web;
grant update (ended_at) on role_holder to latchkey_worker;

create function role_holder_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if latchkey_side(current_user) = 'owner' then
    return new;
  end if;
  if tg_op = 'INSERT' then
    if not latchkey_is_real_now(new.proven_at) or new.ended_at is not null
      or not exists (select from principal where id = new.principal_id and kind = 'role' and ended_at is null) then
      raise exception 'a session of a role is proven now' using errcode = 'insufficient_privilege';
    end if;
    return new;
  end if;
  if old.ended_at is not null and new.ended_at is distinct from old.ended_at then
    raise exception 'a proof of a session that ended is over' using errcode = 'insufficient_privilege';
  end if;
  if (new.proven_at is distinct from old.proven_at and not latchkey_is_real_now(new.proven_at))
    or (new.ended_at is distinct from old.ended_at and not latchkey_is_real_now(new.ended_at)) then
    raise exception 'a session of a role is proven, and ends, now' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
create trigger role_holder_guard before insert or update on role_holder
  for each row execute function role_holder_guard();

-- Who can be a session of a role is for the worker to say; the portal records none, and nobody gives a principal
-- another name than the path of its role.
create or replace function principal_guard() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
begin
  if latchkey_side(current_user) = 'owner' then
    return new;
  end if;
  if tg_op = 'INSERT' then
    if not latchkey_is_real_now(new.proven_at) or new.ended_at is not null or new.shared or new.source <> 'proven'
      or num_nonnulls(new.verdict, new.looked_at, new.look_failed) > 0 then
      raise exception 'a principal is proven now, and nobody else''s' using errcode = 'insufficient_privilege';
    end if;
    return new;
  end if;
  if new.arn is distinct from old.arn
    and (old.kind <> 'role' or old.arn ~ ':role/.*/' or latchkey_arn_key(new.arn) <> latchkey_arn_key(old.arn)) then
    raise exception 'a principal keeps its ARN, and a role gets its path once' using errcode = 'insufficient_privilege';
  end if;
  if old.ended_at is not null and new.ended_at is distinct from old.ended_at then
    raise exception 'a principal that ended is over' using errcode = 'insufficient_privilege';
  end if;
  if (new.proven_at is distinct from old.proven_at and not latchkey_is_real_now(new.proven_at))
    or (new.ended_at is distinct from old.ended_at and not latchkey_is_real_now(new.ended_at))
    or (new.looked_at is distinct from old.looked_at and not latchkey_is_real_now(new.looked_at)) then
    raise exception 'a principal is proven, looked at, and ends, now' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;

alter table request add column session_name text
  constraint request_session check (session_name ~ '^[A-Za-z0-9_+=,.@-]{2,64}$');
comment on column request.session_name is 'The one session of a pinned role that it asks for; empty for a user, and for a role that is shared.';
alter table access_grant add column session_name text;
alter table access_grant add constraint access_grant_session check (
  state in ('revoking', 'ended') or session_name ~ '^[A-Za-z0-9_+=,.@-]{2,64}$') not valid;
comment on column access_grant.session_name is 'As that of its request.';

alter table access_grant drop constraint access_grant_cause;
alter table access_grant add constraint access_grant_cause check (cause in ('expired', 'relinquished', 'revoked',
  'departed', 'ineligible', 'review_missed', 'undeliverable', 'principal_replaced', 'cluster_gone', 'incident',
  'not_allowed', 'policy_changed', 'released', 'unpinned'));

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
          and r.session_name is not distinct from new.session_name
          and (p.person_id = new.person_id or exists (select from role_holder h
            where h.principal_id = p.id and h.person_id = new.person_id and h.ended_at is null
              and h.session_name = coalesce(new.session_name, h.session_name)))
          and r.cluster_id = new.cluster_id and r.minutes = new.minutes) then
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

-- The visits of a role are counted by its unique id, whoever proved it and when.
create index principal_role on principal (unique_id) where kind = 'role';
