//! What an API server's answers call for.

use super::call::ApiCall;
use crate::fault::{Answer, Fault, FaultKind};
use http::{StatusCode, header, response::Parts};
use latchkey_domain::access::blocker::{Missing, MissingRight};
use serde::{Deserialize, de::DeserializeOwned};
use std::{error::Error, time::Duration};

/// Kubernetes' `Status`, as far as it matters.
#[derive(Debug, Default, Deserialize)]
struct ApiStatus {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: String,
    details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
struct Details {
    #[serde(rename = "retryAfterSeconds")]
    retry_after_seconds: Option<u64>,
    causes: Option<Vec<StatusCause>>,
}

#[derive(Debug, Deserialize)]
struct StatusCause {
    #[serde(default)]
    reason: String,
}

/// Reads an answer: the object, or the fault that it is.
pub(super) fn read<T: DeserializeOwned>(head: &Parts, body: &[u8], call: &ApiCall) -> Result<T, Fault> {
    if head.status.is_success() {
        if let Some(media) = other_media(head) {
            let why = format!("something that is not an API server answered with {media}");
            return Err(call.failed(FaultKind::Transient).because(why));
        }
        return serde_json::from_slice(body).map_err(|error| {
            call.failed(FaultKind::Transient).because("the answer could not be read").caused_by(error)
        });
    }
    // A proxy on the way may answer 404, too: only a `Status` of the API server says that something does not exist.
    let status = serde_json::from_slice::<ApiStatus>(body).ok().filter(|status| status.kind == "Status");
    let Some(status) = status else {
        let elsewhere = if head.status.is_redirection() { " and sends on, where Latchkey does not follow" } else { "" };
        let why = format!("something that is not an API server answered {}{elsewhere}", head.status.as_u16());
        let kind = match head.status {
            StatusCode::UNAUTHORIZED => unmapped(),
            StatusCode::TOO_MANY_REQUESTS => FaultKind::Throttled { retry_after: retry_after(head, None) },
            _ => FaultKind::Transient,
        };
        return Err(call.failed(kind).because(why));
    };
    let kind = kind(head, &status, call);
    let fault = call.failed(kind).caused_by(Answer::new(code(head, &status), &status.message));
    Err(match condition(head.status, &status) {
        Some(condition) => fault.because(condition),
        None => fault,
    })
}

/// What an answer is if it is not JSON, such as the page of a proxy.
fn other_media(head: &Parts) -> Option<String> {
    let media = head.headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or("something unreadable");
    let media: String = media.split(';').next().unwrap_or_default().trim().chars().take(LONGEST_MEDIA).collect();
    (!media.eq_ignore_ascii_case("application/json")).then_some(media)
}

/// Longer text is not a media type.
const LONGEST_MEDIA: usize = 80;

/// The failure of a call that never got an answer.
pub(super) fn unanswered(error: kube::Error, call: &ApiCall) -> Fault {
    let why = match deepest(&error) {
        "" => "the API server could not be reached".to_owned(),
        why => format!("the API server could not be reached, {why}"),
    };
    call.failed(FaultKind::Transient).because(why).caused_by(error)
}

/// The cause in the error's chain that people can do something about.
fn deepest(error: &(dyn Error + 'static)) -> &'static str {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            match io.kind() {
                std::io::ErrorKind::ConnectionRefused => return "it refuses connections",
                std::io::ErrorKind::TimedOut => return "it does not answer in time",
                _ => {}
            }
        }
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return match tls {
                rustls::Error::InvalidCertificate(_) => "its certificate is not signed by the CA that EKS names",
                _ => "no secure connection came about",
            };
        }
        // An `io::Error` hides the error that it wraps from `source` if it displays that error as its own.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    ""
}

fn kind(head: &Parts, status: &ApiStatus, call: &ApiCall) -> FaultKind {
    match head.status {
        StatusCode::UNAUTHORIZED => unmapped(),
        // Kubernetes also answers 403 for writes to what is being deleted. No right would help: what was seen changed.
        StatusCode::FORBIDDEN if is_terminating(status) => FaultKind::Conflict,
        StatusCode::FORBIDDEN => FaultKind::lacks(missing(status, call)),
        StatusCode::NOT_FOUND => FaultKind::NotFound,
        StatusCode::CONFLICT => FaultKind::Conflict,
        StatusCode::TOO_MANY_REQUESTS => FaultKind::Throttled { retry_after: retry_after(head, Some(status)) },
        // A list's continue token expired.
        StatusCode::GONE | StatusCode::REQUEST_TIMEOUT => FaultKind::Transient,
        code if code.is_client_error() => FaultKind::Invalid,
        _ => FaultKind::Transient,
    }
}

/// The condition in words if the kind alone would mislead.
fn condition(code: StatusCode, status: &ApiStatus) -> Option<String> {
    match code {
        StatusCode::UNAUTHORIZED => Some("the API server does not know Latchkey".to_owned()),
        StatusCode::FORBIDDEN if is_terminating(status) => Some("the namespace is being deleted".to_owned()),
        code if code.is_server_error() => {
            Some(format!("the API server answered {}: {}", code.as_u16(), status.message))
        }
        _ => None,
    }
}

fn unmapped() -> FaultKind {
    FaultKind::lacks(Missing::Mapping)
}

fn missing(status: &ApiStatus, call: &ApiCall) -> Missing {
    match call.right.clone() {
        Missing::Kubernetes(right) => {
            let escalates = status.message.contains("attempting to grant RBAC permissions not currently held");
            Missing::Kubernetes(MissingRight { escalates, ..right })
        }
        other => other,
    }
}

fn is_terminating(status: &ApiStatus) -> bool {
    let causes = status.details.as_ref().and_then(|details| details.causes.as_deref()).unwrap_or_default();
    causes.iter().any(|cause| cause.reason == "NamespaceTerminating")
}

fn retry_after(head: &Parts, status: Option<&ApiStatus>) -> Option<Duration> {
    let said = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let seconds = said.or_else(|| status?.details.as_ref()?.retry_after_seconds);
    seconds.map(Duration::from_secs)
}

fn code(head: &Parts, status: &ApiStatus) -> String {
    if status.reason.is_empty() { head.status.as_u16().to_string() } else { status.reason.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn fault(code: u16, headers: &[(&str, &str)], body: &str) -> Fault {
        let mut response = http::Response::builder().status(code);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let (head, ()) = response.body(()).unwrap().into_parts();
        let call = ApiCall {
            operation: "create",
            subject: "the RoleBinding `x` in `payments` of cluster `demo`".to_owned(),
            right: MissingRight::new("create", "rolebindings.rbac.authorization.k8s.io")
                .within(Some("payments"))
                .into(),
        };
        read::<Value>(&head, body.as_bytes(), &call).unwrap_err()
    }

    fn status(code: u16, reason: &str, message: &str) -> String {
        json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message,
                "code": code })
        .to_string()
    }

