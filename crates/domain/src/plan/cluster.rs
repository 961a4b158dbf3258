//! The plan for a cluster: steps, from the set of its live grants and one observation.
//!
//! Revocations come first, and within them the binding, which acts at once. Then access entries and one change of
//! aws-auth for all grants that wait, then ClusterRoles, then bindings. A grant's trouble never stops another grant's
//! steps.
//!
//! The steps, in order: bindings that must go; bindings that carry Latchkey's labels and belong to no grant;
//! ClusterRoles of Latchkey's that nothing needs; the username of each principal; access entries; aws-auth;
//! ClusterRoles of Latchkey's; bindings that are missing or changed. A binding goes before its mapping, which EKS and
//! API servers forget late.

use super::{
    authenticator::{self, Authenticator, EntryRemoval, Identity, OwnLine, PlannedEntry, PrincipalOwner, Standing},
    bindings::{self, BindingStep},
    desired::{BindingKey, DesiredCluster, DesiredGrant, Wish},
    finding::{Finding, What},
    observation::{ClusterObservation, ClusterState, ObservedBinding},
    obstacles::{Obstacle, made_again, never_works, own_role_widened, stands_in_the_way},
    own_roles::{self, LeavingRole},
    tampering::{self, PartsInPlace},
};
use crate::{
    access::{GrantId, PersonId, PrincipalId, blocker::Blocker},
    eks::{
        aws_auth::{Data, Key},
        rbac::OwnRole,
    },
};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// An end that is overdue by more removes the mapping, even if another grant of the person still needs it.
pub const OVERDUE_CUT: SignedDuration = SignedDuration::from_mins(5);
/// The failed attempts that this takes: a worker that was down for a while has to try first.
const CUT_AFTER_ATTEMPTS: u32 = 3;

/// The name that intents and findings give the one object that lines are written into.
pub const AWS_AUTH: &str = "aws-auth";

/// What to do to a cluster, and what prevents the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Why grants cannot be brought to their desired state.
    pub trouble: BTreeMap<GrantId, Obstacle>,
    /// The user that the bindings of each wanted grant name.
    pub identities: BTreeMap<GrantId, Identity>,
    /// Usernames to keep for principals whose line cannot be written yet.
    pub reserved: Vec<Reserved>,
    /// Recorded mappings that aws-auth does not hold and for which nothing has to be done.
    pub settled: Vec<Settled>,
    /// Changes by other clients to Latchkey's objects, for the audit log.
    pub findings: Vec<Finding>,
    /// The wanted grants whose missing parts were reported, or are removed now: the next run compares with what is in
    /// place after this one.
    pub compared: BTreeSet<GrantId>,
}

impl Plan {
    /// The grants that its steps are for, and the principals whose lines it adds.
    pub fn writes_for(&self) -> (BTreeSet<GrantId>, BTreeSet<PrincipalId>) {
        let (mut grants, mut principals) = (BTreeSet::new(), BTreeSet::new());
        for step in &self.steps {
            match step {
                Step::Binding { grant, .. } => grants.extend(*grant),
                Step::CreateRole { grants: own, .. } | Step::DeleteRole(LeavingRole { grants: own, .. }) => {
                    grants.extend(own);
                }
                Step::AwsAuth(write) => {
                    grants.extend(&write.grants);
                    principals.extend(write.lines.iter().map(|line| line.principal));
                }
                Step::CreateEntry(entry) => {
                    grants.extend(&entry.grants);
                    principals.insert(entry.principal);
                }
                Step::DeleteEntry(entry) => grants.extend(&entry.grants),
            }
        }
        (grants, principals)
    }
}

/// A write to the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Binding { step: BindingStep, grant: Option<GrantId> },
    AwsAuth(AwsAuthWrite),
    CreateEntry(PlannedEntry),
    DeleteEntry(EntryRemoval),
    CreateRole { role: OwnRole, grants: Vec<GrantId> },
    DeleteRole(LeavingRole),
}

impl Step {
    /// The access entry that it makes, if it makes one.
    pub fn made_entry(&self) -> Option<&PlannedEntry> {
        match self {
            Self::CreateEntry(entry) => Some(entry),
            Self::DeleteEntry(_)
            | Self::Binding { .. }
            | Self::AwsAuth(_)
            | Self::CreateRole { .. }
            | Self::DeleteRole(_) => None,
        }
    }

