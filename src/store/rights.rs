//! The rights of the two database roles: those that the migrations grant, and those that a role really has.
//!
//! `latchkey_web` cannot write policy, observation, intent or evidence. `latchkey_worker` cannot write people,
//! sessions, requests (but for their end) or votes, nor move a grant's latest end. Neither can change an event.
//!
//! Column rights cannot see values, so triggers do (`0013_guards.sql`). The web schedules a grant within the bounds of
//! its request, and revokes one once, now, by a person and for a cause of its own actions. It wakes targets, pauses
//! with an event of the person who pauses, and puts nothing off. Times that it writes are the current ones, by
//! whichever clock they go; what is closed or ended never changes. A role's side is found by exclusion
//! (`latchkey_side`): the schema's owner passes, the worker's role is the worker, and every other role is limited to
//! what the web may do, even a third role with the same rights.
//!
//! If a role has to write what it may not write itself, a function with its owner's rights does: `record_event`, the
//! legs of a new grant, the sealer's queue. These functions go by the session's user and name the schemas that they
//! look in. Only the roles that need them may execute them: a role that may execute a trigger's function can attach it
//! to any of its tables. `doctor` compares the roles with what `0009_rights.sql` and later migrations grant and revoke.

use super::MIGRATIONS;
use std::collections::{BTreeMap, BTreeSet};

mod held;

pub use held::{HeldRights, Taking, held};

/// How far a right on a table goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableReach {
    /// Every column, including those that are added later.
    Table,
    /// These columns only.
    Columns(BTreeSet<String>),
}

/// Rights by table and privilege, as PostgreSQL spells it (`INSERT`).
pub type Rights = BTreeMap<(String, &'static str), TableReach>;

/// The privileges on a table that matter here.
const PRIVILEGES: [&str; 8] = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"];
/// The table that records which migrations ran: no migration makes it.
pub const OF_MIGRATIONS: &str = "_sqlx_migrations";
/// The privilege on a function; functions are listed among the tables as `function name(types)`.
const EXECUTE: &str = "EXECUTE";

/// What the migrations grant to a role on these tables and functions, less what they revoke again.
pub fn granted(role: &str, tables: &BTreeSet<String>) -> Rights {
    let mut rights = Rights::new();
    // Other objects in the same schema need no rights of Latchkey's roles.
    let own = created();
    let is_ours = |name: &&String| own.contains(*name) || is_function(name);
    let tables = &tables.iter().filter(is_ours).cloned().collect();
    for migration in MIGRATIONS.iter() {
        for statement in statements(migration.sql.as_str()) {
            grant(&statement, role, tables, &mut rights);
            revoke(&statement, role, &mut rights);
        }
    }
    rights
}

/// The tables that the migrations create, and the one that says which of them ran.
fn created() -> BTreeSet<String> {
    let mut tables = BTreeSet::from([OF_MIGRATIONS.to_owned()]);
    for migration in MIGRATIONS.iter() {
        for statement in statements(migration.sql.as_str()) {
            let rest = ["create table ", "create unlogged table "].iter().find_map(|verb| statement.strip_prefix(verb));
            tables.extend(rest.and_then(|rest| rest.split(' ').next()).map(str::to_owned));
        }
    }
    tables
}

/// The statements of a migration in lower case, without comments, with single spaces.
fn statements(sql: &str) -> Vec<String> {
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    code.join("\n").split(';').map(words).collect()
}

/// Whether a name among the tables is that of a function.
pub fn is_function(name: &str) -> bool {
    name.starts_with("function ")
}

/// Adds what `grant PRIVILEGES on TABLES to ROLES` grants.
fn grant(statement: &str, role: &str, tables: &BTreeSet<String>, rights: &mut Rights) {
    let Some(given) = RightsStatement::of(statement, "grant ", " to ", role) else { return };
    let named: Vec<&str> = match given.on {
        "all tables in schema public" => {
            tables.iter().map(String::as_str).filter(|table| !is_function(table)).collect()
        }
        function if is_function(function) => tables.get(function).map(String::as_str).into_iter().collect(),
        one if one.contains(' ') && !one.contains(',') => return,
        list => list.split(", ").collect(),
    };
    for (name, given) in given.privileges() {
        for table in &named {
            let reach = rights.entry(((*table).to_owned(), name)).or_insert(TableReach::Columns(BTreeSet::new()));
            match (&mut *reach, &given) {
                (_, TableReach::Table) => *reach = TableReach::Table,
                (TableReach::Columns(known), TableReach::Columns(columns)) => known.extend(columns.iter().cloned()),
                (TableReach::Table, TableReach::Columns(_)) => {}
            }
        }
    }
}

/// Removes what `revoke PRIVILEGES on TABLES from ROLES` revokes. Revoking columns of a right on the whole table has no
/// effect, as in PostgreSQL.
fn revoke(statement: &str, role: &str, rights: &mut Rights) {
    let Some(taken) = RightsStatement::of(statement, "revoke ", " from ", role) else { return };
    let named: Vec<&str> = if is_function(taken.on) { vec![taken.on] } else { taken.on.split(", ").collect() };
    for (name, taken) in taken.privileges() {
        for table in &named {
            let key = ((*table).to_owned(), name);
            match (&taken, rights.get_mut(&key)) {
                (TableReach::Table, _) => drop(rights.remove(&key)),
                (TableReach::Columns(columns), Some(TableReach::Columns(known))) => {
                    known.retain(|column| !columns.contains(column));
                }
                (TableReach::Columns(_), Some(TableReach::Table) | None) => {}
            }
        }
    }
}

/// A statement that grants or revokes privileges on something.
struct RightsStatement<'a> {
    privileges: &'a str,
    on: &'a str,
}

