//! AWS by account: which credentials and clients for which account. A name means another thing in each account, so
//! nothing is called by name but through the account that it is in.

use super::{CallerIdentity, error::Call};
use crate::fault::{Fault, FaultKind};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::time::{SharedTimeSource, StaticTimeSource};
use latchkey_domain::eks::arn::AccountId;
use std::{sync::Arc, time::SystemTime};
use tokio::sync::{Mutex, OnceCell};

/// An account as a caller of it sees it.
pub(super) struct Account {
    pub iam: aws_sdk_iam::Client,
    pub sts: aws_sdk_sts::Client,
    pub eks: aws_sdk_eks::Client,
    pub credentials: SharedCredentialsProvider,
    /// Clients cache credentials for themselves; this is for tokens.
    pub cached: Mutex<Option<Credentials>>,
    /// Who the caller is, asked once.
    pub caller: OnceCell<CallerIdentity>,
}

/// The accounts that are reached. One stands behind it for now, that of the process's own credentials. Cheap to clone.
#[derive(Clone)]
pub(super) struct Accounts {
    own: Arc<Account>,
    signing_at: Option<SystemTime>,
}

impl Accounts {
    /// Just the account of these credentials.
    pub(super) fn only(own: Account) -> Self {
        Self { own: Arc::new(own), signing_at: None }
    }

    /// The same, signing everything as of `at`.
    pub(super) fn signing_at(&self, at: SystemTime) -> Self {
        Self { signing_at: Some(at), ..self.clone() }
    }

    /// The time that everything is signed as of, where it is not the clock's.
    pub(super) fn signs_at(&self) -> Option<SystemTime> {
        self.signing_at
    }

    /// The account of the process's own credentials, whichever that is.
    pub(super) fn own(&self) -> &Account {
        &self.own
    }

    /// An account that is surely `wanted`.
    ///
    /// # Errors
    /// Refused where we have no credentials of that account; else as [`Self::caller_identity`].
    pub(super) async fn of(&self, wanted: &AccountId, call: &Call) -> Result<&Account, Fault> {
        let own = self.own_id().await?;
        if own == wanted { Ok(&self.own) } else { Err(call.wrong_account(own.as_str(), wanted.as_str())) }
    }

    /// What would be called for `wanted`, whichever account it turns out to be: for what needs no answer of STS first,
    /// such as a call whose answer tells the account.
    pub(super) fn presumed(&self, _wanted: &AccountId) -> &Account {
        &self.own
    }

    /// The id of the own account, asked once.
    ///
    /// # Errors
    /// As [`Self::caller_identity`].
    pub(super) async fn own_id(&self) -> Result<&AccountId, Fault> {
        Ok(&self.own.caller.get_or_try_init(|| self.caller_identity()).await?.account)
    }

    /// Asks STS who we are.
    ///
    /// # Errors
    /// Refused without valid credentials; transient, throttled.
    pub(super) async fn caller_identity(&self) -> Result<CallerIdentity, Fault> {
        let call = Call {
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
            return Err(call.failed(FaultKind::Transient).because("the answer names nobody"));
        };
        let account = AccountId::parse(&account)
            .map_err(|error| call.failed(FaultKind::Transient).because("the answer has no account").caused_by(error))?;
        Ok(CallerIdentity { arn, account, unique_id })
    }

    /// What calls sign with; nothing for the clock.
    pub(super) fn time_source(&self) -> Option<SharedTimeSource> {
        self.signing_at.map(|at| SharedTimeSource::new(StaticTimeSource::new(at)))
    }
}
