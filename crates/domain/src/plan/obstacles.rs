//! What keeps a grant from being brought where it should be; here, what keeps its bindings from being made: its
//! namespaces, its ClusterRoles.

use super::{
    desired::{DesiredGrant, Wish},
    observation::ClusterState,
    widening,
};
use crate::access::decide_again::{HeldBack, NotNow};

/// Why a grant cannot be brought where it should be: a sentence that says who acts, of a kind that says what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// An operator paused granting: it waits until one resumes it, and nothing is broken.
    Paused(String),
    /// It cannot be [decided again](crate::access::decide_again) yet: it goes on by itself once it can.
    HeldBack(String),
    /// EKS does not describe the cluster: it goes on by itself once it does.
    Undescribed(String),
    /// Somebody has to act.
    Blocked(String),
}

impl Obstacle {
    /// The sentence.
    pub fn why(&self) -> &str {
        match self {
            Self::Paused(why) | Self::HeldBack(why) | Self::Undescribed(why) | Self::Blocked(why) => why,
        }
    }
}

impl From<&NotNow> for Obstacle {
    fn from(why: &NotNow) -> Self {
        match why {
            NotNow::HeldBack(why @ (HeldBack::NoPolicy(_) | HeldBack::NotRead { .. })) => {
                Self::HeldBack(why.to_string())
            }
            NotNow::HeldBack(why @ (HeldBack::NoRole { .. } | HeldBack::Unreadable(_))) => {
                Self::Blocked(why.to_string())
            }
            NotNow::Gone(why) => Self::Blocked(why.clone()),
            NotNow::NotAllowed(why) => Self::Blocked(why.to_string()),
        }
    }
}

/// Why a grant's bindings cannot be made now, as a sentence.
pub fn stands_in_the_way(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<String> {
    namespaces(grant, state, cluster).or_else(|| roles(grant, state, cluster))
}

/// Why a grant is not set up though the cluster would take it: its profile's own rules name rights that no request can
/// use, or nothing of it works there. What others' ClusterRoles carry along, such as kinds of former versions, is
/// nobody's promise. A sentence.
pub fn never_works(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<String> {
    let profile = &grant.facts.profile;
    let works = profile.workable(&grant.reach(), &state.kinds);
    let certain: Vec<String> =
        works.never.iter().filter(|never| never.why.is_certain()).map(ToString::to_string).collect();
    let what = match (certain.as_slice(), works.rules.is_empty() && !profile.rules().is_empty()) {
        ([], false) => return None,
        ([], true) => {
            let why = works.never.first().map_or_else(String::new, |never| format!(", such as: {never}"));
            format!("nothing that `{}` allows can work on {cluster}{why}", profile.name)
        }
        (certain, _) => {
            let said: Vec<&str> = certain.iter().take(NAMED_AT_MOST).map(String::as_str).collect();
            format!("`{}` names what can never work on {cluster}: {}", profile.name, said.join("; "))
        }
    };
    Some(format!("{what}. An operator has to mend the profile; ask again then"))
}

/// More of what never works helps nobody.
const NAMED_AT_MOST: usize = 3;

/// Whether a namespace of the grant was deleted and made again: a sentence. What was bound in the new one was bound in a
/// namespace that nobody decided on.
pub fn made_again(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<String> {
    let is_another = grant.facts.namespaces.iter().any(|pinned| {
        state.namespaces.iter().any(|namespace| namespace.name == pinned.name && namespace.uid != pinned.uid)
    });
    is_another.then(|| namespaces(grant, state, cluster)).flatten()
}

/// What holds a grant back for its namespaces, as a sentence: they are pinned by UID.
pub fn namespaces(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<String> {
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
    let missing =
        grant.facts.profile.roles.iter().find(|role| !role.own && !state.cluster_roles.contains_key(&role.name));
    if let Some(role) = missing {
        return Some(format!("there is no ClusterRole {} on {cluster}: an operator has to make it", role.name));
    }
    too_wide(grant, state, cluster)
}

/// Why a grant's ClusterRoles would give more than was decided: one of ours that was widened, whoever has it; one of
/// others' only while the access is set up.
pub fn too_wide(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<String> {
    own_role_widened(grant, state, cluster).or_else(|| match grant.wish {
        Wish::Provision => wider(grant, state, false).next().map(|(role, added)| {
            format!(
                "the ClusterRole {role} on {cluster} allows more than when this was decided (to {added}): ask again, so \
                 that it is decided on what it allows now"
            )
        }),
        Wish::Keep | Wish::Revoke { .. } => None,
    })
}

/// What a running access allows beyond what was decided, since the ClusterRoles of others that it is bound to were
/// widened: a sentence for each. It stays as it is, since an upgrade of a cluster must not cut everybody.
pub fn allows_more(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Vec<String> {
    let sentence = |(role, added): (&str, String)| {
        format!(
            "the ClusterRole {role} on {cluster} allows more than when this was approved ({added}), so this access does, \
             too, until it ends"
        )
    };
    wider(grant, state, false).map(sentence).collect()
}

/// Why nothing may be bound to the grant's ClusterRole of ours: somebody widened it, so that a binding to it gives what
/// nobody decided. One that allows less, or is not there, gives nothing too much.
pub fn own_role_widened(grant: &DesiredGrant, state: &ClusterState, cluster: &str) -> Option<String> {
    wider(grant, state, true).next().map(|(role, added)| {
        format!(
            "somebody changed the ClusterRole {role} on {cluster}, which is ours and never changes: it allows to {added} \
             now, which nobody decided, so nobody is bound to it. An operator has to delete it; then it is made again, \
             and the access goes on"
        )
    })
}

/// The grant's ClusterRoles, ours or others', that allow more than was decided, and what.
fn wider<'a>(grant: &'a DesiredGrant, state: &'a ClusterState, own: bool) -> impl Iterator<Item = (&'a str, String)> {
    grant.facts.profile.roles.iter().filter(move |role| role.own == own).filter_map(|role| {
        let observed = state.cluster_roles.get(&role.name)?;
        let added = widening::added(&role.rules, &observed.rules);
        (!added.is_empty()).then(|| (role.name.as_str(), widening::named(&added)))
    })
}
