//! The first document of a text, as a tree of nodes that know where they stand.

use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{Event, EventData, MappingStyle, Parser, ScalarStyle, SequenceStyle};

use super::Fault;

/// The byte order mark that may stand before a text; it is no part of its content.
pub const BOM: &str = "\u{feff}";

/// Deeper nesting is an error in Go's yaml.
const DEEPEST: usize = 10_000;

/// Go's yaml takes in this many bytes at a time, and looks for control characters only in those.
const WINDOW: usize = 512;

/// A node of a [`Document`].
pub type NodeId = usize;

/// The first document of a text. Whatever follows it is not looked at.
#[derive(Debug)]
pub struct Document {
    nodes: Vec<Node>,
    /// `None` where the text has no document at all.
    pub root: Option<NodeId>,
}

/// A node and its place in the text, in bytes.
#[derive(Debug)]
pub struct Node {
    pub kind: Kind,
    /// The first byte, its anchor or tag included.
    pub start: usize,
    /// The byte after its last scalar or closing bracket; what comments follow is not part of it.
    pub end: usize,
    /// Counted from 1.
    pub line: usize,
    /// It has an anchor or a tag.
    pub decorated: bool,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    Scalar(Scalar),
    Sequence {
        items: Vec<NodeId>,
        flow: bool,
    },
    /// Keys and values by turns.
    Mapping {
        fields: Vec<NodeId>,
        flow: bool,
    },
    Alias(NodeId),
}

/// A scalar before it is resolved.
#[derive(Debug)]
pub struct Scalar {
    pub value: String,
    /// In its long form; empty where there is none.
    pub tag: String,
    /// It is plain and untagged, so that its text says what it is.
    pub implicit: bool,
    pub style: ScalarStyle,
}

impl Document {
    /// Reads the first document of `text`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut document = Self::parse_whole_lines(text)?;
        super::ending::correct(text, &mut document);
        Ok(document)
    }

    /// Reads `text` as if its last line had a line break.
    pub(super) fn parse_whole_lines(text: &str) -> Result<Self, Fault> {
        // libyaml-safer panics where libyaml itself would report an error or read on. None of its own panics is known
        // to be reachable once the last line has a break, but a text from outside must not end a process.
        catch_unwind(AssertUnwindSafe(|| Builder::new(text).build()))
            .unwrap_or_else(|_| Err(Fault::new(1, "the parser gave up on this text")))
    }

    /// The last node of the text, which no other follows.
    pub(super) fn last_mut(&mut self) -> Option<&mut Node> {
        self.nodes.last_mut()
    }

    /// Ends no node behind `length`.
    pub(super) fn clamp(&mut self, length: usize) {
        for node in self.nodes.iter_mut().rev() {
            node.start = node.start.min(length);
            node.end = node.end.min(length);
        }
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The scalar at `id`, where it is one.
    pub fn scalar(&self, id: NodeId) -> Option<&Scalar> {
        match &self.nodes[id].kind {
            Kind::Scalar(scalar) => Some(scalar),
            Kind::Sequence { .. } | Kind::Mapping { .. } | Kind::Alias(_) => None,
        }
    }
}

/// Hands a text to libyaml-safer as Go's yaml takes it in, window by window. A byte order mark comes first, so that a
/// text that begins with another character of the same first byte is not taken for a broken mark; a line break last,
/// since libyaml-safer panics at a block scalar whose last line has none.
struct Windows<'t> {
    mark: &'static [u8],
    text: &'t str,
    position: usize,
    window_end: usize,
    /// The break that the last line lacks.
    last_break: &'static [u8],
}

impl<'t> Windows<'t> {
    /// `text` is without its byte order mark; `marked` says that it had one, which took room in its first window.
    fn new(text: &'t str, marked: bool) -> Self {
        let last_break: &[u8] = if text.ends_with(['\n', '\r']) { b"" } else { b"\n" };
        let mut windows = Self { mark: BOM.as_bytes(), text, position: 0, window_end: 0, last_break };
        windows.window_end = windows.boundary(if marked { WINDOW - BOM.len() } else { WINDOW });
        windows
    }

    /// The last whole character's end within `length` bytes from here.
    fn boundary(&self, length: usize) -> usize {
        self.text.floor_char_boundary(self.position.saturating_add(length).min(self.text.len()))
    }
}

impl Read for Windows<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = {
            let mut available = self.fill_buf()?;
            available.read(buffer)?
        };
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Windows<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if !self.mark.is_empty() {
            return Ok(self.mark);
        }
        if self.position == self.text.len() {
            return Ok(self.last_break);
        }
        if self.position == self.window_end {
            self.window_end = self.boundary(WINDOW);
        }
        Ok(&self.text.as_bytes()[self.position..self.window_end])
    }

    fn consume(&mut self, count: usize) {
        if !self.mark.is_empty() {
            self.mark = &self.mark[count..];
        } else if self.position == self.text.len() {
            self.last_break = &self.last_break[count..];
        } else {
            self.position += count;
        }
    }
}

