//! Users, their tags, MFA devices and console password.

use std::collections::BTreeMap;

use super::{Request, check_name, check_path, date, no_user};
use crate::aws::{error::ApiError, model::User, query::Xml};

const MOST_TAGS: usize = 50;

pub(super) fn create(request: &Request<'_>) -> Result<Xml, ApiError> {
    let name = request.form.need("UserName")?;
    let path = request.form.get("Path").unwrap_or("/");
    let boundary = request.form.get("PermissionsBoundary");
    let arn = format!("arn:aws:iam::{}:user{path}{name}", request.account());
    let context: Vec<_> = boundary.map(|arn| ("iam:PermissionsBoundary", arn.to_owned())).into_iter().collect();
    request.authorize("iam:CreateUser", &arn, &context)?;
    check_name("userName", name, 64)?;
    check_path(path)?;
    let tags = request.form.tags();
    check_tags(&tags)?;
    let mut user = User::new(name, path, request.now);
    user.tags = tags;
    user.permissions_boundary = boundary.map(str::to_owned);
    let xml = Xml::new().element("User", &describe(request, &user, true));
    request.aws.try_change(request.now, |account| {
        if account.users.contains_key(&name.to_lowercase()) {
            let message = format!("User with name {name} already exists.");
            return Err(ApiError::new(409, "EntityAlreadyExists", message));
        }
        account.users.insert(name.to_lowercase(), user);
        Ok(())
    })?;
    Ok(xml)
}

pub(super) fn get(request: &Request<'_>) -> Result<Xml, ApiError> {
    if request.form.get("UserName").is_some() {
        return request.read_user("iam:GetUser", |user| Ok(Xml::new().element("User", &describe(request, user, true))));
    }
    // Without a name: the caller itself.
    let arn = &request.caller.identity.arn;
    request.authorize("iam:GetUser", arn, &[])?;
    let account = request.settled();
    let user = account.users.values().find(|user| user.arn(request.account()) == *arn);
    let user =
        user.ok_or_else(|| ApiError::validation("Must specify userName when calling with non-User credentials"))?;
    Ok(Xml::new().element("User", &describe(request, user, true)))
}

pub(super) fn delete(request: &Request<'_>) -> Result<Xml, ApiError> {
    let name = request.user_name("iam:DeleteUser")?;
    request.aws.try_change(request.now, |account| {
        let user = account.users.get(&name.to_lowercase()).ok_or_else(|| no_user(name))?;
        let left = [
            (!user.keys.is_empty(), "must delete access keys first"),
            (!user.policies.is_empty(), "must delete policies first"),
            (!user.mfa_devices.is_empty(), "must delete MFA device first"),
            (user.login_profile.is_some(), "must delete login profile first"),
        ];
        if let Some((_, what)) = left.iter().find(|(there, _)| *there) {
            let message = format!("Cannot delete entity, {what}.");
            return Err(ApiError::new(409, "DeleteConflict", message));
        }
        account.users.remove(&name.to_lowercase());
        Ok(Xml::new())
    })
}

pub(super) fn list(request: &Request<'_>) -> Result<Xml, ApiError> {
    let prefix = request.form.get("PathPrefix").unwrap_or("/");
    request.authorize("iam:ListUsers", &format!("arn:aws:iam::{}:user{prefix}", request.account()), &[])?;
    let account = request.settled();
    let users: BTreeMap<_, _> = account.users.iter().filter(|(_, user)| user.path.starts_with(prefix)).collect();
    // The map's key is the name in lower case, and determines their order.
    let keyed: Vec<_> = users.into_iter().collect();
    let (page, next) = request.form.page(keyed.iter(), |(key, _)| key.as_str())?;
    let members = page.into_iter().map(|(_, user)| describe(request, user, false));
    Ok(Xml::new().truncated(next.as_deref()).members("Users", members))
}

