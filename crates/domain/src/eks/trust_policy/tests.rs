//! What each document of the corpus is judged as, and what no change of a document may do.

mod meaning;

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{LONGEST_DOCUMENT_BYTES, NoPin, Pin, RoleTrust, Unpinned, identity_center_set, judge};
use crate::eks::arn::RoleArn;

const CORPUS: &str = include_str!("corpus.jsonl");

/// A document of the corpus: `document` is its text, or the value that the text says.
#[derive(Debug, Deserialize)]
struct Judged {
    name: String,
    role: RoleArn,
    document: Value,
    verdict: RoleTrust,
}

impl Judged {
    fn text(&self) -> String {
        self.document.as_str().map_or_else(|| self.document.to_string(), str::to_owned)
    }

    /// The document with a further statement at its end; `None` for one that is text or has no statements.
    fn and(&self, statement: &Value) -> Option<String> {
        let mut document = self.document.clone();
        let statements = document.get_mut("Statement")?;
        if !statements.is_array() {
            *statements = json!([statements.take()]);
        }
        statements.as_array_mut()?.push(statement.clone());
        Some(document.to_string())
    }
}

fn corpus() -> Vec<Judged> {
    CORPUS.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"))).collect()
}

fn role() -> RoleArn {
    RoleArn::parse("arn:aws:iam::111122223333:role/Deploy").unwrap()
}

fn is_pinned(verdict: &RoleTrust) -> bool {
    matches!(verdict, RoleTrust::Pinned(_))
}

#[test]
fn every_document_of_the_corpus_has_its_verdict() {
    for (line, judged) in (1..).zip(corpus()) {
        assert_eq!(judge(&judged.role, &judged.text()), judged.verdict, "line {line}: {}", judged.name);
    }
}

#[test]
fn a_verdict_is_written_as_the_corpus_has_it() {
    for line in CORPUS.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let verdict: RoleTrust = serde_json::from_value(line["verdict"].clone()).unwrap();
        assert_eq!(serde_json::to_value(&verdict).unwrap(), line["verdict"]);
    }
}

#[test]
fn the_corpus_has_documents_of_each_sort_under_names_of_their_own() {
    let corpus = corpus();
    let count = |fits: &dyn Fn(&RoleTrust) -> bool| corpus.iter().filter(|judged| fits(&judged.verdict)).count();
    let names: BTreeSet<&str> = corpus.iter().map(|judged| judged.name.as_str()).collect();
    assert_eq!(names.len(), corpus.len(), "two documents have the same name");
    assert!(corpus.len() >= 70);
    assert!(count(&is_pinned) >= 15);
    assert!(count(&|verdict| matches!(verdict, RoleTrust::NotForPeople(_))) >= 10);
    let is_unreadable = |verdict: &RoleTrust| reasons(verdict).iter().any(|reason| is_of_reading(&reason.why));
    assert!(count(&is_unreadable) >= 10);
    assert!(count(&|verdict| !reasons(verdict).is_empty() && !is_unreadable(verdict)) >= 30);
}

fn reasons(verdict: &RoleTrust) -> &[Unpinned] {
    match verdict {
        RoleTrust::Shared(reasons) => reasons,
        RoleTrust::Pinned(_) | RoleTrust::NotForPeople(_) => &[],
    }
}

/// Whether a reason is that something cannot be read.
fn is_of_reading(why: &NoPin) -> bool {
    matches!(
        why,
        NoPin::NotJson { .. }
            | NoPin::RepeatedKey { .. }
            | NoPin::UnknownElement { .. }
            | NoPin::MissingElement { .. }
            | NoPin::WrongType { .. }
            | NoPin::UnknownVersion { .. }
            | NoPin::UnknownEffect { .. }
            | NoPin::UnreadableAction { .. }
    )
}

#[test]
fn every_code_of_a_reason_stands_in_the_corpus() {
    let corpus = corpus();
    let written: Vec<Value> =
        corpus.iter().flat_map(|judged| reasons(&judged.verdict)).map(|reason| json!(reason.why)).collect();
    let codes: BTreeSet<&str> = written.iter().filter_map(|why| why["code"].as_str()).collect();
    let error = serde_json::from_value::<NoPin>(json!({ "code": "none such" })).unwrap_err().to_string();
    let known: BTreeSet<&str> = error.split('`').skip(3).step_by(2).collect();
    let lacking: Vec<&&str> = known.difference(&codes).filter(|code| **code != "too_long").collect();
    assert!(known.len() > 30 && lacking.is_empty(), "no document has the reason {lacking:?}");
}

#[test]
fn a_document_longer_than_any_is_not_read() {
    let pinned = corpus().into_iter().find(|judged| is_pinned(&judged.verdict)).unwrap();
    let text = pinned.text();
    let padded = |bytes: usize| format!("{text}{}", " ".repeat(bytes - text.len()));
    assert!(is_pinned(&judge(&pinned.role, &padded(LONGEST_DOCUMENT_BYTES))));
    let why = NoPin::TooLong { bytes: LONGEST_DOCUMENT_BYTES + 1 };
    let too_long = RoleTrust::Shared(vec![Unpinned { statement: 0, why }]);
    assert_eq!(judge(&pinned.role, &padded(LONGEST_DOCUMENT_BYTES + 1)), too_long);
}

