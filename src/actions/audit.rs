//! Exports of the audit log. Each is itself an event of the log, stored before the first byte is given out.

use super::{
    policy::{self, NoPolicy},
    visitor::Visitor,
};
use crate::{
    config::nearest,
    store::{
        Store, StoreError,
        audit::{
            BrokenChain, NotVerified,
            export::{Export, FilterKind, Format, NotBegun, names},
        },
        read::audit::AuditSearch,
    },
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use latchkey_domain::access::{
    EventDraft,
    person::Role,
    transition::{Actor, Process},
};
use latchkey_domain::audit::event::Event;
use std::fmt;

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum NotExported {
    /// The visitor is not an auditor.
    #[error("no such page")]
    NotFound,
    /// Filters name a person, process, cluster or action that does not exist: no event can match.
    #[error("{}", .0.iter().map(UnknownName::to_string).collect::<Vec<_>>().join("; "))]
    Unknown(Vec<UnknownName>),
    /// The audit chain does not hold: what would be exported is not what happened.
    #[error(transparent)]
    Broken(BrokenChain),
    #[error(transparent)]
    Policy(#[from] NoPolicy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why no check was asked for.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    /// The visitor is not an operator.
    #[error("no such page")]
    NotFound,
    #[error(transparent)]
    Policy(#[from] NoPolicy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Has the worker walk the whole chain now, and not when it is due. Asking again before it did does no more than once.
///
/// # Errors
/// `NotFound`, `Policy`, `Store`.
pub async fn check_now(store: &Store, visitor: &Visitor) -> Result<(), NotAsked> {
    let current = policy::current(store).await?;
    if !current.file.has_role(&visitor.person, Role::Operator) {
        return Err(NotAsked::NotFound);
    }
    let mut tx = store.begin_for(visitor.person.id).await?;
    if !tx.ask_for_walk().await? {
        return Ok(());
    }
    let now = tx.now().await?;
    tx.event(&EventDraft::new(Event::AuditCheckAsked {}, visitor.actor()), now).await?;
    Ok(tx.commit().await?)
}

/// A filter's name that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    pub named: FilterKind,
    pub name: String,
    /// The nearest name that exists.
    pub near: Option<String>,
}

impl UnknownName {
    /// "no person is called `ama` here".
    pub fn what(&self) -> String {
        let name = &self.name;
        match self.named {
            FilterKind::Person => format!("no person is called `{name}` here"),
            FilterKind::Actor => format!("no person, and no process, is called `{name}` here"),
            FilterKind::Cluster => format!("no cluster is called `{name}` here"),
            FilterKind::Action => format!("no event has the action `{name}`"),
        }
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what())?;
        self.near.as_ref().map_or(Ok(()), |near| write!(f, " (did you mean `{near}`?)"))
    }
}

/// Exports the events that match the filters, for an auditor.
///
/// # Errors
/// See [`NotExported`]; all but `Store` before anything is recorded.
pub async fn export(
    store: &Store,
    visitor: &Visitor,
    wanted: &AuditSearch,
    format: Format,
) -> Result<Export, NotExported> {
    let current = policy::current(store).await?;
    if !current.file.has_role(&visitor.person, Role::Auditor) {
        return Err(NotExported::NotFound);
    }
    let export = begin(store, wanted, format).await?;
    record(store, &export, visitor.actor(), None, format).await?;
    Ok(export)
}

/// Exports from a terminal, for a person who has access to the database; `by` is for the audit log. If the database is
/// a copy that takes no writes, nothing is recorded, and the second value is `false`.
///
/// # Errors
/// Before anything is recorded: `Unknown` if a filter has a name that does not exist, `Broken` if the chain does not
/// hold. `Store`.
pub async fn export_from_terminal(
    store: &Store,
    by: &str,
    wanted: &AuditSearch,
    format: Format,
) -> Result<(Export, bool), NotExported> {
    let export = begin(store, wanted, format).await?;
    let actor = Actor::process(Process::AuditExport);
    match record(store, &export, actor, Some(by), format).await {
        Ok(()) => Ok((export, true)),
        Err(error) if error.is_read_only() => Ok((export, false)),
        Err(error) => Err(error.into()),
    }
}

async fn begin(store: &Store, wanted: &AuditSearch, format: Format) -> Result<Export, NotExported> {
    match Export::begin(store.pool(), wanted, format).await {
        Ok(export) => Ok(export),
        Err(NotBegun::Unknown(names)) => Err(NotExported::Unknown(unknown(store, names).await?)),
        Err(NotBegun::NotVerified(NotVerified::Broken(broken))) => Err(NotExported::Broken(broken)),
        Err(NotBegun::NotVerified(NotVerified::Store(error))) => Err(error.into()),
    }
}

/// The names among the filters that do not exist, among those that this version knows.
///
/// # Errors
/// `Database`.
pub async fn unknown_among(store: &Store, wanted: &AuditSearch) -> Result<Vec<UnknownName>, StoreError> {
    let filters = [
        (FilterKind::Actor, &wanted.actor),
        (FilterKind::Person, &wanted.person),
        (FilterKind::Cluster, &wanted.cluster),
        (FilterKind::Action, &wanted.action),
    ];
    let named = filters.into_iter().filter_map(|(named, name)| Some((named, name.clone()?))).collect();
    let mut unknown = unknown(store, named).await?;
    unknown.retain(|name| name.near.as_ref() != Some(&name.name));
    Ok(unknown)
}

async fn unknown(store: &Store, filters: Vec<(FilterKind, String)>) -> Result<Vec<UnknownName>, StoreError> {
    let mut unknown = Vec::new();
    for (named, name) in filters {
        let known = names(store, named).await?;
        let near = nearest(&name, known.iter().map(String::as_str)).map(str::to_owned);
        unknown.push(UnknownName { named, name, near });
    }
    Ok(unknown)
}

async fn record(
    store: &Store,
    export: &Export,
    actor: Actor,
    by: Option<&str>,
    format: Format,
) -> Result<(), StoreError> {
    let header = export.header();
    let what = Event::AuditExported {
        by: by.map(str::to_owned),
        filters: header.filters.clone(),
        format: format.as_str().to_owned(),
        last: header.last,
        rows: header.shown,
    };
    let mut tx = store.begin().await?;
    let now = tx.now().await?;
    tx.event(&EventDraft::new(what, actor), now).await?;
    tx.commit().await
}

/// A day in UTC, or a moment; `None` if the text is empty. With `end` a day stands for its end.
///
/// # Errors
/// If it is neither.
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

/// Whether a period holds no moment, since it ends at or before its beginning.
pub fn is_empty(from: Option<Timestamp>, until: Option<Timestamp>) -> bool {
    matches!((from, until), (Some(from), Some(until)) if from >= until)
}

/// The sentence about such a period.
pub const EMPTY_PERIOD: &str = "It ends before it begins: choose a later end, or an earlier beginning.";

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
