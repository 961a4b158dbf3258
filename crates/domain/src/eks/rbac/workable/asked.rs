//! Which verbs are asked for, and what Kubernetes itself asks for besides, on things that no discovery lists.
//!
//! Facts: `impersonation.go` of Kubernetes 1.35: of whom a request acts as, service accounts alone are asked for in a
//! namespace; attributes (`userextras`) are asked for by their key, as a part; users, groups and service accounts are
//! of the core group, or of `authentication.k8s.io` by the verbs `impersonate:MODE`. Signers of certificates are asked
//! for in the whole cluster; who binds a ClusterRole, where it is bound.

use super::{super::kinds::Lives, Why};

/// The verbs of requests for resources.
pub(super) const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
/// What Kubernetes itself asks for besides. Others may ask for what they like.
const OTHER_VERBS: [&str; 8] =
    ["bind", "escalate", "use", "approve", "sign", "attest", "impersonate", "request-serviceaccounts-token-audience"];
/// Where [`OTHER_VERBS`] are asked for, and whether in namespaces: a `*` of verbs holds them, too.
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
/// Whom `impersonate` is asked for on.
const WHOM: [(&str, &str); 5] =
    [("", "users"), ("", "groups"), ("", "serviceaccounts"), (AUTHENTICATION, "uids"), (AUTHENTICATION, "userextras")];
/// Verbs of requests for paths.
const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// Whether paths are asked for by the verb.
pub(super) fn is_method(verb: &str) -> bool {
    verb == "*" || METHODS.contains(&verb)
}

/// Whether Kubernetes itself asks for the verb, though no request for a resource has it.
pub(super) fn is_known(verb: &str) -> bool {
    OTHER_VERBS.contains(&verb) || verb.starts_with("impersonate")
}

/// Why one of the known verbs is never asked for on this thing, where it is bound.
pub(super) fn by_verb(verb: &str, group: &str, kind: &str, part: &str, in_namespace: bool) -> Option<Why> {
    let is = |of: &str, asked: &str| (group == "*" || group == of) && (kind == "*" || kind == asked);
    if verb == "impersonate" {
        let mut whom = WHOM.iter().filter(|(of, asked)| is(of, asked)).peekable();
        if whom.peek().is_none() {
            return Some(Why::NobodyToBe);
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

/// What `*` of verbs holds on a thing.
pub(super) enum Every {
    /// Nothing that anybody asks for.
    Never(Why),
    /// What Kubernetes asks for otherwise than by requests for resources.
    Otherwise,
    /// The verbs of requests for resources, as far as this tells.
    OfRequests,
}

/// What every verb holds on this thing, where it is bound. One that may be somebody's resource as well is that.
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
