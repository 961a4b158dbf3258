-- Every identity that a cluster lets in is read in the background once an operator asks for that, some at each run.

create table entry_reading (
  cluster_id uuid primary key references cluster (id),
  asked_at timestamptz not null,
  began_at timestamptz,
  read_to text not null default '',
  found integer not null default 0,
  read integer not null default 0,
  bytes integer not null default 0,
  found_gone text[] not null default '{}',
  unknown integer not null default 0,
  gone text[] not null default '{}',
  gone_at timestamptz,
  why jsonb,
  cut boolean not null default false,
  ended_at timestamptz,
  constraint entry_reading_times check (isfinite(asked_at) and isfinite(coalesce(began_at, asked_at))
    and isfinite(coalesce(ended_at, asked_at)) and isfinite(coalesce(gone_at, asked_at))),
  constraint entry_reading_order check (ended_at is null or began_at is not null),
  constraint entry_reading_counts check (found >= 0 and read >= 0 and bytes >= 0 and unknown >= 0),
  constraint entry_reading_sizes check (length(read_to) <= 2048 and pg_column_size(gone) <= 262144
    and pg_column_size(found_gone) <= 262144
    and (why is null or (jsonb_typeof(why) = 'object' and pg_column_size(why) <= 65536))),
  constraint entry_reading_flat check (coalesce(array_ndims(gone), 1) = 1 and coalesce(array_ndims(found_gone), 1) = 1)
);
comment on table entry_reading is 'How far the worker has read the identities that a cluster lets in: its access entries, and the IAM users that aws-auth names.';
comment on column entry_reading.asked_at is 'When an operator last asked for it. Real clock. A reading that ended and began earlier begins again.';
comment on column entry_reading.read_to is 'The last ARN that was read, in lower case: the next run goes on after it.';
comment on column entry_reading.found is 'How many there were to read when it began.';
comment on column entry_reading.bytes is 'The size of what is kept of it.';
comment on column entry_reading.found_gone is 'The users of aws-auth that IAM does not have, as far as this reading is.';
comment on column entry_reading.unknown is 'How many of them could not be looked up.';
comment on column entry_reading.gone is 'Those of the last reading that asked about all of them.';
comment on column entry_reading.why is 'Why it ended before all of them were read.';
comment on column entry_reading.cut is 'Whether it ended since the rest was too much to keep.';

create table entry_read (
  cluster_id uuid not null references entry_reading (cluster_id),
  arn text not null,
  details jsonb not null,
  read_at timestamptz not null,
  asked_at timestamptz not null,
  primary key (cluster_id, arn),
  constraint entry_read_sizes check (length(arn) <= 2048 and pg_column_size(details) <= 524288),
  constraint entry_read_times check (isfinite(read_at) and isfinite(asked_at))
);
comment on table entry_read is 'An access entry as a reading found it. It stays until a later reading has read all of them.';
comment on column entry_read.read_at is 'When EKS last told its fields.';
comment on column entry_read.asked_at is 'When EKS was last asked about it.';

grant select on entry_reading, entry_read to latchkey_web, latchkey_worker;
grant insert (cluster_id, asked_at), update (asked_at) on entry_reading to latchkey_web;
grant update on entry_reading to latchkey_worker;
grant insert, update, delete on entry_read to latchkey_worker;

create function entry_reading_guard() returns trigger language plpgsql set search_path from current as $$
begin
  if latchkey_side(current_user) = 'web' and not coalesce(latchkey_is_real_now(new.asked_at), false) then
    raise exception 'a reading is asked for now' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
create trigger entry_reading_guard before insert or update on entry_reading
  for each row execute function entry_reading_guard();

-- A cluster's page looks up who proved the ARNs that it shows.
create index principal_arn on principal (lower(arn));
