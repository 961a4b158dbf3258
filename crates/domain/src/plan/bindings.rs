//! The steps for bindings: what a live grant lacks, what an ended one left, and what carries Latchkey's label but
//! belongs to no grant.

use super::{
    desired::{BindingKey, DesiredCluster, DesiredGrant},
    observation::{ClusterState, ObservedBinding},
};
use crate::{
    access::{GrantId, InstallationId},
    eks::rbac::{BindingSpec, LABEL_GRANT, LABEL_INSTALLATION, LABEL_MANAGED_BY, MANAGED_BY},
};
use std::collections::BTreeSet;

/// A write to a binding. It is created, or PUT with the resource version that was observed; it is never applied, since
/// a server-side apply would bring a deleted object back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindingStep {
    /// Created, as the grant needs it.
    Create(BindingSpec),
    /// Created without subjects: it makes a late create fail.
    StandIn(BindingSpec),
    /// Corrected.
    Put { spec: BindingSpec, uid: String, resource_version: String },
    /// Left without subjects and finalizers, with Latchkey's labels; its roleRef is immutable and stays.
    Empty(ObservedBinding),
    /// Exactly this object is deleted.
    Delete { key: BindingKey, uid: String },
}

impl BindingStep {
    /// The binding's namespace and name.
    pub fn key(&self) -> BindingKey {
        match self {
            Self::Create(spec) | Self::StandIn(spec) | Self::Put { spec, .. } => BindingKey::of(spec),
            Self::Empty(observed) => key_of(observed),
            Self::Delete { key, .. } => key.clone(),
        }
    }

    /// Whether the step can let a user do more.
    pub fn gives(&self) -> bool {
        match self {
            Self::Create(_) | Self::Put { .. } => true,
            Self::StandIn(_) | Self::Empty(_) | Self::Delete { .. } => false,
        }
    }
}

/// Whether the binding carries the labels of this installation.
pub fn is_labelled(binding: &ObservedBinding, installation: InstallationId) -> bool {
    let has = |label: &str, value: &str| binding.labels.get(label).is_some_and(|own| own == value);
    has(LABEL_MANAGED_BY, MANAGED_BY) && has(LABEL_INSTALLATION, &installation.to_string())
}

/// Whether the binding's label names this grant.
pub fn names_grant(binding: &ObservedBinding, grant: GrantId) -> bool {
    binding.labels.get(LABEL_GRANT).is_some_and(|own| *own == grant.to_string())
}

/// Whether the binding is of a grant that this version cannot read.
pub fn is_quarantined(binding: &ObservedBinding, desired: &DesiredCluster) -> bool {
    let key = key_of(binding);
    desired.quarantined.iter().any(|row| row.bindings.contains(&key) || names_grant(binding, row.id))
}

/// Whether the binding has no subjects and stands in for one that an interrupted run may still create.
pub fn stands_in(binding: &ObservedBinding, desired: &DesiredCluster) -> bool {
    desired.uncertain.contains(&key_of(binding))
        && binding.subjects.is_empty()
        && binding.finalizers.is_empty()
        && !binding.deleting
}

/// Whether the binding that an interrupted run was about to create is certainly the one that is there. A binding
/// without subjects only stands in for it. If an earlier run may have created it, too (`uncertain`), it may be that
/// run's, and this run's create may still arrive.
pub fn is_created(state: &ClusterState, key: &BindingKey, uncertain: &BTreeSet<BindingKey>) -> bool {
    !uncertain.contains(key) && find(state, key).is_some_and(|binding| !binding.subjects.is_empty())
}

/// The key of an observed binding.
pub fn key_of(binding: &ObservedBinding) -> BindingKey {
    BindingKey { namespace: binding.namespace.clone(), name: binding.name.clone() }
}

/// The observed binding at a key.
pub fn find<'a>(state: &'a ClusterState, key: &BindingKey) -> Option<&'a ObservedBinding> {
    state.bindings.iter().find(|binding| binding.name == key.name && binding.namespace == key.namespace)
}

/// How an observed binding differs from what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    None,
    /// It can be put right.
    Contents,
    /// It must be removed first: its roleRef is immutable, or it is being deleted.
    Whole,
}

