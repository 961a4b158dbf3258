//! The first document of a text, as a tree of nodes with their positions.

use std::collections::HashMap;

use super::YamlFault;
use super::cursor::Mark;
use super::parser::{Parser, Properties, YamlEvent};
use super::scanner::Style;

/// Deeper nesting is an error in Go's yaml.
const DEEPEST: usize = 10_000;

/// A node of a [`Document`].
pub type NodeId = usize;

/// The first document of a text. The text behind it is not read.
#[derive(Debug)]
pub struct Document {
    nodes: Vec<Node>,
    /// `None` if the text has no document.
    pub root: Option<NodeId>,
    /// The end of its last node.
    end: Option<usize>,
}

/// A node and its place in the text, in bytes.
#[derive(Debug)]
pub struct Node {
    pub kind: NodeKind,
    /// The first byte, including its anchor or tag.
    pub start: usize,
    /// The byte after its last scalar or closing bracket; comments behind it are not part of it.
    pub end: usize,
    /// Counted from 1.
    pub line: usize,
    /// Whether it has an anchor or a tag.
    pub decorated: bool,
}

/// The kind of a node.
#[derive(Debug)]
pub enum NodeKind {
    Scalar(Scalar),
    Sequence {
        items: Vec<NodeId>,
        flow: bool,
    },
    /// Keys and values alternate.
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
    /// In its long form; empty if there is none.
    pub tag: String,
    /// Whether it is plain and untagged, so that its text determines its type.
    pub implicit: bool,
    pub style: Style,
}

impl Document {
    /// Reads the first document of `text`.
    pub fn parse(text: &str) -> Result<Self, YamlFault> {
        let mut builder = Builder::default();
        let mut parser = Parser::new(text);
        loop {
            match parser.next()? {
                YamlEvent::DocumentEnd => break,
                event => builder.take(event)?,
            }
        }
        let root = (!builder.nodes.is_empty()).then_some(0);
        let end = builder.nodes.first().map(|node| node.end);
        Ok(Self { nodes: builder.nodes, root, end })
    }

    /// The first line with content behind this document, if there is one.
    pub fn next_line(&self, text: &str) -> Option<usize> {
        let mut at = self.end?;
        let line_end = |from: usize| text[from..].find('\n').map_or(text.len(), |length| from + length + 1);
        let mut marked = false;
        loop {
            let rest = text[at..].trim_start();
            at = text.len() - rest.len();
            match rest {
                "" => return None,
                _ if rest.starts_with('#') => {}
                _ if rest.starts_with("...") && !marked => marked = true,
                _ => return Some(text[..at].matches('\n').count() + 1),
            }
            at = line_end(at);
        }
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The scalar at `id`, if the node is one.
    pub fn scalar(&self, id: NodeId) -> Option<&Scalar> {
        match &self.nodes[id].kind {
            NodeKind::Scalar(scalar) => Some(scalar),
            NodeKind::Sequence { .. } | NodeKind::Mapping { .. } | NodeKind::Alias(_) => None,
        }
    }
}

/// Builds the tree without recursion, so that no nesting can exhaust the stack.
#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    open: Vec<NodeId>,
    anchors: HashMap<String, NodeId>,
}

impl Builder {
    fn take(&mut self, event: YamlEvent) -> Result<(), YamlFault> {
        match event {
            YamlEvent::Scalar { node, value, style } => {
                let Properties { anchor, tag, start, end } = node;
                let implicit = tag == "!" || tag.is_empty() && style == Style::Plain;
                let decorated = anchor.is_some() || !tag.is_empty();
                let kind = NodeKind::Scalar(Scalar { value, tag, implicit, style });
                self.add(kind, start, end, anchor, decorated);
            }
            YamlEvent::SequenceStart { node, flow } => {
                self.open(NodeKind::Sequence { items: Vec::new(), flow }, node)?;
            }
            YamlEvent::MappingStart { node, flow } => {
                self.open(NodeKind::Mapping { fields: Vec::new(), flow }, node)?;
            }
            YamlEvent::Alias { name, start, end } => {
                let Some(&target) = self.anchors.get(&name) else {
                    return Err(YamlFault::new(start.line + 1, format!("unknown anchor '{name}' referenced")));
                };
                self.add(NodeKind::Alias(target), start, end, None, false);
            }
            YamlEvent::End { end } => self.close(end),
            YamlEvent::DocumentEnd => {}
        }
        Ok(())
    }

    fn open(&mut self, kind: NodeKind, node: Properties) -> Result<(), YamlFault> {
        if self.open.len() >= 2 * DEEPEST {
            return Err(YamlFault::new(node.start.line + 1, "exceeded max depth"));
        }
        let decorated = node.anchor.is_some() || !node.tag.is_empty();
        let id = self.add(kind, node.start, node.end, node.anchor, decorated);
        self.open.push(id);
        Ok(())
    }

    fn add(&mut self, kind: NodeKind, start: Mark, end: Mark, anchor: Option<String>, decorated: bool) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node { kind, start: start.at, end: end.at, line: start.line + 1, decorated });
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, id);
        }
        if let Some(&parent) = self.open.last() {
            let parent = &mut self.nodes[parent];
            parent.end = parent.end.max(end.at);
            match &mut parent.kind {
                NodeKind::Sequence { items: children, .. } | NodeKind::Mapping { fields: children, .. } => {
                    children.push(id);
                }
                NodeKind::Scalar(_) | NodeKind::Alias(_) => {}
            }
        }
        id
    }

    /// Closes the innermost collection. A flow collection ends with its bracket; a block ends with its last child,
    /// since the token at which the scanner detects the end comes after any comment.
    fn close(&mut self, end: Mark) {
        let Some(id) = self.open.pop() else { return };
        let node = &mut self.nodes[id];
        if let NodeKind::Sequence { flow: true, .. } | NodeKind::Mapping { flow: true, .. } = node.kind {
            node.end = node.end.max(end.at);
        }
        let end = node.end;
        if let Some(&parent) = self.open.last() {
            let parent = &mut self.nodes[parent];
            parent.end = parent.end.max(end);
        }
    }
}
