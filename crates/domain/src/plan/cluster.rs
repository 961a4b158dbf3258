//! The plan for a cluster: from the set of its live grants and one observation to steps.
//!
//! Revocations first, and within them the binding, which acts at once. Then one change of aws-auth for everybody who
//! waits, then ClusterRoles, then bindings. No grant's trouble stops another grant's steps.

use super::{
    bindings::{self, BindingStep},
    desired::{BindingKey, DesiredCluster, DesiredGrant, RecordedMapping, Wish},
    mapping::{self, Line, Removal},
    observation::{AwsAuthObject, ClusterObservation, ClusterState},
    who::{self, Claimant, Identity, Standing},
    widening,
};
use crate::{
    access::{GrantId, PrincipalId},
    eks::{
        aws_auth::{AwsAuth, Data, Key, Unsafe},
        rbac::{BindingSpec, OwnRole},
    },
};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// Past it, ending beats overlap: the mapping goes though another grant of the person still needs it.
pub const OVERDUE_CUT: SignedDuration = SignedDuration::from_mins(5);
/// Only after this many failed attempts: a worker that was away for a while has to try first.
const CUT_AFTER_ATTEMPTS: u32 = 3;

/// What to do to a cluster, and what stands in the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Why a grant cannot be brought where it should be, and who acts: sentences.
    pub trouble: BTreeMap<GrantId, String>,
    /// Whom the bindings of each wanted grant name.
    pub identities: BTreeMap<GrantId, Identity>,
    /// Usernames to keep for principals whose line cannot be written yet.
    pub reserved: Vec<Reserved>,
    /// Recorded mappings that aws-auth does not hold and that nothing has to be done for.
    pub settled: Vec<Settled>,
    /// What somebody else did to what is ours: for the audit log.
    pub findings: Vec<Finding>,
}

/// A write to the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Binding { step: BindingStep, grant: Option<GrantId> },
    AwsAuth(AwsAuthWrite),
    CreateRole { role: OwnRole, grants: Vec<GrantId> },
}

/// One change of one key of aws-auth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsAuthWrite {
    /// Of the object that was read: anything newer refuses the write.
    pub resource_version: String,
    pub key: Key,
    pub before: Option<String>,
    /// None takes the key out.
    pub after: Option<String>,
    pub lines: Vec<Line>,
    pub removed: Vec<(PrincipalId, u32)>,
    /// Mappings that were written after one that goes now: their texts before, without it.
    pub rebased: Vec<(PrincipalId, u32, Option<String>)>,
    /// The grants that wait for this write.
    pub grants: Vec<GrantId>,
}

/// A username that a principal has from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    pub principal: PrincipalId,
    pub identity: Identity,
}

/// A mapping's row, caught up with what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is there.
    Written(PrincipalId, u32),
    /// It is not there, and nobody needs it.
    Removed(PrincipalId, u32),
}

/// Something of ours that somebody else changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub grant: Option<GrantId>,
    pub what: String,
}

/// Plans a cluster. The API server must have answered: without its half of the observation there is nothing to plan.
pub fn plan(desired: &DesiredCluster, observed: &ClusterObservation) -> Plan {
    let Some(state) = &observed.kubernetes else { return Plan::default() };
    let data = state.aws_auth.as_ref().map(|object| object.data.clone()).unwrap_or_default();
    let only_revoke = not_ours(desired, state);
    let mut plan = Plan::default();
    let data = if only_revoke.is_none() { without_returned(desired, data, &mut plan.findings) } else { data };
    let mut planner = Planner { desired, observed, state, auth: AwsAuth::read(&data), only_revoke, plan };
    planner.revoke_bindings();
    planner.sweep();
    planner.look_who_is_who();
    planner.write_aws_auth(&data);
    planner.grant();
    planner.plan
}

/// The data without the lines of ours that were taken out before and came back. They give nobody a right, but their
/// principal could not be mapped again.
fn without_returned(desired: &DesiredCluster, mut data: Data, findings: &mut Vec<Finding>) -> Data {
    for recorded in &desired.returned {
        let Some(without) = mapping::without_bytes(&data, recorded) else { continue };
        data = without;
        let what = format!(
            "the line of `{}` was put back into aws-auth after it had been taken out; it is taken out again",
            recorded.username
        );
        findings.push(Finding { grant: None, what });
    }
    data
}

