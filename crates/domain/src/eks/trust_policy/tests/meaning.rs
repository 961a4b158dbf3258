//! Policies made at random, against what they mean: who may take a session name, by a small reading of IAM's rules.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{is_pinned, judge, role};

const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];
const USERS: [&str; 3] = ["ann", "bob", "night"];
const NAMES: [&str; 5] = ["ann", "bob", "night", "ann-night", "${aws:username}"];

/// Who asks for a session: a user, or a session of a role, which has no user name.
#[derive(Debug, Clone, PartialEq)]
struct Caller {
    account: &'static str,
    user: Option<&'static str>,
}

fn callers() -> Vec<Caller> {
    let users = |account| USERS.map(|user| Caller { account, user: Some(user) });
    let roles = ACCOUNTS.map(|account| Caller { account, user: None });
    ACCOUNTS.into_iter().flat_map(users).chain(roles).collect()
}

impl Caller {
    fn is_named(&self, principal: &str) -> bool {
        let kind = if self.user.is_some() { "user" } else { "role" };
        let own = format!("arn:aws:iam::{}:{kind}/{}", self.account, self.user.unwrap_or("Jump"));
        let root = format!("arn:aws:iam::{}:root", self.account);
        principal == "*" || principal == own || principal == root || principal == self.account
    }

    /// Whether a statement lets the caller take a session name.
    fn may_take(&self, name: &str, statement: &Value, variables: bool) -> bool {
        let texts = |value: &Value| -> Vec<String> {
            let one = value.as_str().map(str::to_owned).into_iter();
            let list = value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
            one.chain(list).collect()
        };
        let acts = texts(&statement["Action"]).iter().any(|action| action != "sts:TagSession");
        let named = texts(&statement["Principal"]["AWS"]).iter().any(|principal| self.is_named(principal));
        let lines = statement["Condition"].as_object().into_iter().flatten();
        let holds = lines.into_iter().all(|(operator, keys)| {
            let wanted = texts(&keys["sts:RoleSessionName"]);
            let is_equal = wanted.iter().any(|wanted| match (wanted.as_str(), self.user) {
                ("${aws:username}", Some(user)) if variables => user == name,
                ("*", _) => operator == "StringLike",
                (wanted, _) => wanted == name,
            });
            if operator == "StringNotEquals" { !is_equal } else { is_equal }
        });
        acts && named && holds
    }
}

fn principal() -> impl Strategy<Value = String> {
    let account = || prop::sample::select(&ACCOUNTS[..]);
    let user = || prop::sample::select(&USERS[..]);
    prop_oneof![
        8 => user().prop_map(|user| format!("arn:aws:iam::111122223333:user/{user}")),
        4 => (account(), user()).prop_map(|(account, user)| format!("arn:aws:iam::{account}:user/{user}")),
        4 => account().prop_map(|account| format!("arn:aws:iam::{account}:root")),
        1 => account().prop_map(str::to_owned),
        1 => account().prop_map(|account| format!("arn:aws:iam::{account}:role/Jump")),
        1 => Just("*".to_owned()),
    ]
}

fn condition() -> impl Strategy<Value = Value> {
    let operator = prop_oneof![
        12 => Just("StringEquals"),
        1 => Just("StringLike"),
        1 => Just("StringNotEquals"),
    ];
    let name = || prop_oneof![12 => prop::sample::select(&NAMES[..]), 1 => Just("*")];
    let names = prop_oneof![
        12 => name().prop_map(|name| json!(name)),
        1 => prop::collection::vec(name(), 1..3).prop_map(|names| json!(names)),
    ];
    let tests = prop::collection::vec((operator, names), 1..3);
    prop_oneof![
        12 => tests.prop_map(|tests| {
            let line = |(operator, names): (&str, Value)| {
                (operator.to_owned(), json!({ "sts:RoleSessionName": names }))
            };
            tests.into_iter().map(line).collect()
        }),
        1 => Just(json!({})),
    ]
}

fn statement() -> impl Strategy<Value = Value> {
    let action = prop_oneof![8 => Just("sts:AssumeRole"), 1 => Just("sts:*"), 1 => Just("sts:TagSession")];
    let principals =
        prop_oneof![3 => prop::collection::vec(principal(), 1), 1 => prop::collection::vec(principal(), 2..4)];
    (principals, action, condition()).prop_map(|(principals, action, condition)| {
        json!({ "Effect": "Allow", "Principal": { "AWS": principals }, "Action": action, "Condition": condition })
    })
}

/// A session name that two callers may take, or that a role's session may.
fn taken_by_two(statements: &[Value], variables: bool) -> Option<&'static str> {
    NAMES.into_iter().filter(|name| !name.contains('$')).find(|name| {
        let takes = |caller: &Caller| statements.iter().any(|one| caller.may_take(name, one, variables));
        let able: Vec<Caller> = callers().into_iter().filter(takes).collect();
        able.len() > 1 || able.iter().any(|caller| caller.user.is_none())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn no_two_callers_can_take_one_name_of_a_pinned_role(
        statements in prop::collection::vec(statement(), 1..4),
        variables in prop::bool::weighted(0.9),
    ) {
        let version = if variables { "2012-10-17" } else { "2008-10-17" };
        let text = json!({ "Version": version, "Statement": statements }).to_string();
        if is_pinned(&judge(&role(), &text)) {
            prop_assert_eq!(taken_by_two(&statements, variables), None, "{}", text);
        }
    }

    #[test]
    fn a_user_name_for_one_account_or_a_name_for_one_user_is_pinned(
        user in prop::sample::select(&USERS[..]),
        name in prop::sample::select(&NAMES[..]),
    ) {
        let user = format!("arn:aws:iam::111122223333:user/{user}");
        let condition = json!({ "StringEquals": { "sts:RoleSessionName": name } });
        let statement = json!({ "Effect": "Allow", "Principal": { "AWS": user }, "Action": "sts:AssumeRole",
            "Condition": condition });
        let text = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        prop_assert!(is_pinned(&judge(&role(), &text)));
        prop_assert_eq!(taken_by_two(&[statement], true), None);
    }
}
