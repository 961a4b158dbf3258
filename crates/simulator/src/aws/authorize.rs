//! What an identity's inline policies allow: Allow and Deny, with wildcards, `NotAction`, `NotResource` and the
//! conditions that Latchkey's own policies use.
//!
//! Managed policies, boundaries, session policies and resource policies are not evaluated.

use serde_json::Value;

use super::error::ApiError;

/// A question: may this action be performed on that resource?
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// Such as `iam:PutUserPolicy`.
    pub action: &'a str,
    /// An ARN, or `*` for actions without one.
    pub resource: &'a str,
    /// Condition keys of the request, a key with several values once for each; all others are absent.
    pub context: &'a [(&'a str, String)],
}

/// The decision of `policies` (document texts): allowed by one Allow and no Deny, denied, or `None` if no statement
/// applies.
pub(crate) fn decide<'a>(policies: impl Iterator<Item = &'a String>, question: Question<'_>) -> Option<bool> {
    let mut decision = None;
    for document in policies.filter_map(|text| serde_json::from_str::<Value>(text).ok()) {
        for statement in items(&document["Statement"]) {
            if !applies(statement, question) {
                continue;
            }
            if statement["Effect"] == "Deny" {
                return Some(false);
            }
            decision = Some(true);
        }
    }
    decision
}

/// The condition keys that statements about this use and the question does not contain.
pub(crate) fn missing_context<'a>(
    policies: impl Iterator<Item = &'a String>,
    question: Question<'_>,
) -> std::collections::BTreeSet<String> {
    let mut missing = std::collections::BTreeSet::new();
    for document in policies.filter_map(|text| serde_json::from_str::<Value>(text).ok()) {
        for statement in items(&document["Statement"]).filter(|statement| is_about(statement, question)) {
            let keys = statement["Condition"].as_object().into_iter().flat_map(serde_json::Map::values);
            let keys = keys.filter_map(Value::as_object).flat_map(serde_json::Map::keys);
            let said = |key: &&String| question.context.iter().any(|(known, _)| known.eq_ignore_ascii_case(key));
            missing.extend(keys.filter(|key| !said(key)).cloned());
        }
    }
    missing
}

fn applies(statement: &Value, question: Question<'_>) -> bool {
    is_about(statement, question) && conditions_hold(&statement["Condition"], question.context)
}

/// Whether a statement applies to the action on the resource, whatever its conditions.
fn is_about(statement: &Value, question: Question<'_>) -> bool {
    let action = matches_either(statement, "Action", "NotAction", |pattern| {
        wildcard(&pattern.to_ascii_lowercase(), &question.action.to_ascii_lowercase())
    });
    let resource = matches_either(statement, "Resource", "NotResource", |pattern| wildcard(pattern, question.resource));
    action && resource
}

pub(super) fn matches_either(statement: &Value, name: &str, negated: &str, matches: impl Fn(&str) -> bool) -> bool {
    if statement.get(name).is_some() {
        return items(&statement[name]).filter_map(Value::as_str).any(&matches);
    }
    statement.get(negated).is_some() && !items(&statement[negated]).filter_map(Value::as_str).any(&matches)
}

fn conditions_hold(conditions: &Value, context: &[(&str, String)]) -> bool {
    let Some(operators) = conditions.as_object() else { return true };
    operators.iter().all(|(operator, keys)| {
        keys.as_object().is_some_and(|keys| {
            keys.iter().all(|(key, expected)| {
                let present = context.iter().filter(|(known, _)| known.eq_ignore_ascii_case(key));
                let present: Vec<_> = present.map(|(_, value)| value.as_str()).collect();
                condition_holds(operator, expected, &present)
            })
        })
    })
}

