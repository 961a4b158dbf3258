-- By which means somebody signed in, as the identity provider said (RFC 8176): what a policy can ask for later.
alter table session add column amr text[] not null default '{}'
  constraint session_amr check (cardinality(amr) <= 10 and array_position(amr, null) is null
    and octet_length(array_to_string(amr, '')) <= 2000);
