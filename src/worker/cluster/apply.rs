//! The writes of a run. Each takes a permit, and was recorded as an intent before. A grant's failure stops no other.

use super::{
    super::{interrupted::Interrupted, trail},
    ClusterRun, RunFindings,
};
use crate::{
    fault::{Fault, FaultKind},
    kubernetes::Content,
    lease::Lost,
    store::intents::Intent,
};
use futures::{FutureExt as _, StreamExt as _, stream};
use latchkey_domain::{
    access::{EventDraft, GrantId, blocker::Blocker, step_kind::StepKind, transition::Actor},
    audit::event::Event,
    plan::{
        bindings::BindingStep,
        cluster::{AWS_AUTH, AwsAuthWrite, Step, not_ours},
        desired::BindingKey,
        observation::{ClusterState, Marker},
        own_roles::LeavingRole,
    },
};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::PoisonError,
};
use uuid::Uuid;

/// Bindings, or access entries, written at a time.
pub(super) const AT_ONCE: usize = 8;

/// What a run wrote.
#[derive(Debug, Default)]
pub(super) struct RunWrites {
    pub wrote: BTreeSet<GrantId>,
    pub failed: BTreeMap<GrantId, Fault>,
    /// Another client wrote at the same moment: the observation is stale.
    pub conflict: bool,
    /// The version of aws-auth that this run's last write of it left.
    aws_auth_version: Option<String>,
    /// The ARNs whose access entries were written, or were in the way.
    pub entries: BTreeSet<String>,
    /// The ARNs of which it made an access entry.
    pub made: BTreeSet<String>,
    /// Why the worker may not make access entries, if EKS refused one.
    pub refused: Option<Blocker>,
    tried: bool,
}

impl RunWrites {
    /// Whether nothing was sent at all, so that the observation still holds.
    pub(super) fn is_empty(&self) -> bool {
        !self.tried
    }

    pub(super) fn failed(&mut self, grants: &[GrantId], fault: &Fault) {
        if fault.is_conflict() {
            self.conflict = true;
        }
        for grant in grants {
            self.failed.entry(*grant).or_insert_with(|| fault.repeated());
        }
    }
}

/// A step with the intents that were recorded for it, one for each grant.
pub(super) struct RecordedWrite<'a> {
    pub step: &'a Step,
    pub intents: Vec<Uuid>,
    pub grants: Vec<GrantId>,
}

