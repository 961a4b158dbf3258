//! EKS's own table of who gets into a cluster: access entries.
//!
//! The table has no condition by which a write could be bound to what was read. So an entry of Latchkey's is made and
//! deleted, never changed: each entry has an ARN of its own with a new UUID, by which a later look knows it.

use super::{Aws, MOST_PAGES, accounts::AccountClients, eks::moment, endless, error::AwsCall, may_begin};
use crate::{
    fault::{Fault, FaultKind},
    lease::Permit,
};
use latchkey_domain::{
    eks::arn::{ClusterArn, PrincipalArn},
    plan::observation::{AccessEntry, EntryDetails, EntryFields},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The most that EKS gives at once.
const ENTRIES_A_PAGE: i32 = 100;

/// The type of an entry for people; the others are for nodes.
const STANDARD: &str = "STANDARD";

/// An access entry to make. It has no groups and no access policies: bindings name its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryToMake<'a> {
    pub principal: &'a PrincipalArn,
    /// The Kubernetes username.
    pub username: &'a str,
    pub tags: &'a BTreeMap<String, String>,
    /// EKS takes two calls with the same token for one: the second does not make another entry.
    pub token: Uuid,
}

impl Aws {
    /// The cluster's access entry for a principal, with its access policies; `None` if there is none. EKS answers only
    /// for clusters whose authentication mode has entries.
    ///
    /// # Errors
    /// Invalid in the mode `CONFIG_MAP`; refused in another account, or without a right; transient, throttled.
    pub async fn access_entry(
        &self,
        cluster: &ClusterArn,
        principal: &PrincipalArn,
    ) -> Result<Option<AccessEntry>, Fault> {
        let call = entry_call("eks:DescribeAccessEntry", cluster, principal);
        let account = self.accounts.of(cluster.account(), &call).await?;
        let request =
            account.eks.describe_access_entry().cluster_name(cluster.name()).principal_arn(principal.to_string());
        let request = request.customize().config_override(self.eks_in(cluster));
        let (answer, policies) = tokio::join!(
            async { request.send().await.map_err(|error| call.fault(error)) },
            self.access_policies(account, cluster, principal)
        );
        let answer = match answer {
            // A missing cluster is found by describing it.
            Err(fault) if fault.is_not_found() => return Ok(None),
            answer => answer?,
        };
        // That the policies of an entry are not found says nothing: the two calls may reach different servers.
        let policies = policies?;
        let entry = answer.access_entry;
        let entry = entry.ok_or_else(|| call.failed(FaultKind::Transient).because("the answer is empty"))?;
        let arn = entry.principal_arn.clone().unwrap_or_else(|| principal.to_string());
        Ok(Some(AccessEntry { arn, details: EntryDetails::Read(fields(entry, policies)) }))
    }

    /// The access entries of the cluster; the list gives only their ARNs. EKS answers only for clusters whose
    /// authentication mode has entries.
    ///
    /// # Errors
    /// Invalid in the mode `CONFIG_MAP`; refused in another account, or without the right; transient, throttled. A
    /// missing cluster is found by describing it.
    pub async fn access_entries(&self, cluster: &ClusterArn) -> Result<Vec<AccessEntry>, Fault> {
        let call = AwsCall {
            operation: "list",
            subject: format!("the access entries of cluster `{}`", cluster.name()),
            action: "eks:ListAccessEntries",
            resource: cluster.to_string(),
        };
        let account = self.accounts.of(cluster.account(), &call).await?;
        let (mut arns, mut next) = (BTreeSet::<String>::new(), None);
        for _ in 0..MOST_PAGES {
            let request = account.eks.list_access_entries().cluster_name(cluster.name()).max_results(ENTRIES_A_PAGE);
            let request = request.set_next_token(next.take()).customize().config_override(self.eks_in(cluster));
            let page = request.send().await.map_err(|error| call.fault(error))?;
            arns.extend(page.access_entries.unwrap_or_default());
            match page.next_token {
                Some(token) => next = Some(token),
                None => return Ok(arns.into_iter().map(AccessEntry::named).collect()),
            }
        }
        Err(endless(&call))
    }

