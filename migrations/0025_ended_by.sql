-- Who ended an access was a reference to `person`, which locks that row: whoever kept rows of `person` locked kept
-- everybody from giving back and revoking. People are never deleted, so that a look is enough.
alter table access_grant drop constraint access_grant_ended_by_fkey;

create function ended_by_somebody() returns trigger language plpgsql set search_path from current as $$
begin
  if new.ended_by is not null and not exists (select from person where id = new.ended_by) then
    raise exception 'nobody with the id % can have ended an access', new.ended_by using errcode = 'foreign_key_violation';
  end if;
  return new;
end
$$;
create trigger access_grant_ended_by before insert or update of ended_by on access_grant
  for each row execute function ended_by_somebody();
