-- What holds an access or a target up is a value: its code, and beside it the facts as JSON, of which pages make
-- sentences.
--
-- `grant_leg.error` is kept for rows of earlier versions, and for their processes while they run beside this one: where it
-- says something, it is newer than what stands beside it. `target.failure` and `fenced_why` go on being written: that they
-- are not null is what indexes, a constraint and queries go by.

alter table grant_leg add column code text, add column blocker jsonb;
comment on column grant_leg.code is 'What holds the leg up, by its stable name.';
comment on column grant_leg.blocker is 'The same with its facts. None where an earlier version wrote a sentence into error.';
alter table grant_leg add constraint grant_leg_code check (code ~ '^[a-z0-9_]{1,60}$') not valid;

alter table target add column failure_code text, add column failure_blocker jsonb,
  add column fenced_code text, add column fenced_blocker jsonb;
comment on column target.failure_code is 'What kept the last run from working on the target whole, by its stable name.';
comment on column target.failure_blocker is 'The same with its facts. None where failure is all that is known.';
comment on column target.fenced_code is 'Why the cluster is fenced, by its stable name.';
comment on column target.fenced_blocker is 'The same with its facts. None where fenced_why is all that is known.';
alter table target add constraint target_codes
  check (failure_code ~ '^[a-z0-9_]{1,60}$' and fenced_code ~ '^[a-z0-9_]{1,60}$') not valid;
-- Of legs, the worker may write every column.
grant update (failure_code, failure_blocker, fenced_code, fenced_blocker) on target to latchkey_worker;

-- A sentence that somebody wrote alone, or took away, is not the one that the value beside it tells.
create function target_blockers() returns trigger language plpgsql set search_path from current as $$
begin
  if new.failure is distinct from old.failure and new.failure_blocker is not distinct from old.failure_blocker then
    new.failure_code := null;
    new.failure_blocker := null;
  end if;
  if new.fenced_why is distinct from old.fenced_why and new.fenced_blocker is not distinct from old.fenced_blocker then
    new.fenced_code := null;
    new.fenced_blocker := null;
  end if;
  return new;
end
$$;
create trigger target_blockers before update on target for each row
  when (new.failure is distinct from old.failure or new.fenced_why is distinct from old.fenced_why)
  execute function target_blockers();

-- One value of the three columns, as text, no larger than what is read of one row. A sentence alone is `said`; of what is
-- too large, or is no object, the code is told.
create function latchkey_blocker(said text, code text, blocker jsonb) returns text
language sql immutable
as $$ select case
    when said <> '' then jsonb_build_object('code', 'said', 'text', said)::text
    when jsonb_typeof(blocker) = 'object' and pg_column_size(blocker) <= 1048576
      and octet_length(blocker::text) <= 4194304 then blocker::text
    when code is not null then jsonb_build_object('code', 'of_later_version', 'named', code)::text
  end $$;
comment on function latchkey_blocker is 'What holds something up, as JSON in a text: the value, or a sentence, or a code.';
