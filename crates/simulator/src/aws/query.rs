//! The Query protocol: form fields in, XML out.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _};

use super::error::ApiError;

/// The fields of a form or a query.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub fn read(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// # Errors
    /// `ValidationError`: the field is absent.
    pub fn need(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| {
            let mut field = name.to_owned();
            field[..1].make_ascii_lowercase();
            ApiError::validation(format!(
                "1 validation error detected: Value null at '{field}' failed to satisfy constraint: Member must not be null"
            ))
        })
    }

    /// `Tags.member.1.Key`, `Tags.member.1.Value`, ...
    pub fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        for n in 1.. {
            let Some(key) = self.get(&format!("Tags.member.{n}.Key")) else { break };
            let value = self.get(&format!("Tags.member.{n}.Value")).unwrap_or_default();
            tags.insert(key.to_owned(), value.to_owned());
        }
        tags
    }

    /// `NAME.member.1`, `NAME.member.2`, ...
    pub fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|n| self.get(&format!("{name}.member.{n}"))).collect()
    }

    /// The page of `items` that Marker and MaxItems ask for, and the marker of the next. `key` orders and names an
    /// item.
    ///
    /// # Errors
    /// `ValidationError`: MaxItems is not from 1 to 1,000, or the marker is invalid.
    pub fn page<'a, T>(
        &self,
        items: impl Iterator<Item = &'a T>,
        key: impl Fn(&T) -> &str,
    ) -> Result<(Vec<&'a T>, Option<String>), ApiError> {
        let most = match self.get("MaxItems") {
            None => 100,
            Some(text) => text.parse().ok().filter(|n| (1..=1000).contains(n)).ok_or_else(|| {
                ApiError::validation(format!(
                    "1 validation error detected: Value '{text}' at 'maxItems' failed to satisfy constraint: Member must \
                     have value between 1 and 1000"
                ))
            })?,
        };
        let after = match self.get("Marker") {
            None => None,
            Some(marker) => Some(
                hex::decode(marker)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .ok_or_else(|| ApiError::validation("Invalid Marker."))?,
            ),
        };
        let mut page: Vec<_> =
            items.filter(|item| after.as_deref().is_none_or(|after| key(item) > after)).take(most + 1).collect();
        if page.len() <= most {
            return Ok((page, None));
        }
        page.truncate(most);
        let next = page.last().map(|item| hex::encode(key(item)));
        Ok((page, next))
    }
}

/// An answer under construction: elements in a row.
#[derive(Debug, Default)]
pub(crate) struct Xml(String);

impl Xml {
    pub fn new() -> Self {
        Self::default()
    }

    /// `<name>value</name>`
    pub fn text(mut self, name: &str, value: &str) -> Self {
        let _ = write!(self.0, "<{name}>{}</{name}>", escape(value));
        self
    }

    /// `<name>value</name>`, or nothing.
    pub fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// `<name>inside</name>`
    pub fn element(mut self, name: &str, inside: &Self) -> Self {
        let _ = write!(self.0, "<{name}>{}</{name}>", inside.0);
        self
    }

    /// `<name><member>..</member>..</name>`
    pub fn members(self, name: &str, members: impl Iterator<Item = Self>) -> Self {
        let list = members.fold(Self::new(), |list, member| list.element("member", &member));
        self.element(name, &list)
    }

    /// `<name><member>text</member>..</name>`
    pub fn texts<'a>(self, name: &str, members: impl Iterator<Item = &'a str>) -> Self {
        self.members(name, members.map(|text| Self(escape(text).into_owned())))
    }

    /// `IsTruncated` and `Marker`.
    pub fn truncated(self, next: Option<&str>) -> Self {
        self.text("IsTruncated", if next.is_some() { "true" } else { "false" }).maybe("Marker", next)
    }

    /// The whole answer of an action.
    pub fn response(self, action: &str, namespace: &str, request_id: &str) -> String {
        let result =
            if self.0.is_empty() { String::new() } else { format!("<{action}Result>{}</{action}Result>", self.0) };
        format!(
            "<{action}Response xmlns=\"{namespace}\">{result}<ResponseMetadata><RequestId>{request_id}</RequestId>\
             </ResponseMetadata></{action}Response>"
        )
    }
}

/// The whole answer of an error.
pub(crate) fn error_xml(error: &ApiError, namespace: &str, request_id: &str) -> String {
    let kind = if error.status < 500 { "Sender" } else { "Receiver" };
    let body = Xml::new().text("Type", kind).text("Code", &error.code).text("Message", &error.message);
    format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error>{}</Error><RequestId>{request_id}</RequestId></ErrorResponse>",
        body.0
    )
}

/// Escapes text for XML and HTML, for elements and quoted attributes.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}
