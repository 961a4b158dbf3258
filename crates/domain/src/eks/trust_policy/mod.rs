//! The trust policy of an IAM role: whether each name of a session of the role belongs to one person.
//!
//! A role's sessions share its entry in a cluster, and the session's name is all that tells people apart there. Whoever
//! assumes a role chooses that name, unless the trust policy demands one. This module reads the policy and denies by
//! default: a role is shared unless every statement by which it can be assumed is known to fix the name.
//!
//! - `json`: the text as a value that keeps repeated keys.
//! - `statement`, `principal`: the elements of the policy's language, as the IAM user guide's "Grammar of the IAM JSON
//!   policy language" and "AWS JSON policy elements: Principal" have them.
//! - `session_name`: what a `Condition` demands of `sts:RoleSessionName`.
//! - `holders`: whose each name is, over all statements.
//! - `identity_center`: the roles of IAM Identity Center, which takes the name from its own user.

mod holders;
mod identity_center;
mod json;
mod principal;
mod session_name;
mod statement;

use serde::{Deserialize, Serialize};

pub use identity_center::identity_center_set;

use super::arn::RoleArn;
use statement::{AllowStatement, TrustPolicy};

/// The longest document that is read, in bytes. IAM's own quota is 4,096 characters (8,192 on request), white space not
/// counted.
pub const LONGEST_DOCUMENT_BYTES: usize = 256 * 1024;
/// The most reasons that a verdict keeps: enough to mend a policy by, and few enough for a row.
const MOST_REASONS: usize = 5;
/// The most characters that a verdict keeps of a text of the policy.
const LONGEST_TEXT: usize = 200;

/// Who can be a session of a role, as its trust policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleTrust {
    /// Each session name belongs to one person: nobody else can take it.
    Pinned(Pin),
    /// The names are not known to belong to one person each, for these reasons: those of the first five statements.
    Shared(Vec<Unpinned>),
    /// The role is for programs.
    NotForPeople(NotForPeople),
}

/// What ties a session's name to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pin {
    /// The role belongs to IAM Identity Center, which names a session after its user.
    IdentityCenter,
    /// The name is the caller's own IAM user name, `${aws:username}`, in some of the statements or in all.
    UserName,
    /// Each statement lets one IAM user in, under one name.
    Literal,
}

/// A statement by which somebody may take a name that is not theirs alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpinned {
    /// The place of the statement, from 1; 0 is the document as a whole.
    pub statement: usize,
    /// Why the statement holds no pin.
    pub why: NoPin,
}

