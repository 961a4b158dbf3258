//! Clusters, and the Kubernetes versions that EKS supports.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Request, find, seconds};
use crate::aws::{error::ApiError, model::Cluster};

/// The version that every cluster here claims to run.
pub(crate) const VERSION: &str = "1.33";

pub(super) fn list(request: &Request<'_>) -> Result<Value, ApiError> {
    request.authorize("eks:ListClusters", &request.cluster_arn("*"), &[])?;
    let account = request.aws.settled();
    request.page("clusters", 0, account.clusters.keys().map(|name| (name.clone(), json!(name))).collect())
}

pub(super) fn describe(request: &Request<'_>, name: &str) -> Result<Value, ApiError> {
    let arn = request.cluster_arn(name);
    request.authorize("eks:DescribeCluster", &arn, &[])?;
    let account = request.aws.settled();
    let cluster = find(&account.clusters, name)?;
    Ok(json!({ "cluster": whole(cluster, &arn, request.aws.region()) }))
}

fn whole(cluster: &Cluster, arn: &str, region: &str) -> Value {
    let off = ["api", "audit", "authenticator", "controllerManager", "scheduler"];
    json!({
        "name": cluster.name,
        "arn": arn,
        "createdAt": seconds(cluster.created_at),
        "version": VERSION,
        "endpoint": cluster.server,
        "roleArn": arn.rsplit_once(":cluster/").map(|(stem, _)| {
            format!("arn:aws:iam::{}:role/eks-cluster", stem.rsplit(':').next().unwrap_or_default())
        }),
        "resourcesVpcConfig": {
            "subnetIds": [],
            "securityGroupIds": [],
            "endpointPublicAccess": true,
            "endpointPrivateAccess": false,
            "publicAccessCidrs": ["0.0.0.0/0"],
        },
        "kubernetesNetworkConfig": { "serviceIpv4Cidr": "10.100.0.0/16", "ipFamily": "ipv4" },
        "logging": { "clusterLogging": [{ "types": off, "enabled": false }] },
        "identity": { "oidc": { "issuer": format!("https://oidc.eks.{region}.amazonaws.com/id/{}", cluster.id) } },
        "status": "ACTIVE",
        "certificateAuthority": { "data": STANDARD.encode(&cluster.ca_pem) },
        "platformVersion": "eks.1",
        "tags": {},
        "health": { "issues": [] },
        "accessConfig": { "authenticationMode": cluster.mode.as_str() },
        "upgradePolicy": { "supportType": "STANDARD" },
        "deletionProtection": false,
    })
}

pub(super) fn versions(request: &Request<'_>) -> Result<Value, ApiError> {
    request.authorize("eks:DescribeClusterVersions", "*", &[])?;
    // Seconds since 1970 of the dates that EKS publishes for this version.
    Ok(json!({ "clusterVersions": [{
        "clusterVersion": VERSION,
        "clusterType": "eks",
        "defaultVersion": true,
        "releaseDate": 1_748_476_800,
        "endOfStandardSupportDate": 1_785_283_200,
        "endOfExtendedSupportDate": 1_816_819_200,
        "versionStatus": "STANDARD_SUPPORT",
        "kubernetesPatchVersion": "1.33.1",
    }] }))
}
