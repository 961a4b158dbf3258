//! Users, their MFA devices and console password.

use std::collections::BTreeMap;

use super::{Request, check_name, check_path, date, entity::Entity, tags};
use crate::aws::{error::ApiError, model::User, query::Xml};

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
    tags::check(&tags)?;
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
        return request
            .read("iam:GetUser", |user: &User| Ok(Xml::new().element("User", &describe(request, user, true))));
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
    let name = request.name::<User>("iam:DeleteUser")?;
    request.aws.try_change(request.now, |account| {
        let user = account.users.get(&name.to_lowercase()).ok_or_else(|| User::absent(name))?;
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
        xml = tags::describe(xml, &user.tags);
    }
    xml
}

pub(super) fn mfa_devices(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.read("iam:ListMFADevices", |user: &User| {
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
    request.change("iam:CreateLoginProfile", |user: &mut User| {
        if user.login_profile.is_some() {
            let message = format!("Login Profile for user {} already exists.", user.name);
            return Err(ApiError::new(409, "EntityAlreadyExists", message));
        }
        user.login_profile = Some(request.now);
        Ok(login_profile_xml(&user.name, request.now))
    })
}

pub(super) fn login_profile(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.read("iam:GetLoginProfile", |user: &User| {
        let made = user.login_profile.ok_or_else(|| no_login_profile(&user.name))?;
        Ok(login_profile_xml(&user.name, made))
    })
}

pub(super) fn delete_login_profile(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change("iam:DeleteLoginProfile", |user: &mut User| {
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
pub(super) fn none<E: Entity>(request: &Request<'_>, action: &str, list: &str) -> Result<Xml, ApiError> {
    request.read(action, |_: &E| Ok(Xml::new().truncated(None).members(list, std::iter::empty())))
}
