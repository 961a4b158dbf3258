//! The ClusterRoles that carry profiles' own rules: which of them nothing needs any more. One is made for each version
//! of a profile's rules, so without this every change of a profile would leave one behind on each cluster.

use super::{
    desired::DesiredCluster,
    observation::{ClusterState, ObservedRole},
};
use crate::{
    access::{GrantId, InstallationId},
    eks::rbac::{LABEL_INSTALLATION, LABEL_MANAGED_BY, MANAGED_BY},
};
use std::collections::BTreeSet;

/// How the names of all of them begin.
const PREFIX: &str = "latchkey:";

/// The most that one run deletes: a run has more urgent work, and if the right is missing, each deletion is a refused
/// call.
const AT_ONCE: usize = 5;

/// What the database knows of the ClusterRoles of this installation on a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnRoles {
    /// The names of those that something needs: a grant that is not over, a scheduled one too, or a profile of the
    /// current policy. `None` if that is not known: then no role is deleted.
    pub needed: Option<BTreeSet<String>>,
    /// The UIDs of those that an interrupted run was about to delete: its delete may still come.
    pub going: BTreeSet<String>,
    /// Whether the API server refused to delete one a short while ago.
    pub refused: bool,
}

/// A ClusterRole that is deleted, exactly this object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeavingRole {
    pub name: String,
    pub uid: String,
    /// The grants for which it is made anew after that.
    pub grants: Vec<GrantId>,
}

/// Whether the role carries the labels of this installation.
pub fn is_labelled(role: &ObservedRole, installation: InstallationId) -> bool {
    let has = |label: &str, value: &str| role.labels.get(label).is_some_and(|own| own == value);
    has(LABEL_MANAGED_BY, MANAGED_BY) && has(LABEL_INSTALLATION, &installation.to_string())
}

/// Whether a ClusterRole of this name can only be one that carries a profile's own rules.
pub fn is_own_name(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// The ClusterRoles of this installation that go now.
///
/// First those that an interrupted run was about to delete, whether or not something needs them again by now: its
/// delete names the UID, so what is made anew is safe from it, and what is bound to the old one is not. Then those that
/// nothing needs. One that a binding refers to stays in any case; a binding that may still come keeps them all, and so
/// does a grant that cannot be read, since what it binds is not known.
pub fn leaving(desired: &DesiredCluster, state: &ClusterState) -> Vec<LeavingRole> {
    if desired.undescribed.is_some() {
        return Vec::new();
    }
    let bound: BTreeSet<&str> = state
        .bindings
        .iter()
        .filter(|binding| binding.role_kind == "ClusterRole")
        .map(|binding| binding.role_name.as_str())
        .collect();
    let own = state.cluster_roles.iter().filter(|(name, role)| {
        is_own_name(name) && is_labelled(role, desired.installation) && !bound.contains(name.as_str())
    });
    let (going, others): (Vec<_>, Vec<_>) = own.partition(|(_, role)| desired.roles.going.contains(&role.uid));
    let unneeded = others.into_iter().filter(|(name, _)| is_unneeded(desired, name)).take(AT_ONCE);
    let step = |(name, role): (&String, &ObservedRole)| LeavingRole {
        name: name.clone(),
        uid: role.uid.clone(),
        grants: waiting_for(desired, name),
    };
    going.into_iter().chain(unneeded).map(step).collect()
}

fn is_unneeded(desired: &DesiredCluster, name: &str) -> bool {
    let is_certain = desired.quarantined.is_empty() && desired.uncertain.is_empty() && !desired.roles.refused;
    is_certain && desired.roles.needed.as_ref().is_some_and(|needed| !needed.contains(name))
}

fn waiting_for(desired: &DesiredCluster, name: &str) -> Vec<GrantId> {
    let wanted = desired.grants.iter().filter(|grant| grant.wish.is_present() && !grant.resting);
    let binds = |role: &crate::access::profile::ResolvedRole| role.own && role.name == name;
    wanted.filter(|grant| grant.terms.profile.roles.iter().any(binds)).map(|grant| grant.id).collect()
}