impl<'a> RightsStatement<'a> {
    /// The statement of this verb that names the role.
    fn of(statement: &'a str, verb: &str, preposition: &str, role: &str) -> Option<Self> {
        let (privileges, rest) = statement.strip_prefix(verb)?.split_once(" on ")?;
        let (on, roles) = rest.rsplit_once(preposition)?;
        roles.split(", ").any(|name| name == role).then_some(Self { privileges, on })
    }

    fn privileges(&self) -> Vec<(&'static str, TableReach)> {
        let known = |privilege: String| {
            let (name, columns) = privilege.split_once(" (").unwrap_or((privilege.as_str(), ""));
            let all = PRIVILEGES.into_iter().chain([EXECUTE]);
            let name = all.into_iter().find(|known| known.eq_ignore_ascii_case(name))?;
            let columns = columns.trim_end_matches(')').split(", ").map(str::to_owned).collect();
            Some((name, if privilege.contains('(') { TableReach::Columns(columns) } else { TableReach::Table }))
        };
        outside_parentheses(self.privileges).into_iter().filter_map(known).collect()
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

/// The rights in `some` that are not in `others`, in the words of a GRANT: `UPDATE (state) ON request`.
pub fn beyond(some: &Rights, others: &Rights) -> Vec<String> {
    let mut more = Vec::new();
    for ((table, privilege), reach) in some {
        let other = others.get(&(table.clone(), *privilege));
        match (reach, other) {
            (_, Some(TableReach::Table)) => {}
            (TableReach::Table, _) => more.push(format!("{privilege} ON {table}")),
            (TableReach::Columns(columns), other) => {
                let known = match other {
                    Some(TableReach::Columns(known)) => known.clone(),
                    Some(TableReach::Table) | None => BTreeSet::new(),
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
        assert_eq!(rights.get(&("vote".to_owned(), "UPDATE")), Some(&TableReach::Columns(columns)));
        assert_eq!(rights.get(&("vote".to_owned(), "INSERT")), Some(&TableReach::Table));
        assert_eq!(rights.get(&("event".to_owned(), "SELECT")), Some(&TableReach::Table));
        assert_eq!(rights.get(&("event".to_owned(), "DELETE")), None);
        assert_eq!(rights.len(), 7);
    }

    #[test]
    fn what_is_revoked_again_is_not_granted_and_functions_are_named_by_their_types() {
        let tables = BTreeSet::from(["vote".to_owned(), "event".to_owned(), "function say(bytea, text)".to_owned()]);
        let mut rights = Rights::new();
        let sql = "grant select on all tables in schema public to web;\ngrant insert, update (a, b, c) on event, vote to web;\n\
                   revoke insert on event from other, web; revoke update (a, c) on vote from web;\n\
                   revoke execute on function say(bytea, text) from public; revoke insert on vote from other;\n\
                   grant execute on function say(bytea, text) to web, other; grant execute on function nothing() to web";
        for statement in statements(sql) {
            grant(&statement, "web", &tables, &mut rights);
            revoke(&statement, "web", &mut rights);
        }
        let said: Vec<String> = beyond(&rights, &Rights::new());
        let expected = [
            "SELECT ON event",
            "UPDATE (a, b, c) ON event",
            "EXECUTE ON function say(bytea, text)",
            "INSERT ON vote",
            "SELECT ON vote",
            "UPDATE (b) ON vote",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn the_migrations_give_the_web_what_it_decides_with_and_no_evidence() {
        let tables = BTreeSet::from(["access_grant".to_owned(), "observation".to_owned()]);
        let rights = granted("latchkey_web", &tables);
        assert!(matches!(rights.get(&("access_grant".to_owned(), "UPDATE")), Some(TableReach::Columns(_))));
        assert_eq!(rights.get(&("observation".to_owned(), "INSERT")), None);
        assert_eq!(rights.get(&("observation".to_owned(), "SELECT")), Some(&TableReach::Table));
    }

    #[test]
    fn what_is_more_is_told_as_a_grant_says_it() {
        let columns = |names: &[&str]| TableReach::Columns(names.iter().map(|&name| name.to_owned()).collect());
        let key = |table: &str| (table.to_owned(), "UPDATE");
        let mine = Rights::from([
            (key("a"), TableReach::Table),
            (key("b"), columns(&["x", "y"])),
            (key("c"), columns(&["x"])),
        ]);
        let theirs = Rights::from([(key("b"), columns(&["x"])), (key("c"), TableReach::Table)]);
        assert_eq!(beyond(&mine, &theirs), ["UPDATE ON a", "UPDATE (y) ON b"]);
        assert!(beyond(&theirs, &theirs).is_empty());
    }
}
