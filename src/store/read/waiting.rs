//! Requests that wait for a decision, and those that a person decided.

use crate::store::{
    Store, StoreError,
    columns::{json, readable, request_facts, time},
};
use jiff::Timestamp;
use latchkey_domain::access::{
    PersonId, RequestId,
    person::Person,
    request::{ClosedWhy, RequestFacts, RequestState, Seen, Verdict},
};
use serde::Deserialize;

/// A pending request, with what its voters saw.
#[derive(Debug, Clone)]
pub struct WaitingRequest {
    pub facts: RequestFacts,
    pub votes: Vec<PendingVote>,
}

/// A vote on a pending request, with the voter as they are now.
#[derive(Debug, Clone)]
pub struct PendingVote {
    pub by: Person,
    pub verdict: Verdict,
    pub seen: Seen,
}

/// The same as the database returns it.
#[derive(Debug, Deserialize)]
struct CastRow {
    by: Person,
    verdict: String,
    seen: String,
}

impl CastRow {
    fn cast(self) -> Result<PendingVote, StoreError> {
        let verdict = Verdict::parse(&self.verdict);
        Ok(PendingVote {
            by: self.by,
            verdict: verdict.ok_or_else(|| StoreError::corrupt("vote", "verdict", &self.verdict))?,
            seen: self.seen.parse().map_err(|e| StoreError::corrupt("vote", "seen", e))?,
        })
    }
}

/// Where a list of pending requests continues: after this moment and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    pub lapses_at: Timestamp,
    pub id: RequestId,
}

/// Pending requests, the one that lapses soonest first, after `after`: at most `limit`, and where the list continues.
/// The current policy says who may decide them, not the database.
///
/// # Errors
/// `Database`.
pub async fn pending(
    store: &Store,
    after: Option<After>,
    limit: usize,
) -> Result<(Vec<WaitingRequest>, Option<After>), StoreError> {
    let rows = sqlx::query!(
        r#"select r.id, r.principal_id, r.cluster_id, r.session_name, latchkey_text(r.resolved_profile) as resolved_profile,
             latchkey_text(r.namespaces) as namespaces, r.minutes, r.reason,
             r.policy_hash, r.policy_name, r.submitted_at, r.lapses_at, p.id as person_id, p.handle, p.name,
             latchkey_groups(p.groups) as "groups!", c.name as cluster_name, i.arn as principal_arn, latchkey_role_users(r.principal_id, r.session_name) as users,
             (select coalesce(jsonb_agg(jsonb_build_object(
                'by', jsonb_build_object('id', d.id, 'handle', d.handle, 'name', d.name, 'groups', to_jsonb(latchkey_groups(d.groups))),
                'verdict', v.verdict, 'seen', encode(v.seen, 'hex')) order by v.at), '[]')
              from vote v join person d on d.id = v.person_id where v.request_id = r.id) as "votes!"
           from request r
           join person p on p.id = r.person_id
           join cluster c on c.id = r.cluster_id
           join principal i on i.id = r.principal_id
           where r.state = 'pending' and r.lapses_at > latchkey_now() and i.ended_at is null
             and latchkey_readable(r.lapses_at) is not null and latchkey_readable(r.submitted_at) is not null
             and ($1::timestamptz is null or (r.lapses_at, r.id) > ($1, $2))
           order by r.lapses_at, r.id limit $3"#,
        after.map(|after| time(after.lapses_at)) as _,
        after.map(|after| after.id.0),
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(store.pool())
    .await?;
    let next = rows.last().filter(|_| rows.len() == limit);
    let next = next.map(|row| After { lapses_at: row.lapses_at.to_jiff(), id: RequestId(row.id) });
    let waiting = readable(rows.into_iter().map(|row| {
        let id = row.id;
        let read = move || -> Result<WaitingRequest, StoreError> {
            let votes: Vec<CastRow> = json("vote", "seen", row.votes)?;
            Ok(WaitingRequest {
                facts: request_facts!(row),
                votes: votes.into_iter().map(CastRow::cast).collect::<Result<_, StoreError>>()?,
            })
        };
        (id, read())
    }));
    Ok((waiting, next))
}

/// A request that a person voted on.
#[derive(Debug, Clone)]
pub struct VotedRequest {
    pub facts: RequestFacts,
    pub state: RequestState,
    /// Why it was cancelled, if it was.
    pub closed_why: Option<ClosedWhy>,
    pub verdict: Verdict,
    pub reason: Option<String>,
    pub voted_at: Timestamp,
}

/// What a person voted on, newest first, before the vote of `before`: at most `limit`, and before which vote the list
/// continues.
///
/// # Errors
/// `Database`.
pub async fn decided_by(
    store: &Store,
    voter: PersonId,
    before: Option<(Timestamp, RequestId)>,
    limit: usize,
) -> Result<(Vec<VotedRequest>, Option<(Timestamp, RequestId)>), StoreError> {
    let rows = sqlx::query!(
        r#"select r.id, r.principal_id, r.cluster_id, r.session_name, latchkey_text(r.resolved_profile) as resolved_profile,
             latchkey_text(r.namespaces) as namespaces, r.minutes, r.reason,
             r.policy_hash, r.policy_name, r.state, r.closed_why, r.submitted_at, r.lapses_at,
             p.id as person_id, p.handle, p.name,
             latchkey_groups(p.groups) as "groups!", c.name as cluster_name, i.arn as principal_arn, latchkey_role_users(r.principal_id, r.session_name) as users, v.verdict, v.reason as vote_reason, v.at
           from vote v
           join request r on r.id = v.request_id
           join person p on p.id = r.person_id
           join cluster c on c.id = r.cluster_id
           join principal i on i.id = r.principal_id
           where v.person_id = $1 and latchkey_readable(r.submitted_at) is not null
             and latchkey_readable(r.lapses_at) is not null and latchkey_readable(v.at) is not null and ($2::timestamptz is null or (v.at, r.id) < ($2, $3))
           order by v.at desc, r.id desc limit $4"#,
        voter.0,
        before.map(|(at, _)| time(at)) as _,
        before.map(|(_, id)| id.0),
        // One more shows whether the list continues.
        i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1),
    )
    .fetch_all(store.pool())
    .await?;
    let next = rows.get(limit.saturating_sub(1)).filter(|_| rows.len() > limit);
    let next = next.map(|row| (row.at.to_jiff(), RequestId(row.id)));
    let decided = readable(rows.into_iter().take(limit).map(|row| {
        let id = row.id;
        let read = move || -> Result<VotedRequest, StoreError> {
            Ok(VotedRequest {
                facts: request_facts!(row),
                state: RequestState::parse(&row.state)
                    .ok_or_else(|| StoreError::corrupt("request", "state", &row.state))?,
                closed_why: row.closed_why.as_deref().and_then(ClosedWhy::parse),
                verdict: Verdict::parse(&row.verdict)
                    .ok_or_else(|| StoreError::corrupt("vote", "verdict", &row.verdict))?,
                reason: row.vote_reason,
                voted_at: row.at.to_jiff(),
            })
        };
        (id, read())
    }));
    Ok((decided, next))
}
