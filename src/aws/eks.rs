//! EKS's own API: what a cluster is and where its API server listens.

use super::{Aws, MOST_PAGES, accounts::AccountClients, endless, error::AwsCall};
use crate::fault::{Fault, FaultKind};
use aws_config::Region;
use aws_sdk_eks::types::{AuthenticationMode as SdkMode, Cluster};
use jiff::Timestamp;
use latchkey_domain::{
    eks::arn::{ClusterArn, PrincipalArn},
    plan::observation::{AccessEntry, AuthenticationMode, EksCluster, EntryDetails, EntryFields},
};
use std::collections::BTreeSet;

/// The most that EKS gives at once.
const ENTRIES_A_PAGE: i32 = 100;

impl Aws {
    /// DescribeCluster, in the region of the ARN.
    ///
    /// # Errors
    /// Not found only if EKS says so to a caller of the cluster's own account: the wrong account and region answer the
    /// same for every cluster. Refused in another account, or without the right; transient, throttled. Invalid if this
    /// version does not know the cluster's authentication mode.
    pub async fn describe_cluster(&self, arn: &ClusterArn) -> Result<EksCluster, Fault> {
        let call = AwsCall {
            operation: "describe",
            subject: format!("the cluster `{}`", arn.name()),
            action: "eks:DescribeCluster",
            resource: arn.to_string(),
        };
        let account = self.accounts.presumed(arn.account());
        let request = account.eks.describe_cluster().name(arn.name()).customize().config_override(self.eks_in(arn));
        let answer = match request.send().await.map_err(|error| call.fault(error)) {
            Err(fault) if fault.is_not_found() => {
                self.accounts.of(arn.account(), &call).await?;
                return Err(fault);
            }
            answer => answer?,
        };
        let cluster = answer.cluster.ok_or_else(|| call.failed(FaultKind::Transient).because("the answer is empty"))?;
        if cluster.arn() != Some(arn.as_str()) {
            let other = cluster.arn().and_then(|arn| ClusterArn::parse(arn).ok());
            return Err(match other {
                Some(other) => call.wrong_account(other.account().as_str(), arn.account().as_str()),
                None => call.failed(FaultKind::Transient).because("the answer is about another cluster"),
            });
        }
        observed(cluster, &call)
    }
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
        let found = tokio::try_join!(
            async { request.send().await.map_err(|error| call.fault(error)) },
            self.access_policies(account, cluster, principal)
        );
        let (answer, policies) = match found {
            // A missing cluster is found by describing it.
            Err(fault) if fault.is_not_found() => return Ok(None),
            found => found?,
        };
        let entry = answer.access_entry;
        let entry = entry.ok_or_else(|| call.failed(FaultKind::Transient).because("the answer is empty"))?;
        let fields = EntryFields {
            username: entry.username.unwrap_or_default(),
            groups: entry.kubernetes_groups.unwrap_or_default(),
            kind: entry.r#type.unwrap_or_default(),
            policies,
        };
        let arn = entry.principal_arn.unwrap_or_else(|| principal.to_string());
        Ok(Some(AccessEntry { arn, details: EntryDetails::Read(fields) }))
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

    fn eks_in(&self, cluster: &ClusterArn) -> aws_sdk_eks::config::Builder {
        let mut here = aws_sdk_eks::config::Builder::new().region(Region::new(cluster.region().to_owned()));
        here.set_time_source(self.accounts.time_source());
        here
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

fn observed(cluster: Cluster, call: &AwsCall) -> Result<EksCluster, Fault> {
    let mode = cluster.access_config.and_then(|access| access.authentication_mode);
    let mode = match mode {
        // Clusters older than access entries have no access configuration.
        None | Some(SdkMode::ConfigMap) => AuthenticationMode::ConfigMap,
        Some(SdkMode::ApiAndConfigMap) => AuthenticationMode::ApiAndConfigMap,
        Some(SdkMode::Api) => AuthenticationMode::Api,
        Some(other) => {
            let why = format!("its authentication mode {} is not known to Latchkey", other.as_str());
            return Err(call.failed(FaultKind::Invalid).because(why));
        }
    };
    Ok(EksCluster {
        name: cluster.name.unwrap_or_default(),
        arn: cluster.arn.unwrap_or_default(),
        created_at: cluster.created_at.and_then(|at| Timestamp::new(at.secs(), at.subsec_nanos().cast_signed()).ok()),
        endpoint: cluster.endpoint.unwrap_or_default(),
        certificate_authority: cluster.certificate_authority.and_then(|ca| ca.data).unwrap_or_default(),
        version: cluster.version.unwrap_or_default(),
        status: cluster.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        mode,
    })
}
