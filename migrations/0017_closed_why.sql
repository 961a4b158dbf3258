-- Why a request is cancelled: its requester took it back, or others closed it.
alter table request
  add column closed_why text
    constraint request_closed_why check (closed_why in ('requester', 'policy_dropped', 'principal_ended', 'policy_changed')),
  add constraint request_closed_why_state check (closed_why is null or state = 'cancelled');
comment on column request.closed_why is 'Why it is cancelled; null in rows of earlier versions, which requesters cancelled.';
grant update (closed_why) on request to latchkey_web, latchkey_worker;

-- What the end of an IAM identity closes.
create index request_open_principal on request (principal_id) where state = 'pending';