/// Why this installation may only revoke what it finds recorded: the cluster is fenced since a run was [`disowned`], or
/// its marker is not there, or disowns it now.
pub fn not_ours(desired: &DesiredCluster, state: &ClusterState) -> Option<String> {
    if desired.fenced.is_some() {
        return desired.fenced.clone();
    }
    let name = &desired.name;
    if state.marker.is_none() {
        return Some(format!(
            "{name} has no ConfigMap kube-system/latchkey, which says whose cluster it is: an operator has to apply what \
             `latchkey bootstrap {name}` prints"
        ));
    }
    disowned(desired, state)
}

/// Why the cluster is not this database's: its marker names another installation, or a later epoch of this one. The
/// epoch goes up with each run and passes the marker's by itself, so whoever sees this records it.
pub fn disowned(desired: &DesiredCluster, state: &ClusterState) -> Option<String> {
    let name = &desired.name;
    let marker = state.marker.as_ref()?;
    match (&marker.installation, marker.epoch) {
        (Some(installation), _) if *installation != desired.installation.to_string() => Some(format!(
            "{name} is marked as belonging to another installation of Latchkey ({installation}): an operator has to find \
             out which of the two databases is the right one, and accept this one (`latchkey accept-restore {name}`); \
             until then access is only taken away here"
        )),
        (Some(_), Some(epoch)) if epoch > desired.epoch => Some(format!(
            "{name} has seen a later state of this installation (epoch {epoch}, the database is at {}): the database \
             was restored from a backup; until an operator accepts that (`latchkey accept-restore {name}`), access is \
             only taken away here",
            desired.epoch
        )),
        _ => None,
    }
}

struct Planner<'a> {
    desired: &'a DesiredCluster,
    observed: &'a ClusterObservation,
    state: &'a ClusterState,
    auth: AwsAuth,
    only_revoke: Option<String>,
    plan: Plan,
}

