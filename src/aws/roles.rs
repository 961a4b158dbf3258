//! IAM roles: reads what Latchkey looks at, and writes what Latchkey writes, as [`super::iam`] does for users.

use super::{
    Aws, KnownEntity,
    accounts::AccountClients,
    all_pages, decoded,
    error::AwsCall,
    iam::{AT_ONCE, gone_is_fine},
    may_begin,
};
use crate::fault::{Fault, FaultKind};
use crate::lease::Permit;
use aws_sdk_iam::types::{Role, Tag};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use latchkey_domain::{
    eks::{
        arn::{IDENTITY_CENTER, RoleArn},
        trust_policy,
    },
    plan::observation::IamEntity,
};
use std::collections::BTreeMap;

impl Aws {
    /// The role with the name of this ARN, whatever its path: clusters know sessions by the name alone, so a role that is
    /// made anew at another path takes its place. With tags and the verdict on its
    /// trust policy, without inline policies.
    ///
    /// # Errors
    /// Refused without valid credentials of the caller; transient, throttled.
    pub async fn known_role(&self, arn: &RoleArn) -> Result<KnownEntity, Fault> {
        let call = role_call("read", "iam:GetRole", arn);
        let account = match self.accounts.of(arn.account(), &call).await {
            Ok(account) => account,
            Err(fault) => {
                let elsewhere = self.accounts.own_id().await.is_ok();
                return if elsewhere { Ok(KnownEntity::NotAllowed(fault)) } else { Err(fault) };
            }
        };
        let request = account.iam.get_role().role_name(arn.name()).customize().config_override(self.iam_time());
        let role = match request.send().await {
            Ok(answer) => {
                answer.role.ok_or_else(|| call.failed(FaultKind::Transient).because("the answer is empty"))?
            }
            Err(error) => {
                return match call.fault(error) {
                    fault if fault.is_not_found() => Ok(KnownEntity::NotThere),
                    fault if *fault.kind() == call.right_missing() => Ok(KnownEntity::NotAllowed(fault)),
                    fault => Err(fault),
                };
            }
        };
        let full = RoleArn::parse(&role.arn).map_err(|error| {
            call.failed(FaultKind::Transient).because("the answer could not be read").caused_by(error)
        })?;
        Ok(KnownEntity::Is(observed(role, &full)))
    }

    /// The ARNs of the roles that Identity Center made in an account.
    ///
    /// # Errors
    /// Refused if the right is missing, or the account is another; too much; transient, throttled.
    pub async fn identity_center_roles(&self, like: &RoleArn) -> Result<Vec<RoleArn>, Fault> {
        let resource = format!("arn:{}:iam::{}:role{IDENTITY_CENTER}", like.partition(), like.account());
        let subject = format!("the roles of Identity Center in account {}", like.account().as_str());
        let call = &AwsCall { operation: "list", subject, action: "iam:ListRoles", resource };
        let account = self.accounts.of(like.account(), call).await?;
        all_pages(call, |marker| async move {
            let request = account.iam.list_roles().path_prefix(IDENTITY_CENTER).set_marker(marker);
            let request = request.customize().config_override(self.iam_time());
            let page = request.send().await.map_err(|error| call.fault(error))?;
            let roles = page.roles.iter().filter_map(|role| RoleArn::parse(&role.arn).ok());
            Ok((roles.collect(), page.marker.filter(|_| page.is_truncated)))
        })
        .await
    }

    /// The inline policies of a role, by name.
    ///
    /// # Errors
    /// Not found without such a role; refused, transient, throttled.
    pub async fn role_policies(&self, arn: &RoleArn) -> Result<BTreeMap<String, String>, Fault> {
        let call = role_call("read the inline policies of", "iam:ListRolePolicies", arn);
        let account = self.accounts.of(arn.account(), &call).await?;
        let names = self.role_policy_names(account, arn).await?;
        let texts = stream::iter(names).map(async |name| {
            let text = self.role_policy(account, arn, &name).await?;
            Ok(text.map(|text| (name, text)))
        });
        // A policy that was removed since the list was made is left out.
        texts.buffer_unordered(AT_ONCE).try_filter_map(async |found| Ok(found)).try_collect().await
    }

    async fn role_policy_names(&self, account: &AccountClients, arn: &RoleArn) -> Result<Vec<String>, Fault> {
        let call = &role_call("list the inline policies of", "iam:ListRolePolicies", arn);
        all_pages(call, |marker| async move {
            let request = account.iam.list_role_policies().role_name(arn.name()).set_marker(marker);
            let request = request.customize().config_override(self.iam_time());
            let page = request.send().await.map_err(|error| call.fault(error))?;
            Ok((page.policy_names, page.marker.filter(|_| page.is_truncated)))
        })
        .await
    }

