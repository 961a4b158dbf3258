-- How a request is to be decided, by people or by the policy itself, is a column of its own, as an access has it.
--
-- `quorum` stays 0 for what the policy grants by itself, since processes of earlier versions that run beside this one read
-- it so. They write no basis: it follows from the quorum then.

create function request_basis() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if new.basis is null then
    new.basis := case when new.quorum = 0 then 'automatic' else 'quorum' end;
  end if;
  return new;
end
$$;

alter table request add column basis text;
comment on column request.basis is 'Whether people decide (quorum) or the policy does by itself (automatic), by the policy that ruled when it was asked.';
comment on column request.quorum is 'How many approvals were wanted when it was asked; 0 if the policy granted it by itself.';

-- Closed requests never change, but for what they never had.
alter table request disable trigger user;
update request set basis = case when quorum = 0 then 'automatic' else 'quorum' end;
alter table request enable trigger user;

alter table request
  alter column basis set not null,
  add constraint request_basis check (basis in ('quorum', 'automatic')),
  add constraint request_basis_quorum check ((basis = 'automatic') = (quorum = 0));
create trigger request_basis before insert on request for each row execute function request_basis();
