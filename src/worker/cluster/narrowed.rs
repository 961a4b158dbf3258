//! A look at a cluster whose lists are larger, longer or slower than what is read: by the names that the database has.
//! That is enough to take away what ends and to prove it gone. Nothing new is granted by it, and drift of running
//! accesses is not repaired.
//!
//! GETs by name replace the lists: the bindings, namespaces and ClusterRoles of the cluster's accesses. The run says
//! what was too large. The bounds themselves are those of [`crate::kubernetes`].

use super::{super::Worker, ReachedCluster, desired, unreachable::last_seen, wanted};
use crate::{fault::Fault, kubernetes::NamedObjects, lease::Lease, worker::interrupted::Interrupted};
use latchkey_domain::{
    access::ClusterId,
    plan::{
        desired::DesiredCluster,
        observation::{ClusterObservation, ClusterState},
    },
};

/// Why a look went by names, and by which names.
pub(super) struct Narrowed {
    pub fault: Fault,
    pub named: NamedObjects,
}

/// Looks at a cluster: at all of it, or by names if that is too much.
pub(super) async fn looked(
    worker: &Worker,
    lease: &Lease,
    id: ClusterId,
    reached: &ReachedCluster,
) -> Result<Result<(ClusterState, Option<Narrowed>), Fault>, Interrupted> {
    match reached.client.observe(&wanted(worker, id).await?).await {
        Ok(state) => Ok(Ok((state, None))),
        Err(fault) if fault.is_too_much() => {
            tracing::warn!(on = %lease.target(), error = %fault, "the cluster is looked at by names; access is only taken away");
            let (desired, ..) = desired(worker, lease, id, None).await?;
            let named = named(&desired);
            let state = reached.client.observe_named(&named).await;
            Ok(state.map(|state| (state, Some(Narrowed { fault, named }))))
        }
        Err(fault) => Ok(Err(fault)),
    }
}

/// Looks once more, in the same way.
pub(super) async fn look_again(
    worker: &Worker,
    id: ClusterId,
    reached: &ReachedCluster,
    narrowed: Option<&Narrowed>,
) -> Result<Result<ClusterState, Fault>, Interrupted> {
    if let Some(narrowed) = narrowed {
        return Ok(reached.client.observe_named(&narrowed.named).await);
    }
    Ok(reached.client.observe(&wanted(worker, id).await?).await)
}

/// The names of everything that the accesses of a cluster depend on there.
pub(super) fn named(desired: &DesiredCluster) -> NamedObjects {
    let keys = desired.grants.iter().flat_map(|grant| grant.keys(desired.installation));
    let keys = keys.chain(desired.uncertain.iter().cloned());
    let keys = keys.chain(desired.quarantined.iter().flat_map(|row| row.bindings.iter().cloned()));
    let terms = || desired.grants.iter().map(|grant| &grant.terms);
    NamedObjects {
        bindings: keys.map(|key| (key.namespace, key.name)).collect(),
        namespaces: terms().flat_map(|terms| terms.namespaces.iter().map(|pinned| pinned.name.clone())).collect(),
        cluster_roles: terms().flat_map(|terms| terms.profile.roles.iter().map(|role| role.name.clone())).collect(),
    }
}

/// What pages show: the last whole look, and why this run made none.
pub(super) async fn shown(
    worker: &Worker,
    id: ClusterId,
    seen: &ClusterObservation,
    fault: &Fault,
) -> Result<ClusterObservation, Interrupted> {
    let last = last_seen(worker, id).await?;
    Ok(ClusterObservation { aws: seen.aws.clone(), trouble: Some(fault.into()), ..last })
}
