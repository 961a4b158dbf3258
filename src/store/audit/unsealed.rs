//! Events without a link: they wait for the sealer, or another client kept them from it.

use super::{BrokenChain, LATE, NotVerified, made};
use crate::store::{Store, StoreError, columns::time};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

/// The event of the last link: when it happened by its bytes, and when its id was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Newest {
    at: Timestamp,
    made: Option<Timestamp>,
}

/// Counts the events without a link. Each must wait in the queue, and must not be much older than the last link. It
/// looks at every event.
///
/// # Errors
/// `Broken` with the first event for which that does not hold; `Store`.
pub(super) async fn count(
    connection: &mut PgConnection,
    last: u64,
    newest: Option<Newest>,
) -> Result<u64, NotVerified> {
    let rows = sqlx::query!(
        r#"select count(*) as "events!", count(*) filter (where q.event_id is null) as "lost!",
             min(e.id::text) filter (where q.event_id is null) as lost_first
           from event e left join event_unsealed q on q.event_id = e.id
           where not exists (select from audit_link l where l.event_id = e.id)"#
    )
    .fetch_one(&mut *connection)
    .await?;
    if let Some(event) = rows.lost_first {
        return Err(BrokenChain::after(last, kept(&event, rows.lost)).into());
    }
    match late(connection, newest).await? {
        Some(event) => Err(BrokenChain::after(last, passed_over(event)).into()),
        None => Ok(u64::try_from(rows.events).unwrap_or(0)),
    }
}

/// An event of the queue that should have had its link long ago: it is older than the last linked event by its time and
/// by its id. The time alone is not enough, since tests and the demo move it; nor is the id, which the writer chooses.
///
/// # Errors
/// `Database`.
pub(super) async fn late(connection: &mut PgConnection, newest: Option<Newest>) -> Result<Option<Uuid>, StoreError> {
    let Some(Newest { at, made: Some(newest) }) = newest else { return Ok(None) };
    let waits = sqlx::query_scalar!(
        "select e.id from event_unsealed q join event e on e.id = q.event_id where e.at < $1 order by e.id limit 1",
        time(at - LATE) as _
    );
    let waits = waits.fetch_optional(connection).await?;
    Ok(waits.filter(|event| made(*event).is_some_and(|made| made < newest - LATE)))
}

/// What is wrong with an event that is [`late`].
pub(super) fn passed_over(event: Uuid) -> String {
    format!("the event {event} has no link, and events that happened long after it have")
}

/// The event of the last link.
///
/// # Errors
/// `Database`.
pub(super) async fn newest(connection: &mut PgConnection) -> Result<Option<Newest>, StoreError> {
    let event = sqlx::query!(
        "select l.event_id, e.at from audit_link l join event e on e.id = l.event_id order by l.seq desc limit 1"
    );
    let event = event.fetch_optional(connection).await?;
    Ok(event.map(|row| Newest { at: row.at.to_jiff(), made: made(row.event_id) }))
}

/// One of the newest events, `most` of them, that was kept from being sealed: it has no link and does not wait for one.
/// Cheap if `most` is not large.
///
/// # Errors
/// `Database`.
pub async fn kept_among_newest(connection: &mut PgConnection, most: i64) -> Result<Option<BrokenChain>, StoreError> {
    let row = sqlx::query!(
        r#"select min(e.id::text) as first, count(*) as "events!",
             coalesce((select max(seq) from audit_link), 0) as "last!"
           from (select id from event order by id desc limit $1) e
           where not exists (select from audit_link l where l.event_id = e.id)
             and not exists (select from event_unsealed q where q.event_id = e.id)"#,
        most
    )
    .fetch_one(connection)
    .await?;
    Ok(row.first.map(|event| kept_from_sealing(row.last, &event, row.events)))
}

/// The break in a chain of which `events` events, `first` among them, were kept from being sealed after the last link.
pub(in crate::store) fn kept_from_sealing(last: i64, first: &str, events: i64) -> BrokenChain {
    BrokenChain::after(u64::try_from(last).unwrap_or(0), kept(first, events))
}

/// For how long the first event has waited for its link, by the database's real clock; `None` if none waits. Reads one
/// row of an index, however many wait.
///
/// # Errors
/// `Database`.
pub async fn waits_for_seal(store: &Store) -> Result<Option<SignedDuration>, StoreError> {
    let seconds = sqlx::query_scalar!(
        "select extract(epoch from clock_timestamp() - latchkey_readable(min(queued_at)))::bigint as waits from event_unsealed"
    )
    .fetch_one(store.pool())
    .await?;
    Ok(seconds.map(SignedDuration::from_secs))
}

fn kept(event: &str, events: i64) -> String {
    let such = if events == 1 { "1 such event".to_owned() } else { format!("{events} such events") };
    format!("the event {event} has no link, and does not wait for one ({such})")
}
