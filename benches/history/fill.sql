-- A history of a realistic shape, in addition to what the town has. `history.accesses` says how many accesses ended
-- over the last 400 days, with ten events each. The present (people, clusters, active accesses, pending requests) does
-- not depend on it, so that two fillings differ in the history alone.
--
-- The `overseer` holds one access of twenty and decided one of five; the town's `prod-eu` has one of five.

-- Foreign keys and triggers are off while it is filled; the queue of the sealer is filled at the end.
set session_replication_role = replica;
set synchronous_commit = off;

create function pg_temp.uuid7(at timestamptz, number bigint) returns uuid language sql immutable as $$
  select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(number % 4096), 3, '0')
    || '8' || lpad(to_hex(number), 15, '0'))::uuid
$$;

insert into person (id, handle, name, email, groups, groups_as_of, created_at)
select pg_temp.uuid7(now() - interval '401 days', n), format('crowd-%s', n), format('Crowd %s', n),
  format('crowd-%s@example.com', n), case when n % 50 = 1 then '{developers,payments-leads}'::text[] else '{developers}' end,
  now(), now() - interval '401 days'
from generate_series(1, 499) n;

insert into principal (id, person_id, arn, unique_id, kind, source, proven_at)
select pg_temp.uuid7(now() - interval '401 days', 1000 + row_number() over (order by p.id)), p.id,
  'arn:aws:iam::111122223333:user/latchkey/' || p.handle, 'AIDA' || upper(replace(p.handle, '-', '')), 'user', 'proven',
  now() - interval '401 days'
from person p where p.handle like 'crowd-%';

create temp table whole as select row_number() over (order by p.handle <> 'overseer', p.id) - 1 as number, p.id as person,
  p.handle, i.id as principal, i.arn
from person p join principal i on i.person_id = p.id where p.handle like 'crowd-%' or p.handle = 'overseer';
create unique index on whole (number);

insert into cluster (id, name, arn, created_at)
select pg_temp.uuid7(now() - interval '401 days', 2000 + n), format('cluster-%s', n),
  format('arn:aws:eks:eu-west-1:111122223333:cluster/cluster-%s', n), '1970-01-01'
from generate_series(1, 48) n;
insert into observation (target_kind, target_key, observed_at, body, hash)
select 'cluster', c.id, clock_timestamp(), jsonb_set(jsonb_set(o.body, '{aws,name}', to_jsonb(c.name)), '{aws,arn}', to_jsonb(c.arn)), ''
from cluster c, observation o join cluster prod on prod.id = o.target_key and prod.name = 'prod-eu'
where c.name like 'cluster-%';
create temp table place as select row_number() over (order by name <> 'prod-eu', id) - 1 as number, id as cluster, name from cluster;
create unique index on place (number);

insert into target (kind, key, generation, due_at, epoch, ran_at)
select 'cluster', cluster, 1, now() + interval '1 hour', 1, now() from place
union all select 'principal', principal, 1, now() + interval '1 hour', 1, now() from whole
on conflict do nothing;

-- Half a dozen sign-ins for each person and month.
insert into session (token_hash, id, person_id, created_at, seen_at, auth_time, browser, ended_at)
select sha256(('session ' || n)::bytea), pg_temp.uuid7(t.at, n), w.person, t.at, t.at, t.at, 'Firefox on Linux', t.at + interval '8 hours'
from generate_series(1, current_setting('history.accesses')::bigint / 2) n
cross join lateral (select now() - interval '1 day' - n * (interval '399 days' / current_setting('history.accesses')::int * 2) as at) t
join whole w on w.number = n % 500;

-- Each access: who, on which cluster, when asked (to the second), who decided. Those with a number above
-- `history.accesses` are still active; the highest numbers wait for a vote.
create temp table life as
select n, w.person, w.handle, w.principal, w.arn, p.cluster, p.name as cluster_name,
  d.id as decider, d.handle as decider_handle, a.asked,
  case when n <= h.accesses then 'ended' when n <= h.accesses + 300 then 'active' else 'pending' end as state,
  pg_temp.uuid7(a.asked, n) as request, pg_temp.uuid7(a.asked + interval '90 seconds', n) as grant_id,
  format('Why did the settlement of batch %s stop? It is in incident %s.', n, n / 7) as reason
