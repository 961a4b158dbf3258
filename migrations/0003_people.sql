create table person (
  id uuid primary key,
  handle text not null constraint person_handle_unique unique
    constraint person_handle_form check (handle ~ '^[a-z0-9-]{1,40}$'),
  name text not null constraint person_name_length check (char_length(name) between 1 and 200),
  email text constraint person_email_length check (char_length(email) <= 320),
  groups text[] not null default '{}',
  groups_as_of timestamptz not null,
  created_at timestamptz not null,
  -- How they like pages: the theme, and the time zone by its IANA name where it is not the deployment's.
  theme text not null default 'auto' constraint person_theme check (theme in ('auto', 'light', 'dark')),
  time_zone text constraint person_time_zone_length check (char_length(time_zone) between 1 and 60)
);
comment on table person is 'Whoever signed in. Handles are never reused; groups are those of the last sign-in.';
create index person_groups on person using gin (groups);

create table identity (
  issuer text not null,
  subject text not null,
  person_id uuid not null references person,
  created_at timestamptz not null,
  primary key (issuer, subject)
);
comment on table identity is 'How an identity provider names a person: by issuer and subject, never by e-mail.';

create table session (
  token_hash bytea primary key constraint session_token_hash_length check (octet_length(token_hash) = 32),
  id uuid not null constraint session_id_unique unique,
  person_id uuid not null references person,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  auth_time timestamptz not null,
  acr text,
  -- Its family and system alone, "Firefox on Linux": enough to tell one's own browsers apart.
  browser text constraint session_browser_length check (char_length(browser) <= 60),
  ended_at timestamptz
);
comment on table session is 'Signed-in browsers, by the SHA-256 of their token. Times are the database''s real clock.';
create index session_person on session (person_id) where ended_at is null;
create index session_created_at on session (created_at);

create table login_attempt (
  token_hash bytea primary key,
  state_hash bytea not null constraint login_attempt_state_unique unique,
  return_to text not null,
  created_at timestamptz not null,
  used_at timestamptz
);
comment on table login_attempt is 'One sign-in under way, bound to its browser by a cookie; used once, within ten minutes. Gone after an hour.';
create index login_attempt_created_at on login_attempt (created_at);

-- Lost with a crash, and then counted anew: nothing that anybody decided stands here.
create unlogged table limit_window (
  what text not null
    constraint limit_window_what check (what in ('sign_in_address', 'sign_in_person', 'proof', 'request', 'form')),
  -- SHA-256 of the address, or of the id of the person or session.
  whose bytea not null constraint limit_window_whose_length check (octet_length(whose) = 32),
  count integer not null,
  ends_at timestamptz not null,
  primary key (what, whose)
);
comment on table limit_window is 'How often somebody did something since their window began. A row each; those that are over go.';
create index limit_window_ends_at on limit_window (ends_at);

create table principal (
  id uuid primary key,
  person_id uuid not null references person,
  arn text not null,
  unique_id text not null,
  kind text not null constraint principal_kind check (kind in ('user', 'role')),
  aws_profile text,
  source text not null constraint principal_source check (source in ('proven', 'vouched')),
  shared boolean not null default false,
  proven_at timestamptz not null,
  ended_at timestamptz
);
comment on table principal is 'An IAM identity that a person has proven to be theirs.';
-- The authenticator compares ARNs without case, so do we.
create unique index principal_arn_live on principal (lower(arn)) where ended_at is null and not shared;
create index principal_person on principal (person_id);

create table proof_nonce (
  hash bytea primary key,
  person_id uuid not null references person,
  session_id uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
comment on table proof_nonce is 'The nonce that a pasted AWS proof must carry: one person, one session, one use.';
create index proof_nonce_person on proof_nonce (person_id, created_at);
