//! YAML text for people: Kubernetes objects and kubeconfigs written from JSON values, with no value that a reader of
//! YAML 1.1 or 1.2 could take for another.

use std::fmt::Write;

use serde_json::Value;

/// Writes `value` as a block-style YAML document, a line end after the last line. A string is written bare only where
/// it can be nothing else than a string; otherwise in double quotes, escaped so that the text is printable ASCII.
pub fn emit(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => write_block(&mut out, value, 0),
        Value::Array(list) if !list.is_empty() => write_block(&mut out, value, 0),
        other => {
            out.push_str(&scalar(other));
            out.push('\n');
        }
    }
    out
}

/// A value that stands on the rest of a line.
fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    }
}

fn write_block(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) => {
            for (at, (key, inner)) in map.iter().enumerate() {
                // The first key of an object in a list stands behind the list's dash.
                if at > 0 || !out.ends_with("- ") {
                    out.extend(std::iter::repeat_n(' ', indent));
                }
                out.push_str(&quoted(key));
                out.push(':');
                match inner {
                    Value::Array(list) if !list.is_empty() => {
                        out.push('\n');
                        write_block(out, inner, indent);
                    }
                    inner if is_block(inner) => {
                        out.push('\n');
                        write_block(out, inner, indent + 2);
                    }
                    inner => {
                        out.push(' ');
                        out.push_str(&scalar(inner));
                        out.push('\n');
                    }
                }
            }
        }
        Value::Array(list) => {
            for inner in list {
                out.extend(std::iter::repeat_n(' ', indent));
                out.push_str("- ");
                if is_block(inner) && inner.is_object() {
                    write_block(out, inner, indent + 2);
                } else {
                    // A list directly in a list does not occur in what we write; JSON is YAML, so it is right anyway.
                    let text = if is_block(inner) { inner.to_string() } else { scalar(inner) };
                    out.push_str(&text);
                    out.push('\n');
                }
            }
        }
        other => {
            out.push_str(&scalar(other));
            out.push('\n');
        }
    }
}

/// A string as one YAML scalar on one line: bare where that is safe, else in double quotes.
pub fn quoted(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            c => {
                let code = u32::from(c);
                // Writing to a String does not fail.
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push('"');
    out
}

/// Whether `text` can stand bare: a letter or slash first, a letter or digit last, nothing in between that has a meaning
/// in YAML, and no word that YAML 1.1 reads as a boolean or null.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let inner = |b: &u8| b.is_ascii_alphanumeric() || b"-_./:".contains(b);
    (first.is_ascii_alphabetic() || *first == b'/')
        && last.is_ascii_alphanumeric()
        && bytes.iter().all(inner)
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{emit, quoted};

    #[test]
    fn strings_that_yaml_would_read_as_something_else_are_quoted() {
        for text in ["", "yes", "NO", "null", "1", "1e3", "0x1f", "111122223333", "a: b", "- a", "a #b", "*", "&x", "~"]
        {
            assert_eq!(quoted(text), format!("{text:?}"), "{text}");
        }
        for text in ["pods", "latchkey:jane:1", "rbac.authorization.k8s.io", "/healthz", "pods/log"] {
            assert_eq!(quoted(text), text);
        }
        assert_eq!(quoted("a\nb\u{85}\u{2028}é😀\"\\"), r#""a\nb\x85\u2028\xe9\U0001f600\"\\""#);
    }

    #[test]
    fn objects_and_lists_are_written_as_blocks() {
        let value = json!({"a": {"b": [], "c": {}}, "l": [{"x": "1", "y": [1, true, null]}, "s"], "z": "no"});
        let text = "a:\n  b: []\n  c: {}\nl:\n- x: \"1\"\n  \"y\":\n  - 1\n  - true\n  - null\n- s\nz: \"no\"\n";
        assert_eq!(emit(&value), text);
        assert_eq!(emit(&json!({})), "{}\n");
    }
}
