//! YAML as the authenticator reads it: Go's yaml v2, a port of libyaml with its own deviations.
//!
//! - [`cursor`], [`scanner`], [`scalars`], [`properties`]: characters to tokens.
//! - [`parser`], [`document`]: tokens to the first document of a text, a tree of nodes with their places.
//! - [`scalar`]: what a scalar means (YAML 1.1 as Go resolves it).
//! - [`value`]: a node as a value: aliases expanded, merge keys merged, the later of two equal keys kept.
//!
//! Another parser cannot replace it: each parser reads some texts differently, and if one sees an entry that another
//! does not, a person gets access or loses it. Nothing here depends on aws-auth.

pub(super) mod cursor;
pub(super) mod document;
mod parser;
mod properties;
pub(super) mod scalar;
mod scalars;
pub(super) mod scanner;
pub(super) mod value;

/// Why a text cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct YamlFault {
    /// The line on which it was noticed, counted from 1.
    pub line: usize,
    /// What is wrong, in lower case, without the line.
    pub message: String,
}

impl YamlFault {
    pub fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}
