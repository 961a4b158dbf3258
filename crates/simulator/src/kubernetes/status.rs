//! `Status` objects: the refusals of an API server.

use super::kinds::{ServedKind, qualified};
use serde_json::{Value, json};

/// A request that was refused, with everything that goes into the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// HTTP status.
    pub code: u16,
    /// The machine-readable reason; empty if Kubernetes has none.
    pub reason: &'static str,
    /// What kubectl prints after `Error from server`.
    pub message: String,
    /// `details` of the Status.
    pub details: Value,
    /// Seconds for the Retry-After header.
    pub retry_after: Option<u32>,
}

impl Refusal {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Value::Null, retry_after: None }
    }

    fn about(mut self, group: &str, resource: &str, name: &str) -> Self {
        self.details = json!({ "kind": resource });
        if !name.is_empty() {
            self.details["name"] = json!(name);
        }
        if !group.is_empty() {
            self.details["group"] = json!(group);
        }
        self
    }

    /// 401: a caller that this server does not know.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// 400 with this message.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 403 about one resource; `why` follows the colon.
    pub fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let subject = qualified(group, resource);
        let message = match (resource, name) {
            ("", _) => format!("forbidden: {why}"),
            (_, "") => format!("{subject} is forbidden: {why}"),
            (_, name) => format!("{subject} \"{name}\" is forbidden: {why}"),
        };
        let refusal = Self::new(403, "Forbidden", message);
        if resource.is_empty() { Self { details: json!({}), ..refusal } } else { refusal.about(group, resource, name) }
    }

    /// 404 about one object.
    pub fn not_found(group: &str, resource: &str, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} \"{name}\" not found", qualified(group, resource)))
            .about(group, resource, name)
    }

    /// 404 about a non-resource path.
    pub fn no_such_resource() -> Self {
        let mut refusal = Self::new(404, "NotFound", "the server could not find the requested resource");
        refusal.details = json!({});
        refusal
    }

    /// 405 for a method that the resource does not have.
    pub fn method_not_allowed() -> Self {
        let mut refusal =
            Self::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
        refusal.details = json!({});
        refusal
    }

    /// 409 on create.
    pub fn already_exists(kind: &ServedKind, name: &str, being_deleted: bool) -> Self {
        let subject = kind.qualified();
        let message = if being_deleted {
            format!("object is being deleted: {subject} \"{name}\" already exists")
        } else {
            format!("{subject} \"{name}\" already exists")
        };
        Self::new(409, "AlreadyExists", message).about(kind.group, kind.plural, name)
    }

    /// 409 because another client wrote in between.
    pub fn stale(kind: &ServedKind, name: &str) -> Self {
        Self::conflict(
            kind.group,
            kind.plural,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// 409 with another explanation.
    pub fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let subject = qualified(group, resource);
        Self::new(409, "Conflict", format!("Operation cannot be fulfilled on {subject} \"{name}\": {why}"))
            .about(group, resource, name)
    }

    /// 410 for a watch that starts too far back.
    pub fn expired(revision: u64, oldest: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {revision} ({oldest})"))
    }

    /// 413 for a body past the limit.
    pub fn too_large(limit: usize) -> Self {
        Self::new(413, "RequestEntityTooLarge", format!("Request entity too large: limit is {limit}"))
    }

    /// 415 for a body that is not JSON, or a kind of patch that this server does not support.
    pub fn unsupported_media_type(message: impl Into<String>) -> Self {
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// 422 with every fault of the object.
    pub fn invalid(kind: &ServedKind, name: &str, faults: &[Fault]) -> Self {
        let all: Vec<String> = faults.iter().map(|f| format!("{}: {}", f.field, f.message)).collect();
        let list = if all.len() == 1 { all.concat() } else { format!("[{}]", all.join(", ")) };
        let message = format!("{} \"{name}\" is invalid: {list}", kind.qualified_kind());
        let mut refusal = Self::new(422, "Invalid", message).about(kind.group, kind.kind, name);
        refusal.details["causes"] = faults
            .iter()
            .map(|f| json!({ "reason": f.reason, "message": f.message, "field": f.field }))
            .collect::<Vec<_>>()
            .into();
        refusal
    }

    /// 429 with a Retry-After.
    pub fn too_many_requests(seconds: u32) -> Self {
        let mut refusal = Self::new(429, "TooManyRequests", "Too many requests, please try again later.");
        refusal.details = json!({ "retryAfterSeconds": seconds });
        refusal.retry_after = Some(seconds);
        refusal
    }

    /// 500 with this message.
    pub fn internal(message: impl AsRef<str>) -> Self {
        let message = message.as_ref();
        let mut refusal = Self::new(500, "InternalError", format!("Internal error occurred: {message}"));
        refusal.details = json!({ "causes": [{ "message": message }] });
        refusal
    }

    /// 500 without a reason, as for errors that the server did not expect from its store.
    pub fn unexpected(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    /// The Status object.
    pub fn body(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = json!(self.reason);
        }
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}

/// One fault of a submitted object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    field: String,
    reason: &'static str,
    message: String,
}

impl Fault {
    /// A value that breaks a rule.
    pub fn invalid(field: impl Into<String>, value: &Value, rule: &str) -> Self {
        let message = format!("Invalid value: {value}: {rule}");
        Self { field: field.into(), reason: "FieldValueInvalid", message }
    }

    /// A value that must be there.
    pub fn required(field: impl Into<String>, why: &str) -> Self {
        let message = if why.is_empty() { "Required value".to_owned() } else { format!("Required value: {why}") };
        Self { field: field.into(), reason: "FieldValueRequired", message }
    }

    /// A value that is not one of the allowed ones.
    pub fn not_supported(field: impl Into<String>, value: &Value, allowed: &[&str]) -> Self {
        let allowed: Vec<String> = allowed.iter().map(|a| format!("\"{a}\"")).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", allowed.join(", "));
        Self { field: field.into(), reason: "FieldValueNotSupported", message }
    }

    /// A value that may not be set now.
    pub fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self { field: field.into(), reason: "FieldValueForbidden", message: format!("Forbidden: {why}") }
    }

    /// A value that is too long.
    pub fn too_long(field: impl Into<String>, limit: usize) -> Self {
        let message = format!("Too long: may not be more than {limit} bytes");
        Self { field: field.into(), reason: "FieldValueTooLong", message }
    }
}
