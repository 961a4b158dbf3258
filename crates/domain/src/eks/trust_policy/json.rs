//! JSON as a value that keeps repeated keys, which `serde_json::Value` drops.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value. Numbers and truth values are not told apart, since no pin is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Scalar,
    Text(String),
    List(Vec<Self>),
    /// The members in the order of the text.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// A key that stands twice in one object, at any depth. The depth is bounded by the parser's own limit.
    pub(super) fn repeated_key(&self) -> Option<&str> {
        match self {
            Self::Null | Self::Scalar | Self::Text(_) => None,
            Self::List(items) => items.iter().find_map(Self::repeated_key),
            Self::Object(members) => {
                let mut seen = BTreeSet::new();
                let here = members.iter().find(|(key, _)| !seen.insert(key)).map(|(key, _)| key.as_str());
                here.or_else(|| members.iter().find_map(|(_, value)| value.repeated_key()))
            }
        }
    }

    /// The members, if it is an object.
    pub(super) fn members(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Object(members) => Some(members),
            Self::Null | Self::Scalar | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Scalar | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The items: IAM takes one value for a list of one.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            one @ (Self::Null | Self::Scalar | Self::Text(_) | Self::Object(_)) => std::slice::from_ref(one),
        }
    }

    /// The texts, if it is a text or a list of one or more texts.
    pub(super) fn texts(&self) -> Option<Vec<&str>> {
        let texts: Option<Vec<&str>> = self.items().iter().map(Self::text).collect();
        texts.filter(|texts| !texts.is_empty())
    }
}

/// The value of an object's member.
pub(super) fn member<'j>(members: &'j [(String, Json)], key: &str) -> Option<&'j Json> {
    members.iter().find(|(own, _)| own == key).map(|(_, value)| value)
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Scalar)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}
