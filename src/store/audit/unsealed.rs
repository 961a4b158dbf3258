//! Events without a link: they wait for the sealer, or somebody kept them from it.

use super::{Broken, LATE, NotVerified, made};
use crate::store::StoreError;
use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

/// Counts the events without a link: each must wait in the queue, and not since long before the last link. It looks at
/// every event.
///
/// # Errors
/// `Broken` with the first event that does not; `Store`.
pub(super) async fn count(
    connection: &mut PgConnection,
    last: u64,
    newest: Option<Timestamp>,
) -> Result<u64, NotVerified> {
    let rows = sqlx::query!(
        r#"select count(*) as "events!", count(*) filter (where q.event_id is null) as "lost!",
             min(e.id::text) filter (where q.event_id is null) as lost_first, min(e.id::text) as first
           from event e left join event_unsealed q on q.event_id = e.id
           where not exists (select from audit_link l where l.event_id = e.id)"#
    )
    .fetch_one(connection)
    .await?;
    if let Some(event) = rows.lost_first {
        return Err(Broken::after(last, kept(&event, rows.lost)).into());
    }
    let first = rows.first.as_deref().and_then(|id| Uuid::parse_str(id).ok());
    if let (Some(newest), Some(first)) = (newest, first)
        && made(first).is_some_and(|made| made < newest - LATE)
    {
        let what = format!("the event {first} has no link, and events that happened long after it have");
        return Err(Broken::after(last, what).into());
    }
    Ok(u64::try_from(rows.events).unwrap_or(0))
}

/// When the event of the last link was made.
///
/// # Errors
/// `Database`.
pub(super) async fn newest(connection: &mut PgConnection) -> Result<Option<Timestamp>, StoreError> {
    let event = sqlx::query_scalar!("select event_id from audit_link order by seq desc limit 1");
    Ok(event.fetch_optional(connection).await?.and_then(made))
}

/// Whether somebody kept one of the newest events, `most` of them, from being sealed: it has no link and does not wait
/// for one. Cheap, where `most` is not large.
///
/// # Errors
/// `Database`.
pub async fn kept_among_newest(connection: &mut PgConnection, most: i64) -> Result<Option<Broken>, StoreError> {
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
    let last = u64::try_from(row.last).unwrap_or(0);
    Ok(row.first.map(|event| Broken::after(last, kept(&event, row.events))))
}

fn kept(event: &str, events: i64) -> String {
    let such = if events == 1 { "1 such event".to_owned() } else { format!("{events} such events") };
    format!("the event {event} has no link, and does not wait for one ({such})")
}
