//! Why a call to AWS or to an API server failed: classified, so that the worker knows whether to look again now,
//! later, or only once somebody has acted; and said in a sentence, so that people know what to do.

use std::{error::Error, fmt, sync::Arc, time::Duration};

/// Any error below a fault.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// A failed call.
///
/// `Display` says operation, subject and condition without the source, which is the text of the other side. Neither
/// holds a secret: tokens and signatures are in no error of the clients. Clones share the source: one failed write may
/// concern many grants.
#[derive(Debug, Clone)]
pub struct Fault {
    kind: FaultKind,
    operation: &'static str,
    subject: String,
    detail: Option<String>,
    earlier: Option<Arc<str>>,
    source: Option<Arc<dyn Error + Send + Sync + 'static>>,
}

/// What a failure asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// Somebody else wrote at the same moment, or the object is another than was seen: look again now.
    Conflict,
    /// The other side wants fewer calls.
    Throttled {
        /// How long it wants us to wait, where it says so.
        retry_after: Option<Duration>,
    },
    /// No answer, or one that says nothing about the thing asked for: the call may have had its effect or not.
    Transient,
    /// A right is missing.
    Refused {
        /// Which one, in words that can be pasted into a request to whoever may grant it.
        missing: String,
    },
    /// The other side understood and does not accept it; the same call fails again until a person acts.
    Invalid,
    /// The answer is larger or longer than anything that is read whole: the same call fails again until a person acts.
    TooMuch,
    /// The other side knows no such thing. Only a definite answer of the right account or API server says so.
    NotFound,
}

impl Fault {
    /// The failure of `operation` (a verb phrase such as `read` or `create the binding`) on `subject` (a noun phrase
    /// such as ``aws-auth of cluster `demo` ``).
    pub fn new(kind: FaultKind, operation: &'static str, subject: impl Into<String>) -> Self {
        Self { kind, operation, subject: subject.into(), detail: None, earlier: None, source: None }
    }

    /// With the condition in a few words, such as `no answer within 10 s`.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With the error below it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// With an earlier failure that led to this call, whose sentence goes before.
    #[must_use]
    pub fn after(mut self, earlier: &Self) -> Self {
        self.earlier = Some(earlier.sentence().into());
        self
    }

    /// The same failure, for everybody else who waited for the call: what was below it is kept in words.
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

    /// What the failure asks for.
    pub const fn kind(&self) -> &FaultKind {
        &self.kind
    }

    /// What was tried.
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// On what.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Whether the thing is known not to be there.
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

    /// What happened, why, and what comes next: for people.
    pub fn sentence(&self) -> String {
        match &self.earlier {
            Some(earlier) => format!("{earlier} {}", self.own_sentence()),
            None => self.own_sentence(),
        }
    }

    fn own_sentence(&self) -> String {
        let (operation, subject) = (self.operation, self.subject.as_str());
        let why = self.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
        match &self.kind {
            FaultKind::Conflict => format!(
                "Latchkey could not {operation} {subject}, since it was changed by somebody else meanwhile. \
                 It looks again at once."
            ),
            FaultKind::Throttled { retry_after: Some(wait) } => format!(
                "Latchkey could not {operation} {subject}: it was asked to call less often. \
                 It tries again in {} s.",
                wait.as_secs().max(1)
            ),
            FaultKind::Throttled { retry_after: None } => format!(
                "Latchkey could not {operation} {subject}: it was asked to call less often. It tries again by itself."
            ),
            FaultKind::Transient => {
                format!("Latchkey could not {operation} {subject}{why}. It tries again by itself.")
            }
            FaultKind::Refused { missing } => format!(
                "Latchkey is not allowed to {operation} {subject}. What is missing: {missing}. \
                 It goes on by itself once that is granted."
            ),
            FaultKind::Invalid | FaultKind::TooMuch => {
                format!("Latchkey could not {operation} {subject}{why}. Somebody has to look at it.")
            }
            FaultKind::NotFound => match &self.detail {
                Some(detail) => format!("Latchkey could not {operation} {subject}: {detail}."),
                None => format!("Latchkey could not {operation} {subject}: there is no such thing."),
            },
        }
    }

    /// The condition in words, and the other side's where there are none of ours.
    fn reason(&self) -> Option<String> {
        let said = self.detail.clone().or_else(|| self.source.as_ref().map(ToString::to_string))?;
        Some(said.trim_end_matches(['.', '\n']).to_owned())
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

/// The words of the other side about a call that it refused.
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

    #[test]
    fn display_says_operation_subject_and_condition_without_the_source() {
        let fault = Fault::new(FaultKind::Invalid, "write", "the policy of jane")
            .because("it is too long")
            .caused_by(Answer::new("LimitExceeded", "Maximum policy size"));
        assert_eq!(fault.to_string(), "failed to write the policy of jane: it is too long");
        assert_eq!(fault.source().unwrap().to_string(), "LimitExceeded: Maximum policy size");
    }

    #[test]
    fn what_led_to_a_call_is_said_before_it() {
        let first = Fault::new(FaultKind::Throttled { retry_after: None }, "describe", "the cluster");
        let then = Fault::new(FaultKind::Transient, "read", "it").because("no answer").after(&first);
        let said = then.repeated().sentence();
        assert!(said.starts_with(&first.sentence()) && said.contains("could not read it: no answer"), "{said}");
    }

    #[test]
    fn a_refusal_says_which_right_is_missing() {
        let missing = "iam:PutUserPolicy on arn:aws:iam::111122223333:user/jane".to_owned();
        let fault = Fault::new(FaultKind::Refused { missing: missing.clone() }, "write", "the policy of jane");
        assert!(fault.sentence().contains(&missing), "{}", fault.sentence());
        assert!(fault.to_string().contains(&missing));
    }

    #[test]
    fn what_a_person_must_mend_is_said_in_the_other_sides_words() {
        let fault = Fault::new(FaultKind::Invalid, "create", "the binding")
            .caused_by(Answer::new("Invalid", "roleRef: cannot change."));
        assert!(fault.sentence().contains("roleRef: cannot change. Somebody"), "{}", fault.sentence());
    }
}
