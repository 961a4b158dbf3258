//! Label and field selectors of lists.

use super::kinds::ServedKind;
use super::status::Refusal;
use serde_json::Value;

/// A parsed label selector: every requirement must hold.
#[derive(Debug, Default)]
pub struct Labels(Vec<Requirement>);

#[derive(Debug)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

impl Labels {
    /// Reads `a=b,c!=d,e in (x,y),f notin (z),g,!h`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut requirements = Vec::new();
        for part in split(text) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            requirements.push(
                requirement(part)
                    .ok_or_else(|| Refusal::bad_request(format!("unable to parse requirement: found '{part}'")))?,
            );
        }
        Ok(Self(requirements))
    }

    /// The selector of an object, of which only `matchLabels` is read.
    pub fn of_object(selector: &Value) -> Self {
        let labels = selector["matchLabels"].as_object().into_iter().flatten();
        let equal =
            |(k, v): (&String, &Value)| Requirement::In(k.clone(), vec![v.as_str().unwrap_or_default().to_owned()]);
        Self(labels.map(equal).collect())
    }

    /// Whether the object's labels match it.
    pub fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => {
                labels[key.as_str()].as_str().is_some_and(|v| values.iter().any(|x| x == v))
            }
            Requirement::NotIn(key, values) => {
                labels[key.as_str()].as_str().is_none_or(|v| !values.iter().any(|x| x == v))
            }
            Requirement::Exists(key) => labels[key.as_str()].is_string(),
            Requirement::Absent(key) => !labels[key.as_str()].is_string(),
        })
    }
}

fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn requirement(part: &str) -> Option<Requirement> {
    let owned = |s: &str| s.trim().to_owned();
    if let Some(list) = part.strip_suffix(')') {
        let (head, list) = list.split_once('(')?;
        let values = list.split(',').map(owned).collect();
        let head = head.trim();
        return if let Some(key) = head.strip_suffix(" notin") {
            Some(Requirement::NotIn(owned(key), values))
        } else {
            Some(Requirement::In(owned(head.strip_suffix(" in")?), values))
        };
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Some(Requirement::NotIn(owned(key), vec![owned(value)]));
    }
    if let Some((key, value)) = part.split_once('=') {
        return Some(Requirement::In(owned(key), vec![owned(value.trim_start_matches('='))]));
    }
    if let Some(key) = part.strip_prefix('!') {
        return Some(Requirement::Absent(owned(key)));
    }
    (!part.contains(char::is_whitespace)).then(|| Requirement::Exists(owned(part)))
}

/// A parsed field selector: path, value, and whether they must be equal.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String, bool)>);

impl Fields {
    /// Reads `metadata.name=x,status.phase!=Running`.
    pub fn parse(kind: &ServedKind, text: &str) -> Result<Self, Refusal> {
        let mut fields = Vec::new();
        for part in text.split(',').filter(|p| !p.is_empty()) {
            let (path, value, equal) = if let Some((path, value)) = part.split_once("!=") {
                (path, value, false)
            } else if let Some((path, value)) = part.split_once('=') {
                (path, value.trim_start_matches('='), true)
            } else {
                return Err(Refusal::bad_request(format!("invalid selector: '{text}'; can't understand '{part}'")));
            };
            let known = matches!(path, "metadata.name" | "metadata.namespace")
                || matches!(kind.plural, "pods" | "events" | "nodes" | "namespaces")
                || (kind.plural == "secrets" && path == "type");
            if !known {
                return Err(Refusal::bad_request(format!("field label not supported: {path}")));
            }
            fields.push((path.to_owned(), value.to_owned(), equal));
        }
        Ok(Self(fields))
    }

    /// Whether the object's fields match it.
    pub fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(path, value, equal)| {
            let found = path.split('.').fold(object, |v, key| &v[key]);
            (found.as_str().unwrap_or_default() == value) == *equal
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_of_each_form_select() {
        let object = json!({ "metadata": { "labels": { "app": "web", "tier": "front" } } });
        let matches = |s: &str| Labels::parse(s).unwrap().matches(&object);
        for yes in ["", "app=web", "app==web,tier", "app in (web,db)", "app notin (db)", "!gone", "app!=db", "x!=y"] {
            assert!(matches(yes), "{yes}");
        }
        for no in ["app=db", "gone", "!app", "app in (db)", "tier notin (front)", "app!=web"] {
            assert!(!matches(no), "{no}");
        }
        assert!(Labels::parse("a b").is_err());
    }
}
