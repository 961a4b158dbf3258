//! The statements that bring a part of the schema back to what the migrations made.

use super::FoundSchema;
use crate::store::{migrate::migrations_in, session::quoted};

/// The statements that repair a part, from its description as the migrations made it and as it is now. A comment if no
/// statement does, or none without loss of data.
pub(super) fn mend(part: &str, (made, now): (Option<&str>, Option<&str>), found: &FoundSchema) -> String {
    let (kind, name) = part.split_once(' ').unwrap_or((part, ""));
    let (table, own) = name.split_once('.').unwrap_or((name, ""));
    let (on, own) = (quoted(table), quoted(own));
    let drop = match kind {
        "trigger" | "rule" | "policy" => format!("DROP {kind} {own} ON {on};"),
        "constraint" => format!("ALTER TABLE {on} DROP CONSTRAINT {own};"),
        "index" => format!("DROP INDEX {own};"),
        // This includes aggregates and procedures.
        "function" => format!("DROP ROUTINE {name};"),
        "heir" => format!("-- {part}: ALTER TABLE of it NO INHERIT {on}, once it is known what it is for"),
        _ => format!("-- {part}: no migration made it"),
    };
    let Some(made) = made else { return drop };
    let statement = match (kind, now) {
        ("function", now) => return function_again(name, made, now, found),
        ("table", Some(now)) => return table_again(part, &on, made, now, found),
        ("column", Some(now)) => return column_again(part, (&on, &own), made, now),
        ("table" | "column", None) => {
            return format!("-- {part}: as it was, {made}; what it held is gone: take it from a backup");
        }
        ("trigger" | "index", _) => format!("{made};"),
        ("constraint", _) => format!("ALTER TABLE {on} ADD CONSTRAINT {own} {made};"),
        _ => format!("-- {part}: as it was, {made}"),
    };
    if now.is_some() { format!("{drop} {statement}") } else { statement }
}

/// Whether a description has this among its parts.
fn has(description: &str, part: &str) -> bool {
    description.split(", ").any(|one| one.starts_with(part))
}

/// Replaces a function in place, so that what depends on it stays; if PostgreSQL refuses that, it is made anew.
fn function_again(name: &str, made: &str, now: Option<&str>, found: &FoundSchema) -> String {
    /// Part of the description of a function.
    const CLOSED: &str = "not executable by public";
    let mut statements = Vec::new();
    if let Some(now) = now {
        // Its return type, the names of its arguments, and the kind of routine, which cannot be replaced.
        let fixed = |description: &str| description.split(", language ").next().map(str::to_owned);
        if fixed(made) != fixed(now) {
            statements.push(format!("DROP ROUTINE {name};"));
        } else if has(now, "owned by ") {
            statements.push(format!("ALTER ROUTINE {name} OWNER TO {};", found.owner));
        }
    }
    statements.push(function(name, &found.schema));
    if now.is_some_and(|now| has(now, CLOSED)) && !has(made, CLOSED) {
        statements.push(format!("GRANT EXECUTE ON FUNCTION {name} TO PUBLIC;"));
    }
    statements.join("\n")
}

fn table_again(part: &str, on: &str, made: &str, now: &str, found: &FoundSchema) -> String {
    let mut actions = Vec::new();
    if has(now, "owned by ") {
        actions.push(format!("OWNER TO {}", found.owner));
    }
    let secured = has(now, "row level security");
    if secured && !has(made, "row level security") {
        actions.push("DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY".to_owned());
    }
    for (kind, set) in [("permanent", "SET LOGGED"), ("unlogged", "SET UNLOGGED")] {
        if has(made, kind) && !has(now, kind) {
            actions.push(set.to_owned());
        }
    }
    let statements: Vec<String> = actions.iter().map(|action| format!("ALTER TABLE {on} {action};")).collect();
    if statements.is_empty() { format!("-- {part}: as it was, {made}") } else { statements.join("\n") }
}

/// The parts of a column's description that can be changed back without touching its values.
struct Column<'a> {
    /// Its type, and other attributes that cannot be changed separately.
    is: &'a str,
    not_null: bool,
    default: Option<&'a str>,
}

impl<'a> Column<'a> {
    fn of(description: &'a str) -> Self {
        let (head, default) = match description.split_once(" default ") {
            Some((head, default)) => (head, Some(default)),
            None => (description, None),
        };
        let bare = head.strip_suffix(" not null");
        Self { is: bare.unwrap_or(head), not_null: bare.is_some(), default }
    }
}

