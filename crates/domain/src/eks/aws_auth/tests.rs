mod linting;
mod removing;

use proptest::prelude::*;

use super::*;

fn data(users: &str) -> Data {
    Data::from([("mapUsers".to_owned(), users.to_owned())])
}

fn add(arn: &str) -> Edit {
    Edit::AddUser { arn: arn.to_owned(), username: "latchkey:jane:1".to_owned(), groups: Vec::new() }
}

fn remove(spliced: &Spliced) -> Edit {
    Edit::RemoveBytes { key: spliced.key, bytes: spliced.inserted.clone() }
}

const JANE: &str = "arn:aws:iam::111122223333:user/jane";
const JOE: &str = "- userarn: arn:aws:iam::111122223333:user/joe\n  username: joe\n";

/// A text of the corpus and how the authenticator reads it.
#[derive(Deserialize)]
struct Case {
    name: String,
    about: String,
    data: Data,
    reading: Recorded,
}

#[derive(Deserialize)]
struct Recorded {
    #[serde(flatten)]
    mappings: Mappings,
    failed: bool,
}

fn corpus() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/corpus/aws_auth/texts.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_corpus_reads_as_the_authenticator_was_recorded_to_read_it() {
    let corpus = corpus();
    assert!(corpus.len() >= 300);
    for Case { name, about, data, reading } in corpus {
        let auth = AwsAuth::read(&data);
        assert_eq!(auth.identities(), &reading.mappings, "{name}: {about}");
        assert_eq!(!auth.errors().is_empty(), reading.failed, "{name}: {about}: {:?}", auth.errors());
    }
}

#[test]
fn every_text_of_the_corpus_takes_an_entry_or_says_why_not() {
    for Case { name, data, reading, .. } in corpus() {
        let auth = AwsAuth::read(&data);
        auth.lint();
        match auth.edit(&add("arn:aws:iam::999999999999:user/new")) {
            Ok(spliced) => {
                let between = spliced.data(&data);
                let gone = AwsAuth::read(&between).edit(&remove(&spliced)).unwrap();
                if spliced.removed.is_empty() {
                    assert_eq!(gone.data(&between), data, "{name}");
                }
                assert_eq!(spliced.undo().data(&between), data, "{name}");
            }
            Err(refusal) => assert!(reading.failed || refusal.code() == "line-separator", "{name}: {refusal}"),
        }
    }
}

#[test]
fn an_entry_is_added_behind_the_last_one_and_goes_without_a_trace() {
    let before = data(&format!("{JOE}# the end\n"));
    let spliced = AwsAuth::read(&before).edit(&add(JANE)).unwrap();
    let between = spliced.data(&before);
    assert_eq!(
        between["mapUsers"],
        format!(
            "{JOE}- userarn: \"arn:aws:iam::111122223333:user/jane\"\n  username: \"latchkey:jane:1\"\n  groups: []\n\
             # the end\n"
        )
    );
    let auth = AwsAuth::read(&between);
    assert_eq!(auth.identities().lookup(JANE).unwrap().username, "latchkey:jane:1");
    assert_eq!(auth.edit(&remove(&spliced)).unwrap().data(&between), before);
    assert_eq!(auth.edit(&Edit::Remove { arn: JANE.to_owned() }).unwrap().data(&between), before);
    assert_eq!(spliced.undo().data(&between), before);
}

#[test]
fn an_absent_key_is_absent_again_and_an_empty_one_is_empty_again() {
    let other = "arn:aws:iam::111122223333:user/other";
    for before in [Data::new(), data("")] {
        let first = AwsAuth::read(&before).edit(&add(JANE)).unwrap();
        let one = first.data(&before);
        let second = AwsAuth::read(&one).edit(&add(other)).unwrap();
        let both = second.data(&one);
        for order in [[&first, &second], [&second, &first]] {
            let mut left = both.clone();
            for spliced in order {
                left = AwsAuth::read(&left).edit(&remove(spliced)).unwrap().data(&left);
            }
            assert_eq!(left, before);
        }
    }
}

#[test]
fn our_own_bytes_go_even_from_a_text_that_someone_broke() {
    let before = data(JOE);
    let spliced = AwsAuth::read(&before).edit(&add(JANE)).unwrap();
    let mut broken = spliced.data(&before);
    let text = broken.get_mut("mapUsers").unwrap();
    text.push_str("- userarn: [\n");
    let auth = AwsAuth::read(&broken);
    assert_eq!(auth.edit(&add("arn:aws:iam::111122223333:user/new")).unwrap_err().code(), "unreadable");
    let left = auth.edit(&remove(&spliced)).unwrap().data(&broken);
    assert_eq!(left["mapUsers"], format!("{JOE}- userarn: [\n"));
}