    /// The access entry that it deletes, if it deletes one.
    pub fn deleted_entry(&self) -> Option<&EntryRemoval> {
        match self {
            Self::DeleteEntry(entry) => Some(entry),
            Self::CreateEntry(_)
            | Self::Binding { .. }
            | Self::AwsAuth(_)
            | Self::CreateRole { .. }
            | Self::DeleteRole(_) => None,
        }
    }
}

/// One change of one key of aws-auth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsAuthWrite {
    /// Of the object that was read: the write is refused if the object is newer. A second write of one plan goes by the
    /// version that the first one left.
    pub resource_version: String,
    pub key: Key,
    pub before: Option<String>,
    /// `None` removes the key.
    pub after: Option<String>,
    pub lines: Vec<OwnLine>,
    pub removed: Vec<(PrincipalId, u32)>,
    /// Mappings that were written after one that goes now: their texts before, without that one.
    pub rebased: Vec<(PrincipalId, u32, Option<String>)>,
    /// The grants that wait for this write.
    pub grants: Vec<GrantId>,
}

/// A username that a principal keeps from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    pub principal: PrincipalId,
    pub identity: Identity,
}

/// An update of a mapping's row to what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The line is there.
    Written(PrincipalId, u32),
    /// The line is not there, and no grant needs it.
    Removed(PrincipalId, u32),
    /// The access entry is there, and this is its own ARN.
    EntryWritten(PrincipalId, u32, String),
    /// The access entry is not there, and no grant needs it.
    EntryRemoved(PrincipalId, u32),
}

/// Plans a cluster. The API server must have answered: without its half of the observation there is nothing to plan.
pub fn plan(desired: &DesiredCluster, observed: &ClusterObservation) -> Plan {
    let Some(state) = &observed.kubernetes else { return Plan::default() };
    let data = state.aws_auth.as_ref().map(|object| object.data.clone()).unwrap_or_default();
    let only_revoke = not_ours(desired, state);
    let mut plan = Plan::default();
    let data = if only_revoke.is_none() { without_returned(desired, data, &mut plan.findings) } else { data };
    let authenticator = Authenticator::with(observed, &data);
    let mut planner = Planner { desired, state, authenticator, only_revoke, leaving: Vec::new(), plan };
    planner.revoke_bindings();
    planner.sweep();
    planner.sweep_roles();
    planner.look_who_is_who();
    planner.write_entries();
    planner.write_aws_auth(&data);
    planner.grant();
    planner.plan
}

/// The data without the lines of Latchkey's that were removed before and came back. They give no user a right, but
/// their principal could not be mapped again.
fn without_returned(desired: &DesiredCluster, mut data: Data, findings: &mut Vec<Finding>) -> Data {
    for recorded in &desired.returned {
        let Some(without) = authenticator::without_bytes(&data, recorded) else { continue };
        data = without;
        let what = What::LinePutBack { username: recorded.username.clone() };
        findings.push(Finding::of(None, what, AWS_AUTH));
    }
    data
}

/// Why this installation may only revoke what it finds recorded: the cluster has been fenced since a run was
/// [`disowned`], or its marker is missing, or disowns it now.
pub fn not_ours(desired: &DesiredCluster, state: &ClusterState) -> Option<Blocker> {
    if desired.fenced.is_some() {
        return desired.fenced.clone();
    }
    if state.marker.is_none() {
        return Some(Blocker::MarkerMissing { cluster: desired.name.clone() });
    }
    disowned(desired, state)
}

/// Why the cluster does not belong to this database: its marker names another installation, or a later epoch of this
/// installation than the database knows of any run that wrote there. The next write would make the database's epoch
/// pass the marker's, so the caller has to record the fence.
pub fn disowned(desired: &DesiredCluster, state: &ClusterState) -> Option<Blocker> {
    let cluster = desired.name.clone();
    let marker = state.marker.as_ref()?;
    match (&marker.installation, marker.epoch) {
        (Some(installation), _) if *installation != desired.installation.to_string() => {
            Some(Blocker::OtherInstallation { cluster, installation: installation.clone() })
        }
        (Some(_), Some(epoch)) if epoch > desired.marked => {
            Some(Blocker::LaterEpoch { cluster, epoch, known: desired.marked })
        }
        _ => None,
    }
}

