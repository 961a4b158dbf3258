//! The statements by which a role can be assumed.

use super::json::{Json, member};
use super::principal::{self, TrustedKind, TrustedPrincipal};
use super::{LONGEST_DOCUMENT_BYTES, NoPin, NotForPeople, Unpinned, cut};
use crate::eks::arn::RoleArn;

/// The version in which variables such as `${aws:username}` have a value: the IAM user guide, "IAM JSON policy
/// elements: Version".
const WITH_VARIABLES: &str = "2012-10-17";
/// The version without variables, and the one that counts where a policy names none.
const WITHOUT_VARIABLES: &str = "2008-10-17";
/// The actions by which a session of a role begins; a later one of STS is taken to begin with the same words.
const ASSUME: &str = "sts:assumerole";
const ASSUME_WITH_WEB_IDENTITY: &str = "sts:assumerolewithwebidentity";

/// What a trust policy allows.
#[derive(Debug)]
pub(super) struct TrustPolicy {
    /// The statements by which somebody may begin a session, with their places, and those that cannot be read.
    pub(super) statements: Vec<(usize, Result<AllowStatement, NoPin>)>,
}

/// A statement that allows a way to a session of the role.
#[derive(Debug)]
pub(super) struct AllowStatement {
    /// The actions, in small letters: their case does not count.
    pub(super) actions: Vec<String>,
    /// At least one.
    pub(super) principals: Vec<TrustedPrincipal>,
    pub(super) tests: Vec<ConditionTest>,
    /// Whether variables have a value.
    pub(super) variables: bool,
}

/// One line of a condition. All lines have to hold.
#[derive(Debug)]
pub(super) struct ConditionTest {
    pub(super) operator: String,
    pub(super) key: String,
    pub(super) values: Vec<Json>,
}

impl TrustPolicy {
    /// Reads the trust policy of `role`.
    ///
    /// # Errors
    ///
    /// The document as a whole cannot be read.
    pub(super) fn read(role: &RoleArn, document: &str) -> Result<Self, NoPin> {
        if document.len() > LONGEST_DOCUMENT_BYTES {
            return Err(NoPin::TooLong { bytes: document.len() });
        }
        let read: Json = serde_json::from_str(document).map_err(|e| NoPin::NotJson { message: cut(&e.to_string()) })?;
        if let Some(key) = read.repeated_key() {
            return Err(NoPin::RepeatedKey { key: cut(key) });
        }
        let members = read.members().ok_or_else(|| wrong_type("document"))?;
        demand_elements(members, &["Version", "Id", "Statement"])?;
        let variables = has_variables(members)?;
        let statements = member(members, "Statement").ok_or_else(|| missing("Statement"))?;
        let judged = (1..).zip(statements.items()).filter_map(|(place, statement)| {
            Some((place, AllowStatement::read(role, variables, statement).transpose()?))
        });
        Ok(Self { statements: judged.collect() })
    }

    /// The statements that can be read.
    pub(super) fn readable(&self) -> impl Iterator<Item = &AllowStatement> {
        self.statements.iter().filter_map(|(_, statement)| statement.as_ref().ok())
    }

    /// Asks of each statement what it holds.
    ///
    /// # Errors
    ///
    /// Why each statement that holds nothing does not.
    pub(super) fn each<T>(
        &self,
        ask: impl Fn(&AllowStatement) -> Result<T, NoPin>,
    ) -> Result<Vec<(usize, T)>, Vec<Unpinned>> {
        let (mut held, mut reasons) = (Vec::new(), Vec::new());
        for (statement, read) in &self.statements {
            match read.as_ref().map_err(Clone::clone).and_then(&ask) {
                Ok(one) => held.push((*statement, one)),
                Err(why) => reasons.push(Unpinned { statement: *statement, why }),
            }
        }
        if reasons.is_empty() { Ok(held) } else { Err(reasons) }
    }
}

