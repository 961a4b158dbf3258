//! Principals that people proved to be theirs.

use super::StoreError;
use sqlx::PgConnection;

/// Those of these ARNs, given by their keys, that are proven principals of people, as they were proven; at most `most`.
///
/// # Errors
/// `Database`.
pub async fn proven_among(
    connection: &mut PgConnection,
    arns: &[String],
    most: i64,
) -> Result<Vec<String>, StoreError> {
    let proven = sqlx::query_scalar!(
        "select arn from principal where latchkey_arn_key(arn) = any($1) and ended_at is null
         order by latchkey_arn_key(arn) limit $2",
        arns,
        most
    );
    Ok(proven.fetch_all(connection).await?)
}