#[test]
fn bytes_that_someone_changed_are_not_guessed_at() {
    let before = data(JOE);
    let spliced = AwsAuth::read(&before).edit(&add(JANE)).unwrap();
    let mut changed = spliced.data(&before);
    let text = changed.get_mut("mapUsers").unwrap();
    *text = text.replace("latchkey:jane:1", "admin");
    assert_eq!(AwsAuth::read(&changed).edit(&remove(&spliced)).unwrap_err().code(), "changed");
}

#[test]
fn an_entry_of_someone_else_is_never_taken_over() {
    let before = data(JOE);
    let refusal = AwsAuth::read(&before).edit(&add("arn:aws:iam::111122223333:user/JOE")).unwrap_err();
    assert_eq!(refusal.code(), "already-mapped");
    assert!(refusal.to_string().contains("`joe`"), "{refusal}");
}

#[test]
fn entries_that_would_never_match_are_not_written() {
    let auth = AwsAuth::read(&Data::new());
    let role = |arn: &str| Edit::AddRole { arn: arn.to_owned(), username: "u".to_owned(), groups: Vec::new() };
    let code = |edit: &Edit| auth.edit(edit).map_err(|refusal| refusal.code()).err();
    assert_eq!(code(&role("arn:aws:iam::111122223333:role/team/deploy")), Some("never-matches"));
    let center = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_View_1a2b";
    assert_eq!(code(&role(center)), Some("never-matches"));
    assert_eq!(code(&role("arn:aws:iam::111122223333:role/AWSReservedSSO_View_1a2b")), None);
    assert_eq!(code(&role("arn:aws:iam::111122223333:role/deploy")), None);
    assert_eq!(code(&add("arn:aws:iam::111122223333:group/devs")), Some("never-matches"));
    assert_eq!(code(&add("arn:aws:iam::111122223333:user/team/jane")), None);
    assert_eq!(code(&add("jane")), Some("never-matches"));
}

#[test]
fn no_line_is_added_where_parsers_disagree_about_lines() {
    let auth = AwsAuth::read(&data(&format!("{JOE}# a\u{2028}# b\n")));
    assert_eq!(auth.edit(&add(JANE)).unwrap_err().code(), "line-separator");
    assert!(auth.lint().iter().any(|finding| finding.rule == "line-separator"));
}

#[test]
fn a_config_map_never_grows_beyond_what_kubernetes_takes() {
    let text = format!("{JOE}# {}\n", "x".repeat(MOST_BYTES - 120));
    assert_eq!(AwsAuth::read(&data(&text)).edit(&add(JANE)).unwrap_err().code(), "too-large");
}

#[test]
fn findings_name_what_matters() {
    let text = "- userarn: arn:aws:iam::111122223333:user/a\n  username: a\n  groups:\n  - system:masters\n   - b\n\
                - userarn: arn:aws:iam::111122223333:user/A\n  Username: b\n  team: c\n\
                - userarn: arn:aws:iam::111122223333:group/c\n";
    let rules: Vec<&str> = AwsAuth::read(&data(text)).lint().iter().map(|finding| finding.rule).collect();
    for rule in [
        "group-looks-like-a-list",
        "mapped-twice-in-other-case",
        "field-case",
        "unknown-field",
        "never-matches",
        "no-username",
    ] {
        assert!(rules.contains(&rule), "{rule}: {rules:?}");
    }
}

#[test]
fn names_that_were_run_together_are_named_and_those_of_nodes_are_errors() {
    let nodes = "- rolearn: arn:aws:iam::111122223333:role/node\n  username: system:node:{{EC2PrivateDNSName}}\n    \
                 - system:bootstrappers\n    - system:nodes\n";
    let person =
        |groups: &str| format!("- userarn: arn:aws:iam::111122223333:user/a\n  username: a\n  groups: {groups}\n");
    let found = |key: &str, text: &str| -> Vec<(&str, Severity)> {
        let data = Data::from([(key.to_owned(), text.to_owned())]);
        AwsAuth::read(&data).lint().iter().map(|finding| (finding.rule, finding.severity)).collect()
    };
    assert_eq!(found("mapRoles", nodes), [("group-looks-like-a-list", Severity::Error)]);
    let joined = "- rolearn: arn:aws:iam::111122223333:role/node\n  username: system:node:{{EC2PrivateDNSName}}\n  \
                  groups: ['system:bootstrappers,system:nodes']\n";
    assert_eq!(found("mapRoles", joined), [("several-in-one", Severity::Error)]);
    for groups in ["['system:masters,team-a']", "['devs, view-all']", "['devs ']", "['devs view-all']"] {
        assert_eq!(found("mapUsers", &person(groups)), [("several-in-one", Severity::Warning)], "{groups}");
    }
    assert_eq!(found("mapUsers", &person("[devs, view-all]")), []);
}