fn column_again(part: &str, (on, own): (&str, &str), made: &str, now: &str) -> String {
    let (was, is) = (Column::of(made), Column::of(now));
    if was.is != is.is {
        return format!("-- {part}: as it was, {made}; change it back once it is known what became of its values");
    }
    let mut actions = Vec::new();
    if was.default != is.default {
        actions.push(was.default.map_or("DROP DEFAULT".to_owned(), |default| format!("SET DEFAULT {default}")));
    }
    if was.not_null != is.not_null {
        actions.push(if was.not_null { "SET NOT NULL" } else { "DROP NOT NULL" }.to_owned());
    }
    let action = |action: String| format!("ALTER TABLE {on} ALTER COLUMN {own} {action};");
    actions.into_iter().map(action).collect::<Vec<_>>().join("\n")
}

/// The statements of the migrations that made a function what it is, for the tables in this schema, including the
/// grants to execute it.
fn function(signature: &str, schema: &str) -> String {
    let opening = format!("function {}(", signature.split('(').next().unwrap_or_default());
    let (mut made, mut altered, mut granted) = (None, Vec::new(), Vec::new());
    for migration in migrations_in(schema).iter() {
        let sql = migration.sql.as_str();
        for (at, _) in sql.match_indices(&opening) {
            let start = sql[..at].rfind('\n').map_or(0, |end| end + 1);
            let verb = &sql[start..at];
            let statement = || sql[at..].find(';').map(|end| format!("{}{}", verb.to_uppercase(), &sql[at..=at + end]));
            match verb {
                "create " | "create or replace " => {
                    altered.clear();
                    // A function that is replaced keeps its grants.
                    if verb == "create " {
                        granted.clear();
                    }
                    made = body_end(&sql[at..]).map(|end| format!("CREATE OR REPLACE {}", &sql[at..at + end]));
                }
                "alter " => altered.extend(statement()),
                "grant execute on " | "revoke execute on " => granted.extend(statement()),
                _ => {}
            }
        }
    }
    let Some(made) = made else { return format!("-- function {signature}: no migration of this version makes it") };
    let all: Vec<String> = std::iter::once(made).chain(altered).chain(granted).collect();
    format!("SET search_path = {}, pg_temp;\n{}", quoted(schema), all.join("\n"))
}

/// Where the statement that begins here ends: after the body between its two `$$`.
fn body_end(sql: &str) -> Option<usize> {
    let begin = sql.find("$$")? + 2;
    let body = begin + sql[begin..].find("$$")? + 2;
    Some(body + sql[body..].find(';')? + 1)
}

#[cfg(test)]
mod tests {
    use super::{super::kept, *};

    #[test]
    fn a_function_is_mended_by_the_newest_migration_that_made_it_and_those_that_altered_it() {
        let latest = function("target_guard()", "public");
        assert!(latest.contains("a target is tried now") && latest.contains("latchkey_has_revoking"), "{latest}");
        let altered = function("latchkey_now()", "elsewhere");
        assert!(
            altered.starts_with("SET search_path = \"elsewhere\", pg_temp;\nCREATE OR REPLACE function"),
            "{altered}"
        );
        assert!(altered.ends_with("ALTER function latchkey_now() set search_path from current;"), "{altered}");
    }

    #[test]
    fn a_function_that_not_everybody_may_execute_is_made_again_as_such() {
        let closed = kept().into_iter().filter(|(_, made)| has(made, "not executable by public"));
        let closed: Vec<String> =
            closed.filter_map(|(part, _)| part.strip_prefix("function ").map(str::to_owned)).collect();
        assert_eq!(closed, ["access_grant_legs()", "event_queue()", "record_event(bytea)"]);
        for name in closed {
            let sql = function(&name, "public");
            assert!(sql.contains(&format!("\nREVOKE EXECUTE ON function {name} from public;")), "{sql}");
        }
        let recorded = function("record_event(bytea)", "public");
        let granted = "\nGRANT EXECUTE ON function record_event(bytea) to latchkey_web, latchkey_worker;";
        assert!(recorded.ends_with(granted), "replaced after it was granted: {recorded}");
    }

    #[test]
    fn a_columns_default_and_not_null_are_set_again_and_its_type_is_not() {
        let again = |made, now| column_again("column a.b", ("\"a\"", "\"b\""), made, now);
        let made = "text not null default 'not null'::text";
        assert_eq!(
            again(made, "text"),
            "ALTER TABLE \"a\" ALTER COLUMN \"b\" SET DEFAULT 'not null'::text;\n\
             ALTER TABLE \"a\" ALTER COLUMN \"b\" SET NOT NULL;"
        );
        assert_eq!(again("text", "text not null"), "ALTER TABLE \"a\" ALTER COLUMN \"b\" DROP NOT NULL;");
        assert!(again(made, "uuid not null").starts_with("-- column a.b: as it was, text not null"));
    }
}
