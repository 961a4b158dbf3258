//! Why a call to AWS or to an API server failed: classified, so that the worker knows whether to look again now, later,
//! or only once a person has acted; and, as a [`Blocker`], what people are told. It stands beside the adapters, since
//! both use it.
//!
//! Each has a [`FaultKind`]: conflict, throttled, transient, refused, invalid, more than is read, not found. Only a
//! definite answer of the right account or API server counts as not found. A refused call names the missing right.

use latchkey_domain::access::blocker::{Blocker, FailedCall, Missing};
use std::{error::Error, fmt, sync::Arc, time::Duration};

/// Any error below a fault.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// A failed call.
///
/// `Display` says operation, subject and condition, without the source, which is the text of the other side. Neither
/// holds a secret: the clients' errors hold no tokens or signatures. Clones share the source: one failed write may
/// concern many grants.
#[derive(Debug, Clone)]
pub struct Fault {
    kind: FaultKind,
    operation: &'static str,
    subject: String,
    detail: Option<String>,
    earlier: Option<Arc<Fault>>,
    source: Option<Arc<dyn Error + Send + Sync + 'static>>,
}

/// What a failure calls for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// Another client wrote at the same moment, or the object is not the one that was seen: look again now.
    Conflict,
    /// The other side wants fewer calls.
    Throttled {
        /// How long it asks to wait, if it says so.
        retry_after: Option<Duration>,
    },
    /// No answer, or one that says nothing about the thing asked for: the call may or may not have had its effect.
    Transient,
    /// A right is missing.
    Refused {
        /// Which one.
        missing: Box<Missing>,
    },
    /// The other side understood the call and does not accept it; the same call fails again until a person acts.
    Invalid,
    /// The answer is larger or longer than Latchkey reads: the same call fails again until a person acts.
    TooMuch,
    /// The other side does not have it. Only a definite answer of the right account or API server says so.
    NotFound,
}

impl FaultKind {
    /// The kind of a failure for which this right is missing.
    pub fn lacks(missing: Missing) -> Self {
        Self::Refused { missing: Box::new(missing) }
    }
}

impl Fault {
    /// The failure of `operation` (a verb phrase such as `read` or `create the binding`) on `subject` (a noun phrase
    /// such as ``aws-auth of cluster `demo` ``).
    pub fn new(kind: FaultKind, operation: &'static str, subject: impl Into<String>) -> Self {
        Self { kind, operation, subject: subject.into(), detail: None, earlier: None, source: None }
    }

    /// Adds the condition in a few words, such as `no answer within 10 s`.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the error below it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// Adds an earlier failure that led to this call, and is told before it.
    #[must_use]
    pub fn after(mut self, earlier: &Self) -> Self {
        self.earlier = Some(Arc::new(earlier.repeated()));
        self
    }

    /// The same failure for other callers that waited for the same call: the error below it is kept as text.
    #[must_use]
    pub fn repeated(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            operation: self.operation,
            subject: self.subject.clone(),
            detail: self.reason(),
            earlier: self.earlier.clone(),
            source: None,
        }
    }

    /// What the failure calls for.
    pub const fn kind(&self) -> &FaultKind {
        &self.kind
    }

    /// What was attempted.
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// What it was attempted on.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Whether the other side said that the thing does not exist.
    pub fn is_not_found(&self) -> bool {
        self.kind == FaultKind::NotFound
    }

    /// Whether more was answered than is read.
    pub fn is_too_much(&self) -> bool {
        self.kind == FaultKind::TooMuch
    }

    /// Whether to look again at once.
    pub fn is_conflict(&self) -> bool {
        self.kind == FaultKind::Conflict
    }

    /// The condition in words; without one, the words of the other side.
    fn reason(&self) -> Option<String> {
        let said = self.detail.clone().or_else(|| self.source.as_ref().map(ToString::to_string))?;
        Some(said.trim_end_matches(['.', '\n']).to_owned())
    }
}

