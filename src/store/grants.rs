//! Grants and their legs.

use super::{
    StoreError, Stored, Tx,
    columns::{condition, json, time, to_json},
    tx::one_row,
};
use jiff::Timestamp;
use latchkey_domain::access::{
    ClusterId, GrantId, PersonId, PrincipalId, RequestId,
    compared::Compared,
    grant::{
        Active, Cause, Ended, Grant, GrantBasis, GrantFacts, GrantState, Leg, Proven, Provisioning, Revoking, Scheduled,
    },
    person::Handle,
    transition::Target,
};
use sqlx::PgConnection;
use std::{num::NonZeroU8, time::Duration};
use uuid::Uuid;

/// For how long an activation may rest on a look at who the user is: a setup that takes longer is compared again at its
/// end, since the user may have been made anew meanwhile.
const COMPARED_FOR: Duration = Duration::from_mins(1);

struct Row {
    id: Uuid,
    request_id: Uuid,
    person_id: Uuid,
    handle: String,
    principal_id: Uuid,
    cluster_id: Uuid,
    resolved_profile: serde_json::Value,
    namespaces: serde_json::Value,
    minutes: i32,
    policy_hash: Vec<u8>,
    policy_name: String,
    basis: String,
    quorum: Option<i32>,
    decided_by: Vec<Uuid>,
    state: String,
    created_at: jiff_sqlx::Timestamp,
    activate_by: jiff_sqlx::Timestamp,
    hard_until: jiff_sqlx::Timestamp,
    since: Option<jiff_sqlx::Timestamp>,
    until: Option<jiff_sqlx::Timestamp>,
    revoking_since: Option<jiff_sqlx::Timestamp>,
    ended_at: Option<jiff_sqlx::Timestamp>,
    cause: Option<String>,
    ended_by: Option<Uuid>,
    end_reason: Option<String>,
    residual: serde_json::Value,
}

impl Row {
    fn grant(self) -> Result<Grant, StoreError> {
        let corrupt =
            |column: &'static str, value: &dyn std::fmt::Display| StoreError::corrupt("access_grant", column, value);
        let handle: Handle = self.handle.parse().map_err(|error| StoreError::corrupt("person", "handle", error))?;
        let quorum = self.quorum.and_then(|quorum| u8::try_from(quorum).ok()).and_then(NonZeroU8::new);
        let basis = GrantBasis::parse(&self.basis, quorum).ok_or_else(|| corrupt("basis", &self.basis))?;
        let facts = GrantFacts {
            id: GrantId(self.id),
            request: RequestId(self.request_id),
            person: PersonId(self.person_id),
            handle,
            principal: PrincipalId(self.principal_id),
            cluster: ClusterId(self.cluster_id),
            profile: json("access_grant", "resolved_profile", self.resolved_profile)?,
            namespaces: json("access_grant", "namespaces", self.namespaces)?,
            minutes: u32::try_from(self.minutes).map_err(|error| corrupt("minutes", &error))?,
            policy_hash: hex::encode(self.policy_hash),
            policy_name: self.policy_name,
            basis,
            decided_by: self.decided_by.into_iter().map(PersonId).collect(),
            created_at: self.created_at.to_jiff(),
            activate_by: self.activate_by.to_jiff(),
            hard_until: self.hard_until.to_jiff(),
        };
        let state = GrantState::parse(&self.state).ok_or_else(|| corrupt("state", &self.state))?;
        let active = self.since.zip(self.until).map(|(since, until)| (since.to_jiff(), until.to_jiff()));
        let missing = |column: &'static str| corrupt(column, &"null");
        let ending = || -> Result<(Cause, Timestamp), StoreError> {
            let cause = self.cause.as_deref().and_then(Cause::parse).ok_or_else(|| missing("cause"))?;
            let since = self.revoking_since.ok_or_else(|| missing("revoking_since"))?;
            Ok((cause, since.to_jiff()))
        };
        let residual: Vec<String> = json("access_grant", "residual", self.residual)?;
        Ok(match state {
            GrantState::Scheduled => Grant::Scheduled(Scheduled { facts }),
            GrantState::Provisioning => Grant::Provisioning(Provisioning { facts }),
            GrantState::Active => {
                let (since, until) = active.ok_or_else(|| missing("since"))?;
                Grant::Active(Active { facts, since, until, residual })
            }
            GrantState::Revoking => {
                let (cause, revoking_since) = ending()?;
                let (by, reason) = (self.ended_by.map(PersonId), self.end_reason);
                Grant::Revoking(Revoking { facts, active, cause, revoking_since, by, reason })
            }
            GrantState::Ended => {
                let (cause, revoking_since) = ending()?;
                let ended_at = self.ended_at.ok_or_else(|| missing("ended_at"))?.to_jiff();
                Grant::Ended(Ended { facts, active, cause, revoking_since, ended_at, residual })
            }
        })
    }
}

