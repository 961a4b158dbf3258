//! Reconciles targets: observes, plans in pure code, writes under a lease, observes again, proves.
//!
//! - [`lease`]: who works on a target; every write to the outside takes a [`lease::Permit`].

pub use crate::lease;
