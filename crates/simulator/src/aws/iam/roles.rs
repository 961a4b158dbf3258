//! Roles and their trust policies.

use super::{Request, check_name, check_path, date, encoded, entity::Entity as _, tags};
use crate::aws::{error::ApiError, model::Role, query::Xml, trust::check_trust};

/// A role below a path that is AWS's own is refused as a change of it would be; IAM's words for this are not known.
pub(super) fn create(request: &Request<'_>) -> Result<Xml, ApiError> {
    let name = request.form.need("RoleName")?;
    let path = request.form.get("Path").unwrap_or("/");
    let trust = request.form.need("AssumeRolePolicyDocument")?.to_owned();
    let role = Role { tags: request.form.tags(), ..Role::new(name, path, trust, request.now) };
    request.authorize("iam:CreateRole", &role.arn(request.account()), &[])?;
    check_name("roleName", name, 64)?;
    check_path(path)?;
    role.check_modifiable()?;
    check_trust(&role.trust)?;
    tags::check(&role.tags)?;
    let xml = Xml::new().element("Role", &describe(request, &role, true));
    request.aws.try_change(request.now, |account| {
        if account.roles.contains_key(&name.to_lowercase()) {
            let message = format!("Role with name {name} already exists.");
            return Err(ApiError::new(409, "EntityAlreadyExists", message));
        }
        account.roles.insert(name.to_lowercase(), role);
        Ok(())
    })?;
    Ok(xml)
}

pub(super) fn get(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.read("iam:GetRole", |role: &Role| Ok(Xml::new().element("Role", &describe(request, role, true))))
}

pub(super) fn list(request: &Request<'_>) -> Result<Xml, ApiError> {
    let prefix = request.form.get("PathPrefix").unwrap_or("/");
    request.authorize("iam:ListRoles", &format!("arn:aws:iam::{}:role{prefix}", request.account()), &[])?;
    let account = request.settled();
    let roles: Vec<_> = account.roles.iter().filter(|(_, role)| role.path.starts_with(prefix)).collect();
    let (page, next) = request.form.page(roles.iter(), |(key, _)| key.as_str())?;
    let members = page.into_iter().map(|(_, role)| describe(request, role, false));
    Ok(Xml::new().truncated(next.as_deref()).members("Roles", members))
}

pub(super) fn update_trust(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change("iam:UpdateAssumeRolePolicy", |role: &mut Role| {
        let document = request.form.need("PolicyDocument")?;
        check_trust(document)?;
        document.clone_into(&mut role.trust);
        Ok(Xml::new())
    })
}

pub(super) fn delete(request: &Request<'_>) -> Result<Xml, ApiError> {
    let name = request.name::<Role>("iam:DeleteRole")?;
    request.aws.try_change(request.now, |account| {
        let role = account.roles.get(&name.to_lowercase()).ok_or_else(|| Role::absent(name))?;
        role.check_modifiable()?;
        if !role.policies.is_empty() {
            return Err(ApiError::new(409, "DeleteConflict", "Cannot delete entity, must delete policies first."));
        }
        account.roles.remove(&name.to_lowercase());
        Ok(Xml::new())
    })
}

/// Lists omit tags.
fn describe(request: &Request<'_>, role: &Role, whole: bool) -> Xml {
    let xml = Xml::new()
        .text("Path", &role.path)
        .text("RoleName", &role.name)
        .text("RoleId", &role.id)
        .text("Arn", &role.arn(request.account()))
        .text("CreateDate", &date(role.created_at))
        .text("AssumeRolePolicyDocument", &encoded(&role.trust))
        .text("MaxSessionDuration", "3600");
    if whole { tags::describe(xml, &role.tags) } else { xml }
}
