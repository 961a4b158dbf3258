//! A principal under lock: what is written of it only then.

use super::{
    super::{StoreError, Tx},
    RoleHolder, holders,
};
use latchkey_domain::access::{PersonId, PrincipalId, verdict::PrincipalVerdict};
use std::ops::{Deref, DerefMut};
use uuid::Uuid;

/// A transaction that has a principal locked. What may be done only under that lock is a method of it. Only
/// [`Tx::lock_principal`] makes one, and it borrows its transaction, which keeps the lock until its end.
#[derive(Debug)]
pub struct LockedPrincipal<'tx> {
    tx: &'tx mut Tx,
    id: PrincipalId,
    stands: bool,
}

impl Tx {
    /// Locks a principal, to renew it or to end it, after the requests that wait for it. Meanwhile no ask and no vote
    /// goes by it. The lock allows new rows that refer to it: a run that holds a target records lines of aws-auth for
    /// it, and would deadlock otherwise.
    ///
    /// # Errors
    /// `Database`.
    pub async fn lock_principal(&mut self, id: PrincipalId) -> Result<LockedPrincipal<'_>, StoreError> {
        let row = sqlx::query!(
            r#"select ended_at is null as "stands!" from principal where id = $1 for no key update"#,
            id.0
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(LockedPrincipal { tx: self, id, stands: row.is_some_and(|row| row.stands) })
    }
}

impl LockedPrincipal<'_> {
    /// Whether the principal stood when it was locked.
    pub fn stands(&self) -> bool {
        self.stands
    }

    /// Records that it was proven again just now.
    ///
    /// # Errors
    /// `Database`.
    pub async fn renew_principal(&mut self) -> Result<(), StoreError> {
        sqlx::query!("update principal set proven_at = clock_timestamp() where id = $1", self.id.0)
            .execute(self.tx.connection())
            .await?;
        Ok(())
    }

    /// Every live proof of a session of it, if it is a role.
    ///
    /// # Errors
    /// `Corrupt`, `Database`.
    pub async fn holders(&mut self) -> Result<Vec<RoleHolder>, StoreError> {
        let id = self.id;
        holders(self.tx.connection(), id).await
    }

    /// What the worker found it to be at its last look. What cannot be read was not looked at.
    ///
    /// # Errors
    /// `Database`.
    pub async fn verdict(&mut self) -> Result<Option<PrincipalVerdict>, StoreError> {
        let text = sqlx::query_scalar!("select latchkey_text(verdict) from principal where id = $1", self.id.0)
            .fetch_optional(self.tx.connection())
            .await?;
        Ok(text.flatten().and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Records that a session of it was proven again just now.
    ///
    /// # Errors
    /// `Database`.
    pub async fn renew_holder(&mut self, holder: Uuid) -> Result<(), StoreError> {
        sqlx::query!("update role_holder set proven_at = clock_timestamp() where id = $1", holder)
            .execute(self.tx.connection())
            .await?;
        Ok(())
    }

    /// Marks what a person has proven of it as ended.
    ///
    /// # Errors
    /// `Database`.
    pub async fn end_holder(&mut self, person: PersonId) -> Result<bool, StoreError> {
        let ended = sqlx::query!(
            "update role_holder set ended_at = clock_timestamp()
             where principal_id = $1 and person_id = $2 and ended_at is null",
            self.id.0,
            person.0
        )
        .execute(self.tx.connection())
        .await?;
        Ok(ended.rows_affected() > 0)
    }

    /// Marks it as ended; one that ended before stays as it is.
    ///
    /// # Errors
    /// `Database`.
    pub async fn end_principal(&mut self) -> Result<(), StoreError> {
        sqlx::query!("update principal set ended_at = clock_timestamp() where id = $1 and ended_at is null", self.id.0)
            .execute(self.tx.connection())
            .await?;
        Ok(())
    }
}

impl Deref for LockedPrincipal<'_> {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        self.tx
    }
}

impl DerefMut for LockedPrincipal<'_> {
    fn deref_mut(&mut self) -> &mut Tx {
        self.tx
    }
}
