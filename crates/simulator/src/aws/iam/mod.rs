//! IAM: users, their keys, tags and inline policies, and roles to read.

mod keys;
mod policies;
mod roles;
mod simulate;
mod users;

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Aws, Caller,
    authorize::Question,
    error::ApiError,
    model::{Account, User},
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
        "TagUser" => users::tag(request),
        "UntagUser" => users::untag(request),
        "ListUserTags" => users::tags(request),
        "ListMFADevices" => users::mfa_devices(request),
        "CreateLoginProfile" => users::create_login_profile(request),
        "GetLoginProfile" => users::login_profile(request),
        "DeleteLoginProfile" => users::delete_login_profile(request),
        "ListGroupsForUser" => users::none(request, "iam:ListGroupsForUser", "Groups"),
        "PutUserPolicy" => policies::put(request),
        "GetUserPolicy" => policies::get(request),
        "DeleteUserPolicy" => policies::delete(request),
        "ListUserPolicies" => policies::list(request),
        "ListAttachedUserPolicies" => users::none(request, "iam:ListAttachedUserPolicies", "AttachedPolicies"),
        "CreateAccessKey" => keys::create(request),
        "ListAccessKeys" => keys::list(request),
        "UpdateAccessKey" => keys::update(request),
        "DeleteAccessKey" => keys::delete(request),
        "GetAccessKeyLastUsed" => keys::last_used(request),
        "CreateRole" => roles::create(request),
        "GetRole" => roles::get(request),
        "ListRoles" => roles::list(request),
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

    /// The name in `UserName`, once the caller may do `action` to that user.
    ///
    /// # Errors
    /// `ValidationError` without a name, `AccessDenied`.
    fn user_name(&self, action: &str) -> Result<&str, ApiError> {
        let name = self.form.need("UserName")?;
        let account = self.settled();
        let arn = account
            .users
            .get(&name.to_lowercase())
            .map_or_else(|| format!("arn:aws:iam::{}:user/{name}", self.account()), |user| user.arn(self.account()));
        self.authorize(action, &arn, &[])?;
        Ok(name)
    }

    /// What reads see of the user in `UserName`, once the caller may do `action`.
    ///
    /// # Errors
    /// As [`Self::user_name`]; `NoSuchEntity`.
    fn read_user<T>(&self, action: &str, read: impl FnOnce(&User) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let name = self.user_name(action)?;
        let account = self.settled();
        read(account.users.get(&name.to_lowercase()).ok_or_else(|| no_user(name))?)
    }

    /// Changes the user in `UserName`, once the caller may do `action`.
    ///
    /// # Errors
    /// As [`Self::read_user`], and what `change` returns: then nothing has changed.
    fn change_user<T>(
        &self,
        action: &str,
        change: impl FnOnce(&mut User) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let name = self.user_name(action)?;
        self.aws.try_change(self.now, |account| {
            change(account.users.get_mut(&name.to_lowercase()).ok_or_else(|| no_user(name))?)
        })
    }
}

fn no_user(name: &str) -> ApiError {
    ApiError::no_such_entity(format!("The user with name {name} cannot be found."))
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
