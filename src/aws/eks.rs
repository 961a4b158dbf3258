//! EKS's own API: what a cluster is and where its API server listens.

use super::{Aws, error::AwsCall};
use crate::fault::{Fault, FaultKind};
use aws_config::Region;
use aws_sdk_eks::types::{AuthenticationMode as SdkMode, Cluster};
use jiff::Timestamp;
use latchkey_domain::{
    eks::arn::ClusterArn,
    plan::observation::{AuthenticationMode, EksCluster},
};

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

    pub(super) fn eks_in(&self, cluster: &ClusterArn) -> aws_sdk_eks::config::Builder {
        let mut here = aws_sdk_eks::config::Builder::new().region(Region::new(cluster.region().to_owned()));
        here.set_time_source(self.accounts.time_source());
        here
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
        created_at: cluster.created_at.and_then(moment),
        endpoint: cluster.endpoint.unwrap_or_default(),
        certificate_authority: cluster.certificate_authority.and_then(|ca| ca.data).unwrap_or_default(),
        version: cluster.version.unwrap_or_default(),
        status: cluster.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        mode,
    })
}

/// A time of AWS's; `None` if it is out of range.
pub(super) fn moment(at: aws_smithy_types::DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), at.subsec_nanos().cast_signed()).ok()
}
