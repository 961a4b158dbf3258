//! What a proof saw, as values: one thing each, with its facts.
//!
//! Rows keep the JSON: a code that was ever stored keeps its name, and its facts keep theirs. Sentences are made where
//! people read them (`words::sighting`).

use super::{blocker::Blocker, stored};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing that a proof saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Sighting {
    /// The cluster maps the principal to this username.
    Mapped { arn: String, username: String },
    /// The binding is there, and binds the username to the ClusterRole.
    Bound { binding: String, cluster_role: String },
    /// The API server answered as intended. `clean` tells that it refused everything that was not decided.
    Reviewed { can: usize, cannot: usize, clean: bool },
    /// The binding is gone.
    BindingGone { binding: String },
    /// The binding binds no subject; it stays in the way of an interrupted run for some minutes.
    BindingEmpty { binding: String },
    /// The mapping stays, since another access of the same person needs it.
    MappedForAnother { username: String },
    /// No mapping of Latchkey's has this username.
    NotMapped { username: String },
    /// The mapping is another client's, and stays.
    MappedByOthers { username: String },
    /// The API server was asked so many questions twice. `clean` tells that it said no to each.
    ReviewedGone { questions: usize, clean: bool },
    /// The cluster is gone, and all of the access with it.
    WithCluster { why: Blocker },
    /// Nothing on the cluster has the label or a name of an access that this version cannot read.
    NothingLabelled {},
    /// IAM was not asked, since the ARN of the principal cannot be read.
    ArnUnreadable {},
    /// Nothing is written to IAM for the principal: its path is not one that Latchkey manages.
    PathUnmanaged { arn: String },
    /// IAM knows no such principal with the id that was proven.
    PrincipalGone { arn: String },
    /// The inline policy holds nothing of the access.
    PolicyEmpty { arn: String, policy: String },
    /// The inline policy reads back as it was written.
    PolicyStands { arn: String, policy: String },
    /// A sentence, as an earlier version stored it.
    Said { text: String },
    /// What a later version stored under this code.
    OfLaterVersion { named: String },
}

impl Sighting {
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
    const RECORDED: &str = include_str!("sighting/recorded.jsonl");

    #[test]
    fn one_of_each_is_recorded_and_reads_as_it_was_written() {
        let mut codes = BTreeSet::new();
        for line in RECORDED.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            let sighting = Sighting::read(value.clone());
            assert_eq!(serde_json::to_value(&sighting).unwrap(), value);
            assert_eq!(value["code"], code(&sighting));
            codes.insert(code(&sighting));
        }
        assert_eq!(codes.len(), 18, "recorded.jsonl has a line of each");
    }

    /// This match is exhaustive, so that a new kind does not compile until a line is recorded for it.
    fn code(sighting: &Sighting) -> &'static str {
        match sighting {
            Sighting::Mapped { .. } => "mapped",
            Sighting::Bound { .. } => "bound",
            Sighting::Reviewed { .. } => "reviewed",
            Sighting::BindingGone { .. } => "binding_gone",
            Sighting::BindingEmpty { .. } => "binding_empty",
            Sighting::MappedForAnother { .. } => "mapped_for_another",
            Sighting::NotMapped { .. } => "not_mapped",
            Sighting::MappedByOthers { .. } => "mapped_by_others",
            Sighting::ReviewedGone { .. } => "reviewed_gone",
            Sighting::WithCluster { .. } => "with_cluster",
            Sighting::NothingLabelled {} => "nothing_labelled",
            Sighting::ArnUnreadable {} => "arn_unreadable",
            Sighting::PathUnmanaged { .. } => "path_unmanaged",
            Sighting::PrincipalGone { .. } => "principal_gone",
            Sighting::PolicyEmpty { .. } => "policy_empty",
            Sighting::PolicyStands { .. } => "policy_stands",
            Sighting::Said { .. } => "said",
            Sighting::OfLaterVersion { .. } => "of_later_version",
        }
    }

    #[test]
    fn what_a_later_version_wrote_counts_by_its_code() {
        let later = |text: &str| Sighting::read(serde_json::from_str(text).unwrap());
        let named = |name: &str| Sighting::OfLaterVersion { named: name.to_owned() };
        assert_eq!(later(r#"{ "code": "node_seen", "node": "x" }"#), named("node_seen"));
        assert_eq!(later(r#"{ "code": "reviewed_gone", "questions": "x" }"#), named("reviewed_gone"));
        assert_eq!(later("7"), named(""));
        assert_eq!(later(r#""it is gone""#), Sighting::Said { text: "it is gone".to_owned() });
    }
}
