//! The one place that bounds events which contain values of other clients. A list, a text or an object that is too long
//! is cut, and says how much is missing and what that hashes to: "and 950 more (sha256 …)". So every event can be
//! recorded, and no client prevents a change by what it writes into its own objects.
//!
//! The first measure keeps 50 entries of a list and 1,000 characters of a text.

use super::EVENT_LIMIT_BYTES;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// How much of an event's values is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Measure {
    /// Entries of a list or an object, including the one that describes the rest.
    entries: usize,
    /// Characters of a text or a key, including what describes the rest.
    characters: usize,
    /// Depth of nested lists and objects.
    depth: usize,
}

/// What people read without a loss: an event of Latchkey's comes near it only if it contains values of other clients.
const FIRST: Measure = Measure { entries: 50, characters: 1_000, depth: 12 };

/// Used if the first measure keeps too much: lists of long texts.
const STRICTER: Measure = Measure { entries: 20, characters: 400, depth: 6 };

/// Always fits. A detail has at most 5 entries of 5 texts, each text and key of at most 128 characters, of which JSON
/// makes at most 768 bytes: 43 KB with the fields around them.
const STRICTEST: Measure = Measure { entries: 5, characters: 128, depth: 2 };

/// The key of the object entry that describes the rest.
const REST: &str = "\u{2026}";

/// The fields of an event, each cut so far that their canonical bytes fit. Small values stay as they are.
pub(super) fn cut(event: &Map<String, Value>) -> serde_json::Result<Vec<u8>> {
    for measure in [FIRST, STRICTER] {
        let bytes = bytes(event, measure)?;
        if bytes.len() <= EVENT_LIMIT_BYTES {
            return Ok(bytes);
        }
    }
    bytes(event, STRICTEST)
}

fn bytes(event: &Map<String, Value>, measure: Measure) -> serde_json::Result<Vec<u8>> {
    let fields: Map<String, Value> =
        event.iter().map(|(key, field)| (key.clone(), measure.value(field, measure.depth))).collect();
    serde_json_canonicalizer::to_vec(&fields)
}

impl Measure {
    /// Cuts a value. `depth` is the allowed depth of nested lists and objects, the value itself included.
    fn value(self, value: &Value, depth: usize) -> Value {
        match (value, depth.checked_sub(1)) {
            (Value::Null | Value::Bool(_) | Value::Number(_), _) => value.clone(),
            (Value::String(text), _) => Value::String(self.text(text)),
            (Value::Array(list), None) => Value::String(rest(list.len(), &hashed(value))),
            (Value::Object(map), None) => Value::String(rest(map.len(), &hashed(value))),
            (Value::Array(list), Some(depth)) => self.list(list, depth),
            (Value::Object(map), Some(depth)) => self.object(map, depth),
        }
    }

    fn text(self, text: &str) -> String {
        let length = text.chars().count();
        if length <= self.characters {
            return text.to_owned();
        }
        // The longest possible remark about the rest, so that its own length does not depend on where the text is cut.
        let told = format!("\u{2026} {}", rest(length, &[0; 32])).chars().count();
        let kept = self.characters.saturating_sub(told);
        let at = text.char_indices().nth(kept).map_or(text.len(), |(at, _)| at);
        let (first, cut) = text.split_at(at);
        format!("{first}\u{2026} {}", rest(length - kept, &sha256(cut.as_bytes())))
    }

    fn list(self, list: &[Value], depth: usize) -> Value {
        let (first, cut) = list.split_at(self.kept(list.len()));
        let mut kept: Vec<Value> = first.iter().map(|value| self.value(value, depth)).collect();
        if !cut.is_empty() {
            kept.push(Value::String(rest(cut.len(), &hashed(&Value::Array(cut.to_vec())))));
        }
        Value::Array(kept)
    }

