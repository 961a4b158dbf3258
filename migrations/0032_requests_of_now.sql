-- The constraints that the migration 0028 took away, as they were: new rows are checked, rows that stand are not.

alter table request
  add constraint request_profile_shape check (state <> 'pending'
    or coalesce(jsonb_typeof(resolved_profile -> 'roles') = 'array', false)) not valid,
  add constraint request_namespaces_shape check (state <> 'pending' or jsonb_typeof(namespaces) = 'array') not valid,
  add constraint request_times check (state <> 'pending' or (isfinite(submitted_at) and isfinite(lapses_at))) not valid,
  add constraint request_sizes check (pg_column_size(resolved_profile) <= 4194304 and pg_column_size(namespaces) <= 65536
    and octet_length(profile) <= 1000 and octet_length(policy_name) <= 1000) not valid;
