//! Who we are to AWS.

use super::{Aws, error::Call};
use crate::fault::{Fault, FaultKind};
use latchkey_domain::eks::arn::AccountId;

/// What STS says of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The caller's ARN; of a role, that of its session.
    pub arn: String,
    /// The account.
    pub account: AccountId,
    /// The unique id; of a role, with the session's name.
    pub unique_id: String,
}

impl Aws {
    /// Asks STS who we are.
    ///
    /// # Errors
    /// Refused without valid credentials; transient, throttled.
    pub async fn caller_identity(&self) -> Result<CallerIdentity, Fault> {
        let call = Call {
            operation: "ask STS",
            subject: "who Latchkey is".to_owned(),
            action: "sts:GetCallerIdentity",
            resource: "*".to_owned(),
        };
        let mut frozen = aws_sdk_sts::config::Builder::new();
        frozen.set_time_source(self.time_source());
        let request = self.sts.get_caller_identity().customize().config_override(frozen);
        let answer = request.send().await.map_err(|error| call.fault(error))?;
        let (Some(arn), Some(account), Some(unique_id)) = (answer.arn, answer.account, answer.user_id) else {
            return Err(call.failed(FaultKind::Transient).because("the answer names nobody"));
        };
        let account = AccountId::parse(&account)
            .map_err(|error| call.failed(FaultKind::Transient).because("the answer has no account").caused_by(error))?;
        Ok(CallerIdentity { arn, account, unique_id })
    }

    /// The account that our calls are made in, asked once.
    pub(super) async fn own_account(&self) -> Result<&AccountId, Fault> {
        Ok(&self.shared.caller.get_or_try_init(|| self.caller_identity()).await?.account)
    }

    /// That our calls reach `account`: a name means another thing in each account.
    pub(super) async fn reaches(&self, account: &AccountId, call: &Call) -> Result<(), Fault> {
        let own = self.own_account().await?;
        if own == account { Ok(()) } else { Err(call.wrong_account(own.as_str(), account.as_str())) }
    }
}
