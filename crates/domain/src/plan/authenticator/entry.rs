//! Access entries: EKS's own table, which overrides aws-auth.

use crate::plan::observation::{AccessEntry, ClusterObservation, EntryHolders};

/// The entry of an ARN, of those that were listed or asked for. EKS and IAM compare names without case.
pub(super) fn of<'a>(observed: &'a ClusterObservation, arn: &str) -> Option<&'a AccessEntry> {
    let listed = match &observed.entries {
        EntryHolders::Listed(entries) => entries.as_slice(),
        EntryHolders::NotAsked | EntryHolders::NoTable | EntryHolders::Unknown(_) => &[],
    };
    listed.iter().chain(&observed.described).find(|entry| entry.arn.eq_ignore_ascii_case(arn))
}

/// Whether all of them are known.
pub(super) fn are_listed(observed: &ClusterObservation) -> bool {
    match observed.entries {
        EntryHolders::Listed(_) | EntryHolders::NoTable => true,
        EntryHolders::NotAsked | EntryHolders::Unknown(_) => false,
    }
}
