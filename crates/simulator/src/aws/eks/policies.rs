//! Access policies, and which of them an entry has. What they allow in a cluster is not simulated.

use serde_json::{Value, json};

use super::{
    Request,
    entries::{change, no_entry},
    find, invalid_parameter, need_entries, not_found,
    rights::{self, authorize},
    rules::{self, STANDARD},
    seconds,
};
use crate::aws::{
    error::ApiError,
    model::{AccessEntry, AssociatedPolicy},
};

/// Some of EKS's policies: its list grows, so a client must be ready for any name.
const NAMES: &[&str] = &[
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSAutoNodePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSHybridPolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
    "AmazonEKSViewPolicy",
];

fn arn(name: &str) -> String {
    format!("arn:aws:eks::aws:cluster-access-policy/{name}")
}

pub(super) fn available(request: &Request<'_>) -> Result<Value, ApiError> {
    request.authorize("eks:ListAccessPolicies", "*", &[])?;
    let list: Vec<_> = NAMES.iter().map(|name| json!({ "name": name, "arn": arn(name) })).collect();
    Ok(json!({ "accessPolicies": list }))
}

pub(super) fn associated(request: &Request<'_>, cluster: &str, principal: &str) -> Result<Value, ApiError> {
    authorize(request, "eks:ListAssociatedAccessPolicies", cluster, principal, Vec::new())?;
    let account = request.aws.settled();
    let found = find(&account.clusters, cluster)?;
    need_entries(found)?;
    let entry = found.entries.get(principal).ok_or_else(no_entry)?;
    let list = entry.policies.iter().map(|(arn, policy)| (arn.clone(), whole(arn, policy))).collect();
    let mut page = request.page("associatedAccessPolicies", 0, list)?;
    page["clusterName"] = json!(cluster);
    page["principalArn"] = json!(principal);
    Ok(page)
}

/// Associates a policy with an entry, or replaces the scope of one that it has.
///
/// # Errors
/// `AccessDenied`; those of every entry call; `InvalidParameterException` if the policy is unknown, the scope is
/// neither the cluster nor namespaces, or the entry is for nodes. The words about policy and scope are not EKS's.
pub(super) fn associate(request: &Request<'_>, cluster: &str, principal: &str) -> Result<Value, ApiError> {
    let policy: String = request.field("policyArn")?.unwrap_or_default();
    let scope = &request.body["accessScope"];
    let asked = AssociatedPolicy {
        scope: scope["type"].as_str().unwrap_or_default().to_owned(),
        namespaces: serde_json::from_value(scope["namespaces"].clone()).unwrap_or_default(),
        associated_at: request.now,
        modified_at: request.now,
    };
    authorize(request, "eks:AssociateAccessPolicy", cluster, principal, rights::of_policy(&policy, Some(&asked)))?;
    change(request, cluster, |cluster_state| {
        let entry = standard(cluster_state.entries.get_mut(principal), principal)?;
        if !NAMES.iter().any(|name| arn(name) == policy) {
            return Err(invalid_parameter("The specified policyArn is invalid: invalid policy."));
        }
        if !matches!((asked.scope.as_str(), asked.namespaces.is_empty()), ("cluster", true) | ("namespace", false)) {
            return Err(invalid_parameter("The specified accessScope is invalid."));
        }
        let first = entry.policies.get(&policy).map_or(request.now, |known| known.associated_at);
        let associated = AssociatedPolicy { associated_at: first, ..asked };
        let described = whole(&policy, &associated);
        entry.policies.insert(policy, associated);
        Ok(json!({ "clusterName": cluster, "principalArn": principal, "associatedAccessPolicy": described }))
    })
}

/// # Errors
/// `AccessDenied`; those of every entry call; `InvalidParameterException` if the entry is for nodes; not found if it
/// does not have the policy, in words that no document of EKS confirms.
pub(super) fn disassociate(
    request: &Request<'_>,
    cluster: &str,
    principal: &str,
    policy: &str,
) -> Result<Value, ApiError> {
    authorize(request, "eks:DisassociateAccessPolicy", cluster, principal, rights::of_policy(policy, None))?;
    change(request, cluster, |cluster| {
        let entry = standard(cluster.entries.get_mut(principal), principal)?;
        let missing = || not_found("The specified policyArn is not associated with the access entry.");
        entry.policies.remove(policy).map(|_| json!({})).ok_or_else(missing)
    })
}

/// # Errors
/// Not found without the entry; `InvalidParameterException` if it is for nodes, or of a service-linked role.
fn standard<'a>(entry: Option<&'a mut AccessEntry>, principal: &str) -> Result<&'a mut AccessEntry, ApiError> {
    rules::check_no_linked_role(principal)?;
    let entry = entry.ok_or_else(no_entry)?;
    if entry.kind == STANDARD {
        return Ok(entry);
    }
    Err(invalid_parameter(r#"This operation can only be performed on Access Entries with a type of "STANDARD"."#))
}

fn whole(arn: &str, policy: &AssociatedPolicy) -> Value {
    json!({
        "policyArn": arn,
        "accessScope": { "type": policy.scope, "namespaces": policy.namespaces },
        "associatedAt": seconds(policy.associated_at),
        "modifiedAt": seconds(policy.modified_at),
    })
}