/// `ForAllValues:` holds if every value does, also if there is none; `ForAnyValue:` needs one. IAM wants one of both on
/// a key of several values. Without either, one value that matches is enough here, and one that matches what must not
/// is too many.
pub(super) fn condition_holds(operator: &str, expected: &Value, present: &[&str]) -> bool {
    let expected = || items(expected).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let (set, operator) = operator.split_once(':').unwrap_or(("", operator));
    let (operator, if_exists) = operator.strip_suffix("IfExists").map_or((operator, false), |bare| (bare, true));
    if operator == "Null" {
        return expected().any(|value| (value == "true") == present.is_empty());
    }
    let negated = operator.contains("Not");
    if present.is_empty() {
        return if_exists || set == "ForAllValues" || (negated && set.is_empty());
    }
    let holds = |present: &&str| {
        let any = expected().any(|value| match operator {
            "StringLike" | "ArnLike" | "StringNotLike" | "ArnNotLike" | "ArnEquals" => wildcard(&value, present),
            "Bool" | "StringEqualsIgnoreCase" => value.eq_ignore_ascii_case(present),
            _ => value == *present,
        });
        any != negated
    };
    if set == "ForAllValues" || (negated && set.is_empty()) {
        present.iter().all(holds)
    } else {
        present.iter().any(holds)
    }
}

/// One value or a list of them.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(list) => list.iter(),
        Value::Null => [].iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

/// `*` is any text, `?` any one character.
pub(super) fn wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Where to go on if a guess at the last star was too short: (pattern after it, text tried).
    let mut retry: Option<(usize, usize)> = None;
    let (mut at, mut seen) = (0, 0);
    while seen < text.len() {
        match pattern.get(at) {
            Some('*') => {
                retry = Some((at + 1, seen));
                at += 1;
            }
            Some(c) if *c == '?' || *c == text[seen] => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((after, tried)) = retry else { return false };
                retry = Some((after, tried + 1));
                (at, seen) = (after, tried + 1);
            }
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

/// Checks a policy's text as IAM does when it is put.
///
/// # Errors
/// `MalformedPolicyDocument` with IAM's words.
pub(crate) fn check_document(text: &str) -> Result<(), ApiError> {
    let malformed = |message: &str| ApiError::new(400, "MalformedPolicyDocument", message);
    let syntax = || malformed("Syntax errors in policy.");
    let document: Value = serde_json::from_str(text).map_err(|_| syntax())?;
    let known = ["Version", "Id", "Statement"];
    if !document.as_object().is_some_and(|object| object.keys().all(|key| known.contains(&key.as_str()))) {
        return Err(syntax());
    }
    if !matches!(document["Version"].as_str(), Some("2012-10-17" | "2008-10-17")) && document.get("Version").is_some() {
        return Err(syntax());
    }
    let mut ids = std::collections::BTreeSet::new();
    let mut statements = 0;
    for statement in items(&document["Statement"]) {
        statements += 1;
        check_statement(statement)?;
        if let Some(id) = statement.get("Sid") {
            let id = id.as_str().ok_or_else(syntax)?;
            if !id.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err(malformed("Statement IDs (SID) in a single policy must be alphanumeric."));
            }
            if !ids.insert(id.to_owned()) {
                return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
            }
        }
    }
    if statements == 0 { Err(syntax()) } else { Ok(()) }
}

