-- An operator asks for a walk over the audit chain now: once what was broken is put right, the banner does
-- not stay for the hours until the next one.

alter table audit_walk add column asked_at timestamptz;
comment on column audit_walk.asked_at is 'When an operator last asked for a walk. Real clock.';
grant update (asked_at) on audit_walk to latchkey_web;

create function audit_walk_guard() returns trigger language plpgsql set search_path from current as $$
begin
  if latchkey_side(current_user) = 'web' and not coalesce(latchkey_is_real_now(new.asked_at), false) then
    raise exception 'a walk is asked for now' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
create trigger audit_walk_guard before update on audit_walk for each row execute function audit_walk_guard();
