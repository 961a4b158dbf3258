//! One request with everything that its page shows.

use crate::store::{
    Store, StoreError,
    columns::{decision_basis, request_facts},
    read::progress::{self, GrantProgress},
    requests::votes,
};
use jiff::Timestamp;
use latchkey_domain::access::{
    PersonId, RequestId,
    grant::GrantBasis,
    request::{ClosedWhy, RequestFacts, RequestState, Vote},
};

/// A request as it stands.
#[derive(Debug, Clone)]
pub struct RequestDetail {
    pub facts: RequestFacts,
    /// The name of the principal's AWS CLI profile on the requester's machine.
    pub aws_profile: Option<String>,
    /// How it is to be decided by the policy that was current when it was submitted.
    pub basis: GrantBasis,
    pub state: RequestState,
    pub closed_at: Option<Timestamp>,
    /// Why it was cancelled, if it was; `None` in rows of earlier versions.
    pub closed_why: Option<ClosedWhy>,
    /// Whether its principal is no longer its requester's.
    pub principal_ended: bool,
    /// In the order of time.
    pub votes: Vec<Vote>,
    /// The access that it led to.
    pub grant: Option<GrantProgress>,
}

impl RequestDetail {
    /// Whether this person ever voted on it.
    pub fn voted(&self, id: PersonId) -> bool {
        self.votes.iter().any(|vote| vote.by.id == id)
    }
}

/// The request of this id.
///
/// # Errors
/// `Corrupt`, `Database`. No such request is `None`.
pub async fn by_id(store: &Store, id: RequestId) -> Result<Option<RequestDetail>, StoreError> {
    let row = sqlx::query!(
        r#"select r.id, r.principal_id, r.cluster_id, r.session_name, latchkey_text(r.resolved_profile) as resolved_profile,
             latchkey_text(r.namespaces) as namespaces, r.minutes, r.reason, r.policy_hash,
             r.policy_name, r.basis, r.quorum, r.state, r.submitted_at, r.lapses_at, r.closed_at, r.closed_why,
             p.id as person_id, p.handle, p.name, latchkey_groups(p.groups) as "groups!", c.name as cluster_name, i.arn as principal_arn, latchkey_role_users(r.principal_id, r.session_name) as users, coalesce(i.aws_profile, (select h.aws_profile from role_holder h
               where h.principal_id = i.id and h.person_id = r.person_id and h.ended_at is null)) as aws_profile,
             (i.ended_at is not null or (i.kind = 'role' and not exists (select from role_holder h
               where h.principal_id = i.id and h.person_id = r.person_id and h.ended_at is null
                 and h.session_name = coalesce(r.session_name, h.session_name)))) as "principal_ended!"
           from request r
           join person p on p.id = r.person_id
           join cluster c on c.id = r.cluster_id
           join principal i on i.id = r.principal_id
           where r.id = $1"#,
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let state = RequestState::parse(&row.state).ok_or_else(|| StoreError::corrupt("request", "state", &row.state))?;
    let basis = decision_basis("request", &row.basis, Some(row.quorum).filter(|quorum| *quorum > 0))?;
    let facts = request_facts!(row);
    Ok(Some(RequestDetail {
        facts,
        aws_profile: row.aws_profile,
        basis,
        state,
        closed_at: row.closed_at.map(jiff_sqlx::Timestamp::to_jiff),
        closed_why: row.closed_why.as_deref().and_then(ClosedWhy::parse),
        principal_ended: row.principal_ended,
        votes: votes(store.pool(), id).await?,
        grant: progress::of_request(store, id).await?,
    }))
}