    async fn role_policy(&self, account: &AccountClients, arn: &RoleArn, name: &str) -> Result<Option<String>, Fault> {
        let call = policy_call("read", "iam:GetRolePolicy", arn, name);
        let request = account.iam.get_role_policy().role_name(arn.name()).policy_name(name);
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
        decoded(&answer.policy_document).map(Some).ok_or_else(unreadable)
    }

    /// Writes an inline policy, replacing one of the same name.
    ///
    /// # Errors
    /// Not found without such a role; invalid if IAM refuses the text or the role's policies become too long; refused,
    /// conflict, transient, throttled.
    pub async fn put_role_policy(
        &self,
        permit: &Permit<'_>,
        arn: &RoleArn,
        name: &str,
        document: &str,
    ) -> Result<(), Fault> {
        let call = policy_call("write", "iam:PutRolePolicy", arn, name);
        let account = self.accounts.of(arn.account(), &call).await?;
        let request = account.iam.put_role_policy().role_name(arn.name()).policy_name(name).policy_document(document);
        may_begin(permit, call.operation, &call.subject)?;
        request.customize().config_override(self.iam_time()).send().await.map_err(|error| call.fault(error))?;
        Ok(())
    }

    /// Removes an inline policy. Succeeds, too, if the policy or the role is gone already.
    ///
    /// # Errors
    /// Refused, conflict, transient, throttled.
    pub async fn delete_role_policy(&self, permit: &Permit<'_>, arn: &RoleArn, name: &str) -> Result<(), Fault> {
        let call = policy_call("remove", "iam:DeleteRolePolicy", arn, name);
        let account = self.accounts.of(arn.account(), &call).await?;
        let request = account.iam.delete_role_policy().role_name(arn.name()).policy_name(name);
        may_begin(permit, call.operation, &call.subject)?;
        let outcome = request.customize().config_override(self.iam_time()).send().await;
        gone_is_fine(outcome.map(drop).map_err(|error| call.fault(error)))
    }

    /// Sets a tag and leaves others as they are.
    ///
    /// # Errors
    /// Not found without such a role; invalid, refused, conflict, transient, throttled.
    pub async fn tag_role(&self, permit: &Permit<'_>, arn: &RoleArn, key: &str, value: &str) -> Result<(), Fault> {
        let call = role_call("tag", "iam:TagRole", arn);
        let account = self.accounts.of(arn.account(), &call).await?;
        let tag = Tag::builder().key(key).value(value).build();
        let tag = tag.map_err(|error| call.failed(FaultKind::Invalid).caused_by(error))?;
        let request = account.iam.tag_role().role_name(arn.name()).tags(tag);
        may_begin(permit, call.operation, &call.subject)?;
        request.customize().config_override(self.iam_time()).send().await.map_err(|error| call.fault(error))?;
        Ok(())
    }

    /// Removes a tag. Succeeds, too, if it or the role is gone already.
    ///
    /// # Errors
    /// Refused, conflict, transient, throttled.
    pub async fn untag_role(&self, permit: &Permit<'_>, arn: &RoleArn, key: &str) -> Result<(), Fault> {
        let call = role_call("untag", "iam:UntagRole", arn);
        let account = self.accounts.of(arn.account(), &call).await?;
        let request = account.iam.untag_role().role_name(arn.name()).tag_keys(key);
        may_begin(permit, call.operation, &call.subject)?;
        let outcome = request.customize().config_override(self.iam_time()).send().await;
        gone_is_fine(outcome.map(drop).map_err(|error| call.fault(error)))
    }
}

/// What IAM answered of a role. A trust policy that cannot be decoded gives nobody a session name of their own.
fn observed(role: Role, full: &RoleArn) -> IamEntity {
    let document = role.assume_role_policy_document.as_deref().and_then(decoded).unwrap_or_default();
    IamEntity {
        trust: Some(trust_policy::judge(full, &document)),
        arn: role.arn,
        unique_id: role.role_id,
        name: role.role_name,
        path: role.path,
        tags: role.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect(),
        inline_policies: BTreeMap::new(),
    }
}

fn role_call(operation: &'static str, action: &'static str, arn: &RoleArn) -> AwsCall {
    AwsCall { operation, subject: format!("the IAM role {arn}"), action, resource: arn.to_string() }
}

fn policy_call(operation: &'static str, action: &'static str, arn: &RoleArn, name: &str) -> AwsCall {
    let subject = format!("the inline policy `{name}` of the IAM role {arn}");
    AwsCall { operation, subject, action, resource: arn.to_string() }
}
