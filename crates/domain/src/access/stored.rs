//! Values that rows keep as JSON with a code: what an earlier and a later version stored is read, too.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads the JSON of a row. A plain text is what an earlier version `said`. A value of a code that this version does
/// not know is of a `later` one, and is kept by that name; it is empty if the value has none.
pub(super) fn read<T: DeserializeOwned>(value: Value, said: impl Fn(String) -> T, later: impl Fn(String) -> T) -> T {
    if let Value::String(text) = value {
        return said(text);
    }
    let named = value.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
    serde_json::from_value(value).unwrap_or_else(|_| later(named))
}
