//! The contents of Postgres: grants in their real states, legs, mappings, intents, one target with its lease.

use super::kept::Kept;
use crate::{
    access::{
        PrincipalId,
        grant::{Compared, Condition, Gone, Grant, Leg, Present, Proof, Proven},
        residual::Residual,
        transition::Target,
    },
    plan::{
        authenticator::{MappingKind, OwnLine, PlannedEntry, RecordedEntry, RecordedMapping, Visiting},
        bindings,
        cluster::{AwsAuthWrite, Plan, Settled, Step},
        desired::{BindingKey, DesiredCluster, DesiredGrant, Wish},
        observation::ClusterState,
        own_roles::OwnRoles,
        samples,
    },
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The length of a worker's lease on the target.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How long a binding that was about to be created is uncertain: as long as the run's token lasts, plus the difference
/// of the clocks.
pub const ARRIVES_WITHIN: SignedDuration = SignedDuration::from_mins(20);

/// The model has no events that people read.
fn unsaid(_: &Residual) -> String {
    String::new()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowState {
    Intended,
    Written,
    Removed,
}

/// A binding that was about to be created.
#[derive(Debug, Clone)]
pub struct ModelIntent {
    pub epoch: i64,
    pub key: BindingKey,
    pub begun: Timestamp,
    /// A later run looked, and it was not there.
    pub unseen: bool,
}

/// A ClusterRole of Latchkey's that was about to be deleted, without a record of what came of it.
#[derive(Debug, Clone)]
pub struct Deletion {
    pub epoch: i64,
    pub uid: String,
    pub begun: Timestamp,
}

#[derive(Debug, Clone)]
pub struct Database {
    pub grants: BTreeMap<u128, Kept<Grant>>,
    /// What the cluster's leg of each grant last proved.
    pub legs: BTreeMap<u128, Proven>,
    pub rows: Vec<(RecordedMapping, RowState)>,
    pub open: Vec<ModelIntent>,
    /// The epochs of runs that were about to remove lines from aws-auth, and whose outcome no row records.
    pub unmapping: Vec<i64>,
    pub deleting: Vec<Deletion>,
    pub epoch: i64,
    pub leased_until: Option<Timestamp>,
    /// How often each access became active.
    pub activations: BTreeMap<u128, u32>,
    /// Usernames whose mapping was removed.
    pub retired: BTreeSet<String>,
    /// A violation that rows should never show, if there was one.
    pub broken: Option<String>,
}

impl Database {
    pub fn new() -> Self {
        Self {
            grants: BTreeMap::new(),
            legs: BTreeMap::new(),
            rows: vec![],
            open: vec![],
            unmapping: vec![],
            deleting: vec![],
            epoch: 0,
            leased_until: None,
            activations: BTreeMap::new(),
            retired: BTreeSet::new(),
            broken: None,
        }
    }

    /// The desired state that a run reads in one snapshot.
    pub fn desired(&self, epoch: i64, now: Timestamp, state: &ClusterState) -> DesiredCluster {
        let mut desired = samples::desired(self.grants.values().filter_map(|grant| desired_grant(grant)).collect());
        desired.now = now;
        (desired.epoch, desired.marked) = (epoch, epoch - 1);
        let live = self.rows.iter().filter(|(_, state)| *state != RowState::Removed);
        desired.mappings =
            live.map(|(row, state)| RecordedMapping { written: *state == RowState::Written, ..row.clone() }).collect();
        let mut visits: BTreeMap<Visiting, u32> = BTreeMap::new();
        for (row, _) in &self.rows {
            let visit = visits.entry(row.visiting).or_default();
            *visit = (*visit).max(row.visit);
        }
        desired.visits = visits;
        let data = state.aws_auth.as_ref().map(|object| object.data.clone()).unwrap_or_default();
        let reserved = crate::plan::authenticator::reserved(&data);
        let known = |name: &str| desired.mappings.iter().any(|row| row.username == name);
        let removed = self.rows.iter().filter(|(_, state)| *state == RowState::Removed).map(|(row, _)| row);
        desired.returned =
            removed.filter(|row| reserved.contains(&row.username) && !known(&row.username)).cloned().collect();
        let uncertain = self.open.iter().filter(|intent| intent.unseen && now < intent.begun + ARRIVES_WITHIN);
        desired.uncertain = uncertain.map(|intent| intent.key.clone()).collect();
        // No profile of the policy needs one: each goes with its last access, and is made anew by the next.
        let live = self.grants.values().filter(|grant| !matches!(***grant, Grant::Ended(_)));
        let needed =
            live.flat_map(|grant| grant.facts().terms.profile.roles.iter().map(|role| role.name.clone())).collect();
        let going = self.deleting.iter().filter(|open| open.epoch < epoch && now < open.begun + ARRIVES_WITHIN);
        let going = going.map(|open| open.uid.clone()).collect();
        desired.roles = OwnRoles { needed: Some(needed), going, refused: false };
        desired
    }

    /// Closes intents of earlier runs: an intent is done if the object is certainly the one of its run. For the others,
    /// a later look proves nothing.
    pub fn close_dangling(&mut self, epoch: i64, now: Timestamp, state: &ClusterState) {
        self.unmapping.retain(|open| *open >= epoch);
        self.open.retain(|intent| !intent.unseen || now < intent.begun + ARRIVES_WITHIN);
        let uncertain = self.open.iter().filter(|intent| intent.unseen).map(|intent| intent.key.clone()).collect();
        self.open.retain_mut(|intent| {
            let closes = intent.epoch < epoch && !intent.unseen;
            intent.unseen |= closes;
            !(closes && bindings::is_created(state, &intent.key, &uncertain))
        });
    }

    /// Whether there is anything of earlier runs to be closed.
    pub fn has_dangling(&self, epoch: i64) -> bool {
        self.open.iter().any(|intent| intent.epoch < epoch && !intent.unseen)
    }

    pub fn catch_up(&mut self, plan: &Plan) {
        for settled in &plan.settled {
            match settled {
                Settled::Written(principal, visit) => self.set_written(*principal, *visit, MappingKind::Line),
                Settled::Removed(principal, visit) => self.set_removed(*principal, *visit, MappingKind::Line),
                Settled::EntryWritten(principal, visit, id) => {
                    for (row, _) in self.at(*principal, *visit, MappingKind::Entry) {
                        row.entry = Some(RecordedEntry { id: Some(id.clone()) });
                    }
                    self.set_written(*principal, *visit, MappingKind::Entry);
                }
                Settled::EntryRemoved(principal, visit) => {
                    self.set_removed(*principal, *visit, MappingKind::Entry);
                }
            }
        }
        for reserved in &plan.reserved {
            let identity = &reserved.identity;
            let mut row = self.row(reserved.principal, identity.visit, &identity.mapped);
            row.own = identity.own;
            row.entry = (identity.kind == MappingKind::Entry).then(RecordedEntry::default);
            self.put(row);
        }
    }

    pub fn intend(&mut self, lines: &[OwnLine]) {
        for line in lines {
            if self.retired.contains(&line.username) {
                self.broken = Some(format!("{} is given again", line.username));
            }
            let mut row = self.row(line.principal, line.visit, &line.username);
            row.key = Some(line.key);
            row.inserted = Some(line.inserted.clone());
            row.text_before.clone_from(&line.text_before);
            self.put(row);
        }
    }

    pub fn intend_entry(&mut self, entry: &PlannedEntry) {
        if self.retired.contains(&entry.username) {
            self.broken = Some(format!("{} is given again", entry.username));
        }
        let mut row = self.row(entry.principal, entry.visit, &entry.username);
        row.entry = Some(RecordedEntry::default());
        self.put(row);
    }

    /// Records that an access entry was made or deleted.
    pub fn wrote_entry(&mut self, step: &Step) {
        match step {
            Step::CreateEntry(entry) => {
                self.set_written(entry.principal, entry.visit, MappingKind::Entry);
                for (row, _) in self.at(entry.principal, entry.visit, MappingKind::Entry) {
                    row.writes += 1;
                }
            }
            Step::DeleteEntry(entry) => self.set_removed(entry.principal, entry.visit, MappingKind::Entry),
            Step::Binding { .. } | Step::AwsAuth(_) | Step::CreateRole { .. } | Step::DeleteRole(_) => {}
        }
    }

    pub fn wrote(&mut self, write: &AwsAuthWrite) {
        for line in &write.lines {
            self.set_written(line.principal, line.visit, MappingKind::Line);
            for (row, _) in self.at(line.principal, line.visit, MappingKind::Line) {
                row.writes += 1;
            }
        }
        for (principal, visit) in &write.removed {
            self.set_removed(*principal, *visit, MappingKind::Line);
        }
        for (principal, visit, text) in &write.rebased {
            for (row, _) in self.at(*principal, *visit, MappingKind::Line) {
                row.text_before.clone_from(text);
            }
        }
    }

    fn at(
        &mut self,
        principal: PrincipalId,
        visit: u32,
        kind: MappingKind,
    ) -> impl Iterator<Item = &mut (RecordedMapping, RowState)> {
        self.rows.iter_mut().filter(move |(row, _)| (row.principal, row.visit, row.kind()) == (principal, visit, kind))
    }

    fn set_written(&mut self, principal: PrincipalId, visit: u32, kind: MappingKind) {
        for (_, state) in self.at(principal, visit, kind).filter(|(_, state)| *state == RowState::Intended) {
            *state = RowState::Written;
        }
    }

    fn set_removed(&mut self, principal: PrincipalId, visit: u32, kind: MappingKind) {
        let mut gone = vec![];
        for (row, state) in self.at(principal, visit, kind) {
            *state = RowState::Removed;
            gone.push(row.username.clone());
        }
        self.retired.extend(gone);
    }

    fn put(&mut self, row: RecordedMapping) {
        let kind = row.kind();
        let writes = self.at(row.principal, row.visit, kind).map(|(row, _)| row.writes).max().unwrap_or_default();
        self.rows.retain(|(other, _)| (other.principal, other.visit, other.kind()) != (row.principal, row.visit, kind));
        let is_other = |other: &RecordedMapping| other.principal == row.principal && other.kind() == kind;
        if self.rows.iter().any(|(other, state)| is_other(other) && *state != RowState::Removed) {
            self.broken = Some(format!("the index mapping_one_live refuses {}", row.username));
        }
        self.rows.push((RecordedMapping { writes, ..row }, RowState::Intended));
    }

    fn row(&self, principal: PrincipalId, visit: u32, username: &str) -> RecordedMapping {
        let grant = self.grants.values().find(|grant| grant.facts().terms.principal == principal).unwrap();
        samples::mapping(Visiting::Person(grant.facts().person), &grant.facts().terms, visit, username)
    }

    /// A finished run's verdict on one grant, as `worker::finish` makes it.
    pub fn judge(&mut self, id: u128, wish: Wish, proven: bool, now: Timestamp) {
        let Some(grant) = self.grants.get(&id).map(|grant| Grant::clone(grant)) else { return };
        let is_present = match &grant {
            Grant::Provisioning(_) | Grant::Active(_) => true,
            Grant::Revoking(_) => false,
            Grant::Scheduled(_) | Grant::Ended(_) => return,
        };
        if is_present != wish.is_present() {
            return;
        }
        let leg = match (proven, is_present) {
            (true, true) => Proven::Present,
            (true, false) => Proven::Gone,
            (false, false) => Proven::Nothing,
            // A later look that finds a setup changed revokes its proof; an active access keeps its proof.
            (false, true) if matches!(grant, Grant::Provisioning(_)) => Proven::Nothing,
            (false, true) => self.legs.get(&id).copied().unwrap_or(Proven::Nothing),
        };
        self.legs.insert(id, leg);
        let facts = grant.facts().clone();
        // IAM is another target, and its leg is proven at once here.
        let iam = if is_present { Proven::Present } else { Proven::Gone };
        let legs = [(Target::Cluster(facts.terms.cluster), leg), (Target::Principal(facts.terms.principal), iam)].map(
            |(target, proven)| Leg {
                target,
                proven,
                compared: Compared::Same,
                condition: Condition::Ok,
                residual: vec![],
            },
        );
        let next = match grant {
            Grant::Provisioning(grant) => Proof::<Present>::of(&legs, &facts.terms.profile)
                .and_then(|proof| grant.activate(proof, unsaid, now).ok())
                .map(|transition| Grant::Active(transition.to)),
            Grant::Revoking(grant) => {
                Proof::<Gone>::of(&legs, &facts).map(|proof| Grant::Ended(grant.end(proof, unsaid, now).to))
            }
            Grant::Scheduled(_) | Grant::Active(_) | Grant::Ended(_) => None,
        };
        if let Some(next) = next {
            if matches!(next, Grant::Active(_)) {
                *self.activations.entry(id).or_default() += 1;
            }
            self.grants.insert(id, Kept::new(next));
        }
    }
}

pub fn desired_grant(grant: &Grant) -> Option<DesiredGrant> {
    let wish = match grant {
        Grant::Provisioning(_) => Wish::Provision,
        Grant::Active(_) => Wish::Keep,
        Grant::Revoking(grant) => Wish::Revoke { since: grant.revoking_since },
        Grant::Scheduled(_) | Grant::Ended(_) => return None,
    };
    let facts = grant.facts();
    let arn = facts.terms.principal_arn.parse().unwrap();
    Some(DesiredGrant { deciders: vec!["boss".into()], ..DesiredGrant::of(facts, wish, arn) })
}
