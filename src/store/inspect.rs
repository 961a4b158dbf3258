//! What `latchkey doctor` asks the database about itself and about its use. Reads only.

use super::{MIGRATIONS, Store, StoreError, columns::blocker};
use jiff::Timestamp;
use latchkey_domain::access::{ClusterId, blocker::Blocker, cluster::ClusterName};
use sqlx::PgPool;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The role that is signed in, and the database's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedInRole {
    pub user: String,
    /// Whether the role is a superuser, may make roles, or bypasses row security: a process needs none of these.
    pub is_mighty: bool,
    /// Whether it belongs to the role that owns the schema's tables.
    pub owns: bool,
    /// That role; `None` if there are no tables yet.
    pub owner: Option<String>,
    pub now: Timestamp,
    /// The server's version, such as `15.4`.
    pub version: String,
    /// Whether the connection crosses a network unencrypted.
    pub is_overheard: bool,
    /// The schema of the tables, as SQL names it, if the role may make functions and tables there: Latchkey's functions
    /// would call them by their names. `None` if that right comes from owning the database.
    pub creates_in: Option<String>,
    /// The schema for the tables, as SQL names it, if the role lacks USAGE on it: then it sees none of them.
    pub shut_out_of: Option<String>,
}

/// The installation that a database belongs to.
///
/// # Errors
/// `Database`.
pub async fn installation(pool: &PgPool) -> Result<Uuid, StoreError> {
    Ok(sqlx::query_scalar!("select id from installation").fetch_one(pool).await?)
}

/// Asks for the role that is signed in; the tables are to be in this schema.
///
/// # Errors
/// `Database`.
pub async fn signed_in(pool: &PgPool, schema: &str) -> Result<SignedInRole, StoreError> {
    let row = sqlx::query!(
        r#"select current_user::text as "user!", r.rolsuper or r.rolcreaterole or r.rolbypassrls as "mighty!",
             exists (select from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
                     and pg_has_role(current_user, c.relowner, 'MEMBER')) as "owns!",
             (select pg_get_userbyid(c.relowner)::text from pg_class c
               where c.relnamespace = current_schema()::regnamespace and c.relname = 'access_grant') as "owner?",
             clock_timestamp() as "now!", current_setting('server_version') as "version!",
             case when has_schema_privilege(current_schema(), 'create') and not pg_has_role(current_user, 'pg_database_owner', 'member')
               then quote_ident(current_schema()) end as "creates_in?",
             (select quote_ident(n.nspname) from pg_namespace n where n.nspname = $1
                and not has_schema_privilege(n.oid, 'usage')) as "shut_out_of?",
             coalesce((select s.ssl from pg_stat_ssl s where s.pid = pg_backend_pid()), false) as "encrypted!",
             coalesce(not inet_server_addr() <<= any (array['127.0.0.0/8'::inet, '::1/128'::inet]), false) as "remote!"
           from pg_roles r where r.rolname = current_user"#,
        schema
    )
    .fetch_one(pool)
    .await?;
    Ok(SignedInRole {
        user: row.user,
        is_mighty: row.mighty,
        owns: row.owns,
        owner: row.owner,
        now: row.now.to_jiff(),
        version: row.version,
        creates_in: row.creates_in,
        shut_out_of: row.shut_out_of,
        is_overheard: row.remote && !row.encrypted,
    })
}

/// How the database's schema compares to the one that this version knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    Current {
        version: i64,
    },
    /// The migrations that did not run yet, by name; all of them if there is no schema.
    Behind(Vec<String>),
    /// Migrations ran that this version does not know.
    Ahead(Vec<i64>),
    /// Migrations that ran with other texts than this version has, or that did not complete.
    Different(Vec<i64>),
}

