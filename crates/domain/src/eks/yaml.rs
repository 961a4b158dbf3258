//! YAML text for people: Kubernetes objects and kubeconfigs written from JSON values. A reader of YAML 1.1 or 1.2
//! cannot mistake one value for another.

use std::fmt::Write;

use serde_json::Value;

/// Writes `value` as a block-style YAML document that ends with a line break. A string is written bare only if it
/// cannot be anything but a string; otherwise in double quotes, escaped so that the text is printable ASCII.
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

/// A value on the rest of a line.
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
                // The first key of an object in a list follows the list's dash.
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
                    let text = if is_block(inner) { flow(inner) } else { scalar(inner) };
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

/// A list within a list, on the rest of the line: it is rare, so it is written like JSON.
fn flow(value: &Value) -> String {
    match value {
        Value::Array(list) => format!("[{}]", list.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, inner)| format!("{}: {}", double_quoted(key), flow(inner)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => double_quoted(text),
        other => scalar(other),
    }
}

/// A string as one YAML scalar on one line: bare if that is safe, otherwise in double quotes.
pub fn quoted(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    double_quoted(text)
}

fn double_quoted(text: &str) -> String {
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

/// Whether `text` can be written bare: a letter or slash first, a letter or digit last, nothing in between that has a
/// meaning in YAML, and not a word that YAML 1.1 reads as a boolean or null.
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
    use libyaml_safer::{EventData, Parser, ScalarStyle};
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use serde_json::{Value, json};

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

    #[test]
    fn words_of_yaml_are_quoted_also_as_keys() {
        assert_eq!(emit(&json!({ "y": { "on": 1 } })), "\"y\":\n  \"on\": 1\n");
    }

    /// Reads one value from the parser's events. A bare scalar that is not a string in YAML 1.1 becomes its YAML 1.1
    /// value.
    fn read(parser: &mut Parser<&mut &[u8]>) -> Option<Value> {
        match parser.parse().unwrap().data {
            EventData::Scalar { value, style: ScalarStyle::DoubleQuoted, .. } => Some(value.into()),
            EventData::Scalar { value, .. } => Some(match value.as_str() {
                "true" => true.into(),
                "false" => false.into(),
                "null" => Value::Null,
                digits if digits.parse::<u32>().is_ok() => digits.parse::<u32>().unwrap().into(),
                text => text.into(),
            }),
            EventData::SequenceStart { .. } => Some(Value::Array(std::iter::from_fn(|| read(parser)).collect())),
            EventData::MappingStart { .. } => {
                let mut map = serde_json::Map::new();
                while let Some(Value::String(key)) = read(parser) {
                    map.insert(key, read(parser)?);
                }
                Some(map.into())
            }
            EventData::StreamStart { .. } | EventData::DocumentStart { .. } => read(parser),
            _ => None,
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![".{0,12}", "[a-zA-Z0-9:./_# -]{0,12}", Just("no".to_owned())];
        let leaf = prop_oneof![
            text.clone().prop_map(Value::from),
            any::<u32>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                btree_map(text.clone(), inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_reads_back_as_it_was(value in any_value()) {
            let text = emit(&value);
            prop_assert!(text.bytes().all(|b| b == b'\n' || (b' '..=b'~').contains(&b)), "{text}");
            let mut input = text.as_bytes();
            let mut parser = Parser::new();
            parser.set_input_string(&mut input);
            prop_assert_eq!(read(&mut parser), Some(value), "{}", text);
        }
    }
}
