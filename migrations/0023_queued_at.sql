-- Since when an event waits for its link, by the database's real clock: the time of an event is business time, and its id
-- is the writer's to make.
alter table event_unsealed add column queued_at timestamptz not null default clock_timestamp();
comment on column event_unsealed.queued_at is 'When the event came into the queue. Real clock.';
-- Whether the seal stands still is asked on a page, however many wait.
create index event_unsealed_queued_at on event_unsealed (queued_at);
