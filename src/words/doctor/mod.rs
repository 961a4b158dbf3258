//! What `latchkey doctor` says: what it found, why that matters, what to do next.

pub mod aws;
pub mod cluster;
pub mod database;
pub mod provider;
pub mod way;
pub mod work;

/// A finding in words. `what` consists of sentences without a full stop at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckWords {
    /// What was found.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub next: String,
}

impl CheckWords {
    /// A finding of these three parts.
    pub fn new(what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into(), next: next.into() }
    }
}

/// A check that was given up.
pub fn timed_out(seconds: u64) -> CheckWords {
    CheckWords::new(
        format!("this check did not come to an end within {seconds} s"),
        "What it asks answers too slowly or not at all; the other checks did not wait for it.",
        "Look at the network between here and there; --timeout gives it longer.",
    )
}

/// "1 right", "3 rights".
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The first few of a list, and how many more there are.
pub fn some_of(all: &[String], most: usize) -> String {
    let shown = all.iter().take(most).cloned().collect::<Vec<_>>().join("; ");
    match all.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_and_counted() {
        let all: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(some_of(&all, 2), "a; b; and 1 more");
        assert_eq!(some_of(&all, 3), "a; b; c");
        assert_eq!((counted(1, "right"), counted(2, "right")), ("1 right".to_owned(), "2 rights".to_owned()));
    }
}
