-- A mapping is a line in aws-auth or, once such are written, an access entry: a principal may have one of each kind for
-- the same visit. A worker that does not know a kind takes the row for one that it cannot read, and touches nothing of it.

alter table mapping add column kind text not null default 'line'
  constraint mapping_kind check (kind in ('line', 'entry'));
comment on table mapping is 'A line in a cluster''s aws-auth, or an access entry: owned by the set of a person''s grants there, not by one of them.';
comment on column mapping.kind is 'line or entry.';

alter table mapping drop constraint mapping_pkey,
  add constraint mapping_pkey primary key (principal_id, cluster_id, visit, kind);
-- Workers of the version before name these three where they record a line. A later version drops it.
create unique index mapping_visit on mapping (principal_id, cluster_id, visit);
