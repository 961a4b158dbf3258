//! Scans what precedes content: directives, anchors, aliases and tags.

use super::YamlFault;
use super::scanner::{Scanner, Token, TokenKind};

impl Scanner<'_> {
    pub(super) fn scan_directive(&mut self) -> Result<TokenKind, YamlFault> {
        self.cursor.skip();
        let name = self.scan_word()?;
        if name.is_empty() {
            return self.cursor.fault("could not find expected directive name");
        }
        if !self.cursor.is_gap(0) {
            return self.cursor.fault("found unexpected non-alphabetical character");
        }
        let kind = match name.as_str() {
            "YAML" => self.scan_version()?,
            "TAG" => self.scan_tag_directive()?,
            _ => return self.cursor.fault("found unknown directive name"),
        };
        self.cursor.skip_blanks_and_comment()?;
        if !self.cursor.is_break_or_end(0) {
            return self.cursor.fault("did not find expected comment or line break");
        }
        if self.cursor.is_break(0) {
            self.cursor.ensure(2)?;
            self.cursor.skip_break();
        }
        Ok(kind)
    }

    fn scan_word(&mut self) -> Result<String, YamlFault> {
        let mut word = String::new();
        self.cursor.ensure(1)?;
        while self.cursor.is_word() {
            self.cursor.read(&mut word);
            self.cursor.ensure(1)?;
        }
        Ok(word)
    }

    fn skip_blanks(&mut self) -> Result<(), YamlFault> {
        self.cursor.ensure(1)?;
        while self.cursor.is_blank(0) {
            self.cursor.skip();
            self.cursor.ensure(1)?;
        }
        Ok(())
    }

    fn scan_version(&mut self) -> Result<TokenKind, YamlFault> {
        self.skip_blanks()?;
        let major = self.scan_version_number()?;
        if !self.cursor.is(b'.') {
            return self.cursor.fault("did not find expected digit or '.' character");
        }
        self.cursor.skip();
        let minor = self.scan_version_number()?;
        Ok(TokenKind::Version { major, minor })
    }

    /// Two digits at most.
    fn scan_version_number(&mut self) -> Result<u8, YamlFault> {
        self.cursor.ensure(1)?;
        let (mut number, mut length) = (0, 0);
        while self.cursor.byte(0).is_ascii_digit() {
            length += 1;
            if length > 2 {
                return self.cursor.fault("found extremely long version number");
            }
            number = number * 10 + (self.cursor.byte(0) - b'0');
            self.cursor.skip();
            self.cursor.ensure(1)?;
        }
        if length == 0 { self.cursor.fault("did not find expected version number") } else { Ok(number) }
    }

    fn scan_tag_directive(&mut self) -> Result<TokenKind, YamlFault> {
        self.skip_blanks()?;
        let handle = self.scan_tag_handle()?;
        if handle != "!" && !(handle.len() > 1 && handle.ends_with('!')) {
            return self.cursor.fault("did not find expected '!'");
        }
        self.cursor.ensure(1)?;
        if !self.cursor.is_blank(0) {
            return self.cursor.fault("did not find expected whitespace");
        }
        self.skip_blanks()?;
        let prefix = self.scan_tag_uri("")?;
        self.cursor.ensure(1)?;
        if !self.cursor.is_gap(0) {
            return self.cursor.fault("did not find expected whitespace or line break");
        }
        Ok(TokenKind::TagDirective { handle, prefix })
    }

    pub(super) fn scan_anchor(&mut self) -> Result<Token, YamlFault> {
        let start = self.cursor.mark;
        let alias = self.cursor.is(b'*');
        self.cursor.skip();
        let name = self.scan_word()?;
        let ends = self.cursor.is_gap(0)
            || matches!(self.cursor.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return self.cursor.fault("did not find expected alphabetic or numeric character");
        }
        let kind = if alias { TokenKind::Alias(name) } else { TokenKind::Anchor(name) };
        Ok(Token { kind, start, end: self.cursor.mark })
    }

    pub(super) fn scan_tag(&mut self) -> Result<Token, YamlFault> {
        let start = self.cursor.mark;
        self.cursor.ensure(2)?;
        let (handle, suffix);
        if self.cursor.byte(1) == b'<' {
            self.cursor.skip();
            self.cursor.skip();
            (handle, suffix) = (String::new(), self.scan_tag_uri("")?);
            if !self.cursor.is(b'>') {
                return self.cursor.fault("did not find the expected '>'");
            }
            self.cursor.skip();
        } else {
            let head = self.scan_tag_handle()?;
            if head.len() > 1 && head.ends_with('!') {
                suffix = self.scan_tag_uri("")?;
                handle = head;
            } else {
                let rest = self.scan_tag_uri(&head)?;
                // A lone `!` has no handle and itself as its suffix.
                (handle, suffix) = if rest.is_empty() { (rest, "!".to_owned()) } else { ("!".to_owned(), rest) };
            }
        }
        self.cursor.ensure(1)?;
        if !self.cursor.is_gap(0) {
            return self.cursor.fault("did not find expected whitespace or line break");
        }
        Ok(Token { kind: TokenKind::Tag { handle, suffix }, start, end: self.cursor.mark })
    }

    /// `!`, `!!` or `!name!`; `!name` if it is the tag itself.
    fn scan_tag_handle(&mut self) -> Result<String, YamlFault> {
        self.cursor.ensure(1)?;
        if !self.cursor.is(b'!') {
            return self.cursor.fault("did not find expected '!'");
        }
        let mut handle = String::new();
        self.cursor.read(&mut handle);
        handle.push_str(&self.scan_word()?);
        if self.cursor.is(b'!') {
            self.cursor.read(&mut handle);
        }
        Ok(handle)
    }

    /// The rest of a tag behind `head`, whose `!` does not count.
    fn scan_tag_uri(&mut self, head: &str) -> Result<String, YamlFault> {
        let mut uri = head.get(1..).unwrap_or_default().as_bytes().to_vec();
        let mut found = !head.is_empty();
        self.cursor.ensure(1)?;
        while self.cursor.is_word() || b";/?:@&=+$,.!~*'()[]%".contains(&self.cursor.byte(0)) {
            if self.cursor.is(b'%') {
                self.scan_uri_escape(&mut uri)?;
            } else {
                uri.push(self.cursor.byte(0));
                self.cursor.skip();
            }
            self.cursor.ensure(1)?;
            found = true;
        }
        if !found {
            return self.cursor.fault("did not find expected tag URI");
        }
        Ok(String::from_utf8_lossy(&uri).into_owned())
    }

    /// One character, each of its bytes as `%xx`.
    fn scan_uri_escape(&mut self, uri: &mut Vec<u8>) -> Result<(), YamlFault> {
        let mut length = None;
        let mut count = 0;
        while length.is_none_or(|length| count < length) {
            self.cursor.ensure(3)?;
            let digits = [self.cursor.byte(1), self.cursor.byte(2)].map(|byte| char::from(byte).to_digit(16));
            let (true, [Some(high), Some(low)]) = (self.cursor.is(b'%'), digits) else {
                return self.cursor.fault("did not find URI escaped octet");
            };
            #[expect(clippy::cast_possible_truncation, reason = "two hexadecimal digits are a byte")]
            let octet = (high << 4 | low) as u8;
            if length.is_none() {
                length = match octet {
                    0x00..=0x7f => Some(1),
                    0xc0..=0xdf => Some(2),
                    0xe0..=0xef => Some(3),
                    0xf0..=0xf7 => Some(4),
                    _ => return self.cursor.fault("found an incorrect leading UTF-8 octet"),
                };
            } else if octet & 0xc0 != 0x80 {
                return self.cursor.fault("found an incorrect trailing UTF-8 octet");
            }
            uri.push(octet);
            for _ in 0..3 {
                self.cursor.skip();
            }
            count += 1;
        }
        Ok(())
    }
}
