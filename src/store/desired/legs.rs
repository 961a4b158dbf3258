//! How the legs of a target fare.

use latchkey_domain::access::GrantId;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use uuid::Uuid;

/// How a leg of a target fares, as far as it matters to the next run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LegState {
    /// Failed attempts since it last went well.
    pub attempts: u32,
    /// How long its back-off lasts still; not where an operator wants it looked at anew.
    pub rests: Option<Duration>,
    /// Whether the last look found nothing wrong.
    pub well: bool,
    /// How long ago it was last proven; none where it never was, or where its row does not tell by what.
    pub proven: Option<Duration>,
    /// Whether an operator wants it looked at anew.
    pub tried: bool,
    /// Whether the last proof, or a look since, showed that it allows more than was decided.
    pub wider: bool,
    /// What of it the last look left in place.
    pub stood: BTreeSet<String>,
}

impl LegState {
    /// Whether nothing is to be done about it now. What is to go rests no longer than any answer may ask for, also where
    /// nobody could record yet that it ends.
    pub(super) fn is_resting(&self, ends: bool) -> bool {
        self.rests.is_some_and(|rests| !ends || rests <= LONGEST_REST_OF_AN_END)
    }
}

/// The legs of a target's grants that are not over, by grant.
pub type Legs = BTreeMap<GrantId, LegState>;

/// The longest that a leg of what ends rests, whatever its row says: as long as an answer may ask to be left alone.
pub const LONGEST_REST_OF_AN_END: Duration = Duration::from_mins(2);

/// A row of `grant_leg`. A back-off is `next_try`, which the portal may clear; one of what ends is that only as far as the
/// worker itself wrote it (`rests_until`), so that nobody else makes a revocation rest.
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the statement")]
#[derive(Debug, Deserialize)]
pub(super) struct LegRow {
    pub target_kind: String,
    pub grant_id: Uuid,
    attempts: i32,
    well: bool,
    revoking: bool,
    /// In seconds, as `proven`.
    rests: Option<f64>,
    proven: Option<f64>,
    tried: bool,
    wider: bool,
    stood: BTreeSet<String>,
}

impl LegRow {
    /// How it fares.
    pub fn state(&self) -> LegState {
        let lasts = |seconds: Option<f64>| seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        // What ends rests no longer than any answer may ask for: a clock that went back makes it no longer.
        let rests = lasts(self.rests).filter(|rests| !self.revoking || *rests <= LONGEST_REST_OF_AN_END);
        LegState {
            attempts: u32::try_from(self.attempts).unwrap_or(0),
            rests,
            well: self.well,
            proven: lasts(self.proven),
            tried: self.tried,
            wider: self.wider,
            stood: self.stood.clone(),
        }
    }
}
