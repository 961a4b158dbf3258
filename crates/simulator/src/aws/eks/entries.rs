//! Access entries: their calls.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Request, find, invalid_parameter, need_entries, no_cluster, not_found,
    rights::{self, authorize, entry_arn},
    rules::{self, STANDARD},
    seconds,
};
use crate::aws::{
    error::ApiError,
    model::{AccessEntry, Account, Asked, Cluster},
};

/// What CreateAccessEntry asks for.
pub(super) struct Wanted {
    pub principal: Option<String>,
    /// An empty one counts as left out.
    pub username: Option<String>,
    pub groups: Option<Vec<String>>,
    pub kind: String,
    pub tags: BTreeMap<String, String>,
}

impl Wanted {
    /// # Errors
    /// `SerializationException`: a field has another type.
    fn read(request: &Request<'_>) -> Result<Self, ApiError> {
        Ok(Self {
            principal: request.field("principalArn")?,
            username: request.field("username")?.filter(|name: &String| !name.is_empty()),
            groups: request.field("kubernetesGroups")?,
            kind: request.field("type")?.unwrap_or_else(|| STANDARD.to_owned()),
            tags: request.field("tags")?.unwrap_or_default(),
        })
    }

    /// The entry that this makes, not part of the cluster yet.
    ///
    /// # Errors
    /// `InvalidParameterException` by EKS's rules of principals, names, types and tags; `AccessDenied` if the role of
    /// nodes may not be passed.
    fn entry(self, request: &Request<'_>, account: &Account) -> Result<AccessEntry, ApiError> {
        let principal = self.principal.ok_or_else(|| invalid_parameter("principalArn is missing."))?;
        rules::check_kind(request, &self.kind, &principal, self.groups.as_deref())?;
        // The names that EKS itself gives to nodes begin with `system:`.
        self.username.as_deref().map_or(Ok(()), rules::check_username)?;
        self.groups.as_deref().map_or(Ok(()), rules::check_groups)?;
        rules::check_tags(&self.tags)?;
        let principal_id = rules::principal_id(request, account, &principal)?;
        Ok(AccessEntry {
            principal_id,
            id: uuid::Uuid::now_v7().to_string(),
            username: self.username.unwrap_or_else(|| rules::default_username(&self.kind, &principal)),
            groups: self.groups.unwrap_or_else(|| rules::default_groups(&self.kind)),
            kind: self.kind,
            tags: self.tags,
            created_at: request.now,
            modified_at: request.now,
            policies: BTreeMap::new(),
            created_by: asked(request)?,
            updated_by: None,
            principal_arn: principal,
        })
    }
}

pub(super) fn list(request: &Request<'_>, cluster: &str) -> Result<Value, ApiError> {
    request.authorize("eks:ListAccessEntries", &request.cluster_arn(cluster), &[])?;
    let account = request.aws.settled();
    let cluster = find(&account.clusters, cluster)?;
    need_entries(cluster)?;
    let policy = request.parameter("associatedPolicyArn");
    let wanted = cluster.entries.iter().filter(|(_, entry)| policy.is_none_or(|arn| entry.policies.contains_key(arn)));
    let empty = request.aws.entry_knobs().pages_without_content();
    request.page("accessEntries", empty, wanted.map(|(arn, _)| (arn.clone(), json!(arn))).collect())
}

/// It also asks for `eks:TagResource` if there are tags: it is not confirmed that EKS does, so a policy must allow
/// both.
pub(super) fn create(request: &Request<'_>, cluster: &str) -> Result<Value, ApiError> {
    let wanted = Wanted::read(request)?;
    request.authorize("eks:CreateAccessEntry", &request.cluster_arn(cluster), &rights::of_new(&wanted))?;
    let settled = request.aws.settled();
    need_entries(find(&settled.clusters, cluster)?)?;
    let entry = wanted.entry(request, &settled)?;
    if !entry.tags.is_empty() {
        let arn = entry_arn(request, cluster, &entry.principal_arn, &entry.id);
        request.authorize("eks:TagResource", &arn, &rights::of_tags(&entry.tags))?;
    }
    let most = request.aws.entry_knobs().most();
    let made = change(request, cluster, |cluster| insert(cluster, entry, most))?;
    Ok(json!({ "accessEntry": whole(request, cluster, &made) }))
}

