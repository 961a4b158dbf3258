//! Access entries: EKS's own table, which overrides aws-auth.

use crate::plan::observation::{AccessEntry, ClusterObservation, EntryHolders};
use std::collections::HashMap;

/// The entries that were listed or asked for.
#[derive(Debug, Clone)]
pub(super) struct EntriesByArn<'a> {
    /// By ARN in lower case: EKS and IAM compare names without case.
    by_arn: HashMap<String, &'a AccessEntry>,
    all: bool,
}

impl<'a> EntriesByArn<'a> {
    /// The entries of an observation.
    pub(super) fn read(observed: &'a ClusterObservation) -> Self {
        let (listed, all): (&[AccessEntry], bool) = match &observed.entries {
            EntryHolders::Listed(entries) => (entries, true),
            EntryHolders::NoTable => (&[], true),
            EntryHolders::NotAsked | EntryHolders::Unknown(_) => (&[], false),
        };
        let known = listed.iter().chain(&observed.described);
        Self { by_arn: known.map(|entry| (entry.arn.to_ascii_lowercase(), entry)).collect(), all }
    }

    /// The entry of an ARN.
    pub(super) fn of(&self, arn: &str) -> Option<&'a AccessEntry> {
        self.by_arn.get(&arn.to_ascii_lowercase()).copied()
    }

    /// Whether the list is complete.
    pub(super) fn are_all(&self) -> bool {
        self.all
    }
}
