//! Rules that Cargo cannot enforce: which module of the portal may use which other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each room of `src/` with the rooms that it may use; any room may use `causes` and `machine`. `cli` may use all; the
/// domain is a crate of its own.
const ROOMS: [(&str, &[&str]); 16] = [
    ("causes", &[]),
    ("machine", &[]),
    ("database_url", &[]),
    ("proxy", &[]),
    ("config", &["database_url", "proxy"]),
    ("store", &["database_url"]),
    ("actions", &["store", "config", "words"]),
    ("fault", &[]),
    ("fail_point", &[]),
    ("lease", &["fail_point"]),
    ("aws", &["fault", "lease", "proxy"]),
    ("kubernetes", &["fault", "lease", "proxy"]),
    ("worker", &["actions", "store", "aws", "kubernetes", "fail_point", "fault", "lease", "config", "words"]),
    ("login", &["actions", "store", "config", "proxy", "words"]),
    ("words", &[]),
    ("web", &["actions", "store", "login", "words", "config", "proxy"]),
];

#[test]
fn a_room_uses_only_the_rooms_it_may() {
    let mut wrong = Vec::new();
    for (room, may_use) in ROOMS {
        for (file, text) in sources(room) {
            let used = used_rooms(&text);
            let foreign = used.iter().filter(|u| {
                *u != room && !["causes", "machine"].contains(&u.as_str()) && !may_use.contains(&u.as_str())
            });
            wrong.extend(foreign.map(|used| format!("{} uses {used}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "the rooms of docs/architecture.md forbid:\n{}", wrong.join("\n"));
}

/// Rooms that may name the database's driver: queries, and the parsing of addresses as the driver does it.
const OF_THE_DATABASE: [&str; 2] = ["store", "database_url"];

#[test]
fn sql_is_in_the_store_alone() {
    let others = ROOMS.iter().map(|(room, _)| *room).chain(["cli"]).filter(|room| !OF_THE_DATABASE.contains(room));
    for (file, text) in others.flat_map(sources) {
        assert!(!text.contains("sqlx::"), "{} names sqlx", file.display());
    }
}

/// Structs with a list of pinned namespaces: the terms of an access, what a cluster was seen to have, and an ask whose
/// terms are not all known yet.
const WITH_NAMESPACES: [&str; 3] =
    ["crates/domain/src/access/terms.rs", "crates/domain/src/plan/observation.rs", "src/actions/ask.rs"];

#[test]
fn the_terms_of_an_access_are_one_type() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found: Vec<String> = files(vec![root.join("src"), root.join("crates/domain/src")])
        .into_iter()
        .filter(|(_, text)| text.contains("namespaces: Vec<PinnedNamespace>"))
        .map(|(file, _)| file.strip_prefix(root).unwrap().to_string_lossy().into_owned())
        .collect();
    let other: Vec<&String> = found.iter().filter(|file| !WITH_NAMESPACES.contains(&file.as_str())).collect();
    assert!(other.is_empty(), "these copy the namespaces of an access, which `Terms` has: {other:?}");
    assert_eq!(found.len(), WITH_NAMESPACES.len());
}

#[test]
fn every_room_is_in_the_table() {
    let listed = |name: &str| name == "cli" || ROOMS.iter().any(|(room, _)| *room == name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(source).unwrap().flatten() {
        let name = entry.path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(listed(&name) || name == "lib" || name == "main", "src/{name} is no room of this test's table");
    }
}

/// A line of the JSON log has fields of its own beside those of the event: of two fields with one name in an object, a
/// reader sees one at most.
#[test]
fn no_field_of_an_event_is_named_as_one_that_every_line_has() {
    let logged = ["error!(", "warn!(", "info!(", "debug!("];
    for (file, text) in ROOMS.iter().map(|(room, _)| *room).chain(["cli"]).flat_map(sources) {
        for (at, _) in logged.iter().flat_map(|start| text.match_indices(start)) {
            // The fields only: the message is the first text between quotation marks that does not belong to a field.
            let event: Vec<&str> = text[at..].split(");").next().unwrap_or_default().split_whitespace().collect();
            let event = event.join(" ").replace("( ", "(");
            for name in ["target", "level", "timestamp", "message"] {
                let alone = ["", "%", "?"].map(|sigil| format!("{sigil}{name},"));
                let fields = alone.into_iter().chain([format!("{name} = ")]);
                let mut fields = fields.flat_map(|field| [format!("({field}"), format!(", {field}")]);
                assert!(!fields.any(|field| event.contains(&field)), "{}: {event}", file.display());
            }
        }
    }
}

/// Names that several modules give to a type of theirs. Each file of `cli` has the `Args` of its command, named as clap
/// names them, and only the list of commands sees them.
const IN_SEVERAL_MODULES: [&str; 1] = ["Args"];

/// `Verdict`, `Row` or `Held` in two modules are two things, and who reads one of them has to look up which.
#[test]
fn each_public_type_has_a_name_of_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut homes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in files(vec![root.join("src"), root.join("crates/domain/src")]) {
        for name in text.lines().filter_map(public_type) {
            homes.entry(name).or_default().insert(file.strip_prefix(root).unwrap().to_string_lossy().into_owned());
        }
    }
    assert!(homes.len() > 500, "types are looked for where they are not");
    homes.retain(|name, files| files.len() > 1 && !IN_SEVERAL_MODULES.contains(&name.as_str()));
    assert!(homes.is_empty(), "a name for several types: {homes:#?}");
}

/// The name of the type that a line defines, if any other module can see it.
fn public_type(line: &str) -> Option<String> {
    let after = line.trim_start().strip_prefix("pub")?;
    let after = after.strip_prefix('(').map_or(Some(after), |within| within.split_once(')').map(|(_, after)| after))?;
    let (kind, after) = after.trim_start().split_once(' ')?;
    ["struct", "enum", "trait", "type", "union"].contains(&kind).then(|| name(after))
}

#[test]
fn public_types_are_found() {
    let found = [
        "pub struct Row {",
        "    pub(super) enum Row<'a> {",
        "pub(in crate::a) type Row = u8;",
        "pub trait Row: Copy {",
    ];
    assert!(found.iter().all(|line| public_type(line).as_deref() == Some("Row")));
    assert!(
        ["struct Row;", "pub fn row() {", "/// pub struct Row", "pub struct_row: Row,"]
            .iter()
            .all(|l| public_type(l).is_none())
    );
}

#[test]
fn sign_in_knows_nothing_of_the_web_framework() {
    for (file, text) in sources("login") {
        assert!(!text.contains("axum"), "{} names axum", file.display());
    }
}

/// Names in IAM and EKS mean another thing in each account: each client belongs to one account.
#[test]
fn clients_of_aws_are_those_of_an_account() {
    for (file, text) in sources("aws") {
        let clients = ["aws_sdk_iam::Client", "aws_sdk_eks::Client", "aws_sdk_sts::Client"];
        let holds = clients.iter().any(|client| text.contains(&format!(": {client},\n")));
        assert!(!holds || file.ends_with("accounts.rs"), "{} has a client of its own", file.display());
    }
}

/// Code that reads aws-auth, or asks for access entries.
const ASKS_THE_AUTHENTICATOR: [&str; 5] =
    ["AwsAuth::", ".identities()", "EntryHolders::", "EntryDetails::", ".described"];

/// Files of `plan` that hold what was observed, and files that make worlds for tests.
const OF_OBSERVATIONS: [&str; 5] = ["observation.rs", "kept.rs", "samples.rs", "model", "tests"];

#[test]
fn for_whom_a_cluster_takes_an_arn_is_asked_in_one_room() {
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/domain/src/plan");
    let outside = |path: &Path| {
        let room = path.strip_prefix(&plan).unwrap().components().next().unwrap().as_os_str();
        room != "authenticator" && OF_OBSERVATIONS.iter().all(|name| room != *name)
    };
    let mut files = files(vec![plan.clone()]);
    files.retain(|(path, _)| outside(path));
    assert!(files.len() > 10, "the plan is looked for where it is not");
    // The worker observes access entries; what aws-auth says it gets from the plan, as all rooms do that act on it.
    let of_workers = ["worker", "store", "actions"].into_iter().flat_map(sources);
    for (file, words, text) in (files.into_iter().map(|(file, text)| (file, &ASKS_THE_AUTHENTICATOR[..], text)))
        .chain(of_workers.map(|(file, text)| (file, &ASKS_THE_AUTHENTICATOR[..2], text)))
    {
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for word in words {
            assert!(!code.iter().any(|line| line.contains(word)), "{}: {word} is plan/authenticator's", file.display());
        }
    }
}

/// The Rust files of a room, which is a folder or a file.
fn sources(room: &str) -> Vec<(PathBuf, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let found = files(vec![source.join(room), source.join(format!("{room}.rs"))]);
    assert!(!found.is_empty(), "there is no room {room}");
    found
}

/// The Rust files at these places and below.
fn files(mut ahead: Vec<PathBuf>) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    while let Some(path) = ahead.pop() {
        if path.is_dir() {
            ahead.extend(fs::read_dir(&path).unwrap().flatten().map(|entry| entry.path()));
        } else if path.extension().is_some_and(|e| e == "rs") && path.exists() {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The first names after `crate::`, also within braces.
fn used_rooms(text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut rooms = Vec::new();
    for after in code.join("\n").split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(group) => rooms.extend(first_names(group)),
            None => rooms.push(name(after)),
        }
    }
    rooms.retain(|room| room.starts_with(|c: char| c.is_ascii_lowercase()));
    rooms
}

/// The names at the first level of `a::b, c::{d, e}, f}`.
fn first_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut expected = true;
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expected = true,
            c if expected && !c.is_whitespace() => {
                names.push(name(&group[at..]));
                expected = false;
            }
            _ => {}
        }
    }
    names
}

fn name(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

#[test]
fn names_are_found_within_braces() {
    let text =
        "use crate::store::Tx;\nuse crate::{words, aws::{Iam, Sts},\n    web};\n// crate::cli\npub(crate) fn f() {}";
    assert_eq!(used_rooms(text), ["store", "words", "aws", "web"]);
}

/// Reads of things that only some people may see.
const OF_ONE_PERSON: [&str; 6] =
    ["request::by_id(", "grant::by_id(", "grant::plain(", "target::by_key(", "cluster::live(", "WaysIn::read("];

#[test]
fn who_may_see_is_asked_in_one_place() {
    let mut wrong = Vec::new();
    for (room, _) in ROOMS.iter().filter(|(room, _)| *room != "store") {
        for (file, text) in sources(room).into_iter().filter(|(file, _)| !file.ends_with("actions/sight.rs")) {
            let reads = OF_ONE_PERSON.iter().filter(|read| text.contains(**read));
            wrong.extend(reads.map(|read| format!("{} calls {read}..): ask actions::sight", file.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Manifests that may depend on the test world, and the only one that may turn the domain's feature for it on.
/// `tests/rig/dependencies` asks Cargo whether a binary has either.
#[test]
fn only_tests_and_benches_have_the_test_world() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = fs::read_dir(root.join("crates")).unwrap().flatten().map(|entry| entry.path());
    let manifests: Vec<PathBuf> =
        crates.chain([root.to_owned(), root.join("fuzz")]).map(|folder| folder.join("Cargo.toml")).collect();
    assert!(manifests.len() > 5, "the manifests are looked for where they are not");
    for manifest in manifests.into_iter().filter(|manifest| !manifest.ends_with("crates/testkit/Cargo.toml")) {
        let manifest: toml::Table = fs::read_to_string(&manifest).unwrap().parse().unwrap();
        let named = |table: &str| manifest.get(table).map_or(String::new(), ToString::to_string);
        let used = ["dependencies", "build-dependencies", "target"].map(named).concat();
        assert!(!used.contains("testkit"), "{used}");
        assert!(!named("dev-dependencies").contains("\"testkit\""), "latchkey-testkit alone turns the feature on");
    }
}
