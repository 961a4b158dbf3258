//! Access entries.

use serde_json::{Value, json};

use super::{Request, find, invalid_parameter, need_entries, no_cluster, not_found, seconds};
use crate::aws::{
    error::ApiError,
    model::{AccessEntry, Cluster},
};

const KINDS: &[&str] =
    &["STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"];
/// Prefixes that Kubernetes and AWS reserve.
const RESERVED_USERNAMES: &[&str] = &["system:", "eks:", "aws:", "amazon:", "iam:"];

pub(super) fn list(request: &Request<'_>, cluster: &str) -> Result<Value, ApiError> {
    request.authorize("eks:ListAccessEntries", &request.cluster_arn(cluster), &[])?;
    let account = request.aws.settled();
    let cluster = find(&account.clusters, cluster)?;
    need_entries(cluster)?;
    let policy = request.parameter("associatedPolicyArn");
    let wanted = cluster.entries.values().filter(|entry| policy.is_none_or(|arn| entry.policies.contains_key(arn)));
    request.page("accessEntries", wanted.map(|entry| entry.principal_arn.clone()).collect())
}

pub(super) fn create(request: &Request<'_>, cluster: &str) -> Result<Value, ApiError> {
    let kind = request.text("type").unwrap_or("STANDARD").to_owned();
    let groups = request.texts("kubernetesGroups").unwrap_or_default();
    let mut context = vec![("eks:accessEntryType", kind.clone())];
    context.extend(request.text("username").map(|name| ("eks:username", name.to_owned())));
    context.extend(groups.iter().map(|group| ("eks:kubernetesGroups", group.clone())));
    request.authorize("eks:CreateAccessEntry", &request.cluster_arn(cluster), &context)?;
    let settled = request.aws.settled();
    need_entries(find(&settled.clusters, cluster)?)?;
    let principal = request.text("principalArn").ok_or_else(|| invalid_parameter("principalArn is missing."))?;
    if !KINDS.contains(&kind.as_str()) {
        return Err(invalid_parameter("The specified type is invalid."));
    }
    let username = request.text("username").map_or_else(|| default_username(principal), str::to_owned);
    check_names(&username, &groups)?;
    let ours = principal.split(':').nth(4) == Some(request.aws.account());
    let principal_id = settled.principal_id(principal, request.aws.account()).map(str::to_owned);
    if !principal.starts_with("arn:aws:iam::") || (ours && principal_id.is_none()) {
        return Err(invalid_parameter("The specified principalArn is invalid: invalid principal."));
    }
    let entry = AccessEntry {
        principal_arn: principal.to_owned(),
        principal_id,
        id: uuid::Uuid::now_v7().to_string(),
        username,
        groups,
        kind,
        tags: serde_json::from_value(request.body["tags"].clone()).unwrap_or_default(),
        created_at: request.now,
        modified_at: request.now,
        policies: std::collections::BTreeMap::new(),
    };
    let answer = json!({ "accessEntry": whole(request, cluster, &entry) });
    change(request, cluster, |cluster| {
        if cluster.entries.contains_key(principal) {
            let message = "The specified access entry resource is already in use on this cluster.";
            return Err(ApiError::new(409, "ResourceInUseException", message));
        }
        cluster.entries.insert(principal.to_owned(), entry);
        Ok(answer)
    })
}

pub(super) fn describe(request: &Request<'_>, cluster: &str, principal: &str) -> Result<Value, ApiError> {
    authorize(request, "eks:DescribeAccessEntry", cluster, principal)?;
    let account = request.aws.settled();
    let found = find(&account.clusters, cluster)?;
    need_entries(found)?;
    let entry = found.entries.get(principal).ok_or_else(no_entry)?;
    Ok(json!({ "accessEntry": whole(request, cluster, entry) }))
}