impl Tx {
    /// Locks grants in the order of their ids and reads them as they are under the lock. The lock leaves room for rows
    /// that refer to them: a run records intents of several grants in the order of its plan, and would deadlock.
    ///
    /// # Errors
    /// `Corrupt`, `Database`. Grants that do not exist are left out.
    pub async fn lock_grants(&mut self, ids: &[GrantId]) -> Result<Vec<Grant>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = sqlx::query_as!(
            Row,
            r#"select g.id, g.request_id, g.person_id, p.handle, g.principal_id, g.cluster_id, g.resolved_profile,
                 g.namespaces, g.minutes, g.policy_hash, g.policy_name, g.basis, g.quorum, g.decided_by, g.state, g.created_at, g.activate_by,
                 g.hard_until, g.since, g.until, g.revoking_since, g.ended_at, g.cause, g.ended_by, g.end_reason,
                 g.residual
               from access_grant g join person p on p.id = g.person_id
               where g.id = any($1) order by g.id for no key update of g"#,
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(Row::grant).collect()
    }

    /// Reads grants without a lock, for what never changes about them.
    ///
    /// # Errors
    /// `Corrupt`, `Database`. Grants that do not exist are left out.
    pub async fn read_grants(&mut self, ids: &[GrantId]) -> Result<Vec<Grant>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = sqlx::query_as!(
            Row,
            r#"select g.id, g.request_id, g.person_id, p.handle, g.principal_id, g.cluster_id, g.resolved_profile,
                 g.namespaces, g.minutes, g.policy_hash, g.policy_name, g.basis, g.quorum, g.decided_by, g.state, g.created_at, g.activate_by,
                 g.hard_until, g.since, g.until, g.revoking_since, g.ended_at, g.cause, g.ended_by, g.end_reason,
                 g.residual
               from access_grant g join person p on p.id = g.person_id
               where g.id = any($1) order by g.id"#,
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(Row::grant).collect()
    }

    /// Whether a grant of the target is being taken away.
    ///
    /// # Errors
    /// `Database`.
    pub async fn has_revoking(&mut self, target: Target) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"select exists (select from access_grant where state = 'revoking'
                 and (($1 = 'cluster' and cluster_id = $2) or ($1 = 'principal' and principal_id = $2))) as "exists!""#,
            target.kind(),
            target.key()
        )
        .fetch_one(self.connection())
        .await?)
    }

    /// The legs of a grant as they are now, those that this transaction wrote included: that on its principal, and that
    /// on its cluster. A row of anything else is no leg of it.
    ///
    /// # Errors
    /// `Corrupt`, `Database`.
    pub async fn legs(&mut self, id: GrantId) -> Result<Vec<Leg>, StoreError> {
        let rows = sqlx::query!(
            r#"select l.target_kind, l.target_key, l.proven, l.condition, l.attempts, l.next_try, l.error, l.evidence,
                 case when l.identity in ('same', 'unprotected')
                        and l.identity_at < clock_timestamp() - make_interval(secs => $2)
                      then 'stale' else l.identity end as "identity!"
               from grant_leg l join access_grant g on g.id = l.grant_id
               where l.grant_id = $1 and ((l.target_kind = 'cluster' and l.target_key = g.cluster_id)
                 or (l.target_kind = 'principal' and l.target_key = g.principal_id))
               order by l.target_kind, l.target_key"#,
            id.0,
            COMPARED_FOR.as_secs_f64(),
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let residual = row.evidence.get("residual").cloned().unwrap_or_else(|| serde_json::json!([]));
                Ok(Leg {
                    target: Target::from_columns(&row.target_kind, row.target_key)
                        .ok_or_else(|| StoreError::corrupt("grant_leg", "target_kind", &row.target_kind))?,
                    proven: Proven::parse(&row.proven)
                        .ok_or_else(|| StoreError::corrupt("grant_leg", "proven", &row.proven))?,
                    compared: Compared::parse(&row.identity)
                        .ok_or_else(|| StoreError::corrupt("grant_leg", "identity", &row.identity))?,
                    condition: condition(&row.condition, row.error, row.attempts, row.next_try)?,
                    residual: json("grant_leg", "evidence", residual)?,
                })
            })
            .collect()
    }
}

