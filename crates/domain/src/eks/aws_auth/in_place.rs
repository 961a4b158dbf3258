//! A ConfigMap's file with one key of its data changed, and every other byte unchanged.

use std::ops::Range;

use super::Key;
use super::list::{break_at, line_end, line_start};
use super::render::quoted;
use super::splice::Spliced;
use super::yaml::document::{Document, Node, NodeId, NodeKind};
use super::yaml::scanner::Style;

/// The file and the positions of its parts.
#[derive(Debug)]
pub(super) struct File<'t> {
    pub text: &'t str,
    pub document: Document,
    /// The value of `data`; `None` if the file has none.
    pub data_node: Option<NodeId>,
}

impl File<'_> {
    /// The possible forms of the change, the best first. None of them is verified.
    pub fn candidates(&self, spliced: &Spliced) -> Vec<String> {
        match (self.value_of(spliced.key), spliced.after.as_deref()) {
            (Some((name, value)), Some(after)) => self.replaced(name, value, after),
            (Some((name, value)), None) => self.removed(name, value).into_iter().collect(),
            (None, Some(after)) => self.inserted(spliced.key, after),
            (None, None) => vec![self.text.to_owned()],
        }
    }

    fn value_of(&self, key: Key) -> Option<(NodeId, NodeId)> {
        match &self.document.node(self.data_node?).kind {
            NodeKind::Mapping { fields, .. } => field(&self.document, fields, key.as_str()),
            NodeKind::Scalar(_) | NodeKind::Sequence { .. } | NodeKind::Alias(_) => None,
        }
    }

    /// The line break of the file.
    fn line_break(&self) -> &str {
        match break_at(self.text, line_end(self.text, 0)) {
            "\r\n" => "\r\n",
            _ => "\n",
        }
    }

    fn replaced(&self, name: NodeId, value: NodeId, after: &str) -> Vec<String> {
        let node = self.document.node(value);
        let NodeKind::Scalar(scalar) = &node.kind else { return Vec::new() };
        let splice =
            |range: Range<usize>, new: &str| [&self.text[..range.start], new, &self.text[range.end..]].concat();
        let in_block = matches!(
            self.data_node.map(|data| &self.document.node(data).kind),
            Some(NodeKind::Mapping { flow: false, .. })
        );
        let mut candidates = Vec::new();
        if scalar.style == Style::Literal {
            let lines = self.literal_lines(node, &scalar.value, after);
            candidates.extend(lines.into_iter().map(|(range, new)| splice(range, &new)));
        } else if in_block && !after.is_empty() {
            let column = self.column(name);
            let literal = self.literal(column + 2, after);
            candidates.push(splice(node.start..node.end, literal.trim_end_matches(['\r', '\n'])));
        }
        let ends_line = node.end > node.start && node.end == line_start(self.text, node.end);
        let line_break = if ends_line { self.line_break() } else { "" };
        candidates.push(splice(node.start..node.end, &format!("{}{line_break}", quoted(after))));
        candidates
    }

    fn column(&self, node: NodeId) -> usize {
        let start = self.document.node(node).start;
        start - line_start(self.text, start)
    }

    /// A block scalar, beginning with its header.
    fn literal(&self, indent: usize, value: &str) -> String {
        let header = match value.strip_suffix('\n') {
            None => "|-",
            Some(value) if value.is_empty() || value.ends_with('\n') => "|+",
            Some(_) => "|",
        };
        let mut text = format!("{header}{}", self.line_break());
        for line in value.split_inclusive('\n') {
            text.push_str(&self.indented(indent, line));
        }
        text
    }

    fn indented(&self, indent: usize, line: &str) -> String {
        let content = line.strip_suffix('\n').unwrap_or(line);
        let blanks = if content.is_empty() { 0 } else { indent };
        format!("{}{content}{}", " ".repeat(blanks), self.line_break())
    }

    /// Only the lines of a block scalar that change.
    fn literal_lines(&self, node: &Node, before: &str, after: &str) -> Vec<(Range<usize>, String)> {
        let header = line_end(self.text, node.start);
        let content = header + break_at(self.text, header).len();
        let Some(raw) = self.text.get(content..node.end) else { return Vec::new() };
        let raw: Vec<&str> = raw.split_inclusive('\n').collect();
        let old: Vec<&str> = before.split_inclusive('\n').collect();
        let new: Vec<&str> = after.split_inclusive('\n').collect();
        if raw.len() < old.len() {
            return Vec::new();
        }
        let bare = |line: &str| line.trim_end_matches(['\r', '\n']).len();
        let indent =
            raw.iter().zip(&old).find(|(_, old)| bare(old) > 0).map(|(raw, old)| bare(raw).saturating_sub(bare(old)));
        let indent = indent.unwrap_or(self.column_of_line(node.start) + 2);
        let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
        let most = old.len().min(new.len()) - head;
        let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(one, other)| one == other).count();
        let length = |lines: &[&str]| lines.iter().map(|line| line.len()).sum::<usize>();
        let start = content + length(&raw[..head]);
        let end = start + length(&raw[head..old.len() - tail]);
        let lines: String = new[head..new.len() - tail].iter().map(|line| self.indented(indent, line)).collect();
        // Behind a last line without a line break, the new lines bring one; and the last of them may have none either.
        let lead = if self.text[..start].ends_with('\n') { "" } else { self.line_break() };
        let without_break = lines.trim_end_matches(['\r', '\n']).to_owned();
        vec![(start..end, format!("{lead}{lines}")), (start..end, format!("{lead}{without_break}"))]
    }

    fn column_of_line(&self, at: usize) -> usize {
        let line = &self.text[line_start(self.text, at)..];
        line.len() - line.trim_start_matches(' ').len()
    }

    fn inserted(&self, key: Key, after: &str) -> Vec<String> {
        let insert = |at: usize, new: &str| [&self.text[..at], new, &self.text[at..]].concat();
        let field = |indent: usize| {
            let blanks = " ".repeat(indent);
            format!("{blanks}{}: {}", key.as_str(), self.literal(indent + 2, after))
        };
        let json = format!("\"{}\": {}", key.as_str(), quoted(after));
        let node = self.data_node.map(|node| self.document.node(node));
        match node.map(|node| (node, &node.kind)) {
            Some((node, NodeKind::Mapping { fields, flow: true })) => match fields.last() {
                None => vec![insert(node.end - 1, &json)],
                Some(&last) => {
                    let (first, last) = (self.document.node(fields[0]).start, self.document.node(last).end);
                    let line = &self.text[line_start(self.text, first)..first];
                    let own_line = !line.is_empty() && line.trim_matches(' ').is_empty();
                    let gap = if own_line { format!("{}{line}", self.line_break()) } else { " ".to_owned() };
                    vec![insert(last, &format!(",{gap}{json}"))]
                }
            },
            Some((node, NodeKind::Mapping { fields, flow: false })) => {
                let indent = fields.first().map_or(2, |&name| self.column(name));
                self.behind(node.end, &field(indent)).into_iter().collect()
            }
            Some((node, NodeKind::Scalar(_))) if node.start == node.end => {
                self.behind(node.end, &field(2)).into_iter().collect()
            }
            None => {
                let end = self.document.root.map_or(0, |root| self.document.node(root).end);
                let data = format!("data:{}{}", self.line_break(), field(2));
                let at_end = self.behind(end, &data);
                let flow = end.checked_sub(1).map(|brace| insert(brace, &format!(", \"data\": {{{json}}}")));
                at_end.into_iter().chain(flow).collect()
            }
            Some(_) => Vec::new(),
        }
    }

    /// The file with whole lines behind the line of `end`.
    fn behind(&self, end: usize, lines: &str) -> Option<String> {
        let start = line_start(self.text, end);
        let at = if end == start && end > 0 { end } else { line_end(self.text, end) };
        let at = at + if at == end && end == start { 0 } else { break_at(self.text, at).len() };
        let lead = if at == line_start(self.text, at) { "" } else { self.line_break() };
        Some([self.text.get(..at)?, lead, lines, self.text.get(at..)?].concat())
    }

    /// The file without a key and its value.
    fn removed(&self, name: NodeId, value: NodeId) -> Option<String> {
        let (name, value) = (self.document.node(name), self.document.node(value));
        let data = self.document.node(self.data_node?);
        let range = match &data.kind {
            NodeKind::Mapping { flow: false, .. } => {
                let start = line_start(self.text, name.start);
                let end = if value.end == line_start(self.text, value.end) {
                    value.end
                } else {
                    let end = line_end(self.text, value.end);
                    end + break_at(self.text, end).len()
                };
                start..end
            }
            NodeKind::Mapping { fields, .. } => {
                let nodes: Vec<&Node> = fields.iter().map(|&id| self.document.node(id)).collect();
                let at = nodes.iter().position(|node| node.start == name.start)?;
                match (at.checked_sub(1), nodes.get(at + 2)) {
                    (Some(previous), _) => nodes[previous].end..value.end,
                    (None, Some(next)) => name.start..next.start,
                    (None, None) => name.start..value.end,
                }
            }
            NodeKind::Scalar(_) | NodeKind::Sequence { .. } | NodeKind::Alias(_) => return None,
        };
        Some([self.text.get(..range.start)?, self.text.get(range.end..)?].concat())
    }
}

/// The last field with this name, as a key and a value.
pub(super) fn field(document: &Document, fields: &[NodeId], name: &str) -> Option<(NodeId, NodeId)> {
    let is_it = |key: NodeId| document.scalar(key).is_some_and(|scalar| scalar.value == name);
    fields.chunks_exact(2).rev().find(|pair| is_it(pair[0])).map(|pair| (pair[0], pair[1]))
}