/// Compares an observed binding with what it should be.
pub fn drift(spec: &BindingSpec, observed: &ObservedBinding) -> Drift {
    if observed.deleting || observed.role_kind != "ClusterRole" || observed.role_name != spec.cluster_role {
        return Drift::Whole;
    }
    let subject_is = observed.subjects.len() == 1
        && observed.subjects.iter().all(|subject| subject.kind == "User" && subject.name == spec.user);
    let labels = spec.labels();
    let labelled = labels.as_object().is_some_and(|labels| {
        labels.iter().all(|(label, value)| observed.labels.get(label).map(String::as_str) == value.as_str())
    });
    if subject_is && labelled && observed.finalizers.is_empty() { Drift::None } else { Drift::Contents }
}

/// What a live grant's bindings need, in the namespaces that are still the ones it was asked for. In a namespace that
/// was created again, no binding of the grant may exist, whichever client put it there.
pub fn wanted(state: &ClusterState, specs: &[BindingSpec], grant: &DesiredGrant) -> Vec<BindingStep> {
    let mut steps = Vec::new();
    let (ours, others): (Vec<&BindingSpec>, Vec<&BindingSpec>) =
        specs.iter().partition(|spec| namespace_is_ours(state, spec, grant));
    for spec in others {
        let found = find(state, &BindingKey::of(spec));
        steps
            .extend(found.into_iter().flat_map(|found| gone(found, InstallationId(spec.installation), Some(grant.id))));
    }
    for spec in ours {
        match find(state, &BindingKey::of(spec)) {
            None => steps.push(BindingStep::Create(spec.clone())),
            Some(observed) => match drift(spec, observed) {
                Drift::None => {}
                Drift::Contents => {
                    let (uid, resource_version) = (observed.uid.clone(), observed.resource_version.clone());
                    steps.push(BindingStep::Put { spec: spec.clone(), uid, resource_version });
                }
                Drift::Whole => {
                    let installation = InstallationId(spec.installation);
                    steps.extend(gone(observed, installation, Some(grant.id)));
                    steps.push(BindingStep::Create(spec.clone()));
                }
            },
        }
    }
    steps
}

/// Whether the binding's namespace is still the one that was asked for.
pub fn namespace_is_ours(state: &ClusterState, spec: &BindingSpec, grant: &DesiredGrant) -> bool {
    let Some(name) = &spec.namespace else { return true };
    let pinned = grant.terms.namespaces.iter().find(|pinned| pinned.name == *name);
    pinned.is_some_and(|pinned| state.namespaces.contains(pinned))
}

/// Removes a binding: first its subjects are removed (a finalizer would otherwise keep it granting, and a late create
/// of a stalled run now conflicts), then exactly this object is deleted.
pub fn gone(observed: &ObservedBinding, installation: InstallationId, grant: Option<GrantId>) -> Vec<BindingStep> {
    let key = key_of(observed);
    let delete = BindingStep::Delete { key, uid: observed.uid.clone() };
    if observed.subjects.is_empty() && observed.finalizers.is_empty() && !observed.deleting {
        return vec![delete];
    }
    let mut labelled = observed.clone();
    labelled.labels.insert(LABEL_MANAGED_BY.to_owned(), MANAGED_BY.to_owned());
    labelled.labels.insert(LABEL_INSTALLATION.to_owned(), installation.to_string());
    if let Some(grant) = grant {
        labelled.labels.insert(LABEL_GRANT.to_owned(), grant.to_string());
    }
    let empty = BindingStep::Empty(labelled);
    // Without its finalizers, an object that is being deleted is gone.
    if observed.deleting { vec![empty] } else { vec![empty, delete] }
}

/// The observed bindings of a grant that ends: those at its names, and those that carry its label.
pub fn of_grant<'a>(
    state: &'a ClusterState,
    grant: GrantId,
    keys: &BTreeSet<BindingKey>,
    installation: InstallationId,
) -> Vec<&'a ObservedBinding> {
    let is = |binding: &&ObservedBinding| {
        keys.contains(&key_of(binding)) || (is_labelled(binding, installation) && names_grant(binding, grant))
    };
    state.bindings.iter().filter(is).collect()
}