/// Removes a binding. If an interrupted run may still create it, an empty one stays in its place until that run's token
/// has expired, even if the grant has ended.
fn away(desired: &DesiredCluster, observed: &ObservedBinding, grant: Option<GrantId>) -> Vec<BindingStep> {
    let mut steps = bindings::gone(observed, desired.installation, grant);
    if desired.uncertain.contains(&bindings::key_of(observed)) {
        steps.retain(|step| !matches!(step, BindingStep::Delete { .. }));
    }
    steps
}

/// Whether EKS only failed to answer in time about an entry: a running access is left as it was, and is asked about at
/// the next look.
fn is_passing(standing: &Standing) -> bool {
    let Standing::Refused(Blocker::EntryUnknown { why, .. }) = standing else { return false };
    matches!(**why, Blocker::EntrySlow {} | Blocker::Transient { .. } | Blocker::Throttled { .. })
}

/// A plan while it is made. Its handling of aws-auth is in [`super::authenticator`].
pub(super) struct Planner<'a> {
    pub(super) desired: &'a DesiredCluster,
    pub(super) state: &'a ClusterState,
    pub(super) authenticator: Authenticator<'a>,
    pub(super) only_revoke: Option<Blocker>,
    leaving: Vec<LeavingRole>,
    pub(super) plan: Plan,
}

