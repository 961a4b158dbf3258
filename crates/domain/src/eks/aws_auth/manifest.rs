//! A ConfigMap in a file, as YAML or JSON: its data, and the file with one key of the data changed.

use serde_json::Value;

use super::in_place::{File, field};
use super::splice::Spliced;
use super::yaml::document::{Document, NodeId, NodeKind};
use super::yaml::scalar::{self, Resolved};
use super::{Data, Key};

/// A file that holds a ConfigMap.
#[derive(Debug)]
pub struct Manifest<'t> {
    data: Data,
    /// `None` if the file is JSON that is not YAML, as with escaped surrogates.
    file: Option<File<'t>>,
    /// The file as JSON, if it is JSON.
    json: Option<Value>,
}

/// Why a file is not accepted as a ConfigMap, or cannot be changed in place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("the file cannot be read as YAML or JSON (line {line}: {message})")]
    Unreadable { line: usize, message: String },
    #[error("the file holds no ConfigMap, but {found}; with --data it may be the `data` alone, as JSON")]
    NoConfigMap { found: String },
    #[error("`{name}` in the data of the ConfigMap (line {line}) is {found}, not a string: write `|` behind its colon")]
    NoString { name: String, line: usize, found: &'static str },
    #[error(
        "`{name}` stands twice in the data of the ConfigMap (lines {first} and {second}): of both only one counts, and \
         programs differ in which; keep one of them"
    )]
    Twice { name: String, first: usize, second: usize },
    #[error(
        "`{name}` stands twice in the ConfigMap (lines {first} and {second}): of both only one counts, and programs differ \
         in which; keep one of them"
    )]
    TwiceInFile { name: &'static str, first: usize, second: usize },
    #[error("the file holds the ConfigMap `{found}`, and the authenticator reads none but `kube-system/aws-auth`")]
    AnotherConfigMap { found: String },
    #[error(
        "{} cannot be changed in this file without changing other bytes of it; pass the data alone as JSON with \
         --data", key.as_str()
    )]
    NotInPlace { key: Key },
}

impl<'t> Manifest<'t> {
    /// Reads the data of a ConfigMap. A ConfigMap with another name or namespace than aws-auth's is refused; one
    /// without is accepted as aws-auth.
    pub fn read(text: &'t str) -> Result<Self, ManifestError> {
        if text.trim_start().starts_with('{')
            && let Ok(json) = serde_json::from_str::<Value>(text)
        {
            return Self::read_json(text, json);
        }
        let file = parse(text)?;
        is_aws_auth(named(&file.document, "name"), named(&file.document, "namespace"))?;
        let data = file.data_node.map_or(Ok(Data::new()), |node| data_of(&file.document, node))?;
        Ok(Self { data, file: Some(file), json: None })
    }

    fn read_json(text: &'t str, json: Value) -> Result<Self, ManifestError> {
        is_config_map(json.get("kind").map(|kind| kind.as_str().unwrap_or("thing of no kind")))?;
        let named = |field: &str| json.pointer(&format!("/metadata/{field}")).and_then(Value::as_str);
        is_aws_auth(named("name"), named("namespace"))?;
        // Of two keys with the same name, JSON keeps the last; as YAML both are present.
        match parse(text) {
            Ok(File { document, data_node: Some(node), .. }) => drop(data_of(&document, node)?),
            Err(twice @ ManifestError::TwiceInFile { .. }) => return Err(twice),
            Ok(_) | Err(_) => {}
        }
        let mut data = Data::new();
        match json.get("data") {
            None | Some(Value::Null) => {}
            Some(Value::Object(fields)) => {
                for (name, value) in fields {
                    let text = match value {
                        Value::String(text) => text.clone(),
                        Value::Null => String::new(),
                        _ => return Err(no_string(name, 1, "something else")),
                    };
                    data.insert(name.clone(), text);
                }
            }
            Some(_) => return Err(no_string("data", 1, "no mapping of strings")),
        }
        Ok(Self { data, file: parse(text).ok(), json: Some(json) })
    }

    /// The data of the ConfigMap.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The file with the change made, every other byte unchanged; JSON that cannot be changed in place is written anew.
    /// The result is read again before it is returned.
    pub fn with(&self, spliced: &Spliced) -> Result<String, ManifestError> {
        let wanted = spliced.data(&self.data);
        let in_place = self.file.as_ref().map(|file| file.candidates(spliced)).unwrap_or_default();
        let anew = self.json.as_ref().map(|json| {
            let mut json = json.clone();
            json["data"] = wanted.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect();
            format!("{json:#}\n")
        });
        let is_it = |text: &String| Manifest::read(text).is_ok_and(|manifest| manifest.data == wanted);
        in_place.into_iter().chain(anew).find(is_it).ok_or(ManifestError::NotInPlace { key: spliced.key })
    }
}

