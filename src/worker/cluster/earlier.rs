//! What earlier runs on a cluster left open: it is closed with what is there now, and late writes are made harmless.
//!
//! A process can stand still between its permit and the write, for any time, and send the write when it wakes. What
//! each kind of late write meets:
//!
//! - *The create of a binding.* If an interrupted run may still create a binding, it is *uncertain*: an empty binding
//!   is put in its place, so that the late create conflicts, until the run's token is surely over (15 min, by a clock
//!   that may be 4 min ahead; `TOKEN_LASTS` has a minute more). The grant ends meanwhile, since the empty binding binds
//!   no subject. A binding that is there is taken for an interrupted run's only if no earlier run may have created it,
//!   too.
//! - *A PUT of a binding* names a version and a UID that are gone.
//! - *A write of aws-auth.* The next run first gives aws-auth another version (an annotation, put on and taken off), so
//!   that the late write conflicts: a line that it takes out may be needed again.
//! - *The create or the deletion of an access entry* meets none, since EKS's table has no condition on a write. An
//!   entry that arrives late binds no rights: while its signature may be accepted, its row stays, so that a later look
//!   finds the entry and deletes it. A deletion is sent right after the entry was seen to be the recorded one. If it
//!   arrives after the entry was made anew, the next look finds it missing, tells of it, and makes it again.
//! - *A policy in IAM* is looked for afterwards: see `worker::principal`.
//! - *A finish* finds another epoch and changes nothing. A paused run's intents, mappings and observation are refused,
//!   too: they are written with the target locked and its epoch checked.

use super::{
    super::{Worker, interrupted::Interrupted, trail},
    ReachedCluster, desired,
};
use crate::{
    lease::Lease,
    store::{
        intents::{self, Dangling},
        quarantine::LockedRows,
    },
};
use latchkey_domain::{
    access::{ClusterId, became::Became, step_kind::StepKind},
    plan::{
        bindings,
        cluster::{AWS_AUTH, not_ours},
        desired::BindingKey,
        observation::ClusterState,
    },
};
use std::collections::BTreeSet;

/// Closes what earlier runs left open. Returns whether the observation is stale now, which it becomes only if the run
/// may look again (`again`).
///
/// # Errors
/// `Lost`, `Store`.
pub(super) async fn close(
    worker: &Worker,
    lease: &Lease,
    id: ClusterId,
    reached: &ReachedCluster,
    state: &ClusterState,
    again: bool,
) -> Result<bool, Interrupted> {
    let dangling = intents::dangling(&worker.store, lease.target(), lease.epoch()).await?;
    let late = dangling.iter().any(|open| open.step.kind().is_some_and(StepKind::is_of_lines));
    // This comes before they are closed: if the worker dies in between, the next run still finds them open.
    let passed = late && again && pass_by(worker, lease, id, reached, state).await?;
    // This comes before the desired state is read: what they may still create is part of it.
    let uncertain = uncertain(worker, id, &dangling).await?;
    let closed = dangling.into_iter().map(|open| (seen(&open, state, &uncertain), open)).collect();
    trail::close_dangling(&worker.store, lease, closed).await?;
    Ok(passed)
}

/// Gives aws-auth another version, so that what an interrupted run sends late conflicts: a line that it takes out may
/// be needed again by now. Returns whether there is another version, so that the observation is stale.
async fn pass_by(
    worker: &Worker,
    lease: &Lease,
    id: ClusterId,
    reached: &ReachedCluster,
    state: &ClusterState,
) -> Result<bool, Interrupted> {
    let (desired, ..) = desired(worker, lease, id, None).await?;
    let Some(aws_auth) = state.aws_auth.as_ref().filter(|_| not_ours(&desired, state).is_none()) else {
        return Ok(false);
    };
    let intent = trail::intent(None, StepKind::TouchAwsAuth, AWS_AUTH.to_owned());
    let tx = trail::open(&worker.store, lease, std::slice::from_ref(&intent), &[], &LockedRows::default()).await?;
    trail::commit(tx).await?;
    let touched = {
        let permit = lease.permit()?;
        reached.client.touch_aws_auth(&permit, &aws_auth.resource_version, lease.epoch()).await
    };
    let written = touched.as_ref().map(|()| None);
    trail::close(&worker.store, &[(intent.id, None)], &LockedRows::default(), written).await?;
    match touched {
        Ok(()) => Ok(true),
        // Another client gave it another version.
        Err(fault) if fault.is_conflict() => Ok(true),
        Err(fault) => {
            tracing::warn!(on = %lease.target(), error = %fault, "a late write of aws-auth would not conflict");
            Ok(false)
        }
    }
}

/// The bindings that earlier runs may still create; empty unless an interrupted run was about to create one.
async fn uncertain(worker: &Worker, id: ClusterId, dangling: &[Dangling]) -> Result<BTreeSet<BindingKey>, Interrupted> {
    if dangling.iter().all(|open| open.step.kind() != Some(StepKind::CreateBinding)) {
        return Ok(BTreeSet::new());
    }
    let mut connection = worker.store.acquire().await?;
    Ok(intents::uncertain(&mut connection, id).await?)
}

/// What is seen of an object if the outcome of its write was not recorded.
fn seen(open: &Dangling, state: &ClusterState, uncertain: &BTreeSet<BindingKey>) -> Became {
    let Some(key) = intents::binding_key(&open.detail) else { return Became::Interrupted };
    let is_seen = if open.step.kind() == Some(StepKind::CreateBinding) {
        bindings::is_created(state, &key, uncertain)
    } else {
        bindings::find(state, &key).is_some()
    };
    if is_seen { Became::InterruptedSeen } else { Became::InterruptedUnseen }
}
