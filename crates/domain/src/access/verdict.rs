//! What the worker found a principal to be. The portal cannot ask IAM, so what it says of a role comes from here.

use crate::eks::trust_policy::RoleTrust;
use serde::{Deserialize, Serialize};

/// What a principal was at the worker's last look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalVerdict {
    /// A role, and who can be a session of it.
    Role(RoleTrust),
    /// The user or role by which Latchkey itself works: nobody is given access by it.
    Worker,
}

impl PrincipalVerdict {
    /// Whether each session of the role belongs to one person.
    pub fn is_pinned(&self) -> bool {
        match self {
            Self::Role(RoleTrust::Pinned(_)) => true,
            Self::Role(RoleTrust::Shared(_) | RoleTrust::NotForPeople(_)) | Self::Worker => false,
        }
    }

    /// Whether everyone who can use the role would share an access by it.
    pub fn is_shared(&self) -> bool {
        match self {
            Self::Role(RoleTrust::Shared(_)) => true,
            Self::Role(RoleTrust::Pinned(_) | RoleTrust::NotForPeople(_)) | Self::Worker => false,
        }
    }
}