impl ClusterRun<'_> {
    /// Makes the plan's writes in its order. Consecutive bindings are written at the same time.
    pub(super) async fn apply(&self, state: &ClusterState, told: &mut RunFindings) -> Result<RunWrites, Interrupted> {
        let mut applied = RunWrites::default();
        if self.plan.steps.is_empty() {
            return Ok(applied);
        }
        applied.tried = true;
        let marker = state.marker.as_ref().filter(|_| not_ours(self.desired, state).is_none());
        let recorded = self.record(marker.is_some(), told).await?;
        if let Some(marker) = marker
            && let Err(fault) = self.mark(marker).await?
        {
            let ids: Vec<GrantId> = self.desired.grants.iter().map(|grant| grant.id).collect();
            applied.failed(&ids, &fault);
            self.end_unmarked(&applied).await?;
            return Ok(applied);
        }
        let mut rest = recorded.as_slice();
        while let Some(first) = rest.first() {
            let is_binding = |recorded: &&RecordedWrite<'_>| matches!(recorded.step, Step::Binding { .. });
            let bindings = rest.iter().take_while(is_binding).count();
            if bindings > 0 {
                self.bindings(&rest[..bindings], &mut applied).await?;
                rest = &rest[bindings..];
                continue;
            }
            let is_entry =
                |recorded: &&RecordedWrite<'_>| matches!(recorded.step, Step::CreateEntry(_) | Step::DeleteEntry(_));
            let entries = rest.iter().take_while(is_entry).count();
            if entries > 0 {
                self.entries(&rest[..entries], &mut applied).await?;
                rest = &rest[entries..];
                continue;
            }
            self.other(first, &mut applied).await?;
            if awaits_deletion(first.step, &applied) {
                break;
            }
            rest = &rest[1..];
        }
        self.end_unmarked(&applied).await?;
        Ok(applied)
    }

    /// Before the first write, commits every intent, the exact bytes of the lines, the grants' events and the findings;
    /// also, if the marker is about to be written, that it may have this run's epoch.
    async fn record(&self, marks: bool, told: &mut RunFindings) -> Result<Vec<RecordedWrite<'_>>, Interrupted> {
        let mut intents = Vec::new();
        let mut recorded = Vec::new();
        let (mut tx_lines, mut tx_entries) = (Vec::new(), Vec::new());
        for step in &self.plan.steps {
            let grants = grants_of(step);
            let mut of_step: Vec<Intent> = grants.iter().map(|grant| intent(Some(*grant), step)).collect();
            if of_step.is_empty() {
                of_step.push(intent(None, step));
            }
            if let Step::AwsAuth(write) = step {
                tx_lines.extend(write.lines.iter().cloned());
            }
            tx_entries.extend(step.made_entry());
            recorded.push(RecordedWrite { step, intents: of_step.iter().map(|intent| intent.id).collect(), grants });
            intents.extend(of_step);
        }
        let events: Vec<EventDraft> = told.events.iter().cloned().chain(self.given_up()).collect();
        let mut tx = trail::open(&self.worker.store, self.lease, &intents, &events, self.held).await?;
        tx.forget_standing(&self.losing()).await?;
        tx.intend_lines(&tx_lines).await?;
        tx.intend_entries(&tx_entries).await?;
        if marks {
            tx.intend_mark().await?;
        }
        trail::commit(tx).await?;
        told.events.clear();
        Ok(recorded)
    }

    /// The events of the ClusterRoles that the plan deletes. A deletion that is tried again is told once.
    fn given_up(&self) -> impl Iterator<Item = EventDraft> {
        self.plan.steps.iter().filter_map(|step| match step {
            Step::DeleteRole(LeavingRole { name, uid, .. }) => {
                let what = Event::ClusterRoleGivenUp { role: name.clone(), uid: uid.clone() };
                Some(EventDraft { cluster: Some(self.cluster), ..EventDraft::new(what, Actor::worker()) })
            }
            Step::Binding { .. }
            | Step::AwsAuth(_)
            | Step::CreateEntry(_)
            | Step::DeleteEntry(_)
            | Step::CreateRole { .. } => None,
        })
    }

    /// Records the outcome of the writes for the grants whose rows another transaction has locked.
    async fn end_unmarked(&self, applied: &RunWrites) -> Result<(), Interrupted> {
        let planned: BTreeSet<GrantId> = self.plan.steps.iter().flat_map(grants_of).collect();
        let outcome = |id: &GrantId| (*id, trail::unmarked(applied.failed.get(id)));
        let outcomes: Vec<_> = planned.intersection(&self.held.grants).map(outcome).collect();
        let late = std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner));
        trail::end_unmarked(&self.worker.store, self.lease, &outcomes, &late).await
    }

    /// The grants of which the plan takes a binding away, for good or to make it anew. If the run breaks off, the
    /// missing binding is then not taken for drift. Grants that end are left out if their legs are locked: for them it
    /// does not matter.
    fn losing(&self) -> Vec<GrantId> {
        let taken = self.plan.steps.iter().filter_map(|step| match step {
            Step::Binding { step: BindingStep::Delete { .. } | BindingStep::Empty(_), grant } => *grant,
            Step::Binding { .. }
            | Step::AwsAuth(_)
            | Step::CreateEntry(_)
            | Step::DeleteEntry(_)
            | Step::CreateRole { .. }
            | Step::DeleteRole(_) => None,
        });
        taken.filter(|grant| !self.held.grants.contains(grant)).collect()
    }

    /// Writes into the marker whose cluster this is and since which epoch, before the run's first write.
    async fn mark(&self, marker: &Marker) -> Result<Result<(), Fault>, Interrupted> {
        if marker.epoch == Some(self.desired.epoch) {
            return Ok(Ok(()));
        }
        let permit = self.lease.permit()?;
        let installation = self.desired.installation.to_string();
        let client = &self.reached.client;
        let written = client.write_marker(&permit, &installation, self.desired.epoch, &marker.resource_version).await;
        Ok(written.map(drop))
    }

    /// Writes bindings: those of one key one after the other, different ones at the same time.
    async fn bindings(&self, steps: &[RecordedWrite<'_>], applied: &mut RunWrites) -> Result<(), Interrupted> {
        let mut by_key: BTreeMap<BindingKey, Vec<(&BindingStep, &RecordedWrite<'_>)>> = BTreeMap::new();
        for recorded in steps {
            if let Step::Binding { step, .. } = recorded.step {
                by_key.entry(step.key()).or_default().push((step, recorded));
            }
        }
        let mut runs = Vec::with_capacity(by_key.len());
        for steps in by_key.into_values() {
            runs.push(self.one_binding(steps).boxed());
        }
        let results: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
        for result in results {
            let (grants, outcome) = result?;
            applied.wrote.extend(&grants);
            if let Err(fault) = outcome {
                applied.failed(&grants, &fault);
            }
        }
        Ok(())
    }

    async fn one_binding(
        &self,
        steps: Vec<(&BindingStep, &RecordedWrite<'_>)>,
    ) -> Result<(Vec<GrantId>, Result<(), Fault>), Interrupted> {
        let grants: Vec<GrantId> = steps.iter().flat_map(|(_, recorded)| recorded.grants.clone()).collect();
        // Emptying gives the object another version, and deleting goes by UID: no version is carried from step to step.
        for (step, recorded) in steps {
            let result = self.binding(step).await;
            self.close(recorded, &result).await?;
            match result {
                Ok(Ok(_)) => {}
                Ok(Err(fault)) => return Ok((grants, Err(fault))),
                Err(lost) => return Err(lost.into()),
            }
        }
        Ok((grants, Ok(())))
    }

    /// One write of a binding. Returns the object's UID.
    async fn binding(&self, step: &BindingStep) -> Result<Result<Option<String>, Fault>, Lost> {
        let client = &self.reached.client;
        let permit = self.lease.permit()?;
        let written = match step {
            BindingStep::Create(spec) => client.create_binding(&permit, spec, Content::Granting).await,
            BindingStep::StandIn(spec) => client.create_binding(&permit, spec, Content::Emptied).await,
            BindingStep::Put { spec, uid, resource_version } => {
                client.put_binding(&permit, spec, Content::Granting, uid, resource_version).await
            }
            BindingStep::Empty(observed) => match client.empty_binding(&permit, observed).await {
                // It is gone already, which is the purpose of emptying it.
                Err(fault) if fault.is_not_found() => return Ok(Ok(None)),
                written => written,
            },
            BindingStep::Delete { key, uid } => {
                let deleted = client.delete_binding(&permit, key.namespace.as_deref(), &key.name, uid).await;
                return Ok(deleted.map(|()| Some(uid.clone())));
            }
        };
        Ok(written.map(|observed| Some(observed.uid)))
    }

    /// Writes aws-auth or a ClusterRole.
    async fn other(&self, recorded: &RecordedWrite<'_>, applied: &mut RunWrites) -> Result<(), Interrupted> {
        let result = match recorded.step {
            Step::AwsAuth(write) => self.aws_auth(write, applied).await,
            Step::CreateRole { role, .. } => {
                let permit = self.lease.permit()?;
                Ok(self.reached.client.create_cluster_role(&permit, role).await.map(|made| Some(made.uid)))
            }
            Step::DeleteRole(LeavingRole { name, uid, .. }) => {
                let permit = self.lease.permit()?;
                let deleted = self.reached.client.delete_cluster_role(&permit, name, uid).await;
                if let Err(fault) = &deleted {
                    tracing::warn!(on = %self.lease.target(), role = name, error = %fault, "a ClusterRole is left");
                }
                Ok(deleted.map(|()| Some(uid.clone())))
            }
            Step::Binding { .. } | Step::CreateEntry(_) | Step::DeleteEntry(_) => Ok(Ok(None)),
        };
        if let (Step::AwsAuth(write), Ok(Ok(_))) = (recorded.step, &result) {
            let mut tx = trail::held(&self.worker.store, self.lease).await?;
            tx.wrote_aws_auth(write).await?;
            trail::commit(tx).await?;
        }
        self.close(recorded, &result).await?;
        applied.wrote.extend(&recorded.grants);
        if let Err(fault) = result? {
            applied.failed(&recorded.grants, &fault);
        }
        Ok(())
    }

    /// Writes a key of aws-auth, if the object is still as it was read, or as this run's write of another key left it.
    async fn aws_auth(
        &self,
        write: &AwsAuthWrite,
        applied: &mut RunWrites,
    ) -> Result<Result<Option<String>, Fault>, Lost> {
        let permit = self.lease.permit()?;
        let client = &self.reached.client;
        let version = applied.aws_auth_version.as_ref().unwrap_or(&write.resource_version);
        let written = client.patch_aws_auth(&permit, version, write.key.as_str(), write.after.as_deref()).await;
        Ok(written.map(|object| {
            applied.aws_auth_version = Some(object.resource_version);
            Some(object.uid)
        }))
    }

    /// Records the outcome of a write. If it is unknown (no answer), the intent stays open for the next run to close.
    pub(super) async fn close(
        &self,
        recorded: &RecordedWrite<'_>,
        result: &Result<Result<Option<String>, Fault>, Lost>,
    ) -> Result<(), Interrupted> {
        let written = match result {
            Ok(Ok(uid)) => Ok(uid.as_deref()),
            Ok(Err(fault)) if *fault.kind() == FaultKind::Transient => return Ok(()),
            Ok(Err(fault)) => Err(fault),
            Err(_) => return Ok(()),
        };
        let grants = recorded.grants.iter().copied().map(Some).chain(std::iter::repeat(None));
        let intents: Vec<_> = recorded.intents.iter().copied().zip(grants).collect();
        let late = trail::close(&self.worker.store, &intents, self.held, written).await?;
        self.late.lock().unwrap_or_else(PoisonError::into_inner).extend(late);
        Ok(())
    }
}

fn grants_of(step: &Step) -> Vec<GrantId> {
    match step {
        Step::Binding { grant, .. } => grant.iter().copied().collect(),
        Step::AwsAuth(write) => write.grants.clone(),
        Step::CreateEntry(entry) => entry.grants.clone(),
        Step::DeleteEntry(entry) => entry.grants.clone(),
        Step::CreateRole { grants, .. } | Step::DeleteRole(LeavingRole { grants, .. }) => grants.clone(),
    }
}

/// Whether a ClusterRole that is to be made anew could not be deleted: what would be bound to it now could lose it to
/// the delete of an interrupted run.
fn awaits_deletion(step: &Step, applied: &RunWrites) -> bool {
    match step {
        Step::DeleteRole(leaving) => leaving.grants.iter().any(|grant| applied.failed.contains_key(grant)),
        Step::Binding { .. }
        | Step::AwsAuth(_)
        | Step::CreateEntry(_)
        | Step::DeleteEntry(_)
        | Step::CreateRole { .. } => false,
    }
}

/// A step in words, and the place of its object.
fn intent(grant: Option<GrantId>, step: &Step) -> Intent {
    match step {
        Step::Binding { step, .. } => {
            let verb = match step {
                BindingStep::Create(_) => StepKind::CreateBinding,
                BindingStep::StandIn(_) => StepKind::BlockBinding,
                BindingStep::Put { .. } => StepKind::PutBinding,
                BindingStep::Empty(_) => StepKind::EmptyBinding,
                BindingStep::Delete { .. } => StepKind::DeleteBinding,
            };
            let key = step.key();
            let detail = json!({ "namespace": key.namespace, "name": key.name });
            Intent { detail, ..trail::intent(grant, verb, key.to_string()) }
        }
        Step::AwsAuth(write) => {
            let verb = match (write.lines.is_empty(), write.removed.is_empty()) {
                (false, false) => StepKind::WriteAwsAuth,
                (false, true) => StepKind::AddMapping,
                (true, _) => StepKind::RemoveMapping,
            };
            let detail = json!({
                "key": write.key.as_str(),
                "lines": write.lines.iter().map(|line| line.inserted.as_str()).collect::<Vec<_>>(),
            });
            Intent { detail, ..trail::intent(grant, verb, AWS_AUTH.to_owned()) }
        }
        Step::CreateEntry(entry) => {
            let detail = json!({ "principal": entry.principal.0, "username": entry.username });
            Intent { detail, ..trail::intent(grant, StepKind::CreateEntry, format!("access entry of {}", entry.arn)) }
        }
        Step::DeleteEntry(entry) => {
            let detail = json!({ "entry": entry.id });
            Intent { detail, ..trail::intent(grant, StepKind::DeleteEntry, format!("access entry of {}", entry.arn)) }
        }
        Step::CreateRole { role, .. } => {
            trail::intent(grant, StepKind::CreateRole, format!("ClusterRole {}", role.name()))
        }
        Step::DeleteRole(LeavingRole { name, uid, .. }) => {
            let detail = json!({ "role": name, "uid": uid });
            Intent { detail, ..trail::intent(grant, StepKind::DeleteRole, format!("ClusterRole {name}")) }
        }
    }
}
