//! The caller's identity in AWS.

use super::Aws;
use crate::fault::Fault;
use latchkey_domain::eks::arn::AccountId;

/// What STS says of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The caller's ARN; for a role, that of its session.
    pub arn: String,
    /// The account.
    pub account: AccountId,
    /// The unique id; for a role, with the session's name.
    pub unique_id: String,
}

impl Aws {
    /// Asks STS who the caller is.
    ///
    /// # Errors
    /// Refused without valid credentials; transient, throttled.
    pub async fn caller_identity(&self) -> Result<CallerIdentity, Fault> {
        self.accounts.caller_identity().await
    }
}