#[test]
fn templates_that_nobody_fills_in_and_nodes_without_their_group_are_named() {
    let nodes = |username: &str, groups: &str| {
        format!("- rolearn: arn:aws:iam::111122223333:role/node\n  username: '{username}'\n  groups: {groups}\n")
    };
    let found = |text: &str| -> Vec<(&str, Severity)> {
        let data = Data::from([("mapRoles".to_owned(), text.to_owned())]);
        AwsAuth::read(&data).lint().iter().map(|finding| (finding.rule, finding.severity)).collect()
    };
    let both = "['system:bootstrappers', 'system:nodes']";
    assert_eq!(found(&nodes("system:node:{{EC2PrivateDNSName}}", both)), []);
    assert_eq!(found(&nodes("system:node:{{SessionName}}", both)), [], "as nodes of Fargate are named");
    let chosen = ("caller-chooses-name", Severity::Info);
    assert_eq!(found(&nodes("dev-{{SessionNameRaw}}", "[devs]")), [chosen]);
    let collides = ("session-names-collide", Severity::Info);
    assert_eq!(found(&nodes("dev-{{SessionName}}", "[devs]")), [chosen, collides]);
    // Latchkey's own, which it writes for pinned roles alone.
    assert_eq!(found(&nodes("latchkey:r.0123456789abcdef:1:{{SessionNameRaw}}", "[]")), []);
    for name in ["{EC2PrivateDNSName}", "{EC2PrivateDNSName}}", "${EC2PrivateDNSName}", "((EC2PrivateDNSName))"] {
        let text = nodes(&format!("system:node:{name}"), both);
        let rules = [("system-username", Severity::Warning), ("unknown-template", Severity::Error)];
        let mut named = found(&text);
        named.sort_unstable();
        assert_eq!(named, rules, "{name}");
    }
    for name in ["{{EC2PrivateDnsName}}", "{{ EC2PrivateDNSName }}", "{{SessionTag.userName}}"] {
        let text = nodes(&format!("system:node:{name}"), both);
        assert_eq!(found(&text), [("unknown-template", Severity::Error)], "{name}");
    }
    let pasted = nodes("<system:node:{{EC2PrivateDNSName}}>", "['<system:bootstrappers>', '<system:nodes>']");
    assert_eq!(found(&pasted), [("unknown-template", Severity::Error); 3]);
    let typo = nodes("system:node:{{EC2PrivateDNSName}}", "['system:bootstrappers', 'system:node']");
    let both = [("nodes-without-group", Severity::Error), ("misspelt-system-group", Severity::Error)];
    assert_eq!(found(&typo), both);
    let unnamed = nodes("node", "['system:bootstrappers', 'system:nodes']");
    assert_eq!(found(&unnamed), [("nodes-without-name", Severity::Error)]);
    assert_eq!(found(&nodes("devs", "['dev-{{SessionName}}']")), [("caller-chooses-group", Severity::Warning)]);
    assert_eq!(found(&nodes("devs", "['dev-<team>']")), [("unknown-template", Severity::Warning)]);
}

#[test]
fn fields_that_are_nearly_right_and_accounts_that_are_none_are_not_called_harmless() {
    let found = |key: &str, text: &str| -> Vec<(&str, String)> {
        let data = Data::from([(key.to_owned(), text.to_owned())]);
        AwsAuth::read(&data).lint().into_iter().map(|finding| (finding.rule, finding.message)).collect()
    };
    for (field, meant) in [("group: x", "groups"), ("user: x", "username"), ("role_arn: x", "rolearn")] {
        let text = format!("- rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n  {field}\n");
        let all = found("mapRoles", &text);
        assert!(all.len() == 1 && all[0].0 == "misspelt-field" && all[0].1.contains(meant), "{field}: {all:?}");
    }
    for account in ["555555", "*", "1111-2222-3333"] {
        let all = found("mapAccounts", &format!("- \"{account}\"\n"));
        assert_eq!(all, [("never-matches", format!("`{account}` is not an id of an account"))]);
    }
}

