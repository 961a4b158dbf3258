-- What else says yes beside an access, or after its end, is a list of values. `residual` goes on being written, as a
-- sentence of each, for processes of earlier versions that run beside this one. Of rows without values, the sentences are
-- shown.

alter table access_grant add column beside jsonb;
comment on column access_grant.beside is 'What else says yes, as values. None where an earlier version wrote residual alone.';
comment on column access_grant.residual is 'The same as sentences.';
alter table access_grant add constraint access_grant_beside_form check (state in ('revoking', 'ended')
  or beside is null or (jsonb_typeof(beside) = 'array' and pg_column_size(beside) <= 1048576)) not valid;
grant update (beside) on access_grant to latchkey_worker;

-- Sentences that somebody wrote alone are not those that the values beside them tell.
create function access_grant_beside() returns trigger language plpgsql set search_path from current as $$
begin
  new.beside := null;
  return new;
end
$$;
create trigger access_grant_beside before update on access_grant for each row
  when (new.residual is distinct from old.residual and new.beside is not distinct from old.beside)
  execute function access_grant_beside();

-- What says yes beside an access is found by a look, and not by the portal that schedules it.
create function access_grant_new_beside() returns trigger language plpgsql set search_path from current as $$
begin
  if latchkey_side(current_user) = 'web' then
    raise exception 'the web may only schedule a grant' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
create trigger access_grant_new_beside before insert on access_grant for each row
  when (new.beside is not null) execute function access_grant_new_beside();
