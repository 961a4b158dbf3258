//! IAM: users and their keys, roles, and the tags and inline policies of both.

mod entity;
mod keys;
mod policies;
mod roles;
mod simulate;
mod tags;
mod users;

use std::sync::Arc;

use entity::Entity;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Aws, Caller,
    authorize::Question,
    error::ApiError,
    model::{Account, Role, User},
    query::{Form, Xml},
};

pub(crate) const VERSION: &str = "2010-05-08";
pub(crate) const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// One call.
pub(crate) struct Request<'a> {
    pub aws: &'a Aws,
    pub caller: &'a Caller,
    pub form: &'a Form,
    pub now: Timestamp,
}

/// # Errors
/// `AccessDenied` before anything else, then the action's own.
pub(crate) fn perform(request: &Request<'_>, action: &str) -> Result<Xml, ApiError> {
    match action {
        "CreateUser" => users::create(request),
        "GetUser" => users::get(request),
        "DeleteUser" => users::delete(request),
        "ListUsers" => users::list(request),
        "TagUser" => tags::tag::<User>(request),
        "UntagUser" => tags::untag::<User>(request),
        "ListUserTags" => tags::list::<User>(request),
        "ListMFADevices" => users::mfa_devices(request),
        "CreateLoginProfile" => users::create_login_profile(request),
        "GetLoginProfile" => users::login_profile(request),
        "DeleteLoginProfile" => users::delete_login_profile(request),
        "ListGroupsForUser" => users::none::<User>(request, "iam:ListGroupsForUser", "Groups"),
        "PutUserPolicy" => policies::put::<User>(request),
        "GetUserPolicy" => policies::get::<User>(request),
        "DeleteUserPolicy" => policies::delete::<User>(request),
        "ListUserPolicies" => policies::list::<User>(request),
        "ListAttachedUserPolicies" => users::none::<User>(request, "iam:ListAttachedUserPolicies", "AttachedPolicies"),
        "CreateAccessKey" => keys::create(request),
        "ListAccessKeys" => keys::list(request),
        "UpdateAccessKey" => keys::update(request),
        "DeleteAccessKey" => keys::delete(request),
        "GetAccessKeyLastUsed" => keys::last_used(request),
        "CreateRole" => roles::create(request),
        "GetRole" => roles::get(request),
        "ListRoles" => roles::list(request),
        "UpdateAssumeRolePolicy" => roles::update_trust(request),
        "DeleteRole" => roles::delete(request),
        "TagRole" => tags::tag::<Role>(request),
        "UntagRole" => tags::untag::<Role>(request),
        "ListRoleTags" => tags::list::<Role>(request),
        "PutRolePolicy" => policies::put::<Role>(request),
        "GetRolePolicy" => policies::get::<Role>(request),
        "DeleteRolePolicy" => policies::delete::<Role>(request),
        "ListRolePolicies" => policies::list::<Role>(request),
        "ListAttachedRolePolicies" => users::none::<Role>(request, "iam:ListAttachedRolePolicies", "AttachedPolicies"),
        "SimulatePrincipalPolicy" => simulate::principal_policy(request),
        other => {
            Err(ApiError::new(400, "InvalidAction", format!("Could not find operation {other} for version {VERSION}")))
        }
    }
}

impl Request<'_> {
    fn account(&self) -> &str {
        self.aws.account()
    }

    /// The account as reads see it.
    fn settled(&self) -> Arc<Account> {
        self.aws.settled()
    }

    /// # Errors
    /// `AccessDenied`: the caller's policies do not allow it.
    fn authorize(&self, action: &str, resource: &str, context: &[(&str, String)]) -> Result<(), ApiError> {
        if self.aws.may(self.caller, Question { action, resource, context }) {
            return Ok(());
        }
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
             allows the {action} action",
            self.caller.identity.arn
        );
        Err(ApiError::new(403, "AccessDenied", message))
    }

    /// The name in `UserName` or `RoleName`, once the caller may do `action` to that entity.
    ///
    /// # Errors
    /// `ValidationError` without a name, `AccessDenied`.
    fn name<E: Entity>(&self, action: &str) -> Result<&str, ApiError> {
        let name = self.form.need(&format!("{}Name", E::KIND))?;
        let account = self.settled();
        let arn = E::all(&account).get(&name.to_lowercase()).map_or_else(
            || format!("arn:aws:iam::{}:{}/{name}", self.account(), E::WORD),
            |entity| entity.arn(self.account()),
        );
        self.authorize(action, &arn, &[])?;
        Ok(name)
    }

    /// What reads see of the named user or role, once the caller may do `action`.
    ///
    /// # Errors
    /// As [`Self::name`]; `NoSuchEntity`.
    fn read<E: Entity, T>(&self, action: &str, read: impl FnOnce(&E) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let name = self.name::<E>(action)?;
        let account = self.settled();
        read(E::all(&account).get(&name.to_lowercase()).ok_or_else(|| E::absent(name))?)
    }

    /// Changes the named user or role, once the caller may do `action`.
    ///
    /// # Errors
    /// As [`Self::read`], `UnmodifiableEntity`, and what `change` returns: then nothing has changed.
    fn change<E: Entity, T>(
        &self,
        action: &str,
        change: impl FnOnce(&mut E) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let name = self.name::<E>(action)?;
        self.aws.try_change(self.now, |account| {
            let entity = E::all_mut(account).get_mut(&name.to_lowercase()).ok_or_else(|| E::absent(name))?;
            entity.check_modifiable()?;
            change(entity)
        })
    }
}

/// IAM's names: users, policies, roles.
fn check_name(field: &str, name: &str, longest: usize) -> Result<(), ApiError> {
    let valid = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if name.is_empty() || name.chars().count() > longest {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '{name}' at '{field}' failed to satisfy constraint: Member must have \
             length between 1 and {longest}"
        )));
    }
    if !name.chars().all(valid) {
        return Err(ApiError::validation(format!(
            "The specified value for {field} is invalid. It must contain only alphanumeric characters and/or the \
             following: +=,.@_-"
        )));
    }
    Ok(())
}

/// `/` or `/.../`, 512 characters at most.
fn check_path(path: &str) -> Result<(), ApiError> {
    if path.len() <= 512
        && path.starts_with('/')
        && path.ends_with('/')
        && path.chars().all(|c| ('!'..='~').contains(&c))
    {
        return Ok(());
    }
    Err(ApiError::validation(
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters \
         and/or / characters.",
    ))
}

/// A time as the Query protocol writes it: whole seconds.
pub(crate) fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Documents come back encoded, as RFC 3986 does it.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encoded(document: &str) -> String {
    utf8_percent_encode(document, ENCODED).to_string()
}