/// Adds an entry; or gives the one that the same request with the same token made before.
///
/// How long EKS remembers a token is not known. Here it is as long as the entry lives: a request that comes once more
/// after the deletion makes another entry, which is the worse of both for a client.
///
/// # Errors
/// `InvalidParameterException`: the token was used with other parameters, in words that are not EKS's.
/// `ResourceInUseException`: the principal has an entry. `ResourceLimitExceededException`: there are too many, in words
/// that are not EKS's.
fn insert(cluster: &mut Cluster, entry: AccessEntry, most: usize) -> Result<AccessEntry, ApiError> {
    let same_token = |known: &&AccessEntry| Asked::same_token(known.created_by.as_ref(), entry.created_by.as_ref());
    if let Some(known) = cluster.entries.values().find(same_token) {
        return if known.created_by == entry.created_by { Ok(known.clone()) } else { Err(token_of_another()) };
    }
    if cluster.entries.contains_key(&entry.principal_arn) {
        let message = "The specified access entry resource is already in use on this cluster.";
        return Err(ApiError::new(409, "ResourceInUseException", message));
    }
    if cluster.entries.len() >= most {
        let message = format!("You've reached the limit of {most} access entries for this cluster.");
        return Err(ApiError::new(400, "ResourceLimitExceededException", message));
    }
    cluster.entries.insert(entry.principal_arn.clone(), entry.clone());
    Ok(entry)
}

pub(super) fn describe(request: &Request<'_>, cluster: &str, principal: &str) -> Result<Value, ApiError> {
    authorize(request, "eks:DescribeAccessEntry", cluster, principal, Vec::new())?;
    let account = request.aws.settled();
    let found = find(&account.clusters, cluster)?;
    need_entries(found)?;
    let entry = found.entries.get(principal).ok_or_else(no_entry)?;
    Ok(json!({ "accessEntry": whole(request, cluster, entry) }))
}

/// Replaces the groups and the username, each if it is given. The name that results is checked: that of nodes begins
/// with `system:`, so an entry for nodes refuses every update, as EKS's does.
pub(super) fn update(request: &Request<'_>, cluster: &str, principal: &str) -> Result<Value, ApiError> {
    authorize(request, "eks:UpdateAccessEntry", cluster, principal, Vec::new())?;
    let groups: Option<Vec<String>> = request.field("kubernetesGroups")?;
    let username: Option<String> = request.field("username")?;
    let asked = asked(request)?;
    let entry = change(request, cluster, |cluster| {
        rules::check_no_linked_role(principal)?;
        let entry = cluster.entries.get_mut(principal).ok_or_else(no_entry)?;
        if Asked::same_token(entry.updated_by.as_ref(), asked.as_ref()) {
            return if entry.updated_by == asked { Ok(entry.clone()) } else { Err(token_of_another()) };
        }
        if let Some(username) = username.filter(|name| !name.is_empty()) {
            entry.username = username;
        }
        rules::check_username(&entry.username)?;
        if let Some(groups) = groups {
            rules::check_groups(&groups)?;
            entry.groups = groups;
        }
        entry.modified_at = request.now;
        entry.updated_by = asked;
        Ok(entry.clone())
    })?;
    Ok(json!({ "accessEntry": whole(request, cluster, &entry) }))
}

/// Deletes an entry with its associated policies.
pub(super) fn delete(request: &Request<'_>, cluster: &str, principal: &str) -> Result<Value, ApiError> {
    authorize(request, "eks:DeleteAccessEntry", cluster, principal, Vec::new())?;
    change(request, cluster, |cluster| {
        rules::check_no_linked_role(principal)?;
        cluster.entries.remove(principal).ok_or_else(no_entry)?;
        Ok(json!({}))
    })
}

/// Changes a cluster that has entries.
///
/// # Errors
/// Not found without the cluster, `InvalidRequestException` in a mode without entries, and what `change` returns: then
/// nothing has changed.
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

pub(super) fn no_entry() -> ApiError {
    not_found(
        "The specified principalArn could not be found. You can view your available access entries with \
         'list-access-entries'.",
    )
}

/// The words are not EKS's, and neither is it confirmed that EKS answers this code.
fn token_of_another() -> ApiError {
    invalid_parameter("The specified clientRequestToken was used with other parameters.")
}

/// The request as its idempotency token remembers it; `None` without a token.
fn asked(request: &Request<'_>) -> Result<Option<Asked>, ApiError> {
    let token: Option<String> = request.field("clientRequestToken")?;
    Ok(token.filter(|token| !token.is_empty()).map(|token| {
        let mut parameters = request.body.clone();
        if let Some(fields) = parameters.as_object_mut() {
            fields.remove("clientRequestToken");
        }
        Asked { token, parameters }
    }))
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
