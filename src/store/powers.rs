//! What `latchkey doctor` asks about roles, and about the triggers that limit them: each finding with the statement
//! that ends it. Reads only.

use super::StoreError;
use sqlx::PgPool;

/// Triggers that are switched off, as `table.trigger`, or a foreign key by its own name; each with the statement that
/// switches it on. PostgreSQL chooses the names of a foreign key's triggers.
///
/// # Errors
/// `Database`.
pub async fn triggers_off(pool: &PgPool) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query!(
        r#"select distinct c.relname || '.' || coalesce(k.conname, t.tgname) as "what!",
             format('ALTER TABLE %I ENABLE TRIGGER %s;', c.relname,
               case when bool_or(t.tgisinternal) over (partition by c.oid) then 'ALL' else quote_ident(t.tgname) end) as "mend!"
           from pg_trigger t join pg_class c on c.oid = t.tgrelid left join pg_constraint k on k.oid = t.tgconstraint
           where t.tgenabled in ('D', 'R') and c.relnamespace = current_schema()::regnamespace order by 1"#
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.what, row.mend)).collect())
}

/// Roles whose sessions run without triggers (`session_replication_role`), each with the statement that ends it: among
/// the two roles, these users and the schema's owner, each by the setting that counts for it.
///
/// # Errors
/// `Database`.
pub async fn without_triggers(pool: &PgPool, users: &[String]) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query!(
        r#"with counts as (
             select distinct on (u.oid) s.setrole, s.setdatabase, split_part(set.setting, '=', 2) as value
             from pg_roles u join pg_db_role_setting s on s.setrole in (0, u.oid)
               cross join lateral unnest(s.setconfig) as set(setting)
             where (u.rolname = any($1) or u.oid in (select relowner from pg_class where relname = 'installation'
                                                       and relnamespace = current_schema()::regnamespace))
               and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
               and set.setting like 'session\_replication\_role=%'
             order by u.oid, s.setrole = 0, s.setdatabase = 0)
           select distinct case when s.setrole = 0 and s.setdatabase = 0 then 'every role'
               when s.setrole = 0 then format('every role in the database %s', d.datname)
               when s.setdatabase = 0 then format('`%s`', r.rolname)
               else format('`%s` in the database %s', r.rolname, d.datname) end as "who!",
             case when s.setrole = 0 and s.setdatabase = 0 then 'ALTER ROLE ALL'
               when s.setrole = 0 then format('ALTER DATABASE %I', d.datname)
               when s.setdatabase = 0 then format('ALTER ROLE %I', r.rolname)
               else format('ALTER ROLE %I IN DATABASE %I', r.rolname, d.datname) end
             || ' RESET session_replication_role;' as "mend!"
           from counts s left join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase
           where lower(s.value) = 'replica'
           union all
           select 'every session of this server',
             'ALTER SYSTEM RESET session_replication_role; SELECT pg_reload_conf(); -- or mend its configuration file'
           from pg_settings where name = 'session_replication_role' and setting = 'replica'
             and source not in ('database', 'user', 'database user', 'global')
           order by 1"#,
        users
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.who, row.mend)).collect())
}