from (select current_setting('history.accesses')::bigint as accesses) h
cross join lateral generate_series(1, h.accesses + 340) n
cross join lateral (select date_trunc('second', case
  when n <= h.accesses then now() - interval '2 hours' - (h.accesses - n) * (interval '400 days' / h.accesses)
  when n <= h.accesses + 300 then now() - interval '20 minutes' else now() - interval '5 minutes' end) as asked) a
join whole w on w.number = case when n % 20 = 0 then 0 else 1 + n % 499 end
join place p on p.number = case when n % 5 = 0 then 0 else 1 + n % 49 end
join person d on d.handle = case when n % 5 = 1 then 'overseer' else 'dot' end;

create temp table asked as select * from request order by id limit 1;

insert into request (id, person_id, principal_id, cluster_id, profile, resolved_profile, namespaces, minutes, reason,
  policy_hash, policy_name, seen, basis, quorum, state, submitted_at, lapses_at, closed_at)
select l.request, l.person, l.principal, l.cluster, t.profile, t.resolved_profile, t.namespaces, 60, l.reason,
  t.policy_hash, t.policy_name, t.seen, 'quorum', 1, case when l.state = 'pending' then 'pending' else 'approved' end,
  l.asked, l.asked + interval '24 hours', case when l.state <> 'pending' then l.asked + interval '90 seconds' end
from life l, asked t;

insert into vote (request_id, person_id, verdict, seen, at)
select l.request, l.decider, 'approve', t.seen, l.asked + interval '90 seconds' from life l, asked t where l.state <> 'pending';

insert into access_grant (id, request_id, person_id, principal_id, cluster_id, profile, resolved_profile, namespaces,
  minutes, policy_hash, policy_name, basis, quorum, decided_by, state, version, created_at, activate_by, hard_until, since, until, revoking_since,
  ended_at, cause)
select l.grant_id, l.request, l.person, l.principal, l.cluster, t.profile, t.resolved_profile, t.namespaces, 60,
  t.policy_hash, t.policy_name, 'quorum', 1, array[l.decider], l.state, 4, s.at, s.at + interval '30 minutes', s.at + interval '90 minutes',
  s.at + interval '3 seconds', s.at + interval '63 seconds' + interval '1 hour',
  case when l.state = 'ended' then s.at + interval '61 minutes' end,
  case when l.state = 'ended' then s.at + interval '61 minutes 3 seconds' end,
  case when l.state = 'ended' then 'expired' end
from life l cross join lateral (select l.asked + interval '90 seconds' as at) s, asked t where l.state <> 'pending';

insert into grant_leg (grant_id, target_kind, target_key, proven, proven_at, evidence)
select l.grant_id, leg.kind, leg.key, case l.state when 'ended' then 'gone' else 'present' end, l.asked + interval '62 minutes',
  '{"allowed": ["payments: list pods", "payments: get pods/log", "payments: list deployments"],
    "refused": ["payments: delete pods", "kube-system: get secrets"], "residual": [], "wider": []}'
from life l
cross join lateral (values ('cluster', l.cluster), ('principal', l.principal)) leg (kind, key)
where l.state <> 'pending';

insert into mapping (principal_id, cluster_id, visit, username, own, data_key, inserted, text_before, state, writes,
  wrote_at, intended_at, written_at, removed_at)
select l.principal, l.cluster, v.visit, format('latchkey:%s:%s', l.handle, v.visit), true, 'mapUsers',
  format(E'- userarn: %s\n  username: latchkey:%s:%s\n', l.arn, l.handle, v.visit), '', v.state, 1, s.at, s.at, s.at, v.removed
from (select *, row_number() over (partition by principal, cluster order by n) as visit,
        lead(n) over (partition by principal, cluster order by n) is null as last from life where state <> 'pending') l
cross join lateral (select l.asked + interval '92 seconds' as at) s
cross join lateral (select l.visit::int as visit,
  case when l.state = 'active' and l.last then 'written' else 'removed' end as state,
  case when not (l.state = 'active' and l.last) then s.at + interval '61 minutes' end as removed) v;

