//! What keeps a grant's bindings from being made: its namespaces, its ClusterRoles.

use super::{
    desired::{DesiredGrant, Wish},
    observation::ClusterState,
    widening,
};

/// Why a grant's bindings cannot be made now, as a sentence.
pub fn stands_in_the_way(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<String> {
    namespaces(grant, state, cluster).or_else(|| roles(grant, state, cluster))
}

/// What holds a grant back for its namespaces: they are pinned by UID.
fn namespaces(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<String> {
    grant.facts.namespaces.iter().find_map(|pinned| {
        let now = state.namespaces.iter().find(|namespace| namespace.name == pinned.name);
        match now {
            None => Some(format!(
                "the namespace {} does not exist on {cluster} any more: ask again once there is one",
                pinned.name
            )),
            Some(now) if now.uid != pinned.uid => Some(format!(
                "the namespace {} on {cluster} was deleted and made again since this was asked, and a new one inherits \
                 nothing: ask again",
                pinned.name
            )),
            Some(_) => None,
        }
    })
}

/// What holds a grant back for its ClusterRoles: a foreign one that is not there or allows more than was decided (of
/// which a running access knows nothing), one of ours that is not as it was made.
fn roles(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<String> {
    grant.facts.profile.roles.iter().find_map(|role| {
        let Some(observed) = state.cluster_roles.get(&role.name) else {
            let missing = format!("there is no ClusterRole {} on {cluster}: an operator has to make it", role.name);
            return (!role.own).then_some(missing);
        };
        let added = widening::added(&role.rules, &observed.rules);
        let first = added.first()?;
        match (role.own, grant.wish) {
            (true, _) => Some(format!(
                "somebody changed the ClusterRole {} on {cluster}, which is ours and never changes (it now allows to \
                 {first}): an operator has to delete it, then it is made again",
                role.name
            )),
            (false, Wish::Provision) => Some(format!(
                "the ClusterRole {} on {cluster} allows more than when this was decided (to {first}): ask again, so \
                 that it is decided on what it allows now",
                role.name
            )),
            (false, Wish::Keep | Wish::Revoke { .. }) => None,
        }
    })
}
