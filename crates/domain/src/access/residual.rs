//! What else says yes while an access runs, or after it ended, as a value: what allows it, with its facts.
//!
//! Rows keep the JSON: a code that was ever stored keeps its name, and its facts keep theirs. Sentences are made where
//! people read them (`words::residual`).

use super::{blocker::Few, stored};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What says yes though the access itself does not, or is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Residual {
    /// Another access of the same person, or by the same role of `holder`. Without namespaces, it is on the whole cluster.
    OtherAccess {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holder: Option<String>,
        profile: String,
        namespaces: Vec<String>,
        allows: Few,
    },
    /// A binding that is not Latchkey's.
    ForeignBinding {
        binding: String,
        role: String,
        allows: Few,
        /// Whether it names the user that a role, or a session of one, has on the cluster as long as anyone has access by
        /// the role.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stays: bool,
    },
    /// The API server says yes, and no binding explains it.
    Unexplained { allows: Few },
    /// An access entry lets the principal in. No review shows what its access policies allow.
    AccessEntry { cluster: String, arn: String, username: String, groups: Vec<String>, policies: Vec<String> },
    /// An entry of aws-auth that is not Latchkey's maps the principal.
    ForeignLine { arn: String, username: String, groups: Vec<String> },
    /// Another client added groups to Latchkey's own entry.
    LineWithGroups { username: String, groups: Vec<String> },
    /// IAM could not be asked, since the ARN of the principal cannot be read.
    IamNotAsked {},
    /// A sentence, as an earlier version stored it.
    Said { text: String },
    /// A residual that a later version stored under this code.
    OfLaterVersion { named: String },
}

impl Residual {
    /// Whether something lets the holder in that is not Latchkey's: after its end, they are not shut out.
    pub fn lets_in(&self) -> bool {
        match self {
            // The one was decided, too; of the other nobody knows whether there is anything.
            Self::OtherAccess { .. } | Self::IamNotAsked {} => false,
            Self::ForeignBinding { .. }
            | Self::Unexplained { .. }
            | Self::AccessEntry { .. }
            | Self::ForeignLine { .. }
            | Self::LineWithGroups { .. }
            | Self::Said { .. }
            | Self::OfLaterVersion { .. } => true,
        }
    }
}

/// What says yes beside an access, or after its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Residuals {
    pub values: Vec<Residual>,
    /// A sentence of each: events have these, and so do processes of earlier versions.
    pub said: Vec<String>,
}

impl Residuals {
    /// These values, each with the sentence that `say` makes of it.
    pub fn new(values: Vec<Residual>, say: impl Fn(&Residual) -> String) -> Self {
        let said = values.iter().map(say).collect();
        Self { values, said }
    }
}

impl Residual {
    /// Reads the JSON of a row. A plain text is what an earlier version said. A code that this version does not know is
    /// kept by its name.
    pub fn read(value: Value) -> Self {
        stored::read(value, |text| Self::Said { text }, |named| Self::OfLaterVersion { named })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// One of each kind, as its JSON was first stored: a new kind gets a line, and no line ever changes.
    const RECORDED: &str = include_str!("residual/recorded.jsonl");

    #[test]
    fn one_of_each_is_recorded_and_reads_as_it_was_written() {
        let mut codes = BTreeSet::new();
        for line in RECORDED.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            let residual = Residual::read(value.clone());
            assert_eq!(serde_json::to_value(&residual).unwrap(), value);
            codes.insert(code(&residual));
        }
        assert_eq!(codes.len(), 9, "recorded.jsonl has a line of each");
    }

    /// This match is exhaustive, so that a new kind does not compile until a line is recorded for it.
    fn code(residual: &Residual) -> &'static str {
        match residual {
            Residual::OtherAccess { .. } => "other_access",
            Residual::ForeignBinding { .. } => "foreign_binding",
            Residual::Unexplained { .. } => "unexplained",
            Residual::AccessEntry { .. } => "access_entry",
            Residual::ForeignLine { .. } => "foreign_line",
            Residual::LineWithGroups { .. } => "line_with_groups",
            Residual::IamNotAsked {} => "iam_not_asked",
            Residual::Said { .. } => "said",
            Residual::OfLaterVersion { .. } => "of_later_version",
        }
    }

    #[test]
    fn what_a_later_version_wrote_counts_by_its_code() {
        let later = |text: &str| Residual::read(serde_json::from_str(text).unwrap());
        let named = |name: &str| Residual::OfLaterVersion { named: name.to_owned() };
        assert_eq!(later(r#"{ "code": "pod_identity", "role": "x" }"#), named("pod_identity"));
        assert_eq!(later(r#"{ "code": "unexplained", "allows": 7 }"#), named("unexplained"));
        assert_eq!(later("7"), named(""));
        assert_eq!(
            later(r#""RoleBinding x allows it.""#),
            Residual::Said { text: "RoleBinding x allows it.".to_owned() }
        );
    }
}
