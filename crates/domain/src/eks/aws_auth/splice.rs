//! One change in one place of one key.

use serde::{Deserialize, Serialize};

use super::edit::{AHEAD, KEPT};
use super::{Data, Key};

/// An edit as it was made: `after == before[..at] + inserted + before[at + removed.len()..]`, where an absent key
/// counts as an empty text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spliced {
    pub key: Key,
    /// `None` if the key was absent.
    pub before: Option<String>,
    /// `None` if the key is removed.
    pub after: Option<String>,
    /// The position in bytes.
    pub at: usize,
    pub inserted: String,
    pub removed: String,
}

impl Spliced {
    pub(super) fn new(key: Key, before: Option<&str>, change: Splice) -> Self {
        let text = before.unwrap_or_default();
        let removed = text[change.at..change.at + change.length].to_owned();
        let after = change.apply(text);
        Self {
            key,
            before: before.map(str::to_owned),
            after: Some(after),
            at: change.at,
            inserted: change.inserted,
            removed,
        }
    }

    /// The data with this change made. Only the key of the change differs.
    pub fn data(&self, data: &Data) -> Data {
        with(data, self.key, self.after.as_deref())
    }

    /// Whether it removes a comment of another author.
    pub fn removes_a_comment(&self) -> bool {
        self.removed.replace(KEPT, "").replace(AHEAD, "").contains('#')
    }

    /// The change that undoes this one: applied to the result of this one, it restores the bytes from before.
    #[must_use]
    pub fn undo(&self) -> Self {
        Self {
            key: self.key,
            before: self.after.clone(),
            after: self.before.clone(),
            at: self.at,
            inserted: self.removed.clone(),
            removed: self.inserted.clone(),
        }
    }
}

fn with(data: &Data, key: Key, text: Option<&str>) -> Data {
    let mut data = data.clone();
    match text {
        Some(text) => data.insert(key.as_str().to_owned(), text.to_owned()),
        None => data.remove(key.as_str()),
    };
    data
}

/// A change before it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    pub at: usize,
    /// The number of bytes to remove.
    pub length: usize,
    pub inserted: String,
}

impl Splice {
    pub fn insert(at: usize, inserted: String) -> Self {
        Self { at, length: 0, inserted }
    }

    pub fn remove(range: std::ops::Range<usize>) -> Self {
        Self { at: range.start, length: range.len(), inserted: String::new() }
    }

    pub fn apply(&self, text: &str) -> String {
        let mut after = String::with_capacity(text.len() + self.inserted.len());
        after.push_str(&text[..self.at]);
        after.push_str(&self.inserted);
        after.push_str(&text[self.at + self.length..]);
        after
    }
}
