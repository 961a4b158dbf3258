//! A request as the API server understands it: verb, resource, namespace, name.

use super::kinds::{self, ServedKind};
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;

/// One parsed request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Path as sent; decoded for non-resource paths.
    pub path: String,
    /// Query parameters in order.
    pub query: Vec<(String, String)>,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// The verb that RBAC sees: `get`, `list`, `create`; for a non-resource path, the lower-case method.
    pub verb: &'static str,
    /// What is asked for; `None` for paths such as `/healthz` and discovery.
    pub resource: Option<Target>,
}

/// The resource that a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// API group, empty for the core group.
    pub group: String,
    /// Version in the group.
    pub version: String,
    /// Plural name.
    pub resource: String,
    /// `log` in `pods/x/log`, otherwise empty.
    pub subresource: String,
    /// Empty if the request names none.
    pub namespace: String,
    /// Empty for lists and creations.
    pub name: String,
}

impl Target {
    /// The stored resource, if this server has it.
    pub fn kind(&self) -> Option<&'static ServedKind> {
        kinds::by_plural(&self.group, &self.version, &self.resource)
    }
}

impl Request {
    /// Reads method and address. It never fails: an unknown path is answered as not found later.
    pub fn parse(method: &Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        let query: Vec<(String, String)> = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .map(|(k, v)| (k.into_owned(), v.into_owned()))
            .collect();
        let mut resource = target(uri.path());
        let verb = verb(method, &query, resource.as_mut());
        let path = percent_decode_str(uri.path()).decode_utf8_lossy().into_owned();
        Self { path, query, headers, body, verb, resource }
    }

    /// The first value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    /// The value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether nothing may be stored.
    pub fn dry_run(&self) -> bool {
        self.query.iter().any(|(k, v)| k == "dryRun" && v == "All")
    }

    /// The writer for `managedFields`: the parameter, otherwise the client's name in its User-Agent.
    pub fn manager(&self) -> String {
        let agent = || self.header("user-agent").and_then(|a| a.split('/').next()).unwrap_or("unknown");
        self.parameter("fieldManager").filter(|m| !m.is_empty()).map_or_else(|| agent().to_owned(), str::to_owned)
    }
}

fn target(path: &str) -> Option<Target> {
    let decode = |s: &str| percent_decode_str(s).decode_utf8_lossy().into_owned();
    let parts: Vec<String> = path.trim_matches('/').split('/').map(decode).collect();
    let (group, version, rest) = match parts.as_slice() {
        [api, version, rest @ ..] if api == "api" && !rest.is_empty() => (String::new(), version.clone(), rest),
        [apis, group, version, rest @ ..] if apis == "apis" && !rest.is_empty() => {
            (group.clone(), version.clone(), rest)
        }
        _ => return None,
    };
    let at = |list: &[String], i: usize| list.get(i).cloned().unwrap_or_default();
    // `namespaces/x` is an object; `namespaces/x/pods` is a resource inside it.
    let inside = rest[0] == "namespaces" && rest.len() > 2 && rest[2] != "status" && rest[2] != "finalize";
    let (namespace, rest) = if inside { (at(rest, 1), &rest[2..]) } else { (String::new(), rest) };
    let (resource, name) = (at(rest, 0), at(rest, 1));
    // The API server treats a namespace's own name as its namespace, so that RoleBindings can allow it.
    let namespace = if resource == "namespaces" && !inside { name.clone() } else { namespace };
    Some(Target { group, version, subresource: at(rest, 2), namespace, resource, name })
}

fn verb(method: &Method, query: &[(String, String)], resource: Option<&mut Target>) -> &'static str {
    let Some(target) = resource else {
        return match method.as_str() {
            "GET" => "get",
            "HEAD" => "head",
            "POST" => "post",
            "PUT" => "put",
            "PATCH" => "patch",
            "DELETE" => "delete",
            _ => "options",
        };
    };
    let value = |name: &str| query.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
    match method.as_str() {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" if target.name.is_empty() => "deletecollection",
        "DELETE" => "delete",
        _ if !target.name.is_empty() => "get",
        _ => {
            // A list of one name counts as naming it: RBAC's resourceNames then apply.
            if let Some(name) = value("fieldSelector").and_then(|s| s.strip_prefix("metadata.name=")) {
                name.trim_start_matches('=').clone_into(&mut target.name);
            }
            if matches!(value("watch"), Some("true" | "1")) { "watch" } else { "list" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(method: &Method, uri: &str) -> Request {
        Request::parse(method, &uri.parse().unwrap(), HeaderMap::new(), Bytes::new())
    }

    #[test]
    fn resource_in_namespace_with_subresource_is_understood() {
        let request = parsed(&Method::GET, "/api/v1/namespaces/shop/pods/web-1/log?container=web");
        let target = request.resource.unwrap();
        assert_eq!((request.verb, target.resource.as_str(), target.subresource.as_str()), ("get", "pods", "log"));
        assert_eq!((target.namespace.as_str(), target.name.as_str()), ("shop", "web-1"));
    }

    #[test]
    fn escaped_names_are_decoded_once() {
        let path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/latchkey%3Aview%3A12";
        assert_eq!(parsed(&Method::GET, path).resource.unwrap().name, "latchkey:view:12");
    }

    #[test]
    fn list_of_one_name_counts_as_naming_it() {
        let request =
            parsed(&Method::GET, "/api/v1/namespaces/a/configmaps?fieldSelector=metadata.name%3Dx&watch=true");
        assert_eq!((request.verb, request.resource.unwrap().name.as_str()), ("watch", "x"));
    }

    #[test]
    fn discovery_is_no_resource() {
        assert!(parsed(&Method::GET, "/api/v1").resource.is_none());
        assert!(parsed(&Method::GET, "/apis/apps/v1").resource.is_none());
    }
}
