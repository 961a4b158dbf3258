//! What a process takes from its own machine: the time of day, and new ids. The caller passes them on as values, so
//! that a test can choose them. Business time is the database's: see `Tx::now`.
//!
//! Clippy refuses `Timestamp::now` and new ids elsewhere.
#![expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]

use jiff::Timestamp;
use uuid::Uuid;

/// The machine's clock, in UTC.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// A new id, which sorts after those that this machine made before (UUID version 7).
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
