create table access_grant (
  id uuid primary key,
  request_id uuid not null constraint access_grant_one_per_request unique references request,
  person_id uuid not null references person,
  principal_id uuid not null references principal,
  cluster_id uuid not null references cluster,
  profile text not null,
  resolved_profile jsonb not null,
  namespaces jsonb not null,
  minutes integer not null,
  policy_hash bytea not null references policy_version,
  decided_by uuid[] not null,
  state text not null
    constraint access_grant_state check (state in ('scheduled', 'provisioning', 'active', 'revoking', 'ended')),
  version bigint not null default 0,
  created_at timestamptz not null,
  activate_by timestamptz not null,
  hard_until timestamptz not null,
  since timestamptz,
  until timestamptz,
  revoking_since timestamptz,
  ended_at timestamptz,
  cause text constraint access_grant_cause check (cause in ('expired', 'relinquished', 'revoked', 'departed', 'ineligible',
    'review_missed', 'undeliverable', 'principal_replaced', 'cluster_gone', 'incident')),
  ended_by uuid references person,
  end_reason text constraint access_grant_end_reason_length check (char_length(end_reason) <= 1000),
  -- What still says yes though ours is gone, or beside ours: [sentence].
  residual jsonb not null default '[]',
  constraint access_grant_until check (until <= hard_until),
  constraint access_grant_active check (state <> 'active' or (since is not null and until is not null)),
  constraint access_grant_revoking check (state not in ('revoking', 'ended') or (cause is not null and revoking_since is not null)),
  constraint access_grant_ended check ((state = 'ended') = (ended_at is not null))
);
comment on table access_grant is 'One approved request''s access, from decision to proven end. Terminal rows never change.';
create index access_grant_person on access_grant (person_id, id desc);
create index access_grant_cluster_live on access_grant (cluster_id) where state <> 'ended';
create index access_grant_principal_live on access_grant (principal_id) where state <> 'ended';
create index access_grant_start on access_grant (created_at) where state = 'scheduled';
create index access_grant_activate_by on access_grant (activate_by) where state in ('scheduled', 'provisioning');
create index access_grant_until on access_grant (until) where state = 'active';
create index access_grant_revoking on access_grant (revoking_since) where state = 'revoking';

create function access_grant_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.state = 'ended' then
    raise exception 'grant % has ended and never changes', old.id using errcode = 'integrity_constraint_violation';
  end if;
  if current_user = 'latchkey_web' then
    if tg_op = 'INSERT' and new.state <> 'scheduled' then
      raise exception 'the web may only schedule a grant' using errcode = 'insufficient_privilege';
    end if;
    if tg_op = 'UPDATE' and new.state <> 'revoking' then
      raise exception 'the web may only revoke a grant' using errcode = 'insufficient_privilege';
    end if;
  end if;
  return new;
end
$$;
create trigger access_grant_guard before insert or update on access_grant
  for each row execute function access_grant_guard();

create table grant_leg (
  grant_id uuid not null references access_grant,
  target_kind text not null constraint grant_leg_kind check (target_kind in ('principal', 'cluster')),
  target_key uuid not null,
  -- What the last proof showed: nothing yet, the access present, or ours gone.
  proven text not null default 'nothing' constraint grant_leg_proven check (proven in ('nothing', 'present', 'gone')),
  proven_at timestamptz,
  -- How far business time ran ahead then; always zero in production.
  ahead interval not null default '0',
  condition text not null default 'ok'
    constraint grant_leg_condition check (condition in ('ok', 'retrying', 'paused', 'blocked')),
  attempts integer not null default 0,
  next_try timestamptz,
  -- A sentence for people: what went wrong, or who has to act.
  error text,
  evidence jsonb not null default '{}',
  -- What it allows beyond what was decided, as the last proof showed: sentences. Empty where it allows no more.
  wider text[] not null default '{}',
  -- Which of its bindings and lines the last look left in place: what is missing at the next one, somebody took.
  stood text[] not null default '{}',
  -- The epoch of the run that began to write for it, until an audit event says what came of that.
  changing bigint,
  primary key (grant_id, target_kind, target_key)
);
comment on table grant_leg is 'A grant''s part on one target. Back-off lives here, never on the target.';
create index grant_leg_target on grant_leg (target_kind, target_key);
create index grant_leg_trouble on grant_leg (condition) where condition <> 'ok';
create index grant_leg_wider on grant_leg (grant_id) where wider <> '{}';
create index grant_leg_changing on grant_leg (target_kind, target_key) where changing is not null;

create table mapping (
  principal_id uuid not null references principal,
  cluster_id uuid not null references cluster,
  visit integer not null,
  username text not null,
  -- Whether this mapping is ours, or somebody else's that we bind to.
  own boolean not null,
  data_key text,
  -- The exact bytes that we insert, written before the write.
  inserted text,
  text_before text,
  state text not null constraint mapping_state check (state in ('intended', 'written', 'removed')),
  -- How often it was written (once, and again after each time that somebody took it out), and when last.
  writes integer not null default 0,
  wrote_at timestamptz,
  intended_at timestamptz not null,
  written_at timestamptz,
  removed_at timestamptz,
  primary key (principal_id, cluster_id, visit)
);
comment on table mapping is 'A line in a cluster''s aws-auth: owned by the set of a person''s grants there, not by one of them.';
create unique index mapping_one_live on mapping (principal_id, cluster_id) where state <> 'removed';
create index mapping_taken_out on mapping (cluster_id, username) where state = 'removed';
