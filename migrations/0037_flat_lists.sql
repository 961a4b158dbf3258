-- A column of a list may hold a list of lists, for which functions of the server fail with an error: one such row would
-- fail each statement that reads it with others. Lists are read flat, and none of lists is stored any more. An access that
-- ends is not checked: its end never depends on what its row holds besides.

create function latchkey_flat(list anyarray) returns anyarray
language sql immutable
as $$ select array(select item from unnest(list) item where item is not null) $$;
comment on function latchkey_flat is 'The items of a list, in order and without nulls; empty if there is no list.';

create or replace function latchkey_groups(groups text[]) returns text[]
language sql immutable
as $$ select case when pg_column_size(groups) <= 262144 then latchkey_flat(groups) else '{}' end $$;

create or replace function latchkey_ids(ids uuid[]) returns uuid[]
language sql immutable
as $$ select case when pg_column_size(ids) <= 65536 then latchkey_flat(ids) else '{}' end $$;

alter table access_grant add constraint access_grant_decided_by_flat check (state in ('revoking', 'ended')
  or coalesce(array_ndims(decided_by), 1) = 1) not valid;
alter table vote add constraint vote_groups_flat check (coalesce(array_ndims(groups), 1) = 1) not valid;
alter table person add constraint person_groups_flat check (coalesce(array_ndims(groups), 1) = 1) not valid;