fn parse(text: &str) -> Result<File<'_>, ManifestError> {
    let document = Document::parse(text)
        .map_err(|fault| ManifestError::Unreadable { line: fault.line, message: fault.message })?;
    // If more documents follow, the ConfigMap may be among them.
    let first = if document.next_line(text).is_some() { "the first of several documents is " } else { "" };
    let no_config_map = |found: &str| ManifestError::NoConfigMap { found: format!("{first}{found}") };
    let root = document.root.ok_or_else(|| no_config_map("nothing"))?;
    let NodeKind::Mapping { fields, .. } = &document.node(root).kind else {
        return Err(no_config_map("a list or a single value"));
    };
    for name in ["kind", "metadata", "data"] {
        let is_it = |node: NodeId| document.scalar(node).is_some_and(|scalar| scalar.value == name);
        let mut named = fields.iter().step_by(2).filter(|node| is_it(**node)).map(|node| document.node(*node).line);
        if let (Some(first), Some(second)) = (named.next(), named.next()) {
            return Err(ManifestError::TwiceInFile { name, first, second });
        }
    }
    let kind = field(&document, fields, "kind").and_then(|(_, value)| document.scalar(value));
    is_config_map(kind.map(|kind| kind.value.as_str())).map_err(|error| match error {
        ManifestError::NoConfigMap { found } => no_config_map(&found),
        other => other,
    })?;
    let data_node = field(&document, fields, "data").map(|(_, value)| value);
    Ok(File { text, document, data_node })
}

fn is_config_map(kind: Option<&str>) -> Result<(), ManifestError> {
    match kind {
        Some("ConfigMap") => Ok(()),
        Some(kind) => Err(ManifestError::NoConfigMap { found: format!("a {kind}") }),
        None => Err(ManifestError::NoConfigMap { found: "something without a kind".to_owned() }),
    }
}

/// A field of the metadata.
fn named<'d>(document: &'d Document, name: &str) -> Option<&'d str> {
    let NodeKind::Mapping { fields, .. } = &document.node(document.root?).kind else { return None };
    let (_, metadata) = field(document, fields, "metadata")?;
    let NodeKind::Mapping { fields, .. } = &document.node(metadata).kind else { return None };
    let (_, value) = field(document, fields, name)?;
    document.scalar(value).map(|scalar| scalar.value.as_str())
}

fn is_aws_auth(name: Option<&str>, namespace: Option<&str>) -> Result<(), ManifestError> {
    if name.is_none_or(|name| name == "aws-auth") && namespace.is_none_or(|namespace| namespace == "kube-system") {
        return Ok(());
    }
    let found = format!("{}/{}", namespace.unwrap_or("kube-system"), name.unwrap_or("aws-auth"));
    Err(ManifestError::AnotherConfigMap { found })
}

fn no_string(name: &str, line: usize, found: &'static str) -> ManifestError {
    ManifestError::NoString { name: name.to_owned(), line, found }
}

fn data_of(document: &Document, node: NodeId) -> Result<Data, ManifestError> {
    let line = document.node(node).line;
    let fields = match &document.node(node).kind {
        NodeKind::Mapping { fields, .. } => fields,
        NodeKind::Scalar(scalar) if matches!(scalar::resolve(scalar), Ok(Resolved::Null)) => return Ok(Data::new()),
        NodeKind::Scalar(_) | NodeKind::Sequence { .. } | NodeKind::Alias(_) => {
            return Err(no_string("data", line, "no mapping of strings"));
        }
    };
    let mut data = Data::new();
    let mut lines = std::collections::BTreeMap::new();
    for pair in fields.chunks_exact(2) {
        let line = document.node(pair[1]).line;
        let name = document.scalar(pair[0]).map(|scalar| scalar.value.clone()).unwrap_or_default();
        let second = document.node(pair[0]).line;
        if let Some(first) = lines.insert(name.clone(), second) {
            return Err(ManifestError::Twice { name, first, second });
        }
        let found = match &document.node(pair[1]).kind {
            NodeKind::Scalar(scalar) => match scalar::resolve(scalar) {
                Ok(Resolved::Text(text)) => {
                    data.insert(name, text.into_owned());
                    continue;
                }
                Ok(Resolved::Null) => {
                    data.insert(name, String::new());
                    continue;
                }
                _ => "a number or a boolean",
            },
            NodeKind::Sequence { .. } => "a list",
            NodeKind::Mapping { .. } => "a mapping",
            NodeKind::Alias(_) => "an alias",
        };
        return Err(no_string(&name, line, found));
    }
    Ok(data)
}
