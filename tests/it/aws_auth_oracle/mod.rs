//! Latchkey's reading of aws-auth against the authenticator's own, and Latchkey's edits as the authenticator sees them.

mod oracle;
mod texts;

use std::collections::BTreeMap;

use latchkey_domain::eks::aws_auth::{AwsAuth, Data, Edit, Key, Mappings, Spliced};

use serde::Deserialize;

use self::oracle::{Oracle, Reading};
use self::texts::Texts;

/// Random texts in a run, unless `LATCHKEY_ORACLE_TEXTS` says otherwise.
const TEXTS: usize = 20_000;

/// Why an edit may be refused on a text that the authenticator reads without an error.
const REASONS: &[&str] = &["line-separator", "stray-character", "trailing-text", "already-mapped", "too-large"];

fn ours(auth: &AwsAuth) -> Reading {
    Reading {
        mappings: auth.identities().clone(),
        failed: !auth.errors().is_empty(),
        error: auth.errors().first().map(|error| error.message.clone()).unwrap_or_default(),
    }
}

/// A different seed each day, so that many texts are tried over time and a failure can be repeated on the same day.
fn seed() -> u64 {
    let given = std::env::var("LATCHKEY_SEED").ok().and_then(|seed| seed.parse().ok());
    let day = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs() / 86_400);
    let seed = given.unwrap_or(day);
    tell(&format!("random texts of seed {seed} (LATCHKEY_SEED={seed} repeats them)"));
    seed
}

/// Prints a figure of the run, past the test harness, which hides the output of a test that passes.
fn tell(line: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("aws-auth: {line}\n").as_bytes());
}

fn count() -> usize {
    std::env::var("LATCHKEY_ORACLE_TEXTS").ok().and_then(|count| count.parse().ok()).unwrap_or(TEXTS)
}

#[test]
fn random_texts_are_read_as_the_authenticator_reads_them() {
    let Some(oracle) = Oracle::find() else { return };
    let mut texts = Texts::new(seed());
    let data: Vec<Data> = (0..count()).map(|_| texts.data()).collect();
    let theirs = oracle.read(&data);
    let mut different = Vec::new();
    let mut failed = 0;
    for (data, theirs) in data.iter().zip(&theirs) {
        let ours = ours(&AwsAuth::read(data));
        failed += usize::from(theirs.failed);
        if ours.mappings != theirs.mappings || ours.failed != theirs.failed {
            different.push((data, ours, theirs));
        }
    }
    tell(&format!("{} texts read, {failed} of them with errors", data.len()));
    for (data, ours, theirs) in different.iter().take(10) {
        println!("data:   {data:?}\nours:   {ours:?}\ntheirs: {theirs:?}\n");
    }
    assert!(different.is_empty(), "{} texts are read differently", different.len());
}

#[test]
fn the_corpus_is_read_as_it_was_recorded() {
    let Some(oracle) = Oracle::find() else { return };
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/aws_auth/texts.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let cases: Vec<Case> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(cases.len() >= 300);
    let theirs = oracle.read(cases.iter().map(|case| &case.data));
    for (case, theirs) in cases.iter().zip(theirs) {
        let ours = ours(&AwsAuth::read(&case.data));
        assert_eq!(case.reading.mappings, theirs.mappings, "{}", case.name);
        assert_eq!(ours.mappings, theirs.mappings, "{}", case.name);
        assert_eq!((ours.failed, case.reading.failed), (theirs.failed, theirs.failed), "{}", case.name);
    }
}

#[derive(Deserialize)]
struct Case {
    name: String,
    data: Data,
    reading: Reading,
}

/// An edit that was accepted, and the data before and after it.
struct Accepted {
    before: Data,
    between: Data,
    key: Key,
    /// The entry as the authenticator should see it.
    arn: String,
}

#[test]
fn accepted_edits_add_exactly_one_entry_and_go_without_a_trace() {
    let Some(oracle) = Oracle::find() else { return };
    let mut texts = Texts::new(seed());
    let data: Vec<Data> = (0..count()).map(|_| texts.data()).collect();
    let before = oracle.read(&data);
    let mut refused: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut wrongly = Vec::new();
    let mut accepted = Vec::new();
    for (data, theirs) in data.iter().zip(&before) {
        let auth = AwsAuth::read(data);
        for (key, arn) in [
            (Key::MapUsers, "arn:aws:iam::111122223333:user/latchkey/new"),
            (Key::MapRoles, "arn:aws:iam::111122223333:role/new"),
        ] {
            match auth.edit(&addition(key, arn, texts.chance(0.3))) {
                Ok(spliced) => {
                    check_splice(&spliced, data);
                    comes_back(&spliced, data, arn);
                    outlives_another(&spliced, data, key);
                    let between = spliced.data(data);
                    accepted.push((Accepted { before: data.clone(), between, key, arn: arn.into() }, theirs.clone()));
                }
                Err(refusal) => {
                    *refused.entry(refusal.code()).or_default() += 1;
                    if !theirs.failed && !REASONS.contains(&refusal.code()) {
                        wrongly.push(format!("{}: {data:?}", refusal.code()));
                    }
                }
            }
        }
    }
    tell(&format!("{} edits accepted; refused by reason: {refused:?}", accepted.len()));
    let between = oracle.read(accepted.iter().map(|(accepted, _)| &accepted.between));
    for ((accepted, before), between) in accepted.iter().zip(&between) {
        sees_one_more(accepted, before, between);
    }
    for text in wrongly.iter().take(10) {
        println!("refused without a reason: {text}");
    }
    assert!(wrongly.is_empty(), "{} texts are refused without a reason", wrongly.len());
}

