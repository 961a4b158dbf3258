//! Whole sentences, for pages, mail and terminal. A second language needs one more set of these files.
//!
//! Sentences are plain text in which `` `backticks` `` mark names; [`Sentence`] keeps the pieces apart, so that a page
//! can mark them up. May not import: web, store, worker.

pub mod access;
pub mod alarm;
pub mod audit;
pub mod blocker;
pub mod doctor;
pub mod entries;
pub mod finding;
pub mod hold;
pub mod identity;
pub mod kubectl;
pub mod limits;
pub mod people;
pub mod power;
pub mod request;
pub mod residual;
pub mod sentence;
pub mod sessions;
pub mod sighting;
pub mod steps;
pub mod targets;
pub mod time;

pub use sentence::{Piece, Sentence};
pub use time::Clock;
