//! Bindings, lines and access entries of Latchkey's that another client changed or removed, and bindings that it put
//! outside of an access's namespaces: for the audit log. What an access gives beyond what was decided as long as such a
//! change stands, for pages and operators: [`gives_more`].

use super::{
    authenticator::{
        Authenticator, Identified, Identity, Lines, MASTERS, MappingKind, OwnEntry, RecordedMapping, Taken,
        last_managers, line_key, rendered,
    },
    bindings::{self, Drift},
    cluster::AWS_AUTH,
    desired::{BindingKey, DesiredCluster, DesiredGrant, Wish},
    finding::{Finding, Was, What},
    observation::{ClusterState, ObservedBinding},
    obstacles::own_role_widened,
    proof::Look,
};
use crate::{
    access::blocker::{Blocker, UnfitUsername},
    eks::{aws_auth::Key, rbac::BindingSpec},
};
use std::collections::BTreeSet;

/// Changes to the bindings of an active access, whose bindings should be `specs`.
pub fn of_running(state: &ClusterState, specs: &[BindingSpec], grant: &DesiredGrant) -> Vec<Finding> {
    if grant.wish != Wish::Keep {
        return Vec::new();
    }
    let found = |spec: &BindingSpec| {
        let key = BindingKey::of(spec);
        let Some(observed) = bindings::find(state, &key) else {
            let lost = grant.stood.contains(&key.to_string()) && bindings::namespace_is_ours(state, spec, grant);
            let what = What::BindingDeleted { binding: key.to_string() };
            return lost.then(|| Finding::of(Some(grant.id), what, key.to_string()));
        };
        let what = if !bindings::namespace_is_ours(state, spec, grant) {
            What::BindingElsewhere { binding: key.to_string(), was: observed.into() }
        } else if bindings::drift(spec, observed) != Drift::None {
            What::BindingChanged { binding: key.to_string(), was: observed.into() }
        } else {
            return None;
        };
        Some(Finding::of_binding(Some(grant.id), what, observed))
    };
    specs.iter().filter_map(found).collect()
}

/// What exists on a cluster, to tell which parts of accesses are in place.
#[derive(Debug)]
pub struct PartsInPlace<'a> {
    lines: &'a Lines,
    authenticator: &'a Authenticator<'a>,
}

/// What maps the principal of an access by Latchkey's hand.
struct OwnMapping<'a> {
    kind: MappingKind,
    username: &'a str,
    /// The key of aws-auth that a line of it is in.
    key: Key,
    recorded: Option<&'a RecordedMapping>,
}

impl OwnMapping<'_> {
    /// The name that a leg keeps of it.
    fn part(&self) -> String {
        match self.kind {
            MappingKind::Line => format!("line of {}", self.username),
            MappingKind::Entry => format!("entry of {}", self.username),
        }
    }
}

impl<'a> PartsInPlace<'a> {
    /// Reads the parts from a cluster's authenticator.
    pub fn read(authenticator: &'a Authenticator<'a>) -> Self {
        Self { lines: authenticator.lines(), authenticator }
    }

    /// The parts of an access that are in place, by names that its leg keeps until the next look: bindings with
    /// subjects, and the line or access entry. If that cannot be read, one that was in place counts as still there.
    /// `identity` is the user that the plan binds, whose line this run may have written.
    pub fn of(
        &self,
        desired: &DesiredCluster,
        state: &ClusterState,
        grant: &DesiredGrant,
        identity: Option<&Identity>,
    ) -> BTreeSet<String> {
        let binds = |key: &BindingKey| bindings::find(state, key).is_some_and(|found| !found.subjects.is_empty());
        let keys = grant.keys(desired.installation);
        let mut parts: BTreeSet<String> = keys.iter().filter(|key| binds(key)).map(ToString::to_string).collect();
        if let Some(mapping) = own_mapping(desired, grant, identity) {
            let part = mapping.part();
            let stands = self.stands(desired, &mapping).unwrap_or_else(|| grant.stood.contains(&part));
            parts.extend(stands.then_some(part));
        }
        parts
    }

