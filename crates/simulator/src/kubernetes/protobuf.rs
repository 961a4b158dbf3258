//! Bodies in Kubernetes' protobuf encoding, which kubectl 1.33 and later sends for the kinds that it knows.
//! Answers are always JSON, which such clients accept as well.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// The media type of such bodies.
pub const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";
/// The first bytes of every body.
const MAGIC: &[u8] = b"k8s\0";
/// The objects that this server decodes are not nested deeper.
const DEEPEST: usize = 12;

/// The type of a message's field.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Flag,
    Number,
    Message(&'static [Field]),
    /// `map<string, string>`.
    Texts,
    /// `map<string, bytes>`, which JSON writes in base64.
    Blobs,
    /// `map<string, ExtraValue>`, an object of lists.
    Extra,
    Time,
}

/// Number, name in JSON, content, and whether it is a list.
type Field = (u64, &'static str, Type, bool);

const fn one(number: u64, name: &'static str, what: Type) -> Field {
    (number, name, what, false)
}

const fn list(number: u64, name: &'static str, what: Type) -> Field {
    (number, name, what, true)
}

static META: &[Field] = &[
    one(1, "name", Type::Text),
    one(2, "generateName", Type::Text),
    one(3, "namespace", Type::Text),
    one(5, "uid", Type::Text),
    one(6, "resourceVersion", Type::Text),
    one(8, "creationTimestamp", Type::Time),
    one(9, "deletionTimestamp", Type::Time),
    one(11, "labels", Type::Texts),
    one(12, "annotations", Type::Texts),
    list(14, "finalizers", Type::Text),
];
static RESOURCE: &[Field] = &[
    one(1, "namespace", Type::Text),
    one(2, "verb", Type::Text),
    one(3, "group", Type::Text),
    one(4, "version", Type::Text),
    one(5, "resource", Type::Text),
    one(6, "subresource", Type::Text),
    one(7, "name", Type::Text),
];
static PATH: &[Field] = &[one(1, "path", Type::Text), one(2, "verb", Type::Text)];
static ACCESS: &[Field] = &[
    one(1, "resourceAttributes", Type::Message(RESOURCE)),
    one(2, "nonResourceAttributes", Type::Message(PATH)),
    one(3, "user", Type::Text),
    list(4, "groups", Type::Text),
    one(5, "extra", Type::Extra),
    one(6, "uid", Type::Text),
];
static NAMESPACED: &[Field] = &[one(1, "namespace", Type::Text)];
static RULE: &[Field] = &[
    list(1, "verbs", Type::Text),
    list(2, "apiGroups", Type::Text),
    list(3, "resources", Type::Text),
    list(4, "resourceNames", Type::Text),
    list(5, "nonResourceURLs", Type::Text),
];
static SUBJECT: &[Field] = &[
    one(1, "kind", Type::Text),
    one(2, "apiGroup", Type::Text),
    one(3, "name", Type::Text),
    one(4, "namespace", Type::Text),
];
static REFERENCE: &[Field] = &[one(1, "apiGroup", Type::Text), one(2, "kind", Type::Text), one(3, "name", Type::Text)];
static SELECTOR: &[Field] = &[one(1, "matchLabels", Type::Texts)];
static AGGREGATION: &[Field] = &[list(1, "clusterRoleSelectors", Type::Message(SELECTOR))];
static PRECONDITIONS: &[Field] = &[one(1, "uid", Type::Text), one(2, "resourceVersion", Type::Text)];

fn message(kind: &str) -> Option<&'static [Field]> {
    static REVIEW: &[Field] = &[one(1, "metadata", Type::Message(META)), one(2, "spec", Type::Message(ACCESS))];
    static RULES: &[Field] = &[one(1, "metadata", Type::Message(META)), one(2, "spec", Type::Message(NAMESPACED))];
    static ROLE: &[Field] = &[
        one(1, "metadata", Type::Message(META)),
        list(2, "rules", Type::Message(RULE)),
        one(3, "aggregationRule", Type::Message(AGGREGATION)),
    ];
    static BINDING: &[Field] = &[
        one(1, "metadata", Type::Message(META)),
        list(2, "subjects", Type::Message(SUBJECT)),
        one(3, "roleRef", Type::Message(REFERENCE)),
    ];
    static CONFIG_MAP: &[Field] = &[
        one(1, "metadata", Type::Message(META)),
        one(2, "data", Type::Texts),
        one(3, "binaryData", Type::Blobs),
        one(4, "immutable", Type::Flag),
    ];
    static SECRET: &[Field] = &[
        one(1, "metadata", Type::Message(META)),
        one(2, "data", Type::Blobs),
        one(3, "type", Type::Text),
        one(4, "stringData", Type::Texts),
        one(5, "immutable", Type::Flag),
    ];
    static NAMED: &[Field] = &[one(1, "metadata", Type::Message(META))];
    static DELETE: &[Field] = &[
        one(1, "gracePeriodSeconds", Type::Number),
        one(2, "preconditions", Type::Message(PRECONDITIONS)),
        one(4, "propagationPolicy", Type::Text),
        list(5, "dryRun", Type::Text),
    ];
    Some(match kind {
        "SelfSubjectAccessReview" | "SubjectAccessReview" | "LocalSubjectAccessReview" => REVIEW,
        "SelfSubjectRulesReview" => RULES,
        "SelfSubjectReview" | "Namespace" | "ServiceAccount" => NAMED,
        "Role" | "ClusterRole" => ROLE,
        "RoleBinding" | "ClusterRoleBinding" => BINDING,
        "ConfigMap" => CONFIG_MAP,
        "Secret" => SECRET,
        "DeleteOptions" => DELETE,
        _ => return None,
    })
}

