//! The reason that a person gives for an ask, a decision, an end or a pause: their own words, for other people to read.

/// The most characters of a reason for a request, a vote or an end.
pub const LONGEST: usize = 1000;

/// The most characters of a reason of one line: it is part of a sentence on every access that waits for it.
pub const LONGEST_LINE: usize = 500;

/// A person's own words: plain text, trimmed and bounded in length. Every entry point reads reasons through this type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// Why a text cannot be a reason. `Display` is a sentence for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitReason {
    #[error("Say why.")]
    Missing,
    #[error("At most {longest} characters; yours has {length}.")]
    TooLong { length: usize, longest: usize },
    #[error("The reason has control characters in it; type it as plain text.")]
    NotPlain,
    #[error("The reason has control characters in it; type it as one line of plain text.")]
    NotOneLine,
}

impl Reason {
    /// A mandatory reason of at most [`LONGEST`] characters.
    ///
    /// # Errors
    /// `Missing`, `TooLong`, `NotPlain`.
    pub fn parse(text: &str) -> Result<Self, UnfitReason> {
        Self::optional(text)?.ok_or(UnfitReason::Missing)
    }

    /// An optional reason of at most [`LONGEST`] characters; `None` if nothing was typed.
    ///
    /// # Errors
    /// `TooLong`, `NotPlain`.
    pub fn optional(text: &str) -> Result<Option<Self>, UnfitReason> {
        Self::of(text, LONGEST)
    }

    /// A reason of one line, of at most [`LONGEST_LINE`] characters.
    ///
    /// # Errors
    /// `Missing`, `TooLong`, `NotOneLine`.
    pub fn line(text: &str) -> Result<Self, UnfitReason> {
        match Self::of(text, LONGEST_LINE) {
            Ok(Some(line)) if !line.0.contains(['\n', '\r', '\t']) => Ok(line),
            Ok(None) => Err(UnfitReason::Missing),
            Err(unfit @ UnfitReason::TooLong { .. }) => Err(unfit),
            Ok(Some(_)) | Err(_) => Err(UnfitReason::NotOneLine),
        }
    }

    fn of(text: &str, longest: usize) -> Result<Option<Self>, UnfitReason> {
        // Trimming could remove a hidden character at an end, so the text as it was typed is checked.
        let (trimmed, length) = (text.trim(), text.trim().chars().count());
        match length {
            0 => Ok(None),
            _ if length > longest => Err(UnfitReason::TooLong { length, longest }),
            _ if !is_plain(text) => Err(UnfitReason::NotPlain),
            _ => Ok(Some(Self(trimmed.to_owned()))),
        }
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.0
    }
}

/// Whether a text reads as it was typed: it has no control characters except line ends and tabs, and no characters that
/// reverse the direction of the text around it on a page or in a log.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| is_control(c) || turns_around(c))
}

fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

/// Embeddings, overrides and isolates of the Unicode bidirectional algorithm, line separators, the byte order mark. The
/// directional marks (U+200E, U+200F), which keyboards for Hebrew and Arabic type, do not reverse other text.
fn turns_around(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_a_text_around_or_cannot_be_seen_is_not_plain() {
        for plain in ["look", "two\r\nlines\tand a tab", "לבדוק \u{200f}למה", "日本語", "e\u{301}"] {
            assert!(is_plain(plain), "{plain:?}");
        }
        for hidden in
            ["over\0now", "a\u{1b}[31m", "look\u{202e}detpeccA", "\u{2066}x\u{2069}", "a\u{2028}b", "\u{feff}x"]
        {
            assert!(!is_plain(hidden), "{hidden:?}");
        }
    }

    #[test]
    fn a_reason_is_what_was_typed_without_the_blanks_around_it() {
        assert_eq!(Reason::parse(" look \n").unwrap().as_str(), "look");
        assert_eq!(Reason::optional("  "), Ok(None));
        assert_eq!(Reason::parse("\t"), Err(UnfitReason::Missing));
        assert_eq!(Reason::parse("look\0"), Err(UnfitReason::NotPlain));
        assert!(Reason::parse(&"\u{e9}".repeat(LONGEST)).is_ok());
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(Reason::parse(&long), Err(UnfitReason::TooLong { length: LONGEST + 1, longest: LONGEST }));
    }

    #[test]
    fn a_line_has_no_end_of_a_line_within() {
        assert_eq!(Reason::line("\nlook\n").unwrap().as_str(), "look");
        assert_eq!(Reason::line("look\nhere"), Err(UnfitReason::NotOneLine));
        assert_eq!(Reason::line(""), Err(UnfitReason::Missing));
        let long = "x".repeat(LONGEST_LINE + 1);
        assert_eq!(Reason::line(&long), Err(UnfitReason::TooLong { length: LONGEST_LINE + 1, longest: LONGEST_LINE }));
    }
}
