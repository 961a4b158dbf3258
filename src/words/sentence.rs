//! A sentence in pieces.

use jiff::Timestamp;
use std::fmt;

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// A name as typed: shown in backticks or as code.
    Name(String),
    /// A moment, with the words for it.
    Time(Timestamp, String),
}

/// A sentence. `Display` is its plain text, names in backticks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sentence(Vec<Piece>);

impl Sentence {
    /// Reads a text with names in backticks; an unpaired backtick is text.
    pub fn parse(text: &str) -> Self {
        let mut sentence = Self::default();
        sentence.push_parsed(text);
        sentence
    }

    /// The pieces, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Adds text without reading backticks: for what people wrote, such as a person's name.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Piece::Text(text.into()));
        self
    }

    /// Adds a name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.0.push(Piece::Name(name.into()));
        self
    }

    /// Adds names as a list: `` `a`, `b` and `c` ``.
    #[must_use]
    pub fn names<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        for (at, name) in names.iter().enumerate() {
            if at > 0 {
                self.0.push(Piece::Text(if at + 1 == names.len() { " and " } else { ", " }.to_owned()));
            }
            self.0.push(Piece::Name((*name).to_owned()));
        }
        self
    }

    /// Adds a moment with the words for it.
    #[must_use]
    pub fn time(mut self, at: Timestamp, words: impl Into<String>) -> Self {
        self.0.push(Piece::Time(at, words.into()));
        self
    }

    /// Adds a text with names in backticks.
    #[must_use]
    pub fn parsed(mut self, text: &str) -> Self {
        self.push_parsed(text);
        self
    }

    fn push_parsed(&mut self, text: &str) {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('`') {
            let Some((name, tail)) = after.split_once('`') else { break };
            if !before.is_empty() {
                self.0.push(Piece::Text(before.to_owned()));
            }
            self.0.push(Piece::Name(name.to_owned()));
            rest = tail;
        }
        if !rest.is_empty() {
            self.0.push(Piece::Text(rest.to_owned()));
        }
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) | Piece::Time(_, text) => f.write_str(text)?,
                Piece::Name(name) => write!(f, "`{name}`")?,
            }
        }
        Ok(())
    }
}

/// Words joined as a list: "Ben", "Ben or Chi", "Ben, Chi or Dee".
pub fn list(words: &[impl AsRef<str>], conjunction: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} {conjunction} {}", most.join(", "), last.as_ref())
        }
    }
}

/// "1 approval", "2 approvals": the plural is the singular with an `s`.
pub fn count(number: usize, singular: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {singular}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_apart_and_a_lone_backtick_is_text() {
        let sentence = Sentence::parse("Read `pods` on `prod-eu`, it`s fine.");
        assert_eq!(sentence.to_string(), "Read `pods` on `prod-eu`, it`s fine.");
        assert_eq!(sentence.pieces().iter().filter(|piece| matches!(piece, Piece::Name(_))).count(), 2);
    }

    #[test]
    fn lists_end_with_their_conjunction() {
        assert_eq!(list(&["Ben"], "or"), "Ben");
        assert_eq!(list(&["Ben", "Chi", "Dee"], "or"), "Ben, Chi or Dee");
    }
}
