//! Sign-in protocols to a person, AWS proofs to an ARN. Knows nothing of the web framework.
//!
//! May not import: web, worker, aws, kubernetes.

pub mod openid;
pub mod outbound;
pub mod proof;
pub mod secret;
