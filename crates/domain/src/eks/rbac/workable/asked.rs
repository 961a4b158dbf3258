//! Which verbs are asked for, and what else Kubernetes itself asks for, on resources that discovery does not list.
//!
//! Facts: `impersonation.go` of Kubernetes 1.35. Among the identities that a request can act as, only service accounts
//! are asked for in a namespace; attributes (`userextras`) are asked for by their key, as a part; users, groups and
//! service accounts are of the core group, or of `authentication.k8s.io` by the verbs `impersonate:MODE`. Signers of
//! certificates are asked for in the whole cluster; `bind` on a ClusterRole is asked for in the binding's scope.

use super::{super::kinds::Lives, Why};

/// The verbs of requests for resources.
pub(super) const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
/// What else Kubernetes itself asks for. Other programs may ask for any verb.
const OTHER_VERBS: [&str; 8] =
    ["bind", "escalate", "use", "approve", "sign", "attest", "impersonate", "request-serviceaccounts-token-audience"];
/// The resources on which [`OTHER_VERBS`] are asked for, and their scope: a `*` of verbs includes them.
const OTHERWISE: [(&str, &str, Lives); 10] = [
    ("rbac.authorization.k8s.io", "clusterroles", Lives::InNamespaces),
    ("rbac.authorization.k8s.io", "roles", Lives::InNamespaces),
    ("", "users", Lives::InCluster),
    ("", "groups", Lives::InCluster),
    ("", "serviceaccounts", Lives::InNamespaces),
    (AUTHENTICATION, "uids", Lives::InCluster),
    (AUTHENTICATION, "userextras", Lives::InCluster),
    ("certificates.k8s.io", "signers", Lives::InCluster),
    ("policy", "podsecuritypolicies", Lives::InNamespaces),
    ("resource.k8s.io", "resourceclaims", Lives::InNamespaces),
];
const AUTHENTICATION: &str = "authentication.k8s.io";
/// The resources on which `impersonate` is asked for.
const WHOM: [(&str, &str); 5] =
    [("", "users"), ("", "groups"), ("", "serviceaccounts"), (AUTHENTICATION, "uids"), (AUTHENTICATION, "userextras")];
/// Verbs of requests for paths.
const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// Whether the verb is asked for on paths.
pub(super) fn is_method(verb: &str) -> bool {
    verb == "*" || METHODS.contains(&verb)
}

/// Whether Kubernetes itself asks for the verb, though it is not the verb of a request for a resource.
pub(super) fn is_known(verb: &str) -> bool {
    OTHER_VERBS.contains(&verb) || verb.starts_with("impersonate")
}

/// Why one of the known verbs is never asked for on this resource, in the scope in which it is bound.
pub(super) fn by_verb(verb: &str, group: &str, kind: &str, part: &str, in_namespace: bool) -> Option<Why> {
    let is = |of: &str, asked: &str| (group == "*" || group == of) && (kind == "*" || kind == asked);
    if verb == "impersonate" {
        let mut whom = WHOM.iter().filter(|(of, asked)| is(of, asked)).peekable();
        if whom.peek().is_none() {
            return Some(Why::NothingToActAs);
        }
        if lacks_key(kind, part) {
            return Some(Why::NoKey);
        }
        return (in_namespace && whom.all(|(_, asked)| *asked != "serviceaccounts")).then_some(Why::NoNamespace);
    }
    if verb.starts_with("impersonate:") {
        let of_cluster = ["users", "groups", "uids", "userextras", "nodes"].contains(&kind);
        return if lacks_key(kind, part) {
            Some(Why::NoKey)
        } else {
            (in_namespace && of_cluster).then_some(Why::NoNamespace)
        };
    }
    (in_namespace && kind == "signers" && is("certificates.k8s.io", "signers")).then_some(Why::NoNamespace)
}

/// What `*` of verbs includes on a resource.
pub(super) enum Every {
    /// Nothing that is ever asked for.
    Never(Why),
    /// Something that Kubernetes asks for apart from requests for resources.
    Otherwise,
    /// The verbs of requests for resources, as far as this module can tell.
    OfRequests,
}

/// What every verb includes on this resource, in the scope in which it is bound. A name that may also be a foreign
/// resource counts as that resource.
pub(super) fn by_any_verb(group: &str, kind: &str, part: &str, in_namespace: bool) -> Every {
    let found = OTHERWISE.iter().find(|(of, asked, _)| (group == "*" || group == *of) && kind == *asked);
    let Some((of, _, lives)) = found else { return Every::OfRequests };
    if group == *of && lacks_key(kind, part) {
        Every::Never(Why::NoKey)
    } else if !in_namespace || *lives == Lives::InNamespaces {
        Every::Otherwise
    } else if group == *of {
        Every::Never(Why::NoNamespace)
    } else {
        Every::OfRequests
    }
}

fn lacks_key(kind: &str, part: &str) -> bool {
    kind == "userextras" && part.is_empty()
}