#[test]
fn keys_that_nobody_reads_are_named_and_so_is_a_text_by_which_no_node_joins() {
    for name in ["mapRole", "map_users", "MAPACCOUNTS", "mapGroups", "map-roles"] {
        let auth =
            AwsAuth::read(&Data::from([(name.to_owned(), "[]".to_owned()), ("notes".to_owned(), "x".to_owned())]));
        let rules: Vec<_> = auth.lint().into_iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, ["misspelt-key"], "{name}");
        assert_eq!(auth.lint_of_nodes().map(|finding| finding.rule), Some("no-roles"));
    }
    for (text, found) in [
        ("[]", Some("no-roles")),
        ("- rolearn: x\n  username: ops\n", Some("no-roles")),
        (
            "- rolearn: x\n  username: system:node:{{EC2PrivateDNSName}}\n  groups: [system:bootstrappers, system:nodes]\n",
            None,
        ),
    ] {
        let nodes = Data::from([("mapRoles".to_owned(), text.to_owned())]);
        assert_eq!(AwsAuth::read(&nodes).lint_of_nodes().map(|finding| finding.rule), found, "{text}");
    }
}

#[test]
fn what_no_caller_can_be_is_added_by_nobodys_hand_and_stops_nobody_where_it_stands() {
    let placeholder = "- userarn: arn:aws:iam::${ACCOUNT_ID}:user/<ana>\n  username: x\n";
    let auth = AwsAuth::read(&data(placeholder));
    assert_eq!(auth.lint().iter().map(|finding| finding.rule).collect::<Vec<_>>(), ["never-matches"]);
    auth.edit(&add(JANE)).unwrap();
    for arn in [
        "arn:aws:iam::1111222233334:user/ana",
        "arn:aws:iam:eu-west-1:111122223333:user/ana",
        "arn:aws:iam::111122223333:user/*",
    ] {
        assert_eq!(auth.may_add(&add(arn)).unwrap_err().code(), "never-matches", "{arn}");
    }
    auth.may_add(&add(JANE)).unwrap();
    let named = |username: &str, groups: &[&str]| {
        let groups = groups.iter().map(ToString::to_string).collect();
        auth.may_add(&Edit::AddUser { arn: JANE.to_owned(), username: username.to_owned(), groups })
    };
    for (username, groups) in [
        ("jane", ["system:masters,team-a"]),
        ("jane", ["devs "]),
        ("jane", ["system:master"]),
        ("jane", [""]),
        ("jane", ["<team>"]),
        ("jane", ["system:nodes"]),
        ("ja\u{200b}ne", ["devs"]),
        ("{{Name}}", ["devs"]),
        ("", ["devs"]),
    ] {
        assert_eq!(named(username, &groups).unwrap_err().code(), "misleading", "{username} {groups:?}");
    }
    named("jane", &["system:masters", "devs"]).unwrap();
    named("system:node:{{EC2PrivateDNSName}}", &["system:bootstrappers", "system:nodes"]).unwrap();
}

#[test]
fn a_manifest_that_is_another_or_says_a_key_twice_is_refused() {
    let file = |name: &str, data: &str| format!("kind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n{data}");
    assert!(Manifest::read(&file("aws-auth", "  mapUsers: ''\n")).is_ok());
    let another = Manifest::read(&file("coredns", "  Corefile: x\n")).unwrap_err();
    assert_eq!(another, ManifestError::AnotherConfigMap { found: "kube-system/coredns".into() });
    let elsewhere = "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: default}\n";
    assert!(matches!(Manifest::read(elsewhere), Err(ManifestError::AnotherConfigMap { .. })));
    let behind = format!("kind: Deployment\nmetadata: {{name: x}}\n---\n{}", file("aws-auth", "  mapUsers: ''\n"));
    let found = "the first of several documents is a Deployment".into();
    assert_eq!(Manifest::read(&behind).unwrap_err(), ManifestError::NoConfigMap { found });
    let twice = Manifest::read(&file("aws-auth", "  mapUsers: ''\n  mapRoles: ''\n  mapUsers: '[]'\n")).unwrap_err();
    assert_eq!(twice, ManifestError::Twice { name: "mapUsers".into(), first: 5, second: 7 });
    let json = r#"{"kind": "ConfigMap", "data": {"mapUsers": "", "mapUsers": "[]"}}"#;
    assert!(matches!(Manifest::read(json), Err(ManifestError::Twice { .. })));
    for name in ["kind", "metadata", "data"] {
        let again = if name == "kind" { "ConfigMap" } else { "{}" };
        let text = format!("{}{name}: {again}\n", file("aws-auth", "  mapUsers: ''\n"));
        let expected = ManifestError::TwiceInFile {
            name,
            first: ["kind", "metadata", "", "data"].iter().position(|n| *n == name).unwrap() + 1,
            second: 6,
        };
        assert_eq!(Manifest::read(&text).unwrap_err(), expected);
    }
    let json = r#"{"kind": "ConfigMap", "data": {"mapUsers": "[]"}, "data": {}}"#;
    assert!(matches!(Manifest::read(json), Err(ManifestError::TwiceInFile { name: "data", .. })));
}