impl Planner<'_> {
    fn present(&self) -> impl Iterator<Item = &DesiredGrant> {
        self.desired.grants.iter().filter(|grant| grant.wish.is_present())
    }

    fn binding(&mut self, steps: Vec<BindingStep>, grant: Option<GrantId>) {
        self.plan.steps.extend(steps.into_iter().map(|step| Step::Binding { step, grant }));
    }

    /// The bindings of grants that end. Where an earlier run may still create one, an empty object stands in its way
    /// until that run's time is over.
    fn revoke_bindings(&mut self) {
        let desired = self.desired;
        for grant in desired.grants.iter().filter(|grant| !grant.wish.is_present() && !grant.resting) {
            let keys = grant.keys(desired.installation);
            for observed in bindings::of_grant(self.state, grant.id(), &keys, desired.installation) {
                let mut steps = bindings::gone(observed, desired.installation, Some(grant.id()));
                if desired.uncertain.contains(&bindings::key_of(observed)) {
                    steps.retain(|step| !matches!(step, BindingStep::Delete { .. }));
                }
                self.binding(steps, Some(grant.id()));
            }
            let specs = grant.bindings(desired.installation, "");
            let awaited = specs.iter().filter(|spec| {
                let key = BindingKey::of(spec);
                desired.uncertain.contains(&key) && bindings::find(self.state, &key).is_none()
            });
            let stand_ins: Vec<BindingStep> = awaited.cloned().map(BindingStep::StandIn).collect();
            self.binding(stand_ins, Some(grant.id()));
        }
    }

    /// What carries our labels and belongs to no live grant.
    fn sweep(&mut self) {
        if self.only_revoke.is_some() {
            return;
        }
        let desired = self.desired;
        let known: BTreeSet<_> = desired.grants.iter().flat_map(|grant| grant.keys(desired.installation)).collect();
        let ends = |binding| {
            desired.grants.iter().any(|grant| !grant.wish.is_present() && bindings::names_grant(binding, grant.id()))
        };
        for observed in &self.state.bindings {
            let key = bindings::key_of(observed);
            if !bindings::is_labelled(observed, desired.installation) || known.contains(&key) || ends(observed) {
                continue;
            }
            let what = format!("{key} carries the labels of this installation and belongs to no access; it is removed");
            // What an interrupted revocation left behind is nobody's doing.
            if !observed.subjects.is_empty() {
                self.plan.findings.push(Finding { grant: None, what });
            }
            self.binding(bindings::gone(observed, desired.installation, None), None);
        }
    }

    /// Whom each wanted grant binds.
    fn look_who_is_who(&mut self) {
        if let Some(why) = self.only_revoke.clone() {
            let ids: Vec<GrantId> = self.present().map(DesiredGrant::id).collect();
            self.plan.trouble.extend(ids.into_iter().map(|id| (id, why.clone())));
            return;
        }
        let desired = self.desired;
        for grant in desired.grants.iter().filter(|grant| grant.wish.is_present()) {
            if grant.wish == Wish::Provision
                && let Some(why) = desired.paused.clone().or_else(|| self.stands_in_the_way(grant))
            {
                self.plan.trouble.insert(grant.id(), why);
                continue;
            }
            let standing = self.standing(grant);
            if let Some(why) = standing.trouble() {
                self.plan.trouble.insert(grant.id(), why.to_owned());
            }
            match standing {
                Standing::Mapped(identity) | Standing::Unmapped(identity) | Standing::Waiting(identity, _) => {
                    self.plan.identities.insert(grant.id(), identity);
                }
                Standing::Unsafe(why) => {
                    let keys = grant.keys(desired.installation);
                    let bound = bindings::of_grant(self.state, grant.id(), &keys, desired.installation);
                    if !bound.is_empty() {
                        self.plan.findings.push(Finding { grant: Some(grant.id()), what: why });
                    }
                    for observed in bound {
                        self.binding(
                            bindings::gone(observed, desired.installation, Some(grant.id())),
                            Some(grant.id()),
                        );
                    }
                }
                Standing::Refused(_) => {}
            }
        }
    }

    fn standing(&self, grant: &DesiredGrant) -> Standing {
        let facts = &grant.facts;
        if let Some(other) = self.cut_by(facts.principal) {
            return Standing::Unsafe(format!(
                "another access of {} here could not be ended in time ({other}), so everything of theirs on {} is cut: \
                 an operator has to see why its binding cannot be removed",
                facts.handle, self.desired.name
            ));
        }
        let who = Claimant { person: facts.person, handle: &facts.handle, principal: facts.principal, arn: &grant.arn };
        who::standing(self.desired, self.observed, &self.auth, who)
    }

    /// A grant of the principal whose end is overdue and whose binding still binds somebody.
    fn cut_by(&self, principal: PrincipalId) -> Option<GrantId> {
        let overdue = |grant: &&DesiredGrant| match grant.wish {
            Wish::Revoke { since } => {
                self.desired.now.duration_since(since) > OVERDUE_CUT && grant.attempts >= CUT_AFTER_ATTEMPTS
            }
            Wish::Provision | Wish::Keep => false,
        };
        let binds = |grant: &&DesiredGrant| {
            let keys = grant.keys(self.desired.installation);
            bindings::of_grant(self.state, grant.id(), &keys, self.desired.installation)
                .iter()
                .any(|binding| !binding.subjects.is_empty())
        };
        let of_principal = |grant: &&DesiredGrant| grant.facts.principal == principal;
        self.desired.grants.iter().filter(of_principal).filter(overdue).find(binds).map(DesiredGrant::id)
    }

    /// One change of aws-auth: out goes what nobody needs any more, in goes what is missing.
    fn write_aws_auth(&mut self, before: &Data) {
        let mut change = Change { data: before.clone(), ..Change::default() };
        self.settle(&mut change);
        if self.only_revoke.is_none() {
            self.add_lines(&mut change);
        }
        let Some(object) = &self.state.aws_auth else { return };
        self.plan.steps.extend(change.writes(object).into_iter().map(Step::AwsAuth));
    }

    /// Catches the rows up with what was seen, and takes out what nobody needs.
    fn settle(&mut self, change: &mut Change) {
        let desired = self.desired;
        for recorded in &desired.mappings {
            let needed = self.is_needed(recorded);
            let mapped = self.auth.identities().lookup(&recorded.arn).is_some_and(|m| m.username == recorded.username);
            if needed {
                if mapped && !recorded.written {
                    self.plan.settled.push(Settled::Written(recorded.principal, recorded.visit));
                }
                continue;
            }
            if recorded.own {
                self.take_out(recorded, change);
            } else {
                self.plan.settled.push(Settled::Removed(recorded.principal, recorded.visit));
            }
        }
    }

    /// Whether a live grant binds the username of this mapping. A revoking one does not.
    fn is_needed(&self, recorded: &RecordedMapping) -> bool {
        if self.cut_by(recorded.principal).is_some() {
            return false;
        }
        let mut wanted = self.present().filter(|grant| grant.facts.principal == recorded.principal).peekable();
        if wanted.peek().is_none() {
            return false;
        }
        // Somebody else mapped the principal instead, or took that mapping away: the row is about another username.
        wanted.any(|grant| {
            let identity = self.plan.identities.get(&grant.id());
            identity.is_none_or(|identity| identity.username == recorded.username && identity.own == recorded.own)
        })
    }

    fn take_out(&mut self, recorded: &RecordedMapping, change: &mut Change) {
        let id = (recorded.principal, recorded.visit);
        let ending = |grant: &&DesiredGrant| grant.facts.principal == recorded.principal && !grant.wish.is_present();
        let grants: Vec<GrantId> = self.desired.grants.iter().filter(ending).map(DesiredGrant::id).collect();
        let recorded = &RecordedMapping { text_before: change.text_before(recorded), ..recorded.clone() };
        match mapping::without(&change.data, recorded) {
            Removal::Nothing => self.plan.settled.push(Settled::Removed(id.0, id.1)),
            Removal::Without(data) => {
                change.data = data;
                change.removed.push(id);
                change.grants.extend(grants);
                let later = self.desired.mappings.iter().filter(|other| other.own && other.key == recorded.key);
                for other in later.filter(|other| (other.principal, other.visit) != id) {
                    let text = change.text_before(other);
                    let rebased = mapping::text_before_without(text.as_deref(), recorded);
                    if rebased != text {
                        change.rebased.insert((other.principal, other.visit), rebased);
                    }
                }
            }
            Removal::Stuck(why) => {
                self.plan.trouble.extend(grants.into_iter().map(|grant| (grant, why.clone())));
            }
        }
    }

    fn add_lines(&mut self, change: &mut Change) {
        let mut seen = BTreeSet::new();
        let desired = self.desired;
        for grant in desired.grants.iter().filter(|grant| grant.wish.is_present()) {
            let principal = grant.facts.principal;
            let Some(identity) = self.plan.identities.get(&grant.id()).cloned() else { continue };
            let waits: Vec<GrantId> = self
                .present()
                .filter(|other| other.facts.principal == principal && self.plan.identities.contains_key(&other.id()))
                .map(DesiredGrant::id)
                .collect();
            if !seen.insert(principal) || self.is_resting(&waits) {
                continue;
            }
            let standing = self.standing(grant);
            let recorded = desired
                .mappings
                .iter()
                .any(|row| row.principal == principal && row.username == identity.username && row.own == identity.own);
            match standing {
                Standing::Unmapped(identity) => {
                    let line =
                        mapping::with_line(&change.data, principal, &grant.arn, identity.visit, &identity.username);
                    match line {
                        Ok((line, data)) => {
                            change.data = data;
                            change.lines.push(line);
                            change.grants.extend(waits);
                        }
                        Err(why) => {
                            self.cannot_write(&why, &waits);
                            if !recorded {
                                self.plan.reserved.push(Reserved { principal, identity });
                            }
                        }
                    }
                }
                Standing::Mapped(identity) | Standing::Waiting(identity, _) if !recorded => {
                    self.plan.reserved.push(Reserved { principal, identity });
                }
                Standing::Mapped(_) | Standing::Waiting(..) | Standing::Unsafe(_) | Standing::Refused(_) => {}
            }
        }
    }

    fn is_resting(&self, grants: &[GrantId]) -> bool {
        self.desired.grants.iter().filter(|grant| grants.contains(&grant.id())).all(|grant| grant.resting)
    }

    fn cannot_write(&mut self, why: &Unsafe, grants: &[GrantId]) {
        let why = format!("no line was added to aws-auth on {}: {why}", self.desired.name);
        self.plan.trouble.extend(grants.iter().map(|grant| (*grant, why.clone())));
    }

    /// ClusterRoles and bindings of the grants that may have them.
    fn grant(&mut self) {
        let desired = self.desired;
        let mut roles: BTreeMap<String, (OwnRole, Vec<GrantId>)> = BTreeMap::new();
        let mut steps = Vec::new();
        for grant in desired.grants.iter().filter(|grant| grant.wish.is_present() && !grant.resting) {
            let Some(identity) = self.plan.identities.get(&grant.id()) else { continue };
            if let Some(why) = self.stands_in_the_way(grant) {
                self.plan.trouble.insert(grant.id(), why);
            }
            let specs = grant.bindings(desired.installation, &identity.username);
            for role in grant.facts.profile.roles.iter().filter(|role| role.own) {
                if !self.state.cluster_roles.contains_key(&role.name) {
                    let (installation, profile) = (desired.installation.0, grant.facts.profile.name.to_string());
                    let own = OwnRole { installation, profile, rules: role.rules.clone() };
                    roles.entry(role.name.clone()).or_insert_with(|| (own, Vec::new())).1.push(grant.id());
                }
            }
            self.plan.findings.extend(tampered(self.state, &specs, grant));
            let bindings = bindings::wanted(self.state, &specs, grant);
            steps.extend(bindings.into_iter().map(|step| Step::Binding { step, grant: Some(grant.id()) }));
        }
        self.plan.steps.extend(roles.into_values().map(|(role, grants)| Step::CreateRole { role, grants }));
        self.plan.steps.extend(steps);
    }

    /// Why a grant's bindings cannot be made now: its namespaces, its ClusterRoles.
    fn stands_in_the_way(&self, grant: &DesiredGrant) -> Option<String> {
        namespaces(grant, self.state, &self.desired.name).or_else(|| roles(grant, self.state, &self.desired.name))
    }
}

