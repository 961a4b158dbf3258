//! Scans scalars: plain, quoted, and in blocks.

use super::YamlFault;
use super::scanner::{Scanner, Style, Token, TokenKind, isize_of};

/// Line breaks and blanks between words, which are folded.
#[derive(Default)]
struct Fold {
    blanks: String,
    first_break: String,
    more_breaks: String,
    /// A line break has been passed: blanks are now indentation.
    broken: bool,
}

impl Fold {
    /// What the gap becomes in a scalar that continues behind it.
    fn close(&mut self, value: &mut String) {
        if self.broken {
            if !self.first_break.starts_with('\n') {
                value.push_str(&self.first_break);
                value.push_str(&self.more_breaks);
            } else if self.more_breaks.is_empty() {
                value.push(' ');
            } else {
                value.push_str(&self.more_breaks);
            }
            self.first_break.clear();
            self.more_breaks.clear();
            self.broken = false;
        } else {
            value.push_str(&self.blanks);
            self.blanks.clear();
        }
    }
}

impl Scanner<'_> {
    /// Passes blanks and line breaks. In a plain scalar a tab before `indent` is an error.
    fn scan_gap(&mut self, fold: &mut Fold, indent: Option<isize>) -> Result<(), YamlFault> {
        while self.cursor.is_blank(0) || self.cursor.is_break(0) {
            if self.cursor.is_blank(0) {
                let column = isize_of(self.cursor.mark.column);
                if fold.broken && self.cursor.is(b'\t') && indent.is_some_and(|indent| column < indent) {
                    return self.cursor.fault("found a tab character that violates indentation");
                }
                if fold.broken {
                    self.cursor.skip();
                } else {
                    self.cursor.read(&mut fold.blanks);
                }
            } else {
                self.cursor.ensure(2)?;
                if fold.broken {
                    self.cursor.read_break(&mut fold.more_breaks);
                } else {
                    fold.blanks.clear();
                    self.cursor.read_break(&mut fold.first_break);
                    fold.broken = true;
                }
            }
            self.cursor.ensure(1)?;
        }
        Ok(())
    }

    pub(super) fn scan_plain(&mut self) -> Result<Token, YamlFault> {
        let start = self.cursor.mark;
        let mut end = start;
        let mut value = String::new();
        let mut fold = Fold::default();
        let indent = self.indent + 1;
        loop {
            self.cursor.ensure(4)?;
            if self.cursor.is_document_indicator() || self.cursor.is(b'#') {
                break;
            }
            while !self.cursor.is_gap(0) && !self.ends_plain() {
                if fold.broken || !fold.blanks.is_empty() {
                    fold.close(&mut value);
                }
                self.cursor.read(&mut value);
                end = self.cursor.mark;
                self.cursor.ensure(2)?;
            }
            if !self.cursor.is_blank(0) && !self.cursor.is_break(0) {
                break;
            }
            self.cursor.ensure(1)?;
            self.scan_gap(&mut fold, Some(indent))?;
            if self.flow_level == 0 && isize_of(self.cursor.mark.column) < indent {
                break;
            }
        }
        if fold.broken {
            self.simple_key_allowed = true;
        }
        Ok(Token { kind: TokenKind::Scalar { value, style: Style::Plain }, start, end })
    }

    /// An indicator that ends a plain scalar. In brackets Go includes `?`, as YAML 1.1 does.
    fn ends_plain(&self) -> bool {
        match self.cursor.byte(0) {
            b':' => self.cursor.is_gap(1),
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => self.flow_level > 0,
            _ => false,
        }
    }

    pub(super) fn scan_quoted(&mut self) -> Result<Token, YamlFault> {
        let start = self.cursor.mark;
        let quote = self.cursor.byte(0);
        self.cursor.skip();
        let mut value = String::new();
        let mut fold = Fold::default();
        loop {
            self.cursor.ensure(4)?;
            if self.cursor.is_document_indicator() {
                return self.cursor.fault("found unexpected document indicator");
            }
            if self.cursor.is_end() {
                return self.cursor.fault("found unexpected end of stream");
            }
            fold.broken = false;
            while !self.cursor.is_gap(0) {
                if quote == b'\'' && self.cursor.is(b'\'') && self.cursor.byte(1) == b'\'' {
                    self.cursor.skip();
                    self.cursor.read(&mut value);
                } else if self.cursor.is(quote) {
                    break;
                } else if quote == b'"' && self.cursor.is(b'\\') {
                    if self.cursor.is_break(1) {
                        self.cursor.ensure(3)?;
                        self.cursor.skip();
                        self.cursor.skip_break();
                        fold.broken = true;
                        break;
                    }
                    self.scan_escape(&mut value)?;
                } else {
                    self.cursor.read(&mut value);
                }
                self.cursor.ensure(2)?;
            }
            self.cursor.ensure(1)?;
            if self.cursor.is(quote) {
                break;
            }
            // An escaped line break joins two lines without anything between them.
            let joined = fold.broken;
            self.scan_gap(&mut fold, None)?;
            if joined {
                value.push_str(&fold.more_breaks);
                fold = Fold::default();
            } else {
                fold.close(&mut value);
            }
        }
        self.cursor.skip();
        let style = if quote == b'"' { Style::DoubleQuoted } else { Style::SingleQuoted };
        Ok(Token { kind: TokenKind::Scalar { value, style }, start, end: self.cursor.mark })
    }

    fn scan_escape(&mut self, value: &mut String) -> Result<(), YamlFault> {
        let digits = match self.cursor.byte(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            other => {
                let character = match other {
                    b'0' => '\0',
                    b'a' => '\u{7}',
                    b'b' => '\u{8}',
                    b't' | b'\t' => '\t',
                    b'n' => '\n',
                    b'v' => '\u{b}',
                    b'f' => '\u{c}',
                    b'r' => '\r',
                    b'e' => '\u{1b}',
                    b' ' => ' ',
                    b'"' => '"',
                    b'\'' => '\'',
                    b'\\' => '\\',
                    b'N' => '\u{85}',
                    b'_' => '\u{a0}',
                    b'L' => '\u{2028}',
                    b'P' => '\u{2029}',
                    _ => return self.cursor.fault("found unknown escape character"),
                };
                value.push(character);
                self.cursor.skip();
                self.cursor.skip();
                return Ok(());
            }
        };
        self.cursor.skip();
        self.cursor.skip();
        self.cursor.ensure(digits)?;
        let mut code = 0;
        for _ in 0..digits {
            let Some(digit) = char::from(self.cursor.byte(0)).to_digit(16) else {
                return self.cursor.fault("did not find expected hexdecimal number");
            };
            code = code << 4 | digit;
            self.cursor.skip();
        }
        let Some(character) = char::from_u32(code) else {
            return self.cursor.fault("found invalid Unicode character escape code");
        };
        value.push(character);
        Ok(())
    }

    pub(super) fn scan_block_scalar(&mut self) -> Result<Token, YamlFault> {
        let start = self.cursor.mark;
        let literal = self.cursor.is(b'|');
        self.cursor.skip();
        let (chomping, increment) = self.scan_block_header()?;
        let mut end = self.cursor.mark;
        let mut indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };
        let (mut value, mut first_break, mut more_breaks) = (String::new(), String::new(), String::new());
        self.scan_block_breaks(&mut indent, &mut more_breaks, &mut end)?;
        self.cursor.ensure(1)?;
        let mut led_by_blank = false;
        while isize_of(self.cursor.mark.column) == indent && !self.cursor.is_end() {
            let blank = self.cursor.is_blank(0);
            if !literal && !led_by_blank && !blank && first_break.starts_with('\n') {
                if more_breaks.is_empty() {
                    value.push(' ');
                }
            } else {
                value.push_str(&first_break);
            }
            first_break.clear();
            value.push_str(&more_breaks);
            more_breaks.clear();
            led_by_blank = blank;
            while !self.cursor.is_break_or_end(0) {
                self.cursor.read(&mut value);
                self.cursor.ensure(1)?;
            }
            self.cursor.ensure(2)?;
            self.cursor.read_break(&mut first_break);
            self.scan_block_breaks(&mut indent, &mut more_breaks, &mut end)?;
        }
        if chomping != Some(b'-') {
            value.push_str(&first_break);
        }
        if chomping == Some(b'+') {
            value.push_str(&more_breaks);
        }
        let style = if literal { Style::Literal } else { Style::Folded };
        Ok(Token { kind: TokenKind::Scalar { value, style }, start, end })
    }

    /// Chomping and indentation, in either order, and the rest of the line.
    fn scan_block_header(&mut self) -> Result<(Option<u8>, isize), YamlFault> {
        self.cursor.ensure(1)?;
        let mut chomping = self.scan_chomping();
        self.cursor.ensure(1)?;
        let mut increment = 0;
        let digit = self.cursor.byte(0);
        if digit.is_ascii_digit() {
            if digit == b'0' {
                return self.cursor.fault("found an indentation indicator equal to 0");
            }
            increment = isize::from(digit - b'0');
            self.cursor.skip();
            self.cursor.ensure(1)?;
            if chomping.is_none() {
                chomping = self.scan_chomping();
            }
        }
        self.cursor.skip_blanks_and_comment()?;
        if !self.cursor.is_break_or_end(0) {
            return self.cursor.fault("did not find expected comment or line break");
        }
        if self.cursor.is_break(0) {
            self.cursor.ensure(2)?;
            self.cursor.skip_break();
        }
        Ok((chomping, increment))
    }

    fn scan_chomping(&mut self) -> Option<u8> {
        let byte = self.cursor.byte(0);
        matches!(byte, b'+' | b'-').then(|| {
            self.cursor.skip();
            byte
        })
    }

    /// Passes indentation and empty lines; determines the indentation if it is not known yet.
    fn scan_block_breaks(
        &mut self,
        indent: &mut isize,
        breaks: &mut String,
        end: &mut super::cursor::Mark,
    ) -> Result<(), YamlFault> {
        *end = self.cursor.mark;
        let mut deepest = 0;
        loop {
            self.cursor.ensure(1)?;
            while (*indent == 0 || isize_of(self.cursor.mark.column) < *indent) && self.cursor.is(b' ') {
                self.cursor.skip();
                self.cursor.ensure(1)?;
            }
            let column = isize_of(self.cursor.mark.column);
            deepest = deepest.max(column);
            if (*indent == 0 || column < *indent) && self.cursor.is(b'\t') {
                return self.cursor.fault("found a tab character where an indentation space is expected");
            }
            if !self.cursor.is_break(0) {
                break;
            }
            self.cursor.ensure(2)?;
            self.cursor.read_break(breaks);
            *end = self.cursor.mark;
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}
