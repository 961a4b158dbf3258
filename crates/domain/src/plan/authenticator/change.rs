//! The part of a cluster's plan that is about mappings: access entries, and one change of aws-auth for all grants that
//! wait.
//!
//! If another client removed a line of Latchkey's, the line is written once more. After that the grant is blocked with
//! the name of the last writer, and the line is only tried again after a pause (10 min, then twice as long, an hour at
//! most), so that the two do not fight and the grant goes on once the other stops. If another manager *applies* the
//! key, no line is written at all until it gives the key up. A line that another client puts back after its end is
//! removed at each look, without limit, and the grant names that client; its binding is gone meanwhile. A missing
//! ConfigMap is never created: accesses still end, and grants that wait name who has to act.

use super::{
    EntryRemoval, Identity, MappingKind, OwnEntry, OwnLine, PlannedEntry, RecordedMapping, Removal, SESSION, Standing,
    Visiting,
    standing::is_fought_over,
    texts::{text_before_without, with_line, without},
};
use crate::{
    access::{GrantId, PrincipalId, blocker::Blocker},
    eks::aws_auth::{Data, Key, Unsafe},
    plan::{
        cluster::{AwsAuthWrite, Planner, Reserved, Settled, Step},
        desired::DesiredGrant,
        observation::AwsAuthObject,
        obstacles::Obstacle,
    },
};
use std::collections::{BTreeMap, BTreeSet};

