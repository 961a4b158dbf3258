//! Exports of the audit log: each is an event of it, stored before the first byte is given away.

use super::policy::{self, NoPolicy};
use crate::store::{
    Store, StoreError,
    audit::export::{Export, Format},
    read::audit::Wanted,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use latchkey_domain::access::{
    EventDraft,
    person::{Person, Role},
    transition::Actor,
};

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum NotExported {
    /// Whoever asks is no auditor.
    #[error("no such page")]
    NotFound,
    #[error(transparent)]
    Policy(#[from] NoPolicy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An auditor exports what the filters take.
///
/// # Errors
/// See [`NotExported`].
pub async fn export(store: &Store, person: &Person, wanted: &Wanted, format: Format) -> Result<Export, NotExported> {
    let current = policy::current(store).await?;
    if !current.file.has_role(person, Role::Auditor) {
        return Err(NotExported::NotFound);
    }
    let export = Export::begin(store.pool(), wanted, format).await?;
    let actor = Actor::Person { id: person.id, handle: person.handle.to_string() };
    record(store, &export, event(actor, format)).await?;
    Ok(export)
}

/// Whoever has the database exports from a terminal; `by` is for the audit log. Where the database is a copy that takes
/// no writes, nothing is recorded, and the second value says so.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn export_from_terminal(
    store: &Store,
    by: &str,
    wanted: &Wanted,
    format: Format,
) -> Result<(Export, bool), StoreError> {
    let export = Export::begin(store.pool(), wanted, format).await?;
    let actor = Actor::Process { name: "audit export".to_owned() };
    match record(store, &export, event(actor, format).with("by", by)).await {
        Ok(()) => Ok((export, true)),
        Err(error) if error.is_read_only() => Ok((export, false)),
        Err(error) => Err(error),
    }
}

fn event(actor: Actor, format: Format) -> EventDraft {
    EventDraft::new("audit.exported", actor).with("format", format.as_str())
}

async fn record(store: &Store, export: &Export, event: EventDraft) -> Result<(), StoreError> {
    let header = export.header();
    let mut tx = store.begin().await?;
    let now = tx.now().await?;
    let event = event.with("filters", &header.filters).with("last", header.last).with("rows", header.shown);
    tx.event(&event, now).await?;
    tx.commit().await
}

/// A day in UTC, or a moment; nothing where nothing is written. `end` takes the end of the day.
///
/// # Errors
/// Where it is neither.
pub fn moment(text: &str, end: bool) -> Result<Option<Timestamp>, NoMoment> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Some(at));
    }
    let day: Date = text.parse().map_err(|_| NoMoment)?;
    let day = if end { day.tomorrow().map_err(|_| NoMoment)? } else { day };
    day.to_zoned(TimeZone::UTC).map(|zoned| Some(zoned.timestamp())).map_err(|_| NoMoment)
}

/// A text that is neither a day nor a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Write a day as 2026-11-24, or a moment as 2026-11-24T14:00:00Z.")]
pub struct NoMoment;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_its_midnight_and_what_is_no_day_is_refused() {
        assert_eq!(moment("2026-11-24", false), Ok(Some("2026-11-24T00:00:00Z".parse().unwrap())));
        assert_eq!(moment("2026-11-24", true), Ok(Some("2026-11-25T00:00:00Z".parse().unwrap())));
        assert_eq!(moment(" ", true), Ok(None));
        assert_eq!(moment("2026-13-01", false), Err(NoMoment));
        assert_eq!(moment("9999-12-31", true), Err(NoMoment));
    }
}
