//! Whether a cluster is still the one that was taken on; and the run on one that is gone, which calls and writes
//! nothing and ends the accesses there.
//!
//! Every run checks that the cluster is the one that was taken on: see [`latchkey_domain::plan::existence`].
//!
//! **A cluster that EKS does not describe** may be another by now, or may still be there, and no revocation waits for
//! the answer. The run goes by the description in the last observation. The token is signed by the worker and goes only
//! to an address that EKS gives out in the cluster's region ([`latchkey_domain::eks::endpoint`]; unless `aws.eks_url`
//! names another EKS), otherwise the run waits and says so. The remembered CA keeps the run from any other cluster at
//! that address, and the marker is compared as always. What ends is taken away and proven. Nothing is granted, and
//! drift of running accesses is not repaired: what waits carries EKS's fault (`retrying`, or `blocked` with the missing
//! right), and so does the target's `failure`. An undamaged running access is left as it is, and proven as before. This
//! takes credentials and one earlier look; without them the cluster counts as unreachable. "No such cluster" is another
//! answer, and so is a failure of the API server, whose sentence then follows EKS's. Access entries are EKS's, too: if
//! the cluster has them and EKS does not tell of them, an end is made but not proven.

use super::{Interrupted, RunOutcome, desired, unreachable::last_seen};
use crate::{
    fault::{Fault, FaultKind},
    lease::{Lease, Lost},
    store::{clusters, intents},
    words,
    worker::{
        Worker,
        finish::{LegFound, LegOutcome},
        trail,
    },
};
use latchkey_domain::{
    access::{ClusterId, became::Became, blocker::Blocker, evidence::Evidence, grant::Cause, sighting::Sighting},
    eks::{arn::ClusterArn, endpoint::is_of_eks},
    plan::{
        authenticator::MappingKind,
        cluster::Settled,
        desired::Wish,
        existence::{EksAnswer, Existence, judge},
        observation::{ClusterObservation, EksCluster},
    },
};
use std::time::Duration;

/// How long EKS's description of a cluster is kept. Its address and CA hardly change, and a failure discards it.
const DESCRIPTION: Duration = Duration::from_mins(5);

/// The same while an access is set up: after a change of the authentication mode, a line that nothing reads any more
/// would be taken for a mapping.
const DESCRIPTION_OF_SETUP: Duration = Duration::from_secs(15);

/// The cluster that a run is about to work on.
pub(super) enum Described {
    /// The cluster that was taken on.
    Same(EksCluster),
    /// The cluster is gone for good.
    Gone(Blocker),
    /// It is unknown whether the cluster exists. This is the last run's description, good for taking away only.
    Remembered(EksCluster, Fault),
    /// It is unknown whether the cluster exists, and where.
    Unknown(Fault),
}

/// EKS's description of a cluster, which is kept for some minutes, and what it says about which cluster it is. If EKS
/// gives none, the description that the last run saw: its CA keeps another cluster from being taken for this one.
///
/// # Errors
/// `Lost`, `Store`.
pub(super) async fn describe(
    worker: &Worker,
    lease: &Lease,
    id: ClusterId,
    arn: &ClusterArn,
) -> Result<Described, Interrupted> {
    let recorded = clusters::recorded(&worker.store, id).await?.ok_or(Interrupted::Nothing)?;
    if let Some(why) = recorded.gone {
        return Ok(Described::Gone(why));
    }
    let lasts = if recorded.sets_up { DESCRIPTION_OF_SETUP } else { DESCRIPTION };
    if let Some(aws) = worker.described(id, lasts) {
        return Ok(Described::Same(aws));
    }
    let answer = worker.aws.describe_cluster(arn).await;
    let said = match &answer {
        Ok(aws) => EksAnswer::Found { created_at: aws.created_at },
        Err(fault) if fault.is_not_found() => EksAnswer::NoSuchCluster,
        Err(_) => EksAnswer::Nothing,
    };
    let existence = judge(&recorded.known, said);
    note(worker, lease, id, &existence).await?;
    Ok(match (existence, answer) {
        (Existence::Gone(why), _) => Described::Gone(*why),
        (_, Ok(aws)) => {
            worker.describe(id, aws.clone());
            Described::Same(aws)
        }
        (Existence::Missing | Existence::StillMissing, Err(fault)) => Described::Unknown(
            fault.because("EKS knows no such cluster; if it still says so in ten minutes, its accesses end"),
        ),
        // EKS that is busy keeps no access from being set up.
        (_, Err(fault)) if matches!(fault.kind(), FaultKind::Throttled { .. } | FaultKind::Transient) => {
            match worker.described(id, DESCRIPTION) {
                Some(aws) => Described::Same(aws),
                None => remembered(worker, id, arn, fault).await?,
            }
        }
        (_, Err(fault)) => remembered(worker, id, arn, fault).await?,
    })
}

