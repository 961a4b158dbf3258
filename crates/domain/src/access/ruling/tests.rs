use super::*;
use crate::access::standing::{NotRuled, RuledCluster};
use crate::testkit::{self, ACCOUNT, iam_arn, person, policy_cluster, policy_file, profile, user_arn};
use std::collections::BTreeSet;

fn dana() -> Person {
    person("dana").in_groups(["developers"])
}

/// Developers, on clusters of production.
fn policy(name: &str, profiles: &[&str], namespaces: &[&str], hours: u32, decision: Decision) -> Policy {
    let policy = testkit::policy(name).of(profiles.iter().copied()).in_(namespaces.iter().copied());
    policy.on_stage("prod").at_most(hours * 60).decided(decision)
}

fn asks(groups: &[&str], people: &[&str], quorum: u8) -> Decision {
    let approvers = Audience::default().of_groups(groups.iter().copied()).of_people(people.iter().copied());
    Decision::Ask { approvers, quorum: NonZeroU8::new(quorum).unwrap() }
}

fn file(policies: Vec<Policy>) -> PolicyFile {
    policy_file()
        .with_clusters([policy_cluster("prod-eu").of_stage("prod"), policy_cluster("lab").of_stage("lab")])
        .with_profiles([profile("view"), profile("edit"), profile("nodes").of_cluster()])
        .with_policies(policies)
}

/// What the file says to Dana, a developer, about `what` = "PROFILE on CLUSTER in NAMESPACE NAMESPACE".
fn ruling(file: &PolicyFile, what: &str, minutes: u32, known: &[Person]) -> Ruling {
    let dana = dana();
    ruling_for(&dana, file, what, minutes, known)
}

fn ruling_for(requester: &Person, file: &PolicyFile, what: &str, minutes: u32, known: &[Person]) -> Ruling {
    let (profile, rest) = what.split_once(" on ").unwrap();
    let (cluster, namespaces) = rest.split_once(" in ").unwrap_or((rest, ""));
    let namespaces: Vec<String> = namespaces.split_whitespace().map(str::to_owned).collect();
    let (cluster, profile) = (cluster.parse().unwrap(), profile.parse().unwrap());
    let ask = Ask { requester, cluster: &cluster, profile: &profile, namespaces: &namespaces, minutes, shared: None };
    file.rule("ab12", &ask, known)
}

fn ruled_by(ruling: &Ruling) -> Option<&str> {
    match ruling {
        Ruling::Refused(_) => None,
        Ruling::Automatic(basis) | Ruling::Ask { basis, .. } => Some(&basis.policy.name),
    }
}

fn reasons(ruling: Ruling) -> Vec<Refusal> {
    match ruling {
        Ruling::Refused(reasons) => reasons,
        Ruling::Automatic(_) | Ruling::Ask { .. } => Vec::new(),
    }
}

#[test]
fn first_policy_in_file_order_that_matches_everything_rules() {
    let file = file(vec![
        policy("edits", &["edit"], &["*"], 1, asks(&["leads"], &[], 1)),
        policy("payments", &["view"], &["payments", "payments-*"], 8, asks(&["leads"], &[], 1)),
        policy("all looks", &["view"], &["*"], 2, Decision::Automatic),
    ]);
    assert_eq!(ruled_by(&ruling(&file, "view on prod-eu in payments-eu", 60, &[])), Some("payments"));
    assert_eq!(ruled_by(&ruling(&file, "view on prod-eu in web db", 60, &[])), Some("all looks"));
    assert_eq!(ruled_by(&ruling(&file, "edit on prod-eu in web", 60, &[])), Some("edits"));
}

#[test]
fn nothing_is_allowed_that_no_policy_names() {
    let file = file(vec![policy("looks", &["view"], &["*"], 8, Decision::Automatic)]);
    let edit = reasons(ruling(&file, "edit on prod-eu in web", 60, &[]));
    assert_eq!(edit.len(), 1);
    assert_eq!(edit[0].to_string(), "No policy lets you ask for `edit` on `prod-eu`. There you may ask for `view`.");
    assert_eq!(reasons(ruling(&file, "view on lab in web", 60, &[])).len(), 1);
    let stranger = person("sam").in_groups(["sales"]);
    assert_eq!(reasons(ruling_for(&stranger, &file, "view on prod-eu in web", 60, &[])).len(), 1);
}

