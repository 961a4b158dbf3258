-- The migration 0030 writes into every request. These constraints were added without a check of the rows that stood then,
-- and such a row would refuse that write. The migration 0032 makes them again, without a check.

alter table request
  drop constraint request_profile_shape,
  drop constraint request_namespaces_shape,
  drop constraint request_times,
  drop constraint request_sizes;
