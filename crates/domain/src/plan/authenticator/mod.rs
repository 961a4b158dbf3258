//! How a cluster maps an ARN to a user. The one module of `plan` that reads aws-auth and EKS's own table of access
//! entries, knows what was written to them, and plans what is written.
//!
//! - `line`: what aws-auth says.
//! - `entry`: what EKS's own table says, which overrides aws-auth.
//! - `standing`: the username that a principal's grants bind, or why there is none.
//! - `recorded`: what was written, as the database knows it.
//! - `change`: the part of a cluster's plan that is about aws-auth; `texts`: the bytes of it.
//!
//! `Authenticator::identify` says to which user a cluster maps an ARN, and by which source: a line, an entry, neither,
//! or not known and why. The plan, the proof and the model ask it.

mod change;
mod entry;
mod line;
mod recorded;
mod standing;
mod texts;

use super::observation::{AccessEntry, AuthenticationMode, AwsAuthObject, ClusterObservation};
use crate::{access::blocker::Blocker, eks::aws_auth::Data};
use entry::EntriesByArn;
use std::collections::BTreeSet;

pub use line::{Lines, OWN_MANAGER, RESERVED, last_managers, reserved};
pub use recorded::RecordedMapping;
pub use standing::{
    FIRST_PAUSE, Identity, LONGEST_PAUSE, PrincipalOwner, Standing, WRITES_AT_MOST, as_masters, standing, username,
};
pub use texts::{OwnLine, Removal, text_before_without, with_line, without, without_bytes};

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
        match self.entries.of(arn).map(|entry| (entry, entry.unknown())) {
            Some((_, Some(why))) => Identified::Unknown(Some(why)),
            Some((entry, None)) => Identified::Entry(entry),
            None if self.takes_lines() => self.lines.take(arn).map_or(Identified::NotMapped, Identified::Line),
            None if self.entries.are_all() => Identified::NotMapped,
            None => Identified::Unknown(None),
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
    pub fn bearers(&self, username: &str, own: &BTreeSet<String>) -> Vec<String> {
        self.lines.bearers(username, own)
    }

    /// Whether the recorded mapping is still there, or may be.
    pub fn holds(&self, recorded: &RecordedMapping) -> bool {
        self.lines.hold(recorded)
    }

    /// The other managers that wrote the lines last; empty if they are not known.
    pub fn last_managers(&self) -> Vec<String> {
        self.object().map(last_managers).unwrap_or_default()
    }

    /// The ConfigMap, if it exists.
    fn object(&self) -> Option<&'a AwsAuthObject> {
        self.observed.kubernetes.as_ref()?.aws_auth.as_ref()
    }
}

fn data(observed: &ClusterObservation) -> Option<&Data> {
    Some(&observed.kubernetes.as_ref()?.aws_auth.as_ref()?.data)
}

#[cfg(test)]
mod tests;
