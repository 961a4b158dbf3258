//! What an approval would change outside, exactly: the IAM document, the access entry or the aws-auth hunk, roles and
//! bindings.

use super::html::Html;
use crate::{
    actions::preview::{self, ShownPreview},
    words,
};
use latchkey_domain::{
    eks::aws_auth::{DiffKind, DiffLine, diff},
    plan::preview::Preview,
};
use serde_json::json;
use std::collections::BTreeMap;

/// A line of a document.
#[derive(Debug, Clone)]
pub struct ShownLine {
    pub class: &'static str,
    /// `+`, `-` or a blank: a change is never shown by colour alone.
    pub mark: char,
    pub text: String,
}

/// A document that would be written, or why none would be.
#[derive(Debug, Clone)]
pub struct ChangedDocument {
    pub title: Html,
    /// Beside the title: "412 of 2,048 characters".
    pub note: Option<String>,
    pub lines: Vec<ShownLine>,
    /// A sentence instead of the lines.
    pub said: Option<String>,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct ShownChange {
    pub documents: Vec<ChangedDocument>,
    /// What prevents the change.
    pub obstacles: Vec<String>,
    /// What this adds to what the requester can already do.
    pub adds: Vec<Html>,
}

impl ShownChange {
    /// The change as the planner computed it.
    pub fn of(shown: &ShownPreview) -> Self {
        let planned = &shown.preview;
        let mapping = match &planned.entry {
            Some(entry) => whole("Access entry", &entry_text(entry.arn.as_str(), &entry.username, &entry.tags)),
            None => aws_auth(planned),
        };
        let mut documents = vec![iam(planned), mapping];
        documents.extend(planned.roles.iter().map(|yaml| whole("ClusterRole", yaml)));
        documents.extend(planned.bindings.iter().map(|yaml| ChangedDocument {
            said: Some(words::access::not_yet(preview::ID, preview::LATEST_END)),
            ..whole("Binding", yaml)
        }));
        Self {
            documents,
            obstacles: planned.obstacles.iter().map(words::blocker::sentence).collect(),
            adds: words::power::can_all(&planned.adds).iter().map(|line| Html::prose(line)).collect(),
        }
    }
}

fn iam(preview: &Preview) -> ChangedDocument {
    let iam = &preview.iam;
    let (before, after) = (iam.before.as_deref().unwrap_or_default(), iam.after.as_deref().unwrap_or_default());
    let lines: Vec<ShownLine> = diff(before, after).iter().map(line).collect();
    let size = format!("{} of {} characters", thousands(iam.counted), thousands(iam.limit));
    ChangedDocument {
        title: Html::prose("IAM policy `latchkey`"),
        note: (!after.is_empty()).then_some(size),
        said: match (&iam.note, lines.is_empty()) {
            (Some(note), _) => Some(note.clone()),
            (None, true) => Some("Nothing is written.".to_owned()),
            (None, false) => None,
        },
        lines,
    }
}

fn aws_auth(preview: &Preview) -> ChangedDocument {
    let aws_auth = &preview.aws_auth;
    let key = aws_auth.key.map_or_else(String::new, |key| format!(", `{key}`"));
    ChangedDocument {
        title: Html::prose(&format!("ConfigMap `kube-system/aws-auth`{key}")),
        note: None,
        lines: aws_auth.hunk.iter().map(line).collect(),
        said: aws_auth.note.clone(),
    }
}

/// An access entry in the words of EKS's API.
pub fn entry_text(principal: &str, username: &str, tags: &BTreeMap<String, String>) -> String {
    let mut entry = json!({
        "principalArn": principal,
        "type": "STANDARD",
        "username": username,
        "kubernetesGroups": [],
    });
    if !tags.is_empty() {
        entry["tags"] = json!(tags);
    }
    format!("{entry:#}")
}

fn whole(title: &str, yaml: &str) -> ChangedDocument {
    let lines = yaml.lines().map(|text| ShownLine { class: "added", mark: '+', text: text.to_owned() });
    ChangedDocument { title: Html::prose(title), note: Some("new".to_owned()), lines: lines.collect(), said: None }
}

fn line(line: &DiffLine) -> ShownLine {
    let class = match line.change {
        DiffKind::Kept | DiffKind::Skipped => "kept",
        DiffKind::Removed => "removed",
        DiffKind::Added => "added",
    };
    ShownLine { class, mark: line.change.mark(), text: line.text.clone() }
}

/// "2,048".
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([7, 412, 2_048, 1_234_567].map(thousands), ["7", "412", "2,048", "1,234,567"]);
    }
}
