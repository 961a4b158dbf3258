//! The rights of the two database roles: what the migrations grant, and what a role really has.

use super::{MIGRATIONS, StoreError};
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};

/// How far a right on a table goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every column, and those to come.
    Table,
    /// These columns only.
    Columns(BTreeSet<String>),
}

/// Rights by table and privilege, as PostgreSQL spells it (`INSERT`).
pub type Rights = BTreeMap<(String, &'static str), Reach>;

/// What may be granted on a table and matters here.
const PRIVILEGES: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"];

/// What the migrations grant to a role on these tables.
pub fn granted(role: &str, tables: &BTreeSet<String>) -> Rights {
    let mut rights = Rights::new();
    // What else somebody keeps in the same schema needs no rights of ours.
    let own = created();
    let tables = &tables.intersection(&own).cloned().collect();
    for migration in MIGRATIONS.iter() {
        for statement in statements(migration.sql.as_str()) {
            grant(&statement, role, tables, &mut rights);
        }
    }
    rights
}

/// The tables that the migrations create, and the one that says which of them ran.
fn created() -> BTreeSet<String> {
    let mut tables = BTreeSet::from(["_sqlx_migrations".to_owned()]);
    for migration in MIGRATIONS.iter() {
        for statement in statements(migration.sql.as_str()) {
            let rest = ["create table ", "create unlogged table "].iter().find_map(|verb| statement.strip_prefix(verb));
            tables.extend(rest.and_then(|rest| rest.split(' ').next()).map(str::to_owned));
        }
    }
    tables
}

/// The statements of a migration in lower case, without comments, their white space made one space.
fn statements(sql: &str) -> Vec<String> {
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    code.join("\n").split(';').map(words).collect()
}

/// Adds what `grant PRIVILEGES on TABLES to ROLES` gives.
fn grant(statement: &str, role: &str, tables: &BTreeSet<String>, rights: &mut Rights) {
    let Some(rest) = statement.strip_prefix("grant ") else { return };
    let Some((privileges, rest)) = rest.split_once(" on ") else { return };
    let Some((on, to)) = rest.split_once(" to ") else { return };
    if !to.split(", ").any(|name| name == role) {
        return;
    }
    let named: Vec<&str> = match on {
        "all tables in schema public" => tables.iter().map(String::as_str).collect(),
        one if one.contains(' ') && !one.contains(',') => return,
        list => list.split(", ").collect(),
    };
    for privilege in outside_parentheses(privileges) {
        let (name, columns) = privilege.split_once(" (").unwrap_or((privilege.as_str(), ""));
        let Some(name) = PRIVILEGES.into_iter().find(|known| known.eq_ignore_ascii_case(name)) else { continue };
        let columns: BTreeSet<String> = columns.trim_end_matches(')').split(", ").map(str::to_owned).collect();
        let whole = !privilege.contains('(');
        for table in &named {
            let reach = rights.entry(((*table).to_owned(), name)).or_insert(Reach::Columns(BTreeSet::new()));
            match reach {
                _ if whole => *reach = Reach::Table,
                Reach::Columns(known) => known.extend(columns.iter().cloned()),
                Reach::Table => {}
            }
        }
    }
}

fn outside_parentheses(list: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for character in list.chars() {
        match character {
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

/// The tables of the schema, and what the role that is signed in may do with them, however it came by that.
///
/// # Errors
/// `Database`.
pub async fn held(pool: &PgPool) -> Result<(BTreeSet<String>, Rights), StoreError> {
    let privileges: Vec<String> = PRIVILEGES.map(str::to_owned).to_vec();
    let rows = sqlx::query!(
        r#"select c.relname::text as "table!", p.name as "privilege!",
             has_table_privilege(c.oid, p.name) as "whole!",
             array(select a.attname::text from pg_attribute a
                   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                     and case when p.name in ('SELECT', 'INSERT', 'UPDATE')
                         then has_column_privilege(c.oid, a.attnum, p.name) else false end) as "columns!"
           from pg_class c cross join unnest($1::text[]) as p(name)
           where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')"#,
        &privileges
    )
    .fetch_all(pool)
    .await?;
    let (mut tables, mut rights) = (BTreeSet::new(), Rights::new());
    for row in rows {
        tables.insert(row.table.clone());
        let Some(privilege) = PRIVILEGES.into_iter().find(|known| *known == row.privilege) else { continue };
        if row.whole {
            rights.insert((row.table, privilege), Reach::Table);
        } else if !row.columns.is_empty() {
            rights.insert((row.table, privilege), Reach::Columns(row.columns.into_iter().collect()));
        }
    }
    Ok((tables, rights))
}

/// What of `some` is not in `others`, in the words of a GRANT: `UPDATE (state) ON request`.
pub fn beyond(some: &Rights, others: &Rights) -> Vec<String> {
    let mut more = Vec::new();
    for ((table, privilege), reach) in some {
        let other = others.get(&(table.clone(), *privilege));
        match (reach, other) {
            (_, Some(Reach::Table)) => {}
            (Reach::Table, _) => more.push(format!("{privilege} ON {table}")),
            (Reach::Columns(columns), other) => {
                let known = match other {
                    Some(Reach::Columns(known)) => known.clone(),
                    Some(Reach::Table) | None => BTreeSet::new(),
                };
                let left: Vec<&str> = columns.difference(&known).map(String::as_str).collect();
                if !left.is_empty() {
                    more.push(format!("{privilege} ({}) ON {table}", left.join(", ")));
                }
            }
        }
    }
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_with_their_columns_and_lists() {
        let tables = BTreeSet::from(["vote".to_owned(), "request".to_owned(), "event".to_owned()]);
        let mut rights = Rights::new();
        let sql = "-- grant delete on event to web;\ngrant usage on schema public to web;\n\
                   grant select on all tables in schema public to web, other;\n\
                   grant insert, update (state,\n closed) on request,\n vote to web;\ngrant delete on event to other;";
        for statement in statements(sql) {
            grant(&statement, "web", &tables, &mut rights);
        }
        let columns = BTreeSet::from(["state".to_owned(), "closed".to_owned()]);
        assert_eq!(rights.get(&("vote".to_owned(), "UPDATE")), Some(&Reach::Columns(columns)));
        assert_eq!(rights.get(&("vote".to_owned(), "INSERT")), Some(&Reach::Table));
        assert_eq!(rights.get(&("event".to_owned(), "SELECT")), Some(&Reach::Table));
        assert_eq!(rights.get(&("event".to_owned(), "DELETE")), None);
        assert_eq!(rights.len(), 7);
    }

    #[test]
    fn the_migrations_give_the_web_what_it_decides_with_and_no_evidence() {
        let tables = BTreeSet::from(["access_grant".to_owned(), "observation".to_owned()]);
        let rights = granted("latchkey_web", &tables);
        assert!(matches!(rights.get(&("access_grant".to_owned(), "UPDATE")), Some(Reach::Columns(_))));
        assert_eq!(rights.get(&("observation".to_owned(), "INSERT")), None);
        assert_eq!(rights.get(&("observation".to_owned(), "SELECT")), Some(&Reach::Table));
    }

    #[test]
    fn what_is_more_is_told_as_a_grant_says_it() {
        let columns = |names: &[&str]| Reach::Columns(names.iter().map(|&name| name.to_owned()).collect());
        let key = |table: &str| (table.to_owned(), "UPDATE");
        let mine =
            Rights::from([(key("a"), Reach::Table), (key("b"), columns(&["x", "y"])), (key("c"), columns(&["x"]))]);
        let theirs = Rights::from([(key("b"), columns(&["x"])), (key("c"), Reach::Table)]);
        assert_eq!(beyond(&mine, &theirs), ["UPDATE ON a", "UPDATE (y) ON b"]);
        assert!(beyond(&theirs, &theirs).is_empty());
    }
}