/// Roles that only read statistics and settings: membership in them is not reported.
const TELLING: [&str; 4] = ["pg_monitor", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables"];

/// What these roles may do beyond tables: attributes; memberships in roles that have such attributes, in PostgreSQL's
/// own roles, or in each other; the parameter that switches triggers off; and default privileges on objects that are
/// made later. Each has the statements that end it. A role that does not exist has no powers.
///
/// # Errors
/// `Database`.
pub async fn powers(pool: &PgPool, users: &[String]) -> Result<Vec<(String, String)>, StoreError> {
    let telling = TELLING.map(str::to_owned).to_vec();
    let mut found = memberships(pool, users, &telling).await?;
    let rows = sqlx::query!(
        r#"select format('`%s` has %s', m.rolname, a.name) as "what!", format('ALTER ROLE %I NO%s;', m.rolname, a.name) as "mend!"
           from pg_roles m cross join lateral (values ('SUPERUSER', m.rolsuper), ('CREATEROLE', m.rolcreaterole),
             ('CREATEDB', m.rolcreatedb), ('BYPASSRLS', m.rolbypassrls), ('REPLICATION', m.rolreplication)) as a(name, has)
           where m.rolname = any($1) and a.has
           union all
           select format('`%s` may %s %s', m.rolname, a.privilege_type, p.parname),
             format('REVOKE %s ON PARAMETER %s FROM %s;', a.privilege_type, p.parname,
               case a.grantee when 0 then 'PUBLIC' else a.grantee::regrole::text end)
           from pg_parameter_acl p cross join lateral aclexplode(p.paracl) a
             join pg_roles m on a.grantee = 0 or pg_has_role(m.oid, a.grantee, 'member')
           where p.parname = 'session_replication_role' and m.rolname = any($1) and not m.rolsuper
           union all
           select format('%s is given %s on each %s that `%s` makes', case g.oid when 0 then 'PUBLIC' else format('`%s`', g.name) end,
               g.privileges, case d.defaclobjtype when 'r' then 'table' when 'S' then 'sequence' else 'function' end, o.rolname),
             format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s REVOKE %s ON %s FROM %s;', o.rolname,
               ' IN SCHEMA ' || quote_ident(n.nspname), g.privileges,
               case d.defaclobjtype when 'r' then 'TABLES' when 'S' then 'SEQUENCES' else 'FUNCTIONS' end,
               case g.oid when 0 then 'PUBLIC' else quote_ident(g.name) end)
           from pg_default_acl d join pg_roles o on o.oid = d.defaclrole left join pg_namespace n on n.oid = d.defaclnamespace
             cross join lateral (
               select a.grantee as oid, r.rolname as name, string_agg(a.privilege_type, ', ' order by a.privilege_type) as privileges
               from aclexplode(d.defaclacl) a left join pg_roles r on r.oid = a.grantee
               where a.grantee <> d.defaclrole group by a.grantee, r.rolname) g
           where (d.defaclnamespace = 0 or d.defaclnamespace = current_schema()::regnamespace)
             and d.defaclrole in (select relowner from pg_class where relname = 'installation'
                                    and relnamespace = current_schema()::regnamespace)
             and case when g.oid = 0 then d.defaclobjtype in ('r', 'S')
                 else d.defaclobjtype in ('r', 'S', 'f') and exists (select from pg_roles m
                   where m.rolname = any($1) and not m.rolsuper and pg_has_role(m.oid, g.oid, 'member')) end
           order by 1"#,
        users
    )
    .fetch_all(pool)
    .await?;
    found.extend(rows.into_iter().map(|row| (row.what, row.mend)));
    found.sort();
    Ok(found)
}

/// Memberships, each with the statements that end it where it begins. Only the owner of the database is a member of
/// `pg_database_owner`.
async fn memberships(
    pool: &PgPool,
    users: &[String],
    telling: &[String],
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with owned as (select d.datname, d.datdba from pg_database d where d.datname = current_database()),
           owner as (select mode() within group (order by c.relowner) as oid from pg_class c
             where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p'))
           select case when m.oid = owned.datdba and r.rolname = 'pg_database_owner'
               then format('`%s` owns the database %s', m.rolname, owned.datname)
               else format('`%s` is a member of `%s`', m.rolname, r.rolname) end as "what!",
             case when m.oid <> owned.datdba or r.rolname <> 'pg_database_owner' then
                 (select string_agg(format('REVOKE %s FROM %s;', e.roleid::regrole, e.member::regrole), E'\n' order by e.member)
                  from pg_auth_members e where pg_has_role(m.oid, e.member, 'member')
                    and e.roleid = case r.rolname when 'pg_database_owner' then owned.datdba else r.oid end)
               when m.oid <> owner.oid then format('ALTER DATABASE %I OWNER TO %s;', owned.datname, owner.oid::regrole) end as "mend?"
           from owned cross join owner cross join pg_roles m
             join pg_roles r on r.oid <> m.oid and pg_has_role(m.oid, r.oid, 'member')
           where m.rolname = any($1) and not m.rolsuper
             and (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolbypassrls or r.rolreplication or r.rolname = any($1)
               or (r.rolname like 'pg\_%' and r.rolname <> all($2)))"#,
        users,
        telling
    )
    .fetch_all(pool)
    .await?;
    let by_hand = |what: &str| format!("-- {what}: no one statement ends it");
    Ok(rows
        .into_iter()
        .map(|row| (row.mend.unwrap_or_else(|| by_hand(&row.what)), row.what))
        .map(|(m, w)| (w, m))
        .collect())
}
