//! How a cluster maps an ARN to a user. The one module of `plan` that reads aws-auth and EKS's own table of access
//! entries, knows what was written to them, and plans what is written.
//!
//! - `line`: what aws-auth says.
//! - `entry`: what EKS's own table says, which overrides aws-auth, and the entries to make and to delete.
//! - `naming`: the usernames that Latchkey gives.
//! - `standing`: the username that a principal's grants bind, or why there is none.
//! - `recorded`: what was written, as the database knows it.
//! - `readiness`: which entries of aws-auth could be access entries instead.
//! - `ways_in`: everyone whom the cluster lets in, for the people who have to know.
//! - `change`: the part of a cluster's plan that is about aws-auth; `texts`: the bytes of it.
//!
//! `Authenticator::identify` says to which user a cluster maps an ARN, and by which source: a line, an entry, neither,
//! or not known and why. The plan, the proof and the model ask it.

mod change;
mod entry;
mod line;
mod naming;
mod readiness;
mod recorded;
mod standing;
mod texts;
mod ways_in;

use super::desired::DesiredCluster;
use super::observation::{AccessEntry, AuthenticationMode, AwsAuthObject, ClusterObservation};
use crate::{
    access::{InstallationId, blocker::Blocker},
    eks::{
        arn::{PrincipalArn, arn_key},
        aws_auth::{Data, Key},
    },
};
use entry::EntriesByArn;
use jiff::SignedDuration;
use std::{borrow::Cow, collections::BTreeSet};

pub use entry::{CLUSTER_TAG, EntryRemoval, OwnEntry, PlannedEntry, TAG};
pub use line::{Lines, OWN_MANAGER, last_managers, line_key, reserved};
pub use naming::{Named, RESERVED, RoleKey, SESSION, Visiting, is_of_role, rendered, username};
pub use readiness::{Becomes, CannotMove, LineReadiness, can_move, readiness};
pub use recorded::{MappingKind, RecordedEntry, RecordedMapping};
pub use standing::{
    FIRST_PAUSE, Identity, LONGEST_PAUSE, MASTERS, PrincipalOwner, Standing, WRITES_AT_MOST, as_masters,
    name_still_bound, standing,
};
pub use texts::{OwnLine, Removal, text_before_without, with_line, without, without_bytes};
pub use ways_in::{
    ANONYMOUS, BoundRole, LetIn, RecordedNames, SERVICE_ACCOUNT, Source, UNAUTHENTICATED, WayIn, WayKind, not_seen,
    ways_in,
};

/// A Kubernetes user with its groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub username: String,
    pub groups: Vec<String>,
}

/// The user to whom a cluster maps an ARN, as far as it was seen, by the source that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identified<'a> {
    /// By aws-auth.
    Line(Taken),
    /// By an access entry, whatever aws-auth says.
    Entry(&'a AccessEntry),
    /// The cluster maps the ARN to no user.
    NotMapped,
    /// It is not known. The reason, unless no look was made.
    Unknown(Option<&'a Blocker>),
}

/// What a cluster's authenticator goes by, as it was observed.
#[derive(Debug, Clone)]
pub struct Authenticator<'a> {
    observed: &'a ClusterObservation,
    lines: Lines,
    entries: EntriesByArn<'a>,
}

impl<'a> Authenticator<'a> {
    /// The authenticator as it was observed.
    pub fn of(observed: &'a ClusterObservation) -> Self {
        let none = Data::new();
        Self::with(observed, data(observed).unwrap_or(&none))
    }

    /// The authenticator with these texts in aws-auth.
    pub fn with(observed: &'a ClusterObservation, data: &Data) -> Self {
        Self { observed, lines: Lines::read(data), entries: EntriesByArn::read(observed) }
    }

