//! What the migrations make, as facts: each table, column, constraint, index, trigger and function, read from the
//! database's catalogs and kept in `schema.txt`. A change that Latchkey did not make is found by comparing.
//!
//! The text names the schema `public`, wherever the tables are. `make schema` renews it after a migration.
//!
//! Each line is one part (functions with the SHA-256 of their bodies), the same on every version of PostgreSQL from 15
//! on. `latchkey doctor` compares, names what is missing, changed or added, and prints statements that repair it.

use super::StoreError;
use sqlx::PgPool;
use std::collections::BTreeMap;

mod mend;

/// The parts as the migrations make them.
const KEPT: &str = include_str!("schema.txt");

/// The parts of a schema, such as `trigger event.event_queue`, each with its definition.
pub type SchemaParts = BTreeMap<String, String>;

/// The parts that a database has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSchema {
    /// The schema of the tables.
    pub schema: String,
    /// The role that owns its tables, or most of them.
    pub owner: String,
    pub parts: SchemaParts,
    /// Parts that do not change what can be written: indexes that are not unique.
    harmless: Vec<String>,
}

/// How a part differs from what the migrations made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartDiffers {
    Missing,
    Changed,
    /// No migration made it.
    Added,
}

/// A part that is not as the migrations made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name, such as `trigger event.event_queue`.
    pub part: String,
    pub differs: PartDiffers,
    /// The statements that repair it, run as the schema's owner; a comment if there is no such statement.
    pub mend: String,
}

/// The parts as the migrations of this version make them.
pub fn kept() -> SchemaParts {
    parse(KEPT)
}

fn parse(text: &str) -> SchemaParts {
    let line = |line: &str| line.split_once(": ").map(|(part, made)| (part.to_owned(), made.to_owned()));
    text.lines().filter_map(line).collect()
}

/// The parts as `schema.txt` holds them: a line each, in the order of their names.
pub fn text(parts: &SchemaParts) -> String {
    parts.iter().fold(String::new(), |text, (part, made)| text + part + ": " + made + "\n")
}