#[test]
fn refusal_names_each_namespace_that_no_policy_covers() {
    let file = file(vec![
        policy("payments", &["view"], &["payments"], 8, Decision::Automatic),
        policy("web", &["view"], &["web"], 8, Decision::Automatic),
    ]);
    let named: Vec<String> = reasons(ruling(&file, "view on prod-eu in payments kube-system db", 60, &[]))
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        named,
        [
            "No policy lets you ask for `view` in `kube-system` on `prod-eu`.",
            "No policy lets you ask for `view` in `db` on `prod-eu`."
        ]
    );
}

/// Two people decide in `payments*`; elsewhere no approval is needed.
fn strict_before_lax() -> PolicyFile {
    file(vec![
        policy("payments", &["edit"], &["payments*"], 1, asks(&["leads"], &[], 2)),
        policy("the rest", &["edit"], &["*"], 8, Decision::Automatic),
    ])
}

#[test]
fn a_namespace_beside_it_never_loosens_what_rules_another() {
    let file = strict_before_lax();
    assert_eq!(ruled_by(&ruling(&file, "edit on prod-eu in payments", 60, &[])), Some("payments"));
    assert_eq!(ruled_by(&ruling(&file, "edit on prod-eu in payments payments-eu", 60, &[])), Some("payments"));
    assert_eq!(ruled_by(&ruling(&file, "edit on prod-eu in search", 480, &[])), Some("the rest"));
    let told = reasons(ruling(&file, "edit on prod-eu in payments search web payments payments-eu", 480, &[]));
    let [Refusal::SeveralPolicies { groups }] = &told[..] else { panic!("{told:?}") };
    let group = |at: usize| (groups[at].policy.as_str(), groups[at].namespaces.join(" "), groups[at].longest_minutes);
    assert_eq!(group(0), ("payments", "payments payments-eu".to_owned(), 60));
    assert_eq!(group(1), ("the rest", "search web".to_owned(), 480));
    assert_eq!(groups[0].approvals.map(NonZeroU8::get), Some(2));
    assert_eq!(groups[1].approvals, None);
    assert_eq!(
        told[0].to_string(),
        "These namespaces are not ruled by one policy: `payments` and `payments-eu` by \"payments\"; `search` and `web` \
         by \"the rest\". Ask for each group in a request of its own."
    );
}

#[test]
fn what_no_policy_covers_is_told_beside_the_groups() {
    let mut file = strict_before_lax();
    file.policies[1].namespaces = vec!["search".to_owned()];
    let told = reasons(ruling(&file, "edit on prod-eu in payments search web", 60, &[]));
    assert!(
        matches!(&told[..], [Refusal::NoPolicyForNamespace { .. }, Refusal::SeveralPolicies { groups }] if groups.len() == 2),
        "{told:?}"
    );
}

