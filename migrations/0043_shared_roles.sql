-- Accesses that everyone has who can use a role: who they are, as far as people have proven it, and that no decider is
-- one of them.

create function latchkey_role_users(role uuid, session text) returns text
language sql stable set search_path = pg_catalog, public, pg_temp
as $$
  select jsonb_agg(jsonb_build_object('person', found.id, 'handle', found.handle, 'name', left(found.name, 200))
    order by found.proven_at, found.id)::text
  from (select p.id, p.handle, p.name, h.proven_at from role_holder h join person p on p.id = h.person_id
    where session is null and h.principal_id = role and h.ended_at is null order by h.proven_at, h.id limit 1000) found
$$;
comment on function latchkey_role_users is
  'The people who have proven sessions of a role, as JSON, the oldest proof first; null if an access is for one session.';

alter table vote add column uses_role boolean;
comment on column vote.uses_role is
  'The answer to whether the voter can use the role that everyone would have the access by; null if it is one person''s.';
grant update (uses_role) on vote to latchkey_web;

-- A decider of an access for everyone who can use a role says that they cannot, and has not proven that they can. What
-- an earlier vote is counted by moves.
create or replace function vote_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  is_cast boolean := tg_op = 'INSERT';
begin
  if latchkey_side(current_user) = 'owner' then
    return new;
  end if;
  if not is_cast then
    is_cast := (new.verdict, new.reason, new.seen, new.at, new.uses_role)
      is distinct from (old.verdict, old.reason, old.seen, old.at, old.uses_role);
  end if;
  if (is_cast and not latchkey_is_now(new.at))
    or not exists (select from request where id = new.request_id and state = 'pending' and person_id <> new.person_id) then
    raise exception 'a vote is of now, on a pending request of somebody else''s' using errcode = 'insufficient_privilege';
  end if;
  if is_cast and new.verdict = 'approve' and exists (
    select from request r join principal i on i.id = r.principal_id
    where r.id = new.request_id and i.kind = 'role' and r.session_name is null
      and (new.uses_role is distinct from false or exists (select from role_holder h
        where h.principal_id = i.id and h.person_id = new.person_id and h.ended_at is null))) then
    raise exception 'a person approves no access that they would have themselves' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
