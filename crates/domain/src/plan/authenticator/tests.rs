use super::*;
use crate::plan::{
    observation::{EntryDetails, EntryFields, EntryHolders},
    samples,
};

const ANA: &str = "arn:aws:iam::111122223333:user/ana";

fn observed(mode: AuthenticationMode, entries: EntryHolders, line: bool) -> ClusterObservation {
    let mut observed = ClusterObservation { entries, ..samples::observation() };
    observed.aws.as_mut().unwrap().mode = mode;
    let text = format!("- userarn: {ANA}\n  username: ana\n");
    let object = observed.kubernetes.as_mut().unwrap().aws_auth.as_mut().unwrap();
    object.data.extend(line.then(|| ("mapUsers".to_owned(), text)));
    observed
}

fn entry(details: EntryDetails) -> AccessEntry {
    AccessEntry { arn: ANA.to_ascii_uppercase(), details }
}

/// The source that identifies a user, in a word.
fn source(identified: &Identified<'_>) -> &'static str {
    match identified {
        Identified::Line(_) => "line",
        Identified::Entry(_) => "entry",
        Identified::NotMapped => "nobody",
        Identified::Unknown(Some(_)) => "unknown",
        Identified::Unknown(None) => "nobody looked",
    }
}

#[test]
fn an_entry_counts_before_a_line_and_each_only_in_its_modes() {
    use AuthenticationMode::{Api, ApiAndConfigMap as Both, ConfigMap};
    let listed = |details: EntryDetails| EntryHolders::Listed(vec![entry(details)]);
    let (fields, unknown) = (EntryFields::default(), EntryDetails::Unknown(Blocker::EntrySlow {}));
    let none = EntryHolders::Listed(vec![]);
    let failed = EntryHolders::Unknown(Blocker::said("throttled"));
    let cases = [
        (ConfigMap, EntryHolders::NoTable, true, "line"),
        (ConfigMap, EntryHolders::NoTable, false, "nobody"),
        (Both, EntryHolders::NotAsked, true, "line"),
        (Both, none.clone(), true, "line"),
        (Both, none.clone(), false, "nobody"),
        (Both, listed(EntryDetails::Unread), true, "entry"),
        (Both, listed(EntryDetails::Read(fields)), true, "entry"),
        (Both, listed(unknown), true, "unknown"),
        (Both, failed.clone(), true, "line"),
        (Api, none, true, "nobody"),
        (Api, EntryHolders::NotAsked, true, "nobody looked"),
        (Api, failed, true, "unknown"),
        (Api, listed(EntryDetails::Unread), false, "entry"),
    ];
    for (mode, entries, line, expected) in cases {
        let observed = observed(mode, entries.clone(), line);
        let authenticator = Authenticator::of(&observed);
        assert_eq!(source(&authenticator.identify(ANA)), expected, "{mode:?} {entries:?} {line}");
    }
}

#[test]
fn what_was_asked_of_one_arn_counts_where_nothing_was_listed() {
    let mut observed =
        observed(AuthenticationMode::ApiAndConfigMap, EntryHolders::Unknown(Blocker::said("throttled")), true);
    observed.described = vec![entry(EntryDetails::Unknown(Blocker::EntrySlow {}))];
    assert_eq!(source(&Authenticator::of(&observed).identify(ANA)), "unknown");
    assert_eq!(source(&Authenticator::of(&observed).identify("arn:aws:iam::111122223333:user/ben")), "nobody");
    assert!(Authenticator::of(&observed).lines().take(ANA).is_some(), "its line is there all the same");
}

#[test]
fn entries_that_earlier_versions_stored_are_read() {
    let read = |json: &str| serde_json::from_str::<EntryHolders>(json).unwrap();
    assert_eq!(read(r#""not_asked""#), EntryHolders::NotAsked);
    assert_eq!(read(r#"{"unknown":"throttled"}"#), EntryHolders::Unknown(Blocker::said("throttled")));
    assert_eq!(read(&format!(r#"{{"listed":["{ANA}"]}}"#)), EntryHolders::Listed(vec![AccessEntry::named(ANA)]));
    let fields = EntryFields { username: "ana".into(), kind: "STANDARD".into(), ..EntryFields::default() };
    for details in [EntryDetails::Unread, EntryDetails::Read(fields), EntryDetails::Unknown(Blocker::EntrySlow {})] {
        let now = EntryHolders::Listed(vec![entry(details)]);
        assert_eq!(read(&serde_json::to_string(&now).unwrap()), now);
    }
    assert_eq!(read(&serde_json::to_string(&EntryHolders::NoTable).unwrap()), EntryHolders::NoTable);
}
