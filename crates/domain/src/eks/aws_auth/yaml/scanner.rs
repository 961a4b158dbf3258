//! Converts characters to tokens, as Go's port of libyaml does it.
//!
//! Simple keys make YAML hard to scan: a scalar or a bracket may turn out to be the key of a mapping when a `:` follows
//! on the same line, and then tokens have to be inserted before it. Go tracks them in its own way, which shows with
//! brackets that enclose nothing; this code follows it.

use std::collections::{HashMap, VecDeque};

use super::YamlFault;
use super::cursor::{Cursor, Mark};

/// Deeper nesting is an error in Go.
const DEEPEST: usize = 10_000;

/// The most characters between the start of a simple key and its `:`.
const LONGEST_KEY: usize = 1024;

#[derive(Debug)]
pub struct Token {
    pub kind: TokenKind,
    pub start: Mark,
    pub end: Mark,
}

#[derive(Debug, PartialEq, Eq)]
pub enum TokenKind {
    StreamStart,
    StreamEnd,
    Version { major: u8, minor: u8 },
    TagDirective { handle: String, prefix: String },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    Tag { handle: String, suffix: String },
    Scalar { value: String, style: Style },
}

/// The style of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

#[derive(Debug, Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token: usize,
    mark: Mark,
}

#[derive(Debug)]
pub struct Scanner<'t> {
    pub(super) cursor: Cursor<'t>,
    tokens: VecDeque<Token>,
    /// The number of tokens handed out.
    passed: usize,
    started: bool,
    /// The column of the innermost block; -1 outside of any.
    pub(super) indent: isize,
    indents: Vec<isize>,
    pub(super) flow_level: usize,
    pub(super) simple_key_allowed: bool,
    /// One for each flow level.
    simple_keys: Vec<SimpleKey>,
    /// The simple key that begins at a token, by the token's number.
    key_of_token: HashMap<usize, usize>,
}

impl<'t> Scanner<'t> {
    pub fn new(text: &'t str) -> Self {
        Self {
            cursor: Cursor::new(text),
            tokens: VecDeque::new(),
            passed: 0,
            started: false,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            key_of_token: HashMap::new(),
        }
    }

    /// The next token, without passing it.
    pub fn peek(&mut self) -> Result<&mut Token, YamlFault> {
        while self.tokens.is_empty() || self.may_be_key()? {
            self.fetch()?;
        }
        let line = self.cursor.mark.line + 1;
        self.tokens.front_mut().ok_or_else(|| YamlFault::new(line, "no more tokens"))
    }

    /// Passes the next token, which must have been peeked at.
    pub fn pass(&mut self) {
        self.tokens.pop_front();
        self.passed += 1;
    }

    /// Whether tokens may still have to be inserted before the next one.
    fn may_be_key(&mut self) -> Result<bool, YamlFault> {
        match self.key_of_token.get(&self.passed) {
            Some(&key) if key < self.simple_keys.len() => self.is_valid(key),
            _ => Ok(false),
        }
    }

    fn fetch(&mut self) -> Result<(), YamlFault> {
        self.cursor.ensure(1)?;
        if !self.started {
            self.started = true;
            self.push(TokenKind::StreamStart, self.cursor.mark);
            return Ok(());
        }
        self.skip_to_token()?;
        self.unroll(isize_of(self.cursor.mark.column));
        self.cursor.ensure(4)?;
        if self.cursor.is_end() {
            return self.fetch_stream_end();
        }
        let (first, gap_follows) = (self.cursor.byte(0), self.cursor.is_gap(1));
        if self.cursor.mark.column == 0 {
            match first {
                b'%' => return self.fetch_directive(),
                b'-' if self.cursor.is_three(b'-') => return self.fetch_indicator(TokenKind::DocumentStart),
                b'.' if self.cursor.is_three(b'.') => return self.fetch_indicator(TokenKind::DocumentEnd),
                _ => {}
            }
        }
        let in_flow = self.flow_level > 0;
        match first {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if gap_follows => self.fetch_block_entry(),
            b'?' if in_flow || gap_follows => self.fetch_key(),
            b':' if in_flow || gap_follows => self.fetch_value(),
            b'*' | b'&' => self.fetch_after_key(Self::scan_anchor),
            b'!' => self.fetch_after_key(Self::scan_tag),
            b'|' | b'>' if !in_flow => self.fetch_block_scalar(),
            b'\'' | b'"' => self.fetch_after_key(Self::scan_quoted),
            b' ' | b'\t' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => {
                self.cursor.fault("found character that cannot start any token")
            }
            // A single line break cannot get here; `-`, `?` and `:` begin a plain scalar if no gap follows.
            _ => self.fetch_after_key(Self::scan_plain),
        }
    }

