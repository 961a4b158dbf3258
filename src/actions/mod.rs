//! Use cases: lock, decide, record, commit. Each checks authorisation itself; the caller only says who the visitor is.
//!
//! May not import: web, worker, aws, kubernetes.

pub mod alarms;
pub mod ask;
pub mod audit;
pub mod clock;
pub mod decide_again;
pub mod grants;
pub mod identities;
pub mod own;
pub mod policy;
pub mod preview;
pub mod requests;
pub mod sessions;
pub mod sight;
pub mod targets;
pub mod visitor;
pub mod ways_in;
