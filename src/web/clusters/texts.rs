//! The texts of aws-auth as they are, with the findings of its lint under their lines.

use crate::web::{
    icon::Icon,
    look::{Pill, Tone},
};
use latchkey_domain::{
    eks::aws_auth::{AwsAuth, Data, Key, LintFinding, Severity},
    plan::observation::{AuthenticationMode, ClusterObservation, EntryHolders},
};

/// A key of aws-auth, with findings under their lines.
#[derive(Debug, Clone)]
pub struct Text {
    pub key: String,
    pub lines: Vec<LintLine>,
}

/// A line with the findings about it.
#[derive(Debug, Clone)]
pub struct LintLine {
    pub number: usize,
    pub text: String,
    pub findings: Vec<ShownFinding>,
}

/// A finding.
#[derive(Debug, Clone)]
pub struct ShownFinding {
    pub pill: Pill,
    pub message: String,
    pub why: String,
    pub remedy: String,
}

/// The texts, and how many findings there are. `missing` are the users that IAM does not have.
pub fn texts(auth: &AwsAuth, data: &Data, observed: &ClusterObservation, missing: &[&str]) -> (Vec<Text>, usize) {
    let mut findings = auth.lint();
    let is_read = observed.aws.as_ref().map(|aws| aws.mode) != Some(AuthenticationMode::Api);
    findings.extend(is_read.then(|| auth.lint_of_missing(missing)).into_iter().flatten());
    if let EntryHolders::Listed(entries) = &observed.entries {
        let entries: Vec<&str> = entries.iter().map(|entry| entry.arn.as_str()).collect();
        findings.extend(auth.lint_of_entries(&entries));
    }
    if observed.aws.as_ref().map(|aws| aws.mode) == Some(AuthenticationMode::ConfigMap) {
        findings.extend(auth.lint_of_nodes());
    }
    let text = |key: Key| {
        // A missing key is shown if a finding is about it.
        let is_named = findings.iter().any(|finding| finding.key == key);
        let text = data.get(key.as_str()).map(String::as_str);
        text.or(is_named.then_some("")).map(|text| Text::of(key, text, &findings))
    };
    (Key::ALL.into_iter().filter_map(text).collect(), findings.len())
}

impl Text {
    fn of(key: Key, text: &str, findings: &[LintFinding]) -> Self {
        let of_key: Vec<&LintFinding> = findings.iter().filter(|finding| finding.key == key).collect();
        let last = text.lines().count().max(1);
        let remarks = |number: usize| {
            // A finding past the last line is shown at the last line.
            let here = of_key.iter().filter(move |finding| finding.line.clamp(1, last) == number);
            here.map(|finding| ShownFinding::of(finding)).collect()
        };
        let line =
            |(at, text): (usize, &str)| LintLine { number: at + 1, text: text.to_owned(), findings: remarks(at + 1) };
        let mut lines: Vec<LintLine> = text.lines().enumerate().map(line).collect();
        if lines.is_empty() {
            lines.push(LintLine { number: 1, text: String::new(), findings: remarks(1) });
        }
        Self { key: key.as_str().to_owned(), lines }
    }
}

impl ShownFinding {
    fn of(finding: &LintFinding) -> Self {
        let pill = match finding.severity {
            Severity::Error => Pill::new(Tone::Danger, Icon::CircleX, "Error"),
            Severity::Warning => Pill::new(Tone::Needs, Icon::TriangleAlert, "Warning"),
            Severity::Info => Pill::new(Tone::Neutral, Icon::Info, "Note"),
        };
        Self {
            pill,
            message: whole_sentence(&finding.message),
            why: whole_sentence(finding.why),
            remedy: whole_sentence(finding.remedy),
        }
    }
}

/// A clause as a sentence; an ARN at its start keeps its letters.
fn whole_sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let is_word = !clause.starts_with("arn:");
    let first = letters
        .next()
        .map_or_else(String::new, |first| if is_word { first.to_uppercase().collect() } else { first.to_string() });
    let stop = if clause.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}
