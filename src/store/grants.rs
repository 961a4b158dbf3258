//! Grants and their legs. How their rows are read and locked is in [`super::grant_rows`].

use super::{
    StoreError, Stored, Tx,
    columns::{beside, condition, time, to_json},
    tx::one_row,
};
use latchkey_domain::{
    access::{
        GrantId,
        compared::Compared,
        grant::{Active, Ended, Leg, Proven, Provisioning, Revoking, Scheduled},
        residual::Residual,
        transition::Target,
    },
    eks::arn::SessionName,
};
use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;

pub use super::grant_rows::{Locked, UnreadableGrant, live_on, read, read_all};

/// How long an activation may rest on a look at the user's identity. If a setup takes longer, the identity is compared
/// again at its end, since the user may have been made anew meanwhile.
const COMPARED_FOR: Duration = Duration::from_mins(1);

impl Tx {
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

    /// The legs of a grant as they are now, including writes of this transaction: that on its principal, and that on
    /// its cluster. A row for any other target is not a leg of it.
    ///
    /// # Errors
    /// `Corrupt`, `Database`.
    pub async fn legs(&mut self, id: GrantId) -> Result<Vec<Leg>, StoreError> {
        let rows = sqlx::query!(
            r#"select l.target_kind, l.target_key, l.proven, l.condition, l.attempts, latchkey_readable(l.next_try) as next_try,
                 latchkey_blocker(l.error, l.code, l.blocker) as why,
                 latchkey_text(l.evidence -> 'beside') as beside, latchkey_text(l.evidence -> 'residual') as said,
                 exists (select from unnest(array['beside', 'residual']) key
                   where jsonb_typeof(l.evidence -> key) = 'array' and l.evidence -> key <> '[]') as "says_yes!",
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
                // What says yes is returned as far as it can be read: it must not keep a grant from ending.
                let said = row.said.as_deref().and_then(|text| serde_json::from_str::<Vec<String>>(text).ok());
                let mut residual = beside(row.beside.as_deref(), &said.unwrap_or_default());
                // Something does, and it is more than is read of one row.
                if residual.is_empty() && row.says_yes {
                    residual.push(Residual::OfLaterVersion { named: String::new() });
                }
                Ok(Leg {
                    target: Target::from_columns(&row.target_kind, row.target_key)
                        .ok_or_else(|| StoreError::corrupt("grant_leg", "target_kind", &row.target_kind))?,
                    proven: Proven::parse(&row.proven)
                        .ok_or_else(|| StoreError::corrupt("grant_leg", "proven", &row.proven))?,
                    compared: Compared::parse(&row.identity)
                        .ok_or_else(|| StoreError::corrupt("grant_leg", "identity", &row.identity))?,
                    condition: condition(&row.condition, row.why.as_deref(), row.attempts, row.next_try)?,
                    residual,
                })
            })
            .collect()
    }
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
               hard_until, session_name)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'scheduled', $15, $16, $17, $18)",
            facts.id.0,
            facts.request.0,
            facts.person.0,
            facts.terms.principal.0,
            facts.terms.cluster.0,
            facts.terms.profile.name.as_str(),
            to_json(&facts.terms.profile)?,
            to_json(&facts.terms.namespaces)?,
            i32::try_from(facts.terms.minutes).unwrap_or(i32::MAX),
            policy_hash,
            facts.policy_name,
            facts.basis.as_str(),
            facts.basis.quorum().map(|quorum| i32::from(quorum.get())),
            &decided_by,
            time(facts.created_at) as _,
            time(facts.activate_by) as _,
            time(facts.hard_until) as _,
            facts.terms.session.as_ref().map(SessionName::as_str),
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
            "update access_grant set state = 'active', version = version + 1, since = $2, until = $3, residual = $4,
               beside = $5
             where id = $1 and state = 'provisioning'",
            self.facts.id.0,
            time(self.since) as _,
            time(self.until) as _,
            to_json(&self.residual.said)?,
            to_json(&self.residual.values)?,
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
            "update access_grant set state = 'ended', version = version + 1, ended_at = $2, residual = $3, beside = $4
             where id = $1 and state = 'revoking'",
            self.facts.id.0,
            time(self.ended_at) as _,
            to_json(&self.residual.said)?,
            to_json(&self.residual.values)?,
        )
        .execute(connection)
        .await?;
        one_row(&result, "the access")
    }
}