/// Replaces the groups, if they are given.
pub(super) fn update(request: &Request<'_>, cluster: &str, principal: &str) -> Result<Value, ApiError> {
    authorize(request, "eks:UpdateAccessEntry", cluster, principal)?;
    let entry = change(request, cluster, |cluster| {
        let entry = cluster.entries.get_mut(principal).ok_or_else(no_entry)?;
        if let Some(groups) = request.texts("kubernetesGroups") {
            entry.groups = groups;
        }
        if let Some(username) = request.text("username") {
            username.clone_into(&mut entry.username);
        }
        check_names(&entry.username, &entry.groups)?;
        entry.modified_at = request.now;
        Ok(entry.clone())
    })?;
    Ok(json!({ "accessEntry": whole(request, cluster, &entry) }))
}

pub(super) fn delete(request: &Request<'_>, cluster: &str, principal: &str) -> Result<Value, ApiError> {
    authorize(request, "eks:DeleteAccessEntry", cluster, principal)?;
    change(request, cluster, |cluster| {
        cluster.entries.remove(principal).ok_or_else(no_entry)?;
        Ok(json!({}))
    })
}

/// Changes a cluster that has entries.
pub(super) fn change<T>(
    request: &Request<'_>,
    cluster: &str,
    change: impl FnOnce(&mut Cluster) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    request.aws.try_change(request.now, |account| {
        let cluster = account.clusters.get_mut(cluster).ok_or_else(|| no_cluster(cluster))?;
        need_entries(cluster)?;
        change(cluster)
    })
}

/// # Errors
/// `AccessDenied`.
pub(super) fn authorize(request: &Request<'_>, action: &str, cluster: &str, principal: &str) -> Result<(), ApiError> {
    let account = request.aws.settled();
    let id = account.clusters.get(cluster).and_then(|cluster| cluster.entries.get(principal)).map(|entry| &entry.id);
    request.authorize(action, &entry_arn(request, cluster, principal, id.map_or("*", String::as_str)), &[])
}

pub(super) fn no_entry() -> ApiError {
    not_found(
        "The specified principalArn could not be found. You can view your available access entries with \
         'list-access-entries'.",
    )
}

fn whole(request: &Request<'_>, cluster: &str, entry: &AccessEntry) -> Value {
    json!({
        "clusterName": cluster,
        "principalArn": entry.principal_arn,
        "kubernetesGroups": entry.groups,
        "accessEntryArn": entry_arn(request, cluster, &entry.principal_arn, &entry.id),
        "createdAt": seconds(entry.created_at),
        "modifiedAt": seconds(entry.modified_at),
        "tags": entry.tags,
        "username": entry.username,
        "type": entry.kind,
    })
}

/// `access-entry/CLUSTER/user|role/ACCOUNT/NAME/ID`
fn entry_arn(request: &Request<'_>, cluster: &str, principal: &str, id: &str) -> String {
    let mut fields = principal.splitn(6, ':').skip(4);
    let (account, resource) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
    let kind = resource.split('/').next().unwrap_or_default();
    let name = resource.rsplit('/').next().unwrap_or_default();
    request.arn(&format!("access-entry/{cluster}/{kind}/{account}/{name}/{id}"))
}

/// The username of a user is its ARN; that of a role contains the session.
fn default_username(principal: &str) -> String {
    let mut fields = principal.splitn(6, ':').skip(4);
    match (fields.next(), fields.next().and_then(|resource| resource.strip_prefix("role/"))) {
        (Some(account), Some(role)) => {
            let name = role.rsplit('/').next().unwrap_or_default();
            format!("arn:aws:sts::{account}:assumed-role/{name}/{{{{SessionName}}}}")
        }
        _ => principal.to_owned(),
    }
}

fn check_names(username: &str, groups: &[String]) -> Result<(), ApiError> {
    if RESERVED_USERNAMES.iter().any(|prefix| username.starts_with(prefix)) {
        return Err(invalid_parameter(
            "The username is invalid: it must not start with system:, eks:, aws:, amazon: or iam:.",
        ));
    }
    let session = username.find("{{SessionName");
    if session.is_some_and(|at| !username[..at].contains(':')) {
        return Err(invalid_parameter("The username is invalid: {{SessionName}} needs a colon before it."));
    }
    if groups.iter().any(|group| group.starts_with("system:")) {
        return Err(invalid_parameter("The kubernetes group name is invalid, it cannot start with system:"));
    }
    Ok(())
}