fn check_statement(statement: &Value) -> Result<(), ApiError> {
    let malformed = |message: String| ApiError::new(400, "MalformedPolicyDocument", message);
    let known = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let object = statement.as_object().ok_or_else(|| malformed("Syntax errors in policy.".to_owned()))?;
    if object.contains_key("Principal") || object.contains_key("NotPrincipal") {
        return Err(malformed("Policy document should not specify a principal.".to_owned()));
    }
    if object.keys().any(|key| !known.contains(&key.as_str()))
        || !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny"))
    {
        return Err(malformed("Syntax errors in policy.".to_owned()));
    }
    let one_of = |name: &str, negated: &str, what: &str| {
        let values: Vec<_> = [name, negated].iter().flat_map(|key| items(&statement[*key])).collect();
        if values.is_empty() || (object.contains_key(name) && object.contains_key(negated)) {
            return Err(malformed(format!("Policy statement must contain {what}.")));
        }
        values
            .into_iter()
            .map(|value| value.as_str().ok_or_else(|| malformed("Syntax errors in policy.".to_owned())))
            .collect::<Result<Vec<_>, _>>()
    };
    for action in one_of("Action", "NotAction", "actions")? {
        if action != "*" && !action.split_once(':').is_some_and(|(vendor, name)| !vendor.is_empty() && !name.is_empty())
        {
            return Err(malformed(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned(),
            ));
        }
    }
    for resource in one_of("Resource", "NotResource", "resources")? {
        if resource != "*" && !(resource.starts_with("arn:") && resource.split(':').count() >= 6) {
            return Err(malformed(format!("Resource {resource} must be in ARN format or \"*\".")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(policy: &Value, action: &str, resource: &str) -> bool {
        decide([policy.to_string()].iter(), Question { action, resource, context: &[] }) == Some(true)
    }

    #[test]
    fn an_action_is_refused_until_a_statement_allows_it() {
        let policy = serde_json::json!({"Statement": {"Effect": "Allow", "Action": "eks:Describe*", "Resource": "arn:aws:eks:*:1:cluster/a"}});
        assert!(asks(&policy, "eks:DescribeCluster", "arn:aws:eks:eu-west-1:1:cluster/a"));
        assert!(!asks(&policy, "eks:DescribeCluster", "arn:aws:eks:eu-west-1:1:cluster/ab"));
        assert!(!asks(&policy, "eks:ListClusters", "arn:aws:eks:eu-west-1:1:cluster/a"));
    }

    #[test]
    fn deny_beats_allow() {
        let policy = serde_json::json!({"Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "NotAction": ["iam:*"], "Resource": "*",
             "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}]});
        assert!(asks(&policy, "iam:GetUser", "x"));
        assert!(!asks(&policy, "eks:ListClusters", "x"));
    }

    #[test]
    fn a_condition_on_an_absent_key_does_not_hold() {
        let policy = serde_json::json!({"Statement": [{"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*",
             "Condition": {"StringEquals": {"iam:PermissionsBoundary": "b"}}}]});
        assert!(!asks(&policy, "iam:CreateUser", "x"));
        let context = [("iam:PermissionsBoundary", "b".to_owned())];
        let question = Question { action: "iam:CreateUser", resource: "x", context: &context };
        assert_eq!(decide([policy.to_string()].iter(), question), Some(true));
    }

    #[test]
    fn a_condition_on_a_key_of_several_values_says_whether_all_or_one_must_match() {
        let holds =
            |operator: &str, present: &[&str]| condition_holds(operator, &serde_json::json!(["a", "b*"]), present);
        for (operator, none, good, mixed, bad) in [
            ("StringLike", false, true, true, false),
            ("StringNotLike", true, false, false, true),
            ("ForAllValues:StringLike", true, true, false, false),
            ("ForAnyValue:StringLike", false, true, true, false),
            ("ForAllValues:StringNotLike", true, false, false, true),
            ("ForAnyValue:StringNotLike", false, false, true, true),
        ] {
            let found = [&[][..], &["a", "bc"], &["a", "c"], &["c", "d"]].map(|present| holds(operator, present));
            assert_eq!(found, [none, good, mixed, bad], "{operator}");
        }
        assert!(condition_holds("Null", &serde_json::json!("true"), &[]));
        assert!(!condition_holds("Null", &serde_json::json!("true"), &["a"]));
        assert!(condition_holds("Null", &serde_json::json!(false), &["a"]));
    }

    #[test]
    fn stars_backtrack() {
        assert!(wildcard("a*b*c", "aXbXbc"));
        assert!(!wildcard("a*b*c", "aXbXb"));
        assert!(wildcard("*", ""));
        assert!(wildcard("a?c*", "abc"));
    }

    #[test]
    fn documents_are_checked_when_put() {
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"Statement":[]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"x","Resource":"*"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"a:x","Resource":"y"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"a:x","Resource":"*","Principal":"*"}]}"#,
            r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"a:x","Resource":"*"}]}"#,
            r#"{"Statement":[{"Sid":"a b","Effect":"Allow","Action":"a:x","Resource":"*"}]}"#,
        ] {
            assert!(check_document(bad).is_err(), "{bad}");
        }
        check_document(
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":["a:x"],"Resource":"*"}]}"#,
        )
        .unwrap();
    }
}