/// For all policies and namespaces: an ask for several namespaces gets nothing that an ask for each alone would not
/// get, by the same policy, and what is offered goes by that policy, too.
#[test]
fn an_ask_for_several_is_ruled_as_each_of_them_alone() {
    let names = ["a", "ab", "b", "ba", "c"];
    let globs: [&[&str]; 5] = [&["a*"], &["*a"], &["?"], &["*"], &["b", "c"]];
    let dana = dana();
    let (cluster, profile) = ("prod-eu".parse().unwrap(), "edit".parse().unwrap());
    for first in globs {
        for second in globs {
            let file = file(vec![
                policy("first", &["edit"], first, 1, asks(&["leads"], &[], 2)),
                policy("second", &["edit"], second, 8, Decision::Automatic),
            ]);
            let alone = |name: &str| {
                ruled_by(&ruling(&file, &format!("edit on prod-eu in {name}"), 60, &[])).map(str::to_owned)
            };
            for chosen in 1_u32..32 {
                let chosen: Vec<String> = names
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| chosen >> at & 1 == 1)
                    .map(|(_, n)| (*n).to_owned())
                    .collect();
                let together = ruling(&file, &format!("edit on prod-eu in {}", chosen.join(" ")), 60, &[]);
                let each: BTreeSet<Option<String>> = chosen.iter().map(|name| alone(name)).collect();
                let one = (each.len() == 1).then(|| each.first().cloned().flatten()).flatten();
                assert_eq!(ruled_by(&together).map(str::to_owned), one, "{first:?} {second:?} {chosen:?}");
                let longest = one.map(|one| if one == "first" { 60 } else { 480 });
                assert_eq!(file.longest(&dana, &cluster, &profile, &chosen), longest);
                let offered = file.namespaces_for(&dana, &cluster, &profile, chosen.iter().map(String::as_str));
                let asked: Vec<&str> = chosen.iter().map(String::as_str).filter(|name| alone(name).is_some()).collect();
                assert_eq!(offered, asked);
            }
        }
    }
}

#[test]
fn refusal_tells_every_reason_at_once() {
    let file = file(vec![policy("looks", &["view"], &["*"], 2, asks(&[], &["dana"], 1))]);
    let told = reasons(ruling(&file, "view on prod-eu", 180, &[]));
    assert!(matches!(
        &told[..],
        [Refusal::NoNamespace, Refusal::TooLong { longest_minutes: 120, .. }, Refusal::NoneEligible { .. }]
    ));
    let told = reasons(ruling(&file, "root on mars", 1, &[]));
    assert!(matches!(&told[..], [Refusal::TooShort, Refusal::UnknownCluster(_), Refusal::UnknownProfile(_)]));
}

#[test]
fn profile_of_cluster_scope_takes_no_namespace() {
    let file = file(vec![policy("nodes", &["nodes"], &[], 2, Decision::Automatic)]);
    assert_eq!(ruled_by(&ruling(&file, "nodes on prod-eu", 60, &[])), Some("nodes"));
    let told = reasons(ruling(&file, "nodes on prod-eu in web", 60, &[]));
    assert!(matches!(&told[..], [Refusal::NamespacesOnClusterScope(_)]));
}

#[test]
fn group_without_known_members_may_have_some_yet() {
    let file = file(vec![policy("looks", &["view"], &["*"], 8, asks(&["leads"], &[], 2))]);
    assert!(matches!(ruling(&file, "view on prod-eu in web", 60, &[]), Ruling::Ask { .. }));
}

