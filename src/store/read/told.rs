//! What only the audit log tells of accesses: proofs that later ones have replaced, and what other clients changed.

use crate::store::{Store, StoreError};
use jiff::Timestamp;
use latchkey_domain::{
    access::GrantId,
    audit::{change::ChangeOutcome, event::Event},
};
use uuid::Uuid;

/// An event of an access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessEvent {
    pub grant: GrantId,
    pub at: Timestamp,
    pub what: AccessEventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessEventKind {
    /// What was written on a target of this kind was proven present or gone.
    Proven { target_kind: String, gone: bool },
    /// Another client changed what the access needs: a sentence without its end.
    Changed(String),
}

/// The most events that a page shows of an access: one that another client keeps changing has many.
const OF_GRANT: i64 = 40;
/// The same for all accesses on a target.
const OF_TARGET: i64 = 5;

/// The latest events of an access in the log, in the order of time.
///
/// # Errors
/// `Database`.
pub async fn of_grant(store: &Store, id: GrantId) -> Result<Vec<AccessEvent>, StoreError> {
    let rows = sqlx::query_as!(
        ToldRow,
        r#"select e.grant_id as "grant_id!", e.at, e.action, e.canonical
           from (select * from event where grant_id = $1 and action in ('grant.change_ended', 'grant.drift_found')
                 order by id desc limit $2) e order by e.id"#,
        id.0,
        OF_GRANT
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().filter_map(ToldRow::told).collect())
}

/// What other clients changed of these accesses, the latest first.
///
/// # Errors
/// `Database`.
pub async fn changed(store: &Store, grants: &[GrantId]) -> Result<Vec<AccessEvent>, StoreError> {
    let ids: Vec<Uuid> = grants.iter().map(|grant| grant.0).collect();
    let rows = sqlx::query_as!(
        ToldRow,
        r#"select e.grant_id as "grant_id!", e.at, e.action, e.canonical
           from unnest($1::uuid[]) g(id)
           cross join lateral (select * from event where grant_id = g.id and action = 'grant.drift_found'
                               order by id desc limit $2) e
           order by e.id desc limit $2"#,
        &ids,
        OF_TARGET
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().filter_map(ToldRow::told).collect())
}

struct ToldRow {
    grant_id: Uuid,
    at: jiff_sqlx::Timestamp,
    action: String,
    canonical: Vec<u8>,
}

impl ToldRow {
    /// `None` for an event of another version, or of another kind.
    fn told(self) -> Option<AccessEvent> {
        let written: serde_json::Value = serde_json::from_slice(&self.canonical).ok()?;
        let what = match Event::read(&self.action, written.get("detail")?)? {
            Event::GrantChangeEnded { target, outcome, .. } => match outcome {
                ChangeOutcome::Proven => AccessEventKind::Proven { target_kind: target, gone: false },
                ChangeOutcome::ProvenGone => AccessEventKind::Proven { target_kind: target, gone: true },
                ChangeOutcome::Interrupted | ChangeOutcome::Unmarked | ChangeOutcome::Said(_) => return None,
            },
            Event::GrantDriftFound { what, .. } if !what.is_empty() => AccessEventKind::Changed(what),
            _ => return None,
        };
        Some(AccessEvent { grant: GrantId(self.grant_id), at: self.at.to_jiff(), what })
    }
}
