//! The text of one key: what the authenticator maps from it, and the positions of its entries.

use std::ops::Range;

use super::entry::{self, DecodedList, EntryRemark, ListFault};
use super::mappings::{RoleMapping, UserMapping, is_same_arn};
use super::yaml::document::{Document, Node, NodeId, NodeKind};
use super::yaml::value::{self, Value};

/// A list of entries, read.
#[derive(Debug, Clone)]
pub(super) struct List<M> {
    pub mappings: Vec<M>,
    pub faults: Vec<ListFault>,
    pub remarks: Vec<EntryRemark>,
    pub layout: ListLayout,
}

/// How the text holds its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ListLayout {
    /// It cannot be read, or it is not a list.
    Unreadable,
    /// It has no content: no text, or only blanks, comments, or a null. If a null or an empty string represents the
    /// absent list, its place.
    Nothing(Option<Range<usize>>),
    /// `- ` before each entry. `first` is the position of the first dash.
    Block { first: usize, items: Vec<Item> },
    /// In brackets. `inside` is the first byte behind the opening bracket.
    Flow { inside: usize, items: Vec<Item> },
}

/// The place of an entry in the text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub start: usize,
    pub end: usize,
    /// Counted from 1.
    pub line: usize,
    /// Its index in `mappings`; `None` if the authenticator drops it.
    pub mapping: Option<usize>,
}

/// An entry that names a principal.
pub(super) trait Mapping: Clone + PartialEq {
    fn arn(&self) -> Option<&str>;
    fn username(&self) -> &str;
    fn groups(&self) -> &[String];
    fn entries(list: &Value<'_>) -> DecodedList<Self>;
}

impl Mapping for UserMapping {
    fn arn(&self) -> Option<&str> {
        Some(&self.userarn)
    }

    fn username(&self) -> &str {
        &self.username
    }

    fn groups(&self) -> &[String] {
        &self.groups
    }

    fn entries(list: &Value<'_>) -> DecodedList<Self> {
        entry::users(list)
    }
}

impl Mapping for RoleMapping {
    fn arn(&self) -> Option<&str> {
        self.rolearn.as_deref()
    }

    fn username(&self) -> &str {
        &self.username
    }

    fn groups(&self) -> &[String] {
        &self.groups
    }

    fn entries(list: &Value<'_>) -> DecodedList<Self> {
        entry::roles(list)
    }
}

/// What the authenticator treats as "no text": blanks, or a pair of quotes or backticks between blanks.
pub(super) fn is_skippable(text: &str) -> bool {
    matches!(text.trim(), "" | "``" | "\"\"" | "''")
}

impl<M: Mapping> List<M> {
    /// Reads the text of a key; `None` if the key is absent.
    pub fn read(text: Option<&str>) -> Self {
        match text {
            None => Self::of(ListLayout::Nothing(None)),
            Some(text) if is_skippable(text) => {
                let start = text.len() - text.trim_start().len();
                let end = text.trim_end().len();
                Self::of(ListLayout::Nothing((start < end).then_some(start..end)))
            }
            // The authenticator treats it as JSON then, and a text that begins like this is not a list.
            Some(text) if text.trim_start().starts_with('{') => {
                Self::broken(1, "the text begins with '{' and so is JSON, but no list".to_owned())
            }
            Some(text) => Self::read_yaml(text),
        }
    }

    fn of(layout: ListLayout) -> Self {
        Self { mappings: Vec::new(), faults: Vec::new(), remarks: Vec::new(), layout }
    }

    fn broken(line: usize, message: String) -> Self {
        Self { faults: vec![ListFault { line, message }], ..Self::of(ListLayout::Unreadable) }
    }

    fn read_yaml(text: &str) -> Self {
        let document = match Document::parse(text) {
            Ok(document) => document,
            Err(fault) => return Self::broken(fault.line, fault.message),
        };
        let entries = match value::decode(&document) {
            Ok(list) => M::entries(&list),
            Err(fault) => return Self::broken(fault.line, fault.message),
        };
        let mut mappings = Vec::with_capacity(entries.kept.len());
        let mut indices = Vec::with_capacity(entries.kept.len());
        for kept in entries.kept {
            indices.push(kept.is_some().then_some(mappings.len()));
            mappings.extend(kept);
        }
        let layout = layout(text, &document, &indices);
        Self { mappings, faults: entries.faults, remarks: entries.remarks, layout }
    }