/// Compares the schema.
///
/// # Errors
/// `Database`.
pub async fn schema(pool: &PgPool) -> Result<Schema, StoreError> {
    // Not by the macro: the table is the migrator's own, and does not exist where queries are checked.
    let ran = sqlx::query_as::<_, (i64, Vec<u8>, bool)>("select version, checksum, success from _sqlx_migrations");
    let ran: BTreeMap<i64, (Vec<u8>, bool)> = match ran.fetch_all(pool).await {
        Ok(rows) => rows.into_iter().map(|(version, checksum, success)| (version, (checksum, success))).collect(),
        // Undefined table.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => BTreeMap::new(),
        Err(error) => return Err(error.into()),
    };
    let known: BTreeMap<i64, &sqlx::migrate::Migration> =
        MIGRATIONS.iter().map(|migration| (migration.version, migration)).collect();
    let ahead: Vec<i64> = ran.keys().filter(|version| !known.contains_key(version)).copied().collect();
    let differs = |version: &&i64| {
        let ours = known.get(*version).map(|migration| migration.checksum.as_ref());
        ran.get(*version)
            .is_some_and(|(theirs, success)| !success || ours.is_some_and(|ours| ours != theirs.as_slice()))
    };
    let different: Vec<i64> = ran.keys().filter(differs).copied().collect();
    let to_come = known.values().filter(|migration| !ran.contains_key(&migration.version));
    let behind: Vec<String> =
        to_come.map(|migration| format!("{:04} {}", migration.version, migration.description)).collect();
    Ok(match (ahead.is_empty(), different.is_empty(), behind.is_empty()) {
        (_, false, _) => Schema::Different(different),
        (false, true, _) => Schema::Ahead(ahead),
        (true, true, false) => Schema::Behind(behind),
        (true, true, true) => Schema::Current { version: known.keys().max().copied().unwrap_or(0) },
    })
}

/// Rows of `grant_leg` that belong to neither the cluster nor the principal of their access, of live accesses: as
/// statements that delete them.
///
/// # Errors
/// `Database`.
pub async fn stray_legs(store: &Store, most: i64) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select format('DELETE FROM grant_leg WHERE grant_id = %L AND target_kind = %L AND target_key = %L;',
             l.grant_id, l.target_kind, l.target_key) as "statement!"
           from access_grant g join grant_leg l on l.grant_id = g.id
           where g.state <> 'ended' and not ((l.target_kind = 'cluster' and l.target_key = g.cluster_id)
             or (l.target_kind = 'principal' and l.target_key = g.principal_id))
           order by l.grant_id, l.target_kind, l.target_key limit $1"#,
        most
    )
    .fetch_all(store.pool())
    .await?)
}

/// What the database knows of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCluster {
    pub id: ClusterId,
    pub arn: String,
    /// The `createdAt` that AWS told when the worker first looked.
    pub created_at: Option<Timestamp>,
    pub installation: Uuid,
    /// The highest epoch that its marker may have.
    pub marked: i64,
    pub fenced: Option<Blocker>,
    /// Why the last run did not complete.
    pub failure: Option<Blocker>,
    /// Why the worker may not make access entries there, if EKS refused one at the last look.
    pub entries_refused: Option<Blocker>,
}

/// What the database knows of the cluster of this name; `None` if the current policy has none.
///
/// # Errors
/// `Database`.
pub async fn cluster(store: &Store, name: &ClusterName) -> Result<Option<KnownCluster>, StoreError> {
    let row = sqlx::query!(
        r#"select c.id, c.arn, c.created_at, i.id as installation, t.marked as "marked?", 
             coalesce(latchkey_blocker(null, null, t.fenced_blocker), latchkey_blocker(t.fenced_why, null, null)) as "fenced?",
             coalesce(latchkey_blocker(null, null, t.failure_blocker), latchkey_blocker(t.failure, null, null)) as "failure?",
             latchkey_blocker(null, null, o.body->'entries_refused') as "refused?"
           from cluster c cross join installation i
           left join target t on t.kind = 'cluster' and t.key = c.id
           left join observation o on o.target_kind = 'cluster' and o.target_key = c.id
           where c.name = $1 and c.dropped_at is null"#,
        name.as_str()
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| KnownCluster {
        id: ClusterId(row.id),
        arn: row.arn,
        created_at: row.created_at.map(jiff_sqlx::Timestamp::to_jiff),
        installation: row.installation,
        marked: row.marked.unwrap_or(0),
        fenced: row.fenced.map(|why| blocker(Some(&why))),
        failure: row.failure.map(|why| blocker(Some(&why))),
        entries_refused: row.refused.map(|why| blocker(Some(&why))),
    }))
}

/// A proven IAM user of this account and below one of these paths.
///
/// # Errors
/// `Database`.
pub async fn some_user(store: &Store, account: &str, paths: &[String]) -> Result<Option<String>, StoreError> {
    let starts: Vec<String> = paths.iter().map(|path| format!(":iam::{account}:user{path}")).collect();
    Ok(sqlx::query_scalar!(
        "select p.arn from principal p where exists (select from unnest($1::text[]) s where strpos(p.arn, s) > 0)
         order by p.arn limit 1",
        &starts
    )
    .fetch_optional(store.pool())
    .await?)
}
