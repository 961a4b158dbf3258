create table request (
  id uuid primary key,
  person_id uuid not null references person,
  principal_id uuid not null references principal,
  cluster_id uuid not null references cluster,
  profile text not null,
  -- The profile as resolved when asked: its rules, by ClusterRole, with their hash.
  resolved_profile jsonb not null,
  -- [{"name", "uid"}]: pinned, so that a recreated namespace inherits nothing.
  namespaces jsonb not null,
  minutes integer not null constraint request_minutes check (minutes between 5 and 43200),
  reason text not null constraint request_reason_length check (char_length(reason) between 1 and 1000),
  policy_hash bytea not null references policy_version,
  policy_name text not null,
  -- SHA-256 of request, resolved profile and ruling policy: what a vote is bound to.
  seen bytea not null constraint request_seen_length check (octet_length(seen) = 32),
  quorum integer not null constraint request_quorum check (quorum between 0 and 20),
  state text not null constraint request_state check (state in ('pending', 'approved', 'denied', 'cancelled', 'lapsed')),
  submitted_at timestamptz not null,
  lapses_at timestamptz not null,
  closed_at timestamptz,
  constraint request_closed check ((state = 'pending') = (closed_at is null))
);
comment on table request is 'One ask: who, as which principal, for what, for how long and why.';
create index request_person on request (person_id, id desc);
create index request_pending on request (lapses_at) where state = 'pending';
create index request_open_cluster on request (cluster_id) where state = 'pending';
create index request_closed_at on request (closed_at desc, id desc) where state <> 'pending';

create table vote (
  request_id uuid not null references request,
  person_id uuid not null references person,
  verdict text not null constraint vote_verdict check (verdict in ('approve', 'deny')),
  reason text constraint vote_reason_length check (char_length(reason) <= 1000),
  seen bytea not null,
  at timestamptz not null,
  primary key (request_id, person_id)
);
comment on table vote is 'What an approver said, bound to the hash of what they saw.';
create index vote_person on vote (person_id, at desc);
