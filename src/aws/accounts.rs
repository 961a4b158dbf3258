//! AWS by account: which credentials and clients serve which account. The same name means another thing in each
//! account, so each call goes through the account that the name belongs to.

use super::{CallerIdentity, error::AwsCall};
use crate::fault::{Fault, FaultKind};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::time::{SharedTimeSource, StaticTimeSource};
use latchkey_domain::eks::arn::AccountId;
use std::{sync::Arc, time::SystemTime};
use tokio::sync::{Mutex, OnceCell};

/// One account, with its clients and what is known of the caller there.
pub(super) struct AccountClients {
    pub iam: aws_sdk_iam::Client,
    pub sts: aws_sdk_sts::Client,
    pub eks: aws_sdk_eks::Client,
    pub credentials: SharedCredentialsProvider,
    /// Credentials for signing tokens. The clients cache their own.
    pub cached: Mutex<Option<Credentials>>,
    /// Who the caller is, asked once.
    pub caller: OnceCell<CallerIdentity>,
}

/// The accounts that can be reached: for now only that of the process's own credentials. Cheap to clone.
#[derive(Clone)]
pub(super) struct Accounts {
    own: Arc<AccountClients>,
    signing_at: Option<SystemTime>,
}

impl Accounts {
    /// Only the account of these credentials.
    pub(super) fn only(own: AccountClients) -> Self {
        Self { own: Arc::new(own), signing_at: None }
    }

    /// The same, signing everything as of `at`.
    pub(super) fn signing_at(&self, at: SystemTime) -> Self {
        Self { signing_at: Some(at), ..self.clone() }
    }

    /// The time that everything is signed as of; `None` if that is the clock's.
    pub(super) fn signs_at(&self) -> Option<SystemTime> {
        self.signing_at
    }

    /// The account of the process's own credentials.
    pub(super) fn own(&self) -> &AccountClients {
        &self.own
    }

    /// The account `wanted`, checked with STS.
    ///
    /// # Errors
    /// Refused if Latchkey has no credentials of that account; otherwise as [`Self::caller_identity`].
    pub(super) async fn of(&self, wanted: &AccountId, call: &AwsCall) -> Result<&AccountClients, Fault> {
        let own = self.own_id().await?;
        if own == wanted { Ok(&self.own) } else { Err(call.wrong_account(own.as_str(), wanted.as_str())) }
    }

    /// The account that calls for `wanted` would go to, unchecked: for calls that need no answer of STS first, such as
    /// one whose answer tells the account.
    pub(super) fn presumed(&self, _wanted: &AccountId) -> &AccountClients {
        &self.own
    }

    /// The id of the process's own account, asked once.
    ///
    /// # Errors
    /// As [`Self::caller_identity`].
    pub(super) async fn own_id(&self) -> Result<&AccountId, Fault> {
        Ok(&self.own.caller.get_or_try_init(|| self.caller_identity()).await?.account)
    }

    /// Asks STS who the caller is.
    ///
    /// # Errors
    /// Refused without valid credentials; transient, throttled.
    pub(super) async fn caller_identity(&self) -> Result<CallerIdentity, Fault> {
        let call = AwsCall {
            operation: "ask STS",
            subject: "who Latchkey is".to_owned(),
            action: "sts:GetCallerIdentity",
            resource: "*".to_owned(),
        };
        let mut frozen = aws_sdk_sts::config::Builder::new();
        frozen.set_time_source(self.time_source());
        let request = self.own.sts.get_caller_identity().customize().config_override(frozen);
        let answer = request.send().await.map_err(|error| call.fault(error))?;
        let (Some(arn), Some(account), Some(unique_id)) = (answer.arn, answer.account, answer.user_id) else {
            return Err(call.failed(FaultKind::Transient).because("the answer names no identity"));
        };
        let account = AccountId::parse(&account)
            .map_err(|error| call.failed(FaultKind::Transient).because("the answer has no account").caused_by(error))?;
        Ok(CallerIdentity { arn, account, unique_id })
    }

    /// The time source that calls sign with; `None` for the clock.
    pub(super) fn time_source(&self) -> Option<SharedTimeSource> {
        self.signing_at.map(|at| SharedTimeSource::new(StaticTimeSource::new(at)))
    }
}
