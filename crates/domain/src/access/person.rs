//! People, as the identity provider describes them.

use super::PersonId;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// A person's short name: `[a-z0-9-]{1,40}`, unique, never reused. Kubernetes usernames contain it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle(String);

/// A text that is not a handle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a handle: 1 to 40 of a-z, 0-9 and `-`")]
pub struct InvalidHandle(String);

impl Handle {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest handle to any text (a login name, the part of an e-mail address before `@`), or `None` if no letter
    /// or digit is left.
    pub fn nearest(text: &str) -> Option<Self> {
        let mut handle = String::new();
        for c in text.chars().flat_map(char::to_lowercase) {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                handle.push(c);
            } else if !handle.is_empty() && !handle.ends_with('-') {
                handle.push('-');
            }
            if handle.len() == 36 {
                break;
            }
        }
        let handle = handle.trim_end_matches('-');
        (!handle.is_empty()).then(|| Self(handle.to_owned()))
    }

    /// This handle with a number appended, for a second person of the same name.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let number = format!("-{number}");
        let keep = self.0.len().min(40 - number.len().min(39));
        Self(format!("{}{number}", &self.0[..keep]))
    }
}

impl FromStr for Handle {
    type Err = InvalidHandle;
    fn from_str(text: &str) -> Result<Self, InvalidHandle> {
        let valid = (1..=40).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidHandle(text.chars().take(60).collect())) }
    }
}

impl TryFrom<String> for Handle {
    type Error = InvalidHandle;
    fn try_from(text: String) -> Result<Self, InvalidHandle> {
        text.parse()
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> String {
        handle.0
    }
}

/// The colours in which a person wants pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// The browser's setting.
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// Every theme, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// The value that the database and forms use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Parses the value of the database or a form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person as decisions see them: who they are, and their groups as of their last sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    pub handle: Handle,
    pub name: String,
    pub groups: BTreeSet<String>,
}

/// What a person may do in the portal besides asking and deciding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees every access and target, and revokes any access.
    Operator,
    /// Reads everything, including the audit log.
    Auditor,
}

/// People named by group or handle, as in policy.toml's `requesters` and `approvers`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    pub groups: BTreeSet<String>,
    pub people: BTreeSet<Handle>,
}

impl Audience {
    /// Whether the person is named, or is in a group that is named.
    pub fn contains(&self, person: &Person) -> bool {
        self.people.contains(&person.handle) || self.groups.intersection(&person.groups).next().is_some()
    }

    /// Whether it names no person and no group.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.people.is_empty()
    }
}
