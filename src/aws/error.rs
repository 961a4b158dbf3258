//! What AWS's error codes call for.

use super::bounded::AnswerTooLarge;
use crate::fault::{Answer, Fault, FaultKind};
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use latchkey_domain::access::blocker::Missing;
use std::{error::Error, time::Duration};

/// One call: what it does, on what, and the right that it needs.
#[derive(Debug, Clone)]
pub(super) struct AwsCall {
    /// A verb phrase.
    pub operation: &'static str,
    /// A noun phrase.
    pub subject: String,
    /// Such as `iam:GetUser`.
    pub action: &'static str,
    /// The ARN that the action is on.
    pub resource: String,
}

impl AwsCall {
    /// The failure of this call.
    pub(super) fn fault<E>(&self, error: SdkError<E, HttpResponse>) -> Fault
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match &error {
            SdkError::ServiceError(answered) => {
                let (err, raw) = (answered.err(), answered.raw());
                let code = err.code().unwrap_or("without a code");
                let message = err.message().unwrap_or_default();
                let retry_after =
                    raw.headers().get("retry-after").and_then(|s| s.parse().ok()).map(Duration::from_secs);
                let kind = self.kind(code, message, raw.status().as_u16(), retry_after);
                self.failed(kind).caused_by(Answer::new(code, message))
            }
            SdkError::TimeoutError(_) => {
                self.failed(FaultKind::Transient).because("no answer in time").caused_by(error)
            }
            SdkError::ResponseError(_) => {
                self.failed(FaultKind::Transient).because("the answer could not be read").caused_by(error)
            }
            SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) | _ => self.unsent(error),
        }
    }

    /// The failure of this call, without an error below it.
    pub(super) fn failed(&self, kind: FaultKind) -> Fault {
        Fault::new(kind, self.operation, self.subject.clone())
    }

    /// The kind of failure for a call whose action AWS refused.
    pub(super) fn right_missing(&self) -> FaultKind {
        FaultKind::lacks(Missing::Aws { action: self.action.to_owned(), resource: self.resource.clone() })
    }

    /// The failure if the caller's credentials are of another account than the thing.
    pub(super) fn wrong_account(&self, own: &str, wanted: &str) -> Fault {
        let missing = Missing::CredentialsOf { wanted: wanted.to_owned(), own: own.to_owned() };
        self.failed(FaultKind::lacks(missing)).because("the credentials are of another account")
    }

    /// The failure of a call that got no answer; perhaps there were no credentials to sign it with.
    fn unsent<E>(&self, error: SdkError<E, HttpResponse>) -> Fault
    where
        E: Error + Send + Sync + 'static,
    {
        if let Some(too_large) = cause::<AnswerTooLarge>(&error) {
            return self.failed(FaultKind::TooMuch).because(too_large.to_string());
        }
        match cause::<CredentialsError>(&error) {
            Some(CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_)) => self
                .failed(FaultKind::lacks(Missing::Credentials))
                .because("there are no AWS credentials")
                .caused_by(error),
            Some(_) => {
                self.failed(FaultKind::Transient).because("AWS credentials could not be obtained").caused_by(error)
            }
            None => self.failed(FaultKind::Transient).because("AWS could not be reached").caused_by(error),
        }
    }

    fn kind(&self, code: &str, message: &str, status: u16, retry_after: Option<Duration>) -> FaultKind {
        let refused = || self.right_missing();
        match code.strip_suffix("Exception").unwrap_or(code) {
            "Throttling"
            | "ThrottledRequest"
            | "Throttled"
            | "RequestThrottled"
            | "RequestThrottling"
            | "RequestLimitExceeded"
            | "TooManyRequests"
            | "SlowDown"
            | "BandwidthLimitExceeded" => FaultKind::Throttled { retry_after },
            "ConcurrentModification"
            | "EntityTemporarilyUnmodifiable"
            | "EntityAlreadyExists"
            | "DeleteConflict"
            | "ResourceInUse" => FaultKind::Conflict,
            "NoSuchEntity" | "ResourceNotFound" => FaultKind::NotFound,
            // A run signs with a frozen time: AWS refuses what it sends too late, and the next run signs anew.
            "RequestExpired" | "RequestTimeTooSkewed" => FaultKind::Transient,
            "SignatureDoesNotMatch" if message.contains("expired") || message.contains("not yet current") => {
                FaultKind::Transient
            }
            "AccessDenied" | "UnauthorizedOperation" | "NotAuthorized" | "UnmodifiableEntity" => refused(),
            "InvalidClientTokenId"
            | "UnrecognizedClient"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "MissingAuthenticationToken"
            | "InvalidAccessKeyId"
            | "ExpiredToken"
            | "OptInRequired" => FaultKind::lacks(Missing::ValidCredentials { code: code.to_owned() }),
            "MalformedPolicyDocument"
            | "InvalidInput"
            | "LimitExceeded"
            | "ValidationError"
            | "Validation"
            | "InvalidParameter"
            | "InvalidParameterValue"
            | "InvalidRequest"
            | "ResourceLimitExceeded" => FaultKind::Invalid,
            _ => match status {
                429 => FaultKind::Throttled { retry_after },
                401 | 403 => refused(),
                408 | 500..=599 => FaultKind::Transient,
                400..=499 => FaultKind::Invalid,
                _ => FaultKind::Transient,
            },
        }
    }
}

