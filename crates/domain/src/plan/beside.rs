//! What else says yes during a grant, or after its end: for each yes, what allows it.

use super::{
    authenticator::{Authenticator, Identified, Identity, MappingKind},
    bindings,
    desired::{BindingKey, DesiredCluster, DesiredGrant},
    observation::{ClusterState, EntryFields, ObservedBinding},
    proof::{Question, binding_allows, names_subject},
};
use crate::access::{GrantId, blocker::Few, residual::Residual};
use std::collections::{BTreeMap, BTreeSet};

/// The most residuals that are named: more of them do not help a reader.
const NAMED_AT_MOST: usize = 20;
/// The most examples of what each one allows, for the same reason.
const SHOWN_AT_MOST: usize = 3;

/// What else says yes, by what allows it.
#[derive(Debug, Default)]
pub(super) struct Beside {
    by_source: BTreeMap<AllowedBy, BTreeSet<String>>,
    /// The bindings that name a user who stays.
    staying: BTreeSet<String>,
    also: Vec<Residual>,
}

/// What allows something, in the order in which it is reported.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum AllowedBy {
    OtherAccess { holder: Option<String>, profile: String, namespaces: Vec<String> },
    ForeignBinding { binding: String, role: String },
    Unexplained,
}

impl AllowedBy {
    fn foreign(binding: &ObservedBinding) -> Self {
        let role = format!("{} {}", binding.role_kind, binding.role_name);
        Self::ForeignBinding { binding: bindings::key_of(binding).to_string(), role }
    }
}

impl Beside {
    /// Finds what allows it: another live grant of the same user, or a foreign binding.
    pub(super) fn explain(
        &mut self,
        desired: &DesiredCluster,
        grant: GrantId,
        state: &ClusterState,
        question: &Question,
    ) -> bool {
        let source = other_grant(desired, grant, state, question).or_else(|| foreign_binding(desired, state, question));
        let Some(source) = source else { return false };
        self.by_source.entry(source).or_default().insert(question.attributes.to_string());
        true
    }

    pub(super) fn unexplained(&mut self, question: &Question) {
        self.by_source.entry(AllowedBy::Unexplained).or_default().insert(question.attributes.to_string());
    }

    /// EKS's own table lets the principal in, by an entry that is not Latchkey's; no review shows what its access
    /// policies allow.
    pub(super) fn entry(
        &mut self,
        desired: &DesiredCluster,
        grant: &DesiredGrant,
        now: &Identified<'_>,
        authenticator: &Authenticator<'_>,
    ) {
        let Identified::Entry(entry) = now else { return };
        let own = desired.mappings.iter().filter(|row| row.own && row.principal == grant.terms.principal);
        let mut entries = own.filter(|row| row.kind() == MappingKind::Entry);
        if entries.any(|row| authenticator.holds(row, desired.installation)) {
            return;
        }
        let Some(EntryFields { username, groups, policies, .. }) = entry.fields() else { return };
        self.also.push(Residual::AccessEntry {
            cluster: desired.name.clone(),
            arn: grant.arn.to_string(),
            username: username.clone(),
            groups: groups.clone(),
            policies: policies.clone(),
        });
    }

    /// The principal is still mapped, by a line that is not Latchkey's or that has groups.
    pub(super) fn mapped(&mut self, grant: &DesiredGrant, now: Identity, desired: &DesiredCluster) {
        let Identity { username, mapped, groups, .. } = now;
        let ours = desired.mappings.iter().any(|mapping| mapping.own && mapping.username == mapped);
        if !ours {
            self.also.push(Residual::ForeignLine { arn: grant.arn.to_string(), username, groups });
        } else if !groups.is_empty() {
            self.also.push(Residual::LineWithGroups { username, groups });
        }
    }

    /// The user is still somebody, since another access needs the mapping: whatever foreign bindings give that user
    /// goes on, also where the access did not reach.
    pub(super) fn bound(&mut self, desired: &DesiredCluster, state: &ClusterState, username: &str) {
        let names = |binding: &&ObservedBinding| {
            binding.subjects.iter().any(|subject| subject.kind == "User" && subject.name == username)
        };
        for binding in foreign_bindings(desired, state).filter(names) {
            self.staying.insert(bindings::key_of(binding).to_string());
            let allows = self.by_source.entry(AllowedBy::foreign(binding)).or_default();
            if allows.is_empty() {
                allows.insert("do what its role allows".to_owned());
            }
        }
    }

    pub(super) fn values(self) -> Vec<Residual> {
        let Self { by_source, staying, also } = self;
        let value = |(source, allowed): (AllowedBy, BTreeSet<String>)| {
            let first: Vec<String> = allowed.iter().take(SHOWN_AT_MOST).cloned().collect();
            let allows = Few { more: allowed.len().saturating_sub(first.len()), first };
            match source {
                AllowedBy::OtherAccess { holder, profile, namespaces } => {
                    Residual::OtherAccess { holder, profile, namespaces, allows }
                }
                AllowedBy::ForeignBinding { binding, role } => {
                    let stays = staying.contains(&binding);
                    Residual::ForeignBinding { binding, role, allows, stays }
                }
                AllowedBy::Unexplained => Residual::Unexplained { allows },
            }
        };
        by_source.into_iter().map(value).chain(also).take(NAMED_AT_MOST).collect()
    }
}

/// Another live grant of the same user that allows it: of the same person, or of whoever uses the same role.
fn other_grant(
    desired: &DesiredCluster,
    grant: GrantId,
    state: &ClusterState,
    question: &Question,
) -> Option<AllowedBy> {
    let own = desired.grants.iter().find(|own| own.id == grant)?;
    let is_same = |other: &DesiredGrant| other.person == own.person || other.terms.principal == own.terms.principal;
    let others = desired.grants.iter().filter(|other| other.id != grant && is_same(other));
    let mut allowing = others.filter(|other| {
        let keys = other.keys(desired.installation);
        let bound = bindings::of_grant(state, other.id, &keys, desired.installation);
        bound
            .iter()
            .any(|binding| names_subject(binding, question) && binding_allows(state, binding, &question.attributes))
    });
    let other = allowing.next()?;
    let namespaces = other.terms.namespaces.iter().map(|namespace| namespace.name.clone()).collect();
    let holder = (other.person != own.person).then(|| other.handle.to_string());
    Some(AllowedBy::OtherAccess { holder, profile: other.terms.profile.name.to_string(), namespaces })
}

/// A foreign binding that allows it.
fn foreign_binding(desired: &DesiredCluster, state: &ClusterState, question: &Question) -> Option<AllowedBy> {
    let mut others = foreign_bindings(desired, state);
    let binding = others
        .find(|binding| names_subject(binding, question) && binding_allows(state, binding, &question.attributes))?;
    Some(AllowedBy::foreign(binding))
}

/// The bindings that are of no grant.
fn foreign_bindings<'a>(
    desired: &'a DesiredCluster,
    state: &'a ClusterState,
) -> impl Iterator<Item = &'a ObservedBinding> + use<'a> {
    let live: BTreeSet<BindingKey> = desired.grants.iter().flat_map(|grant| grant.keys(desired.installation)).collect();
    let is_own = move |binding: &ObservedBinding| {
        live.contains(&bindings::key_of(binding)) || bindings::is_quarantined(binding, desired)
    };
    state.bindings.iter().filter(move |binding| !is_own(binding))
}
