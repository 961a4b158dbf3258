//! Columns as the domain's values, and back.

use super::StoreError;
use jiff::Timestamp;
use latchkey_domain::{
    access::{
        PersonId,
        became::Became,
        blocker::Blocker,
        evidence::Evidence,
        grant::{Condition, GrantBasis, Trouble},
        person::{Handle, Person},
        residual::{Residual, Residuals},
        terms::RoleUser,
    },
    eks::arn::SessionName,
};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use std::{borrow::Cow, num::NonZeroU8};
use uuid::Uuid;

pub(super) fn time(at: Timestamp) -> jiff_sqlx::Timestamp {
    at.into()
}

pub(super) fn json<T: serde::de::DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    value: serde_json::Value,
) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|error| StoreError::corrupt(table, column, error))
}

/// The rows of a list that can be read. A row that this version cannot read is left out alone, and the log names it.
pub(super) fn readable<T>(rows: impl Iterator<Item = (Uuid, Result<T, StoreError>)>) -> Vec<T> {
    let told = |(id, read): (Uuid, Result<T, StoreError>)| match read {
        Ok(row) => Some(row),
        Err(error) => {
            tracing::error!(%id, %error, "a row cannot be read, and is left out of a list");
            None
        }
    };
    rows.filter_map(told).collect()
}

/// JSON from the text of its column. The database takes any JSON; another shape than Latchkey's is `Corrupt`.
pub(super) fn parsed<T: serde::de::DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    text: Option<&str>,
) -> Result<T, StoreError> {
    let text = text.ok_or_else(|| StoreError::corrupt(table, column, "nothing, or more than is read of one row"))?;
    serde_json::from_str(text).map_err(|error| StoreError::corrupt(table, column, error))
}

/// A time as `latchkey_readable` gives it.
pub(super) fn read_time(
    table: &'static str,
    column: &'static str,
    at: Option<jiff_sqlx::Timestamp>,
) -> Result<Timestamp, StoreError> {
    at.map(jiff_sqlx::Timestamp::to_jiff).ok_or_else(|| StoreError::corrupt(table, column, "no time that can be read"))
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(value).map(kept_json).map_err(|error| StoreError::Event(error.to_string()))
}

/// A time of a row that comes as JSON.
pub(super) fn json_time<'de, D: Deserializer<'de>>(json: D) -> Result<Option<jiff_sqlx::Timestamp>, D::Error> {
    Ok(Option::<Timestamp>::deserialize(json)?.map(Into::into))
}

/// Bytes of a row that comes as JSON, in which they are in hex.
pub(super) fn json_bytes<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<u8>, D::Error> {
    hex::decode(String::deserialize(json)?).map_err(D::Error::custom)
}

/// The same of a column that may be null.
pub(super) fn json_some_bytes<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Vec<u8>>, D::Error> {
    Option::<String>::deserialize(json)?.map(|hex| hex::decode(hex).map_err(D::Error::custom)).transpose()
}

/// What stands for the one character that Postgres keeps in no text: the picture of it.
const NUL: &str = "\u{2400}";

/// A text that another client may have written, as Postgres can store it: a NUL in a username of aws-auth or in a
/// subject of a binding must not fail the write that reports it.
pub(super) fn kept(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', NUL)) } else { Cow::Borrowed(text) }
}