impl Planner<'_> {
    pub(super) fn present(&self) -> impl Iterator<Item = &DesiredGrant> {
        self.desired.grants.iter().filter(|grant| grant.wish.is_present())
    }

    fn binding(&mut self, steps: Vec<BindingStep>, grant: Option<GrantId>) {
        self.plan.steps.extend(steps.into_iter().map(|step| Step::Binding { step, grant }));
    }

    /// The bindings of grants that end. If an interrupted run may still create one, an empty object stands in for it.
    fn revoke_bindings(&mut self) {
        let desired = self.desired;
        for grant in desired.grants.iter().filter(|grant| !grant.wish.is_present() && !grant.resting) {
            self.plan.findings.extend(tampering::of_ending(desired, self.state, grant));
            let keys = grant.keys(desired.installation);
            for observed in bindings::of_grant(self.state, grant.id, &keys, desired.installation) {
                self.binding(away(desired, observed, Some(grant.id)), Some(grant.id));
            }
            let specs = grant.bindings(desired.installation, "");
            let awaited = specs.iter().filter(|spec| {
                let key = BindingKey::of(spec);
                desired.uncertain.contains(&key) && bindings::find(self.state, &key).is_none()
            });
            let stand_ins: Vec<BindingStep> = awaited.cloned().map(BindingStep::StandIn).collect();
            self.binding(stand_ins, Some(grant.id));
        }
        for row in desired.quarantined.iter().filter(|row| row.ends && !row.resting) {
            for observed in bindings::of_grant(self.state, row.id, &row.bindings, desired.installation) {
                self.binding(away(desired, observed, Some(row.id)), Some(row.id));
            }
        }
    }

    /// Removes bindings that carry Latchkey's labels and belong to no live grant.
    fn sweep(&mut self) {
        if self.only_revoke.is_some() {
            return;
        }
        let desired = self.desired;
        let known: BTreeSet<_> = desired.grants.iter().flat_map(|grant| grant.keys(desired.installation)).collect();
        let ends = |binding| {
            desired.grants.iter().any(|grant| !grant.wish.is_present() && bindings::names_grant(binding, grant.id))
        };
        for observed in &self.state.bindings {
            let key = bindings::key_of(observed);
            let is_ours = bindings::is_labelled(observed, desired.installation);
            // Bindings of a grant that cannot be read stay as they are; if that grant ends, they go with its own steps.
            if !is_ours || known.contains(&key) || ends(observed) || bindings::is_quarantined(observed, desired) {
                continue;
            }
            // A binding without subjects is left over from an interrupted revocation: it is not a finding.
            if !observed.subjects.is_empty() {
                let what = What::BindingOfNoAccess { binding: key.to_string() };
                self.plan.findings.push(Finding::of_binding(None, what, observed));
            }
            self.binding(away(desired, observed, None), None);
        }
    }

    /// ClusterRoles of Latchkey's that nothing needs any more.
    fn sweep_roles(&mut self) {
        if self.only_revoke.is_none() {
            self.leaving = own_roles::leaving(self.desired, self.state);
            self.plan.steps.extend(self.leaving.iter().cloned().map(Step::DeleteRole));
        }
    }

    /// Decides which user each wanted grant binds.
    fn look_who_is_who(&mut self) {
        if let Some(why) = self.only_revoke.clone() {
            let ids: Vec<GrantId> = self.present().map(|grant| grant.id).collect();
            self.plan.trouble.extend(ids.into_iter().map(|id| (id, Obstacle::Blocked(why.clone()))));
            return;
        }
        let desired = self.desired;
        for grant in desired.grants.iter().filter(|grant| grant.wish.is_present()) {
            if let Some(why) = own_role_widened(grant, self.state, &desired.name) {
                self.withdraw(grant, why);
                continue;
            }
            // Of an active access, only what is bound in the new namespace goes: see `bindings::wanted`.
            if grant.wish == Wish::Provision
                && let Some(why) = made_again(grant, self.state, &desired.name)
            {
                self.withdraw(grant, why);
                continue;
            }
            if grant.wish == Wish::Provision
                && let Some(obstacle) = self.holds_back(grant)
            {
                self.plan.trouble.insert(grant.id, obstacle);
                continue;
            }
            let standing = self.standing(grant);
            if grant.wish == Wish::Keep && is_passing(&standing) {
                continue;
            }
            match (&desired.undescribed, &standing) {
                // For an active access, a fact that only EKS can report, such as an access entry, counts once EKS
                // reports it.
                (Some(_), Standing::Refused(_)) => continue,
                (Some(why), Standing::Unmapped(_)) => {
                    self.plan.trouble.insert(grant.id, Obstacle::Undescribed(why.clone()));
                }
                (Some(_) | None, _) => {}
            }
            if grant.wish == Wish::Provision
                && let Some(identity) = standing.identity()
                && let Some(why) = authenticator::name_still_bound(desired, self.state, identity)
            {
                self.plan.trouble.insert(grant.id, Obstacle::Blocked(why));
                continue;
            }
            if let Some(why) = standing.trouble() {
                self.plan.trouble.insert(grant.id, Obstacle::Blocked(why.clone()));
            }
            match standing {
                Standing::Mapped(identity) | Standing::Unmapped(identity) | Standing::Waiting(identity, _) => {
                    self.plan.identities.insert(grant.id, identity);
                }
                Standing::Unsafe(why) => self.withdraw(grant, why),
                Standing::Refused(_) => {}
            }
        }
    }

    /// What a new grant waits for: first, that the current policy grants it.
    fn holds_back(&self, grant: &DesiredGrant) -> Option<Obstacle> {
        let desired = self.desired;
        grant
            .held
            .clone()
            .or_else(|| desired.undescribed.clone().map(Obstacle::Undescribed))
            .or_else(|| desired.paused.clone().map(Obstacle::Paused))
            .or_else(|| stands_in_the_way(grant, self.state, &desired.name).map(Obstacle::Blocked))
            .or_else(|| never_works(grant, self.state, &desired.name).map(Obstacle::Blocked))
    }

    /// Removes the bindings of a wanted grant until it is safe again; reported once, since then none is left.
    fn withdraw(&mut self, grant: &DesiredGrant, why: Blocker) {
        let installation = self.desired.installation;
        let bound = bindings::of_grant(self.state, grant.id, &grant.keys(installation), installation);
        if !bound.is_empty() {
            let objects = bound.iter().map(|observed| bindings::key_of(observed).to_string()).collect();
            let what = What::Withdrawn(why.clone());
            let finding = Finding { grant: Some(grant.id), what, objects, version: None };
            self.plan.findings.push(finding);
        }
        self.plan.trouble.insert(grant.id, Obstacle::Blocked(why));
        self.plan.compared.insert(grant.id);
        for observed in bound {
            self.binding(bindings::gone(observed, installation, Some(grant.id)), Some(grant.id));
        }
    }

    pub(super) fn standing(&self, grant: &DesiredGrant) -> Standing {
        if let Some(other) = self.cut_by(grant.terms.principal, grant.person) {
            let (cluster, handle) = (self.desired.name.clone(), grant.handle.to_string());
            return Standing::Unsafe(Blocker::Cut { cluster, handle, other });
        }
        let (person, principal) = (grant.person, grant.terms.principal);
        let (role, session) = (grant.role.as_ref(), grant.terms.session.as_ref());
        let (handle, arn, entry) = (&grant.handle, &grant.arn, grant.entry);
        let who = PrincipalOwner { person, handle, principal, arn, role, session, entry };
        authenticator::standing(self.desired, &self.authenticator, who)
    }

    /// A grant of the principal whose end is overdue and whose binding still has subjects.
    pub(super) fn cut_by(&self, principal: PrincipalId, person: PersonId) -> Option<GrantId> {
        let overdue = |grant: &&DesiredGrant| match grant.wish {
            Wish::Revoke { since } => {
                self.desired.now.duration_since(since) > OVERDUE_CUT && grant.attempts >= CUT_AFTER_ATTEMPTS
            }
            Wish::Provision | Wish::Keep => false,
        };
        let binds = |grant: &&DesiredGrant| {
            let keys = grant.keys(self.desired.installation);
            bindings::of_grant(self.state, grant.id, &keys, self.desired.installation)
                .iter()
                .any(|binding| !binding.subjects.is_empty())
        };
        // Of a role, what another person uses is not touched.
        let is_theirs = |grant: &&DesiredGrant| grant.terms.principal == principal && grant.person == person;
        self.desired.grants.iter().filter(is_theirs).filter(overdue).find(binds).map(|grant| grant.id)
    }

    /// ClusterRoles and bindings of the grants that may have them.
    fn grant(&mut self) {
        let desired = self.desired;
        let parts = PartsInPlace::read(&self.authenticator);
        let mut roles: BTreeMap<String, (OwnRole, Vec<GrantId>)> = BTreeMap::new();
        let mut steps = Vec::new();
        for grant in desired.grants.iter().filter(|grant| grant.wish.is_present() && !grant.resting) {
            let Some(identity) = self.plan.identities.get(&grant.id) else {
                // Another client's mapping may have replaced Latchkey's.
                let taken = parts.taken(desired, self.state, grant, None);
                if taken.is_some() {
                    self.plan.compared.insert(grant.id);
                }
                self.plan.findings.extend(taken);
                continue;
            };
            if let Some(why) = stands_in_the_way(grant, self.state, &desired.name) {
                self.plan.trouble.insert(grant.id, Obstacle::Blocked(why));
            }
            let specs = grant.bindings(desired.installation, &identity.username);
            let bindings = bindings::wanted(self.state, &specs, grant);
            if let Some(why) = &desired.undescribed
                && (bindings.iter().any(BindingStep::gives) || self.lacks_role(grant))
            {
                self.plan.trouble.entry(grant.id).or_insert_with(|| Obstacle::Undescribed(why.clone()));
                continue;
            }
            for role in grant.terms.profile.roles.iter().filter(|role| role.own) {
                if !self.has_role(&role.name) {
                    let (installation, profile) = (desired.installation.0, grant.terms.profile.name.to_string());
                    let own = OwnRole { installation, profile, rules: role.rules.clone() };
                    roles.entry(role.name.clone()).or_insert_with(|| (own, Vec::new())).1.push(grant.id);
                }
            }
            self.plan.findings.extend(tampering::of_running(self.state, &specs, grant));
            self.plan.findings.extend(parts.taken(desired, self.state, grant, Some(identity)));
            self.plan.compared.insert(grant.id);
            steps.extend(bindings.into_iter().map(|step| Step::Binding { step, grant: Some(grant.id) }));
        }
        self.plan.steps.extend(roles.into_values().map(|(role, grants)| Step::CreateRole { role, grants }));
        self.plan.steps.extend(steps);
    }

    /// Whether a ClusterRole of Latchkey's that the grant binds is missing.
    fn lacks_role(&self, grant: &DesiredGrant) -> bool {
        grant.terms.profile.roles.iter().any(|role| role.own && !self.has_role(&role.name))
    }

    /// Whether a ClusterRole of that name is there and stays.
    fn has_role(&self, name: &str) -> bool {
        self.state.cluster_roles.contains_key(name) && self.leaving.iter().all(|leaving| leaving.name != name)
    }
}
