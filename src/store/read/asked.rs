//! What a person asked for, newest first.

use crate::store::{
    Store, StoreError,
    columns::{json, readable},
};
use jiff::Timestamp;
use latchkey_domain::access::{
    ClusterId, GrantId, PersonId, RequestId,
    cluster::PinnedNamespace,
    grant::GrantState,
    profile::ResolvedProfile,
    request::{ClosedWhy, RequestState},
};

/// A row of somebody's requests.
#[derive(Debug, Clone)]
pub struct Asked {
    pub id: RequestId,
    pub cluster: ClusterId,
    pub cluster_name: String,
    pub profile: ResolvedProfile,
    pub namespaces: Vec<PinnedNamespace>,
    pub principal_arn: String,
    pub minutes: u32,
    pub reason: String,
    pub state: RequestState,
    pub submitted_at: Timestamp,
    pub lapses_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub closed_why: Option<ClosedWhy>,
    pub grant: Option<(GrantId, GrantState)>,
}

/// The latest requests of a person, older than `before` where that is given: at most `limit`.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn by(
    store: &Store,
    person: PersonId,
    before: Option<RequestId>,
    limit: usize,
) -> Result<Vec<Asked>, StoreError> {
    let rows = sqlx::query!(
        r#"select r.id, r.cluster_id, c.name as cluster_name, r.resolved_profile, r.namespaces, i.arn, r.minutes, r.reason,
             r.state, r.submitted_at, r.lapses_at, r.closed_at, r.closed_why, g.id as "grant_id?", g.state as "grant_state?"
           from request r
           join cluster c on c.id = r.cluster_id
           join principal i on i.id = r.principal_id
           left join access_grant g on g.request_id = r.id
           where r.person_id = $1 and ($2::uuid is null or r.id < $2)
           order by r.id desc limit $3"#,
        person.0,
        before.map(|id| id.0),
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(store.pool())
    .await?;
    Ok(readable(rows.into_iter().map(|row| {
        let id = row.id;
        let read = move || -> Result<Asked, StoreError> {
            let grant = match (row.grant_id, row.grant_state) {
                (Some(id), Some(state)) => {
                    let parsed = GrantState::parse(&state);
                    Some((GrantId(id), parsed.ok_or_else(|| StoreError::corrupt("access_grant", "state", state))?))
                }
                _ => None,
            };
            Ok(Asked {
                id: RequestId(row.id),
                cluster: ClusterId(row.cluster_id),
                cluster_name: row.cluster_name,
                profile: json("request", "resolved_profile", row.resolved_profile)?,
                namespaces: json("request", "namespaces", row.namespaces)?,
                principal_arn: row.arn,
                minutes: u32::try_from(row.minutes).map_err(|e| StoreError::corrupt("request", "minutes", e))?,
                reason: row.reason,
                state: RequestState::parse(&row.state)
                    .ok_or_else(|| StoreError::corrupt("request", "state", &row.state))?,
                submitted_at: row.submitted_at.to_jiff(),
                lapses_at: row.lapses_at.to_jiff(),
                closed_at: row.closed_at.map(jiff_sqlx::Timestamp::to_jiff),
                closed_why: row.closed_why.as_deref().and_then(ClosedWhy::parse),
                grant,
            })
        };
        (id, read())
    })))
}