/// Reads the parts of the current schema of this database. Objects of an extension are left out.
///
/// # Errors
/// `Database`.
pub async fn found(pool: &PgPool) -> Result<FoundSchema, StoreError> {
    let tables: Vec<String> = kept().keys().filter_map(|part| part.strip_prefix("table ")).map(str::to_owned).collect();
    let here = sqlx::query!(
        r#"select current_schema()::text as "schema!", coalesce((select mode() within group (order by c.relowner::regrole::text)
             from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relname = any($1)),
             quote_ident(current_user)) as "owner!""#,
        &tables
    )
    .fetch_one(pool)
    .await?;
    let rows = sqlx::query!(
        r#"with ours as (
             select c.* from pg_class c
             where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
               and c.relname <> '_sqlx_migrations'),
           owner as (select $1::text::regrole as oid)
           select p.part as "part!", p.made as "made!", p.harmless as "harmless!" from (
             select 'table ' || t.relname as part, concat_ws(', ',
                 case t.relpersistence when 'p' then 'permanent' when 'u' then 'unlogged' else t.relpersistence::text end,
                 case when t.relkind = 'p' then 'partitioned' end,
                 case when t.relrowsecurity then 'row level security' end,
                 case when t.relforcerowsecurity then 'row level security forced' end,
                 case when t.relowner <> (select oid from owner) then 'owned by ' || pg_get_userbyid(t.relowner) end) as made,
               false as harmless
             from ours t
             union all
             select 'column ' || t.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
                 case when a.attcollation <> y.typcollation then 'collate ' || a.attcollation::regcollation end,
                 case when a.attnotnull then 'not null' end, case when a.attidentity <> '' then 'identity' end,
                 case a.attgenerated when '' then 'default' else 'generated' end || ' ' || pg_get_expr(d.adbin, d.adrelid, true)),
               false
             from ours t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
               join pg_type y on y.oid = a.atttypid
               left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
             union all
             select 'constraint ' || t.relname || '.' || c.conname, pg_get_constraintdef(c.oid, true), false
             from ours t join pg_constraint c on c.conrelid = t.oid and c.contype in ('c', 'f', 'p', 'u', 'x')
             union all
             select 'index ' || t.relname || '.' || i.relname, concat_ws(', ',
                 regexp_replace(pg_get_indexdef(x.indexrelid, 0, true), ' WITH \([^)]*\)', ''),
                 case when not (x.indisvalid and x.indisready) then 'invalid' end),
               not x.indisunique
             from ours t join pg_index x on x.indrelid = t.oid join pg_class i on i.oid = x.indexrelid
             where not exists (select from pg_constraint c
               where c.conindid = x.indexrelid and c.conrelid = t.oid and c.contype in ('p', 'u', 'x'))
             union all
             select 'trigger ' || t.relname || '.' || g.tgname, pg_get_triggerdef(g.oid, true), false
             from ours t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
             union all
             select 'rule ' || t.relname || '.' || r.rulename, pg_get_ruledef(r.oid, true), false
             from ours t join pg_rewrite r on r.ev_class = t.oid
             union all
             select 'policy ' || t.relname || '.' || p.polname, coalesce(pg_get_expr(p.polqual, p.polrelid, true), ''), false
             from ours t join pg_policy p on p.polrelid = t.oid
             union all
             select 'heir ' || t.relname || '.' || h.inhrelid::regclass, 'inherits', false
             from ours t join pg_inherits h on h.inhparent = t.oid
             union all
             select 'function ' || f.proname || '(' || oidvectortypes(f.proargtypes) || ')', concat_ws(', ',
                 'returns ' || pg_get_function_result(f.oid), 'named ' || array_to_string(f.proargnames, ' '),
                 case f.prokind when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window function' end,
                 'language ' || l.lanname,
                 case f.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
                 case when f.proisstrict then 'strict' end, case when f.proleakproof then 'leakproof' end,
                 case when f.prosecdef then 'security definer' else 'security invoker' end,
                 case when not exists (select from aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
                     where a.grantee = 0 and a.privilege_type = 'EXECUTE') then 'not executable by public' end,
                 case when f.proowner <> (select oid from owner) then 'owned by ' || pg_get_userbyid(f.proowner) end,
                 regexp_replace(array_to_string(f.proconfig, ', '), '\m' || current_schema() || '\M', 'public', 'g'),
                 'body ' || encode(sha256(convert_to(
                   replace(f.prosrc, format('"%s".', current_schema()), 'public.'), 'UTF8')), 'hex')),
               false
             from pg_proc f join pg_language l on l.oid = f.prolang
             where f.pronamespace = current_schema()::regnamespace and not exists (
               select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = f.oid and d.deptype = 'e')) p"#,
        &here.owner
    )
    .fetch_all(pool)
    .await?;
    let harmless = rows.iter().filter(|row| row.harmless).map(|row| row.part.clone()).collect();
    // A long expression has line breaks.
    let one_line = |text: &str| text.split('\n').map(str::trim).collect::<Vec<_>>().join(" ");
    let parts = rows.into_iter().map(|row| (row.part, one_line(&row.made))).collect();
    Ok(FoundSchema { schema: here.schema, owner: here.owner, parts, harmless })
}

/// How a database differs from what the migrations made. Other tables and functions in the same schema, by other
/// names, are not differences, and neither is an index that is not unique. If a table is gone, its parts are not named.
pub fn differences(kept: &SchemaParts, found: &FoundSchema) -> Vec<Difference> {
    let lacking = kept.iter().filter_map(|(part, made)| match found.parts.get(part) {
        Some(now) if now == made => None,
        Some(_) => Some((part, PartDiffers::Changed)),
        None => Some((part, PartDiffers::Missing)),
    });
    let more = found.parts.keys().filter(|part| !kept.contains_key(*part) && !found.harmless.contains(part));
    let more = more.filter(|part| is_about_ours(part, kept)).map(|part| (part, PartDiffers::Added));
    let difference = |(part, differs): (&String, PartDiffers)| {
        let (made, now) = (kept.get(part).map(String::as_str), found.parts.get(part).map(String::as_str));
        let mend = mend::mend(part, (made, now), found);
        Difference { part: part.clone(), differs, mend }
    };
    let gone = |part: &str| table_of(part).is_some_and(|table| !found.parts.contains_key(&format!("table {table}")));
    let lacking = lacking.filter(|(part, _)| !gone(part));
    let mut all: Vec<_> = lacking.chain(more).map(difference).collect();
    put_off(&mut all, kept);
    all.sort_by_key(|difference| turn(&difference.part, kept));
    all
}