    /// The indices of the mappings of `arn`.
    pub fn indices(&self, arn: &str) -> Vec<usize> {
        let of_arn = |mapping: &M| mapping.arn().is_some_and(|other| is_same_arn(other, arn));
        self.mappings.iter().enumerate().filter(|(_, mapping)| of_arn(mapping)).map(|(index, _)| index).collect()
    }
}

impl ListLayout {
    pub fn items(&self) -> &[Item] {
        match self {
            Self::Block { items, .. } | Self::Flow { items, .. } => items,
            Self::Unreadable | Self::Nothing(_) => &[],
        }
    }
}

fn layout(text: &str, document: &Document, indices: &[Option<usize>]) -> ListLayout {
    let Some(root) = document.root else { return ListLayout::Nothing(None) };
    let node = document.node(root);
    match &node.kind {
        NodeKind::Sequence { items, flow } => sequence(text, document, node, items, *flow, indices),
        NodeKind::Scalar(_) if indices.is_empty() => ListLayout::Nothing(Some(node.start..node.end)),
        NodeKind::Scalar(_) | NodeKind::Mapping { .. } | NodeKind::Alias(_) => ListLayout::Unreadable,
    }
}

fn sequence(
    text: &str,
    document: &Document,
    node: &Node,
    items: &[NodeId],
    flow: bool,
    indices: &[Option<usize>],
) -> ListLayout {
    let items: Vec<Item> = items
        .iter()
        .zip(indices)
        .map(|(&item, &mapping)| {
            let node = document.node(item);
            Item { start: node.start, end: node.end, line: node.line, mapping }
        })
        .collect();
    let indicator = if flow { '[' } else { '-' };
    let start = if node.decorated { behind_decoration(text, node.start, indicator) } else { Some(node.start) };
    match start.filter(|&start| text[start..].starts_with(indicator)) {
        Some(start) if flow => ListLayout::Flow { inside: start + 1, items },
        Some(first) => ListLayout::Block { first, items },
        None => ListLayout::Unreadable,
    }
}

/// The position of the indicator that follows an anchor or a tag. Anchors and tags contain neither blanks nor comments.
fn behind_decoration(text: &str, from: usize, indicator: char) -> Option<usize> {
    let mut position = from;
    loop {
        position = next_token(text, position);
        match text[position..].chars().next()? {
            '&' | '!' => position += text[position..].find([' ', '\t', '\r', '\n'])?,
            character if character == indicator => return Some(position),
            _ => return None,
        }
    }
}

/// The position of the dash of a block item.
pub(super) fn dash(text: &str, first: usize, items: &[Item], position: usize) -> Option<usize> {
    let at = match position.checked_sub(1).and_then(|position| items.get(position)) {
        None => first,
        Some(previous) => next_token(text, previous.end),
    };
    text[at..].starts_with('-').then_some(at)
}

/// The next byte that is neither a blank nor part of a comment.
fn next_token(text: &str, from: usize) -> usize {
    let mut position = from;
    loop {
        let rest = &text[position..];
        position += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        if !text[position..].starts_with('#') {
            return position;
        }
        position = line_end(text, position);
    }
}

/// The end of the line that contains `from`, before its line break.
pub(super) fn line_end(text: &str, from: usize) -> usize {
    text[from..].find(['\r', '\n']).map_or(text.len(), |length| from + length)
}

/// The line break at `from`, if there is one.
pub(super) fn break_at(text: &str, from: usize) -> &str {
    let length = match text.as_bytes()[from..] {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    };
    &text[from..from + length]
}

/// The start of the line that contains `position`.
pub(super) fn line_start(text: &str, position: usize) -> usize {
    text[..position].rfind(['\r', '\n']).map_or(0, |end| end + 1)
}
