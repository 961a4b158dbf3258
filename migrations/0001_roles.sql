-- The two database roles of the running processes. They log in without a password until the operator sets one
-- (or through IAM or certificate authentication); the owner of the schema is whoever runs `latchkey migrate`.
do $$
begin
  if not exists (select from pg_roles where rolname = 'latchkey_web') then
    create role latchkey_web login;
  end if;
  if not exists (select from pg_roles where rolname = 'latchkey_worker') then
    create role latchkey_worker login;
  end if;
exception when duplicate_object or unique_violation then
  null; -- another database of the same server was migrated at the same moment
end
$$;