/// The same for each text and key of a value.
pub(super) fn kept_json(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', NUL)),
        Value::Array(list) => Value::Array(list.into_iter().map(kept_json).collect()),
        Value::Object(map) => map.into_iter().map(|(key, value)| (kept(&key).into_owned(), kept_json(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

pub(super) fn hash32(table: &'static str, column: &'static str, bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::corrupt(table, column, hex::encode(bytes)))
}

pub(super) fn person(id: Uuid, handle: &str, name: String, groups: Vec<String>) -> Result<Person, StoreError> {
    let handle: Handle = handle.parse().map_err(|error| StoreError::corrupt("person", "handle", error))?;
    Ok(Person { id: PersonId(id), handle, name, groups: groups.into_iter().collect() })
}

/// The trouble of a leg by its column; `None` if all is well.
///
/// # Errors
/// `Corrupt` if this version does not know the condition.
pub(super) fn trouble(condition: &str) -> Result<Option<Trouble>, StoreError> {
    match Trouble::parse(condition) {
        None if condition != "ok" => Err(StoreError::corrupt("grant_leg", "condition", condition)),
        trouble => Ok(trouble),
    }
}

/// The blocker of a leg, from the text that `latchkey_blocker` makes of its columns. A text that this version cannot
/// read is not an error.
pub(super) fn blocker(text: Option<&str>) -> Blocker {
    let Some(text) = text else { return Blocker::said("") };
    let unread = || Blocker::OfLaterVersion { named: String::new() };
    serde_json::from_str(text).map_or_else(|_| unread(), Blocker::read)
}

/// What a leg allows beyond what was decided, from the sentences of its column, which queries go by, and from the text
/// of the values in its evidence. If there are only sentences, an earlier version wrote them.
pub(super) fn wider(said: Vec<String>, values: Option<&str>) -> Vec<Blocker> {
    let values = values.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    as_many(said, values)
}

/// The evidence of a leg, with its column `wider` read in the same way.
pub(super) fn evidence(value: &Value, said: Vec<String>) -> Evidence {
    let read = Evidence::read(value);
    Evidence { wider: as_many(said, read.wider), ..read }
}

fn as_many(said: Vec<String>, values: Vec<Blocker>) -> Vec<Blocker> {
    if values.len() == said.len() { values } else { said.into_iter().map(Blocker::said).collect() }
}

/// What says yes beside an access or after its end, from the sentences of its row and from the text of the values. If
/// there are only sentences, an earlier version wrote them.
pub(super) fn residuals(said: Vec<String>, values: Option<&str>) -> Residuals {
    Residuals { values: beside(values, &said), said }
}

/// The same, of which only the values are wanted.
pub(super) fn beside(values: Option<&str>, said: &[String]) -> Vec<Residual> {
    let values: Option<Vec<Value>> = values.and_then(|text| serde_json::from_str(text).ok());
    match values {
        Some(values) => values.into_iter().map(Residual::read).collect(),
        None => said.iter().cloned().map(|text| Residual::Said { text }).collect(),
    }
}

/// Why a cluster is gone, from the text that `latchkey_blocker` makes of its columns, and from its sentence.
pub(super) fn gone(why: Option<&str>, said: Option<String>) -> Option<Blocker> {
    why.map(|why| blocker(Some(why))).or_else(|| said.map(|why| Blocker::ClusterGone { why }))
}

/// The outcome of a write, from its code and its sentence; `failed` is what `latchkey_blocker` makes of the rest.
pub(super) fn became(code: Option<&str>, failed: Option<&str>, said: Option<&str>) -> Option<Became> {
    Some(Became::of(code?, failed.map(|why| blocker(Some(why))), said.unwrap_or_default()))
}

/// The condition of a leg, from its columns: `why` is what `latchkey_blocker` makes of three of them.
///
/// # Errors
/// `Corrupt` if this version does not know the condition.
pub(super) fn condition(
    condition: &str,
    why: Option<&str>,
    attempts: i32,
    next_try: Option<jiff_sqlx::Timestamp>,
) -> Result<Condition, StoreError> {
    let next = next_try.map_or(Timestamp::UNIX_EPOCH, jiff_sqlx::Timestamp::to_jiff);
    let why = blocker(why);
    Ok(match trouble(condition)? {
        None => Condition::Ok,
        Some(Trouble::Retrying) => Condition::Retrying { why, attempt: u32::try_from(attempts).unwrap_or(0), next },
        Some(Trouble::Paused) => Condition::Paused { why, next },
        Some(Trouble::Blocked) => Condition::Blocked { why, next },
    })
}

/// The session of a role that a row is for.
///
/// # Errors
/// `Corrupt` if no session can have that name.
pub(super) fn session(table: &'static str, name: Option<&str>) -> Result<Option<SessionName>, StoreError> {
    let parse = |name| SessionName::parse(name).map_err(|error| StoreError::corrupt(table, "session_name", error));
    name.map(parse).transpose()
}

/// The people who have proven that they use a role, as `latchkey_role_users` tells them. One whose row cannot be read is
/// left out, since they cannot sign in either.
pub(super) fn role_users(text: Option<&str>) -> Vec<RoleUser> {
    let all: Vec<Value> = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    all.into_iter().filter_map(|user| serde_json::from_value(user).ok()).collect()
}

/// The terms in a row of `request` or `access_grant` (`$table`), with its cluster's name and its principal's ARN. A
/// macro, since each checked query has a row type of its own, without a name.
macro_rules! terms {
    ($row:ident, $table:literal) => {
        latchkey_domain::access::terms::Terms {
            principal: latchkey_domain::access::PrincipalId($row.principal_id),
            principal_arn: $row.principal_arn,
            session: $crate::store::columns::session($table, $row.session_name.as_deref())?,
            users: $crate::store::columns::role_users($row.users.as_deref()),
            cluster: latchkey_domain::access::ClusterId($row.cluster_id),
            cluster_name: $row.cluster_name,
            profile: $crate::store::columns::parsed($table, "resolved_profile", $row.resolved_profile.as_deref())?,
            namespaces: $crate::store::columns::parsed($table, "namespaces", $row.namespaces.as_deref())?,
            minutes: u32::try_from($row.minutes)
                .map_err(|error| $crate::store::StoreError::corrupt($table, "minutes", error))?,
            starts: latchkey_domain::access::terms::Starts::AtOnce,
        }
    };
}
pub(super) use terms;

/// The facts of a request, from a row of `request r` with its requester `p`, cluster `c` and principal `i`.
macro_rules! request_facts {
    ($row:ident) => {
        latchkey_domain::access::request::RequestFacts {
            id: latchkey_domain::access::RequestId($row.id),
            requester: $crate::store::columns::person($row.person_id, &$row.handle, $row.name, $row.groups)?,
            terms: $crate::store::columns::terms!($row, "request"),
            reason: $row.reason,
            policy_hash: hex::encode($row.policy_hash),
            policy_name: $row.policy_name,
            submitted_at: $row.submitted_at.to_jiff(),
            lapses_at: $row.lapses_at.to_jiff(),
        }
    };
}
pub(super) use request_facts;

/// How something was or is to be decided, from the columns `basis` and `quorum`.
///
/// # Errors
/// `Corrupt` if they name no basis.
pub(super) fn decision_basis(table: &'static str, basis: &str, quorum: Option<i32>) -> Result<GrantBasis, StoreError> {
    let quorum = quorum.and_then(|quorum| u8::try_from(quorum).ok()).and_then(NonZeroU8::new);
    GrantBasis::parse(basis, quorum).ok_or_else(|| StoreError::corrupt(table, "basis", basis))
}
