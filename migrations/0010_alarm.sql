create table alarm (
  id uuid primary key,
  code text not null constraint alarm_code_form check (code ~ '^[a-z_]{1,40}$'),
  -- What it is about, unique within the code: "access_grant <id>".
  subject text not null constraint alarm_subject_length check (char_length(subject) between 1 and 200),
  -- A sentence for operators: what happened, why, what to do.
  what text not null constraint alarm_what_length check (char_length(what) between 1 and 1000),
  person_id uuid,
  cluster_id uuid,
  request_id uuid,
  grant_id uuid,
  raised_at timestamptz not null,
  cleared_at timestamptz,
  -- Nobody where it was over by itself.
  cleared_by uuid references person,
  constraint alarm_cleared check (cleared_by is null or cleared_at is not null)
);
comment on table alarm is 'What an operator has to know of: each stands over their pages until it is over, or one of them clears it.';
create unique index alarm_one_standing on alarm (code, subject) where cleared_at is null;
create index alarm_standing on alarm (raised_at desc, id desc) where cleared_at is null;

grant select on alarm to latchkey_web, latchkey_worker;
grant insert on alarm to latchkey_worker;
grant update (cleared_at, cleared_by) on alarm to latchkey_web, latchkey_worker;
