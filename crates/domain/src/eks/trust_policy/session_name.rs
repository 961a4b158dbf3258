//! What a condition demands of the session's name.
//!
//! The IAM user guide has the rules: "IAM JSON policy elements: Condition operators" (all lines of a condition have to
//! hold; several values are alternatives; `StringEquals` takes `*` and `?` for plain characters), "IAM and AWS STS
//! condition context keys" (`sts:RoleSessionName`), "IAM policy elements: Variables and tags" (default values). The
//! case of keys does not count. Whether the case of operators counts is not said, so only one spelling is a pin.

use super::json::Json;
use super::statement::{AllowStatement, ConditionTest};
use super::{NoPin, cut};

const NAME_KEY: &str = "sts:RoleSessionName";
const SOURCE_KEY: &str = "sts:SourceIdentity";
const USER_KEY: &str = "aws:username";
const EQUALS: &str = "StringEquals";

/// The one name that a statement lets a session have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DemandedName<'a> {
    /// That of the caller's IAM user.
    OfUser,
    /// This text.
    Literal(&'a str),
}

/// The session name that a statement demands.
///
/// # Errors
///
/// The statement does not demand one name.
pub(super) fn demanded(statement: &AllowStatement) -> Result<DemandedName<'_>, NoPin> {
    let named = |test: &&ConditionTest| test.key.eq_ignore_ascii_case(NAME_KEY);
    let equal = |test: &&ConditionTest| test.operator.eq_ignore_ascii_case(EQUALS);
    let tests: Vec<&ConditionTest> = statement.tests.iter().filter(named).filter(equal).collect();
    match tests[..] {
        [] => Err(near_miss(&statement.tests)),
        [test] if test.operator == EQUALS => of_values(&test.values, statement.variables),
        [test] => Err(NoPin::Operator { operator: cut(&test.operator) }),
        [..] => Err(NoPin::SessionNameTwice),
    }
}

/// What a condition asks in place of an equal session name.
fn near_miss(tests: &[ConditionTest]) -> NoPin {
    let on = |key: &str| tests.iter().find(|test| test.key.eq_ignore_ascii_case(key));
    if let Some(test) = on(NAME_KEY) {
        NoPin::Operator { operator: cut(&test.operator) }
    } else if on(USER_KEY).is_some() {
        NoPin::UserNameAsKey
    } else if on(SOURCE_KEY).is_some() {
        NoPin::SourceIdentity
    } else if tests.is_empty() {
        NoPin::NoCondition
    } else {
        NoPin::NoSessionName
    }
}

fn of_values(values: &[Json], variables: bool) -> Result<DemandedName<'_>, NoPin> {
    match values {
        [] => Err(NoPin::NoName),
        [value] => of_value(value.text().ok_or(NoPin::NameNotText)?, variables),
        several => Err(NoPin::SeveralNames { count: several.len() }),
    }
}

fn of_value(value: &str, variables: bool) -> Result<DemandedName<'_>, NoPin> {
    let name = cut(value);
    if value.contains("${") {
        return if variables { of_variable(value) } else { Err(NoPin::VariableInOldVersion { name }) };
    }
    if value.contains(['*', '?']) {
        return Err(NoPin::Wildcard { name });
    }
    if is_session_name(value) { Ok(DemandedName::Literal(value)) } else { Err(NoPin::NotASessionName { name }) }
}

fn of_variable(value: &str) -> Result<DemandedName<'_>, NoPin> {
    let name = cut(value);
    let lower = value.to_ascii_lowercase();
    let variable = lower.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    if variable == Some(USER_KEY) {
        return Ok(DemandedName::OfUser);
    }
    let within = variable.filter(|inner| !inner.contains('}'));
    if within.and_then(|inner| inner.strip_prefix(USER_KEY)).is_some_and(|rest| rest.trim_start().starts_with(',')) {
        return Err(NoPin::DefaultValue { name });
    }
    let around = lower.contains(&format!("${{{USER_KEY}}}"));
    Err(if around { NoPin::AroundUserName { name } } else { NoPin::OtherVariable { name } })
}

/// Whether STS takes a text as a session's name: `RoleSessionName` of `AssumeRole`, in the STS API reference.
fn is_session_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    (2..=64).contains(&text.len()) && text.bytes().all(plain)
}
