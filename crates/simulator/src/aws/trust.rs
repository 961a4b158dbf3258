//! A role's trust policy: who may assume the role, and under which name.
//!
//! Of the conditions it knows `StringEquals` and `StringLike` on `sts:RoleSessionName` and `sts:ExternalId`, with the
//! variable `${aws:username}`. A statement with any other condition refuses, whatever its effect: an Allow does not
//! apply, and a Deny does. A trust in a user stays with the ARN, although IAM keeps the user's unique id.

use serde_json::Value;

use super::{
    authorize::{condition_holds, items, matches_either, wildcard},
    error::ApiError,
};

/// White space is not counted. IAM lets an account raise it to 4,096.
const MOST_CHARACTERS: usize = 2_048;
const SESSION_NAME: &str = "sts:RoleSessionName";
const EXTERNAL_ID: &str = "sts:ExternalId";
const USERNAME: &str = "${aws:username}";

/// An AssumeRole, as a trust policy sees it.
#[derive(Debug)]
pub(crate) struct Assuming<'a> {
    /// 12 digits: the account of the caller and of the role.
    pub account: &'a str,
    /// The ARNs that name the caller: a user's, or a session's and its role's.
    pub arns: Vec<String>,
    /// The name of the IAM user that calls; a session has none.
    pub username: Option<&'a str>,
    pub session_name: &'a str,
    pub external_id: Option<&'a str>,
}

/// How a trust policy names a caller that it trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trusted {
    /// By an ARN or `*`: the caller needs no policy of its own.
    ByName,
    /// By its account: the caller's own policies must allow it, too.
    ThroughAccount,
}

impl<'a> Assuming<'a> {
    /// The condition keys, for the caller's own policies.
    pub fn context(&self) -> Vec<(&'static str, String)> {
        let external = self.external_id.map(|id| (EXTERNAL_ID, id.to_owned()));
        [(SESSION_NAME, self.session_name.to_owned())].into_iter().chain(external).collect()
    }

    /// The value of a condition key, if it has one; `None` for an unknown key.
    fn values(&self, key: &str) -> Option<Vec<&'a str>> {
        if key.eq_ignore_ascii_case(SESSION_NAME) {
            return Some(vec![self.session_name]);
        }
        key.eq_ignore_ascii_case(EXTERNAL_ID).then(|| self.external_id.into_iter().collect())
    }
}

/// How a role's trust policy trusts the caller; `None` if it does not.
pub(crate) fn trusts(trust: &str, assuming: &Assuming<'_>) -> Option<Trusted> {
    let document: Value = serde_json::from_str(trust).ok()?;
    // Without this version a variable is a plain text, which equals no name.
    let variables = document["Version"] == "2012-10-17";
    let mut trusted = None;
    for statement in items(&document["Statement"]).filter(|statement| is_about_assuming(statement)) {
        let holds = conditions_hold(statement, assuming, variables);
        let named = named(&statement["Principal"], assuming);
        if statement["Effect"] == "Deny" {
            let meant = named.is_some() || statement.get("NotPrincipal").is_some();
            if meant && holds != Some(false) {
                return None;
            }
        } else if statement["Effect"] == "Allow" && holds == Some(true) && trusted != Some(Trusted::ByName) {
            trusted = named.or(trusted);
        }
    }
    trusted
}

fn is_about_assuming(statement: &Value) -> bool {
    let matches = |pattern: &str| wildcard(&pattern.to_ascii_lowercase(), "sts:assumerole");
    matches_either(statement, "Action", "NotAction", matches)
}

/// `"*"`, or `{"AWS": one or a list}` of ARNs, account numbers and `*`.
fn named(principal: &Value, assuming: &Assuming<'_>) -> Option<Trusted> {
    let names = || items(if principal.is_string() { principal } else { &principal["AWS"] }).filter_map(Value::as_str);
    if names().any(|name| name == "*" || assuming.arns.iter().any(|arn| arn == name)) {
        return Some(Trusted::ByName);
    }
    let root = format!("arn:aws:iam::{}:root", assuming.account);
    names().any(|name| name == root || name == assuming.account).then_some(Trusted::ThroughAccount)
}

