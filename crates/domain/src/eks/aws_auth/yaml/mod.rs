//! YAML as the authenticator reads it: Go's yaml v2, which is a port of libyaml with ways of its own.
//!
//! - [`cursor`], [`scanner`], [`scalars`], [`properties`]: characters to tokens.
//! - [`parser`], [`document`]: tokens to the first document of a text, a tree of nodes with their places.
//! - [`scalar`]: what a scalar means (YAML 1.1 as Go resolves it).
//! - [`value`]: a node as a value: aliases expanded, merge keys merged, the later of two equal keys kept.
//!
//! No other parser will do: of texts that differ from one another in a few characters, each reads some in another way,
//! and an entry that one sees and another does not is a person who gets in or does not. Nothing here knows what
//! aws-auth is.

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