fn addition(key: Key, arn: &str, grouped: bool) -> Edit {
    let groups = if grouped { vec!["readers".to_owned(), "a: \"b\" #c".to_owned()] } else { Vec::new() };
    let (arn, username) = (arn.to_owned(), "latchkey:jane:1".to_owned());
    match key {
        Key::MapRoles => Edit::AddRole { arn, username, groups },
        Key::MapUsers | Key::MapAccounts => Edit::AddUser { arn, username, groups },
    }
}

fn check_splice(spliced: &Spliced, data: &Data) {
    let before = spliced.before.clone().unwrap_or_default();
    let rest = &before[spliced.at + spliced.removed.len()..];
    let after = format!("{}{}{rest}", &before[..spliced.at], spliced.inserted);
    assert_eq!(spliced.after.as_ref(), Some(&after), "{data:?}");
    assert_eq!(&before[spliced.at..spliced.at + spliced.removed.len()], spliced.removed, "{data:?}");
}

/// The entry is taken out in three ways: by the record, by the recorded bytes, and by the ARN.
fn comes_back(spliced: &Spliced, data: &Data, arn: &str) {
    let between = spliced.data(data);
    assert_eq!(&spliced.undo().data(&between), data, "the undone splice gives the bytes from before");
    let auth = AwsAuth::read(&between);
    if spliced.removed.is_empty() {
        let bytes = Edit::RemoveBytes { key: spliced.key, bytes: spliced.inserted.clone() };
        let gone = auth.edit(&bytes).unwrap_or_else(|refusal| panic!("{refusal}: {between:?}"));
        assert_eq!(&gone.data(&between), data, "the recorded bytes go without a trace");
    }
    let removed = auth.edit(&Edit::Remove { arn: arn.to_owned() });
    let removed = removed.unwrap_or_else(|refusal| panic!("{refusal}: {between:?}")).data(&between);
    if spliced.removed.is_empty() && spliced.before.as_ref().is_some_and(|text| !text.is_empty()) {
        assert_eq!(&removed, data, "removed by its ARN, the entry leaves no trace");
    } else {
        let mut without = data.clone();
        without.remove(spliced.key.as_str());
        assert_eq!(removed, without, "where nothing but the entry was in it, its key goes");
    }
}

/// Two entries of Latchkey's, taken out in either order.
fn outlives_another(first: &Spliced, data: &Data, key: Key) {
    if !first.removed.is_empty() {
        return;
    }
    let one = first.data(data);
    let arn = match key {
        Key::MapRoles => "arn:aws:iam::111122223333:role/other",
        Key::MapUsers | Key::MapAccounts => "arn:aws:iam::111122223333:user/other",
    };
    let second =
        AwsAuth::read(&one).edit(&addition(key, arn, false)).unwrap_or_else(|refusal| panic!("{refusal}: {one:?}"));
    let both = second.data(&one);
    for order in [[first, &second], [&second, first]] {
        let mut left = both.clone();
        for spliced in order {
            let bytes = Edit::RemoveBytes { key, bytes: spliced.inserted.clone() };
            let gone = AwsAuth::read(&left).edit(&bytes).unwrap_or_else(|refusal| panic!("{refusal}: {left:?}"));
            left = gone.data(&left);
        }
        assert_eq!(&left, data, "two entries go in either order");
    }
}

fn sees_one_more(accepted: &Accepted, before: &Reading, between: &Reading) {
    let Accepted { before: data, between: text, key, arn } = accepted;
    assert!(!between.failed, "{text:?}: {}", between.error);
    let mut rest = between.mappings.clone();
    match key {
        Key::MapRoles => rest.roles.retain(|role| role.rolearn.as_ref() != Some(arn)),
        Key::MapUsers | Key::MapAccounts => rest.users.retain(|user| user.userarn != *arn),
    }
    assert_eq!(rest, before.mappings, "{data:?} -> {text:?}");
    let count = |mappings: &Mappings| mappings.roles.len() + mappings.users.len();
    assert_eq!(count(&between.mappings), count(&before.mappings) + 1, "{data:?} -> {text:?}");
    let mapped = between.mappings.lookup(arn).map(|mapped| mapped.username.into_owned());
    assert_eq!(mapped.as_deref(), Some("latchkey:jane:1"), "{data:?} -> {text:?}");
}
