//! Requests and votes.

use super::{
    StoreError, Stored, Tx,
    columns::{decision_basis, hash32, person, request_facts, time, to_json},
    tx::one_row,
};
use crate::causes::chain;
use latchkey_domain::{
    access::{
        ClusterId, PersonId, RequestId,
        request::{
            Closed, ClosedWhy, Open, Pending, RequestFacts, RequestState, Seen, Submitted, Verdict, Vote, Voted,
        },
    },
    eks::arn::SessionName,
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// A request under lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockedRequest {
    Pending(Box<Pending>),
    /// Closed before: the votes tell by whom; if it was cancelled, with the reason.
    Closed(RequestState, Option<ClosedWhy>),
}

/// Every vote on a request, in the order of time, each voter as they are now.
pub(super) async fn votes<'e>(executor: impl PgExecutor<'e>, id: RequestId) -> Result<Vec<Vote>, StoreError> {
    let rows = sqlx::query!(
        r#"select v.verdict, v.reason, v.seen, v.uses_role, v.at, latchkey_text(v.rules) as rules, p.id, p.handle, p.name,
             latchkey_groups(p.groups) as "groups!"
           from vote v join person p on p.id = v.person_id where v.request_id = $1 order by v.at, p.id"#,
        id.0
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Vote {
                by: person(row.id, &row.handle, row.name, row.groups)?,
                verdict: Verdict::parse(&row.verdict)
                    .ok_or_else(|| StoreError::corrupt("vote", "verdict", &row.verdict))?,
                reason: row.reason,
                seen: Seen(hash32("vote", "seen", &row.seen)?),
                uses_role: row.uses_role,
                at: row.at.to_jiff(),
                // Rules that cannot be read count as unknown: the vote is judged by `seen`.
                rules: row.rules.and_then(|rules| serde_json::from_str(&rules).ok()),
            })
        })
        .collect()
}

impl Tx {
    /// Locks a request, with its votes and each voter as they are now.
    ///
    /// # Errors
    /// `Corrupt`, `Database`. No such request is `None`.
    pub async fn lock_request(&mut self, id: RequestId) -> Result<Option<LockedRequest>, StoreError> {
        sqlx::query!("select id from request where id = $1 for update", id.0).fetch_optional(self.connection()).await?;
        self.read_request(id).await
    }

    async fn read_request(&mut self, id: RequestId) -> Result<Option<LockedRequest>, StoreError> {
        let row = sqlx::query!(
            r#"select r.id, r.principal_id, r.cluster_id, r.session_name, latchkey_text(r.resolved_profile) as resolved_profile,
             latchkey_text(r.namespaces) as namespaces, r.minutes, r.reason,
                 r.policy_hash, r.policy_name, r.basis, r.quorum, r.state, r.closed_why, r.submitted_at, r.lapses_at,
                 p.id as person_id, p.handle, p.name, latchkey_groups(p.groups) as "groups!", c.name as cluster_name, i.arn as principal_arn, latchkey_role_users(r.principal_id, r.session_name) as users
               from request r
               join person p on p.id = r.person_id
               join cluster c on c.id = r.cluster_id
               join principal i on i.id = r.principal_id
               where r.id = $1"#,
            id.0
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let state =
            RequestState::parse(&row.state).ok_or_else(|| StoreError::corrupt("request", "state", &row.state))?;
        if state != RequestState::Pending {
            return Ok(Some(LockedRequest::Closed(state, row.closed_why.as_deref().and_then(ClosedWhy::parse))));
        }
        let votes = votes(self.connection(), id).await?;
        let facts = request_facts!(row);
        let basis = decision_basis("request", &row.basis, Some(row.quorum).filter(|quorum| *quorum > 0))?;
        // A request that the policy grants by itself is closed when it is submitted.
        let quorum = basis.quorum().ok_or_else(|| StoreError::corrupt("request", "basis", row.basis))?;
        Ok(Some(LockedRequest::Pending(Box::new(Pending { facts, quorum, votes }))))
    }

    /// Locks the pending ones among these requests, in the order of their ids, and reads only what closing them needs.
    ///
    /// # Errors
    /// `Database`.
    pub async fn lock_open(&mut self, ids: &[RequestId]) -> Result<Vec<Open>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = sqlx::query!(
            "select id, person_id, cluster_id from request r
             where id = any($1) and state = 'pending' order by id for update of r",
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        let open = |id, requester, cluster| Open { id: RequestId(id), requester, cluster: ClusterId(cluster) };
        Ok(rows.into_iter().map(|row| open(row.id, PersonId(row.person_id), row.cluster_id)).collect())
    }

    /// Which part of a pending request cannot be read; `None` if all can, or it is not pending.
    ///
    /// # Errors
    /// `Database`.
    pub async fn why_unreadable(&mut self, id: RequestId) -> Result<Option<String>, StoreError> {
        match self.read_request(id).await {
            Ok(_) => Ok(None),
            Err(error) if error.is_of_one_row() => Ok(Some(chain(&error))),
            Err(error) => Err(error),
        }
    }

    /// A pending request like this one, by the same person: same principal and session, cluster, profile and namespaces.
    ///
    /// # Errors
    /// `Database`.
    pub async fn duplicate(&mut self, facts: &RequestFacts) -> Result<Option<RequestId>, StoreError> {
        let row = sqlx::query!(
            "select id from request where state = 'pending' and person_id = $1 and principal_id = $2
               and cluster_id = $3 and profile = $4 and namespaces = $5 and session_name is not distinct from $6 limit 1",
            facts.requester.id.0,
            facts.terms.principal.0,
            facts.terms.cluster.0,
            facts.terms.profile.name.as_str(),
            to_json(&facts.terms.namespaces)?,
            facts.terms.session.as_ref().map(SessionName::as_str),
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| RequestId(row.id)))
    }

