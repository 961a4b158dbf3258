//! Findings: what another client did to Latchkey's objects, each told once.
//!
//! A run records its findings with its intents, before the write that removes the proof of them. A run that finds the
//! same again, since that write failed or its run died before it, sees the event and does not repeat it.
//!
//! Each look repairs Latchkey's objects. A binding of a running access that another client changed or deleted is an
//! event (`grant.drift_found`, with what it was) and is repaired. If it is found changed when its access ends, it is
//! removed as it is found. A line or access entry of Latchkey's that was taken out is told, too. A leg stores which of
//! its bindings, lines and entries the last look left in place (`grant_leg.stood`), so that each loss is told once,
//! whatever else is wrong with the access, and what the worker itself takes away is not told as another client's doing.
//! Objects that carry Latchkey's labels and belong to no grant are removed (`cluster.drift_found`).

use super::{StoreError, Tx};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::{
    access::{EventDraft, transition::Target},
    audit,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A finding that stands for longer is told once more, so that an operator who reads a day's events sees it.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// More events of findings than one run records for all accesses of a cluster. A finding that was told before more than
/// these is told once more.
const LOOKED_AT: i64 = 500;

impl Tx {
    /// Inserts the events of a run's findings, except those that an earlier run recorded and that were not acted on
    /// since: its write failed, or it died before that.
    ///
    /// # Errors
    /// `Database`.
    pub async fn tell_found(&mut self, target: Target, found: &[EventDraft], now: Timestamp) -> Result<(), StoreError> {
        if found.is_empty() {
            return Ok(());
        }
        let told = self.told(found, now).await?;
        let done = self.last_done(target, found).await?;
        for event in found {
            let since = told.iter().filter(|(_, bytes)| audit::is_same(event, bytes)).map(|(at, _)| *at).max();
            let done = event.what.objects().iter().filter_map(|object| done.get(object)).max();
            let stands = since.is_some_and(|since| done.is_none_or(|done| *done < since));
            if !stands {
                self.event(event, now).await?;
            }
        }
        Ok(())
    }

    /// The newest events that may be about the same findings: when they happened, and their bytes.
    async fn told(&mut self, found: &[EventDraft], now: Timestamp) -> Result<Vec<(Timestamp, Vec<u8>)>, StoreError> {
        let actions: BTreeSet<&str> = found.iter().map(|event| event.what.action()).collect();
        let actions: Vec<String> = actions.into_iter().map(str::to_owned).collect();
        let grants: BTreeSet<Uuid> = found.iter().filter_map(|event| Some(event.grant?.0)).collect();
        let clusters: BTreeSet<Uuid> = found.iter().filter_map(|event| Some(event.cluster?.0)).collect();
        let rows = sqlx::query!(
            "select at, canonical from event
             where action = any($1) and at > $2
               and (grant_id = any($3) or (grant_id is null and (cluster_id is null or cluster_id = any($4))))
             order by at desc, id desc limit $5",
            &actions,
            jiff_sqlx::Timestamp::from(now - TOLD_FOR) as _,
            &grants.into_iter().collect::<Vec<_>>(),
            &clusters.into_iter().collect::<Vec<_>>(),
            LOOKED_AT,
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| (row.at.to_jiff(), row.canonical)).collect())
    }

    /// When the last write of each object was done, by business time; only writes count that are no older than the
    /// events that `told` reads.
    async fn last_done(
        &mut self,
        target: Target,
        found: &[EventDraft],
    ) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        let objects: BTreeSet<&String> = found.iter().flat_map(|event| event.what.objects()).collect();
        let objects: Vec<String> = objects.into_iter().cloned().collect();
        let rows = sqlx::query!(
            r#"select object, max(finished_at + ahead) as "done_at!" from intent
               where target_kind = $1 and target_key = $2 and latchkey_became(outcome, code) = 'done' and object = any($3)
                 and finished_at > (select clock_timestamp()) - make_interval(secs => $4)
               group by object"#,
            target.kind(),
            target.key(),
            &objects,
            TOLD_FOR.as_secs_f64(),
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| (row.object, row.done_at.to_jiff())).collect())
    }
}
