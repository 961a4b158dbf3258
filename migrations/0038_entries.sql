-- Latchkey makes access entries. While a principal is moved from its line to an entry, both are recorded, for one visit.

alter table mapping add column entry_id text
  constraint mapping_entry_id check (entry_id is null or (kind = 'entry' and length(entry_id) <= 2048));
comment on column mapping.entry_id is 'The ARN of the access entry itself, which ends in a UUID; empty until it was seen, and for lines.';

alter table mapping add column move_asked_at timestamptz
  constraint mapping_move check (move_asked_at is null or (kind = 'line' and isfinite(move_asked_at)));
comment on column mapping.move_asked_at is 'When an operator asked to move this line to an access entry; empty if none did.';
-- The portal records that an operator asks for a move, and nothing else of a mapping.
grant update (move_asked_at) on mapping to latchkey_web;

drop index mapping_one_live;
create unique index mapping_one_live on mapping (principal_id, cluster_id, kind) where state <> 'removed';
-- Workers of the versions that named these three as a line's key are too old to run beside this one.
drop index mapping_visit;