    #[test]
    fn statuses_are_classified() {
        for (code, reason, kind) in [
            (404, "NotFound", FaultKind::NotFound),
            (409, "AlreadyExists", FaultKind::Conflict),
            (409, "Conflict", FaultKind::Conflict),
            (400, "BadRequest", FaultKind::Invalid),
            (422, "Invalid", FaultKind::Invalid),
            (410, "Expired", FaultKind::Transient),
            (500, "InternalError", FaultKind::Transient),
            (503, "ServiceUnavailable", FaultKind::Transient),
            (504, "Timeout", FaultKind::Transient),
        ] {
            assert_eq!(*fault(code, &[], &status(code, reason, "no")).kind(), kind, "{code} {reason}");
        }
    }

    #[test]
    fn unauthorized_means_that_our_own_mapping_is_missing() {
        let fault = fault(401, &[], &status(401, "Unauthorized", "Unauthorized"));
        assert_eq!(*fault.kind(), unmapped());
    }

    #[test]
    fn forbidden_names_the_missing_right() {
        let plain = fault(403, &[], &status(403, "Forbidden", "rolebindings is forbidden: User \"w\" cannot create"));
        let FaultKind::Refused { missing } = plain.kind() else { panic!("{plain:?}") };
        assert_eq!(missing.to_string(), "create rolebindings.rbac.authorization.k8s.io in the namespace payments");

        let message = "user \"w\" is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"]}";
        let escalation = fault(403, &[], &status(403, "Forbidden", message));
        let FaultKind::Refused { missing } = escalation.kind() else { panic!("{escalation:?}") };
        assert!(matches!(&**missing, Missing::Kubernetes(right) if right.escalates), "{missing}");
    }

    #[test]
    fn a_namespace_that_is_being_deleted_is_no_missing_right() {
        let body = json!({
            "kind": "Status", "reason": "Forbidden", "message": "because it is being terminated",
            "details": { "causes": [{ "reason": "NamespaceTerminating", "message": "…" }] }, "code": 403,
        });
        assert_eq!(*fault(403, &[], &body.to_string()).kind(), FaultKind::Conflict);
    }

    #[test]
    fn throttling_says_how_long_by_header_or_body() {
        let by_header = fault(429, &[("Retry-After", "3")], &status(429, "TooManyRequests", "slow down"));
        assert_eq!(*by_header.kind(), FaultKind::Throttled { retry_after: Some(Duration::from_secs(3)) });
        let body = json!({ "kind": "Status", "details": { "retryAfterSeconds": 5 } }).to_string();
        assert_eq!(*fault(429, &[], &body).kind(), FaultKind::Throttled { retry_after: Some(Duration::from_secs(5)) });
    }

    #[test]
    fn only_an_api_servers_own_word_says_that_something_is_not_there() {
        for body in ["<html>404 not found</html>", "404 page not found\n", "{\"message\":\"no route\"}"] {
            assert_eq!(*fault(404, &[], body).kind(), FaultKind::Transient, "{body}");
        }
    }
}
