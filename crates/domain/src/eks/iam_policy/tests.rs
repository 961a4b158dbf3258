use proptest::collection::vec;
use proptest::prelude::*;

use super::{
    GrantNeeds, PolicyDocument, ROLE_INLINE_LIMIT, USER_INLINE_LIMIT, check_fits, counted_size, inline_limit,
    is_same_policy, union,
};
use crate::eks::arn::{ClusterArn, PrincipalArn};

fn needs(cluster: &str, console: bool) -> GrantNeeds {
    let cluster = ClusterArn::parse(&format!("arn:aws:eks:eu-west-1:111122223333:cluster/{cluster}")).unwrap();
    GrantNeeds { cluster, console }
}

fn policy(needs: impl IntoIterator<Item = GrantNeeds>) -> PolicyDocument {
    union(needs.into_iter()).unwrap()
}

fn jane() -> PrincipalArn {
    PrincipalArn::parse("arn:aws:iam::111122223333:user/jane").unwrap()
}

#[test]
fn kubectl_needs_to_describe_the_cluster_and_no_more() {
    assert_eq!(
        policy([needs("prod", false)]).to_json(),
        r#"{"Statement":[{"Action":"eks:DescribeCluster","Effect":"Allow","Resource":"arn:aws:eks:eu-west-1:111122223333:cluster/prod","Sid":"LatchkeyKubectl"}],"Version":"2012-10-17"}"#
    );
}

#[test]
fn nobody_without_a_grant_has_a_policy() {
    assert_eq!(union(std::iter::empty()), None);
}

#[test]
fn the_union_does_not_depend_on_order_or_repetition() {
    let one = policy([needs("b", false), needs("a", false), needs("b", false)]);
    assert_eq!(one, policy([needs("a", false), needs("b", false)]));
    assert_eq!(one.statements()[0].resources.len(), 2);
}

#[test]
fn the_console_is_opened_while_one_grant_wants_it() {
    let both = policy([needs("a", true), needs("b", false)]);
    let sids: Vec<&str> = both.statements().iter().map(|statement| statement.sid).collect();
    assert_eq!(sids, ["LatchkeyKubectl", "LatchkeyConsole", "LatchkeyConsoleParameters"]);
    assert_eq!(both.statements()[0].resources.len(), 2);
    assert_eq!(both.statements()[2].resources, ["arn:aws:ssm:*:111122223333:parameter/*"]);
    let china = ClusterArn::parse("arn:aws-cn:eks:cn-north-1:111122223333:cluster/a").unwrap();
    let there = policy([GrantNeeds { cluster: china, console: true }]);
    assert_eq!(there.statements()[2].resources, ["arn:aws-cn:ssm:*:111122223333:parameter/*"]);
}

#[test]
fn white_space_is_not_counted() {
    let document = policy([needs("a", true)]);
    assert_eq!(counted_size(" { \"a\" :\n\t1 } "), 7);
    assert_eq!(counted_size(&document.to_pretty_json()), document.counted_size());
    assert_eq!(document.counted_size(), document.to_json().chars().count());
}

#[test]
fn a_policy_must_fit_beside_the_principals_other_policies() {
    let document = policy((0..20).map(|n| needs(&format!("cluster-{n:02}"), false)));
    let room = USER_INLINE_LIMIT - document.counted_size();
    let (fits, overflows) = ("x ".repeat(room), "x ".repeat(room + 1));
    assert_eq!(check_fits(&jane(), &document, [fits.as_str()].into_iter()), Ok(()));
    let error = check_fits(&jane(), &document, [overflows.as_str()].into_iter()).unwrap_err();
    assert_eq!((error.total, error.limit, error.others), (USER_INLINE_LIMIT + 1, USER_INLINE_LIMIT, room + 1));
    let role = PrincipalArn::parse("arn:aws:iam::111122223333:role/r").unwrap();
    assert_eq!(inline_limit(&role), ROLE_INLINE_LIMIT);
    assert_eq!(check_fits(&role, &document, [overflows.as_str()].into_iter()), Ok(()));
}

#[test]
fn the_same_policy_is_recognised_in_another_spelling() {
    let desired = policy([needs("b", false), needs("a", true)]);
    let spelt = r#"{
        "Version": "2012-10-17", "Id": "x",
        "Statement": [
            {"Effect": "Allow", "Action": ["ssm:GetParameter"], "Resource": "arn:aws:ssm:*:111122223333:parameter/*"},
            {"Sid": "Console", "Effect": "Allow", "Resource": ["*"], "Action": [
                "IAM:ListRoles", "eks:ListUpdates", "eks:ListNodegroups", "eks:ListIdentityProviderConfigs",
                "eks:ListFargateProfiles", "eks:ListClusters", "eks:ListAddons", "eks:DescribeNodegroup",
                "eks:DescribeCluster", "eks:DescribeAddonVersions", "eks:AccessKubernetesApi"]},
            {"Effect": "Allow", "Action": "eks:describecluster", "Resource": [
                "arn:aws:eks:eu-west-1:111122223333:cluster/b", "arn:aws:eks:eu-west-1:111122223333:cluster/a"]}
        ]}"#;
    assert_eq!(is_same_policy(spelt, &desired), Ok(true));
    let encoded = percent_encoding::utf8_percent_encode(spelt, percent_encoding::NON_ALPHANUMERIC).to_string();
    assert_eq!(is_same_policy(&encoded, &desired), Ok(true));
}

#[test]
fn another_policy_is_told_apart() {
    let desired = policy([needs("a", false)]);
    let text = desired.to_json();
    for (from, to) in [
        ("Allow", "Deny"),
        ("cluster/a", "cluster/A"),
        ("cluster/a", "cluster/*"),
        ("eks:DescribeCluster", "eks:*"),
        ("2012-10-17", "2008-10-17"),
        ("\"Effect\"", "\"Condition\":{\"Bool\":{\"aws:MultiFactorAuthPresent\":\"true\"}},\"Effect\""),
        ("\"Action\"", "\"NotAction\""),
        ("}],", "},{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}],"),
    ] {
        assert!(text.contains(from));
        assert_eq!(is_same_policy(&text.replace(from, to), &desired), Ok(false), "{to}");
    }
    // A single statement may be written without its list.
    assert_eq!(is_same_policy(&text.replace("[{", "{").replace("}]", "}"), &desired), Ok(true));
    for unreadable in ["", "no", "%7B", "%FF", "{\"a\":"] {
        assert!(is_same_policy(unreadable, &desired).is_err(), "{unreadable}");
    }
}

proptest! {
    #[test]
    fn any_order_gives_the_same_text_and_recognises_itself(grants in vec(("[a-e]", any::<bool>()), 1..8)) {
        let forward = policy(grants.iter().map(|(name, console)| needs(name, *console)));
        let backward = policy(grants.iter().rev().map(|(name, console)| needs(name, *console)));
        prop_assert_eq!(forward.to_json(), backward.to_json());
        prop_assert_eq!(is_same_policy(&forward.to_pretty_json(), &backward), Ok(true));
    }
}
