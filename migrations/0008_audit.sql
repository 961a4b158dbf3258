create table event (
  id uuid primary key,
  at timestamptz not null,
  -- Compared byte for byte, so that a noun's actions are found by an index, whatever the database's collation.
  action text collate "C" not null,
  -- Who did it: a person, or the name of a process (`worker`, `policy apply`).
  actor_id uuid,
  actor text not null,
  person_id uuid,
  cluster_id uuid,
  request_id uuid,
  grant_id uuid,
  -- The event as RFC 8785 canonical JSON: what the chain hashes.
  canonical bytea not null constraint event_size check (octet_length(canonical) <= 65536)
);
comment on table event is 'What happened, in the transaction that made it happen. Insert only.';
-- Lists are by time, and within one moment by id: each filter has an index in that order.
create index event_at on event (at desc, id desc);
create index event_person on event (person_id, at desc, id desc);
create index event_actor on event (actor_id, at desc, id desc) where actor_id is not null;
create index event_process on event (actor, at desc, id desc) where actor_id is null;
create index event_cluster on event (cluster_id, at desc, id desc);
create index event_request on event (request_id, id);
create index event_grant on event (grant_id, id);
create index event_action on event (action, at desc, id desc);

create table audit_link (
  seq bigint primary key constraint audit_link_seq check (seq > 0),
  event_id uuid not null constraint audit_link_event_unique unique references event,
  previous bytea not null constraint audit_link_previous_length check (octet_length(previous) = 32),
  hash bytea not null constraint audit_link_hash_length check (octet_length(hash) = 32)
);
comment on table audit_link is 'The hash chain over events, written by one sealer without gaps. Insert only.';

-- The sealer's queue. An event whose transaction commits late has a place here from the moment it can be seen, however
-- many later ones were linked before it; and what is to be linked is found without looking at millions that are.
create table event_unsealed (
  event_id uuid primary key
);
comment on table event_unsealed is 'Events that wait for their link. Filled with each event, emptied by the sealer.';

-- Whoever may insert an event queues it, and can do nothing else with the queue.
create function event_queue() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.event_unsealed (event_id) values (new.id);
  return null;
end
$$;
create trigger event_queue after insert on event for each row execute function event_queue();

create function audit_is_insert_only() returns trigger language plpgsql as $$
begin
  raise exception '% is insert only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;
create trigger event_insert_only before update or delete on event for each row execute function audit_is_insert_only();
create trigger event_no_truncate before truncate on event for each statement execute function audit_is_insert_only();
create trigger audit_link_insert_only before update or delete on audit_link for each row execute function audit_is_insert_only();
create trigger audit_link_no_truncate before truncate on audit_link for each statement execute function audit_is_insert_only();

-- The worker's own walks over the chain. A walk begins at the first link, whatever is stored here: where it is now only
-- lets another worker go on. What the last whole walk found stays beside it.
create table audit_walk (
  only_row boolean primary key default true constraint audit_walk_one_row check (only_row),
  began_at timestamptz,
  seq bigint not null default 0,
  hash bytea not null default decode(repeat('00', 32), 'hex')
    constraint audit_walk_hash_length check (octet_length(hash) = 32),
  -- After the links, each event is looked at for its link, in the order of ids; none while the links are walked.
  event_id uuid,
  verified_at timestamptz,
  verified_seq bigint,
  verified_hash bytea constraint audit_walk_verified_hash_length check (octet_length(verified_hash) = 32),
  broken_at timestamptz,
  broken_seq bigint,
  -- Whether what is missing belongs after that link, which itself is sound.
  broken_after boolean not null default false,
  broken_why text,
  constraint audit_walk_verified check (
    (verified_at is null) = (verified_seq is null) and (verified_at is null) = (verified_hash is null)),
  constraint audit_walk_broken check (
    (broken_at is null) = (broken_seq is null) and (broken_at is null) = (broken_why is null))
);
comment on table audit_walk is 'How far the worker verified the audit chain, and where it found it broken. Real clock.';
insert into audit_walk default values;