    /// Whether it is there; `None` if that is not known.
    fn stands(&self, desired: &DesiredCluster, mapping: &OwnMapping<'_>) -> Option<bool> {
        match mapping.kind {
            MappingKind::Line => self.lines.are_readable(mapping.key).then(|| self.lines.names(mapping.username)),
            MappingKind::Entry => {
                // An entry that this run makes is recorded by the next one.
                let Some(recorded) = mapping.recorded else { return Some(true) };
                match self.authenticator.entry_of(recorded, desired.installation) {
                    OwnEntry::Stands(_) => Some(true),
                    OwnEntry::Absent => Some(false),
                    OwnEntry::Unknown => None,
                }
            }
        }
    }

    /// The finding that another client removed the mapping of an active access since the last look.
    pub fn taken(
        &self,
        desired: &DesiredCluster,
        state: &ClusterState,
        grant: &DesiredGrant,
        identity: Option<&Identity>,
    ) -> Option<Finding> {
        if grant.wish != Wish::Keep {
            return None;
        }
        let mapping = own_mapping(desired, grant, identity)?;
        let is_gone = self.stands(desired, &mapping) == Some(false);
        if !is_gone || !grant.stood.contains(&mapping.part()) {
            return None;
        }
        let username = mapping.username.to_owned();
        Some(match mapping.kind {
            MappingKind::Line => {
                let by = state.aws_auth.as_ref().map(|object| last_managers(object, mapping.key));
                Finding::of(Some(grant.id), What::LineTaken { username, by }, AWS_AUTH)
            }
            MappingKind::Entry => {
                let object = format!("access entry of {}", grant.arn);
                Finding::of(Some(grant.id), What::EntryTaken { username }, object)
            }
        })
    }
}

/// What Latchkey wrote to map a grant's principal, or plans to: by the user that the plan binds if it is Latchkey's,
/// else by what was recorded.
fn own_mapping<'a>(
    desired: &'a DesiredCluster,
    grant: &DesiredGrant,
    identity: Option<&'a Identity>,
) -> Option<OwnMapping<'a>> {
    let key = line_key(&grant.arn);
    let mut own = desired.mappings.iter().filter(|row| row.own && row.principal == grant.terms.principal);
    match identity.filter(|identity| identity.own) {
        Some(identity) => {
            let recorded = own.find(|row| row.kind() == identity.kind && row.username == identity.mapped);
            Some(OwnMapping { kind: identity.kind, username: &identity.mapped, key, recorded })
        }
        None => {
            own.next().map(|row| OwnMapping { kind: row.kind(), username: &row.username, key, recorded: Some(row) })
        }
    }
}

/// What a wanted access gives beyond what was decided, because another client changed what Latchkey wrote for it: its
/// line, a binding, or the ClusterRole of its profile. A look after a run's writes shows what the run did not put
/// right.
pub fn gives_more(desired: &DesiredCluster, look: &Look<'_>, grant: &DesiredGrant) -> Vec<Blocker> {
    let own = own_mapping(desired, grant, None).filter(|_| grant.wish.is_present());
    let Some(recorded) = own.and_then(|own| own.recorded) else { return Vec::new() };
    let user = rendered(&recorded.username, grant.terms.session.as_ref());
    let specs = grant.bindings(desired.installation, user.as_deref().unwrap_or(&recorded.username));
    let bound = |spec: &BindingSpec| bindings::find(look.state, &BindingKey::of(spec));
    let role = own_role_widened(grant, look.state, &desired.name)
        .filter(|_| specs.iter().filter_map(bound).any(|binding| !binding.subjects.is_empty()));
    let wider = specs.iter().filter_map(|spec| Some((spec, bound(spec)?)));
    let wider = wider.filter(|(spec, observed)| is_wider(spec, observed)).map(|(_, observed)| binding_wider(observed));
    let mapping = match recorded.kind() {
        MappingKind::Line => line_wider(look, grant, recorded),
        MappingKind::Entry => entry_wider(desired, look, recorded),
    };
    let foreign = foreign_entry_wider(desired, look, grant, recorded);
    mapping.into_iter().chain(foreign).chain(role).chain(wider).collect()
}

