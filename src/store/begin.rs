//! How transactions begin. sqlx 0.9.0 counts a transaction only once the server has answered `BEGIN`: if the caller's
//! future is dropped before that (a browser that goes away, a time-out), the connection returns to its pool inside a
//! transaction that is never ended. What the next caller writes there is not committed, and after its first error every
//! later statement fails (sqlx issues 4385 and 4393, fixed after 0.9.0). So a transaction begins in a task of its own,
//! which is never dropped; if its caller is gone, it is rolled back.
//!
//! Clippy refuses `Pool::begin` elsewhere.

use sqlx::{PgPool, Postgres, Transaction};

/// Begins a transaction.
///
/// # Errors
/// If no connection can be had.
pub(in crate::store) async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    whole(pool.clone(), None).await
}

/// Begins a transaction with this statement.
///
/// # Errors
/// If no connection can be had.
pub(in crate::store) async fn begin_with(
    pool: &PgPool,
    statement: &'static str,
) -> sqlx::Result<Transaction<'static, Postgres>> {
    whole(pool.clone(), Some(statement)).await
}

#[expect(clippy::disallowed_methods, reason = "the one place that may: see the module")]
async fn whole(pool: PgPool, statement: Option<&'static str>) -> sqlx::Result<Transaction<'static, Postgres>> {
    let begun = tokio::spawn(async move {
        match statement {
            Some(statement) => pool.begin_with(statement).await,
            None => pool.begin().await,
        }
    });
    // The task fails only if the runtime ends.
    begun.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}
