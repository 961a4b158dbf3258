//! Proofs of AWS identities: the nonces that they are asked by, and the rows that they make.

use super::{
    StoreError, Tx,
    sessions::{SessionPerson, token_hash},
};
use latchkey_domain::{
    access::{PersonId, PrincipalId},
    eks::arn::{PrincipalArn, SessionName},
};
use std::time::Duration;
use uuid::Uuid;

/// How many nonces were begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonces {
    /// In this session, in all.
    pub session: i64,
    pub person_last_hour: i64,
}

impl Tx {
    /// How many nonces a session and its person began.
    ///
    /// # Errors
    /// `Database`.
    pub async fn count_nonces(&mut self, signed_in: &SessionPerson) -> Result<Nonces, StoreError> {
        let row = sqlx::query!(
            r#"select count(*) filter (where session_id = $2) as "session!",
                 count(*) filter (where created_at > clock_timestamp() - interval '1 hour') as "hour!"
               from proof_nonce where person_id = $1"#,
            signed_in.person.id.0,
            signed_in.session.0
        )
        .fetch_one(self.connection())
        .await?;
        Ok(Nonces { session: row.session, person_last_hour: row.hour })
    }

    /// Whether a nonce of this session is neither used nor over.
    ///
    /// # Errors
    /// `Database`.
    pub async fn nonce_is_open(&mut self, signed_in: &SessionPerson, name: &str) -> Result<bool, StoreError> {
        let row = sqlx::query!(
            r#"select 1 as "one!" from proof_nonce where hash = $1 and person_id = $2 and session_id = $3
                 and used_at is null and expires_at > clock_timestamp()"#,
            token_hash(name),
            signed_in.person.id.0,
            signed_in.session.0
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.is_some())
    }

    /// Begins a nonce that may be used for `lives`. Only its hash is stored.
    ///
    /// # Errors
    /// `Database`.
    pub async fn add_nonce(
        &mut self,
        signed_in: &SessionPerson,
        name: &str,
        lives: Duration,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "insert into proof_nonce (hash, person_id, session_id, created_at, expires_at)
             values ($1, $2, $3, clock_timestamp(), clock_timestamp() + make_interval(secs => $4))",
            token_hash(name),
            signed_in.person.id.0,
            signed_in.session.0,
            lives.as_secs_f64(),
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Uses a nonce up; `false` if it is used already, or over.
    ///
    /// # Errors
    /// `Database`.
    pub async fn use_nonce(&mut self, name: &str) -> Result<bool, StoreError> {
        let used = sqlx::query!(
            "update proof_nonce set used_at = clock_timestamp()
             where hash = $1 and used_at is null and expires_at > clock_timestamp()",
            token_hash(name)
        )
        .execute(self.connection())
        .await?;
        Ok(used.rows_affected() == 1)
    }

    /// Inserts a proven identity: a user as the person's, a role as nobody's alone.
    ///
    /// # Errors
    /// `Database`, with the constraint `principal_arn_live` if a person has the ARN already.
    pub async fn add_principal(
        &mut self,
        id: PrincipalId,
        person: PersonId,
        arn: &PrincipalArn,
        unique_id: &str,
    ) -> Result<(), StoreError> {
        let owner = match arn {
            PrincipalArn::User(_) => Some(person.0),
            PrincipalArn::Role(_) => None,
        };
        sqlx::query!(
            "insert into principal (id, person_id, arn, unique_id, kind, source, proven_at)
             values ($1, $2, $3, $4, $5, 'proven', clock_timestamp())",
            id.0,
            owner,
            arn.as_str(),
            unique_id,
            arn.kind().as_str(),
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Inserts a proven session of a role.
    ///
    /// # Errors
    /// `Database`, with the constraint `role_holder_live` if the person holds a session of it already.
    pub async fn add_holder(
        &mut self,
        id: Uuid,
        role: PrincipalId,
        person: PersonId,
        session: &SessionName,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "insert into role_holder (id, principal_id, person_id, session_name, proven_at)
             values ($1, $2, $3, $4, clock_timestamp())",
            id,
            role.0,
            person.0,
            session.as_str(),
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