/// Whether all conditions of a statement hold; `None` if there is one that this module does not know.
fn conditions_hold(statement: &Value, assuming: &Assuming<'_>, variables: bool) -> Option<bool> {
    let Some(conditions) = statement.get("Condition") else { return Some(true) };
    let mut all = true;
    for (operator, keys) in conditions.as_object()? {
        if !matches!(operator.as_str(), "StringEquals" | "StringLike") {
            return None;
        }
        for (key, expected) in keys.as_object()? {
            let present = assuming.values(key)?;
            let mut wanted = Vec::new();
            for expected in items(expected) {
                wanted.extend(resolved(expected.as_str()?, assuming, variables)?);
            }
            all &= condition_holds(operator, &Value::Array(wanted), &present);
        }
    }
    Some(all)
}

/// The text with its variables replaced; no text if the caller lacks the variable, so that it equals no value. `None`
/// for an unknown variable.
fn resolved(text: &str, assuming: &Assuming<'_>, variables: bool) -> Option<Vec<Value>> {
    if !variables || !text.contains("${") {
        return Some(vec![text.into()]);
    }
    if text.replace(USERNAME, "").contains("${") {
        return None;
    }
    Some(assuming.username.map(|name| text.replace(USERNAME, name).into()).into_iter().collect())
}

