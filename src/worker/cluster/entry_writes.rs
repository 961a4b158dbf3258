//! The writes of a run to EKS's own table. Each call is about one principal, and several go at a time. If EKS refuses
//! an entry for want of a right, new mappings go on as lines of aws-auth in the same run, if the cluster's mode has
//! both.

use super::{
    super::{interrupted::Interrupted, trail},
    ClusterRun,
    apply::{AT_ONCE, RecordedWrite, RunWrites},
};
use crate::{
    aws::EntryToMake,
    fault::{Fault, FaultKind},
};
use futures::{FutureExt as _, StreamExt as _, stream};
use latchkey_domain::{
    access::blocker::{Blocker, Missing},
    eks::arn::PrincipalArn,
    plan::{
        authenticator::{Authenticator, EntryRemoval, MappingKind, OwnEntry, PlannedEntry},
        cluster::Step,
        observation::ClusterObservation,
    },
};

impl ClusterRun<'_> {
    /// Makes and deletes access entries, several at a time.
    pub(super) async fn entries(
        &self,
        steps: &[RecordedWrite<'_>],
        applied: &mut RunWrites,
    ) -> Result<(), Interrupted> {
        let mut runs = Vec::with_capacity(steps.len());
        for recorded in steps {
            runs.push(async move { (recorded, self.one_entry(recorded).await) }.boxed());
        }
        let results: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
        for (recorded, result) in results {
            applied.wrote.extend(&recorded.grants);
            applied.entries.extend(entry_arn(recorded.step));
            let is_new = recorded.step.made_entry().is_some();
            let fault = match result? {
                Ok(()) if is_new => {
                    applied.made.extend(entry_arn(recorded.step));
                    self.worker.tried_entries(self.cluster, None);
                    continue;
                }
                Ok(()) => continue,
                Err(fault) => fault,
            };
            if is_new && lacks_right(&fault) {
                applied.refused = Some(Blocker::from(&fault));
                self.worker.tried_entries(self.cluster, applied.refused.clone());
            }
            applied.failed(&recorded.grants, &fault);
        }
        Ok(())
    }

    async fn one_entry(&self, recorded: &RecordedWrite<'_>) -> Result<Result<(), Fault>, Interrupted> {
        let result = match recorded.step {
            Step::CreateEntry(entry) => self.make_entry(entry, recorded).await?,
            Step::DeleteEntry(entry) => self.delete_entry(entry).await?,
            Step::Binding { .. } | Step::AwsAuth(_) | Step::CreateRole { .. } | Step::DeleteRole(_) => Ok(None),
        };
        self.close(recorded, &Ok(result.clone())).await?;
        Ok(result.map(drop))
    }

    /// Makes an entry, and records its own ARN. EKS takes calls with the same token for one; the token is the intent's
    /// id, which no other run has.
    async fn make_entry(
        &self,
        entry: &PlannedEntry,
        recorded: &RecordedWrite<'_>,
    ) -> Result<Result<Option<String>, Fault>, Interrupted> {
        let token = recorded.intents.first().copied().unwrap_or_default();
        let new = EntryToMake { principal: &entry.arn, username: &entry.username, tags: &entry.tags, token };
        let made = {
            let permit = self.lease.permit()?;
            self.worker.aws.create_access_entry(&permit, self.arn, &new).await
        };
        let made = match made {
            // Without an ARN in the answer, the entry is known by its tag and username until a look sees its ARN.
            Ok(made) => made.fields().map(|fields| fields.id.clone()).filter(|id| !id.is_empty()),
            Err(fault) => return Ok(Err(fault)),
        };
        let mut tx = trail::held(&self.worker.store, self.lease).await?;
        tx.made_entry(entry, made.as_deref()).await?;
        trail::commit(tx).await?;
        Ok(Ok(made))
    }

    /// Deletes an entry of Latchkey's. The call names the principal alone, so EKS is asked again right before whether
    /// the entry is the one that was seen.
    async fn delete_entry(&self, entry: &EntryRemoval) -> Result<Result<Option<String>, Fault>, Interrupted> {
        let Ok(principal) = PrincipalArn::parse(&entry.arn) else { return Ok(Ok(None)) };
        let aws = &self.worker.aws;
        let is_seen = match aws.access_entry(self.arn, &principal).await {
            Ok(seen) => seen.is_some_and(|seen| seen.fields().is_some_and(|fields| fields.id == entry.id)),
            Err(fault) => return Ok(Err(fault)),
        };
        if is_seen {
            let deleted = {
                let permit = self.lease.permit()?;
                aws.delete_access_entry(&permit, self.arn, &principal).await
            };
            match deleted {
                Err(fault) if !fault.is_not_found() => return Ok(Err(fault)),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(Ok(Some(entry.id.clone())))
    }

    /// Records that entries are gone which this run deleted, if EKS shows them no more. One that it still shows is
    /// recorded by a later look.
    pub(super) async fn forget_deleted(&self, look: &ClusterObservation) -> Result<(), Interrupted> {
        let authenticator = Authenticator::of(look);
        let is_gone = |entry: &&EntryRemoval| {
            let mut recorded = self.desired.mappings.iter().filter(|row| row.kind() == MappingKind::Entry);
            let row = recorded.find(|row| (row.principal, row.visit) == (entry.principal, entry.visit));
            row.is_some_and(|row| authenticator.entry_of(row, self.desired.installation) == OwnEntry::Absent)
        };
        let may_come = |entry: &&EntryRemoval| self.desired.entries_uncertain.contains(&entry.principal);
        let deleted = self.plan.steps.iter().filter_map(Step::deleted_entry);
        let gone: Vec<&EntryRemoval> = deleted.filter(|entry| is_gone(entry) && !may_come(entry)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let mut tx = trail::held(&self.worker.store, self.lease).await?;
        for entry in gone {
            tx.deleted_entry(entry).await?;
        }
        trail::commit(tx).await
    }
}

/// Whether EKS refused a call for want of a right, and not for want of credentials or of the account.
fn lacks_right(fault: &Fault) -> bool {
    matches!(fault.kind(), FaultKind::Refused { missing } if matches!(**missing, Missing::Aws { .. }))
}

/// The principal whose access entry a step is about.
fn entry_arn(step: &Step) -> Option<String> {
    let made = step.made_entry().map(|entry| entry.arn.to_string());
    made.or_else(|| step.deleted_entry().map(|entry| entry.arn.clone()))
}
