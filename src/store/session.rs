//! The required settings of each connection: the search path to the tables, a plan for each query, and limits for
//! statements, locks and idle transactions.
//!
//! `latchkey migrate` sets them for each role in the database. Settings that a process asks for when it connects do not
//! reach the server through a pooler: PgBouncer refuses or drops startup parameters, and settings that the process
//! makes later go to the next client of that connection. So each new connection is checked, and one without them is not
//! used.
//!
//! `plan_cache_mode` is `force_custom_plan`: one plan for all combinations of filters that may be absent would make
//! indexes useless (see [`super::read`]). `jit` is `off`: on a long history the planner expects the worker's large
//! statements to be dear, and would compile them at each use, which takes a quarter of a second; they read few rows.

use super::StoreError;
use crate::database_url::DatabaseUrl;
use sqlx::{Connection as _, PgConnection, Row as _};
use std::sync::{Arc, Mutex, PoisonError};

/// A statement that takes longer is given up: no page and no reconcile needs that long.
const STATEMENT_TIMEOUT: &str = "15s";
/// A process that stands still in a transaction (none calls anything outside) loses its locks after this: before the
/// transactions that wait for them give up.
const IDLE_TIMEOUT: &str = "8s";
/// A statement that waits longer for a lock is given up. No transaction of a process holds one nearly as long, and a
/// client that does must not hold up what needs none of its locks. Transactions that know what to do then wait less.
const LOCK_TIMEOUT: &str = "3s";
/// If Postgres keeps one plan for a query whose filters may be absent, that plan reads all of a long audit log, for
/// minutes. So each use is planned for its own filters, which takes a fraction of a millisecond.
const PLAN_CACHE: &str = "force_custom_plan";

/// Each use of a statement has a plan of its own, so what is compiled for one would serve no other.
const JIT: &str = "off";

/// How many of the settings, from the first on, the schema's owner has. It is not a process: statements that it runs by
/// hand may take long.
const OF_OWNER: usize = 2;

/// The settings that a role's sessions must have, as `set NAME = VALUE` takes them.
fn settings(schema: &str, is_owner: bool) -> Vec<(&'static str, String)> {
    let all = vec![
        // PostgreSQL advises a schema for each role, before `public`: objects that are made without a schema's name
        // would go there, and no other role would find them.
        ("search_path", format!("{}, pg_temp", quoted(schema))),
        ("plan_cache_mode", PLAN_CACHE.to_owned()),
        ("jit", JIT.to_owned()),
        ("statement_timeout", format!("'{STATEMENT_TIMEOUT}'")),
        ("idle_in_transaction_session_timeout", format!("'{IDLE_TIMEOUT}'")),
        // All of these roles write. No process holds a lock for longer than this.
        ("lock_timeout", format!("'{LOCK_TIMEOUT}'")),
        ("default_transaction_read_only", "off".to_owned()),
    ];
    all.into_iter().take(if is_owner { OF_OWNER } else { usize::MAX }).collect()
}