/// Builds the tree from libyaml's events without recursion, so that no nesting can exhaust the stack.
struct Builder<'t> {
    parser: Parser<Windows<'t>>,
    nodes: Vec<Node>,
    open: Vec<NodeId>,
    anchors: HashMap<String, NodeId>,
    /// Bytes before what libyaml counts from.
    offset: usize,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        let bare = text.strip_prefix(BOM);
        let mut parser = Parser::new();
        parser.set_input(Windows::new(bare.unwrap_or(text), bare.is_some()));
        let offset = if bare.is_some() { BOM.len() } else { 0 };
        Self { parser, nodes: Vec::new(), open: Vec::new(), anchors: HashMap::new(), offset }
    }

    fn build(mut self) -> Result<Document, Fault> {
        let mut root = None;
        loop {
            let event = match self.parser.parse() {
                Ok(event) => event,
                Err(error) => return Err(fault(&error)),
            };
            if matches!(event.data, EventData::DocumentEnd { .. } | EventData::StreamEnd) {
                return Ok(Document { nodes: self.nodes, root });
            }
            if let Some(node) = self.take(event)? {
                root.get_or_insert(node);
            }
        }
    }

    /// Adds what an event says; answers the node that it begins.
    fn take(&mut self, event: Event) -> Result<Option<NodeId>, Fault> {
        let start = place(event.start_mark.index) + self.offset;
        let end = place(event.end_mark.index) + self.offset;
        let line = place(event.start_mark.line) + 1;
        let (kind, anchor, tagged, opens) = match event.data {
            EventData::Scalar { anchor, tag, value, plain_implicit, style, .. } => {
                let tag = tag.unwrap_or_default();
                let implicit = plain_implicit || tag == "!" || tag.is_empty() && style == ScalarStyle::Plain;
                let tagged = !tag.is_empty();
                (Kind::Scalar(Scalar { value, tag, implicit, style }), anchor, tagged, false)
            }
            EventData::SequenceStart { anchor, tag, style, .. } => {
                let flow = style == SequenceStyle::Flow;
                (Kind::Sequence { items: Vec::new(), flow }, anchor, tag.is_some(), true)
            }
            EventData::MappingStart { anchor, tag, style, .. } => {
                let flow = style == MappingStyle::Flow;
                (Kind::Mapping { fields: Vec::new(), flow }, anchor, tag.is_some(), true)
            }
            EventData::Alias { anchor } => match self.anchors.get(&anchor) {
                Some(&target) => (Kind::Alias(target), None, false, false),
                None => return Err(Fault::new(line, format!("unknown anchor '{anchor}' referenced"))),
            },
            EventData::SequenceEnd | EventData::MappingEnd => {
                self.close(end);
                return Ok(None);
            }
            EventData::StreamStart { .. }
            | EventData::StreamEnd
            | EventData::DocumentStart { .. }
            | EventData::DocumentEnd { .. } => return Ok(None),
        };
        let id = self.nodes.len();
        self.nodes.push(Node { kind, start, end, line, decorated: anchor.is_some() || tagged });
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, id);
        }
        self.attach(id, end);
        if opens {
            if self.open.len() >= DEEPEST {
                return Err(Fault::new(line, format!("exceeded max depth of {DEEPEST}")));
            }
            self.open.push(id);
        }
        Ok(Some(id))
    }

    /// Makes `id` a child of the collection that is open.
    fn attach(&mut self, id: NodeId, end: usize) {
        let Some(&parent) = self.open.last() else { return };
        let parent = &mut self.nodes[parent];
        parent.end = parent.end.max(end);
        match &mut parent.kind {
            Kind::Sequence { items: children, .. } | Kind::Mapping { fields: children, .. } => children.push(id),
            Kind::Scalar(_) | Kind::Alias(_) => {}
        }
    }

    /// Closes the innermost collection. A flow collection ends with its bracket; a block collection where its last
    /// child does, since libyaml sees its end only at the next token, beyond any comment.
    fn close(&mut self, end: usize) {
        let Some(id) = self.open.pop() else { return };
        let node = &mut self.nodes[id];
        if let Kind::Sequence { flow: true, .. } | Kind::Mapping { flow: true, .. } = node.kind {
            node.end = node.end.max(end);
        }
        let end = node.end;
        if let Some(&parent) = self.open.last() {
            let parent = &mut self.nodes[parent];
            parent.end = parent.end.max(end);
        }
    }
}

/// libyaml counts in `u64`; a text in memory is shorter than `usize` can say.
fn place(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn fault(error: &libyaml_safer::Error) -> Fault {
    let line = error.problem_mark().or_else(|| error.context_mark()).map_or(1, |mark| place(mark.line) + 1);
    let message = match error.context() {
        Some(context) => format!("{} {context}", error.problem()),
        None => error.problem().to_owned(),
    };
    Fault::new(line, message)
}
