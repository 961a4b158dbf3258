//! Whether a policy that IAM holds says the same as the desired one, however it is spelt.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::PolicyDocument;

/// A text that does not have the form of a policy from IAM.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy document that IAM holds cannot be read: {0}")]
pub struct UnreadablePolicy(String);

/// Converts a document as IAM returns it into its JSON text: IAM percent-encodes it (RFC 3986); some imitations do not.
pub fn decode_observed(observed: &str) -> Result<String, UnreadablePolicy> {
    if observed.trim_start().starts_with('{') {
        return Ok(observed.to_owned());
    }
    let decoded = percent_decode_str(observed).decode_utf8().map_err(|e| UnreadablePolicy(e.to_string()))?;
    Ok(decoded.into_owned())
}

/// Whether an observed document, encoded or not, allows exactly what `desired` allows. Order, repetition, a string for
/// a list of one, the case of actions and the names of statements do not count; any other difference does.
pub fn is_same_policy(observed: &str, desired: &PolicyDocument) -> Result<bool, UnreadablePolicy> {
    let text = decode_observed(observed)?;
    let observed: Value = serde_json::from_str(&text).map_err(|e| UnreadablePolicy(e.to_string()))?;
    Ok(normal_document(observed) == normal_document(desired.to_value()))
}

fn normal_document(document: Value) -> Value {
    let Value::Object(mut document) = document else { return document };
    document.remove("Id");
    if let Some(statements) = document.remove("Statement") {
        let statements = as_list(statements).into_iter().map(normal_statement).collect();
        document.insert("Statement".to_owned(), sorted(statements));
    }
    sort_keys(document)
}

fn normal_statement(statement: Value) -> Value {
    let Value::Object(mut statement) = statement else { return statement };
    statement.remove("Sid");
    for key in ["Action", "NotAction", "Resource", "NotResource"] {
        let Some(value) = statement.remove(key) else { continue };
        let lower = key.ends_with("Action");
        let list = as_list(value).into_iter().map(|item| match item {
            Value::String(text) if lower => Value::from(text.to_ascii_lowercase()),
            item => item,
        });
        statement.insert(key.to_owned(), sorted(list.collect()));
    }
    sort_keys(statement)
}

fn as_list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list,
        one => vec![one],
    }
}

/// A list as a set: in the order of the items' texts, each once.
fn sorted(mut list: Vec<Value>) -> Value {
    list.sort_by_cached_key(Value::to_string);
    list.dedup();
    Value::Array(list)
}

/// An object with its keys in order, so that texts of equal objects are equal, whatever the order of the map.
fn sort_keys(object: Map<String, Value>) -> Value {
    let mut entries: Vec<(String, Value)> = object.into_iter().collect();
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Value::Object(entries.into_iter().collect())
}