    fn skip_to_token(&mut self) -> Result<(), YamlFault> {
        loop {
            self.cursor.ensure(1)?;
            if self.cursor.mark.column == 0 && self.cursor.is_at_mark() {
                self.cursor.skip();
            }
            self.cursor.ensure(1)?;
            let tabs = self.flow_level > 0 || !self.simple_key_allowed;
            while self.cursor.is(b' ') || tabs && self.cursor.is(b'\t') {
                self.cursor.skip();
                self.cursor.ensure(1)?;
            }
            self.cursor.skip_comment()?;
            if !self.cursor.is_break(0) {
                return Ok(());
            }
            self.cursor.ensure(2)?;
            self.cursor.skip_break();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// Whether a possible simple key is still valid: it is on this line and not too far back.
    fn is_valid(&mut self, key: usize) -> Result<bool, YamlFault> {
        let mark = self.cursor.mark;
        let key = &mut self.simple_keys[key];
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < mark.line || key.mark.index + LONGEST_KEY < mark.index {
            if key.required {
                return self.cursor.fault("could not find expected ':'");
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn save_simple_key(&mut self) -> Result<(), YamlFault> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let mark = self.cursor.mark;
        let required = self.flow_level == 0 && self.indent == isize_of(mark.column);
        let token = self.passed + self.tokens.len();
        self.remove_simple_key()?;
        let level = self.simple_keys.len() - 1;
        self.simple_keys[level] = SimpleKey { possible: true, required, token, mark };
        self.key_of_token.insert(token, level);
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Result<(), YamlFault> {
        let level = self.simple_keys.len() - 1;
        let key = &mut self.simple_keys[level];
        if key.possible {
            if key.required {
                return self.cursor.fault("could not find expected ':'");
            }
            key.possible = false;
            self.key_of_token.remove(&key.token);
        }
        Ok(())
    }

    /// Begins a block at `column` if that is deeper; `token` is the token before which it begins.
    fn roll(&mut self, column: usize, token: Option<usize>, kind: TokenKind, mark: Mark) -> Result<(), YamlFault> {
        let column = isize_of(column);
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > DEEPEST {
            return self.cursor.fault("exceeded max depth of 10000");
        }
        self.insert(token, Token { kind, start: mark, end: mark });
        Ok(())
    }

    /// Ends the blocks that are deeper than `column`.
    fn unroll(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.push(TokenKind::BlockEnd, self.cursor.mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Inserts a token before another, or at the end if that one has already passed.
    fn insert(&mut self, before: Option<usize>, token: Token) {
        match before.and_then(|before| before.checked_sub(self.passed)) {
            Some(place) if place <= self.tokens.len() => self.tokens.insert(place, token),
            _ => self.tokens.push_back(token),
        }
    }

    /// Adds a token from `start` to the current position.
    fn push(&mut self, kind: TokenKind, start: Mark) {
        self.tokens.push_back(Token { kind, start, end: self.cursor.mark });
    }

    fn push_character(&mut self, kind: TokenKind) {
        let start = self.cursor.mark;
        self.cursor.skip();
        self.push(kind, start);
    }

    fn fetch_stream_end(&mut self) -> Result<(), YamlFault> {
        if self.cursor.mark.column != 0 {
            self.cursor.mark.column = 0;
            self.cursor.mark.line += 1;
        }
        self.unroll(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push(TokenKind::StreamEnd, self.cursor.mark);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<(), YamlFault> {
        self.unroll(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark;
        let kind = self.scan_directive()?;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_indicator(&mut self, kind: TokenKind) -> Result<(), YamlFault> {
        self.unroll(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark;
        for _ in 0..3 {
            self.cursor.skip();
        }
        self.push(kind, start);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Result<(), YamlFault> {
        self.save_simple_key()?;
        let token = self.passed + self.tokens.len();
        self.simple_keys.push(SimpleKey { token, mark: self.cursor.mark, ..SimpleKey::default() });
        self.flow_level += 1;
        if self.flow_level > DEEPEST {
            return self.cursor.fault("exceeded max depth of 10000");
        }
        self.simple_key_allowed = true;
        self.push_character(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Result<(), YamlFault> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            if let Some(key) = self.simple_keys.pop() {
                // If the brackets were empty, this is the token of the opening bracket: Go then no longer waits for the
                // text that may make it a key.
                self.key_of_token.remove(&key.token);
            }
        }
        self.simple_key_allowed = false;
        self.push_character(kind);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<(), YamlFault> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_character(TokenKind::FlowEntry);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), YamlFault> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.cursor.fault("block sequence entries are not allowed in this context");
            }
            let mark = self.cursor.mark;
            self.roll(mark.column, None, TokenKind::BlockSequenceStart, mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_character(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), YamlFault> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.cursor.fault("mapping keys are not allowed in this context");
            }
            let mark = self.cursor.mark;
            self.roll(mark.column, None, TokenKind::BlockMappingStart, mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_character(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), YamlFault> {
        let level = self.simple_keys.len() - 1;
        if self.is_valid(level)? {
            let SimpleKey { token, mark, .. } = self.simple_keys[level];
            self.insert(Some(token), Token { kind: TokenKind::Key, start: mark, end: mark });
            self.roll(mark.column, Some(token), TokenKind::BlockMappingStart, mark)?;
            self.simple_keys[level].possible = false;
            self.key_of_token.remove(&token);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return self.cursor.fault("mapping values are not allowed in this context");
                }
                let mark = self.cursor.mark;
                self.roll(mark.column, None, TokenKind::BlockMappingStart, mark)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_character(TokenKind::Value);
        Ok(())
    }

    /// Scans a token that may be a simple key, but cannot be followed by another one.
    fn fetch_after_key(&mut self, scan: fn(&mut Self) -> Result<Token, YamlFault>) -> Result<(), YamlFault> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = scan(self)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_block_scalar(&mut self) -> Result<(), YamlFault> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let token = self.scan_block_scalar()?;
        self.tokens.push_back(token);
        Ok(())
    }
}

/// A column always fits: a text in memory has fewer characters.
pub(super) fn isize_of(column: usize) -> isize {
    isize::try_from(column).unwrap_or(isize::MAX)
}
