//! Roles, as far as they are read and assumed.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Request, check_name, check_path, date};
use crate::aws::{
    error::ApiError,
    model::{Role, unique_id},
    query::Xml,
};

pub(super) fn create(request: &Request<'_>) -> Result<Xml, ApiError> {
    let name = request.form.need("RoleName")?;
    let path = request.form.get("Path").unwrap_or("/");
    let role = Role {
        name: name.to_owned(),
        path: path.to_owned(),
        id: unique_id("AROA"),
        created_at: request.now,
        trust: request.form.need("AssumeRolePolicyDocument")?.to_owned(),
        policies: std::collections::BTreeMap::new(),
    };
    request.authorize("iam:CreateRole", &role.arn(request.account()), &[])?;
    check_name("roleName", name, 64)?;
    check_path(path)?;
    if serde_json::from_str::<serde_json::Value>(&role.trust).is_err() {
        return Err(ApiError::new(400, "MalformedPolicyDocument", "This policy contains invalid Json"));
    }
    let xml = Xml::new().element("Role", &describe(request, &role));
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
    let name = request.form.need("RoleName")?;
    let account = request.settled();
    let role = account.roles.get(&name.to_lowercase());
    let arn = role
        .map_or_else(|| format!("arn:aws:iam::{}:role/{name}", request.account()), |role| role.arn(request.account()));
    request.authorize("iam:GetRole", &arn, &[])?;
    let missing = || ApiError::no_such_entity(format!("The role with name {name} cannot be found."));
    Ok(Xml::new().element("Role", &describe(request, role.ok_or_else(missing)?)))
}

pub(super) fn list(request: &Request<'_>) -> Result<Xml, ApiError> {
    let prefix = request.form.get("PathPrefix").unwrap_or("/");
    request.authorize("iam:ListRoles", &format!("arn:aws:iam::{}:role{prefix}", request.account()), &[])?;
    let account = request.settled();
    let roles: Vec<_> = account.roles.iter().filter(|(_, role)| role.path.starts_with(prefix)).collect();
    let (page, next) = request.form.page(roles.iter(), |(key, _)| key.as_str())?;
    let members = page.into_iter().map(|(_, role)| describe(request, role));
    Ok(Xml::new().truncated(next.as_deref()).members("Roles", members))
}

fn describe(request: &Request<'_>, role: &Role) -> Xml {
    Xml::new()
        .text("Path", &role.path)
        .text("RoleName", &role.name)
        .text("RoleId", &role.id)
        .text("Arn", &role.arn(request.account()))
        .text("CreateDate", &date(role.created_at))
        .text("AssumeRolePolicyDocument", &utf8_percent_encode(&role.trust, NON_ALPHANUMERIC).to_string())
        .text("MaxSessionDuration", "3600")
}
