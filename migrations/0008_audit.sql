create table event (
  id uuid primary key,
  at timestamptz not null,
  action text not null,
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
create index event_person on event (person_id, id desc);
create index event_actor on event (actor_id, id desc);
create index event_cluster on event (cluster_id, id desc);
create index event_request on event (request_id, id);
create index event_grant on event (grant_id, id);
create index event_action on event (action, id desc);

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
