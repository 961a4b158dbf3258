//! The report: a section for each subject, a finding for each check; as text for people, as JSON with stable keys for
//! machines.

use crate::words::doctor::CheckWords;
use serde_json::{Map, Value, json};
use std::{fmt::Write as _, time::Duration};

/// The version of the JSON. It increases if a key changes its meaning or is removed.
const VERSION: u32 = 1;

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Ok,
    /// Not checked, since this process lacks what the check needs, or an earlier check failed.
    NotChecked,
    /// It works, and should be different.
    Warning,
    /// A part of Latchkey does not work, or a promise does not hold.
    Failed,
}

impl Status {
    /// The spelling in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotChecked => "not_checked",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotChecked => "not checked here",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
        }
    }
}

/// What to paste, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paste {
    /// `yaml`, `json` or `sql`.
    pub format: &'static str,
    /// The command that takes it, or the place that it belongs to.
    pub into: String,
    pub text: String,
}

/// One check with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// A stable name.
    pub check: &'static str,
    pub status: Status,
    pub what: String,
    pub why: String,
    pub next: String,
    pub paste: Option<Paste>,
}

impl CheckResult {
    pub fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self::of(check, Status::Ok, CheckWords::new(what, "", ""))
    }

    pub fn not_checked(check: &'static str, what: impl Into<String>) -> Self {
        Self::of(check, Status::NotChecked, CheckWords::new(what, "", ""))
    }

    pub fn warning(check: &'static str, said: CheckWords) -> Self {
        Self::of(check, Status::Warning, said)
    }

    pub fn failed(check: &'static str, said: CheckWords) -> Self {
        Self::of(check, Status::Failed, said)
    }

    fn of(check: &'static str, status: Status, CheckWords { what, why, next }: CheckWords) -> Self {
        Self { check, status, what, why, next, paste: None }
    }

    /// Adds a text to paste.
    #[must_use]
    pub fn pasting(self, format: &'static str, into: &str, text: String) -> Self {
        Self { paste: Some(Paste { format, into: into.to_owned(), text }), ..self }
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("check".to_owned(), self.check.into());
        object.insert("status".to_owned(), self.status.as_str().into());
        object.insert("what".to_owned(), self.what.as_str().into());
        for (key, text) in [("why", &self.why), ("next", &self.next)] {
            if !text.is_empty() {
                object.insert(key.to_owned(), text.as_str().into());
            }
        }
        if let Some(paste) = &self.paste {
            let paste = json!({ "format": paste.format, "into": paste.into, "text": paste.text });
            object.insert("paste".to_owned(), paste);
        }
        object.into()
    }
}

/// The subject of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SectionSubject {
    Database,
    IdentityProvider,
    /// The work of portal and worker, and whether they do it.
    Work,
    Aws,
    Cluster(String),
}

impl SectionSubject {
    fn key(&self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::IdentityProvider => "identity_provider",
            Self::Work => "work",
            Self::Aws => "aws",
            Self::Cluster(_) => "cluster",
        }
    }

    fn title(&self) -> String {
        match self {
            Self::Database => "Database".to_owned(),
            Self::IdentityProvider => "Identity provider".to_owned(),
            Self::Work => "Work".to_owned(),
            Self::Aws => "AWS".to_owned(),
            Self::Cluster(name) => format!("Cluster {name}"),
        }
    }
}

/// The findings about one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSection {
    pub subject: SectionSubject,
    pub findings: Vec<CheckResult>,
}

/// All findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub sections: Vec<ReportSection>,
    pub took: Duration,
}

impl Report {
    /// How many checks have this outcome.
    pub fn count(&self, status: Status) -> usize {
        self.findings().filter(|finding| finding.status == status).count()
    }

    /// The worst outcome; checks that were not made do not count.
    fn worst(&self) -> Status {
        let told = self.findings().map(|finding| finding.status).filter(|status| *status != Status::NotChecked);
        told.max().unwrap_or(Status::NotChecked)
    }

    fn findings(&self) -> impl Iterator<Item = &CheckResult> {
        self.sections.iter().flat_map(|section| &section.findings)
    }

    /// The report as JSON, pretty-printed.
    pub fn to_json(&self) -> String {
        let sections: Vec<Value> = self
            .sections
            .iter()
            .map(|section| {
                let findings: Vec<Value> = section.findings.iter().map(CheckResult::to_json).collect();
                let mut object = json!({ "subject": section.subject.key(), "findings": findings });
                if let SectionSubject::Cluster(name) = &section.subject {
                    object["name"] = name.as_str().into();
                }
                object
            })
            .collect();
        let whole = json!({
            "version": VERSION,
            "status": self.worst().as_str(),
            "checks": self.findings().count(),
            "failed": self.count(Status::Failed),
            "warnings": self.count(Status::Warning),
            "not_checked": self.count(Status::NotChecked),
            "milliseconds": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "sections": sections,
        });
        format!("{whole:#}\n")
    }