    /// Whether a person said before that they can use the role that a request is for.
    ///
    /// # Errors
    /// `Database`.
    pub async fn said_to_use_role(&mut self, id: RequestId, person: PersonId) -> Result<bool, StoreError> {
        let said = sqlx::query_scalar!(
            r#"select exists (select from event where request_id = $1 and actor_id = $2
                 and action = 'request.role_used') as "said!""#,
            id.0,
            person.0,
        );
        Ok(said.fetch_one(self.connection()).await?)
    }

    /// Serialises the submissions of one person, so that two clicks make one request.
    ///
    /// # Errors
    /// `Database`.
    pub async fn lock_person(&mut self, id: PersonId) -> Result<(), StoreError> {
        sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", id.to_string())
            .fetch_one(self.connection())
            .await?;
        Ok(())
    }
}

impl Stored for Submitted {
    async fn write(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let facts = &self.facts;
        let policy_hash = hex::decode(&facts.policy_hash).map_err(|error| StoreError::Event(error.to_string()))?;
        sqlx::query!(
            "insert into request (id, person_id, principal_id, cluster_id, profile, resolved_profile, namespaces, minutes,
               reason, policy_hash, policy_name, seen, basis, quorum, state, submitted_at, lapses_at, session_name)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'pending', $15, $16, $17)",
            facts.id.0,
            facts.requester.id.0,
            facts.terms.principal.0,
            facts.terms.cluster.0,
            facts.terms.profile.name.as_str(),
            to_json(&facts.terms.profile)?,
            to_json(&facts.terms.namespaces)?,
            i32::try_from(facts.terms.minutes).unwrap_or(i32::MAX),
            facts.reason,
            policy_hash,
            facts.policy_name,
            &self.seen.0[..],
            self.basis.as_str(),
            // Earlier versions read 0 if no approval is needed.
            self.basis.quorum().map_or(0, |quorum| i32::from(quorum.get())),
            time(facts.submitted_at) as _,
            time(facts.lapses_at) as _,
            facts.terms.session.as_ref().map(SessionName::as_str),
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

impl Stored for Voted {
    async fn write(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let policy_hash = hex::decode(&self.policy_hash).map_err(|error| StoreError::Event(error.to_string()))?;
        let groups: Vec<String> = self.vote.by.groups.iter().cloned().collect();
        sqlx::query!(
            "insert into vote (request_id, person_id, verdict, reason, seen, at, policy_hash, groups, rules, uses_role)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict (request_id, person_id) do update
               set verdict = excluded.verdict, reason = excluded.reason, seen = excluded.seen, at = excluded.at,
                 policy_hash = excluded.policy_hash, groups = excluded.groups, rules = excluded.rules,
                 uses_role = excluded.uses_role",
            self.request.0,
            self.vote.by.id.0,
            self.vote.verdict.as_str(),
            self.vote.reason,
            &self.vote.seen.0[..],
            time(self.vote.at) as _,
            policy_hash,
            &groups,
            self.vote.rules.as_ref().map(to_json).transpose()?,
            self.vote.uses_role,
        )
        .execute(&mut *connection)
        .await?;
        for counted in self.counted.iter().filter(|counted| counted.by != self.vote.by.id) {
            let groups: Vec<String> = counted.groups.iter().cloned().collect();
            let result = sqlx::query!(
                "update vote set policy_hash = $3, groups = $4 where request_id = $1 and person_id = $2",
                self.request.0,
                counted.by.0,
                policy_hash,
                &groups,
            )
            .execute(&mut *connection)
            .await?;
            one_row(&result, "the vote")?;
        }
        Ok(())
    }
}

impl Stored for Closed {
    async fn write(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let result = sqlx::query!(
            "update request set state = $2, closed_at = $3, closed_why = $4 where id = $1 and state = 'pending'",
            self.id.0,
            self.state.as_str(),
            time(self.at) as _,
            self.why.map(ClosedWhy::as_str),
        )
        .execute(connection)
        .await?;
        one_row(&result, "the request")
    }
}
