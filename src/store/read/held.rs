//! What a person has: their accesses that are not over.

use crate::store::{
    Store, StoreError,
    columns::{blocker, readable, terms, trouble},
    read::progress::LastProof,
};
use jiff::Timestamp;
use latchkey_domain::access::{
    GrantId, PersonId, RequestId,
    blocker::Blocker,
    grant::{GrantState, Trouble},
    terms::Terms,
};

/// An access that is not over.
#[derive(Debug, Clone)]
pub struct HeldAccess {
    pub id: GrantId,
    pub request: RequestId,
    pub terms: Terms,
    pub state: GrantState,
    pub created_at: Timestamp,
    pub active: Option<(Timestamp, Timestamp)>,
    /// The trouble of one of its legs, and why.
    pub trouble: Option<(Trouble, Blocker)>,
    /// If it is active and in doubt: when it was last proven on the cluster, if ever.
    pub doubted: Option<LastProof>,
    /// Whether it runs and allows more than was approved.
    pub wider: bool,
}

/// The live accesses of a person, the one that ends first in front.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn by(store: &Store, person: PersonId) -> Result<Vec<HeldAccess>, StoreError> {
    let rows = sqlx::query!(
        r#"select g.id, g.request_id, g.principal_id, i.arn as principal_arn, latchkey_role_users(g.principal_id, g.session_name) as users, g.cluster_id, c.name as cluster_name,
             g.session_name, latchkey_text(g.resolved_profile) as resolved_profile,
             latchkey_text(g.namespaces) as namespaces, g.minutes,
             g.state, g.created_at, latchkey_readable(g.since) as since, latchkey_readable(g.until) as until, t.condition as "condition?", t.why as "why?",
             d.doubted as "doubted?", d.proven_at as "proven_at?",
             g.state = 'active' and exists (select from grant_leg l where l.grant_id = g.id and l.wider <> '{}')
               as "wider!"
           from access_grant g
           join cluster c on c.id = g.cluster_id
           join principal i on i.id = g.principal_id
           left join lateral (
             select condition, latchkey_blocker(error, code, blocker) as why from grant_leg
             where grant_id = g.id and condition <> 'ok' order by condition limit 1
           ) t on true
           left join lateral (
             select true as doubted, latchkey_readable(proven_at) as proven_at from grant_leg
             where grant_id = g.id and target_kind = 'cluster' and condition <> 'ok' and g.state = 'active'
           ) d on true
           where g.person_id = $1 and g.state <> 'ended' and latchkey_readable(g.created_at) is not null
           order by g.until nulls first, g.id limit 200"#,
        person.0
    )
    .fetch_all(store.pool())
    .await?;
    Ok(readable(rows.into_iter().map(|row| {
        let id = row.id;
        let read = move || -> Result<HeldAccess, StoreError> {
            let jiff = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
            Ok(HeldAccess {
                id: GrantId(row.id),
                request: RequestId(row.request_id),
                terms: terms!(row, "access_grant"),
                state: GrantState::parse(&row.state)
                    .ok_or_else(|| StoreError::corrupt("access_grant", "state", &row.state))?,
                created_at: row.created_at.to_jiff(),
                active: jiff(row.since).zip(jiff(row.until)),
                trouble: match row.condition {
                    Some(condition) => trouble(&condition)?.map(|trouble| (trouble, blocker(row.why.as_deref()))),
                    None => None,
                },
                doubted: row.doubted.map(|_| LastProof(jiff(row.proven_at))),
                wider: row.wider,
            })
        };
        (id, read())
    })))
}