/// Why a statement, or the document, pins no session name. Texts of the policy are cut to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum NoPin {
    /// The document has more bytes than are read.
    TooLong { bytes: usize },
    /// The document is not JSON.
    NotJson { message: String },
    /// An object has the same key twice, and programs differ in which they take.
    RepeatedKey { key: String },
    /// An element that the policy's language does not have, or that a trust policy may not have.
    UnknownElement { element: String },
    /// An element is missing.
    MissingElement { element: String },
    /// An element's value is of another type than IAM takes there, or empty.
    WrongType { element: String },
    /// `Version` is neither `2012-10-17` nor `2008-10-17`.
    UnknownVersion { version: String },
    /// `Effect` is neither `Allow` nor `Deny`.
    UnknownEffect { effect: String },
    /// No statement lets anybody assume the role.
    Nobody,
    /// `NotAction` allows all actions but some.
    NotAction,
    /// An action is not written as IAM writes actions.
    UnreadableAction { action: String },
    /// `NotPrincipal` names who is not meant.
    NotPrincipal,
    /// The principal is everyone.
    Everyone,
    /// A principal by its unique id: IAM shows one in place of an ARN once the user or role is deleted.
    UniqueId { principal: String },
    /// A principal of a kind that never is a person of IAM, such as `CanonicalUser`.
    OtherKind { kind: String },
    /// A principal that is not recognised.
    UnreadablePrincipal { principal: String },
    /// An identity provider, which names sessions as it likes.
    Federated { provider: String },
    /// A role, whose sessions have no user name and can be several people's.
    RolePrincipal { principal: String },
    /// The path is that of IAM Identity Center's roles, and the statement is not one that it makes.
    NotAsIdentityCenter,
    /// The statement has no condition.
    NoCondition,
    /// The condition asks nothing about the session's name.
    NoSessionName,
    /// The condition asks about the source identity, which is not the session's name.
    SourceIdentity,
    /// The condition asks about the user name, and leaves the session's name free.
    UserNameAsKey,
    /// The condition compares the session's name by an operator other than `StringEquals`.
    Operator { operator: String },
    /// The condition asks twice about the session's name, in two spellings of the key.
    SessionNameTwice,
    /// The condition allows several session names.
    SeveralNames { count: usize },
    /// The condition names no session name.
    NoName,
    /// The session name is not a string.
    NameNotText,
    /// The name has a variable, and the policy's version is one in which variables are plain text.
    VariableInOldVersion { name: String },
    /// `${aws:username}` with a default value, which everyone without a user name shares.
    DefaultValue { name: String },
    /// `${aws:username}` with text around it.
    AroundUserName { name: String },
    /// Another variable than `${aws:username}`.
    OtherVariable { name: String },
    /// The name has `*` or `?`.
    Wildcard { name: String },
    /// The name is none that STS takes.
    NotASessionName { name: String },
    /// Beside `sts:AssumeRole`, the statement allows other ways to a session, by which `${aws:username}` says nothing.
    OtherWay { action: String },
    /// User names of two accounts, in which two people can have the same.
    TwoAccounts { first: String, second: String },
    /// One fixed name for everyone of an account.
    NameOfAccount { name: String, account: String },
    /// One fixed name for several principals.
    NameOfSeveral { name: String, count: usize },
    /// The fixed name is that of another statement's user, too.
    NameOfTwo { name: String },
    /// The fixed name can be the user name of somebody else, whom another statement lets in under it.
    NameOfAnother { name: String },
}

/// Why a role is not for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum NotForPeople {
    /// A service of AWS assumes it, such as `ec2.amazonaws.com`.
    Service { service: String },
    /// The tokens of a web identity provider are exchanged for it: those of pods, pipelines, apps.
    WebIdentity { provider: String },
    /// It is linked to a service, which alone may assume it.
    ServiceLinked,
}

/// Judges the trust policy of `role`, given as JSON text. What cannot be read is shared, with the reason.
pub fn judge(role: &RoleArn, document: &str) -> RoleTrust {
    if is_service_linked(role) {
        return RoleTrust::NotForPeople(NotForPeople::ServiceLinked);
    }
    let policy = match TrustPolicy::read(role, document) {
        Ok(policy) => policy,
        Err(why) => return RoleTrust::Shared(vec![Unpinned { statement: 0, why }]),
    };
    if let Some(why) = policy.readable().find_map(AllowStatement::not_for_people) {
        return RoleTrust::NotForPeople(why);
    }
    if policy.statements.is_empty() {
        return RoleTrust::Shared(vec![Unpinned { statement: 0, why: NoPin::Nobody }]);
    }
    let judged =
        if identity_center::is_place(role) { identity_center::judge(role, &policy) } else { holders::judge(&policy) };
    judged.map_or_else(
        |mut reasons| {
            reasons.truncate(MOST_REASONS);
            RoleTrust::Shared(reasons)
        },
        RoleTrust::Pinned,
    )
}

/// Whether a service owns the role: the IAM user guide, "Create a service-linked role", has the path and the name.
fn is_service_linked(role: &RoleArn) -> bool {
    role.path().starts_with("/aws-service-role/") || role.name().starts_with("AWSServiceRoleFor")
}

/// A text of the policy, as long as a verdict keeps it.
fn cut(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests;
