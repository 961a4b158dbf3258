//! A position in a text, and how far ahead of it Go's yaml has read.
//!
//! Go reads a text in windows. That shows from outside in two ways, and both decide whether a text can be read: a
//! character that YAML does not allow is an error only once its window is read, so it is not an error if the document
//! ends before it; and what Go takes for a byte order mark at the beginning of a line is what its buffer happens to
//! begin with.

use super::YamlFault;

/// The byte order mark that may precede a text; it is not part of the text's content.
pub const BOM: &str = "\u{feff}";

/// How many bytes Go reads at a time.
const WINDOW: usize = 512;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    /// The position in bytes.
    pub at: usize,
    /// Counted from 0.
    pub line: usize,
    /// In characters, counted from 0.
    pub column: usize,
    /// The position in characters from the beginning.
    pub index: usize,
}

#[derive(Debug)]
pub struct Cursor<'t> {
    text: &'t str,
    pub mark: Mark,
    /// Characters read but not yet passed; the end of the text counts as one.
    unread: usize,
    /// The start of the next window.
    taken: usize,
    /// The position of the first byte of Go's buffer.
    buffer: usize,
}

impl<'t> Cursor<'t> {
    pub fn new(text: &'t str) -> Self {
        let at = if text.starts_with(BOM) { BOM.len() } else { 0 };
        Self { text, mark: Mark { at, ..Mark::default() }, unread: 0, taken: 0, buffer: at }
    }

    /// Reads text until `count` characters are available, or the text ends.
    pub fn ensure(&mut self, count: usize) -> Result<(), YamlFault> {
        if self.unread >= count {
            return Ok(());
        }
        self.buffer = self.mark.at;
        while self.unread < count {
            if self.taken == self.text.len() {
                self.unread += 1;
                break;
            }
            let end = self.text.floor_char_boundary((self.taken + WINDOW).min(self.text.len()));
            let window = &self.text[self.taken.max(self.mark.at)..end];
            if window.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
                self.unread += window.len();
            } else {
                for character in window.chars() {
                    if !is_allowed(character) {
                        return Err(YamlFault::new(self.mark.line + 1, "control characters are not allowed"));
                    }
                    self.unread += 1;
                }
            }
            self.taken = end;
        }
        Ok(())
    }

    /// The byte `offset` bytes from here; 0 behind the end.
    pub fn byte(&self, offset: usize) -> u8 {
        self.text.as_bytes().get(self.mark.at + offset).copied().unwrap_or(0)
    }

    pub fn is(&self, byte: u8) -> bool {
        self.byte(0) == byte
    }

    pub fn is_end(&self) -> bool {
        self.mark.at >= self.text.len()
    }

    pub fn is_blank(&self, offset: usize) -> bool {
        matches!(self.byte(offset), b' ' | b'\t')
    }

    /// The length of the line break at `offset`; 0 if there is none. A carriage return counts without its line feed.
    pub fn break_length(&self, offset: usize) -> usize {
        match self.byte(offset) {
            b'\r' | b'\n' => 1,
            0xc2 if self.byte(offset + 1) == 0x85 => 2,
            0xe2 if self.byte(offset + 1) == 0x80 && matches!(self.byte(offset + 2), 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }

    pub fn is_break(&self, offset: usize) -> bool {
        self.break_length(offset) > 0
    }

    /// Whether it is a line break or the end.
    pub fn is_break_or_end(&self, offset: usize) -> bool {
        self.byte(offset) == 0 || self.is_break(offset)
    }

    /// Whether it is a blank, a line break or the end.
    pub fn is_gap(&self, offset: usize) -> bool {
        self.is_blank(offset) || self.is_break_or_end(offset)
    }

    /// Whether it is a letter, a digit, `_` or `-`.
    pub fn is_word(&self) -> bool {
        let byte = self.byte(0);
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
    }

    /// Whether Go would take this position for a byte order mark at the beginning of a line.
    pub fn is_at_mark(&self) -> bool {
        self.text[self.buffer..].starts_with(BOM)
    }

    /// Whether it is `---` or `...` at the beginning of a line.
    pub fn is_document_indicator(&self) -> bool {
        self.mark.column == 0 && (self.is_three(b'-') || self.is_three(b'.'))
    }

    /// Whether it is three times `byte`, and a gap.
    pub fn is_three(&self, byte: u8) -> bool {
        self.byte(0) == byte && self.byte(1) == byte && self.byte(2) == byte && self.is_gap(3)
    }

    /// Passes one character.
    pub fn skip(&mut self) -> Option<char> {
        let character = self.text[self.mark.at..].chars().next()?;
        self.mark.at += character.len_utf8();
        self.mark.index += 1;
        self.mark.column += 1;
        self.unread = self.unread.saturating_sub(1);
        Some(character)
    }

    /// Passes one character and stores it.
    pub fn read(&mut self, into: &mut String) {
        into.extend(self.skip());
    }

    /// Passes a line break, if there is one.
    pub fn skip_break(&mut self) {
        self.read_break(&mut String::new());
    }

    /// Passes a line break and stores what YAML makes of it.
    pub fn read_break(&mut self, into: &mut String) {
        let kept = match (self.byte(0), self.byte(1)) {
            (b'\r', b'\n') => {
                self.skip();
                "\n"
            }
            (b'\r' | b'\n' | 0xc2, _) => "\n",
            (0xe2, _) => &self.text[self.mark.at..self.mark.at + 3],
            _ => return,
        };
        into.push_str(kept);
        self.skip();
        self.mark.column = 0;
        self.mark.line += 1;
    }

    /// Passes blanks, and a comment if one follows.
    pub fn skip_blanks_and_comment(&mut self) -> Result<(), YamlFault> {
        self.ensure(1)?;
        while self.is_blank(0) {
            self.skip();
            self.ensure(1)?;
        }
        self.skip_comment()
    }

    pub fn skip_comment(&mut self) -> Result<(), YamlFault> {
        if self.is(b'#') {
            while !self.is_break_or_end(0) {
                self.skip();
                self.ensure(1)?;
            }
        }
        Ok(())
    }

    /// A fault at this place.
    pub fn fault<T>(&self, message: &str) -> Result<T, YamlFault> {
        Err(YamlFault::new(self.mark.line + 1, message))
    }
}

/// Whether a YAML text may contain the character.
pub fn is_allowed(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..
    )
}