/// The grants of a target that are not over, as they are now, without a lock: what a run desires.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn live_on(connection: &mut PgConnection, target: Target) -> Result<Vec<Grant>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select g.id, g.request_id, g.person_id, p.handle, g.principal_id, g.cluster_id, g.resolved_profile,
             g.namespaces, g.minutes, g.policy_hash, g.policy_name, g.basis, g.quorum, g.decided_by, g.state, g.created_at, g.activate_by,
             g.hard_until, g.since, g.until, g.revoking_since, g.ended_at, g.cause, g.ended_by, g.end_reason, g.residual
           from access_grant g join person p on p.id = g.person_id
           where g.state <> 'ended'
             and (($1 = 'cluster' and g.cluster_id = $2) or ($1 = 'principal' and g.principal_id = $2))
           order by g.id"#,
        target.kind(),
        target.key()
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::grant).collect()
}

impl Stored for Scheduled {
    /// A trigger makes its legs.
    async fn write(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let facts = &self.facts;
        let policy_hash = hex::decode(&facts.policy_hash).map_err(|error| StoreError::Event(error.to_string()))?;
        let decided_by: Vec<Uuid> = facts.decided_by.iter().map(|id| id.0).collect();
        sqlx::query!(
            "insert into access_grant (id, request_id, person_id, principal_id, cluster_id, profile, resolved_profile,
               namespaces, minutes, policy_hash, policy_name, basis, quorum, decided_by, state, created_at, activate_by,
               hard_until)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'scheduled', $15, $16, $17)",
            facts.id.0,
            facts.request.0,
            facts.person.0,
            facts.principal.0,
            facts.cluster.0,
            facts.profile.name.as_str(),
            to_json(&facts.profile)?,
            to_json(&facts.namespaces)?,
            i32::try_from(facts.minutes).unwrap_or(i32::MAX),
            policy_hash,
            facts.policy_name,
            facts.basis.as_str(),
            facts.basis.quorum().map(|quorum| i32::from(quorum.get())),
            &decided_by,
            time(facts.created_at) as _,
            time(facts.activate_by) as _,
            time(facts.hard_until) as _,
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

impl Stored for Provisioning {
    async fn write(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let result = sqlx::query!(
            "update access_grant set state = 'provisioning', version = version + 1 where id = $1 and state = 'scheduled'",
            self.facts.id.0
        )
        .execute(connection)
        .await?;
        one_row(&result, "the access")
    }
}

impl Stored for Active {
    async fn write(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let result = sqlx::query!(
            "update access_grant set state = 'active', version = version + 1, since = $2, until = $3, residual = $4
             where id = $1 and state = 'provisioning'",
            self.facts.id.0,
            time(self.since) as _,
            time(self.until) as _,
            to_json(&self.residual)?,
        )
        .execute(connection)
        .await?;
        one_row(&result, "the access")
    }
}

impl Stored for Revoking {
    async fn write(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let result = sqlx::query!(
            "update access_grant set state = 'revoking', version = version + 1, cause = $2, revoking_since = $3,
               ended_by = $4, end_reason = $5
             where id = $1 and state in ('scheduled', 'provisioning', 'active')",
            self.facts.id.0,
            self.cause.as_str(),
            time(self.revoking_since) as _,
            self.by.map(|id| id.0),
            self.reason,
        )
        .execute(connection)
        .await?;
        one_row(&result, "the access")
    }
}

impl Stored for Ended {
    async fn write(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let result = sqlx::query!(
            "update access_grant set state = 'ended', version = version + 1, ended_at = $2, residual = $3
             where id = $1 and state = 'revoking'",
            self.facts.id.0,
            time(self.ended_at) as _,
            to_json(&self.residual)?,
        )
        .execute(connection)
        .await?;
        one_row(&result, "the access")
    }
}
