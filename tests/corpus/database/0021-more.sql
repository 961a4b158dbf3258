-- Rows of a database at version 21 that the story in 0021.sql left out: blockers, findings and interrupted steps, in the
-- sentences of that version.
update public.grant_leg set condition = 'blocked', attempts = 3,
  error = 'Latchkey could not create RoleBinding payments/latchkey: the API server refuses it. What is missing: create rolebindings in payments'
  where proven = 'present' and target_kind = 'cluster';
update public.grant_leg set wider = '{"the API server lets `latchkey:ben:1` delete pods in payments"}'
  where proven = 'present' and target_kind = 'cluster';
update public.access_grant set residual = '["Another access of theirs (profile view on payments) allows to get pods in namespace payments."]'
  where id = (select id from public.access_grant where state = 'ended' order by id limit 1);
update public.target set failure = 'Latchkey could not list the bindings of cluster `prod-eu`: connection refused. It tries again by itself.',
  failed_since = '2026-11-29 14:44:00+00', fenced_since = '2026-11-29 14:43:00+00',
  fenced_why = 'the marker of `prod-eu` names the installation 0197, which is not this one', paused_since = '2026-11-29 14:42:00+00',
  paused_by = (select id from public.person where handle = 'dee'), paused_why = 'the node groups are being replaced'
  where kind = 'cluster' and key = (select id from public.cluster where name = 'prod-eu');
insert into public.intent (id, target_kind, target_key, epoch, grant_id, step, object, started_at, finished_at, outcome)
  select gen_random_uuid(), i.target_kind, i.target_key, i.epoch, i.grant_id, i.step, i.object, i.started_at, i.finished_at, said
  from (select * from public.intent where grant_id is not null order by id limit 1) i,
    unnest(array['interrupted; it was there when looked at again', 'interrupted; what is there now counts when looked at again',
      'interrupted; nothing that is surely its own was there when looked at again',
      'Latchkey could not create RoleBinding payments/x: already exists. Somebody has to look at it.']) said;
insert into public.intent (id, target_kind, target_key, epoch, grant_id, step, object, started_at)
  select gen_random_uuid(), target_kind, target_key, epoch, grant_id, step, object, started_at
  from public.intent where grant_id is not null order by id limit 1;
insert into public.alarm (id, code, subject, what, raised_at) values (gen_random_uuid(), 'kept_locked', 'table target',
  'Nothing ends and nothing is set up: the session 7 of `latchkey_web` keeps the table `target` locked.', '2026-11-29 14:40:00+00');
insert into public.worker_heartbeat (holder, started_at, seen_at) values ('a worker of version 21', '2026-11-29 14:31:00+00', '2026-11-29 14:44:30+00');
insert into public.outbox (id, event_id, channel, recipient, message, created_at)
  select gen_random_uuid(), id, 'mail', 'ana', '{}', at from public.event order by id limit 1;
delete from public.audit_link where seq = (select max(seq) from public.audit_link);
insert into public.event_unsealed (event_id) select id from public.event e
  where not exists (select from public.audit_link l where l.event_id = e.id);
