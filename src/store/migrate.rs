//! The schema: its migrations, in any schema of the database, and the settings of its roles' sessions.

use super::{
    MIGRATIONS, StoreError,
    session::{quoted, statements},
};
use crate::database_url::{DatabaseUrl, USUAL_SCHEMA};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqlSafeStr as _, migrate::Migrator};
use std::borrow::Cow;

/// The two roles that the migrations make.
const ROLES: [&str; 2] = ["latchkey_web", "latchkey_worker"];
/// The advisory lock that is held while roles are altered: two processes at once would disturb each other.
const LOCK: i64 = 0x6c61_7463_686b_6579;

/// The result of a migration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrated {
    /// The schema's newest version.
    pub version: i64,
    /// The roles that it made, which have no password yet.
    pub made: Vec<&'static str>,
    /// Statements that the owner may not run, for an administrator: without them no process uses the database.
    pub to_run: Vec<String>,
}

/// Why the schema was not migrated.
#[derive(Debug, thiserror::Error)]
pub enum NotMigrated {
    #[error("the tables are in the schema {0} already: set `schema` in [database] of latchkey.toml to it")]
    Elsewhere(String),
    #[error("the session that migrates does not keep its search_path: connect to the server itself, past the pooler")]
    Pooler,
    #[error("failed to migrate the database")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for NotMigrated {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Runs the migrations that did not run yet, as the schema's owner, and sets what sessions of its roles have. It is
/// safe to repeat.
///
/// # Errors
/// See [`NotMigrated`].
pub async fn migrate(url: &DatabaseUrl) -> Result<Migrated, NotMigrated> {
    let schema = url.schema();
    // A connection of its own, without the time-outs of processes: an index may take long.
    let mut connection = PgConnection::connect_with(&url.options()).await?;
    if let Some(other) = elsewhere(&mut connection, schema).await? {
        return Err(NotMigrated::Elsewhere(other));
    }
    let named = quoted(schema);
    let own = if schema == USUAL_SCHEMA { String::new() } else { format!("create schema if not exists {named};") };
    let prepare = format!(
        "{own} set search_path = {named}, pg_temp; set statement_timeout = 0;
         set idle_in_transaction_session_timeout = 0;"
    );
    connection.execute(AssertSqlSafe(prepare)).await?;
    let here: Option<String> = sqlx::query_scalar("select current_schema()::text").fetch_one(&mut connection).await?;
    if here.as_deref() != Some(schema) {
        return Err(NotMigrated::Pooler);
    }
    let there = roles(&mut connection).await?;
    migrations_in(schema).run(&mut connection).await?;
    let made = ROLES.into_iter().filter(|role| !there.iter().any(|name| name == role)).collect();
    let to_run = set_up_roles(&mut connection, schema).await?;
    connection.close().await.ok();
    let version = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
    Ok(Migrated { version, made, to_run })
}

/// Those of the two roles that the server has. Roles belong to all databases of a server.
async fn roles(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let named: Vec<String> = ROLES.map(str::to_owned).to_vec();
    sqlx::query_scalar("select rolname::text from pg_roles where rolname = any($1)")
        .bind(named)
        .fetch_all(connection)
        .await
}

/// Another schema with tables of Latchkey, if this one has none.
async fn elsewhere(connection: &mut PgConnection, schema: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select string_agg(n.nspname::text, ' and ' order by n.nspname)
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relname = 'access_grant' and c.relkind = 'r'
         having not bool_or(n.nspname = $1)",
    )
    .bind(schema)
    .fetch_optional(connection)
    .await
    .map(Option::flatten)
}

/// The migrations for this schema. Released migrations name `public`, and their files stay as they are: here that name
/// is replaced. The checksums are those of the files.
pub(super) fn migrations_in(schema: &str) -> Migrator {
    let mut all: Vec<_> = MIGRATIONS.iter().cloned().collect();
    if schema != USUAL_SCHEMA {
        for migration in &mut all {
            let named = quoted(schema);
            let sql = migration.sql.as_str();
            let sql = sql.replace("pg_catalog, public, pg_temp", &format!("pg_catalog, {named}, pg_temp"));
            let sql = sql.replace("schema public", &format!("schema {named}")).replace("public.", &format!("{named}."));
            migration.sql = AssertSqlSafe(sql).into_sql_str();
        }
    }
    Migrator { migrations: Cow::Owned(all), ..Migrator::DEFAULT }
}

/// Sets the settings of the sessions of the two roles and of the owner. Statements that it may not run are returned.
async fn set_up_roles(connection: &mut PgConnection, schema: &str) -> Result<Vec<String>, sqlx::Error> {
    let (owner, database): (String, String) =
        sqlx::query_as("select current_user::text, current_database()::text").fetch_one(&mut *connection).await?;
    sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(&mut *connection).await?;
    let mut to_run = Vec::new();
    for (role, is_owner) in [(ROLES[0], false), (ROLES[1], false), (owner.as_str(), true)] {
        if has(connection, role, &database, schema, is_owner).await? {
            continue;
        }
        for statement in statements(role, &database, schema, is_owner) {
            match connection.execute(AssertSqlSafe(statement.clone())).await {
                Ok(_) => {}
                Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => to_run.push(statement),
                Err(error) => return Err(error),
            }
        }
    }
    sqlx::query("select pg_advisory_unlock($1)").bind(LOCK).execute(&mut *connection).await?;
    Ok(to_run)
}

/// Whether the role has all of its settings in this database already.
async fn has(
    connection: &mut PgConnection,
    role: &str,
    database: &str,
    schema: &str,
    is_owner: bool,
) -> Result<bool, sqlx::Error> {
    let set: Vec<String> = sqlx::query_scalar(
        "select unnest(s.setconfig) from pg_db_role_setting s join pg_roles r on r.oid = s.setrole
         join pg_database d on d.oid = s.setdatabase where r.rolname = $1 and d.datname = $2",
    )
    .bind(role)
    .bind(database)
    .fetch_all(connection)
    .await?;
    let plain = |text: &str| text.replace(['"', '\'', ' '], "");
    let set: Vec<String> = set.iter().map(|setting| plain(setting)).collect();
    let wanted = statements(role, database, schema, is_owner);
    let of = |statement: &String| statement.split_once(" set ").map(|(_, setting)| plain(setting));
    Ok(wanted.iter().filter_map(of).all(|setting| set.contains(&setting)))
}
