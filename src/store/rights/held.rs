//! What a role may really do, from whom it has the rights, and how to revoke them.

use super::{EXECUTE, PRIVILEGES, Rights, TableReach, beyond, created, is_function};
use crate::store::{StoreError, session::quoted};
use sqlx::{PgPool, postgres::types::Oid};
use std::collections::{BTreeMap, BTreeSet};

/// Roles whose members may do more on every table than was granted there.
const OF_EVERY_TABLE: [&str; 3] = ["pg_write_all_data", "pg_read_all_data", "pg_maintain"];
/// The two roles of processes: a right of one is not revoked because the other is its member.
const PROCESSES: [&str; 2] = ["latchkey_web", "latchkey_worker"];

/// What the role that is signed in may do, from whatever source.
#[derive(Debug, Clone, Default)]
pub struct HeldRights {
    /// The tables of the schema, with views that read Latchkey's, and the functions that have their owner's rights.
    pub tables: BTreeSet<String>,
    /// What it may do without becoming another role.
    pub rights: Rights,
    columns: BTreeMap<String, BTreeSet<String>>,
    user: String,
    /// What was granted to it, to a role that it belongs to, or to `PUBLIC`.
    grants: Vec<GrantedRight>,
    /// Roles that it belongs to and whose own rights are not to be revoked; each with the role that was made a member.
    memberships: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct GrantedRight {
    on: String,
    privilege: &'static str,
    /// `None` is `PUBLIC`.
    grantee: Option<String>,
    /// `None` is the whole table.
    column: Option<String>,
    is_grantable: bool,
}

/// Statements that revoke rights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taking {
    pub statements: Vec<String>,
    /// Whether only a superuser may run them.
    pub by_superuser: bool,
}

impl HeldRights {
    /// Those of these rights whose table and column exist.
    pub fn on_what_is_there(&self, rights: Rights) -> Rights {
        let there = |((on, privilege), reach): ((String, &'static str), TableReach)| {
            let reach = match (reach, self.columns.get(&on)) {
                (TableReach::Columns(columns), Some(known)) => {
                    TableReach::Columns(columns.intersection(known).cloned().collect())
                }
                (reach, _) => reach,
            };
            self.tables.contains(&on).then_some(((on, privilege), reach))
        };
        rights.into_iter().filter_map(there).collect()
    }

    /// The rights beyond these, in the words of a GRANT; including those that it can take by becoming a role that it
    /// belongs to, and those that it may grant on.
    pub fn excess(&self, granted: &Rights) -> Vec<String> {
        let mut may = self.rights.clone();
        for grant in self.grants.iter().filter(|grant| !self.is_elsewhere(grant)) {
            let known =
                may.entry((grant.on.clone(), grant.privilege)).or_insert_with(|| TableReach::Columns(BTreeSet::new()));
            match (&grant.column, &mut *known) {
                (None, _) => *known = TableReach::Table,
                (Some(column), TableReach::Columns(columns)) => drop(columns.insert(column.clone())),
                (Some(_), TableReach::Table) => {}
            }
        }
        let given_on = self.grants.iter().filter(|grant| grant.is_grantable && grant.is_among(granted));
        let given_on = given_on.map(|grant| format!("{} WITH GRANT OPTION", grant.words()));
        beyond(&may, granted).into_iter().chain(given_on).collect()
    }

    /// The statements that revoke the excess, from the roles that it was granted to. If a right on the whole table is
    /// revoked, the columns that this role needs are granted to it again.
    pub fn taking(&self, granted: &Rights, role: &str) -> Taking {
        let mut taking = Taking::default();
        let mut whole = BTreeSet::new();
        for grant in self.grants.iter().filter(|grant| !self.is_elsewhere(grant)) {
            let whom = grant.grantee.as_deref().unwrap_or("PUBLIC");
            let key = (&grant.on, grant.privilege, whom);
            if grant.is_among(granted) {
                if grant.is_grantable && !whole.contains(&key) {
                    let words = grant.words();
                    taking.statements.push(format!("REVOKE GRANT OPTION FOR {words} FROM {whom} CASCADE;"));
                }
                continue;
            }
            if whole.contains(&key) {
                continue;
            }
            let cascade = if grant.is_grantable { " CASCADE" } else { "" };
            taking.statements.push(format!("REVOKE {} FROM {whom}{cascade};", grant.words()));
            if grant.column.is_some() {
                continue;
            }
            whole.insert(key);
            let own = whom == role || whom == self.user;
            if let (true, Some(TableReach::Columns(columns))) = (own, granted.get(&(grant.on.clone(), grant.privilege)))
            {
                let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
                let on = named(&grant.on);
                taking.statements.push(format!(
                    "GRANT {} ({}) ON {on} TO {whom};",
                    grant.privilege,
                    columns.join(", ")
                ));
            }
        }
        if !self.memberships.is_empty() && !beyond(&self.rights, granted).is_empty() {
            taking.by_superuser = true;
            taking
                .statements
                .extend(self.memberships.iter().map(|(role, member)| format!("REVOKE {role} FROM {member};")));
        }
        taking
    }

    /// Whether the grant is the other process's, or belongs to a role whose rights are not to be revoked.
    fn is_elsewhere(&self, grant: &GrantedRight) -> bool {
        grant.grantee.as_ref().is_some_and(|grantee| self.memberships.iter().any(|(role, _)| role == grantee))
    }
}

impl GrantedRight {
    fn is_among(&self, granted: &Rights) -> bool {
        match (granted.get(&(self.on.clone(), self.privilege)), &self.column) {
            (Some(TableReach::Table), _) => true,
            (Some(TableReach::Columns(columns)), Some(column)) => columns.contains(column),
            (Some(TableReach::Columns(_)) | None, _) => false,
        }
    }

