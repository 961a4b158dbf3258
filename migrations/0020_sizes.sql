-- How much of one row is read, and written. Whoever holds a password of a role could else write rows so large that every
-- run and every page that reads them with others ends without memory or time. Rows that stand are not checked, and an
-- access that ends is not either: its end never depends on what its row holds besides.

-- JSON as the text of it; none where it is more than any version of ours writes. The size that is looked at first is the
-- stored one, so that nothing large is unpacked only to be refused.
create function latchkey_text(value jsonb) returns text
language sql immutable
as $$ select case
    when pg_column_size(value) <= 65536 then value::text
    when pg_column_size(value) <= 1048576 and octet_length(value::text) <= 4194304 then value::text
  end $$;
comment on function latchkey_text is 'JSON as text; none where it is larger than 4 MiB.';

-- Groups as a provider gives them: without nulls, and none where they are more than any provider sends. Whoever is in no
-- group may do less, never more.
create function latchkey_groups(groups text[]) returns text[]
language sql immutable
as $$ select case when pg_column_size(groups) <= 262144 then array_remove(groups, null) else '{}' end $$;
comment on function latchkey_groups is 'Groups without nulls; none where they are more than any provider sends.';

create function latchkey_ids(ids uuid[]) returns uuid[]
language sql immutable
as $$ select case when pg_column_size(ids) <= 65536 then array_remove(ids, null) else '{}' end $$;
comment on function latchkey_ids is 'Ids without nulls; none where they are more than a row of ours has.';

alter table access_grant
  add constraint access_grant_sizes check (state in ('revoking', 'ended')
    or (pg_column_size(resolved_profile) <= 4194304 and pg_column_size(namespaces) <= 65536
      and pg_column_size(residual) <= 1048576 and cardinality(decided_by) <= 100
      and octet_length(profile) <= 1000 and octet_length(policy_name) <= 1000)) not valid;
alter table request
  add constraint request_sizes check (pg_column_size(resolved_profile) <= 4194304 and pg_column_size(namespaces) <= 65536
    and octet_length(profile) <= 1000 and octet_length(policy_name) <= 1000) not valid;
alter table vote
  add constraint vote_sizes check (pg_column_size(groups) <= 1048576 and (rules is null or pg_column_size(rules) <= 4194304))
    not valid;
alter table person
  add constraint person_groups_without_nulls check (array_position(groups, null) is null) not valid,
  add constraint person_sizes check (pg_column_size(groups) <= 1048576 and octet_length(handle) <= 1000
    and octet_length(name) <= 10000 and (email is null or octet_length(email) <= 10000)) not valid;
alter table principal
  add constraint principal_sizes check (octet_length(arn) <= 2048) not valid;

-- An alarm is cleared by the act of a person, whose event says so: nobody with the portal's password takes a warning away
-- in silence.
create function alarm_guard() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
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
create trigger alarm_guard before update on alarm for each row execute function alarm_guard();

create function alarm_clearing_has_its_event() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
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
create constraint trigger alarm_clearing_has_its_event after update on alarm
  deferrable initially deferred for each row execute function alarm_clearing_has_its_event();
