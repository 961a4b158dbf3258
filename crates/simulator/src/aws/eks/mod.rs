//! EKS: clusters to look at, and access entries.

mod clusters;
mod entries;
mod knobs;
mod paging;
mod policies;
mod rights;
mod rules;

pub(crate) use clusters::VERSION as KUBERNETES_VERSION;
use jiff::Timestamp;
pub use knobs::EntryKnobs;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Aws, Caller, authorize::Question, error::ApiError, model::Cluster, signature::Received};
use crate::seed::AuthenticationMode;

/// One call.
struct Request<'a> {
    aws: &'a Aws,
    caller: &'a Caller,
    parameters: Vec<(String, String)>,
    body: Value,
    now: Timestamp,
}

/// The path's parts, decoded: `/clusters/a/access-entries/arn%3Aaws...` has four.
fn parts(path: &str) -> Vec<String> {
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    path.split('/').filter(|part| !part.is_empty()).map(decode).collect()
}

/// The action's name, or `Unknown`. UpdateClusterConfig is unknown: nothing here switches a cluster's mode but a test.
pub(crate) fn action(method: &str, path: &str) -> &'static str {
    let parts = parts(path);
    let parts: Vec<_> = parts.iter().map(String::as_str).collect();
    match (method, parts.as_slice()) {
        ("GET", ["clusters"]) => "ListClusters",
        ("GET", ["clusters", _]) => "DescribeCluster",
        ("GET", ["cluster-versions"]) => "DescribeClusterVersions",
        ("GET", ["access-policies"]) => "ListAccessPolicies",
        ("GET", ["clusters", _, "access-entries"]) => "ListAccessEntries",
        ("POST", ["clusters", _, "access-entries"]) => "CreateAccessEntry",
        ("GET", ["clusters", _, "access-entries", _]) => "DescribeAccessEntry",
        ("POST", ["clusters", _, "access-entries", _]) => "UpdateAccessEntry",
        ("DELETE", ["clusters", _, "access-entries", _]) => "DeleteAccessEntry",
        ("GET", ["clusters", _, "access-entries", _, "access-policies"]) => "ListAssociatedAccessPolicies",
        ("POST", ["clusters", _, "access-entries", _, "access-policies"]) => "AssociateAccessPolicy",
        ("DELETE", ["clusters", _, "access-entries", _, "access-policies", _]) => "DisassociateAccessPolicy",
        _ => "Unknown",
    }
}

/// `region` is the one that the caller signed for: all other regions are empty.
///
/// # Errors
/// `AccessDenied` before anything else, then the action's own.
pub(crate) fn perform(
    aws: &Aws,
    caller: &Caller,
    received: &Received,
    region: &str,
    now: Timestamp,
) -> Result<Value, ApiError> {
    let body = if received.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&received.body)
            .map_err(|_| ApiError::new(400, "SerializationException", "The body is not a JSON."))?
    };
    let request = Request { aws, caller, parameters: received.parameters(), body, now };
    let parts = parts(&received.path);
    let part = |n: usize| parts.get(n).map_or("", String::as_str);
    let (cluster, principal) = (part(1), part(3));
    if region != aws.region() {
        // Like a region without clusters, it ignores what is asked.
        return if part(0) == "clusters" && cluster.is_empty() {
            Ok(json!({ "clusters": [] }))
        } else {
            Err(no_cluster(cluster))
        };
    }
    match action(&received.method, &received.path) {
        "ListClusters" => clusters::list(&request),
        "DescribeCluster" => clusters::describe(&request, cluster),
        "DescribeClusterVersions" => clusters::versions(&request),
        "ListAccessPolicies" => policies::available(&request),
        "ListAccessEntries" => entries::list(&request, cluster),
        "CreateAccessEntry" => entries::create(&request, cluster),
        "DescribeAccessEntry" => entries::describe(&request, cluster, principal),
        "UpdateAccessEntry" => entries::update(&request, cluster, principal),
        "DeleteAccessEntry" => entries::delete(&request, cluster, principal),
        "ListAssociatedAccessPolicies" => policies::associated(&request, cluster, principal),
        "AssociateAccessPolicy" => policies::associate(&request, cluster, principal),
        "DisassociateAccessPolicy" => policies::disassociate(&request, cluster, principal, part(5)),
        _ => Err(ApiError::new(404, "UnknownOperationException", "EKS has no such operation here.")),
    }
}

impl Request<'_> {
    fn arn(&self, resource: &str) -> String {
        format!("arn:aws:eks:{}:{}:{resource}", self.aws.region(), self.aws.account())
    }

    fn cluster_arn(&self, cluster: &str) -> String {
        self.arn(&format!("cluster/{cluster}"))
    }

    /// # Errors
    /// `AccessDenied`: the caller's policies do not allow it.
    fn authorize(&self, action: &str, resource: &str, keys: &[(String, String)]) -> Result<(), ApiError> {
        let context: Vec<_> = keys.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        if self.aws.may(self.caller, Question { action, resource, context: &context }) {
            return Ok(());
        }
        let caller = &self.caller.identity.arn;
        let message = format!("User: {caller} is not authorized to perform: {action} on resource: {resource}");
        Err(ApiError::new(403, "AccessDenied", message))
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A field of the body; `None` if it is absent or null.
    ///
    /// # Errors
    /// `SerializationException`: it has another type.
    fn field<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let wrong = |_| ApiError::new(400, "SerializationException", format!("{name} has a wrong type."));
        serde_json::from_value(self.body[name].clone()).map_err(wrong)
    }
}

fn find<'a>(clusters: &'a std::collections::BTreeMap<String, Cluster>, name: &str) -> Result<&'a Cluster, ApiError> {
    clusters.get(name).ok_or_else(|| no_cluster(name))
}

fn no_cluster(name: &str) -> ApiError {
    not_found(&format!("No cluster found for name: {name}."))
}

fn not_found(message: &str) -> ApiError {
    ApiError::new(404, "ResourceNotFoundException", message)
}

fn invalid_parameter(message: &str) -> ApiError {
    ApiError::new(400, "InvalidParameterException", message)
}

/// Entry calls need a mode with entries.
fn need_entries(cluster: &Cluster) -> Result<(), ApiError> {
    match cluster.mode {
        AuthenticationMode::Api | AuthenticationMode::ApiAndConfigMap => Ok(()),
        AuthenticationMode::ConfigMap => Err(ApiError::new(
            400,
            "InvalidRequestException",
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
        )),
    }
}

/// A time as EKS writes it: seconds, with milliseconds as a fraction.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit into 53 bits")]
fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}