/// Startup parameters of a client that only reads, and that may meet a database without the settings.
pub(super) fn of_readers(schema: &str) -> [(&'static str, String); 5] {
    [
        ("search_path", format!("{schema},pg_temp")),
        ("plan_cache_mode", PLAN_CACHE.to_owned()),
        ("jit", JIT.to_owned()),
        ("statement_timeout", STATEMENT_TIMEOUT.to_owned()),
        ("default_transaction_read_only", "on".to_owned()),
    ]
}

/// The statements that give a role's sessions in a database their settings. A superuser, the role itself, or a role
/// with CREATEROLE that administers it may run them.
pub fn statements(role: &str, database: &str, schema: &str, is_owner: bool) -> Vec<String> {
    let of = format!("alter role {} in database {}", quoted(role), quoted(database));
    settings(schema, is_owner).into_iter().map(|(name, value)| format!("{of} set {name} = {value}")).collect()
}

/// A name in quotes, which SQL takes for every name.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Why a connection is not used: a sentence with what an administrator has to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfitConnection {
    user: String,
    database: String,
    schema: String,
    is_owner: bool,
    /// Each setting that is wrong, with its value.
    wrong: Vec<(&'static str, String)>,
    /// The schemas with tables of Latchkey.
    tables_in: Vec<String>,
}

/// What is wrong with a connection, if anything is.
///
/// # Errors
/// `Database`.
pub async fn unfit(connection: &mut PgConnection, schema: &str) -> Result<Option<UnfitConnection>, sqlx::Error> {
    // Not by the macro: it has to work in a database without any schema, and with any search path.
    let row = sqlx::query(
        "select current_user::text, current_database()::text, pg_catalog.current_setting('search_path'),
           pg_catalog.current_setting('plan_cache_mode'), pg_catalog.current_setting('statement_timeout'),
           pg_catalog.current_setting('idle_in_transaction_session_timeout'), pg_catalog.current_setting('lock_timeout'),
           pg_catalog.current_setting('default_transaction_read_only'),
           coalesce((select bool_or(pg_catalog.pg_has_role(current_user, c.relowner, 'MEMBER'))
             from pg_catalog.pg_class c where c.relname = 'access_grant' and c.relkind = 'r'), false),
           array(select n.nspname::text from pg_catalog.pg_class c
             join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where c.relname = 'access_grant' and c.relkind = 'r' order by 1),
           pg_catalog.current_setting('jit')",
    )
    .fetch_one(connection)
    .await?;
    let text = |column: usize| row.try_get::<String, _>(column);
    let (is_owner, tables_in): (bool, Vec<String>) = (row.try_get(8)?, row.try_get(9)?);
    let seen = [
        ("search_path", text(2)?, leads_to(&text(2)?, schema)),
        ("plan_cache_mode", text(3)?, text(3)? == PLAN_CACHE),
        ("jit", text(10)?, text(10)? == JIT),
        ("statement_timeout", text(4)?, text(4)? == STATEMENT_TIMEOUT),
        ("idle_in_transaction_session_timeout", text(5)?, text(5)? == IDLE_TIMEOUT),
        ("lock_timeout", text(6)?, text(6)? == LOCK_TIMEOUT),
        ("default_transaction_read_only", text(7)?, text(7)? == "off"),
    ];
    let counted = seen.into_iter().take(if is_owner { OF_OWNER } else { usize::MAX });
    let wrong: Vec<_> = counted.filter(|(.., right)| !right).map(|(name, value, _)| (name, value)).collect();
    if wrong.is_empty() && tables_in.iter().any(|found| found == schema) {
        return Ok(None);
    }
    let (user, database) = (text(0)?, text(1)?);
    Ok(Some(UnfitConnection { user, database, schema: schema.to_owned(), is_owner, wrong, tables_in }))
}

/// The same for a connection made for the check. It also finds why a connection fails, while a pool says only that it
/// had none in time.
///
/// # Errors
/// `Database`.
pub async fn unfit_at(url: &DatabaseUrl) -> Result<Option<UnfitConnection>, StoreError> {
    let mut connection = PgConnection::connect_with(&url.options()).await?;
    let found = unfit(&mut connection, url.schema()).await?;
    connection.close().await?;
    Ok(found)
}

/// Whether names are looked up only in this schema, and last among temporary tables.
fn leads_to(search_path: &str, schema: &str) -> bool {
    let mut parts = search_path.split(',').map(|part| part.trim().trim_matches('"'));
    parts.next() == Some(schema) && parts.all(|part| part == "pg_temp")
}

impl UnfitConnection {
    /// The statements that an administrator runs in place of `latchkey migrate`. Empty if latchkey.toml has to change,
    /// or there is no schema yet, since its owner is not known.
    pub fn statements(&self) -> Vec<String> {
        if self.is_elsewhere() || self.tables_in.is_empty() {
            Vec::new()
        } else {
            statements(&self.user, &self.database, &self.schema, self.is_owner)
        }
    }

    /// What is wrong, without what to do.
    pub fn what(&self) -> String {
        let Self { user, database, schema, .. } = self;
        if self.tables_in.is_empty() {
            return format!("the database `{database}` has no schema yet: run `latchkey migrate`");
        }
        if self.is_elsewhere() {
            let found = self.tables_in.join(" and ");
            return format!(
                "the tables of `{database}` are in the schema {found}, and latchkey.toml says `{schema}`: set `schema` in \
                 [database]"
            );
        }
        let wrong: Vec<String> = self.wrong.iter().map(|(name, value)| format!("{name} is `{value}`")).collect();
        format!(
            "the sessions of `{user}` in the database `{database}` are not as Latchkey needs them ({}; its tables are in \
             the schema `{schema}`)",
            wrong.join(", ")
        )
    }

    fn is_elsewhere(&self) -> bool {
        !self.tables_in.is_empty() && !self.tables_in.contains(&self.schema)
    }
}

impl std::fmt::Display for UnfitConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what())?;
        let statements = self.statements();
        if statements.is_empty() {
            return Ok(());
        }
        f.write_str(": run `latchkey migrate`, which sets that, or as an administrator:")?;
        for statement in statements {
            write!(f, " {statement};")?;
        }
        f.write_str(" A pooler's connections to the server have to be made anew then.")
    }
}

impl std::error::Error for UnfitConnection {}

/// Why the last new connection was not used; shared by the clones of a store.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectionRefusal(Arc<Mutex<Option<UnfitConnection>>>);

impl ConnectionRefusal {
    pub(super) fn get(&self) -> Option<UnfitConnection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Logs it once, until a connection is used or another reason is found.
    fn set(&self, why: Option<UnfitConnection>) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = why.as_ref().filter(|why| last.as_ref() != Some(*why)) {
            tracing::error!(%why, "a connection to the database is not used");
        }
        *last = why;
    }

    /// Checks a new connection.
    pub(super) async fn look(&self, connection: &mut PgConnection, url: &DatabaseUrl) -> Result<(), sqlx::Error> {
        let why = unfit(connection, url.schema()).await?;
        self.set(why.clone());
        match why {
            None => Ok(()),
            Some(why) => Err(sqlx::Error::Configuration(why.into())),
        }
    }
}
