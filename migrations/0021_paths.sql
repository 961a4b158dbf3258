-- Functions that name tables look for them where this migration does, whoever calls them and from whatever path: new
-- ones are made so from here on. `latchkey migrate` has the schema of the tables, and behind it temporary tables, as its
-- path.
alter function latchkey_now() set search_path from current;
alter function access_grant_basis() set search_path from current;
alter function audit_is_insert_only() set search_path from current;
