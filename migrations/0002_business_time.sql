-- Business time: the database's clock plus an offset that only tests and the demo move.
create table business_clock (
  only_row boolean primary key default true constraint business_clock_one_row check (only_row),
  ahead interval not null default interval '0'
);
comment on table business_clock is 'How far business time runs ahead of the database clock. Always zero in production.';
insert into business_clock default values;

create function latchkey_now() returns timestamptz
language sql volatile
as $$ select clock_timestamp() + ahead from business_clock $$;
comment on function latchkey_now is 'The time that rules lapse, start, activate_by, until and hard_until. Read it after the last lock.';

-- Which installation this database is. The same id stands on each cluster in kube-system/latchkey.
create table installation (
  only_row boolean primary key default true constraint installation_one_row check (only_row),
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp()
);
comment on table installation is 'The identity of this installation, compared with the marker on each cluster.';
insert into installation default values;
