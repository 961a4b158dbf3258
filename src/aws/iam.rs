//! IAM users: reads what Latchkey looks at, and writes what Latchkey writes.
//!
//! IAM knows users by name, the rest of Latchkey by ARN: each method first checks that the ARN is of the caller's
//! account, since another account may have a user of the same name.

use super::{Aws, accounts::AccountClients, all_pages, decoded, error::AwsCall, may_begin};
use crate::fault::{Fault, FaultKind};
use crate::lease::Permit;
use aws_sdk_iam::types::{Tag, User};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use latchkey_domain::{eks::arn::UserArn, plan::observation::IamEntity};
use std::collections::BTreeMap;

/// How many inline policies are read at a time.
pub(super) const AT_ONCE: usize = 8;

/// What IAM says of the user or role with an ARN.
#[derive(Debug)]
pub enum KnownEntity {
    /// The user or role, with tags and without inline policies.
    Is(IamEntity),
    /// None has the ARN.
    NotThere,
    /// Latchkey may not look: the right is missing, or it is of another account.
    NotAllowed(Fault),
}

impl Aws {
    /// The user with this ARN. IAM and the authenticator compare ARNs without case.
    ///
    /// # Errors
    /// Refused without valid credentials of the caller; transient, throttled.
    pub async fn known_user(&self, arn: &UserArn) -> Result<KnownEntity, Fault> {
        let call = user_call("read", "iam:GetUser", arn);
        let account = match self.accounts.of(arn.account(), &call).await {
            Ok(account) => account,
            Err(fault) => {
                let elsewhere = self.accounts.own_id().await.is_ok();
                return if elsewhere { Ok(KnownEntity::NotAllowed(fault)) } else { Err(fault) };
            }
        };
        match self.get_user(account, arn, &call).await {
            // A user at another path has another ARN: it is not the one that was asked for.
            Ok(user) if !user.arn().eq_ignore_ascii_case(arn.as_str()) => Ok(KnownEntity::NotThere),
            Ok(user) => Ok(KnownEntity::Is(observed(user, BTreeMap::new()))),
            Err(fault) if fault.is_not_found() => Ok(KnownEntity::NotThere),
            Err(fault) if *fault.kind() == call.right_missing() => Ok(KnownEntity::NotAllowed(fault)),
            Err(fault) => Err(fault),
        }
    }

    /// The user, with tags and inline policies; `None` if IAM knows no user of exactly this ARN.
    ///
    /// # Errors
    /// Refused if a right is missing, or the caller is of another account; transient, throttled.
    pub async fn user(&self, arn: &UserArn) -> Result<Option<IamEntity>, Fault> {
        let call = user_call("read", "iam:GetUser", arn);
        let account = self.accounts.of(arn.account(), &call).await?;
        let found = tokio::try_join!(self.get_user(account, arn, &call), self.inline_policies(arn));
        let (user, inline_policies) = match found {
            Ok((user, policies)) => (user, policies),
            Err(fault) if fault.is_not_found() => return Ok(None),
            Err(fault) => return Err(fault),
        };
        // A user at another path has another ARN: it is not the one that was asked for.
        if user.arn() != arn.as_str() {
            return Ok(None);
        }
        Ok(Some(observed(user, inline_policies)))
    }

    /// Writes an inline policy, replacing one of the same name.
    ///
    /// # Errors
    /// Not found without such a user; invalid if IAM refuses the text or the user's policies become too long;
    /// refused, conflict, transient, throttled.
    pub async fn put_user_policy(
        &self,
        permit: &Permit<'_>,
        arn: &UserArn,
        name: &str,
        document: &str,
    ) -> Result<(), Fault> {
        let call = policy_call("write", "iam:PutUserPolicy", arn, name);
        let account = self.accounts.of(arn.account(), &call).await?;
        let request = account.iam.put_user_policy().user_name(arn.name()).policy_name(name).policy_document(document);
        may_begin(permit, call.operation, &call.subject)?;
        request.customize().config_override(self.iam_time()).send().await.map_err(|error| call.fault(error))?;
        Ok(())
    }

    /// Removes an inline policy. Succeeds, too, if the policy or the user is gone already.
    ///
    /// # Errors
    /// Refused, conflict, transient, throttled.
    pub async fn delete_user_policy(&self, permit: &Permit<'_>, arn: &UserArn, name: &str) -> Result<(), Fault> {
        let call = policy_call("remove", "iam:DeleteUserPolicy", arn, name);
        let account = self.accounts.of(arn.account(), &call).await?;
        let request = account.iam.delete_user_policy().user_name(arn.name()).policy_name(name);
        may_begin(permit, call.operation, &call.subject)?;
        let outcome = request.customize().config_override(self.iam_time()).send().await;
        gone_is_fine(outcome.map(drop).map_err(|error| call.fault(error)))
    }

