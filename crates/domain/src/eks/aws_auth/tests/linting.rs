//! What lint reports about entries that look right and are not.

use super::super::{AwsAuth, Data, Severity};

fn found(key: &str, text: &str) -> Vec<(&'static str, Severity)> {
    let data = Data::from([(key.to_owned(), text.to_owned())]);
    AwsAuth::read(&data).lint().iter().map(|finding| (finding.rule, finding.severity)).collect()
}

fn person(groups: &str) -> String {
    format!("- userarn: arn:aws:iam::111122223333:user/a\n  username: a\n  groups: {groups}\n")
}

#[test]
fn a_role_of_nodes_that_nobody_can_have_is_an_error() {
    let nodes = |arn: &str| {
        format!(
            "- rolearn: {arn}\n  username: system:node:{{{{EC2PrivateDNSName}}}}\n  \
             groups: ['system:bootstrappers', 'system:nodes']\n"
        )
    };
    assert_eq!(found("mapRoles", &nodes("arn:aws:iam::111122223333:role/node")), []);
    for (arn, rule) in [
        ("arn:aws:iam::111122223333:role/eks/node", "role-with-path"),
        ("arn:aws:iam::role/node", "never-matches"),
        ("arn:aws:iam:::role/node", "never-matches"),
        ("arn:aws:iam::${ACCOUNT_ID}:role/node", "never-matches"),
        ("arn:aws:iam::111122223333:instance-profile/node", "never-matches"),
        ("arn:aws:sts::111122223333:federated-user/node", "never-matches"),
    ] {
        assert_eq!(found("mapRoles", &nodes(arn)), [(rule, Severity::Error)], "{arn}");
        let of_people = nodes(arn).replace("system:node:{{EC2PrivateDNSName}}", "ops").replace("system:nodes", "ops");
        assert_eq!(found("mapRoles", &of_people), [(rule, Severity::Warning)], "{arn}");
    }
}

#[test]
fn a_list_in_quotation_marks_is_one_group_and_named() {
    for groups in ["['[devs, view-all]']", "[\"[devs,view-all]\"]", "['[devs]']"] {
        assert_eq!(found("mapUsers", &person(groups)), [("list-in-a-text", Severity::Warning)], "{groups}");
    }
    assert_eq!(found("mapUsers", &person("\"[devs, view-all]\"")), [("faulty-entry", Severity::Error)]);
    assert_eq!(found("mapUsers", &person("[devs, view-all]")), []);
}

#[test]
fn a_group_that_is_nearly_one_of_kubernetes_own_is_named() {
    for (group, severity) in [
        ("system:nodess", Severity::Error),
        ("system:node", Severity::Warning),
        ("system:master", Severity::Warning),
        ("System:Authenticated", Severity::Warning),
        ("system:bootstrapper", Severity::Warning),
    ] {
        let all = found("mapUsers", &person(&format!("['{group}']")));
        assert_eq!(all, [("misspelt-system-group", severity)], "{group}");
    }
    for group in ["system:authenticated", "system:serviceaccounts:payments", "nodes", "masters"] {
        assert_eq!(found("mapUsers", &person(&format!("['{group}']"))), [], "{group}");
    }
}

#[test]
fn a_group_without_a_name_and_characters_that_nobody_sees_are_named() {
    assert_eq!(found("mapUsers", &person("['']")), [("empty-group", Severity::Warning)]);
    for c in ["200B", "200D", "00AD", "2060", "00A0", "202E"] {
        let text = person(&format!("[\"de\\u{c}vs\"]"));
        assert_eq!(found("mapUsers", &text), [("invisible-character", Severity::Warning)], "{c}");
        let data = Data::from([("mapUsers".to_owned(), text)]);
        let message = AwsAuth::read(&data).lint()[0].message.clone();
        assert_eq!(message, format!("a group `devs` holds the character U+{c}"));
    }
    let named = person("[devs]").replace("username: a", "username: \"a\\u200Bna\"");
    assert_eq!(found("mapUsers", &named), [("invisible-character", Severity::Warning)]);
    // Letters of other scripts, and names with blanks, are names.
    assert_eq!(found("mapUsers", &person("[\"\\u738b\\u82b3\"]").replace("username: a", "username: Ana Petrova")), []);
}