    /// The report for people: every check, then the texts to paste.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let mut pastes: Vec<(String, &Paste)> = Vec::new();
        for section in &self.sections {
            let title = section.subject.title();
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{title}");
            for finding in &section.findings {
                let _ = writeln!(out, "  {:<9} {}", finding.status.title(), finding.what);
                for (word, text) in [("why", &finding.why), ("next", &finding.next)] {
                    if !text.is_empty() {
                        let _ = writeln!(out, "            {word}: {text}");
                    }
                }
                if let Some(paste) = &finding.paste {
                    pastes.push((title.clone(), paste));
                    let _ = writeln!(out, "            to paste: [{}] below", pastes.len());
                }
            }
            out.push('\n');
        }
        for (number, (title, paste)) in pastes.iter().enumerate() {
            let _ = writeln!(out, "[{}] {title}, {}:\n\n{}", number + 1, paste.into, paste.text);
        }
        let _ = writeln!(out, "{}", self.summary());
        out
    }

    fn summary(&self) -> String {
        format!(
            "{} checks in {}.{} s: {} failed, {} warnings, {} not checked here",
            self.findings().count(),
            self.took.as_secs(),
            self.took.subsec_millis() / 100,
            self.count(Status::Failed),
            self.count(Status::Warning),
            self.count(Status::NotChecked)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn report() -> Report {
        let failed = CheckResult::failed("rbac", CheckWords::new("a right is missing", "It is refused.", "Apply it."));
        let findings = vec![
            CheckResult::ok("eks", "it is ACTIVE"),
            failed.pasting("yaml", "kubectl apply -f -", "kind: Role\n".to_owned()),
        ];
        let sections = vec![ReportSection { subject: SectionSubject::Cluster("prod-eu".to_owned()), findings }];
        Report { sections, took: Duration::from_millis(1_230) }
    }

    #[test]
    fn the_text_names_what_why_next_and_what_to_paste() {
        assert_eq!(
            report().to_text(),
            "Cluster prod-eu\n  ok        it is ACTIVE\n  FAILED    a right is missing\n            \
             why: It is refused.\n            next: Apply it.\n            to paste: [1] below\n\n\
             [1] Cluster prod-eu, kubectl apply -f -:\n\nkind: Role\n\n\
             2 checks in 1.2 s: 1 failed, 0 warnings, 0 not checked here\n"
        );
    }

    #[test]
    fn the_keys_of_the_json_are_stable() {
        let told: Value = serde_json::from_str(&report().to_json()).unwrap();
        assert_eq!(
            told,
            json!({
                "version": 1, "status": "failed", "checks": 2, "failed": 1, "warnings": 0, "not_checked": 0,
                "milliseconds": 1230,
                "sections": [{ "subject": "cluster", "name": "prod-eu", "findings": [
                    { "check": "eks", "status": "ok", "what": "it is ACTIVE" },
                    { "check": "rbac", "status": "failed", "what": "a right is missing", "why": "It is refused.",
                      "next": "Apply it.",
                      "paste": { "format": "yaml", "into": "kubectl apply -f -", "text": "kind: Role\n" } },
                ] }],
            })
        );
    }

    /// The path of every field in a value, each once.
    fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    fields(value, &path, found);
                    found.insert(path);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| fields(value, &format!("{path}[]"), found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn the_operators_document_has_every_field_of_the_json_and_no_other() {
        let document = include_str!("../../../docs/operating.md");
        let (_, after) = document.split_once("### The doctor's JSON").unwrap();
        let (section, _) = after.split_once("\n## ").unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
        let described: BTreeSet<String> = rows.map(|(field, _)| field.to_owned()).collect();
        let mut printed = BTreeSet::new();
        fields(&serde_json::from_str(&report().to_json()).unwrap(), "", &mut printed);
        assert_eq!(described, printed);
        let subjects = [
            SectionSubject::Database,
            SectionSubject::IdentityProvider,
            SectionSubject::Work,
            SectionSubject::Aws,
            SectionSubject::Cluster(String::new()),
        ];
        let statuses = [Status::Ok, Status::NotChecked, Status::Warning, Status::Failed];
        for word in subjects.iter().map(SectionSubject::key).chain(statuses.map(Status::as_str)) {
            assert!(section.contains(&format!("`{word}`")), "{word} is not described");
        }
    }
}