/// What the line gives more: groups, or another user to whom something is bound.
fn line_wider(look: &Look<'_>, grant: &DesiredGrant, recorded: &RecordedMapping) -> Option<Blocker> {
    let Identified::Line(taken) = look.authenticator.identify(grant.arn.as_str()) else { return None };
    let (arn, Taken { username, groups }) = (grant.arn.to_string(), taken);
    if username == recorded.username {
        let by = look.authenticator.last_managers(line_key(&grant.arn));
        return (!groups.is_empty()).then_some(Blocker::LineWithGroups { username, groups, by });
    }
    if groups.iter().any(|group| group == MASTERS) {
        return Some(Blocker::ForeignLine { arn, username, why: UnfitUsername::Masters });
    }
    let names = |binding: &ObservedBinding| {
        binding.subjects.iter().any(|subject| match subject.kind.as_str() {
            "User" => subject.name == username,
            "Group" => groups.contains(&subject.name),
            _ => false,
        })
    };
    look.state.bindings.iter().any(names).then_some(Blocker::LineOverridden { arn, username })
}

/// What the access entry gives more: groups, or access policies, which no review shows.
fn entry_wider(desired: &DesiredCluster, look: &Look<'_>, recorded: &RecordedMapping) -> Option<Blocker> {
    let changed = look.authenticator.entry_changed(recorded, desired.installation)?;
    matches!(changed, Blocker::EntryWidened { .. }).then_some(changed)
}

/// What another client's access entry gives beside Latchkey's mapping, which it replaces: groups, or access policies.
fn foreign_entry_wider(
    desired: &DesiredCluster,
    look: &Look<'_>,
    grant: &DesiredGrant,
    recorded: &RecordedMapping,
) -> Option<Blocker> {
    let Identified::Entry(entry) = look.authenticator.identify(grant.arn.as_str()) else { return None };
    let is_own = matches!(look.authenticator.entry_of(recorded, desired.installation), OwnEntry::Stands(_));
    let fields = entry.fields().filter(|_| !(is_own && recorded.kind() == MappingKind::Entry))?;
    let why = match (fields.policies.is_empty(), fields.groups.iter().any(|group| group == MASTERS)) {
        (false, _) => UnfitUsername::AccessPolicies,
        (true, true) => UnfitUsername::Masters,
        (true, false) => return None,
    };
    let (cluster, arn) = (desired.name.clone(), grant.arn.to_string());
    let (username, tags) = (fields.username.clone(), fields.tags.clone());
    Some(Blocker::ForeignEntry { cluster, arn, username, why, tags })
}

/// Whether a binding binds another role than it should, or other subjects.
fn is_wider(spec: &BindingSpec, observed: &ObservedBinding) -> bool {
    let is_role = observed.role_kind == "ClusterRole" && observed.role_name == spec.cluster_role;
    let mut others = observed.subjects.iter().filter(|subject| subject.kind != "User" || subject.name != spec.user);
    others.next().is_some() || (!is_role && !observed.subjects.is_empty())
}

fn binding_wider(observed: &ObservedBinding) -> Blocker {
    let Was { role, subjects, .. } = observed.into();
    Blocker::BindingGivesMore { binding: bindings::key_of(observed).to_string(), role, subjects }
}

/// Changes to the bindings of an access that ends. They are removed as they are.
pub fn of_ending(desired: &DesiredCluster, state: &ClusterState, grant: &DesiredGrant) -> Vec<Finding> {
    let bound = desired.mappings.iter().find(|mapping| mapping.principal == grant.terms.principal);
    let Some(bound) = bound else { return Vec::new() };
    let user = rendered(&bound.username, grant.terms.session.as_ref());
    let specs = grant.bindings(desired.installation, user.as_deref().unwrap_or(&bound.username));
    let is_changed = |observed: &&&ObservedBinding| {
        let key = bindings::key_of(observed);
        let spec = specs.iter().find(|spec| BindingKey::of(spec) == key);
        // Latchkey itself removed the subjects, before the deletion.
        let emptied = observed.subjects.is_empty() && observed.finalizers.is_empty();
        !emptied && spec.is_none_or(|spec| bindings::drift(spec, observed) != Drift::None)
    };
    let keys = grant.keys(desired.installation);
    let found = bindings::of_grant(state, grant.id, &keys, desired.installation);
    let finding = |observed: &&ObservedBinding| {
        let key = bindings::key_of(observed);
        let what = What::EndingBindingChanged { binding: key.to_string(), was: (*observed).into() };
        Finding::of_binding(Some(grant.id), what, observed)
    };
    found.iter().filter(is_changed).map(finding).collect()
}
