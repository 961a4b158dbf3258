//! Why a run stopped before its finish. The next claimant closes what it had begun.

use crate::{actions::policy::NoPolicy, fail_point::Died, lease::Lost, store::StoreError};

/// A run that did not finish.
#[derive(Debug, thiserror::Error)]
pub enum Interrupted {
    #[error("the run lost its lease")]
    Lost(#[from] Lost),
    #[error("the run failed in the database")]
    Store(#[from] StoreError),
    #[error("the run found no policy that it could read")]
    Policy(#[from] NoPolicy),
    /// The target's row names nothing that exists.
    #[error("there is nothing behind this target")]
    Nothing,
}

impl From<Died> for Interrupted {
    fn from(died: Died) -> Self {
        Self::Lost(died.into())
    }
}