#[test]
fn findings_stand_at_their_lines() {
    let text = format!("{JOE}- username: nobody\n---\n- second: document\n");
    let found: Vec<_> =
        AwsAuth::read(&data(&text)).lint().into_iter().map(|finding| (finding.rule, finding.line)).collect();
    assert_eq!(found, [("faulty-entry", 3), ("more-documents", 4)]);
}

fn texts() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "- ",
        "userarn: ",
        "username: ",
        "groups: ",
        "arn:aws:iam::111122223333:user/a",
        "\n",
        "\n  ",
        "  ",
        "\"",
        "'",
        "[",
        "]",
        "{",
        "}",
        ",",
        ": ",
        "#",
        " # x\n",
        "|",
        ">",
        "&a ",
        "*a",
        "!!str ",
        "~",
        "---\n",
        "...\n",
        "\u{2028}",
        "\u{feff}",
        "x",
        "é",
        "\r\n",
        "\t",
        "?",
        "<<: ",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_accepted_edit_is_one_splice_that_can_be_taken_back(text in texts()) {
        let before = data(&text);
        let auth = AwsAuth::read(&before);
        if let Ok(spliced) = auth.edit(&add(JANE)) {
            let end = spliced.at + spliced.removed.len();
            let after = format!("{}{}{}", &text[..spliced.at], spliced.inserted, &text[end..]);
            prop_assert_eq!(spliced.after.as_ref(), Some(&after));
            let between = spliced.data(&before);
            let read = AwsAuth::read(&between);
            prop_assert_eq!(read.identities().users.len(), auth.identities().users.len() + 1);
            prop_assert_eq!(spliced.undo().data(&between), before.clone());
            let by_arn = read.edit(&Edit::Remove { arn: JANE.to_owned() }).unwrap().data(&between);
            if spliced.removed.is_empty() {
                prop_assert_eq!(read.edit(&remove(&spliced)).unwrap().data(&between), before.clone());
                let left = if text.is_empty() { Data::new() } else { before };
                prop_assert_eq!(by_arn, left);
            }
        }
    }

    #[test]
    fn no_text_makes_reading_or_linting_panic(text in any::<String>(), accounts in texts()) {
        let mut data = data(&text);
        data.insert("mapAccounts".to_owned(), accounts.clone());
        data.insert("mapRoles".to_owned(), accounts);
        AwsAuth::read(&data).lint();
    }

    #[test]
    fn what_is_written_reads_back_as_given(username in any::<String>(), group in any::<String>(), json in any::<bool>()) {
        let before = if json { data("[]") } else { Data::new() };
        let edit = Edit::AddUser { arn: JANE.to_owned(), username: username.clone(), groups: vec![group.clone()] };
        let spliced = AwsAuth::read(&before).edit(&edit).unwrap();
        let read = AwsAuth::read(&spliced.data(&before));
        prop_assert_eq!(&read.identities().users[0], &UserMapping { userarn: JANE.to_owned(), username, groups: vec![group] });
    }

    #[test]
    fn a_manifest_is_changed_in_the_one_key_only(text in texts(), header in prop::sample::select(vec!["|", "|-", ">", "\"\""])) {
        let block: String = text.lines().flat_map(|line| ["    ", line, "\n"]).collect();
        let value = if header == "\"\"" { "\"\"\n".to_owned() } else { format!("{header}\n{block}") };
        let file = format!("kind: ConfigMap\ndata: # here\n  other: x\n  mapUsers: {value}metadata:\n  name: aws-auth\n");
        if let Ok(manifest) = Manifest::read(&file)
            && let Ok(spliced) = AwsAuth::read(manifest.data()).edit(&add(JANE))
            && let Ok(edited) = manifest.with(&spliced)
        {
            let read = Manifest::read(&edited).unwrap();
            prop_assert_eq!(read.data(), &spliced.data(manifest.data()));
            prop_assert!(edited.starts_with("kind: ConfigMap\ndata: # here\n  other: x\n  mapUsers: "));
            prop_assert!(edited.ends_with("metadata:\n  name: aws-auth\n"));
        }
    }
}
