-- How many claims of a target came to nothing since a run on it last reached its end: with many, its runs break off
-- again and again, whatever ends them (an error, a lease that is over, a process that dies). Rows that are there get
-- their value with their next claim: no constraint is checked for them here.

alter table target add column finished_epoch bigint;
comment on column target.finished_epoch is
  'The epoch of the last run that reached its end, or before the first claim by a version that records it.';
grant update (finished_epoch) on target to latchkey_worker;
