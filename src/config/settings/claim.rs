//! The path of a claim in what the identity provider sends.

use std::fmt;

/// The name of a claim, or the names that lead to it through objects: `groups`; `resource_access`, `latchkey`, `roles`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath(Vec<String>);

impl ClaimPath {
    /// A path of these names.
    ///
    /// # Errors
    /// If there is no name, or one is empty.
    pub fn new(names: impl IntoIterator<Item = String>) -> Result<Self, &'static str> {
        let names: Vec<String> = names.into_iter().collect();
        if names.is_empty() || names.iter().any(|name| name.trim().is_empty()) {
            return Err("this must name a claim: a text, or the names that lead to it, none of them empty");
        }
        Ok(Self(names))
    }

    /// The names, the outermost first; there is at least one.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The name of the top-level claim, which contains the others.
    pub fn first(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }
}

impl From<&str> for ClaimPath {
    fn from(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}