impl Planner<'_> {
    /// One change of aws-auth: removes the lines that no grant needs any more, and adds the missing ones.
    pub(in crate::plan) fn write_aws_auth(&mut self, before: &Data) {
        let mut change = AwsAuthChange { data: before.clone(), ..AwsAuthChange::default() };
        self.settle(&mut change);
        if self.only_revoke.is_none() && self.desired.undescribed.is_none() {
            self.add_lines(&mut change);
        }
        let Some(object) = &self.state.aws_auth else { return };
        self.plan.steps.extend(change.writes(object).into_iter().map(Step::AwsAuth));
    }

    /// Updates the rows to what was seen, and removes the lines that no grant needs.
    fn settle(&mut self, change: &mut AwsAuthChange) {
        let desired = self.desired;
        for recorded in desired.mappings.iter().filter(|recorded| recorded.kind() == MappingKind::Line) {
            let needed = self.is_needed(recorded);
            let taken = self.authenticator.lines().take(&recorded.arn);
            let mapped = taken.is_some_and(|taken| taken.username == recorded.username);
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
        if let Visiting::Person(person) = recorded.visiting
            && self.cut_by(recorded.principal, person).is_some()
        {
            return false;
        }
        if self.desired.quarantined.iter().any(|row| !row.ends && row.principal == recorded.principal) {
            return true;
        }
        // A mapping for all who use a role is of no use to one session of it, and the other way round.
        let fits = |grant: &DesiredGrant| {
            grant.role.is_none()
                || recorded.username.contains(SESSION) == grant.terms.session.is_some()
                || !recorded.own
        };
        let of_principal = |grant: &&DesiredGrant| grant.terms.principal == recorded.principal && fits(grant);
        let mut wanted = self.present().filter(of_principal).peekable();
        if wanted.peek().is_none() {
            return false;
        }
        // Another client mapped the principal instead, or took that mapping away: the row is about another username.
        wanted.any(|grant| {
            let identity = self.plan.identities.get(&grant.id);
            identity.is_none_or(|identity| {
                let is_same = identity.mapped == recorded.username && identity.own == recorded.own;
                is_same && (identity.kind == recorded.kind() || self.stands_for(recorded, identity))
            })
        })
    }

    /// Whether a mapping of the other kind still stands for an identity: a line until the access entry beside it has
    /// settled, and the entry that is being made to move a line.
    fn stands_for(&self, recorded: &RecordedMapping, identity: &Identity) -> bool {
        match recorded.kind() {
            MappingKind::Line => {
                identity.kind == MappingKind::Entry
                    && self.authenticator.takes_lines()
                    && self.authenticator.entry_settles(self.desired, &recorded.arn).is_some()
            }
            MappingKind::Entry => self.moves(recorded.principal),
        }
    }

    /// Whether an operator asked to move a principal from its line to an access entry, and the cluster takes both.
    fn moves(&self, principal: PrincipalId) -> bool {
        let asked = self.desired.mappings.iter().any(|row| row.principal == principal && row.own && row.moves);
        asked && self.authenticator.way(MappingKind::Entry) == MappingKind::Entry
    }

    /// The grants of a mapping's principal that end.
    fn ending(&self, recorded: &RecordedMapping) -> Vec<GrantId> {
        let ending = |grant: &&DesiredGrant| grant.terms.principal == recorded.principal && !grant.wish.is_present();
        let quarantined = self.desired.quarantined.iter().filter(|row| row.ends && row.principal == recorded.principal);
        let grants = self.desired.grants.iter().filter(ending).map(|grant| grant.id);
        grants.chain(quarantined.map(|row| row.id)).collect()
    }

    fn take_out(&mut self, recorded: &RecordedMapping, change: &mut AwsAuthChange) {
        let id = (recorded.principal, recorded.visit);
        let grants = self.ending(recorded);
        let recorded = &RecordedMapping { text_before: change.text_before(recorded), ..recorded.clone() };
        match without(&change.data, recorded) {
            Removal::Nothing => self.plan.settled.push(Settled::Removed(id.0, id.1)),
            Removal::Without(data) => {
                change.data = data;
                change.removed.push((recorded.line_key(), id));
                change.grants.extend(grants);
                let later = self.desired.mappings.iter().filter(|other| other.own && other.key == recorded.key);
                for other in later.filter(|other| (other.principal, other.visit) != id) {
                    let text = change.text_before(other);
                    let rebased = text_before_without(text.as_deref(), recorded);
                    if rebased != text {
                        change.keys.insert((other.principal, other.visit), recorded.line_key());
                        change.rebased.insert((other.principal, other.visit), rebased);
                    }
                }
            }
            // On a cluster that reads only entries, what is left of the line lets no user in.
            Removal::Stuck(_) if !self.authenticator.takes_lines() => {
                self.plan.settled.push(Settled::Removed(id.0, id.1));
            }
            Removal::Stuck(why) => {
                self.plan.trouble.extend(grants.into_iter().map(|grant| (grant, Obstacle::Blocked(why.clone()))));
            }
        }
    }

    fn add_lines(&mut self, change: &mut AwsAuthChange) {
        let mut seen = BTreeSet::new();
        let desired = self.desired;
        for grant in desired.grants.iter().filter(|grant| grant.wish.is_present()) {
            let principal = grant.terms.principal;
            let Some(identity) = self.plan.identities.get(&grant.id).cloned() else { continue };
            let waits = self.waiting(principal);
            if identity.kind != MappingKind::Line {
                continue;
            }
            if !seen.insert(principal) || self.is_resting(&waits) {
                continue;
            }
            let standing = self.standing(grant);
            let recorded = self.is_recorded(principal, &identity);
            match standing {
                // `write_entries` makes it.
                Standing::Unmapped(Identity { kind: MappingKind::Entry, .. }) => {}
                Standing::Unmapped(identity) => {
                    let line = with_line(&change.data, principal, &grant.arn, identity.visit, &identity.mapped);
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

    fn is_recorded(&self, principal: PrincipalId, identity: &Identity) -> bool {
        self.desired.mappings.iter().any(|row| {
            let is_same = row.username == identity.mapped && row.own == identity.own;
            row.principal == principal && is_same && row.kind() == identity.kind
        })
    }

    /// The access entries that no grant needs any more, and those that are missing. Rows follow what was seen.
    pub(in crate::plan) fn write_entries(&mut self) {
        let desired = self.desired;
        for recorded in desired.mappings.iter().filter(|recorded| recorded.kind() == MappingKind::Entry) {
            let (id, needed) = ((recorded.principal, recorded.visit), self.is_needed(recorded));
            match self.authenticator.entry_of(recorded, desired.installation) {
                OwnEntry::Stands(fields) if needed => {
                    let known = recorded.entry.as_ref().and_then(|entry| entry.id.as_ref());
                    if !recorded.written || known != Some(&fields.id) {
                        self.plan.settled.push(Settled::EntryWritten(id.0, id.1, fields.id.clone()));
                    }
                }
                OwnEntry::Stands(fields) if recorded.own => {
                    let (arn, own) = (recorded.arn.clone(), fields.id.clone());
                    let grants = self.ending(recorded);
                    let removal = EntryRemoval { principal: id.0, arn, visit: id.1, id: own, grants };
                    self.plan.steps.push(Step::DeleteEntry(removal));
                }
                // While an interrupted run may still create it, its row stays, so that a later look finds it.
                OwnEntry::Absent if !needed && recorded.own && desired.entries_uncertain.contains(&id.0) => {}
                OwnEntry::Stands(_) | OwnEntry::Absent if !needed => {
                    self.plan.settled.push(Settled::EntryRemoved(id.0, id.1));
                }
                OwnEntry::Stands(_) | OwnEntry::Absent | OwnEntry::Unknown => {}
            }
        }
        if self.only_revoke.is_none() && desired.undescribed.is_none() {
            self.add_entries();
        }
    }

    /// Whether another client deletes the principal's access entry whenever it is made.
    fn is_fought_over(&self, principal: PrincipalId) -> bool {
        let mut entries = self.desired.mappings.iter().filter(|row| row.kind() == MappingKind::Entry);
        entries.any(|row| row.principal == principal && is_fought_over(row))
    }

    fn add_entries(&mut self) {
        let (desired, mut seen) = (self.desired, BTreeSet::new());
        for grant in desired.grants.iter().filter(|grant| grant.wish.is_present()) {
            let principal = grant.terms.principal;
            let moves = grant.entry && self.moves(principal);
            let identity = self.plan.identities.get(&grant.id);
            if !identity.is_some_and(|identity| identity.kind == MappingKind::Entry || (identity.own && moves)) {
                continue;
            }
            let waits = self.waiting(principal);
            if !seen.insert(principal) || self.is_resting(&waits) {
                continue;
            }
            match self.standing(grant) {
                Standing::Unmapped(identity) => {
                    let (cluster, installation) = (desired.name.as_str(), desired.installation);
                    let entry = PlannedEntry::of(principal, &grant.arn, &identity, cluster, installation, waits);
                    self.plan.steps.push(Step::CreateEntry(entry));
                }
                // The line is there, and the entry beside it is not yet.
                Standing::Mapped(identity) if identity.own && identity.kind == MappingKind::Line => {
                    if !self.is_fought_over(principal) {
                        let (cluster, installation) = (desired.name.as_str(), desired.installation);
                        // The line works: no access waits for the entry, or fails with it.
                        let entry = PlannedEntry::of(principal, &grant.arn, &identity, cluster, installation, vec![]);
                        self.plan.steps.push(Step::CreateEntry(entry));
                    }
                }
                Standing::Mapped(identity) | Standing::Waiting(identity, _)
                    if !self.is_recorded(principal, &identity) =>
                {
                    self.plan.reserved.push(Reserved { principal, identity });
                }
                Standing::Mapped(_) | Standing::Waiting(..) | Standing::Unsafe(_) | Standing::Refused(_) => {}
            }
        }
    }

    /// The grants of a principal that have a user to bind.
    fn waiting(&self, principal: PrincipalId) -> Vec<GrantId> {
        let of_principal = |grant: &&DesiredGrant| grant.terms.principal == principal;
        let waits = self.present().filter(of_principal).filter(|grant| self.plan.identities.contains_key(&grant.id));
        waits.map(|grant| grant.id).collect()
    }

    fn is_resting(&self, grants: &[GrantId]) -> bool {
        self.desired.grants.iter().filter(|grant| grants.contains(&grant.id)).all(|grant| grant.resting)
    }

    fn cannot_write(&mut self, why: &Unsafe, grants: &[GrantId]) {
        let why = Blocker::LineNotAdded { cluster: self.desired.name.clone(), why: why.clone() };
        self.plan.trouble.extend(grants.iter().map(|grant| (*grant, Obstacle::Blocked(why.clone()))));
    }
}

/// The change of aws-auth while it is assembled.
#[derive(Debug, Default)]
struct AwsAuthChange {
    data: Data,
    lines: Vec<OwnLine>,
    removed: Vec<(Key, (PrincipalId, u32))>,
    rebased: BTreeMap<(PrincipalId, u32), Option<String>>,
    /// The keys of the rebased ones.
    keys: BTreeMap<(PrincipalId, u32), Key>,
    grants: Vec<GrantId>,
}

impl AwsAuthChange {
    fn text_before(&self, recorded: &RecordedMapping) -> Option<String> {
        let rebased = self.rebased.get(&(recorded.principal, recorded.visit));
        rebased.cloned().unwrap_or_else(|| recorded.text_before.clone())
    }

    /// A write for each key that differs, with the rows of that key alone: users and roles are mapped by keys of their own.
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
            removed: self.removed.iter().filter(|(of, _)| *of == key).map(|(_, id)| *id).collect(),
            rebased: (self.rebased.iter())
                .filter(|(id, _)| self.keys.get(id) == Some(&key))
                .map(|(id, text)| (id.0, id.1, text.clone()))
                .collect(),
            grants: self.grants.clone(),
        };
        Key::ALL.into_iter().filter(changed).map(write).collect()
    }
}
