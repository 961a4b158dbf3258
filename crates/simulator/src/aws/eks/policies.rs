//! Access policies, and which of them an entry has.

use serde_json::{Value, json};

use super::{
    Request,
    entries::{authorize, change, no_entry},
    find, invalid_parameter, need_entries, not_found, seconds,
};
use crate::aws::{error::ApiError, model::AssociatedPolicy};

const NAMES: &[&str] = &[
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
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
    authorize(request, "eks:ListAssociatedAccessPolicies", cluster, principal)?;
    let account = request.aws.settled();
    let found = find(&account.clusters, cluster)?;
    need_entries(found)?;
    let entry = found.entries.get(principal).ok_or_else(no_entry)?;
    let list: Vec<_> = entry.policies.iter().map(|(arn, policy)| whole(arn, policy)).collect();
    Ok(json!({ "clusterName": cluster, "principalArn": principal, "associatedAccessPolicies": list }))
}

pub(super) fn associate(request: &Request<'_>, cluster: &str, principal: &str) -> Result<Value, ApiError> {
    authorize(request, "eks:AssociateAccessPolicy", cluster, principal)?;
    let policy = request.text("policyArn").unwrap_or_default();
    if !NAMES.iter().any(|name| arn(name) == policy) {
        return Err(invalid_parameter("The specified policyArn is invalid: invalid policy."));
    }
    let scope = &request.body["accessScope"];
    let namespaces: Vec<String> = serde_json::from_value(scope["namespaces"].clone()).unwrap_or_default();
    let kind = scope["type"].as_str().unwrap_or_default();
    if !matches!((kind, namespaces.is_empty()), ("cluster", true) | ("namespace", false)) {
        return Err(invalid_parameter("The specified accessScope is invalid."));
    }
    change(request, cluster, |cluster_state| {
        let entry = cluster_state.entries.get_mut(principal).ok_or_else(no_entry)?;
        let first = entry.policies.get(policy).map_or(request.now, |known| known.associated_at);
        let associated =
            AssociatedPolicy { scope: kind.to_owned(), namespaces, associated_at: first, modified_at: request.now };
        let described = whole(policy, &associated);
        entry.policies.insert(policy.to_owned(), associated);
        Ok(json!({ "clusterName": cluster, "principalArn": principal, "associatedAccessPolicy": described }))
    })
}

pub(super) fn disassociate(
    request: &Request<'_>,
    cluster: &str,
    principal: &str,
    policy: &str,
) -> Result<Value, ApiError> {
    authorize(request, "eks:DisassociateAccessPolicy", cluster, principal)?;
    change(request, cluster, |cluster| {
        let entry = cluster.entries.get_mut(principal).ok_or_else(no_entry)?;
        let missing = || not_found("The specified policyArn is not associated with the access entry.");
        entry.policies.remove(policy).map(|_| json!({})).ok_or_else(missing)
    })
}

fn whole(arn: &str, policy: &AssociatedPolicy) -> Value {
    json!({
        "policyArn": arn,
        "accessScope": { "type": policy.scope, "namespaces": policy.namespaces },
        "associatedAt": seconds(policy.associated_at),
        "modifiedAt": seconds(policy.modified_at),
    })
}