/// Lists omit tags and the boundary.
fn describe(request: &Request<'_>, user: &User, whole: bool) -> Xml {
    let mut xml = Xml::new()
        .text("Path", &user.path)
        .text("UserName", &user.name)
        .text("UserId", &user.id)
        .text("Arn", &user.arn(request.account()))
        .text("CreateDate", &date(user.created_at));
    if whole {
        if let Some(boundary) = &user.permissions_boundary {
            let inside = Xml::new()
                .text("PermissionsBoundaryType", "PermissionsBoundaryPolicy")
                .text("PermissionsBoundaryArn", boundary);
            xml = xml.element("PermissionsBoundary", &inside);
        }
        if !user.tags.is_empty() {
            xml = xml.members("Tags", user.tags.iter().map(|(key, value)| tag_xml(key, value)));
        }
    }
    xml
}

fn tag_xml(key: &str, value: &str) -> Xml {
    Xml::new().text("Key", key).text("Value", value)
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if tags.len() > MOST_TAGS {
        return Err(ApiError::new(409, "LimitExceeded", "The number of tags has reached the maximum limit."));
    }
    let fits = |(key, value): (&String, &String)| {
        (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256 && !key.starts_with("aws:")
    };
    if tags.iter().all(fits) { Ok(()) } else { Err(ApiError::new(400, "InvalidInput", "Invalid tag key or value.")) }
}

pub(super) fn tag(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change_user("iam:TagUser", |user| {
        user.tags.extend(request.form.tags());
        check_tags(&user.tags)?;
        Ok(Xml::new())
    })
}

pub(super) fn untag(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change_user("iam:UntagUser", |user| {
        for key in request.form.list("TagKeys") {
            user.tags.remove(key);
        }
        Ok(Xml::new())
    })
}

pub(super) fn tags(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.read_user("iam:ListUserTags", |user| {
        let pairs: Vec<_> = user.tags.iter().collect();
        let (page, next) = request.form.page(pairs.iter(), |(key, _)| key.as_str())?;
        let members = page.into_iter().map(|(key, value)| tag_xml(key, value));
        Ok(Xml::new().truncated(next.as_deref()).members("Tags", members))
    })
}

pub(super) fn mfa_devices(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.read_user("iam:ListMFADevices", |user| {
        let (page, next) = request.form.page(user.mfa_devices.iter(), |device| device.serial.as_str())?;
        let members = page.into_iter().map(|device| {
            Xml::new()
                .text("UserName", &user.name)
                .text("SerialNumber", &device.serial)
                .text("EnableDate", &date(device.enabled_at))
        });
        Ok(Xml::new().truncated(next.as_deref()).members("MFADevices", members))
    })
}

pub(super) fn create_login_profile(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change_user("iam:CreateLoginProfile", |user| {
        if user.login_profile.is_some() {
            let message = format!("Login Profile for user {} already exists.", user.name);
            return Err(ApiError::new(409, "EntityAlreadyExists", message));
        }
        user.login_profile = Some(request.now);
        Ok(login_profile_xml(&user.name, request.now))
    })
}

pub(super) fn login_profile(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.read_user("iam:GetLoginProfile", |user| {
        let made = user.login_profile.ok_or_else(|| no_login_profile(&user.name))?;
        Ok(login_profile_xml(&user.name, made))
    })
}

pub(super) fn delete_login_profile(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change_user("iam:DeleteLoginProfile", |user| {
        user.login_profile.take().ok_or_else(|| no_login_profile(&user.name))?;
        Ok(Xml::new())
    })
}

fn no_login_profile(name: &str) -> ApiError {
    ApiError::no_such_entity(format!("Login Profile for User {name} cannot be found."))
}

fn login_profile_xml(name: &str, made: jiff::Timestamp) -> Xml {
    let profile =
        Xml::new().text("UserName", name).text("CreateDate", &date(made)).text("PasswordResetRequired", "false");
    Xml::new().element("LoginProfile", &profile)
}

/// A list that is always empty here: groups and managed policies.
pub(super) fn none(request: &Request<'_>, action: &str, list: &str) -> Result<Xml, ApiError> {
    request.read_user(action, |_| Ok(Xml::new().truncated(None).members(list, std::iter::empty())))
}
