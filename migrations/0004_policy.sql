create table policy_version (
  hash bytea primary key constraint policy_version_hash_length check (octet_length(hash) = 32),
  previous bytea references policy_version,
  body text not null,
  applied_at timestamptz not null,
  applied_by text not null,
  current boolean not null
);
comment on table policy_version is 'Every policy.toml that ever ruled, whole. Written by `latchkey policy apply` alone.';
create unique index policy_version_one_current on policy_version (current) where current;

create table cluster (
  id uuid primary key,
  name text not null,
  arn text not null,
  created_at timestamptz,
  dropped_at timestamptz,
  -- When EKS first said that there is no such cluster; none where it showed it since. The database's real clock.
  missing_since timestamptz,
  -- When, and why, it was known to be gone for good: its accesses end, and nothing is written to what has its ARN now.
  gone_at timestamptz,
  gone_why text,
  constraint cluster_gone check ((gone_at is null) = (gone_why is null))
);
comment on table cluster is 'A cluster is its ARN and the createdAt that AWS tells; the name is what people see.';
create unique index cluster_name_live on cluster (name) where dropped_at is null;
create unique index cluster_arn_live on cluster (arn) where dropped_at is null;
