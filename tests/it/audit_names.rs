//! The list of actions that the audit log goes by is that of the code.

use latchkey_domain::audit::names::{ACTIONS, PROCESSES, nouns};
use std::{collections::BTreeSet, fs, path::Path};

/// Where events are recorded. Words and pages read them, and the list itself is no proof of anything.
const RECORDING: [&str; 5] = ["crates/domain/src/access", "src/actions", "src/store", "src/worker", "src/login"];

#[test]
fn every_action_and_process_that_the_code_records_is_listed_and_no_other() {
    let mut literals = BTreeSet::new();
    for folder in RECORDING {
        gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut literals);
    }
    let nouns: Vec<&str> = nouns().collect();
    let is_action = |text: &str| {
        text.split_once('.').is_some_and(|(noun, did)| {
            nouns.contains(&noun) && did != "toml" && did.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        })
    };
    let recorded: BTreeSet<&str> = literals.iter().map(String::as_str).filter(|text| is_action(text)).collect();
    assert_eq!(recorded, ACTIONS.into_iter().collect::<BTreeSet<_>>());
    for process in PROCESSES {
        assert!(literals.contains(process), "no code is the process `{process}`");
    }
}

/// The literals of a folder's Rust files, but for those of unit tests.
fn gather(folder: &Path, literals: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, literals);
        } else if path.extension().is_some_and(|e| e == "rs") && path.file_stem().is_some_and(|stem| stem != "tests") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            literals.extend(code.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
}