impl From<&Fault> for Blocker {
    fn from(fault: &Fault) -> Self {
        let call = |detail| FailedCall {
            operation: fault.operation.to_owned(),
            subject: fault.subject.clone(),
            detail,
            earlier: fault.earlier.as_deref().map(|earlier| Box::new(earlier.into())),
        };
        // The words of the other side are used if the kind alone says too little.
        let (own, reason) = (fault.detail.clone(), fault.reason());
        match &fault.kind {
            FaultKind::Conflict => Self::Conflict { call: call(own) },
            FaultKind::Throttled { retry_after } => {
                Self::Throttled { call: call(own), retry_after_seconds: retry_after.map(|wait| wait.as_secs()) }
            }
            FaultKind::Transient => Self::Transient { call: call(reason) },
            FaultKind::Refused { missing } => Self::Refused { call: call(own), missing: Missing::clone(missing) },
            FaultKind::Invalid => Self::Invalid { call: call(reason) },
            FaultKind::TooMuch => Self::TooMuch { call: call(reason) },
            FaultKind::NotFound => Self::NotFound { call: call(own) },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {} {}: ", self.operation, self.subject)?;
        match (&self.detail, &self.kind) {
            (Some(detail), _) => f.write_str(detail),
            (None, FaultKind::Conflict) => f.write_str("it was changed meanwhile"),
            (None, FaultKind::Throttled { .. }) => f.write_str("too many calls"),
            (None, FaultKind::Transient) => f.write_str("no usable answer"),
            (None, FaultKind::Refused { missing }) => write!(f, "not allowed, missing {missing}"),
            (None, FaultKind::Invalid) => f.write_str("not accepted"),
            (None, FaultKind::TooMuch) => f.write_str("too much was answered"),
            (None, FaultKind::NotFound) => f.write_str("it does not exist"),
        }
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

/// What the other side said about a call that it refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Answer {
    /// Its code, such as `AccessDenied` or `Forbidden`.
    pub code: String,
    /// Its message, shortened.
    pub message: String,
}

impl Answer {
    /// The other side's words, cut to what fits on a page.
    pub fn new(code: impl Into<String>, message: &str) -> Self {
        const SHOWN: usize = 400;
        let mut shown: String = message.chars().take(SHOWN).collect();
        if shown.len() < message.len() {
            shown.push('…');
        }
        Self { code: code.into(), message: shown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_testkit::iam_arn;

    #[test]
    fn display_says_operation_subject_and_condition_without_the_source() {
        let fault = Fault::new(FaultKind::Invalid, "write", "the policy of jane")
            .because("it is too long")
            .caused_by(Answer::new("LimitExceeded", "Maximum policy size"));
        assert_eq!(fault.to_string(), "failed to write the policy of jane: it is too long");
        assert_eq!(fault.source().unwrap().to_string(), "LimitExceeded: Maximum policy size");
    }

    #[test]
    fn what_led_to_a_call_is_told_before_it() {
        let first = Fault::new(FaultKind::Throttled { retry_after: None }, "describe", "the cluster");
        let then = Fault::new(FaultKind::Transient, "read", "it").because("no answer").after(&first);
        let Blocker::Transient { call } = Blocker::from(&then.repeated()) else { panic!("{then:?}") };
        assert_eq!(call.earlier, Some(Box::new(Blocker::from(&first))));
        assert_eq!((call.subject.as_str(), call.detail.as_deref()), ("it", Some("no answer")));
    }

    #[test]
    fn a_refusal_says_which_right_is_missing() {
        let (action, resource) = ("iam:PutUserPolicy".to_owned(), iam_arn("user/jane"));
        let right = Missing::Aws { action, resource };
        let fault = Fault::new(FaultKind::lacks(right.clone()), "write", "the policy of jane");
        assert!(matches!(Blocker::from(&fault), Blocker::Refused { missing, .. } if missing == right));
        assert!(fault.to_string().contains(&right.to_string()));
    }

    #[test]
    fn what_a_person_must_mend_is_said_in_the_other_sides_words() {
        let fault = Fault::new(FaultKind::Invalid, "create", "the binding")
            .caused_by(Answer::new("Invalid", "roleRef: cannot change."));
        let Blocker::Invalid { call } = Blocker::from(&fault) else { panic!("{fault:?}") };
        assert_eq!(call.detail.as_deref(), Some("Invalid: roleRef: cannot change"));
    }
}