    fn words(&self) -> String {
        let columns = self.column.as_ref().map(|column| format!(" ({})", named(column))).unwrap_or_default();
        format!("{}{columns} ON {}", self.privilege, named(&self.on))
    }
}

/// A name as SQL takes it, without quotes if it needs none.
fn named(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if is_function(name) || name.chars().all(is_plain) { name.to_owned() } else { quoted(name) }
}

/// Reads what the role that is signed in may do on the tables of the schema, on views that read Latchkey's, on foreign
/// tables, and on the functions that have their owner's rights. Objects of an extension are left out, and so is a
/// function that the role itself owns, unless it owns the tables, too. `role` is its name in the migrations.
///
/// # Errors
/// `Database`.
pub async fn held(pool: &PgPool, role: &str) -> Result<HeldRights, StoreError> {
    let mut held = HeldRights::default();
    let own: Vec<String> = created().into_iter().collect();
    let relations = sqlx::query!(
        r#"with recursive reading as (
             select c.oid from pg_class c where c.relnamespace = current_schema()::regnamespace
               and c.relkind in ('r', 'p') and c.relname = any($1)
             union
             select w.ev_class from reading r join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.oid
               and d.classid = 'pg_rewrite'::regclass join pg_rewrite w on w.oid = d.objid)
           select c.oid as "oid!", c.relname::text as "name!", array(select a.attname::text from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as "columns!"
           from pg_class c
           where c.relnamespace = current_schema()::regnamespace
             and (c.relkind in ('r', 'p', 'f') or (c.relkind in ('v', 'm') and c.oid in (select oid from reading)))
             and not exists (select from pg_depend d
               where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')"#,
        &own
    )
    .fetch_all(pool)
    .await?;
    let oids: Vec<Oid> = relations.iter().map(|row| row.oid).collect();
    for row in relations {
        held.tables.insert(row.name.clone());
        held.columns.insert(row.name, row.columns.into_iter().collect());
    }
    may(pool, &oids, &mut held).await?;
    grants(pool, &oids, role, &mut held).await?;
    Ok(held)
}

async fn may(pool: &PgPool, oids: &[Oid], held: &mut HeldRights) -> Result<(), sqlx::Error> {
    let privileges: Vec<String> = PRIVILEGES.map(str::to_owned).to_vec();
    let rows = sqlx::query!(
        r#"select c.relname::text as "table!", p.name as "privilege!",
             has_table_privilege(c.oid, p.name) as "whole!",
             array(select a.attname::text from pg_attribute a
                   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                     and case when p.name in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                         then has_column_privilege(c.oid, a.attnum, p.name) else false end) as "columns!"
           from pg_class c cross join unnest($1::text[]) as p(name)
           where c.oid = any($2) and (p.name <> 'MAINTAIN' or current_setting('server_version_num')::int >= 170000)"#,
        &privileges,
        oids
    )
    .fetch_all(pool)
    .await?;
    for row in rows {
        let Some(privilege) = PRIVILEGES.into_iter().find(|known| *known == row.privilege) else { continue };
        if row.whole {
            held.rights.insert((row.table, privilege), TableReach::Table);
        } else if !row.columns.is_empty() {
            held.rights.insert((row.table, privilege), TableReach::Columns(row.columns.into_iter().collect()));
        }
    }
    // A function without its owner's rights gives no role more than it has.
    let functions = sqlx::query!(
        r#"select 'function ' || regexp_replace(p.oid::regprocedure::text, '^public[.]', '') as "name!",
             has_function_privilege(p.oid, 'EXECUTE') as "execute!"
           from pg_proc p where p.pronamespace = current_schema()::regnamespace and p.prosecdef
             and (p.proowner <> current_user::regrole or p.proowner in (select relowner from pg_class
               where relname = 'installation' and relnamespace = current_schema()::regnamespace))
             and not exists (select from pg_depend d
               where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')"#
    )
    .fetch_all(pool)
    .await?;
    for row in functions {
        held.tables.insert(row.name.clone());
        if row.execute {
            held.rights.insert((row.name, EXECUTE), TableReach::Table);
        }
    }
    Ok(())
}

async fn grants(pool: &PgPool, oids: &[Oid], role: &str, held: &mut HeldRights) -> Result<(), sqlx::Error> {
    held.user = sqlx::query_scalar!(r#"select quote_ident(current_user) as "user!""#).fetch_one(pool).await?;
    let rows = sqlx::query!(
        r#"with objects as (
             select c.relname::text as name, null::text as attribute, c.relowner as owner, c.relacl as acl
             from pg_class c where c.oid = any($1)
             union all
             select c.relname::text, a.attname::text, c.relowner, a.attacl
             from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             where c.oid = any($1)
             union all
             select 'function ' || regexp_replace(p.oid::regprocedure::text, '^public[.]', ''), null, p.proowner,
               coalesce(p.proacl, acldefault('f', p.proowner))
             from pg_proc p where p.pronamespace = current_schema()::regnamespace and p.prosecdef)
           select o.name as "on!", o.attribute as "column?", a.privilege_type as "privilege!",
             case when a.grantee <> 0 then a.grantee::regrole::text end as "grantee?", a.is_grantable as "is_grantable!"
           from objects o cross join lateral aclexplode(o.acl) a
           where a.grantee <> o.owner and (a.grantee = 0 or pg_has_role(a.grantee, 'member'))"#,
        oids
    )
    .fetch_all(pool)
    .await?;
    for row in rows.into_iter().filter(|row| held.tables.contains(&row.on)) {
        let privilege = PRIVILEGES.into_iter().chain([EXECUTE]).find(|known| *known == row.privilege);
        let Some(privilege) = privilege else { continue };
        let (on, grantee, column, is_grantable) = (row.on, row.grantee, row.column, row.is_grantable);
        held.grants.push(GrantedRight { on, privilege, grantee, column, is_grantable });
    }
    held.grants.sort();
    let others: Vec<String> = OF_EVERY_TABLE.into_iter().chain(PROCESSES).map(str::to_owned).collect();
    let rows = sqlx::query!(
        r#"select e.roleid::regrole::text as "role!", e.member::regrole::text as "member!"
           from pg_auth_members e join pg_roles r on r.oid = e.roleid
           where r.rolname = any($1) and r.rolname not in ($2, current_user) and pg_has_role(e.member, 'member')
           order by 1, 2"#,
        &others,
        role
    )
    .fetch_all(pool)
    .await?;
    held.memberships = rows.into_iter().map(|row| (row.role, row.member)).collect();
    Ok(())
}