    /// Makes an access entry. If EKS answers that there is one already, it may be of this call, whose answer was lost,
    /// or of another client: read it and compare.
    ///
    /// # Errors
    /// Conflict if the principal has an entry; invalid if EKS does not know the principal (also for some seconds after
    /// it was made), refuses a name, has no room for another entry, or the cluster's mode has no entries; not found
    /// without such a cluster; refused in another account, or without the right; transient, throttled.
    pub async fn create_access_entry(
        &self,
        permit: &Permit<'_>,
        cluster: &ClusterArn,
        new: &EntryToMake<'_>,
    ) -> Result<AccessEntry, Fault> {
        let call = AwsCall {
            operation: "create",
            resource: cluster.to_string(),
            ..entry_call("eks:CreateAccessEntry", cluster, new.principal)
        };
        let account = self.accounts.of(cluster.account(), &call).await?;
        let tags = new.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let request = account.eks.create_access_entry().cluster_name(cluster.name());
        let request = request.principal_arn(new.principal.to_string()).username(new.username).r#type(STANDARD);
        let request = request.set_tags(Some(tags)).client_request_token(new.token.to_string());
        may_begin(permit, call.operation, &call.subject)?;
        let answer = request.customize().config_override(self.eks_in(cluster)).send().await;
        let entry = answer.map_err(|error| call.fault(error))?.access_entry;
        let entry = entry.ok_or_else(|| call.failed(FaultKind::Transient).because("the answer is empty"))?;
        let arn = entry.principal_arn.clone().unwrap_or_else(|| new.principal.to_string());
        Ok(AccessEntry { arn, details: EntryDetails::Read(fields(entry, vec![])) })
    }

    /// Deletes the access entry of a principal, whichever client made it, with its access policies: look before, and
    /// look again.
    ///
    /// # Errors
    /// Not found if the principal has none, or without such a cluster; invalid if the cluster's mode has no entries;
    /// refused in another account, or without the right; transient, throttled.
    pub async fn delete_access_entry(
        &self,
        permit: &Permit<'_>,
        cluster: &ClusterArn,
        principal: &PrincipalArn,
    ) -> Result<(), Fault> {
        let call = AwsCall { operation: "delete", ..entry_call("eks:DeleteAccessEntry", cluster, principal) };
        let account = self.accounts.of(cluster.account(), &call).await?;
        let request = account.eks.delete_access_entry().cluster_name(cluster.name());
        let request = request.principal_arn(principal.to_string());
        may_begin(permit, call.operation, &call.subject)?;
        let answer = request.customize().config_override(self.eks_in(cluster)).send().await;
        answer.map_err(|error| call.fault(error))?;
        Ok(())
    }

    async fn access_policies(
        &self,
        account: &AccountClients,
        cluster: &ClusterArn,
        principal: &PrincipalArn,
    ) -> Result<Vec<String>, Fault> {
        let call = entry_call("eks:ListAssociatedAccessPolicies", cluster, principal);
        let (mut policies, mut next) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let request = account.eks.list_associated_access_policies().cluster_name(cluster.name());
            let request = request.principal_arn(principal.to_string()).set_next_token(next.take());
            let request = request.customize().config_override(self.eks_in(cluster));
            let page = request.send().await.map_err(|error| call.fault(error))?;
            let associated = page.associated_access_policies.unwrap_or_default();
            policies.extend(associated.into_iter().filter_map(|policy| policy.policy_arn));
            match page.next_token {
                Some(token) => next = Some(token),
                None => return Ok(policies),
            }
        }
        Err(endless(&call))
    }
}

/// What EKS says of an entry, with its access policies.
fn fields(entry: aws_sdk_eks::types::AccessEntry, policies: Vec<String>) -> EntryFields {
    EntryFields {
        id: entry.access_entry_arn.unwrap_or_default(),
        username: entry.username.unwrap_or_default(),
        groups: entry.kubernetes_groups.unwrap_or_default(),
        kind: entry.r#type.unwrap_or_default(),
        tags: entry.tags.unwrap_or_default().into_iter().collect(),
        created_at: entry.created_at.and_then(moment),
        modified_at: entry.modified_at.and_then(moment),
        policies,
    }
}

fn entry_call(action: &'static str, cluster: &ClusterArn, principal: &PrincipalArn) -> AwsCall {
    let (partition, region, account) = (cluster.partition(), cluster.region(), cluster.account());
    AwsCall {
        operation: "read",
        subject: format!("the access entry of {principal} on cluster `{}`", cluster.name()),
        action,
        resource: format!("arn:{partition}:eks:{region}:{account}:access-entry/{}/*", cluster.name()),
    }
}
