//! The end of a run on a cluster that does not answer: its last facts are kept, every grant carries the fault, and
//! nothing else waits for it.

use super::{
    super::{
        Worker, backoff,
        finish::{LegFound, LegOutcome, RunOutcome},
        interrupted::Interrupted,
        trail,
    },
    desired,
};
use crate::{
    causes::chain,
    fault::Fault,
    lease::Lease,
    store::{StoreError, observations},
};
use latchkey_domain::{
    access::{ClusterId, GrantId, blocker::Blocker},
    plan::{
        desired::DesiredGrant,
        observation::{ClusterObservation, EksCluster},
    },
};
use std::collections::BTreeMap;

/// What the last run saw of a cluster.
///
/// # Errors
/// `Corrupt`, `Database`.
pub(super) async fn last_seen(worker: &Worker, id: ClusterId) -> Result<ClusterObservation, StoreError> {
    Ok(observations::cluster(&worker.store, id).await?.map(|observed| observed.body).unwrap_or_default())
}

/// Ends the run. `aws` is EKS's current description, if there is one.
///
/// # Errors
/// `Lost`, `Store`.
pub(super) async fn unreachable(
    worker: &Worker,
    lease: &Lease,
    id: ClusterId,
    aws: Option<EksCluster>,
    fault: Fault,
) -> Result<RunOutcome, Interrupted> {
    tracing::warn!(on = %lease.target(), error = chain(&fault), "the cluster could not be worked on");
    worker.forget(id);
    let last = last_seen(worker, id).await?;
    let why = Blocker::from(&fault);
    let observation = ClusterObservation { aws: aws.or(last.aws.clone()), trouble: Some(why.clone()), ..last };
    trail::saw(&worker.store, lease, &observation).await?;
    let (desired, legs, _) = desired(worker, lease, id, None).await?;
    let outcome = |grant: &DesiredGrant| {
        let attempts = legs.get(&grant.id).map_or(0, |leg| leg.attempts);
        (
            grant.id,
            LegOutcome {
                wish: grant.wish,
                found: LegFound::Failed(fault.repeated()),
                attempts,
                stood: None,
                compared: None,
                wider: None,
            },
        )
    };
    let legs_out: BTreeMap<GrantId, LegOutcome> =
        desired.grants.iter().filter(|grant| !grant.resting).map(outcome).collect();
    let rests = legs.values().filter_map(|leg| leg.rests).min();
    let rests = if desired.grants.is_empty() { Some(backoff::blocked()) } else { rests };
    Ok(RunOutcome { legs: legs_out, failure: Some(why), rests, periodic: true, ..RunOutcome::default() })
}