    fn object(self, map: &Map<String, Value>, depth: usize) -> Value {
        let mut entries: Vec<(&String, &Value)> = map.iter().collect();
        // The choice of entries depends only on their content.
        entries.sort_by_key(|(key, _)| (*key == REST, *key));
        let (first, cut) = entries.split_at(self.kept(entries.len()));
        let mut kept: Map<String, Value> =
            first.iter().map(|(key, value)| (self.text(key), self.value(value, depth))).collect();
        if !cut.is_empty() {
            let rest_of: Map<String, Value> =
                cut.iter().map(|(key, value)| ((*key).clone(), (*value).clone())).collect();
            kept.insert(REST.to_owned(), Value::String(rest(cut.len(), &hashed(&Value::Object(rest_of)))));
        }
        Value::Object(kept)
    }

    /// How many of so many entries are kept: all, or one less than fit, since the last one describes the rest.
    fn kept(self, entries: usize) -> usize {
        if entries <= self.entries { entries } else { self.entries - 1 }
    }
}

/// The remark about what is missing.
fn rest(missing: usize, hash: &[u8; 32]) -> String {
    format!("and {missing} more (sha256 {})", hex::encode(hash))
}

/// The hash of a value's canonical JSON: a reader who has the part that was cut can show that it is that part.
fn hashed(value: &Value) -> [u8; 32] {
    sha256(&serde_json_canonicalizer::to_vec(value).unwrap_or_default())
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The fields of an event with any detail.
    fn event(detail: Value) -> Map<String, Value> {
        Map::from_iter([
            ("action".to_owned(), json!("grant.drift_found")),
            ("actor".to_owned(), json!({ "process": { "name": "worker" } })),
            ("detail".to_owned(), detail),
        ])
    }

    fn written(event: &Map<String, Value>) -> (Vec<u8>, Value) {
        let bytes = cut(event).unwrap();
        let read = serde_json::from_slice(&bytes).unwrap();
        (bytes, read)
    }

    /// The bytes without any cut, as every version wrote them for small events.
    fn whole(event: &Map<String, Value>) -> Vec<u8> {
        serde_json_canonicalizer::to_vec(event).unwrap()
    }

    #[test]
    fn a_long_list_says_how_much_is_missing_and_what_that_hashes_to() {
        let subjects: Vec<String> = (0..1_000).map(|number| format!("User stranger-{number}")).collect();
        let (bytes, read) = written(&event(json!({ "subjects": subjects })));
        let kept = read["detail"]["subjects"].as_array().unwrap();
        assert_eq!((kept.len(), &kept[48]), (50, &json!("User stranger-48")));
        let cut = serde_json_canonicalizer::to_vec(&subjects[49..].to_vec()).unwrap();
        assert_eq!(kept[49], json!(format!("and 951 more (sha256 {})", hex::encode(sha256(&cut)))));
        assert!(bytes.len() < 5_000, "{}", bytes.len());
    }

    #[test]
    fn a_long_text_and_a_long_key_are_cut_between_characters() {
        let text = "\u{e9}".repeat(1_001);
        let (_, read) = written(&event(json!({ "what": text, text.as_str(): 1 })));
        let what = read["detail"]["what"].as_str().unwrap();
        assert!((990..=1_000).contains(&what.chars().count()), "{what}");
        let (kept, told) = what.split_once('\u{2026}').unwrap();
        let cut = &text[kept.len()..];
        let (missing, hash) = (cut.chars().count(), hex::encode(sha256(cut.as_bytes())));
        assert_eq!(told, format!(" and {missing} more (sha256 {hash})"));
        assert_eq!(read["detail"][what], 1);
    }

    #[test]
    fn what_has_the_most_that_is_kept_whole_is_kept_whole() {
        let list: Vec<u32> = (0..50).collect();
        let event = event(json!({ "list": list, "text": "x".repeat(1_000), "object": { "\u{2026}": [[[[{}]]]] } }));
        assert_eq!(written(&event).0, whole(&event));
    }

    #[test]
    fn the_largest_and_deepest_fit() {
        let texts = vec!["\u{1}".repeat(1_200); 60];
        let lists = vec![json!(texts); 60];
        let object: Map<String, Value> =
            (0..60).map(|number| (format!("{number}{}", "\u{2}".repeat(1_200)), json!(texts))).collect();
        let mut deep = json!([]);
        for _ in 0..100 {
            deep = json!([deep]);
        }
        for detail in [json!({ "lists": lists }), Value::Object(object), json!({ "deep": deep }), json!(texts)] {
            let (bytes, read) = written(&event(detail));
            assert!(bytes.len() <= EVENT_LIMIT_BYTES, "{}", bytes.len());
            assert!(serde_json::to_string(&read).unwrap().contains(" more (sha256 "));
        }
    }

    #[test]
    fn a_name_without_end_is_no_error_either() {
        let mut event = event(json!({}));
        event.insert("actor".to_owned(), json!({ "process": { "name": "\u{1}".repeat(200_000) } }));
        event.insert("action".to_owned(), json!("\u{1}".repeat(200_000)));
        assert!(written(&event).0.len() <= EVENT_LIMIT_BYTES);
    }

    /// A value for this seed: at most `left` entries, and texts of up to 1,500 characters.
    fn any_value(seed: &mut u64, depth: usize, left: &mut usize) -> Value {
        let mut below = |most: u64| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*seed >> 33) % most
        };
        *left = left.saturating_sub(1);
        let size = |number: u64| usize::try_from(number).unwrap();
        let (kind, many, letter) = (below(6), size(below(120)), size(below(5)));
        let text = ["x", "\u{1}", "\u{e9}", "\u{1f511}", "\""][letter];
        match kind {
            0 => json!(below(2) == 0),
            1 => json!(below(1 << 40)),
            2 => json!(text.repeat(size(below(40)))),
            3 => json!(text.repeat(size(below(1_500)))),
            _ if depth == 0 => json!([]),
            4 => Value::Array((0..many.min(*left)).map(|_| any_value(seed, depth - 1, left)).collect()),
            _ => {
                let key = |number: usize| format!("{number}{}", text.repeat(number * 11));
                Value::Object(
                    (0..many.min(*left)).map(|number| (key(number), any_value(seed, depth - 1, left))).collect(),
                )
            }
        }
    }

    fn longest(value: &Value) -> (usize, usize) {
        match value {
            Value::String(text) => (0, text.chars().count()),
            Value::Array(list) => list.iter().map(longest).fold((list.len(), 0), |a, b| (a.0.max(b.0), a.1.max(b.1))),
            Value::Object(map) => {
                let keys = map.keys().map(|key| key.chars().count()).max().unwrap_or(0);
                map.values().map(longest).fold((map.len(), keys), |a, b| (a.0.max(b.0), a.1.max(b.1)))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => (0, 0),
        }
    }

    #[test]
    fn any_event_fits_and_small_ones_are_as_they_were() {
        let (mut cut, mut small) = (0, 0);
        for seed in 0..150_u64 {
            let (mut state, mut left) = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), [10, 60, 400][(seed % 3) as usize]);
            let event = event(json!({ "value": any_value(&mut state, 6, &mut left), "what": "x" }));
            let (bytes, read) = written(&event);
            assert!(bytes.len() <= EVENT_LIMIT_BYTES, "seed {seed}: {} bytes", bytes.len());
            let (entries, characters) = longest(&read);
            assert!(entries <= 50 && characters <= 1_000, "seed {seed}: {entries} entries, {characters} characters");
            let whole = whole(&event);
            let (entries, characters) = longest(&serde_json::from_slice(&whole).unwrap());
            match (entries <= 50 && characters <= 1_000, whole.len() <= EVENT_LIMIT_BYTES) {
                (true, true) => assert!(bytes == whole, "seed {seed}"),
                (true, false) | (false, _) => cut += 1,
            }
            small += usize::from(bytes == whole);
        }
        assert!(cut > 20 && small > 50, "{cut} cut, {small} as they were");
    }
}