    /// Sets tags and leaves others as they are.
    ///
    /// # Errors
    /// Not found without such a user; invalid, refused, conflict, transient, throttled.
    pub async fn tag_user(
        &self,
        permit: &Permit<'_>,
        arn: &UserArn,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), Fault> {
        let call = user_call("tag", "iam:TagUser", arn);
        let account = self.accounts.of(arn.account(), &call).await?;
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let tags = tags.collect::<Result<Vec<_>, _>>();
        let tags = tags.map_err(|error| call.failed(FaultKind::Invalid).caused_by(error))?;
        let request = account.iam.tag_user().user_name(arn.name()).set_tags(Some(tags));
        may_begin(permit, call.operation, &call.subject)?;
        request.customize().config_override(self.iam_time()).send().await.map_err(|error| call.fault(error))?;
        Ok(())
    }

    /// Removes tags. Succeeds, too, if they or the user are gone already.
    ///
    /// # Errors
    /// Refused, conflict, transient, throttled.
    pub async fn untag_user(&self, permit: &Permit<'_>, arn: &UserArn, keys: &[String]) -> Result<(), Fault> {
        let call = user_call("untag", "iam:UntagUser", arn);
        let account = self.accounts.of(arn.account(), &call).await?;
        let request = account.iam.untag_user().user_name(arn.name()).set_tag_keys(Some(keys.to_vec()));
        may_begin(permit, call.operation, &call.subject)?;
        let outcome = request.customize().config_override(self.iam_time()).send().await;
        gone_is_fine(outcome.map(drop).map_err(|error| call.fault(error)))
    }

    async fn get_user(&self, account: &AccountClients, arn: &UserArn, call: &AwsCall) -> Result<User, Fault> {
        let request = account.iam.get_user().user_name(arn.name()).customize().config_override(self.iam_time());
        let answer = request.send().await.map_err(|error| call.fault(error))?;
        answer.user.ok_or_else(|| call.failed(FaultKind::Transient).because("the answer is empty"))
    }

    /// The inline policies of a user, by name.
    ///
    /// # Errors
    /// Not found without such a user; refused, transient, throttled.
    pub async fn inline_policies(&self, arn: &UserArn) -> Result<BTreeMap<String, String>, Fault> {
        let call = user_call("read the inline policies of", "iam:ListUserPolicies", arn);
        let account = self.accounts.of(arn.account(), &call).await?;
        let names = self.policy_names(account, arn).await?;
        let texts = stream::iter(names).map(async |name| self.inline_policy(account, arn, name).await);
        let texts = texts.buffer_unordered(AT_ONCE);
        // A policy that was removed since the list was made is left out.
        texts.try_filter_map(async |found| Ok(found)).try_collect().await
    }

    async fn policy_names(&self, account: &AccountClients, arn: &UserArn) -> Result<Vec<String>, Fault> {
        let call = &user_call("list the inline policies of", "iam:ListUserPolicies", arn);
        all_pages(call, |marker| async move {
            let request = account.iam.list_user_policies().user_name(arn.name()).set_marker(marker);
            let request = request.customize().config_override(self.iam_time());
            let page = request.send().await.map_err(|error| call.fault(error))?;
            Ok((page.policy_names, page.marker.filter(|_| page.is_truncated)))
        })
        .await
    }

    async fn inline_policy(
        &self,
        account: &AccountClients,
        arn: &UserArn,
        name: String,
    ) -> Result<Option<(String, String)>, Fault> {
        let call = policy_call("read", "iam:GetUserPolicy", arn, &name);
        let request = account.iam.get_user_policy().user_name(arn.name()).policy_name(&name);
        let answer = match request.customize().config_override(self.iam_time()).send().await {
            Ok(answer) => answer,
            Err(error) => {
                return match call.fault(error) {
                    fault if fault.is_not_found() => Ok(None),
                    fault => Err(fault),
                };
            }
        };
        let unreadable = || call.failed(FaultKind::Transient).because("the answer could not be read");
        Ok(Some((name, decoded(&answer.policy_document).ok_or_else(unreadable)?)))
    }

    pub(super) fn iam_time(&self) -> aws_sdk_iam::config::Builder {
        let mut config = aws_sdk_iam::config::Builder::new();
        config.set_time_source(self.accounts.time_source());
        config
    }
}

fn observed(user: User, inline_policies: BTreeMap<String, String>) -> IamEntity {
    IamEntity {
        arn: user.arn,
        unique_id: user.user_id,
        name: user.user_name,
        path: user.path,
        tags: user.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect(),
        inline_policies,
        trust: None,
    }
}

fn user_call(operation: &'static str, action: &'static str, arn: &UserArn) -> AwsCall {
    AwsCall { operation, subject: format!("the IAM user {arn}"), action, resource: arn.to_string() }
}

fn policy_call(operation: &'static str, action: &'static str, arn: &UserArn, name: &str) -> AwsCall {
    let subject = format!("the inline policy `{name}` of the IAM user {arn}");
    AwsCall { operation, subject, action, resource: arn.to_string() }
}

pub(super) fn gone_is_fine(outcome: Result<(), Fault>) -> Result<(), Fault> {
    match outcome {
        Err(fault) if fault.is_not_found() => Ok(()),
        outcome => outcome,
    }
}
