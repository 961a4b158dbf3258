//! YAML as the authenticator reads it: libyaml's structure, resolved by the rules of Go's yaml v2.
//!
//! - [`document`]: the first document of a text as a tree of nodes with their places.
//! - [`scalar`]: what a scalar means (YAML 1.1 as Go resolves it).
//! - [`value`]: a node as a value: aliases expanded, merge keys merged, the later of two equal keys kept.
//!
//! Nothing here knows what aws-auth is.

pub(super) mod document;
mod ending;
pub(super) mod scalar;
pub(super) mod value;

/// Why a text cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The line it was noticed on, counted from 1.
    pub line: usize,
    /// What is wrong, in lower case, without the line.
    pub message: String,
}

impl Fault {
    pub fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}
