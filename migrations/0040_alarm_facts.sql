-- What an alarm is about is a value. `what` goes on being written, as the sentence of it, for processes of earlier versions
-- that run beside this one, and for the event of its clearing. Of rows without facts, the sentence is shown.

alter table alarm add column facts jsonb;
comment on column alarm.facts is 'What happened, with its facts. None where an earlier version wrote what alone.';
comment on column alarm.what is 'The same as a sentence.';
alter table alarm add constraint alarm_facts_form
  check (jsonb_typeof(facts) = 'object' and pg_column_size(facts) <= 65536) not valid;
