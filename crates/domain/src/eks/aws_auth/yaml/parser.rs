//! Converts tokens to events: what begins, what ends, and what is between.

use super::YamlFault;
use super::cursor::Mark;
use super::scanner::{Scanner, Style, Token, TokenKind};

/// A step through a document.
#[derive(Debug)]
pub enum YamlEvent {
    Scalar {
        node: Properties,
        value: String,
        style: Style,
    },
    SequenceStart {
        node: Properties,
        flow: bool,
    },
    MappingStart {
        node: Properties,
        flow: bool,
    },
    Alias {
        name: String,
        start: Mark,
        end: Mark,
    },
    /// A sequence or a mapping ends. For a block, this is where the next token begins.
    End {
        end: Mark,
    },
    /// The document ends, or there is none.
    DocumentEnd,
}

/// The properties that every node can have.
#[derive(Debug)]
pub struct Properties {
    pub anchor: Option<String>,
    /// In its long form; empty if there is none.
    pub tag: String,
    pub start: Mark,
    pub end: Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirstEntry,
    FlowSequenceEntry,
    PairKey,
    PairValue,
    PairEnd,
    FlowMappingFirstKey,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
}

/// The places where a node may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NodePlace {
    Flow,
    Block,
    /// As the value of a key, where a list needs no deeper indentation.
    BlockValue,
}

#[derive(Debug)]
pub struct Parser<'t> {
    scanner: Scanner<'t>,
    state: State,
    states: Vec<State>,
    tag_prefixes: Vec<(String, String)>,
}

type ParsedEvent = Result<YamlEvent, YamlFault>;