/// Makes a comment of each statement that names a missing column: it works once the column exists.
fn put_off(all: &mut [Difference], kept: &SchemaParts) {
    let gone = all.iter().filter(|found| found.differs == PartDiffers::Missing);
    let gone = gone.filter_map(|found| found.part.strip_prefix("column ")?.split_once('.'));
    let gone: Vec<(String, String)> = gone.map(|(table, column)| (table.to_owned(), column.to_owned())).collect();
    for found in all.iter_mut().filter(|found| !found.part.starts_with("column ")) {
        let made = kept.get(&found.part).map(String::as_str).unwrap_or_default();
        let names = |name: &str| made.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
        if gone.iter().any(|(table, column)| table_of(&found.part) == Some(table) && names(column)) {
            found.mend = format!("-- with the column: {}", found.mend);
        }
    }
}

/// The order in which parts are repaired: those that others need come first.
fn turn(part: &str, kept: &SchemaParts) -> usize {
    let is_reference = kept.get(part).is_some_and(|made| made.starts_with("FOREIGN KEY"));
    match part.split(' ').next().unwrap_or_default() {
        "function" => 0,
        "table" => 1,
        "column" => 2,
        "constraint" if !is_reference => 3,
        "index" => 4,
        "constraint" => 5,
        _ => 6,
    }
}

/// Whether a part belongs to a table of Latchkey, or has the name of a function of Latchkey: a function with other
/// arguments would be called in its place.
fn is_about_ours(part: &str, kept: &SchemaParts) -> bool {
    let Some((kind, name)) = part.split_once(' ') else { return false };
    match kind {
        "table" => false,
        "function" => {
            let same = format!("function {}(", name.split('(').next().unwrap_or_default());
            kept.keys().any(|own| own.starts_with(&same))
        }
        _ => table_of(part).is_some_and(|table| kept.contains_key(&format!("table {table}"))),
    }
}

/// The table that this part belongs to, if it belongs to one.
fn table_of(part: &str) -> Option<&str> {
    let (kind, name) = part.split_once(' ')?;
    let is_of_table = kind != "table" && kind != "function";
    name.split('.').next().filter(|_| is_of_table)
}

/// How many of the parts are of a kind, such as `trigger`.
pub fn count(parts: &SchemaParts, kind: &str) -> usize {
    parts.keys().filter(|part| part.split(' ').next() == Some(kind)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(of: &[(&str, &str)]) -> SchemaParts {
        of.iter().map(|(part, made)| ((*part).to_owned(), (*made).to_owned())).collect()
    }

    fn told(kept: &SchemaParts, found: SchemaParts, harmless: &[&str]) -> Vec<(String, PartDiffers)> {
        let harmless = harmless.iter().map(|&part| part.to_owned()).collect();
        let found = FoundSchema { schema: "public".into(), owner: "owner".into(), parts: found, harmless };
        differences(kept, &found).into_iter().map(|found| (found.part, found.differs)).collect()
    }

    #[test]
    fn what_is_missing_changed_or_added_to_our_tables_is_told_and_what_is_others_is_not() {
        let kept = parts(&[("table a", "permanent"), ("trigger a.t", "x"), ("function f(text)", "y")]);
        let found = parts(&[
            ("table a", "permanent, row level security"),
            ("table b", "permanent"),
            ("index b.unique", "theirs"),
            ("index a.plain", "for speed"),
            ("rule a.r", "do instead nothing"),
            ("function f(text)", "y"),
            ("function f(uuid)", "z"),
            ("function theirs()", "z"),
        ]);
        let expected = [
            ("function f(uuid)", PartDiffers::Added),
            ("table a", PartDiffers::Changed),
            ("trigger a.t", PartDiffers::Missing),
            ("rule a.r", PartDiffers::Added),
        ];
        assert_eq!(told(&kept, found, &["index a.plain"]), expected.map(|(part, differs)| (part.to_owned(), differs)));
        assert!(told(&kept, kept.clone(), &[]).is_empty());
    }

    #[test]
    fn the_kept_text_is_as_it_is_written() {
        assert_eq!(text(&kept()), KEPT);
        assert!(count(&kept(), "trigger") >= 20 && count(&kept(), "function") >= 26);
    }
}
