create table target (
  kind text not null constraint target_kind check (kind in ('principal', 'cluster')),
  key uuid not null,
  generation bigint not null default 0,
  due_at timestamptz,
  revoking boolean not null default false,
  lease_until timestamptz,
  lease_holder text,
  epoch bigint not null default 0,
  -- The highest epoch that the cluster's marker may have: of the last run that was about to write it there. Runs that
  -- come to nothing raise epoch alone, so that a database that is behind stays so until somebody notices.
  marked bigint not null default 0 constraint target_marked check (marked between 0 and epoch),
  ran_at timestamptz,
  -- Since when an operator wants it looked at anew: what was proven before is asked about again. A run that was claimed
  -- later answers that at its end; one that was under way then leaves it to the next.
  tried_at timestamptz,
  failure text,
  -- Since when each run failed; of no meaning where the last one did not.
  failed_since timestamptz,
  -- Since when, and why, only revocations happen here: the cluster was seen to belong to another installation, or to a
  -- later state of this one. Set by the worker, cleared by `latchkey accept-restore` alone.
  fenced_since timestamptz,
  fenced_why text,
  -- Since when, by whom and why nothing new is granted here. Never holds a revocation up. Set and cleared by operators.
  paused_since timestamptz,
  paused_by uuid references person,
  paused_why text constraint target_paused_why_length check (char_length(paused_why) between 1 and 500),
  primary key (kind, key),
  constraint target_fenced check ((fenced_since is null) = (fenced_why is null)),
  constraint target_paused check (
    (paused_since is null) = (paused_why is null) and (paused_since is null) = (paused_by is null)
    and (paused_since is null or kind = 'cluster'))
);
comment on table target is 'What the worker keeps right: one IAM principal or one cluster. Times are the database''s real clock.';

-- The worker raises a fence and cannot let it down, nor pass for an earlier run: whoever has its password neither.
create function target_guard() returns trigger language plpgsql as $$
begin
  if pg_has_role(current_user, (select relowner from pg_class where oid = tg_relid), 'usage') then
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
  return new;
end
$$;
create trigger target_guard before update on target for each row execute function target_guard();
create index target_paused on target (key) where paused_since is not null;
create index target_due on target (revoking desc, due_at) where due_at is not null;

create table intent (
  id uuid primary key,
  target_kind text not null,
  target_key uuid not null,
  epoch bigint not null,
  grant_id uuid references access_grant,
  step text not null,
  object text not null,
  detail jsonb not null default '{}',
  object_uid text,
  started_at timestamptz not null,
  finished_at timestamptz,
  -- How far business time ran ahead at the start; always zero in production.
  ahead interval not null default '0',
  outcome text
);
comment on table intent is 'What the worker was about to write outside, committed before the write.';
create index intent_grant on intent (grant_id, id);
create index intent_open on intent (target_kind, target_key) where finished_at is null;
create index intent_recent on intent (target_kind, target_key, finished_at);

create table observation (
  target_kind text not null,
  target_key uuid not null,
  observed_at timestamptz not null,
  body jsonb not null,
  hash bytea not null,
  primary key (target_kind, target_key)
);
comment on table observation is 'The last look at a target: what previews, namespaces and "read 40 s ago" come from.';

create table worker_heartbeat (
  holder text primary key,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  -- How far the worker's clock is ahead of the database's; negative where it is behind.
  clock_ahead interval not null default '0'
);
comment on table worker_heartbeat is 'Workers that are alive, so that the web can say when none is.';

create table outbox (
  id uuid primary key,
  event_id uuid not null,
  channel text not null,
  recipient text not null,
  message jsonb not null,
  created_at timestamptz not null,
  sent_at timestamptz,
  attempts integer not null default 0,
  next_try timestamptz
);
comment on table outbox is 'One row a message and channel, written with the change that it tells of.';
create index outbox_due on outbox (next_try) where sent_at is null;
