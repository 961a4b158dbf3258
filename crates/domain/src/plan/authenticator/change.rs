//! The part of a cluster's plan that is about aws-auth: one change of it for all grants that wait.
//!
//! If another client removed a line of Latchkey's, the line is written once more. After that the grant is blocked with
//! the name of the last writer, and the line is only tried again after a pause (10 min, then twice as long, an hour at
//! most), so that the two do not fight and the grant goes on once the other stops. If another manager *applies* the
//! key, no line is written at all until it gives the key up. A line that another client puts back after its end is
//! removed at each look, without limit, and the grant names that client; its binding is gone meanwhile. A missing
//! ConfigMap is never created: accesses still end, and grants that wait name who has to act.

use super::{
    OwnLine, RecordedMapping, Removal, Standing,
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
        for recorded in &desired.mappings {
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
        if self.cut_by(recorded.principal).is_some() {
            return false;
        }
        if self.desired.quarantined.iter().any(|row| !row.ends && row.principal == recorded.principal) {
            return true;
        }
        let mut wanted = self.present().filter(|grant| grant.terms.principal == recorded.principal).peekable();
        if wanted.peek().is_none() {
            return false;
        }
        // Another client mapped the principal instead, or took that mapping away: the row is about another username.
        wanted.any(|grant| {
            let identity = self.plan.identities.get(&grant.id);
            identity.is_none_or(|identity| identity.username == recorded.username && identity.own == recorded.own)
        })
    }

    fn take_out(&mut self, recorded: &RecordedMapping, change: &mut AwsAuthChange) {
        let id = (recorded.principal, recorded.visit);
        let ending = |grant: &&DesiredGrant| grant.terms.principal == recorded.principal && !grant.wish.is_present();
        let quarantined = self.desired.quarantined.iter().filter(|row| row.ends && row.principal == recorded.principal);
        let grants: Vec<GrantId> = (self.desired.grants.iter().filter(ending).map(|grant| grant.id))
            .chain(quarantined.map(|row| row.id))
            .collect();
        let recorded = &RecordedMapping { text_before: change.text_before(recorded), ..recorded.clone() };
        match without(&change.data, recorded) {
            Removal::Nothing => self.plan.settled.push(Settled::Removed(id.0, id.1)),
            Removal::Without(data) => {
                change.data = data;
                change.removed.push(id);
                change.grants.extend(grants);
                let later = self.desired.mappings.iter().filter(|other| other.own && other.key == recorded.key);
                for other in later.filter(|other| (other.principal, other.visit) != id) {
                    let text = change.text_before(other);
                    let rebased = text_before_without(text.as_deref(), recorded);
                    if rebased != text {
                        change.rebased.insert((other.principal, other.visit), rebased);
                    }
                }
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
            let waits: Vec<GrantId> = self
                .present()
                .filter(|other| other.terms.principal == principal && self.plan.identities.contains_key(&other.id))
                .map(|grant| grant.id)
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
                    let line = with_line(&change.data, principal, &grant.arn, identity.visit, &identity.username);
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
    removed: Vec<(PrincipalId, u32)>,
    rebased: BTreeMap<(PrincipalId, u32), Option<String>>,
    grants: Vec<GrantId>,
}

impl AwsAuthChange {
    fn text_before(&self, recorded: &RecordedMapping) -> Option<String> {
        let rebased = self.rebased.get(&(recorded.principal, recorded.visit));
        rebased.cloned().unwrap_or_else(|| recorded.text_before.clone())
    }

    /// A write for each key that differs; only users are mapped, so there is at most one.
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
