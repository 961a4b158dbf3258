//! What a run goes by: the desired state of its cluster, and the plan of what is not locked.

use super::{RunScope, Worker};
use crate::{
    actions::{
        decide_again::{self, DecidedAgain},
        policy::{self, NoPolicy},
    },
    lease::Lease,
    store::{
        Connection,
        desired::{self, Legs},
        quarantine::{self, LockedRows},
    },
    words,
    worker::interrupted::Interrupted,
};
use latchkey_domain::{
    access::{ClusterId, GrantId, profile::Profile},
    plan::{
        authenticator::{self, MappingKind, RecordedMapping},
        cluster::{Plan, plan},
        desired::{DesiredCluster, Wish},
        observation::{ClusterObservation, ClusterState},
        obstacles::Obstacle,
    },
};
use std::time::Duration;

/// How long a run waits before it asks again whether rows are free: a vote or the end of another run holds them for
/// milliseconds, and otherwise they would wait for the next run.
const PASSING: [Duration; 3] = [Duration::from_millis(20), Duration::from_millis(60), Duration::from_millis(150)];

/// The desired state, the state of its legs, and the second decision by what the cluster shows, all of one moment. If
/// the cluster shows nothing, nothing is decided again, and no grant is set up that would need it.
pub(super) async fn desired(
    worker: &Worker,
    lease: &Lease,
    id: ClusterId,
    state: Option<&ClusterState>,
) -> Result<(DesiredCluster, Legs, DecidedAgain), Interrupted> {
    let mut snapshot = desired::snapshot(&worker.store).await?;
    let desired = desired::cluster(&mut snapshot, id, lease.epoch()).await?;
    let desired::ReadDesired { mut desired, legs, unreadable } = desired.ok_or(Interrupted::Nothing)?;
    let new: Vec<GrantId> =
        desired.grants.iter().filter(|grant| grant.wish == Wish::Provision).map(|grant| grant.id).collect();
    let decided = match state {
        Some(state) => {
            decide_again::decide(&worker.store, &mut snapshot, &new, decide_again::WhichLook::Now(state), desired.now)
                .await?
        }
        None => DecidedAgain::default(),
    };
    needed_by_policy(worker, &mut snapshot, &mut desired).await?;
    drop(snapshot);
    for grant in &mut desired.grants {
        grant.held = decided.not_now.get(&grant.id).map(Obstacle::from);
    }
    quarantine::tell(&worker.store, &unreadable, words::alarm::sentence).await;
    Ok((desired, legs, decided))
}

/// Adds what the policy says: the ClusterRoles of the profiles that can be asked for now, and how new mappings are
/// written. Without a policy that can be read, the ClusterRoles are not known.
async fn needed_by_policy(
    worker: &Worker,
    connection: &mut Connection,
    desired: &mut DesiredCluster,
) -> Result<(), Interrupted> {
    match policy::current_on(&worker.store, connection).await {
        Ok(current) => {
            let own = current.file.profiles.iter().filter_map(Profile::own_role);
            if let Some(needed) = &mut desired.roles.needed {
                needed.extend(own);
            }
            desired.prefers = current.file.mapping_of(&desired.name);
            for grant in &mut desired.grants {
                grant.entry = current.file.may_have_entry(&grant.arn);
            }
        }
        Err(NoPolicy::None | NoPolicy::Unreadable { .. }) => desired.roles.needed = None,
        Err(NoPolicy::Store(error)) => return Err(error.into()),
    }
    Ok(())
}

/// The plan of a run. If the run only takes away, grants that are to be present are left as they are.
pub(super) async fn plan_within(
    worker: &Worker,
    lease: &Lease,
    desired: &mut DesiredCluster,
    observation: &ClusterObservation,
    scope: RunScope,
) -> Result<(Plan, LockedRows), Interrupted> {
    if scope == RunScope::Whole {
        return plan_free(worker, lease, desired, observation).await;
    }
    for grant in &mut desired.grants {
        grant.resting |= grant.wish.is_present();
    }
    for row in &mut desired.quarantined {
        row.resting |= !row.ends;
    }
    let (mut plan, held) = plan_free(worker, lease, desired, observation).await?;
    plan.reserved.clear();
    Ok((plan, held))
}

/// The plan of everything that is not locked, and of what ends. A grant that is to be set up waits alone for its locked
/// row, and taking away waits for no row.
async fn plan_free(
    worker: &Worker,
    lease: &Lease,
    desired: &mut DesiredCluster,
    observation: &ClusterObservation,
) -> Result<(Plan, LockedRows), Interrupted> {
    let whole = plan(desired, observation);
    if whole.steps.is_empty() && whole.reserved.is_empty() {
        return Ok((whole, LockedRows::default()));
    }
    let (grants, mut principals) = whole.writes_for();
    principals.extend(whole.reserved.iter().map(|reserved| reserved.principal));
    let mut held = quarantine::held(&worker.store, lease.target(), &grants, &principals).await?;
    for pause in PASSING {
        if held == LockedRows::default() {
            break;
        }
        tokio::time::sleep(pause).await;
        held = quarantine::held(&worker.store, lease.target(), &grants, &principals).await?;
    }
    if held == LockedRows::default() {
        return Ok((whole, held));
    }
    tracing::warn!(
        on = %lease.target(), ?held,
        "another session has rows locked; the run sets nothing up that needs them"
    );
    for grant in &mut desired.grants {
        let waits = held.grants.contains(&grant.id) || held.principals.contains(&grant.terms.principal);
        grant.resting |= waits && grant.wish.is_present();
    }
    for row in &mut desired.quarantined {
        row.resting |= held.grants.contains(&row.id) && !row.ends;
    }
    Ok((plan(desired, observation), held))
}

/// Latchkey's lines in aws-auth that were taken out before and are back.
pub(super) async fn returned(
    worker: &Worker,
    id: ClusterId,
    desired: &DesiredCluster,
    state: &ClusterState,
) -> Result<Vec<RecordedMapping>, Interrupted> {
    let Some(aws_auth) = &state.aws_auth else { return Ok(vec![]) };
    let mut names = authenticator::reserved(&aws_auth.data);
    // An access entry of the same user stands beside no line: what was moved to it is taken out again if it comes back.
    let lines = || desired.mappings.iter().filter(|mapping| mapping.kind() == MappingKind::Line);
    names.retain(|name| !lines().any(|mapping| mapping.username == *name));
    if names.is_empty() {
        return Ok(vec![]);
    }
    let mut connection = worker.store.acquire().await?;
    Ok(desired::taken_out(&mut connection, id, &names.into_iter().collect::<Vec<_>>()).await?)
}