/// The object in a protobuf body as JSON; `None` if it is malformed or of a kind that this server does not decode.
pub fn to_json(body: &[u8]) -> Option<Value> {
    let mut types = Map::new();
    let mut raw: &[u8] = &[];
    for (number, wire) in fields(body.strip_prefix(MAGIC)?)? {
        match (number, wire) {
            (1, Wire::Bytes(bytes)) => {
                types = read(bytes, &[one(1, "apiVersion", Type::Text), one(2, "kind", Type::Text)], 0)?;
            }
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let mut object = read(raw, message(types.get("kind")?.as_str()?)?, 0)?;
    object.extend(types);
    Some(Value::Object(object))
}

enum Wire<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Wire<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let wire = match tag & 7 {
            0 => Wire::Varint(varint(&mut bytes)?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let (content, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Wire::Bytes(content)
            }
            _ => return None,
        };
        fields.push((tag >> 3, wire));
    }
    Some(fields)
}

fn read(bytes: &[u8], known: &[Field], depth: usize) -> Option<Map<String, Value>> {
    if depth > DEEPEST {
        return None;
    }
    let mut object = Map::new();
    for (number, wire) in fields(bytes)? {
        let Some((_, name, what, many)) = known.iter().find(|f| f.0 == number) else { continue };
        if let Type::Texts | Type::Blobs | Type::Extra = what {
            let Wire::Bytes(entry) = wire else { return None };
            let (key, value) = map_entry(entry, *what)?;
            object.entry(*name).or_insert_with(|| json!({})).as_object_mut()?.insert(key, value);
            continue;
        }
        let value = match (what, wire) {
            (Type::Flag, Wire::Varint(v)) => json!(v != 0),
            (Type::Number, Wire::Varint(v)) => json!(v),
            (Type::Text, Wire::Bytes(b)) => json!(std::str::from_utf8(b).ok()?),
            (Type::Message(inner), Wire::Bytes(b)) => Value::Object(read(b, inner, depth + 1)?),
            // Only the server's own times count; a client's are skipped.
            (Type::Time, Wire::Bytes(_)) => continue,
            _ => return None,
        };
        if *many {
            object.entry(*name).or_insert_with(|| json!([])).as_array_mut()?.push(value);
        } else if value != "" {
            // Go writes empty strings; in JSON they are absent.
            object.insert((*name).to_owned(), value);
        }
    }
    Some(object)
}

fn map_entry(bytes: &[u8], what: Type) -> Option<(String, Value)> {
    let (mut key, mut content): (&[u8], &[u8]) = (&[], &[]);
    for (number, wire) in fields(bytes)? {
        match (number, wire) {
            (1, Wire::Bytes(b)) => key = b,
            (2, Wire::Bytes(b)) => content = b,
            _ => return None,
        }
    }
    let value = match what {
        Type::Blobs => json!(STANDARD.encode(content)),
        Type::Extra => {
            let items = read(content, &[list(1, "items", Type::Text)], 0)?;
            items.get("items").cloned().unwrap_or_else(|| json!([]))
        }
        _ => json!(std::str::from_utf8(content).ok()?),
    };
    Some((String::from_utf8(key.to_vec()).ok()?, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2, u8::try_from(content.len()).unwrap()];
        bytes.extend(content);
        bytes
    }

    fn body(kind: &str, raw: &[u8]) -> Vec<u8> {
        let types = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), field(1, &types), field(2, raw)].concat()
    }

    #[test]
    fn config_map_is_decoded() {
        let meta = [field(1, b"settings"), field(3, b"")].concat();
        let entry = [field(1, b"a"), field(2, b"b")].concat();
        let decoded = to_json(&body("ConfigMap", &[field(1, &meta), field(2, &entry)].concat())).unwrap();
        let wanted = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings" }, "data": { "a": "b" },
        });
        assert_eq!(decoded, wanted);
    }

    #[test]
    fn broken_and_unknown_bodies_are_no_objects() {
        let good = body("ConfigMap", &field(1, &field(1, b"x")));
        for cut in 1..good.len() {
            assert!(to_json(&good[..cut]).is_none_or(|v| v != to_json(&good).unwrap()), "{cut}");
        }
        assert!(to_json(&body("Pod", b"")).is_none());
        assert!(to_json(b"{}").is_none());
    }
}
