use super::*;
use crate::{
    plan::{
        authenticator::MASTERS,
        observation::{AuthenticationMode, EntryFields, ObservedBinding},
        proof::AUTHENTICATED,
    },
    testkit::{binding, iam_arn, observation, user_arn},
};

/// A binding of another client's in `payments`.
fn bound(role: &str, kind: &str, name: &str) -> ObservedBinding {
    binding(&format!("{role}-{name}"), role).naming(kind, name)
}

fn entry(arn: String, fields: EntryFields) -> AccessEntry {
    AccessEntry { arn, details: EntryDetails::Read(fields) }
}

/// A cluster with lines, entries and bindings of each kind.
fn seen(mode: AuthenticationMode) -> ClusterObservation {
    let roles = format!(
        "- rolearn: {}\n  username: system:node:{{{{EC2PrivateDNSName}}}}\n  groups: [system:bootstrappers, \
         system:nodes]\n- rolearn: {}\n  username: sneaky\n  groups: [system:nodes, system:masters]\n- rolearn: {}\n  \
         username: ops\n  groups: [ops]\n",
        iam_arn("role/nodes"),
        iam_arn("role/sneaky"),
        iam_arn("role/ops"),
    );
    let users = format!("- userarn: {}\n  username: bob\n", user_arn("bob"));
    let observed = observation("prod-eu").with_aws_auth("mapRoles", &roles).with_aws_auth("mapUsers", &users);
    let bindings = vec![
        bound("ops-edit", "Group", "ops"),
        bound("view", "Group", AUTHENTICATED),
        bound("system:discovery", "Group", AUTHENTICATED),
        bound("system:debug", "Group", UNAUTHENTICATED),
        bound("edit", "User", "oidc:eve"),
        bound("system:node-proxier", "User", "system:kube-proxy"),
        bound("cluster-admin", "Group", MASTERS),
    ];
    let mut seen = observed.seen("2026-11-24T13:58:00Z".parse().unwrap());
    if let Some(aws) = &mut seen.aws {
        aws.mode = mode;
    }
    if let Some(state) = &mut seen.kubernetes {
        state.bindings = bindings;
    }
    let ana = EntryFields { id: "entry-of-ana".into(), username: "latchkey:ana:1".into(), ..Default::default() };
    seen.entries = EntryHolders::Listed(vec![
        entry(user_arn("ana"), ana),
        AccessEntry::named(iam_arn("role/admin")),
        AccessEntry::named(user_arn("BOB")),
        AccessEntry::named(iam_arn("role/auto")),
    ]);
    seen
}

fn told(way: &WayIn) -> String {
    let who = match &way.who {
        LetIn::Arn(arn) => arn.rsplit('/').next().unwrap_or_default().to_owned(),
        who => format!("{who:?}"),
    };
    let roles: Vec<&str> = way.roles.iter().map(|role| role.role.as_str()).collect();
    let more = if way.everything { " everything" } else { "" };
    format!("{who} {:?} {:?} {}{more}", way.by, way.kind, roles.join("+"))
}

#[test]
fn everyone_who_is_let_in_is_listed_by_how_much_they_may_do() {
    let admin = EntryFields {
        username: iam_arn("role/admin"),
        policies: vec!["arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy".into()],
        ..Default::default()
    };
    let auto = EntryFields { kind: "EC2".into(), groups: vec!["system:nodes".into()], ..Default::default() };
    let at = "2026-11-24T12:00:00Z".parse().unwrap();
    let read = [entry(iam_arn("role/ADMIN"), admin), entry(iam_arn("role/auto"), auto)];
    let read = read.map(|entry| ReadEntry { entry, at });
    let names = RecordedNames::from([(user_arn("ana"), "latchkey:ana:1".to_owned())]);
    let mut seen = seen(AuthenticationMode::ApiAndConfigMap);
    let all = ways_in(&seen, &read, &names);
    assert_eq!((all[0].as_of, all[7].as_of), (Some(at), None), "what was read at another time says so");
    let all: Vec<String> = all.iter().map(told).collect();
    assert_eq!(
        all,
        [
            "admin Entry Other view everything",
            "sneaky Line Other cluster-admin+view everything",
            "ops Line Other ops-edit+view",
            "User(\"oidc:eve\") Binding Other edit",
            "Group(\"system:authenticated\") Binding Other view",
            "Group(\"system:unauthenticated\") Binding Other system:debug",
            "BOB UnreadEntry(None) Other view",
            "ana Entry Own view",
            "auto Entry Node view",
            "nodes Line Node view",
            "bob OverriddenLine Other view",
        ]
    );

    // If EKS does not list them at one look, what was read before is there all the same.
    seen.entries = EntryHolders::Unknown(Blocker::EntrySlow {});
    let all = ways_in(&seen, &read, &names);
    let all: Vec<String> = all.iter().map(told).collect();
    assert_eq!(all[0], "ADMIN Entry Other view everything");
    assert!(all.iter().any(|way| way == "bob Line Other view"), "its line may count: {all:?}");
}

