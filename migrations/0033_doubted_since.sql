-- Since when it is in doubt whether a running access works: kept once it ends, so that its page does not claim that it
-- worked until then.

alter table grant_leg add column doubted_since timestamptz;
comment on column grant_leg.doubted_since is
  'Since when looks at a running access see trouble here. In business time. It stays as it is once the access ends.';
alter table grant_leg add constraint grant_leg_doubted check (isfinite(doubted_since)) not valid;