#[test]
fn an_unpinned_statement_more_leaves_nothing_pinned() {
    let mut tried = 0;
    for (n, statement) in [
        json!({ "Effect": "Allow", "Principal": { "AWS": "111122223333" }, "Action": "sts:AssumeRole" }),
        json!({ "Effect": "Allow", "Principal": "*", "Action": "sts:*" }),
        json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:user/ann" }, "Action": "*" }),
        json!({ "Effect": "Allow", "Principal": { "Federated": "arn:aws:iam::111122223333:saml-provider/Okta" },
            "Action": "sts:AssumeRoleWithSAML" }),
        json!({ "Effect": "Allow", "NotPrincipal": { "AWS": "111122223333" }, "NotAction": "sts:TagSession" }),
    ]
    .iter()
    .enumerate()
    {
        for judged in corpus() {
            let Some(text) = judged.and(statement) else { continue };
            assert!(!is_pinned(&judge(&judged.role, &text)), "statement {n} added to: {}", judged.name);
            tried += usize::from(is_pinned(&judged.verdict));
        }
    }
    assert!(tried > 100);
}

#[test]
fn a_deny_or_a_statement_about_tags_changes_no_verdict() {
    for statement in [
        json!({ "Effect": "Deny", "Principal": "*", "Action": "*" }),
        json!({ "Effect": "Deny", "NotPrincipal": { "AWS": "111122223333" }, "Action": "sts:AssumeRole" }),
        json!({ "Effect": "Allow", "Principal": { "AWS": "444455556666" }, "Action": "sts:TagSession" }),
    ] {
        for judged in corpus() {
            let Some(text) = judged.and(&statement) else { continue };
            assert_eq!(judge(&judged.role, &text), judged.verdict, "{statement} added to: {}", judged.name);
        }
    }
}

#[test]
fn a_statement_without_its_condition_is_not_pinned() {
    let by_name = |verdict: &RoleTrust| matches!(verdict, RoleTrust::Pinned(Pin::UserName | Pin::Literal));
    for judged in corpus().iter().filter(|judged| by_name(&judged.verdict)) {
        let Some(statements) = judged.document["Statement"].as_array() else { continue };
        for n in (0..statements.len()).filter(|n| statements[*n]["Condition"]["StringEquals"].is_object()) {
            let mut document = judged.document.clone();
            document["Statement"][n].as_object_mut().unwrap().remove("Condition");
            assert!(!is_pinned(&judge(&judged.role, &document.to_string())), "statement {n} of: {}", judged.name);
        }
    }
}

#[test]
fn a_part_of_a_document_is_not_pinned() {
    for judged in corpus().iter().filter(|judged| judged.document.is_object()) {
        let text = judged.text();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            assert!(!is_pinned(&judge(&judged.role, &text[..end])), "{end} bytes of: {}", judged.name);
        }
    }
}

#[test]
fn a_role_of_identity_center_names_its_permission_set() {
    let set = |name: &str| {
        let role = RoleArn::parse(&format!("arn:aws:iam::111122223333:role/{name}")).unwrap();
        identity_center_set(&role).map(str::to_owned)
    };
    assert_eq!(set("aws-reserved/sso.amazonaws.com/AWSReservedSSO_View_0123456789abcdef"), Some("View".to_owned()));
    assert_eq!(set("AWSReservedSSO_Read_Only_0123456789ABCDEF"), Some("Read_Only".to_owned()));
    let longest = format!("AWSReservedSSO_{}_0123456789abcdef", "x".repeat(32));
    assert_eq!(set(&longest), Some("x".repeat(32)));
    for name in [
        "AWSReservedSSO_0123456789abcdef",
        "AWSReservedSSO__0123456789abcdef",
        "AWSReservedSSO_View_0123456789abcde",
        "AWSReservedSSO_View_0123456789abcdeg",
        "AWSReservedSSO_View",
        "MyAWSReservedSSO_View_0123456789abcdef",
    ] {
        assert_eq!(set(name), None, "{name}");
    }
}

proptest! {
    #[test]
    fn any_text_has_a_verdict_and_none_is_pinned(text in any::<String>()) {
        prop_assert!(!is_pinned(&judge(&role(), &text)));
    }

    #[test]
    fn a_document_with_a_character_changed_has_a_verdict(
        n in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        c in any::<char>(),
    ) {
        let corpus = corpus();
        let judged = n.get(&corpus);
        let mut text: Vec<char> = judged.text().chars().collect();
        if !text.is_empty() {
            let at = at.index(text.len());
            text[at] = c;
        }
        let text: String = text.into_iter().collect();
        if let RoleTrust::Shared(reasons) = judge(&judged.role, &text) {
            prop_assert!((1..=5).contains(&reasons.len()));
        }
    }
}
