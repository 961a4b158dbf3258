//! Why somebody asks, decides, ends or pauses: their own words, for other people to read.

/// Characters that a reason of a request, a vote or an end may have.
pub const LONGEST: usize = 1000;

/// Whether a text reads as it was typed: no control characters but line ends and tabs, and none that turn what stands
/// around it on a page or in a log the other way.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| is_control(c) || turns_around(c))
}

fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

/// Embeddings, overrides and isolates of the Unicode bidirectional algorithm, separators of lines, the byte order mark.
/// The marks of direction (U+200E, U+200F), which keyboards for Hebrew and Arabic type, turn nothing but themselves.
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
}
