//! Postgres. [`Tx`] is the only writer of business state; everything else here is a noun's own table or a read.
//!
//! May not import: web, worker, aws, kubernetes.

pub mod alarms;
pub mod audit;
mod begin;
pub mod clusters;
mod columns;
pub mod desired;
pub mod due;
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
mod migrate;
pub mod observations;
pub mod people;
mod places;
pub mod policies;
pub mod powers;
pub mod principals;
pub mod proofs;
pub mod quarantine;
pub mod read;
pub mod readings;
pub mod requests;
pub mod rights;
pub mod schema;
pub mod session;
pub mod sessions;
pub mod standstill;
pub mod targets;
pub mod tx;

pub use error::StoreError;
pub use migrate::{Migrated, NotMigrated, migrate};
pub use tx::{Stored, Tx};

/// A connection to the database, shared by queries that need the same snapshot or transaction.
pub type Connection = sqlx::PgConnection;

use crate::database_url::DatabaseUrl;
use latchkey_domain::access::PersonId;
use places::Places;
use sqlx::{
    Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// The schema's migrations, compiled in.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// A connection pool to Latchkey's database under one of its roles.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    parsed: observations::Parsed,
    policy: policies::LastRead,
    refusal: session::ConnectionRefusal,
    /// For a store of pages: how many of its transactions there may be at once.
    pages: Option<Places>,
}

/// How many connections it takes to look at everything at once.
const READERS: u32 = 4;

/// How long a process waits for a connection: the database may be restarting.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same while a person waits for a page.
const PATIENCE_OF_PAGES: Duration = Duration::from_millis(1_500);

impl Store {
    /// Connects lazily: a database that is away is an error of the first query, not of the start. A connection whose
    /// [session](session) does not have the required settings is not used: for callers it is as if the database were
    /// away, and the log and [`Store::unfit`] say why.
    pub fn connect(url: &DatabaseUrl, connections: u32) -> Self {
        Self::connect_within(url, connections, PATIENCE)
    }

    /// The same for pages: a person who waits for one is told soon that the database is away.
    pub fn for_pages(url: &DatabaseUrl, connections: u32) -> Self {
        let store = Self::connect_within(url, connections, PATIENCE_OF_PAGES);
        Self { pages: Some(Places::of(connections)), ..store }
    }

    fn connect_within(url: &DatabaseUrl, connections: u32, patience: Duration) -> Self {
        let refusal = session::ConnectionRefusal::default();
        let (looked, of) = (refusal.clone(), url.clone());
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(patience)
            .after_connect(move |connection, _| {
                let (looked, of) = (looked.clone(), of.clone());
                Box::pin(async move { looked.look(connection, &of).await })
            })
            .connect_lazy_with(url.options());
        Self { refusal, ..Self::new(pool) }
    }

    /// Connects at once, so that the reason of a failure is known, and only for reading: the server refuses every write
    /// on these connections. It does not require the role's session settings, since a command that looks for faults has
    /// to see them.
    ///
    /// # Errors
    /// `Database` if it cannot connect.
    pub async fn connect_to_read(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let own = url.options().options(session::of_readers(url.schema()));
        // A pool only says that it had no connection in time, and not why.
        let options = match PgConnection::connect_with(&own).await {
            Ok(connection) => {
                connection.close().await?;
                own
            }
            // Poolers accept no startup parameters. The queries write nothing, with the server's guard or without.
            Err(error) if takes_no_parameters(&error) => {
                PgConnection::connect_with(&url.options()).await?.close().await?;
                url.options()
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self::new(Self::readers(options)))
    }

    fn readers(options: PgConnectOptions) -> PgPool {
        let pool = PgPoolOptions::new().max_connections(READERS).acquire_timeout(Duration::from_secs(5));
        pool.connect_lazy_with(options)
    }

    /// Why the last new connection was not used, if it was not.
    pub fn unfit(&self) -> Option<session::UnfitConnection> {
        self.refusal.get()
    }

    /// A store over an existing pool.
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            parsed: observations::Parsed::default(),
            policy: policies::LastRead::default(),
            refusal: session::ConnectionRefusal::default(),
            pages: None,
        }
    }

    /// The pool, for the reads of [`crate::store`] and the tables that have no state machine.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// A connection for reads.
    ///
    /// # Errors
    /// `Database` if none can be had.
    pub async fn acquire(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    /// Begins a transaction of business state. A store of pages has half as many at once as it has connections.
    ///
    /// # Errors
    /// `Database` if no connection can be had; `Crowded` if too many transactions of pages wait for locks.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.begin_in(|places| vec![Arc::clone(&places.all)]).await
    }

    /// The same for this person, who has at most two at once.
    ///
    /// # Errors
    /// As [`Store::begin`]; `Crowded` also if this person's own transactions wait for locks.
    pub async fn begin_for(&self, person: PersonId) -> Result<Tx, StoreError> {
        self.begin_in(|places| vec![places.turns.of(person), Arc::clone(&places.all)]).await
    }

    /// Begins a transaction in which this person ends an access: it takes no place from the transactions that decide.
    ///
    /// # Errors
    /// As [`Store::begin_for`].
    pub async fn begin_to_end(&self, person: PersonId) -> Result<Tx, StoreError> {
        self.begin_in(|places| vec![places.turns_of_ends.of(person), Arc::clone(&places.ends)]).await
    }

    async fn begin_in(&self, needed: impl Fn(&Places) -> Vec<Arc<Semaphore>>) -> Result<Tx, StoreError> {
        let Some(pages) = &self.pages else { return Tx::begin(&self.pool).await };
        let places = tokio::time::timeout(PATIENCE_OF_PAGES, async {
            let mut places = Vec::new();
            for place in needed(pages) {
                places.push(place.acquire_owned().await.ok()?);
            }
            Some(places)
        });
        let places = places.await.ok().flatten().ok_or(StoreError::Crowded)?;
        Ok(Tx::begin(&self.pool).await?.keeping(places))
    }
}

/// Whether the other side is a pooler that accepts no startup parameters: PgBouncer says 08P01 (protocol violation),
/// RDS Proxy 0A000 (feature not supported).
fn takes_no_parameters(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| matches!(error.code().as_deref(), Some("08P01" | "0A000")))
}
