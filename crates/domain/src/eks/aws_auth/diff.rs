//! A change as hunks, with some lines around each.

use serde::{Deserialize, Serialize};
use similar::{ChangeTag, DiffOp, TextDiff};

/// Unchanged lines shown on each side of a change.
const CONTEXT: usize = 3;

/// A line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    pub change: DiffKind,
    /// Its number before, counted from 1; `None` for an added line.
    pub before: Option<usize>,
    /// Its number after, counted from 1; `None` for a removed line.
    pub after: Option<usize>,
    /// The line without its line break.
    pub text: String,
}

/// The kind of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiffKind {
    Kept,
    Removed,
    Added,
    /// Unchanged lines between two hunks that are left out.
    Skipped,
}

impl DiffKind {
    /// The mark in front of the line in a unified diff.
    pub fn mark(self) -> char {
        match self {
            Self::Kept | Self::Skipped => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }
}

/// The hunks between two texts, each with some unchanged lines around it. Between two hunks there is one line that is
/// [`DiffKind::Skipped`]. Empty if the texts are equal.
///
/// A last line that gains or loses its line break counts as changed.
pub fn diff(before: &str, after: &str) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    for hunk in hunks(before, after) {
        if !lines.is_empty() {
            lines.push(DiffLine { change: DiffKind::Skipped, before: None, after: None, text: "\u{2026}".to_owned() });
        }
        lines.extend(hunk);
    }
    lines
}

fn hunks(before: &str, after: &str) -> Vec<Vec<DiffLine>> {
    let diff = TextDiff::from_lines(before, after);
    let line = |change: similar::Change<&str>| DiffLine {
        change: match change.tag() {
            ChangeTag::Equal => DiffKind::Kept,
            ChangeTag::Delete => DiffKind::Removed,
            ChangeTag::Insert => DiffKind::Added,
        },
        before: change.old_index().map(|at| at + 1),
        after: change.new_index().map(|at| at + 1),
        text: change.value().trim_end_matches(['\r', '\n']).to_owned(),
    };
    let changes = |group: &Vec<DiffOp>| group.iter().flat_map(|op| diff.iter_changes(op)).map(line).collect();
    diff.grouped_ops(CONTEXT).iter().map(changes).collect()
}

/// The hunks as a unified diff, each under its `@@` line.
pub fn unified(before: &str, after: &str) -> String {
    hunks(before, after).iter().map(|lines| hunk(lines)).collect()
}

fn hunk(lines: &[DiffLine]) -> String {
    let range = |numbers: Vec<usize>| format!("{},{}", numbers.first().copied().unwrap_or(0), numbers.len());
    let old = range(lines.iter().filter_map(|line| line.before).collect());
    let new = range(lines.iter().filter_map(|line| line.after).collect());
    let mut text = format!("@@ -{old} +{new} @@\n");
    for line in lines {
        text.push(line.change.mark());
        text.push_str(&line.text);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hunk_shows_the_change_between_three_lines_on_each_side() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n";
        let after = "1\n2\n3\n4\nnew\n5\n6\n7\n8\n";
        assert_eq!(unified(before, after), "@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+new\n 5\n 6\n 7\n");
    }

    #[test]
    fn changes_that_are_far_apart_have_a_hunk_each() {
        let lines: Vec<String> = (1..=20).map(|number| format!("{number}\n")).collect();
        let before = lines.concat();
        let after = before.replacen("2\n", "two\n", 1).replace("18\n", "");
        assert_eq!(
            unified(&before, &after),
            "@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -15,6 +15,5 @@\n 15\n 16\n 17\n-18\n 19\n 20\n"
        );
        let skipped: Vec<DiffLine> =
            diff(&before, &after).into_iter().filter(|line| line.change == DiffKind::Skipped).collect();
        assert_eq!(skipped.len(), 1);
    }

    #[test]
    fn equal_texts_have_no_hunk() {
        assert_eq!(unified("a\n", "a\n"), "");
        assert_eq!(diff("", ""), []);
    }

    #[test]
    fn the_first_entry_and_the_last_are_shown_too() {
        assert_eq!(unified("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
        assert_eq!(unified("a\nb\n", ""), "@@ -1,2 +0,0 @@\n-a\n-b\n");
    }
}
