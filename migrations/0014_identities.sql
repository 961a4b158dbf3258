-- Whether the IAM user of an access is still the one that was proven. An access is only set up for one that was looked
-- at for its setup; an id that differs counts once two looks saw it.
alter table principal add column differs_since timestamptz, add column differs_id text;
comment on column principal.differs_since is
  'Since when each look found another unique id than the one that was proven; null where the last did not.';
comment on column principal.differs_id is 'The unique id that the last look found, where that differs.';
alter table principal add constraint principal_differs
  check ((differs_since is null) = (differs_id is null) and char_length(differs_id) <= 200) not valid;
grant update (differs_since, differs_id) on principal to latchkey_worker;

alter table grant_leg add column identity text not null default 'nothing', add column identity_at timestamptz;
comment on column grant_leg.identity is
  'Of a leg on a principal: what the last look, made for this access, told of who its user is now.';
alter table grant_leg add constraint grant_leg_identity
  check (identity in ('nothing', 'same', 'unprotected', 'differs')) not valid;

-- What is being set up while this runs waits for such a look: let that be now.
update target t set generation = generation + 1, due_at = least(due_at, clock_timestamp())
where kind = 'principal' and exists (
  select from access_grant g where g.principal_id = t.key and g.state in ('scheduled', 'provisioning'));