#[test]
fn ask_is_refused_where_only_the_requester_could_decide() {
    let file = file(vec![policy("looks", &["view"], &["*"], 8, asks(&["leads"], &["dana"], 1))]);
    let dana = person("dana").in_groups(["developers", "leads"]);
    let told = reasons(ruling_for(&dana, &file, "view on prod-eu in web", 60, std::slice::from_ref(&dana)));
    assert!(matches!(&told[..], [Refusal::NoneEligible { .. }]));
    let lee = person("lee").in_groups(["leads"]);
    let with_lee = ruling_for(&dana, &file, "view on prod-eu in web", 60, &[dana.clone(), lee.clone()]);
    match with_lee {
        Ruling::Ask { eligible, .. } => {
            assert!(eligible.contains(&lee));
            assert!(!eligible.contains(&dana));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn quorum_that_the_named_people_cannot_reach_is_refused() {
    let file = file(vec![policy("looks", &["view"], &["*"], 8, asks(&[], &["dana", "lee"], 2))]);
    let told = reasons(ruling(&file, "view on prod-eu in web", 60, &[]));
    assert_eq!(
        told[0].to_string(),
        "The policy \"looks\" wants 2 approvals, and no other person can approve beside you but lee. Choose another \
         profile, or ask an operator."
    );
    let kim = person("kim").in_groups(["developers"]);
    assert!(matches!(ruling_for(&kim, &file, "view on prod-eu in web", 60, &[]), Ruling::Ask { .. }));
}

#[test]
fn longest_is_that_of_the_policy_that_would_rule() {
    let file = file(vec![
        policy("payments", &["view"], &["payments"], 1, Decision::Automatic),
        policy("rest", &["view"], &["*"], 8, Decision::Automatic),
    ]);
    let dana = dana();
    let longest = |namespaces: &[&str]| {
        let namespaces: Vec<String> = namespaces.iter().map(|&name| name.to_owned()).collect();
        file.longest(&dana, &"prod-eu".parse().unwrap(), &"view".parse().unwrap(), &namespaces)
    };
    assert_eq!(longest(&["payments"]), Some(60));
    assert_eq!(longest(&["web", "db"]), Some(480));
    assert_eq!(longest(&["payments", "web"]), None, "no single policy rules both");
    assert_eq!(longest(&[]), Some(480));
}

#[test]
fn may_ask_lists_profiles_of_policies_for_the_person_and_cluster() {
    let file = file(vec![policy("looks", &["edit", "view"], &["pay-*"], 8, Decision::Automatic)]);
    let dana = dana();
    let (prod, lab) = ("prod-eu".parse().unwrap(), "lab".parse().unwrap());
    let names: Vec<&str> = file.may_ask(&dana, &prod).into_iter().map(ProfileName::as_str).collect();
    assert_eq!(names, ["view", "edit"]);
    assert!(file.may_ask(&dana, &lab).is_empty());
    assert_eq!(file.namespaces_for(&dana, &prod, &"view".parse().unwrap(), ["web", "pay-eu"]), ["pay-eu"]);
}

#[test]
fn policy_explains_itself_in_a_sentence() {
    let looks = policy("payments may look", &["view"], &["payments-*"], 8, asks(&["payments-leads"], &[], 1));
    assert_eq!(
        looks.explain(),
        "The policy \"payments may look\" lets developers ask for `view` in `payments-*` for at most 8 h; \
         1 of payments-leads decides."
    );
    let nodes = policy("nodes", &["nodes", "edit"], &[], 72, asks(&["leads", "sre"], &["kim"], 2));
    assert_eq!(
        nodes.explain(),
        "The policy \"nodes\" lets developers ask for `nodes` or `edit` on the whole cluster for at most 3 d; \
         2 of leads, sre or kim decide."
    );
}

#[test]
fn worker_writes_only_below_the_principal_paths() {
    let file = file(vec![]);
    let may = |arn: &str| file.may_write(&arn.parse().unwrap());
    assert!(may(&user_arn("dana")));
    assert!(may(&user_arn("team/dana")));
    assert!(!may(&iam_arn("user/dana")));
    assert!(!may(&user_arn("dana").replace(ACCOUNT, "444455556666")));
}

#[test]
fn an_access_for_everyone_who_can_use_a_role_is_refused_once_its_profile_is_too_risky_for_that() {
    let file = policy_file()
        .with_clusters([policy_cluster("prod-eu")])
        .with_profiles([profile("view")])
        .with_policies([testkit::policy("all look").for_shared_roles()]);
    let facts = testkit::request().for_terms(testkit::terms().of_shared_role("deployers", &[testkit::ana()]));
    let ruled = |resources: &[&str]| {
        let roles = [("view".to_owned(), testkit::reads(resources.iter().copied()))].into();
        let cluster = RuledCluster { name: "prod-eu".parse().unwrap(), gone: None, roles: Some(roles) };
        file.ruled("aa", &facts, Some(&cluster), &[testkit::ben()])
    };
    assert!(ruled(&["pods"]).is_ok(), "{:?}", ruled(&["pods"]));
    let Err(NotRuled::Refused(reasons)) = ruled(&["pods", "secrets"]) else { panic!("what became risky is granted") };
    assert!(matches!(&reasons[..], [Refusal::TooRiskyToShare { .. }]), "{reasons:?}");
}
