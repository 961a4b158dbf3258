//! Latchkey's texts as HTML: escaped here, so that a template need not mark them safe.

use crate::words::{Clock, Piece, Sentence};
use askama::filters::HtmlSafe;
use jiff::Timestamp;
use std::fmt::{self, Write as _};

/// Markup that is already safe. Only this module and [`super::icon`] make it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html(String);

impl HtmlSafe for Html {}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Html {
    /// A text with names in backticks, the names as code.
    pub fn prose(text: &str) -> Self {
        Self::sentence(&Sentence::parse(text))
    }

    /// The same, with the address of a request in it as a link.
    pub fn prose_linking(text: &str) -> Self {
        let Some((before, id)) = text.rsplit_once("/requests/") else { return Self::prose(text) };
        if id.parse::<uuid::Uuid>().is_err() {
            return Self::prose(text);
        }
        let before = Self::prose(before.trim_end());
        Self(format!("{before} <a href=\"/requests/{id}\">Open it</a>"))
    }

    /// The same text, followed by a link to a page of the portal.
    #[must_use]
    pub fn then_link(self, address: &str, words: &'static str) -> Self {
        Self(format!("{self} <a href=\"{address}\">{words}</a>"))
    }

    /// Sentences one after the other.
    pub fn joined(sentences: &[Self]) -> Self {
        Self(sentences.iter().map(|sentence| sentence.0.as_str()).collect::<Vec<_>>().join(" "))
    }

    /// A sentence: names as code, moments as `<time>`.
    pub fn sentence(sentence: &Sentence) -> Self {
        let mut html = String::new();
        for piece in sentence.pieces() {
            match piece {
                Piece::Text(text) => escape(&mut html, text),
                Piece::Name(name) => {
                    html.push_str("<code>");
                    escape(&mut html, name);
                    html.push_str("</code>");
                }
                Piece::Time(at, words) => time(&mut html, *at, words, None),
            }
        }
        Self(html)
    }

    /// "in 42 min, 16:30 CET (UTC+1)".
    pub fn when(clock: &Clock, at: Timestamp) -> Self {
        Self::time(at, &clock.full(at), None)
    }

    /// "14:02:10", the whole moment on hovering.
    pub fn stamp(clock: &Clock, at: Timestamp) -> Self {
        Self::time(at, &clock.stamp(at), Some(&clock.full(at)))
    }

    /// "3 min ago", the whole moment on hovering.
    pub fn relative(clock: &Clock, at: Timestamp) -> Self {
        Self::time(at, &clock.relative(at), Some(&clock.full(at)))
    }

    /// "16:30 CET".
    pub fn at(clock: &Clock, at: Timestamp) -> Self {
        Self::time(at, &clock.at(at), Some(&clock.full(at)))
    }

    /// A moment, shown in the given words.
    pub fn words(at: Timestamp, words: &str) -> Self {
        Self::time(at, words, None)
    }

    fn time(at: Timestamp, words: &str, title: Option<&str>) -> Self {
        let mut html = String::new();
        time(&mut html, at, words, title);
        Self(html)
    }
}

fn time(html: &mut String, at: Timestamp, words: &str, title: Option<&str>) {
    // In whole seconds: a datetime attribute allows three decimals at most.
    let _ = write!(html, "<time datetime=\"{}\"", at.strftime("%Y-%m-%dT%H:%M:%SZ"));
    if let Some(title) = title {
        html.push_str(" title=\"");
        escape(html, title);
        html.push('"');
    }
    html.push('>');
    escape(html, words);
    html.push_str("</time>");
}

fn escape(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_code_and_markup_of_others_is_escaped() {
        let html = Html::prose("<b> reads `a&b`").to_string();
        assert_eq!(html, "&lt;b&gt; reads <code>a&amp;b</code>");
    }

    #[test]
    fn a_moment_carries_its_machine_form() {
        let at: Timestamp = "2026-11-24T15:30:00.123456Z".parse().unwrap();
        let html = Html::sentence(&Sentence::default().time(at, "16:30 CET")).to_string();
        assert_eq!(html, "<time datetime=\"2026-11-24T15:30:00Z\">16:30 CET</time>");
    }
}