insert into intent (id, target_kind, target_key, epoch, grant_id, step, object, detail, started_at, finished_at, outcome)
select pg_temp.uuid7(s.at, l.n * 8 + w.place), w.kind, w.key, 1, l.grant_id, w.step, w.object, '{}', s.at, s.at + interval '200 ms', 'done'
from life l
cross join lateral (values
  (0, 'principal', l.principal, 1, 'put_policy', 'policy latchkey of ' || l.handle),
  (1, 'cluster', l.cluster, 1, 'add_mapping', 'mapUsers'),
  (2, 'cluster', l.cluster, 2, 'create_binding', 'RoleBinding payments/latchkey-' || l.grant_id),
  (3, 'cluster', l.cluster, 3661, 'empty_binding', 'RoleBinding payments/latchkey-' || l.grant_id),
  (4, 'cluster', l.cluster, 3661, 'delete_binding', 'RoleBinding payments/latchkey-' || l.grant_id),
  (5, 'cluster', l.cluster, 3662, 'remove_mapping', 'mapUsers'),
  (6, 'principal', l.principal, 3662, 'delete_policy', 'policy latchkey of ' || l.handle)) w (place, kind, key, after, step, object)
cross join lateral (select l.asked + interval '90 seconds' + w.after * interval '1 second' as at) s
where l.state = 'ended' or (l.state = 'active' and w.place <= 2);

-- Events, with the bytes that the product writes: RFC 8785, keys in their order.
insert into event (id, at, action, actor_id, actor, person_id, cluster_id, request_id, grant_id, canonical)
select k.id, k.at, e.action, e.by, e.by_name, l.person, l.cluster, l.request, k.grant_id,
  convert_to(format('{"action":"%s","actor":%s,"at":"%s","cluster":"%s","detail":%s%s,"id":"%s","person":"%s","request":"%s"}',
    e.action,
    case when e.by is null then '{"process":{"name":"worker"}}'
      else format('{"person":{"handle":"%s","id":"%s"}}', e.by_name, e.by) end,
    to_char(k.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), l.cluster, e.detail,
    case when k.grant_id is null then '' else format(',"grant":"%s"', k.grant_id) end, k.id, l.person, l.request), 'UTF8')
from life l
cross join lateral (select format('"policy":"payments may look","policy_hash":"%s"', encode(t.policy_hash, 'hex')) as policy,
  encode(t.seen, 'hex') as seen from asked t) t
cross join lateral (values
  (0, 0, 'request.submitted', l.person, l.handle, format('{"cluster":"%s","lapses_at":"%s","minutes":60,"namespaces":["payments"],%s,"principal":"%s","profile":"view","quorum":1,"reason":"%s","seen":"%s"}',
    l.cluster_name, to_char((l.asked + interval '24 hours') at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), t.policy, l.arn, l.reason, t.seen)),
  (1, 90, 'request.approved', l.decider, l.decider_handle, format('{"seen":"%s"}', t.seen)),
  (2, 90, 'grant.started', null::uuid, 'worker', '{}'),
  (3, 91, 'grant.change_begun', null, 'worker', format('{"epoch":1,"steps":["add_mapping mapUsers","create_binding RoleBinding payments/latchkey-%s"],"target":"cluster"}', l.grant_id)),
  (4, 93, 'grant.change_ended', null, 'worker', '{"epoch":1,"outcome":"proven","target":"cluster"}'),
  (5, 93, 'grant.activated', null, 'worker', '{}'),
  (6, 3753, 'grant.revoking', null, 'worker', '{"cause":"expired"}'),
  (7, 3754, 'grant.change_begun', null, 'worker', format('{"epoch":1,"steps":["empty_binding RoleBinding payments/latchkey-%s","delete_binding RoleBinding payments/latchkey-%1$s","remove_mapping mapUsers"],"target":"cluster"}', l.grant_id)),
  (8, 3756, 'grant.change_ended', null, 'worker', '{"epoch":1,"outcome":"gone","target":"cluster"}'),
  (9, 3756, 'grant.ended', null, 'worker', '{"cause":"expired","residual":[]}')) e (place, after, action, by, by_name, detail)
cross join lateral (select l.asked + e.after * interval '1 second' as at) a
cross join lateral (select a.at, pg_temp.uuid7(a.at, l.n * 16 + e.place) as id, case when e.place > 0 then l.grant_id end as grant_id) k
where l.state = 'ended' or (l.state = 'active' and e.place <= 5) or e.place = 0;

insert into event_unsealed (event_id) select id from event on conflict do nothing;

set session_replication_role = origin;
drop table whole, place, life, asked;
