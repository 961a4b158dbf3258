-- What a grant rests on: the policy that ruled at its completing vote, not the one under which it was asked.
alter table access_grant
  add column policy_name text,
  add column basis text,
  add column quorum integer;

comment on column access_grant.policy_name is 'The policy of policy_hash that ruled at the completing vote.';
comment on column access_grant.basis is 'Whether people decided (quorum), or the policy by itself (automatic).';
comment on column access_grant.quorum is 'How many approvals the ruling policy wanted; null where nobody had to decide.';

-- Until now a grant took the policy of its request. Ended rows never change, but for what they never had.
alter table access_grant disable trigger user;
update access_grant g set policy_name = r.policy_name,
  basis = case when r.quorum = 0 then 'automatic' else 'quorum' end,
  quorum = nullif(r.quorum, 0)
from request r where r.id = g.request_id;
alter table access_grant enable trigger user;

alter table access_grant
  alter column policy_name set not null,
  alter column basis set not null,
  add constraint access_grant_basis check (basis in ('quorum', 'automatic')),
  add constraint access_grant_quorum check (
    (basis = 'automatic' and quorum is null) or (basis = 'quorum' and quorum is not null and quorum between 1 and 20));

-- A process of the version before says nothing of the basis: then it is that of the request, as it was before.
create function access_grant_basis() returns trigger language plpgsql as $$
begin
  if new.basis is null then
    select r.policy_name, case when r.quorum = 0 then 'automatic' else 'quorum' end, nullif(r.quorum, 0)
    into new.policy_name, new.basis, new.quorum
    from request r where r.id = new.request_id;
  end if;
  return new;
end
$$;
create trigger access_grant_basis before insert on access_grant
  for each row execute function access_grant_basis();

-- What made a voter eligible when the vote was last counted: at the latest at the completing vote.
alter table vote
  add column policy_hash bytea references policy_version,
  add column groups text[],
  add column rules jsonb,
  add constraint vote_counted check ((policy_hash is null) = (groups is null)),
  add constraint vote_rules check (jsonb_typeof(rules) = 'object');

comment on column vote.policy_hash is 'The policy.toml by which the vote was last counted; null where it was cast before this was kept.';
comment on column vote.groups is 'The groups of the voter when the vote was last counted.';
comment on column vote.rules is 'The rules that stood when the vote was cast: the policy, and the hash of the profile as resolved then.';
grant update (policy_hash, groups, rules) on vote to latchkey_web;
