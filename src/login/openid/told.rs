//! A JSON object as a provider sends it. Each value is checked where it is used; unused values may be malformed.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, value::RawValue};
use std::{collections::BTreeSet, fmt};

/// The object. Debug shows only the names: the values are tokens or personal data.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ToldObject {
    values: Map<String, Value>,
    /// Names that occur more than once: readers disagree about which value counts, so none does.
    twice: BTreeSet<String>,
    /// Names whose values cannot be read.
    unreadable: BTreeSet<String>,
}

impl fmt::Debug for ToldObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// The bytes are not a JSON object. Says where reading stopped, and repeats no bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a JSON object (line {line}, column {column})")]
pub struct NoObject {
    line: usize,
    column: usize,
}

impl ToldObject {
    /// Reads an object, with or without the byte order mark that some servers put before UTF-8.
    ///
    /// # Errors
    /// `NoObject`. A value that cannot be read (half a surrogate pair, a number that is too large, nesting deeper than
    /// 127) is treated as absent, and the log names it.
    pub fn read(bytes: &[u8]) -> Result<Self, NoObject> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        serde_json::from_slice(bytes).map_err(|error| NoObject { line: error.line(), column: error.column() })
    }

    /// A value, unless it is null, occurs twice or cannot be read.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null() && !self.is_doubtful(name))
    }

    /// A value that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// The texts of a list, or the words of a text. `None` for any other value.
    pub fn texts(&self, name: &str) -> Option<Vec<&str>> {
        match self.get(name)? {
            Value::Array(list) => Some(list.iter().filter_map(Value::as_str).collect()),
            Value::String(text) => Some(text.split_whitespace().collect()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        }
    }

    /// The value at the end of a path of names, through objects.
    pub fn at(&self, path: &[String]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        let found = rest.iter().try_fold(self.get(first)?, |value, name| value.get(name))?;
        (!found.is_null()).then_some(found)
    }

    /// Whether the name occurs more than once.
    pub fn is_twice(&self, name: &str) -> bool {
        self.twice.contains(name)
    }

    /// Whether the name is present and its value cannot be determined: code that relies on it must refuse.
    pub fn is_doubtful(&self, name: &str) -> bool {
        self.is_twice(name) || self.unreadable.contains(name)
    }
}

impl From<Map<String, Value>> for ToldObject {
    fn from(values: Map<String, Value>) -> Self {
        Self { values, ..Self::default() }
    }
}

impl<'de> Deserialize<'de> for ToldObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = ToldObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<ToldObject, A::Error> {
                let mut told = ToldObject::default();
                while let Some((name, raw)) = entries.next_entry::<String, Box<RawValue>>()? {
                    let value = serde_json::from_str(raw.get()).unwrap_or_else(|error| {
                        tracing::warn!(claim = ?name, %error, "a value that the provider sent cannot be read");
                        told.unreadable.insert(name.clone());
                        Value::Null
                    });
                    if told.values.insert(name.clone(), value).is_some() {
                        told.twice.insert(name);
                    }
                }
                Ok(told)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_read_is_not_there_and_refuses_nobody() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        let text = format!(
            r#"{{"sub":"ana","picture":"\ud800","name":"Zed \ud83d","size":1e400,"tree":{deep},"groups":["developers"]}}"#
        );
        let told = ToldObject::read(text.as_bytes()).unwrap();
        assert_eq!(told.text("sub"), Some("ana"));
        assert_eq!(told.texts("groups"), Some(vec!["developers"]));
        for unreadable in ["picture", "name", "size", "tree"] {
            assert!(told.get(unreadable).is_none() && told.is_doubtful(unreadable), "{unreadable}");
        }
        let twice = ToldObject::read(br#"{"sub":"\ud800","sub":"ana"}"#).unwrap();
        assert!(twice.is_twice("sub") && twice.get("sub").is_none());
        assert!(ToldObject::read(b"[]").is_err() && ToldObject::read(br#"{"sub":}"#).is_err());
    }
}
