//! What a change looks like: one hunk with some lines around it.

use serde::{Deserialize, Serialize};

/// Unchanged lines shown on each side of a change.
const CONTEXT: usize = 3;

/// A line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    pub change: Changed,
    /// Its number before, counted from 1; `None` for an added line.
    pub before: Option<usize>,
    /// Its number after, counted from 1; `None` for a removed line.
    pub after: Option<usize>,
    /// Without its line break.
    pub text: String,
}

/// What happens to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Changed {
    Kept,
    Removed,
    Added,
}

impl Changed {
    /// The mark in front of the line in a unified diff.
    pub fn mark(self) -> char {
        match self {
            Self::Kept => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }
}

/// The hunk between two texts that differ in one place. Empty where they are equal.
///
/// A last line that gains or loses its line break counts as changed.
pub fn diff(before: &str, after: &str) -> Vec<DiffLine> {
    if before == after {
        return Vec::new();
    }
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let most = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(one, other)| one == other).count();
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);

    let mut lines = Vec::new();
    let mut push = |change, before: Option<usize>, after: Option<usize>, text: &str| {
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        lines.push(DiffLine { change, before: before.map(|at| at + 1), after: after.map(|at| at + 1), text });
    };
    for (at, line) in old.iter().enumerate().take(head).skip(head.saturating_sub(CONTEXT)) {
        push(Changed::Kept, Some(at), Some(at), line);
    }
    for (at, line) in old.iter().enumerate().take(old_end).skip(head) {
        push(Changed::Removed, Some(at), None, line);
    }
    for (at, line) in new.iter().enumerate().take(new_end).skip(head) {
        push(Changed::Added, None, Some(at), line);
    }
    for at in 0..tail.min(CONTEXT) {
        push(Changed::Kept, Some(old_end + at), Some(new_end + at), old[old_end + at]);
    }
    lines
}

/// The hunk as a unified diff, with its `@@` line.
pub fn unified(before: &str, after: &str) -> String {
    let lines = diff(before, after);
    let range = |numbers: Vec<usize>| format!("{},{}", numbers.first().copied().unwrap_or(0), numbers.len());
    let old = range(lines.iter().filter_map(|line| line.before).collect());
    let new = range(lines.iter().filter_map(|line| line.after).collect());
    let mut text = String::new();
    if !lines.is_empty() {
        text = format!("@@ -{old} +{new} @@\n");
    }
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
