//! Postgres. [`Tx`] is the one writer of business state; everything else here is a noun's own table or a read.
//!
//! May not import: web, worker, aws, kubernetes.

pub mod alarms;
pub mod audit;
pub mod clusters;
mod columns;
pub mod desired;
pub mod error;
pub mod evidence;
pub mod fence;
pub mod findings;
pub mod grant_rows;
pub mod grants;
pub mod heartbeats;
pub mod inspect;
pub mod intents;
pub mod legs;
pub mod limits;
pub mod mappings;
pub mod observations;
pub mod people;
pub mod policies;
pub mod quarantine;
pub mod read;
pub mod requests;
pub mod rights;
pub mod sessions;
pub mod targets;
pub mod tx;

pub use error::StoreError;
pub use tx::{Stored, Tx};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};
use std::{str::FromStr, time::Duration};

/// The schema's migrations, compiled in.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// A connection pool to Latchkey's database under one of its roles.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    parsed: observations::Parsed,
}

/// A query whose filters may be absent has one plan for all of them once Postgres keeps one: on a long audit log that
/// reads all of it, for minutes. So each use is planned for what it asks, which takes a fraction of a millisecond.
const PLAN_CACHE: (&str, &str) = ("plan_cache_mode", "force_custom_plan");

/// Where the tables are. PostgreSQL advises a schema of its own for each role, in front of `public`: what is made without
/// a name would go there, and be found by nobody else.
const SEARCH_PATH: (&str, &str) = ("search_path", "public");

/// A connection as the schema's owner, without the time-outs of the pools, for `latchkey migrate`.
///
/// # Errors
/// `Config` where the URL does not parse; `Database` where no connection comes about.
pub async fn connect_as_owner(url: &SecretString) -> Result<PgConnection, StoreError> {
    let options = PgConnectOptions::from_str(url.expose_secret()).map_err(StoreError::Config)?;
    Ok(PgConnection::connect_with(&options.application_name("latchkey").options([SEARCH_PATH])).await?)
}

/// As many connections as looking at everything at once takes.
const READERS: u32 = 4;

/// A statement that takes longer is given up: no page and no reconcile needs one.
const STATEMENT_TIMEOUT: &str = "15s";

/// How long a process waits for a connection: the database may be restarting.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same while somebody waits for a page.
const PATIENCE_OF_PAGES: Duration = Duration::from_millis(1_500);

/// A process that stands still in a transaction (nothing outside is called in one) lets its locks go after this: before
/// whoever waits for them gives up.
const IDLE_TIMEOUT: &str = "8s";

impl Store {
    /// Connects lazily: a database that is away is an error of the first query, not of the start.
    ///
    /// # Errors
    /// `Config` where the URL does not parse.
    pub fn connect(url: &SecretString, connections: u32) -> Result<Self, StoreError> {
        Self::connect_within(url, connections, PATIENCE)
    }

    /// The same for pages: whoever waits for one is told soon that the database is away.
    ///
    /// # Errors
    /// `Config` where the URL does not parse.
    pub fn for_pages(url: &SecretString, connections: u32) -> Result<Self, StoreError> {
        Self::connect_within(url, connections, PATIENCE_OF_PAGES)
    }

    fn connect_within(url: &SecretString, connections: u32, patience: Duration) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url.expose_secret())
            .map_err(StoreError::Config)?
            .application_name("latchkey")
            .options([
                ("statement_timeout", STATEMENT_TIMEOUT),
                ("idle_in_transaction_session_timeout", IDLE_TIMEOUT),
                PLAN_CACHE,
                SEARCH_PATH,
            ]);
        let pool =
            PgPoolOptions::new().max_connections(connections).acquire_timeout(patience).connect_lazy_with(options);
        Ok(Self { pool, parsed: observations::Parsed::default() })
    }

    /// Connects now, so that what stands in the way is known, and to read only: the server refuses every write of these
    /// connections.
    ///
    /// # Errors
    /// `Config` where the URL does not parse; `Database` where no connection comes about.
    pub async fn connect_to_read(url: &SecretString) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url.expose_secret())
            .map_err(StoreError::Config)?
            .application_name("latchkey")
            .options([
                ("statement_timeout", STATEMENT_TIMEOUT),
                ("default_transaction_read_only", "on"),
                PLAN_CACHE,
                SEARCH_PATH,
            ]);
        // A pool only says that it had no connection in time, and not why.
        PgConnection::connect_with(&options).await?.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(Duration::from_secs(5))
            .connect_lazy_with(options);
        Ok(Self { pool, parsed: observations::Parsed::default() })
    }

    /// A store over a pool that exists.
    pub fn new(pool: PgPool) -> Self {
        Self { pool, parsed: observations::Parsed::default() }
    }

    /// The pool, for the reads of [`crate::store`] and the tables that have no state machine.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// A connection for reads.
    ///
    /// # Errors
    /// `Database` where none is to be had.
    pub async fn acquire(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    /// Begins a transaction of business state.
    ///
    /// # Errors
    /// `Database` where no connection is to be had.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Tx::begin(&self.pool).await
    }
}
