//! What was written to map principals, as far as this version can read it.

use super::super::{
    StoreError,
    mappings::{ENTRY, LINE},
};
use jiff::SignedDuration;
use latchkey_domain::{
    access::{ClusterId, PersonId, PrincipalId},
    eks::aws_auth::Key,
    plan::authenticator::{RecordedEntry, RecordedMapping, Visiting},
};
use serde::Deserialize;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The mappings of a cluster that were intended or written, and, by their principal, what of others cannot be read.
pub(in crate::store) async fn mappings(
    connection: &mut PgConnection,
    id: ClusterId,
) -> Result<(Vec<RecordedMapping>, BTreeMap<PrincipalId, String>), StoreError> {
    let rows = sqlx::query_as!(
        MappingRow,
        "select m.principal_id, p.person_id, p.arn, m.visit, m.kind, m.username, m.own, m.data_key, m.inserted,
           m.text_before, m.state, m.writes, m.entry_id, m.move_asked_at is not null as \"moves!\",
           extract(epoch from clock_timestamp() - latchkey_readable(m.wrote_at))::bigint as wrote_ago
         from mapping m join principal p on p.id = m.principal_id
         where m.cluster_id = $1 and m.state <> 'removed' order by m.principal_id",
        id.0
    )
    .fetch_all(connection)
    .await?;
    Ok(apart(rows))
}

/// The mappings that can be read and, by their principal, what of others cannot.
pub(super) fn apart(rows: Vec<MappingRow>) -> (Vec<RecordedMapping>, BTreeMap<PrincipalId, String>) {
    let (mut mappings, mut unreadable) = (Vec::new(), BTreeMap::new());
    for row in rows {
        let principal = PrincipalId(row.principal_id);
        match row.recorded() {
            Ok(mapping) => mappings.push(mapping),
            Err(error) => drop(unreadable.insert(principal, error.to_string())),
        }
    }
    (mappings, unreadable)
}

/// The mappings with these usernames that were taken out of aws-auth before, as far as they can be read.
///
/// # Errors
/// `Database`.
pub async fn taken_out(
    connection: &mut PgConnection,
    id: ClusterId,
    usernames: &[String],
) -> Result<Vec<RecordedMapping>, StoreError> {
    let rows = sqlx::query_as!(
        MappingRow,
        "select m.principal_id, p.person_id, p.arn, m.visit, m.kind, m.username, m.own, m.data_key, m.inserted,
           m.text_before, m.state, m.writes, m.entry_id, m.move_asked_at is not null as \"moves!\",
           extract(epoch from clock_timestamp() - latchkey_readable(m.wrote_at))::bigint as wrote_ago
         from mapping m join principal p on p.id = m.principal_id
         where m.cluster_id = $1 and m.state = 'removed' and m.own and m.username = any($2) and m.kind = 'line'
         order by m.principal_id, m.visit",
        id.0,
        usernames
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().filter_map(|row| row.recorded().ok()).collect())
}

/// A row of `mapping`, with whose it is.
#[derive(Debug, Deserialize)]
pub(super) struct MappingRow {
    pub principal_id: Uuid,
    /// The owner of a user.
    person_id: Option<Uuid>,
    arn: String,
    visit: i32,
    kind: String,
    username: String,
    own: bool,
    data_key: Option<String>,
    inserted: Option<String>,
    text_before: Option<String>,
    state: String,
    writes: i32,
    entry_id: Option<String>,
    /// Whether an operator asked to move it to an access entry.
    moves: bool,
    /// In seconds.
    wrote_ago: Option<i64>,
}

impl MappingRow {
    /// A mapping of a kind that this version knows to take out.
    fn recorded(self) -> Result<RecordedMapping, StoreError> {
        let entry = match self.kind.as_str() {
            LINE => None,
            ENTRY => Some(RecordedEntry { id: self.entry_id }),
            _ => return Err(StoreError::corrupt("mapping", "kind", self.kind)),
        };
        let key = self.data_key.as_deref().map(|key| {
            let known = Key::ALL.into_iter().find(|known| known.as_str() == key);
            known.ok_or_else(|| StoreError::corrupt("mapping", "data_key", key))
        });
        Ok(RecordedMapping {
            principal: PrincipalId(self.principal_id),
            visiting: self
                .person_id
                .map_or(Visiting::Role(PrincipalId(self.principal_id)), |id| Visiting::Person(PersonId(id))),
            arn: self.arn,
            visit: u32::try_from(self.visit).map_err(|error| StoreError::corrupt("mapping", "visit", error))?,
            username: self.username,
            own: self.own,
            entry,
            moves: self.moves,
            key: key.transpose()?,
            inserted: self.inserted,
            text_before: self.text_before,
            written: self.state == "written",
            writes: u32::try_from(self.writes).unwrap_or(0),
            wrote_ago: self.wrote_ago.map(SignedDuration::from_secs),
        })
    }
}
