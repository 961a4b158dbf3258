//! What keeps a grant from its desired state. This module covers what keeps its bindings from being created: its
//! namespaces and its ClusterRoles.
//!
//! Namespaces are pinned by UID: a namespace that was deleted and created again inherits nothing, and a binding of
//! Latchkey's that another client puts back into it is removed. A namespace that is being deleted counts as gone.

use super::{
    desired::{DesiredGrant, Wish},
    observation::ClusterState,
    widening,
};
use crate::access::{
    blocker::{Blocker, Few},
    decide_again::{HeldBack, NotNow},
};

/// Why a grant cannot be brought to its desired state, by the kind of consequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// An operator paused granting: the grant waits until an operator resumes it, and nothing is broken.
    Paused(Blocker),
    /// The grant cannot be [decided again](crate::access::decide_again) yet: it goes on by itself once it can.
    HeldBack(Blocker),
    /// EKS does not describe the cluster: the grant goes on by itself once EKS does.
    Undescribed(Blocker),
    /// A person has to act.
    Blocked(Blocker),
}

impl Obstacle {
    /// The blocker.
    pub fn why(&self) -> &Blocker {
        match self {
            Self::Paused(why) | Self::HeldBack(why) | Self::Undescribed(why) | Self::Blocked(why) => why,
        }
    }
}

impl From<&NotNow> for Obstacle {
    fn from(why: &NotNow) -> Self {
        match why {
            NotNow::HeldBack(why @ (HeldBack::NoPolicy(_) | HeldBack::NotRead { .. })) => Self::HeldBack(why.into()),
            NotNow::HeldBack(why @ (HeldBack::NoRole { .. } | HeldBack::Unreadable(_))) => Self::Blocked(why.into()),
            NotNow::Gone(why) => Self::Blocked((**why).clone()),
            NotNow::NotAllowed(why) => Self::Blocked(Blocker::NotAllowed { refusal: why.clone() }),
        }
    }
}

/// Why a grant's bindings cannot be created now.
pub fn stands_in_the_way(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<Blocker> {
    namespaces(grant, state, cluster).or_else(|| roles(grant, state, cluster))
}

/// Why a grant is not set up though the cluster would accept it: its profile's own rules name rights that no request
/// can use, or nothing of it works there. Foreign ClusterRoles may list such rights, such as kinds of former versions:
/// Latchkey does not promise those.
pub fn never_works(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<Blocker> {
    let profile = &grant.terms.profile;
    let works = profile.workable(&grant.terms.reach(), &state.kinds);
    let certain = || works.never.iter().filter(|never| never.why.is_certain());
    let (cluster, name) = (cluster.to_owned(), profile.name.to_string());
    if certain().next().is_some() {
        let rights = certain().take(NAMED_AT_MOST).cloned().collect();
        return Some(Blocker::NeverWorks { cluster, profile: name, rights });
    }
    let nothing = works.rules.is_empty() && !profile.rules().is_empty();
    nothing.then(|| Blocker::NothingWorks { cluster, profile: name, example: works.never.first().cloned() })
}

/// The most rights that are named: more of them do not help a reader.
const NAMED_AT_MOST: usize = 3;

/// Whether a namespace of the grant was deleted and created again. The deciders did not approve access to the new
/// namespace.
pub fn made_again(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<Blocker> {
    let is_another = grant.terms.namespaces.iter().any(|pinned| {
        state.namespaces.iter().any(|namespace| namespace.name == pinned.name && namespace.uid != pinned.uid)
    });
    is_another.then(|| namespaces(grant, state, cluster)).flatten()
}

/// What blocks a grant because of its namespaces, which are pinned by UID.
pub fn namespaces(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<Blocker> {
    grant.terms.namespaces.iter().find_map(|pinned| {
        let now = state.namespaces.iter().find(|namespace| namespace.name == pinned.name);
        let (cluster, namespace) = (cluster.to_owned(), pinned.name.clone());
        match now {
            None => Some(Blocker::NamespaceGone { cluster, namespace }),
            Some(now) if now.uid != pinned.uid => Some(Blocker::NamespaceMadeAgain { cluster, namespace }),
            Some(_) => None,
        }
    })
}

/// What blocks a grant because of its ClusterRoles: a foreign one that is missing or allows more than was decided
/// (which does not block an active access), or one of Latchkey's that is not as it was created.
fn roles(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<Blocker> {
    let missing =
        grant.terms.profile.roles.iter().find(|role| !role.own && !state.cluster_roles.contains_key(&role.name));
    if let Some(role) = missing {
        return Some(Blocker::RoleMissing { cluster: cluster.to_owned(), role: role.name.clone() });
    }
    too_wide(grant, state, cluster)
}

/// Why a grant's ClusterRoles would give more than was decided: one of Latchkey's that was widened, for any access; a
/// foreign one only while the access is being set up.
pub fn too_wide(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<Blocker> {
    let foreign =
        |(role, added): (&str, Few)| Blocker::RoleWider { cluster: cluster.to_owned(), role: role.to_owned(), added };
    own_role_widened(grant, state, cluster).or_else(|| match grant.wish {
        Wish::Provision => wider(grant, state, false).next().map(foreign),
        Wish::Keep | Wish::Revoke { .. } => None,
    })
}

/// What an active access allows beyond what was decided, because the foreign ClusterRoles that it is bound to were
/// widened. It stays as it is, since an upgrade of a cluster must not cut every access.
pub fn allows_more(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Vec<Blocker> {
    let more =
        |(role, added): (&str, Few)| Blocker::AllowsMore { cluster: cluster.to_owned(), role: role.to_owned(), added };
    wider(grant, state, false).map(more).collect()
}

/// Why nothing may be bound to the grant's ClusterRole of Latchkey's: another client widened it, so that a binding to
/// it gives what was not decided. A role that allows less, or is missing, does not give too much.
pub fn own_role_widened(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<Blocker> {
    let (role, added) = wider(grant, state, true).next()?;
    Some(Blocker::OwnRoleWidened { cluster: cluster.to_owned(), role: role.to_owned(), added })
}

/// The grant's ClusterRoles, Latchkey's (`own`) or foreign, that allow more than was decided, and what they add.
fn wider<'a>(grant: &'a DesiredGrant, state: &'a ClusterState, own: bool) -> impl Iterator<Item = (&'a str, Few)> {
    grant.terms.profile.roles.iter().filter(move |role| role.own == own).filter_map(|role| {
        let observed = state.cluster_roles.get(&role.name)?;
        let added = widening::added(&role.rules, &observed.rules);
        (!added.is_empty()).then(|| (role.name.as_str(), widening::few(&added)))
    })
}
