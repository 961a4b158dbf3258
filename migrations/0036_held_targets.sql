-- Every page of an operator says which clusters are held: fenced, paused, or not to be worked on. Few are, of many targets.

create index target_held on target (key)
  where kind = 'cluster' and (fenced_since is not null or paused_since is not null or failure is not null);
