//! The second decision, as the worker asks for it: on a scheduled access before it starts, and in each run on those
//! that are still being set up, before the first write. Everything that it goes by is read in the caller's transaction
//! or snapshot, so that it is of one moment.
//!
//! An access that fails ends with `not_allowed`, an event that says what does not hold, and an alarm. An access that
//! cannot be decided yet waits, *retrying*, and does not end: the policy is of a later version, or there is none; or
//! the cluster was never read.

use super::policy::{self, NoPolicy};
use crate::store::{Connection, Store, StoreError, evidence};
use jiff::Timestamp;
use latchkey_domain::{
    access::{
        ClusterId, GrantId,
        decide_again::{HeldBack, NotNow, ShownRoles, decide_again},
        terms::Terms,
    },
    plan::observation::ClusterState,
};
use std::collections::{BTreeMap, BTreeSet};

/// Which look shows what a profile means on a cluster.
#[derive(Debug, Clone, Copy)]
pub enum WhichLook<'a> {
    /// What the cluster shows to the run in progress on it.
    Now(&'a ClusterState),
    /// The last look at each cluster.
    LastLook,
}

/// The result of the second decision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecidedAgain {
    /// The policy that it was decided by, as lower-case hex; empty if no policy could be read.
    pub policy_hash: String,
    /// The grants that are not set up now, and why. A grant that is not in it is allowed.
    pub not_now: BTreeMap<GrantId, NotNow>,
}

/// Decides accesses again, each by itself: an error about one does not hold back the others. Four reads at most,
/// however many there are.
///
/// # Errors
/// `Database`.
pub async fn decide(
    store: &Store,
    connection: &mut Connection,
    grants: &[GrantId],
    seen: WhichLook<'_>,
    now: Timestamp,
) -> Result<DecidedAgain, StoreError> {
    if grants.is_empty() {
        return Ok(DecidedAgain::default());
    }
    let current = match policy::current_on(store, &mut *connection).await {
        Ok(current) => current,
        // Without a policy that can be read, accesses are not judged, and none ends for that.
        Err(error @ (NoPolicy::None | NoPolicy::Unreadable { .. })) => {
            let why = NotNow::HeldBack(HeldBack::NoPolicy(error.to_string()));
            let not_now = grants.iter().map(|id| (*id, why.clone())).collect();
            return Ok(DecidedAgain { policy_hash: String::new(), not_now });
        }
        Err(NoPolicy::Store(error)) => return Err(error),
    };
    let rests_on = evidence::of(&mut *connection, grants).await?;
    let terms: Vec<&Terms> = rests_on.values().flatten().map(|evidence| &evidence.grant.terms).collect();
    let shown = shown(connection, &terms, seen).await?;
    let judge = |id: &GrantId| match rests_on.get(id) {
        Some(Ok(evidence)) => {
            decide_again(evidence, &current.file, &current.hash, shown.get(&evidence.grant.terms.cluster), now)
        }
        Some(Err(error)) => Err(NotNow::HeldBack(HeldBack::Unreadable(error.to_string()))),
        None => Err(NotNow::HeldBack(HeldBack::Unreadable("a row that it names is missing".to_owned()))),
    };
    let not_now = grants.iter().filter_map(|id| Some((*id, judge(id).err()?))).collect();
    Ok(DecidedAgain { policy_hash: current.hash.clone(), not_now })
}

/// What the clusters show of the foreign ClusterRoles that these accesses bind.
async fn shown(
    connection: &mut Connection,
    terms: &[&Terms],
    seen: WhichLook<'_>,
) -> Result<BTreeMap<ClusterId, ShownRoles>, StoreError> {
    let roles = |terms: &Terms| -> Vec<String> {
        terms.profile.roles.iter().filter(|role| !role.own).map(|role| role.name.clone()).collect()
    };
    match seen {
        WhichLook::Now(state) => {
            let shows = |name: String| state.cluster_roles.get(&name).map(|role| (name.clone(), role.rules.clone()));
            let mut by_cluster: BTreeMap<ClusterId, ShownRoles> = BTreeMap::new();
            for terms in terms {
                by_cluster.entry(terms.cluster).or_default().extend(roles(terms).into_iter().filter_map(shows));
            }
            Ok(by_cluster)
        }
        WhichLook::LastLook => {
            let names: BTreeSet<String> = terms.iter().flat_map(|terms| roles(terms)).collect();
            if names.is_empty() {
                return Ok(BTreeMap::new());
            }
            evidence::shown(connection, &terms.iter().map(|terms| terms.cluster).collect(), &names).await
        }
    }
}