    /// The user to whom it maps an ARN. An access entry takes precedence over a line. If entries were not listed, and
    /// EKS was not asked about this one, the line counts: a caller that plans by the answer must ask EKS first.
    pub fn identify(&self, arn: &str) -> Identified<'a> {
        let arn = &*canonical(arn);
        match self.entries.of(arn).map(|entry| (entry, entry.unknown())) {
            Some((_, Some(why))) => Identified::Unknown(Some(why)),
            Some((entry, None)) => Identified::Entry(entry),
            None if self.takes_lines() => self.lines.take(arn).map_or(Identified::NotMapped, Identified::Line),
            None if self.entries.has_none(arn) => Identified::NotMapped,
            None => Identified::Unknown(self.observed.entries.unknown()),
        }
    }

    /// Whether the cluster's mode uses aws-auth. A cluster that EKS has not described is treated as if it did.
    pub fn takes_lines(&self) -> bool {
        match self.observed.aws.as_ref().map(|aws| aws.mode) {
            Some(AuthenticationMode::ConfigMap | AuthenticationMode::ApiAndConfigMap) | None => true,
            Some(AuthenticationMode::Api) => false,
        }
    }

    /// Its aws-auth only, even if an entry overrides it: once the entry is gone, the line counts again.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// The other identities that are this user, or may be: those whose ARNs are not among `own`, in lower case.
    /// Entries count as far as their fields were read.
    pub fn bearers(&self, username: &str, own: &BTreeSet<String>) -> Vec<String> {
        let is_other = |arn: &str| !own.contains(&arn_key(arn));
        let entries =
            self.entries.read_ones().filter(|(arn, fields)| is_other(arn) && line::bears(&fields.username, username));
        self.lines.bearers(username, own).into_iter().chain(entries.map(|(arn, _)| arn.to_owned())).collect()
    }

    /// How long the cluster's API servers may not have read the access entry that maps an ARN, from the look on. An entry
    /// of Latchkey's counts from when it was written, by the database's clock; one of another client, or one whose answer
    /// was lost, from when EKS says that it was made. `None` if it has settled, or no entry maps the ARN.
    pub fn entry_settles(&self, desired: &DesiredCluster, arn: &str) -> Option<SignedDuration> {
        let Identified::Entry(entry) = self.identify(arn) else { return None };
        let own = desired.mappings.iter().filter(|row| row.own && row.written && row.kind() == MappingKind::Entry);
        let key = arn_key(arn);
        let is_of = |row: &&RecordedMapping| arn_key(&row.arn) == key;
        let wrote_ago = own.filter(is_of).find_map(|row| row.wrote_ago);
        let age = match wrote_ago {
            Some(ago) => ago,
            None => desired.looks_at.duration_since(entry.fields()?.created_at?),
        };
        let left = desired.entry_settle - age;
        // A clock that is off makes no access wait for longer than the setting says.
        left.is_positive().then(|| left.min(desired.entry_settle))
    }

    /// Whether the recorded mapping of this installation is still there, or may be.
    pub fn holds(&self, recorded: &RecordedMapping, installation: InstallationId) -> bool {
        match &recorded.entry {
            Some(_) => self.entry_of(recorded, installation).may_stand(),
            None => self.lines.hold(recorded),
        }
    }

    /// What is seen of a recorded access entry.
    pub fn entry_of(&self, recorded: &RecordedMapping, installation: InstallationId) -> OwnEntry<'a> {
        match self.entries.of(&recorded.arn) {
            Some(entry) => OwnEntry::read(entry, recorded, installation),
            None if self.entries.has_none(&recorded.arn) => OwnEntry::Absent,
            None => OwnEntry::Unknown,
        }
    }

    /// What another client changed of an access entry of Latchkey's that stands, if anything.
    pub fn entry_changed(&self, recorded: &RecordedMapping, installation: InstallationId) -> Option<Blocker> {
        match self.entry_of(recorded, installation) {
            OwnEntry::Stands(fields) => entry::changed(recorded, fields),
            OwnEntry::Absent | OwnEntry::Unknown => None,
        }
    }

    /// How the cluster's mode lets a new mapping be written, if `prefers` is wanted where both are possible.
    pub fn way(&self, prefers: MappingKind) -> MappingKind {
        match self.observed.aws.as_ref().map(|aws| aws.mode) {
            Some(AuthenticationMode::Api) => MappingKind::Entry,
            Some(AuthenticationMode::ApiAndConfigMap) => prefers,
            Some(AuthenticationMode::ConfigMap) | None => MappingKind::Line,
        }
    }

    /// The other managers that wrote the lines of this key last; empty if they are not known.
    pub fn last_managers(&self, key: Key) -> Vec<String> {
        self.object().map(|object| last_managers(object, key)).unwrap_or_default()
    }

    /// The ConfigMap, if it exists.
    fn object(&self) -> Option<&'a AwsAuthObject> {
        self.observed.kubernetes.as_ref()?.aws_auth.as_ref()
    }
}

/// The ARN as authenticators compare it: a role's without its path.
fn canonical(arn: &str) -> Cow<'_, str> {
    match PrincipalArn::parse(arn) {
        Ok(role @ PrincipalArn::Role(_)) => role.canonical().to_string().into(),
        Ok(PrincipalArn::User(_)) | Err(_) => arn.into(),
    }
}

fn data(observed: &ClusterObservation) -> Option<&Data> {
    Some(&observed.kubernetes.as_ref()?.aws_auth.as_ref()?.data)
}

#[cfg(test)]
mod tests;
