-- Three more causes of an end: the worker's second decision, a policy that was applied before the access was set up, and
-- an identity that an operator released.
alter table access_grant drop constraint access_grant_cause;
alter table access_grant add constraint access_grant_cause check (cause in ('expired', 'relinquished', 'revoked',
  'departed', 'ineligible', 'review_missed', 'undeliverable', 'principal_replaced', 'cluster_gone', 'incident',
  'not_allowed', 'policy_changed', 'released'));