/// The description that the last run saw, if the token may be sent to its address.
async fn remembered(worker: &Worker, id: ClusterId, arn: &ClusterArn, fault: Fault) -> Result<Described, Interrupted> {
    Ok(match last_seen(worker, id).await?.aws {
        // A client that can write to the database could name another address, which would be sent the token.
        Some(aws) if !worker.aws.is_simulated() && !is_of_eks(&aws.endpoint, arn) => {
            let earlier = words::blocker::sentence(&(&fault).into());
            Described::Unknown(fault.because(format!(
                "the address that was remembered of the cluster is not one that EKS gives out in {}, so nothing is \
                 sent there until EKS describes it. What EKS said: {earlier}",
                arn.region()
            )))
        }
        Some(aws) => Described::Remembered(aws, fault),
        None => Described::Unknown(fault),
    })
}

async fn note(worker: &Worker, lease: &Lease, id: ClusterId, existence: &Existence) -> Result<(), Interrupted> {
    let changes = match existence {
        Existence::Same | Existence::StillMissing | Existence::Unknown => false,
        Existence::FirstSeen(_) | Existence::Missing | Existence::Back | Existence::Gone(_) => true,
    };
    if !changes {
        return Ok(());
    }
    let mut tx = worker.store.begin().await?;
    if !tx.note_existence(id, lease.epoch(), existence, words::blocker::sentence).await? {
        return Err(Lost::Over.into());
    }
    trail::commit(tx).await
}

/// Runs once on a cluster that is gone: its running accesses end, and those that end are over.
///
/// # Errors
/// `Lost`, `Store`.
pub(super) async fn run_gone(
    worker: &Worker,
    lease: &Lease,
    id: ClusterId,
    why: Blocker,
) -> Result<RunOutcome, Interrupted> {
    let said = words::blocker::sentence(&why);
    tracing::warn!(on = %lease.target(), why = said, "the cluster is gone");
    let (desired, legs, _) = desired(worker, lease, id, None).await?;
    let dangling = intents::dangling(&worker.store, lease.target(), lease.epoch()).await?;
    let closed = dangling.into_iter().map(|open| (Became::InterruptedClusterGone, open)).collect();
    trail::close_dangling(&worker.store, lease, closed).await?;
    let mut tx = trail::held(&worker.store, lease).await?;
    let removed = desired.mappings.iter().map(|mapping| match mapping.kind() {
        MappingKind::Line => Settled::Removed(mapping.principal, mapping.visit),
        MappingKind::Entry => Settled::EntryRemoved(mapping.principal, mapping.visit),
    });
    tx.settle_mappings(&removed.collect::<Vec<_>>()).await?;
    trail::commit(tx).await?;
    let observation = ClusterObservation { trouble: Some(why.clone()), ..last_seen(worker, id).await? };
    trail::saw(&worker.store, lease, &observation).await?;
    let with_cluster = Sighting::WithCluster { why: why.clone() };
    let mut outcome = RunOutcome { failure: Some(why), ..RunOutcome::default() };
    for row in &desired.quarantined {
        if !row.ends {
            outcome.revoke.push((row.id, Cause::ClusterGone, said.clone()));
            continue;
        }
        let seen = Evidence::of(with_cluster.clone());
        let wish = Wish::Revoke { since: desired.now };
        outcome.legs.insert(
            row.id,
            LegOutcome { wish, found: LegFound::Proven(seen), attempts: 0, stood: None, compared: None, wider: None },
        );
    }
    for grant in &desired.grants {
        if grant.wish.is_present() {
            outcome.revoke.push((grant.id, Cause::ClusterGone, said.clone()));
            continue;
        }
        let evidence = Evidence { cluster_gone: true, ..Evidence::of(with_cluster.clone()) };
        let found = LegFound::Proven(evidence);
        let attempts = legs.get(&grant.id).map_or(0, |leg| leg.attempts);
        outcome.legs.insert(
            grant.id,
            LegOutcome { wish: grant.wish, found, attempts, stood: None, compared: None, wider: None },
        );
    }
    Ok(outcome)
}
