//! Mappings: Latchkey's lines in a cluster's aws-auth, its access entries, and those of other clients that Latchkey
//! binds to. Rows of another kind, which a later version may write, are not changed here. A mapping belongs to the set
//! of a person's grants on the cluster, not to one of them. While a line is moved to an access entry, there is a row of
//! each kind.

use super::{StoreError, Tx, targets::LockedTarget};
use latchkey_domain::{
    access::{ClusterId, EventDraft, PersonId, PrincipalId, transition::Actor},
    audit::event::Event,
    plan::{
        authenticator::{EntryRemoval, MappingKind, OwnLine, PlannedEntry},
        cluster::{AwsAuthWrite, Reserved, Settled},
    },
};

/// The kind of a line of aws-auth, as rows name it.
pub const LINE: &str = "line";

/// The kind of an access entry.
pub const ENTRY: &str = "entry";

/// A kind as rows name it.
const fn name(kind: MappingKind) -> &'static str {
    match kind {
        MappingKind::Line => LINE,
        MappingKind::Entry => ENTRY,
    }
}

/// A line of Latchkey's, for the operator who asks to move it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnLineRow {
    pub principal: PrincipalId,
    pub arn: String,
    /// As it was proven.
    pub unique_id: String,
    pub username: String,
}

impl Tx {
    /// Latchkey's line for a principal on a cluster, by its ARN in any case of letters; `None` if it has none.
    ///
    /// # Errors
    /// `Database`.
    pub async fn line_of(&mut self, cluster: ClusterId, arn: &str) -> Result<Option<OwnLineRow>, StoreError> {
        let row = sqlx::query!(
            "select p.id, p.arn, p.unique_id, m.username from mapping m join principal p on p.id = m.principal_id
             where m.cluster_id = $1 and latchkey_arn_key(p.arn) = latchkey_arn_key($2) and m.kind = 'line' and m.own and m.state = 'written'
             order by m.visit desc limit 1",
            cluster.0,
            arn,
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| OwnLineRow {
            principal: PrincipalId(row.id),
            arn: row.arn,
            unique_id: row.unique_id,
            username: row.username,
        }))
    }

    /// Records that an operator asks to move a line to an access entry. Returns whether this is the first such request.
    ///
    /// # Errors
    /// `Database`.
    pub async fn ask_move(&mut self, cluster: ClusterId, line: &OwnLineRow) -> Result<bool, StoreError> {
        let asked = sqlx::query!(
            "update mapping set move_asked_at = clock_timestamp()
             where cluster_id = $1 and principal_id = $2 and username = $3 and kind = 'line' and own
               and state = 'written' and move_asked_at is null",
            cluster.0,
            line.principal.0,
            line.username,
        )
        .execute(self.connection())
        .await?;
        Ok(asked.rows_affected() > 0)
    }
}

/// Mappings are written by the run that has the cluster's target locked.
impl LockedTarget {
    /// Updates the rows by what was seen on the cluster. A row that another session has locked is left for the next
    /// look.
    ///
    /// # Errors
    /// `Database`.
    pub async fn settle_mappings(&mut self, settled: &[Settled]) -> Result<(), StoreError> {
        // What becomes of entries is recorded first: a line that goes with its entry is not one that was moved to it.
        let is_line = |settled: &&Settled| matches!(settled, Settled::Written(..) | Settled::Removed(..));
        let (lines, entries): (Vec<_>, Vec<_>) = settled.iter().partition(is_line);
        for settled in entries.into_iter().chain(lines) {
            match settled {
                Settled::Written(principal, visit) => self.set_written(*principal, *visit, LINE, None).await?,
                Settled::Removed(principal, visit) => self.set_removed(*principal, *visit, LINE).await?,
                Settled::EntryWritten(principal, visit, id) => {
                    self.set_written(*principal, *visit, ENTRY, Some(id)).await?;
                }
                Settled::EntryRemoved(principal, visit) => self.set_removed(*principal, *visit, ENTRY).await?,
            }
        }
        Ok(())
    }

