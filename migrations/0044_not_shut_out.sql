-- Whether something that is not Latchkey's lets the holder of an ended access in still, for lists: another access of
-- theirs was decided, too. Of a row without values, an earlier version's sentences tell only that something does.

create function latchkey_not_shut_out(residual jsonb, beside jsonb) returns boolean
language sql immutable set search_path = pg_catalog, public, pg_temp
as $$
  select case
    when jsonb_typeof(beside) = 'array' then exists (
      select from jsonb_array_elements(beside) found where found ->> 'code' not in ('other_access', 'iam_not_asked'))
    else jsonb_typeof(residual) = 'array' and residual <> '[]' end
$$;
comment on function latchkey_not_shut_out is
  'Whether something that is not Latchkey''s lets the holder of an access in, by its columns residual and beside.';
