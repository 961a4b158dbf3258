//! A text whose last line has no line break is parsed as if it had one. Only a block scalar that reaches to the end
//! can tell: its last line break is not in the text, and so not in Go's value.

use libyaml_safer::ScalarStyle;

use super::document::{Document, Kind, Node};

/// Takes the line break that is not there from the value that ends with it, and from all ends.
pub(super) fn correct(text: &str, document: &mut Document) {
    if text.ends_with(['\n', '\r']) {
        return;
    }
    let invented = document.last_mut().is_some_and(|last| reaches_end(text, last) && ends_with_break(text, last));
    if invented
        && let Some(Node { kind: Kind::Scalar(scalar), .. }) = document.last_mut()
        && scalar.value.ends_with('\n')
    {
        scalar.value.pop();
    }
    document.clamp(text.len());
}

fn reaches_end(text: &str, node: &Node) -> bool {
    let Kind::Scalar(scalar) = &node.kind else { return false };
    node.end > text.len() && matches!(scalar.style, ScalarStyle::Literal | ScalarStyle::Folded)
}

/// Whether the break that was added became the end of the value, rather than one of the breaks behind it.
fn ends_with_break(text: &str, node: &Node) -> bool {
    match chomping(&text[node.start..]) {
        Some('-') => false,
        Some('+') => true,
        _ => {
            let last_line = text.rsplit(['\n', '\r']).next().unwrap_or(text);
            !last_line.trim_matches(' ').is_empty() || blanks_are_content(text)
        }
    }
}

/// The chomping indicator in the header of a block scalar, behind its anchor and tag.
fn chomping(text: &str) -> Option<char> {
    let header = text.lines().next()?;
    let indicators = header.split([' ', '\t']).find(|word| word.starts_with(['|', '>']))?;
    indicators.chars().find(|character| matches!(character, '-' | '+'))
}

/// Whether the blanks of the last line reach beyond the indentation of the block scalar: then a character behind them
/// does not begin its line of the value.
fn blanks_are_content(text: &str) -> bool {
    let Ok(mut longer) = Document::parse_whole_lines(&format!("{text}x")) else { return false };
    match longer.last_mut().map(|node| &node.kind) {
        Some(Kind::Scalar(scalar)) => scalar.value.trim_end_matches('\n').ends_with(" x"),
        _ => false,
    }
}
