//! Latchkey's own field: people, clusters, profiles, policies, rulings, requests, grants and their transitions.
//!
//! Values that other modules turn into sentences: `blocker` (why something is not in its desired state), `became` (the
//! outcome of a write), `evidence` (what a proof saw), `residual` (what else says yes).

pub mod alarm;
pub mod became;
pub mod blocker;
pub mod cause;
pub mod cluster;
pub mod compared;
pub mod decide_again;
pub mod decided;
pub mod evidence;
pub mod glob;
pub mod grant;
pub mod ids;
pub mod leg;
pub mod leg_proof;
pub mod person;
pub mod policy;
pub mod profile;
pub mod reason;
pub mod request;
pub mod residual;
pub mod rules;
pub mod ruling;
pub mod sighting;
pub mod standing;
pub mod step_kind;
mod stored;
pub mod terms;
pub mod transition;
pub mod verdict;
pub mod vote;

pub use ids::{AlarmId, ClusterId, EventId, GrantId, InstallationId, PersonId, PrincipalId, RequestId, SessionId};
pub use transition::{EventDraft, Transition, Wake};

#[cfg(test)]
mod tests;
