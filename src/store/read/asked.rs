//! What a person asked for, newest first.

use crate::store::{
    Store, StoreError,
    columns::{read_time, readable, terms},
};
use jiff::Timestamp;
use latchkey_domain::access::{
    GrantId, PersonId, RequestId,
    grant::GrantState,
    request::{ClosedWhy, RequestState},
    terms::Terms,
};

/// A request in the list of a person's own.
#[derive(Debug, Clone)]
pub struct OwnRequest {
    pub id: RequestId,
    pub terms: Terms,
    pub reason: String,
    pub state: RequestState,
    pub submitted_at: Timestamp,
    pub lapses_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub closed_why: Option<ClosedWhy>,
    pub grant: Option<(GrantId, GrantState)>,
    /// Whether that ended and something that is not Latchkey's still lets its holder in.
    pub not_shut_out: bool,
}

/// The latest requests of a person, older than `before` if that is given: at most `limit`.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn by(
    store: &Store,
    person: PersonId,
    before: Option<RequestId>,
    limit: usize,
) -> Result<Vec<OwnRequest>, StoreError> {
    let rows = sqlx::query!(
        r#"select r.id, r.cluster_id, c.name as cluster_name, r.session_name, latchkey_text(r.resolved_profile) as resolved_profile,
             latchkey_text(r.namespaces) as namespaces, r.principal_id, i.arn as principal_arn, latchkey_role_users(r.principal_id, r.session_name) as users, r.minutes, r.reason,
             r.state, latchkey_readable(r.submitted_at) as submitted_at, latchkey_readable(r.lapses_at) as lapses_at,
             latchkey_readable(r.closed_at) as closed_at, r.closed_why, g.id as "grant_id?", g.state as "grant_state?",
             coalesce(g.state = 'ended' and latchkey_not_shut_out(g.residual, g.beside), false) as "not_shut_out!"
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
        let read = move || -> Result<OwnRequest, StoreError> {
            let grant = match (row.grant_id, row.grant_state) {
                (Some(id), Some(state)) => {
                    let known = GrantState::parse(&state);
                    Some((GrantId(id), known.ok_or_else(|| StoreError::corrupt("access_grant", "state", state))?))
                }
                _ => None,
            };
            Ok(OwnRequest {
                id: RequestId(row.id),
                terms: terms!(row, "request"),
                reason: row.reason,
                state: RequestState::parse(&row.state)
                    .ok_or_else(|| StoreError::corrupt("request", "state", &row.state))?,
                submitted_at: read_time("request", "submitted_at", row.submitted_at)?,
                lapses_at: read_time("request", "lapses_at", row.lapses_at)?,
                closed_at: row.closed_at.map(jiff_sqlx::Timestamp::to_jiff),
                closed_why: row.closed_why.as_deref().and_then(ClosedWhy::parse),
                grant,
                not_shut_out: row.not_shut_out,
            })
        };
        (id, read())
    })))
}