/// The change of aws-auth while it is put together.
#[derive(Debug, Default)]
struct Change {
    data: Data,
    lines: Vec<Line>,
    removed: Vec<(PrincipalId, u32)>,
    rebased: BTreeMap<(PrincipalId, u32), Option<String>>,
    grants: Vec<GrantId>,
}

impl Change {
    fn text_before(&self, recorded: &RecordedMapping) -> Option<String> {
        let rebased = self.rebased.get(&(recorded.principal, recorded.visit));
        rebased.cloned().unwrap_or_else(|| recorded.text_before.clone())
    }

    /// A write for each key that differs; only users are mapped, so it is one.
    fn writes(mut self, object: &AwsAuthObject) -> Vec<AwsAuthWrite> {
        self.grants.sort();
        self.grants.dedup();
        let changed = |key: &Key| object.data.get(key.as_str()) != self.data.get(key.as_str());
        let write = |key: Key| AwsAuthWrite {
            resource_version: object.resource_version.clone(),
            key,
            before: object.data.get(key.as_str()).cloned(),
            after: self.data.get(key.as_str()).cloned(),
            lines: self.lines.iter().filter(|line| line.key == key).cloned().collect(),
            removed: self.removed.clone(),
            rebased: self.rebased.iter().map(|(id, text)| (id.0, id.1, text.clone())).collect(),
            grants: self.grants.clone(),
        };
        Key::ALL.into_iter().filter(changed).map(write).collect()
    }
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

/// Bindings of a running access that somebody changed.
fn tampered(state: &ClusterState, specs: &[BindingSpec], grant: &DesiredGrant) -> Vec<Finding> {
    let is_changed = |spec: &&BindingSpec| {
        let observed = bindings::find(state, &BindingKey::of(spec));
        observed.is_some_and(|observed| bindings::drift(spec, observed) != bindings::Drift::None)
    };
    let finding = |spec: &BindingSpec| Finding {
        grant: Some(grant.id()),
        what: format!("somebody changed {}; it is put back", BindingKey::of(spec)),
    };
    if grant.wish != Wish::Keep {
        return Vec::new();
    }
    specs.iter().filter(is_changed).map(finding).collect()
}
