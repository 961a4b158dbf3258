-- What became of a write, and why a cluster is gone, are values: a code, and beside it the facts.
--
-- `outcome` and `gone_why` go on being written, as sentences, for processes of earlier versions that run beside this one. Rows without a
-- code are theirs, or older: what they say is judged here, once, and nowhere else. They are not rewritten, since there may
-- be millions.

alter table intent add column code text, add column blocker jsonb;
comment on column intent.code is 'What became of the write, by its stable name. None where an earlier version wrote outcome alone.';
comment on column intent.blocker is 'Of what failed: why, with its facts.';
comment on column intent.outcome is 'The same as a sentence.';
alter table intent add constraint intent_code check (code ~ '^[a-z0-9_]{1,60}$') not valid;

create function latchkey_became(outcome text, code text) returns text
language sql immutable
as $$ select case
    when code is not null then code
    when outcome is null then null
    when outcome = 'done' then 'done'
    when outcome = 'interrupted; it was there when looked at again' then 'interrupted_seen'
    when outcome = 'interrupted; nothing that is surely its own was there when looked at again' then 'interrupted_unseen'
    when outcome = 'interrupted; the cluster was gone' then 'interrupted_cluster_gone'
    when starts_with(outcome, 'interrupted') then 'interrupted'
    else 'said'
  end $$;
comment on function latchkey_became is 'What became of a write, by its stable name; none where that is not known yet.';

alter table cluster add column gone_code text, add column gone_blocker jsonb;
comment on column cluster.gone_code is 'Why the cluster is gone, by its stable name.';
comment on column cluster.gone_blocker is 'The same with its facts. None where gone_why is all that is known.';
alter table cluster add constraint cluster_gone_code check (gone_code ~ '^[a-z0-9_]{1,60}$') not valid;
grant update (gone_code, gone_blocker) on cluster to latchkey_worker;