#[test]
fn a_name_that_only_latchkey_gives_is_its_own_only_where_it_was_recorded() {
    use WayKind::{Copied, Other, Own, Worker};
    let with_name = |who: &str, username: &str| {
        entry(user_arn(who), EntryFields { username: username.into(), ..EntryFields::default() })
    };
    let mut seen = seen(AuthenticationMode::Api);
    seen.entries = EntryHolders::Listed(vec![
        with_name("ana", "latchkey:ana:1"),
        with_name("eve", "latchkey:ana:1"),
        with_name("worker", WORKER),
        with_name("zed", WORKER),
    ]);
    let names = RecordedNames::from([(user_arn("ana"), "latchkey:ana:1".to_owned())]);
    let told = |seen: &ClusterObservation| -> Vec<(String, WayKind)> {
        let all = ways_in(seen, &[], &names).into_iter().filter(|way| way.by == Source::Entry);
        all.map(|way| (told(&way).split(' ').next().unwrap().to_owned(), way.kind)).collect()
    };
    let kinds = |pairs: &[(&str, WayKind)]| -> Vec<(String, WayKind)> {
        pairs.iter().map(|(who, kind)| ((*who).to_owned(), *kind)).collect()
    };
    assert_eq!(told(&seen), kinds(&[("eve", Copied), ("worker", Other), ("zed", Other), ("ana", Own)]));
    if let EntryHolders::Listed(entries) = &mut seen.entries {
        entries.pop();
    }
    assert_eq!(told(&seen), kinds(&[("eve", Copied), ("ana", Own), ("worker", Worker)]));
}

#[test]
fn a_template_has_what_rbac_gives_to_any_name_that_it_may_become() {
    let session = "arn:aws:sts::111122223333:assumed-role/dev/{{SessionName}}";
    let dev = EntryFields { username: session.into(), ..EntryFields::default() };
    let mut seen = seen(AuthenticationMode::Api);
    seen.entries = EntryHolders::Listed(vec![entry(iam_arn("role/dev"), dev)]);
    if let Some(state) = &mut seen.kubernetes {
        let jane = session.replace("{{SessionName}}", "jane");
        // A Role may have the name of a ClusterRole that everyone has.
        let hidden = ObservedBinding { role_kind: "Role".into(), ..bound("system:discovery", "Group", AUTHENTICATED) };
        state.bindings = vec![bound("admin", "User", &jane), hidden];
    }
    let all: Vec<String> = ways_in(&seen, &[], &RecordedNames::new()).iter().map(told).collect();
    assert_eq!(
        all,
        ["dev Entry Other admin+system:discovery", "Group(\"system:authenticated\") Binding Other system:discovery"]
    );
}

#[test]
fn lines_let_nobody_in_if_the_mode_has_entries_alone() {
    let all = ways_in(&seen(AuthenticationMode::Api), &[], &RecordedNames::new());
    assert!(all.iter().all(|way| way.by != Source::Line && way.by != Source::OverriddenLine), "{all:?}");
    assert!(all.iter().any(|way| way.by == Source::UnreadEntry(None)));
}