impl<'t> Parser<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { scanner: Scanner::new(text), state: State::DocumentStart, states: Vec::new(), tag_prefixes: Vec::new() }
    }

    /// The next event of the first document. No event follows [`YamlEvent::DocumentEnd`].
    pub fn next(&mut self) -> ParsedEvent {
        match self.state {
            State::DocumentStart => self.document_start(),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirstEntry => self.flow_sequence_entry(true),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => {
                let end = self.scanner.peek()?.start;
                self.state = State::FlowSequenceEntry;
                Ok(YamlEvent::End { end })
            }
            State::FlowMappingFirstKey => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                let mark = self.scanner.peek()?.start;
                self.state = State::FlowMappingKey;
                Ok(empty(mark))
            }
        }
    }

    fn document_start(&mut self) -> ParsedEvent {
        if self.scanner.peek()?.kind == TokenKind::StreamStart {
            self.scanner.pass();
        }
        let explicit = match self.scanner.peek()?.kind {
            TokenKind::StreamEnd => return Ok(YamlEvent::DocumentEnd),
            TokenKind::Version { .. } | TokenKind::TagDirective { .. } | TokenKind::DocumentStart => true,
            _ => false,
        };
        self.directives()?;
        self.states.push(State::DocumentEnd);
        if !explicit {
            return self.node(NodePlace::Block);
        }
        let token = self.scanner.peek()?;
        if token.kind != TokenKind::DocumentStart {
            return fault(token, "did not find expected <document start>");
        }
        self.scanner.pass();
        self.state = State::DocumentContent;
        self.document_content()
    }

    fn directives(&mut self) -> Result<(), YamlFault> {
        let mut versioned = false;
        loop {
            let token = self.scanner.peek()?;
            match &mut token.kind {
                TokenKind::Version { .. } if versioned => {
                    return fault(token, "found duplicate %YAML directive");
                }
                TokenKind::Version { major: 1, minor: 1 } => versioned = true,
                TokenKind::Version { .. } => return fault(token, "found incompatible YAML document"),
                TokenKind::TagDirective { handle, prefix } => {
                    if self.tag_prefixes.iter().any(|(known, _)| known == handle) {
                        return fault(token, "found duplicate %TAG directive");
                    }
                    self.tag_prefixes.push((std::mem::take(handle), std::mem::take(prefix)));
                }
                _ => break,
            }
            self.scanner.pass();
        }
        // Added last: the prefixes of the document itself come first.
        self.tag_prefixes.push(("!".to_owned(), "!".to_owned()));
        self.tag_prefixes.push(("!!".to_owned(), "tag:yaml.org,2002:".to_owned()));
        Ok(())
    }

    fn document_content(&mut self) -> ParsedEvent {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Version { .. }
            | TokenKind::TagDirective { .. }
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                let mark = token.start;
                self.leave();
                Ok(empty(mark))
            }
            _ => self.node(NodePlace::Block),
        }
    }

    fn document_end(&mut self) -> ParsedEvent {
        // The following text must at least begin with a token.
        self.scanner.peek()?;
        Ok(YamlEvent::DocumentEnd)
    }

    fn leave(&mut self) {
        self.state = self.states.pop().unwrap_or(State::DocumentEnd);
    }

    /// A node, after which the parser is in state `then`.
    fn node_then(&mut self, place: NodePlace, then: State) -> ParsedEvent {
        self.states.push(then);
        self.node(place)
    }

    fn node(&mut self, place: NodePlace) -> ParsedEvent {
        let token = self.scanner.peek()?;
        if let TokenKind::Alias(name) = &mut token.kind {
            let alias = YamlEvent::Alias { name: std::mem::take(name), start: token.start, end: token.end };
            self.leave();
            self.scanner.pass();
            return Ok(alias);
        }
        let mut node = self.properties()?;
        let token = self.scanner.peek()?;
        let content = match &mut token.kind {
            TokenKind::BlockEntry if place == NodePlace::BlockValue => {
                node.end = token.end;
                self.state = State::IndentlessSequenceEntry;
                return Ok(YamlEvent::SequenceStart { node, flow: false });
            }
            TokenKind::Scalar { value, style } => {
                node.end = token.end;
                let scalar = YamlEvent::Scalar { node, value: std::mem::take(value), style: *style };
                self.leave();
                self.scanner.pass();
                return Ok(scalar);
            }
            TokenKind::FlowSequenceStart => Some((State::FlowSequenceFirstEntry, true, true)),
            TokenKind::FlowMappingStart => Some((State::FlowMappingFirstKey, false, true)),
            TokenKind::BlockSequenceStart if place != NodePlace::Flow => Some((State::BlockSequenceEntry, true, false)),
            TokenKind::BlockMappingStart if place != NodePlace::Flow => Some((State::BlockMappingKey, false, false)),
            _ => None,
        };
        let Some((state, sequence, flow)) = content else {
            if node.anchor.is_none() && node.tag.is_empty() {
                return fault(token, "did not find expected node content");
            }
            self.leave();
            return Ok(YamlEvent::Scalar { node, value: String::new(), style: Style::Plain });
        };
        node.end = token.end;
        self.state = state;
        self.scanner.pass();
        Ok(if sequence { YamlEvent::SequenceStart { node, flow } } else { YamlEvent::MappingStart { node, flow } })
    }

    /// Anchor and tag, in either order.
    fn properties(&mut self) -> Result<Properties, YamlFault> {
        let start = self.scanner.peek()?.start;
        let mut node = Properties { anchor: None, tag: String::new(), start, end: start };
        let mut tagged = false;
        for _ in 0..2 {
            let token = self.scanner.peek()?;
            match &mut token.kind {
                TokenKind::Anchor(name) if node.anchor.is_none() => {
                    node.anchor = Some(std::mem::take(name));
                }
                TokenKind::Tag { handle, suffix } if !tagged => {
                    tagged = true;
                    node.tag = match self.tag_prefixes.iter().find(|(known, _)| known == handle) {
                        _ if handle.is_empty() => std::mem::take(suffix),
                        Some((_, prefix)) => format!("{prefix}{suffix}"),
                        None => return fault(token, "found undefined tag handle"),
                    };
                }
                _ => break,
            }
            node.end = token.end;
            self.scanner.pass();
        }
        Ok(node)
    }

    fn block_sequence_entry(&mut self) -> ParsedEvent {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::BlockEntry => {
                let mark = token.end;
                self.scanner.pass();
                if matches!(self.scanner.peek()?.kind, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    return Ok(empty(mark));
                }
                self.node_then(NodePlace::Block, State::BlockSequenceEntry)
            }
            TokenKind::BlockEnd => self.end_of_collection(),
            _ => fault(token, "did not find expected '-' indicator"),
        }
    }

    /// A collection ends with the next token.
    fn end_of_collection(&mut self) -> ParsedEvent {
        let end = self.scanner.peek()?.end;
        self.leave();
        self.scanner.pass();
        Ok(YamlEvent::End { end })
    }

    fn indentless_sequence_entry(&mut self) -> ParsedEvent {
        let token = self.scanner.peek()?;
        if token.kind != TokenKind::BlockEntry {
            let end = token.start;
            self.leave();
            return Ok(YamlEvent::End { end });
        }
        let mark = token.end;
        self.scanner.pass();
        match self.scanner.peek()?.kind {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => Ok(empty(mark)),
            _ => self.node_then(NodePlace::Block, State::IndentlessSequenceEntry),
        }
    }

    fn block_mapping_key(&mut self) -> ParsedEvent {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Key => self.block_field(State::BlockMappingValue),
            TokenKind::BlockEnd => self.end_of_collection(),
            _ => fault(token, "did not find expected key"),
        }
    }

    fn block_mapping_value(&mut self) -> ParsedEvent {
        let token = self.scanner.peek()?;
        if token.kind == TokenKind::Value {
            return self.block_field(State::BlockMappingKey);
        }
        let mark = token.start;
        self.state = State::BlockMappingKey;
        Ok(empty(mark))
    }

    /// What follows `?` or `:` in a block.
    fn block_field(&mut self, then: State) -> ParsedEvent {
        let mark = self.scanner.peek()?.end;
        self.scanner.pass();
        if matches!(self.scanner.peek()?.kind, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
            self.state = then;
            return Ok(empty(mark));
        }
        self.node_then(NodePlace::BlockValue, then)
    }

    /// Passes the comma before an entry that is not the first.
    fn comma(&mut self, first: bool, message: &str) -> Result<(), YamlFault> {
        if first {
            return Ok(());
        }
        let token = self.scanner.peek()?;
        if token.kind != TokenKind::FlowEntry {
            return fault(token, message);
        }
        self.scanner.pass();
        Ok(())
    }

    fn flow_sequence_entry(&mut self, first: bool) -> ParsedEvent {
        if self.scanner.peek()?.kind != TokenKind::FlowSequenceEnd {
            self.comma(first, "did not find expected ',' or ']'")?;
            let token = self.scanner.peek()?;
            match token.kind {
                // `[a: b]` is a list of one mapping.
                TokenKind::Key => {
                    let node = Properties { anchor: None, tag: String::new(), start: token.start, end: token.end };
                    self.state = State::PairKey;
                    self.scanner.pass();
                    return Ok(YamlEvent::MappingStart { node, flow: true });
                }
                TokenKind::FlowSequenceEnd => {}
                _ => return self.node_then(NodePlace::Flow, State::FlowSequenceEntry),
            }
        }
        self.end_of_collection()
    }

    fn pair_key(&mut self) -> ParsedEvent {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // Go passes the token, though it does not belong to the key.
                let mark = token.end;
                self.scanner.pass();
                self.state = State::PairValue;
                Ok(empty(mark))
            }
            _ => self.node_then(NodePlace::Flow, State::PairValue),
        }
    }

    fn pair_value(&mut self) -> ParsedEvent {
        let token = self.scanner.peek()?;
        let mark = token.start;
        if token.kind == TokenKind::Value {
            self.scanner.pass();
            let next = &self.scanner.peek()?.kind;
            if !matches!(next, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                return self.node_then(NodePlace::Flow, State::PairEnd);
            }
        }
        self.state = State::PairEnd;
        Ok(empty(mark))
    }

    fn flow_mapping_key(&mut self, first: bool) -> ParsedEvent {
        if self.scanner.peek()?.kind != TokenKind::FlowMappingEnd {
            self.comma(first, "did not find expected ',' or '}'")?;
            match self.scanner.peek()?.kind {
                TokenKind::Key => {
                    self.scanner.pass();
                    let token = self.scanner.peek()?;
                    let mark = token.start;
                    return match token.kind {
                        TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                            self.state = State::FlowMappingValue;
                            Ok(empty(mark))
                        }
                        _ => self.node_then(NodePlace::Flow, State::FlowMappingValue),
                    };
                }
                TokenKind::FlowMappingEnd => {}
                _ => return self.node_then(NodePlace::Flow, State::FlowMappingEmptyValue),
            }
        }
        self.end_of_collection()
    }

    fn flow_mapping_value(&mut self) -> ParsedEvent {
        let token = self.scanner.peek()?;
        let mut mark = token.start;
        if token.kind == TokenKind::Value {
            self.scanner.pass();
            let token = self.scanner.peek()?;
            mark = token.start;
            if !matches!(token.kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                return self.node_then(NodePlace::Flow, State::FlowMappingKey);
            }
        }
        self.state = State::FlowMappingKey;
        Ok(empty(mark))
    }
}

fn empty(mark: Mark) -> YamlEvent {
    let node = Properties { anchor: None, tag: String::new(), start: mark, end: mark };
    YamlEvent::Scalar { node, value: String::new(), style: Style::Plain }
}

fn fault<T>(token: &Token, message: &str) -> Result<T, YamlFault> {
    Err(YamlFault::new(token.start.line + 1, message))
}
