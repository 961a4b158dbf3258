//! What somebody should know about an aws-auth.

use serde::Serialize;

use super::{AwsAuth, Key};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Somebody is locked out, or the authenticator drops something.
    Error,
    /// It does not do what it seems to, or lets in more than it should.
    Warning,
    /// Good to know.
    Info,
}

/// Something about one place of an aws-auth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub key: Key,
    /// In the text of the key, counted from 1.
    pub line: usize,
    pub severity: Severity,
    /// A stable name for the kind of finding.
    pub rule: &'static str,
    pub message: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

pub(super) fn findings(auth: &AwsAuth) -> Vec<Finding> {
    let _ = auth;
    Vec::new()
}
