//! Sign-in: from an OpenID answer to a person, and from an AWS proof to an ARN. Independent of the web framework.
//!
//! May not import: web, worker, aws, kubernetes.

pub mod openid;
pub mod outbound;
pub mod proof;
pub mod secret;
