//! The state of a target's legs.

use latchkey_domain::access::GrantId;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use uuid::Uuid;

/// What the next run has to know of a leg.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LegState {
    /// Failed attempts since its last success.
    pub attempts: u32,
    /// How long its back-off still lasts; `None` if it is over, or if an operator asked for another look.
    pub rests: Option<Duration>,
    /// Whether the last look found nothing wrong.
    pub well: bool,
    /// How long ago it was last proven; `None` if it never was, or if its row does not say by which evidence.
    pub proven: Option<Duration>,
    /// Whether an operator asked for another look.
    pub tried: bool,
    /// Whether the last proof, or a look since, showed that it allows more than was decided.
    pub wider: bool,
    /// Its bindings, lines and entries that the last look left in place.
    pub stood: BTreeSet<String>,
}

impl LegState {
    /// Whether the run leaves it alone, since its back-off lasts. If the grant ends, a back-off of more than
    /// [`LONGEST_REST_OF_AN_END`] does not count, even if its end has not been recorded yet.
    pub(super) fn is_resting(&self, ends: bool) -> bool {
        self.rests.is_some_and(|rests| !ends || rests <= LONGEST_REST_OF_AN_END)
    }
}

/// The legs of a target's grants that have not ended, by grant.
pub type Legs = BTreeMap<GrantId, LegState>;

/// The longest back-off of a leg whose grant ends, whatever its row says: the longest that an answer may ask for.
pub const LONGEST_REST_OF_AN_END: Duration = Duration::from_mins(2);

/// A row of `grant_leg`. A back-off lasts until `next_try`, which the portal may clear. If the grant ends, it lasts no
/// longer than `rests_until`, which only the worker writes, so that no other client can delay a revocation.
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the statement")]
#[derive(Debug, Deserialize)]
pub(super) struct LegRow {
    pub target_kind: String,
    pub grant_id: Uuid,
    attempts: i32,
    well: bool,
    revoking: bool,
    /// In seconds, like `proven`.
    rests: Option<f64>,
    proven: Option<f64>,
    tried: bool,
    wider: bool,
    stood: BTreeSet<String>,
}

impl LegRow {
    /// Its state.
    pub fn state(&self) -> LegState {
        let lasts = |seconds: Option<f64>| seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        // The back-off of an end is bounded: a clock that went back does not make it longer.
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
