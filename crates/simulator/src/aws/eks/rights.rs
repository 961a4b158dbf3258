//! The condition keys by which IAM bounds the calls about access entries, as the Service Authorization Reference lists
//! them. A key that has several values is there once for each.

use std::collections::BTreeMap;

use super::{Request, entries::Wanted};
use crate::aws::{
    error::ApiError,
    model::{AccessEntry, AssociatedPolicy},
};

/// Keys and values.
pub(super) type Keys = Vec<(String, String)>;

/// The keys of CreateAccessEntry. What the caller leaves out is absent, except for the type, which has a default.
///
/// It is not confirmed that EKS leaves `eks:kubernetesGroups` and `eks:username` out of the question if the caller left
/// out the field, which is what a condition `Null` asks, nor that an empty list counts as left out.
pub(super) fn of_new(wanted: &Wanted) -> Keys {
    let mut keys = vec![("eks:accessEntryType".to_owned(), wanted.kind.clone())];
    keys.extend(wanted.principal.iter().map(|arn| ("eks:principalArn".to_owned(), arn.clone())));
    keys.extend(wanted.username.iter().map(|name| ("eks:username".to_owned(), name.clone())));
    keys.extend(groups(wanted.groups.iter().flatten()));
    keys.extend(of_tags(&wanted.tags));
    keys
}

/// The keys of the tags that a call sets.
pub(super) fn of_tags(tags: &BTreeMap<String, String>) -> Keys {
    let values = tags.iter().map(|(key, value)| (format!("aws:RequestTag/{key}"), value.clone()));
    values.chain(tags.keys().map(|key| ("aws:TagKeys".to_owned(), key.clone()))).collect()
}

/// The keys of AssociateAccessPolicy and DisassociateAccessPolicy beside those of the entry.
pub(super) fn of_policy(arn: &str, scope: Option<&AssociatedPolicy>) -> Keys {
    let mut keys = vec![("eks:policyArn".to_owned(), arn.to_owned())];
    if let Some(scope) = scope {
        keys.push(("eks:accessScope".to_owned(), scope.scope.clone()));
        keys.extend(scope.namespaces.iter().map(|namespace| ("eks:namespaces".to_owned(), namespace.clone())));
    }
    keys
}

/// The keys of an entry that is there; of one that is absent only those that the call itself names.
fn of_entry(cluster: &str, principal: &str, entry: Option<&AccessEntry>) -> Keys {
    let mut keys =
        vec![("eks:clusterName".to_owned(), cluster.to_owned()), ("eks:principalArn".to_owned(), principal.to_owned())];
    if let Some(entry) = entry {
        keys.push(("eks:accessEntryType".to_owned(), entry.kind.clone()));
        keys.push(("eks:username".to_owned(), entry.username.clone()));
        keys.extend(groups(entry.groups.iter()));
        keys.extend(entry.tags.iter().map(|(key, value)| (format!("aws:ResourceTag/{key}"), value.clone())));
    }
    keys
}

fn groups<'a>(groups: impl Iterator<Item = &'a String>) -> impl Iterator<Item = (String, String)> {
    groups.map(|group| ("eks:kubernetesGroups".to_owned(), group.clone()))
}

/// Asks whether the caller may do `action` to the principal's entry. `more` are the keys beside those of the entry.
///
/// # Errors
/// `AccessDenied`; also if a condition needs a key of the entry and the entry is absent. It is not confirmed that EKS
/// answers this then: a caller must be ready for it and for "not found".
pub(super) fn authorize(
    request: &Request<'_>,
    action: &str,
    cluster: &str,
    principal: &str,
    more: Keys,
) -> Result<(), ApiError> {
    let account = request.aws.settled();
    let entry = account.clusters.get(cluster).and_then(|cluster| cluster.entries.get(principal));
    let arn = entry_arn(request, cluster, principal, entry.map_or("*", |entry| entry.id.as_str()));
    let mut keys = of_entry(cluster, principal, entry);
    keys.extend(more);
    request.authorize(action, &arn, &keys)
}

/// `access-entry/CLUSTER/user|role/ACCOUNT/NAME/ID`; the name has no path.
pub(super) fn entry_arn(request: &Request<'_>, cluster: &str, principal: &str, id: &str) -> String {
    let mut fields = principal.splitn(6, ':').skip(4);
    let (account, resource) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
    let kind = resource.split('/').next().unwrap_or_default();
    let name = resource.rsplit('/').next().unwrap_or_default();
    request.arn(&format!("access-entry/{cluster}/{kind}/{account}/{name}/{id}"))
}
