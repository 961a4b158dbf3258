//! Mappings: Latchkey's lines in a cluster's aws-auth, and foreign lines that Latchkey binds to. Rows of another kind,
//! which a later version may write, are not changed here.

use super::{StoreError, targets::LockedTarget};
use latchkey_domain::{
    access::PrincipalId,
    plan::{
        authenticator::OwnLine,
        cluster::{AwsAuthWrite, Reserved, Settled},
    },
};

/// Mappings are written by the run that has the cluster's target locked.
impl LockedTarget {
    /// Updates the rows by what was seen in aws-auth. A row that another session has locked is left for the next look.
    ///
    /// # Errors
    /// `Database`.
    pub async fn settle_mappings(&mut self, settled: &[Settled]) -> Result<(), StoreError> {
        for settled in settled {
            match settled {
                Settled::Written(principal, visit) => self.set_written(*principal, *visit).await?,
                Settled::Removed(principal, visit) => self.set_removed(*principal, *visit).await?,
            }
        }
        Ok(())
    }

    /// Reserves usernames for principals whose line is another client's, or cannot be written yet.
    ///
    /// # Errors
    /// `Database`.
    pub async fn reserve_mappings(&mut self, reserved: impl Iterator<Item = &Reserved>) -> Result<(), StoreError> {
        for Reserved { principal, identity } in reserved {
            sqlx::query!(
                "insert into mapping (principal_id, cluster_id, visit, kind, username, own, state, intended_at)
                 values ($1, $2, $3, 'line', $4, $5, 'intended', clock_timestamp())
                 on conflict (principal_id, cluster_id, visit, kind) do update set username = $4, own = $5, state = 'intended',
                   data_key = null, inserted = null, text_before = null, writes = 0, intended_at = clock_timestamp(),
                   written_at = null, removed_at = null",
                principal.0,
                self.target().key(),
                i32::try_from(identity.visit).unwrap_or(i32::MAX),
                identity.username,
                identity.own,
            )
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }

    /// Records lines before they are written: the exact bytes, and the text before.
    ///
    /// # Errors
    /// `Database`.
    pub async fn intend_lines(&mut self, lines: &[OwnLine]) -> Result<(), StoreError> {
        for line in lines {
            sqlx::query!(
                "insert into mapping (principal_id, cluster_id, visit, kind, username, own, data_key, inserted,
                   text_before, state, intended_at)
                 values ($1, $2, $3, 'line', $4, true, $5, $6, $7, 'intended', clock_timestamp())
                 on conflict (principal_id, cluster_id, visit, kind) do update set username = $4, own = true, data_key = $5,
                   inserted = $6, text_before = $7, state = 'intended', intended_at = clock_timestamp(),
                   removed_at = null",
                line.principal.0,
                self.target().key(),
                i32::try_from(line.visit).unwrap_or(i32::MAX),
                line.username,
                line.key.as_str(),
                line.inserted,
                line.text_before,
            )
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }

    /// Records that a change of aws-auth was made.
    ///
    /// # Errors
    /// `Database`.
    pub async fn wrote_aws_auth(&mut self, write: &AwsAuthWrite) -> Result<(), StoreError> {
        for line in &write.lines {
            self.set_written(line.principal, line.visit).await?;
            sqlx::query!(
                "update mapping set writes = writes + 1, wrote_at = clock_timestamp()
                 where principal_id = $1 and cluster_id = $2 and visit = $3 and kind = 'line'",
                line.principal.0,
                self.target().key(),
                i32::try_from(line.visit).unwrap_or(i32::MAX),
            )
            .execute(self.connection())
            .await?;
        }
        for (principal, visit) in &write.removed {
            self.set_removed(*principal, *visit).await?;
        }
        for (principal, visit, text) in &write.rebased {
            sqlx::query!(
                "update mapping m set text_before = $4
                 from (select visit from mapping where principal_id = $1 and cluster_id = $2 and visit = $3
                         and kind = 'line' for no key update skip locked) free
                 where m.principal_id = $1 and m.cluster_id = $2 and m.visit = free.visit and m.kind = 'line'",
                principal.0,
                self.target().key(),
                i32::try_from(*visit).unwrap_or(i32::MAX),
                text.as_deref(),
            )
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }

    async fn set_written(&mut self, principal: PrincipalId, visit: u32) -> Result<(), StoreError> {
        sqlx::query!(
            "update mapping m set state = 'written', written_at = coalesce(m.written_at, clock_timestamp())
             from (select visit from mapping where principal_id = $1 and cluster_id = $2 and visit = $3 and kind = 'line'
                   for no key update skip locked) free
             where m.principal_id = $1 and m.cluster_id = $2 and m.visit = free.visit and m.kind = 'line' and m.state = 'intended'",
            principal.0,
            self.target().key(),
            i32::try_from(visit).unwrap_or(i32::MAX),
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn set_removed(&mut self, principal: PrincipalId, visit: u32) -> Result<(), StoreError> {
        sqlx::query!(
            "update mapping m set state = 'removed', removed_at = clock_timestamp()
             from (select visit from mapping where principal_id = $1 and cluster_id = $2 and visit = $3 and kind = 'line'
                   for no key update skip locked) free
             where m.principal_id = $1 and m.cluster_id = $2 and m.visit = free.visit and m.kind = 'line'",
            principal.0,
            self.target().key(),
            i32::try_from(visit).unwrap_or(i32::MAX),
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