    /// Reserves usernames for principals whose mapping is another client's, or cannot be written yet.
    ///
    /// # Errors
    /// `Database`.
    pub async fn reserve_mappings(&mut self, reserved: impl Iterator<Item = &Reserved>) -> Result<(), StoreError> {
        for Reserved { principal, identity } in reserved {
            sqlx::query!(
                "insert into mapping (principal_id, cluster_id, visit, kind, username, own, state, intended_at)
                 values ($1, $2, $3, $6, $4, $5, 'intended', clock_timestamp())
                 on conflict (principal_id, cluster_id, visit, kind) do update set username = $4, own = $5, state = 'intended',
                   data_key = null, inserted = null, text_before = null, entry_id = null, move_asked_at = null, writes = 0,
                   intended_at = clock_timestamp(), written_at = null, removed_at = null",
                principal.0,
                self.target().key(),
                i32::try_from(identity.visit).unwrap_or(i32::MAX),
                identity.mapped,
                identity.own,
                name(identity.kind),
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
                   move_asked_at = case when mapping.state <> 'removed' then mapping.move_asked_at end, inserted = $6, text_before = $7, state = 'intended', intended_at = clock_timestamp(),
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

    /// Records access entries before they are made.
    ///
    /// # Errors
    /// `Database`.
    pub async fn intend_entries(&mut self, entries: &[&PlannedEntry]) -> Result<(), StoreError> {
        for entry in entries {
            sqlx::query!(
                "insert into mapping (principal_id, cluster_id, visit, kind, username, own, state, intended_at)
                 values ($1, $2, $3, 'entry', $4, true, 'intended', clock_timestamp())
                 on conflict (principal_id, cluster_id, visit, kind) do update set username = $4, own = true,
                   entry_id = null, state = 'intended', intended_at = clock_timestamp(), removed_at = null",
                entry.principal.0,
                self.target().key(),
                i32::try_from(entry.visit).unwrap_or(i32::MAX),
                entry.username,
            )
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }

    /// Records that an access entry was made, and its own ARN.
    ///
    /// # Errors
    /// `Database`.
    pub async fn made_entry(&mut self, entry: &PlannedEntry, id: Option<&str>) -> Result<(), StoreError> {
        let (principal, visit) = (entry.principal, entry.visit);
        self.set_written(principal, visit, ENTRY, id).await?;
        self.count_write(principal, visit, ENTRY).await
    }

    /// Records that an access entry of Latchkey's is gone.
    ///
    /// # Errors
    /// `Database`.
    pub async fn deleted_entry(&mut self, entry: &EntryRemoval) -> Result<(), StoreError> {
        self.set_removed(entry.principal, entry.visit, ENTRY).await
    }

    async fn count_write(&mut self, principal: PrincipalId, visit: u32, kind: &'static str) -> Result<(), StoreError> {
        sqlx::query!(
            "update mapping set writes = writes + 1, wrote_at = clock_timestamp()
             where principal_id = $1 and cluster_id = $2 and visit = $3 and kind = $4",
            principal.0,
            self.target().key(),
            i32::try_from(visit).unwrap_or(i32::MAX),
            kind,
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Records that a change of aws-auth was made.
    ///
    /// # Errors
    /// `Database`.
    pub async fn wrote_aws_auth(&mut self, write: &AwsAuthWrite) -> Result<(), StoreError> {
        for line in &write.lines {
            self.set_written(line.principal, line.visit, LINE, None).await?;
            self.count_write(line.principal, line.visit, LINE).await?;
        }
        for (principal, visit) in &write.removed {
            self.set_removed(*principal, *visit, LINE).await?;
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

    /// `entry` is the ARN of the access entry itself.
    async fn set_written(
        &mut self,
        principal: PrincipalId,
        visit: u32,
        kind: &'static str,
        entry: Option<&str>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update mapping m set state = 'written', written_at = coalesce(m.written_at, clock_timestamp()),
               entry_id = coalesce($5, m.entry_id)
             from (select visit from mapping where principal_id = $1 and cluster_id = $2 and visit = $3 and kind = $4
                   for no key update skip locked) free
             where m.principal_id = $1 and m.cluster_id = $2 and m.visit = free.visit and m.kind = $4 and m.state <> 'removed'",
            principal.0,
            self.target().key(),
            i32::try_from(visit).unwrap_or(i32::MAX),
            kind,
            entry,
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// If that ends a move from a line to an access entry, an event says so.
    async fn set_removed(&mut self, principal: PrincipalId, visit: u32, kind: &'static str) -> Result<(), StoreError> {
        let cluster = self.target().key();
        let moved = sqlx::query!(
            r#"update mapping m set state = 'removed', removed_at = clock_timestamp()
               from (select visit, state from mapping where principal_id = $1 and cluster_id = $2 and visit = $3 and kind = $4
                     for no key update skip locked) free, principal p
               where m.principal_id = $1 and m.cluster_id = $2 and m.visit = free.visit and m.kind = $4 and p.id = $1
               returning p.arn, p.person_id, m.username, free.state <> 'removed' and m.move_asked_at is not null
                 and exists (select from mapping e where e.principal_id = $1 and e.cluster_id = $2 and e.kind = 'entry'
                             and e.own and e.state = 'written')
                 and exists (select from access_grant needs where needs.principal_id = $1 and needs.cluster_id = $2
                             and needs.state in ('provisioning', 'active')) as "moved!""#,
            principal.0,
            cluster,
            i32::try_from(visit).unwrap_or(i32::MAX),
            kind,
        )
        .fetch_optional(self.connection())
        .await?;
        if let Some(moved) = moved.filter(|row| row.moved) {
            let what = Event::ClusterMoved { principal: moved.arn, username: moved.username };
            let event = EventDraft::new(what, Actor::worker());
            // A role's mapping is for everyone who uses it.
            let person = moved.person_id.map(PersonId);
            let event = EventDraft { cluster: Some(ClusterId(cluster)), person, ..event };
            let now = self.now().await?;
            self.event(&event, now).await?;
        }
        Ok(())
    }
}