/// Checks a trust policy's text as IAM does when it is put. That the principals exist is not checked.
///
/// # Errors
/// `MalformedPolicyDocument`; `LimitExceeded` if it is too long.
pub(crate) fn check_trust(text: &str) -> Result<(), ApiError> {
    let malformed = |message: &str| Err(ApiError::new(400, "MalformedPolicyDocument", message));
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        return malformed("This policy contains invalid Json");
    };
    if items(&document["Statement"]).next().is_none() {
        return malformed("Syntax errors in policy.");
    }
    for statement in items(&document["Statement"]) {
        if !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny")) {
            return malformed("Syntax errors in policy.");
        }
        if let Some(field) = ["Resource", "NotResource"].iter().find(|field| statement.get(**field).is_some()) {
            return malformed(&format!("Has prohibited field {field}"));
        }
        if statement.get("Principal").is_none() && statement.get("NotPrincipal").is_none() {
            return malformed("Missing required field Principal");
        }
        let mut actions = items(&statement["Action"]).peekable();
        if actions.peek().is_none() {
            return malformed("Missing required field Action");
        }
        if !actions.all(|action| action.as_str().is_some_and(|action| action.starts_with("sts:"))) {
            return malformed("AssumeRole policy may only specify STS AssumeRole actions.");
        }
    }
    if text.chars().filter(|c| !c.is_whitespace()).count() > MOST_CHARACTERS {
        let message = format!("Cannot exceed quota for ACLSizePerRole: {MOST_CHARACTERS}");
        return Err(ApiError::new(409, "LimitExceeded", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const JANE: &str = "arn:aws:iam::111122223333:user/teams/Jane";

    fn asks<'a>(username: Option<&'a str>, session_name: &'a str) -> Assuming<'a> {
        let arns = vec![JANE.to_owned()];
        Assuming { account: "111122223333", arns, username, session_name, external_id: None }
    }

    fn jane(statements: &Value, session_name: &str) -> Option<Trusted> {
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        trusts(&document.to_string(), &asks(Some("Jane"), session_name))
    }

    fn statement(effect: &str, principal: &Value, condition: &Value) -> Value {
        let mut statement = json!({ "Effect": effect, "Action": "sts:AssumeRole", "Principal": principal });
        if !condition.is_null() {
            statement["Condition"] = condition.clone();
        }
        statement
    }

    #[test]
    fn a_principal_is_named_by_its_arn_by_its_account_or_with_all() {
        use Trusted::{ByName, ThroughAccount};
        for (principal, expected) in [
            (json!("*"), Some(ByName)),
            (json!({ "AWS": "*" }), Some(ByName)),
            (json!({ "AWS": JANE }), Some(ByName)),
            (json!({ "AWS": ["arn:aws:iam::111122223333:user/x", JANE] }), Some(ByName)),
            (json!({ "AWS": ["111122223333", JANE] }), Some(ByName)),
            (json!({ "AWS": "arn:aws:iam::111122223333:root" }), Some(ThroughAccount)),
            (json!({ "AWS": ["999988887777", "111122223333"] }), Some(ThroughAccount)),
            (json!({ "AWS": "arn:aws:iam::999988887777:root" }), None),
            (json!({ "AWS": "arn:aws:iam::111122223333:user/Jane" }), None),
            (json!({ "Service": "*" }), None),
            (json!({ "Federated": "arn:aws:iam::111122223333:saml-provider/x" }), None),
        ] {
            assert_eq!(jane(&statement("Allow", &principal, &Value::Null), "s"), expected, "{principal}");
        }
    }

    #[test]
    fn a_condition_holds_the_name_of_the_session_and_an_unknown_one_refuses() {
        for (condition, session, expected) in [
            (json!({}), "jane", true),
            (json!({ "StringEquals": { "sts:RoleSessionName": "jane" } }), "jane", true),
            (json!({ "StringEquals": { "STS:rolesessionname": ["ana", "jane"] } }), "jane", true),
            (json!({ "StringEquals": { "sts:RoleSessionName": "jane" } }), "Jane", false),
            (json!({ "StringEquals": { "sts:RoleSessionName": "j*" } }), "jane", false),
            (json!({ "StringLike": { "sts:RoleSessionName": "j*" } }), "jane", true),
            (json!({ "StringEquals": { "sts:RoleSessionName": "${aws:username}" } }), "Jane", true),
            (json!({ "StringEquals": { "sts:RoleSessionName": "${aws:username}" } }), "ana", false),
            (json!({ "StringLike": { "sts:RoleSessionName": "${aws:username}-*" } }), "Jane-1", true),
            (json!({ "StringEquals": { "sts:RoleSessionName": "${aws:userid}" } }), "Jane", false),
            (json!({ "StringEquals": { "sts:RoleSessionName": "jane", "aws:x": "y" } }), "jane", false),
            (json!({ "StringEqualsIfExists": { "sts:RoleSessionName": "jane" } }), "jane", false),
            (json!({ "StringEquals": { "sts:ExternalId": "jane" } }), "jane", false),
            (json!("all"), "jane", false),
        ] {
            let found = jane(&statement("Allow", &json!("*"), &condition), session);
            assert_eq!(found.is_some(), expected, "{condition} and {session}");
        }
    }

    #[test]
    fn a_pin_on_the_username_lets_in_users_only_and_needs_the_version() {
        let pin = json!({ "StringEquals": { "sts:RoleSessionName": "${aws:username}" } });
        let pinned = statement("Allow", &json!("*"), &pin);
        let versioned = json!({ "Version": "2012-10-17", "Statement": pinned }).to_string();
        assert_eq!(trusts(&versioned, &asks(Some("Jane"), "Jane")), Some(Trusted::ByName));
        assert_eq!(trusts(&versioned, &asks(None, "Jane")), None);
        let old = json!({ "Statement": pinned }).to_string();
        assert_eq!(trusts(&old, &asks(Some("Jane"), "Jane")), None);
    }

    #[test]
    fn of_several_statements_one_is_enough_and_a_deny_beats_all() {
        let pinned = json!({ "StringEquals": { "sts:RoleSessionName": "jane" } });
        let root = json!({ "AWS": "111122223333" });
        let through = statement("Allow", &root, &Value::Null);
        let by_name = statement("Allow", &json!({ "AWS": JANE }), &pinned);
        for statements in [json!([through, by_name]), json!([by_name, through])] {
            assert_eq!(jane(&statements, "jane"), Some(Trusted::ByName));
            assert_eq!(jane(&statements, "ana"), Some(Trusted::ThroughAccount));
        }
        let unknown = json!({ "Bool": { "aws:MultiFactorAuthPresent": "false" } });
        for (principal, condition, expected) in [
            (json!("*"), Value::Null, false),
            (root.clone(), pinned.clone(), false),
            (json!("*"), json!({ "StringEquals": { "sts:RoleSessionName": "ana" } }), true),
            (json!("*"), unknown, false),
            (json!({ "AWS": "999988887777" }), Value::Null, true),
        ] {
            let deny = statement("Deny", &principal, &condition);
            let found = jane(&json!([by_name, deny, through]), "jane");
            assert_eq!(found.is_some(), expected, "{deny}");
        }
    }

    #[test]
    fn an_action_is_meant_by_its_name_or_a_pattern() {
        for (action, expected) in [
            (json!("sts:AssumeRole"), true),
            (json!(["sts:TagSession", "sts:assumerole"]), true),
            (json!("sts:*"), true),
            (json!("sts:Assume*"), true),
            (json!(["sts:AssumeRoleWithSAML", "sts:TagSession"]), false),
        ] {
            let statement = json!({ "Effect": "Allow", "Action": action, "Principal": "*" });
            assert_eq!(jane(&statement, "s").is_some(), expected, "{action}");
        }
    }
}
