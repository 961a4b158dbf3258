//! One of each blocker, as rows keep it.

use super::*;
use std::collections::BTreeSet;

/// A blocker of each code, as its JSON was first stored. If a line no longer reads, or reads as another blocker, stored
/// rows have become unreadable. A new blocker gets a new line; an existing line never changes.
const RECORDED: &str = include_str!("recorded.jsonl");

fn recorded() -> Vec<Value> {
    RECORDED.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_blocker_of_each_code_is_recorded_and_reads_as_it_was_written() {
    let mut codes = BTreeSet::new();
    for value in recorded() {
        let why = Blocker::read(value.clone());
        assert_eq!(value["code"], why.code(), "{value} is read as {why:?}");
        assert_eq!(serde_json::to_value(&why).unwrap(), value);
        assert_eq!(serde_json::from_value::<Blocker>(value).unwrap(), why);
        codes.insert(why.code());
    }
    let lacking: Vec<_> = CODES.iter().filter(|code| !codes.contains(*code)).collect();
    assert!(lacking.is_empty(), "recorded.jsonl has no line of {lacking:?}");
}

#[test]
fn a_code_is_what_the_database_takes_for_one_and_stands_once() {
    let is_plain = |code: &str| code.chars().all(|c| c.is_ascii_lowercase() || c == '_') && code.len() <= 60;
    assert!(CODES.iter().all(|code| is_plain(code)));
    assert_eq!(CODES.iter().collect::<BTreeSet<_>>().len(), CODES.len());
}

#[test]
fn what_a_later_version_wrote_counts_by_its_code_and_stops_nobody() {
    let later = |text: &str| Blocker::read(serde_json::from_str(text).unwrap());
    let named = |name: &str| Blocker::OfLaterVersion { named: name.to_owned() };
    assert_eq!(later(r#"{ "code": "frozen", "until": "noon" }"#), named("frozen"));
    assert_eq!(later(r#"{ "code": "paused", "cluster": ["prod"] }"#), named("paused"), "a fact is of another form");
    assert_eq!(later(r#"{ "code": 7 }"#), named(""));
    assert_eq!(later("[]"), named(""));
    assert_eq!(
        later(r#""EKS was away.""#),
        Blocker::said("EKS was away."),
        "an earlier version kept the sentence alone"
    );
    let within = r#"{ "code": "not_seen", "cluster": "prod", "why": { "code": "frozen" } }"#;
    assert_eq!(later(within), Blocker::NotSeen { cluster: "prod".to_owned(), why: Some(Box::new(named("frozen"))) });
    let more = later(r#"{ "code": "paused", "cluster": "prod", "why": "nodes", "until": "noon" }"#);
    assert_eq!(
        more,
        Blocker::Paused { cluster: "prod".to_owned(), why: "nodes".to_owned() },
        "a fact more is left out"
    );
}