impl AllowStatement {
    /// Reads a statement; `None` for one by which no session begins.
    fn read(role: &RoleArn, variables: bool, statement: &Json) -> Result<Option<Self>, NoPin> {
        let members = statement.members().ok_or_else(|| wrong_type("Statement"))?;
        demand_elements(members, &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"])?;
        let effect = member(members, "Effect").ok_or_else(|| missing("Effect"))?;
        match effect.text().ok_or_else(|| wrong_type("Effect"))? {
            "Allow" => {}
            "Deny" => return Ok(None),
            other => return Err(NoPin::UnknownEffect { effect: cut(other) }),
        }
        let actions = read_actions(members)?;
        if !actions.iter().any(|action| may_assume(action)) {
            return Ok(None);
        }
        if member(members, "NotPrincipal").is_some() {
            return Err(NoPin::NotPrincipal);
        }
        let principals = member(members, "Principal").ok_or_else(|| missing("Principal"))?;
        let principals = principal::read(role, principals)?;
        let tests = read_condition(member(members, "Condition"))?;
        Ok(Some(Self { actions, principals, tests, variables }))
    }

    /// Why the statement lets programs in, if it does.
    pub(super) fn not_for_people(&self) -> Option<NotForPeople> {
        let of_kind = |kind: &TrustedKind| self.principals.iter().find(|principal| principal.kind == *kind);
        if let Some(service) = of_kind(&TrustedKind::Service) {
            return Some(NotForPeople::Service { service: cut(&service.text) });
        }
        let by_action = self.actions.iter().any(|action| action == ASSUME_WITH_WEB_IDENTITY);
        let provider = of_kind(&TrustedKind::WebIdentity)
            .or_else(|| self.principals.first().filter(|_| by_action))
            .map(|principal| cut(&principal.text))?;
        Some(NotForPeople::WebIdentity { provider })
    }

    /// An action that begins a session in another way than `sts:AssumeRole`, or may do so.
    pub(super) fn other_way(&self) -> Option<&str> {
        self.actions.iter().map(String::as_str).find(|action| *action != ASSUME && may_assume(action))
    }
}

fn missing(element: &str) -> NoPin {
    NoPin::MissingElement { element: element.to_owned() }
}

fn wrong_type(element: &str) -> NoPin {
    NoPin::WrongType { element: element.to_owned() }
}

fn demand_elements(members: &[(String, Json)], known: &[&str]) -> Result<(), NoPin> {
    let unknown = members.iter().find(|(key, _)| !known.contains(&key.as_str()));
    unknown.map_or(Ok(()), |(key, _)| Err(NoPin::UnknownElement { element: cut(key) }))
}

fn has_variables(members: &[(String, Json)]) -> Result<bool, NoPin> {
    let Some(version) = member(members, "Version") else { return Ok(false) };
    match version.text().ok_or_else(|| wrong_type("Version"))? {
        WITH_VARIABLES => Ok(true),
        WITHOUT_VARIABLES => Ok(false),
        other => Err(NoPin::UnknownVersion { version: cut(other) }),
    }
}

/// The actions in small letters.
fn read_actions(members: &[(String, Json)]) -> Result<Vec<String>, NoPin> {
    if member(members, "NotAction").is_some() {
        return Err(NoPin::NotAction);
    }
    let actions = member(members, "Action").ok_or_else(|| missing("Action"))?;
    let actions = actions.texts().ok_or_else(|| wrong_type("Action"))?;
    if let Some(odd) = actions.iter().find(|action| !is_action(action)) {
        return Err(NoPin::UnreadableAction { action: cut(odd) });
    }
    Ok(actions.iter().map(|action| action.to_ascii_lowercase()).collect())
}

/// Whether a text is written as an action: `*`, or a service and a name, with wildcards.
fn is_action(text: &str) -> bool {
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-*?".contains(&b));
    let parts = text.split_once(':');
    text == "*"
        || parts.is_some_and(|(service, name)| !service.is_empty() && !name.is_empty() && plain(service) && plain(name))
}

/// Whether an action, in small letters and with wildcards, can be one that begins a session: whether some text that
/// begins with [`ASSUME`] is of its form.
fn may_assume(action: &str) -> bool {
    let mut rest = action.bytes();
    for wanted in ASSUME.bytes() {
        match rest.next() {
            Some(b'*') => return true,
            Some(own) if own == b'?' || own == wanted => {}
            Some(_) | None => return false,
        }
    }
    true
}

fn read_condition(condition: Option<&Json>) -> Result<Vec<ConditionTest>, NoPin> {
    let wrong = || wrong_type("Condition");
    let Some(condition) = condition else { return Ok(Vec::new()) };
    let mut tests = Vec::new();
    for (operator, keys) in condition.members().ok_or_else(wrong)? {
        for (key, values) in keys.members().ok_or_else(wrong)? {
            let values = values.items();
            if !values.iter().all(|value| matches!(value, Json::Scalar | Json::Text(_))) {
                return Err(wrong());
            }
            tests.push(ConditionTest { operator: operator.clone(), key: key.clone(), values: values.to_vec() });
        }
    }
    Ok(tests)
}