/// The error of this type among another's causes, if there is one.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_testkit::iam_arn;

    fn kind_of(code: &str, message: &str, status: u16) -> FaultKind {
        let call = AwsCall {
            operation: "write",
            subject: "the policy of jane".to_owned(),
            action: "iam:PutUserPolicy",
            resource: iam_arn("user/jane"),
        };
        call.kind(code, message, status, Some(Duration::from_secs(7)))
    }

    #[test]
    fn codes_of_iam_and_eks_are_classified_as_documented() {
        let (action, resource) = ("iam:PutUserPolicy".to_owned(), iam_arn("user/jane"));
        let refused = FaultKind::lacks(Missing::Aws { action, resource });
        let throttled = FaultKind::Throttled { retry_after: Some(Duration::from_secs(7)) };
        for (code, status, kind) in [
            ("EntityAlreadyExists", 409, FaultKind::Conflict),
            ("EntityAlreadyExistsException", 409, FaultKind::Conflict),
            ("DeleteConflict", 409, FaultKind::Conflict),
            ("ConcurrentModification", 409, FaultKind::Conflict),
            ("EntityTemporarilyUnmodifiable", 409, FaultKind::Conflict),
            ("ResourceInUseException", 409, FaultKind::Conflict),
            ("NoSuchEntity", 404, FaultKind::NotFound),
            ("ResourceNotFoundException", 404, FaultKind::NotFound),
            // 409 means conflict elsewhere, but a limit does not go away by looking again.
            ("LimitExceeded", 409, FaultKind::Invalid),
            ("MalformedPolicyDocument", 400, FaultKind::Invalid),
            ("InvalidRequestException", 400, FaultKind::Invalid),
            ("InvalidParameterException", 400, FaultKind::Invalid),
            ("ServiceFailure", 500, FaultKind::Transient),
            ("ServerException", 500, FaultKind::Transient),
            ("Throttling", 400, throttled.clone()),
            ("ThrottlingException", 429, throttled),
            ("AccessDenied", 403, refused.clone()),
            ("AccessDeniedException", 403, refused.clone()),
            // Roles of IAM Identity Center: only that service may write to them.
            ("UnmodifiableEntity", 400, refused),
            ("SomethingNew", 503, FaultKind::Transient),
            ("SomethingNew", 400, FaultKind::Invalid),
        ] {
            assert_eq!(kind_of(code, "", status), kind, "{code}");
        }
    }

    #[test]
    fn a_signature_that_came_too_late_is_signed_anew_and_a_wrong_one_needs_other_keys() {
        let late = "Signature expired: 20261124T070000Z is now earlier than 20261124T070500Z";
        assert_eq!(kind_of("SignatureDoesNotMatch", late, 403), FaultKind::Transient);
        let wrong = kind_of("SignatureDoesNotMatch", "The request signature we calculated does not match", 403);
        assert!(
            matches!(wrong, FaultKind::Refused { missing } if matches!(*missing, Missing::ValidCredentials { .. }))
        );
    }
}
